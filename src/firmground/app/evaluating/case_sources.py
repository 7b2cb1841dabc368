"""What the documents that a case names were like when it was written: where one has changed, the case may expect what no longer holds."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

from firmground.app.access.rights import need
from firmground.app.app import App
from firmground.app.recording.ledger import record
from firmground.errors import NotFound
from firmground.evaluate.cases import Case
from firmground.evaluate.files import load
from firmground.ports import Transaction
from firmground.types import Actor, Json

_NOTED = "case-sources"
"""Namespace of the contents of the documents a case names, by digest of the case: a case that is edited was looked at."""


def changed_since(app: App, cases: Sequence[Case]) -> dict[str, tuple[str, ...]]:
    """By digest of the case, the documents it names that are no longer what they were when the case was first seen. Cases that were not
    seen before are noted as of now, those that are gone are forgotten; where there are none of either, nothing is written."""
    current = {case.digest: case for case in cases}
    with app.database.reading() as tx:
        contents = contents_now(app, tx)
        noted = cast("dict[str, dict[str, Any]]", tx.facts(_NOTED))
    gone = [digest for digest in noted if digest not in current]
    fresh = [case for digest, case in current.items() if digest not in noted]
    if gone or fresh:
        with app.database.transaction() as tx:
            tx.drop_facts(_NOTED, gone)
            for case in fresh:
                _note(tx, case, contents)
    moved = {
        digest: [uri for uri, then in noted.get(digest, {}).items() if contents.get(uri, then) != then] for digest in current
    }
    return {digest: tuple(documents) for digest, documents in moved.items() if documents}


def confirm(app: App, actor: Actor, ids: Sequence[str]) -> int:
    """A person looked: these cases still hold, with their sources as they are now. How many; NotFound for an id that no case has."""
    need(actor, "cases", "change golden cases")
    known = {placed.case.id: placed.case for placed in load(app.workspace.root).cases}
    if missing := [id for id in ids if id not in known]:
        raise NotFound(f"there is no case {missing[0]!r}", "`firmground cases list` shows all")
    with app.database.transaction() as tx:
        contents, before = contents_now(app, tx), confirmed(tx)
        for id in dict.fromkeys(ids):
            case = known[id]
            if _note(tx, case, contents) or case.digest not in before:
                record(app, tx, actor, "case.confirmed", id, case=case.digest, asks=case.asks)
    return len(ids)


def confirmed(tx: Transaction) -> frozenset[str]:
    """What persons confirmed: digests of whole cases, and of what they ask."""
    details = [entry.detail for entry in tx.entries(kinds=["case.confirmed"])]
    return frozenset(str(each[key]) for each in details for key in ("case", "asks") if key in each)


def contents_now(app: App, tx: Transaction) -> dict[str, str]:
    """Digest of the content of each indexed document, by its path and by `<source>/<path>`."""
    found: dict[str, str] = {}
    for source in app.sources:
        for document in tx.documents(source=source, state="indexed"):
            found[document.uri] = found[f"{source}/{document.uri}"] = document.content_hash
    return found


def _note(tx: Transaction, case: Case, contents: Mapping[str, str]) -> bool:
    """Whether anything else was noted before."""
    named: Json = {uri: contents[uri] for alternatives in case.expect.sources for uri in alternatives if uri in contents}
    differs = tx.fact(_NOTED, case.digest) != named
    tx.put_fact(_NOTED, case.digest, named)
    return differs
