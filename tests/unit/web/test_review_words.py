"""What pages say of reviews: when something is due, what was changed, and how an answer stands."""

from datetime import UTC, datetime, timedelta
from typing import Any, get_args

import pytest

from firmground.types import Answer, AnswerStatus
from firmground.web import differences, rendering
from firmground.web.checking import checking
from firmground.web.language import speak
from firmground.web.when import due, took

NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)


@pytest.fixture(autouse=True)
def english() -> None:
    speak("en")


@pytest.mark.parametrize(
    ("ahead", "words", "late"),
    [
        (timedelta(seconds=5), "in 1 minute", False),
        (timedelta(minutes=89), "in 89 minutes", False),
        (timedelta(hours=3, minutes=10), "in 3 hours", False),
        (timedelta(days=2), "in 2 days", False),
        (-timedelta(minutes=4), "4 minutes overdue", True),
        (-timedelta(hours=5), "5 hours overdue", True),
        (-timedelta(days=40), "40 days overdue", True),
    ],
)
def test_when_something_is_due_is_said_in_the_unit_that_people_count_in(ahead: timedelta, words: str, late: bool):
    assert due(NOW + ahead, NOW) == (words, late)


def test_what_is_paused_is_due_at_no_time():
    assert due(NOW - timedelta(days=3), NOW, paused=True) == ("paused", False)


def test_when_something_is_due_is_said_in_german_too():
    speak("de")
    assert due(NOW + timedelta(hours=3), NOW).words == "in 3 Stunden"
    assert due(NOW - timedelta(hours=3), NOW).words == "seit 3 Stunden überfällig"


def test_how_long_something_took_is_a_dash_where_nobody_knows():
    assert (took(None), took(12), took(240), took(6000)) == ("–", "12 minutes", "4 hours", "4 days")


def test_changes_are_told_word_by_word_and_both_texts_can_be_read_from_them():
    before, after = "Carry over five days. [1]\nAsk first.", "Carry over six days, at most. [1]\nAsk first."
    changes = differences.words(before, after)
    assert [each for each in changes if each.kind != "same"] == [("gone", "five"), ("new", "six"), ("new", ", at most")]
    assert "".join(each.text for each in changes if each.kind != "new") == before
    assert "".join(each.text for each in changes if each.kind != "gone") == after


def test_long_texts_are_compared_as_a_whole():
    before, after = "a b " * 2000, "a c " * 2000
    assert differences.words(before, after) == [("gone", before), ("new", after)]
    assert differences.words(before, before) == [("same", before)]


def test_the_seven_states_differ_in_sign_and_in_words():
    module: Any = rendering._environment().get_template("states.html").module
    states = get_args(AnswerStatus)
    assert len({str(module.state_sign(each)) for each in states}) == len(states) == 7
    assert len({str(module.state_words(each)).strip() for each in states}) == 7
    assert len({str(module.state_meaning(each)).strip() for each in states}) == 7


def test_what_people_made_of_an_answer_differs_in_sign_and_in_words():
    module: Any = rendering._environment().get_template("checked.html").module
    ends = ["waiting", "approved", "rejected", "withdrawn"]
    assert len({str(module.checked_sign(each)) for each in ends}) == 4
    told = [checking(_answer(state), NOW) for state in (*ends, "edited")]
    assert len({each.title for each in told if each}) == 5


def test_who_waits_is_told_until_when_and_who_waits_too_long_that_it_is_known():
    soon, late = checking(_answer("claimed", hours=4), NOW), checking(_answer("waiting", hours=-4), NOW)
    assert soon is not None
    assert late is not None
    assert soon.title == "A person is checking this"
    assert "Expected by 20 November 2026, 13:00 UTC (in 4 hours)." in soon.text
    assert "It was expected by 20 November 2026, 05:00 UTC" in late.text
    assert soon.moves
    assert checking(_answer(""), NOW) is None


def _answer(state: str, hours: int = 1) -> Answer:
    review = {"id": "i", "state": state, "due_at": (NOW + timedelta(hours=hours)).isoformat()} if state else None
    return Answer(
        id="a",
        question="?",
        conversation="a",
        created_at=NOW,
        release="r",
        corpus="c",
        model="m",
        status="draft",
        text="",
        confidence=0.5,
        review=review,
    )
