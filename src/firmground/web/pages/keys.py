"""The page about keys for programs, and for pages elsewhere."""

from collections.abc import Callable, Mapping
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from firmground.app.access import keys
from firmground.errors import NotFound
from firmground.rights import RIGHTS
from firmground.web.managing import Fields, Made, Typed, carried_out, days_of, listed, shared
from firmground.web.pages.forms import form
from firmground.web.rendering import page
from firmground.web.visit import TheVisit, Visit, in_person

router = APIRouter()


@router.get("/keys")
async def keys_page(request: Request, visit: TheVisit, person: str = "", done: str = "") -> Response:
    return await visit.run(_keys, request, visit, given=Typed(person=person), done=done)


@router.post("/keys/{act}")
async def act(request: Request, visit: TheVisit, act: str) -> Response:
    """One of `_ACTS`."""
    fields = await form(request, visit)
    if act not in _ACTS:
        raise NotFound("there is nothing at this address", "check it")
    in_person(visit, "make or remove keys")
    return await visit.run(_done, request, visit, act, fields)


def _keys(request: Request, visit: Visit, *, status: int = 200, **more: Any) -> Response:
    values = {
        "keys": keys.keys(visit.app, visit.actor),
        "now": visit.app.clock(),
        "scopes": [right for right in RIGHTS if visit.actor.may(right)],
        "named": keys.NAMED,
    }
    return page(request, "keys.html", shared(visit) | values | more, status=status)


def _done(request: Request, visit: Visit, act: str, fields: Fields) -> Response:
    def show(**more: Any) -> Response:
        return _keys(request, visit, **more)

    return carried_out(act, fields, lambda: _ACTS[act](visit, fields), show, back="/keys", grave={"remove"})


def _add(visit: Visit, fields: Fields) -> Made:
    person = fields.get("person", "").strip() or visit.actor.person
    days, scopes = days_of(fields.get("days", "")), [right for right in RIGHTS if fields.get(f"scope-{right}")]
    made, secret = keys.add_key(visit.app, visit.actor, fields.get("name", ""), person=person, days=days, scopes=scopes)
    return Made("key", made.name, secret)


def _add_for_page(visit: Visit, fields: Fields) -> Made:
    made, secret = keys.add_widget_key(
        visit.app,
        visit.actor,
        fields.get("name", ""),
        origins=fields.get("origins", "").split(),
        groups=listed(fields.get("groups", "")),
        days=days_of(fields.get("days", "")),
    )
    return Made("key", made.name, secret)


_ACTS: Mapping[str, Callable[[Visit, Fields], Made | None]] = {
    "add": _add,
    "add-for-page": _add_for_page,
    "remove": lambda visit, fields: keys.remove_key(visit.app, visit.actor, fields.get("name", "")),
}
