"""On tiny true models, compared with a plain forward pass in numpy."""

import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
import tiny_model

from firmground.errors import Damaged, InvalidInput, OutsideFailed
from firmground.models.checkpoint import TOKENIZER, read_checkpoint, read_tensors
from firmground.models.convert import conversion, convert, graph_path, record_path
from firmground.models.graph import encoder
from firmground.models.onnx_embedder import OnnxEmbedder
from firmground.models.runtime import TOKENS_PER_RUN, Runtime
from firmground.ports import Embedder
from firmground.testing.embedder import EmbedderContract

TEXTS = ["Five days of leave may be carried over.", "the invoice was paid by bank transfer", "", "?", "leave " * 100]


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tiny_model.write(tmp_path / "tiny")


class TestTinyEmbedder(EmbedderContract):
    @pytest.fixture
    def embedder(self, directory: Path) -> Embedder:
        return OnnxEmbedder(directory, threads=2)


@pytest.mark.parametrize("pooling", ["mean_tokens", "cls_token"])
@pytest.mark.parametrize(("kind", "first"), [("bert", 0), ("xlm-roberta", 1)])
def test_the_float32_graph_computes_what_numpy_does(tmp_path, pooling, kind, first):
    directory = tiny_model.write(tmp_path, pooling=pooling, kind=kind)
    checkpoint = read_checkpoint(directory)
    exact = Runtime(encoder(checkpoint, read_tensors(directory / "model.safetensors")), directory / TOKENIZER, 24, threads=1)
    expected = [tiny_model.forward(text, pooling=pooling, first_position=first) for text in TEXTS]
    np.testing.assert_allclose(exact.embed(TEXTS, tiny_model.HIDDEN), expected, atol=2e-5)


@pytest.mark.parametrize("pooling", ["mean_tokens", "cls_token"])
@pytest.mark.parametrize("dtype", ["F32", "F16", "BF16"])
def test_the_int8_vectors_are_close_to_what_numpy_computes(tmp_path, pooling, dtype):
    vectors = OnnxEmbedder(tiny_model.write(tmp_path, pooling=pooling, dtype=dtype)).embed(TEXTS)
    expected = np.array([tiny_model.forward(text, pooling=pooling) for text in TEXTS])
    assert np.einsum("ij,ij->i", vectors, expected).min() > 0.998


def test_a_vector_does_not_depend_on_the_number_of_threads(directory):
    texts = [f"{text} {number}" for number in range(40) for text in TEXTS]
    one, four = (OnnxEmbedder(directory, threads=threads).embed(texts) for threads in (1, 4))
    np.testing.assert_array_equal(one, four)


def test_a_batch_holds_equally_long_texts_and_few_tokens(directory, monkeypatch):
    embedder = OnnxEmbedder(directory, threads=1)
    shapes: list[tuple[int, ...]] = []
    session = embedder._runtime._session

    class Watched:
        def run(self, names, inputs):
            shapes.append(inputs["ids"].shape)
            return session.run(names, inputs)

    monkeypatch.setattr(embedder._runtime, "_session", Watched())
    embedder.embed(["leave " * 100] * 60 + ["leave"] * 200)
    assert all(texts * tokens <= TOKENS_PER_RUN for texts, tokens in shapes)
    assert sum(texts for texts, _ in shapes) == 260
    assert len(shapes) == 5


def test_a_text_is_cut_where_the_model_ends(directory):
    embedder = OnnxEmbedder(directory)
    assert embedder.max_tokens == 24
    long, longer = embedder.embed(["leave " * 22, "leave " * 22 + "bank transfer"])
    np.testing.assert_array_equal(long, longer)


def test_without_a_stated_limit_the_positions_are_the_limit(tmp_path):
    assert read_checkpoint(tiny_model.write(tmp_path, longest=None)).max_tokens == tiny_model.POSITIONS
    assert read_checkpoint(tiny_model.write(tmp_path, longest=999, kind="roberta")).max_tokens == tiny_model.POSITIONS - 1


def test_the_second_opening_converts_nothing(directory):
    first = OnnxEmbedder(directory)
    graph, record = graph_path(directory).stat(), record_path(directory).stat()
    assert OnnxEmbedder(directory).id == first.id
    assert (graph_path(directory).stat().st_mtime_ns, record_path(directory).stat().st_mtime_ns) == (
        graph.st_mtime_ns,
        record.st_mtime_ns,
    )


def test_the_id_depends_on_the_model_and_not_on_its_place(tmp_path):
    ids = {
        name: OnnxEmbedder(tiny_model.write(tmp_path / name, **options)).id
        for name, options in {
            "one": {},
            "copy": {},
            "cls": {"pooling": "cls_token"},
            "short": {"longest": 12},
            "rounded": {"dtype": "F16"},
        }.items()
    }
    assert ids["one"] == ids["copy"]
    assert len(set(ids.values())) == 4


def test_changed_weights_are_converted_again(directory):
    before = OnnxEmbedder(directory)
    tensors = tiny_model.weights()
    tensors["embeddings.word_embeddings.weight"] = tensors["embeddings.word_embeddings.weight"][::-1].copy()
    tiny_model.write_safetensors(directory / "model.safetensors", tensors)
    after = OnnxEmbedder(directory)
    assert after.id != before.id
    assert not np.allclose(after.embed(["leave"]), before.embed(["leave"]))


def test_touched_weights_are_not(directory):
    made = convert(directory)
    (directory / "model.safetensors").touch()
    assert conversion(directory) == made


def test_conversions_at_once_leave_one_whole_result(directory):
    threads = [threading.Thread(target=convert, args=(directory,)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert OnnxEmbedder(directory).embed(["leave"]).shape == (1, tiny_model.HIDDEN)
    assert not list(directory.glob(".firmground*"))


def test_a_damaged_graph_is_refused_with_what_to_do(directory):
    OnnxEmbedder(directory)
    content = bytearray(graph_path(directory).read_bytes())
    content[len(content) // 2] ^= 1
    graph_path(directory).write_bytes(content)
    with pytest.raises(Damaged, match=r"is damaged: delete it"):
        OnnxEmbedder(directory)


def test_a_model_that_gives_other_vectors_than_it_should_is_refused(directory):
    OnnxEmbedder(directory)
    record = json.loads(record_path(directory).read_text())
    record["reference"][1] = record["reference"][1][::-1]
    record_path(directory).write_text(json.dumps(record))
    with pytest.raises(Damaged, match=r"gives other vectors than it should .*: delete"):
        OnnxEmbedder(directory)


@pytest.mark.parametrize("content", ["", "{", "{}", '{"version": "x"}'])
def test_a_garbled_record_is_made_again(directory, content):
    expected = OnnxEmbedder(directory).id
    record_path(directory).write_text(content)
    assert OnnxEmbedder(directory).id == expected


@pytest.mark.parametrize("keep", [0, 4, 100, 5000])
def test_cut_weights_are_damaged(directory, keep):
    path = directory / "model.safetensors"
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(Damaged, match=r"is damaged .*: fetch the model again"):
        OnnxEmbedder(directory)


def test_weights_that_lack_a_tensor_are_damaged(directory):
    tensors = tiny_model.weights()
    del tensors["encoder.layer.1.output.dense.bias"]
    tiny_model.write_safetensors(directory / "model.safetensors", tensors)
    with pytest.raises(Damaged, match=r"encoder\.layer\.1\.output\.dense\.bias"):
        OnnxEmbedder(directory)


def test_a_garbled_tokenizer_is_damaged(directory):
    (directory / "tokenizer.json").write_text("{}")
    with pytest.raises(Damaged, match="cannot be opened"):
        OnnxEmbedder(directory)


def test_a_directory_without_a_model_is_the_callers_mistake(tmp_path):
    with pytest.raises(InvalidInput, match=r"has no config\.json: name a sentence-transformers directory"):
        OnnxEmbedder(tmp_path)


@pytest.mark.parametrize(
    ("file", "content", "says"),
    [
        ("config.json", {"model_type": "t5"}, "model of type 't5'"),
        ("config.json", {"model_type": "bert", "hidden_act": "relu"}, "its activation"),
        ("config.json", {"model_type": "bert"}, "lacks or garbles 'num_hidden_layers'"),
        ("1_Pooling/config.json", {"pooling_mode_max_tokens": True}, "pooling by max_tokens"),
        (
            "1_Pooling/config.json",
            {"pooling_mode_max_tokens": True, "pooling_mode_cls_token": True},
            "pooling by cls_token, max_tokens",
        ),
        (
            "modules.json",
            [{"path": path, "type": f"m.{path}"} for path in ("Transformer", "Pooling", "Dense")],
            "Transformer, Pooling, Dense",
        ),
    ],
)
def test_a_model_that_cannot_be_run_is_named(directory, file, content, says):
    tiny_model.write_json(directory / file, content)
    with pytest.raises(InvalidInput, match=says) as refused:
        OnnxEmbedder(directory)
    assert "\n" not in str(refused.value)


def test_a_directory_that_cannot_be_written_is_one_line(directory, monkeypatch):
    def refuse(*_args: object, **_options: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("tempfile.mkstemp", refuse)
    with pytest.raises(OutsideFailed, match=r"cannot write into .* \(Permission denied\): make it writable"):
        OnnxEmbedder(directory)


def test_languages_are_what_the_caller_says_of_an_unknown_model(directory):
    assert OnnxEmbedder(directory).languages is None
    assert OnnxEmbedder(directory, languages=frozenset({"de", "en"})).languages == {"de", "en"}


def test_the_library_that_runs_the_model_keeps_no_mark_of_the_machine_and_nothing_to_send(directory, tmp_path):
    """onnxruntime is built to collect and send what it is used for, with an id of the machine that it leaves in the home folder."""
    home = tmp_path / "home"
    home.mkdir()
    quiet = {"CI", "TF_BUILD", "GITHUB_ACTIONS", "ORT_DISABLE_TELEMETRY", "ORT_RUNNING_UNIT_TESTS"}
    environment = {name: value for name, value in os.environ.items() if name not in quiet and not name.startswith("XDG_")}
    program = (
        "import os, sys, pathlib\n"
        "from firmground.models.onnx_embedder import OnnxEmbedder\n"
        "print(len(OnnxEmbedder(pathlib.Path(sys.argv[1])).embed(['leave'])))\n"
    )
    command = [sys.executable, "-c", program, str(directory)]
    done = subprocess.run(
        command, env=environment | {"HOME": str(home)}, cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout.strip(), done.stderr) == (0, "1", "")
    assert [str(path.relative_to(home)) for path in home.rglob("*")] == []
