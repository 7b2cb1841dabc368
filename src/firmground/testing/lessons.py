"""The contract of `Database` on what use teaches."""
# ruff: noqa: S101 - a contract suite asserts

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from firmground.errors import FirmgroundError
from firmground.lessons import Pair, Pin, Signal
from firmground.ports import Database
from firmground.testing.traces import a_passage, a_trace
from firmground.types import Draft

_NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def a_pin(id: str, answer: str = "1", **fields: Any) -> Pin:
    defaults: dict[str, Any] = {
        "id": id,
        "question": "How many days?",
        "key": "k",
        "answer": answer,
        "item": "i",
        "says": Draft(status="answered", text="Fünf. [1]"),
        "sources": {"a": "0" * 64},
        "by": "rita",
        "at": _NOON,
    }
    return Pin(**{**defaults, **fields})


def a_pair(id: str, document: str = "a", answer: str = "1", **fields: Any) -> Pair:
    defaults: dict[str, Any] = {
        "id": id,
        "question": "How many days?",
        "document": document,
        "start": 0,
        "end": 5,
        "text": "Fünf.",
        "good": True,
        "answer": answer,
        "by": "rita",
        "at": _NOON,
    }
    return Pair(**{**defaults, **fields})


class LessonsContract:
    """Needs the fixture `database`."""

    @pytest.fixture
    def answered(self, database: Database) -> Database:
        with database.transaction() as tx:
            for id in ("1", "2"):
                tx.save_trace(a_trace(id, a_passage("a")))
        return database

    def test_a_pin_is_kept_replaced_and_found_by_all_that_it_is_looked_for_by(self, answered: Database):
        first, second = a_pin("p1"), a_pin("p2", "2", key="other", sources={"a": "1", "b": "2"}, at=_NOON + timedelta(1))
        with answered.transaction() as tx:
            tx.save_pin(first)
            tx.save_pin(second)
            assert (tx.pin("p1"), tx.pin("p3")) == (first, None)
            assert tx.pins() == [second, first], "newest first"
            assert (tx.pins(key="k"), tx.pins(answer="2"), tx.pins(key="k", answer="2")) == ([first], [second], [])
            assert tx.pins(documents=["b", "c"]) == [second]
            assert tx.pins(documents={*map(str, range(3000)), "a"}) == [second, first]
            assert tx.pins(documents=[]) == []
            moved = first.model_copy(update={"state": "waiting", "version": 2, "sources": {"c": "3"}})
            tx.save_pin(moved)
            assert (tx.pins(state="waiting"), tx.pins(state="active")) == ([moved], [second])
            assert tx.pins(documents=["a"]) == [second]
            tx.drop_pins(["p2", "unknown"])
            assert tx.pins() == [moved]

    def test_pairs_and_signs_go_with_the_answer_that_they_come_from_and_pins_stay(self, answered: Database):
        with answered.transaction() as tx:
            for id, answer in (("x1", "1"), ("x2", "2")):
                tx.save_pin(a_pin(id, answer))
                tx.save_pair(a_pair(id, answer=answer))
                tx.add_signal(Signal(answer=answer, person="ada", kind="copied", at=_NOON))
            tx.drop_traces(["1"])
            assert [each.id for each in tx.pairs()] == ["x2"]
            assert sorted(each.id for each in tx.pins(documents=["a"])) == ["x1", "x2"]
            assert tx.pins(answer="1") == [a_pin("x1", "1")]
            assert tx.signals(["1", "2"]).keys() == {"2"}

    def test_nothing_is_taught_by_an_answer_that_there_is_not(self, database: Database):
        with pytest.raises(FirmgroundError), database.transaction() as tx:
            tx.save_pair(a_pair("p"))

    def test_pairs_come_oldest_first_and_go_with_the_words_of_their_document(self, answered: Database):
        old, new = a_pair("z", good=False), a_pair("b", "b", at=_NOON + timedelta(1))
        with answered.transaction() as tx:
            for each in (new, old):
                tx.save_pair(each)
            assert [*tx.pairs()] == [old, new]
            assert [*tx.pairs(document="b")] == [new]
            better = old.model_copy(update={"good": True})
            tx.save_pair(better)
            assert [*tx.pairs()] == [better, new]
            tx.drop_pairs(["z", "unknown"])
            assert [*tx.pairs()] == [new]

    def test_words_of_a_document_go_from_all_that_was_taught(self, answered: Database):
        passages = (a_passage("a"),)
        kept, ended = a_pin("kept", sources={"b": "0"}), a_pin("ended", state="retired")
        with answered.transaction() as tx:
            for pin in (a_pin("p", evidence=passages), kept, ended):
                tx.save_pin(pin)
            for pair in (a_pair("a"), a_pair("b", "b")):
                tx.save_pair(pair)
            tx.drop_taught(["a", "unknown"])
            nothing = Draft(status="answered", text="")
            assert tx.pin("p") == a_pin("p", says=nothing, state="waiting", item="")
            assert tx.pin("kept") == kept
            assert tx.pin("ended") == ended.model_copy(update={"says": nothing})
            assert [*tx.pairs()] == [a_pair("b", "b")]

    def test_who_taught_can_be_called_otherwise(self, answered: Database):
        with answered.transaction() as tx:
            for by in ("rita", "bob"):
                tx.save_pin(a_pin(by, by=by))
                tx.save_pair(a_pair(by, by=by))
            tx.rename_teacher("rita", "person-1")
            assert {each.by for each in tx.pins()} == {each.by for each in tx.pairs()} == {"person-1", "bob"}

    def test_the_first_sign_of_a_kind_counts_and_all_go_with_who_gave_them(self, answered: Database):
        first = Signal(answer="1", person="ada", kind="copied", at=_NOON, detail={"sentence": 1})
        with answered.transaction() as tx:
            tx.add_signal(first)
            tx.add_signal(first.model_copy(update={"at": _NOON + timedelta(1), "detail": {}}))
            other = first.model_copy(update={"person": "bob", "at": _NOON - timedelta(1)})
            tx.add_signal(other)
            assert tx.signals(["1", "2", "3"]) == {"1": [other, first]}
            assert (tx.signals_of("ada"), tx.signals_of("bob")) == ([first], [other])
            tx.drop_person_data("bob")
            assert tx.signals(["1"]) == {"1": [first]}

    def test_lessons_are_part_of_a_dump(self, answered: Database):
        with answered.transaction() as tx:
            tx.save_pin(a_pin("p"))
            tx.save_pair(a_pair("p"))
        said: list[bytes] = []
        with answered.reading() as tx:
            counted = tx.dump(said.append)
        assert (counted["pins"], counted["pin_documents"], counted["pairs"]) == (1, 1, 1)
        assert "Fünf. [1]" in b"".join(said).decode()
