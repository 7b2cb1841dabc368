"""What reviewers said of answers, as a calibration learns from it."""

from collections.abc import Sequence
from statistics import fmean
from typing import NamedTuple

from firmground.answer.calibration import Row
from firmground.answer.confidence import SHIPPED
from firmground.app.evaluating.calibrated import fingerprint
from firmground.app.launching.releases import RECIPES
from firmground.app.teaching.labelled import Labelled, reviewed
from firmground.evaluate.verdict import words
from firmground.ports import Transaction
from firmground.release.spec import ReleaseSpec
from firmground.review.labels import chance, decision
from firmground.serve.pinned import pin_of

_NAMES = frozenset({*SHIPPED.meaning.signs, *SHIPPED.words.signs})
REVIEWED = "reviewed"
WEIGHT = 2.0
"""What an answer that somebody judged counts for on average beside a question that was made: as much as a golden case."""
_MOST = 20.0
"""Times the average: one rare answer does not decide alone."""


class Learnt(NamedTuple):
    rows: list[Row]
    left_out: int
    """Answers that were judged, and from which nothing is learnt."""


def rows(tx: Transaction, recipe: ReleaseSpec) -> Learnt:
    """Answers of releases whose signs mean what those of `recipe` do, each once. An answer stands for as many as were not looked at: its
    weight is one over the probability that somebody was to look at it. Where nobody knows that it is left out."""
    recipes: dict[str, ReleaseSpec | None] = {}
    known: dict[object, tuple[Row, float]] = {}
    left_out: set[object] = set()
    for each in reviewed(tx):
        trace = each.trace
        label = decision(each.item, each.acts)
        if label is None or trace.erased or not trace.signs or pin_of(trace):
            continue
        if trace.answer.release not in recipes:
            recipes[trace.answer.release] = _recipe(tx, trace.answer.release)
        then = recipes[trace.answer.release]
        question = words(trace.answer.question), trace.groups
        probability = chance(trace, then.review) if then and fingerprint(then) == fingerprint(recipe) else None
        if probability is None or not trace.signs.keys() >= _NAMES:
            left_out.add(question)
        else:
            known.setdefault(question, (_row(tx, each, right=label), 1 / probability))
    return Learnt(_weighted([*known.values()]), len(left_out - known.keys()))


def _recipe(tx: Transaction, release: str) -> ReleaseSpec | None:
    try:
        return ReleaseSpec.model_validate(tx.fact(RECIPES, release))
    except ValueError:
        return None


def _row(tx: Transaction, labelled: Labelled, *, right: bool) -> Row:
    trace = labelled.trace
    cited = (trace.draft or trace.answer).citations
    document = tx.document(cited[0].document) if cited else None
    name = document.content_hash if document else ""
    return Row(trace.signs, right, name, trace.covered, 1.0, REVIEWED, right or None)


def _weighted(found: Sequence[tuple[Row, float]]) -> list[Row]:
    if not found:
        return []
    average = fmean(weight for _, weight in found)
    return [row._replace(weight=WEIGHT * min(_MOST, weight / average)) for row, weight in found]
