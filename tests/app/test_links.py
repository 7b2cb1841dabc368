"""Links by which people choose their password: good once, for one person, for a while."""

import sqlite3
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from threading import Barrier

import pytest

from firmground.app.access import accounts, links, people, sessions
from firmground.app.access.accounts import SignInFailed
from firmground.app.access.attempts import TooManyAttempts
from firmground.app.access.links import LinkIsOver
from firmground.app.access.passwords import Passwords
from firmground.app.access.seals import digest_of
from firmground.app.app import App
from firmground.app.recording import ledger
from firmground.errors import FirmgroundError, InvalidInput, NotAllowed, NotFound
from firmground.testing.app import ADMINISTRATOR, Bench
from firmground.types import Actor

SECRET = "correct horse battery"
CHOSEN = "chosen by nobody else"


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


@pytest.fixture
def app(bench: Bench) -> Generator[App]:
    """Ada is an owner, root an administrator, bob a user, and eve has no password yet."""
    with bench.app() as app:
        app.once("passwords", lambda: Passwords(time_cost=1, memory_kib=8, lanes=1))
        accounts.create_owner(app, "ada", SECRET)
        accounts.add_account(app, ADMINISTRATOR, "root", SECRET, role="admin")
        accounts.add_account(app, ADMINISTRATOR, "bob", SECRET)
        accounts.add_account(app, ADMINISTRATOR, "eve", None)
        yield app


def actor(app: App, person: str) -> Actor:
    with app.database.reading() as tx:
        return tx.actor(person, via="http")


def test_by_a_link_somebody_chooses_a_password_and_is_signed_in(app: App):
    link, secret = links.make(app, actor(app, "root"), "eve")
    assert (link.kind, link.by) == ("invite", "root")
    assert links.look(app, secret).person == "eve"
    session = links.use(app, secret, CHOSEN, address="10.0.0.9", browser="Firefox on Linux")
    assert sessions.present(app, digest_of(session)).actor.person == "eve"
    assert accounts.sign_in(app, "eve", CHOSEN)
    told = [(each.kind, each.subject, each.by) for each in ledger.entries(app, ADMINISTRATOR)][-2:]
    assert told == [("link.made", "eve", "root"), ("account.password_set", "eve", "eve")]


def test_a_link_is_good_once_and_ends_all_other_ways_in(app: App):
    before = accounts.sign_in(app, "bob", SECRET)
    link, secret = links.make(app, ADMINISTRATOR, "bob")
    assert link.kind == "reset"
    links.use(app, secret, CHOSEN)
    assert sessions.present(app, digest_of(before)) is None
    for again in (lambda: links.look(app, secret), lambda: links.use(app, secret, "yet another one")):
        with pytest.raises(LinkIsOver):
            again()
    with pytest.raises(SignInFailed):
        accounts.sign_in(app, "bob", SECRET)


def test_a_link_used_by_two_at_once_is_used_by_one(app: App, bench: Bench):
    _, secret = links.make(app, ADMINISTRATOR, "bob")
    chosen = [f"{CHOSEN} {n}" for n in range(6)]
    barrier = Barrier(len(chosen))
    with bench.app() as other:
        other.once("passwords", lambda: Passwords(time_cost=1, memory_kib=8, lanes=1))

        def use(n: int) -> str:
            barrier.wait()
            try:
                links.use((app, other)[n % 2], secret, chosen[n])
            except FirmgroundError as error:
                return type(error).__name__
            return "done"

        with ThreadPoolExecutor(len(chosen)) as threads:
            said = list(threads.map(use, range(len(chosen))))
    assert sorted(said) == ["LinkIsOver"] * 5 + ["done"]
    assert accounts.sign_in(app, "bob", chosen[said.index("done")])


def test_a_password_that_cannot_be_one_leaves_the_link_as_it_is(app: App):
    _, secret = links.make(app, ADMINISTRATOR, "bob")
    with pytest.raises(InvalidInput, match="fewer than 12 characters"):
        links.use(app, secret, "short")
    assert links.use(app, secret, CHOSEN)


@pytest.mark.parametrize(
    "happens",
    [
        lambda app, bench, secret: links.make(app, ADMINISTRATOR, "bob"),
        lambda app, bench, secret: setattr(bench.clock, "now", bench.clock.now + timedelta(hours=24)),
        lambda app, bench, secret: setattr(bench.clock, "now", bench.clock.now - timedelta(hours=2)),
        lambda app, bench, secret: links.use(app, secret, CHOSEN),
        lambda app, bench, secret: accounts.set_password(app, ADMINISTRATOR, "bob", CHOSEN),
        lambda app, bench, secret: accounts.change_password(app, "bob", SECRET, CHOSEN),
        lambda app, bench, secret: people.set_role(app, ADMINISTRATOR, "bob", "owner"),
        lambda app, bench, secret: people.remove_person(app, ADMINISTRATOR, "bob"),
        lambda app, bench, secret: people.set_role(app, ADMINISTRATOR, "root", "user"),
        lambda app, bench, secret: people.remove_person(app, ADMINISTRATOR, "root"),
    ],
    ids=["newer", "late", "clock", "used", "set", "changed", "role", "removed", "maker demoted", "maker removed"],
)
def test_a_link_is_over_when_what_it_was_made_for_is(app: App, bench: Bench, happens: Callable[[App, Bench, str], object]):
    _, secret = links.make(app, actor(app, "root"), "bob")
    assert links.look(app, secret).person == "bob"
    happens(app, bench, secret)
    for act in (lambda: links.look(app, secret), lambda: links.use(app, secret, "eve's own password")):
        with pytest.raises(LinkIsOver, match="this link is good no more, or never was: ask an administrator"):
            act()


def test_an_invitation_lasts_a_week(app: App, bench: Bench):
    _, secret = links.make(app, ADMINISTRATOR, "eve")
    bench.clock.now += timedelta(days=6, hours=23)
    assert links.look(app, secret).kind == "invite"
    bench.clock.now += timedelta(hours=1)
    with pytest.raises(LinkIsOver):
        links.look(app, secret)


@pytest.mark.parametrize(("by", "name"), [("root", "ada"), ("bob", "eve"), ("bob", "bob"), ("root", "root"), ("ada", "ada")])
def test_nobody_makes_a_link_to_become_who_may_more_or_to_keep_a_session_that_was_found(app: App, by: str, name: str):
    with pytest.raises(NotAllowed):
        links.make(app, actor(app, by), name)
    with app.database.reading() as tx:
        assert tx.links() == []


def test_there_are_links_for_who_has_an_account_alone(app: App):
    people.add_person(app, ADMINISTRATOR, "reports")
    for name in ("reports", "nobody"):
        with pytest.raises(NotFound, match="has no account"):
            links.make(app, ADMINISTRATOR, name)


@pytest.mark.parametrize("secret", ["", "x", "é" * 50, "\udcff", "x" * 100_000, "' or 1=1 --"])
def test_what_never_was_a_link_is_told_like_one_that_is_over(app: App, secret: str):
    with pytest.raises(LinkIsOver, match="good no more, or never was"):
        links.use(app, secret, CHOSEN)


def test_who_tries_many_links_must_wait_and_their_waiting_keeps_no_one_else_out(app: App):
    _, secret = links.make(app, ADMINISTRATOR, "bob")
    for n in range(60):
        with pytest.raises((LinkIsOver, TooManyAttempts)):
            links.look(app, f"guess {n}", address="10.0.0.9")
    with pytest.raises(TooManyAttempts):
        links.look(app, secret, address="10.0.0.9")
    assert links.look(app, secret, address="10.0.0.8")
    assert accounts.sign_in(app, "bob", SECRET, address="10.0.0.9")


def test_the_secret_of_a_link_is_not_stored(app: App, bench: Bench):
    _, secret = links.make(app, ADMINISTRATOR, "bob")
    rows = sqlite3.connect(bench.root / ".firmground" / "firmground.sqlite")
    kept = "\n".join(rows.iterdump())
    rows.close()
    assert digest_of(secret) in kept
    assert secret not in kept


def test_who_has_no_password_yet_cannot_sign_in_by_any(app: App):
    for password in ("", CHOSEN):
        with pytest.raises(SignInFailed, match="name or password is wrong"):
            accounts.sign_in(app, "eve", password)
    with pytest.raises(SignInFailed):
        accounts.change_password(app, "eve", "", CHOSEN)
    assert [each.password for each in accounts.accounts(app, ADMINISTRATOR)] == [True, True, False, True]
