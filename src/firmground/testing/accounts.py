"""The part of the `Database` contract on accounts, sessions and keys."""
# ruff: noqa: S101 - a contract suite asserts

from datetime import UTC, datetime, timedelta

import pytest

from firmground.errors import InvalidInput, NotFound
from firmground.ports import Database
from firmground.types import Account, ApiKey, Session

NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)


def an_account(person: str = "ada", *, owner: bool = False) -> Account:
    return Account(person=person, owner=owner, created_at=NOW)


def a_session(person: str = "ada", **more: datetime) -> Session:
    return Session(person=person, **{"created_at": NOW, "seen_at": NOW, "expires_at": NOW + timedelta(days=1), **more})


class AccountsContract:
    """Mixed into `DatabaseContract`."""

    def test_an_account_is_found_with_its_password_and_replaced(self, database: Database):
        with database.transaction() as tx:
            tx.add_person("ada")
            tx.add_person("bob")
            assert not tx.has_owner()
            tx.save_account(an_account(), "hash 1")
            assert (tx.has_owner(), tx.account("bob"), tx.password("bob")) == (False, None, None)
            tx.save_account(an_account(owner=True), "hash 2")
        with database.reading() as tx:
            assert (tx.account("ada"), tx.password("ada")) == (an_account(owner=True), "hash 2")
            assert (tx.accounts(), tx.has_owner()) == ([an_account(owner=True)], True)

    def test_a_session_is_found_by_its_digest_until_it_is_dropped(self, database: Database):
        later = a_session(seen_at=NOW + timedelta(minutes=5, microseconds=7))
        with database.transaction() as tx:
            tx.add_person("ada")
            tx.save_account(an_account(), "hash")
            tx.save_session("d1", a_session())
            tx.save_session("d2", a_session())
            tx.save_session("d1", later)
        with database.transaction() as tx:
            assert (tx.session("d1"), tx.session("d3")) == (later, None)
            tx.drop_session("d1")
            tx.drop_session("d3")
            assert (tx.session("d1"), tx.session("d2")) == (None, a_session())

    def test_sessions_of_a_person_and_those_that_are_over_are_dropped(self, database: Database):
        with database.transaction() as tx:
            for person in ("ada", "bob"):
                tx.add_person(person)
                tx.save_account(an_account(person), "hash")
                tx.save_session(f"{person} 1", a_session(person))
                tx.save_session(f"{person} 2", a_session(person, expires_at=NOW + timedelta(hours=1)))
            assert tx.drop_sessions(expired_at=NOW + timedelta(minutes=59)) == 0
            assert tx.drop_sessions(expired_at=NOW + timedelta(hours=1)) == 2
            assert tx.drop_sessions(person="ada") == 1
            assert (tx.session("ada 1"), tx.session("bob 1")) == (None, a_session("bob"))

    def test_a_key_is_found_by_its_digest_and_its_name_is_its_own(self, database: Database):
        key = ApiKey(name="ci", person="ada", created_at=NOW, expires_at=NOW + timedelta(days=9))
        site = ApiKey(name="a site", groups=("hr", "public"), origins=("https://x.example",), created_at=NOW)
        with database.transaction() as tx:
            tx.add_person("ada")
            tx.save_key("d1", key)
            tx.save_key("d2", site)
            with pytest.raises(InvalidInput, match="there is a key 'ci' already"):
                tx.save_key("d3", key)
            tx.key_used("ci", NOW)
        with database.transaction() as tx:
            assert tx.key("d1") == key.model_copy(update={"used_at": NOW})
            assert (tx.key("d2"), tx.key("d3")) == (site, None)
            known = tx.keys()
            assert [each.name for each in known] == ["a site", "ci"]
            tx.drop_key("ci")
            assert tx.key("d1") is None
            with pytest.raises(NotFound, match="no key 'a sit': did you mean 'a site'"):
                tx.drop_key("a sit")

    def test_with_a_person_goes_all_they_come_in_with(self, database: Database):
        with database.transaction() as tx:
            for person in ("ada", "bob"):
                tx.add_person(person)
                tx.save_account(an_account(person, owner=True), "hash")
                tx.save_session(person, a_session(person))
                tx.save_key(f"key of {person}", ApiKey(name=person, person=person, created_at=NOW))
            tx.remove_person("ada")
        with database.reading() as tx:
            assert (tx.account("ada"), tx.password("ada"), tx.session("ada"), tx.key("key of ada")) == (None,) * 4
            assert (tx.account("bob"), tx.session("bob")) == (an_account("bob", owner=True), a_session("bob"))
            known = tx.keys()
            assert [key.name for key in known] == ["bob"]
