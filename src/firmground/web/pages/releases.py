"""The pages about releases: what was frozen under a number, and how two of them differ, as a reviewer reads it."""

import json
from collections.abc import Sequence
from typing import Annotated, Any, NamedTuple

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from firmground.app import evaluation, releases
from firmground.errors import FirmgroundError
from firmground.release.record import Difference, differences
from firmground.types import Json
from firmground.web.language import _
from firmground.web.pages.forms import form
from firmground.web.problems import status_of
from firmground.web.rendering import page
from firmground.web.visit import TheVisit, Visit
from firmground.web.worth import headline

_SIGNS = {"+": "added", "-": "gone", "@": "place"}

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


def _releases(request: Request, visit: Visit, note: str = "", error: FirmgroundError | None = None) -> Response:
    found = releases.listed(visit.app, visit.actor)
    now = releases.show(visit.app, visit.actor, releases.CANDIDATE)
    made = evaluation.reports(visit.app, visit.actor)
    values: dict[str, Any] = {
        "releases": [(each, next((one for one in made if one.release == each.spec.digest), None)) for each in found],
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
        if not visit.actor.admin:
            raise
        return _releases(request, visit, note, error)
    return RedirectResponse(f"/releases/{made.number}" + ("" if new else "?known=true"), 303)


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
    values: dict[str, Any] = {
        "release": found,
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
