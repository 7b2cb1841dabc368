"""The pages about golden cases: find, read, check, change and add them."""

import difflib
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Annotated, Any
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from firmground.app.access.rights import need
from firmground.app.evaluating import case_edits, case_sources, evaluation
from firmground.app.evaluating import cases as golden
from firmground.app.evaluating.case_edits import Edit
from firmground.errors import FirmgroundError, NotAllowed, NotFound
from firmground.evaluate.cases import Case, read_case
from firmground.evaluate.checks import Flaw
from firmground.evaluate.files import FOLDER, Placed, written
from firmground.evaluate.report import Report, Result
from firmground.web.language import _, marked
from firmground.web.pages.forms import form
from firmground.web.pages.releases import as_lines
from firmground.web.problems import status_of
from firmground.web.rendering import page
from firmground.web.visit import TheVisit, Visit
from firmground.web.worth import KIND_NAMES, names

_PAGE = 50
_LATELY = 12
"""Evaluations that a case is looked up in."""
_OR = " | "
"""Between alternatives, in a form."""
_FILES = {"yaml": "application/yaml", "csv": "text/csv", "jsonl": "application/jsonl", "promptfoo": "application/yaml"}
STATUS_NAMES: Mapping[str, str] = {"active": marked("active"), "draft": marked("draft"), "retired": marked("retired")}
BEHAVIOUR_NAMES: Mapping[str, str] = {
    "answer": marked("an answer"),
    "clarify": marked("a question back"),
    "abstain": marked("no answer"),
    "refuse": marked("a refusal"),
    "escalate": marked("a draft for a person"),
}

router = APIRouter()


class Wanted(BaseModel):
    """Which cases."""

    kind: str = Field("", max_length=40)
    status: str = Field("", max_length=40)
    query: str = Field("", max_length=200)
    problems: bool = False
    page: int = Field(1, ge=1, le=100_000)


@router.get("/cases")
async def cases_page(request: Request, visit: TheVisit, wanted: Annotated[Wanted, Query()]) -> Response:
    await visit.opened(anyway=True)
    return await visit.run(_cases, request, visit, wanted)


@router.get("/cases.{kind}")
async def cases_file(visit: TheVisit, kind: str) -> Response:
    """All cases as one file."""
    need(visit.actor, "cases", "take golden cases out")
    if kind not in _FILES:
        raise NotFound("there is nothing at this address", "check it")
    text = await visit.run(golden.exported, visit.app, visit.actor, kind)
    name = f"golden-cases.{'promptfoo.yaml' if kind == 'promptfoo' else kind}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(text.encode("utf-8", "replace"), headers=headers, media_type=f"{_FILES[kind]}; charset=utf-8")


@router.get("/new-case")
async def new_case(request: Request, visit: TheVisit, answer: Annotated[str, Query(max_length=100)] = "") -> Response:
    """The form, filled in with what an answer tells."""
    return await visit.run(_new, request, visit, answer)


@router.post("/new-case")
async def add_case(request: Request, visit: TheVisit) -> Response:
    fields = await form(request, visit)
    return await visit.run(_add, request, visit, fields)


@router.get("/import-cases")
async def import_page(request: Request, visit: TheVisit) -> Response:
    need(visit.actor, "cases", "change golden cases")
    return await visit.run(_importing, request, {"name": "", "kind": "yaml", "text": ""})


@router.post("/import-cases")
async def import_cases(request: Request, visit: TheVisit) -> Response:
    fields = await form(request, visit)
    return await visit.run(_import, request, visit, fields)


@router.get("/cases/{id}")
async def case_page(request: Request, visit: TheVisit, id: str) -> Response:
    await visit.opened(anyway=True)
    return await visit.run(_case, request, visit, id)


@router.get("/cases/{id}/edit")
async def edit_page(request: Request, visit: TheVisit, id: str) -> Response:
    return await visit.run(_edit, request, visit, id)


@router.post("/cases/{id}/edit")
async def change_case(request: Request, visit: TheVisit, id: str) -> Response:
    fields = await form(request, visit)
    return await visit.run(_change, request, visit, id, fields)


@router.post("/cases/{id}/retire")
async def retire_case(request: Request, visit: TheVisit, id: str) -> Response:
    fields = await form(request, visit)
    await visit.run(case_edits.retire, visit.app, visit.actor, id, fields.get("revision", ""))
    return RedirectResponse(_at(id), 303)


@router.post("/cases/{id}/confirm")
async def confirm_case(request: Request, visit: TheVisit, id: str) -> Response:
    """Its sources changed, and it still holds."""
    await form(request, visit)
    await visit.run(case_sources.confirm, visit.app, visit.actor, [id])
    return RedirectResponse(_at(id), 303)


def _importing(request: Request, fields: Mapping[str, str], error: FirmgroundError | None = None) -> Response:
    kinds = [("yaml", "YAML"), ("csv", "CSV"), ("jsonl", "JSONL")]
    return page(
        request,
        "import_cases.html",
        {"fields": fields, "kinds": kinds, "error": error},
        status=status_of(error) if error else 200,
    )


def _import(request: Request, visit: Visit, fields: Mapping[str, str]) -> Response:
    given = {"name": "", "kind": "yaml", "text": "", **fields}
    try:
        golden.take_in_text(visit.app, visit.actor, given["name"].strip(), given["kind"], given["text"])
    except NotAllowed:
        raise
    except FirmgroundError as error:
        return _importing(request, given, error)
    return RedirectResponse("/cases", 303)


def _cases(request: Request, visit: Visit, wanted: Wanted) -> Response:
    checked = golden.check(visit.app, visit.actor)
    troubled = Counter(flaw.case for flaw in checked.flaws if flaw.case)
    found = [
        each for each in checked.dataset.cases if _fits(each.case, wanted) and (not wanted.problems or troubled[each.case.id])
    ]
    first = (wanted.page - 1) * _PAGE
    query = {"kind": wanted.kind, "status": wanted.status, "query": wanted.query, "problems": "true" if wanted.problems else ""}
    at = "/cases?" + urlencode({name: value for name, value in query.items() if value})
    values: dict[str, Any] = {
        "cases": found[first : first + _PAGE],
        "matching": len(found),
        "total": len(checked.dataset.cases),
        "active": sum(each.case.status == "active" for each in checked.dataset.cases),
        "digest": checked.digest,
        "troubled": troubled,
        "findings": _grouped(checked.flaws),
        "broken": checked.broken,
        "needed": checked.needed,
        "kind_names": KIND_NAMES,
        "status_names": STATUS_NAMES,
        "chosen": wanted,
        "files": [(kind, kind.upper() if kind != "promptfoo" else kind) for kind in _FILES],
        "newest": at + "#list" if wanted.page > 1 else "",
        "older": f"{at}&page={wanted.page + 1}#list" if len(found) > first + _PAGE else "",
    }
    return page(request, "cases.html", values)


def _fits(case: Case, wanted: Wanted) -> bool:
    text = wanted.query.strip().casefold()
    return (
        wanted.kind in {"", case.kind}
        and wanted.status in {"", case.status}
        and (not text or any(text in each.casefold() for each in (case.id, case.question, case.notes, case.owner)))
    )


def _grouped(flaws: Sequence[Flaw]) -> list[tuple[str, str, list[Flaw]]]:
    """Severity, code and findings: errors first, what concerns the whole dataset before what concerns one case."""
    codes = dict.fromkeys(
        (flaw.severity, flaw.code) for flaw in sorted(flaws, key=lambda each: (each.severity != "error", bool(each.case)))
    )
    return [
        (severity, code, [each for each in flaws if (each.severity, each.code) == (severity, code)]) for severity, code in codes
    ]


def _case(request: Request, visit: Visit, id: str) -> Response:
    found = case_edits.find(visit.app, visit.actor, id)
    flaws = [flaw for flaw in golden.check(visit.app, visit.actor).flaws if flaw.case == id]
    values: dict[str, Any] = {
        "case": found.placed.case,
        "place": found.placed.place,
        "revision": found.revision,
        "flaws": flaws,
        "came": _came(visit, found.placed),
        "names": names(visit.app, visit.actor),
        "history": [(each, as_lines(_differs(each))) for each in case_edits.history(visit.app, visit.actor, id)],
        "editable": not found.placed.place.file.endswith(".csv"),
        "kind_names": KIND_NAMES,
        "status_names": STATUS_NAMES,
    }
    return page(request, "case.html", values)


def _came(visit: Visit, placed: Placed) -> list[tuple[Report, list[Result]]]:
    """What the case, as it stands, came to lately; newest first."""
    made = evaluation.reports(visit.app, visit.actor)[:_LATELY]
    found = [(each, dict(_by_id(evaluation.results_of(visit.app, visit.actor, each)))) for each in made]
    return [(each, results[placed.case.id]) for each, results in found if placed.case.id in results]


def _by_id(came: Sequence[tuple[Case, list[Result]]]) -> list[tuple[str, list[Result]]]:
    return [(case.id, results) for case, results in came]


def _differs(edit: Edit) -> list[str]:
    """What an edit changed, as a unified diff."""
    before, after = (written([each], "yaml").splitlines() if each else [] for each in (edit.before, edit.after))
    return list(difflib.unified_diff(before, after, lineterm="", n=1))[2:]


def _new(request: Request, visit: Visit, answer: str) -> Response:
    need(visit.actor, "cases", "change golden cases")
    if answer:
        return _form(request, fields=_fields(case_edits.from_answer(visit.app, visit.actor, answer)), answer=answer)
    return _form(request, fields={**_fields(Case(id="x", question="x")), "id": "", "question": "", "owner": visit.actor.person})


def _add(request: Request, visit: Visit, fields: Mapping[str, str]) -> Response:
    need(visit.actor, "cases", "change golden cases")
    try:
        case = _read(fields)
        case_edits.add(visit.app, visit.actor, case)
    except FirmgroundError as error:
        return _form(request, fields=fields, answer=fields.get("answer", ""), error=error)
    return RedirectResponse(_at(case.id), 303)


def _edit(request: Request, visit: Visit, id: str) -> Response:
    found = case_edits.find_whole(visit.app, visit.actor, id)
    fields = _fields(found.placed.case)
    return _form(
        request, fields={**fields, "revision": found.revision}, placed=found.placed, plain=_read(fields) == found.placed.case
    )


def _change(request: Request, visit: Visit, id: str, fields: Mapping[str, str]) -> Response:
    found = case_edits.find_whole(visit.app, visit.actor, id)
    try:
        case_edits.change(visit.app, visit.actor, id, _read({**fields, "id": id}), fields.get("revision", ""))
    except FirmgroundError as error:
        return _form(request, fields={**fields, "id": id}, placed=found.placed, error=error)
    return RedirectResponse(_at(id), 303)


def _form(
    request: Request,
    *,
    fields: Mapping[str, str],
    placed: Placed | None = None,
    answer: str = "",
    plain: bool = True,
    error: FirmgroundError | None = None,
) -> Response:
    """`plain`: the case can be told in such a form without losing anything."""
    values = {
        "fields": {**dict.fromkeys((*_FIELDS, "revision"), ""), **fields},
        "placed": placed,
        "file": placed.place if placed else f"{FOLDER}/{case_edits.ADDED}",
        "answer": answer,
        "plain": plain,
        "error": error,
        "kinds": [(code, _(words)) for code, words in KIND_NAMES.items()],
        "statuses": [(code, _(words)) for code, words in STATUS_NAMES.items()],
        "behaviour_names": [(code, _(words)) for code, words in BEHAVIOUR_NAMES.items()],
    }
    return page(request, "case_form.html", values, status=status_of(error) if error else 200)


_FIELDS = (
    "id",
    "question",
    "kind",
    "groups",
    "behaviour",
    "contains",
    "sources",
    "unacceptable",
    "answer_text",
    "status",
    "owner",
    "notes",
)


def _fields(case: Case) -> dict[str, str]:
    """A case as the fields of a form: a line for each entry, alternatives side by side."""
    return {
        "id": case.id,
        "question": case.question,
        "kind": case.kind,
        "groups": ", ".join(case.as_),
        "behaviour": case.expect.behaviour,
        "contains": "\n".join(map(_OR.join, case.expect.contains)),
        "sources": "\n".join(map(_OR.join, case.expect.sources)),
        "unacceptable": "\n".join(case.unacceptable),
        "answer_text": case.expect.answer,
        "status": case.status,
        "owner": case.owner,
        "notes": case.notes,
    }


def _read(fields: Mapping[str, str]) -> Case:
    """The case that such fields tell. InvalidInput."""
    given = {name: fields.get(name, "").replace("\r\n", "\n") for name in _FIELDS}
    return read_case(
        {
            "id": given["id"].strip(),
            "question": given["question"].strip("\n"),
            "kind": given["kind"] or "normal",
            "as": [each.strip() for each in given["groups"].split(",") if each.strip()],
            "expect": {
                "behaviour": given["behaviour"] or "answer",
                "contains": _alternatives(given["contains"]),
                "sources": _alternatives(given["sources"]),
                "answer": given["answer_text"],
            },
            "unacceptable": [line.strip() for line in given["unacceptable"].split("\n") if line.strip()],
            "status": given["status"] or "active",
            "owner": given["owner"].strip(),
            "notes": given["notes"],
        }
    )


def _alternatives(text: str) -> list[list[str]]:
    lines = [[each.strip() for each in line.split(_OR) if each.strip()] for line in text.split("\n")]
    return [line for line in lines if line]


def _at(id: str) -> str:
    return f"/cases/{quote(id, safe='')}"
