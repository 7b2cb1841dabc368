"""Effects on files, and their entries in the record. No transaction holds both, so what shall be done is noted before: if whoever does it
is killed in between, the file shows what became of it, and whoever comes next writes the entry that is missing."""

import secrets
from collections.abc import Generator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, cast

from firmground.app.app import App
from firmground.app.recording.ledger import record, user_of
from firmground.errors import FirmgroundError
from firmground.ports import Transaction
from firmground.types import Actor, Json

_NOTED = "intended"
"""Namespace of what is being done to files."""
_OVER = timedelta(hours=1)
"""After which whoever wanted to change a file that is as it was does not do it any more."""
UPLOAD = "upload:"
"""Begins what names an upload, by its uri; other places are paths below the workspace."""


@contextmanager
def intended(app: App, actor: Actor, kind: str, subject: str, place: str, **detail: Json) -> Generator[str]:
    """Around a change of the file at `place`, which ends with a transaction that is `fulfilled`. What raises before that changed the file
    leaves no entry."""
    settle(app)
    note = secrets.token_hex(8)
    told: Json = {
        "kind": kind,
        "subject": subject,
        "person": actor.person,
        "via": actor.via,
        "key": actor.key,
        "user": user_of(actor),
        "place": place,
        "before": _state(app, place),
        "at": app.clock().isoformat(),
        "detail": detail,
    }
    with app.database.transaction() as tx:
        tx.put_fact(_NOTED, note, told)
    try:
        yield note
    except Exception:
        with suppress(FirmgroundError):
            settle(app, now=note)
        raise
    settle(app, now=note)  # there may have been nothing to do


def fulfilled(tx: Transaction, note: str) -> bool:
    """Within the transaction that writes the entry: whether nobody else has written it already."""
    there = tx.fact(_NOTED, note) is not None
    tx.drop_facts(_NOTED, [note])
    return there


def settle(app: App, *, now: str = "") -> None:
    """Write the entries of what was done to files by whoever was killed before writing them, and forget what was not done. `now`: this one
    is not being done any more."""
    with app.database.reading() as tx:
        if not tx.facts(_NOTED):
            return
    with app.database.transaction() as tx:
        for note, told in cast("dict[str, dict[str, Any]]", tx.facts(_NOTED)).items():
            done = _state(app, told["place"]) != told["before"]
            if done:
                actor = Actor(person=told["person"], via=told["via"], key=told.get("key", ""), user=told.get("user", ""))
                record(app, tx, actor, told["kind"], told["subject"], **told["detail"], settled=True)
            if done or note == now or app.clock() - datetime.fromisoformat(told["at"]) > _OVER:
                tx.drop_facts(_NOTED, [note])


def _state(app: App, place: str) -> str:
    """What tells one content of a file from the next; empty where there is none."""
    if place.startswith(UPLOAD):
        uri = place.removeprefix(UPLOAD)
        if not app.uploads.exists() or not app.uploads.holds(uri):
            return ""
        return next((file.stamp for file in app.uploads.files() if file.uri == uri), "")
    try:
        return sha256((app.workspace.root / place).read_bytes()).hexdigest()
    except OSError:
        return ""
