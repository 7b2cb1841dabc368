"""A backup that is restored brings back nobody who was erased, no question that was deleted, no right that was taken."""

import json
from pathlib import Path

import pytest

from firmground.accounts import Account
from firmground.app.access import people
from firmground.app.app import App
from firmground.app.asking.answers import ask
from firmground.app.corpus.sync import sync
from firmground.app.keeping import backup, restore
from firmground.app.personal import erasing, holds
from firmground.app.personal.pseudonyms import pseudonym
from firmground.personal import Consent
from firmground.settings import Settings
from firmground.testing.app import ADMINISTRATOR, Bench, make_live
from firmground.types import Actor

GROUPS = frozenset({"public", "everyone"})
ADA = Actor(person="ada", groups=GROUPS, via="http")
BOB = Actor(person="bob", groups=GROUPS, via="http")


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "firmground.toml").write_text("")
    bench = Bench(tmp_path / "shop", settings=Settings.model_validate({"answer": {"threshold": 0.001}}))
    bench.source.contents["leave.md"] = b"# Leave\n\nEmployees may carry over five days.\n"
    with bench.app() as app:
        sync(app, ADMINISTRATOR)
        with app.database.transaction() as tx:
            for name in ("olga", "ada", "bob"):
                tx.add_person(name, role="owner" if name == "olga" else "user")
                tx.save_account(Account(person=name, created_at=app.clock()), "hash")
        make_live(app)
    return bench


def backed_up(bench: Bench, app: App) -> Path:
    file = bench.root.parent / "shop.zip"
    backup.backup(app, ADMINISTRATOR, file)
    return file


def restored(bench: Bench, file: Path) -> None:
    with bench.app() as app:
        restore.restore(app, ADMINISTRATOR, file)


def test_whoever_was_erased_since_stays_erased_and_has_the_same_pseudonym(bench: Bench):
    with bench.app() as app:
        ask(app, ADA, "How many days may be carried over, asks Adalovelace?")
        theirs = ask(app, BOB, "How many days?").id
        file = backed_up(bench, app)
        made = erasing.erase(app, ADMINISTRATOR, "ada", reason="They asked for it")
    restored(bench, file)
    with bench.app() as app:
        lines: list[bytes] = []
        with app.database.reading() as tx:
            assert not tx.has_person("ada")
            assert tx.trace_ids(limit=9) == [theirs]
            assert pseudonym(tx, "ada") == made.alias
            tx.dump(lines.append)
            [again] = [entry for entry in tx.entries(kinds=["person.erased"]) if entry.detail.get("restored")]
        assert again.subject == made.alias
        assert not any("Adalovelace" in line.decode() for line in lines)
        assert not any("ada" in row for line in b"".join(lines).splitlines() if isinstance(row := json.loads(line), list))


def test_whoever_was_made_known_again_since_has_nothing_of_before(bench: Bench):
    with bench.app() as app:
        ask(app, ADA, "How many days?")
        file = backed_up(bench, app)
        erasing.erase(app, ADMINISTRATOR, "ada", reason="They asked for it")
        people.add_person(app, ADMINISTRATOR, "ada")
    restored(bench, file)
    with bench.app() as app, app.database.reading() as tx:
        assert tx.trace_ids(person="ada", limit=9) == []


def test_questions_that_were_deleted_since_stay_deleted(bench: Bench):
    with bench.app() as app:
        first, kept = ask(app, ADA, "How many days?").id, ask(app, ADA, "How many days may be carried over?").id
        ask(app, BOB, "How many days?")
        file = backed_up(bench, app)
        erasing.delete_answer(app, ADA, first)
        erasing.delete_answers(app, BOB)
        ask(app, BOB, "How many days, again?")
    restored(bench, file)
    with bench.app() as app, app.database.reading() as tx:
        assert tx.trace_ids(limit=9) == [kept]
        assert tx.has_person("bob")


def test_a_role_that_was_lowered_since_stays_low_and_one_that_was_raised_is_not_given(bench: Bench):
    with bench.app() as app:
        people.set_role(app, ADMINISTRATOR, "ada", "admin")
        file = backed_up(bench, app)
        people.set_role(app, ADMINISTRATOR, "ada", "auditor")
        people.set_role(app, ADMINISTRATOR, "bob", "admin")
    restored(bench, file)
    with bench.app() as app, app.database.reading() as tx:
        assert (tx.actor("ada").role, tx.actor("bob").role) == ("auditor", "user")
        [again] = [entry for entry in tx.entries(kinds=["person.changed"]) if entry.detail.get("restored")]
        assert (again.subject, again.detail["before"]) == ("ada", "admin")


def test_holds_are_those_of_now(bench: Bench):
    with bench.app() as app:
        holds.hold(app, ADMINISTRATOR, "ada", reason="Claim 7")
        file = backed_up(bench, app)
        holds.unhold(app, ADMINISTRATOR, "ada")
        holds.hold(app, ADMINISTRATOR, "bob", reason="Claim 8")
    restored(bench, file)
    with bench.app() as app:
        assert [each.person for each in holds.holds(app, ADMINISTRATOR)] == ["bob"]


def test_what_was_taken_back_since_is_not_agreed_to(bench: Bench):
    with bench.app() as app:
        given = Consent(person="ada", version="v1", at=app.clock())
        with app.database.transaction() as tx:
            tx.save_consent(given)
        file = backed_up(bench, app)
        withdrawn = given.model_copy(update={"withdrawn_at": app.clock()})
        with app.database.transaction() as tx:
            tx.save_consent(withdrawn)
    restored(bench, file)
    with bench.app() as app, app.database.reading() as tx:
        assert tx.consents("ada") == [withdrawn]
