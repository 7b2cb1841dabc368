"""JSON under /api/v1: parse, call one use case, return."""

from typing import Annotated, Any, TypeAlias

from fastapi import APIRouter, Query, Response
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, FiniteFloat, StringConstraints
from starlette.responses import JSONResponse

from firmground.app import documents, kept
from firmground.app.answers import ask
from firmground.app.search import search
from firmground.app.status import status
from firmground.app.sync import request as request_sync
from firmground.types import Answer, Document, Job, Passage
from firmground.web.problems import SCHEMA
from firmground.web.served import Served, TheServed

PREFIX = "/api/v1"
_PROBLEM: dict[str, Any] = {"description": "A problem document.", "content": {"application/problem+json": {"schema": SCHEMA}}}
_PROBLEMS: dict[int | str, dict[str, Any]] = {"4XX": _PROBLEM, "5XX": _PROBLEM}

router = APIRouter(prefix=PREFIX, responses=_PROBLEMS)
health = APIRouter(tags=["health"])


def _without_nul(text: str) -> str:
    if "\0" in text:
        raise ValueError("it holds a NUL character")
    return text


Text: TypeAlias = Annotated[str, StringConstraints(max_length=4000), AfterValidator(_without_nul)]
Name: TypeAlias = Annotated[str, StringConstraints(min_length=1, max_length=500), AfterValidator(_without_nul)]
Value: TypeAlias = bool | int | FiniteFloat | Text


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Range(Body):
    """Both ends included; either may be missing."""

    from_: Value | None = Field(None, alias="from")
    to: Value | None = None


Filters: TypeAlias = dict[Name, Value | list[Value] | Range]


class Question(Body):
    question: Text = Field(description="In the asker's own words.")
    filters: Filters = Field({}, description="Key → value (equal), list (any of them) or range.")
    conversation: Text = Field("", description="Id of the conversation that it goes on with; a new one when empty.")


class SearchFor(Body):
    query: Text
    filters: Filters = {}
    limit: int = Field(10, ge=1, le=100)


class SyncOf(Body):
    sources: list[Name] = Field([], max_length=1000, description="Names; all when empty.")


class SearchHit(Body):
    passage: str
    document: str
    title: str
    uri: str
    locator: dict[str, Any]
    snippet: str
    score: float
    scores: dict[str, float | None]


class Hits(Body):
    hits: list[SearchHit]
    timings_ms: dict[str, float]


class Documents(Body):
    documents: list[Document]
    next: str | None = Field(description="Give it as `after` for the next page; null on the last.")


class Readiness(Body):
    ready: bool
    reasons: list[str]


@router.post("/answers")
async def post_answer(body: Question, served: TheServed) -> Answer:
    """Answer a question from the documents, with citations, or say that they do not answer it."""
    await served.opened()
    return await served.run(
        ask, served.app, served.actor, body.question, filters=_filters(body.filters), conversation=body.conversation
    )


@router.get("/answers/{id}")
async def get_answer(id: str, served: TheServed) -> Answer:
    """An answer that was given, as the asker may see it now: what rests on an erased document is silent."""
    return (await served.run(kept.show, served.app, served.actor, id)).answer


@router.post("/search")
async def post_search(body: SearchFor, served: TheServed) -> Hits:
    """Find passages, with the scores of both retrievers."""
    filters = _filters(body.filters)
    await served.opened()
    found = await served.run(search, served.app, served.actor, body.query, filters=filters, limit=body.limit)
    timings = {stage: round(took, 2) for stage, took in found.timings_ms.items()}
    return Hits(hits=[_hit(passage) for passage in found.passages], timings_ms=timings)


@router.get("/documents")
async def get_documents(
    served: TheServed,
    source: Name | None = None,
    state: Name | None = None,
    after: Annotated[str, Query(description="`next` of the page before.", max_length=5000)] = "",
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> Documents:
    """Documents with their state, by source and path."""
    return await served.run(_documents, served, source, state, after, limit)


@router.get("/documents/{id}")
async def get_document(id: str, served: TheServed) -> dict[str, Any]:
    """One document with its text, its chunks and the spans found in it."""
    await served.opened(anyway=True)
    return await served.run(documents.show, served.app, served.actor, id)


@router.post("/sync", status_code=202)
async def post_sync(served: TheServed, response: Response, body: SyncOf | None = None) -> Job:
    """Take in what changed in the sources: a job to follow."""
    job = await served.run(request_sync, served.app, served.actor, body.sources if body else [])
    response.headers["Location"] = f"{PREFIX}/jobs/{job.id}"
    return job


@router.get("/jobs/{id}")
async def get_job(id: str, served: TheServed) -> Job:
    """How far a job is."""
    return await served.run(served.app.jobs.get, id)


@router.delete("/jobs/{id}", status_code=202)
async def delete_job(id: str, served: TheServed) -> Job:
    """Ask a job to stop: a running one does at its next check, a queued one never starts."""
    await served.run(served.app.jobs.cancel, id)
    return await served.run(served.app.jobs.get, id)


@router.get("/status")
async def get_status(served: TheServed) -> dict[str, Any]:
    """What the workspace holds: sources, documents, jobs."""
    return await served.run(status, served.app, served.actor)


@health.get("/healthz")
async def get_health() -> dict[str, str]:
    """The process lives."""
    return {"status": "ok"}


@health.get("/readyz", response_model=Readiness, responses={503: {"model": Readiness}})
async def get_readiness(served: TheServed) -> Response:
    """Whether questions are answered without delay, and why not."""
    reasons = served.reasons()
    return JSONResponse({"ready": not reasons, "reasons": reasons}, 503 if reasons else 200)


def _documents(served: Served, source: str | None, state: str | None, after: str, limit: int) -> Documents:
    found, following = documents_page(served, source, state, after, limit)
    return Documents(documents=found, next=following)


def documents_page(
    served: Served, source: str | None, state: str | None, after: str, limit: int
) -> tuple[list[Document], str | None]:
    """Documents after the address `after`, and the address of the last one where more follow."""
    listed = documents.listed(served.app, served.actor, source=source, state=documents.parse_state(state))
    rest = [document for document in listed if not after or (document.source, document.uri) > _split(after)]
    shown = rest[:limit]
    return shown, f"{shown[-1].source}/{shown[-1].uri}" if len(rest) > limit else None


def _split(address: str) -> tuple[str, str]:
    source, _, uri = address.partition("/")
    return source, uri


def _filters(given: Filters) -> dict[str, Any]:
    return {
        key: value.model_dump(by_alias=True, exclude_none=True) if isinstance(value, Range) else value
        for key, value in given.items()
    }


def _hit(passage: Passage) -> SearchHit:
    fields = passage.model_dump(mode="json", include={"passage", "document", "title", "uri", "locator", "score", "scores"})
    return SearchHit(**fields, snippet=passage.text)
