"""Whether what counts now is what was decided: what is live, the policy in force and the audits, as they are kept, against their entries in
the record. Whoever writes into the database could change them without one."""

from collections.abc import Iterator
from typing import Any, cast

from firmground.errors import Damaged
from firmground.gate.ledger import Fault
from firmground.ledger import LedgerEntry
from firmground.ports import Transaction
from firmground.types import Json, digest

_MOVES = ("release.promoted", "release.rolled_back", "release.taken_down")
_TAKEN_DOWN = _MOVES[-1]
_ADOPTED = "policy.adopted"
_AUDITED = "audit.made"


def contradictions(tx: Transaction) -> list[Fault]:
    """One line for each, with what to do. Nothing where the record itself cannot be read: that is told elsewhere."""
    try:
        return [*_live(tx), *_policy(tx), *_audits(tx)]
    except Damaged:
        return []
    except ValueError:
        return [_fault(None, "what is kept beside the ledger cannot be read: restore a backup")]


def policy_was_decided(tx: Transaction, kept: Json) -> bool:
    """Whether what is kept as the policy in force is what the last entry about it says."""
    return _policy_holds(kept, _last(tx.entries(kinds=[_ADOPTED], newest_first=True, limit=1)))


def audit_was_made(tx: Transaction, id: str, release: str, kept: Json) -> bool:
    """Whether an audit of this release, as it is kept, is what its entry was made of, and no later one is known."""
    made = [each for each in tx.entries(kinds=[_AUDITED]) if each.detail.get("release") == release]
    return bool(made) and made[-1].subject == id and _audit_holds(kept, made[-1])


def _live(tx: Transaction) -> Iterator[Fault]:
    moves = tx.entries(kinds=_MOVES)
    proven = [each for each in moves if not each.detail.get("override")]
    for key, what, decision in (
        ("now", "what is live", _last(moves)),
        ("proven", "what is live when an override ends", _last(proven)),
    ):
        kept = tx.fact("live", key)
        if _pointed_at(kept) != _pointed_to(decision):
            yield _fault(
                decision,
                f"{what} is {_release(kept)}, but {_told(decision)}: find out who wrote into the database, and roll back to a release"
                " that was live, or promote one",
            )


def _pointed_at(kept: Json) -> tuple[Any, ...]:
    found = _mapping(kept)
    return (str(found.get("number")), found.get("release"), found.get("override")) if found else ()


def _pointed_to(entry: LedgerEntry | None) -> tuple[Any, ...]:
    if entry is None or entry.kind == _TAKEN_DOWN:
        return ()
    return (entry.subject, entry.detail.get("release"), entry.detail.get("override") or None)


def _release(kept: Json) -> str:
    return f"release {_mapping(kept).get('number')}" if _mapping(kept) else "nothing"


def _told(entry: LedgerEntry | None) -> str:
    if entry is None:
        return "the ledger knows of no such decision"
    if entry.kind == _TAKEN_DOWN:
        return f"nothing was live after entry {entry.number}"
    until = "" if not entry.detail.get("override") else " by an override"
    return f"entry {entry.number} made release {entry.subject} live{until}"


def _policy(tx: Transaction) -> Iterator[Fault]:
    decision = _last(tx.entries(kinds=[_ADOPTED], newest_first=True, limit=1))
    if not _policy_holds(tx.fact("policy", "now"), decision):
        known = f"the one of entry {decision.number}" if decision else "one that the ledger knows"
        yield _fault(
            decision,
            f"the policy in force is not {known}: find out who wrote into the database, and let somebody answer for the file"
            " (`firmground policy adopt`)",
        )


def _policy_holds(kept: Json, decision: LedgerEntry | None) -> bool:
    if decision is None or kept is None:
        return decision is None and kept is None
    exact = decision.detail.get("adopted")
    return _mapping(kept).get("policy") == decision.subject and exact in (None, digest(kept))


def _audits(tx: Transaction) -> Iterator[Fault]:
    made = {each.subject: each for each in tx.entries(kinds=[_AUDITED])}
    kept = tx.facts("audit")
    remedy = "find out who wrote into the database, and audit the release again"
    for id, audit in kept.items():
        entry = made.get(id)
        if entry is None:
            yield _fault(None, f"the ledger knows of no audit {id}: {remedy}")
        elif not _audit_holds(audit, entry):
            yield _fault(entry, f"audit {id} is not what entry {entry.number} was made of: {remedy}")
    for id, entry in made.items():
        if id not in kept:
            yield _fault(entry, f"audit {id} of entry {entry.number} is gone: {remedy}")
    latest = {str(each.detail.get("release")): id for id, each in made.items()}
    for release, id in tx.facts("audit-latest").items():
        if id in kept and latest.get(release) != id:
            yield _fault(made.get(str(id)), f"audit {id} is not the latest of its release: {remedy}")


def _audit_holds(kept: Json, entry: LedgerEntry) -> bool:
    return entry.detail.get("report") in (None, digest(kept))


def _last(entries: list[LedgerEntry]) -> LedgerEntry | None:
    return entries[-1] if entries else None


def _mapping(kept: Json) -> dict[str, Any]:
    return cast("dict[str, Any]", kept) if isinstance(kept, dict) else {}


def _fault(entry: LedgerEntry | None, said: str) -> Fault:
    return Fault(number=entry.number if entry else 0, what="contradicted", said=said)
