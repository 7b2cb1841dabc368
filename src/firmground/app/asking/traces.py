"""Keep what was answered, and erase from it what is erased."""

from collections.abc import Collection, Sequence
from itertools import chain

from firmground.app.reviewing.outcome import as_reviewed
from firmground.errors import InvalidInput, NotFound
from firmground.ports import Transaction
from firmground.serve.conversation import Turn
from firmground.serve.trace import addresses_of, documents_of, tombstoned, understood_alone
from firmground.types import Actor, Document, Trace

_TURNS = 20
"""Of a conversation, at most: older ones are not gone back to."""
_AT_ONCE = 100
"""A trace is some ten kilobytes, but may be a hundred times that."""


def keep(tx: Transaction, trace: Trace, *, known: int) -> Trace:
    """Save an answer, and return it as it is saved. `known` is the corpus version of the moment before anything it holds was read (the
    earlier answers of its conversation as well). What was removed or purged since then is erased from it: an erasing that came in
    between did not see this answer."""
    if tx.corpus_version() != known:
        ids = documents_of(trace)
        named = dict.fromkeys(ids) | tx.documents_named(ids) | {address: _at(tx, address) for address in addresses_of(trace)}
        gone = {name for name, document in named.items() if document is None or document.state in {"removed", "excluded"}}
        trace = tombstoned(trace, gone)
        earlier = _earlier(tx, trace)
        if len(earlier) < len(trace.context) or any(each.erased for each in earlier):
            trace = understood_alone(trace)
    tx.save_trace(trace)
    return trace


def erase(tx: Transaction, documents: Collection[str]) -> None:
    """Take every word of these documents (ids; they are still there) out of all kept answers, and of those understood by one, what
    people wrote beside them, and what was taught with them."""
    known = tx.documents_named(documents)
    tx.drop_taught(documents)
    gone = {*documents, *(f"{document.source}/{document.uri}" for document in known.values())}
    before = ""
    while found := tx.traces_of(gone, before=before, limit=_AT_ONCE):
        for trace in found:  # an answer before those it was understood by, which must still say what it may have from them
            tx.save_trace(understood_alone(tombstoned(trace, gone, _earlier(tx, trace))))
        tx.drop_comments([trace.answer.id for trace in found])
        tx.drop_written([trace.answer.id for trace in found])
        before = found[-1].answer.id


def _at(tx: Transaction, address: str) -> Document | None:
    try:
        return tx.find_document(address)
    except (NotFound, InvalidInput):
        return None


def conversation_of(tx: Transaction, actor: Actor, conversation: str) -> tuple[Turn, ...]:
    """The latest turns of one of this person's own conversations, oldest first, without the words of documents that they may not see
    any more. NotFound also where it is somebody else's: nobody learns that it exists."""
    found = tx.traces(person=actor.person, conversation=conversation, limit=_TURNS)
    if not found:
        raise NotFound(f"you have no conversation '{conversation}'", "leave it out to begin a new one")
    return tuple(_turn(trace) for trace in reversed(all_as_seen(tx, as_reviewed(tx, actor, found), actor)))


def turns_before(tx: Transaction, trace: Trace) -> tuple[Turn, ...]:
    """The turns of its conversation that were there when it was given, oldest first."""
    answer = trace.answer
    found = tx.traces(person=trace.person, conversation=answer.conversation, before=answer.id, limit=_TURNS)
    return tuple(_turn(each) for each in reversed(found))


def as_seen(tx: Transaction, trace: Trace, actor: Actor) -> Trace:
    """The trace as this person may see it now: what rests on a document that is gone, or is not theirs to see any more, is silent."""
    return all_as_seen(tx, [trace], actor)[0]


def all_as_seen(tx: Transaction, traces: Sequence[Trace], actor: Actor) -> list[Trace]:
    """Several at once: what they have in common is looked up once."""
    if actor.may("see_all"):
        return list(traces)
    at_hand: dict[str, Trace | None] = {trace.answer.id: trace for trace in traces}
    before = [_all_earlier(tx, trace, at_hand) for trace in traces]
    scopes = tx.visible_scopes(actor.groups)
    named = {id for each in (*traces, *chain(*before)) for id in documents_of(each)}
    at = {address: _at(tx, address) for each in traces for address in addresses_of(each)}
    known = dict.fromkeys(named) | tx.documents_named(named) | at
    hidden = {name for name, document in known.items() if document is None or document.scope not in scopes}
    seen: list[Trace] = []
    for trace, earlier in zip(traces, before, strict=True):
        less = tombstoned(trace, hidden, earlier)
        seen.append(understood_alone(less) if any(hidden & documents_of(each) for each in earlier) else less)
    return seen


def _earlier(tx: Transaction, trace: Trace) -> list[Trace]:
    """The answers it was understood by, those that are left."""
    return [found for id in trace.context if (found := tx.trace(id))]


def _all_earlier(tx: Transaction, trace: Trace, at_hand: dict[str, Trace | None]) -> list[Trace]:
    """Those, and the ones that these were understood by: what was taken over may have been taken over again. What is not at hand is
    added to it."""
    found: dict[str, Trace] = {}
    waiting = [*trace.context]
    while waiting:
        if (id := waiting.pop()) in found:
            continue
        if id not in at_hand:
            at_hand[id] = tx.trace(id)
        if (earlier := at_hand[id]) is not None:
            found[id] = earlier
            waiting += earlier.context
    return list(found.values())


def _turn(trace: Trace) -> Turn:
    answer = trace.answer
    return Turn(
        id=answer.id,
        question=answer.question,
        asked=trace.asked,
        answer=answer.text,
        titles=tuple(dict.fromkeys(citation.title for citation in answer.citations if citation.title)),
        choices=tuple(choice["text"] for choice in answer.choices),
        status=answer.status,
    )
