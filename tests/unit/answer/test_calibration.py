"""A threshold that keeps its promise on documents that nobody looked at."""

from collections.abc import Sequence

import numpy as np
import pytest

from firmground.answer.calibration import Calibration, Row, blank, calibrate, crossed, fitted
from firmground.answer.confidence import SHIPPED, Confidence, Logistic, Sign
from firmground.answer.measures import Clustered, auroc, calibration_error, clopper_pearson, needed, reliability

PLAIN = Confidence(
    meaning=Logistic(intercept=0.0, signs={"words_in_sentence": Sign(weight=1.0, typical=0.0, spread=1.0)}),
    words=Logistic(intercept=0.0, signs={"words_in_sentence": Sign(weight=1.0, typical=0.0, spread=1.0)}),
    threshold=0.5,
    sure=0.9,
)


def a_corpus(seed: int, documents: int = 60, each: int = 8, alike: float = 0.0, apart: float = 5.0) -> list[Row]:
    """Questions whose one sign lies `apart` where their document is there; `alike`: the part of its spread that is the document's."""
    rng = np.random.default_rng(seed)
    rows: list[Row] = []
    for document in range(documents):
        shared = rng.normal() * alike**0.5
        for _ in range(each):
            for covered in (True, False):
                value = shared + rng.normal() * (1 - alike) ** 0.5 + apart * covered
                rows.append(Row({"words_in_sentence": value - apart / 2}, covered, str(document), kind="made"))
    return rows


def answered(rule: Confidence, rows: Sequence[Row], *, covered: bool) -> float:
    return float(np.mean([rule.of(row.signs) >= rule.threshold for row in rows if row.covered == covered]))


# ---------------------------------------------------------------- bounds


def test_149_questions_without_a_wrong_answer_are_the_least_for_two_percent() -> None:
    assert (needed(0.02), needed(0.05), needed(0.01)) == (149, 59, 299)
    assert clopper_pearson(0, 149) <= 0.02 < clopper_pearson(0, 148)
    assert clopper_pearson(3, 3) == 1.0


@pytest.mark.parametrize("alike", [0.0, 0.3, 0.6])
def test_the_bound_by_document_holds_however_much_questions_depend_on_their_document(alike: float) -> None:
    from scipy.stats import norm

    rng, rounds, rate, missed, missed_naively = np.random.default_rng(3), 200, 0.02, 0, 0
    documents = [str(at // 15) for at in range(60 * 15)]
    for _ in range(rounds):
        shared = np.repeat(rng.normal(size=60), 15)
        scores = alike**0.5 * shared + (1 - alike) ** 0.5 * rng.normal(size=len(documents))
        threshold = float(norm.isf(rate))
        missed += Clustered(scores, documents).bound(threshold) < rate
        missed_naively += clopper_pearson(float((scores >= threshold).sum()), len(scores)) < rate
    assert missed / rounds <= 0.07  # nominally .05; 200 rounds
    if alike > 0.5:  # why questions are not counted as if they were independent
        assert missed_naively / rounds > 0.1


def test_rarer_documents_widen_the_bound() -> None:
    scores = np.linspace(0, 1, 400)
    alone, together = [str(at) for at in range(400)], [str(at // 40) for at in range(400)]
    assert Clustered(scores, alone).bound(0.95) < Clustered(scores, together).bound(0.95)
    assert Clustered(scores, ["one"] * 400).bound(0.95) == 1.0


def test_weights_count_like_repeated_questions_in_the_rate_but_not_in_the_certainty() -> None:
    scores, documents = [0.9, 0.1, 0.2, 0.3], ["a", "b", "c", "d"]
    weighed = Clustered(scores, documents, [3.0, 1.0, 1.0, 1.0])
    assert weighed.rate(0.5) == 0.5
    assert weighed.trials < 4


# ---------------------------------------------------------------- measures


def test_auroc_and_calibration_error() -> None:
    assert auroc([0.1, 0.4, 0.8], [False, False, True]) == 1.0
    assert auroc([0.5, 0.5], [False, True]) == 0.5
    assert np.isnan(auroc([0.5], [True]))
    assert auroc([0.1, 0.9, 0.5], [False, False, True], [3.0, 1.0, 1.0]) == 0.75
    assert calibration_error([0.25] * 4, [True, False, False, False]) == pytest.approx(0.0)
    assert calibration_error([1.0, 1.0], [True, False]) == pytest.approx(0.5)
    assert reliability([0.05, 0.95], [False, True])[0] == (1, 0.05, 0.0)


# ---------------------------------------------------------------- calibrating


def test_the_promise_holds_on_documents_that_were_not_asked_about() -> None:
    promised = kept = 0
    for seed in range(40):
        made = calibrate(a_corpus(seed, documents=80, alike=0.4), prior=PLAIN)
        if made.calibrated:
            promised += 1
            kept += answered(made.confidence, a_corpus(seed + 1000, documents=400, alike=0.4), covered=False) <= 0.02
    assert promised >= 30
    assert kept >= 0.95 * promised


def test_what_is_left_is_told_for_each_rate_and_grows_with_it() -> None:
    made = calibrate(a_corpus(1, documents=150), prior=PLAIN)
    assert [at.rate for at in made.at] == [0.01, 0.02, 0.05]
    assert sorted(at.covered for at in made.at) == [at.covered for at in made.at]
    assert all(at.bound <= at.rate and at.uncovered <= at.bound_independent <= at.bound for at in made.at)
    assert made.chosen is not None
    assert made.chosen.threshold == made.confidence.threshold <= made.confidence.sure
    assert made.auroc is not None
    assert made.auroc > 0.99
    assert sum(each.questions for each in made.bins) == 2 * made.questions
    assert made.kinds["made"].documents == made.documents == 150


def test_the_wording_is_about_questions_that_are_not_covered() -> None:
    made = calibrate(a_corpus(1, documents=150), prior=PLAIN)
    assert made.promise == "at most 2 % of questions that your documents do not cover get an answer"


@pytest.mark.parametrize(
    ("documents", "each", "why"),
    [
        (30, 4, "120 questions without their documents, 149 are the least for 2 %"),
        (10, 20, "questions from 10 documents, 20 are the least"),
    ],
)
def test_too_few_questions_or_documents_are_not_calibrated(documents: int, each: int, why: str) -> None:
    made = calibrate(a_corpus(1, documents, each), prior=PLAIN)
    assert not made.calibrated
    assert made.why_not == why
    assert made.promise == f"not calibrated: {why}"
    assert made.confidence == PLAIN
    assert made.chosen is None


def test_where_covered_and_uncovered_look_alike_no_threshold_is_found_and_nothing_changes() -> None:
    made = calibrate(a_corpus(1, documents=30, alike=0.9, apart=0.0), prior=PLAIN)
    assert "no threshold" in made.why_not
    assert made.confidence == PLAIN


def test_no_questions_at_all_are_not_calibrated() -> None:
    assert not calibrate([], prior=PLAIN).calibrated


def test_few_rows_leave_the_weights_near_the_shipped_ones_and_many_do_not() -> None:
    def opposed(count: int) -> list[Row]:
        return [row._replace(covered=not row.covered) for row in a_corpus(1, documents=count, each=4, apart=2.0)]

    few, many = (fitted(opposed(count), PLAIN.meaning).signs["words_in_sentence"].weight for count in (2, 400))
    assert many < -1 < few < 1


def test_a_part_without_rows_stays_as_it_was() -> None:
    made = calibrate(a_corpus(1, documents=150), prior=PLAIN)
    assert made.confidence.words == PLAIN.words
    assert made.confidence.meaning != PLAIN.meaning


def test_a_row_is_judged_by_a_fit_that_has_not_seen_its_document() -> None:
    """Each document has a sign of its own that gives its answers away; only who has seen it could use that."""
    rng = np.random.default_rng(4)
    names = [f"d{at}" for at in range(40)]
    rows = [
        Row(dict.fromkeys(names, 0.0) | {name: 1.0 if covered else -1.0}, covered, name)
        for name, sign in zip(names, rng.choice([-1, 1], len(names)), strict=True)
        for covered in (True, False)
        for _ in range(max(1, int(sign) + 2))
    ]
    empty = blank(rows, names)
    confidence = crossed(rows, Confidence(meaning=empty, words=empty), 0.1)
    assert auroc(confidence, [row.covered for row in rows]) == pytest.approx(0.5, abs=0.05)
    seen = fitted(rows, empty, 0.1)
    assert auroc([seen.of(row.signs) for row in rows], [row.covered for row in rows]) == 1.0


def test_a_calibration_survives_json() -> None:
    made = calibrate(a_corpus(1, documents=150), prior=PLAIN, calibrated_on="our handbook")
    again = Calibration.model_validate_json(made.model_dump_json())
    assert again == made
    assert "calibrated on our handbook" in again.confidence.model_copy(update={"meaning": SHIPPED.meaning}).reasons(
        dict.fromkeys(SHIPPED.meaning.signs, 0.5)
    )
