"""An answer is held against its case, by words."""

from datetime import UTC, datetime
from typing import Any

import pytest

from firmground.evaluate.cases import Case
from firmground.evaluate.verdict import evened, holds, is_source, judged
from firmground.types import Answer, Citation, Locator


def an_answer(text: str, *uris: str, status: str = "answered") -> Answer:
    cited = tuple(
        Citation(n=n, passage="p", document="d", title="", uri=uri, locator=Locator(start=0, end=1), snippet="s")
        for n, uri in enumerate(uris, start=1)
    )
    now = datetime(2026, 11, 20, tzinfo=UTC)
    given: dict[str, Any] = {"id": "1", "question": "q", "conversation": "1", "created_at": now, "release": "r", "corpus": "1"}
    return Answer(**given, model="extractive", status=status, text=text, citations=cited, confidence=1.0)


CASE = Case.model_validate(
    {
        "id": "leave",
        "question": "How many?",
        "expect": {"contains": ["5 days", ["31 March", "end of March"]], "sources": ["policies/leave.md"]},
        "unacceptable": ["10 days", "/unlimited( leave)?/"],
    }
)


def test_an_answer_that_says_all_of_it_from_its_source_passes() -> None:
    verdict = judged(CASE, an_answer("You may carry over **5 days** [1] until the end of\nMarch.", "handbook/policies/leave.md"))
    assert verdict.passed
    assert verdict.faults == ()
    assert not verdict.answered_wrongly


def test_each_fault_is_told_apart() -> None:
    verdict = judged(CASE, an_answer("Carry over 10 days, until 31 March.", "handbook/other.md"))
    assert verdict.missing == ("5 days",)
    assert verdict.unsourced == ("policies/leave.md",)
    assert verdict.unacceptable == ("10 days",)
    assert verdict.faults == ("contains", "sources", "unacceptable")
    assert verdict.answered_wrongly


def test_a_refusal_where_an_answer_is_expected_fails_but_is_no_wrong_answer() -> None:
    verdict = judged(CASE, an_answer("I don't know.", status="abstained"))
    assert "behaviour" in verdict.faults
    assert not verdict.answered_wrongly


@pytest.mark.parametrize(("behaviour", "status"), [("abstain", "abstained"), ("clarify", "clarify"), ("refuse", "blocked")])
def test_an_answer_where_none_is_expected_is_a_wrong_answer(behaviour: str, status: str) -> None:
    case = Case.model_validate({"id": "x", "question": "q", "expect": {"behaviour": behaviour}})
    assert judged(case, an_answer("Whatever.")).answered_wrongly
    assert judged(case, an_answer("No.", status=status)).passed


def test_words_count_as_words_and_patterns_anywhere() -> None:
    assert not holds(evened("It takes 15 days"), "5 days")
    assert holds(evened("It takes 5\u00a0days."), "5 days")
    assert holds(evened("from 9–17 o’clock"), "9-17 o'clock")
    assert holds(evened("UNLIMITED leave"), "/unlimited( leave)?/")
    assert not holds(evened("five"), "fiv")


@pytest.mark.parametrize(
    ("said", "pattern", "there"),
    [
        ("Größe 5", r"/gr\w+e \d/", True),
        ("Größe 5", r"/^[\w ]+$/", True),
        ("пять дней", r"/^\w+ дней$/", True),
        ("٣ days", r"/\d days/", True),
        ("a-b", r"/a\Wb/", True),
        ("aéb", r"/a\Wb/", False),
        ("a]b", r"/a[]\w]b/", True),
        (r"a\wb", r"/a\\wb/", True),
        ("in five days", r"/\bfive\b/", True),
        ("x5", r"/[[:alpha:]]\D*\d/", True),
        ("ÜBUNG", "/übung/", True),
    ],
)
def test_patterns_know_the_letters_of_all_scripts(said: str, pattern: str, there: bool) -> None:
    assert holds(evened(said), pattern) is there


def test_no_pattern_takes_longer_than_the_text_is_long() -> None:
    said = evened("a" * 100_000)
    assert not any(holds(said, pattern) for pattern in (r"/(a+)+$b/", "/(a|aa)+b/", "/(a*)*(a*)*c/", "/" + "a?" * 200 + "b/"))


def test_a_source_is_named_by_path_or_in_full() -> None:
    assert is_source("handbook/a/b.md", "a/b.md")
    assert is_source("handbook/a/b.md", "handbook/a/b.md")
    assert not is_source("handbook/a/b.md", "b.md")
