"""A confidence fitted to one corpus, with a threshold for a stated rate of answers to questions that the corpus does not cover.

The questions have known sources; each is asked with its document in the corpus and with it left out. Nothing is labelled by hand.
"""

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from firmground.answer.confidence import FARTHEST, SHIPPED, Confidence, Logistic, Sign
from firmground.answer.measures import Clustered, auroc, calibration_error, clopper_pearson, needed, reliability
from firmground.types import Value

Floats = NDArray[np.float64]

RATES = (0.01, 0.02, 0.05)
"""What coverage is reported at, besides the rate that was asked for."""
FEWEST_DOCUMENTS = 20
_FOLDS = 5
_STRENGTH = 20.0
"""Of the shipped weights, against those that a corpus asks for: about three hundred questions outweigh them."""
_INTERCEPT_STRENGTH = 0.1
_CURVE = 40


class Row(NamedTuple):
    """One question asked once."""

    signs: Mapping[str, float]
    covered: bool
    """Whether the document it came from was in the corpus."""
    document: str
    """That document: what rows stand or fall together by."""
    dense: bool = True
    weight: float = 1.0
    kind: str = ""
    """Where the question came from."""
    right: bool | None = None
    """Whether the sentences chosen are from that document; None where it was left out."""


class At(Value):
    """What a threshold comes to. Shares are of questions, 0…1."""

    rate: float
    """The share of uncovered questions with an answer that was asked for, at most."""
    threshold: float
    bound: float
    """What that share is at most (95 %), by document."""
    bound_independent: float
    """The same if questions did not depend on their documents (Clopper–Pearson): for comparison only."""
    uncovered: float
    """The share of uncovered questions that got an answer."""
    covered: float
    """The share of covered questions that still got one: the coverage left."""


class Bin(Value):
    """A bar of the reliability diagram."""

    questions: int
    confidence: float
    covered: float


class Kind(Value):
    """How questions of one origin fared at the threshold."""

    questions: int
    documents: int
    auroc: float | None
    covered: float
    uncovered: float
    right: float | None
    """Of the covered ones with an answer: the share whose sentences are from the known source."""


class Calibration(Value):
    """What a confidence is worth on one corpus. `why_not` is empty where it is calibrated; else `confidence` is the one that was there.

    Figures are of confidences that were computed for documents which the fit had not seen (five folds of documents).
    """

    confidence: Confidence
    rate: float
    why_not: str = ""
    at: tuple[At, ...] = ()
    """For the rate asked for and for 1, 2 and 5 %, ascending; those that no threshold keeps are missing."""
    bins: tuple[Bin, ...] = ()
    curve: tuple[tuple[float, float, float], ...] = ()
    """(threshold, share of covered questions answered, share of uncovered ones answered), strictest first."""
    auroc: float | None = None
    ece: float | None = None
    shipped_auroc: float | None = None
    shipped_ece: float | None = None
    shipped_uncovered: float | None = None
    """The share of uncovered questions that get an answer with the shipped confidence and threshold."""
    shipped_covered: float | None = None
    questions: int = 0
    """Asked twice each, if their document could be left out."""
    uncovered: int = 0
    documents: int = 0
    kinds: dict[str, Kind] = Field(default_factory=dict[str, Kind])
    reviewed: int = 0
    """Answers that reviewers judged, from which the fit learnt besides."""
    reviewed_left_out: int = 0
    """Those from which it did not, since nobody knows how probable it was that somebody looked at them."""
    corpus: str = ""
    """Version of the corpus that was asked."""
    made_at: str = ""
    indexed: int = 0
    """Different contents of its documents."""
    sketch: tuple[str, ...] = ()
    """The least digests of the contents of its documents, to tell later how much of it has changed."""

    @property
    def calibrated(self) -> bool:
        return not self.why_not

    @property
    def chosen(self) -> At | None:
        """What holds at the rate that was asked for."""
        return next((each for each in self.at if each.rate == self.rate), None) if self.calibrated else None

    @property
    def promise(self) -> str:
        """The one sentence that may be said of it."""
        if not self.calibrated:
            return f"not calibrated: {self.why_not}"
        return f"at most {_percent(self.rate)} of questions that your documents do not cover get an answer"


def calibrate(
    rows: Sequence[Row],
    *,
    rate: float = 0.02,
    prior: Confidence = SHIPPED,
    calibrated_on: str = "",
    fewest_documents: int = FEWEST_DOCUMENTS,
    reviewed: Sequence[Row] = (),
) -> Calibration:
    """Fit, and choose the lowest threshold at which, with 95 % confidence by document, at most `rate` of the uncovered questions get an
    answer. The weights lean on those of `prior` where rows are few. `reviewed` are answers that people judged: the fit learns from them,
    and no figure and no threshold rests on them, since only questions that got an answer are among them. Not calibrated below
    `needed(rate)` uncovered questions, below `fewest_documents` documents, or where no threshold keeps the rate."""
    labels = np.array([row.covered for row in rows], dtype=bool)
    documents = [row.document for row in rows]
    uncovered = int((~labels).sum())
    left_out = {row.document for row in rows if not row.covered}
    counted = Calibration(confidence=prior, rate=rate, questions=int(labels.sum()), uncovered=uncovered, documents=len(left_out))
    if not rows:
        return counted.model_copy(
            update={"why_not": "no question could be made from the documents, and no golden case names one"}
        )
    if uncovered < needed(rate):
        why = f"{uncovered} questions without their documents, {needed(rate)} are the least for {_percent(rate)}"
        return counted.model_copy(update={"why_not": why})
    if len(left_out) < fewest_documents:
        why = f"questions from {len(left_out)} documents, {fewest_documents} are the least"
        return counted.model_copy(update={"why_not": why})
    confidence = crossed(rows, prior, reviewed=reviewed)
    measured = counted.model_copy(update=_measured(rows, labels, confidence, prior))
    weights = np.array([row.weight for row in rows])
    clustered = Clustered(
        confidence[~labels], [each for each, is_in in zip(documents, labels, strict=True) if not is_in], weights[~labels]
    )
    at = tuple(
        _at(each, threshold, clustered, confidence[labels], weights[labels])
        for each in sorted({rate, *RATES})
        if (threshold := clustered.lowest(each)) is not None
    )
    kept = next((each for each in at if each.rate == rate), None)
    if kept is None:
        return measured.model_copy(
            update={"at": at, "why_not": f"no threshold keeps answers to uncovered questions at {_percent(rate)}"}
        )
    stricter = clustered.lowest(rate / 2) or float(np.nextafter(confidence[~labels].max(), 1.0))
    fitted_ = both([*rows, *reviewed], prior).model_copy(
        update={
            "threshold": kept.threshold,
            "sure": max(stricter, kept.threshold),
            "calibrated_on": calibrated_on or "these questions",
        }
    )
    return measured.model_copy(
        update={
            "at": at,
            "confidence": fitted_,
            "reviewed": len(reviewed),
            "kinds": _kinds(rows, labels, confidence, kept.threshold),
        }
    )


def both(rows: Sequence[Row], prior: Confidence, strength: float = _STRENGTH) -> Confidence:
    """The confidence fitted on these rows, each question by the part that concerns it."""
    return prior.model_copy(
        update={
            "meaning": fitted([row for row in rows if row.dense], prior.meaning, strength),
            "words": fitted([row for row in rows if not row.dense], prior.words, strength),
        }
    )


class Apart(Value):
    """The confidence fitted five times, each without a fifth of the documents: what judges a question whose document was in the fit."""

    folds: dict[str, int]
    """Which rule has not seen a document."""
    rules: tuple[Confidence, ...]


def apart(
    rows: Sequence[Row], prior: Confidence = SHIPPED, strength: float = _STRENGTH, *, reviewed: Sequence[Row] = ()
) -> Apart:
    """Documents go to folds by chance, the same for the same documents."""
    names = sorted({row.document for row in rows})
    order = np.random.default_rng(len(names)).permutation(len(names))
    folds = {name: int(order[at]) % _FOLDS for at, name in enumerate(names)}
    every = [*rows, *reviewed]
    rules = tuple(both([row for row in every if folds.get(row.document) != one], prior, strength) for one in range(_FOLDS))
    return Apart(folds=folds, rules=rules)


def crossed(rows: Sequence[Row], prior: Confidence, strength: float = _STRENGTH, *, reviewed: Sequence[Row] = ()) -> Floats:
    """The confidence that each row gets from a fit that has not seen its document."""
    made = apart(rows, prior, strength, reviewed=reviewed)
    judged = [made.rules[made.folds[row.document]].of(row.signs, dense=row.dense) for row in rows]
    return np.array(judged, dtype=np.float64)


def blank(rows: Sequence[Row], names: Sequence[str]) -> Logistic:
    """A regression that knows nothing yet but how these signs usually are."""
    values = _matrix(rows, names)
    return Logistic(
        intercept=0.0,
        signs={
            name: Sign(weight=0.0, typical=float(column.mean()), spread=max(float(column.std()), 0.01))
            for name, column in zip(names, values.T, strict=True)
        },
    )


def fitted(rows: Sequence[Row], prior: Logistic, strength: float = _STRENGTH) -> Logistic:
    """Logistic regression by Newton's method, its weights drawn to those of `prior` (a normal prior of that precision)."""
    if not rows:
        return prior
    names = list(prior.signs)
    typical = np.array([prior.signs[name].typical for name in names])
    spread = np.array([prior.signs[name].spread for name in names])
    far = np.clip((_matrix(rows, names) - typical) / spread, -FARTHEST, FARTHEST)
    design = np.column_stack([np.ones(len(rows)), far])
    labels, mass = np.array([row.covered for row in rows], dtype=np.float64), np.array([row.weight for row in rows])
    before = np.array([prior.intercept, *(prior.signs[name].weight for name in names)])
    penalty = np.array([_INTERCEPT_STRENGTH, *[strength] * len(names)])
    weights = before.copy()
    for _ in range(50):
        chance = 1 / (1 + np.exp(-np.clip(design @ weights, -60, 60)))
        slope = design.T @ (mass * (labels - chance)) - penalty * (weights - before)
        bend = (design * (mass * chance * (1 - chance))[:, None]).T @ design + np.diag(penalty)
        step = np.linalg.solve(bend, slope)
        weights += step / max(1.0, float(np.abs(step).max()) / 4)
        if np.abs(step).max() < 1e-8:
            break
    signs = {
        name: Sign(weight=float(weight), typical=prior.signs[name].typical, spread=prior.signs[name].spread)
        for name, weight in zip(names, weights[1:], strict=True)
    }
    return Logistic(intercept=float(weights[0]), signs=signs)


def _matrix(rows: Sequence[Row], names: Sequence[str]) -> Floats:
    return np.array([[row.signs[name] for name in names] for row in rows], dtype=np.float64).reshape(len(rows), len(names))


def _measured(rows: Sequence[Row], labels: NDArray[np.bool_], confidence: Floats, prior: Confidence) -> dict[str, object]:
    shipped = np.array([prior.of(row.signs, dense=row.dense) for row in rows])
    order = np.unique(confidence)[::-1]
    steps = order[np.linspace(0, len(order) - 1, min(_CURVE, len(order))).astype(int)]
    return {
        "auroc": auroc(confidence, labels),
        "ece": calibration_error(confidence, labels),
        "shipped_auroc": auroc(shipped, labels),
        "shipped_ece": calibration_error(shipped, labels),
        "shipped_uncovered": float((shipped[~labels] >= prior.threshold).mean()),
        "shipped_covered": float((shipped[labels] >= prior.threshold).mean()),
        "bins": tuple(
            Bin(questions=count, confidence=mean, covered=share)
            for count, mean, share in reliability(confidence, labels)
            if count
        ),
        "curve": tuple(
            (float(each), float((confidence[labels] >= each).mean()), float((confidence[~labels] >= each).mean()))
            for each in steps
        ),
    }


def _at(rate: float, threshold: float, uncovered: Clustered, covered: Floats, weights: Floats) -> At:
    count = len(uncovered.scores)
    return At(
        rate=rate,
        threshold=threshold,
        bound=uncovered.bound(threshold),
        bound_independent=clopper_pearson(float((uncovered.scores >= threshold).sum()), count),
        uncovered=uncovered.rate(threshold),
        covered=float(weights[covered >= threshold].sum() / weights.sum()),
    )


def _kinds(rows: Sequence[Row], labels: NDArray[np.bool_], confidence: Floats, threshold: float) -> dict[str, Kind]:
    kinds: dict[str, Kind] = {}
    for kind in sorted({row.kind for row in rows}):
        mine = np.array([row.kind == kind for row in rows])
        said = [
            row.right
            for row, each in zip(rows, confidence, strict=True)
            if row.kind == kind and row.covered and each >= threshold
        ]
        told = [right for right in said if right is not None]
        area = auroc(confidence[mine], labels[mine])
        kinds[kind] = Kind(
            questions=int((mine & labels).sum()),
            documents=len({row.document for row in rows if row.kind == kind}),
            auroc=None if math.isnan(area) else area,
            covered=_share(confidence[mine & labels] >= threshold),
            uncovered=_share(confidence[mine & ~labels] >= threshold),
            right=sum(told) / len(told) if told else None,
        )
    return kinds


def _share(reached: NDArray[np.bool_]) -> float:
    return float(reached.mean()) if len(reached) else 0.0


def _percent(rate: float) -> str:
    return f"{100 * rate:.3g} %"
