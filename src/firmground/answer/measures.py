"""What a confidence is worth, measured: discrimination, calibration, and how often an uncovered question gets an answer at most."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

LEVEL = 0.95
"""Of all upper bounds, one-sided."""
_TYPICAL_RATE = 0.05
"""Where the clustering is measured that a bound reckons with at least: rarer events show too few of it."""


def auroc(scores: ArrayLike, positive: ArrayLike, weights: ArrayLike | None = None) -> float:
    """The chance that a positive scores above a negative, ties half (Mann and Whitney 1947). NaN without both kinds."""
    values, labels = np.asarray(scores, dtype=np.float64), np.asarray(positive, dtype=bool)
    mass = np.ones(len(values)) if weights is None else np.asarray(weights, dtype=np.float64)
    _, place = np.unique(values, return_inverse=True)
    above = np.bincount(place, np.where(labels, 0.0, mass), minlength=int(place.max(initial=-1)) + 1)
    below = np.cumsum(above) - above / 2
    total = float(mass[labels].sum() * mass[~labels].sum())
    return float((mass * below[place])[labels].sum() / total) if total else float("nan")


def reliability(confidence: ArrayLike, covered: ArrayLike, bins: int = 10) -> list[tuple[int, float, float]]:
    """(questions, mean confidence, share covered) of each bin of equal width; NaN for the means of an empty one."""
    values, labels = np.asarray(confidence, dtype=np.float64), np.asarray(covered, dtype=np.float64)
    place = np.minimum((values * bins).astype(int), bins - 1)
    found: list[tuple[int, float, float]] = []
    for one in range(bins):
        inside = place == one
        count = int(inside.sum())
        means = (float(values[inside].mean()), float(labels[inside].mean())) if count else (float("nan"), float("nan"))
        found.append((count, *means))
    return found


def calibration_error(confidence: ArrayLike, covered: ArrayLike, bins: int = 10) -> float:
    """Expected calibration error: mean distance of confidence and share covered over bins of equal width, by size."""
    found = reliability(confidence, covered, bins)
    total = sum(count for count, _, _ in found)
    return sum(count * abs(mean - share) for count, mean, share in found if count) / total if total else float("nan")


def clopper_pearson(events: float, trials: float, level: float = LEVEL) -> float:
    """Upper bound of a rate from independent trials (Clopper and Pearson 1934). `events` and `trials` need not be whole."""
    from scipy.special import betaincinv

    return float(betaincinv(events + 1, trials - events, level)) if events < trials else 1.0


def needed(rate: float, level: float = LEVEL) -> int:
    """Independent questions without a single wrong answer that show at most `rate`: 149 for 2 %."""
    return int(np.ceil(np.log(1 - level) / np.log(1 - rate)))


class Clustered:
    """Upper bounds of the rate at which scores reach a threshold, where the scores of one document stand or fall together.

    Korn and Graubard, "Confidence intervals for proportions with small expected number of positive counts estimated from survey data"
    (1998): Clopper–Pearson with the number of trials divided by the design effect of sampling documents, corrected for the degrees
    of freedom (documents − 1) by Student's t. Where few events are seen, their clustering cannot be: the design effect is never taken
    to be below the one at the threshold that 5 % of the scores reach.
    """

    def __init__(self, scores: ArrayLike, documents: Sequence[str], weights: ArrayLike | None = None) -> None:
        from scipy.special import stdtrit

        self.scores: Floats = np.asarray(scores, dtype=np.float64)
        self.weights: Floats = np.ones(len(self.scores)) if weights is None else np.asarray(weights, dtype=np.float64)
        names, self._place = np.unique(np.asarray(documents), return_inverse=True)
        self.documents = len(names)
        self.trials = float(self.weights.sum() ** 2 / (self.weights**2).sum()) if len(self.scores) else 0.0
        many = max(self.trials - 1, 1.0)
        self._fewer = float(stdtrit(many, LEVEL) / stdtrit(max(self.documents - 1, 1), LEVEL)) ** 2
        self._least = 1.0
        if len(self.scores):
            self._least = self._design_effect(float(np.quantile(self.scores, 1 - _TYPICAL_RATE)))

    def rate(self, threshold: float) -> float:
        """The share of scores at or above `threshold`; NaN without scores."""
        total = float(self.weights.sum())
        return float(self.weights[self.scores >= threshold].sum() / total) if total else float("nan")

    def bound(self, threshold: float, level: float = LEVEL) -> float:
        """What that rate is at most, in the long run of documents like these; 1 without two documents."""
        if self.documents < 2:
            return 1.0
        effect = max(self._design_effect(threshold), self._least)
        trials = min(self.trials, self.trials / effect * self._fewer)
        return clopper_pearson(self.rate(threshold) * trials, trials, level)

    def _design_effect(self, threshold: float) -> float:
        """Variance of the rate when documents are drawn, over that when questions are; at least 1."""
        rate = self.rate(threshold)
        if not 0 < rate < 1:
            return 1.0
        off = np.bincount(self._place, self.weights * ((self.scores >= threshold) - rate))
        drawn = self.documents / max(self.documents - 1, 1) * float((off**2).sum()) / float(self.weights.sum()) ** 2
        return max(1.0, drawn / (rate * (1 - rate) / self.trials))

    def lowest(self, rate: float) -> float | None:
        """The lowest threshold whose bound is at most `rate`; None where there is none. Looked for among the scores, down to where
        `rate` itself is reached: below it no bound can hold."""
        order = np.unique(self.scores)[::-1]
        step = max(1, len(order) // 1000)
        found: float | None = None
        for score in order[::step]:
            threshold = float(np.nextafter(score, np.inf))
            if self.rate(threshold) > rate:
                break
            if self.bound(threshold) <= rate:
                found = threshold
        return found
