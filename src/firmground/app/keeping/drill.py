"""Try a restore out before it is needed: all of it, in a place of its own, measured, and recorded for the next audit."""

from collections.abc import Callable, Sequence
from pathlib import Path
from time import perf_counter
from typing import NamedTuple

from firmground.app.access.rights import need
from firmground.app.app import App
from firmground.app.asking.answers import ask
from firmground.app.corpus.indexing import kept_builds
from firmground.app.evaluating.asking_again import ask_again
from firmground.app.evaluating.golden import known_questions
from firmground.app.keeping.archive import WORKSPACE, Archive, opened, recognised
from firmground.app.keeping.backup import scratch
from firmground.app.keeping.restore import DATA, index_again, load, unpack_data
from firmground.app.launching.exercises import EXERCISES
from firmground.app.launching.exercising.place import TRYING, told
from firmground.app.launching.releases import CANDIDATE, named
from firmground.app.recording import ledger
from firmground.errors import FirmgroundError, InvalidInput, NotFound, Refused
from firmground.gate.facts import Exercise
from firmground.ports import Transaction
from firmground.settings import DatabaseSection, Workspace
from firmground.types import Actor, Trace

_ASKED = 5
_LOOKED_AT = 50
NAME = "restore"


class Drilled(NamedTuple):
    """How it went, and how long each part took."""

    exercise: Exercise
    seconds: dict[str, float]
    age_hours: float
    """Of the backup: what happened since would be lost."""


def drill(app: App, actor: Actor, file: Path) -> Drilled:
    """Restore a backup into a temporary place, examine what came back, ask it, and record that in the workspace. Nothing else is left.
    For administrators. A backup that cannot be used is a drill that failed, not an error. Where there is no backup there is no drill:
    NotFound, InvalidInput, OutsideFailed, and nothing is recorded."""
    need(actor, "workspace", "try a restore")
    recognised(file)
    run = _Run(app)
    try:
        run.whole(file)
    except (FirmgroundError, OSError) as error:
        run.found("restore", told(error))
    made = run.told(file)
    with app.database.transaction() as tx:
        tx.put_fact(EXERCISES, NAME, made.exercise.model_dump(mode="json"))
        seconds = round(sum(made.seconds.values()), 1)
        ledger.record(
            app,
            tx,
            actor,
            "drill.done",
            NAME,
            file=file.name,
            passed=made.exercise.passed,
            seconds=seconds,
            age_hours=round(made.age_hours, 1),
            findings=len(made.exercise.findings),
        )
    return made


class _Run:
    """One drill. What is wrong is a finding; the rest is looked at all the same."""

    def __init__(self, app: App) -> None:
        self.app = app
        self.tried = 0
        self.findings: list[str] = []
        self.seconds: dict[str, float] = {}
        self.age_hours = 0.0
        self.asked = 0

    def whole(self, file: Path) -> None:
        workspace = self.app.workspace
        _ = self.app.embedder  # shared with the place
        begun = perf_counter()
        with opened(file, room=workspace.data) as archive, scratch(workspace.data, "drill") as root:
            self._took("verify", begun)
            self.age_hours = max(0.0, (self.app.clock() - archive.manifest.made_at).total_seconds() / 3600)
            # On a server a second database is not ours to make: the rows are the same.
            settings = workspace.settings.model_copy(
                update={
                    "database": DatabaseSection.model_construct(),
                    "index": workspace.settings.index.model_copy(update={"url": "local"}),
                }
            )
            place = Workspace(root=root, data=root / DATA, settings=settings)
            begun = perf_counter()
            archive.unpack(archive.names(WORKSPACE), lambda name: root / name.removeprefix(WORKSPACE))
            unpack_data(archive, place.data)
            with self.app.beside(place) as there:
                load(there, archive)
            begun = self._took("load", begun)
            with self.app.beside(place) as there:
                index_again(there)
                begun = self._took("index", begun)
                self._examine(there, archive)
                begun = self._took("examine", begun)
                self._ask(there, archive.manifest.corpus)
                self._took("ask", begun)

    def found(self, what: str, problem: str) -> None:
        self.findings.append(f"{what}: {problem}")

    def told(self, file: Path) -> Drilled:
        seconds = sum(self.seconds.values())
        passed = not self.findings
        how = f"{self.tried} looks and {self.asked} questions" if passed else self.findings[0]
        said = (
            f"{file.name}, {self.age_hours:.1f} hours old, {'was' if passed else 'was not'} restored as it should be in {seconds:.1f} s:"
            f" {how}"
        )
        exercise = Exercise(
            name=NAME,
            at=self.app.clock(),
            passed=passed,
            tried=max(self.tried + self.asked, len(self.findings)),
            failed=len(self.findings),
            said=said,
            findings=tuple(self.findings),
        )
        return Drilled(exercise, {name: round(took, 3) for name, took in self.seconds.items()}, self.age_hours)

    def _took(self, what: str, begun: float) -> float:
        now = perf_counter()
        self.seconds[what] = now - begun
        return now

    def _look(self, what: str, look: Callable[[], Sequence[str]]) -> None:
        self.tried += 1
        try:
            for problem in look():
                self.found(what, problem)
        except FirmgroundError as error:
            self.found(what, told(error))

    def _examine(self, there: App, archive: Archive) -> None:
        self._look("database", there.database.check)
        self._look("rows", lambda: _rows(there, archive))
        self._look("ledger", lambda: [fault.said for fault in ledger.verify(there, TRYING).faults])
        self._look("index", lambda: _index(there))

    def _ask(self, there: App, corpus: int) -> None:
        """The newest questions whose answers must be the same again; where there are none, golden cases, which must be answered."""
        recorded = _comparable(there, corpus)
        for trace in recorded:
            self.asked += 1
            self._look_once(f"question {trace.answer.id}", lambda trace=trace: _again(there, trace))
        if not recorded:
            for question in _questions(there):
                self.asked += 1
                self._look_once("question", lambda question=question: _answered(there, question))

    def _look_once(self, what: str, look: Callable[[], Sequence[str]]) -> None:
        self._look(what, look)
        self.tried -= 1


def _rows(there: App, archive: Archive) -> list[str]:
    """Those tables that only a restore writes to."""
    skipped = {"facts", "builds", "build_documents", "chunks"}  # made anew where the index is not in the backup
    with there.database.reading() as tx:
        counts = tx.dump(lambda _: None)
    told = archive.manifest.tables
    return [
        f"{name} has {counts.get(name)} rows, not {told[name]}"
        for name in told.keys() - skipped
        if counts.get(name) != told[name]
    ]


def _index(there: App) -> list[str]:
    found: list[str] = []
    for build in kept_builds(there):
        rows = build.index.stats().rows
        with there.database.reading() as tx:
            expected = tx.chunk_count(build.name)
            waiting = len(tx.stale_documents(build.name, limit=1))
        if rows != expected or waiting:
            found.append(f"{build.name} has {rows} rows, not {expected}")
    return found


def _comparable(there: App, corpus: int) -> list[Trace]:
    """Answers that were quoted from the documents as they are in the backup, by a recipe that can be asked again."""
    with there.database.reading() as tx:
        kept = [trace for trace in tx.traces(limit=_LOOKED_AT) if _quoted(trace, corpus)]
        known = {recipe: _can_be_asked(there, tx, recipe) for recipe in {trace.answer.release for trace in kept}}
    return [trace for trace in kept if known[trace.answer.release]][:_ASKED]


def _quoted(trace: Trace, corpus: int) -> bool:
    answer = trace.answer
    plain = not (trace.erased or trace.context or trace.cached_from or trace.filters)
    return plain and answer.model == "extractive" and answer.corpus == str(corpus)


def _can_be_asked(there: App, tx: Transaction, recipe: str) -> bool:
    """Not one that gave answers but was never released, nor one whose index is not kept."""
    try:
        return named(there, tx, recipe).digest == recipe
    except (InvalidInput, NotFound, Refused):
        return False


def _again(there: App, trace: Trace) -> list[str]:
    """Of the recipe that answered, with the rights of who asked, whatever is live."""
    again = ask_again(there, TRYING, trace.answer.id, trace.answer.release)
    return [] if again.outcome == "same" else ["its answer is not the one that is recorded"]


def _questions(there: App) -> list[str]:
    return [known.question for known in known_questions(there.workspace.root)][:_ASKED]


def _answered(there: App, question: str) -> list[str]:
    ask(there, TRYING, question, release=CANDIDATE)
    return []
