"""The page about one's own account: who one is here, and one's password."""

from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from firmground.app.access import accounts
from firmground.groups import EVERYONE, PUBLIC
from firmground.web.browsers import family
from firmground.web.managing import Fields, carried_out, shared
from firmground.web.origins import sender
from firmground.web.pages.account import with_session
from firmground.web.pages.forms import form
from firmground.web.rendering import page
from firmground.web.visit import TheVisit, Visit, in_person

router = APIRouter()


@router.get("/account")
async def account_page(request: Request, visit: TheVisit, done: str = "") -> Response:
    return await visit.run(show, request, visit, done=done)


@router.post("/account/password")
async def change_password(request: Request, visit: TheVisit) -> Response:
    """One's own, which ends all other sessions."""
    fields = await form(request, visit)
    in_person(visit, "change a password")
    return await visit.run(_password, request, visit, fields)


def show(request: Request, visit: Visit, *, status: int = 200, **more: Any) -> Response:
    """The page, with what a form on it says."""
    actor = visit.actor
    values = {"groups": sorted(actor.groups - {EVERYONE, PUBLIC})}
    return page(request, "own_account.html", shared(visit) | values | more, status=status)


def _password(request: Request, visit: Visit, fields: Fields) -> Response:
    def change() -> Response:
        old, new = fields.get("old", ""), fields.get("password", "")
        came = {"address": sender(request.scope, request.headers, visit.app.workspace.settings.serve)}
        came["browser"] = family(request.headers.get("user-agent", ""))
        secret = accounts.change_password(visit.app, visit.actor.person, old, new, **came)
        return with_session(RedirectResponse("/account?done=password", 303), visit.served, secret)

    def shown(**more: Any) -> Response:
        return show(request, visit, **more)

    return carried_out("password", fields, change, shown, back="/account")
