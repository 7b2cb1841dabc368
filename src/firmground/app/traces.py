"""Keep what was answered, and erase from it what is erased."""

from collections.abc import Collection

from firmground.errors import InvalidInput, NotFound
from firmground.ports import Transaction
from firmground.serve.trace import addresses_of, documents_of, tombstoned, understood_alone
from firmground.types import Document, Trace

_AT_ONCE = 100
"""A trace is some ten kilobytes, but may be a hundred times that."""


def keep(tx: Transaction, trace: Trace, *, known: int) -> Trace:
    """Save an answer, and return it as it is saved. `known` is the corpus version of the moment before anything it holds was read (the
    earlier answers of its conversation as well). What was removed or purged since then is erased from it: an erasing that came in
    between did not see this answer."""
    if tx.corpus_version() != known:
        named = {id: tx.document(id) for id in documents_of(trace)} | {
            address: _at(tx, address) for address in addresses_of(trace)
        }
        gone = {name for name, document in named.items() if document is None or document.state in {"removed", "excluded"}}
        earlier = [tx.trace(id) for id in trace.context]
        trace = tombstoned(trace, gone)
        if any(each is None or each.erased for each in earlier):
            trace = understood_alone(trace)
    tx.save_trace(trace)
    return trace


def erase(tx: Transaction, documents: Collection[str]) -> None:
    """Take every word of these documents (ids; they are still there) out of all kept answers, and of those understood by one."""
    known = [found for id in documents if (found := tx.document(id))]
    gone = {*documents, *(f"{document.source}/{document.uri}" for document in known)}
    before = ""
    while found := tx.traces_of(gone, before=before, limit=_AT_ONCE):
        for trace in found:
            tx.save_trace(understood_alone(tombstoned(trace, gone)))
        before = found[-1].answer.id


def _at(tx: Transaction, address: str) -> Document | None:
    try:
        return tx.find_document(address)
    except (NotFound, InvalidInput):
        return None
