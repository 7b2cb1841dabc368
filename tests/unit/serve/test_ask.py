"""The one answer path."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmground.answer.confidence import Confidence, Logistic
from firmground.errors import InvalidInput
from firmground.ports import LanguageModel
from firmground.serve.ask import Answering, Asked, Live, answer, time_ordered
from firmground.serve.generation import Models
from firmground.serve.search import Corpus, Retrieval
from firmground.testing.corpus import Shelf, a_document, shelved
from firmground.testing.embedder import FakeEmbedder
from firmground.testing.index import MemoryIndex
from firmground.types import Answer, Page, Trace, Within

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
LEAVE = (
    "# Annual leave\n\nEverybody has thirty days of annual leave.\n\n## Carry-over\n\nFive days may be carried over until March."
)
TRAVEL = "# Travel\n\n| Country | Daily allowance |\n|---|---|\n| Austria | 30 euro |\n| Spain | 28 euro |"
TRUSTING = Answering(confidence=Confidence(threshold=0.0, sure=0.0))
DOUBTING = Answering(confidence=Confidence(threshold=1.0, sure=1.0))


def a_corpus(*texts: tuple[str, str], **fields) -> tuple[Corpus, Shelf]:
    documents = [(a_document(number, title=title, **fields), text) for number, (title, text) in enumerate(texts, start=1)]
    return shelved(documents, MemoryIndex(), FakeEmbedder())


def traced(corpus: Corpus, question: str, answering: Answering = TRUSTING, **asked) -> Trace:
    live = Live(clock=lambda: NOON, random=Random(1), models=Models(no_model))
    return answer(corpus, Retrieval(), answering, Asked(question, **asked), live, release="recipe")


def no_model(name: str) -> LanguageModel:
    raise AssertionError(f"{name} is not to be asked")


def ask(corpus: Corpus, question: str, answering: Answering = TRUSTING, within: Within | None = None) -> Answer:
    return traced(corpus, question, answering, within=within or Within()).answer


@pytest.fixture
def handbook() -> tuple[Corpus, Shelf]:
    return a_corpus(("Annual leave", LEAVE), ("Travel", TRAVEL))


def test_an_answer_quotes_the_document_and_cites_exactly_the_quoted_span(handbook: tuple[Corpus, Shelf]) -> None:
    corpus, shelf = handbook
    given_answer = ask(corpus, "How many days may be carried over until March?")
    assert given_answer.status == "answered"
    assert "Five days may be carried over until March. [1]" in given_answer.text
    first = given_answer.citations[0]
    assert first.title == "Annual leave"
    assert first.locator.heading == "Carry-over"
    for citation in given_answer.citations:
        assert shelf.text(1)[citation.locator.start : citation.locator.end] == citation.snippet
    assert [sentence.citations for sentence in given_answer.sentences] == [
        (n,) for n in range(1, len(given_answer.sentences) + 1)
    ]
    assert given_answer.closest == ()


def test_every_mark_in_the_text_has_its_citation_in_order(handbook: tuple[Corpus, Shelf]) -> None:
    found = ask(handbook[0], "annual leave days carried over and the daily allowance in Spain")
    assert [int(mark) for mark in re.findall(r"\[(\d+)\]", found.text)] == [citation.n for citation in found.citations]


def test_a_table_row_is_answered_below_its_header(handbook: tuple[Corpus, Shelf]) -> None:
    found = ask(handbook[0], "What is the daily allowance in Spain?")
    assert "| Country | Daily allowance |\n| --- | --- |\n| Spain | 28 euro |\n[" in found.text


def test_a_doubtful_answer_is_not_given_and_the_closest_passages_are_shown(handbook: tuple[Corpus, Shelf]) -> None:
    found = ask(handbook[0], "How many days may be carried over?", DOUBTING)
    assert (found.status, found.text, found.sentences, found.citations) == ("abstained", DOUBTING.refusal, (), ())
    assert found.closest[0].title == "Annual leave"


def test_between_threshold_and_sure_an_answer_is_weak(handbook: tuple[Corpus, Shelf]) -> None:
    between = Answering(confidence=Confidence(meaning=Logistic(intercept=0.0, signs={}), threshold=0.1, sure=0.9))
    assert ask(handbook[0], "days carried over", between).status == "weak"


def test_an_empty_corpus_answers_that_it_does_not_know() -> None:
    corpus, _ = a_corpus()
    found = ask(corpus, "Where is the canteen?")
    assert (found.status, found.confidence, found.reasons) == ("abstained", 0.0, ("nothing was found",))


def test_nothing_is_answered_from_what_the_asker_may_not_see(handbook: tuple[Corpus, Shelf]) -> None:
    found = ask(handbook[0], "days carried over until March", within=Within(documents=frozenset({2})))
    assert "Five days" not in found.text
    assert {citation.title for citation in found.citations} <= {"Travel"}


def test_a_citation_names_the_page_its_quote_begins_on() -> None:
    text = "The first page speaks of parking and of bicycles in the yard.\n\nThe second page says that the canteen opens at noon."
    at = text.index("The second")
    corpus, _ = a_corpus(("Guide", text), pages=(Page(number=1, start=0, end=at), Page(number=2, start=at, end=len(text))))
    found = ask(corpus, "When does the canteen open?")
    assert [citation.locator.page for citation in found.citations if "canteen" in citation.snippet] == [2]


@pytest.mark.parametrize("newer", [1, 2])
def test_of_two_dated_documents_with_one_title_the_newer_speaks_and_the_reader_is_told(newer: int) -> None:
    texts = {newer: "Five days may be carried over until March.", 3 - newer: "Ten days may be carried over until March."}
    documents = [
        (a_document(number, title="Leave", metadata={"dated": "2026-01-01" if number == newer else "2020-01-01"}), texts[number])
        for number in (1, 2)
    ]
    corpus, _ = shelved(documents, MemoryIndex(), FakeEmbedder())
    found = ask(corpus, "How many days may be carried over?")
    assert "Five days" in found.text
    assert "Ten days" not in found.text
    assert [notice.code for notice in found.notices] == ["superseded"]
    assert f"shelf/{3 - newer}.md (2020-01-01) is left out" in found.notices[0].text


def test_minutes_of_two_meetings_share_a_title_and_both_speak() -> None:
    texts = ("The fence around the yard is painted green.", "Bonnie showed how the new scanner reads a yard list.")
    documents = [
        (a_document(number, title="Minutes", metadata={"dated": f"2026-0{number}-01"}), text)
        for number, text in enumerate(texts, 1)
    ]
    corpus, _ = shelved(documents, MemoryIndex(), FakeEmbedder())
    found = ask(corpus, "What colour is the fence around the yard?")
    assert "painted green" in found.text
    assert found.notices == ()


def test_the_answer_records_recipe_corpus_time_and_the_time_of_each_stage(handbook: tuple[Corpus, Shelf]) -> None:
    found = ask(handbook[0], "annual leave")
    assert (found.release, found.corpus, found.created_at, found.model) == ("recipe", "2", NOON, "extractive")
    assert set(found.timings_ms) == {
        "guard", "context", "retrieve", "decide", "generate", "check", "first_sentence", "total",
    }  # fmt: skip
    assert found.conversation == found.id
    assert "not calibrated on your documents" in found.reasons


def test_the_same_question_at_the_same_time_gives_the_same_answer(handbook: tuple[Corpus, Shelf]) -> None:
    first, second = (ask(handbook[0], "annual leave").model_dump(exclude={"timings_ms"}) for _ in range(2))
    assert first == second


def test_an_empty_question_is_refused(handbook: tuple[Corpus, Shelf]) -> None:
    with pytest.raises(InvalidInput, match="the question is empty: "):
        ask(handbook[0], " ")


@given(st.integers(0, 10**9), st.integers(1, 10**6), st.integers())
def test_ids_of_later_answers_sort_later(seconds: int, later: int, seed: int) -> None:
    moment = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
    first, second = (time_ordered(at, Random(seed)) for at in (moment, moment + timedelta(milliseconds=later)))
    assert first < second
    assert UUID(first).version == 7
    assert UUID(first).variant == "specified in RFC 4122"


def test_in_a_language_the_embedder_does_not_know_an_answer_is_never_more_than_weak_and_says_why() -> None:
    corpus, _ = a_corpus(("Urlaub", "# Urlaub\n\nBei Vollzeit haben alle dreißig Tage Urlaub im Jahr."), language="de")
    corpus = replace(corpus, embedder=FakeEmbedder(languages=frozenset({"en"})), languages=("de",))
    certain = Answering(confidence=Confidence(words=Logistic(intercept=50.0, signs={})))
    given_answer = ask(corpus, "Wie viele Tage Urlaub haben alle im Jahr bei Vollzeit?", certain)
    assert "dreißig Tage" in given_answer.text
    assert given_answer.status == "weak"
    assert certain.confidence.threshold <= given_answer.confidence < certain.confidence.sure
    assert [notice.code for notice in given_answer.notices] == ["words_only"]
    assert "does not know German" in given_answer.notices[0].text


def test_a_version_that_the_last_sync_found_superseded_is_silent_whatever_its_words() -> None:
    corpus, _ = a_corpus(
        ("Leave", "# Leave\n\nTen days may be carried over."), ("Leave", "# Leave\n\nFive days may be carried over until March.")
    )
    old, new = (f"{document.source}/{document.uri}" for document in (a_document(1), a_document(2)))
    given_answer = ask(replace(corpus, superseded={old: new}), "How many days may be carried over?")
    assert "Ten days" not in given_answer.text
    assert "Five days" in given_answer.text
    assert [notice.code for notice in given_answer.notices] == ["superseded"]


def test_a_version_left_out_is_told_only_where_the_newer_one_is_cited() -> None:
    corpus, _ = a_corpus(
        ("Leave", "# Leave\n\nTen days may be carried over."),
        ("Leave", "# Leave\n\nFive days may be carried over until March."),
        ("Canteen", "# Canteen\n\nThe canteen opens at noon on all days."),
    )
    old, new = (f"{document.source}/{document.uri}" for document in (a_document(1), a_document(2)))
    given_answer = ask(replace(corpus, superseded={old: new}), "On which days does the canteen open at noon?")
    assert {citation.title for citation in given_answer.citations} == {"Canteen"}
    assert given_answer.notices == ()
