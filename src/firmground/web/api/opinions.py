"""What you think of an answer: a thumb, a person to look at it, others to see it."""

from typing import Literal

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from firmground.app.asking import opinions
from firmground.app.asking.opinions import Opinion
from firmground.types import FeedbackReason, ReviewRequest
from firmground.web.api.description import refused
from firmground.web.api.shapes import NOT_MODIFIED, Body, Nothing, Text, tagged
from firmground.web.visit import TheVisit

_GONE = "There is no such answer, or not for you."
_ERASED = "Something that it rests on is erased, so no words about it are kept."

_NOT_YOURS = "You challenge an answer that somebody else asked for."

router = APIRouter(prefix="/answers/{id}")


class Thumb(Body):
    verdict: Literal["up", "down"] | None = Field(description="Null takes your thumb back.")
    reason: FeedbackReason | None = Field(None, description="What is wrong, where something is.")
    comment: Text = Field("", description="In your own words. It is emptied when a document that the answer rests on is erased.")


class Wish(Body):
    note: Text = Field("", description="What the person should know. It is emptied like a comment.")
    challenge: FeedbackReason | None = Field(
        None, description="What is wrong with an answer of yours: somebody looks at it (again), also where a person did before."
    )


class Shared(BaseModel):
    shared: bool = Field(description="Whether others who may see all that it rests on may see the answer.")
    path: str = Field(description="Of its page on this server: the link to give to them.")


@router.post("/feedback", responses=refused({400: "A comment that is too long, or not text.", 404: _GONE, 409: _ERASED}))
async def post_feedback(id: str, body: Thumb, visit: TheVisit) -> Opinion:
    """Say whether an answer helped. The latest counts; sent again it changes nothing but its time."""
    if body.verdict is None:
        await visit.run(opinions.withdraw_rating, visit.app, visit.actor, id)
    else:
        await visit.run(opinions.rate, visit.app, visit.actor, id, body.verdict, reason=body.reason, comment=body.comment)
    return await visit.run(opinions.of, visit.app, visit.actor, id)


@router.get("/feedback", response_model=Opinion, responses={304: NOT_MODIFIED} | refused({404: _GONE}))
async def get_feedback(request: Request, id: str, visit: TheVisit) -> Response:
    """What you said of an answer; administrators also get what everybody did."""
    return tagged(request, (await visit.run(opinions.of, visit.app, visit.actor, id)).model_dump_json().encode())


@router.post(
    "/review",
    status_code=201,
    responses={200: {"model": ReviewRequest, "description": "The one that you have open already."}}
    | refused({400: "A note that is too long, or not text.", 403: _NOT_YOURS, 404: _GONE, 409: _ERASED}),
)
async def post_review(id: str, visit: TheVisit, response: Response, body: Wish | None = None) -> ReviewRequest:
    """Ask that a person looks at an answer, or challenge it. A second request while the first is open is the first."""
    before = await visit.run(opinions.of, visit.app, visit.actor, id)
    note, reason = (body.note, body.challenge) if body else ("", None)
    if reason is None:
        request = await visit.run(opinions.ask_person, visit.app, visit.actor, id, note)
    else:
        request = await visit.run(opinions.challenge, visit.app, visit.actor, id, reason, note)
    if before.review is not None and before.review.id == request.id:
        response.status_code = 200
    return request


@router.delete("/review", status_code=204, responses=refused({404: _GONE}))
async def delete_review(id: str, visit: TheVisit) -> None:
    """Nobody need look at it any more; a question whose answer waits for a person gets none. Without either nothing changes."""
    await visit.run(opinions.withdraw_request, visit.app, visit.actor, id)


@router.post(
    "/share",
    responses=refused(
        {403: "Somebody else asked for it, or you cannot sign in.", 404: _GONE, 409: "Something that it rests on is erased."}
    ),
)
async def post_share(id: str, visit: TheVisit, body: Nothing | None = None) -> Shared:
    """Let everybody who is signed in, and may see all that it rests on, see an answer of yours. Sharing gives nobody more rights."""
    del body
    answer = await visit.run(opinions.share, visit.app, visit.actor, id)
    return Shared(shared=True, path=f"/answers/{answer}")


@router.delete("/share", status_code=204, responses=refused({403: "Somebody else asked for it.", 404: _GONE}))
async def delete_share(id: str, visit: TheVisit) -> None:
    """From now on nobody else sees it. Without a share nothing changes."""
    await visit.run(opinions.unshare, visit.app, visit.actor, id)
