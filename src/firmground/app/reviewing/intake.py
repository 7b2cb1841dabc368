"""What people are to look at comes in: by rules, by chance, and by whoever wants a person."""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from random import SystemRandom
from typing import Any, get_args

from firmground.app.app import App
from firmground.app.notifying.events import announce
from firmground.app.reviewing.seeing import highest
from firmground.ports import Transaction
from firmground.review.calendar import Calendar
from firmground.reviews import Priority, ReviewAct, ReviewItem
from firmground.rights import Role
from firmground.serve.ask import time_ordered
from firmground.types import Actor, Cause, Trace

REQUESTED = Cause(kind="request", text="Somebody wants a person to look at it.")
_SAMPLED = Cause(kind="sample", text="Chosen by chance.")
_HOLDING = frozenset({"hold", "hold_for_two", "escalate"})
_WISHES = frozenset({"request", "challenge"})
_OF_RULES = frozenset({"rule", "mismatch", "blind"})
_URGENCY: dict[str, Priority] = {"challenge": "high", "sample": "low", "blind": "low"}
_HOURS = 8.0
"""Until an item is due whose priority the settings do not name."""
_RANKS: tuple[Priority, ...] = get_args(Priority)


def calendar_of(app: App) -> Calendar:
    return app.once("review calendar", lambda: Calendar.of(app.workspace.settings.review.calendar))


def take_in(app: App, tx: Transaction, trace: Trace) -> None:
    """What the rules of its release made of an answer that was just kept."""
    routed = trace.routed
    causes = list(routed.causes) if routed is not None and (trace.draft is not None or routed.outcome in _HOLDING) else []
    if trace.draft is not None and not causes:
        causes.append(Cause(kind="mismatch", text="A sentence is not borne out by what it cites."))
    if routed is not None and routed.sampled:
        causes.append(_SAMPLED)
    if causes:
        open_item(app, tx, trace, causes)


def open_item(
    app: App, tx: Transaction, trace: Trace, causes: Sequence[Cause], *, person: str = "", note: str = ""
) -> ReviewItem:
    """The item of this answer, with these causes among its own: the one that waits, or the one that is done, opened again, or a new one.
    `person`: who wants it; `note`: what they say to it, masked."""
    before = next(reversed(tx.items_of([trace.answer.id])), None)
    made = _new(app, trace, causes) if before is None else _again(app, before, trace, causes)
    tx.save_item(made)
    act = "reopen" if before is not None and before.state == "done" else "open"
    tx.add_act(ReviewAct(item=made.id, number=made.revision, person=person, act=act, at=app.clock(), note=note))
    if before is None or act == "reopen":
        facts = {"answer": made.answer, "priority": made.priority, "due_at": made.due_at.isoformat(), "revision": made.revision}
        announce(app, tx, "review.opened", about=made.id, roles=(made.role,), urgent=made.priority == "urgent", facts=facts)
    return made


def withdraw_item(app: App, tx: Transaction, actor: Actor, answer: str) -> None:
    """Nobody need look at this answer for the sake of this person; others may still want it, and what was chosen by chance or by what its
    sources became is looked at whoever wants it. What was decided before stands again."""
    item = next((each for each in tx.items_of([answer]) if each.state == "waiting"), None)
    if item is None or any(request.state == "open" for request in tx.reviews([answer])):
        return
    given_up = _WISHES | _OF_RULES if item.held and item.asker == actor.person else _WISHES
    left = tuple(cause for cause in item.causes if cause.kind not in given_up)
    if left == item.causes:
        return
    waits = any(cause != _SAMPLED or item.decisive is None for cause in left)
    over = {"state": "done", "outcome": item.outcome or "withdrawn", "holder": "", "lease_until": None, "paused_at": None}
    number = item.revision + 1
    tx.save_item(item.model_copy(update={**({"causes": left} if waits else over), "revision": number}))
    tx.add_act(ReviewAct(item=item.id, number=number, person=actor.person, act="withdraw", at=app.clock()))


def more_urgent(one: Priority, other: Priority) -> Priority:
    return _RANKS[min(_RANKS.index(one), _RANKS.index(other))]


def raised(priority: Priority) -> Priority:
    """One step."""
    return _RANKS[max(0, _RANKS.index(priority) - 1)]


def _new(app: App, trace: Trace, causes: Sequence[Cause]) -> ReviewItem:
    now, settings = app.clock(), app.workspace.settings.review
    priority = _priority(trace, causes)
    blind = _by_chance(trace.answer.id, settings.double_share)
    id = time_ordered(now, SystemRandom(), "")
    return ReviewItem(
        id=id,
        answer=trace.answer.id,
        asker=trace.person,
        release=trace.answer.release,
        causes=(
            *dict.fromkeys(causes),
            *((Cause(kind="blind", text="Two people judge it, each for themselves."),) if blind else ()),
        ),
        priority=priority,
        role=_role(trace),
        needed=2 if blind else _needed(trace),
        blind=blind,
        held=trace.draft is not None,
        created_at=now,
        due_at=_due(app, now, priority),
        revision=1,
    )


def _again(app: App, before: ReviewItem, trace: Trace, causes: Sequence[Cause]) -> ReviewItem:
    priority = more_urgent(before.priority, _priority(trace, causes))
    more = {
        "causes": (*before.causes, *(each for each in dict.fromkeys(causes) if each not in before.causes)),
        "priority": priority,
        "revision": before.revision + 1,
    }
    if before.state == "waiting":
        return before.model_copy(update=more)
    now = app.clock()
    fresh: dict[str, Any] = {
        "state": "waiting",
        "decided_by": (),
        "holder": "",
        "lease_until": None,
        "paused_at": None,
        "told": "",
        "due_at": _due(app, now, priority),
    }
    if before.decisive is None:  # it was withdrawn: what its rules ask for, they ask for still
        return before.model_copy(update={**more, **fresh, "outcome": None})
    sampled = [cause for cause in before.causes if cause == _SAMPLED]  # it counts for the rate whatever else it is looked at for
    again = {"causes": tuple(dict.fromkeys((*sampled, *causes))), "needed": _needed(trace), "blind": False, "held": False}
    return before.model_copy(update={**more, **fresh, **again})


def _priority(trace: Trace, causes: Sequence[Cause]) -> Priority:
    """By the most urgent of the causes; whoever sees no answer yet waits for it."""
    found: Priority = "low"
    for cause in causes:
        found = more_urgent(found, _URGENCY.get(cause.kind, "normal"))
    if trace.draft is None:
        return found
    return "urgent" if trace.routed is not None and trace.routed.outcome == "escalate" else more_urgent(found, "high")


def _due(app: App, now: datetime, priority: Priority) -> datetime:
    return calendar_of(app).due(now, app.workspace.settings.review.due_hours.get(priority, _HOURS))


def _role(trace: Trace) -> Role:
    routed = trace.routed
    return highest(routed.role) if routed is not None and routed.outcome == "escalate" and routed.role else "reviewer"


def _needed(trace: Trace) -> int:
    return 2 if trace.routed is not None and trace.routed.outcome == "hold_for_two" else 1


def _by_chance(answer: str, share: float) -> bool:
    """The same for the same answer, in every process."""
    return int(hashlib.sha256(answer.encode()).hexdigest()[:8], 16) / 2**32 < share
