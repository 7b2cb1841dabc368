"""Retrieval quality with untouched defaults: BM25, vectors, and both fused, on the same chunks.

    python benchmarks/retrieval.py --data DIR [--model DIR] [--cache DIR] [--sets scifact claude_docs squad_passages] [--questions N]

A document's score is that of its best chunk. The interval is a paired bootstrap (95 %) of fused minus the better single retriever.
"""

import argparse
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from time import perf_counter
from typing import Any

import library
import metrics
import numpy as np

from firmground.language.terms import query_terms
from firmground.models.onnx_embedder import OnnxEmbedder
from firmground.models.weights import default_models_dir, ensure_default_model
from firmground.ports import Embedder
from firmground.retrieve.fuse import Fusion
from firmground.serve.search import Retrieval
from firmground.store.lance import open_lance
from firmground.testing.corpus import shelved
from firmground.types import Hit, Within

SETS: Mapping[str, Callable[[Path], library.QuestionSet]] = {
    "scifact": library.scifact,
    "claude_docs": library.claude_docs,
    "squad_passages": library.squad_passages,
}
MEASURES: Sequence[tuple[str, Callable[[metrics.Ranking, metrics.Grades, int], float], int]] = (
    ("ndcg@10", metrics.ndcg, 10),
    ("recall@10", metrics.recall, 10),
    ("recall@100", metrics.recall, 100),
)
DEPTH = 300
"""Chunks asked of each retriever, so that a hundred documents remain after several chunks of one are counted once."""


def measure(questions: library.QuestionSet, embedder: Embedder, limit: int) -> dict[str, Any]:
    """The rows of one set."""
    rankings: dict[str, dict[str, list[str]]] = {"bm25": {}, "dense": {}, "fused": {}}
    fusions = {"bm25": Fusion(dense_weight=0.0), "dense": Fusion(dense_weight=1.0), "fused": Retrieval().fusion}
    asked = [question for question in questions.questions if question.relevant]
    if limit < len(asked):
        asked = [asked[at] for at in np.random.default_rng(5).permutation(len(asked))[:limit]]
    ids = [id for id, _, _ in questions.documents]
    with tempfile.TemporaryDirectory() as folder:
        index = open_lance(folder, "bench", embedder.id, embedder.dimension)
        start = perf_counter()
        shelved(library.as_documents(questions), index, embedder)
        built = perf_counter() - start
        for question in asked:
            terms, vector = query_terms(question.text, ["en"]), embedder.embed([question.text])[0]
            sides = {
                "bm25": index.search(terms, None, limit=DEPTH, within=Within()),
                "dense": index.search((), vector, limit=DEPTH, within=Within()),
                "fused": index.search(terms, vector, limit=DEPTH, within=Within()),
            }
            for name, hits in sides.items():
                rankings[name][question.id] = _documents(fusions[name].rank(hits), ids)
        rows = index.stats().rows
        index.close()
    return {"documents": len(ids), "chunks": rows, "questions": len(asked), "build_s": round(built, 1)} | _table(asked, rankings)


def _documents(ranked: Sequence[tuple[Hit, float]], ids: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(ids[hit.document - 1] for hit, _ in ranked))


def _table(asked: Sequence[library.Question], rankings: Mapping[str, Mapping[str, list[str]]]) -> dict[str, Any]:
    table: dict[str, Any] = {}
    for label, of, k in MEASURES:
        scores = {name: [of(run[question.id], question.relevant, k) for question in asked] for name, run in rankings.items()}
        means = {name: float(np.mean(values)) for name, values in scores.items()}
        better = max(("bm25", "dense"), key=lambda name: means[name])
        difference = metrics.interval([a - b for a, b in zip(scores["fused"], scores[better], strict=True)])
        table[label] = {name: round(mean, 4) for name, mean in means.items()} | {
            "fused_minus": better,
            "difference": [round(value, 4) for value in difference],
        }
    return table


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--data", type=Path, required=True)
    options.add_argument("--model", type=Path, help="folder of the embedding model; default: the shipped one")
    options.add_argument("--cache", type=Path, help="keeps vectors between runs")
    options.add_argument("--sets", nargs="+", choices=list(SETS), default=list(SETS))
    options.add_argument("--questions", type=int, default=1000, help="at most so many of each set, drawn at random")
    options.add_argument("--out", type=Path, help="keeps the report")
    given = options.parse_args()
    embedder = library.Remembering(OnnxEmbedder(given.model or ensure_default_model(default_models_dir())), given.cache)
    report = {}
    for name in given.sets:
        report[name] = measure(SETS[name](given.data), embedder, given.questions)
        embedder.save()
    library.record({"embedder": embedder.id, "retrieval": Retrieval().model_dump(mode="json"), "sets": report}, given.out)


if __name__ == "__main__":
    main()
