"""An evaluation that is killed goes on: no finished case is asked again, and none is lost."""

import json
import signal
import time
from pathlib import Path

from workplace import NOTES, Workplace

from firmground.app.access.names import EVALUATION
from firmground.app.app import App
from firmground.types import Trace
from firmground.wire import open_workspace

COUNT = 120
SETTINGS = '[[sources]]\nname = "notes"\npath = "notes"\n\n[parsing]\nocr = false\n'
THINGS = ("coffee machine", "bicycles", "dogs", "elevator", "attic")


def a_place(root: Path) -> Workplace:
    place = Workplace.new(root, SETTINGS)
    (root / "notes").mkdir()
    for name, text in NOTES.items():
        (root / "notes" / name).write_text(text)
    cases = [
        {"id": f"case-{n}", "question": f"What about the {THINGS[n % len(THINGS)]} ({n})?", "expect": {"behaviour": "answer"}}
        for n in range(COUNT)
    ]
    (root / "golden").mkdir()
    (root / "golden" / "all.jsonl").write_text("\n".join(map(json.dumps, cases)))
    place.sync()
    return place


def answers(app: App) -> list[Trace]:
    """Those that were given to cases, each as it is kept."""
    with app.database.reading() as tx:
        return tx.traces(person=EVALUATION, limit=10 * COUNT)


def test_an_evaluation_that_is_killed_again_and_again_ends_as_one_that_was_not(tmp_path: Path):
    place = a_place(tmp_path / "place")
    kills = 0
    before: set[str] = set()
    with open_workspace(place.root) as app:
        for _ in range(3):
            process = place.start("evaluate")
            while process.poll() is None and len(answers(app)) == len(before):
                time.sleep(0.05)
            process.kill()
            process.communicate()
            kills += process.returncode == -signal.SIGKILL
            kept = {trace.answer.id for trace in answers(app)}
            assert before <= kept, "what was asked stays asked"
            before = kept
        assert kills, "else nothing was tried"
        report = place.json("evaluate")
        assert report["passed"]["cases"] == COUNT
        assert report["errors"] == 0
        asked = [trace.answer.question for trace in answers(app)]
        assert len(asked) == len(set(asked)) == COUNT, "each case was asked, and once"
        assert before <= {trace.answer.id for trace in answers(app)}
    place.check_sound()
