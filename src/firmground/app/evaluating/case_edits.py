"""Change golden cases where they stand: the files are the truth. Who changed what is kept beside them."""

from contextlib import AbstractContextManager
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple, cast

from firmground.app.access.rights import need
from firmground.app.app import App
from firmground.app.asking import kept
from firmground.app.evaluating.cases import write_whole
from firmground.app.evaluating.sight import Sight
from firmground.app.recording.intents import fulfilled, intended
from firmground.app.recording.ledger import record
from firmground.errors import NotFound, OutsideFailed, Refused
from firmground.evaluate.cases import Behaviour, Case, Expectation, Kind
from firmground.evaluate.editing import appended, replaced
from firmground.evaluate.files import FOLDER, Placed, load, read_file
from firmground.ports import Transaction
from firmground.types import Actor, Json, Trace

ADDED = "added.yaml"
"""The file under `golden/` that cases are added to."""
_HISTORY = "case-edits:"
"""Namespace of what was changed, by the id of the case; keys count."""


class Open(NamedTuple):
    """A case with the revision of the file it stands in."""

    placed: Placed
    revision: str


class Edit(NamedTuple):
    """One change. `before` is None where the case was added."""

    by: str
    at: str
    before: Case | None
    after: Case


def find(app: App, actor: Actor, id: str) -> Open:
    """A case, as this person may read it. NotFound."""
    need(actor, "audit", "read golden cases")
    found = _open(app, id)
    with app.database.reading() as tx:
        [shown] = Sight(app, tx, actor).placed([found.placed])
    return Open(shown, found.revision)


def find_whole(app: App, actor: Actor, id: str) -> Open:
    """The same for whoever wants to change it, who must see all of it. NotFound."""
    need(actor, "cases", "change golden cases")
    need(actor, "see_all", "change golden cases that exist")
    return _open(app, id)


def change(app: App, actor: Actor, id: str, case: Case, revision: str) -> None:
    """Write a case anew in its file, all others untouched. Refused where the file is no longer what it was at `revision`, or cannot be
    edited without touching another case."""
    need(actor, "cases", "change golden cases")
    if case.id != id:
        raise Refused(f"a case keeps its id, {id!r}", "add another one, and retire this")
    with _changing(app, actor, id, _open(app, id).placed.place.file) as note, app.database.transaction() as tx:
        now = _open(app, id)
        if now.revision != revision:
            raise Refused(
                f"{now.placed.place.file} was changed since this page was loaded", "load it again and repeat the change"
            )
        if now.placed.case == case:
            return
        path = app.workspace.root / now.placed.place.file
        text = replaced(_text(path), path.suffix.lower(), now.placed.place.line, case)
        _record(tx, app, actor, now.placed.case, case)
        if fulfilled(tx, note):
            record(app, tx, actor, "case.changed", id, before=now.placed.case.digest, after=case.digest, status=case.status)
        _write(app, path, text, {**_cases(path), id: case})


def retire(app: App, actor: Actor, id: str, revision: str) -> None:
    """It is kept, and counts no more. Refused as `change` is."""
    need(actor, "cases", "change golden cases")
    case = _open(app, id).placed.case
    change(app, actor, id, case.model_copy(update={"status": "retired"}), revision)


def add(app: App, actor: Actor, case: Case) -> None:
    """Put one more case at the end of `golden/added.yaml`. Refused where its id is taken."""
    need(actor, "cases", "change golden cases")
    _add(app, actor, case)


def add_draft(app: App, actor: Actor, case: Case) -> None:
    """The same for reviewers, of a draft: it asks nothing and counts for nothing before somebody makes it active who may."""
    need(actor, "review", "add drafts of golden cases")
    if case.status != "draft":
        raise Refused("a reviewer adds drafts of cases", "leave it to an administrator to make it count")
    _add(app, actor, case)


def _add(app: App, actor: Actor, case: Case) -> None:
    place = f"{FOLDER}/{ADDED}"
    with _changing(app, actor, case.id, place) as note, app.database.transaction() as tx:
        taken = {placed.case.id: placed.place for placed in load(app.workspace.root).cases}
        if case.id in taken:
            raise Refused(f"there is a case {case.id!r} already, in {taken[case.id]}", "give it another id")
        path = app.workspace.root / FOLDER / ADDED
        there = path.exists()
        text = appended(_text(path) if there else "", path.suffix, case)
        _record(tx, app, actor, None, case)
        if fulfilled(tx, note):
            record(app, tx, actor, "case.changed", case.id, before=None, after=case.digest, status=case.status)
        _write(app, path, text, {**(_cases(path) if there else {}), case.id: case})


def history(app: App, actor: Actor, id: str) -> list[Edit]:
    """What was changed here, newest first, as this person may read it; edits of the files themselves are not known."""
    need(actor, "audit", "read golden cases")
    with app.database.reading() as tx:
        sight, found = Sight(app, tx, actor), sorted(tx.facts(_HISTORY + id).items(), reverse=True)
        edits = [_edit(cast("dict[str, Json]", each)) for _, each in found]
        return [each._replace(before=each.before and sight.case(each.before), after=sight.case(each.after)) for each in edits]


def from_answer(app: App, actor: Actor, answer: str) -> Case:
    """A draft of a case: what was asked, by whom, what became of it, and what was cited. What the answer must say is a person's to
    decide. NotFound."""
    need(actor, "cases", "change golden cases")
    with app.database.reading() as tx:
        trace = kept.seen(tx, actor, answer)  # with placeholders: a case is a file that others read
    return of_trace(app, actor, trace)


def of_trace(app: App, actor: Actor, trace: Trace) -> Case:
    """The same of an answer that is at hand."""
    behaviour, kind = _became(trace)
    cited = dict.fromkeys(citation.uri for citation in trace.answer.citations) if behaviour == "answer" else {}
    taken = {placed.case.id for placed in load(app.workspace.root).cases}
    return Case(
        id=_free(trace.answer.created_at, taken),
        kind=kind,
        question=trace.answer.question,
        as_=tuple(group for group in trace.groups if group != "public") or ("everyone",),
        expect=Expectation(behaviour=behaviour, sources=tuple((uri,) for uri in cited)),
        owner=actor.person,
        notes=f"From the answer {trace.answer.id}.",
    )


def _became(trace: Trace) -> tuple[Behaviour, Kind]:
    match trace.answer.status:
        case "clarify":
            return "clarify", "missing_context"
        case "abstained" | "out_of_scope":
            return "abstain", "out_of_scope"
        case "blocked":
            return "refuse", "sensitive"
        case "draft":
            return "escalate", "sensitive"
        case _:
            return "answer", "normal"


def _free(asked: datetime, taken: set[str]) -> str:
    """An id of the day it was asked: one of its words would stand in the ledger for good."""
    name = free = f"asked-{asked:%Y-%m-%d}"
    number = 2
    while free in taken:
        free, number = f"{name}-{number}", number + 1
    return free


def _open(app: App, id: str) -> Open:
    placed = next((each for each in load(app.workspace.root).cases if each.case.id == id), None)
    if placed is None:
        raise NotFound(f"there is no case {id[:100]!r}", "`firmground cases list` shows all")
    return Open(placed, sha256(_bytes(app.workspace.root / placed.place.file)).hexdigest()[:32])


def _cases(path: Path) -> dict[str, Case]:
    return {each.case.id: each.case for each in read_file(path) if isinstance(each, Placed)}


def _text(path: Path) -> str:
    return _bytes(path).decode("utf-8-sig").replace("\r\n", "\n")


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise OutsideFailed(f"cannot read {path} ({error.strerror})", "check that it exists and its permissions") from None


def _write(app: App, path: Path, text: str, wanted: dict[str, Case]) -> None:
    """Only where what is read from it afterwards is what was wanted: a reference of YAML could tie one case to another."""
    trial = app.workspace.data / f"trial{path.suffix}"
    try:
        write_whole(trial, text)
        if _cases(trial) != wanted:
            raise Refused(f"{path.name} cannot be changed in this place without touching other cases", "edit the file itself")
    finally:
        trial.unlink(missing_ok=True)
    lines_end = "\r\n" if path.exists() and b"\r\n" in _bytes(path) else "\n"
    write_whole(path, text.replace("\n", lines_end))


def _record(tx: Transaction, app: App, actor: Actor, before: Case | None, after: Case) -> None:
    namespace = _HISTORY + after.id
    told: Json = {
        "by": actor.person,
        "at": app.clock().isoformat(),
        "before": before.model_dump(mode="json") if before else None,
        "after": after.model_dump(mode="json"),
    }
    tx.put_fact(namespace, f"{len(tx.facts(namespace)):06}", told)


def _changing(app: App, actor: Actor, id: str, place: str) -> AbstractContextManager[str]:
    return intended(app, actor, "case.changed", id, place)


def _edit(kept_: dict[str, Json]) -> Edit:
    before = Case.model_validate(kept_["before"]) if kept_["before"] else None
    return Edit(str(kept_["by"]), str(kept_["at"]), before, Case.model_validate(kept_["after"]))
