"""Which limits count for whom, and whether something still fits into them.

For each limit the tightest counts of what the settings say and what is said of a person's groups, and what is said of the person by name
takes the place of both; those of the key and of the workspace count besides.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from math import ceil
from typing import Literal, NamedTuple, TypeAlias, cast

from firmground.app.access.names import EVALUATION, WIDGET
from firmground.app.app import App
from firmground.app.personal.pseudonyms import erased_at, pseudonym
from firmground.errors import Refused
from firmground.groups import PUBLIC
from firmground.ports import Transaction
from firmground.types import Actor
from firmground.usage import WORKSPACE, Limits, Pool, PoolKind, Taken

Window: TypeAlias = Literal["day", "month"]
Measure: TypeAlias = Literal["answers", "tokens", "usd"]
Rules: TypeAlias = Mapping[Pool, Limits]
"""What counts for somebody at this moment, by the budget it is of."""

_BUDGETS: tuple[tuple[Window, Measure], ...] = (
    ("day", "answers"),
    ("day", "tokens"),
    ("day", "usd"),
    ("month", "answers"),
    ("month", "tokens"),
    ("month", "usd"),
)


class LimitReached(Refused):
    """A limit is reached."""

    seconds: int
    """Until there is more."""

    code = "limit-reached"

    def __init__(self, problem: str, remedy: str, *, seconds: float) -> None:
        self.seconds = max(1, ceil(seconds))
        super().__init__(problem, remedy)


class Budget(NamedTuple):
    """One limit over a day or a month, and when it begins anew."""

    pool: Pool
    window: Window
    measure: Measure
    limit: float
    period: str
    returns_at: datetime

    @property
    def code(self) -> str:
        return f"{self.pool.kind}_{self.measure}_a_{self.window}"

    def used(self, taken: Taken) -> float:
        return {"answers": taken.answers, "tokens": taken.tokens, "usd": taken.usd}[self.measure]


def person_of(actor: Actor) -> str:
    """The person whose budget counts; empty for readers of a page elsewhere, and for evaluations."""
    return "" if actor.person.startswith(WIDGET) or actor.person == EVALUATION else actor.person


def rules_of(app: App, tx: Transaction, actor: Actor) -> dict[Pool, Limits]:
    """Of a person, of the key they came with, and of the workspace."""
    person, key = person_of(actor), actor.key
    own, by_key = Pool("person", person), Pool("key", key)
    groups = [Pool("group", name) for name in sorted(actor.groups - {PUBLIC})] if person else []
    known = tx.limits_of([WORKSPACE, *([own, *groups] if person else []), *([by_key] if key else [])])
    rules = {WORKSPACE: _of(default(app, "workspace"), known.get(WORKSPACE))}
    if person:
        rules[own] = _of(default(app, "person"), known.get(own), [known[group] for group in groups if group in known])
    if key:
        rules[by_key] = _of(default(app, "key"), known.get(by_key))
    return rules


def default(app: App, kind: PoolKind) -> Limits:
    """What the settings say."""

    def made() -> Limits:
        said = app.workspace.settings.limits
        sections = {"person": said.person, "key": said.key, "workspace": said.workspace}
        return Limits.model_validate(sections[kind].model_dump()) if kind in sections else Limits()

    return app.once(f"limits of a {kind}", made)


def budgets_of(rules: Rules, day: str) -> Iterator[Budget]:
    """Those that there are, on this day."""
    for pool, limits in rules.items():
        for window, measure in _BUDGETS:
            limit = cast("float | None", getattr(limits, f"{measure}_a_{window}"))
            if limit:
                yield Budget(pool, window, measure, limit, _period(window, day), returns_at(window, day))


def spent(tx: Transaction, budgets: Sequence[Budget], more: Taken, now: datetime, *, but: str = "") -> Budget | None:
    """The first of these that has no room for `more`, besides what is set aside for answers other than `but`."""
    for budget in budgets:
        taken = used(tx, budget.pool, budget.period) + set_aside(tx, budget.pool, budget.period, now, but=but)
        if budget.used(taken + more) > budget.limit:
            return budget
    return None


def used(tx: Transaction, pool: Pool, period: str) -> Taken:
    """What was taken of it, by a person also before what was kept of them was erased."""
    return sum((tx.taken(each, period) for each in _names(tx, pool)), Taken())


def set_aside(tx: Transaction, pool: Pool, period: str, now: datetime, *, but: str = "") -> Taken:
    """What answers that are being made may take of it, but one of them."""
    return sum((tx.reserved(each, period, now, but=but) for each in _names(tx, pool)), Taken())


def day_of(now: datetime) -> str:
    return now.astimezone(UTC).date().isoformat()


def returns_at(window: Window, day: str) -> datetime:
    """When the day or month ends, in UTC."""
    begins = datetime.fromisoformat(day).replace(tzinfo=UTC)
    if window == "day":
        return begins + timedelta(days=1)
    return (begins.replace(day=1) + timedelta(days=32)).replace(day=1)


def told(at: datetime) -> str:
    """A moment as people are told it."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def whose(pool: Pool) -> str:
    """`your`, where it is a person's."""
    return {"person": "your", "key": f"the key {pool.name}'s", "workspace": "this workspace's"}[pool.kind]


def _names(tx: Transaction, pool: Pool) -> list[Pool]:
    erased = pool.kind == "person" and erased_at(tx, pool.name)
    return [pool, Pool("person", pseudonym(tx, pool.name))] if erased else [pool]


def _of(default: Limits, own: Limits | None, groups: Sequence[Limits] = ()) -> Limits:
    chosen: dict[str, float | None] = {}
    for name in Limits.model_fields:
        by_name = getattr(own, name) if own is not None else None
        others = [value for limits in (default, *groups) if (value := getattr(limits, name))]
        chosen[name] = by_name if by_name is not None else min(others, default=0)
    return Limits.model_validate(chosen)


def _period(window: Window, day: str) -> str:
    return day if window == "day" else day[:7]
