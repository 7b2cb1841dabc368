"""The pages to come in by, and to leave."""

import re
import secrets
from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from firmground.app.access import accounts, links, sessions
from firmground.errors import FirmgroundError, InvalidInput
from firmground.web.browsers import family
from firmground.web.cookies import cookie
from firmground.web.credentials import cookie_name, secure, session_cookie, session_secret
from firmground.web.origins import sender
from firmground.web.pages.forms import form
from firmground.web.problems import Forbidden, headers_of, status_of
from firmground.web.rendering import page
from firmground.web.served import Served
from firmground.web.visit import TheVisit, Visit

_OUR_OWN = re.compile(r"/(?![/\\])[\x21-\x5b\x5d-\x7e]{0,2000}")
_LONGEST_NAME = 200
_MARKED_DAYS = 180

router = APIRouter()


@router.get("/setup")
async def setup_page(request: Request, visit: TheVisit, token: str = "") -> Response:
    if await visit.run(_owned, visit.served):
        return RedirectResponse("/login", 303)
    _check_setup(visit.served, token)
    return await visit.run(page, request, "setup.html", {"setup": token, "name": "", "error": None})


@router.post("/setup")
async def setup(request: Request, visit: TheVisit) -> Response:
    """Become the first owner, with the link that the server printed."""
    fields = await form(request, visit)
    if await visit.run(_owned, visit.served):
        return RedirectResponse("/login", 303)
    _check_setup(visit.served, fields.get("setup", ""))
    return await visit.run(_set_up, request, visit, fields)


@router.get("/login")
async def login_page(request: Request, visit: TheVisit, wanted: Annotated[str, Query(alias="next")] = "") -> Response:
    if not await visit.run(_owned, visit.served):
        return RedirectResponse("/", 303)
    return await visit.run(page, request, "login.html", {"name": "", "next": destination(wanted), "error": None})


@router.post("/login")
async def login(request: Request, visit: TheVisit) -> Response:
    fields = await form(request, visit)
    return await visit.run(_signed_in, request, visit, fields)


@router.get("/link")
async def link_page(request: Request, visit: TheVisit, token: str = "") -> Response:
    """Whose link it is, and the form to choose their password."""
    return await visit.run(_link, request, visit, token)


@router.post("/link")
async def use_link(request: Request, visit: TheVisit) -> Response:
    fields = await form(request, visit)
    return await visit.run(_chosen, request, visit, fields)


@router.post("/logout")
async def logout(request: Request, visit: TheVisit) -> Response:
    await form(request, visit)
    if visit.by == "session":
        await visit.run(sessions.sign_out, visit.app, visit.credential)
    return signed_out(visit.served)


def destination(wanted: str) -> str:
    """Where to go after signing in: an address of ours, never one that a browser reads as another site."""
    return wanted if _OUR_OWN.fullmatch(wanted) and not wanted.startswith(("/login", "/logout", "/setup", "/link")) else "/"


def with_session(response: Response, served: Served, secret: str) -> Response:
    """The response that gives a browser its session."""
    response.headers.append("Set-Cookie", session_cookie(served, secret))
    return response


def signed_out(served: Served) -> Response:
    """The response that takes the session from a browser."""
    response = RedirectResponse("/login", 303)
    response.delete_cookie(cookie_name(served), httponly=True, samesite="lax", secure=secure(served))
    return response


def _set_up(request: Request, visit: Visit, fields: Mapping[str, str]) -> Response:
    name, password = fields.get("name", "")[: _LONGEST_NAME + 1], fields.get("password", "")
    try:
        _check_repeated(fields)
        account = accounts.create_owner(visit.app, name, password)
    except FirmgroundError as error:
        values = {"setup": fields.get("setup", ""), "name": name, "error": error}
        return page(request, "setup.html", values, status=status_of(error), headers=headers_of(error))
    visit.served.owned = True
    secret = accounts.sign_in(visit.app, account.person, password, **_who(request, visit))
    return _marked(with_session(RedirectResponse("/", 303), visit.served, secret), visit.served, name)


def _signed_in(request: Request, visit: Visit, fields: Mapping[str, str]) -> Response:
    name, there = fields.get("name", "")[: _LONGEST_NAME + 1], destination(fields.get("next", ""))
    served = visit.served
    try:
        secret = accounts.sign_in(
            visit.app,
            name,
            fields.get("password", ""),
            mark=cookie(request.headers, _mark_name(served)),
            **_who(request, visit),
        )
    except FirmgroundError as error:
        values = {"name": name, "next": there, "error": error}
        return page(request, "login.html", values, status=status_of(error), headers=headers_of(error))
    return _marked(with_session(RedirectResponse(there, 303), served, secret), served, name)


def _link(request: Request, visit: Visit, secret: str, error: FirmgroundError | None = None) -> Response:
    """Its address holds the secret of the link: no page and no other site is told of it."""
    try:
        link = links.look(visit.app, secret, address=_who(request, visit)["address"])
    except FirmgroundError as over:
        error, link = over, None
    headers = {"Referrer-Policy": "strict-origin", **((error and headers_of(error)) or {})}
    values = {"link": link, "secret": secret, "error": error}
    return page(request, "link.html", values, status=status_of(error) if error else 200, headers=headers)


def _chosen(request: Request, visit: Visit, fields: Mapping[str, str]) -> Response:
    secret = fields.get("link", "")
    try:
        link = links.look(visit.app, secret, address=_who(request, visit)["address"])
        _check_repeated(fields)
        session = links.use(visit.app, secret, fields.get("password", ""), **_who(request, visit))
    except FirmgroundError as error:
        return _link(request, visit, secret, error)
    return _marked(with_session(RedirectResponse("/", 303), visit.served, session), visit.served, link.person)


def _check_repeated(fields: Mapping[str, str]) -> None:
    """What is typed unseen is typed twice; a program may leave the second out."""
    if fields.get("again", fields.get("password")) != fields.get("password"):
        raise InvalidInput("the two passwords differ", "type the same one twice")


def _who(request: Request, visit: Visit) -> dict[str, str]:
    """What is noted of a browser where a session begins, and the session that it was in."""
    settings = visit.app.workspace.settings.serve
    return {
        "address": sender(request.scope, request.headers, settings),
        "browser": family(request.headers.get("user-agent", "")),
        "before": session_secret(visit.served, request.headers),
    }


def _marked(response: Response, served: Served, name: str) -> Response:
    """The response by which a browser is known to have signed in, long after the session is over."""
    response.set_cookie(
        _mark_name(served),
        accounts.browser_mark(served.app, name),
        max_age=_MARKED_DAYS * 86_400,
        path="/login",
        httponly=True,
        samesite="lax",
        secure=secure(served),
    )
    return response


def _mark_name(served: Served) -> str:
    return cookie_name(served).removeprefix("__Host-").replace("session", "browser")


def _owned(served: Served) -> bool:
    served.owned = served.owned or accounts.has_owner(served.app)
    return served.owned


def _check_setup(served: Served, token: str) -> None:
    if not secrets.compare_digest(token.encode("utf-8", "surrogatepass"), served.setup_token.encode()):
        raise Forbidden("this is not the link that the server printed", "open the one it printed when it started last")
