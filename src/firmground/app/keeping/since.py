"""What was taken away since a backup was made, and must not come back with it: documents and people that were erased, whatever
let people in and does so no more, roles that were lowered, releases that were rolled back, a policy that
asked less."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import cast

from firmground.accounts import Account
from firmground.app.app import App
from firmground.app.asking.readiness import SYNCS, plan_of
from firmground.app.corpus.documents import purge
from firmground.app.keeping import access_again, people_again
from firmground.app.keeping.access_again import AccessNow, access_now
from firmground.app.keeping.archive import Manifest
from firmground.app.keeping.people_again import PeopleNow, people_now
from firmground.app.launching import approvals, pointer
from firmground.app.launching.releases import listed
from firmground.app.personal import erasing
from firmground.app.recording.ledger import record, verify
from firmground.errors import FirmgroundError, InvalidInput, NotFound
from firmground.ledger import LedgerEntry
from firmground.ports import Transaction
from firmground.release.record import Live, Override
from firmground.types import Actor, Document, Json

_KINDS = ("document.purged", *access_again.KINDS, *people_again.KINDS)
_ADOPTED = "policy.adopted"


@dataclass(frozen=True)
class Since:
    """What the present database tells of the time after a backup."""

    known: bool = False
    """Whether it goes on from where the backup ends. If not, nobody knows what was taken away in between."""
    end: tuple[int, str] | None = None
    """Of its ledger."""
    origin: str = ""
    """Digest of its first entry."""
    excluded: Sequence[Document] = ()
    entries: Sequence[LedgerEntry] = ()
    accounts: Sequence[tuple[Account, str]] = ()
    """With their passwords' hashes."""
    owners: frozenset[str] = frozenset()
    access: AccessNow = field(default_factory=AccessNow)
    personal: PeopleNow = field(default_factory=PeopleNow)
    decisions: Sequence[LedgerEntry] = ()
    """On what is live and on the policy."""
    policy: dict[str, Json] = field(default_factory=dict[str, Json])
    """What is kept of policies."""
    whole: bool = True
    """Whether the record that tells of them is."""
    latest: datetime | None = None
    """The latest moment that it saw."""


def since(app: App, actor: Actor, manifest: Manifest) -> Since:
    """What the database of the workspace knows now, if it can be read."""
    try:
        found = verify(app, actor)
        with app.database.reading() as tx:
            return replace(_read(tx, manifest), whole=found.whole, latest=found.latest)
    except FirmgroundError:
        return Since()


def take_away_again(there: App, actor: Actor, now: Since) -> int:
    """From restored data; nobody is signed in any more, no link is good any more, and no sync is under way. How many documents were erased
    again."""
    with there.database.transaction() as tx:
        tx.drop_sessions()
        tx.drop_links()
        tx.drop_proofs()
        for job in tx.facts(SYNCS):
            tx.drop_facts(plan_of(job))
        tx.drop_facts(SYNCS)
        if now.known:
            people_again.done_again(there, tx, actor, now.entries, now.personal)
            access_again.bound_again(there, tx, actor, now.entries, now.access)
    erasing.finish(there)
    return _erase_again(there, actor, now)


def decide_again(there: App, actor: Actor, now: Since) -> tuple[dict[str, Json], list[str]]:
    """In restored data: what was decided since on what is live and on the policy counts, not what the backup knows. Where a later release
    is not in the backup, nothing is live. What an entry tells of it, and what is to be said. Whoever agreed with a release says so
    anew."""
    known = {(str(each.number), each.spec.digest) for each in listed(there, actor)}
    moves = [each for each in now.decisions if each.kind in (*pointer.MOVES, pointer.TAKEN_DOWN)]
    with there.database.transaction() as tx:
        tx.drop_facts(approvals.NAMESPACE)
        then = _live(tx)
        if not now.whole:
            lost = "the record that was replaced is not whole, so decisions since are not kept: look at what is live, and at the policy"
            return {"live_then": then}, [lost] if now.decisions else []
        warnings = _moved_again(there, tx, actor, moves, known)
        if adopted := [each for each in now.decisions if each.kind == _ADOPTED]:
            for key, value in now.policy.items():
                tx.put_fact("policy", key, value)
            _again(there, tx, actor, adopted[-1])
        told: dict[str, Json] = {"live_then": then, "live_since": _live(tx)}
        if now.latest:
            told["latest"] = now.latest.isoformat()
        return told, warnings


def _moved_again(
    there: App, tx: Transaction, actor: Actor, moves: Sequence[LedgerEntry], known: set[tuple[str, str]]
) -> list[str]:
    lost = ""
    for each in moves:
        lost = ""
        if (each.subject, str(each.detail.get("release"))) in known:
            made = _again(there, tx, actor, each)
            pointer.move(tx, _as_live(each, made.number))
        elif each.kind == pointer.TAKEN_DOWN:
            _taken_down(there, tx, actor, each.subject)
        else:
            lost = each.subject
    if not lost:
        return []
    _taken_down(there, tx, actor, lost)
    said = f"RELEASE {lost} WAS LIVE AND IS NOT IN THE BACKUP, SO NOTHING IS LIVE NOW"
    return [f"{said}: create and audit it again, or roll back to one that was live before (`firmground release history`)"]


def _again(there: App, tx: Transaction, actor: Actor, entry: LedgerEntry) -> LedgerEntry:
    detail = {**entry.detail, "restored": True}
    return record(there, tx, actor, entry.kind, entry.subject, by=entry.by, **detail)


def _taken_down(there: App, tx: Transaction, actor: Actor, number: str) -> None:
    tx.drop_facts(pointer.NAMESPACE)
    record(there, tx, actor, pointer.TAKEN_DOWN, number, restored=True)


def _as_live(entry: LedgerEntry, number: int) -> Live:
    told = entry.detail
    override = Override.model_validate(told["override"]) if told.get("override") else None
    return Live(
        number=int(entry.subject),
        release=str(told["release"]),
        since=entry.at,
        by=entry.by,
        reason=str(told.get("reason") or ""),
        audit=str(told.get("audit") or ""),
        override=override,
        entry=number,
    )


def _live(tx: Transaction) -> int | None:
    kept = cast("dict[str, int] | None", tx.fact(pointer.NAMESPACE, "now"))
    return kept["number"] if kept else None


def _read(tx: Transaction, manifest: Manifest) -> Since:
    number, digest = manifest.ledger
    first = tx.entries(limit=1)
    last = tx.entries(after=number - 1, before=number + 1) if number else []
    end, access = tx.end_of_ledger(), access_now(tx)
    known = bool(number and last and last[0].digest == digest)
    return Since(
        known=known,
        end=end,
        origin=first[0].digest if first else "",
        excluded=tx.documents(state="excluded"),
        entries=tx.entries(after=number, kinds=_KINDS) if known else (),
        decisions=tx.entries(after=number, kinds=[*pointer.MOVES, pointer.TAKEN_DOWN, _ADOPTED]) if known else (),
        policy=tx.facts("policy"),
        accounts=[*access.accounts.values()],
        owners=frozenset(tx.owners()),
        access=access,
        personal=people_now(tx),
    )


def _erase_again(there: App, actor: Actor, now: Since) -> int:
    gone = {entry.subject for entry in now.entries if entry.kind == "document.purged"}
    addresses = {f"{document.source}/{document.uri}": document for document in now.excluded}
    with there.database.reading() as tx:
        back = {document.id for document in map(tx.document, sorted(gone)) if document is not None}
        missing: list[Document] = []
        for address, document in addresses.items():
            there_now = tx.document(document.id) or _at(tx, address)
            if there_now is None:
                missing.append(document)
            else:
                back.add(there_now.id)
        back = {id for id in back if (found := tx.document(id)) is not None and found.state not in {"excluded", "removed"}}
    if missing:
        with there.database.transaction() as tx:
            for document in missing:
                tx.save_document(document.model_copy(update={"number": 0, "revision": 0}))
    for id in sorted(back):
        purge(there, actor, id)
    return len(back)


def _at(tx: Transaction, address: str) -> Document | None:
    try:
        return tx.find_document(address)
    except (NotFound, InvalidInput):
        return None
