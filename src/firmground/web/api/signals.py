"""How answers are used, noted of whoever agreed to it."""

from typing import Annotated

from fastapi import APIRouter, Header
from pydantic import Field

from firmground.app.teaching import signals
from firmground.web.api.description import refused
from firmground.web.api.shapes import Body
from firmground.web.visit import TheVisit

router = APIRouter()


class Sign(Body):
    kind: signals.ByPage = Field(description="What was done with the answer.")


class Noted(Body):
    noted: bool = Field(description="Whether it was noted: not of who did not agree, nor with `Sec-GPC: 1`.")


class Choice(Body):
    wanted: bool = Field(description="Whether it may be noted how you use answers.")


class Chosen(Body):
    noted: bool | None = Field(description="Whether it is noted how you use answers; null where it is of nobody.")


@router.post(
    "/answers/{id}/signals",
    responses=refused({404: "There is no such answer, or not for you."}),
)
async def post_signal(
    id: str, body: Sign, visit: TheVisit, gpc: Annotated[str, Header(alias="Sec-GPC", description="`1`: nothing is noted.")] = ""
) -> Noted:
    """Tell that an answer was copied, that one of its sources was opened, or that its page was left at once."""
    del gpc  # looked at for every request, since questions are signs as well
    return Noted(noted=await visit.run(signals.note, visit.app, visit.actor, id, body.kind))


@router.get("/me/signals")
async def get_signals(visit: TheVisit) -> Chosen:
    """Whether it is noted how you use answers."""
    return Chosen(noted=await visit.run(signals.noted, visit.app, visit.actor))


@router.put("/me/signals", responses=refused({403: "Nobody knows who you are.", 409: "It is noted of nobody here."}))
async def put_signals(body: Choice, visit: TheVisit) -> Chosen:
    """Agree that it is noted how you use answers, or take that back. What was noted before goes with the answers that it is about."""
    await visit.run(signals.choose, visit.app, visit.actor, body.wanted)
    return await get_signals(visit)
