"""The pages about documents."""

from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Annotated, Any, cast
from urllib.parse import quote, unquote, urlencode

from fastapi import APIRouter, Query
from markupsafe import Markup
from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from firmground.app import jobs
from firmground.app.access import people
from firmground.app.access.permissions import can
from firmground.app.access.rights import need
from firmground.app.asking.search import band, search
from firmground.app.corpus import documents, uploads
from firmground.app.corpus.elsewhere import address
from firmground.app.corpus.sync import request as request_sync
from firmground.app.redaction.masked import kinds_in, still_hidden
from firmground.app.status import status
from firmground.errors import FirmgroundError, InvalidInput, NotFound
from firmground.groups import EVERYONE, PUBLIC
from firmground.guard.redaction import restored
from firmground.types import Job
from firmground.web import charts, prose, view
from firmground.web.api.documents import Chosen, documents_page
from firmground.web.language import _
from firmground.web.pages.forms import form
from firmground.web.pages.sent import SentFiles
from firmground.web.problems import status_of
from firmground.web.rendering import page
from firmground.web.visit import TheVisit, Visit

_PAGE = 50
_CITED_BY = 10
_SEARCH_HITS = 10
_FAILED_SHOWN = 5
_STATES = ("indexed", "quarantined", "failed", "excluded")

router = APIRouter()


class Wanted(BaseModel):
    """What the documents page shall show."""

    query: str = Field("", max_length=4000)
    state: str = Field("", max_length=100)
    source: str = Field("", max_length=100)
    after: str = Field("", max_length=5000)
    language: str = Field("", max_length=20)
    job: str = Field("", max_length=100)


class Stretch(BaseModel):
    """What of a document to mark, the offset of the part to show, and whom to look up."""

    start: int = Field(0, ge=0)
    end: int = Field(0, ge=0)
    part: int | None = Field(None, ge=0)
    who: str = Field("", max_length=500)


@router.get("/documents")
async def documents_list(request: Request, visit: TheVisit, wanted: Annotated[Wanted, Query()]) -> Response:
    if wanted.query.strip():
        await visit.opened()
        await visit.counted()
    return await visit.run(_documents, request, visit, wanted)


@router.post("/documents/sync")
async def sync_now(request: Request, visit: TheVisit) -> Response:
    await form(request, visit)
    job = await visit.run(request_sync, visit.app, visit.actor)
    return RedirectResponse("/documents?" + urlencode({"job": job.id}), 303)


@router.post("/documents")
async def upload(request: Request, visit: TheVisit) -> Response:
    """Files from the form of the page. What is wrong with some of them does not keep the others away."""
    need(visit.actor, "documents", "upload documents")
    await visit.counted()
    with visit.served.uploading(), SentFiles(visit) as sent:
        await sent.receive(request)
        kept = await sent.keep()
    if kept:
        job = await visit.run(uploads.take_in, visit.app, visit.actor)
        if not sent.wrong:
            return RedirectResponse("/documents?" + urlencode({"job": job.id}), 303)
    told = sent.wrong or [("", InvalidInput("no file was chosen", "choose one, or drop it on the page"))]
    return await visit.run(_documents, request, visit, Wanted.model_construct(), told)


@router.post("/documents/jobs/{id}/cancel")
async def cancel(request: Request, visit: TheVisit, id: str) -> Response:
    await form(request, visit)
    await visit.run(jobs.cancel, visit.app, visit.actor, id)
    return RedirectResponse("/documents?" + urlencode({"job": id}), 303)


@router.get("/documents/{id}")
async def document_page(request: Request, visit: TheVisit, id: str, stretch: Annotated[Stretch, Query()]) -> Response:
    await visit.opened(anyway=True)
    return await visit.run(_document, request, visit, id, stretch)


@router.get("/documents/{id}/original")
async def original(visit: TheVisit, id: str) -> Response:
    """The file, to be saved: a browser shall never show what somebody else wrote as a page of ours."""
    document, content = await visit.run(documents.original, visit.app, visit.actor, id)
    name = quote(unquote(document.uri).rpartition("/")[2], safe="")
    return Response(
        content,
        headers={"Content-Disposition": f"attachment; filename*=UTF-8''{name}"},
        media_type="application/octet-stream",
    )


@router.post("/documents/{id}/release")
async def release(request: Request, visit: TheVisit, id: str) -> Response:
    await form(request, visit)
    await visit.opened()
    document = await visit.run(documents.release, visit.app, visit.actor, id)
    return RedirectResponse(f"/documents/{quote(document.id, safe='')}", 303)


@router.get("/documents/{id}/purge")
async def ask_before_purging(request: Request, visit: TheVisit, id: str) -> Response:
    return await visit.run(_ask_before_purging, request, visit, id)


@router.post("/documents/{id}/purge")
async def purge(request: Request, visit: TheVisit, id: str) -> Response:
    await form(request, visit)
    await visit.opened()
    await visit.run(documents.purge, visit.app, visit.actor, id)
    return RedirectResponse("/documents", 303)


def _ask_before_purging(request: Request, visit: Visit, id: str) -> Response:
    need(visit.actor, "documents", "purge documents")
    document = documents.find(visit.app, visit.actor, id)
    uploaded = document.source == visit.app.uploads.name
    return page(request, "purge.html", {"document": document.model_dump(mode="json"), "uploaded": uploaded})


def _documents(request: Request, visit: Visit, wanted: Wanted, wrong: Sequence[tuple[str, FirmgroundError]] = ()) -> Response:
    only = Chosen(wanted.source or None, wanted.state or None, wanted.language or None)
    found, following = documents_page(visit, only, wanted.after, _PAGE)
    counts = documents.counted(visit.app, visit.actor)
    see_all, tends = visit.actor.may("see_all"), visit.actor.may("documents")
    now: dict[str, Any] = status(visit.app, visit.actor) if tends else {"sources": []}
    chosen = {"state": wanted.state, "source": wanted.source, "language": wanted.language}
    languages = Counter[str]()
    for (_source, _state, language), count in counts.items():
        languages[language] += count
    findings = documents.quality(visit.app, visit.actor) if tends and see_all else []
    shown_jobs = _jobs(visit, wanted.job) if tends else []
    values: dict[str, Any] = {
        "query": wanted.query,
        "found": None,
        "error": None,
        "status": now,
        "jobs": shown_jobs,
        "outcomes": {job.id: _outcome(visit, job) for job in shown_jobs},
        "findings": view.grouped(findings),
        "finding_count": len(findings),
        "documents": found,
        "hides": kinds_in(visit.app, [each.title for each in found], documents=[each.id for each in found]),
        "total": languages.total(),
        "matching": sum(count for key, count in counts.items() if _fits(key, only)),
        "spoken": sorted(filter(None, languages)),
        "chart": _chart(languages) if see_all and len(languages) > 1 else "",
        "groups": sorted({PUBLIC, EVERYONE, *(people.groups(visit.app, visit.actor) if visit.actor.may("people") else ())}),
        "most": visit.app.workspace.settings.parsing.max_megabytes,
        "wrong": wrong,
        "states": _STATES if see_all else (),
        "chosen": chosen,
        "after": wanted.after,
        "first": _list(chosen) if wanted.after else "",
        "following": _list({**chosen, "after": following}) if following else "",
    }
    if wanted.query.strip():
        try:
            hits = search(visit.app, visit.actor, wanted.query, limit=_SEARCH_HITS)
            values["scores"] = [(each.score, each.scores) if see_all else (band(each), None) for each in hits.passages]
            values["found"] = view.close(hits.passages, 280, still_hidden(visit.app, visit.actor, hits.passages))
        except InvalidInput as error:
            values["error"] = error
    return page(request, "documents.html", values, status=status_of(wrong[0][1]) if wrong else 200)


def _list(chosen: Mapping[str, str]) -> str:
    return "/documents?" + urlencode({name: value for name, value in chosen.items() if value}) + "#list"


def _fits(key: tuple[str, str, str], only: Chosen) -> bool:
    return all(
        wanted is None or wanted == value for wanted, value in zip((only.source, only.state, only.language), key, strict=True)
    )


def _chart(languages: Counter[str]) -> Markup:
    rows = [(language or _("not known"), float(count)) for language, count in languages.most_common(12)]
    return charts.bars(_("Documents by language"), rows, heads=(_("Language"), _("Documents")))


def _permission(visit: Visit, id: str, who: str) -> dict[str, Any]:
    """Whether somebody whom an administrator names may see it."""
    if not (visit.actor.may("see_all") and visit.actor.may("audit")):
        return {"asks": False}
    try:
        return {"asks": True, "who": who, "permission": can(visit.app, visit.actor, who, id) if who else None, "unknown": None}
    except FirmgroundError as error:
        return {"asks": True, "who": who, "permission": None, "unknown": error}


def _document(request: Request, visit: Visit, id: str, stretch: Stretch) -> Response:
    looked = documents.look(visit.app, visit.actor, id)
    text, hides = looked.text, looked.hiding
    shown: dict[str, Any] = looked.document.model_dump(mode="json")
    first, last = view.part(text, stretch.start, stretch.part)
    elsewhere = address(visit.app, looked.document)
    values = {
        "document": shown,
        "title": prose.words(shown["title"] or shown["uri"], hides.words),
        "metadata": [(key, prose.words(_joined(value), hides.words)) for key, value in shown["metadata"].items()],
        "tab": restored(shown["title"] or shown["uri"], hides.values),
        "hiding": hides,
        "file": looked.file,
        "elsewhere": elsewhere if looked.file else "",
        "address": f"{shown['source']}/{shown['uri']}",
        "blocks": prose.unmasked(prose.blocks(text, first, last, [prose.Mark(1, stretch.start, stretch.end)]), hides.words),
        "first": first,
        "last": last,
        "earlier": max(first - view.PART, 0) if first else None,
        "later": first + view.PART if last < len(text) else None,
        "chunks": [
            (chunk, prose.words(" › ".join(chunk.headings), hides.words))
            for chunk in looked.chunks
            if first <= chunk.start < last
        ],
        "spans": Counter(span.kind for span in looked.spans if not hides.masked or span.kind == "instruction"),
        "answers": documents.answers_of(visit.app, visit.actor, shown["id"], limit=_CITED_BY),
        "uploaded": shown["source"] == visit.app.uploads.name,
        **_permission(visit, shown["id"], stretch.who.strip()),
        "picture": _picture(shown, stretch.start if stretch.end else first, stretch.end)
        if looked.file and not elsewhere
        else None,
    }
    return page(request, "document.html", values)


def _joined(value: Any) -> str:
    return ", ".join(map(str, cast("list[Any]", value))) if isinstance(value, list) else str(value)


def _picture(shown: dict[str, Any], start: int, end: int) -> view.Picture | None:
    """The page of a PDF that holds an offset, with the stretch marked."""
    if shown["media_type"] != "application/pdf" or shown["state"] != "indexed":
        return None
    number = next((each["number"] for each in shown["pages"] if each["start"] <= start < each["end"]), None)
    if number is None:
        return None
    marked = f"?start={start}&end={end}" if end > start else "?width=800"
    return view.Picture(number, f"/documents/{shown['id']}/pages/{number}.png{marked}")


def _jobs(visit: Visit, asked: str) -> list[Job]:
    """Those that are not finished, and the one asked for."""
    unfinished = jobs.unfinished(visit.app, visit.actor)
    if asked and asked not in {job.id for job in unfinished}:
        with suppress(NotFound):
            return [jobs.job(visit.app, visit.actor, asked), *unfinished]
    return unfinished


def _outcome(visit: Visit, job: Job) -> dict[str, Any] | None:
    """What a sync came to, and the first files that failed, as they are now."""
    result = cast("dict[str, Any]", job.result) if job.kind == "sync" and isinstance(job.result, dict) else {}
    counts: dict[str, int] | None = result.get("documents")
    if job.state != "done" or counts is None:
        return None
    sources = [name for name in result["sources"] if name in visit.app.sources] if counts["failed"] else []
    failed = [
        each
        for name in sources
        for each in documents.listed(visit.app, visit.actor, source=name, state="failed", limit=_FAILED_SHOWN)
    ]
    return {
        "taken": counts["added"] + counts["changed"] + counts["renamed"],
        "failed": counts["failed"],
        "waiting": counts["quarantined"],
        "unreached": result.get("unreached", []),
        "problems": failed[:_FAILED_SHOWN],
    }
