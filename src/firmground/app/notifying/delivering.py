"""What waits is sent, by any process that serves, and tried again where it could not be.

A message is taken for a while, sent, and marked: each in a transaction of its own, and nothing is sent within one. Two processes never hold
the same message. Whoever is killed between sending and marking sends again when that while is over, under the same id; so each message
arrives, and arrives twice only after a crash. Routes do not wait for each other: each has a thread while it has something to send, mail
one for all of it.
"""

import logging
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import groupby
from random import SystemRandom
from threading import Event
from typing import NamedTuple, TypeAlias

from firmground.app.app import App
from firmground.app.notifying import payloads, texts, times
from firmground.app.notifying.events import announce
from firmground.errors import FirmgroundError, InvalidInput, InvalidSettings, NotTaken
from firmground.language.catalogue import translated
from firmground.outbox import Channel, MailChoice, Notification
from firmground.ports import Transaction
from firmground.settings import secret
from firmground.settings_notifications import RouteSection
from firmground.types import Json, Value

STANDING = "routes"
"""Namespace of when each route last took something, and what it failed with."""
_PAUSES = "pauses"
"""Namespace of targets that take nothing."""
MAIL_OF_PEOPLE = "*"
"""What mail that is not by a route is called there."""
LEASE = timedelta(minutes=5)
_ENOUGH = timedelta(minutes=2)
"""What must be left of it when something is sent: more than sending takes."""
_AT_ONCE, _GATHERED = 20, 500
_LANES = 16
_LOOK_SECONDS = 2.0
_TOLD_AFTER = 5
"""Attempts, after which an owner is told that a route fails."""
_log = logging.getLogger(__name__)
_chance = SystemRandom()

Lane: TypeAlias = tuple[Channel, tuple[str, ...]]


def deliver(app: App, stopping: Event) -> None:
    """Send what waits, for as long as the server runs."""
    busy: dict[str, Future[None]] = {}
    with ThreadPoolExecutor(_LANES, thread_name_prefix="messages") as pool:
        while not stopping.wait(_LOOK_SECONDS):
            try:
                for lane in _due(app):
                    if (target := _target(*lane)) not in busy or busy[target].done():
                        busy[target] = pool.submit(_quietly, app, lane, stopping)
            except Exception:  # noqa: BLE001 - it is tried again soon
                _log.exception("what waits to be told could not be looked for")


def deliver_now(app: App) -> None:
    """Send what may be sent at this moment, one route after the other."""
    for lane in _due(app):
        _deliver(app, lane, Event())


class _Pause(Value):
    """A target that took nothing, so many times in a row, is left alone until then."""

    attempts: int = 0
    until: datetime = datetime.min.replace(tzinfo=UTC)


class Lot(NamedTuple):
    """Messages that go together, and how."""

    messages: list[Notification]
    send: Callable[[], None]


class _Gone(Exception):
    """There is nobody to send it to any more."""


def _due(app: App) -> list[Lane]:
    """Where something waits, but for targets that take nothing at the moment."""
    now = app.clock()
    with app.database.reading() as tx:
        due = tx.due_lanes(now)
        paused = {key for key in tx.facts(_PAUSES) if _pause(tx, key).until > now} if due else set[str]()
    mail = tuple(route for channel, route in due if channel == "mail")
    lanes: list[Lane] = [("webhook", (route,)) for channel, route in due if channel == "webhook"]
    if mail:
        lanes.append(("mail", mail))
    return [lane for lane in lanes if _target(*lane) not in paused]


def _target(channel: Channel, routes: Sequence[str]) -> str:
    """What takes something or does not: each webhook by itself, and one server for all mail."""
    return "mail" if channel == "mail" else f"webhook/{routes[0]}"


def _quietly(app: App, lane: Lane, stopping: Event) -> None:
    try:
        _deliver(app, lane, stopping)
    except Exception:  # noqa: BLE001 - what was taken is free again after a while
        _log.exception("messages of the route %s could not be delivered", ", ".join(lane[1]) or "mail")


def _deliver(app: App, lane: Lane, stopping: Event) -> None:
    """Until nothing of it is due, or nothing goes through."""
    channel, routes = lane
    known = {route.name: route for route in app.workspace.settings.notifications}
    for name in routes:
        route = known.get(name)
        while taken := _taken(app, channel, name, route):
            if not _sent(app, lane, route, taken, stopping):
                return


def _taken(app: App, channel: Channel, name: str, route: RouteSection | None) -> list[Notification]:
    gathers = name == "" or (route is not None and route.digest != "at_once") or channel == "mail"
    now = app.clock()
    with app.database.transaction() as tx:
        limit = _GATHERED if gathers else _AT_ONCE
        found = tx.take_notifications(channel, name, now=now, until=now + LEASE, limit=limit)
        end = times.quiet_until(now, route.quiet, _zone(app)) if route else None
        for each in found if end else ():
            if not each.urgent:
                tx.save_notification(each.model_copy(update={"next_at": end}))
    return [each for each in found if end is None or each.urgent]


def _sent(app: App, lane: Lane, route: RouteSection | None, taken: list[Notification], stopping: Event) -> bool:
    """Whether whoever takes these may be given more."""
    until = app.clock() + LEASE - _ENOUGH
    rest = [*taken]
    for lot in _lots(app, lane[0], route, taken):
        if stopping.is_set() or app.clock() > until:
            _put_back(app, rest)
            return False
        ids = {each.id for each in lot.messages}
        rest = [each for each in rest if each.id not in ids]
        try:
            lot.send()
        except _Gone as gone:
            _mark_dead(app, lot.messages, str(gone))
        except Exception as error:  # noqa: BLE001 - whatever it is, it counts as an attempt
            failed = _as_not_taken(error, lane[0])
            _mark_failed(app, lane, lot.messages, rest if failed.whole else [], failed)
            if failed.whole:
                return False
        else:
            _mark_sent(app, lane, lot.messages)
    return True


def _as_not_taken(error: Exception, channel: Channel) -> NotTaken:
    if isinstance(error, NotTaken):
        return error
    if isinstance(error, InvalidInput) and not isinstance(error, InvalidSettings):  # it is no address
        return NotTaken(error.problem, error.remedy, whole=channel == "webhook", final=channel == "mail")
    if isinstance(error, FirmgroundError):
        return NotTaken(error.problem, error.remedy)
    _log.error("a message could not be sent", exc_info=error)
    return NotTaken(f"it could not be sent ({type(error).__name__})", "see the log")


# ---------------------------------------------------------------- who gets what


def _lots(app: App, channel: Channel, route: RouteSection | None, taken: Sequence[Notification]) -> Iterator[Lot]:
    if channel == "mail":
        yield from _mails(app, route, taken)
        return
    if route is None:
        yield Lot([*taken], _gone(f"there is no route {taken[0].route} in the settings any more"))
        return
    together = [each for each in taken if route.digest != "at_once" and not each.urgent]
    lots = [[each] for each in taken if each not in together]
    for lot in [*([together] if together else []), *lots]:
        yield Lot(lot, partial(post, app, route, lot))


def _mails(app: App, route: RouteSection | None, taken: Sequence[Notification]) -> Iterator[Lot]:
    """To each recipient what is gathered in one, the rest by itself."""

    def recipient(message: Notification) -> tuple[str, str]:
        return message.person, message.address

    for (person, address), messages in groupby(sorted(taken, key=recipient), key=recipient):
        found = [*messages]
        if route is None and found[0].route:
            yield Lot(found, _gone(f"there is no route {found[0].route} in the settings any more"))
            continue
        to, choice, why, language = _where(app, route, person, address)
        if not to:
            yield Lot(found, _gone(why))
            continue
        gathers = "at_once" not in (route.digest if route else choice, choice) or (
            route is not None and route.digest != "at_once"
        )
        together = [each for each in found if gathers and not each.urgent]
        for lot in [*([together] if together else []), *([each] for each in found if each not in together)]:
            yield Lot(lot, partial(mail, app, lot, to, why, language))


class _Where(NamedTuple):
    """Address, how often they want mail, why they get this, and their language; without an address `why` says why they do not."""

    to: str
    choice: MailChoice
    why: str
    language: str


def _where(app: App, route: RouteSection | None, person: str, address: str) -> _Where:
    """People are who they are at this moment."""

    def because(language: str) -> str:
        if route is None:
            return translated(texts.CONCERNS_YOU, language)
        return translated(texts.BY_ROUTE, language, route=route.name, owner=route.owner)

    usual = app.workspace.settings.workspace.language
    if not person:
        return _Where(address, "at_once", because(usual), usual)
    with app.database.reading() as tx:
        if not tx.has_person(person):
            return _Where("", "none", "whoever it was for is not known here any more", usual)
        if route is not None and tx.actor(person).role not in route.roles:
            return _Where("", "none", "whoever it was for has none of the roles of the route any more", usual)
        contact = tx.contact(person)
    if not contact.address or contact.mail == "none":
        return _Where("", "none", "whoever it was for wants no mail any more", usual)
    language, server = contact.language or usual, app.workspace.settings.serve.url
    if server:
        how_often = translated(texts.HOW_OFTEN_AT, language, where=f"{server}/notifications")
    else:
        how_often = translated(texts.HOW_OFTEN, language)
    return _Where(contact.address, contact.mail, f"{because(language)} {how_often}", language)


def _gone(why: str) -> Callable[[], None]:
    def gone() -> None:
        raise _Gone(why)

    return gone


def post(app: App, route: RouteSection, messages: Sequence[Notification]) -> None:
    """Send them to the webhook of a route. InvalidSettings where the environment lacks what it names; NotTaken."""
    url, key = secret(route.url_env), secret(route.secret_env)
    for named, value in ((route.url_env, url), (route.secret_env, key)):
        if named and not value:
            raise InvalidSettings(f"the route {route.name} names {named}, which is not set", f"set {named}")
    settings, now = app.workspace.settings, app.clock()
    body = payloads.posted(messages, route.format, workspace=app.workspace.name, server=settings.serve.url, at=now)
    app.webhooks.send(url, body, id=payloads.id_of(messages), at=now, key=key)


def mail(app: App, messages: Sequence[Notification], to: str, why: str, language: str) -> None:
    """Send them as one mail. InvalidSettings, InvalidInput, NotTaken."""
    server, now = app.workspace.settings.serve.url, app.clock()
    app.mail.send(payloads.mailed(messages, to, workspace=app.workspace.name, server=server, why=why, at=now, language=language))


# ---------------------------------------------------------------- what came of it


def _mark_sent(app: App, lane: Lane, messages: Sequence[Notification]) -> None:
    now = app.clock()
    with app.database.transaction() as tx:
        for each in _waiting(tx, messages):
            done = {"state": "sent", "sent_at": now, "attempts": each.attempts + 1, "why": ""}
            tx.save_notification(each.model_copy(update=done))
        tx.drop_facts(_PAUSES, [_target(*lane)])
        note(tx, messages[0].route, sent_at=now)


def _mark_dead(app: App, messages: Sequence[Notification], why: str) -> None:
    with app.database.transaction() as tx:
        for each in _waiting(tx, messages):
            tx.save_notification(each.model_copy(update={"state": "dead", "why": why}))


def _put_back(app: App, messages: Sequence[Notification]) -> None:
    now = app.clock()
    with app.database.transaction() as tx:
        for each in _waiting(tx, messages):
            tx.save_notification(each.model_copy(update={"next_at": now}))


def _mark_failed(app: App, lane: Lane, tried: Sequence[Notification], rest: Sequence[Notification], failed: NotTaken) -> None:
    """`rest` was not tried, since nothing goes through."""
    now = app.clock()
    with app.database.transaction() as tx:
        attempts = 1 + (_pause(tx, _target(*lane)).attempts if failed.whole else max(each.attempts for each in tried))
        again = now + times.again_after(attempts, _chance.random(), failed.after)
        update = {"why": str(failed), "next_at": again}
        for each in _waiting(tx, tried):
            tx.save_notification(each.model_copy(update=update | {"attempts": each.attempts + 1}))
        for each in _waiting(tx, rest):
            tx.save_notification(each.model_copy(update={"next_at": now}))
        if failed.whole:
            tx.put_fact(_PAUSES, _target(*lane), _Pause(attempts=attempts, until=again).model_dump(mode="json"))
        note(tx, tried[0].route, failed_at=now, why=str(failed))
        if _given_up(tx, lane, tried, failed, now) or (failed.whole and attempts == _TOLD_AFTER):
            _tell_owner(app, tx, tried[0].route, now)


def _given_up(tx: Transaction, lane: Lane, tried: Sequence[Notification], failed: NotTaken, now: datetime) -> bool:
    """Whether something is not tried any more: what it was tried for long enough, or what will never be taken."""
    old = tx.waiting_since(*lane, now - times.GIVEN_UP_AFTER, limit=_GATHERED) if failed.whole else tried
    over = [each for each in _waiting(tx, old) if now - each.first_at >= times.GIVEN_UP_AFTER]
    ended = [*_waiting(tx, tried)] if failed.final else over
    for each in ended:
        tx.save_notification(each.model_copy(update={"state": "dead", "why": str(failed)}))
    return bool(ended)


def _pause(tx: Transaction, target: str) -> _Pause:
    told = tx.fact(_PAUSES, target)
    return _Pause() if told is None else _Pause.model_validate(told)


def resume(tx: Transaction, channel: Channel, route: str) -> None:
    """Its target may be asked again at once."""
    tx.drop_facts(_PAUSES, [_target(channel, [route])])


def _waiting(tx: Transaction, messages: Sequence[Notification]) -> Iterator[Notification]:
    """Those that nobody else has done with meanwhile."""
    for each in messages:
        now = tx.notification(each.id)
        if now is not None and now.state == "waiting":
            yield now


def note(
    tx: Transaction, route: str, *, sent_at: datetime | None = None, failed_at: datetime | None = None, why: str = ""
) -> None:
    """When the route took something last, and since when it takes nothing: the first of a row of failures."""
    before = tx.fact(STANDING, route or MAIL_OF_PEOPLE)
    told: dict[str, Json] = dict(before) if isinstance(before, dict) else {}
    if sent_at is not None:
        told = {"sent_at": sent_at.isoformat()}
    if failed_at is not None:
        told = {"failed_at": failed_at.isoformat(), **told, "why": why}
    tx.put_fact(STANDING, route or MAIL_OF_PEOPLE, told)


def _tell_owner(app: App, tx: Transaction, route: str, now: datetime) -> None:
    """Once a day for each route. Whoever answers for it, or the owners where that is nobody."""
    named = next((each.owner for each in app.workspace.settings.notifications if each.name == route), "")
    facts = {"route": route or "mail of people", "day": f"{now:%Y-%m-%d}"}
    for person in [named] if tx.has_person(named) else tx.owners():
        announce(app, tx, "route.failed", about=route or "mail", person=person, facts=facts)


def _zone(app: App) -> times.ZoneInfo:
    return times.zone(app.workspace.settings.review.calendar.timezone)
