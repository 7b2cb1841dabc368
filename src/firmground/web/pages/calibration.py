"""The page that shows what a confidence is worth on the documents of the workspace: figures of all of them together."""

from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from firmground.answer.calibration import Calibration
from firmground.app.access.rights import need
from firmground.app.evaluating import calibrated
from firmground.app.launching.releases import recipe_calibrated
from firmground.web import charts
from firmground.web.language import _, percent
from firmground.web.rendering import page
from firmground.web.visit import TheVisit, Visit

_MOST_RISK = 0.2
"""Where the picture of the risk ends: nobody wants more."""

router = APIRouter()


@router.get("/calibration")
async def calibration_page(request: Request, visit: TheVisit) -> Response:
    return await visit.run(_page, request, visit)


def _page(request: Request, visit: Visit) -> Response:
    need(visit.actor, "audit", "see the calibration")
    recipe = calibrated.fingerprint(visit.app.candidate)
    with visit.app.database.reading() as tx:
        found = calibrated.stored(tx, recipe)
        last = calibrated.latest(tx, recipe)
        made = calibrated.promise(tx, recipe, found) if found else None
    values: dict[str, Any] = {
        "found": found,
        "why_not": "" if found or last is None else last.why_not,
        "tried": last is not None,
        "made": made and made.promise,
        "set_by_hand": visit.app.workspace.settings.answer.threshold,
    }
    if found and made:
        values["moved"] = made.recipe != recipe_calibrated(visit.app.candidate, found.confidence).digest
    if found:
        values |= {"reliability": _reliability(found), "risk": _risk(found), "chosen": found.chosen}
    return page(request, "calibration.html", values)


def _reliability(found: Calibration) -> str:
    points = [(each.confidence, each.covered, each.questions) for each in found.bins]
    return charts.reliability(
        _("Is the confidence right?"),
        points,
        across=_("Confidence"),
        up=_("Covered"),
        count=_("Questions"),
        note=_(
            "On the dashed line, of the questions with confidence 0.7 the documents cover 70 in 100. Larger dots stand for more questions."
        ),
    )


def _risk(found: Calibration) -> str:
    curve = [(covered, uncovered) for _threshold, covered, uncovered in found.curve if uncovered <= _MOST_RISK]
    return charts.lines(
        _("What silence costs"),
        [charts.Series(_("Uncovered questions answered"), [(0.0, 0.0), *curve])],
        charts.Axis(_("Covered questions answered"), percent, 0, 1),
        charts.Axis(_("Uncovered questions answered"), lambda share: percent(share, 1), 0, _MOST_RISK),
        level=(_("asked for: %(rate)s", rate=percent(found.rate, 1)), found.rate),
        note=_(
            "The further left, the more silent; the higher, the more questions get an answer that the documents do not cover."
        ),
    )
