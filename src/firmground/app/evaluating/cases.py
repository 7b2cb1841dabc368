"""Golden cases: look at them, check them, take them in and hand them out."""

import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from firmground.app.access.rights import need
from firmground.app.app import App
from firmground.app.evaluating.case_sources import changed_since
from firmground.app.evaluating.sight import Sight
from firmground.app.recording.intents import fulfilled, intended
from firmground.app.recording.ledger import record
from firmground.errors import InvalidInput, NotFound, OutsideFailed, Refused
from firmground.evaluate.cases import KINDS, Case, CaseStatus, Kind
from firmground.evaluate.checks import Flaw, Needed, flaws, needed
from firmground.evaluate.files import FOLDER, Dataset, Placed, Unreadable, load, read_file, written
from firmground.ports import Transaction
from firmground.types import Actor

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,59}")


class Checked(NamedTuple):
    """A golden dataset, and what is wrong with it."""

    dataset: Dataset
    digest: str
    """Of the active cases as they are, whoever looks at them."""
    flaws: list[Flaw]
    needed: list[Needed]

    @property
    def broken(self) -> bool:
        return any(flaw.severity == "error" for flaw in self.flaws)


def listed(app: App, actor: Actor, *, kind: str | None = None, status: str | None = None) -> list[Placed]:
    """The cases in their files, in order, as this person may read them. InvalidInput for a kind or status that does not exist."""
    need(actor, "audit", "read golden cases")
    wanted_kind, wanted_status = _one_of("kind", kind, KINDS), _one_of("status", status, ("draft", "active", "retired"))
    found = [
        placed
        for placed in load(app.workspace.root).cases
        if wanted_kind in {None, placed.case.kind} and wanted_status in {None, placed.case.status}
    ]
    with app.database.reading() as tx:
        return Sight(app, tx, actor).placed(found)


def digest(app: App, actor: Actor) -> str:
    """Of the active cases, by which evaluations name what they asked."""
    need(actor, "audit", "read golden cases")
    return load(app.workspace.root).digest


def check(app: App, actor: Actor) -> Checked:
    """Everything that is wrong with the golden cases of this workspace, against the documents as they are indexed now; as this person
    may read it."""
    need(actor, "audit", "check golden cases")
    dataset = load(app.workspace.root)
    changed = changed_since(app, [placed.case for placed in dataset.cases])
    with app.database.reading() as tx:
        found = flaws(dataset, _finder(app, tx), changed=changed, told=_told_beforehand(app))
        sight, known = Sight(app, tx, actor), {placed.case.id: placed.case for placed in dataset.cases}
        shown = Dataset(tuple(sight.placed(dataset.cases)), tuple(sight.unreadable(dataset.unreadable)))
        told = [sight.flaw(each, known.get(each.case)) for each in found]
    return Checked(shown, dataset.digest, told, needed())


def exported(app: App, actor: Actor, kind: str) -> str:
    """All cases as one file of a kind: yaml, csv or jsonl; or as a configuration of promptfoo, the active ones. For whoever may change
    them and see every document: a file with less in it would take the place of the whole one somewhere."""
    need(actor, "cases", "take golden cases out")
    need(actor, "see_all", "take golden cases out")
    if kind not in {"yaml", "csv", "jsonl", "promptfoo"}:
        raise InvalidInput(f"{kind!r} is no kind of cases", "use yaml, csv, jsonl or promptfoo")
    answering = app.candidate.answering
    refusals = (answering.refusal, answering.out_of_scope_text)
    return written([placed.case for placed in listed(app, actor)], kind, refusals)


def take_in(app: App, actor: Actor, file: Path, *, replace: bool = False) -> tuple[int, Path]:
    """Put the cases of a file into `golden/`, as YAML under its name: how many, and where. All or, where one cannot be read or has an id
    that another file has, none. Refused where there is a file of that name, unless `replace`."""
    need(actor, "cases", "change golden cases")
    if not file.is_file():
        raise NotFound(f"there is no file {file}", "name one that ends in .yaml, .csv or .jsonl")
    read = list(read_file(file))
    for each in read:
        if isinstance(each, Unreadable):
            raise InvalidInput(f"{each.place}: {each.problem}", f"{each.remedy}; nothing was taken in")
    cases = [each.case for each in read if isinstance(each, Placed)]
    target = app.workspace.root / FOLDER / f"{file.stem}.yaml"
    _check_ids(app, cases, target)
    if target.exists() and not replace:
        raise Refused(f"there is {target} already", "rename the file, or replace it with --replace")
    place = target.relative_to(app.workspace.root).as_posix()
    with intended(app, actor, "case.changed", place, place, cases=len(cases)) as note:
        write_whole(target, written(cases, "yaml"))
        with app.database.transaction() as tx:
            if fulfilled(tx, note):
                record(app, tx, actor, "case.changed", place, cases=len(cases))
    return len(cases), target


def take_in_text(app: App, actor: Actor, name: str, kind: str, text: str) -> tuple[int, Path]:
    """The same for what somebody pasted, as a file of that name and kind (`yaml`, also of promptfoo, `csv` or `jsonl`)."""
    need(actor, "cases", "change golden cases")
    if not _NAME.fullmatch(name):
        raise InvalidInput(f"the file cannot be called {name[:60]!r}", "use up to 60 letters, digits, points and dashes")
    if kind not in {"yaml", "csv", "jsonl"}:
        raise InvalidInput(f"{kind[:20]!r} is no kind of cases", "use yaml, csv or jsonl")
    with TemporaryDirectory() as folder:
        file = Path(folder) / f"{name}.{kind}"
        file.write_text(text, encoding="utf-8", errors="replace")
        return take_in(app, actor, file)


def _check_ids(app: App, cases: Sequence[Case], target: Path) -> None:
    here = target.relative_to(app.workspace.root).as_posix()
    others = {placed.case.id: placed.place for placed in load(app.workspace.root).cases if placed.place.file != here}
    seen: set[str] = set()
    for case in cases:
        if case.id in others or case.id in seen:
            place = others.get(case.id, "the same file")
            raise InvalidInput(f"there is a case {case.id!r} already, in {place}", "give it another id; nothing was taken in")
        seen.add(case.id)


def write_whole(target: Path, text: str) -> None:
    """Whole or not at all."""
    half = target.with_suffix(".part")
    try:
        target.parent.mkdir(exist_ok=True)
        half.write_text(text, encoding="utf-8")
        half.replace(target)
    except OSError as error:
        with suppress(OSError):
            half.unlink()
        raise OutsideFailed(f"cannot write {target} ({error.strerror})", "check space and permissions") from None


def _finder(app: App, tx: Transaction) -> Callable[[Case, str], str]:
    """How a document that a case names stands, looked up once for each path."""
    by_path: dict[str, list[tuple[str, int]]] = {}
    for source in app.sources:
        for document in tx.documents(source=source):
            for name in (document.uri, f"{source}/{document.uri}"):
                by_path.setdefault(name, []).append((document.state, document.scope))
    visible: dict[tuple[str, ...], frozenset[int]] = {}

    def find(case: Case, source: str) -> str:
        if case.as_ not in visible:
            visible[case.as_] = tx.visible_scopes({*case.as_, "public"})
        found = by_path.get(source, [])
        if not found:
            return "absent"
        indexed = [scope for state, scope in found if state == "indexed"]
        if not indexed:
            return "waiting"
        return "indexed" if visible[case.as_].intersection(indexed) else "hidden"

    return find


def _told_beforehand(app: App) -> dict[str, str]:
    """What the candidate knows without any document."""
    answer = app.workspace.settings.answer
    prompt = app.candidate.answering.generation.prompt
    return {"answer.out_of_scope": "\n".join(answer.out_of_scope), answer.prompt: prompt.text if prompt else ""}


def _one_of(what: str, given: str | None, known: Sequence[Kind] | Sequence[CaseStatus]) -> str | None:
    if given is not None and given not in known:
        raise InvalidInput(f"there is no {what} {given!r}", f"use one of {', '.join(known)}")
    return given
