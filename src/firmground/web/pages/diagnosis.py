"""The diagnosis as a page: what is to be built at all, and how."""

from collections.abc import Callable
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from firmground.app.launching import diagnosis
from firmground.app.launching.diagnosis_report import as_json, as_markdown, as_page
from firmground.errors import NotFound
from firmground.gate.diagnosis import Diagnosis
from firmground.gate.known import About, Leaning, Strength
from firmground.web.language import marked
from firmground.web.rendering import page
from firmground.web.visit import TheVisit, Visit

SUBJECTS: dict[About, str] = {
    "tool": marked("Is AI the right tool?"),
    "pattern": marked("Which pattern fits?"),
    "prototype": marked("What becomes of the prototype?"),
}
STRENGTHS: dict[Strength, str] = {
    "strong": marked("strong evidence"),
    "moderate": marked("moderate evidence"),
    "weak": marked("weak evidence"),
    "not_known": marked("not known"),
}
_STYLES: dict[Leaning, str] = {"keep": "good", "change": "fair", "unknown": "none"}
_FILES: dict[str, tuple[Callable[[Diagnosis], str], str]] = {
    "report.html": (as_page, "text/html"),
    "report.md": (as_markdown, "text/markdown"),
    "report.json": (as_json, "application/json"),
}

router = APIRouter()


@router.get("/diagnosis")
async def diagnosis_page(request: Request, visit: TheVisit) -> Response:
    return await visit.run(_page, request, visit)


@router.get("/diagnosis/{file}")
async def diagnosis_file(visit: TheVisit, file: str) -> Response:
    return await visit.run(_file, visit, file)


def _page(request: Request, visit: Visit) -> Response:
    found = diagnosis.run(visit.app, visit.actor)
    values: dict[str, Any] = {
        "found": found,
        "subjects": [
            (title, found.conclusion(about), every) for about, title in SUBJECTS.items() if (every := found.about(about))
        ],
        "strengths": STRENGTHS,
        "styles": _STYLES,
        "files": [*_FILES],
    }
    return page(request, "diagnosis.html", values)


def _file(visit: Visit, file: str) -> Response:
    if file not in _FILES:
        raise NotFound("there is nothing at this address", "check it")
    write, kind = _FILES[file]
    found = diagnosis.run(visit.app, visit.actor)
    name = f"diagnosis-{found.created_at:%Y-%m-%d}.{file.rpartition('.')[2]}"
    return Response(
        write(found).encode("utf-8", "replace"),
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
        media_type=f"{kind}; charset=utf-8",
    )
