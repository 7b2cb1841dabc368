"""What is kept of a person goes when they or an owner want it, all of it or nothing, and stays where it must."""

import json
import zipfile
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from firmground.accounts import Account
from firmground.app.access import accounts, keys, people
from firmground.app.app import App
from firmground.app.asking import kept, opinions
from firmground.app.asking.answers import ask
from firmground.app.corpus.sync import sync
from firmground.app.personal import erasing, holds, personal_data
from firmground.app.personal.pseudonyms import erased_at, pseudonym
from firmground.app.recording.ledger import verify
from firmground.errors import InvalidInput, NotAllowed, NotFound, Refused
from firmground.personal import Consent
from firmground.settings import Settings
from firmground.store import tables
from firmground.testing.app import ADMINISTRATOR, Bench, make_live
from firmground.types import Actor

GROUPS = frozenset({"public", "everyone"})
ADA = Actor(person="ada", groups=GROUPS, via="http")
BOB = Actor(person="bob", groups=GROUPS, via="http")
OLGA = Actor(person="olga", groups=GROUPS, via="http", role="owner")
ADMIN = Actor(person="otto", groups=GROUPS, via="http", role="admin")


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    bench = Bench(tmp_path, settings=Settings.model_validate({"answer": {"threshold": 0.001}}))
    bench.source.contents["leave.md"] = b"# Leave\n\nEmployees may carry over five days.\n"
    bench.source.contents["travel.md"] = b"# Travel\n\nTrain tickets in second class are refunded.\n"
    return bench


@pytest.fixture
def app(bench: Bench) -> Generator[App]:
    with bench.app() as app:
        sync(app, ADMINISTRATOR)
        with app.database.transaction() as tx:
            for name, role in (("olga", "owner"), ("ada", "user"), ("bob", "user"), ("otto", "admin")):
                tx.add_person(name, role=role)
                tx.save_account(Account(person=name, created_at=app.clock()), "hash")
        make_live(app)
        yield app


def busy(app: App) -> str:
    """Ada asks, says what she thinks, is signed in, has a key and agreed to something; her first answer."""
    mine = ask(app, ADA, "How many days may Adalovelace carry over?").id
    theirs = ask(app, BOB, "Are train tickets refunded?").id
    ask(app, ADA, "And in second class, says Adalovelace?", conversation=mine)
    opinions.rate(app, ADA, mine, "up", comment="Adalovelace likes it")
    opinions.share(app, BOB, theirs)
    opinions.rate(app, ADA, theirs, "down", comment="Adalovelace does not")
    opinions.ask_person(app, ADA, theirs, "Adalovelace asks you")
    opinions.share(app, ADA, mine)
    opinions.rate(app, BOB, mine, "up")
    with app.database.transaction() as tx:
        accounts.begin_session(app, tx, "ada", address="192.0.2.7", browser="Lynx")
        tx.add_member("hr", "ada")
        tx.save_consent(Consent(person="ada", version="v1", at=app.clock()))
    keys.add_key(app, ADMINISTRATOR, "adas", person="ada")
    return mine


def words_left(app: App) -> list[str]:
    """Tables that still hold what only Ada said, or her name."""
    left: list[str] = []
    lines: list[bytes] = []
    with app.database.reading() as tx:
        tx.dump(lines.append)
    table = ""
    for line in b"".join(lines).splitlines():
        told: Any = json.loads(line)
        if isinstance(told, dict):
            table = str(told.get("table", table))
        elif "adalovelace" in line.decode().casefold() or any(each == "ada" for each in told):
            left.append(table)
    return left


# ---------------------------------------------------------------- what is known of tables


def test_of_every_table_it_is_said_what_it_has_to_do_with_people():
    assert personal_data.TABLES.keys() == tables.metadata.tables.keys()


def test_a_table_that_names_people_is_nobodys_by_no_accident():
    naming = {name for name, table in tables.metadata.tables.items() if {"person", "asker", "owner"} & {*table.c.keys()}}
    assert [name for name in naming if personal_data.TABLES[name].fate == "nobody's"] == []
    told = {each.file for each in personal_data.TABLES.values() if each.file}
    assert told <= personal_data.FILES.keys()


# ---------------------------------------------------------------- erasing


def test_everything_that_is_kept_of_a_person_goes_and_nothing_of_others(app: App):
    mine = busy(app)
    made = erasing.erase(app, OLGA, "ada", reason="They asked for it in writing")
    assert made.counts == {
        "answers": 2,
        "feedback": 2,
        "reviews": 1,
        "shares": 1,
        "sessions": 1,
        "keys": 1,
        "identities": 0,
        "links": 0,
        "consents": 1,
        "memberships": 1,
    }
    assert set(words_left(app)) <= {"ledger"}
    with pytest.raises(NotFound):
        kept.show(app, ADMINISTRATOR, mine)
    assert len(kept.listed(app, BOB, own=True)) == 1
    with app.database.reading() as tx:
        assert not tx.has_person("ada")
        assert tx.account("bob") is not None


def test_the_record_tells_that_it_was_done_and_no_name(app: App):
    busy(app)
    made = erasing.erase(app, OLGA, "ada", reason="They asked for it")
    with app.database.reading() as tx:
        entry = tx.last_entry()
        assert erased_at(tx, "ada") != ""
        assert erased_at(tx, "bob") == ""
    assert entry is not None
    assert (entry.kind, entry.subject, entry.by) == ("person.erased", made.alias, "olga")
    assert '"ada"' not in entry.model_dump_json()
    assert entry.detail["reason"] == "They asked for it"
    assert verify(app, ADMINISTRATOR).whole


def test_whoever_erases_themselves_is_in_the_record_by_pseudonym(app: App):
    busy(app)
    made = erasing.erase(app, ADA, "ada")
    with app.database.reading() as tx:
        entry = tx.last_entry()
    assert entry is not None
    assert (entry.subject, entry.by) == (made.alias, made.alias)
    assert set(words_left(app)) <= {"ledger"}


def test_others_are_erased_by_owners_alone_and_with_a_reason(app: App):
    for actor in (BOB, ADMIN):
        with pytest.raises(NotAllowed):
            erasing.erase(app, actor, "ada", reason="x")
    for reason in ("", "  ", "x" * 501, "Ada wants it so"):
        with pytest.raises(InvalidInput):
            erasing.erase(app, OLGA, "ada", reason=reason)
    for name in ("nobody", "", "evaluation/golden cases"):
        with pytest.raises((NotFound, InvalidInput)):
            erasing.erase(app, OLGA, name, reason="It is time")


def test_the_last_owner_stays(app: App):
    with pytest.raises(Refused, match="last owner"):
        erasing.erase(app, OLGA, "olga")
    with app.database.reading() as tx:
        assert tx.account("olga") is not None


def test_somebody_who_was_removed_before_can_be_erased_still(app: App):
    mine = busy(app)
    people.remove_person(app, ADMINISTRATOR, "ada")
    assert kept.show(app, ADMINISTRATOR, mine).person == "ada"
    assert erasing.erase(app, OLGA, "ada", reason="They left").counts["answers"] == 2
    assert set(words_left(app)) <= {"ledger"}


def test_an_answer_that_was_being_made_meanwhile_is_not_kept(app: App):
    class Erasing:
        """Erases whoever asks in the middle of their answer."""

        done = False

        def __call__(self, event: object) -> None:
            if not self.done:
                self.done = True
                erasing.erase(app, OLGA, "ada", reason="In the middle")

    heard = Erasing()
    with pytest.raises(NotAllowed, match="erased while"):
        ask(app, ADA, "How many days may be carried over?", listen=heard)
    assert heard.done
    assert set(words_left(app)) <= {"ledger"}


def test_jobs_know_no_name_afterwards_even_if_whoever_erased_was_killed(bench: Bench, app: App, monkeypatch: pytest.MonkeyPatch):
    app.jobs.submit("evaluate", {"by": "ada"})

    def killed(app: App) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(erasing, "finish", killed)
        with pytest.raises(KeyboardInterrupt):
            erasing.erase(app, OLGA, "ada", reason="Killed")
    with bench.app() as again:
        erasing.finish(again)
        with again.database.reading() as tx:
            alias = pseudonym(tx, "ada")
            assert tx.facts("erasing") == {}
        again.jobs.work({"evaluate": lambda _, inputs: inputs}, until=lambda: not again.jobs.unfinished("evaluate"))
        assert again.jobs.recent()[0].result == {"by": alias}


def test_what_was_remembered_to_be_given_again_is_forgotten_by_every_process(bench: Bench, app: App):
    question = "How many days may be carried over?"
    with bench.app() as other:
        ask(other, ADA, question)
        assert len(other.cache) == 1
        erasing.erase(app, OLGA, "ada", reason="Gone")
        again = ask(other, BOB, question)
        with other.database.reading() as tx:
            trace = tx.trace(again.id)
        assert trace is not None
        assert trace.cached_from == ""
        assert len(other.cache) == 1


# ---------------------------------------------------------------- answers alone


def test_a_person_deletes_one_answer_of_theirs_and_what_was_said_of_it(app: App):
    first = ask(app, ADA, "How many days may be carried over?").id
    second = ask(app, ADA, "And tickets?", conversation=first).id
    opinions.share(app, ADA, first)
    opinions.rate(app, BOB, first, "up")
    erasing.delete_answer(app, ADA, first)
    with pytest.raises(NotFound):
        kept.show(app, ADA, first)
    with app.database.reading() as tx:
        assert (tx.feedback(first), tx.shared(first)) == ([], False)
        later = tx.trace(second)
    assert later is not None
    assert later.asked == later.answer.question
    third = ask(app, ADA, "And who refunds?", conversation=first)
    assert third.conversation == first, "the conversation goes on from what is left of it"


def test_nobody_deletes_an_answer_of_somebody_else(app: App):
    mine = ask(app, ADA, "How many days?").id
    for actor in (BOB, OLGA):
        with pytest.raises(NotFound):
            erasing.delete_answer(app, actor, mine)
    for id in ("", "nothing", mine[:8], mine + "x", "\0"):
        with pytest.raises(NotFound):
            erasing.delete_answer(app, ADA, id)
    assert kept.show(app, ADA, mine).answer.id == mine


def test_all_questions_of_a_person_go_and_they_stay(app: App):
    busy(app)
    assert erasing.delete_answers(app, ADA) == 2
    assert erasing.delete_answers(app, ADA) == 0
    with app.database.reading() as tx:
        assert tx.account("ada") is not None
        assert len(tx.sessions("ada")) == 1
        assert tx.said_by("ada") == ([], [], [])
    assert kept.listed(app, ADA, own=True) == []
    assert ask(app, ADA, "How many days?").status in {"answered", "weak"}


# ---------------------------------------------------------------- holds


def test_under_a_hold_nothing_goes_and_the_person_is_not_told_why(app: App):
    mine = busy(app)
    holds.hold(app, OLGA, "ada", reason="Claim 7 of the works council")
    for attempt in (
        lambda: erasing.erase(app, ADA, "ada"),
        lambda: erasing.delete_answers(app, ADA),
        lambda: erasing.delete_answer(app, ADA, mine),
    ):
        with pytest.raises(Refused, match="must be kept") as told:
            attempt()
        assert "Claim" not in str(told.value)
    with pytest.raises(Refused, match="under a legal hold"):
        erasing.erase(app, OLGA, "ada", reason="They asked")
    assert holds.is_held(app, ADA)
    assert not holds.is_held(app, BOB)
    holds.unhold(app, OLGA, "ada", reason="Settled")
    assert erasing.erase(app, OLGA, "ada", reason="They asked").counts["answers"] == 2
    with app.database.reading() as tx:
        kinds = [entry.kind for entry in tx.entries()][-3:]
    assert kinds == ["person.held", "person.unheld", "person.erased"]


def test_holds_are_for_owners_and_for_people_of_whom_something_is_kept(app: App):
    for actor in (ADA, ADMIN):
        for use in (
            lambda actor=actor: holds.hold(app, actor, "bob", reason="x"),
            lambda actor=actor: holds.unhold(app, actor, "bob"),
            lambda actor=actor: holds.holds(app, actor),
        ):
            with pytest.raises(NotAllowed):
                use()
    with pytest.raises(NotFound):
        holds.hold(app, OLGA, "nobody", reason="x")
    with pytest.raises(NotFound):
        holds.unhold(app, OLGA, "bob")
    with pytest.raises(InvalidInput):
        holds.hold(app, OLGA, "bob", reason=" \n")


# ---------------------------------------------------------------- exports


def exported(app: App, actor: Actor, name: str) -> dict[str, Any]:
    return json.loads("".join(personal_data.export_json(app, actor, name)))


def test_an_export_holds_everything_and_no_secret(app: App):
    busy(app)
    told = exported(app, ADA, "ada")
    assert told.keys() == personal_data.FILES.keys()
    assert told["person"] == [
        {
            "name": "ada",
            "known": True,
            "role": "user",
            "groups": ["hr"],
            "account": {"password": True, "since": told["person"][0]["account"]["since"]},
            "contact": {"address": "", "mail": "at_once", "issuer": "", "language": "", "waiting": "", "asked": []},
        }
    ]
    assert [len(told[name]) for name in ("answers", "feedback", "reviews", "shares", "sessions", "keys", "consents")] == [
        2,
        2,
        1,
        1,
        1,
        1,
        1,
    ]
    assert {entry["kind"] for entry in told["ledger"]} == {"key.added"}
    assert [entry["by"] for entry in told["ledger"]] == [None]
    assert "hash" not in json.dumps(told["person"])
    assert "digest" not in told["sessions"][0]
    assert "digest" not in told["keys"][0]


@pytest.mark.parametrize("name", ["hr", "adas", "1"])
def test_who_is_called_like_a_group_a_key_or_a_release_is_not_told_about_those(app: App, name: str):
    busy(app)
    people.add_group(app, ADMINISTRATOR, "hr2", members=["ada"])
    people.add_person(app, ADMINISTRATOR, name, groups=["hr2"])
    people.set_role(app, ADMINISTRATOR, name, "reviewer")
    told = exported(app, Actor(person=name, groups=GROUPS, via="http"), name)["ledger"]
    assert [(each["kind"], each["subject"]) for each in told] == [
        ("person.added", name),
        ("group.joined", "hr2"),
        ("person.changed", name),
    ]


def test_who_is_called_like_a_user_of_the_system_is_not_told_what_was_done_on_the_command_line(app: App):
    people.add_person(app, ADMINISTRATOR, "whistle", groups=["secret-project"])
    people.add_person(app, ADMINISTRATOR, ADMINISTRATOR.person)
    told = exported(app, ADMINISTRATOR.model_copy(update={"via": "http"}), ADMINISTRATOR.person)["ledger"]
    assert [each["subject"] for each in told] == [ADMINISTRATOR.person]


def test_an_export_says_what_a_person_may_see_now(app: App):
    ask(app, ADA, "How many days may be carried over?")
    assert "five days" in json.dumps(exported(app, ADA, "ada")["answers"])
    with app.database.transaction() as tx:
        document = tx.find_document("docs/leave.md")
        tx.save_document(document.model_copy(update={"groups": ("hr",)}))
    for told in (exported(app, ADA, "ada"), exported(app, OLGA, "ada")):
        assert len(told["answers"]) == 1
        assert "five days" not in json.dumps(told)


def test_a_person_is_told_that_there_is_a_hold_and_an_owner_why(app: App):
    holds.hold(app, OLGA, "ada", reason="Claim 7")
    assert [*exported(app, ADA, "ada")["holds"][0]] == ["since"]
    assert exported(app, OLGA, "ada")["holds"][0]["reason"] == "Claim 7"
    assert "Claim 7" not in json.dumps(exported(app, ADA, "ada"))


def test_others_are_exported_by_owners_alone(app: App):
    for actor in (BOB, ADMIN):
        with pytest.raises(NotAllowed):
            personal_data.export_json(app, actor, "ada")
    with pytest.raises(NotFound):
        personal_data.export_json(app, OLGA, "nobody")


def test_an_export_is_a_new_file_for_its_owner_alone(app: App, tmp_path: Path):
    busy(app)
    path = personal_data.export_file(app, OLGA, "ada", tmp_path / "ada.zip")
    assert path.stat().st_mode & 0o777 == 0o600
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        assert {*archive.namelist()} == {"README.txt", *(f"{file}.json" for file in personal_data.FILES)}
        assert len(json.loads(archive.read("answers.json"))) == 2
        assert "answers.json: your questions" in archive.read("README.txt").decode()
    with pytest.raises(Refused, match="exists already"):
        personal_data.export_file(app, OLGA, "ada", path)
    assert [each.name for each in tmp_path.glob(".*.part")] == []


def test_an_export_that_fails_leaves_nothing(app: App, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(personal_data, "export_zip", fail)
    with pytest.raises(Exception, match="free some space"):
        personal_data.export_file(app, OLGA, "ada", tmp_path / "ada.zip")
    assert [*tmp_path.glob("*ada*")] == []
