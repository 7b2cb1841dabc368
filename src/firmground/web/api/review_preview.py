"""What changed rules would do, before they are released."""

from typing import Annotated

from fastapi import APIRouter, Query

from firmground.app.launching.releases import CANDIDATE, LIVE
from firmground.app.reviewing.preview import MOST, Preview, preview
from firmground.web.api.description import refused
from firmground.web.api.shapes import Name
from firmground.web.visit import TheVisit

router = APIRouter()


@router.get("/reviews/preview", responses=refused({403: "You are no administrator.", 404: "There is no such release."}))
async def get_review_preview(
    visit: TheVisit,
    rules: Annotated[Name, Query(description="Whose rules: `candidate`, `live`, or a release.")] = CANDIDATE,
    against: Annotated[Name, Query(description="Whose rules they are compared with.")] = LIVE,
    limit: Annotated[int, Query(ge=1, le=MOST, description="How many of the answers given last are looked at.")] = 1000,
) -> Preview:
    """What the rules of a release would have done to the answers given last, and what those of another do to the same: which fare
    otherwise, and how much review work that is. Nothing is asked again."""
    return await visit.run(preview, visit.app, visit.actor, rules=rules, against=against, limit=limit)
