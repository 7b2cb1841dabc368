"""Rates and differences come with what can be said of them for sure."""

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom, binomtest

from firmground.evaluate.statistics import (
    adjusted,
    cases_for_power,
    compared,
    design_effect,
    independent_cases_needed,
    lower_bound,
    rate,
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
