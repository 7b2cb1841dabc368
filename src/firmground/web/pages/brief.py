"""The pages about the launch brief: read it, go through it step by step, print it."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from firmground.app.access.rights import need
from firmground.app.launching import briefs
from firmground.app.launching.briefs import ChangedMeanwhile, Opened, Unacceptable
from firmground.errors import FirmgroundError, NotAllowed, NotFound
from firmground.gate.brief import FIELDS, FOR_ASKERS, Brief, answered, is_answered, overdue, value_of
from firmground.gate.brief import QUESTIONS as ALL
from firmground.ledger import LedgerEntry
from firmground.types import Json
from firmground.web.pages.forms import form
from firmground.web.problems import status_of
from firmground.web.questions import GROUPS, QUESTIONS, STEPS, Step, has_parts, is_list, step_named
from firmground.web.rendering import page
from firmground.web.visit import TheVisit, Visit

_LATELY = 10

router = APIRouter()


@router.get("/brief")
async def brief_page(request: Request, visit: TheVisit) -> Response:
    """All of it for who may read audits; for others what whoever asks should know."""
    return await visit.run(_brief if visit.actor.may("audit") else _about, request, visit)


@router.get("/brief/print")
async def print_page(request: Request, visit: TheVisit) -> Response:
    """The brief as one sheet of paper."""
    return await visit.run(_print, request, visit)


@router.get("/brief/edit")
async def edit_page(request: Request, visit: TheVisit) -> Response:
    """All questions on one page."""
    return await visit.run(_edit, request, visit, None)


@router.get("/brief/edit/{slug}")
async def step_page(request: Request, visit: TheVisit, slug: str) -> Response:
    return await visit.run(_edit, request, visit, _step(slug))


@router.post("/brief/edit")
async def change(request: Request, visit: TheVisit) -> Response:
    return await visit.run(_change, request, visit, None, await form(request, visit))


@router.post("/brief/edit/{slug}")
async def change_step(request: Request, visit: TheVisit, slug: str) -> Response:
    fields = await form(request, visit)
    return await visit.run(_change, request, visit, _step(slug), fields)


def _step(slug: str) -> Step:
    if (step := step_named(slug)) is None:
        raise NotFound("there is nothing at this address", "check it")
    return step


def _about(request: Request, visit: Visit) -> Response:
    return page(request, "brief_about.html", {"about": briefs.for_askers(visit.app)})


def _brief(request: Request, visit: Visit) -> Response:
    try:
        opened = briefs.open_brief(visit.app, visit.actor)
    except FirmgroundError as error:
        return page(request, "brief.html", {"error": error}, status=status_of(error))
    brief = opened.brief
    with visit.app.database.reading() as tx:
        changes = tx.entries(kinds={"brief.changed"})
    values: dict[str, Any] = {
        **_told(brief),
        "error": None,
        "there": opened.there,
        "overdue": bool(overdue(brief, visit.app.clock().date())),
        "next": next((step for step in STEPS if not all(is_answered(brief, name) for name in step.questions)), STEPS[0]),
        "changes": _history(brief, changes[: -_LATELY - 1 : -1]),
    }
    return page(request, "brief.html", values)


def _print(request: Request, visit: Visit) -> Response:
    brief = briefs.open_brief(visit.app, visit.actor).brief
    return page(request, "brief_print.html", {**_told(brief), "today": visit.app.clock()})


def _edit(request: Request, visit: Visit, step: Step | None) -> Response:
    need(visit.actor, "releases", "change the brief")
    opened = briefs.open_brief(visit.app, visit.actor)
    return _form(request, opened, step, typed(opened.brief))


def _change(request: Request, visit: Visit, step: Step | None, fields: Mapping[str, str]) -> Response:
    need(visit.actor, "releases", "change the brief")
    opened = briefs.open_brief(visit.app, visit.actor)
    shown = {**typed(opened.brief), **fields}
    try:
        saved = briefs.save(visit.app, visit.actor, given(fields), fields.get("revision", ""))
    except NotAllowed:
        raise
    except FirmgroundError as error:
        return _form(request, opened, step, shown, error)
    if saved.patch:
        return page(request, "brief_patch.html", {"patch": saved.patch})
    after = STEPS[(STEPS.index(step) + 1) :] if step and fields.get("then") == "next" else ()
    return RedirectResponse(f"/brief/edit/{after[0].slug}" if after else "/brief", 303)


def _form(
    request: Request, opened: Opened, step: Step | None, fields: Mapping[str, str], error: FirmgroundError | None = None
) -> Response:
    wrong: Mapping[str, str] = error.fields if isinstance(error, Unacceptable) else {}
    now = typed(opened.brief)
    differs = isinstance(error, ChangedMeanwhile)
    values: dict[str, Any] = {
        **_told(opened.brief),
        "step": step,
        "chosen": [step] if step else STEPS,
        "last": step is None or step is STEPS[-1],
        "fields": fields,
        "now": {name: now[name] for name in FIELDS if differs and _lines(now[name]) != _lines(fields[name])},
        "revision": opened.revision,
        "wrong": wrong,
        "error": None if isinstance(error, Unacceptable | ChangedMeanwhile) else error,
        "changed_meanwhile": differs,
    }
    return page(request, "brief_form.html", values, status=status_of(error) if error else 200)


def _told(brief: Brief) -> dict[str, Any]:
    """What every page of ours shows of a brief."""
    return {
        "brief": brief,
        "steps": [(step, sum(is_answered(brief, name) for name in step.questions)) for step in STEPS],
        "answered": answered(brief),
        "all": len(ALL),
        "values": {name: value_of(brief, name) for name in FIELDS},
        "missing": {name for name in (*FIELDS, *ALL) if not is_answered(brief, name)},
        "questions": QUESTIONS,
        "groups": GROUPS,
        "for_askers": FOR_ASKERS,
        "is_list": is_list,
        "has_parts": has_parts,
    }


def typed(brief: Brief) -> dict[str, str]:
    """The answers as the fields of a form: a line for each entry of a list."""
    return {name: _typed(value_of(brief, name)) for name in FIELDS}


def _typed(value: Any) -> str:
    if isinstance(value, tuple):
        return "\n".join(value)  # pyright: ignore[reportUnknownArgumentType]
    if isinstance(value, date):
        return value.isoformat()
    return str(value or "").removesuffix(".0") if isinstance(value, float | None) else str(value)


def given(fields: Mapping[str, str]) -> dict[str, Json]:
    """What the fields of a form change."""
    changes: dict[str, Json] = {name: _given(name, fields[name]) for name in FIELDS if name in fields}
    return {**changes, "sample": False} if fields.get("ours") else changes


def _given(name: str, text: str) -> Json:
    if is_list(name):
        return [*text.replace("\r", "").split("\n")]
    if name == "first_review":
        return text.strip() or None
    if name == "sla.p95_ms":
        try:
            return float(text) if text.strip() else None
        except ValueError:
            return text
    return text


def _lines(text: str) -> list[str]:
    return text.strip().splitlines()


def _history(brief: Brief, entries: Sequence[LedgerEntry]) -> list[tuple[LedgerEntry, list[str], bool]]:
    """Newest first: each change with the labels of its fields, and whether somebody changed the file after it without an entry."""
    later = [brief.digest, *(entry.detail.get("before") for entry in entries)]
    return [
        (entry, _names(entry.detail.get("fields")), entry.detail.get("after") != next_)
        for entry, next_ in zip(entries, later, strict=False)
    ]


def _names(fields: Json) -> list[str]:
    """The labels of changed fields."""
    named = [str(field) for field in fields] if isinstance(fields, list) else []
    return [QUESTIONS[name].label for name in named if name in QUESTIONS]
