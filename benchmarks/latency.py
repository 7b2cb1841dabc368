"""How long a person waits for an extractive answer: p50 and p95 of each stage at several sizes of the corpus.

    python benchmarks/latency.py --sizes 1000 10000 100000 --out benchmarks/results/latency.json

Documents are made of the sentences of the sample handbook, ten chunks each, seven sentences a chunk, drawn anew for every chunk; the
vector of a chunk is the mean of those of its sentences, moved a little. Database, index, model and the whole answer path are the real
ones; the questions are the English golden cases of the sample. Each is asked twice: at first every sentence is embedded, the second
time the embedder remembers them (`remembered`). Each size runs in a process of its own. `embed_ms` is what one question takes to embed
alone: figures of two machines compare as multiples of it.
"""

import argparse
import json
import math
import os
import random
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from typing import Any

import library
import numpy as np
import yaml
from numpy.typing import NDArray

from firmground.index.chunk import index_terms
from firmground.language.sentences import sentences
from firmground.models.onnx_embedder import OnnxEmbedder
from firmground.models.weights import default_models_dir, ensure_default_model
from firmground.ports import Embedder, LanguageModel, Vectors
from firmground.serve.ask import Answering, Asked, Live, answer
from firmground.serve.generation import Models
from firmground.serve.remembered import Remembered
from firmground.serve.search import Corpus, Retrieval, search
from firmground.store.database import open_database
from firmground.store.lance import open_lance
from firmground.testing.corpus import EPOCH, a_document
from firmground.types import Chunk, Document, IndexRow

BUILD = "bench"
CHUNKS, SENTENCES = 10, 7
"""Chunks in a document, sentences in a chunk."""
STAGES = ("analyse", "embed", "index", "read")


class Timed:
    """An embedder that says how long it took since it was last asked."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self.id, self.dimension, self.languages = embedder.id, embedder.dimension, embedder.languages
        self.spent_ms = 0.0

    def embed(self, texts: Sequence[str]) -> Vectors:
        started = time.perf_counter()
        vectors = self._embedder.embed(texts)
        self.spent_ms += (time.perf_counter() - started) * 1000
        return vectors

    def taken(self) -> float:
        spent, self.spent_ms = self.spent_ms, 0.0
        return spent


def said() -> list[str]:
    """The sentences of the handbook."""
    folder = files("firmground.sample").joinpath("documents")
    found: dict[str, None] = {}
    for path in sorted(Path(str(folder)).glob("[a-z]*[a-z]/*.md")):
        text = path.read_text(encoding="utf-8")
        spans = [text[start:end] for start, end in sentences(text)]
        found.update(dict.fromkeys(" ".join(span.split()) for span in spans if 30 < len(span) < 300 and "|" not in span))
    return list(found)


def asked() -> list[str]:
    """The questions of the golden cases, those in other languages left out: they are not embedded."""
    cases = yaml.safe_load(files("firmground.sample").joinpath("golden/handbook.yaml").read_text(encoding="utf-8"))
    return [case["question"] for case in cases if not case["id"].startswith(("de-", "fr-", "es-", "messy-de"))]


def made(count: int, pool: Sequence[str], vectors: Vectors) -> Iterator[tuple[Document, str, list[Chunk], NDArray[np.float32]]]:
    """Documents with their text, chunks and vectors."""
    draw = np.random.default_rng(1)
    for number in range(1, count // CHUNKS + 1):
        picked = draw.integers(0, len(pool), (CHUNKS, SENTENCES))
        title = " ".join(pool[picked[0][0]].split()[:5])
        text, chunks = f"# {title}", list[Chunk]()
        for ordinal, places in enumerate(picked):
            start = len(text) + 2
            text += "\n\n" + " ".join(pool[place] for place in places)
            id = f"{number * CHUNKS + ordinal:032x}"
            chunks.append(Chunk(id=id, document=number, ordinal=ordinal, start=start, end=len(text), headings=(title,)))
        moved = vectors[picked].mean(axis=1) + 0.02 * draw.normal(size=(CHUNKS, vectors.shape[1]))
        rows = (moved / np.linalg.norm(moved, axis=1, keepdims=True)).astype(np.float32)
        yield a_document(number, title=title, characters=len(text)), text, chunks, rows


def build(folder: Path, count: int, embedder: Embedder) -> Corpus:
    pool = said()
    vectors = embedder.embed(pool)
    database = open_database("sqlite", folder)
    index = open_lance(str(folder / "index"), BUILD, embedder.id, embedder.dimension)
    documents = made(count, pool, vectors)
    for _ in range(0, count, 1000 * CHUNKS):
        rows: list[IndexRow] = []
        parts: list[NDArray[np.float32]] = []
        with database.transaction() as tx:
            for _, (document, text, drafts, own) in zip(range(1000), documents, strict=False):
                saved = tx.save_document(document.model_copy(update={"number": 0}), text)
                chunks = [chunk.model_copy(update={"document": saved.number}) for chunk in drafts]
                tx.save_chunks(BUILD, saved.number, saved.revision, chunks)
                parts.append(own)
                rows += [
                    IndexRow(
                        id=chunk.id,
                        document=saved.number,
                        scope=saved.scope,
                        content=chunk.id * 2,
                        terms=index_terms(document.title, chunk, text, "en"),
                    )
                    for chunk in chunks
                ]
        index.apply(rows, np.concatenate(parts), replaces=[])
    index.maintain(force=True)
    return Corpus(database.reading, index, embedder, BUILD, ("en",))


def ask(corpus: Corpus, timed: Timed, questions: Sequence[str]) -> dict[str, Any]:
    """Milliseconds by stage, and the processor time of all threads."""
    live = Live(clock=lambda: EPOCH, random=random.Random(1), models=Models(_no_model))
    told: dict[str, list[float]] = defaultdict(list)
    used = 0.0
    for question in questions:
        timed.taken()
        before = time.process_time()
        trace = answer(corpus, Retrieval(), Answering(), Asked(question), live, release="bench")
        used += time.process_time() - before
        spent = timed.taken()
        for stage, took in trace.answer.timings_ms.items():
            told[stage].append(took)
        told["all embedding"].append(spent)
    figures = {
        stage: {"p50_ms": round(float(np.percentile(took, 50)), 2), "p95_ms": round(float(np.percentile(took, 95)), 2)}
        for stage, took in told.items()
    }
    return {"stages": figures, "cpu_ms": round(used * 1000 / len(questions), 2)}


def searched(corpus: Corpus, questions: Sequence[str]) -> dict[str, float]:
    """p95 of what a search does, by stage."""
    laps = [search(corpus, Retrieval(), question).timings_ms for question in questions]
    return {stage: round(float(np.percentile([lap[stage] for lap in laps], 95)), 2) for stage in STAGES}


def measured(folder: Path, count: int) -> dict[str, Any]:
    plain = OnnxEmbedder(ensure_default_model(default_models_dir()))
    started = time.perf_counter()
    corpus = build(folder, count, plain)
    built = time.perf_counter() - started
    questions = asked()
    started = time.perf_counter()
    search(corpus, Retrieval(), "ready?")
    opened = (time.perf_counter() - started) * 1000
    timed, remembering = Timed(plain), Timed(Remembered(plain))
    fresh = Corpus(corpus.reading, corpus.index, timed, BUILD, corpus.languages)
    kept = Corpus(corpus.reading, corpus.index, remembering, BUILD, corpus.languages)
    ask(fresh, timed, questions[:10])
    first = ask(fresh, timed, questions)
    ask(kept, remembering, questions)
    embed_ms = float(np.percentile([_alone(plain, question) for question in questions], 50))
    return {
        "build_s": round(built, 1),
        "first_search_ms": round(opened, 1),
        "embed_ms": round(embed_ms, 2),
        "asked": first,
        "searched_p95_ms": searched(fresh, questions),
        "remembered": ask(kept, remembering, questions),
        "p95_in_question_embeddings": round(first["stages"]["total"]["p95_ms"] / embed_ms, 1),
    }


def _alone(embedder: Embedder, question: str) -> float:
    started = time.perf_counter()
    embedder.embed([question])
    return (time.perf_counter() - started) * 1000


def _no_model(name: str) -> LanguageModel:
    raise AssertionError(name)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--sizes", type=int, nargs="+", default=[1_000, 10_000, 100_000])
    options.add_argument("--out", type=Path)
    options.add_argument("--part", type=Path, help=argparse.SUPPRESS)
    given = options.parse_args()
    if given.part:
        print(json.dumps(measured(given.part, given.sizes[0])))
        return
    sizes: dict[str, Any] = {}
    for count in given.sizes:
        with tempfile.TemporaryDirectory() as folder:
            command = [sys.executable, __file__, "--sizes", str(count), "--part", folder]
            done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
        sizes[str(count)] = json.loads(done.stdout.splitlines()[-1])
        print(count, sizes[str(count)]["asked"]["stages"]["total"], file=sys.stderr)
    report: dict[str, Any] = {"date": datetime.now(UTC).isoformat(timespec="seconds"), "load": os.getloadavg()[0], "sizes": sizes}
    if len(sizes) > 1:
        (small, one), *_, (large, other) = (
            (int(size), found["asked"]["stages"]["total"]["p50_ms"]) for size, found in sizes.items()
        )
        report["growth_exponent"] = round(math.log(other / one) / math.log(large / small), 3)
    library.record(report, given.out)


if __name__ == "__main__":
    main()
