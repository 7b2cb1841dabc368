"""That a budget is nearly spent, or spent: noted once for each day or month, for whoever looks after budgets, and in the log."""

import logging
from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256

from firmground.app.app import App
from firmground.app.notifying.events import announce
from firmground.app.spending.limits import Budget, Measure, Window, person_of
from firmground.ports import Transaction
from firmground.types import Actor, Json, Value
from firmground.usage import PoolKind, Taken

_ALERTS = "budget alerts"
_log = logging.getLogger(__name__)
_SHARES = (80, 100)
_MOST = 1000


class Alert(Value):
    """A budget of which so many percent were used. `short`: what was left did not suffice for another answer by a model."""

    at: datetime
    kind: PoolKind
    name: str
    window: Window
    measure: Measure
    period: str
    percent: int
    short: bool = False
    limit: float
    returns_at: datetime


def alerts(app: App, actor: Actor) -> list[Alert]:
    """The gravest of each budget whose day or month is not over, newest first: all for who looks after people, else one's own."""
    now = app.clock()
    all_, own = actor.may("people"), person_of(actor)
    with app.database.reading() as tx:
        known = [Alert.model_validate(each) for each in tx.facts(_ALERTS).values() if all_ or _is_of(each, own)]
    gravest: dict[tuple[str, ...], Alert] = {}
    for each in sorted(known, key=_gravity):
        if each.returns_at > now:
            gravest[each.kind, each.name, each.period, each.measure] = each
    return sorted(gravest.values(), key=lambda each: (each.at, each.percent), reverse=True)[:_MOST]


def note_share(app: App, tx: Transaction, budgets: Sequence[Budget], more: Taken) -> None:
    """After `more` was booked: for each of these budgets, the share that was reached by it."""
    for budget in budgets:
        after = budget.used(tx.taken(budget.pool, budget.period))
        before = after - budget.used(more)
        for percent in _SHARES:
            if before < budget.limit * percent / 100 <= after:
                _note(app, tx, budget, percent)


def note_spent(app: App, tx: Transaction, budget: Budget) -> None:
    """Something did not fit into it any more: it is used up, or too little of it is left."""
    share = 100 * budget.used(tx.taken(budget.pool, budget.period)) / budget.limit
    if share >= _SHARES[-1]:
        _note(app, tx, budget, _SHARES[-1])
    elif budget.measure != "answers":  # of answers, the last ones are still being made
        _note(app, tx, budget, int(share), short=True)


def forget_over(tx: Transaction, now: datetime) -> None:
    """Alerts of days and months that are over."""
    tx.drop_facts(_ALERTS, [key for key, each in tx.facts(_ALERTS).items() if Alert.model_validate(each).returns_at <= now])


def forget_alerts(tx: Transaction, person: str) -> None:
    """Those about one person."""
    gone = [key for key, each in tx.facts(_ALERTS).items() if _is_of(each, person)]
    tx.drop_facts(_ALERTS, gone)


def _note(app: App, tx: Transaction, budget: Budget, percent: int, *, short: bool = False) -> None:
    kind, name = budget.pool
    key = f"{budget.period}/{'short' if short else percent}/{budget.measure}/{kind}/{name}"
    if tx.fact(_ALERTS, key) is not None:
        return
    now = app.clock()
    made = Alert(
        at=now,
        kind=kind,
        name=name,
        window=budget.window,
        measure=budget.measure,
        period=budget.period,
        percent=percent,
        short=short,
        limit=budget.limit,
        returns_at=budget.returns_at,
    )
    tx.put_fact(_ALERTS, key, made.model_dump(mode="json"))
    if app.rehearsal:
        return
    # People are not named: logs and messages are kept elsewhere, and nobody erases them there.
    person, about = name if kind == "person" else "", sha256(key.encode()).hexdigest()[:16]
    facts = {"budget": kind if person else f"{kind} {name}".strip(), "percent": percent, "measure": budget.measure}
    announce(app, tx, "budget.alert", about=about, person=person, facts={**facts, "until": budget.returns_at.isoformat()})
    of = "a person" if kind == "person" else f"the {kind} {name}".strip()
    used = "too little is left for another answer by a model" if short else f"{percent} % are used"
    _log.warning("%s of %s of %s: the limit is %s; look at the page /budgets", used, budget.code, of, _plainly(budget.limit))


def _gravity(alert: Alert) -> tuple[bool, bool, int]:
    return (alert.percent >= _SHARES[-1], alert.short, alert.percent)


def _plainly(number: float) -> str:
    return f"{number:f}".rstrip("0").rstrip(".")


def _is_of(told: Json, person: str) -> bool:
    return isinstance(told, dict) and (told.get("kind"), told.get("name")) == ("person", person)
