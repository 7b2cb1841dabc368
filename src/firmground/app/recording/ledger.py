"""The record of decisions: what was done, by whom, and why. An entry is written in the transaction of what it tells, so there is neither
without the other."""

import secrets
from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from pathlib import Path

from firmground.app.access.rights import need
from firmground.app.access.system_user import system_user
from firmground.app.app import App
from firmground.app.launching.decided import contradictions
from firmground.app.personal.pseudonyms import known_as
from firmground.app.recording import configuration
from firmground.errors import Damaged, InvalidInput, Refused
from firmground.gate.ledger import START, Anchor, Fault, Inspection, Witness, anchors_in, inspect, moment_before
from firmground.ledger import HEAD_RENEWED, LedgerEntry
from firmground.ports import Clock, Transaction
from firmground.types import Actor, Json

_SELF = "workspace"
"""Namespace of what a workspace is known by elsewhere."""
_LEDGER, _LATEST = "ledger", "latest"
"""The latest moment that any entry was written at."""
_MOST_AT_ONCE = 1000
_READ = "read the ledger"


def record(app: App, tx: Transaction, actor: Actor, kind: str, subject: str, *, by: str = "", **detail: Json) -> LedgerEntry:
    """Add an entry. `by`: who answers for it, where that is another than who does it. `detail` must hold no words of documents, questions
    or answers, since entries are never erased. A command tells first of settings that are not those which were told of last."""
    if tx.end_of_ledger() and not tx.added and _head_is_gone(app):
        _added(app, tx, actor, kind=HEAD_RENEWED, subject="ledger.head", detail={})
    if actor.via == "cli":
        _configuration(app, tx, actor)
    return _added(app, tx, actor, kind=kind, subject=subject, by=by, detail=detail)


def user_of(actor: Actor) -> str:
    """The system user behind what is done on the command line, also where another process does it; empty elsewhere."""
    return (actor.user or system_user()) if actor.via == "cli" else ""


def latest_moment(tx: Transaction, clock: Clock) -> datetime:
    """Now, or the latest moment that the record ever saw, where the clock was put back since: nothing lasts longer for that."""
    now = clock()
    return max(now, _latest(tx) or now)


def loaded(app: App, actor: Actor) -> None:
    """Record the settings that this process works with, where they are not those that were recorded last."""
    with app.database.reading() as tx:
        if configuration.told(tx, app.workspace.settings):
            return
    with app.database.transaction() as tx:
        _configuration(app, tx, actor)


def entries(
    app: App,
    actor: Actor,
    *,
    after: int = 0,
    before: int | None = None,
    kinds: Collection[str] | None = None,
    limit: int = 100,
    newest_first: bool = False,
) -> list[LedgerEntry]:
    """A part of the record. For auditors. InvalidInput for a number of entries that is not between 1 and 1000."""
    need(actor, "audit", _READ)
    if not 1 <= limit <= _MOST_AT_ONCE:
        raise InvalidInput(f"{limit} entries cannot be shown at once", f"use 1 to {_MOST_AT_ONCE}")
    with app.database.reading() as tx:
        return tx.entries(after=after, before=before, limit=limit, kinds=kinds, newest_first=newest_first)


def end(app: App, actor: Actor) -> tuple[int, str] | None:
    """Number and digest of the last entry, also where it cannot be read; None where there is none. For auditors."""
    need(actor, "audit", _READ)
    with app.database.reading() as tx:
        return tx.end_of_ledger()


def verify(app: App, actor: Actor, anchors: Sequence[Path] = ()) -> Inspection:
    """Read the whole record against its chain, against the end that is kept beside the database, and against anchors. For auditors.
    InvalidInput for a file without an anchor, or with one of another workspace."""
    need(actor, "audit", "verify the ledger")
    witnesses, beside = list[Witness](), list[Fault]()
    try:
        head = app.database.head()  # before the entries: what is added meanwhile is no fault
    except Damaged as error:
        head = None
        beside.append(Fault(number=0, what="unreadable", said=str(error)))
    if head is not None:
        witnesses.append(Witness(head.number, head.digest, "the head file"))
    with app.database.reading() as tx:
        own = tx.fact(_SELF, "id")
        for path in anchors:
            witnesses += [_witness(path, line, anchor, own) for line, anchor in _anchors(path)]
        found = inspect(tx.kept_entries(), witnesses)
        fences = tx.missing_fences()
        kept_moment = _kept_moment(tx)
        contradicted = contradictions(tx)
    if head is None and not beside and found.entries:
        said = "the head file is gone from the data directory: compare with an anchor; the next entry begins it anew, and tells of that"
        beside.append(Fault(number=0, what="missing", said=said))
    if fences:
        said = f"the database has no {' and no '.join(fences)} any more, by which it keeps entries as they are: restore a backup"
        beside.append(Fault(number=0, what="unguarded", said=said))
    if kept_moment and kept_moment != found.latest:
        said = f"the latest moment of the ledger is kept as {kept_moment:%Y-%m-%d %H:%M} UTC, and no entry or a later one says so"
        beside.append(Fault(number=0, what="contradicted", said=said))
    beside += contradicted
    return found.model_copy(update={"faults": (*found.faults, *beside)})


def anchor(app: App, actor: Actor, kind: str, to: str, send: Callable[[Anchor, str], None]) -> Anchor:
    """Let the end of the record be known outside of this workspace: `send` it with the name of the workspace, then record that. What
    `send` raises leaves no entry. For administrators. Refused where there is no entry; Damaged where the record is not whole, since an
    anchor of it would vouch for that."""
    found = verify(app, actor)
    if not found.whole:
        raise Damaged(f"the ledger is not whole ({found.faults[0].said})", "look at `firmground ledger verify`")
    with app.database.transaction() as tx:
        last = tx.last_entry()
        if last is None:
            raise Refused("the ledger is empty", "anchor it once something was decided")
        if tx.fact(_SELF, "id") is None:
            tx.put_fact(_SELF, "id", secrets.token_hex(8))
        made = Anchor(workspace=str(tx.fact(_SELF, "id")), number=last.number, entry=last.digest, at=app.clock())
    send(made, app.workspace.name)
    with app.database.transaction() as tx:
        record(app, tx, actor, "ledger.anchored", kind, to=to, number=made.number, entry=made.entry)
    return made


def _added(
    app: App, tx: Transaction, actor: Actor, *, kind: str, subject: str, by: str = "", detail: dict[str, Json]
) -> LedgerEntry:
    last = tx.end_of_ledger()
    entry = LedgerEntry(
        number=last[0] + 1 if last else 1,
        at=app.clock(),
        kind=kind,
        subject=subject,
        by=known_as(tx, by or actor.person),
        user=user_of(actor),
        key=actor.key,
        via=actor.via,
        detail=detail,
        before=last[1] if last else START,
    )
    tx.append_entry(entry)
    seen = [entry.at, *filter(None, (_latest(tx), moment_before(entry.kind, entry.detail)))]
    tx.put_fact(_LEDGER, _LATEST, max(seen).isoformat())
    return entry


def _latest(tx: Transaction) -> datetime | None:
    """Kept beside the entries, so that it need not be looked for; earlier versions did not."""
    return _kept_moment(tx) or max((each.at for each in tx.entries()), default=None)


def _kept_moment(tx: Transaction) -> datetime | None:
    try:
        kept = datetime.fromisoformat(str(tx.fact(_LEDGER, _LATEST)))
    except ValueError:
        return None
    return kept if kept.tzinfo else None


def _head_is_gone(app: App) -> bool:
    """One that cannot be read is there, and stays as it is."""
    try:
        return app.database.head() is None
    except Damaged:
        return False


def _configuration(app: App, tx: Transaction, actor: Actor) -> None:
    if (detail := configuration.news(tx, app.workspace.settings)) is not None:
        _added(app, tx, actor, kind=configuration.LOADED, subject="firmground.toml", detail=detail)


def _anchors(path: Path) -> list[tuple[int, Anchor]]:
    try:
        return anchors_in(path.read_text(encoding="utf-8"), str(path))
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise InvalidInput(f"cannot read the anchor {path} ({why})", "check its path and permissions") from None


def _witness(path: Path, line: int, anchor: Anchor, own: Json) -> Witness:
    if anchor.workspace != own:
        raise InvalidInput(
            f"line {line} of {path} is an anchor of another workspace, {anchor.workspace}",
            f"name one of this workspace, {own}" if own else "this one has never been anchored, or its record was replaced",
        )
    return Witness(anchor.number, anchor.entry, f"{path.name}, line {line}")
