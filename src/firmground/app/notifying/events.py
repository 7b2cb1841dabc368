"""What happened is told: written down in the transaction that it happened in, so that nothing is told that did not happen, and nothing that
happened goes untold."""

import hashlib
import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from fnmatch import fnmatchcase
from typing import NamedTuple

from firmground.app.app import App
from firmground.app.notifying.times import Digest, send_at, zone
from firmground.outbox import Channel, Notification, NotificationEvent
from firmground.ports import Transaction
from firmground.rights import Role, rights_of
from firmground.settings_notifications import RouteSection
from firmground.types import Json

_CALM: tuple[Digest, ...] = ("at_once", "hourly", "daily")


class To(NamedTuple):
    """One recipient of one message."""

    channel: Channel
    route: str = ""
    person: str = ""
    address: str = ""


class What(NamedTuple):
    """What happened."""

    event: NotificationEvent
    about: str
    facts: Mapping[str, Json]
    urgent: bool = False


def announce(
    app: App,
    tx: Transaction,
    event: NotificationEvent,
    *,
    about: str,
    person: str = "",
    roles: Collection[Role] = (),
    urgent: bool = False,
    facts: Mapping[str, Json] | None = None,
) -> None:
    """Write down who will be told that this happened: `person`, whom it concerns, and whoever the routes of the settings name; where it is
    for `roles`, of these only who has one of them or may do more. The same event about the same with the same facts is told once, however
    often it is announced: facts hold no moment of the announcement. They are ids, names of settings, figures and dates: no words of
    questions, answers or documents."""
    told = dict(facts or {})
    settings = app.workspace.settings
    # That a route fails is not told by that route.
    routes = [each for each in settings.notifications if fits(each, event) and (event, about) != ("route.failed", each.name)]
    if not routes and not person:
        return
    now = app.clock()
    for to in _recipients(tx, routes, person, roles, mails=bool(settings.mail.host)):
        tx.add_notification(written(app, tx, to, What(event, about, told, urgent), now))


def fits(route: RouteSection, event: NotificationEvent) -> bool:
    return any(fnmatchcase(event, pattern) for pattern in route.events)


def written(app: App, tx: Transaction, to: To, what: What, now: datetime) -> Notification:
    """The message for one recipient. What is for a page is there as soon as it is written."""
    page = to.channel == "page"
    first = now if page else _first(app, tx, to, now, urgent=what.urgent)
    return Notification(
        id=_id(what, to),
        event=what.event,
        about=what.about,
        channel=to.channel,
        route=to.route,
        person=to.person,
        address=to.address,
        urgent=what.urgent,
        body=dict(what.facts),
        state="sent" if page else "waiting",
        first_at=first,
        next_at=first,
        created_at=now,
        sent_at=now if page else None,
    )


def _first(app: App, tx: Transaction, to: To, now: datetime, *, urgent: bool) -> datetime:
    """A person's own choice counts where it is calmer than that of the route."""
    settings = app.workspace.settings
    route = next((each for each in settings.notifications if each.name == to.route), None)
    choices: list[Digest] = [route.digest if route else "at_once"]
    if to.person and (mail := tx.contact(to.person).mail) != "none":
        choices.append(mail)
    digest = max(choices, key=_CALM.index)
    return send_at(now, digest, route.quiet if route else "", zone(settings.review.calendar.timezone), urgent=urgent)


def _recipients(
    tx: Transaction, routes: Sequence[RouteSection], person: str, roles: Collection[Role], *, mails: bool
) -> Iterator[To]:
    """Nobody gets the same on two ways that end in the same place."""
    seen: set[tuple[str, ...]] = set()
    for to in (*_concerned(tx, person, mails=mails), *(each for route in routes for each in _routed(tx, route, roles))):
        place = (to.channel, to.person) if to.person else (*to,)
        if place not in seen:
            seen.add(place)
            yield to


def _concerned(tx: Transaction, person: str, *, mails: bool) -> Iterator[To]:
    """Whoever it is about reads it on their pages; by mail too, where they have one and want it."""
    if person and tx.has_person(person):
        yield To("page", person=person)
        contact = tx.contact(person)
        if mails and contact.address and contact.mail != "none":
            yield To("mail", person=person)


def _routed(tx: Transaction, route: RouteSection, roles: Collection[Role]) -> Iterator[To]:
    if route.channel == "webhook":
        yield To("webhook", route.name)
        return
    among: list[Role] = [role for role in route.roles if not roles or any(rights_of(each) <= rights_of(role) for each in roles)]
    for person in tx.addressees(among, mailed=route.channel == "mail"):
        yield To(route.channel, route.name, person)
    for address in route.to:
        yield To("mail", route.name, address=address)


def _id(what: What, to: To) -> str:
    told = json.dumps([what.event, what.about, dict(what.facts), *to], sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(told.encode()).hexdigest()[:32]
