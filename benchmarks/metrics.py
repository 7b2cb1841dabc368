"""Measures of rankings and of confidence. They agree with ir-measures (tests/unit/retrieve/test_metrics.py)."""

from collections.abc import Callable, Mapping, Sequence
from math import log2
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

Grades: TypeAlias = Mapping[str, int]
"""Document → how relevant it is; absent is 0."""
Ranking: TypeAlias = Sequence[str]
"""Documents, best first, each once."""


def ndcg(ranking: Ranking, grades: Grades, k: int) -> float:
    """Normalised discounted cumulative gain over the first `k`, gain = grade, discount = log2(rank + 1) (Järvelin and Kekäläinen 2002,
    as trec_eval computes it). 0 where nothing is relevant."""
    gains = [max(0, grades.get(document, 0)) for document in ranking[:k]]
    ideal = sorted((grade for grade in grades.values() if grade > 0), reverse=True)[:k]
    best = _discounted(ideal)
    return _discounted(gains) / best if best else 0.0


def _discounted(gains: Sequence[int]) -> float:
    return sum(gain / log2(rank + 1) for rank, gain in enumerate(gains, 1))


def recall(ranking: Ranking, grades: Grades, k: int) -> float:
    """The share of relevant documents among the first `k`. 0 where nothing is relevant."""
    relevant = {document for document, grade in grades.items() if grade > 0}
    return len(relevant.intersection(ranking[:k])) / len(relevant) if relevant else 0.0


def auroc(scores: ArrayLike, positive: ArrayLike) -> float:
    """The chance that a positive scores above a negative, ties half (Mann and Whitney 1947). NaN without both kinds."""
    values, labels = np.asarray(scores, dtype=np.float64), np.asarray(positive, dtype=bool)
    n_positive, n_negative = int(labels.sum()), int((~labels).sum())
    if not n_positive or not n_negative:
        return float("nan")
    _, place, count = np.unique(values, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(count) - (count - 1) / 2)[place]
    return float((ranks[labels].sum() - n_positive * (n_positive + 1) / 2) / (n_positive * n_negative))


def calibration_error(confidence: ArrayLike, correct: ArrayLike, bins: int = 10) -> float:
    """Expected calibration error: mean distance of confidence and share correct over bins of equal width, by size."""
    values, labels = np.asarray(confidence, dtype=np.float64), np.asarray(correct, dtype=np.float64)
    place = np.minimum((values * bins).astype(int), bins - 1)
    gaps = [abs(float((values[place == one] - labels[place == one]).sum())) for one in range(bins)]
    return sum(gaps) / len(values)


def answered_at(confidence: ArrayLike, covered: ArrayLike, wrongly: float) -> tuple[float, float]:
    """(threshold, share of covered questions answered) where at most `wrongly` of the uncovered ones get an answer."""
    values, labels = np.asarray(confidence, dtype=np.float64), np.asarray(covered, dtype=bool)
    uncovered = np.sort(values[~labels])[::-1]
    allowed = int(wrongly * len(uncovered))
    threshold = float(np.nextafter(uncovered[allowed], np.inf)) if allowed < len(uncovered) else 0.0
    return threshold, float((values[labels] >= threshold).mean())


def interval(
    differences: Sequence[float], *, seed: int = 7, rounds: int = 10_000, clusters: Sequence[str] | None = None
) -> tuple[float, float, float]:
    """Mean and 95 % percentile bootstrap interval of paired differences. With `clusters`, whole clusters are drawn."""
    values: NDArray[np.float64] = np.asarray(differences, dtype=np.float64)
    names = np.arange(len(values)) if clusters is None else np.unique(np.asarray(clusters), return_inverse=True)[1]
    sums, sizes = np.bincount(names, weights=values), np.bincount(names)
    drawn = np.random.default_rng(seed).integers(0, len(sums), size=(rounds, len(sums)))
    means = sums[drawn].sum(axis=1) / sizes[drawn].sum(axis=1)
    low, high = np.quantile(means, [0.025, 0.975])
    return float(values.mean()), float(low), float(high)


def mean_over(
    measure: Callable[[Ranking, Grades, int], float], run: Mapping[str, Ranking], truth: Mapping[str, Grades], k: int
) -> float:
    """Mean of a measure over the questions of `truth`; one without a ranking counts 0."""
    return sum(measure(run.get(question, ()), grades, k) for question, grades in truth.items()) / len(truth)
