"""The page that shows what changed rules would do, before they are released."""

from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from firmground.app.launching.releases import CANDIDATE, LIVE
from firmground.app.reviewing.preview import preview
from firmground.web.rendering import page
from firmground.web.visit import TheVisit, Visit

_MOST = 2000
_LIMITS = (100, 500, 1000)
"""Answers that can be looked at; a page that takes longer is none."""

router = APIRouter()


@router.get("/reviews/rules")
async def rules_page(request: Request, visit: TheVisit, limit: Annotated[int, Query(ge=1, le=_MOST)] = 1000) -> Response:
    """The candidate's rules beside those of what is live."""
    return await visit.run(_rules, request, visit, limit)


def _rules(request: Request, visit: Visit, limit: int) -> Response:
    found = preview(visit.app, visit.actor, rules=CANDIDATE, against=LIVE, limit=limit)
    values: dict[str, Any] = {"found": found, "limits": _LIMITS, "limit": limit}
    return page(request, "review_rules.html", values)
