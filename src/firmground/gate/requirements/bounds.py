"""What can be said of all answers from some of them: upper bounds at 95 %, one-sided, and how many more it takes.

A share among documents: the test of `evaluate/threshold.py`, exact where every document has one case. A quantile: by order statistics,
which assume nothing of how the values are distributed (Conover 1999, section 3.2); for a p95 it is the binomial test that fewer than one
in twenty is over the limit. A mean: Chebyshev's one-sided inequality with the standard error (Cantelli 1928), which Singh, Singh and
Engelhardt (1997, EPA/600/R-97/006) advise for skewed values, where Student's t is too hopeful.
"""

from collections.abc import Callable, Sequence
from math import ceil, inf, isnan, sqrt

import numpy as np
from numpy.typing import NDArray

from firmground.evaluate.statistics import LEVEL, upper_bound
from firmground.evaluate.threshold import p_of_total

POWER = 0.8
"""How probable a plan of how many cases are needed makes it that a good release is let through."""
_TRUTH = 0.005
_STEADY = 100


class Quantile:
    """One of some values: its estimate by the nearest rank and its upper bound, infinite where there are too few to have one."""

    def __init__(self, values: Sequence[float], share: float) -> None:
        self.values = sorted(inf if isnan(each) else each for each in values)
        self.share = share
        self.estimate = self.values[max(1, ceil(share * len(values) - 1e-9)) - 1] if values else inf
        place = self._place()
        self.upper = self.values[place - 1] if place else inf

    def _place(self) -> int:
        """The first order statistic that lies above the true quantile with the level's probability; 0 for none."""
        from scipy.special import bdtr

        count = len(self.values)
        chances = bdtr(np.arange(count), count, self.share) if count else np.array([])
        return int(np.argmax(chances >= LEVEL)) + 1 if count and chances[-1] >= LEVEL else 0

    def more_needed(self, limit: float) -> int:
        """How many further values below the limit would show that the quantile is below it."""
        over = sum(each >= limit for each in self.values)
        least = _first(lambda count: upper_bound(over, count) <= 1 - self.share, max(1, len(self.values)))
        return least - len(self.values)


def true_rate(limit: float) -> float:
    """Of a good release, by which a plan reckons: half a percent, or a quarter of the limit where that is less."""
    return min(_TRUTH, limit / 4)


def upper_mean(values: Sequence[float]) -> float:
    """Infinite for fewer than two values."""
    count = len(values)
    if count < 2:
        return inf
    known = np.asarray(values, dtype=np.float64)
    return float(known.mean() + sqrt(LEVEL / (1 - LEVEL)) * known.std(ddof=1) / sqrt(count))


class Documents:
    """Documents, each with the share of its cases that is wrong."""

    def __init__(self, losses: NDArray[np.float64]) -> None:
        self.count = len(losses)
        self.total = float(losses.sum())
        self.whole = bool(np.isin(losses, (0.0, 1.0)).all())

    def shown_below(self, limit: float, *, more: int = 0, wrong: int = 0) -> bool:
        """Whether the mean is shown to be below the limit, with so many more, some of which are wrong."""
        count = self.count + more
        return count > 0 and p_of_total(self.total + wrong, count, limit, whole=self.whole) <= 1 - LEVEL

    def least_needed(self, limit: float) -> int:
        """How many more, each a document of its own and none wrong, would show it."""
        return _first(lambda more: self.shown_below(limit, more=more), 0)

    def planned(self, limit: float) -> int:
        """How many more, each a document of its own, show it with probability `POWER` if the true rate is as below: a number from which on
        this holds for the next hundred too, since the chance saws up and down."""
        from scipy.special import bdtr

        rate = true_rate(limit)

        def enough(more: int) -> bool:
            allowed = self._most_wrong(limit, more)
            return allowed >= 0 and bool(bdtr(allowed, more, rate) >= POWER)

        more = _first(enough, self.least_needed(limit))
        held = 0
        while held < _STEADY:
            held = held + 1 if enough(more) else 0
            more += 1
        return more - _STEADY

    def _most_wrong(self, limit: float, more: int) -> int:
        """Of so many more, how many may be wrong; -1 where not even none."""
        return _first(lambda wrong: not self.shown_below(limit, more=more, wrong=wrong), 0) - 1


def _first(holds: Callable[[int], bool], least: int) -> int:
    """The smallest number, not below `least`, from which on it holds; where it comes and goes, one of those at which it begins to."""
    if holds(least):
        return least
    step = 1
    while not holds(least + step):
        step *= 2
    low, high = least + step // 2, least + step
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if holds(middle) else (middle, high)
    return high
