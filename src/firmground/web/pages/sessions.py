"""The page about where one is signed in."""

from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from firmground.app.access import sessions
from firmground.errors import NotFound
from firmground.web.managing import Fields, carried_out, shared
from firmground.web.pages.account import signed_out
from firmground.web.pages.forms import form
from firmground.web.rendering import page
from firmground.web.visit import TheVisit, Visit, in_person

router = APIRouter()


@router.get("/sessions")
async def sessions_page(request: Request, visit: TheVisit, done: str = "") -> Response:
    return await visit.run(_sessions, request, visit, done=done)


@router.post("/sessions/{act}")
async def act(request: Request, visit: TheVisit, act: str) -> Response:
    """`end` one, or `sign-out` everywhere."""
    fields = await form(request, visit)
    if act not in {"end", "sign-out"}:
        raise NotFound("there is nothing at this address", "check it")
    in_person(visit, "end sessions")
    return await visit.run(_done, request, visit, act, fields)


def _sessions(request: Request, visit: Visit, *, status: int = 200, **more: Any) -> Response:
    known = sessions.sessions(visit.app, visit.actor) if visit.by != "local" else []
    values = {"sessions": known, "this": visit.credential if visit.by == "session" else ""}
    return page(request, "sessions.html", shared(visit) | values | more, status=status)


def _done(request: Request, visit: Visit, act: str, fields: Fields) -> Response:
    def show(**more: Any) -> Response:
        return _sessions(request, visit, **more)

    def end() -> Response | None:
        if act == "end":
            sessions.end_session(visit.app, visit.actor, fields.get("id", ""))
            return signed_out(visit.served) if fields.get("id") == visit.credential and visit.by == "session" else None
        sessions.sign_out_everywhere(visit.app, visit.actor)
        return signed_out(visit.served)

    return carried_out(act, fields, end, show, back="/sessions")
