"""A drill finds what a restore would not bring back, and leaves nothing but its record."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from firmground.app.access import accounts
from firmground.app.asking.answers import ask
from firmground.app.corpus.sync import sync
from firmground.app.keeping import backup
from firmground.app.keeping.drill import NAME, drill
from firmground.app.launching import releases
from firmground.app.launching.exercises import kept
from firmground.app.recording import ledger
from firmground.errors import InvalidInput, NotFound
from firmground.store.database import SqlDatabase
from firmground.testing.app import ADMINISTRATOR, COLLEAGUE, Bench

QUESTION = "Where does the cat sleep?"


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    (tmp_path / "shop").mkdir()
    made = Bench(tmp_path / "shop")
    (made.root / "firmground.toml").write_text("")
    made.source.contents["cat.md"] = b"# The cat\n\nThe cat sleeps on the red mat beside the stove.\n"
    with made.app() as app:
        sync(app, ADMINISTRATOR)
        ask(app, ADMINISTRATOR, QUESTION)
        backup.backup(app, ADMINISTRATOR, tmp_path / "b.zip")
    return made


def test_a_good_backup_passes_and_is_recorded(bench: Bench, tmp_path: Path):
    with bench.app() as app:
        done = drill(app, ADMINISTRATOR, tmp_path / "b.zip")
        assert (done.exercise.passed, done.exercise.findings) == (True, ())
        assert done.exercise.tried == 5, "four looks, and the recorded question"
        assert set(done.seconds) == {"verify", "load", "index", "examine", "ask"}
        assert done.age_hours > 0
        with app.database.reading() as tx:
            assert kept(tx, "any release")[NAME] == done.exercise
        last = ledger.entries(app, ADMINISTRATOR, newest_first=True)[0]
        assert (last.kind, last.detail["passed"]) == ("drill.done", True)
    assert not list((bench.root / ".firmground").glob("scratch-*"))


@pytest.mark.parametrize("change", [lambda good: good[:-1], lambda good: good[:100], lambda good: good[:900] + b"x" + good[901:]])
def test_a_backup_that_is_damaged_fails_and_that_is_recorded(bench: Bench, tmp_path: Path, change: Callable[[bytes], bytes]):
    (tmp_path / "bad.zip").write_bytes(change((tmp_path / "b.zip").read_bytes()))
    with bench.app() as app:
        done = drill(app, ADMINISTRATOR, tmp_path / "bad.zip")
        assert not done.exercise.passed
        assert "bad.zip" in done.exercise.findings[0]
        with app.database.reading() as tx:
            assert not kept(tx, "")[NAME].passed


@pytest.mark.parametrize(
    ("name", "content", "error"),
    [
        ("none.zip", None, NotFound),
        ("letter.txt", b"Dear all,\n" * 50, InvalidInput),
        ("folder", b"", InvalidInput),
    ],
)
def test_what_is_no_backup_at_all_is_no_drill(
    bench: Bench, tmp_path: Path, name: str, content: bytes | None, error: type[Exception]
):
    if content:
        (tmp_path / name).write_bytes(content)
    elif content is not None:
        (tmp_path / name).mkdir()
    with bench.app() as app:
        drill(app, ADMINISTRATOR, tmp_path / "b.zip")
        end = ledger.entries(app, ADMINISTRATOR, newest_first=True)[0]
        with pytest.raises(error):
            drill(app, ADMINISTRATOR, tmp_path / name)
        assert ledger.entries(app, ADMINISTRATOR, newest_first=True)[0] == end
        with app.database.reading() as tx:
            assert kept(tx, "")[NAME].passed


def test_what_others_asked_before_anything_was_live_is_asked_again_as_them(bench: Bench, tmp_path: Path):
    with bench.app() as app:
        ask(app, COLLEAGUE, QUESTION)
        accounts.create_owner(app, "ada", "correct horse battery")
        backup.backup(app, ADMINISTRATOR, tmp_path / "owned.zip")
        done = drill(app, ADMINISTRATOR, tmp_path / "owned.zip")
    assert done.exercise.findings == ()
    assert done.exercise.tried == 6, "four looks, and two recorded questions"


def test_questions_are_asked_again_of_the_release_that_answered_them(bench: Bench, tmp_path: Path):
    with bench.app() as app:
        releases.create(app, ADMINISTRATOR)
        backup.backup(app, ADMINISTRATOR, tmp_path / "released.zip")
    settings = bench.settings.model_copy(
        update={"retrieval": bench.settings.retrieval.model_copy(update={"dense_weight": 0.125})}
    )
    changed = replace(bench, settings=settings)
    with changed.app() as app:
        assert drill(app, ADMINISTRATOR, tmp_path / "released.zip").exercise.tried == 5, "the workspace answers otherwise by now"


def test_an_answer_that_is_another_than_the_recorded_one_is_found(bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    load = SqlDatabase.load

    def forgetful(self: SqlDatabase, lines, *, aside: str) -> None:
        load(self, [line.replace(b"red mat", b"big mat") if b"answer" not in line else line for line in lines], aside=aside)

    monkeypatch.setattr(SqlDatabase, "load", forgetful)
    with bench.app() as app:
        done = drill(app, ADMINISTRATOR, tmp_path / "b.zip")
    assert [each.partition(": ")[2] for each in done.exercise.findings] == ["its answer is not the one that is recorded"]


def test_rows_and_entries_that_are_missing_are_found(bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    load = SqlDatabase.load

    def losing(self: SqlDatabase, lines, *, aside: str) -> None:
        kept_lines = list(lines)
        at = next(n for n, line in enumerate(kept_lines) if line.startswith(b'{"table":"ledger"'))
        rows = next(n for n in range(at + 1, len(kept_lines)) if kept_lines[n].startswith(b"{")) - at - 1
        total = int(kept_lines[-1].removeprefix(b'{"end":').rstrip(b"}\n")) - rows
        load(self, [*kept_lines[: at + 1], *kept_lines[at + 1 + rows : -1], b'{"end":%d}\n' % total], aside=aside)

    monkeypatch.setattr(SqlDatabase, "load", losing)
    with bench.app() as app:
        found = drill(app, ADMINISTRATOR, tmp_path / "b.zip").exercise.findings
    assert {each.partition(":")[0] for each in found} == {"rows", "ledger"}
