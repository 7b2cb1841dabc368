"""The living guide to the look: every component in every state, in both themes."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from firmground.web import charts
from firmground.web.language import _, percent
from firmground.web.rendering import page
from firmground.web.visit import TheVisit

router = APIRouter()


@router.get("/components")
async def components_page(request: Request, visit: TheVisit) -> Response:
    return await visit.run(page, request, "components.html", {"charts": _charts()})


def _charts() -> list[str]:
    """One of each kind, of invented numbers."""
    states = [(_("Indexed"), 1204.0), (_("Waiting"), 37.0), (_("Failed"), 4.0)]
    weeks = charts.Axis(_("Week"), lambda value: str(round(value)))
    share = charts.Axis(_("Share answered"), percent, low=0, high=1)
    series = [
        charts.Series(_("Answered"), [(1, 0.62), (2, 0.66), (3, 0.71), (4, 0.74), (5, 0.73)]),
        charts.Series(_("Thumbs up"), [(1, 0.55), (2, 0.61), (3, 0.6), (4, 0.7), (5, 0.76)]),
        charts.Series(_("Read on"), [(1, 0.2), (2, 0.24), (3, 0.22), (4, 0.31), (5, 0.28)]),
    ]
    bins = [(0.1, 0.06, 40), (0.3, 0.35, 25), (0.5, 0.47, 30), (0.7, 0.74, 60), (0.9, 0.93, 210)]
    return [
        charts.bars(_("Documents by state"), states, heads=(_("State"), _("Documents"))),
        charts.lines(_("Answers by week"), series, weeks, share, level=(_("goal"), 0.8), note=_("Invented numbers.")),
        charts.reliability(_("Is the confidence right?"), bins, across=_("Confidence"), up=_("Covered"), count=_("Questions")),
        charts.bars(_("Nothing yet"), [], heads=(_("State"), _("Documents"))),
        charts.spark(_("Questions of the last days"), [3, 5, 4, 8, 6, 9, 12]),
    ]
