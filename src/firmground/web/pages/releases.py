"""The pages about releases: what was frozen under a number, how two of them differ, as a reviewer reads it, which one is live, and what was
live before."""

import json
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, NamedTuple
from urllib.parse import urlencode

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from firmground.app.access.rights import need
from firmground.app.evaluating import evaluation
from firmground.app.launching import approving, live, releases
from firmground.errors import FirmgroundError, NotFound
from firmground.ledger import LedgerEntry
from firmground.release.record import Difference, differences
from firmground.types import Json
from firmground.web.language import _
from firmground.web.launching import decides_in_person
from firmground.web.pages import audits
from firmground.web.pages.forms import form
from firmground.web.problems import status_of
from firmground.web.rendering import page
from firmground.web.visit import TheVisit, Visit
from firmground.web.worth import headline

_SIGNS = {"+": "added", "-": "gone", "@": "place"}
_MOVES = 50
"""Told of what was live."""

router = APIRouter()


class Line(NamedTuple):
    """One line of a review. `kind`: added, gone, place (where in the text the next lines stand) or same."""

    kind: str
    text: str


class Changed(NamedTuple):
    """One thing that differs, line by line."""

    name: str
    lines: list[Line]


@router.get("/releases")
async def releases_page(request: Request, visit: TheVisit) -> Response:
    return await visit.run(_releases, request, visit)


@router.post("/releases")
async def create(request: Request, visit: TheVisit) -> Response:
    """Freeze the workspace as it stands."""
    fields = await form(request, visit)
    await visit.opened(anyway=True)
    return await visit.run(_create, request, visit, fields.get("note", ""))


@router.get("/releases/{ref}")
async def release_page(request: Request, visit: TheVisit, ref: str, known: bool = False) -> Response:
    """With `known`: somebody wanted to release it once more."""
    return await visit.run(_release, request, visit, ref, known)


@router.get("/releases/{ref}/diff")
async def diff_page(
    request: Request, visit: TheVisit, ref: str, to: Annotated[str, Query(max_length=100)] = releases.CANDIDATE
) -> Response:
    return await visit.run(_diff, request, visit, ref, to)


@router.post("/releases/{ref}/promote")
async def promote(request: Request, visit: TheVisit, ref: str) -> Response:
    """Make it live, or say on the launch board what stands against it."""
    fields = await form(request, visit)
    await visit.opened(anyway=True)
    return await visit.run(_promote, request, visit, ref, fields)


@router.post("/releases/{ref}/approve")
async def approve(request: Request, visit: TheVisit, ref: str) -> Response:
    """Approve making it live."""
    fields = await form(request, visit)
    return await visit.run(_approve, request, visit, ref, fields)


@router.get("/releases/{ref}/rollback")
async def rollback_page(request: Request, visit: TheVisit, ref: str) -> Response:
    """The second look before it is done."""
    return await visit.run(_rolling_back, request, visit, ref)


@router.post("/releases/{ref}/rollback")
async def rollback(request: Request, visit: TheVisit, ref: str) -> Response:
    fields = await form(request, visit)
    return await visit.run(_rollback, request, visit, ref, fields)


def _releases(request: Request, visit: Visit, note: str = "", error: FirmgroundError | None = None) -> Response:
    found = releases.listed(visit.app, visit.actor)
    now = releases.show(visit.app, visit.actor, releases.CANDIDATE)
    made = evaluation.reports(visit.app, visit.actor)
    moves = live.history(visit.app, visit.actor)
    with visit.app.database.reading() as tx:
        present = live.live_now(visit.app, tx)
    values: dict[str, Any] = {
        "releases": [(each, next((one for one in made if one.release == each.spec.digest), None)) for each in found],
        "live": present,
        "before": _before(moves, present.release if present else ""),
        "once_live": {each.subject for each in moves if each.kind == live.PROMOTED},
        "moves": moves[:_MOVES],
        "now": now,
        "changed": len(differences(found[0], now)) if found and not now.number else 0,
        "note": note,
        "error": error,
    }
    return page(request, "releases.html", values, status=status_of(error) if error else 200)


def _create(request: Request, visit: Visit, note: str) -> Response:
    try:
        made, new = releases.create(visit.app, visit.actor, note=note.replace("\r\n", "\n"))
    except FirmgroundError as error:
        if not visit.actor.may("releases"):
            raise
        return _releases(request, visit, note, error)
    return RedirectResponse(f"/releases/{made.number}" + ("" if new else "?known=true"), 303)


def _before(moves: Sequence[LedgerEntry], present: str) -> str:
    """The number of the release that was made live before what is live now; empty where there is none."""
    promoted = [each for each in moves if each.kind == live.PROMOTED]
    own = next((at for at, each in enumerate(promoted) if each.detail.get("release") == present), len(promoted))
    return next((each.subject for each in promoted[own + 1 :] if each.detail.get("release") != present), "")


def _promote(request: Request, visit: Visit, ref: str, fields: Mapping[str, str]) -> Response:
    decides_in_person(visit)
    override = fields.get("override") == "yes"
    try:
        live.promote(visit.app, visit.actor, ref, reason=_reason(fields), override=override)
    except FirmgroundError as error:
        return _refused(request, visit, ref, {**fields, "act": "override" if override else "promote"}, error)
    return RedirectResponse("/releases#live", 303)


def _approve(request: Request, visit: Visit, ref: str, fields: Mapping[str, str]) -> Response:
    decides_in_person(visit)
    try:
        approving.approve(visit.app, visit.actor, ref, reason=_reason(fields))
    except FirmgroundError as error:
        return _refused(request, visit, ref, {**fields, "act": "approve"}, error)
    return RedirectResponse("/audits?" + urlencode({"release": ref}) + "#decide", 303)


def _refused(request: Request, visit: Visit, ref: str, given: Mapping[str, str], error: FirmgroundError) -> Response:
    """The launch board as it stands now, with what went wrong beside the form."""
    if not visit.actor.may("releases") or isinstance(error, NotFound):
        raise error
    return audits.board(request, visit, audits.Wanted.model_validate({"release": ref[:100]}), error, given)


def _rolling_back(request: Request, visit: Visit, ref: str, reason: str = "", error: FirmgroundError | None = None) -> Response:
    need(visit.actor, "releases", "roll back")
    target = releases.show(visit.app, visit.actor, ref)
    with visit.app.database.reading() as tx:
        present = live.live_now(visit.app, tx)
    moves = [each for each in live.history(visit.app, visit.actor) if each.kind == live.PROMOTED]
    last = next((each for each in moves if each.detail.get("release") == target.spec.digest), None)
    values: dict[str, Any] = {"release": target, "live": present, "last": last, "reason": reason, "error": error}
    return page(request, "rollback.html", values, status=status_of(error) if error else 200)


def _rollback(request: Request, visit: Visit, ref: str, fields: Mapping[str, str]) -> Response:
    decides_in_person(visit)
    try:
        live.rollback(visit.app, visit.actor, ref, reason=_reason(fields))
    except FirmgroundError as error:
        if not visit.actor.may("releases") or isinstance(error, NotFound):
            raise
        return _rolling_back(request, visit, ref, _reason(fields), error)
    return RedirectResponse("/releases#live", 303)


def _reason(fields: Mapping[str, str]) -> str:
    return fields.get("reason", "").replace("\r\n", "\n")


def _release(request: Request, visit: Visit, ref: str, known: bool) -> Response:
    found = releases.show(visit.app, visit.actor, ref)
    generation = found.spec.answering.generation
    prompts = [
        (_("Prompt"), generation.prompt),
        (_("Repair prompt"), generation.repair),
        (_("Rewriting prompt"), generation.rewrite),
    ]
    others = [each for each in releases.listed(visit.app, visit.actor) if each.spec.digest != found.spec.digest]
    made = [each for each in evaluation.reports(visit.app, visit.actor) if each.release == found.spec.digest]
    with visit.app.database.reading() as tx:
        present = live.live_now(visit.app, tx)
    values: dict[str, Any] = {
        "release": found,
        "live": present,
        "ref": found.number or releases.CANDIDATE,
        "known": known,
        "settings": [(name, _written(value)) for name, value in sorted(found.settings.items())],
        "prompts": [(name, each.text) for name, each in prompts if each is not None],
        "others": others,
        "before": next((each for each in others if each.number < found.number or not found.number), None),
        "evaluations": [(each, *headline(each)) for each in made],
    }
    return page(request, "release.html", values)


def _diff(request: Request, visit: Visit, ref: str, to: str) -> Response:
    first, second = (releases.show(visit.app, visit.actor, each) for each in (ref, to))
    found = differences(first, second)
    groups = [("setting", _("Settings")), ("prompt", _("Prompts")), ("recipe", _("Calibration and program"))]
    values: dict[str, Any] = {
        "first": first,
        "second": second,
        "groups": [(name, rows) for kind, name in groups if (rows := [_changed(each) for each in found if each.kind == kind])],
        "count": len(found),
    }
    return page(request, "diff.html", values)


def _changed(found: Difference) -> Changed:
    if found.kind == "prompt":
        # Without the two names of files that a unified diff begins with.
        return Changed(found.name, as_lines(str(found.after).splitlines()[2:]))
    before, after = _written(found.before), _written(found.after)
    gone = [Line("gone", each) for each in before.splitlines() or [""]]
    return Changed(found.name, gone + [Line("added", each) for each in after.splitlines() or [""]])


def as_lines(unified: Sequence[str]) -> list[Line]:
    """The lines of a unified diff, after the names of its files."""
    return [Line(_SIGNS.get(line[:1], "same"), line if line[:1] == "@" else line[1:]) for line in unified]


def _written(value: Json) -> str:
    """As it stands in a file of settings; texts as they are."""
    if value is None:
        return _("nothing, so the default")
    return value if isinstance(value, str) and value else json.dumps(value, ensure_ascii=False)
