"""Signing in with a provider, and connecting one's own account with it."""

from collections.abc import Mapping

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from firmground.app.access import accounts, identities, oidc
from firmground.errors import FirmgroundError
from firmground.web.browsers import family
from firmground.web.cookies import cookie
from firmground.web.credentials import cookie_name, secure, session_secret
from firmground.web.origins import sender
from firmground.web.pages.account import destination, with_session
from firmground.web.pages.forms import form
from firmground.web.problems import headers_of, status_of
from firmground.web.rendering import page
from firmground.web.served import Served
from firmground.web.visit import TheVisit, Visit, in_person

_ONCE = ("state", "code", "iss", "error")
"""Parts of the provider's answer; which of two would count nobody can tell."""

router = APIRouter()


@router.get("/login/provider")
async def to_provider(request: Request, visit: TheVisit, wanted: str = Query("", alias="next")) -> Response:
    """Send somebody to the provider. Nothing of ours is told there but who we are."""
    return await visit.run(_sent, request, visit, destination(wanted))


@router.get(oidc.BACK)
async def from_provider(request: Request, visit: TheVisit) -> Response:
    """Let in whoever comes back, or say why not."""
    return await visit.run(_back, request, visit)


@router.get("/account/identity")
async def identity_page(request: Request, visit: TheVisit) -> Response:
    if visit.by != "session" or not visit.app.workspace.settings.oidc.issuer:
        return RedirectResponse("/account", 303)
    return await visit.run(_identity, request, visit)


@router.post("/account/identity")
async def connect(request: Request, visit: TheVisit) -> Response:
    """Begin to connect one's own account with the provider. What leads there is a link: no form of ours may end elsewhere."""
    await form(request, visit)
    in_person(visit, "connect an account")
    if visit.by != "session":
        return RedirectResponse("/account", 303)
    return await visit.run(_connecting, request, visit)


def _sent(request: Request, visit: Visit, there: str) -> Response:
    if not accounts.has_owner(visit.app):
        return RedirectResponse("/", 303)
    if not visit.app.workspace.settings.oidc.issuer:
        return RedirectResponse("/login", 303)
    try:
        begun = oidc.begin(visit.app, there=there, address=_sender(request, visit))
    except FirmgroundError as error:
        return _refused(request, error, there)
    return _keeping(RedirectResponse(begun.address, 303), visit.served, begun.browser)


def _back(request: Request, visit: Visit) -> Response:
    if not accounts.has_owner(visit.app):
        return RedirectResponse("/", 303)
    if not visit.app.workspace.settings.oidc.issuer:
        return RedirectResponse("/login", 303)
    served = visit.served
    try:
        back = oidc.finish(
            visit.app,
            _answer(request),
            kept=cookie(request.headers, _cookie(served)),
            before=session_secret(served, request.headers),
            address=_sender(request, visit),
            browser=family(request.headers.get("user-agent", "")),
        )
    except FirmgroundError as error:
        return _refused(request, error, "/")  # who made this request up must not cut off a sign-in that is under way
    response = RedirectResponse(back.there, 303)
    response.delete_cookie(_cookie(served), httponly=True, samesite="lax", secure=secure(served))
    return with_session(response, served, back.secret) if back.secret else response


def _identity(
    request: Request, visit: Visit, *, status: int = 200, headers: Mapping[str, str] | None = None, **more: object
) -> Response:
    known = identities.identities(visit.app, visit.actor)
    return page(request, "identity.html", {"known": known, "way": "", "error": None, **more}, status=status, headers=headers)


def _connecting(request: Request, visit: Visit) -> Response:
    try:
        begun = oidc.begin(visit.app, there="/account/identity", address=_sender(request, visit), person=visit.actor.person)
    except FirmgroundError as error:
        return _identity(request, visit, status=status_of(error), headers=headers_of(error), error=error)
    return _keeping(_identity(request, visit, way=begun.address), visit.served, begun.browser)


def _refused(request: Request, error: FirmgroundError, there: str) -> Response:
    values = {"name": "", "next": there, "error": error}
    return page(request, "login.html", values, status=status_of(error), headers=headers_of(error))


def _answer(request: Request) -> dict[str, str]:
    given = request.query_params
    return {} if any(len(given.getlist(name)) > 1 for name in _ONCE) else dict(given)


def _sender(request: Request, visit: Visit) -> str:
    return sender(request.scope, request.headers, visit.app.workspace.settings.serve)


def _cookie(served: Served) -> str:
    return cookie_name(served).replace("_session_", "_on_the_way_")


def _keeping(response: Response, served: Served, secret: str) -> Response:
    """The response by which a browser is known again when it comes back; `lax`, since the provider's page sends it."""
    response.set_cookie(_cookie(served), secret, max_age=60 * oidc.MINUTES, httponly=True, samesite="lax", secure=secure(served))
    return response
