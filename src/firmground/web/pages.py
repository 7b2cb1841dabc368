"""Pages for people: rendered here, working without scripts."""

import secrets
from typing import Annotated, Any
from urllib.parse import parse_qs, urlencode

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from firmground.app import documents
from firmground.app.answers import ask
from firmground.app.search import search
from firmground.app.status import status
from firmground.app.sync import request as request_sync
from firmground.errors import InvalidInput, NotFound
from firmground.types import Job
from firmground.web import prose, view
from firmground.web.api import documents_page
from firmground.web.problems import Forbidden, Malformed, status_of
from firmground.web.rendering import page
from firmground.web.served import Served, TheServed

_PAGE = 50
_SEARCH_HITS = 10
_SAID_ANYWAY = frozenset({"not_released", "not_calibrated"})
_STATES = ("indexed", "quarantined", "failed", "excluded")

router = APIRouter(include_in_schema=False)


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


@router.get("/")
async def ask_page(request: Request, served: TheServed) -> Response:
    return await served.run(page, request, "ask.html", {"question": "", "answer": None, "error": None})


@router.post("/")
async def answer_page(request: Request, served: TheServed) -> Response:
    form = await _form(request, served)
    await served.opened()
    return await served.run(_answer, request, served, form.get("question", ""), form.get("conversation", ""))


@router.get("/documents")
async def documents_list(request: Request, served: TheServed, wanted: Annotated[Wanted, Query()]) -> Response:
    if wanted.query.strip():
        await served.opened()
    return await served.run(_documents, request, served, wanted)


@router.post("/documents/sync")
async def sync_now(request: Request, served: TheServed) -> Response:
    await _form(request, served)
    job = await served.run(request_sync, served.app, served.actor)
    return RedirectResponse("/documents?" + urlencode({"job": job.id}), 303)


@router.get("/documents/{id}")
async def document_page(request: Request, served: TheServed, id: str, stretch: Annotated[Stretch, Query()]) -> Response:
    await served.opened(anyway=True)
    return await served.run(_document, request, served, id, stretch)


def _answer(request: Request, served: Served, question: str, conversation: str) -> Response:
    values: dict[str, Any] = {"question": question, "answer": None, "error": None}
    try:
        answer = ask(served.app, served.actor, question, conversation=conversation)
    except (InvalidInput, NotFound) as error:
        return page(request, "ask.html", {**values, "error": error}, status=status_of(error))
    values |= {
        "answer": answer,
        "state": view.state(answer),
        "pieces": view.pieces(answer),
        "sources": view.sources(served.app, served.actor, answer),
        "notices": [each.text for each in answer.notices if each.code not in _SAID_ANYWAY],
        "closest": view.close(answer.closest, 500),
    }
    return page(request, "ask.html", values)


def _documents(request: Request, served: Served, wanted: Wanted) -> Response:
    found, following = documents_page(served, wanted.source or None, wanted.state or None, wanted.after, _PAGE)
    now = status(served.app, served.actor)
    chosen = {"state": wanted.state, "source": wanted.source}
    findings = documents.quality(served.app, served.actor)
    values: dict[str, Any] = {
        "query": wanted.query,
        "found": None,
        "error": None,
        "status": now,
        "jobs": _jobs(served, wanted.job),
        "findings": view.grouped(findings),
        "finding_count": len(findings),
        "documents": found,
        "states": _STATES,
        "chosen": chosen,
        "after": wanted.after,
        "following": "/documents?" + urlencode({**chosen, "after": following}) + "#list" if following else "",
    }
    if wanted.query.strip():
        try:
            hits = search(served.app, served.actor, wanted.query, limit=_SEARCH_HITS)
            values["scores"] = [(each.score, each.scores) for each in hits.passages]
            values["found"] = view.close(hits.passages, 280)
        except InvalidInput as error:
            values["error"] = error
    return page(request, "documents.html", values)


def _document(request: Request, served: Served, id: str, stretch: Stretch) -> Response:
    shown = documents.show(served.app, served.actor, id)
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


def _jobs(served: Served, asked: str) -> list[Job]:
    """Those that are not finished, and the one asked for."""
    jobs = served.app.jobs.unfinished()
    if asked and asked not in {job.id for job in jobs}:
        try:
            return [served.app.jobs.get(asked), *jobs]
        except NotFound:
            pass
    return jobs


async def _form(request: Request, served: Served) -> dict[str, str]:
    """The fields of one of our forms. Forbidden without the token that only our pages know."""
    try:
        text = (await request.body()).decode("utf-8")
        fields = parse_qs(text, keep_blank_values=True, encoding="utf-8", errors="strict", max_num_fields=20)
    except ValueError:
        raise Malformed("the form is not UTF-8 text", "send it from the page again") from None
    values = {name: given[-1] for name, given in fields.items()}
    if not secrets.compare_digest(values.get("token", "").encode(), served.form_token.encode()):
        raise Forbidden("this form is not from a page of the running server", "load the page again and send it once more")
    return values
