"""Nobody becomes somebody else, or more than they are, by who is added under which name."""

from collections.abc import Callable, Generator
from pathlib import Path

import pytest

from firmground.app.access import accounts, keys, links, people
from firmground.app.access.names import EVALUATION
from firmground.app.access.passwords import Passwords
from firmground.app.access.seals import digest_of
from firmground.app.access.sessions import present
from firmground.app.access.system_user import system_user
from firmground.app.app import App
from firmground.errors import InvalidInput, NotAllowed
from firmground.personal import Hold
from firmground.rights import Role
from firmground.testing.app import ADMINISTRATOR, Bench
from firmground.types import Actor

SECRET = "correct horse battery"
OTHER = "another long password"


@pytest.fixture
def app(tmp_path: Path) -> Generator[App]:
    """Ada is an owner, root an administrator; olga is an owner and rita an administrator who cannot sign in yet."""
    with Bench(tmp_path).app() as app:
        app.once("passwords", lambda: Passwords(time_cost=1, memory_kib=8, lanes=1))
        accounts.create_owner(app, "ada", SECRET)
        accounts.add_account(app, ADMINISTRATOR, "root", OTHER, role="admin")
        accounts.add_account(app, ADMINISTRATOR, "bob", OTHER)
        people.add_person(app, ADMINISTRATOR, "olga", role="owner")
        people.add_person(app, ADMINISTRATOR, "rita", role="admin")
        yield app


def actor(app: App, person: str) -> Actor:
    with app.database.reading() as tx:
        return tx.actor(person, via="http")


def roles(app: App) -> dict[str, str]:
    return {each.name: each.role for each in people.directory(app, ADMINISTRATOR)}


def left_something(app: App, name: str) -> None:
    """As somebody does who was here, and asked."""
    with app.database.transaction() as tx:
        tx.save_hold(Hold(person=name, by="ada", at=app.clock(), reason="x"))


# ---------------------------------------------------------------- who is known already


def test_an_administrator_gives_no_owner_an_account(app: App):
    before = roles(app)
    said: list[tuple[str | None, Role | None]] = [(SECRET, None), (None, None), (SECRET, "admin"), (SECRET, "user")]
    for password, role in said:
        with pytest.raises(NotAllowed, match="root may not make an account for an owner: ask an owner"):
            accounts.add_account(app, actor(app, "root"), "olga", password, role=role)
    assert roles(app) == before
    assert "olga" not in {each.person for each in accounts.accounts(app, ADMINISTRATOR)}
    assert accounts.add_account(app, actor(app, "ada"), "olga", SECRET).password
    assert roles(app) == before


def test_a_role_that_comes_with_an_account_has_all_that_follows_from_a_role(app: App):
    _, secret = links.make(app, actor(app, "rita"), "bob")
    with pytest.raises(NotAllowed):
        accounts.add_account(app, actor(app, "root"), "rita", SECRET, role="owner")
    accounts.add_account(app, actor(app, "root"), "rita", SECRET, role="reviewer")
    assert roles(app)["rita"] == "reviewer"
    with pytest.raises(links.LinkIsOver):
        links.look(app, secret)


# ---------------------------------------------------------------- keys


ACTS: list[Callable[[App, Actor], object]] = [
    lambda app, by: accounts.add_account(app, by, "eve", SECRET, role="admin"),
    lambda app, by: accounts.add_account(app, by, "eve", None, role="owner"),
    lambda app, by: accounts.add_account(app, by, "rita", SECRET),
    lambda app, by: people.add_person(app, by, "eve", role="admin"),
    lambda app, by: people.set_role(app, by, "bob", "admin"),
    lambda app, by: people.set_role(app, by, "bob", "owner"),
    lambda app, by: accounts.set_password(app, by, "root", SECRET),
    lambda app, by: links.make(app, by, "root"),
]


@pytest.mark.parametrize("whose", ["ada", "rita"])
def test_whoever_finds_a_key_makes_no_administrator_and_opens_no_account_of_one(app: App, whose: str):
    scopes = ["people", "own"] if whose == "ada" else ["people"]
    _, secret = keys.add_key(app, ADMINISTRATOR, "k", person=whose, scopes=scopes)
    found = keys.bearer(app, digest_of(secret))
    assert found is not None
    before = roles(app), accounts.accounts(app, ADMINISTRATOR)
    for act in ACTS:
        with pytest.raises(NotAllowed):
            act(app, found.actor)
    assert (roles(app), accounts.accounts(app, ADMINISTRATOR)) == before
    accounts.add_account(app, found.actor, "zoe", SECRET)
    accounts.set_password(app, found.actor, "bob", SECRET)
    assert present(app, digest_of(accounts.sign_in(app, "bob", SECRET)))


# ---------------------------------------------------------------- names


ADD: list[Callable[[App, str], object]] = [
    lambda app, name: people.add_person(app, ADMINISTRATOR, name),
    lambda app, name: accounts.add_account(app, ADMINISTRATOR, name, SECRET),
    lambda app, name: accounts.add_account(app, ADMINISTRATOR, name, None, role="owner"),
]


OURS = [EVALUATION, "Firmground", "worker", "audit", "erased-0123456789abcdef", "ERASED-0123456789abcdef", ".", ".."]
UNSEEN = ["ada\u3164", "ada\uffa0", "a\u115fda", "ada\ufe0f", "ad\u034fa", "ada\u2800"]
ALIKE = ["\u0251da", "\u0430d\u0430", "b\u1d0fb", "\u0430\u0441\u0435", "o\u0131ga"]


@pytest.mark.parametrize("add", ADD)
def test_nobody_is_called_as_the_product_calls_itself_or_looks_like_somebody_who_is_here(
    app: App, add: Callable[[App, str], object]
):
    for name in ("oiga", "ace"):
        people.add_person(app, ADMINISTRATOR, name)
    before = roles(app)
    for name in (*OURS, *UNSEEN, *ALIKE):
        with pytest.raises(InvalidInput):
            add(app, name)
    assert roles(app) == before


def test_names_of_all_languages_are_names(app: App):
    names = ["\u0430\u0441\u0430", "\u015e\u0131k", "Z\u00f6e", "\u5c71\u7530", "o1ga", "\u0645\u0631\u064a\u0645"]
    for name in names:
        people.add_person(app, ADMINISTRATOR, name)
    assert roles(app).keys() >= set(names)


def test_a_group_has_a_name_that_one_can_see(app: App):
    for name in (".", "..", "board\u3164"):
        with pytest.raises(InvalidInput):
            people.add_group(app, ADMINISTRATOR, name)
    assert people.groups(app, ADMINISTRATOR) == {}


@pytest.mark.parametrize("add", ADD)
def test_nobody_inherits_the_answers_of_somebody_who_was_here(app: App, add: Callable[[App, str], object]):
    left_something(app, "cleo")
    with pytest.raises(InvalidInput, match="there are still answers of somebody who was called 'cleo'"):
        add(app, "cleo")
    assert "cleo" not in roles(app)
    with app.database.transaction() as tx:
        tx.drop_hold("cleo")
    add(app, "cleo")
    assert "cleo" in roles(app)


def test_the_first_owner_goes_on_with_what_they_asked_before_and_takes_nobody_elses_name(tmp_path: Path):
    with Bench(tmp_path).app() as app:
        app.once("passwords", lambda: Passwords(time_cost=1, memory_kib=8, lanes=1))
        for name in ("cleo", system_user()):
            left_something(app, name)
        with pytest.raises(InvalidInput, match="there are still answers"):
            accounts.create_owner(app, "cleo", SECRET)
        assert accounts.create_owner(app, system_user(), SECRET).person == system_user()


# ---------------------------------------------------------------- becoming an owner


def test_a_password_that_an_administrator_chose_does_not_make_an_owner_of_them(app: App):
    root = actor(app, "root")
    accounts.set_password(app, root, "bob", "chosen by root alone")
    people.set_role(app, actor(app, "ada"), "bob", "owner")
    with pytest.raises(accounts.SignInFailed):
        accounts.sign_in(app, "bob", "chosen by root alone")
    with app.database.reading() as tx:
        assert tx.entries(kinds={"person.changed"})[-1].detail["password"] == "forgotten"
    _, secret = links.make(app, actor(app, "ada"), "bob")
    assert links.use(app, secret, "chosen by bob himself")


def test_an_owner_who_is_made_keeps_the_password_they_chose(app: App):
    accounts.change_password(app, "bob", OTHER, "chosen by bob himself")
    people.set_role(app, actor(app, "ada"), "bob", "owner")
    assert accounts.sign_in(app, "bob", "chosen by bob himself")
