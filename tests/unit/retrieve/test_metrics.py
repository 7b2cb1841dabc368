"""The measures of the benchmarks are those of the field."""

import math
import sys
from pathlib import Path

import ir_measures
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ir_measures import R, nDCG

sys.path.insert(0, str(Path(__file__).parents[3] / "benchmarks"))

import metrics

DOCUMENTS = [f"d{number}" for number in range(12)]


@given(
    ranking=st.permutations(DOCUMENTS).flatmap(lambda order: st.integers(1, 12).map(lambda n: order[:n])),
    grades=st.dictionaries(st.sampled_from([*DOCUMENTS, "elsewhere"]), st.integers(0, 3), min_size=1),
    k=st.integers(1, 12),
)
def test_ndcg_and_recall_agree_with_ir_measures(ranking: list[str], grades: dict[str, int], k: int) -> None:
    run = {"q": {document: float(-place) for place, document in enumerate(ranking)}}
    theirs = ir_measures.calc_aggregate([nDCG @ k, R @ k], {"q": grades}, run)
    assert metrics.ndcg(ranking, grades, k) == pytest.approx(theirs[nDCG @ k])
    if any(grades.values()):
        assert metrics.recall(ranking, grades, k) == pytest.approx(theirs[R @ k])


@given(st.lists(st.tuples(st.integers(0, 5), st.booleans()), min_size=1, max_size=30))
def test_auroc_is_the_share_of_pairs_in_the_right_order(scored: list[tuple[int, bool]]) -> None:
    positive = [score for score, label in scored if label]
    negative = [score for score, label in scored if not label]
    pairs = [(a > b) + (a == b) / 2 for a in positive for b in negative]
    found = metrics.auroc([score for score, _ in scored], [label for _, label in scored])
    assert found == pytest.approx(np.mean(pairs)) if pairs else math.isnan(found)


def test_a_confidence_that_is_always_right_has_no_calibration_error() -> None:
    assert metrics.calibration_error([0.5] * 4, [1, 0, 1, 0]) == 0
    assert metrics.calibration_error([1.0, 1.0], [0, 0]) == 1


def test_the_threshold_lets_no_more_uncovered_questions_through_than_allowed() -> None:
    values = np.random.default_rng(3).random(1000)
    covered = np.arange(1000) % 2 == 0
    for wrongly in (0.0, 0.02, 0.05):
        threshold, answered = metrics.answered_at(values, covered, wrongly)
        assert (values[~covered] >= threshold).mean() <= wrongly
        assert answered == pytest.approx((values[covered] >= threshold).mean())


def test_the_interval_of_equal_differences_is_a_point_and_clusters_widen_it() -> None:
    assert metrics.interval([0.25] * 10) == (0.25, 0.25, 0.25)
    spread = [1.0] * 20 + [0.0] * 20
    _, low, high = metrics.interval(spread)
    _, wide_low, wide_high = metrics.interval(spread, clusters=["a"] * 20 + ["b"] * 20)
    assert wide_low < low < high < wide_high
