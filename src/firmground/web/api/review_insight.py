"""How reviews go."""

from typing import Annotated

from fastapi import APIRouter, Query

from firmground.app.reviewing import insight
from firmground.app.reviewing.insight import Insight
from firmground.web.api.description import refused
from firmground.web.visit import TheVisit

router = APIRouter()


@router.get("/reviews/insight", responses=refused({403: "You neither review nor audit."}))
async def get_review_insight(
    visit: TheVisit, days: Annotated[int, Query(ge=1, le=insight.LONGEST_DAYS, description="How far back to look.")] = 30
) -> Insight:
    """Who decides how much and whether in time, how far people agree, and what makes most of the work. Reviewers get the figures of what
    they may review, who audits those of everything."""
    return await visit.run(insight.insight, visit.app, visit.actor, days=days)
