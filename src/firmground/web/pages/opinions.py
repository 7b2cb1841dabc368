"""What people say of an answer, by the forms on its page. Afterwards they are on that page again; a script, which sends the field `part`,
gets the part of the page that these forms stand in."""

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from firmground.app.asking import opinions
from firmground.errors import FirmgroundError
from firmground.web.pages.ask import acts
from firmground.web.pages.forms import form
from firmground.web.problems import status_of
from firmground.web.rendering import page
from firmground.web.visit import TheVisit, Visit

router = APIRouter(prefix="/answers/{id}")


@router.post("/feedback")
async def feedback(request: Request, visit: TheVisit, id: str) -> Response:
    """A thumb; taken back with the verdict `none`."""

    def use(fields: dict[str, str]) -> None:
        if fields.get("verdict") == "none":
            opinions.withdraw_rating(visit.app, visit.actor, id)
            return
        reason, comment = fields.get("reason") or None, fields.get("comment", "")
        opinions.rate(visit.app, visit.actor, id, fields.get("verdict", ""), reason=reason, comment=comment)

    return await _done(request, visit, id, use)


@router.post("/review")
async def review(request: Request, visit: TheVisit, id: str) -> Response:
    """A person shall look at the answer; or need not any more, with `withdraw`."""

    def use(fields: dict[str, str]) -> None:
        if fields.get("withdraw"):
            opinions.withdraw_request(visit.app, visit.actor, id)
        else:
            opinions.ask_person(visit.app, visit.actor, id, fields.get("note", ""))

    return await _done(request, visit, id, use)


@router.post("/challenge")
async def challenge(request: Request, visit: TheVisit, id: str) -> Response:
    """Whoever asked says that it is not right, so that a person looks at it, perhaps again."""

    def use(fields: dict[str, str]) -> None:
        opinions.challenge(visit.app, visit.actor, id, fields.get("reason", ""), fields.get("note", ""))

    return await _done(request, visit, id, use)


@router.post("/share")
async def share(request: Request, visit: TheVisit, id: str) -> Response:
    """Others may see the answer; or may not any more, with `withdraw`."""

    def use(fields: dict[str, str]) -> None:
        (opinions.unshare if fields.get("withdraw") else opinions.share)(visit.app, visit.actor, id)

    return await _done(request, visit, id, use)


async def _done(request: Request, visit: Visit, id: str, use: Callable[[dict[str, str]], None]) -> Response:
    fields = await form(request, visit)
    if fields.get("part") != "acts":
        await visit.run(use, fields)
        return RedirectResponse(f"/answers/{quote(id, safe='')}#acts", 303)
    return await visit.run(_part, request, visit, id, use, fields)


def _part(request: Request, visit: Visit, id: str, use: Callable[[dict[str, str]], None], fields: dict[str, str]) -> Response:
    values: dict[str, Any] = {"wrong": None}
    try:
        use(fields)
    except FirmgroundError as error:
        values["wrong"] = error
    status = status_of(values["wrong"]) if values["wrong"] else 200
    return page(request, "acts.html", {**values, **acts(request, visit, id)}, status=status)
