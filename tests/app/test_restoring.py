"""What was backed up comes back, and nothing that was taken away since."""

import json
import random
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from firmground.accounts import ApiKey
from firmground.app.access import keys, people
from firmground.app.asking.search import search
from firmground.app.corpus.documents import listed, purge
from firmground.app.corpus.sync import sync
from firmground.app.corpus.uploads import upload
from firmground.app.keeping import archive, backup, restore, restoring, since
from firmground.app.launching import approvals, live, policies
from firmground.app.recording import ledger
from firmground.errors import Busy, Damaged, FirmgroundError, InvalidInput, NotAllowed, NotFound, Refused, StorageFull
from firmground.ledger import LedgerEntry
from firmground.settings import Settings
from firmground.testing.app import ADMINISTRATOR, COLLEAGUE, Bench, Ticking, make_live

CAT = b"# The cat\n\nThe cat sleeps on the red mat beside the stove.\n"
DOG = b"# The dog\n\nThe dog guards the yard behind the green gate.\n"


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    root = tmp_path / "shop"
    root.mkdir()
    (root / "firmground.toml").write_text("")
    (root / "brief.toml").write_text("# the brief\n")
    (root / "golden").mkdir()
    (root / "golden" / "cases.yaml").write_text("[]\n")
    made = Bench(root)
    made.source.contents.update({"cat.md": CAT, "dog.md": DOG})
    with made.app() as app:
        sync(app, ADMINISTRATOR)
    return made


@pytest.fixture
def file(bench: Bench, tmp_path: Path) -> Path:
    with bench.app() as app:
        people.add_person(app, ADMINISTRATOR, "ada", groups=["hr"])
        upload(app, ADMINISTRATOR, "owl.md", [b"# The owl\n\nThe owl sits in the attic.\n"], ["everyone"])
        sync(app, ADMINISTRATOR)
        backup.backup(app, ADMINISTRATOR, tmp_path / "shop.zip")
    return tmp_path / "shop.zip"


def states(bench: Bench) -> dict[str, str]:
    with bench.app() as app:
        return {f"{each.source}/{each.uri}": each.state for each in listed(app, ADMINISTRATOR)}


def brought_back(bench: Bench, file: Path, **how: bool) -> restore.Restored:
    with bench.app() as app:
        return restore.restore(app, ADMINISTRATOR, file, **how)


def test_what_was_lost_comes_back_and_the_record_goes_on(bench: Bench, file: Path):
    before = states(bench)
    with bench.app() as app:
        bench.source.contents.clear()
        sync(app, ADMINISTRATOR)
        people.add_person(app, ADMINISTRATOR, "eve")
    assert states(bench) != before
    made = brought_back(bench, file)
    assert states(bench) == before == dict.fromkeys(("docs/cat.md", "docs/dog.md", "uploads/owl.md"), "indexed")
    assert made.warnings == ()
    with bench.app() as app:
        assert app.database.check() == []
        assert set(people.people(app, ADMINISTRATOR)) == {"ada"}
        assert ledger.verify(app, ADMINISTRATOR).whole
        last = ledger.entries(app, ADMINISTRATOR, newest_first=True)[0]
        assert (last.kind, last.subject, last.detail["entry"]) == ("backup.restored", "shop.zip", made.manifest.ledger[0])
        assert last.detail["replaced"][0] > made.manifest.ledger[0]
        assert app.uploads.holds("owl.md")
    assert made.aside is not None
    assert (made.aside / "firmground.sqlite").exists()


def test_what_was_erased_since_does_not_come_back(bench: Bench, file: Path):
    with bench.app() as app:
        bench.source.contents["hen.md"] = b"# The hen\n\nThe hen came later.\n"
        sync(app, ADMINISTRATOR)
        for name in ("docs/cat.md", "docs/hen.md", "uploads/owl.md"):
            purge(app, ADMINISTRATOR, name)
        people.remove_person(app, ADMINISTRATOR, "ada")
    made = brought_back(bench, file)
    assert made.erased_again == 2
    assert made.warnings == ()
    assert states(bench) == {"docs/cat.md": "excluded", "docs/hen.md": "excluded", "docs/dog.md": "indexed"}
    with bench.app() as app:
        assert people.people(app, ADMINISTRATOR) == {}
        assert not app.uploads.holds("owl.md")
        sync(app, ADMINISTRATOR)
        assert "red mat" not in str(search(app, ADMINISTRATOR, "Where does the cat sleep?"))
    assert states(bench)["docs/cat.md"] == "excluded"
    kept = [path for path in (bench.root / ".firmground").rglob("*") if path.is_file() and "before-restore-" not in str(path)]
    assert not [path for path in kept if b"red mat" in path.read_bytes()]


def test_a_key_and_a_membership_that_ended_since_stay_ended(bench: Bench, tmp_path: Path):
    with bench.app() as app:
        people.add_person(app, ADMINISTRATOR, "ada", groups=["hr"])
        with app.database.transaction() as tx:
            tx.save_key("d" * 64, ApiKey(name="robot", person="ada", created_at=app.clock()))
        backup.backup(app, ADMINISTRATOR, tmp_path / "b.zip")
        keys.remove_key(app, ADMINISTRATOR, "robot")
        people.remove_members(app, ADMINISTRATOR, "hr", ["ada"])
    brought_back(bench, tmp_path / "b.zip")
    with bench.app() as app, app.database.reading() as tx:
        assert tx.api_keys() == []
        assert tx.groups()["hr"] == frozenset()


# ---------------------------------------------------------------- decisions


def two_releases(bench: Bench) -> None:
    """Each was live, the later one is."""
    for refusal in ("first", "second"):
        bench.settings = Settings.model_validate({"answer": {"refusal": refusal}})
        with bench.app() as app:
            make_live(app)


def live_now(bench: Bench) -> int | None:
    with bench.app() as app, app.database.reading() as tx:
        found = live.live_now(app, tx)
        return found.number if found else None


def live_of(entry: LedgerEntry) -> tuple[Any, Any]:
    told: Any = entry.detail["decisions"]
    return told["live_then"], told["live_since"]


def backed_up(bench: Bench, file: Path) -> Path:
    with bench.app() as app:
        backup.backup(app, ADMINISTRATOR, file)
    return file


def told_last(bench: Bench) -> LedgerEntry:
    with bench.app() as app:
        assert ledger.verify(app, ADMINISTRATOR).whole
        return ledger.entries(app, ADMINISTRATOR, newest_first=True)[0]


def test_what_was_rolled_back_since_does_not_come_back_live(bench: Bench, tmp_path: Path):
    two_releases(bench)
    file = backed_up(bench, tmp_path / "b.zip")
    with bench.app() as app:
        live.rollback(app, ADMINISTRATOR, "1", reason="it told secrets")
    made = brought_back(bench, file)
    assert made.warnings == ()
    assert live_now(bench) == 1
    last = told_last(bench)
    assert live_of(last) == (2, 1)
    with bench.app() as app:
        history = live.history(app, ADMINISTRATOR)
    assert [each.kind for each in history[:2]] == ["backup.restored", "release.rolled_back"]
    assert (history[1].detail["reason"], history[1].detail["restored"]) == ("it told secrets", True)


def test_where_what_was_live_is_not_in_the_backup_nothing_is_live_and_that_is_said(bench: Bench, tmp_path: Path):
    two_releases(bench)
    file = backed_up(bench, tmp_path / "b.zip")
    bench.settings = Settings.model_validate({"answer": {"refusal": "third"}})
    with bench.app() as app:
        make_live(app)
    made = brought_back(bench, file)
    assert [each for each in made.warnings if "RELEASE 3 WAS LIVE" in each]
    assert live_now(bench) is None
    last = told_last(bench)
    assert live_of(last) == (2, None)
    with bench.app() as app:
        assert live.history(app, ADMINISTRATOR)[1].kind == "release.taken_down"
        live.rollback(app, ADMINISTRATOR, "1")
    assert live_now(bench) == 1
    assert told_last(bench).kind == "release.rolled_back"


def test_what_is_live_as_it_was_stays(bench: Bench, tmp_path: Path):
    two_releases(bench)
    made = brought_back(bench, backed_up(bench, tmp_path / "b.zip"))
    assert made.warnings == ()
    assert live_now(bench) == 2
    last = told_last(bench)
    assert live_of(last) == (2, 2)


def test_a_decision_on_the_policy_since_stays(bench: Bench, tmp_path: Path):
    text = "[gate]\napprovals = {}\n[requirements.unreadable_cases]\n"
    (bench.root / "policy.toml").write_text(text.format(1))
    with bench.app() as app:
        people.add_person(app, ADMINISTRATOR, "ann", role="admin")
        policies.adopt(app, ADMINISTRATOR, by="ann", reason="small")
    file = backed_up(bench, tmp_path / "b.zip")
    (bench.root / "policy.toml").write_text(text.format(2))
    with bench.app() as app:
        stricter = policies.in_force(app, ADMINISTRATOR)
    made = brought_back(bench, file)
    assert made.warnings == ()
    assert told_last(bench).kind == "backup.restored"
    with bench.app() as app:
        assert policies.in_force(app, ADMINISTRATOR) == stricter
        (bench.root / "policy.toml").write_text(text.format(1))
        with pytest.raises(policies.Looser):
            policies.in_force(app, ADMINISTRATOR)


def test_approvals_are_not_brought_back(bench: Bench, tmp_path: Path):
    with bench.app() as app, app.database.transaction() as tx:
        tx.put_fact(approvals.NAMESPACE, "f/ann", {"person": "ann"})
    brought_back(bench, backed_up(bench, tmp_path / "b.zip"))
    with bench.app() as app, app.database.reading() as tx:
        assert tx.facts(approvals.NAMESPACE) == {}


def test_what_a_record_that_is_not_whole_says_of_decisions_is_not_done_again(bench: Bench, tmp_path: Path):
    two_releases(bench)
    file = backed_up(bench, tmp_path / "b.zip")
    with bench.app() as app:
        live.rollback(app, ADMINISTRATOR, "1")
        with app.database.transaction() as tx:
            tx.put_fact("live", "now", None)
    made = brought_back(bench, file)
    assert [each for each in made.warnings if "not whole" in each]
    assert live_now(bench) == 2


def test_a_restore_does_not_put_back_the_latest_moment(bench: Bench, tmp_path: Path):
    file = backed_up(bench, tmp_path / "b.zip")
    bench.clock.now += timedelta(days=3)
    with bench.app() as app:
        people.add_person(app, ADMINISTRATOR, "eve")
        then = ledger.entries(app, ADMINISTRATOR, newest_first=True)[0].at
    bench.clock.now -= timedelta(days=3)
    brought_back(bench, file)
    told_last(bench)
    with bench.app() as app, app.database.reading() as tx:
        assert ledger.latest_moment(tx, app.clock) == then


def test_where_nobody_knows_what_was_erased_since_it_is_said(bench: Bench, file: Path):
    (bench.root / ".firmground" / "firmground.sqlite").write_bytes(b"This is no database." * 500)
    for name in ("firmground.sqlite-wal", "firmground.sqlite-shm"):
        (bench.root / ".firmground" / name).unlink(missing_ok=True)
    made = brought_back(bench, file)
    assert "erase it again" in made.warnings[0]
    assert set(states(bench)) == {"docs/cat.md", "docs/dog.md", "uploads/owl.md"}


def test_a_changed_byte_anywhere_is_found(bench: Bench, file: Path, tmp_path: Path):
    good = file.read_bytes()
    places = random.Random(7)
    broken = tmp_path / "broken.zip"
    for place in {0, 10, len(good) - 1, len(good) - 66, *(places.randrange(len(good)) for _ in range(100))}:
        broken.write_bytes(good[:place] + bytes([good[place] ^ (1 << places.randrange(8))]) + good[place + 1 :])
        with pytest.raises(Damaged), archive.opened(broken):
            pass
    for short in (0, 1, 70, len(good) // 2, len(good) - 1):
        broken.write_bytes(good[:short])
        with pytest.raises(Damaged), archive.opened(broken):
            pass
    before = states(bench)
    with pytest.raises(Damaged):
        brought_back(bench, broken)
    assert states(bench) == before


def remade(file: Path, to: Path, change: dict[str, bytes], told: dict[str, object] | None = None) -> Path:
    """A backup with other members and a seal that is right: made by somebody who means harm, or by another version."""
    with archive.opened(file) as good, to.open("wb") as out, archive.Writing(out) as writing:
        for name in good.manifest.members:
            if name not in change:
                with good.reading(name) as inside, writing.member(name) as write:
                    write(inside.read())
        for name, content in change.items():
            with writing.member(name) as write:
                write(content)
        writing.end(good.manifest.model_copy(update={"members": dict(writing.members), **(told or {})}))
    return to


@pytest.mark.parametrize(
    "name",
    [
        "../evil",
        "/etc/evil",
        "uploads/../../evil",
        "workspace/../evil",
        "uploads//evil",
        "uploads/a\\b",
        "other/evil",
        "workspace/.firmground/firmground.sqlite",
        "evil",
        "uploads/./x",
    ],
)
def test_a_path_that_leads_elsewhere_is_refused(bench: Bench, file: Path, tmp_path: Path, name: str):
    with pytest.raises(InvalidInput, match="no backup may hold"):
        brought_back(bench, remade(file, tmp_path / "evil.zip", {name: b"x"}))
    assert not list(tmp_path.rglob("evil"))


def test_a_link_inside_is_refused(file: Path, tmp_path: Path, bench: Bench, monkeypatch: pytest.MonkeyPatch):
    linked = tmp_path / "linked.zip"
    with (
        archive.opened(file) as good,
        monkeypatch.context() as patched,
        linked.open("wb") as out,
        archive.Writing(out) as writing,
    ):
        patched.setattr(archive.stat, "S_IFREG", archive.stat.S_IFLNK)
        for name in ("database.jsonl", "uploads/passwd"):
            with writing.member(name) as write:
                write(b"/etc/passwd")
        writing.end(good.manifest.model_copy(update={"members": dict(writing.members)}))
    with pytest.raises(InvalidInput, match="no backup may hold"):
        brought_back(bench, linked)


def test_more_than_the_manifest_tells_of_is_never_written(bench: Bench, file: Path, tmp_path: Path):
    with archive.opened(file) as good:
        members = {**good.manifest.members, "uploads/bomb": archive.Member(size=10, sha256="0" * 64)}
    bomb = remade(file, tmp_path / "bomb.zip", {"uploads/bomb": bytes(50_000_000)}, {"members": members})
    assert bomb.stat().st_size < 1_000_000
    with pytest.raises(Damaged):
        brought_back(bench, bomb)


def test_a_newer_schema_is_refused_and_nothing_has_changed(bench: Bench, file: Path, tmp_path: Path):
    with archive.opened(file) as good, good.reading(archive.DATABASE) as rows:
        first, _, rest = rows.read().partition(b"\n")
    newer = json.dumps({**json.loads(first), "schema": "9999"}).encode() + b"\n" + rest
    before = states(bench)
    with pytest.raises(Refused, match="newer firmground"):
        brought_back(bench, remade(file, tmp_path / "newer.zip", {archive.DATABASE: newer}))
    with pytest.raises(Refused, match="upgrade firmground"):
        brought_back(bench, remade(file, tmp_path / "newer.zip", {}, {"format": 2}))
    assert states(bench) == before
    assert not list((bench.root / ".firmground").glob("scratch-*"))


@pytest.mark.parametrize("cut", [lambda rows: rows[: len(rows) // 2], lambda rows: rows.rpartition(b'{"end"')[0]])
def test_rows_that_are_not_whole_change_nothing(bench: Bench, file: Path, tmp_path: Path, cut):
    with archive.opened(file) as good, good.reading(archive.DATABASE) as rows:
        half = cut(rows.read())
    before = states(bench)
    with pytest.raises(Damaged):
        brought_back(bench, remade(file, tmp_path / "half.zip", {archive.DATABASE: half}))
    assert states(bench) == before


@pytest.mark.parametrize(
    "line",
    [
        b"[" * 200_000,
        b'{"table":"people"}',
        b'{"table":"people","columns":5}',
        b'{"table":"people","columns":["name","no_such"]}\n["x",1]',
        b'{"table":"people","columns":["name"]}\n["x",1]',
        b'{"table":"people","columns":["name"]}\n[{"a":[1]}]',
        b'{"table":"people","columns":["name"]}\n["\\ud800"]',
        b'{"end":"many"}',
        b'{"end":null}',
        b'{"end":1e999}',
        b"5",
        b"\xff",
        b"9" * 5_000,
    ],
)
def test_rows_that_are_odd_change_nothing(bench: Bench, file: Path, tmp_path: Path, line: bytes):
    with archive.opened(file) as good, good.reading(archive.DATABASE) as rows:
        odd = rows.readline() + line + b"\n"
    before = states(bench)
    with pytest.raises(FirmgroundError):
        brought_back(bench, remade(file, tmp_path / "odd.zip", {archive.DATABASE: odd}))
    assert states(bench) == before


@pytest.mark.parametrize(
    "head", [b"{}", b'{"format":1}', b'{"format":1,"schema":5,"given":[]}', b'{"format":1,"schema":"0001","given":{"a":"b"}}']
)
def test_rows_with_an_odd_beginning_change_nothing(bench: Bench, file: Path, tmp_path: Path, head: bytes):
    before = states(bench)
    with pytest.raises(FirmgroundError):
        brought_back(bench, remade(file, tmp_path / "odd.zip", {archive.DATABASE: head + b"\n"}))
    assert states(bench) == before


def test_a_line_that_is_as_long_as_memory_is_not_read(bench: Bench, file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(archive, "LONGEST_LINE", 1_000_000)
    with archive.opened(file) as good, good.reading(archive.DATABASE) as rows:
        long = rows.readline() + b'["' + b" " * 3_000_000
    with pytest.raises(Damaged, match="a line that is too long"):
        brought_back(bench, remade(file, tmp_path / "long.zip", {archive.DATABASE: long}))


def test_what_does_not_fit_on_the_disk_is_not_even_unpacked_to_be_looked_at(
    bench: Bench, file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    looked: list[str] = []
    digest = archive._digest
    monkeypatch.setattr(
        archive, "_digest", lambda members, about, size: looked.append(about.filename) or digest(members, about, size)
    )
    monkeypatch.setattr(archive.shutil, "disk_usage", lambda _: SimpleNamespace(free=1_000))
    with pytest.raises(StorageFull):
        brought_back(bench, file)
    assert looked == []


@pytest.mark.parametrize("names", [("uploads/a", "uploads/a/b"), ("workspace/x/y", "workspace/x")])
def test_files_that_are_folders_as_well_change_nothing(bench: Bench, file: Path, tmp_path: Path, names: tuple[str, str]):
    before = states(bench)
    with pytest.raises(FirmgroundError):
        brought_back(bench, remade(file, tmp_path / "both.zip", dict.fromkeys(names, b"x")))
    assert states(bench) == before


def test_another_workspace_is_replaced_only_where_that_is_meant(file: Path, tmp_path: Path):
    (tmp_path / "other").mkdir()
    other = Bench(tmp_path / "other", clock=Ticking(datetime(2026, 1, 1, tzinfo=UTC)))
    with other.app() as app:
        people.add_person(app, ADMINISTRATOR, "zoe")
    with pytest.raises(Refused, match="another workspace, 'shop'"):
        brought_back(other, file)
    made = brought_back(other, file, other=True)
    assert "erase it again" in made.warnings[0]
    assert set(states(other)) == {"docs/cat.md", "docs/dog.md", "uploads/owl.md"}


def test_while_somebody_works_nothing_is_restored(bench: Bench, file: Path):
    seen: list[type[FirmgroundError]] = []

    def restore_meanwhile() -> bool:
        with pytest.raises(Busy, match="stop it, then restore") as refused:
            brought_back(bench, file)
        seen.append(type(refused.value))
        return True

    bench.jobs_.work({}, until=restore_meanwhile)
    assert seen == [Busy]


def test_files_of_the_team_are_theirs(bench: Bench, file: Path):
    (bench.root / "brief.toml").write_text("# another brief\n")
    (bench.root / "golden" / "cases.yaml").unlink()
    made = brought_back(bench, file)
    assert (made.written, made.differ) == (("golden/cases.yaml",), ("brief.toml",))
    assert (bench.root / "brief.toml").read_text() == "# another brief\n"
    assert (bench.root / ".firmground" / "from-backup" / "brief.toml").read_text() == "# the brief\n"
    assert (bench.root / "golden" / "cases.yaml").read_text() == "[]\n"


def test_into_a_new_folder_comes_all_of_it(bench: Bench, file: Path, tmp_path: Path):
    there = tmp_path / "elsewhere" / "shop2"
    benches: dict[Path, Bench] = {}
    made = restore.restore_into(lambda root: benches.setdefault(root, Bench(root)).app(), ADMINISTRATOR, file, there)
    assert (there / "golden" / "cases.yaml").exists()
    assert made.root == there
    assert set(states(Bench(there))) == {"docs/cat.md", "docs/dog.md", "uploads/owl.md"}
    with pytest.raises(Refused, match="not empty"):
        restore.restore_into(lambda root: Bench(root).app(), ADMINISTRATOR, file, there)
    assert [path.name for path in there.parent.iterdir()] == ["shop2"]


@pytest.mark.parametrize("moves", range(9))
def test_cut_off_while_it_moves_it_goes_on(tmp_path: Path, moves: int, monkeypatch: pytest.MonkeyPatch):
    data = tmp_path / "data"
    for name in ("a", "b", "worker.lock"):
        (data / name).mkdir(parents=True)
    (data / "a" / "old").touch()
    new = tmp_path / "data" / "scratch-restore-x" / "new"
    new.mkdir(parents=True)
    for name in ("a", "c"):
        (new / name).touch()
    real, left = Path.rename, [moves]

    def failing(path: Path, to: Path) -> Path:
        left[0] -= 1
        if left[0] < 0:
            raise KeyboardInterrupt
        return real(path, to)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "rename", failing)
        try:
            restoring.swap(data, new, "20260101-000000")
        except KeyboardInterrupt:
            began = (data / restoring.JOURNAL).exists()
            assert began == (moves > 0)
        else:
            assert moves > 4
            began = True
    restoring.finish(data)
    now = {path.name for path in data.iterdir() if not path.name.startswith("scratch-")}
    if not began:
        assert now == {"a", "b", "worker.lock"}
        return
    assert now == {"a", "c", "worker.lock", "before-restore-20260101-000000"}
    assert (data / "a").is_file()
    assert (data / "before-restore-20260101-000000" / "a" / "old").exists()


def test_only_administrators_back_up_and_restore(bench: Bench, file: Path, tmp_path: Path):
    with bench.app() as app:
        for refused in (
            lambda: backup.backup(app, COLLEAGUE, tmp_path / "no.zip"),
            lambda: restore.restore(app, COLLEAGUE, file),
        ):
            with pytest.raises(NotAllowed):
                refused()
    assert not (tmp_path / "no.zip").exists()


def test_what_is_no_backup_is_refused(bench: Bench, tmp_path: Path):
    with pytest.raises(NotFound):
        brought_back(bench, tmp_path / "nothing.zip")
    with zipfile.ZipFile(tmp_path / "plain.zip", "w") as plain:
        plain.writestr("uploads/a", b"x")
    with pytest.raises(InvalidInput, match=r"plain\.zip is no backup"):
        brought_back(bench, tmp_path / "plain.zip")
    with pytest.raises(InvalidInput, match="is a folder"):
        brought_back(bench, tmp_path)
    assert since.Since().known is False
