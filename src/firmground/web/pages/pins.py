"""The page about answers that people stand behind; and what one click makes of an answer that people looked at."""

from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from firmground.app.teaching import cases, pairs, pins
from firmground.errors import FirmgroundError, NotFound
from firmground.web.language import _, plural
from firmground.web.managing import Fields
from firmground.web.pages.forms import form
from firmground.web.problems import status_of
from firmground.web.rendering import page
from firmground.web.visit import TheVisit, Visit

router = APIRouter(prefix="/pins")


@router.get("")
async def pins_page(request: Request, visit: TheVisit) -> Response:
    """What is pinned to which question."""
    return await visit.run(_pins, request, visit)


@router.post("")
async def act(request: Request, visit: TheVisit) -> Response:
    """Pin an answer, retire a pin, or make a case or pairs of an answer; the page says what came of it."""
    fields = await form(request, visit)
    return await visit.run(_acted, request, visit, fields)


def _pins(request: Request, visit: Visit, *, done: str = "", item: str = "", error: FirmgroundError | None = None) -> Response:
    found = pins.listed(visit.app, visit.actor)
    values: dict[str, Any] = {
        "pins": found,
        "done": done,
        "item": item,
        "error": error,
    }
    return page(request, "pins.html", values, status=status_of(error) if error else 200)


def _acted(request: Request, visit: Visit, fields: Fields) -> Response:
    item = fields.get("item", "")[:100]
    try:
        return _pins(request, visit, done=_do(visit, fields), item=item)
    except FirmgroundError as error:
        return _pins(request, visit, item=item, error=error)


def _do(visit: Visit, fields: Fields) -> str:
    app, actor, answer = visit.app, visit.actor, fields.get("answer", "")
    match fields.get("act", ""):
        case "pin":
            pin = pins.add(app, actor, answer)
            return _("Pinned, version %(n)s: whoever asks this and may see its sources gets this answer.", n=pin.version)
        case "retire":
            pins.retire(app, actor, fields.get("pin", ""))
            return _("Retired: the question is answered as any other again.")
        case "case":
            made = cases.make(app, actor, answer)
            return _("Added as a draft: %(name)s. It counts once an administrator makes it active.", name=made.id)
        case "pairs":
            made = pairs.make(app, actor, answer)
            good = plural("%(num)s good pair", "%(num)s good pairs", made.good)
            bad = plural("%(num)s bad pair", "%(num)s bad pairs", made.bad)
            return _("To train on: %(good)s, %(bad)s.", good=good, bad=bad)
        case _:
            raise NotFound("there is nothing of that name to do here", "use the buttons of the page")
