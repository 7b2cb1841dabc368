"""Which release is live: a pointer beside the releases, moved by `app/launching/live.py` alone."""

from datetime import datetime, timedelta

from firmground.app.recording.ledger import latest_moment
from firmground.errors import Damaged
from firmground.ledger import LedgerEntry
from firmground.ports import Clock, Transaction
from firmground.release.record import Live, Override

NAMESPACE = "live"
"""Namespace of what is live (`now`), and what was last that had passed (`proven`)."""

MOVES = ("release.promoted", "release.rolled_back")
"""Kinds of entries of the ledger that made a release live."""
TAKEN_DOWN = "release.taken_down"
"""Kind of those after which nothing is live: a restored backup does not hold what was."""
_CLOCKS_DIFFER = timedelta(minutes=5)


def read(tx: Transaction, clock: Clock) -> Live | None:
    """What is live at this moment. An override that is over gives way to the last release that had passed; it is over as well where the
    clock says that it has not begun, since nobody knows then how long it lasts."""
    found = pointed_at(tx)
    return proven(tx) if found and is_over(tx, clock, found.since, found.override) else found


def is_over(tx: Transaction, clock: Clock, since: datetime, override: Override | None) -> bool:
    """Whether an override that began then has ended."""
    if override is None:
        return False
    return clock() < since - _CLOCKS_DIFFER or latest_moment(tx, clock) >= override.expires_at


def pointed_at(tx: Transaction) -> Live | None:
    """What was made live last, expired or not."""
    return _read(tx, "now")


def proven(tx: Transaction) -> Live | None:
    """What was made live last without an override."""
    return _read(tx, "proven")


def move(tx: Transaction, live: Live) -> None:
    """Its entry in the ledger has been written in this transaction."""
    kept = live.model_dump(mode="json")
    tx.put_fact(NAMESPACE, "now", kept)
    if live.override is None:
        tx.put_fact(NAMESPACE, "proven", kept)


def _read(tx: Transaction, key: str) -> Live | None:
    """Damaged where it is not what the ledger says of that decision: then somebody moved it past the gate."""
    kept = tx.fact(NAMESPACE, key)
    if kept is None:
        return None
    try:
        live = Live.model_validate(kept)
    except ValueError:
        raise Damaged(
            "what is live cannot be read", "use the version of Firmground that made it or a newer one, or restore a backup"
        ) from None
    decided = tx.entries(after=live.entry - 1, limit=1)
    if not decided or not _tells(decided[0], live):
        raise Damaged(
            "what is live is not what was decided", "run `firmground ledger verify`, and roll back to a release that was live"
        )
    return live


def _tells(entry: LedgerEntry, live: Live) -> bool:
    told = (entry.number, entry.kind in MOVES, entry.subject, entry.detail.get("release"), bool(entry.detail.get("override")))
    return told == (live.entry, True, str(live.number), live.release, live.override is not None)
