"""The contract of `Database` on what is kept of one person."""
# ruff: noqa: S101 - a contract suite asserts

from datetime import UTC, datetime, timedelta

import pytest

from firmground.accounts import Account, Link, Secrets, Session
from firmground.errors import FirmgroundError
from firmground.personal import Consent, Hold
from firmground.ports import Database
from firmground.testing.opinions import a_request, a_thumb
from firmground.testing.traces import a_passage, a_trace
from firmground.usage import Booking, Taken

_NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
_LATER = _NOON + timedelta(minutes=5, microseconds=7)


class PersonalDataContract:
    """Needs the fixture `database`."""

    def test_consents_are_a_history_and_go_with_their_person(self, database: Database):
        first, second = Consent(person="ada", version="v1", at=_NOON), Consent(person="ada", version="v2", at=_LATER)
        with database.transaction() as tx:
            tx.add_person("ada")
            tx.add_person("bob")
            tx.save_consent(second)
            tx.save_consent(first)
            tx.save_consent(Consent(person="bob", version="v1", at=_NOON))
            withdrawn = second.model_copy(update={"withdrawn_at": _LATER + timedelta(days=1)})
            tx.save_consent(withdrawn)
            assert tx.consents("ada") == [first, withdrawn]
            assert sorted(each.person for each in tx.consents()) == ["ada", "ada", "bob"]
            tx.remove_person("ada")
            assert (tx.consents("ada"), len(tx.consents("bob"))) == ([], 1)

    def test_a_consent_is_of_somebody_who_is_known(self, database: Database):
        with pytest.raises(FirmgroundError), database.transaction() as tx:
            tx.save_consent(Consent(person="nobody", version="v1", at=_NOON))

    def test_a_hold_outlasts_the_person_and_ends_when_it_is_lifted(self, database: Database):
        hold = Hold(person="ada", by="olga", reason='A "claim", № 7', at=_LATER)
        with database.transaction() as tx:
            tx.add_person("ada")
            tx.save_hold(hold.model_copy(update={"reason": "first"}))
            tx.save_hold(hold)
            tx.save_hold(hold.model_copy(update={"person": "Zoë"}))
            tx.remove_person("ada")
            assert (tx.hold("ada"), tx.hold("bob")) == (hold, None)
            assert [each.person for each in tx.holds()] == ["Zoë", "ada"]
            tx.drop_hold("ada")
            tx.drop_hold("bob")
            assert [each.person for each in tx.holds()] == ["Zoë"]

    def test_what_a_person_said_is_found_on_anybodys_answers(self, database: Database):
        with database.transaction() as tx:
            for id, person in (("1", "ada"), ("2", "bob"), ("3", "bob")):
                tx.save_trace(a_trace(id, a_passage("a"), person=person))
            late, early = a_thumb("1", at=_LATER), a_thumb("2", at=_NOON)
            tx.save_feedback(late)
            tx.save_feedback(early)
            tx.save_feedback(a_thumb("2", "bob"))
            tx.save_review(a_request("r1", "2", note="Look."))
            tx.share("1", "ada", _LATER)
            tx.share("2", "bob", _LATER)
            said = tx.said_by("ada")
        assert said.feedback == [early, late]
        assert [each.id for each in said.reviews] == ["r1"]
        assert said.shares == [("1", _LATER)]

    def test_ids_of_answers_come_oldest_first_in_bounds(self, database: Database):
        with database.transaction() as tx:
            for id, person in (("4", "ada"), ("1", "ada"), ("2", "bob"), ("3", "eve")):
                tx.save_trace(a_trace(id, person=person))
            assert tx.trace_ids(limit=10) == ["1", "2", "3", "4"]
            assert (tx.asker("2"), tx.asker("5")) == ("bob", None)
            assert tx.trace_ids(limit=2) == ["1", "2"]
            assert tx.trace_ids(person="ada", limit=10) == ["1", "4"]
            assert tx.trace_ids(but=["bob", "ada"], limit=10) == ["3"]
            assert tx.trace_ids(but=["bob"], before="4", limit=10) == ["1", "3"]

    def test_what_is_kept_of_one_person_goes_and_nothing_of_others(self, database: Database):
        with database.transaction() as tx:
            for id, person in (("1", "ada"), ("2", "ada"), ("3", "bob")):
                tx.save_trace(a_trace(id, a_passage("a"), person=person))
            for thumb in (a_thumb("1", "bob"), a_thumb("3", "ada"), a_thumb("3", "bob")):
                tx.save_feedback(thumb)
            tx.save_review(a_request("r1", "3", person="ada"))
            tx.save_review(a_request("r2", "3", person="bob"))
            tx.share("1", "ada", _NOON)
            tx.share("3", "bob", _NOON)
        with database.transaction() as tx:
            assert tx.drop_person_data("ada") == {"answers": 2, "feedback": 1, "reviews": 1, "shares": 1}
            assert tx.trace_ids(limit=10) == ["3"]
            assert tx.traces_of(["a"], limit=10)[0].answer.id == "3"
            assert (tx.feedback("1"), tx.feedback("3")) == ([], [a_thumb("3", "bob")])
            assert [each.id for each in tx.reviews(["3"])] == ["r2"]
            assert (tx.shared("1"), tx.shared("3")) == (False, True)
            assert tx.drop_person_data("ada") == {"answers": 0, "feedback": 0, "reviews": 0, "shares": 0}

    def test_everybody_is_named_of_whom_something_is_kept(self, database: Database):
        with database.transaction() as tx:
            tx.add_person("known")
            tx.save_trace(a_trace("1", person="asker"))
            tx.save_feedback(a_thumb("1", "thumb"))
            tx.save_review(a_request("r", "1", person="wish"))
            tx.share("1", "sharer", _NOON)
            tx.save_hold(Hold(person="held", by="olga", reason="x", at=_NOON))
            assert tx.names_kept() == {"known", "asker", "thumb", "wish", "sharer", "held"}

    def test_what_is_over_is_counted_to_the_second_and_usage_by_days(self, database: Database):
        with database.transaction() as tx:
            tx.add_person("ada")
            tx.save_account(Account(person="ada", created_at=_NOON))
            for n, ends in enumerate((_NOON, _LATER)):
                session = Session(id=f"s{n}", person="ada", created_at=_NOON, seen_at=_NOON, expires_at=ends, changed_at=_NOON)
                tx.save_session(session, Secrets(f"d{n}"))
                tx.save_link(f"d{n}", Link(person="ada", kind="reset", by="olga", created_at=_NOON, expires_at=ends))
            assert tx.over_at(_NOON - timedelta(seconds=1)) == (0, 0, 0)
            assert tx.over_at(_NOON) == (1, 1, 0)
            assert tx.over_at(_LATER + timedelta(seconds=1)) == (2, 2, 0)
            for day, person in (("2026-11-19", "ada"), ("2026-11-19", "held"), ("2026-11-20", "ada")):
                tx.book(Booking(day=day, person=person, key="", release="r", via="http", models={"m": Taken(answers=1)}))
            tx.save_hold(Hold(person="held", by="olga", reason="x", at=_NOON))
            assert tx.over_at(_NOON).usage == 1
            tx.save_hold(Hold(person="ada", by="olga", reason="x", at=_NOON))
            assert tx.over_at(_LATER) == (0, 0, 0)
            assert tx.drop_sessions(expired_at=_LATER) == 0
            tx.drop_links(expired_at=_LATER)
            assert len(tx.links("ada")) == 2
            tx.drop_hold("ada")
            tx.drop_usage_before(_NOON)
            assert ([line.day for line in tx.usage_of("ada")], len(tx.usage_of("held"))) == (["2026-11-20"], 1)
