"""The contract of `Database` on what people look at."""
# ruff: noqa: S101 - a contract suite asserts

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from firmground.errors import FirmgroundError, InvalidInput, NotFound
from firmground.personal import Hold
from firmground.ports import Database, Transaction
from firmground.reviews import ItemCounts, ReviewAct, ReviewItem
from firmground.testing.documents import a_document
from firmground.testing.traces import a_passage, a_trace
from firmground.types import Cause, Draft, ReviewRequest

NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)


def an_item(id: str = "i1", answer: str = "1", **more: Any) -> ReviewItem:
    fields: dict[str, Any] = {
        "id": id,
        "answer": answer,
        "asker": "ada",
        "release": "r",
        "causes": (Cause(kind="rule", name="pay", text="The topic is pay."),),
        "created_at": NOW,
        "due_at": NOW + 8 * HOUR,
        "revision": 1,
        **more,
    }
    return ReviewItem(**fields)


def an_act(item: str = "i1", number: int = 1, **more: Any) -> ReviewAct:
    fields: dict[str, Any] = {"item": item, "number": number, "person": "bob", "act": "claim", "at": NOW, **more}
    return ReviewAct(**fields)


def ids(items: list[ReviewItem]) -> list[str]:
    return [item.id for item in items]


class ReviewsContract:
    """Needs the fixture `database`."""

    @pytest.fixture
    def answered(self, database: Database) -> Database:
        """Five answers are kept, one on nothing."""
        with database.transaction() as tx:
            for id in ("1", "2", "3", "4"):
                tx.save_trace(a_trace(id, a_passage("a")))
            tx.save_trace(a_trace("5"))
        return database

    def test_an_item_comes_back_as_it_was_saved_and_the_last_save_counts(self, answered: Database):
        whole = an_item(
            priority="urgent",
            role="admin",
            needed=2,
            blind=True,
            held=True,
            state="done",
            outcome="edited",
            decisive=3,
            decided_by=("zoe", "bob"),
            paused_at=NOW + timedelta(microseconds=7),
            told="soon",
            revision=7,
        )
        taken = an_item("i2", "2", holder="eve", lease_until=NOW + HOUR, by_files=True, causes=())
        with answered.transaction() as tx:
            for item in (an_item(decided_by=("ada",)), whole, taken):
                tx.save_item(item)
        with answered.reading() as tx:
            assert (tx.item("i1"), tx.item("i2"), tx.item("i3")) == (whole, taken, None)
            assert tx.items_of(["1", "2", "3", "unknown"]) == [whole, taken]

    def test_an_item_is_found_by_the_beginning_of_its_id(self, answered: Database):
        with answered.transaction() as tx:
            for id in ("ab-1", "ab-12", "cd-1"):
                tx.save_item(an_item(id))
            assert tx.find_item("cd").id == "cd-1"
            assert tx.find_item("ab-1").id == "ab-1", "named in full"
            for wrong, error in (("ab", InvalidInput), ("", NotFound), ("x", NotFound)):
                with pytest.raises(error):
                    tx.find_item(wrong)

    def test_an_item_is_found_among_those_for_some_roles_and_scopes(self, answered: Database):
        with answered.transaction() as tx:
            tx.save_item(an_item("ab-1"))
            tx.save_item(an_item("ab-2").model_copy(update={"role": "owner"}))
            assert tx.find_item("ab", roles=["reviewer"]).id == "ab-1", "nothing is told of the others"
            with pytest.raises(NotFound):
                tx.find_item("ab-2", roles=["reviewer"])

    def test_one_of_many_takes_an_item_and_anybody_once_the_lease_lapsed(self, answered: Database):
        with answered.transaction() as tx:
            tx.save_item(an_item())
            tx.save_item(an_item("done", state="done"))
            until = NOW + HOUR
            assert [tx.take_item("i1", who, now=NOW, until=until) for who in ("bob", "eve", "bob")] == [True, False, True]
            found = tx.item("i1")
            assert found is not None
            assert (found.holder, found.lease_until, found.revision) == ("bob", until, 3)
            assert not tx.take_item("i1", "eve", now=until, until=until + HOUR), "to its last moment"
            assert tx.take_item("i1", "eve", now=until + timedelta(seconds=1), until=until + HOUR)
            assert [tx.take_item(id, "eve", now=NOW, until=until) for id in ("done", "unknown")] == [False, False]
            assert ids(tx.in_hand()) == ["i1"]

    def test_what_waits_comes_by_urgency_and_what_is_done_newest_first_page_by_page(self, answered: Database):
        with answered.transaction() as tx:
            tx.save_item(an_item("late", due_at=NOW + HOUR))
            tx.save_item(an_item("normal"))
            tx.save_item(an_item("normal2"))
            tx.save_item(an_item("low", priority="low", due_at=NOW))
            tx.save_item(an_item("urgent", priority="urgent", due_at=NOW + 9 * HOUR))
            tx.save_item(an_item("high", priority="high"))
            tx.save_item(an_item("d1", state="done"))
            tx.save_item(an_item("d2", state="done"))
        with answered.reading() as tx:
            order = ["urgent", "high", "late", "normal", "normal2", "low"]
            assert ids(tx.items(limit=10)) == order
            for place, id in enumerate(order):
                assert ids(tx.items(after=id, limit=2)) == order[place + 1 : place + 3]
            assert ids(tx.items(state="done", limit=1)) == ["d2"]
            assert ids(tx.items(state="done", after="d2", limit=5)) == ["d1"]
            assert len(tx.items(state=None, limit=99)) == 8
            with pytest.raises(NotFound):
                tx.items(after="gone", limit=1)

    def test_items_are_found_by_who_may_take_them(self, answered: Database):
        with answered.transaction() as tx:
            tx.save_item(an_item("mine", holder="bob", lease_until=NOW + HOUR))
            tx.save_item(an_item("lapsed", holder="eve", lease_until=NOW - HOUR))
            tx.save_item(an_item("paused", paused_at=NOW))
            tx.save_item(an_item("own", asker="bob"))
            tx.save_item(an_item("said", decided_by=("eve", "bob")))
            tx.save_item(an_item("up", role="owner"))
        with answered.reading() as tx:
            assert ids(tx.items(holder="bob", limit=9)) == ["mine"]
            assert set(ids(tx.items(free_at=NOW, limit=9))) == {"lapsed", "own", "said", "up"}
            assert set(ids(tx.items(but_asker="bob", limit=9))) == {"lapsed", "mine", "paused", "said", "up"}
            assert set(ids(tx.items(but_decided_by="bob", limit=9))) == {"lapsed", "mine", "paused", "own", "up"}
            assert "up" not in ids(tx.items(roles=("reviewer", "admin"), limit=9))
            assert tx.items(roles=(), limit=9) == []
            later = NOW + 100 * HOUR
            assert tx.count_items(now=NOW, person="bob", but_asker="bob") == ItemCounts(4, 1, 0)
            late = tx.count_items(now=later, person="bob", roles=("reviewer",), but_asker="bob")
            assert late == ItemCounts(3, 0, 2), "paused ones are not late"

    def test_items_are_of_answers_that_rest_on_nothing_else_than_what_somebody_may_see(self, answered: Database):
        with answered.transaction() as tx:
            public = tx.save_document(a_document("a", id="a"), "Five.").scope
            secret = tx.save_document(a_document("s", id="s", groups=("hr",)), "Six.").scope
            tx.save_trace(a_trace("2", a_passage("a"), a_passage("s")))
            tx.save_trace(a_trace("3", a_passage("a", also=("docs/other.md",))))
            tx.save_trace(a_trace("4", a_passage("gone")))
            for id in ("1", "2", "3", "4", "5"):
                tx.save_item(an_item(f"of {id}", id))
            assert ids(tx.items(scopes=[public, secret], limit=9)) == ["of 1", "of 2", "of 3", "of 5"]
            assert ids(tx.items(scopes=[public], limit=9)) == ["of 1", "of 3", "of 5"]
            assert ids(tx.items(scopes=[], limit=9)) == ["of 5"], "on nothing: for everybody who may review"
            assert len(tx.items(limit=9)) == 5
            assert tx.items_seen(["of 1", "of 2", "of 5", "nothing"], [public]) == {"of 1", "of 5"}
            assert tx.items_seen([], [public]) == set()
            assert tx.count_items(now=NOW, person="bob", scopes=[public]).waiting == 3
            assert ids(tx.items(rests_on=["s", "x"], limit=9)) == ["of 2"]

    def test_what_is_due_is_told_step_by_step(self, answered: Database):
        with answered.transaction() as tx:
            for n, told in enumerate(("", "soon", "late")):
                tx.save_item(an_item(f"i{n}", told=told, due_at=NOW + n * timedelta(microseconds=1)))
            tx.save_item(an_item("paused", paused_at=NOW, due_at=NOW))
            tx.save_item(an_item("done", state="done", due_at=NOW))
            tx.save_item(an_item("later", due_at=NOW + 2 * HOUR))
            assert ids(tx.due_before(NOW + HOUR, told="", limit=9)) == ["i0"]
            assert ids(tx.due_before(NOW + HOUR, told="soon", limit=9)) == ["i1"]
            assert tx.due_before(NOW, told="", limit=9) == []

    def test_acts_are_kept_in_order_and_number_each_once(self, answered: Database):
        draft = Draft(status="answered", text='It is "five".\n😀')
        wrote = an_act(number=2, act="edit", reason="wording", note="Say it so.", marks={0: "right", 3: "wrong"}, wrote=draft)
        up = an_act("i2", 2, act="escalate", to="owner", at=NOW + HOUR)
        with answered.transaction() as tx:
            tx.save_item(an_item())
            tx.save_item(an_item("i2", "2"))
            for act in (wrote, an_act(), up):
                tx.add_act(act)
        with answered.transaction() as tx:
            assert tx.acts(["i1", "i2", "i3"]) == {"i1": [an_act(), wrote], "i2": [up]}
            assert tx.acts_by("bob") == [an_act(), wrote, up]
        with pytest.raises(FirmgroundError), answered.transaction() as tx:
            tx.add_act(an_act(number=2))
        with pytest.raises(FirmgroundError), answered.transaction() as tx:
            tx.add_act(an_act("unknown"))

    def test_all_of_it_goes_with_the_answer_and_stays_when_that_is_saved_again(self, answered: Database):
        with answered.transaction() as tx:
            for id in ("1", "2"):
                tx.save_item(an_item(f"of {id}", id, decided_by=("bob",)))
                tx.add_act(an_act(f"of {id}"))
        with answered.transaction() as tx:
            tx.save_trace(a_trace("1", erased=True))
            tx.drop_traces(["2"])
        with answered.reading() as tx:
            assert ids(tx.items_of(["1", "2"])) == ["of 1"]
            assert [*tx.acts(["of 1", "of 2"])] == ["of 1"]
        with pytest.raises(FirmgroundError), answered.transaction() as tx:
            tx.save_item(an_item("x", "unknown"))

    def test_words_can_be_emptied_but_for_those_of_who_is_under_a_hold(self, answered: Database):
        said: dict[str, Any] = {"act": "edit", "note": "Five.", "wrote": Draft(status="answered", text="Five.")}
        with answered.transaction() as tx:
            for id in ("1", "2"):
                tx.save_item(an_item(f"of {id}", id))
                tx.add_act(an_act(f"of {id}", 1, **said))
                tx.add_act(an_act(f"of {id}", 2, person="eve", **said))
            tx.save_hold(Hold(person="eve", by="olga", reason="x", at=NOW))
            tx.drop_written(["1", "3"])
            tx.drop_written([])
        with answered.reading() as tx:
            acts = tx.acts(["of 1", "of 2"])
            assert [(act.note, act.wrote and act.wrote.text) for act in acts["of 1"]] == [("", ""), ("Five.", "Five.")]
            assert all(act.note == "Five." for act in acts["of 2"])

    def test_a_reviewer_gets_another_name_and_lets_go_of_what_they_hold(self, answered: Database):
        with answered.transaction() as tx:
            tx.save_item(an_item(decided_by=("bob", "eve")))
            tx.save_item(an_item("i2", holder="bob", lease_until=NOW))
            tx.add_act(an_act())
            assert tx.rename_reviewer("bob", "somebody") == 1
            assert self._of(tx, "i1").decided_by == ("somebody", "eve")
            assert (self._of(tx, "i2").holder, self._of(tx, "i2").lease_until) == ("", None)
            assert (tx.acts_by("bob"), len(tx.acts_by("somebody"))) == ([], 1)

    def test_notes_of_wishes_become_empty_and_those_of_decisions_stay(self, answered: Database):
        with answered.transaction() as tx:
            tx.save_item(an_item())
            tx.add_act(an_act(number=1, act="open", note="Is it?"))
            tx.add_act(an_act(number=2, act="approve", note="It is."))
            tx.add_act(an_act(number=3, act="reopen", note="Is it?", person="eve"))
            tx.drop_wishes("bob")
            assert [act.note for act in tx.acts(["i1"])["i1"]] == ["", "It is.", "Is it?"]

    def test_requests_of_which_nothing_waits_are_found(self, answered: Database):
        with answered.transaction() as tx:
            for id in ("1", "2", "3"):
                tx.save_review(ReviewRequest(id=id, answer=id, person="ada", created_at=NOW))
            tx.save_review(ReviewRequest(id="4", answer="4", person="ada", state="done", created_at=NOW))
            tx.save_item(an_item("waits", "1"))
            tx.save_item(an_item("is done", "2", state="done"))
            assert tx.unheard(limit=9) == ["2", "3"]
            assert tx.unheard(limit=1) == ["2"]

    def _of(self, tx: Transaction, id: str) -> ReviewItem:
        found = tx.item(id)
        assert found is not None
        return found
