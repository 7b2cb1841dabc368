"""JSON under /api/v1: parse, call one use case, return."""

import hashlib
from collections.abc import AsyncGenerator
from typing import Annotated, Any, TypeAlias

from fastapi import APIRouter, Header, Query, Request, Response
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, FiniteFloat, StringConstraints
from starlette.responses import JSONResponse

from firmground.app import documents, kept
from firmground.app.app import App
from firmground.app.repeats import recall
from firmground.app.search import search
from firmground.app.status import status
from firmground.app.sync import request as request_sync
from firmground.errors import NotFound
from firmground.types import Actor, Answer, Document, Job, Passage, digest
from firmground.web.problems import SCHEMA, KeyReused
from firmground.web.served import Served, TheServed, unless_gone
from firmground.web.streams import EventStream, Key, Told, frame, frames

PREFIX = "/api/v1"
_PROBLEM: dict[str, Any] = {"description": "A problem document.", "content": {"application/problem+json": {"schema": SCHEMA}}}
_STREAM: dict[str, Any] = {
    "description": "The answer; with `stream` its events: `status`, `citation`, `sentence`, `withdrawn`, at the end `done` or `error`.",
    "content": {"text/event-stream": {"schema": {"type": "string"}}},
}
_NOT_MODIFIED: dict[str, Any] = {"description": "As you have it: the same ETag."}
_SOON_SECONDS = 1.0
"""What fails within it is told by its status, also where a stream was wanted."""
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
    stream: bool = Field(False, description="Answer with server-sent events, sentence by sentence.")


RequestKey: TypeAlias = Annotated[
    str | None,
    Header(
        min_length=1,
        max_length=255,
        pattern=r"^[\x21-\x7e]+$",
        description="Of your choice: within 24 hours the same key and body get the same answer, which is made once.",
    ),
]


class Answers(BaseModel):
    answers: list[Answer]
    next: str | None = Field(description="Give it as `before` for the next page; null on the last.")


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


@router.post("/answers", response_model=Answer, responses={200: _STREAM})
async def post_answer(request: Request, body: Question, served: TheServed, idempotency_key: RequestKey = None) -> Response:
    """Answer a question from the documents, with citations, or say that they do not answer it."""
    key = None
    if idempotency_key is not None:
        key = Key(idempotency_key, digest(body.model_dump(mode="json", by_alias=True, exclude={"stream"})))
        if (answer := await served.run(_answer_before, served.app, served.actor, key)) is not None:
            return _only_done(answer) if body.stream else _json(answer)
    stream = await served.ask(
        body.question,
        filters=plain_filters(body.filters),
        conversation=body.conversation,
        request_id=request.state.request_id,
        key=key,
    )
    if not body.stream:
        return _json(await unless_gone(request, stream))
    await stream.settled(_SOON_SECONDS)
    return EventStream(frames(stream), {"Content-Location": f"{PREFIX}/answers/{stream.id}/events"})


@router.get("/answers")
async def get_answers(
    served: TheServed,
    conversation: Name | None = None,
    before: Annotated[str, Query(description="`next` of the page before.", max_length=100)] = "",
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
) -> Answers:
    """What you asked, newest first, as you may see it now."""
    found = await served.run(
        kept.listed, served.app, served.actor, conversation=conversation, before=before, limit=limit + 1, own=True
    )
    answers = [trace.answer for trace in found[:limit]]
    return Answers(answers=answers, next=answers[-1].id if len(found) > limit else None)


@router.get("/answers/{id}", response_model=Answer, responses={304: _NOT_MODIFIED})
async def get_answer(request: Request, id: str, served: TheServed) -> Response:
    """An answer that was given, as the asker may see it now: what rests on an erased document is silent."""
    return _tagged(request, (await served.run(kept.show, served.app, served.actor, id)).answer.model_dump_json().encode())


@router.get("/answers/{id}/events", response_class=Response, responses={200: _STREAM, 204: {"description": "There is no more."}})
async def get_events(
    id: str,
    served: TheServed,
    after: Annotated[int, Query(ge=0, le=2**31, description="Number of the last event that you have.")] = 0,
    last_event_id: Annotated[str, Header(max_length=20)] = "",
) -> Response:
    """The events of an answer of yours, from where you are: as it is being made, or `done` alone when that is a while ago."""
    after = max(after, int(last_event_id)) if last_event_id.isdecimal() and last_event_id.isascii() else after
    try:
        stream = served.streams.find(id, served.actor)
    except NotFound:
        return _only_done(await served.run(_own, served.app, served.actor, id), after)
    if not stream.over:
        return EventStream(frames(stream, after))
    if after >= stream.last:
        return Response(status_code=204)
    if stream.answer is None:
        return EventStream(frames(stream, stream.last - 1))
    # What was erased since must not be told again.
    if await served.run(_corpus_version, served.app) != stream.answer.corpus:
        served.streams.forget(stream)
        return _only_done(await served.run(_own, served.app, served.actor, id), after)
    return EventStream(frames(stream, after))


@router.post("/search")
async def post_search(body: SearchFor, served: TheServed) -> Hits:
    """Find passages, with the scores of both retrievers."""
    filters = plain_filters(body.filters)
    await served.opened()
    found = await served.run(search, served.app, served.actor, body.query, filters=filters, limit=body.limit)
    timings = {stage: round(took, 2) for stage, took in found.timings_ms.items()}
    return Hits(hits=[_hit(passage) for passage in found.passages], timings_ms=timings)


@router.get("/documents", response_model=Documents, responses={304: _NOT_MODIFIED})
async def get_documents(
    request: Request,
    served: TheServed,
    *,
    source: Name | None = None,
    state: Name | None = None,
    after: Annotated[str, Query(description="`next` of the page before.", max_length=5000)] = "",
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> Response:
    """Documents with their state, by source and path."""
    return _tagged(request, (await served.run(_documents, served, source, state, after, limit)).model_dump_json().encode())


@router.get("/documents/{id}", response_model=dict[str, Any], responses={304: _NOT_MODIFIED})
async def get_document(request: Request, id: str, served: TheServed) -> Response:
    """One document with its text, its chunks and the spans found in it."""
    await served.opened(anyway=True)
    return _tagged(request, JSONResponse(await served.run(documents.show, served.app, served.actor, id)).body)


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


def _answer_before(app: App, actor: Actor, key: Key) -> Answer | None:
    """What this person got for the same request in the last day, as they may see it now."""
    known = recall(app, actor, key.name)
    if known is None:
        return None
    if known.body != key.body:
        raise KeyReused("this Idempotency-Key was used for another question", "give each question a key of its own")
    try:
        return kept.show(app, actor, known.answer).answer
    except NotFound:
        return None


def _own(app: App, actor: Actor, id: str) -> Answer:
    """An answer that this person asked for: events are for nobody else, whatever rights they have."""
    trace = kept.show(app, actor, id)
    if trace.person != actor.person or trace.answer.id != id:
        raise NotFound(f"there is no answer {id!r} of yours", "ask again")
    return trace.answer


def _corpus_version(app: App) -> str:
    with app.database.reading() as tx:
        return str(tx.corpus_version())


def _only_done(answer: Answer, after: int = 0) -> Response:
    async def one() -> AsyncGenerator[str]:
        yield frame(Told(after + 1, "done", answer.model_dump_json()))

    return EventStream(one(), {"Content-Location": f"{PREFIX}/answers/{answer.id}/events"})


def _json(answer: Answer) -> Response:
    return Response(answer.model_dump_json(), media_type="application/json")


def _tagged(request: Request, content: bytes | memoryview) -> Response:
    """JSON with its ETag; nothing where the client has it already."""
    tag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
    headers = {"ETag": tag, "Cache-Control": "private, no-cache"}
    known = {each.strip().removeprefix("W/") for each in request.headers.get("if-none-match", "").split(",")}
    if known & {tag, "*"}:
        return Response(status_code=304, headers=headers)
    return Response(content, headers=headers, media_type="application/json")


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


def plain_filters(given: Filters) -> dict[str, Any]:
    """As use cases take them."""
    return {
        key: value.model_dump(by_alias=True, exclude_none=True) if isinstance(value, Range) else value
        for key, value in given.items()
    }


def _hit(passage: Passage) -> SearchHit:
    fields = passage.model_dump(mode="json", include={"passage", "document", "title", "uri", "locator", "score", "scores"})
    return SearchHit(**fields, snippet=passage.text)
