"""An answer that was given to several people, from memory, is corrected for all of them when it is for one."""

from collections.abc import Iterator, Mapping, Sequence

from firmground.app.app import App
from firmground.app.notifying.events import announce
from firmground.ports import Transaction
from firmground.reviews import ReviewItem
from firmground.serve.pinned import pin_of
from firmground.serve.trace import documents_of, rests_on
from firmground.types import Draft, Json, Trace

_SPACE = "corrections"
_COUNT = "count"
_AT_ONCE = 100
_CORRECTED = frozenset({"edited", "rejected"})


def count(tx: Transaction) -> int:
    """How often an answer was corrected: it grows, so that what was remembered before is known to be old."""
    found = tx.fact(_SPACE, _COUNT)
    return found if isinstance(found, int) else 0


def note(app: App, tx: Transaction, item: ReviewItem, trace: Trace, facts: Mapping[str, Json]) -> None:
    """What was decided of this answer holds for all that say the same from memory; who got one is told where it was not approved."""
    first = _first(trace)
    if item.outcome == "approved":
        tx.drop_facts(_SPACE, [first])
        return
    tx.put_fact(_SPACE, _COUNT, count(tx) + 1)
    tx.put_fact(_SPACE, first, item.id)
    told = {trace.person}
    for copy in _copies(tx, trace):
        if copy.person not in told:
            told.add(copy.person)
            announce(
                app, tx, "answer.corrected", about=copy.answer.id, person=copy.person, facts={**facts, "answer": copy.answer.id}
            )


def of(tx: Transaction, traces: Sequence[Trace]) -> dict[str, ReviewItem | None]:
    """By answer, the item by which another that says the same was corrected; None where that is gone with its answer. What a person
    approved for this question stands then."""
    if not traces or not count(tx):
        return {}
    by = {trace.answer.id: tx.fact(_SPACE, _first(trace)) for trace in traces}
    items = {id: tx.item(id) for id in by.values() if isinstance(id, str)}
    found = {answer: items[id] for answer, id in by.items() if isinstance(id, str)}
    approved = {trace.answer.id for trace in traces if pin_of(trace)}
    return {
        answer: item for answer, item in found.items() if (answer not in approved if item is None else _corrects(item, answer))
    }


def _corrects(item: ReviewItem, answer: str) -> bool:
    """Also while somebody looks at it again."""
    return item.answer != answer and item.outcome in _CORRECTED


def was_read(trace: Trace) -> bool:
    """Whether whoever asked was given what it says: no rule stopped it."""
    return trace.draft is None and trace.answer.status != "blocked"


def fits(tx: Transaction, trace: Trace, item: ReviewItem, wrote: Draft) -> bool:
    """Whether what was written instead of the answer of an item is for whoever got this one: all of it is from what this one rests on."""
    origin = tx.trace(item.answer)
    return origin is not None and rests_on(origin, wrote) <= documents_of(trace)


def _first(trace: Trace) -> str:
    """Id of the answer that this one, and others, repeat."""
    return trace.cached_from or trace.answer.id


def _copies(tx: Transaction, trace: Trace) -> Iterator[Trace]:
    """Newest first. All rest on the same documents, and none is older than the first."""
    first, before = _first(trace), ""
    while found := tx.traces_of(documents_of(trace), before=before, limit=_AT_ONCE):
        yield from (each for each in found if _first(each) == first and each.answer.id != trace.answer.id and was_read(each))
        before = found[-1].answer.id
        if before <= first:
            return
