"""How reviews go: who decides how much, whether in time, whether people agree, and what makes most of the work."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median
from typing import Any

from pydantic import Field

from firmground.app.access.rights import need
from firmground.app.app import App
from firmground.app.launching.releases import numbers
from firmground.app.reviewing.seeing import roles_of, scopes_of
from firmground.errors import InvalidInput
from firmground.evaluate.judge import Agreement, Grade, agreement
from firmground.ports import Transaction
from firmground.reviews import ItemState, ReviewAct, ReviewItem
from firmground.types import Actor, Value

LONGEST_DAYS = 366
_AT_ONCE = 500
_MOST = 20_000
"""Items that are counted: the newest, where there are more."""
_TRACED = 500
"""Items whose sources are looked up: the newest. An answer is some ten kilobytes."""
_DECIDES = frozenset({"approve", "edit", "reject"})


class Load(Value):
    """What one person decided and has in hand."""

    person: str
    decided: int = 0
    changed: int = Field(0, description="Of these: edited or rejected.")
    in_hand: int = 0
    median_minutes: float | None = Field(None, description="From taking an item to deciding it.")


class Work(Value):
    """How much review work something makes."""

    name: str
    items: int
    changed: int = Field(0, description="Of those decided: edited or rejected.")


class Day(Value):
    day: str
    opened: int = 0
    decided: int = 0


class Insight(Value):
    """Figures of the items that were opened or decided in the last `days` days, and that one may see."""

    days: int
    opened: int
    decided: int
    waiting: int = Field(description="Of all there are, now.")
    overdue: int
    outcomes: dict[str, int] = Field(description="By outcome: approved, edited, rejected, withdrawn.")
    in_time: int = Field(description="Decided by people before they were due.")
    late: int
    median_minutes: float | None = Field(description="From being opened to being decided, by the clock; null where nothing was.")
    agreement: Agreement = Field(description="Of two people who judged the same item without seeing what the other said.")
    reviewers: tuple[Load, ...] = Field(description="Who decided most comes first.")
    by_release: tuple[Work, ...] = Field(description="By number; an answer of no release under its recipe.")
    by_source: tuple[Work, ...] = Field(description="By source that answers rest on; of the newest 500 items.")
    by_rule: tuple[Work, ...] = Field(description="By rule that fired, as `rule NAME`, or what else was the cause.")
    by_day: tuple[Day, ...]


def insight(app: App, actor: Actor, *, days: int = 30) -> Insight:
    """What can be said of the last `days` days. Whoever neither sees everything nor audits gets the figures of what they may review.
    NotAllowed for who neither reviews nor audits; InvalidInput for days that are none."""
    need(actor, "insight", "see how reviews go")
    if not 1 <= days <= LONGEST_DAYS:
        raise InvalidInput(f"{days} is no number of days to look back", f"use 1 to {LONGEST_DAYS}")
    now = app.clock()
    since = now - timedelta(days=days)
    with app.database.reading() as tx:
        waiting = [*_items(tx, actor, "waiting", since=None)]
        done = [*_items(tx, actor, "done", since=since)]
        acts = tx.acts([each.id for each in (*waiting, *done)])
        sources = {each.id: _sources(tx, each) for each in _newest([*waiting, *done], since)[:_TRACED]}
    names = {digest: str(number) for digest, number in numbers(app).items()}
    return figures(waiting, done, acts, sources, names, now=now, days=days)


def figures(
    waiting: Sequence[ReviewItem],
    done: Sequence[ReviewItem],
    acts: Mapping[str, Sequence[ReviewAct]],
    sources: Mapping[str, frozenset[str]],
    releases: Mapping[str, str],
    *,
    now: datetime,
    days: int,
) -> Insight:
    """Of what waits and what was decided lately. `sources` by item, `releases` what their recipes are called."""
    since = now - timedelta(days=days)
    decided = {each.id: at for each in done if (at := _decided_at(each, acts)) is not None and at >= since}
    ended = [each for each in done if each.id in decided]
    by_people = [each for each in ended if each.outcome != "withdrawn"]
    opened = _newest([*waiting, *done], since)
    took = [_minutes(each.created_at, decided[each.id]) for each in by_people]
    in_time = sum(decided[each.id] <= each.due_at for each in by_people)
    return Insight(
        days=days,
        opened=len(opened),
        decided=len(by_people),
        waiting=len(waiting),
        overdue=sum(each.due_at < now and each.paused_at is None for each in waiting),
        outcomes=dict(Counter(each.outcome for each in ended if each.outcome)),
        in_time=in_time,
        late=len(by_people) - in_time,
        median_minutes=median(took) if took else None,
        agreement=agreement([*_doubles(by_people, acts)]),
        reviewers=_loads(waiting, by_people, acts, now),
        by_release=_work(opened, lambda each: [releases.get(each.release, each.release[:12])]),
        by_source=_work([each for each in opened if each.id in sources], lambda each: sources[each.id]),
        by_rule=_work(opened, _causes),
        by_day=_days([each.created_at for each in opened], [decided[each.id] for each in by_people], since, now),
    )


def _items(tx: Transaction, actor: Actor, state: ItemState, *, since: datetime | None) -> Iterator[ReviewItem]:
    everything = actor.may("audit") or actor.may("see_all")
    seen: dict[str, Any] = (
        {} if everything else {"roles": roles_of(actor), "scopes": scopes_of(tx, actor), "but_asker": actor.person}
    )
    after, count = "", 0
    while count < _MOST:
        found = tx.items(state=state, after=after, limit=_AT_ONCE, **seen)
        yield from found
        # Those done come newest first, by when they were opened.
        if len(found) < _AT_ONCE or (since is not None and found[-1].due_at < since and found[-1].created_at < since):
            return
        after, count = found[-1].id, count + len(found)


def _newest(items: Iterable[ReviewItem], since: datetime) -> list[ReviewItem]:
    return sorted((each for each in items if each.created_at >= since), key=lambda each: (each.created_at, each.id), reverse=True)


def _sources(tx: Transaction, item: ReviewItem) -> frozenset[str]:
    trace = tx.trace(item.answer)
    if trace is None:
        return frozenset()
    cited = trace.draft.citations if trace.draft else trace.answer.citations
    return frozenset(source for each in cited if (source := each.uri.partition("/")[0]))


def _decided_at(item: ReviewItem, acts: Mapping[str, Sequence[ReviewAct]]) -> datetime | None:
    return next((each.at for each in acts.get(item.id, ()) if each.number == item.decisive), None)


def _minutes(start: datetime, end: datetime) -> float:
    return max(0.0, (end - start).total_seconds() / 60)


def _doubles(items: Iterable[ReviewItem], acts: Mapping[str, Sequence[ReviewAct]]) -> Iterator[tuple[Grade, bool]]:
    """What the first two people said of an item that was judged blind: whether the draft is right as it stands."""
    for item in items:
        said: dict[str, bool] = {}
        for each in acts.get(item.id, ()):
            if each.act in _DECIDES and each.person:
                said.setdefault(each.person, each.act == "approve")
        if item.blind and len(said) > 1:
            first, second = [*said.values()][:2]
            yield "right" if first else "wrong", second


def _loads(
    waiting: Iterable[ReviewItem], done: Iterable[ReviewItem], acts: Mapping[str, Sequence[ReviewAct]], now: datetime
) -> tuple[Load, ...]:
    in_hand = Counter(each.holder for each in waiting if each.holder and (each.lease_until is None or each.lease_until > now))
    decided, changed, took = Counter[str](), Counter[str](), dict[str, list[float]]()
    for each in (act for item in done for act in acts.get(item.id, ()) if act.act in _DECIDES and act.person):
        decided[each.person] += 1
        changed[each.person] += each.act != "approve"
    for item in done:
        for before, each in pairwise(acts.get(item.id, ())):
            if before.act == "claim" and each.act in _DECIDES and before.person == each.person:
                took.setdefault(each.person, []).append(_minutes(before.at, each.at))
    people = sorted(decided | in_hand, key=lambda person: (-decided[person], -in_hand[person], person))
    return tuple(
        Load(
            person=each,
            decided=decided[each],
            changed=changed[each],
            in_hand=in_hand[each],
            median_minutes=median(took[each]) if each in took else None,
        )
        for each in people
    )


def _causes(item: ReviewItem) -> list[str]:
    return [f"rule {each.name}" if each.kind == "rule" else each.kind for each in item.causes]


def _work(items: Iterable[ReviewItem], of: Callable[[ReviewItem], Iterable[str]]) -> tuple[Work, ...]:
    """What makes most comes first."""
    count, changed = Counter[str](), Counter[str]()
    for item in items:
        for name in dict.fromkeys(of(item)):
            count[name] += 1
            changed[name] += item.outcome in {"edited", "rejected"}
    return tuple(
        Work(name=name, items=items, changed=changed[name])
        for name, items in sorted(count.items(), key=lambda row: (-row[1], row[0]))
    )


def _days(opened: Iterable[datetime], decided: Iterable[datetime], since: datetime, now: datetime) -> tuple[Day, ...]:
    first = (since + timedelta(days=1)).date()
    days = [(first + timedelta(days=n)).isoformat() for n in range((now.date() - first).days + 1)]
    came, went = Counter(f"{each:%Y-%m-%d}" for each in opened), Counter(f"{each:%Y-%m-%d}" for each in decided)
    return tuple(Day(day=day, opened=came[day], decided=went[day]) for day in days)
