"""What use teaches: answers pinned to their question, golden cases and pairs made of answers that people looked at."""

from typing import Annotated

from fastapi import APIRouter
from pydantic import Field

from firmground.app.teaching import cases, pairs, pins
from firmground.evaluate.cases import Case
from firmground.lessons import Pin, PinState
from firmground.web.api.description import refused
from firmground.web.api.shapes import Body, Name, Nothing
from firmground.web.visit import TheVisit

_REVIEWERS = "You may not review."
_NO_ANSWER = "There is no such answer, or not all that it rests on is yours to see."

router = APIRouter()


class Pins(Body):
    pins: list[Pin] = Field(description="Newest first; those of which you may see all that they rest on.")


class NewPin(Body):
    answer: Name = Field(description="Id of an answer that was approved or edited, or the beginning of it.")


class Astray(Body):
    bad: list[Annotated[int, Field(ge=0, le=9999)]] = Field(
        [], max_length=100, description="Numbers of the sources that do not answer the question."
    )


class Pairs(Body):
    good: int
    bad: int


@router.get("/pins", responses=refused({403: _REVIEWERS}))
async def get_pins(visit: TheVisit, state: PinState | None = None) -> Pins:
    """Answers that people stand behind, and the questions that they are given to."""
    return Pins(pins=await visit.run(pins.listed, visit.app, visit.actor, state=state))


@router.post(
    "/pins",
    responses=refused(
        {
            400: "The beginning of an id that several answers have.",
            403: _REVIEWERS,
            404: _NO_ANSWER,
            409: "Nobody stands behind it, something of it is erased or changed, or its question leans on others.",
        }
    ),
)
async def post_pin(visit: TheVisit, body: NewPin) -> Pin:
    """Give an approved answer to its question from now on; in the place of what was pinned to it before."""
    return await visit.run(pins.add, visit.app, visit.actor, body.answer)


@router.delete(
    "/pins/{id}",
    responses=refused({400: "The beginning of an id that several pins have.", 403: _REVIEWERS, 404: "There is no such pin."}),
)
async def delete_pin(id: str, visit: TheVisit) -> Pin:
    """Give it to nobody any more. Its versions stay in the ledger."""
    return await visit.run(pins.retire, visit.app, visit.actor, id)


@router.post(
    "/answers/{id}/case",
    responses=refused(
        {
            400: "The beginning of an id that several answers have.",
            403: _REVIEWERS,
            404: _NO_ANSWER,
            409: "There is a case of it already, or something of it is erased.",
        }
    ),
)
async def post_case(id: str, visit: TheVisit, body: Nothing | None = None) -> Case:
    """Make a draft of a golden case of it. It counts once an administrator makes it active."""
    del body
    return await visit.run(cases.make, visit.app, visit.actor, id)


@router.post(
    "/answers/{id}/pairs",
    responses=refused(
        {
            400: "A source that the answer has not.",
            403: _REVIEWERS,
            404: _NO_ANSWER,
            409: "Nobody said anything of it, or something of it is erased.",
        }
    ),
)
async def post_pairs(id: str, visit: TheVisit, body: Astray) -> Pairs:
    """Make pairs of its question and each passage that it cites, to train on."""
    made = await visit.run(pairs.make, visit.app, visit.actor, id, bad=body.bad)
    return Pairs(good=made.good, bad=made.bad)
