"""How well extractive answers hold, and how well the confidence tells what is covered from what is not.

    python benchmarks/answering.py --data DIR [--cache DIR] [--questions 1500] [--fit]

Encyclopaedia articles are the documents. Each question is asked twice: with its article in the corpus, and with the article left out.
Figures of the fitted regression are cross-validated, articles disjoint. `--fit` prints the coefficients that ship.
"""

import argparse
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import library
import metrics
import numpy as np
from numpy.typing import NDArray

from firmground.answer.confidence import SHIPPED, signs
from firmground.answer.extract import Extract, Extractive
from firmground.models.onnx_embedder import OnnxEmbedder
from firmground.models.weights import default_models_dir, ensure_default_model
from firmground.serve.search import Corpus, Found, Retrieval, search
from firmground.store.lance import open_lance
from firmground.testing.corpus import shelved
from firmground.types import Within

FOLDS = 5


def ask(
    corpus: Corpus, recipe: Retrieval, extractive: Extractive, question: str, within: Within
) -> tuple[Found, Extract, dict[str, float]]:
    found = search(corpus, recipe, question, within)
    extract = extractive.read(question, found.vector, found.passages, corpus.embedder.embed)
    return found, extract, signs(found.ranked, extract)


def holds(question: library.Question, found: Found, extract: Extract, first: int) -> bool:
    """Whether one of the `first` best sentences holds an answer of the set."""
    best = sorted(extract.quotes, key=lambda quote: -quote.score)[:first]
    said = [_plain(quote.unit.text) for quote in best if found.passages[quote.unit.passage].document in question.relevant]
    return any(_plain(answer) in text for answer in question.answers for text in said)


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())


def fitted(features: NDArray[np.float64], labels: NDArray[np.float64], ridge: float = 1.0) -> tuple[float, NDArray[np.float64]]:
    """Logistic regression by Newton's method on standardised features; (intercept, weights) for the raw ones."""
    centre, spread = features.mean(0), features.std(0) + 1e-9
    design = np.column_stack([np.ones(len(features)), (features - centre) / spread])
    penalty = ridge * np.diag([0.0, *np.ones(features.shape[1])])
    weights = np.zeros(design.shape[1])
    for _ in range(30):
        chance = 1 / (1 + np.exp(-design @ weights))
        slope = design.T @ (labels - chance) - penalty @ weights
        bend = (design * (chance * (1 - chance))[:, None]).T @ design + penalty
        step = np.linalg.solve(bend, slope)
        weights += step
        if np.abs(step).max() < 1e-8:
            break
    raw = weights[1:] / spread
    return float(weights[0] - raw @ centre), raw


def crossed(features: NDArray[np.float64], labels: NDArray[np.float64], groups: Sequence[str]) -> NDArray[np.float64]:
    """The confidence each question gets from a regression that has not seen its article."""
    names = sorted(set(groups))
    fold = np.array([names.index(group) % FOLDS for group in groups])
    confidence = np.zeros(len(labels))
    for one in range(FOLDS):
        intercept, weights = fitted(features[fold != one], labels[fold != one])
        confidence[fold == one] = 1 / (1 + np.exp(-(intercept + features[fold == one] @ weights)))
    return confidence


def figures(confidence: NDArray[np.float64], labels: NDArray[np.float64]) -> dict[str, float]:
    five, two = metrics.answered_at(confidence, labels, 0.05), metrics.answered_at(confidence, labels, 0.02)
    return {
        "auroc": metrics.auroc(confidence, labels),
        "ece": metrics.calibration_error(confidence, labels),
        "answered_at_2%": two[1],
        "answered_at_5%": five[1],
        "threshold_2%": two[0],
        "threshold_5%": five[0],
    }


def _matrix(rows: Sequence[dict[str, float]], names: Sequence[str]) -> NDArray[np.float64]:
    return np.array([[row[name] for name in names] for row in rows])


def measure(corpus: Corpus, questions: Sequence[library.Question], numbers: dict[str, int], recipe: Retrieval) -> dict[str, Any]:
    """Signs with and without the article, and whether sentences hold the answer."""
    extractive, wide = Extractive(), Extractive(margin=9.0)
    rows: list[dict[str, float]] = []
    labels: list[float] = []
    groups: list[str] = []
    held: dict[str, list[bool]] = {"@1": [], "@3": [], "chosen": []}
    for question in questions:
        (article,) = question.relevant
        for covered in (True, False):
            within = Within() if covered else Within(excluded=frozenset({numbers[article]}))
            found, extract, seen = ask(corpus, recipe, extractive, question.text, within)
            rows.append(seen)
            labels.append(float(covered))
            groups.append(article)
            if covered:
                held["chosen"].append(holds(question, found, extract, 3))
                top = wide.read(question.text, found.vector, found.passages, corpus.embedder.embed)
                held["@1"].append(holds(question, found, top, 1))
                held["@3"].append(holds(question, found, top, 3))
    return {"rows": rows, "labels": np.array(labels), "groups": groups, "held": {k: float(np.mean(v)) for k, v in held.items()}}


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--data", type=Path, required=True)
    options.add_argument("--model", type=Path, help="folder of the embedding model; default: the shipped one")
    options.add_argument("--cache", type=Path, help="keeps vectors between runs")
    options.add_argument("--questions", type=int, default=1500)
    options.add_argument("--fit", action="store_true")
    options.add_argument("--out", type=Path, help="keeps the report")
    given = options.parse_args()
    embedder = library.Remembering(OnnxEmbedder(given.model or ensure_default_model(default_models_dir())), given.cache)
    articles = library.squad_articles(given.data)
    numbers = {id: number for number, (id, _, _) in enumerate(articles.documents, 1)}
    order = np.random.default_rng(5).permutation(len(articles.questions))[: given.questions]
    questions = [articles.questions[at] for at in order]
    with tempfile.TemporaryDirectory() as folder:
        index = open_lance(folder, "bench", embedder.id, embedder.dimension)
        corpus, _ = shelved(library.as_documents(articles), index, embedder)
        full = measure(corpus, questions, numbers, Retrieval())
        embedder.save()
        plain = Retrieval()
        plain = plain.model_copy(update={"fusion": plain.fusion.model_copy(update={"dense_weight": 0.0})})
        lexical = measure(corpus, questions[: given.questions // 2], numbers, plain)
        index.close()
    embedder.save()
    report: dict[str, Any] = {"questions": len(questions), "articles": len(articles.documents)}
    for kind, data, used in (
        ("full", full, tuple(SHIPPED.weights)),
        ("words only", lexical, tuple(SHIPPED.lexical_weights)),
    ):
        values = _matrix(data["rows"], used)
        shipped = np.array([SHIPPED.of(row, dense=kind == "full") for row in data["rows"]])
        report[kind] = {
            "sentence holds the answer": data["held"],
            "cross-validated": figures(crossed(values, data["labels"], data["groups"]), data["labels"]),
            "shipped (seen in fitting)": figures(shipped, data["labels"]),
        }
        if given.fit:
            intercept, weights = fitted(values, data["labels"])
            report[kind]["fit"] = {
                "intercept": round(intercept, 3),
                **{n: round(float(w), 3) for n, w in zip(used, weights, strict=True)},
            }
    library.record(report, given.out)


if __name__ == "__main__":
    main()
