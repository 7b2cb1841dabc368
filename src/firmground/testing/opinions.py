"""The part of the contract of `Database` on what people say of answers; the whole is `firmground.testing.database`."""
# ruff: noqa: S101 - a contract suite asserts

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from firmground.errors import FirmgroundError
from firmground.personal import Hold
from firmground.ports import Database
from firmground.testing.traces import a_passage, a_trace
from firmground.types import Feedback, ReviewRequest

NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)


def a_thumb(answer: str = "1", person: str = "ada", **more: Any) -> Feedback:
    fields: dict[str, Any] = {"answer": answer, "person": person, "verdict": "up", "at": NOW, **more}
    return Feedback(**fields)


def a_request(id: str, answer: str = "1", person: str = "ada", **more: Any) -> ReviewRequest:
    fields: dict[str, Any] = {"id": id, "answer": answer, "person": person, "created_at": NOW, **more}
    return ReviewRequest(**fields)


class OpinionsContract:
    """Mixed into `DatabaseContract`."""

    @pytest.fixture
    def answered(self, database: Database) -> Database:
        """Three answers are kept."""
        with database.transaction() as tx:
            for id in ("1", "2", "3"):
                tx.save_trace(a_trace(id, a_passage("a")))
        return database

    def test_of_each_person_the_latest_thumb_on_an_answer_counts(self, answered: Database):
        said = 'It is "wrong":\n日本語 😀'
        last = a_thumb(verdict="down", reason="outdated", comment=said, at=NOW + timedelta(minutes=1, microseconds=5))
        with answered.transaction() as tx:
            for thumb in (a_thumb(comment="At first sight."), a_thumb("2", reason="other"), a_thumb(person="bob"), last):
                tx.save_feedback(thumb)
        with answered.transaction() as tx:
            assert tx.feedback("1") == [a_thumb(person="bob"), last], "oldest first"
            assert (tx.feedback("2"), tx.feedback("3")) == ([a_thumb("2", reason="other")], [])
            tx.drop_feedback("1", "ada")
            tx.drop_feedback("1", "eve")
            assert (tx.feedback("1"), len(tx.feedback("2"))) == ([a_thumb(person="bob")], 1)

    def test_thumbs_of_the_same_second_come_in_their_order(self, answered: Database):
        early, late = a_thumb(person="zoe"), a_thumb(person="ada", at=NOW + timedelta(microseconds=500))
        with answered.transaction() as tx:
            tx.save_feedback(late)
            tx.save_feedback(early)
            assert tx.feedback("1") == [early, late]

    def test_requests_for_a_person_are_kept_and_change_their_state(self, answered: Database):
        later = a_request("a", "2", person="bob", note="Is this \x09 so?", created_at=NOW + timedelta(seconds=1))
        with answered.transaction() as tx:
            for request in (later, a_request("b"), a_request("c", "3"), a_request("b", note="Please.", state="withdrawn")):
                tx.save_review(request)
        with answered.reading() as tx:
            assert tx.reviews(["1", "2", "unknown"]) == [a_request("b", note="Please.", state="withdrawn"), later]
            assert tx.reviews(["3"]) == [a_request("c", "3")]
            assert tx.reviews([]) == []
            assert len(tx.reviews([*map(str, range(2500))])) == 3, "however many are asked for"

    def test_an_answer_is_shared_until_it_is_not(self, answered: Database):
        with answered.transaction() as tx:
            tx.share("1", "ada", NOW)
            tx.share("1", "bob", NOW + timedelta(days=1))
            tx.unshare("2")
        with answered.transaction() as tx:
            assert [tx.shared(id) for id in ("1", "2", "unknown")] == [True, False, False]
            tx.unshare("1")
            assert not tx.shared("1")

    def test_all_that_is_said_of_an_answer_goes_with_it_and_stays_when_it_is_saved_again(self, answered: Database):
        with answered.transaction() as tx:
            for id in ("1", "2"):
                tx.save_feedback(a_thumb(id))
                tx.save_review(a_request(f"of {id}", id))
                tx.share(id, "ada", NOW)
        with answered.transaction() as tx:
            tx.save_trace(a_trace("1", erased=True))
            tx.drop_traces(["2"])
        with answered.reading() as tx:
            assert [len(tx.feedback(id)) for id in ("1", "2")] == [1, 0]
            assert [each.id for each in tx.reviews(["1", "2"])] == ["of 1"]
            assert [tx.shared(id) for id in ("1", "2")] == [True, False]
            assert tx.all_shared() == {"1"}

    def test_comments_and_notes_can_be_emptied(self, answered: Database):
        with answered.transaction() as tx:
            for id in ("1", "2"):
                tx.save_feedback(a_thumb(id, reason="wrong", comment="It says five."))
                tx.save_review(a_request(id, id, note="Five?"))
            tx.drop_comments(["1", "3", "unknown"])
            tx.drop_comments([])
        with answered.reading() as tx:
            assert [each.comment for id in ("1", "2") for each in tx.feedback(id)] == ["", "It says five."]
            assert [each.note for each in tx.reviews(["1", "2"])] == ["", "Five?"]
            assert tx.feedback("1") == [a_thumb(reason="wrong")]

    def test_what_is_under_a_hold_is_not_emptied(self, answered: Database):
        with answered.transaction() as tx:
            for person in ("ada", "bob"):
                tx.save_feedback(a_thumb(person=person, comment="It says five."))
                tx.save_review(a_request(person, person=person, note="Five?"))
            tx.save_hold(Hold(person="ada", by="olga", reason="x", at=NOW))
            tx.drop_comments(["1"])
        with answered.reading() as tx:
            assert {each.person: each.comment for each in tx.feedback("1")} == {"ada": "It says five.", "bob": ""}
            assert {each.person: each.note for each in tx.reviews(["1"])} == {"ada": "Five?", "bob": ""}

    def test_nothing_is_said_of_an_answer_that_is_not_there(self, answered: Database):
        with pytest.raises(FirmgroundError), answered.transaction() as tx:
            tx.save_feedback(a_thumb("unknown"))
        with pytest.raises(FirmgroundError), answered.transaction() as tx:
            tx.save_review(a_request("r", "unknown"))
        with pytest.raises(FirmgroundError), answered.transaction() as tx:
            tx.share("unknown", "ada", NOW)
        with answered.reading() as tx:
            assert (tx.feedback("unknown"), tx.reviews(["unknown"]), tx.shared("unknown")) == ([], [], False)
