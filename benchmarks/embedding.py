"""How fast and how true the embedder is, beside sentence-transformers in float32 with the same weights in the same run.

    python benchmarks/embedding.py --data DIR --peer-python VENV/bin/python [--json] [--no-quality]

Speed: texts of 192 tokens; ours and the peer's rounds alternate, all processors allowed to both; ratios are medians over pairs of
rounds, one of elapsed and one of processor time (which a busy machine disturbs less).
Quality: dense nDCG@10 on scifact, searched exactly, int8 against float32 of the same graph, paired.
Without `--peer-python` the rows of the peer say so.
"""

import argparse
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from library import QuestionSet, scifact
from metrics import interval, ndcg

from firmground.models.checkpoint import TOKENIZER, WEIGHTS, read_checkpoint, read_tensors
from firmground.models.graph import encoder
from firmground.models.onnx_embedder import OnnxEmbedder
from firmground.models.runtime import Runtime
from firmground.models.weights import default_models_dir, ensure_default_model

TOKENS = 192
CHUNKS = 128
PEER = """
import json, sys, time
import numpy as np
from sentence_transformers import SentenceTransformer
texts = json.load(open(sys.argv[2]))
model = SentenceTransformer(sys.argv[1], device="cpu")
model.encode(texts[:8])
print("ready", flush=True)
for line in sys.stdin:
    start, busy = time.perf_counter(), time.process_time()
    vectors = model.encode(texts, batch_size=int(line), normalize_embeddings=True)
    seconds = time.perf_counter() - start, time.process_time() - busy
    np.save(sys.argv[3], vectors)
    print(*seconds, flush=True)
"""


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--data", type=Path, default=os.environ.get("FIRMGROUND_BENCH_DATA"))
    arguments.add_argument("--models", type=Path, default=default_models_dir())
    arguments.add_argument("--peer-python", type=Path, help="a Python that has sentence-transformers")
    arguments.add_argument("--rounds", type=int, default=5)
    arguments.add_argument("--no-quality", action="store_true", help="leave out the slow half: scifact in float32 and int8")
    arguments.add_argument("--json", action="store_true")
    given = arguments.parse_args()
    if not given.data:
        arguments.error("--data or FIRMGROUND_BENCH_DATA: the folder of question sets")
    result = run(Path(given.data), given.models, given.peer_python, given.rounds, quality=not given.no_quality)
    if given.json:
        print(json.dumps(result, indent=1))
        return
    for name, value in result.items():
        print(f"{name:34}  {f'{value:.5g}' if isinstance(value, float) else value}")


def run(data: Path, models: Path, peer_python: Path | None, rounds: int, *, quality: bool) -> dict[str, Any]:
    directory = ensure_default_model(models, lambda line: print(line, file=sys.stderr))
    questions = scifact(data)
    start = time.perf_counter()
    embedder = OnnxEmbedder(directory)
    result: dict[str, Any] = {
        "when": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": f"{platform.machine()}, {os.cpu_count()} processors, Python {platform.python_version()}",
        "embedder": embedder.id[:16],
        "open_s": time.perf_counter() - start,
    }
    exact = Runtime(_float32(directory), directory / TOKENIZER, embedder.max_tokens, threads=os.cpu_count() or 1)
    texts = _chunks(exact, questions)
    result |= _speed(embedder, directory, texts, peer_python, rounds)
    result |= _questions(embedder, [question.text for question in questions.questions[:200]])
    result |= _invariance(embedder, [text for _, _, text in questions.documents[:150]])
    if quality:
        result |= _quality(embedder, exact, questions)
    return result | {"peak_memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}


def _float32(directory: Path) -> bytes:
    return encoder(read_checkpoint(directory), read_tensors(directory / WEIGHTS))


def _chunks(runtime: Runtime, questions: QuestionSet) -> list[str]:
    """The beginnings of long documents, so many words that they have just about TOKENS tokens, never more."""
    chunks: list[str] = []
    for _, _, text in questions.documents:
        words = text.split()[:TOKENS]
        while words and len(runtime.tokens([" ".join(words)])[0]) > TOKENS:
            words.pop()
        if len(runtime.tokens([" ".join(words)])[0]) >= TOKENS - 4:
            chunks.append(" ".join(words))
        if len(chunks) == CHUNKS:
            break
    return chunks


def _speed(embedder: OnnxEmbedder, directory: Path, texts: list[str], peer_python: Path | None, rounds: int) -> dict[str, Any]:
    def ours() -> tuple[float, float]:
        start, busy = time.perf_counter(), time.process_time()
        embedder.embed(texts)
        return time.perf_counter() - start, time.process_time() - busy

    ours()
    if peer_python is None:
        return {
            "chunks_per_s": len(texts) / statistics.median(ours()[0] for _ in range(rounds)),
            "peer": "not measured: no --peer-python",
        }
    with tempfile.TemporaryDirectory() as folder:
        given, made = Path(folder) / "texts.json", Path(folder) / "vectors.npy"
        given.write_text(json.dumps(texts), encoding="utf-8")
        command = [str(peer_python), "-c", PEER, str(directory), str(given), str(made)]
        environment = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment) as peer:
            assert peer.stdin is not None
            assert peer.stdout is not None
            if peer.stdout.readline().strip() != "ready":
                raise SystemExit(f"{peer_python} cannot run sentence-transformers")

            def theirs(batch: int) -> tuple[float, float]:
                peer.stdin.write(f"{batch}\n")
                peer.stdin.flush()
                elapsed, busy = map(float, peer.stdout.readline().split())
                return elapsed, busy

            batch = min((8, 32), key=theirs)
            pairs = [(ours(), theirs(batch)) for _ in range(rounds)]
            peer.stdin.close()
        cosines = np.einsum("ij,ij->i", embedder.embed(texts), np.load(made, allow_pickle=False))
    return {
        "chunks_per_s": len(texts) / statistics.median(own[0] for own, _ in pairs),
        "peer_chunks_per_s": len(texts) / statistics.median(other[0] for _, other in pairs),
        "peer_batch": batch,
        "ratio": statistics.median(other[0] / own[0] for own, other in pairs),
        "ratio_of_processor_time": statistics.median(other[1] / own[1] for own, other in pairs),
        "ratios": " ".join(f"{other[0] / own[0]:.2f}" for own, other in pairs),
        "cosine_to_peer_mean": float(cosines.mean()),
        "cosine_to_peer_min": float(cosines.min()),
    }


def _questions(embedder: OnnxEmbedder, texts: list[str]) -> dict[str, float]:
    seconds: list[float] = []
    for text in texts:
        start = time.perf_counter()
        embedder.embed([text])
        seconds.append(time.perf_counter() - start)
    return {"question_ms_p50": 1000 * statistics.median(seconds), "question_ms_p95": 1000 * float(np.quantile(seconds, 0.95))}


def _invariance(embedder: OnnxEmbedder, documents: list[str]) -> dict[str, float]:
    texts = [text[: 1 + (number * 37) % 1500] for number, text in enumerate(documents)]
    together = embedder.embed(texts)
    alone = np.concatenate([embedder.embed([text]) for text in texts])
    some = np.concatenate([embedder.embed(texts[start : start + 7]) for start in range(0, len(texts), 7)])
    cosines = [np.einsum("ij,ij->i", together.astype(np.float64), other.astype(np.float64)) for other in (alone, some)]
    return {
        "batch_cosine_min": float(np.min(cosines)),
        "batch_difference_max": float(max(np.abs(together - other).max() for other in (alone, some))),
    }


def _quality(embedder: OnnxEmbedder, exact: Runtime, questions: QuestionSet) -> dict[str, Any]:
    documents = [f"{title}. {text}" for _, title, text in questions.documents]
    asked = [question.text for question in questions.questions]

    def scores(embed: Any) -> tuple[list[float], Any]:
        start = time.perf_counter()
        vectors = embed(documents)
        print(f"{len(documents)} documents in {time.perf_counter() - start:.0f} s", file=sys.stderr)
        found = np.argsort(-(embed(asked) @ vectors.T), axis=1, kind="stable")[:, :10]
        names = [id for id, _, _ in questions.documents]
        each = [
            ndcg([names[at] for at in row], question.relevant, 10)
            for row, question in zip(found, questions.questions, strict=True)
        ]
        return each, vectors

    int8, int8_vectors = scores(embedder.embed)
    float32, float32_vectors = scores(lambda texts: exact.embed(texts, embedder.dimension))
    difference = [new - old for new, old in zip(int8, float32, strict=True)]
    mean, low, high = interval(difference)
    cosines = np.einsum("ij,ij->i", int8_vectors, float32_vectors)
    return {
        "scifact_ndcg10_float32": float(np.mean(float32)),
        "scifact_ndcg10_int8": float(np.mean(int8)),
        "scifact_ndcg10_difference": f"{mean:+.4f} [{low:+.4f}, {high:+.4f}]",
        "cosine_to_float32_mean": float(cosines.mean()),
        "cosine_to_float32_min": float(cosines.min()),
    }


if __name__ == "__main__":
    main()
