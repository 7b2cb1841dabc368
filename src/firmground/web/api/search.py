"""Passages, without an answer."""

from fastapi import APIRouter
from pydantic import Field

from firmground.app.asking.search import Band, band, search
from firmground.types import Actor, Locator, Passage
from firmground.web.api.description import TOO_MANY, refused
from firmground.web.api.shapes import Body, Filters, Text, plain_filters
from firmground.web.visit import TheVisit

router = APIRouter()


class SearchFor(Body):
    query: Text
    filters: Filters = Field({}, description="As for answers.")
    limit: int = Field(10, ge=1, le=100)


class SearchHit(Body):
    passage: str
    document: str
    title: str
    uri: str
    locator: Locator
    snippet: str
    score: float | Band = Field(description="A number for administrators, how near it is for others.")
    scores: dict[str, float | None] | None = Field(description="Of both retrievers, for administrators.")


class Hits(Body):
    hits: list[SearchHit]
    timings_ms: dict[str, float]


@router.post(
    "/search",
    responses=refused(
        {
            400: "An empty query, or a filter by a key that no document has.",
            404: "Nothing is indexed.",
            409: "The index must be built anew.",
            429: TOO_MANY,
        }
    ),
)
async def post_search(body: SearchFor, visit: TheVisit) -> Hits:
    """Find passages: with the scores of both retrievers for administrators, with how near they are for others."""
    filters = plain_filters(body.filters)
    await visit.opened()
    await visit.counted()
    found = await visit.run(search, visit.app, visit.actor, body.query, filters=filters, limit=body.limit)
    timings = {stage: round(took, 2) for stage, took in found.timings_ms.items()}
    return Hits(hits=[_hit(passage, visit.actor) for passage in found.passages], timings_ms=timings)


def _hit(passage: Passage, actor: Actor) -> SearchHit:
    fields = passage.model_dump(mode="json", include={"passage", "document", "title", "uri", "locator", "score", "scores"})
    if not actor.may("see_all"):
        fields |= {"score": band(passage), "scores": None}
    return SearchHit(**fields, snippet=passage.text)
