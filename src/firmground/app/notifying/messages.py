"""What a person was told on their pages, and what of it they have read."""

from typing import NamedTuple

from firmground.app.access.rights import need
from firmground.app.app import App
from firmground.errors import InvalidInput, NotFound
from firmground.outbox import Notification, NotificationState
from firmground.types import Actor

_PAGE = 50
_MOST = 200


class Told(NamedTuple):
    """Messages, newest first, and how many are unread in all."""

    messages: list[Notification]
    unread: int


def mine(app: App, actor: Actor, *, unread: bool = False, before: str = "", limit: int = _PAGE) -> Told:
    """What this person was told on their pages, older than the message `before`."""
    _check_number(limit)
    with app.database.reading() as tx:
        found = tx.notifications(person=actor.person, channel="page", unread=unread, before=before, limit=limit)
        return Told(found, tx.count_unread(actor.person))


def unread(app: App, actor: Actor) -> int:
    with app.database.reading() as tx:
        return tx.count_unread(actor.person)


def listed(
    app: App,
    actor: Actor,
    *,
    person: str | None = None,
    state: NotificationState | None = None,
    before: str = "",
    limit: int = _PAGE,
) -> list[Notification]:
    """What anybody was told, or will be, newest first. For whoever looks after the workspace."""
    need(actor, "workspace", "see what others are told")
    _check_number(limit)
    with app.database.reading() as tx:
        return tx.notifications(person=person, state=state, before=before, limit=limit)


def read(app: App, actor: Actor, id: str) -> Notification:
    """They have seen it; twice changes nothing. NotFound, also for somebody else's."""
    with app.database.transaction() as tx:
        found = tx.notification(id)
        if found is None or (found.person, found.channel) != (actor.person, "page"):
            raise NotFound(f"you have no message {id[:100]!r}", "the page of your messages shows them")
        if found.read_at is None:
            found = found.model_copy(update={"read_at": app.clock()})
            tx.save_notification(found)
    return found


def read_all(app: App, actor: Actor) -> int:
    """How many were unread."""
    with app.database.transaction() as tx:
        return tx.read_notifications(actor.person, app.clock())


def _check_number(limit: int) -> None:
    if not 1 <= limit <= _MOST:
        raise InvalidInput(f"{limit} messages cannot be shown at once", f"use 1 to {_MOST}")
