"""The page about what one was told, how one wants to be told, and the routes that one answers for."""

from datetime import datetime
from typing import Annotated, Any, NamedTuple

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from firmground.app.notifying import confirming, contacts, messages, routes, texts
from firmground.errors import FirmgroundError, NotFound
from firmground.outbox import Contact, Notification
from firmground.web.language import _, moment, spoken
from firmground.web.managing import Fields, carried_out, shared
from firmground.web.pages.forms import form
from firmground.web.problems import status_of
from firmground.web.rendering import page
from firmground.web.visit import TheVisit, Visit, in_person

_SHOWN = 30

router = APIRouter()


class Line(NamedTuple):
    """One message, as the page shows it."""

    id: str
    title: str
    link: str
    at: datetime
    read: bool
    urgent: bool
    figures: list[tuple[str, str]]


@router.get("/notifications")
async def notifications_page(request: Request, visit: TheVisit, before: str = "", done: str = "") -> Response:
    return await visit.run(_shown, request, visit, before=before[:100], done=done)


@router.get("/notifications/confirm")
async def confirm_page(request: Request, visit: TheVisit, token: Annotated[str, Query(max_length=200)] = "") -> Response:
    """Asks once more: programs that look at mail open its links as well, and press no button."""
    return await visit.run(_confirming, request, visit, token)


@router.post("/notifications/{act}")
async def act(request: Request, visit: TheVisit, act: str) -> Response:
    """`read` all, `choose` where one has mail, `confirm` that, or have the link for it sent `again`; `send-held` or `drop-held` what was
    held after a restore."""
    fields = await form(request, visit)
    if act not in {"read", "choose", "again", "confirm", "send-held", "drop-held"}:
        raise NotFound("there is nothing at this address", "check it")
    if act in {"choose", "again", "confirm"}:
        in_person(visit, "say where mail goes")
    return await visit.run(_done, request, visit, act, fields)


@router.post("/notifications/routes/{name}/{act}")
async def route_act(request: Request, visit: TheVisit, name: str, act: str) -> Response:
    """`test` a route, or `retry` what was given up on it."""
    fields = await form(request, visit)
    if act not in {"test", "retry"}:
        raise NotFound("there is nothing at this address", "check it")
    return await visit.run(_route, request, visit, name, act, fields)


def _shown(request: Request, visit: Visit, *, before: str = "", status: int = 200, **more: Any) -> Response:
    app, actor = visit.app, visit.actor
    told = messages.mine(app, actor, before=before, limit=_SHOWN + 1)
    standing = routes.routes(app, actor)
    values: dict[str, Any] = {
        "lines": [_line(each) for each in told.messages[:_SHOWN]],
        "before": before,
        "next": told.messages[_SHOWN - 1].id if len(told.messages) > _SHOWN else "",
        "unread_count": told.unread,
        "contact": contacts.of(app, actor) if visit.by == "session" else Contact(person=actor.person),
        "choices": contacts.CHOICES,
        "mails": bool(app.workspace.settings.mail.host),
        "routes": standing,
        "held": sum(each.held for each in standing),
    }
    return page(request, "notifications.html", shared(visit) | values | more, status=status)


def _line(message: Notification) -> Line:
    return Line(
        message.id,
        texts.said(message, spoken()),
        texts.link(message),
        message.created_at,
        message.read_at is not None,
        message.urgent,
        [(_(texts.FIGURES[name]), _figure(value)) for name, value in texts.figures(message) if name in texts.FIGURES],
    )


def _figure(value: str) -> str:
    try:
        return (
            moment(datetime.fromisoformat(value)) if "T" in value else _(texts.VALUES[value]) if value in texts.VALUES else value
        )
    except ValueError:
        return value


def _confirming(request: Request, visit: Visit, secret: str, error: FirmgroundError | None = None) -> Response:
    """Its address holds the secret of the link: no page and no other site is told of it."""
    address = ""
    try:
        address = confirming.look(visit.app, visit.actor, secret)
    except FirmgroundError as over:
        error = over
    values = {"address": address, "secret": secret, "error": error}
    status = status_of(error) if error else 200
    return page(request, "confirm_mail.html", values, status=status, headers={"Referrer-Policy": "strict-origin"})


def _done(request: Request, visit: Visit, act: str, fields: Fields) -> Response:
    def show(**more: Any) -> Response:
        return _shown(request, visit, **more)

    def do() -> None:
        if act == "read":
            messages.read_all(visit.app, visit.actor)
        elif act == "again":
            confirming.ask_again(visit.app, visit.actor)
        elif act == "confirm":
            confirming.confirm(visit.app, visit.actor, fields.get("link", ""))
        elif act == "send-held":
            routes.send_held(visit.app, visit.actor)
        elif act == "drop-held":
            routes.drop_held(visit.app, visit.actor)
        else:
            address, mail = fields.get("address", ""), fields.get("mail", "at_once")
            contacts.choose(visit.app, visit.actor, address=address, mail=mail, language=spoken())

    return carried_out(act, fields, do, show, back="/notifications", grave={"drop-held"})


def _route(request: Request, visit: Visit, name: str, act: str, fields: Fields) -> Response:
    def show(**more: Any) -> Response:
        return _shown(request, visit, failed=name, **more)

    def do() -> None:
        if act == "test":
            routes.test(visit.app, visit.actor, name)
        else:
            routes.retry(visit.app, visit.actor, name)

    return carried_out(act, fields, do, show, back="/notifications")
