"""What one was told, how one wants to be told, and the routes by which others are."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field

from firmground.app.notifying import contacts, messages, routes, texts
from firmground.outbox import MailChoice, Notification, NotificationEvent
from firmground.types import Json
from firmground.web.api.description import refused
from firmground.web.api.shapes import Body, Nothing
from firmground.web.visit import TheVisit, in_person

_NOT_YOURS = "You do not answer for it."
_NO_ROUTE = "There is no such route."

router = APIRouter()


class YourNotification(Body):
    id: str
    event: NotificationEvent
    about: str = Field(description="Id of the answer, item, pin or release.")
    at: datetime
    text: str = Field(description="What happened, in a line.")
    page: str = Field(description="The page that is about it.")
    facts: dict[str, Json] = Field(description="Ids, names and figures.")
    urgent: bool
    read_at: datetime | None = Field(description="When you saw it; null while you have not.")


class YourNotifications(Body):
    messages: list[YourNotification]
    unread: int = Field(ge=0, description="How many of all are unread.")


class YourContact(Body):
    address: str = Field(description="Where you have mail; empty for nowhere.")
    mail: MailChoice = Field(description="How often you want mail.")
    waiting: str = Field(description="What you wrote and have not confirmed by the link in a mail; empty for nothing.")


class NewContact(Body):
    address: str | None = Field(None, max_length=320, description="Stays as it is when absent; empty for nowhere.")
    mail: MailChoice | None = Field(None, description="Stays as it is when absent.")


class Routes(Body):
    routes: list[routes.Standing]


class Tested(Body):
    went_to: str = Field(description="Where the message went.")


class Retried(Body):
    messages: int = Field(ge=0, description="How many had been given up.")


class Held(Body):
    messages: int = Field(ge=0, description="How many were held.")


@router.get("/notifications")
async def get_notifications(
    visit: TheVisit,
    unread: Annotated[bool, Query(description="Only those that you have not read.")] = False,
    before: Annotated[str, Query(max_length=100, description="Only those older than this one, by its id.")] = "",
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> YourNotifications:
    """What you were told, newest first."""
    told = await visit.run(messages.mine, visit.app, visit.actor, unread=unread, before=before, limit=limit)
    return YourNotifications(messages=[_shown(each) for each in told.messages], unread=told.unread)


@router.post("/notifications/{id}/read", responses=refused({404: "You have no such message."}))
async def post_read(id: str, visit: TheVisit, body: Nothing | None = None) -> YourNotification:
    """You have seen it. Twice changes nothing."""
    del body
    return _shown(await visit.run(messages.read, visit.app, visit.actor, id))


@router.get("/notifications/contact", responses=refused({404: "There are no accounts yet."}))
async def get_contact(visit: TheVisit) -> YourContact:
    """Where you have mail, and how often you want any."""
    found = await visit.run(contacts.of, visit.app, visit.actor)
    return YourContact(address=found.address, mail=found.mail, waiting=found.waiting)


@router.put(
    "/notifications/contact",
    responses=refused(
        {
            400: "No mail address.",
            403: "A key may not say where mail goes.",
            404: "There are no accounts yet.",
            409: "Too many mails to confirm an address were sent today.",
        }
    ),
)
async def put_contact(body: NewContact, visit: TheVisit) -> YourContact:
    """Say where you have mail, and how often you want any. A new address gets a mail with a link, and counts once you have opened that."""
    in_person(visit, "say where mail goes")
    made = await visit.run(contacts.choose, visit.app, visit.actor, address=body.address, mail=body.mail)
    return YourContact(address=made.address, mail=made.mail, waiting=made.waiting)


@router.get("/notifications/routes")
async def get_routes(visit: TheVisit) -> Routes:
    """The routes that you answer for and how they stand; all of them for whoever looks after the workspace."""
    return Routes(routes=await visit.run(routes.routes, visit.app, visit.actor))


@router.post(
    "/notifications/routes/{name}/test",
    responses=refused({400: "It lacks something.", 403: _NOT_YOURS, 404: _NO_ROUTE}),
)
async def post_test(name: str, visit: TheVisit, body: Nothing | None = None) -> Tested:
    """Send a message by this route at once, and wait for what becomes of it."""
    del body
    return Tested(went_to=await visit.run(routes.test, visit.app, visit.actor, name))


@router.post("/notifications/routes/{name}/retry", responses=refused({403: _NOT_YOURS, 404: _NO_ROUTE}))
async def post_retry(name: str, visit: TheVisit, body: Nothing | None = None) -> Retried:
    """Try again what was given up on this route, and what waits for another try, at once."""
    del body
    return Retried(messages=await visit.run(routes.retry, visit.app, visit.actor, name))


@router.post("/notifications/routes/{name}/send-held", responses=refused({403: _NOT_YOURS, 404: _NO_ROUTE}))
async def post_send_held(name: str, visit: TheVisit, body: Nothing | None = None) -> Held:
    """Send what waited on this route in a backup that was restored, and may have been sent before. Whoever got it then gets it twice."""
    del body
    return Held(messages=await visit.run(routes.send_held, visit.app, visit.actor, name))


@router.post("/notifications/routes/{name}/drop-held", responses=refused({403: _NOT_YOURS, 404: _NO_ROUTE}))
async def post_drop_held(name: str, visit: TheVisit, body: Nothing | None = None) -> Held:
    """Drop what waited on this route in a backup that was restored: it is told to nobody any more."""
    del body
    return Held(messages=await visit.run(routes.drop_held, visit.app, visit.actor, name))


def _shown(message: Notification) -> YourNotification:
    return YourNotification(
        id=message.id,
        event=message.event,
        about=message.about,
        at=message.created_at,
        text=texts.line(message),
        page=texts.link(message),
        facts=message.body,
        urgent=message.urgent,
        read_at=message.read_at,
    )
