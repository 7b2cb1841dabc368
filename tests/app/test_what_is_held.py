"""Under a legal hold, what somebody said and what is noted of them stays as it is; their access can end."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from firmground.accounts import Account, Identity, Link, Secrets, Session
from firmground.app.access import identities, people
from firmground.app.app import App
from firmground.app.asking import opinions
from firmground.app.asking.answers import ask
from firmground.app.corpus.documents import purge
from firmground.app.corpus.sync import sync
from firmground.app.personal import holds, retention
from firmground.errors import Refused
from firmground.settings import Settings
from firmground.testing.app import ADMINISTRATOR, Bench
from firmground.types import Actor

EVE = Actor(person="eve", groups=frozenset({"public", "everyone"}), via="http")
SETTINGS = {
    "answer": {"threshold": 0.001},
    "serve": {"url": "http://127.0.0.1:8420"},
    "oidc": {"issuer": "https://id.example", "client_id": "x"},
}


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    bench = Bench(tmp_path, settings=Settings.model_validate(SETTINGS))
    bench.source.contents["leave.md"] = b"# Leave\n\nEmployees may carry over five days.\n"
    return bench


@pytest.fixture
def app(bench: Bench) -> Iterator[App]:
    with bench.app() as app:
        sync(app, ADMINISTRATOR)
        with app.database.transaction() as tx:
            for name in ("eve", "bob"):
                tx.add_person(name)
                tx.save_account(Account(person=name, created_at=app.clock()), "hash")
            tx.save_identity(Identity(issuer="https://id.example", subject="s1", person="eve", seen_at=app.clock()))
        yield app


@pytest.fixture
def answer(app: App) -> str:
    made = ask(app, EVE, "How many days may be carried over?").id
    opinions.rate(app, EVE, made, "up", comment="Evidence")
    opinions.ask_person(app, EVE, made, "Look at this")
    holds.hold(app, ADMINISTRATOR, "eve", reason="Claim 7")
    return made


def said(app: App, answer: str) -> tuple[list[str], list[str]]:
    with app.database.reading() as tx:
        return [each.comment for each in tx.feedback(answer)], [each.note for each in tx.reviews([answer])]


def test_a_person_is_not_removed(app: App, answer: str):
    with pytest.raises(Refused, match="hold"):
        people.remove_person(app, ADMINISTRATOR, "eve")
    with app.database.reading() as tx:
        assert tx.has_person("eve")
        assert tx.identities("eve")


def test_an_identity_can_be_disconnected_and_the_record_keeps_which_it_was(app: App, answer: str):
    identities.disconnect(app, ADMINISTRATOR, "eve")
    with app.database.reading() as tx:
        [entry] = tx.entries(kinds=["account.unlinked"])
    assert entry.detail == {"issuer": "https://id.example", "held": ["s1"]}


def test_what_they_said_of_an_answer_is_neither_replaced_nor_withdrawn(app: App, answer: str):
    for change in (lambda: opinions.rate(app, EVE, answer, "down"), lambda: opinions.withdraw_rating(app, EVE, answer)):
        with pytest.raises(Refused, match="kept of you"):
            change()
    assert said(app, answer) == (["Evidence"], ["Look at this"])
    new = ask(app, EVE, "How many days?").id
    opinions.withdraw_rating(app, EVE, new)
    assert opinions.rate(app, EVE, new, "down").verdict == "down"


def test_what_they_said_stays_where_a_document_is_erased_until_the_hold_is_lifted(app: App, answer: str):
    with app.database.reading() as tx:
        [document] = tx.documents()
    purge(app, ADMINISTRATOR, document.id)
    with app.database.reading() as tx:
        kept = tx.trace(answer)
        assert kept is not None
        assert kept.erased
    assert said(app, answer) == (["Evidence"], ["Look at this"])
    holds.unhold(app, ADMINISTRATOR, "eve")
    assert said(app, answer) == ([""], [""])


def test_lifting_a_hold_leaves_what_rests_on_nothing_erased(app: App, answer: str):
    holds.unhold(app, ADMINISTRATOR, "eve")
    assert said(app, answer) == (["Evidence"], ["Look at this"])


def test_sessions_and_links_that_are_over_stay(bench: Bench, app: App, answer: str):
    now = app.clock()
    with app.database.transaction() as tx:
        for name in ("eve", "bob"):
            session = Session(id=name, person=name, created_at=now, seen_at=now, expires_at=now, changed_at=now)
            tx.save_session(session, Secrets(f"digest of {name}"))
            tx.save_link(name, Link(person=name, kind="reset", by="x", created_at=now, expires_at=now))
    bench.clock.now += timedelta(days=60)
    due = retention.due(app, ADMINISTRATOR).counts
    assert (due["sessions"], due["links"]) == (1, 1)
    swept = retention.sweep(app, ADMINISTRATOR, certain=True).counts
    assert (swept["sessions"], swept["links"]) == (1, 1)
    with app.database.reading() as tx:
        assert ([each.id for each in tx.sessions("eve")], len(tx.links("eve"))) == (["eve"], 1)
        assert (tx.sessions("bob"), tx.links("bob")) == ([], [])
