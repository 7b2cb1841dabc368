"""What people and programs elsewhere are told: messages that are written down with what they tell of, and delivered afterwards."""

import re
from collections.abc import Collection
from datetime import datetime
from typing import Literal, NamedTuple, Protocol, TypeAlias, get_args

from firmground.rights import Role
from firmground.types import Json, Value

Channel: TypeAlias = Literal["page", "mail", "webhook"]
NotificationState: TypeAlias = Literal["waiting", "sent", "dead", "held"]
"""`held`: it waited in a backup that was restored, so it may have been sent since."""
NotificationEvent: TypeAlias = Literal[
    "review.opened",  # something waits for people of a role
    "review.due_soon",
    "review.overdue",
    "review.escalated",
    "review.decided",  # to the asker
    "answer.challenged",
    "answer.corrected",  # to those who got it
    "pin.stale",  # what an approved answer rests on has changed
    "route.failed",  # to its owner
    "route.tested",
    "budget.alert",
    "release.promoted",
    "release.rolled_back",
]
EVENTS: tuple[NotificationEvent, ...] = get_args(NotificationEvent)
MailChoice: TypeAlias = Literal["at_once", "hourly", "daily", "none"]


_ADDRESS = re.compile(r"[^@\s<>,;:\"()\[\]\\]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?")


def is_address(text: str) -> bool:
    """Whether it is an address that mail can be sent to."""
    return text.isprintable() and ".." not in text and _ADDRESS.fullmatch(text) is not None


class Notification(Value):
    """One thing to tell one recipient. The same `id` is written once, however often it is asked for."""

    id: str
    """Digest of event, what it is about, its figures, route and recipient."""
    event: NotificationEvent
    about: str = ""
    """Id of the answer, item or release."""
    channel: Channel
    route: str = ""
    """Name of the route in the settings; empty for what people get since it concerns them."""
    person: str = ""
    """To whom, where it is for one person."""
    address: str = ""
    """Of mail to somebody who is no person here; people's is looked up when it is sent."""
    urgent: bool = False
    """Whether it may come in quiet hours, and is gathered with no other."""
    body: dict[str, Json] = {}  # noqa: RUF012 - a value of pydantic
    """What happened, in ids, names and figures: no words of questions, answers or documents."""
    state: NotificationState = "waiting"
    attempts: int = 0
    first_at: datetime
    """From when on it was to be sent."""
    next_at: datetime
    """Before which it is not tried (again)."""
    why: str = ""
    """What the last attempt failed with."""
    created_at: datetime
    sent_at: datetime | None = None
    read_at: datetime | None = None
    """When its person saw it on a page."""


class Contact(Value):
    """Where a person has mail, and whether they want any."""

    person: str
    address: str = ""
    """One that they confirmed, or that a provider or an administrator answers for."""
    mail: MailChoice = "at_once"
    language: str = ""
    """What they read mail in: the language that they last chose on the pages; empty where they chose none."""
    waiting: str = ""
    """The address that they wrote and have not confirmed: it gets nothing but the mail that asks for that."""
    proof: str = ""
    """Digest of the secret in the last of these mails; empty once it was used."""
    asked: tuple[datetime, ...] = ()
    """When such mails were sent of late, oldest first."""
    issuer: str = ""
    """The provider that said so; empty for what they or an administrator wrote."""


class Mail(Value):
    """One mail to one address. Whatever is in it, it has these headers and this text."""

    id: str
    """The same whenever it is sent again."""
    to: str
    subject: str
    text: str
    at: datetime


class Waiting(NamedTuple):
    """How many messages of one route are in one state, and since when the oldest is."""

    channel: Channel
    route: str
    state: NotificationState
    number: int
    oldest: datetime


class Outbox(Protocol):
    """The chapter of a transaction on what is told."""

    def add_notification(self, message: Notification) -> bool:
        """Whether it is new."""
        ...

    def save_notification(self, message: Notification) -> None: ...
    def notification(self, id: str) -> Notification | None: ...
    def due_lanes(self, now: datetime) -> list[tuple[Channel, str]]:
        """By channel and route, where a message waits that may be tried."""
        ...

    def take_notifications(
        self, channel: Channel, route: str, *, now: datetime, until: datetime, limit: int
    ) -> list[Notification]:
        """Those that wait and may be tried, oldest first. Nobody else is given them before `until`: then whoever took them has died."""
        ...

    def waiting_since(self, channel: Channel, routes: Collection[str], before: datetime, *, limit: int) -> list[Notification]:
        """Those that wait and were made before, oldest first, whether somebody has taken them or not."""
        ...

    def hold_waiting(self) -> int:
        """What waits is held: it is not sent before a person says so. How many."""
        ...

    def drop_held(self, route: str) -> int:
        """What is held on this route. How many."""
        ...

    def hasten(self, route: str, now: datetime, *, but: datetime) -> None:
        """What waits on this route may be tried at once, except what is tried before `but` anyway: somebody may have taken that."""
        ...

    def notifications(
        self,
        *,
        person: str | None = None,
        channel: Channel | None = None,
        route: str | None = None,
        state: NotificationState | None = None,
        unread: bool = False,
        before: str = "",
        limit: int,
    ) -> list[Notification]:
        """Newest first, those older than the one of the id `before`."""
        ...

    def waiting_notifications(self) -> list[Waiting]:
        """By channel, route and state, of all but pages."""
        ...

    def count_unread(self, person: str) -> int: ...
    def read_notifications(self, person: str, at: datetime) -> int:
        """All of theirs on pages are read from now on. How many were not."""
        ...

    def drop_notifications(
        self, *, about: Collection[str] | None = None, person: str | None = None, before: datetime | None = None
    ) -> int:
        """Those about these, to this person, and made before and no longer waiting, as far as each is given. How many. For their age, none
        of people under a hold."""
        ...

    def count_old(self, before: datetime) -> int:
        """How many `drop_notifications` would drop for their age."""
        ...

    def save_contact(self, contact: Contact) -> None:
        """Insert, or replace the one of this person, who must be known; it goes when they are removed."""
        ...

    def contact(self, person: str) -> Contact:
        """One without an address where nothing was said."""
        ...

    def drop_proofs(self) -> None:
        """No link that was sent to confirm an address is good any more."""
        ...

    def addressees(self, roles: Collection[Role], *, mailed: bool = False) -> list[str]:
        """Everybody who has one of these roles, by name; with `mailed`, those who have mail and want it."""
        ...


class MailSender(Protocol):
    """Hands mail to a server."""

    def check(self, address: str = "") -> None:
        """InvalidSettings where no mail can be sent; InvalidInput for what is no address."""
        ...

    def send(self, mail: Mail) -> None:
        """NotTaken; the same as `check`. Thread-safe."""
        ...


class WebhookSender(Protocol):
    """Posts to somebody's web server."""

    def send(self, url: str, body: bytes, *, id: str, at: datetime, key: str = "") -> None:
        """POST the body, JSON, signed with `key` where there is one. Follows no redirect. InvalidInput for an address that it must not
        send to; NotTaken. Thread-safe."""
        ...
