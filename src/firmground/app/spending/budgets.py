"""Limits and budgets as people see and set them: what somebody may use, what they used, and who used what."""

import re
from collections.abc import Sequence
from datetime import date, datetime
from typing import cast, get_args

from firmground.app.access.names import plain
from firmground.app.access.rights import need
from firmground.app.app import App
from firmground.app.recording.ledger import record
from firmground.app.spending import limits as rules
from firmground.app.spending.alerts import Alert, alerts, forget_alerts
from firmground.errors import InvalidInput, NotFound
from firmground.ports import Transaction
from firmground.types import Actor, Json, Value
from firmground.usage import WORKSPACE, By, Limits, Pool, PoolKind, Row, Taken, UsageLine

__all__ = ["Alert", "alerts", "all_limits", "forget", "limits_of", "of_person", "said_of", "set_limits", "spending", "spent"]

_PERIOD = re.compile(r"[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?")
_MOST = 1000


class Share(Value):
    """How much of one limit is used. `used` holds what is set aside for answers that are being made."""

    kind: PoolKind
    name: str
    window: rules.Window
    measure: rules.Measure
    limit: float
    used: float
    returns_at: datetime


class Spending(Value):
    """What a person, a key or the workspace used today and this month, and how much of what they may use that is. `unpriced` calls of
    models cost something nobody knows: no budget of money counts them."""

    day: Taken
    month: Taken
    shares: tuple[Share, ...] = ()


class Allowed(Value):
    """What counts for somebody, what is said of them by name, and what is said of the groups they are in."""

    limits: Limits
    own: Limits = Limits()
    groups: dict[str, Limits] = {}  # noqa: RUF012 - a value of pydantic


def set_limits(app: App, actor: Actor, kind: str, name: str, limits: Limits) -> None:
    """What is said of a person, a key, the members of a group or the workspace (whose name is empty), in the place of what was said before;
    limits that say nothing leave the settings to count. For administrators; an owner's are for owners. NotFound for one that is not
    known; InvalidInput."""
    need(actor, "people", "set limits")
    pool = _pool(kind, name)
    if pool.kind in {"key", "workspace"} and limits.upload_megabytes_a_day is not None:
        raise InvalidInput("upload_megabytes_a_day is of people", "set it for a person or a group")
    if pool.kind == "workspace" and limits.requests_a_minute is not None:
        raise InvalidInput("requests_a_minute is of people and keys", "set it for one of them, or for a group")
    with app.database.transaction() as tx:
        if pool.kind == "person" and pool.name in tx.owners():
            need(actor, "own", "set the limits of an owner")
        before = tx.limits_of([pool]).get(pool, Limits())
        tx.save_limits(pool, limits)
        told: dict[str, Json] = limits.model_dump(mode="json", exclude_none=True)
        if before != limits:
            record(app, tx, actor, "budget.changed", pool.name, of=pool.kind, limits=told)


def limits_of(app: App, actor: Actor, person: str = "") -> Allowed:
    """What a person may use: oneself without a name. Others for administrators. NotFound."""
    with app.database.reading() as tx:
        whom = _whom(tx, actor, person)
        own = Pool("person", rules.person_of(whom))
        groups = [Pool("group", group) for group in sorted(whom.groups)]
        known = tx.limits_of([own, *groups])
        counts = rules.rules_of(app, tx, whom).get(own, Limits())
    said = {group.name: known[group] for group in groups if group in known}
    return Allowed(limits=counts, own=known.get(own, Limits()), groups=said)


def said_of(app: App, actor: Actor, kind: str, name: str) -> Limits:
    """What is said of a person, a key, a group or the workspace; nothing of one that is not known. For administrators."""
    need(actor, "people", "see the limits of others")
    pool = _pool(kind, name)
    with app.database.reading() as tx:
        return tx.limits_of([pool]).get(pool, Limits())


def all_limits(app: App, actor: Actor, *, after: str = "", limit: int = 100) -> dict[Pool, Limits]:
    """What is said of people, keys, groups and the workspace, those behind `after` (`kind/name`). For administrators."""
    need(actor, "people", "see the limits of others")
    kind, _, name = after.partition("/")
    with app.database.reading() as tx:
        return tx.all_limits(after=_pool(kind, name) if after else None, limit=_bounded(limit))


def spent(app: App, actor: Actor, person: str = "", *, kind: str = "person") -> Spending:
    """What a person used: oneself without a name. With `kind`, a key or the workspace. Others for administrators. NotFound."""
    now = app.clock()
    day = rules.day_of(now)
    with app.database.reading() as tx:
        if kind == "person":
            whom = _whom(tx, actor, person)
            pool = Pool("person", rules.person_of(whom))
        else:
            need(actor, "people", "see what others used")
            pool = _pool(kind, person)
            if pool.kind == "key" and pool.name not in {key.name for key in tx.api_keys()}:
                raise NotFound(f"there is no key '{pool.name}'", "`firmground key list` shows all")
            whom = Actor(person="", key=pool.name)
        counts = rules.rules_of(app, tx, whom)
        shares = [_share(tx, budget, now) for budget in rules.budgets_of({pool: counts.get(pool, Limits())}, day)]
        return Spending(day=rules.used(tx, pool, day), month=rules.used(tx, pool, day[:7]), shares=tuple(shares))


def spending(app: App, actor: Actor, *, period: str = "", by: str = "person", after: str = "", limit: int = 100) -> list[Row]:
    """Who or what used how much in a day (2026-11-21), a month (2026-11) or a year (2026); this month without one. By name, those behind
    `after`; `by` person, key, release, model, day or via. For administrators. InvalidInput."""
    need(actor, "people", "see what others used")
    if by not in get_args(By):
        raise InvalidInput(f"spending is not told apart by {by!r}", f"use one of {', '.join(get_args(By))}")
    since, until = _days(period or rules.day_of(app.clock())[:7])
    with app.database.reading() as tx:
        return tx.spending(since=since, until=until, by=cast("By", by), after=after, limit=_bounded(limit))


def forget(tx: Transaction, person: str, alias: str, now: datetime) -> None:
    """What this person used becomes nobody's, and what was said of their budgets goes; the sums stay. Those of this day and month are kept
    under `alias` until they are over, so that nobody is given a new budget for erasing themselves and coming back."""
    tx.disown_usage(person, alias, rules.day_of(now))
    forget_alerts(tx, person)


def of_person(tx: Transaction, person: str) -> list[UsageLine]:
    """All that is kept of what this person used."""
    return tx.usage_of(person)


def _whom(tx: Transaction, actor: Actor, person: str) -> Actor:
    if not person or person == actor.person:
        return actor.model_copy(update={"key": ""})
    need(actor, "people", "see what others used")
    return tx.actor(plain(person))


def _share(tx: Transaction, budget: rules.Budget, now: datetime) -> Share:
    taken = rules.used(tx, budget.pool, budget.period) + rules.set_aside(tx, budget.pool, budget.period, now)
    kind, name = budget.pool
    return Share(
        kind=kind,
        name=name,
        window=budget.window,
        measure=budget.measure,
        limit=budget.limit,
        used=budget.used(taken),
        returns_at=budget.returns_at,
    )


def _pool(kind: str, name: str) -> Pool:
    if kind == "workspace":
        if name not in {"", "-"}:
            raise InvalidInput(f"there is one workspace, and it has no name {name!r}", "leave the name out")
        return WORKSPACE
    if kind not in get_args(PoolKind):
        raise InvalidInput(f"there are no limits of a {kind!r}", f"use one of {', '.join(get_args(PoolKind))}")
    return Pool(cast("PoolKind", kind), plain(name))


def _days(period: str) -> tuple[str, str]:
    """First and last day."""
    parts: Sequence[str] = period.split("-") if _PERIOD.fullmatch(period) else ()
    try:
        first = date(*[int(part) for part in (*parts, "1", "1")[:3]])
    except (TypeError, ValueError):
        raise InvalidInput(f"{period!r} is no day, month or year", "write for example 2026-11-21, 2026-11 or 2026") from None
    if not parts:
        raise InvalidInput(f"{period!r} is no day, month or year", "write for example 2026-11-21, 2026-11 or 2026")
    last = {1: f"{first:%Y}-12-31", 2: f"{first.isoformat()[:7]}-31", 3: first.isoformat()}[len(parts)]
    return first.isoformat(), last


def _bounded(limit: int) -> int:
    if not 1 <= limit <= _MOST:
        raise InvalidInput(f"{limit} cannot be shown at once", f"use 1 to {_MOST}")
    return limit
