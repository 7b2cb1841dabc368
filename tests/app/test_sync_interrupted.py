"""A sync that is cut off anywhere and started again ends as one that was not."""

from pathlib import Path
from typing import Any

import pytest

from firmground.app.asking.search import search
from firmground.app.corpus import documents
from firmground.app.corpus.sync import sync
from firmground.testing.app import ADMINISTRATOR, Bench


class Killed(BaseException):
    """Stands for kill -9 inside a process: nothing may catch it and tidy up."""


class Dying:
    """Passes everything on to a port, and dies at its `countdown`-th call, before or after doing it."""

    def __init__(self, port: Any, countdown: list[int], *, after: bool) -> None:
        self._port = port
        self._countdown = countdown
        self._after = after

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._port, name)
        if not callable(found) or name == "close":
            return found

        def call(*arguments: Any, **named: Any) -> Any:
            self._countdown[0] -= 1
            if self._countdown[0] == 0 and not self._after:
                raise Killed
            result = found(*arguments, **named)
            if self._countdown[0] == 0:
                raise Killed
            return result

        return call


def first_corpus(bench: Bench) -> None:
    for number in range(6):
        text = f"# Rule {number}\n\nRule number {number} says that {'very ' * number}careful people keep {number} spare keys.\n"
        bench.source.contents[f"rules/{number}.md"] = text.encode()


def second_corpus(bench: Bench) -> None:
    contents = bench.source.contents
    contents["rules/0.md"] += b"\nSince May there is an exception for visitors.\n"
    contents["moved/1.md"] = contents.pop("rules/1.md")
    del contents["rules/2.md"]
    bench.source.file_groups["rules/3.md"] = ("hr",)
    contents["rules/4.md"] = b"!fail:corrupt"
    contents["new.md"] = b"# New\n\nVisitors get a badge at the front desk.\n"


def outcome(bench: Bench) -> Any:
    with bench.app() as app:
        listed = [(each.uri, each.state, each.groups, each.id) for each in documents.listed(app, ADMINISTRATOR)]
        found = {
            question: [(passage.uri, passage.text, passage.passage) for passage in search(app, ADMINISTRATOR, question).passages]
            for question in ("spare keys of careful people", "exception for visitors", "badge at the front desk", "rule number 2")
        }
        return listed, found, app.index.documents()


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Any:
    bench = Bench(tmp_path_factory.mktemp("undisturbed"))
    first_corpus(bench)
    with bench.app() as app:
        sync(app, ADMINISTRATOR)
    second_corpus(bench)
    with bench.app() as app:
        report = sync(app, ADMINISTRATOR)
    return outcome(bench), report["totals"]["documents"]


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("moment", range(1, 12))
def test_cut_off_at_any_call_and_started_again_it_ends_the_same(
    tmp_path: Path, undisturbed: Any, moment: int, after: bool
) -> None:
    bench = Bench(tmp_path)
    first_corpus(bench)
    with bench.app() as app:
        sync(app, ADMINISTRATOR)
    second_corpus(bench)
    sound = bench.index_, bench.embedder_
    countdown = [moment]
    bench.index_ = Dying(bench.index_, countdown, after=after)
    bench.embedder_ = Dying(bench.embedder_, countdown, after=after)
    killed = False
    try:
        with bench.app() as app:
            sync(app, ADMINISTRATOR)
    except Killed:
        killed = True
    bench.index_, bench.embedder_ = sound
    with bench.app() as app:
        report = sync(app, ADMINISTRATOR)
    expected, totals = undisturbed
    assert outcome(bench) == expected
    if killed:
        assert report["totals"]["documents"] == totals, "the job that went on reports what it did as a whole"
    else:
        assert countdown[0] > 0
