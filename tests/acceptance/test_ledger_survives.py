"""Killed in the middle of deciding: what was decided and what the record says of it are both there, or neither; and two processes that
decide at once never fork the chain or move its end back."""

import json
import signal
from pathlib import Path

from starter import Started
from workplace import Workplace

from firmground.app.access import people
from firmground.app.corpus.uploads import named
from firmground.app.recording import ledger
from firmground.app.recording.intents import settle
from firmground.types import Actor
from firmground.wire import open_workspace

ADA = Actor(person="ada", groups=frozenset({"public", "everyone"}), role="owner", via="http")
DECIDING = """
import sys
from pathlib import Path
from firmground.app.access import people
from firmground.app.corpus import uploads
from firmground.types import Actor
from firmground.wire import open_workspace
ADA = Actor(person="ada", groups=frozenset({"public", "everyone"}), role="owner", via="http")
with open_workspace(Path(sys.argv[1])) as app:
    for n in range(int(sys.argv[3])):
        people.add_person(app, ADA, f"{sys.argv[2]}-{n:05}")
        uploads.upload(app, ADA, f"{sys.argv[2]}-{n:05}.md", [b"text"], ("everyone",))
        print(n, flush=True)
"""


def deciding(place: Workplace, name: str, count: int = 100_000) -> Started:
    return place.begin(DECIDING, str(place.root), name, str(count))


def check(place: Workplace) -> int:
    """How many people there are, each with an entry, and each entry with its person; the same of uploads."""
    with open_workspace(place.root) as app:
        found = ledger.verify(app, ADA)
        assert found.whole, found.faults
        assert found.unwitnessed <= 1, "a head file is behind by no more than what was being committed"
        people_there = {name for name in people.people(app, ADA) if name != "ada"}
        settle(app)
        entries = [each for after in range(0, 10_000, 1000) for each in ledger.entries(app, ADA, after=after, limit=1000)]
        told = [each.subject for each in entries if each.kind == "person.added"]
        sent = [each.subject for each in entries if each.kind == "source.uploaded"]
        uploaded = {named(file.uri) for file in app.uploads.files()} if app.uploads.exists() else set[str]()
    assert sorted(told) == sorted(people_there)
    assert sorted(sent) == sorted(uploaded)
    return len(told)


def test_a_decision_and_its_entry_are_both_there_or_neither_however_often_its_process_is_killed(tmp_path: Path):
    place = Workplace.new(tmp_path / "place", "")
    before = 0
    for turn in range(4):
        process = deciding(place, f"turn{turn}")
        for _ in range(3 + 2 * turn):
            assert process.stdout.readline()
        process.send_signal(signal.SIGKILL)
        process.communicate()
        there = check(place)
        assert there >= before + 3 + 2 * turn
        before = there


def test_processes_that_decide_at_once_write_one_chain_and_its_end_never_goes_back(tmp_path: Path):
    place = Workplace.new(tmp_path / "place", "")
    with open_workspace(place.root) as app:
        people.add_person(app, ADA, "first")
    head = place.data / "ledger.head"
    running = [deciding(place, name, 12) for name in ("a", "b", "c")]
    last = 0
    while any(each.poll() is None for each in running):
        number = json.loads(head.read_text())["number"]
        assert number >= last
        last = number
    for each in running:
        each.communicate()
        assert each.returncode == 0
    assert check(place) == 37
    with open_workspace(place.root) as app:
        assert ledger.verify(app, ADA).unwitnessed == 0
