"""Answers that people look at, and what they said of them."""

from collections.abc import Iterator
from typing import NamedTuple

from firmground.app.asking.traces import as_seen
from firmground.errors import InvalidInput, NotFound, Refused
from firmground.ports import Transaction
from firmground.reviews import ItemState, ReviewAct, ReviewItem
from firmground.types import Actor, Trace

ERASED = "a document that this answer rests on was erased, or is not yours to see"

_AT_ONCE = 500
_STATES: tuple[ItemState, ...] = ("done", "waiting")


class Labelled(NamedTuple):
    """One answer that people look at, or looked at."""

    trace: Trace
    item: ReviewItem
    acts: list[ReviewAct]


def reviewed(tx: Transaction, *, release: str | None = None) -> Iterator[Labelled]:
    """Every answer of a release (its digest) that came to reviewers; of all releases without one. In no order."""
    for state in _STATES:
        after = ""
        while page := tx.items(state=state, after=after, limit=_AT_ONCE):
            after = page[-1].id
            ours = [item for item in page if release in {None, item.release}]
            acts = tx.acts([item.id for item in ours])
            for item in ours:
                if (trace := tx.trace(item.answer)) is not None:
                    yield Labelled(trace, item, acts.get(item.id, []))


def whole(tx: Transaction, actor: Actor, reference: str) -> Trace:
    """An answer by its id or the beginning of it, with all that it rests on: one's own, or one that came to reviewers. NotFound where not
    all of it is theirs to see, as if there were none; InvalidInput where it may mean several, which are not named; Refused where something
    of it is erased."""
    try:
        trace = tx.find_trace(reference)
    except InvalidInput:
        raise InvalidInput(f"'{reference}' may mean several answers", "give the whole id that the answer came with") from None
    theirs = trace.person == actor.person or actor.may("see_all") or tx.items_of([trace.answer.id])
    if not theirs or (as_seen(tx, trace, actor).erased and not trace.erased):
        raise NotFound(f"there is no answer '{reference}'", "give the id that the answer came with, or its beginning")
    if trace.erased:
        raise Refused(f"{ERASED}, so nothing is learnt from it", "ask the question again, and use that answer")
    return trace


def decided(tx: Transaction, trace: Trace) -> tuple[ReviewItem, ReviewAct] | None:
    """What people decided about it last; None where nobody did."""
    for item in reversed(tx.items_of([trace.answer.id])):
        for act in tx.acts([item.id]).get(item.id, []):
            if act.number == item.decisive and item.outcome != "withdrawn":
                return item, act
    return None
