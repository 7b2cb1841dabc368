"""Documents and their state."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field
from starlette.responses import JSONResponse

from firmground.app import documents
from firmground.types import Document
from firmground.web.api.shapes import NOT_MODIFIED, Body, Name, tagged
from firmground.web.visit import TheVisit, Visit

router = APIRouter()


class Documents(Body):
    documents: list[Document]
    next: str | None = Field(description="Give it as `after` for the next page; null on the last.")


@router.get("/documents", response_model=Documents, responses={304: NOT_MODIFIED})
async def get_documents(
    request: Request,
    visit: TheVisit,
    *,
    source: Name | None = None,
    state: Name | None = None,
    after: Annotated[str, Query(description="`next` of the page before.", max_length=5000)] = "",
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> Response:
    """Documents with their state, by source and path."""
    return tagged(request, (await visit.run(_documents, visit, source, state, after, limit)).model_dump_json().encode())


@router.get("/documents/{id}", response_model=dict[str, Any], responses={304: NOT_MODIFIED})
async def get_document(request: Request, id: str, visit: TheVisit) -> Response:
    """One document with its text, its chunks and the spans found in it."""
    await visit.opened(anyway=True)
    return tagged(request, JSONResponse(await visit.run(documents.show, visit.app, visit.actor, id)).body)


def _documents(visit: Visit, source: str | None, state: str | None, after: str, limit: int) -> Documents:
    found, following = documents_page(visit, source, state, after, limit)
    return Documents(documents=found, next=following)


def documents_page(
    visit: Visit, source: str | None, state: str | None, after: str, limit: int
) -> tuple[list[Document], str | None]:
    """Documents after the address `after`, and the address of the last one where more follow."""
    listed = documents.listed(visit.app, visit.actor, source=source, state=documents.parse_state(state))
    rest = [document for document in listed if not after or (document.source, document.uri) > _split(after)]
    shown = rest[:limit]
    return shown, f"{shown[-1].source}/{shown[-1].uri}" if len(rest) > limit else None


def _split(address: str) -> tuple[str, str]:
    source, _, uri = address.partition("/")
    return source, uri
