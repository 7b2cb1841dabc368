"""`person erase` as a real process that is killed at any moment: all of a person is kept, or nothing of them."""

from pathlib import Path

from workplace import Workplace, moments

from firmground.app.asking import traces
from firmground.testing.traces import a_trace
from firmground.wire import open_workspace

PERSON = "wilhelmine"
WORD = "quibbleworth"
"""Nobody else ever asked about it."""
ANSWERS = 150
ERASE = ("person", "erase", PERSON, "--reason", "they asked for it", "--yes")
KILLS = 4


def add_person(place: Workplace) -> None:
    assert place.run("person", "add", PERSON, "--group", "readers").code == 0
    with open_workspace(place.root) as app, app.database.transaction() as tx:
        for number in range(ANSWERS):
            asked = f"Where is the {WORD} of floor {number}?"
            trace = a_trace(f"{number:04}", asked=asked)
            answer = trace.answer.model_copy(update={"question": asked})
            trace = trace.model_copy(update={"person": PERSON, "answer": answer})
            traces.keep(tx, trace, known=tx.corpus_version())


def left(place: Workplace) -> tuple[int, bool]:
    """How many answers are theirs, and whether they are known."""
    with open_workspace(place.root) as app, app.database.reading() as tx:
        return len(tx.trace_ids(person=PERSON, limit=2 * ANSWERS)), tx.has_person(PERSON)


def in_files(place: Workplace) -> list[str]:
    """Files that hold what they asked about, raw."""
    files = (path for path in place.data.rglob("*") if path.is_file())
    return [path.name for path in files if WORD.encode() in path.read_bytes().lower()]


def test_an_erasing_that_is_killed_leaves_all_or_nothing_and_is_gone_on_with(place: Workplace, tmp_path: Path):
    add_person(place)
    undisturbed = place.copy(tmp_path / "undisturbed").seconds(*ERASE)
    interrupted = 0
    for turn, moment in enumerate(moments(undisturbed, KILLS)):
        there = place.copy(tmp_path / f"workspace-{turn}")
        cut_off = there.killed(moment, *ERASE)
        interrupted += cut_off
        assert left(there) in ({(ANSWERS, True), (0, False)} if cut_off else {(0, False)})
        if left(there) != (0, False):
            assert in_files(there)
            assert there.run(*ERASE).code == 0
        elif cut_off:
            assert there.run(*ERASE).code == 3
        assert left(there) == (0, False)
        assert in_files(there) == []
        assert there.run("ledger", "verify").code == 0
    assert interrupted
