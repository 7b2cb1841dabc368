import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some
from mapie.risk_control.fwer_control import control_fwer
from mapie.risk_control.methods import compute_hoeffding_bentkus_p_value
from scipy.integrate import quad
from scipy.stats import beta, binom

from firmground.evaluate.threshold import Outcome, bound, p_value, promised

LEVEL = 0.95


def outcomes(confidences: np.ndarray, wrong: np.ndarray, clusters: np.ndarray | None = None) -> list[Outcome]:
    places = range(len(confidences)) if clusters is None else clusters
    return [Outcome(float(c), True, bool(w), place) for c, w, place in zip(confidences, wrong, places, strict=True)]


def a_workspace(random: np.random.Generator, count: int, sureness: float) -> tuple[np.ndarray, np.ndarray]:
    """Confidences to two places, so that some are equal; the surer, the less often wrong."""
    confidences = np.round(random.random(count), 2)
    return confidences, random.random(count) < (1 - confidences) ** sureness


def wrong_at(confidences: np.ndarray, wrong: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Each threshold, strictest first, and how many wrong answers it lets through."""
    thresholds = np.unique(confidences)[::-1]
    return thresholds, np.array([int((wrong & (confidences >= each)).sum()) for each in thresholds])


@given(
    count=some.integers(20, 400),
    sureness=some.floats(0.5, 12),
    target=some.sampled_from([0.01, 0.02, 0.05, 0.1, 0.2]),
    seed=some.integers(0, 2**32 - 1),
)
def test_the_threshold_is_the_one_that_mapie_finds_by_learn_then_test(count: int, sureness: float, target: float, seed: int):
    confidences, wrong = a_workspace(np.random.default_rng(seed), count, sureness)
    thresholds, events = wrong_at(confidences, wrong)
    p_values = binom.cdf(events, count, target)
    accepted = control_fwer(p_values, 1 - LEVEL, fwer_method="fixed_sequence")

    found = promised(outcomes(confidences, wrong), target)

    assert found.threshold == (thresholds[accepted.max()] if len(accepted) else None)
    assert found.kept == bool(len(accepted))


@given(
    losses=some.lists(some.sampled_from([0.0, 0.0, 0.0, 0.25, 1 / 3, 0.5, 1.0]), min_size=2, max_size=200),
    target=some.sampled_from([0.02, 0.05, 0.1, 0.3]),
)
def test_where_cases_share_documents_the_test_is_mapies_for_any_loss(losses: list[float], target: float):
    array = np.array(losses)
    theirs = compute_hoeffding_bentkus_p_value(np.array([array.mean()]), np.array([len(array)]), np.array([target]))[0, 0]
    ours = p_value(array, target)
    if {*losses} <= {0.0, 1.0}:
        assert ours <= theirs + 1e-9, "exact is never stricter than a bound"
        assert ours == pytest.approx(binom.cdf(array.sum(), len(array), target))
    elif abs(len(array) * array.mean() - round(len(array) * array.mean())) > 1e-6:  # else theirs rounds up what is whole
        assert ours == pytest.approx(min(theirs, 1.0), rel=1e-6, abs=1e-9)
    assert p_value(array, min(bound(array) + 1e-4, 1 - 1e-9)) <= 1 - LEVEL + 1e-9 or bound(array) > 0.99


@pytest.mark.parametrize(("documents", "cases_each"), [(300, 1), (100, 3), (60, 6), (30, 12)])
def test_the_promise_is_broken_in_at_most_one_workspace_of_twenty(documents: int, cases_each: int):
    """Where all cases of a document share its difficulty, and one in twelve documents misleads."""
    random, target, trials = np.random.default_rng(7), 0.1, 400
    broken = promises = 0
    for _ in range(trials):
        clusters = np.repeat(np.arange(documents), cases_each)
        misleads = (random.random(documents) < 1 / 12)[clusters]
        confidences = np.round(np.where(misleads, random.beta(4, 3, len(clusters)), random.beta(3, 3, len(clusters))), 3)
        wrong = np.where(misleads, random.random(len(clusters)) < 0.9, random.random(len(clusters)) < 0.1 * (1 - confidences))
        found = promised(outcomes(confidences, wrong, clusters), target)
        if found.threshold is not None:
            promises += 1
            broken += _true_rate(found.threshold) > target
    assert promises > trials / 3, "else nothing was tried"
    assert broken <= 0.05 * trials + 2 * (0.05 * 0.95 * trials) ** 0.5


def _true_rate(threshold: float) -> float:
    """Of wrong answers, by the integral over confidences."""
    misled = beta.sf(threshold, 4, 3) * 0.9
    clear, _ = quad(lambda c: 0.1 * (1 - c) * beta.pdf(c, 3, 3), threshold, 1)
    return float(misled / 12 + clear * 11 / 12)


def test_with_too_few_cases_nothing_is_promised_and_it_is_said_how_many_it_takes():
    found = promised(outcomes(np.full(50, 0.9), np.zeros(50, dtype=bool)), 0.02)
    assert (found.kept, found.threshold) == (False, None)
    assert found.why_not == (
        "50 golden cases on 50 documents cannot show 2 %: 149 documents are the least, without a single wrong answer"
    )
    assert promised(outcomes(np.full(149, 0.9), np.zeros(149, dtype=bool)), 0.02).kept
    assert not promised([], 0.02).kept
    same_document = promised(outcomes(np.full(400, 0.9), np.zeros(400, dtype=bool), np.zeros(400)), 0.02)
    assert "400 golden cases on 1 documents" in same_document.why_not


def test_where_the_surest_answers_are_wrong_nothing_is_promised():
    found = promised(outcomes(np.linspace(0.5, 1, 200), np.linspace(0.5, 1, 200) > 0.8), 0.02)
    assert found.why_not == "the surest answers are wrong too often: no threshold keeps 2 %"


def test_a_threshold_that_another_promise_needs_is_never_lowered_and_the_coverage_left_is_told_at_it():
    confidences = np.linspace(0.005, 1, 200)
    made = [
        Outcome(float(c), answered=bool(c > 0.1), wrong=bool(0.1 < c < 0.3), cluster=place) for place, c in enumerate(confidences)
    ]
    alone, raised = promised(made, 0.05), promised(made, 0.05, at_least=0.6)
    assert alone.threshold is not None
    assert 0.2 < alone.threshold < 0.3
    assert raised.threshold == 0.6
    assert (raised.answerable, raised.answered_rightly, raised.wrong) == (141, 81, 0)
    assert raised.upper < alone.upper <= 0.05


@given(seed=some.integers(0, 2**32 - 1))
def test_a_looser_target_never_asks_for_a_higher_threshold(seed: int):
    confidences, wrong = a_workspace(np.random.default_rng(seed), 250, 5)
    made = outcomes(confidences, wrong)
    found = [promised(made, target).threshold for target in (0.02, 0.05, 0.1, 0.3)]
    known = [each for each in found if each is not None]
    assert known == sorted(known, reverse=True)
    assert found[len(found) - len(known) :] == known, "what a strict target keeps, a looser one does"
