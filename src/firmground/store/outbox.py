"""Messages: what people and programs elsewhere are told, and where people have mail."""

import json
from collections.abc import Collection
from datetime import UTC, datetime
from typing import Any, cast

from sqlalchemy import ColumnElement, and_, delete, func, select, true, update

from firmground.outbox import Channel, Contact, Notification, NotificationState, Waiting
from firmground.rights import Role
from firmground.store.review_tables import contacts, messages
from firmground.store.tables import holds, persons
from firmground.store.unit import Unit, in_lots, packed

_m = messages.c
_MESSAGES = select(_m.next_at, _m.body)
_NEWEST = (_m.created_at.desc(), _m.id.desc())
_HELD = select(holds.c.person)
_UNREAD = and_(_m.unread == true(), _m.channel == "page")


class Outbox(Unit):
    """The chapter of a transaction on what is told."""

    def add_notification(self, message: Notification) -> bool:
        if self._value(select(_m.id).where(_m.id == message.id)) is not None:
            return False
        self._insert(messages, [_row(message)])
        return True

    def save_notification(self, message: Notification) -> None:
        row = _row(message)
        self._put(update(messages).where(_m.id == message.id).values(row), messages.insert().values(row))

    def notification(self, id: str) -> Notification | None:
        return next(iter(self._messages(_MESSAGES.where(_m.id == id))), None)

    def due_lanes(self, now: datetime) -> list[tuple[Channel, str]]:
        wanted = select(_m.channel, _m.route).where(_m.state == "waiting", _m.next_at <= _stamp(now)).distinct()
        return sorted((cast("Channel", channel), str(route)) for channel, route in self._rows(wanted))

    def take_notifications(
        self, channel: Channel, route: str, *, now: datetime, until: datetime, limit: int
    ) -> list[Notification]:
        due = (_m.state == "waiting") & (_m.channel == channel) & (_m.route == route) & (_m.next_at <= _stamp(now))
        taken = self._messages(_MESSAGES.where(due).order_by(_m.created_at, _m.id).limit(limit))
        for lot in in_lots([each.id for each in taken]):
            self._connection.execute(update(messages).where(_m.id.in_(lot)).values(next_at=_stamp(until)))
        return taken

    def waiting_since(self, channel: Channel, routes: Collection[str], before: datetime, *, limit: int) -> list[Notification]:
        old = (_m.state == "waiting") & (_m.channel == channel) & (_m.created_at < _stamp(before))
        return self._messages(_MESSAGES.where(old, _m.route.in_(sorted(routes))).order_by(_m.created_at, _m.id).limit(limit))

    def hold_waiting(self) -> int:
        waiting = self._messages(_MESSAGES.where(_m.state == "waiting"))
        for each in waiting:
            self.save_notification(each.model_copy(update={"state": "held"}))
        return len(waiting)

    def drop_held(self, route: str) -> int:
        return self._connection.execute(delete(messages).where(_m.state == "held", _m.route == route)).rowcount

    def hasten(self, route: str, now: datetime, *, but: datetime) -> None:
        waits = (_m.state == "waiting") & (_m.route == route) & (_m.channel != "page") & (_m.next_at > _stamp(but))
        self._connection.execute(update(messages).where(waits).values(next_at=_stamp(now)))

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
        wanted = _MESSAGES
        for column, value in ((_m.person, person), (_m.channel, channel), (_m.route, route), (_m.state, state)):
            wanted = wanted if value is None else wanted.where(column == value)
        wanted = wanted.where(_UNREAD) if unread else wanted
        if before:
            at = self._value(select(_m.created_at).where(_m.id == before)) or ""
            wanted = wanted.where((_m.created_at < at) | ((_m.created_at == at) & (_m.id < before)))
        return self._messages(wanted.order_by(*_NEWEST).limit(limit))

    def waiting_notifications(self) -> list[Waiting]:
        by = (_m.channel, _m.route, _m.state)
        wanted = select(*by, func.count(), func.min(_m.created_at)).where(_m.channel != "page").group_by(*by).order_by(*by)
        return [Waiting(c, r, s, n, datetime.fromisoformat(at)) for c, r, s, n, at in self._rows(wanted)]

    def count_unread(self, person: str) -> int:
        return int(self._value(select(func.count()).where(_m.person == person, _UNREAD)))

    def read_notifications(self, person: str, at: datetime) -> int:
        unread = self._messages(_MESSAGES.where(_m.person == person, _UNREAD))
        for each in unread:
            self.save_notification(each.model_copy(update={"read_at": at}))
        return len(unread)

    def drop_notifications(
        self, *, about: Collection[str] | None = None, person: str | None = None, before: datetime | None = None
    ) -> int:
        gone = _m.person == person if person is not None else true()
        if before is not None:
            gone = and_(gone, _old(before))
        lots = [gone] if about is None else [and_(gone, _m.about.in_(lot)) for lot in in_lots(about)]
        return sum(self._connection.execute(delete(messages).where(each)).rowcount for each in lots)

    def count_old(self, before: datetime) -> int:
        return int(self._value(select(func.count()).where(_old(before))))

    def save_contact(self, contact: Contact) -> None:
        row = contact.model_dump(mode="json")
        row["asked"] = json.dumps(row["asked"])
        self._put(update(contacts).where(contacts.c.person == contact.person).values(row), contacts.insert().values(row))

    def contact(self, person: str) -> Contact:
        found = self._connection.execute(select(contacts).where(contacts.c.person == person)).mappings().first()
        if found is None:
            return Contact(person=person)
        return Contact.model_validate({**found, "asked": json.loads(found["asked"])})

    def drop_proofs(self) -> None:
        self._connection.execute(update(contacts).values(proof=""))

    def addressees(self, roles: Collection[Role], *, mailed: bool = False) -> list[str]:
        wanted = select(persons.c.name).where(persons.c.role.in_(sorted(roles))).order_by(persons.c.name)
        if mailed:
            wanted = wanted.join(contacts, contacts.c.person == persons.c.name)
            wanted = wanted.where(contacts.c.address != "", contacts.c.mail != "none")
        return [name for (name,) in self._rows(wanted)]

    def _messages(self, wanted: Any) -> list[Notification]:
        return [Notification.model_validate({**json.loads(body), "next_at": next_at}) for next_at, body in self._rows(wanted)]


def _old(before: datetime) -> ColumnElement[bool]:
    return and_(_m.created_at < _stamp(before), _m.state != "waiting", _m.person.not_in(_HELD))


def _row(message: Notification) -> dict[str, Any]:
    return {
        "id": message.id,
        "channel": message.channel,
        "route": message.route,
        "state": message.state,
        "person": message.person,
        "about": message.about,
        "next_at": _stamp(message.next_at),
        "created_at": _stamp(message.created_at),
        "unread": message.channel == "page" and message.read_at is None,
        "body": packed(message.model_dump(mode="json", exclude={"next_at"})),
    }


def _stamp(moment: datetime) -> str:
    """Of one length, so that the order of texts is that of times."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")
