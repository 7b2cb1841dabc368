"""What may be used, and what was: limits, sums, what is set aside, and requests of this minute."""

from collections.abc import Collection, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Executable, Table, TextClause, and_, bindparam, delete, func, or_, select, text, update

from firmground.store import tables
from firmground.store.unit import Unit, in_lots, not_found
from firmground.usage import WORKSPACE, Booking, By, Limits, Pool, PoolKind, Reservation, Row, Taken, UsageLine

_g = tables.groups.c
_l = tables.limits.c
_u = tables.usage.c
_t = tables.tallies.c
_r = tables.reservations.c
_q = tables.requests.c
_SKEW = timedelta(minutes=5)
"""By which clocks may differ."""
_TAKEN = tuple(Taken.model_fields)
_SUMS = tuple(func.coalesce(func.sum(_u[name]), 0) for name in _TAKEN)
_KNOWN = {"person": tables.persons.c.name, "key": tables.keys.c.name, "group": _g.name}
_NO_POOL = and_(_l.person.is_(None), _l.key.is_(None), _l["group"].is_(None))
_JOINED = tables.limits.outerjoin(tables.groups, _g.id == _l["group"])
_WITH_POOL = select(_l.person, _l.key, _g.name, _l.limits).select_from(_JOINED)


def _added(table: Table) -> TextClause:
    """Adds to the row that there is. As text, since every answer needs it, and making it anew takes longer than doing it."""
    names = [f'"{column.name}"' for column in table.columns]
    keys = ", ".join(f'"{column.name}"' for column in table.primary_key.columns)
    sums = ", ".join(f'"{name}" = {table.name}."{name}" + excluded."{name}"' for name in _TAKEN)
    values = ", ".join(f":{column.name}" for column in table.columns)
    told = f"insert into {table.name} ({', '.join(names)}) values ({values}) on conflict ({keys}) do update set {sums}"  # noqa: S608
    return text(told)


_TALLY = select(*(_t[name] for name in _TAKEN)).where(
    _t.kind == bindparam("kind"), _t.name == bindparam("name"), _t.period == bindparam("period")
)
_SET_ASIDE = select(*(func.coalesce(func.sum(_r[name]), 0) for name in ("answers", "tokens", "usd"))).where(
    _r.until > bindparam("now"),
    _r.at <= bindparam("ahead"),
    _r.id != bindparam("but"),
    func.substr(_r.day, 1, bindparam("length")) == bindparam("period"),
)
_RESERVED = {
    "workspace": _SET_ASIDE,
    "person": _SET_ASIDE.where(_r.person == bindparam("name")),
    "key": _SET_ASIDE.where(_r.key == bindparam("name")),
}
_ADD_USAGE = _added(tables.usage)
_ADD_TALLIES = _added(tables.tallies)


class Usage(Unit):
    """The chapter of a transaction on what may be used and what was."""

    def save_limits(self, pool: Pool, limits: Limits) -> None:
        self._check(pool)
        self._connection.execute(delete(tables.limits).where(self._of(pool)))
        if limits != Limits():
            of = {} if pool == WORKSPACE else {pool.kind: self._group(pool.name) if pool.kind == "group" else pool.name}
            self._insert(tables.limits, [{**of, "limits": limits.model_dump_json(exclude_none=True)}])

    def limits_of(self, pools: Collection[Pool]) -> dict[Pool, Limits]:
        found: dict[Pool, Limits] = {}
        for lot in in_lots(pools):
            found |= self._limits(_WITH_POOL.where(or_(*_named(lot))))
        return found

    def all_limits(self, *, after: Pool | None = None, limit: int = 100) -> dict[Pool, Limits]:
        """There are few, so the order is made here."""
        known = self._limits(_WITH_POOL)
        behind = [pool for pool in sorted(known) if after is None or pool > after]
        return {pool: known[pool] for pool in behind[:limit]}

    # ---------------------------------------------------------------- sums, and what is set aside

    def taken(self, pool: Pool, period: str) -> Taken:
        at = {"kind": pool.kind, "name": pool.name, "period": period}
        return next((_taken(row) for row in self._rows(_TALLY, at)), Taken())

    def reserved(self, pool: Pool, period: str, now: datetime, *, but: str = "") -> Taken:
        given = {"now": _stamp(now), "ahead": _stamp(now + _SKEW), "but": but, "length": len(period), "period": period}
        answers, tokens, usd = self._rows(_RESERVED[pool.kind], given | {"name": pool.name})[0]
        return Taken(answers=int(answers), input_tokens=int(tokens), usd=usd)

    def reserve(self, reservation: Reservation) -> None:
        row = reservation.model_dump() | {"at": _stamp(reservation.at), "until": _stamp(reservation.until)}
        self._put(
            update(tables.reservations).where(_r.id == reservation.id).values(row), tables.reservations.insert().values(row)
        )

    def drop_reservation(self, id: str) -> None:
        self._connection.execute(delete(tables.reservations).where(_r.id == id))

    def book(self, booking: Booking) -> None:
        who = {"day": booking.day, "person": booking.person, "key": booking.key, "release": booking.release, "via": booking.via}
        rows = [{**who, "model": model, **taken.model_dump()} for model, taken in booking.models.items()]
        total = sum(booking.models.values(), Taken()).model_dump()
        pools = [(kind, name) for kind, name in (("person", booking.person), ("key", booking.key)) if name]
        periods = (booking.day, booking.day[:7])
        sums = [{"kind": kind, "name": name, "period": at, **total} for kind, name in (WORKSPACE, *pools) for at in periods]
        if rows:
            self._connection.execute(_ADD_USAGE, rows)
            self._connection.execute(_ADD_TALLIES, sums)

    # ---------------------------------------------------------------- who used what

    def spending(
        self, *, since: str, until: str, by: By, person: str | None = None, after: str = "", limit: int = 100
    ) -> list[Row]:
        wanted = select(_u[by], *_SUMS).where(_u.day >= since, _u.day <= until).group_by(_u[by]).order_by(_u[by]).limit(limit)
        if after:
            wanted = wanted.where(_u[by] > after)
        if person is not None:
            wanted = wanted.where(_u.person == person)
        return [Row(name=name, taken=_taken(row)) for name, *row in self._rows(wanted)]

    def usage_of(self, person: str) -> list[UsageLine]:
        keys_ = ("day", "key", "release", "model", "via")
        wanted = (
            select(*(_u[name] for name in (*keys_, *_TAKEN))).where(_u.person == person).order_by(*(_u[name] for name in keys_))
        )
        rows = self._rows(wanted)
        return [UsageLine(**dict(zip(keys_, row, strict=False)), taken=_taken(row[len(keys_) :])) for row in rows]

    def disown_usage(self, person: str, alias: str, day: str) -> None:
        lines = self.usage_of(person)
        self._connection.execute(delete(tables.usage).where(_u.person == person))
        rows = [{**line.model_dump(exclude={"taken"}), "person": "", **line.taken.model_dump()} for line in lines]
        if rows:
            self._connection.execute(_ADD_USAGE, rows)
        at = {period: self.taken(Pool("person", person), period) for period in (day, day[:7])}
        self._connection.execute(delete(tables.tallies).where(_t.kind == "person", _t.name == person))
        row = {"kind": "person", "name": alias}
        sums = [{**row, "period": period, **taken.model_dump()} for period, taken in at.items() if taken != Taken()]
        if sums:
            self._connection.execute(_ADD_TALLIES, sums)
        self._connection.execute(update(tables.reservations).where(_r.person == person).values(person=alias))

    # ---------------------------------------------------------------- requests

    def request(self, subject: str, minute: str, wanted: int, most: int) -> int:
        known = self._rows(select(_q.minute, _q.taken).where(_q.subject == subject))
        before = known[0][1] if known and known[0][0] == minute else 0
        given = max(0, min(wanted, most - before))
        row = {"subject": subject, "minute": minute, "taken": before + given}
        if not known:
            self._insert(tables.requests, [row])
        elif given or known[0][0] != minute:
            self._connection.execute(update(tables.requests).where(_q.subject == subject).values(row))
        return given

    def drop_counts(self, *, tallies: str, minute: str, now: datetime) -> None:
        day = _stamp(now)[:10]
        gone = and_(_t.kind == "person", _t.name.not_in(select(tables.persons.c.name)))
        over = and_(_t.period < day, _t.period != day[:7])
        self._connection.execute(delete(tables.tallies).where(or_(_t.period < tallies, and_(gone, over))))
        self._connection.execute(delete(tables.requests).where(_q.minute != minute))
        self._connection.execute(delete(tables.reservations).where(or_(_r.until <= _stamp(now), _r.at > _stamp(now + _SKEW))))

    # ---------------------------------------------------------------- rows

    def _limits(self, wanted: Executable) -> dict[Pool, Limits]:
        return {_pool(*row[:3]): Limits.model_validate_json(row[3]) for row in self._rows(wanted)}

    def _of(self, pool: Pool) -> ColumnElement[bool]:
        if pool.kind == "group":
            return _l["group"] == self._group(pool.name)
        return _NO_POOL if pool == WORKSPACE else _l[pool.kind] == pool.name

    def _group(self, name: str) -> int:
        return int(self._value(select(_g.id).where(_g.name == name)))

    def _check(self, pool: Pool) -> None:
        column = _KNOWN.get(pool.kind)
        if column is None or self._value(select(column).where(column == pool.name)) is not None:
            return
        known = [name for (name,) in self._rows(select(column))]
        raise not_found(pool.kind, pool.name, known, f"`firmground {pool.kind} list` shows all")


def _named(pools: Sequence[Pool]) -> list[ColumnElement[bool]]:
    of: dict[PoolKind, list[str]] = {}
    for pool in pools:
        of.setdefault(pool.kind, []).append(pool.name)
    columns = {"person": _l.person, "key": _l.key, "group": _g.name}
    return [columns[kind].in_(names) if kind in columns else _NO_POOL for kind, names in of.items()]


def _pool(person: str | None, key: str | None, group: str | None) -> Pool:
    if person is not None:
        return Pool("person", person)
    if key is not None:
        return Pool("key", key)
    return WORKSPACE if group is None else Pool("group", group)


def _taken(row: Sequence[Any]) -> Taken:
    """Sums of whole numbers are decimals on a server."""
    return Taken(**{name: value if name == "usd" else int(value) for name, value in zip(_TAKEN, row, strict=True)})


def _stamp(at: datetime) -> str:
    """Always with its fraction, so that stamps compare as texts."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")
