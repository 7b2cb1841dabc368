"""The launch board: what a release must prove before it may go live, what it proved, and the decision."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Annotated, Any, NamedTuple
from urllib.parse import urlencode

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from firmground.app import jobs
from firmground.app.launching import audits, releases
from firmground.app.launching.audit_report import as_json, as_markdown, as_page, grouped, in_short
from firmground.app.launching.launch import launch
from firmground.errors import FirmgroundError, NotAllowed, NotFound, Refused
from firmground.gate.audit import Audit, Ruling, Verdict
from firmground.types import Job
from firmground.web.language import _, marked, plural
from firmground.web.launching import requirement_name
from firmground.web.pages.forms import form
from firmground.web.problems import status_of
from firmground.web.rendering import page
from firmground.web.visit import TheVisit, Visit

_PAGE = 20
_FILES = {
    "report.html": ("HTML", as_page, "text/html"),
    "report.md": ("Markdown", as_markdown, "text/markdown"),
    "report.json": ("JSON", as_json, "application/json"),
}
_VERDICTS: Mapping[Verdict, tuple[str, str]] = {
    "fail": ("stop", marked("Failed")),
    "not_proven": ("fair", marked("Not proven")),
    "not_measured": ("none", marked("Not measured")),
    "pass": ("good", marked("Passed")),
}

router = APIRouter()


class Wanted(BaseModel):
    """What the board shall show."""

    release: str = Field("", max_length=100)
    job: str = Field("", max_length=100)
    page: int = Field(1, ge=1, le=100_000)


class Group(NamedTuple):
    """Rulings with the same verdict."""

    verdict: Verdict
    style: str
    name: str
    size: int
    cards: list[list[tuple[str, Ruling]]]
    """Those that found the same and ask for the same are on one; each with its name for people."""


@router.get("/audits")
async def audits_page(request: Request, visit: TheVisit, wanted: Annotated[Wanted, Query()]) -> Response:
    return await visit.run(board, request, visit, wanted)


@router.post("/audits")
async def start(request: Request, visit: TheVisit) -> Response:
    fields = await form(request, visit)
    await visit.opened(anyway=True)
    return await visit.run(_start, request, visit, fields)


@router.post("/audits/jobs/{id}/cancel")
async def cancel(request: Request, visit: TheVisit, id: str) -> Response:
    await form(request, visit)
    await visit.run(jobs.cancel, visit.app, visit.actor, id)
    return RedirectResponse("/audits?" + urlencode({"job": id}), 303)


@router.get("/audits/{id}")
async def audit_page(request: Request, visit: TheVisit, id: str) -> Response:
    return await visit.run(_audit, request, visit, id)


@router.get("/audits/{id}/{file}")
async def report_file(visit: TheVisit, id: str, file: str) -> Response:
    """The audit as HTML, Markdown or JSON, to be saved."""
    return await visit.run(_file, visit, id, file)


def board(
    request: Request,
    visit: Visit,
    wanted: Wanted,
    error: FirmgroundError | None = None,
    given: Mapping[str, str] | None = None,
) -> Response:
    """The page of one release. `error` and `given` are of a form that was sent from it: `act` says of which."""
    found = audits.audits(visit.app, visit.actor)
    known = releases.listed(visit.app, visit.actor)
    case = launch(visit.app, visit.actor, wanted.release or _default(found, {each.spec.digest for each in known}))
    first = (wanted.page - 1) * _PAGE
    values: dict[str, Any] = {
        "case": case,
        **_shown(case.audit, case.outdated, case.release.number, visit.app.clock()),
        "releases": known,
        "numbers": {each.spec.digest: each.number for each in known},
        "chosen": str(case.release.number or releases.CANDIDATE),
        "jobs": _jobs(visit, wanted.job),
        "rows": [(each, *_came_to(each)) for each in found[first : first + _PAGE]],
        "all": len(found),
        "error": error,
        "given": {"act": "", "reason": "", **(given or {})},
        "newest": "/audits?" + urlencode({"release": wanted.release}) if wanted.page > 1 else "",
        "older": "/audits?" + urlencode({"release": wanted.release, "page": wanted.page + 1})
        if len(found) > first + _PAGE
        else "",
    }
    return page(request, "audits.html", values, status=status_of(error) if error else 200)


def _default(found: list[Audit], known: set[str]) -> str:
    """What was audited last, as long as it can be decided on: a candidate may be another by now."""
    return found[0].release if found and found[0].release in known else releases.CANDIDATE


def _start(request: Request, visit: Visit, fields: Mapping[str, str]) -> Response:
    release = fields.get("release", "") or releases.CANDIDATE
    try:
        job = audits.request(visit.app, visit.actor, release=release, evaluate="evaluate" in fields)
    except FirmgroundError as error:
        if not visit.actor.may("releases"):
            raise
        return board(request, visit, Wanted.model_validate({"release": release[:100]}), error, {"act": "audit"})
    return RedirectResponse("/audits?" + urlencode({"release": release, "job": job.id}), 303)


def _jobs(visit: Visit, asked: str) -> list[Job]:
    """Audits that are not finished, and the one asked for."""
    unfinished = [job for job in jobs.unfinished(visit.app, visit.actor) if job.kind == "audit"]
    if asked and asked not in {job.id for job in unfinished}:
        with suppress(NotFound, NotAllowed):
            return [jobs.job(visit.app, visit.actor, asked), *unfinished]
    return unfinished


def _audit(request: Request, visit: Visit, id: str) -> Response:
    made = audits.audit(visit.app, visit.actor, id)
    outdated = _outdated(visit, made)
    known = {each.spec.digest: each.number for each in releases.listed(visit.app, visit.actor)}
    number = known.get(made.release, 0)
    values = {**_shown(made, outdated, number, visit.app.clock()), "number": number}
    return page(request, "audit.html", values)


def _file(visit: Visit, id: str, file: str) -> Response:
    if file not in _FILES:
        raise NotFound(f"an audit has no file {file!r}", f"use one of {', '.join(_FILES)}")
    made = audits.audit(visit.app, visit.actor, id)
    _name, write, kind = _FILES[file]
    name = f"audit-{made.number or releases.CANDIDATE}-{made.created_at:%Y-%m-%d}.{file.rpartition('.')[2]}"
    told = write(made, _outdated(visit, made)).encode("utf-8", "replace")
    return Response(told, media_type=kind, headers={"Content-Disposition": f'attachment; filename="{name}"'})


def _outdated(visit: Visit, made: Audit) -> tuple[str, ...]:
    """Why an audit does not count now; a newer one of the same release always takes its place."""
    try:
        case = launch(visit.app, visit.actor, made.release)
    except (NotFound, Refused):
        return (_("what it was of is neither the candidate nor a release any more"),)
    if case.audit is not None and case.audit.id != made.id:
        return (_("there is a newer audit of the same release"),)
    return case.outdated


def _shown(made: Audit | None, outdated: tuple[str, ...], number: int, now: datetime) -> dict[str, Any]:
    """What the pages show of an audit."""
    if made is None:
        return {
            "audit": None,
            "outdated": (),
            "groups": [],
            "headline": "",
            "style": "none",
            "files": [],
            "age": "",
            "looser": [],
        }
    said, style = headline(made, outdated, number)
    return {
        "audit": made,
        "outdated": outdated,
        "groups": [Group(verdict, *_styled(verdict), len(found), _cards(found)) for verdict, _n, found in grouped(made)],
        "headline": said,
        "style": style,
        "files": [(file, name) for file, (name, _write, _kind) in _FILES.items()],
        "age": _age(now, made.created_at),
        "looser": in_short(made.loosened),
    }


def _cards(rulings: Sequence[Ruling]) -> list[list[tuple[str, Ruling]]]:
    cards: dict[tuple[str, str, int | None], list[tuple[str, Ruling]]] = {}
    for each in rulings:
        cards.setdefault((each.said, each.remedy, each.needs), []).append((requirement_name(each.requirement), each))
    return [*cards.values()]


def headline(made: Audit, outdated: tuple[str, ...], number: int) -> tuple[str, str]:
    """The sentence that comes first, and its style. `number`: of the release by now, 0 where it is none."""
    count = len(made.rulings)
    if made.open:
        return _("May not go live: %(open)s of %(all)s not met", open=len(made.open), all=count), "stop"
    if not count:
        return _("May not go live: the policy asks for nothing, which proves nothing"), "stop"
    if outdated:
        return _("May not go live: this audit does not count any more"), "fair"
    if not number:
        return _("May go live once it is released: %(all)s of %(all)s met", all=count), "good"
    return _("May go live: %(all)s of %(all)s met", all=count), "good"


def _came_to(made: Audit) -> tuple[str, str]:
    """What an audit found then, whether or not it still counts."""
    met = len(made.rulings) - len(made.open)
    return _("%(met)s of %(all)s met", met=met, all=len(made.rulings)), "good" if made.passed else "stop"


def _styled(verdict: Verdict) -> tuple[str, str]:
    style, name = _VERDICTS[verdict]
    return style, _(name)


def _age(now: datetime, then: datetime) -> str:
    hours = int((now - then).total_seconds() // 3600)
    if hours < 1:
        return _("less than an hour old")
    if hours < 48:
        return plural("%(num)s hour old", "%(num)s hours old", hours)
    return plural("%(num)s day old", "%(num)s days old", hours // 24)
