"""Nobody asks by the web before they agreed to what the team asks of everybody."""

from collections.abc import Generator
from datetime import timedelta
from pathlib import Path

import pytest

from firmground.accounts import Account
from firmground.app.access import people
from firmground.app.app import App
from firmground.app.asking.answers import ask, new_id
from firmground.app.asking.search import search
from firmground.app.corpus.sync import sync
from firmground.app.personal import consent
from firmground.app.personal.consent import ConsentNeeded
from firmground.errors import FirmgroundError, InvalidSettings, Refused
from firmground.settings import Settings
from firmground.testing.app import ADMINISTRATOR, Bench, make_live
from firmground.types import Actor

SETTINGS = {"consent": {"text_file": "consent.md"}, "answer": {"threshold": 0.001}}
ADA = Actor(person="ada", groups=frozenset({"public", "everyone"}), via="http")


@pytest.fixture
def app(tmp_path: Path) -> Generator[App]:
    (tmp_path / "consent.md").write_text("# Before you ask\n\nYour questions are kept.\n")
    bench = Bench(tmp_path, settings=Settings.model_validate(SETTINGS))
    bench.source.contents["leave.md"] = b"# Leave\n\nEmployees may carry over five days.\n"
    with bench.app() as app:
        sync(app, ADMINISTRATOR)
        with_owner(app)
        people.add_person(app, ADMINISTRATOR, "ada")
        make_live(app)
        yield app


def with_owner(app: App) -> None:
    with app.database.transaction() as tx:
        tx.add_person("olga", role="owner")
        tx.save_account(Account(person="olga", created_at=app.clock()), "hash")


def version(app: App) -> str:
    wanted = consent.text(app)
    assert wanted is not None
    return wanted.version


def test_nothing_is_answered_before_and_it_is_afterwards(app: App):
    for use in (lambda: ask(app, ADA, "How many days?"), lambda: new_id(app, ADA), lambda: search(app, ADA, "How many days?")):
        with pytest.raises(ConsentNeeded, match="GET /api/v1/me/consent"):
            use()
    with app.database.reading() as tx:
        assert tx.trace_ids(limit=1) == []
    given = consent.give(app, ADA, version(app))
    assert consent.give(app, ADA, version(app)) == given, "twice changes nothing"
    assert ask(app, ADA, "How many days?").question == "How many days?"
    assert search(app, ADA, "How many days?").passages


def test_a_changed_text_asks_anew_and_the_history_stays(app: App):
    consent.give(app, ADA, version(app))
    file = app.workspace.root / "consent.md"
    file.write_bytes(b"\xef\xbb\xbf# Before you ask\r\n\r\nYour questions are kept.\r\n\r\n")
    assert consent.needed(app, ADA) is None, "how lines end is no change"
    file.write_text("Your questions are kept for a year.")
    wanted = consent.needed(app, ADA)
    assert wanted is not None
    assert wanted.text == "Your questions are kept for a year."
    with pytest.raises(Refused, match="changed since you read it"):
        consent.give(app, ADA, "0123456789abcdef")
    consent.give(app, ADA, wanted.version)
    assert len({each.version for each in consent.given_by(app, ADA)}) == 2


def test_what_is_taken_back_is_asked_for_again(app: App):
    assert consent.withdraw(app, ADA) is False
    consent.give(app, ADA, version(app))
    assert consent.withdraw(app, ADA) is True
    with pytest.raises(ConsentNeeded):
        ask(app, ADA, "How many days?")
    consent.give(app, ADA, version(app))
    first, second = consent.given_by(app, ADA)
    assert first.withdrawn_at is not None
    assert timedelta() < first.withdrawn_at - first.at <= second.at - first.at
    assert second.withdrawn_at is None


def test_somebody_of_the_same_name_later_has_agreed_to_nothing(app: App):
    consent.give(app, ADA, version(app))
    people.remove_person(app, ADMINISTRATOR, "ada")
    with pytest.raises(FirmgroundError):
        consent.give(app, ADA, version(app))
    people.add_person(app, ADMINISTRATOR, "ada")
    assert consent.needed(app, ADA) is not None


@pytest.mark.parametrize(
    "actor",
    [
        ADA.model_copy(update={"via": "cli"}),
        ADA.model_copy(update={"via": "job"}),
        Actor(person="widget:intranet/0f", groups=frozenset({"public"}), via="http"),
    ],
)
def test_who_is_on_the_machine_or_unknown_is_not_asked(app: App, actor: Actor):
    assert consent.needed(app, actor) is None
    consent.check(app, actor)


def test_without_accounts_nobody_is_asked(tmp_path: Path):
    (tmp_path / "consent.md").write_text("Yes?")
    with Bench(tmp_path, settings=Settings.model_validate({"consent": {"text_file": "consent.md"}})).app() as app:
        assert consent.needed(app, ADA) is None


def test_with_no_text_to_agree_to_there_is_nothing_to_agree_to(tmp_path: Path):
    with Bench(tmp_path).app() as app:
        with_owner(app)
        assert consent.needed(app, ADA) is None
        with pytest.raises(Refused, match="nothing to agree to"):
            consent.give(app, ADA, "x")


@pytest.mark.parametrize("content", [None, b"", b" \n", b"\xff\xfe", b"x" * 300_000])
def test_a_text_that_cannot_be_read_stops_questions_not_the_asking_for_consent(app: App, content: bytes | None):
    consent.give(app, ADA, version(app))
    file = app.workspace.root / "consent.md"
    file.unlink()
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(InvalidSettings, match="mend text_file under") as told:
        ask(app, ADA, "How many days?")
    assert "\n" not in str(told.value)
