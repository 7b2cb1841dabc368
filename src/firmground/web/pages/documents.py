"""The pages about documents."""

from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from firmground.app import documents
from firmground.app.search import band, search
from firmground.app.status import status
from firmground.app.sync import request as request_sync
from firmground.errors import InvalidInput, NotFound
from firmground.types import Job
from firmground.web import prose, view
from firmground.web.api.documents import Chosen, documents_page
from firmground.web.pages.forms import form
from firmground.web.rendering import page
from firmground.web.visit import TheVisit, Visit

_PAGE = 50
_SEARCH_HITS = 10
_STATES = ("indexed", "quarantined", "failed", "excluded")

router = APIRouter()


class Wanted(BaseModel):
    """What the documents page shall show."""

    query: str = Field("", max_length=4000)
    state: str = Field("", max_length=100)
    source: str = Field("", max_length=100)
    after: str = Field("", max_length=5000)
    job: str = Field("", max_length=100)


class Stretch(BaseModel):
    """What of a document to mark, and the offset of the part to show."""

    start: int = Field(0, ge=0)
    end: int = Field(0, ge=0)
    part: int | None = Field(None, ge=0)


@router.get("/documents")
async def documents_list(request: Request, visit: TheVisit, wanted: Annotated[Wanted, Query()]) -> Response:
    if wanted.query.strip():
        await visit.opened()
    return await visit.run(_documents, request, visit, wanted)


@router.post("/documents/sync")
async def sync_now(request: Request, visit: TheVisit) -> Response:
    await form(request, visit)
    job = await visit.run(request_sync, visit.app, visit.actor)
    return RedirectResponse("/documents?" + urlencode({"job": job.id}), 303)


@router.get("/documents/{id}")
async def document_page(request: Request, visit: TheVisit, id: str, stretch: Annotated[Stretch, Query()]) -> Response:
    await visit.opened(anyway=True)
    return await visit.run(_document, request, visit, id, stretch)


def _documents(request: Request, visit: Visit, wanted: Wanted) -> Response:
    found, following = documents_page(visit, Chosen(wanted.source or None, wanted.state or None), wanted.after, _PAGE)
    admin = visit.actor.admin
    now = status(visit.app, visit.actor) if admin else {"sources": []}
    chosen = {"state": wanted.state, "source": wanted.source}
    findings = documents.quality(visit.app, visit.actor) if admin else []
    values: dict[str, Any] = {
        "query": wanted.query,
        "found": None,
        "error": None,
        "status": now,
        "jobs": _jobs(visit, wanted.job) if admin else [],
        "findings": view.grouped(findings),
        "finding_count": len(findings),
        "documents": found,
        "states": _STATES if admin else (),
        "chosen": chosen,
        "after": wanted.after,
        "following": "/documents?" + urlencode({**chosen, "after": following}) + "#list" if following else "",
    }
    if wanted.query.strip():
        try:
            hits = search(visit.app, visit.actor, wanted.query, limit=_SEARCH_HITS)
            values["scores"] = [(each.score, each.scores) if admin else (band(each), None) for each in hits.passages]
            values["found"] = view.close(hits.passages, 280)
        except InvalidInput as error:
            values["error"] = error
    return page(request, "documents.html", values)


def _document(request: Request, visit: Visit, id: str, stretch: Stretch) -> Response:
    shown = documents.show(visit.app, visit.actor, id)
    text: str = shown["text"]
    first, last = view.part(text, stretch.start, stretch.part)
    values = {
        "document": shown,
        "address": f"{shown['source']}/{shown['uri']}",
        "blocks": prose.blocks(text, first, last, [prose.Mark(1, stretch.start, stretch.end)]),
        "first": first,
        "last": last,
        "earlier": max(first - view.PART, 0) if first else None,
        "later": first + view.PART if last < len(text) else None,
        "chunks": [chunk for chunk in shown["chunks"] if first <= chunk["start"] < last],
    }
    return page(request, "document.html", values)


def _jobs(visit: Visit, asked: str) -> list[Job]:
    """Those that are not finished, and the one asked for."""
    jobs = visit.app.jobs.unfinished()
    if asked and asked not in {job.id for job in jobs}:
        try:
            return [visit.app.jobs.get(asked), *jobs]
        except NotFound:
            pass
    return jobs
