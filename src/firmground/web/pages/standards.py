"""The mapping to standards as a page: item by item what is configured, what was measured, and what is not there."""

from collections.abc import Callable, Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from firmground.app.launching import standards
from firmground.app.launching.standards_report import as_json, as_markdown, as_page, cited
from firmground.errors import NotFound
from firmground.gate.standards import EDITIONS, Mapped, State, standard
from firmground.web.language import marked
from firmground.web.rendering import page
from firmground.web.visit import TheVisit, Visit

STATES: dict[State, tuple[str, str]] = {
    "configured_and_measured": ("good", marked("configured + measured")),
    "configured": ("fair", marked("configured")),
    "measured": ("fair", marked("only measured")),
    "none": ("stop", marked("none yet")),
}
"""How each is shown: the style of its badge, and the words."""
_FILES: dict[str, tuple[Callable[[Sequence[Mapped]], str], str]] = {
    "report.html": (as_page, "text/html"),
    "report.md": (as_markdown, "text/markdown"),
    "report.json": (as_json, "application/json"),
}

router = APIRouter()
Edition = Annotated[str, Query(max_length=60)]


@router.get("/standards")
async def standards_page(request: Request, visit: TheVisit, edition: Edition = EDITIONS[0]) -> Response:
    return await visit.run(_page, request, visit, edition)


@router.get("/standards/{file}")
async def standards_file(visit: TheVisit, file: str, edition: Edition = "") -> Response:
    return await visit.run(_file, visit, file, edition)


def _page(request: Request, visit: Visit, edition: str) -> Response:
    [found] = standards.run(visit.app, visit.actor, editions=[edition])
    values: dict[str, Any] = {
        "found": found,
        "cited": cited(found.standard),
        "counted": found.counted(),
        "states": STATES,
        "editions": [(each, f"{standard(each).name}, {standard(each).version}", _short(each)) for each in EDITIONS],
        "edition": edition,
        "files": [*_FILES],
        "broad": True,
    }
    return page(request, "standards.html", values)


def _short(edition: str) -> str:
    listed = standard(edition)
    return listed.publication or f"OWASP LLM {listed.version}"


def _file(visit: Visit, file: str, edition: str) -> Response:
    if file not in _FILES:
        raise NotFound("there is nothing at this address", "check it")
    write, kind = _FILES[file]
    found = standards.run(visit.app, visit.actor, editions=[edition] if edition else ())
    name = f"standards-{found[0].created_at:%Y-%m-%d}.{file.rpartition('.')[2]}"
    return Response(
        write(found).encode("utf-8", "replace"),
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
        media_type=f"{kind}; charset=utf-8",
    )
