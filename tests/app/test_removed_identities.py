"""Whoever is removed stays removed, also where a provider vouches for them and people are made known by its word."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from firmground.accounts import Account
from firmground.app.access import accounts, identities, people, refused
from firmground.app.app import App
from firmground.app.personal import erasing
from firmground.errors import NotAllowed
from firmground.settings import Settings
from firmground.testing.app import ADMINISTRATOR, Bench

SETTINGS = {
    "serve": {"url": "http://127.0.0.1:8420"},
    "oidc": {"issuer": "https://id.example", "client_id": "x", "provision": True},
}


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    with Bench(tmp_path, settings=Settings.model_validate(SETTINGS)).app() as app:
        with app.database.transaction() as tx:
            tx.add_person("olga", role="owner")
            tx.save_account(Account(person="olga", created_at=app.clock()), "hash")
        yield app


def signed_in(app: App, name: str = "eve") -> str:
    with app.database.transaction() as tx:
        return identities.person_of(app, tx, {"sub": "s1", "preferred_username": name})


@pytest.mark.parametrize("name", ["eve", "eve2"])
def test_who_was_removed_does_not_come_back_by_signing_in(app: App, name: str):
    assert signed_in(app) == "eve"
    people.remove_person(app, ADMINISTRATOR, "eve")
    with pytest.raises(NotAllowed, match="removed") as told:
        signed_in(app, name)
    assert "ask an administrator" in told.value.remedy
    assert "link-identity" in told.value.remedy
    with app.database.reading() as tx:
        assert not tx.has_person(name)


def test_of_who_was_erased_only_what_names_nobody_is_kept(app: App):
    signed_in(app)
    erasing.erase(app, ADMINISTRATOR, "eve", reason="They asked for it")
    with pytest.raises(NotAllowed, match="removed"):
        signed_in(app, "other")
    with app.database.reading() as tx:
        [(kept, whose)] = tx.facts(refused.REFUSED).items()
    assert not {"s1", "eve"} & {kept, str(whose)}
    assert "id.example" not in kept


def test_who_is_connected_by_hand_is_let_in(app: App):
    signed_in(app)
    people.remove_person(app, ADMINISTRATOR, "eve")
    people.add_person(app, ADMINISTRATOR, "evelyn")
    identities.connect(app, ADMINISTRATOR, "evelyn", "s1")
    assert signed_in(app) == "evelyn"
    with app.database.reading() as tx:
        assert tx.facts(refused.REFUSED) == {}


@pytest.mark.parametrize("how", ["person", "account"])
def test_who_is_added_again_is_not_refused_as_removed(app: App, how: str):
    signed_in(app)
    people.remove_person(app, ADMINISTRATOR, "eve")
    if how == "person":
        people.add_person(app, ADMINISTRATOR, "eve")
    else:
        accounts.add_account(app, ADMINISTRATOR, "eve", "correct horse battery staple")
    with pytest.raises(NotAllowed, match="cannot be taken"):
        signed_in(app)  # the name is somebody's: that it is theirs, they show by signing in with it


def test_others_come_in_as_before(app: App):
    signed_in(app)
    people.remove_person(app, ADMINISTRATOR, "eve")
    with app.database.transaction() as tx:
        assert identities.person_of(app, tx, {"sub": "s2", "preferred_username": "bob"}) == "bob"
