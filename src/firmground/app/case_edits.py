"""Change golden cases where they stand: the files are the truth. Who changed what is kept beside them."""

from hashlib import sha256
from pathlib import Path
from typing import NamedTuple, cast

from firmground.app import kept
from firmground.app.app import App
from firmground.app.cases import write_whole
from firmground.app.rights import administrators_only
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
_WORDS = 5
_LONGEST_ID = 40


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
    """NotFound."""
    administrators_only(actor, "read golden cases")
    return _open(app, id)


def change(app: App, actor: Actor, id: str, case: Case, revision: str) -> None:
    """Write a case anew in its file, all others untouched. Refused where the file is no longer what it was at `revision`, or cannot be
    edited without touching another case."""
    administrators_only(actor, "change golden cases")
    if case.id != id:
        raise Refused(f"a case keeps its id, {id!r}", "add another one, and retire this")
    with app.database.transaction() as tx:
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
        _write(app, path, text, {**_cases(path), id: case})


def retire(app: App, actor: Actor, id: str, revision: str) -> None:
    """It is kept, and counts no more. Refused as `change` is."""
    case = find(app, actor, id).placed.case
    change(app, actor, id, case.model_copy(update={"status": "retired"}), revision)


def add(app: App, actor: Actor, case: Case) -> None:
    """Put one more case at the end of `golden/added.yaml`. Refused where its id is taken."""
    administrators_only(actor, "change golden cases")
    with app.database.transaction() as tx:
        taken = {placed.case.id: placed.place for placed in load(app.workspace.root).cases}
        if case.id in taken:
            raise Refused(f"there is a case {case.id!r} already, in {taken[case.id]}", "give it another id")
        path = app.workspace.root / FOLDER / ADDED
        there = path.exists()
        text = appended(_text(path) if there else "", path.suffix, case)
        _record(tx, app, actor, None, case)
        _write(app, path, text, {**(_cases(path) if there else {}), case.id: case})


def history(app: App, actor: Actor, id: str) -> list[Edit]:
    """What was changed here, newest first; edits of the files themselves are not known."""
    administrators_only(actor, "read golden cases")
    with app.database.reading() as tx:
        found = sorted(tx.facts(_HISTORY + id).items(), reverse=True)
    return [_edit(cast("dict[str, Json]", each)) for _, each in found]


def from_answer(app: App, actor: Actor, answer: str) -> Case:
    """A draft of a case: what was asked, by whom, what became of it, and what was cited. What the answer must say is a person's to
    decide. NotFound."""
    administrators_only(actor, "change golden cases")
    trace = kept.show(app, actor, answer)
    behaviour, kind = _became(trace)
    cited = dict.fromkeys(citation.uri for citation in trace.answer.citations) if behaviour == "answer" else {}
    taken = {placed.case.id for placed in load(app.workspace.root).cases}
    return Case(
        id=_free(trace.answer.question, taken),
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


def _free(question: str, taken: set[str]) -> str:
    """An id of the first words."""
    plain = "".join(sign if sign.isascii() and sign.isalnum() else " " for sign in question.lower())
    name = "-".join(plain.split()[:_WORDS])[:_LONGEST_ID].strip("-") or "case"
    number = 2
    free = name
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


def _edit(kept_: dict[str, Json]) -> Edit:
    before = Case.model_validate(kept_["before"]) if kept_["before"] else None
    return Edit(str(kept_["by"]), str(kept_["at"]), before, Case.model_validate(kept_["after"]))
