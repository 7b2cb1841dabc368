"""How well extractive answers hold, and how well the confidence tells what is covered from what is not.

    python benchmarks/answering.py --data DIR [--cache DIR] [--questions 1500] [--splits 200] [--fit]

Encyclopaedia articles are the documents. Each question is asked twice: with its article in the corpus, and with the article left out.
Figures of the fitted regression are cross-validated, articles disjoint. `--splits`: calibrate on a random half of the articles, and see
how often the promised rate is exceeded on the other half. `--fit` writes the numbers that ship (`answer/confidence.json`), fitted on these
questions and on those of `handbook.json` about the sample handbook.
"""

import argparse
import json
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import library
import numpy as np

import firmground
from firmground.answer.calibration import Row, blank, calibrate, crossed, fitted
from firmground.answer.confidence import SHIPPED, Confidence, Logistic
from firmground.answer.extract import Extract, Extractive
from firmground.answer.measures import auroc, calibration_error
from firmground.answer.signs import MEANING, NAMED, signs
from firmground.app.asking import search as asked
from firmground.app.corpus.sync import sync
from firmground.app.setup import init
from firmground.models.onnx_embedder import OnnxEmbedder
from firmground.models.weights import default_models_dir, ensure_default_model
from firmground.serve.search import Corpus, Found, Retrieval, search
from firmground.store.lance import open_lance
from firmground.testing.app import ADMINISTRATOR
from firmground.testing.corpus import shelved
from firmground.types import Within
from firmground.wire import open_workspace

RIDGE = 10.0
HANDBOOK_SHARE = 0.2
"""Of all questions fitted on: what those about the handbook weigh together."""
WORDS = tuple(name for name in NAMED if name not in MEANING | {"margin", "lead", "best_score"})
"""Where only words were compared, the scores of both together are those of words."""


def ask(
    corpus: Corpus, recipe: Retrieval, extractive: Extractive, question: str, within: Within
) -> tuple[Found, Extract, dict[str, float]]:
    found = search(corpus, recipe, question, within)
    extract = extractive.read(question, found.vector, found.passages, corpus.embedder.embed)
    return found, extract, signs(found.ranked, extract, question, found.passages, language=found.language)


def holds(question: library.Question, found: Found, extract: Extract, first: int) -> bool:
    """Whether one of the `first` best sentences holds an answer of the set."""
    best = sorted(extract.quotes, key=lambda quote: -quote.score)[:first]
    said = [_plain(quote.unit.text) for quote in best if found.passages[quote.unit.passage].document in question.relevant]
    return any(_plain(answer) in text for answer in question.answers for text in said)


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())


def measure(
    corpus: Corpus, questions: Sequence[library.Question], numbers: dict[str, int], recipe: Retrieval, *, dense: bool
) -> dict[str, Any]:
    """Signs with and without the article, and whether sentences hold the answer."""
    extractive, wide = Extractive(), Extractive(margin=9.0)
    rows: list[Row] = []
    held: dict[str, list[bool]] = {"@1": [], "@3": [], "chosen": []}
    for question in questions:
        (article,) = question.relevant
        for covered in (True, False):
            within = Within() if covered else Within(excluded=frozenset({numbers[article]}))
            found, extract, seen = ask(corpus, recipe, extractive, question.text, within)
            rows.append(Row(seen, covered, article, dense))
            if covered:
                held["chosen"].append(holds(question, found, extract, 3))
                top = wide.read(question.text, found.vector, found.passages, corpus.embedder.embed)
                held["@1"].append(holds(question, found, top, 1))
                held["@3"].append(holds(question, found, top, 3))
    return {"rows": rows, "held": {k: float(np.mean(v)) for k, v in held.items()}}


def about_the_handbook(folder: Path, *, dense: bool) -> list[Row]:
    """Questions about the sample handbook: those with a source with it and without, all others as not covered."""
    material = json.loads((Path(__file__).parent / "handbook.json").read_text(encoding="utf-8"))
    rows: list[Row] = []
    init(folder, sample=True)
    with open_workspace(folder) as app:
        sync(app, ADMINISTRATOR)
        corpus, recipe = asked.corpus(app, app.candidate), app.candidate.retrieval
        if not dense:
            recipe = words_only(recipe)
        with app.database.reading() as tx:
            numbers = {document.uri: document.number for document in tx.documents(state="indexed")}
        for question, *sources in material["covered"]:
            for covered in (True, False):
                within = Within() if covered else Within(excluded=frozenset(numbers[source] for source in sources))
                found, _, seen = ask(corpus, recipe, Extractive(), question, within)
                if found.covered or not dense:
                    rows.append(Row(seen, covered, sources[0], dense))
        for number, question in enumerate(material["not covered"]):
            found, _, seen = ask(corpus, recipe, Extractive(), question, Within())
            if found.covered or not dense:
                rows.append(Row(seen, False, f"none {number}", dense))
    return rows


def words_only(recipe: Retrieval) -> Retrieval:
    return recipe.model_copy(update={"fusion": recipe.fusion.model_copy(update={"dense_weight": 0.0})})


def from_scratch(rows: Sequence[Row], names: Sequence[str]) -> Logistic:
    return fitted(rows, blank(rows, names), RIDGE)


def held_out(rows: Sequence[Row], names: Sequence[str]) -> np.ndarray[Any, np.dtype[np.float64]]:
    """The confidence that each row gets from a regression that has not seen its article."""
    empty = blank(rows, names)
    return crossed(rows, Confidence(meaning=empty, words=empty), RIDGE)


def figures(confidence: np.ndarray[Any, Any], rows: Sequence[Row]) -> dict[str, float]:
    covered = np.array([row.covered for row in rows])
    found = {"auroc": auroc(confidence, covered), "ece": calibration_error(confidence, covered)}
    for rate in (0.01, 0.02, 0.05):
        least = threshold_for(confidence, rows, rate)
        found[f"answered_at_{rate:.0%}"] = float((confidence[covered] >= least).mean())
        found[f"threshold_{rate:.0%}"] = least
    return found


def threshold_for(confidence: np.ndarray[Any, Any], rows: Sequence[Row], rate: float) -> float:
    """The lowest at which at most this share of the uncovered questions seen here, by weight, gets an answer."""
    uncovered = sorted((float(each), row.weight) for each, row in zip(confidence, rows, strict=True) if not row.covered)[::-1]
    left = rate * sum(weight for _, weight in uncovered)
    for each, weight in uncovered:
        left -= weight
        if left < 0:
            return float(np.nextafter(each, np.inf))
    return 0.0


def splits(rows: Sequence[Row], count: int, rate: float = 0.02) -> dict[str, float]:
    """Calibrate on a random half of the documents, ask about the other half: how often the promise does not hold there."""
    names = sorted({row.document for row in rows})
    rng = np.random.default_rng(17)
    exceeded: list[bool] = []
    answered: list[float] = []
    impossible = 0
    for _ in range(count):
        half = set(rng.permutation(names)[: len(names) // 2].tolist())
        made = calibrate([row for row in rows if row.document in half], rate=rate, prior=empty_prior(rows), fewest_documents=2)
        chosen = made.chosen
        if chosen is None:
            impossible += 1
            continue
        others = [row for row in rows if row.document not in half]
        given = np.array([made.confidence.of(row.signs) >= chosen.threshold for row in others])
        covered = np.array([row.covered for row in others])
        exceeded.append(float(given[~covered].mean()) > rate)
        answered.append(float(given[covered].mean()))
    return {
        "splits": count,
        "not calibrated": impossible,
        "bound exceeded": float(np.mean(exceeded)),
        "covered questions answered": float(np.mean(answered)),
    }


def empty_prior(rows: Sequence[Row]) -> Confidence:
    empty = blank(rows, tuple(NAMED))
    return SHIPPED.model_copy(update={"meaning": empty})


def unanswerable(corpus: Corpus, data: Path, count: int) -> Iterator[Row]:
    """Questions of the set that its own passages seem to answer and do not."""
    found = library.squad_unanswerable(data)
    order = np.random.default_rng(6).permutation(len(found))[:count]
    for at in order:
        _, _, seen = ask(corpus, Retrieval(), Extractive(), found[at], Within())
        yield Row(seen, False, f"adversarial {at}")


def written(full: Sequence[Row], lexical: Sequence[Row], temporary: Path) -> tuple[Confidence, dict[str, Any]]:
    """Fit what ships, write it, and say how it fares on the handbook."""
    parts: dict[str, Any] = {}
    report: dict[str, Any] = {}
    for name, rows, names in (("meaning", full, tuple(NAMED)), ("words", lexical, WORDS)):
        own = balanced(about_the_handbook(temporary / name, dense=name == "meaning"), len(rows))
        rule = from_scratch([*rows, *own], names)
        material = [*rows, *own]
        confidence = held_out(material, names)
        if name == "meaning":
            parts["threshold"], parts["sure"] = (round(threshold_for(confidence, material, rate), 2) for rate in (0.05, 0.02))
        else:  # moved, so that the threshold of the other keeps the same rate
            odds = [np.log(each / (1 - each)) for each in (threshold_for(confidence, material, 0.05), parts["threshold"])]
            rule = rule.model_copy(update={"intercept": rule.intercept - float(odds[0] - odds[1])})
        parts[name] = rounded(rule)
        report[f"handbook, {name}, cross-validated"] = figures(confidence[-len(own) :], own)
    path = Path(firmground.__file__).parent / "answer" / "confidence.json"
    path.write_text(json.dumps(parts, indent=1) + "\n", encoding="utf-8")
    return Confidence.model_validate(parts), report


def balanced(own: Sequence[Row], others: int) -> list[Row]:
    """The rows with weights: `HANDBOOK_SHARE` of all together, and covered ones as much as the rest."""
    total = HANDBOOK_SHARE / (1 - HANDBOOK_SHARE) * others
    covered = sum(row.covered for row in own)
    return [row._replace(weight=total / 2 / (covered if row.covered else len(own) - covered)) for row in own]


def rounded(rule: Logistic) -> dict[str, Any]:
    return {
        "intercept": round(rule.intercept, 3),
        "signs": {name: {key: round(value, 3) for key, value in each.model_dump().items()} for name, each in rule.signs.items()},
    }


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--data", type=Path, required=True)
    options.add_argument("--model", type=Path, help="folder of the embedding model; default: the shipped one")
    options.add_argument("--cache", type=Path, help="keeps vectors between runs")
    options.add_argument("--questions", type=int, default=1500)
    options.add_argument("--splits", type=int, default=0)
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
        full = measure(corpus, questions, numbers, Retrieval(), dense=True)
        embedder.save()
        lexical = measure(corpus, questions[: given.questions // 2], numbers, words_only(Retrieval()), dense=False)
        adversarial = list(unanswerable(corpus, given.data, given.questions // 3))
        index.close()
        embedder.save()
        report: dict[str, Any] = {"questions": len(questions), "articles": len(articles.documents)}
        shipped = SHIPPED
        if given.fit:
            shipped, report["fit"] = written(full["rows"], lexical["rows"], Path(folder))
    for kind, data, names in (("full", full, tuple(NAMED)), ("words only", lexical, WORDS)):
        rows = data["rows"]
        confidence = np.array([shipped.of(row.signs, dense=row.dense) for row in rows])
        report[kind] = {
            "sentence holds the answer": data["held"],
            "cross-validated": figures(held_out(rows, names), rows),
            "shipped (seen in fitting)": figures(confidence, rows),
        }
    report["unanswerable by design"] = against(full["rows"], adversarial, shipped)
    if given.splits:
        report["half of the articles against the other half"] = splits(full["rows"], given.splits)
    library.record(report, given.out)


def against(rows: Sequence[Row], adversarial: Sequence[Row], shipped: Confidence) -> dict[str, float]:
    """Answerable questions against those that only seem so, by the shipped confidence."""
    both = [row for row in rows if row.covered] + list(adversarial)
    confidence = [shipped.of(row.signs) for row in both]
    given = [shipped.of(row.signs) >= shipped.threshold for row in adversarial]
    return {"auroc": auroc(confidence, [row.covered for row in both]), "answered all the same": float(np.mean(given))}


if __name__ == "__main__":
    main()
