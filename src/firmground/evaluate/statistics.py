"""How sure a rate or a difference is.

Rates of independent cases have exact intervals (Clopper and Pearson 1934). Cases that share a document stand or fall together, so
where they do the bound reckons with fewer of them: the effective number is the trials divided by the design effect (Kish 1965), and
by how little is known of that with few documents (Korn and Graubard 1998). Two releases are compared case by case: if nothing had changed,
the difference of each document would be as likely the other way round, so all ways are counted (Fisher 1935). Where no two cases share a
document and the outcome is right or wrong, that is McNemar's exact test (1947).
"""

from collections import Counter
from collections.abc import Hashable, Sequence
from typing import Any, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

LEVEL = 0.95
_DRAWS = 9_999
_AT_ONCE = 2_000_000
_MOST_WAYS = 500_000_000
_Number = TypeVar("_Number", int, float)


class Interval(NamedTuple):
    low: float
    high: float


class Rate(NamedTuple):
    """`events` of `trials`, with a two-sided interval and the one-sided upper bound, both at the same level."""

    events: int
    trials: int
    interval: Interval
    upper: float
    effective: float
    """How many independent trials these are worth."""

    @property
    def value(self) -> float:
        """NaN without trials."""
        return self.events / self.trials if self.trials else float("nan")


class Paired(NamedTuple):
    """Two releases on the same cases."""

    better: int
    worse: int
    p: float
    """Of a difference at least as large by chance alone, two-sided; cases of one cluster change together."""
    difference: Interval
    """Of the rates, second less first: where it lies at the level (Agresti and Min 2005 for matched pairs)."""


def rate(events: Sequence[bool], clusters: Sequence[Hashable] | None = None, level: float = LEVEL) -> Rate:
    """With `clusters`, cases of the same one count as dependent: never more certain than without."""
    trials, happened = len(events), sum(map(bool, events))
    effective = trials if clusters is None else effective_trials(events, clusters, level)
    scaled = happened * effective / trials if trials else 0.0
    half = (1 - level) / 2
    interval = Interval(lower_bound(scaled, effective, 1 - half), upper_bound(scaled, effective, 1 - half))
    return Rate(happened, trials, interval, upper_bound(scaled, effective, level), float(effective))


def upper_bound(events: float, trials: float, level: float = LEVEL) -> float:
    """One-sided (Clopper and Pearson 1934); `events` and `trials` need not be whole. 1 without trials."""
    from scipy.special import betaincinv

    return float(betaincinv(events + 1, trials - events, level)) if events < trials else 1.0


def lower_bound(events: float, trials: float, level: float = LEVEL) -> float:
    """One-sided; 0 without events."""
    from scipy.special import betaincinv

    return float(betaincinv(events, trials - events + 1, 1 - level)) if events > 0 else 0.0


def effective_trials(events: Sequence[bool], clusters: Sequence[Hashable], level: float = LEVEL) -> float:
    """How many independent cases these are worth; between a single cluster's one and their number (Korn and Graubard 1998)."""
    from scipy.special import stdtrit

    groups, trials = len(set(clusters)), len(events)
    if groups == trials:
        return float(trials)
    if groups < 2:
        return min(1.0, float(trials))
    tail = (1 + level) / 2
    unsure = (stdtrit(trials - 1, tail) / stdtrit(groups - 1, tail)) ** 2
    return float(trials / design_effect(events, clusters) * unsure)


def design_effect(events: Sequence[bool], clusters: Sequence[Hashable]) -> float:
    """How many dependent cases are worth one independent one: 1 + (m - 1) ρ, m the mean size of a cluster weighted by size (Kish 1965),
    ρ the intraclass correlation by analysis of variance (Donner 1986).

    Where few clusters have an event at all, ρ comes out too small more often than not; with k of them it is taken as 1 / (1 + k) at least,
    and never as more than ½ for that reason alone. So chosen by simulation; the tests repeat it.
    """
    values = np.asarray(events, dtype=np.float64)
    names = {name: number for number, name in enumerate(dict.fromkeys(clusters))}
    place = np.array([names[name] for name in clusters], dtype=np.int64)
    count, groups = len(values), len(names)
    if groups == count or count < 2:
        return 1.0
    sizes = np.bincount(place).astype(np.float64)
    weighted = float((sizes**2).sum() / count)
    if groups < 2:
        return weighted
    happened = np.bincount(place, values)
    seen = min(int((happened > 0).sum()), int((happened < sizes).sum()))
    least = 1 / (1 + max(seen, 1))
    return 1 + (weighted - 1) * max(_correlation(values, place, sizes), least)


def _correlation(values: NDArray[np.float64], place: NDArray[np.int64], sizes: NDArray[np.float64]) -> float:
    count, groups = len(values), len(sizes)
    means = np.bincount(place, values) / sizes
    between = float((sizes * (means - values.mean()) ** 2).sum() / (groups - 1))
    within = float(((values - means[place]) ** 2).sum() / (count - groups))
    typical = (count - float((sizes**2).sum() / count)) / (groups - 1)
    spread = between + (typical - 1) * within
    return min(max((between - within) / spread, 0.0), 1.0) if spread > 0 else 0.0


def independent_cases_needed(target: float, *, level: float = LEVEL) -> int:
    """Cases without a single event that show a rate of at most `target`: 149 for 2 %."""
    return int(np.ceil(np.log(1 - level) / np.log(1 - target)))


def cases_for_power(target: float, truth: float, *, power: float = 0.8, level: float = LEVEL) -> int:
    """The fewest independent cases from which on a true rate of `truth` is shown to be below `target` with probability `power`; exact
    binomial, from the first number that holds for the next hundred too, since the chance saws up and down. ValueError unless
    0 ≤ truth < target < 1."""
    from scipy.special import bdtr

    if not 0 <= truth < target < 1:
        raise ValueError("the true rate must lie below the target")
    held = 0
    count = independent_cases_needed(target, level=level)
    while True:
        allowed = _most_events(count, target, level)
        held = held + 1 if allowed >= 0 and bdtr(allowed, count, truth) >= power else 0
        if held == 100:
            return count - 99
        count += 1


def compared(
    first: Sequence[bool], second: Sequence[bool], clusters: Sequence[Hashable] | None = None, level: float = LEVEL
) -> Paired:
    """What changed from the first release to the second, case by case; True is good."""
    from scipy.special import ndtri

    pairs = Counter(zip(first, second, strict=True))
    better, worse, count = pairs[False, True], pairs[True, False], len(first)
    changed = [int(after) - int(before) for before, after in zip(first, second, strict=True)]
    z = float(ndtri((1 + level) / 2))
    more, less, every = better + 0.5, worse + 0.5, count + 2
    middle = (more - less) / every
    half = z * float(np.sqrt(more + less - (more - less) ** 2 / every)) / every
    p = _of_all_ways(_by_cluster(changed, clusters))
    return Paired(better, worse, p, Interval(max(middle - half, -1.0), min(middle + half, 1.0)))


class Shift(NamedTuple):
    """How a mean changed from one release to another on the same cases."""

    before: float
    after: float
    interval: Interval
    """Of the change: percentiles of a bootstrap that draws clusters (Davison and Hinkley 1997, section 3.8)."""
    p: float
    """Of a change at least as large by chance alone, two-sided."""


def shifted(
    first: Sequence[float], second: Sequence[float], clusters: Sequence[Hashable] | None = None, level: float = LEVEL
) -> Shift:
    """Of values paired by case; the same values give the same figures. ValueError without any."""
    if not first:
        raise ValueError("nothing was measured in both")
    change = [after - before for before, after in zip(first, second, strict=True)]
    sums = np.array(_by_cluster(change, clusters), dtype=np.float64)
    sizes = np.array(_by_cluster([1] * len(change), clusters), dtype=np.float64)
    random = np.random.default_rng(len(change))
    lot = max(1, _AT_ONCE // len(sums))
    means: list[float] = []
    as_far = 0
    for start in range(0, _DRAWS, lot):
        size = (min(lot, _DRAWS - start), len(sums))
        drawn = random.integers(0, len(sums), size=size)
        means += (sums[drawn].sum(axis=1) / sizes[drawn].sum(axis=1)).tolist()
        signs = random.choice((-1.0, 1.0), size=size)
        as_far += int((np.abs(signs @ sums) >= abs(float(sums.sum())) - 1e-12).sum())
    low, high = np.percentile(means, [50 * (1 - level), 50 * (1 + level)])
    p = (1 + as_far) / (1 + _DRAWS)
    return Shift(float(np.mean(first)), float(np.mean(second)), Interval(float(low), float(high)), p)


def _by_cluster(values: Sequence[_Number], clusters: Sequence[Hashable] | None) -> list[_Number]:
    """The sum of each cluster."""
    sums: dict[Hashable, Any] = {}
    for value, name in zip(values, range(len(values)) if clusters is None else clusters, strict=True):
        sums[name] = sums.get(name, 0) + value
    return list(sums.values())


def _of_all_ways(sums: Sequence[int]) -> float:
    """The share of all ways to turn the signs that give a total as far from 0: exact, but for so many that it would take minutes, where
    the normal distribution is as good."""
    from scipy.special import bdtr, ndtr

    changes = [abs(value) for value in sums if value]
    total, count = abs(sum(sums)), len(changes)
    if not total:
        return 1.0
    if max(changes) == 1:
        return min(1.0, 2 * float(bdtr((count - total) // 2, count, 0.5)))
    if count * sum(changes) > _MOST_WAYS:
        return 2 * float(ndtr(-total / np.sqrt(np.square(changes).sum())))
    ways = np.array([1.0])
    for each in changes:
        wider = np.zeros(len(ways) + 2 * each)
        wider[: len(ways)] += ways / 2
        wider[2 * each :] += ways / 2
        ways = wider
    reach = (len(ways) - 1) // 2
    totals = np.abs(np.arange(-reach, reach + 1))
    return min(1.0, float(ways[totals >= total].sum()))


def adjusted(p_values: Sequence[float]) -> list[float]:
    """For many comparisons at once (Holm 1979): the chance of any false alarm stays below the level."""
    order = sorted(range(len(p_values)), key=lambda place: p_values[place])
    found = [0.0] * len(p_values)
    largest = 0.0
    for rank, place in enumerate(order):
        largest = max(largest, min(1.0, (len(p_values) - rank) * p_values[place]))
        found[place] = largest
    return found


def _most_events(count: int, target: float, level: float) -> int:
    """The most events of `count` whose upper bound is at most `target`; -1 for none."""
    most = -1
    while most + 1 <= count and upper_bound(most + 1, count, level) <= target:
        most += 1
    return most
