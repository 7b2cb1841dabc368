"""Rates and differences come with what can be said of them for sure."""

import math
import random
from itertools import product
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from scipy.stats import binom, binomtest

from firmground.evaluate.statistics import (
    adjusted,
    cases_for_power,
    compared,
    design_effect,
    independent_cases_needed,
    lower_bound,
    rate,
    shifted,
    upper_bound,
)


@given(
    st.integers(1, 2000).flatmap(lambda trials: st.tuples(st.integers(0, trials), st.just(trials))),
    st.sampled_from([0.9, 0.95, 0.99]),
)
def test_intervals_of_independent_cases_are_those_of_clopper_and_pearson(counted: tuple[int, int], level: float) -> None:
    events, trials = counted
    found = rate([True] * events + [False] * (trials - events), level=level)
    exact = binomtest(events, trials).proportion_ci(level, method="exact")
    assert found.interval.low == pytest.approx(exact.low, abs=1e-9)
    assert found.interval.high == pytest.approx(exact.high, abs=1e-9)
    one_sided = binomtest(events, trials, alternative="less").proportion_ci(level, method="exact")
    assert found.upper == pytest.approx(one_sided.high, abs=1e-9)


def test_nothing_measured_is_not_zero() -> None:
    found = rate([])
    assert math.isnan(found.value)
    assert (found.interval.low, found.interval.high, found.upper) == (0.0, 1.0, 1.0)


def test_how_many_cases_a_threshold_takes() -> None:
    assert independent_cases_needed(0.02) == 149
    assert upper_bound(0, 149) <= 0.02 < upper_bound(0, 148)
    enough = cases_for_power(0.02, 0.005)
    assert 350 < enough < 450
    allowed = max(events for events in range(20) if upper_bound(events, enough) <= 0.02)
    assert binom.cdf(allowed, enough, 0.005) >= 0.8
    with pytest.raises(ValueError, match="below"):
        cases_for_power(0.02, 0.02)


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 5)), min_size=2, max_size=80))
def test_cases_of_one_document_never_make_it_surer(cases: list[tuple[bool, int]]) -> None:
    events, clusters = [event for event, _ in cases], [cluster for _, cluster in cases]
    alone, together = rate(events), rate(events, clusters)
    assert together.effective <= alone.effective
    assert together.upper >= alone.upper - 1e-9
    assert together.interval.low <= alone.interval.low + 1e-9


def test_copies_of_a_case_are_worth_one() -> None:
    events = [number % 3 == 0 for number in range(30)]
    copied = [event for event in events for _ in range(10)]
    assert design_effect(copied, [place // 10 for place in range(300)]) == pytest.approx(10)
    assert rate(copied, [place // 10 for place in range(300)]).upper == pytest.approx(rate(events).upper, abs=0.02)


@pytest.mark.parametrize("documents", [5, 10, 20, 50])
@pytest.mark.parametrize(("truth", "correlation"), [(0.02, 0.6), (0.1, 0.05), (0.1, 0.5), (0.3, 0.5)])
def test_the_bound_of_dependent_cases_holds_as_often_as_it_says(documents: int, truth: float, correlation: float) -> None:
    """Beta-binomial documents of ten cases each."""
    draw = random.Random(7)
    size, runs = 10, 250
    spread = 1 / correlation - 1
    exceeded = 0
    for _ in range(runs):
        events: list[bool] = []
        for _ in range(documents):
            own = draw.betavariate(truth * spread, (1 - truth) * spread)
            events += [draw.random() < own for _ in range(size)]
        exceeded += rate(events, [place // size for place in range(documents * size)]).upper < truth
    assert exceeded / runs <= 0.05 + 2.6 * math.sqrt(0.05 * 0.95 / runs), "more often than chance explains"


@given(st.lists(st.tuples(st.booleans(), st.booleans()), max_size=200))
def test_two_releases_are_compared_case_by_case(pairs: list[tuple[bool, bool]]) -> None:
    found = compared([one for one, _ in pairs], [two for _, two in pairs])
    changed = found.better + found.worse
    assert found.p == pytest.approx(binomtest(found.better, changed).pvalue if changed else 1.0)
    assert found.difference.low <= found.difference.high
    turned = compared([two for _, two in pairs], [one for one, _ in pairs])
    assert (turned.better, turned.worse, turned.p) == (found.worse, found.better, found.p)
    assert turned.difference.low == pytest.approx(-found.difference.high)


def test_many_comparisons_are_held_to_the_level_together() -> None:
    assert adjusted([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert adjusted([]) == []
    assert adjusted([0.9, 0.8]) == [1.0, 1.0]


def test_a_lower_bound_needs_events() -> None:
    assert lower_bound(0, 10) == 0.0
    assert 0.7 < lower_bound(10, 10) < 0.75


@given(
    pairs=st.lists(st.tuples(st.booleans(), st.booleans(), st.integers(0, 5)), min_size=1, max_size=14),
)
def test_with_shared_documents_every_way_to_turn_a_document_is_counted(pairs: list[tuple[bool, bool, int]]) -> None:
    first, second, clusters = zip(*pairs, strict=True)
    sums: dict[int, int] = {}
    for before, after, name in pairs:
        sums[name] = sums.get(name, 0) + int(after) - int(before)
    ways = [abs(sum(s * d for s, d in zip(signs, sums.values(), strict=True))) for signs in product((-1, 1), repeat=len(sums))]
    expected = sum(way >= abs(sum(sums.values())) for way in ways) / len(ways)
    assert compared(first, second, clusters).p == pytest.approx(expected)


def test_documents_that_change_as_a_whole_give_a_false_alarm_no_more_often_than_they_may() -> None:
    """Forty documents with eight cases each; a new release makes some documents better and some worse, by chance."""
    draw, alarms, naive, trials = np.random.default_rng(3), 0, 0, 400
    clusters = np.repeat(np.arange(40), 8)
    for _ in range(trials):
        turn = draw.choice([-1, 0, 1], p=[0.2, 0.6, 0.2], size=40)[clusters]
        first, second = turn < 0, turn > 0
        alarms += compared(list(first), list(second), list(clusters)).p < 0.05
        naive += compared(list(first), list(second)).p < 0.05
    assert alarms <= 0.05 * trials + 2 * (0.05 * 0.95 * trials) ** 0.5
    assert naive > 0.3 * trials, "which is why they are counted by document"


@given(values=st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=8, max_size=60))
def test_a_shift_of_means_agrees_with_scipy(values: list[tuple[float, float]]) -> None:
    first, second = map(list, zip(*values, strict=True))
    found = shifted(first, second)
    change = np.array(second) - np.array(first)
    assert (found.before, found.after) == (pytest.approx(np.mean(first)), pytest.approx(np.mean(second)))
    if np.ptp(change) > 0.05:
        theirs = stats.bootstrap((change,), np.mean, method="percentile", n_resamples=3000, rng=np.random.default_rng(1))
        width = theirs.confidence_interval.high - theirs.confidence_interval.low
        assert found.interval.low == pytest.approx(theirs.confidence_interval.low, abs=0.15 * width + 1e-9)
        assert found.interval.high == pytest.approx(theirs.confidence_interval.high, abs=0.15 * width + 1e-9)
        tested = stats.permutation_test(
            (change,), np.mean, permutation_type="samples", n_resamples=3000, rng=np.random.default_rng(2)
        )
        assert found.p == pytest.approx(tested.pvalue, abs=0.06)
    assert shifted(first, second) == found, "the same values give the same figures"


def test_a_shift_needs_values_and_clusters_widen_it() -> None:
    with pytest.raises(ValueError, match="nothing was measured"):
        shifted([], [])
    draw = np.random.default_rng(5)
    clusters = list(np.repeat(np.arange(12), 10))
    after = list(np.repeat(draw.normal(0, 1, 12), 10))
    alone, together = shifted([0.0] * 120, after), shifted([0.0] * 120, after, clusters)
    assert together.interval.high - together.interval.low > 2 * (alone.interval.high - alone.interval.low)
    assert together.p > alone.p


def test_a_hundred_thousand_cases_are_compared_without_filling_memory_or_taking_minutes() -> None:
    draw = np.random.default_rng(9)
    first, second = list(draw.random(100_000) < 0.7), list(draw.random(100_000) < 0.75)
    exact, paired = compared(first, second).p, compared(first, second, list(np.arange(100_000) // 2)).p
    assert exact < 1e-6
    assert paired < 1e-6
    with patch("firmground.evaluate.statistics._MOST_WAYS", 0):
        near = compared(first[:300], second[:300], list(np.arange(300) // 2)).p
    assert near == pytest.approx(compared(first[:300], second[:300], list(np.arange(300) // 2)).p, abs=0.03)
