"""The part of the `Database` contract on accounts, sessions and keys."""
# ruff: noqa: S101 - a contract suite asserts

from datetime import UTC, datetime, timedelta

import pytest

from firmground.accounts import Account, ApiKey, Failures, Identity, Link, Secrets, Session
from firmground.errors import InvalidInput, NotFound
from firmground.ports import Database

NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)


def an_account(person: str = "ada", *, password: bool = True) -> Account:
    return Account(person=person, password=password, created_at=NOW)


def a_session(person: str = "ada", id: str = "s1", *, seen_at: datetime = NOW, expires_at: datetime | None = None) -> Session:
    ends = expires_at or NOW + timedelta(days=1)
    return Session(id=id, person=person, created_at=NOW, seen_at=seen_at, expires_at=ends, changed_at=NOW)


def a_link(person: str = "ada") -> Link:
    return Link(person=person, kind="reset", by="root", created_at=NOW, expires_at=NOW + timedelta(days=1))


class AccountsContract:
    """Mixed into `DatabaseContract`."""

    def test_an_account_is_found_with_its_password_and_replaced(self, database: Database):
        with database.transaction() as tx:
            tx.add_person("ada")
            tx.add_person("bob")
            assert not tx.has_owner()
            tx.save_account(an_account(), "hash 1")
            assert (tx.has_owner(), tx.account("bob"), tx.password("bob")) == (False, None, None)
            tx.save_account(an_account(), "hash 2")
            tx.set_role("bob", "owner")
            assert (tx.owners(), tx.has_owner()) == (["bob"], False)
            tx.set_role("ada", "owner")
        with database.reading() as tx:
            assert (tx.account("ada"), tx.password("ada")) == (an_account(), "hash 2")
            assert (tx.accounts(), tx.has_owner(), tx.owners()) == ([an_account()], True, ["ada", "bob"])
            assert tx.account_names() == ["ada"]

    def test_an_account_without_a_password_says_so(self, database: Database):
        with database.transaction() as tx:
            tx.add_person("ada")
            tx.save_account(an_account(password=False))
        with database.reading() as tx:
            assert (tx.account("ada"), tx.password("ada")) == (an_account(password=False), None)

    def test_a_session_is_found_by_each_of_its_secrets_until_it_is_dropped(self, database: Database):
        later = a_session(seen_at=NOW + timedelta(minutes=5, microseconds=7))
        changed, alone = Secrets("d3", "d1", "d4", "f1"), Secrets("d2")
        with database.transaction() as tx:
            tx.add_person("ada")
            tx.save_account(an_account(), "hash")
            tx.save_session(a_session(), Secrets("d1"))
            tx.save_session(a_session(id="s2"), alone)
            tx.save_session(later, changed)
        with database.transaction() as tx:
            assert [tx.session(digest) for digest in ("d1", "d3", "d4")] == [(later, changed)] * 3
            assert (tx.session("d2"), tx.session("")) == ((a_session(id="s2"), alone), None)
            assert (tx.session_called("s1"), tx.session_called("d1")) == (later, None)
            assert [each.id for each in tx.sessions("ada")] == ["s1", "s2"]
            tx.drop_session("s1")
            tx.drop_session("s3")
            assert (tx.session("d1"), tx.session_called("s2")) == (None, a_session(id="s2"))

    def test_sessions_that_are_to_change_their_secrets_have_only_the_one_they_have_now(self, database: Database):
        with database.transaction() as tx:
            tx.add_person("ada")
            tx.save_account(an_account(), "hash")
            tx.save_session(a_session(), Secrets("d1", "d0", "d2", "f1"))
            tx.renew_sessions("bob")
            assert tx.session_called("s1") == a_session()
            tx.renew_sessions("ada")
        with database.reading() as tx:
            session, secrets = tx.session("d1") or (None, None)
            assert (session and session.changed_at.year, secrets) == (1970, Secrets("d1", form="f1"))
            assert (tx.session("d0"), tx.session("d2")) == (None, None)

    def test_sessions_of_a_person_and_those_that_are_over_are_dropped(self, database: Database):
        with database.transaction() as tx:
            for person in ("ada", "bob"):
                tx.add_person(person)
                tx.save_account(an_account(person), "hash")
                tx.save_session(a_session(person, f"{person} 1"), Secrets(f"{person} 1"))
                tx.save_session(a_session(person, f"{person} 2", expires_at=NOW + timedelta(hours=1)), Secrets(f"{person} 2"))
            assert tx.drop_sessions(expired_at=NOW + timedelta(minutes=59)) == 0
            assert tx.drop_sessions(expired_at=NOW + timedelta(hours=1)) == 2
            assert tx.drop_sessions(person="ada") == 1
            assert (tx.session_called("ada 1"), tx.session_called("bob 1")) == (None, a_session("bob", "bob 1"))

    def test_a_key_is_found_by_its_digest_and_its_name_is_its_own(self, database: Database):
        key = ApiKey(name="ci", person="ada", scopes=("ask",), created_at=NOW, expires_at=NOW + timedelta(days=9))
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
            known = tx.api_keys()
            assert [each.name for each in known] == ["a site", "ci"]
            assert ([each.name for each in tx.api_keys("ada")], tx.api_keys("bob")) == (["ci"], [])
            tx.drop_key("ci")
            assert tx.key("d1") is None
            with pytest.raises(NotFound, match="no key 'a sit': did you mean 'a site'"):
                tx.drop_key("a sit")

    def test_a_link_is_taken_once(self, database: Database):
        with database.transaction() as tx:
            tx.add_person("ada")
            tx.save_link("d1", a_link())
            tx.save_link("d2", a_link())
            tx.drop_links(expired_at=NOW)
            assert (tx.link("d1"), tx.take_link("d1"), tx.take_link("d1")) == (a_link(), a_link(), None)
            tx.drop_links(by="ada")
            assert tx.links("ada") == [a_link()]
            tx.drop_links(by="root")
            assert tx.links("ada") == []
            tx.save_link("d3", a_link())
            tx.drop_links(expired_at=NOW + timedelta(days=1))
            assert tx.links("ada") == []

    def test_failures_are_counted_until_they_are_dropped(self, database: Database):
        first, then = Failures(1.5, NOW), Failures(2, NOW + timedelta(microseconds=7))
        with database.transaction() as tx:
            tx.save_failures("a", Failures(1, NOW))
            tx.save_failures("a", first)
            tx.save_failures("b", then)
            assert tx.failures(["a", "b", "c"]) == {"a": first, "b": then}
            tx.drop_failures(until=NOW)
            assert tx.failures(["a", "b"]) == {"b": then}
            tx.drop_failures(place="b")
            assert tx.failures(["a", "b"]) == tx.failures([]) == {}

    def test_with_a_person_goes_all_they_come_in_with(self, database: Database):
        with database.transaction() as tx:
            for person in ("ada", "bob"):
                tx.add_person(person)
                tx.save_account(an_account(person), "hash")
                tx.save_session(a_session(person, person), Secrets(person))
                tx.save_identity(Identity(issuer="https://x.example", subject=person, person=person, seen_at=NOW))
                tx.save_link(person, a_link(person))
                tx.save_key(f"key of {person}", ApiKey(name=person, person=person, created_at=NOW))
            tx.remove_person("ada")
        with database.reading() as tx:
            assert (tx.account("ada"), tx.password("ada"), tx.session("ada"), tx.key("key of ada")) == (None,) * 4
            assert (tx.account("bob"), tx.session_called("bob")) == (an_account("bob"), a_session("bob", "bob"))
            assert (tx.identity("https://x.example", "ada"), tx.link("ada")) == (None, None)
            assert (len(tx.identities("bob")), tx.links()) == (1, [a_link("bob")])
            known = tx.api_keys()
            assert [key.name for key in known] == ["bob"]
