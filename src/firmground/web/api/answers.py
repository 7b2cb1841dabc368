"""Questions and their answers."""

from collections.abc import AsyncGenerator
from typing import Annotated, Any, TypeAlias

from fastapi import APIRouter, Header, Query, Request, Response
from pydantic import BaseModel, Field

from firmground.app.app import App
from firmground.app.asking import kept
from firmground.app.asking.repeats import recall
from firmground.app.launching.releases import LIVE
from firmground.errors import NotFound
from firmground.types import Actor, Answer, digest
from firmground.web.api.description import TOO_MANY, located, refused
from firmground.web.api.shapes import NOT_MODIFIED, PREFIX, Body, Filters, Name, Text, answer_json, plain_filters, tagged
from firmground.web.problems import KeyReused
from firmground.web.streams import EventStream, Key, Told, frame, frames
from firmground.web.visit import TheVisit, unless_gone

_EVENT: dict[str, Any] = {
    "type": "object",
    "required": ["id", "event", "data"],
    "additionalProperties": False,
    "properties": {
        "id": {"type": "string", "pattern": "^[1-9][0-9]*$", "description": "Its number: what comes behind it is `?after=` it."},
        "event": {"enum": ["status", "citation", "sentence", "withdrawn", "done", "error"]},
        "data": {
            "type": "string",
            "contentMediaType": "application/json",
            "description": "Of `done` the answer, of `error` a problem document.",
        },
    },
}
_STREAM: dict[str, Any] = {
    "description": "The answer; with `stream` its events: `status`, `citation`, `sentence`, `withdrawn`, at the end `done` or `error`.",
    "content": {"text/event-stream": {"itemSchema": _EVENT}},
    **located(200, "Content-Location", "With `stream`: where its events are read again.", required=False)[200],
}
_NOT_YOURS = "There is no such answer, or not for you."
_SOON_SECONDS = 1.0
"""What fails within it is told by its status, also where a stream was wanted."""

router = APIRouter()


class Question(Body):
    question: Text = Field(description="In the asker's own words.")
    filters: Filters = Field({}, description="Key → value (equal), list (any of them) or range.")
    conversation: Text = Field("", description="Id of the conversation that it goes on with; a new one when empty.")
    release: Name = Field(
        LIVE,
        description="What answers: `live`, `candidate` (the workspace as it stands), or a digest or its beginning, of six characters or"
        " more. As long as nothing is released, `live` is the candidate; the answer has a notice `not_released` then.",
    )
    stream: bool = Field(False, description="Answer with server-sent events, sentence by sentence.")


RequestKey: TypeAlias = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=255,
        pattern=r"^[\x21-\x7e]+$",
        description="Of your choice: within 24 hours the same key and body get the same answer, which is made once.",
    ),
]


class Answers(BaseModel):
    answers: list[Answer]
    next: str | None = Field(description="Give it as `before` for the next page; null on the last.")


@router.post(
    "/answers",
    response_model=Answer,
    responses={200: _STREAM}
    | refused(
        {
            400: "An empty or overlong question, a filter by a key that no document has, a release that is not named clearly.",
            404: "There is no such release, or no such conversation of yours; or nothing is indexed.",
            409: "The release cannot be asked now, or the index must be built anew.",
            422: "Fields that are not what they must be, or an Idempotency-Key that was used for another question.",
            429: f"{TOO_MANY} Or no answer is left of a day or month.",
        }
    ),
)
async def post_answer(request: Request, body: Question, visit: TheVisit, idempotency_key: RequestKey = None) -> Response:
    """Answer a question from the documents, with citations, or say that they do not answer it."""
    key = None
    if idempotency_key is not None:
        key = Key(idempotency_key, digest(body.model_dump(mode="json", by_alias=True, exclude={"stream"})))
        if (answer := await visit.run(_answer_before, visit.app, visit.actor, key)) is not None:
            return _only_done(answer) if body.stream else answer_json(answer)
    stream = await visit.ask(
        body.question,
        filters=plain_filters(body.filters),
        conversation=body.conversation,
        release=body.release,
        request_id=request.state.request_id,
        key=key,
    )
    if not body.stream:
        return answer_json(await unless_gone(request, stream.outcome()))
    await stream.settled(_SOON_SECONDS)
    return EventStream(frames(stream), {"Content-Location": f"{PREFIX}/answers/{stream.id}/events"})


@router.get("/answers")
async def get_answers(
    visit: TheVisit,
    conversation: Name | None = None,
    before: Annotated[str, Query(description="`next` of the page before.", max_length=100)] = "",
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
) -> Answers:
    """What you asked, newest first, as you may see it now."""
    found = await visit.run(
        kept.listed, visit.app, visit.actor, conversation=conversation, before=before, limit=limit + 1, own=True
    )
    answers = [trace.answer for trace in found[:limit]]
    return Answers(answers=answers, next=answers[-1].id if len(found) > limit else None)


@router.get("/answers/{id}", response_model=Answer, responses={304: NOT_MODIFIED} | refused({404: _NOT_YOURS}))
async def get_answer(request: Request, id: str, visit: TheVisit) -> Response:
    """An answer that was given, as you may see it now: what rests on an erased document is silent. Yours, or one that was shared and rests
    on nothing but documents that you may see; then without the conversation before it. `review` tells of your open request for a person."""
    return tagged(request, (await visit.run(kept.show, visit.app, visit.actor, id)).answer.model_dump_json().encode())


@router.get(
    "/answers/{id}/events",
    response_class=Response,
    responses={200: _STREAM, 204: {"description": "There is no more."}} | refused({404: "There is no such answer of yours."}),
)
async def get_events(
    id: str,
    visit: TheVisit,
    after: Annotated[int, Query(ge=0, le=2**31, description="Number of the last event that you have.")] = 0,
    last_event_id: Annotated[
        str, Header(alias="Last-Event-ID", max_length=20, description="The same, as browsers say it; the larger one counts.")
    ] = "",
) -> Response:
    """The events of an answer of yours, from where you are: as it is being made, or `done` alone when that is a while ago."""
    after = max(after, int(last_event_id)) if last_event_id.isdecimal() and last_event_id.isascii() else after
    try:
        stream = visit.streams.find(id, visit.actor)
    except NotFound:
        return _only_done(await visit.run(_own, visit.app, visit.actor, id), after)
    if not stream.over:
        return EventStream(frames(stream, after))
    if after >= stream.last:
        return Response(status_code=204)
    if stream.answer is None:
        return EventStream(frames(stream, stream.last - 1))
    # What was erased since must not be told again.
    if await visit.run(_corpus_version, visit.app) != stream.answer.corpus:
        visit.streams.forget(stream)
        return _only_done(await visit.run(_own, visit.app, visit.actor, id), after)
    return EventStream(frames(stream, after))


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
