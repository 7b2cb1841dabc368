"""A sync by real processes on real files with the real model: killed, stopped, run twice, watched."""

import contextlib
import ctypes
import json
import os
import random
import signal
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import psutil
import pytest
from starter import Started
from workplace import PROGRAM, SECONDS, Workplace, below, second_corpus

KILLS = int(os.environ.get("FIRMGROUND_KILLS", "8"))
SEED = 20261121


class Undisturbed(NamedTuple):
    """What a sync of the second corpus ends with when nothing happens to it."""

    documents: Any
    found: Any
    totals: Any
    seconds: float


@pytest.fixture(scope="module")
def undisturbed(synced: Workplace, tmp_path_factory: pytest.TempPathFactory) -> Undisturbed:
    place = synced.copy(tmp_path_factory.mktemp("undisturbed") / "workspace")
    second_corpus(place.root)
    report = place.sync()
    place.check_sound()
    return Undisturbed(place.documents(), place.found(), report["totals"], report["seconds"])


def wait_for(condition: Callable[[], Any], process: Started) -> None:
    for _ in range(200 * SECONDS):
        if condition():
            return
        assert process.poll() is None, process.communicate()[1]
        time.sleep(0.005)
    pytest.fail("it takes too long")


def started(place: Workplace) -> Started:
    """A sync whose job has begun."""
    process = place.start("sync", "--json")
    wait_for(lambda: begun(place), process)
    return process


def begun(place: Workplace) -> bool:
    return any(row[4] == "running" for row in place.tables()["jobs.jobs"])


def interrupted(place: Workplace, moment: float, by: signal.Signals) -> Started:
    """A sync that gets this signal so many seconds after its job has begun."""
    process = started(place)
    time.sleep(moment)
    children = below(process)
    process.send_signal(by)
    process.wait(SECONDS)
    _, alive = psutil.wait_procs(children, timeout=20)
    assert alive == [], "a parsing process outlives the sync"
    return process


def check_as_undisturbed(place: Workplace, undisturbed: Undisturbed) -> None:
    assert place.documents() == undisturbed.documents
    assert place.found() == undisturbed.found
    place.check_sound()


# ---------------------------------------------------------------- interrupted


@pytest.mark.parametrize("number", range(KILLS))
def test_killed_at_any_moment_and_started_again_it_ends_as_if_it_had_not_been(
    place: Workplace, undisturbed: Undisturbed, number: int
):
    second_corpus(place.root)
    moment = random.Random(SEED + number).uniform(0, 1.2) * undisturbed.seconds
    interrupted(place, moment, signal.SIGKILL).communicate()
    done = not any(row[0] == "sync" for row in place.tables()["firmground.facts"])
    report = place.sync()
    if not done:  # else it was killed when there was only its report left to print
        assert report["totals"] == undisturbed.totals
    check_as_undisturbed(place, undisturbed)


def test_stopped_by_ctrl_c_it_says_so_and_goes_on_later(place: Workplace, undisturbed: Undisturbed):
    second_corpus(place.root)
    process = interrupted(place, undisturbed.seconds / 4, signal.SIGINT)
    out, err = process.communicate()
    assert (process.returncode, out) == (130, "")
    assert err.splitlines()[-1] == "firmground: stopped: run the command again to go on"
    assert "Traceback" not in err
    (job,) = place.json("status")["jobs"]
    assert job["state"] == ("interrupted" if job["progress"]["total"] else "queued"), "as far as it had come"
    assert place.sync()["totals"] == undisturbed.totals
    check_as_undisturbed(place, undisturbed)


def test_what_changed_since_it_was_cut_off_is_taken_in_too(place: Workplace, undisturbed: Undisturbed):
    second_corpus(place.root)
    interrupted(place, undisturbed.seconds / 2, signal.SIGKILL).communicate()
    late = place.root / "notes" / "late.md"
    late.write_text("# Late\n\nThe lighthouse keeper signs the logbook at midnight.\n")
    (place.root / "notes" / "bicycles.md").unlink()
    place.sync()
    assert "notes/late.md" in place.uris("lighthouse keeper logbook")
    assert "notes/bicycles.md" not in place.documents()
    place.check_sound()


# ---------------------------------------------------------------- at the same time


def test_two_syncs_at_once_both_end_well(place: Workplace, undisturbed: Undisturbed):
    second_corpus(place.root)
    both = [place.start("sync", "--json") for _ in range(2)]
    ended = [process.communicate(timeout=SECONDS) for process in both]
    assert [process.returncode for process in both] == [0, 0], ended
    totals = [json.loads(out)["totals"] for out, _ in ended]
    assert undisturbed.totals in totals
    check_as_undisturbed(place, undisturbed)


SEARCHER = """
import sys
from pathlib import Path
from workplace import ADMINISTRATOR
from firmground.app.asking.search import search
from firmground.wire import open_workspace
with open_workspace(Path(sys.argv[1])) as app:
    for line in sys.stdin:
        found = search(app, ADMINISTRATOR, line.strip())
        print(*[passage.uri for passage in found.passages], sep="\\t", flush=True)
"""


def test_searches_go_on_during_a_sync_and_none_fails(place: Workplace, undisturbed: Undisturbed):
    """What is in both corpora is found all the time; what was removed, never again once the sync has ended."""
    second_corpus(place.root)
    searcher = subprocess.Popen(
        [PROGRAM[0], "-c", SEARCHER, str(place.root)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(Path(__file__).parent), *sys.path])},
        text=True,
    )

    def ask(question: str) -> list[str]:
        assert searcher.stdin
        assert searcher.stdout
        searcher.stdin.write(f"{question}\n")
        searcher.stdin.flush()
        line = searcher.stdout.readline()
        assert line, "the search failed"
        return line.rstrip("\n").split("\t")

    try:
        assert ask("zwanglefrump staircase")[0] == "notes/attic.md"
        process = place.start("sync")
        answers: list[list[str]] = []
        while process.poll() is None:
            answers.append(ask("elevator stops at every floor"))
        assert process.returncode == 0, process.communicate()
        assert len(answers) > 20
        assert all(each[0] == "notes/elevator.txt" for each in answers)
        assert "notes/attic.md" not in ask("zwanglefrump staircase")
        process.communicate()
    finally:
        searcher.communicate()
    assert searcher.returncode == 0
    check_as_undisturbed(place, undisturbed)


# ---------------------------------------------------------------- watching


def test_watching_takes_in_a_new_file_and_prints_a_line_for_each_sync(place: Workplace):
    process = place.start("sync", "--watch", "--json")
    try:
        first = json.loads(process.stdout.readline())
        assert first["totals"]["documents"]["added"] == 0
        (place.root / "notes" / "new.md").write_text("# New\n\nThe sundial in the courtyard is wrong by eight minutes.\n")
        second = json.loads(process.stdout.readline())
        assert second["totals"]["documents"]["added"] == 1
        assert "notes/new.md" in place.uris("sundial in the courtyard")
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=SECONDS)
        assert (process.returncode, out) == (130, "")
        assert "Traceback" not in err
    finally:
        process.kill()
        process.communicate()


# ---------------------------------------------------------------- unchanged files


def test_a_second_sync_opens_none_of_many_unchanged_files(tmp_path: Path, default_model: Path):
    settings = '[[sources]]\nname = "many"\npath = "many"\n'
    place = Workplace.new(tmp_path / "workspace", settings)
    for number in range(300):
        path = place.root / "many" / f"{number % 10}" / f"{number}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"Locker number {number} belongs to room {number * 7 % 101}.\n")
    with opens(place.root / "many") as first:
        assert place.sync()["totals"]["documents"]["added"] == 300
    assert len(first) == 300, "the probe sees what is opened"
    with opens(place.root / "many") as second:
        report = place.sync()
    assert second == set()
    assert report["totals"]["documents"]["unchanged"] == 300
    assert report["totals"]["chunks"] == {"added": 0, "removed": 0, "total": 300}


@contextlib.contextmanager
def opens(folder: Path) -> Iterator[set[str]]:
    """The names of the files below `folder` that any process opened meanwhile, as the kernel tells."""
    libc = ctypes.CDLL(None, use_errno=True)
    watching = libc.inotify_init1(os.O_NONBLOCK)
    seen: set[str] = set()
    try:
        for place in (folder, *(path for path in folder.rglob("*") if path.is_dir())):
            assert libc.inotify_add_watch(watching, os.fsencode(place), 0x20) >= 0
        yield seen
        with contextlib.suppress(BlockingIOError):
            while events := os.read(watching, 1 << 20):
                at = 0
                while at < len(events):
                    _, mask, _, length = struct.unpack_from("iIII", events, at)
                    name = events[at + 16 : at + 16 + length].rstrip(b"\0")
                    if not mask & 0x4000_0000:
                        seen.add(os.fsdecode(name))
                    at += 16 + length
    finally:
        os.close(watching)
