"""Which language a page speaks, and how it writes numbers and times."""

import threading
from collections.abc import Iterator
from contextvars import copy_context
from datetime import UTC, datetime

import pytest

from firmground.web import language


@pytest.fixture
def german() -> Iterator[None]:
    language.speak("de")
    yield
    language.speak("en")


@pytest.mark.parametrize(
    ("accepted", "expected"),
    [
        ("", "en"),
        ("de", "de"),
        ("de-AT,en;q=0.5", "de"),
        ("DE-de", "de"),
        ("fr, de;q=0.3, en;q=0.2", "de"),
        ("en;q=0.2, de;q=0.9", "de"),
        ("en, de", "en"),
        ("de;q=0", "en"),
        ("*, de;q=0.5", "en"),
        ("fr-CA", "en"),
        ("de;q=high", "en"),
        ("de;q=0.9999999999", "en"),
        (";;;,,,q=", "en"),
        ("de," * 10_000, "de"),
    ],
)
def test_the_browser_s_wishes_are_weighed(accepted: str, expected: str):
    assert language.choose("", "", accepted) == expected


@pytest.mark.parametrize(
    ("query", "remembered", "expected"),
    [
        ("lang=en", "de", "en"),
        ("lang=tlh", "de", "de"),
        ("question=lang%3Dde", "", "en"),
        ("", "../../etc", "en"),
        ("lang=" + "x" * 9000, "", "en"),
    ],
)
def test_what_was_asked_for_comes_before_what_was_chosen_once(query: str, remembered: str, expected: str):
    assert language.choose(query, remembered, "en") == expected


def test_a_thread_of_the_request_speaks_its_language(german: None):
    heard: list[str] = []
    thread = threading.Thread(target=copy_context().run, args=(lambda: heard.append(language.spoken()),))
    thread.start()
    thread.join()
    assert heard == ["de"]


def test_numbers_and_times_in_english():
    assert language.number(1234567) == "1\u202f234\u202f567"
    assert language.decimal(1234.5) == "1\u202f234.50"
    assert language.percent(0.125, 1) == "12.5%"
    assert language.moment("2026-03-09T09:05:00+00:00") == "9 March 2026, 09:05 UTC"


def test_numbers_and_times_in_german(german: None):
    assert language.number(-1234) == "-1\u202f234"
    assert language.decimal(0.417, 3) == "0,417"
    assert language.percent(0.125, 1) == "12,5\u202f%"
    assert language.day(datetime(2026, 3, 9, tzinfo=UTC)) == "9. März 2026"


def test_texts_are_translated_and_filled(german: None):
    assert language._("Documents") == "Dokumente"
    assert language._(language.marked("Documents")) == "Dokumente"
    assert language._("no such text %(name)s", name="<b>") == "no such text <b>"
    assert language.plural("%(num)s thing", "%(num)s things", 2000) == "2\u202f000 things"
