"""Real processes that back up and restore, are killed, run out of disk, and meet others at work."""

import re
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from workplace import Workplace, moments

from firmground.app.keeping import archive
from firmground.testing.postgresql import postgresql_server

QUESTION = "Where are bicycles parked?"
KILLS = 5


def litter(place: Workplace) -> list[str]:
    return [path.name for path in place.data.iterdir() if path.name.startswith(("scratch-", "restored-", "restoring"))]


def test_a_backup_that_is_killed_leaves_the_one_before_and_no_other(place: Workplace, tmp_path: Path):
    backups = tmp_path / "backups"
    backups.mkdir()
    file = backups / "b.zip"
    for moment in moments(place.seconds("backup", str(file)), KILLS):
        before = file.read_bytes()
        cut_off = place.killed(moment, "backup", str(file))
        with archive.opened(file):
            assert file.read_bytes() == before or not cut_off or file.read_bytes()
    ended = place.run("backup", str(file))
    assert ended.code == 0, ended.err
    assert [path.name for path in backups.iterdir()] == ["b.zip"]
    assert litter(place) == []


def test_a_restore_that_is_killed_leaves_all_of_one_or_is_gone_on_with(place: Workplace, tmp_path: Path):
    file = str(tmp_path / "b.zip")
    assert place.run("backup", file).code == 0
    before = place.documents()
    (place.root / "notes" / "bicycles.md").unlink()
    place.sync()
    after = place.documents()
    assert after != before
    undisturbed = place.copy(tmp_path / "undisturbed").seconds("restore", file, "--yes")
    interrupted = 0
    for moment in moments(undisturbed, KILLS):
        interrupted += place.killed(moment, "restore", file, "--yes")
        told = place.run("status")
        if told.code:
            assert (told.code, "a restore was cut off" in told.err) == (4, True), told.err
        else:
            assert place.documents() in (before, after)
    assert interrupted
    ended = place.run("restore", file, "--yes")
    assert ended.code == 0, ended.err
    assert place.documents() == before
    assert "notes/bicycles.md" in place.uris(QUESTION)
    assert litter(place) == []
    assert place.run("ledger", "verify").code == 0


def test_a_backup_while_a_sync_writes_is_of_one_moment(place: Workplace, tmp_path: Path):
    backups: list[Path] = []
    for number in range(30):
        (place.root / "notes" / f"new{number}.md").write_text(f"# New {number}\n\n" + f"Sentence {number} of many words. " * 200)
    process = place.start("sync")
    while process.poll() is None and len(backups) < 3:
        backups.append(tmp_path / f"b{len(backups)}.zip")
        ended = place.run("backup", str(backups[-1]))
        assert ended.code == 0, ended.err
    process.communicate()
    assert process.returncode == 0
    for number, file in enumerate({backups[0], backups[-1]}):
        ended = place.run("restore", str(file), "--drill")
        assert ended.code == 0, ended.out + ended.err
        there = tmp_path / f"there{number}"
        assert place.run("restore", str(file), "--to", str(there)).code == 0
        assert "notes/bicycles.md" in Workplace(there).uris(QUESTION)
    assert litter(place) == []


def test_a_drill_that_fails_says_why_and_leaves_nothing(place: Workplace, tmp_path: Path):
    file = tmp_path / "b.zip"
    assert place.run("backup", str(file)).code == 0
    good = file.read_bytes()
    file.write_bytes(good[:1000] + bytes([good[1000] ^ 1]) + good[1001:])
    told = place.run("restore", str(file), "--drill")
    assert told.code == 6
    assert "is not as it was written" in told.out
    file.write_bytes(good)
    drill = place.start("restore", str(file), "--drill")
    while not litter(place):
        assert drill.poll() is None, drill.communicate()
        time.sleep(0.005)
    drill.kill()
    drill.communicate()
    assert drill.returncode == -signal.SIGKILL
    told = place.run("restore", str(file), "--drill", "--json")
    assert '"passed": true' in told.out
    assert litter(place) == []


def test_a_full_disk_leaves_nothing_under_the_name(place: Workplace, tmp_path: Path, little_disk: Callable[[str], bool]):
    if not little_disk("1m"):
        pytest.fail("this test mounts a small disk: run it as root")
    target = tmp_path / "disk" / "b.zip"
    (tmp_path / "disk" / "filler").write_bytes(bytes(990_000))
    ended = place.run("backup", str(target))
    assert (ended.code, "does not fit on the disk" in ended.err) == (5, True), ended.err
    assert [path.name for path in target.parent.iterdir()] == ["filler"]


def test_a_restore_is_refused_while_a_server_runs(place: Workplace, tmp_path: Path):
    file = str(tmp_path / "b.zip")
    assert place.run("backup", file).code == 0
    server = place.start("serve", "--port", "0")
    try:
        assert "serving" in server.stderr.readline()
        refused = place.run("restore", file, "--yes")  # also before its worker has begun
        assert (refused.code, "stop it, then restore" in refused.err) == (4, True), refused.err
        assert place.run("backup", str(tmp_path / "c.zip")).code == 0
    finally:
        server.terminate()
        server.communicate()


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with postgresql_server() as running:
        yield running.database()


def test_from_a_file_to_a_server_and_there_back_in_time(place: Workplace, tmp_path: Path, server: str):
    file, later = str(tmp_path / "b.zip"), str(tmp_path / "later.zip")
    on_server = {"FIRMGROUND_DATABASE__URL": server}
    there = tmp_path / "there"
    assert place.run("backup", file).code == 0
    ended = place.run("restore", file, "--to", str(there), **on_server)
    assert ended.code == 0, ended.err
    moved = Workplace(there)
    moved.temporary.mkdir()
    assert "bicycles.md" in moved.run("search", QUESTION, **on_server).out
    assert moved.run("backup", later, **on_server).code == 0
    assert moved.run("documents", "purge", "notes/bicycles.md", "--yes", **on_server).code == 0
    assert moved.run("person", "add", "eve", **on_server).code == 0
    drill = moved.run("restore", later, "--drill", **on_server)
    assert drill.code == 0, drill.out + drill.err
    ended = moved.run("restore", later, "--yes", "--json", **on_server)
    assert ended.code == 0, ended.err
    assert re.search(r'"erased_again": 1\b', ended.out)
    assert "eve" not in moved.run("person", "list", **on_server).out
    assert "bicycles.md" not in moved.run("search", QUESTION, **on_server).out
    assert moved.run("ledger", "verify", **on_server).code == 0
    refused = place.run("restore", file, "--to", str(tmp_path / "again"), **on_server)
    assert (refused.code, "is in use" in refused.err) == (4, True)
    assert not (tmp_path / "again").exists()
