"""The brief of a workspace: its file is the truth; a change is written whole after a look at what is there, and recorded without words."""

import errno
import os
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from firmground.app.app import App
from firmground.app.launching import briefs
from firmground.app.launching.briefs import (
    ChangedMeanwhile,
    ForAskers,
    Unacceptable,
    brief_now,
    for_askers,
    open_brief,
    problems,
    save,
)
from firmground.app.setup import init
from firmground.errors import InvalidInput, NotAllowed, NotFound, OutsideFailed, Refused, StorageFull
from firmground.gate.brief import FIELDS, Brief
from firmground.gate.brief_file import empty
from firmground.ledger import LedgerEntry
from firmground.testing.app import ADMINISTRATOR, COLLEAGUE, Bench

BRIEF = """\
# Ours.
workflow_owner = "Ada, people@example.org"   # first
alert_owner = "The desk"
fallback_path = "the secret handbook"
known_limitations = ["It knows no mail.", "TODO", ""]
first_review = 2026-11-20
"""


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    (tmp_path / "brief.toml").write_text(BRIEF)
    return Bench(tmp_path)


@pytest.fixture
def app(bench: Bench) -> Iterator[App]:
    with bench.app() as opened:
        yield opened


def file(app: App) -> Path:
    return app.workspace.root / "brief.toml"


def change(app: App, **changes: str) -> briefs.Saved:
    return save(app, ADMINISTRATOR, changes, open_brief(app, ADMINISTRATOR).revision)


def entries(app: App) -> list[LedgerEntry]:
    with app.database.reading() as tx:
        return tx.entries(kinds={"brief.changed"})


def test_the_file_is_read_anew_each_time(app: App):
    assert brief_now(app).alert_owner == "The desk"
    file(app).write_text("alert_owner = 'Bo'")
    assert brief_now(app).alert_owner == "Bo"


def test_without_a_file_everything_is_missing_and_the_first_change_makes_one(app: App):
    file(app).unlink()
    with pytest.raises(NotFound, match=r"there is no brief\.toml in .*: write one on the page /brief"):
        brief_now(app)
    assert [each.field for each in problems(app)] == list(FIELDS)
    assert open_brief(app, ADMINISTRATOR).there is False
    change(app, output="Sentences")
    assert file(app).read_text() == empty().replace('output = ""', 'output = "Sentences"', 1)


def test_a_review_is_due_by_the_clock_of_the_workspace(bench: Bench):
    bench.clock.now = datetime(2026, 11, 20, 23, 50, tzinfo=UTC)
    with bench.app() as app:
        assert "first_review" not in {each.field for each in problems(app)}
    bench.clock.now = datetime(2026, 11, 21, 0, 1, tzinfo=UTC)
    with bench.app() as app:
        [due] = [each.what for each in problems(app) if each.field == "first_review"]
        assert due.startswith("The review was due on 2026-11-20")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"output = ", "not valid TOML"),
        (b"\xff\xfe", r"is not UTF-8"),
        (b"# " + b"x" * 1_000_001, "larger than 1 MB"),
        (b"ouput = 'x'", "did you mean output"),
    ],
)
def test_a_file_that_cannot_be_read_is_told_and_never_written_over(app: App, content: bytes, said: str):
    file(app).write_bytes(content)
    for use in (
        lambda: brief_now(app),
        lambda: problems(app),
        lambda: save(app, ADMINISTRATOR, {"output": "x"}, revision(content)),
    ):
        with pytest.raises(InvalidInput, match=said):
            use()
    assert file(app).read_bytes() == content
    assert for_askers(app) == ForAskers()


def test_a_folder_of_that_name_is_no_brief(app: App):
    file(app).unlink()
    file(app).mkdir()
    with pytest.raises(OutsideFailed, match=r"cannot read .*brief\.toml \(Is a directory\): check that it is a file"):
        brief_now(app)


def test_a_byte_order_mark_is_no_part_of_it(app: App):
    file(app).write_bytes(b"\xef\xbb\xbfoutput = 'x'")
    assert brief_now(app).output == "x"


def test_a_change_touches_nothing_else_and_says_the_new_revision(app: App):
    saved = change(app, alert_owner="Bo")
    assert file(app).read_text() == BRIEF.replace('"The desk"', '"Bo"')
    assert saved == (brief_now(app), open_brief(app, ADMINISTRATOR).revision, "")


def test_values_of_every_kind_are_changed_by_their_dotted_names(app: App):
    wanted = {
        "blocked_actions": ["a", " ", "b"],
        "sla.p95_ms": 400.5,
        "first_review": "2027-01-15",
        "success_metric.name": "x\ny",
    }
    save(app, ADMINISTRATOR, wanted, open_brief(app, ADMINISTRATOR).revision)
    brief = brief_now(app)
    assert (brief.blocked_actions, brief.sla.p95_ms, brief.first_review) == (("a", "b"), 400.5, date(2027, 1, 15))
    assert brief.success_metric.name == "x\ny"


def test_every_answer_that_cannot_be_is_told_by_its_field(app: App):
    wrong = {
        "output": "x" * 4001,
        "sla.p95_ms": "fast",
        "first_review": "soon",
        "success_metric.name": 5,
        "blocked_actions": ["x" * 4001],
    }
    with pytest.raises(Unacceptable) as refused:
        save(app, ADMINISTRATOR, wrong, open_brief(app, ADMINISTRATOR).revision)
    assert set(refused.value.fields) == set(wrong)
    assert str(refused.value).startswith("output cannot be used")
    with pytest.raises(Unacceptable, match="workflow cannot be used: there is no such field"):
        change(app, workflow="x")
    assert file(app).read_text() == BRIEF
    assert entries(app) == []


def test_what_was_changed_meanwhile_is_not_written_over(app: App):
    before = open_brief(app, ADMINISTRATOR).revision
    file(app).write_text(BRIEF + "output = 'by hand'\n")
    with pytest.raises(ChangedMeanwhile, match=r"brief\.toml was changed since you loaded it: look at it again"):
        save(app, ADMINISTRATOR, {"output": "x"}, before)
    assert brief_now(app).output == "by hand"


def test_what_is_changed_between_the_look_and_the_writing_is_not_written_over(app: App, monkeypatch: pytest.MonkeyPatch):
    def somebody_saves(*_: object, **__: object) -> None:
        file(app).write_text("output = 'first'")

    monkeypatch.setattr(briefs, "record", somebody_saves)
    with pytest.raises(ChangedMeanwhile):
        change(app, output="second")
    assert brief_now(app).output == "first"


def test_of_two_who_write_at_once_one_is_told(bench: Bench):
    with bench.app() as one, bench.app() as other:
        revision = open_brief(one, ADMINISTRATOR).revision

        def write(app: App, text: str) -> str:
            try:
                return save(app, ADMINISTRATOR, {"output": text}, revision).brief.output
            except ChangedMeanwhile:
                return ""

        with ThreadPoolExecutor(2) as threads:
            said = set(threads.map(write, (one, other), ("first", "second")))
        assert said == {"", brief_now(one).output}
        assert len(entries(one)) == 1


def test_a_change_is_recorded_by_fields_and_digests_without_its_words(app: App):
    before = brief_now(app)
    change(app, alert_owner="Nobody Else", output="Sentences")
    [entry] = entries(app)
    assert (entry.kind, entry.subject, entry.by) == ("brief.changed", "brief.toml", "admin")
    assert entry.detail == {"fields": ["output", "alert_owner"], "before": before.digest, "after": brief_now(app).digest}
    assert "Nobody Else" not in entry.model_dump_json()


def test_what_changes_nothing_is_neither_written_nor_recorded(app: App):
    modified = file(app).stat().st_mtime_ns
    change(app, alert_owner="  The desk ")
    assert file(app).stat().st_mtime_ns == modified
    assert entries(app) == []


@pytest.mark.parametrize(("number", "told"), [(errno.ENOSPC, StorageFull), (errno.EIO, OutsideFailed)])
def test_a_disk_that_takes_no_more_leaves_the_brief_and_the_ledger_as_they_were(
    app: App, monkeypatch: pytest.MonkeyPatch, number: int, told: type[Exception]
):
    monkeypatch.setattr(os, "fsync", fails(number))
    with pytest.raises(told, match="the brief is as it was"):
        change(app, output="x")
    monkeypatch.undo()
    assert file(app).read_text() == BRIEF
    assert entries(app) == []
    assert [path.name for path in app.workspace.root.glob(".brief*")] == []


def test_it_is_never_seen_half_written(app: App, monkeypatch: pytest.MonkeyPatch):
    seen: list[str] = []
    monkeypatch.setattr(os, "fsync", lambda _: seen.append(file(app).read_text()))
    change(app, output="x")
    assert seen[0] == BRIEF
    assert {*seen} <= {BRIEF, file(app).read_text()}


def test_where_it_may_not_write_it_hands_out_a_patch_that_git_applies(app: App, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(os, "fsync", fails(errno.EROFS))
    saved = change(app, alert_owner="Bo", output="x")
    monkeypatch.undo()
    assert file(app).read_text() == BRIEF
    assert entries(app) == []
    assert apply(app, saved.patch).output == "x"


def test_the_patch_of_a_first_brief_makes_the_file(app: App, monkeypatch: pytest.MonkeyPatch):
    file(app).unlink()
    monkeypatch.setattr(os, "fsync", fails(errno.EACCES))
    saved = change(app, output="x")
    monkeypatch.undo()
    assert apply(app, saved.patch) == Brief(output="x")


def test_a_file_without_an_end_of_line_has_a_patch_too(app: App, monkeypatch: pytest.MonkeyPatch):
    file(app).write_text("output = 'a'")
    monkeypatch.setattr(os, "fsync", fails(errno.EROFS))
    saved = change(app, output="b")
    monkeypatch.undo()
    assert apply(app, saved.patch).output == "b"


def test_the_file_keeps_its_permissions_and_a_link_stays_one(app: App):
    target = app.workspace.root / "elsewhere.toml"
    file(app).rename(target)
    target.chmod(0o640)
    file(app).symlink_to(target)
    change(app, output="x")
    assert file(app).is_symlink()
    assert target.stat().st_mode & 0o777 == 0o640
    assert 'output = "x"' in target.read_text()


def test_only_administrators_read_and_change_it(app: App):
    with pytest.raises(NotAllowed):
        open_brief(app, COLLEAGUE)
    with pytest.raises(NotAllowed):
        save(app, COLLEAGUE, {"output": "x"}, open_brief(app, ADMINISTRATOR).revision)


def test_askers_see_limits_and_whom_to_ask_and_nothing_else(app: App):
    assert for_askers(app) == ForAskers(
        known_limitations=("It knows no mail.",), owner="Ada, people@example.org", alert_owner="The desk"
    )
    assert "secret" not in for_askers(app).model_dump_json()


def test_the_sample_has_a_review_in_the_time_to_come_and_a_new_workspace_has_none(tmp_path: Path):
    today = datetime.now(UTC).date()
    made = Bench(init(tmp_path / "sample", sample=True))
    with made.app() as app:
        review = brief_now(app).first_review
        assert review is not None
        assert (review - today).days >= 89
    with Bench(init(tmp_path / "empty")).app() as app:
        assert brief_now(app) == Brief()


def test_a_brief_that_is_there_already_stays(tmp_path: Path):
    (tmp_path / "brief.toml").write_text("output = 'mine'")
    with Bench(init(tmp_path, sample=True)).app() as app:
        assert brief_now(app) == Brief(output="mine")


def test_an_entry_that_fails_leaves_the_file_as_it_was(app: App, monkeypatch: pytest.MonkeyPatch):
    def refuse(*_: object, **__: object) -> None:
        raise Refused("no entry")

    monkeypatch.setattr(briefs, "record", refuse)
    with pytest.raises(Refused, match="no entry"):
        change(app, output="x")
    assert file(app).read_text() == BRIEF


def fails(number: int) -> Callable[[int], None]:
    def fail(_: int) -> None:
        raise OSError(number, os.strerror(number))

    return fail


def apply(app: App, patch: str) -> Brief:
    (app.workspace.root / "brief.patch").write_bytes(patch.encode())
    subprocess.run(["git", "apply", "brief.patch"], cwd=app.workspace.root, check=True, capture_output=True)
    return brief_now(app)


def revision(content: bytes) -> str:
    return briefs._revision(content)
