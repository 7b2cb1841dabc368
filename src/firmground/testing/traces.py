"""The part of the contract of `Database` that is about answers; the whole is `firmground.testing.database`."""
# ruff: noqa: S101 - a contract suite asserts

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from firmground.errors import Damaged, InvalidInput, NotFound
from firmground.ports import Database
from firmground.types import (
    Answer,
    Cause,
    Citation,
    Draft,
    Locator,
    Notice,
    Passage,
    Routed,
    Scores,
    Sentence,
    Step,
    Tombstone,
    Trace,
)

_NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def a_passage(document: str, text: str = "Five days may be carried over.", **fields: Any) -> Passage:
    """A passage at the beginning of its document."""
    defaults: dict[str, Any] = {
        "passage": f"{document}-0",
        "document": document,
        "title": f"Title of {document}",
        "uri": f"handbook/{document}.md",
        "locator": Locator(start=0, end=len(text)),
        "text": text,
        "score": 0.5,
        "scores": Scores(lexical=1.5),
    }
    return Passage(**{**defaults, **fields})


def a_trace(
    id: str,
    *evidence: Passage | Tombstone,
    person: str = "ada",
    conversation: str = "",
    answer: dict[str, Any] | None = None,
    **fields: Any,
) -> Trace:
    """An answer that cites the whole of each passage of its evidence, in order; `answer` overrides fields of it."""
    passages = [each for each in evidence if isinstance(each, Passage)]
    citations = [
        Citation(
            n=n,
            passage=each.passage,
            document=each.document,
            title=each.title,
            uri=each.uri,
            locator=each.locator,
            snippet=each.text,
        )
        for n, each in enumerate(passages, 1)
    ]
    sentences = [Sentence(text=citation.snippet, citations=(citation.n,)) for citation in citations]
    said: dict[str, Any] = {
        "id": id,
        "question": "How many days?",
        "conversation": conversation or id,
        "created_at": _NOON,
        "release": "r",
        "corpus": "1",
        "model": "extractive",
        "status": "answered",
        "text": " ".join(f"{sentence.text} [{n}]" for n, sentence in enumerate(sentences, 1)),
        "sentences": tuple(sentences),
        "citations": tuple(citations),
        "confidence": 0.75,
    }
    given = Answer(**{**said, **(answer or {})})
    kept: dict[str, Any] = {"answer": given, "person": person, "asked": given.question, "evidence": evidence}
    return Trace(**{**kept, **fields})


class TracesContract:
    """Subclass it, and give a fixture `database`."""

    @pytest.fixture
    def database(self) -> Database:
        """Fresh and empty."""
        raise NotImplementedError

    def kept(self, database: Database, *traces: Trace) -> None:
        with database.transaction() as tx:
            for trace in traces:
                tx.save_trace(trace)

    def test_an_answer_is_kept_as_it_was_given(self, database: Database):
        buried = Tombstone(document="gone", passage="gone-0", text_digest="0" * 64, start=3, end=9)
        metadata: dict[str, Any] = {"dated": "2026-01-01", "pages": 3, "share": 0.5, "final": True, "tags": ("a", "b")}
        trace = a_trace(
            "1",
            a_passage("a", 'Wörter, 日本語 😀 and \u0000 "quotes"\n| a | b |', metadata=metadata, also=("handbook/copy.md",)),
            buried,
            answer={"usage": {"cost_usd": None}, "timings_ms": {"total": 1.25}, "choices": ({"text": "x"},)},
            groups=("everyone", "hr"),
            filters={"date": {"from": "2026-01-01"}, "tags": ["a", 1, True]},
            asked="How many days for contractors?",
            context=("0",),
            packed=(0,),
            outputs=("Five.",),
            draft=Draft(status="answered", text="Six.", sentences=(Sentence(text="Six.", citations=()),)),
            routed=Routed(outcome="hold", causes=(Cause(kind="rule", name="pay", text="the topic"),), role="reviewer"),
            signs={"best": 0.25},
            steps=(Step(name="route", detail={"model": None, "tries": [1, {"ok": False}]}, took_ms=0.5),),
        )
        self.kept(database, trace)
        with database.reading() as tx:
            assert tx.trace("1") == trace
            assert tx.trace("2") is None

    def test_saving_again_replaces(self, database: Database):
        self.kept(database, a_trace("1", a_passage("a")), a_trace("1", a_passage("b"), person="bob", conversation="c"))
        with database.reading() as tx:
            assert [each.person for each in tx.traces()] == ["bob"]
            assert ids(tx.traces(person="ada")) == []
            assert ids(tx.traces(conversation="c")) == ["1"]
            assert (ids(tx.traces_of(["a"], limit=9)), ids(tx.traces_of(["b"], limit=9))) == ([], ["1"])

    def test_a_number_that_json_has_no_word_for_is_refused(self, database: Database):
        with database.transaction() as tx, pytest.raises(InvalidInput, match="JSON"):
            tx.save_trace(a_trace("1", signs={"best": float("nan")}))

    def test_answers_are_listed_newest_first_page_by_page(self, database: Database):
        order = [f"{n:04}" for n in range(250)]
        people = ["ada", "bob", "ada"]
        self.kept(
            database, *(a_trace(id, person=people[n % 3], conversation=f"c{n % 5}") for n, id in reversed([*enumerate(order)]))
        )
        with database.reading() as tx:
            newest, page = ids(tx.traces()), tx.traces(before="0150")
            assert (newest, ids(page)) == (order[:149:-1], order[149:49:-1])
            assert ids(tx.traces(person="bob", before="0010", limit=2)) == ["0007", "0004"]
            assert ids(tx.traces(conversation="c2", limit=3)) == ["0247", "0242", "0237"]
            assert ids(tx.traces(person="bob", conversation="c2", limit=2)) == ["0247", "0232"]
            assert [tx.latest_trace(person) for person in ("ada", "bob", "eve")] == ["0249", "0247", ""]
            assert tx.traces(person="eve") == tx.traces(before="0000") == []

    def test_what_cannot_be_read_is_left_out_of_a_list_and_named_but_never_passed_over_where_words_are_erased(
        self, database: Database, caplog: pytest.LogCaptureFixture
    ):
        self.kept(database, *(a_trace(id, a_passage("a")) for id in ("1", "2", "5")))
        with pytest.warns(UserWarning, match="serializ"):
            self.kept(database, *(a_trace(id, a_passage("a")).model_copy(update={"language": 7}) for id in ("3", "4")))
        with database.reading() as tx:
            assert ids(tx.traces(limit=2)) == ["5", "2"], "a page is full as long as there are more"
            assert caplog.text.count("left out answer 4: a kept answer cannot be read") == 1
            assert ids(tx.traces()) == ["5", "2", "1"]
            assert ids(tx.traces(before="4", limit=1)) == ["2"]
            for look in (lambda: tx.trace("3"), lambda: tx.find_trace("3"), lambda: tx.traces_of(["a"], limit=9)):
                with pytest.raises(Damaged):
                    look()

    def test_an_answer_is_found_by_the_beginning_of_its_id_among_those_of_a_person(self, database: Database):
        self.kept(database, a_trace("0a1-x"), a_trace("0a1"), a_trace("0a2", person="bob"), a_trace("0b%"))
        with database.reading() as tx:
            assert tx.find_trace("0a1").answer.id == "0a1", "the whole id, though another begins with it"
            assert tx.find_trace("0b").answer.id == tx.find_trace("0b%").answer.id == "0b%"
            assert tx.find_trace("0a", person="bob").answer.id == "0a2"
            with pytest.raises(InvalidInput, match="may mean 0a1, 0a1-x, 0a2: name one"):
                tx.find_trace("0a")
            for reference, person in (("0a2", "ada"), ("1", None), ("", None), ("%", None), ("0A", None)):
                with pytest.raises(NotFound, match="there is no answer"):
                    tx.find_trace(reference, person=person)

    def test_the_answers_of_one_person_are_found_by_a_document(self, database: Database):
        self.kept(database, *(a_trace(str(n), a_passage("a"), person="bob" if n % 2 else "ada") for n in range(1, 5)))
        with database.reading() as tx:
            assert ids(tx.traces_of(["a"], person="bob", limit=9)) == ["3", "1"]
            assert ids(tx.traces_of(["a"], person="bob", before="3", limit=9)) == ["1"]
            assert ids(tx.traces_of(["a"], person="eve", limit=9)) == []

    def test_an_answer_is_found_by_each_document_it_holds_words_of(self, database: Database):
        buried = Tombstone(document="buried", passage="p", text_digest="0" * 64, start=0, end=1)
        cites = a_trace("2", a_passage("cited")).answer.citations
        erased = tuple(each.model_copy(update={"title": "", "uri": "", "snippet": "", "document": "blank"}) for each in cites)
        self.kept(
            database,
            a_trace("1", a_passage("a"), a_passage("b"), a_passage("a", "Another place."), buried),
            a_trace("2", answer={"citations": (*cites, *erased), "closest": (a_passage("closest", also=("handbook/copy.md",)),)}),
            a_trace("3", answer={"notices": (Notice(code="superseded", text="x", about=("handbook/old.md",)),)}),
        )
        with database.reading() as tx:
            for document in ("a", "b"):
                assert ids(tx.traces_of([document], limit=9)) == ["1"]
            for document in ("cited", "closest", "handbook/copy.md"):
                assert ids(tx.traces_of([document], limit=9)) == ["2"]
            assert ids(tx.traces_of(["handbook/old.md"], limit=9)) == ["3"], "it is named in a notice"
            assert tx.traces_of(["buried", "blank", "unknown"], limit=9) == tx.traces_of([], limit=9) == []
            assert ids(tx.traces_of({"a", "b", "cited"}, limit=9)) == ["2", "1"]

    def test_answers_of_many_documents_come_newest_first_page_by_page(self, database: Database):
        order = [f"{n:03}" for n in range(30)]
        self.kept(database, *(a_trace(id, a_passage(f"d{n % 3}")) for n, id in enumerate(order)))
        wanted = [*(f"no-{n}" for n in range(1500)), "d0", *(f"none-{n}" for n in range(1500)), "d1"]
        expected = [id for n, id in enumerate(order) if n % 3 < 2][::-1]
        with database.reading() as tx:
            assert ids(tx.traces_of(wanted, limit=100)) == expected
            assert ids(tx.traces_of(wanted, limit=7)) == expected[:7]
            assert ids(tx.traces_of(wanted, before=expected[6], limit=7)) == expected[7:14]
            assert tx.traces_of(wanted, before="000", limit=7) == []

    def test_an_answer_is_found_by_the_documents_of_those_it_was_understood_by_also_when_they_are_gone(self, database: Database):
        self.kept(
            database,
            a_trace("1", a_passage("a", also=("handbook/copy.md",))),
            a_trace("2", a_passage("b"), context=("1", "unknown")),
            a_trace("3", a_passage("c"), context=("2",)),
            a_trace("4", a_passage("d"), context=("2",), erased=True),
        )
        with database.transaction() as tx:
            assert ids(tx.traces_of(["a"], limit=9)) == ["3", "2", "1"]
            assert ids(tx.traces_of(["b"], limit=9)) == ["3", "2"]
            assert ids(tx.traces_of(["handbook/copy.md"], limit=9)) == ["1"], "no later answer was made of its words"
            tx.drop_traces(["1", "unknown"])
            assert ids(tx.traces_of(["a"], limit=9)) == ["3", "2"]

    def test_dropped_answers_are_gone_from_every_list(self, database: Database):
        self.kept(database, *(a_trace(id, a_passage("a"), conversation="c") for id in ("1", "2", "3")))
        with database.transaction() as tx:
            tx.drop_traces(["1", "3"])
            assert tx.trace("1") is None
            assert ids(tx.traces()) == ids(tx.traces(person="ada")) == ids(tx.traces(conversation="c")) == ["2"]
            assert ids(tx.traces_of(["a"], limit=9)) == ["2"]

    def test_keeping_an_answer_does_not_change_the_corpus(self, database: Database):
        self.kept(database, a_trace("1", a_passage("a")))
        with database.reading() as tx:
            assert tx.corpus_version() == 0


def ids(traces: Sequence[Trace]) -> list[str]:
    return [trace.answer.id for trace in traces]
