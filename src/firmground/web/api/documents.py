"""Documents and their state."""

from typing import Annotated, Any, Literal, NamedTuple

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field
from starlette.responses import JSONResponse

from firmground.app.corpus import documents, uploads
from firmground.app.redaction.masked import Masked
from firmground.errors import InvalidInput
from firmground.types import Answer, AnswerStatus, Chunk, Document, Job, Span
from firmground.web.api.description import TOO_MANY, located, refused
from firmground.web.api.shapes import NOT_MODIFIED, PREFIX, Body, Name, tagged
from firmground.web.filling import Filling
from firmground.web.visit import TheVisit, Visit

_BYTES: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": "The file.",
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}

_GONE = "There is no such document, or not for you."
_ADMINISTRATORS = "You are no administrator."

router = APIRouter()


class Chosen(NamedTuple):
    """Which documents to list; None: any."""

    source: str | None = None
    state: str | None = None
    language: str | None = None


class Documents(Body):
    documents: list[Document]
    next: str | None = Field(description="Give it as `after` for the next page; null on the last.")


class Uploaded(Body):
    document: uploads.Upload
    job: Job = Field(description="The sync that takes it in.")


class Decision(Body):
    state: Literal["indexed"] = Field(description="Let it in, although it waits in quarantine.")


class WholeDocument(Document):
    text: str
    chunks: tuple[Chunk, ...] = Field(description="What is searched and cited; offsets are into the text.")
    spans: tuple[Span, ...] = Field(description="Personal data, and what gives orders to a model.")
    masked: tuple[Masked, ...] = Field(description="Personal data that placeholders stand for, by kind.")
    masked_readable: bool = Field(description="Whether you read it: then the text holds it in their place.")


class QuotedBy(Body):
    answer: str
    question: str
    status: AnswerStatus
    created_at: str


class Quoted(Body):
    answers: list[QuotedBy]


@router.get(
    "/documents",
    response_model=Documents,
    responses={304: NOT_MODIFIED} | refused({400: "There is no such state.", 404: "There is no such source."}),
)
async def get_documents(
    request: Request,
    visit: TheVisit,
    *,
    source: Name | None = None,
    state: Name | None = None,
    language: Name | None = None,
    after: Annotated[str, Query(description="`next` of the page before.", max_length=5000)] = "",
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> Response:
    """Documents with their state, by source and path."""
    return tagged(
        request, (await visit.run(_documents, visit, Chosen(source, state, language), after, limit)).model_dump_json().encode()
    )


@router.get("/documents/{id}", response_model=WholeDocument, responses={304: NOT_MODIFIED} | refused({404: _GONE}))
async def get_document(request: Request, id: str, visit: TheVisit) -> Response:
    """One document with its text, its chunks and the spans found in it."""
    await visit.opened(anyway=True)
    return tagged(request, JSONResponse(await visit.run(documents.show, visit.app, visit.actor, id)).body)


@router.post(
    "/documents",
    status_code=202,
    openapi_extra=_BYTES,
    responses=located(202, "Location", "Of the job.")
    | refused(
        {
            400: "A name that no document can have, a group that does not exist, or a group and `administrators_only`.",
            403: _ADMINISTRATORS,
            409: "There is an upload of that name, and it was not to be replaced.",
            429: f"{TOO_MANY} Or it is more than you may upload today.",
        }
    ),
)
async def post_document(
    request: Request,
    visit: TheVisit,
    response: Response,
    *,
    name: Name,
    group: Annotated[
        list[Name] | None,
        Query(description="Who may see it. Without it: those who see the one it replaces, else administrators.", max_length=100),
    ] = None,
    administrators_only: Annotated[bool, Query(description="Nobody else may see it, whoever sees the one it replaces.")] = False,
    replace: Annotated[bool, Query(description="Whether it may take the place of an upload of the same name.")] = True,
) -> Uploaded:
    """Upload a document, for administrators: the body is the file."""
    if administrators_only and group:
        raise InvalidInput("it cannot be for a group and for administrators only", "leave one of them out")
    groups = [] if administrators_only else group
    await visit.run(uploads.check, visit.app, visit.actor, name, groups, replace=replace)
    await visit.counted()
    with visit.served.uploading(), await visit.run(uploads.receive, visit.app, visit.actor) as arriving:
        filling = Filling(visit, arriving)
        async for part in request.stream():
            await filling.add(part)
        await filling.end()
        document = await visit.run(uploads.keep, visit.app, visit.actor, arriving, name, groups, replace=replace)
    job = await visit.run(uploads.take_in, visit.app, visit.actor)
    response.headers["Location"] = f"{PREFIX}/jobs/{job.id}"
    return Uploaded(document=document, job=job)


@router.put("/documents/{id}", responses=refused({403: _ADMINISTRATORS, 404: _GONE, 409: "It does not wait in quarantine."}))
async def put_document(id: str, body: Decision, visit: TheVisit) -> Document:
    """Let a document in that waits in quarantine, for administrators. It holds until its content changes."""
    del body  # there is one decision to make
    await visit.opened()
    return await visit.run(documents.release, visit.app, visit.actor, id)


@router.delete("/documents/{id}", responses=refused({403: _ADMINISTRATORS, 404: _GONE}))
async def delete_document(id: str, visit: TheVisit) -> Document:
    """Erase a document and what answers quoted of it, for administrators. Of an upload the file goes too; another file stays, and is left
    out from now on."""
    await visit.opened()
    return await visit.run(documents.purge, visit.app, visit.actor, id)


@router.get("/documents/{id}/answers", responses=refused({404: _GONE}))
async def get_document_answers(id: str, visit: TheVisit, limit: Annotated[int, Query(ge=1, le=100)] = 20) -> Quoted:
    """The latest answers that quote it: everybody's for administrators, their own for others."""
    found = await visit.run(documents.answers_of, visit.app, visit.actor, id, limit=limit)
    return Quoted(answers=[_quoted(each) for each in found])


def _quoted(answer: Answer) -> QuotedBy:
    return QuotedBy(answer=answer.id, question=answer.question, status=answer.status, created_at=answer.created_at.isoformat())


def _documents(visit: Visit, chosen: Chosen, after: str, limit: int) -> Documents:
    found, following = documents_page(visit, chosen, after, limit)
    return Documents(documents=found, next=following)


def documents_page(visit: Visit, chosen: Chosen, after: str, limit: int) -> tuple[list[Document], str | None]:
    """Documents after the address `after`, and the address of the last one where more follow."""
    state = documents.parse_state(chosen.state)
    one_more = limit + 1
    found = documents.listed(
        visit.app, visit.actor, source=chosen.source, state=state, language=chosen.language, after=after, limit=one_more
    )
    shown = found[:limit]
    return shown, f"{shown[-1].source}/{shown[-1].uri}" if len(found) > limit else None
