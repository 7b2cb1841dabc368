"""What time does to items: leases lapse, holders lose their rights, deadlines near. Each is looked at by every listing, and by whoever
works for the workspace in the background."""

import logging
from datetime import datetime
from threading import Event
from typing import NamedTuple

from firmground.app.app import App
from firmground.app.notifying.events import announce
from firmground.app.reviewing.intake import REQUESTED, calendar_of, open_item, raised
from firmground.app.reviewing.seeing import still_in_hand
from firmground.errors import Busy
from firmground.ports import Transaction
from firmground.reviews import ReviewAct, ReviewItem

_AT_ONCE = 200
_EVERY_SECONDS = 60.0
_log = logging.getLogger(__name__)


class _Found(NamedTuple):
    left: list[ReviewItem]
    """Whose lease lapsed, or whose holder may not review them any more."""
    near: list[ReviewItem]
    late: list[ReviewItem]
    unheard: list[str]
    """Answers with a request for a person that no item tells of."""


def sweep(app: App) -> int:
    """How many items changed. Nothing is written where nothing is to."""
    now = app.clock()
    soon = calendar_of(app).due(now, app.workspace.settings.review.escalate_hours)
    with app.database.reading() as tx:
        if not any(_found(tx, now, soon)):
            return 0
    with app.database.transaction() as tx:
        found = _found(tx, now, soon)
        for item in found.left:
            _let_go(tx, item, now)
        for item in found.near:
            _hurry(app, tx, item.id)
        for item in found.late:
            _late(app, tx, item.id)
        for answer in found.unheard:
            _hear(app, tx, answer)
        return sum(map(len, found))


def keep_up(app: App, stopping: Event) -> None:
    """Sweep once a minute, until it stops; what goes wrong once is tried again."""
    while not stopping.wait(_EVERY_SECONDS):
        try:
            sweep(app)
        except Busy:
            _log.info("what waits for people is looked at in a minute: the database is busy")
        except Exception:  # noqa: BLE001 - it is tried again soon
            _log.exception("what waits for people could not be looked at")


def _found(tx: Transaction, now: datetime, soon: datetime) -> _Found:
    taken = tx.in_hand()
    held = still_in_hand(tx, taken, now)
    return _Found(
        left=[item for item in taken if item.id not in held][:_AT_ONCE],
        near=tx.due_before(soon, told="", limit=_AT_ONCE),
        late=tx.due_before(now, told="soon", limit=_AT_ONCE),
        unheard=tx.unheard(limit=_AT_ONCE),
    )


def _let_go(tx: Transaction, item: ReviewItem, now: datetime) -> None:
    number = item.revision + 1
    tx.save_item(item.model_copy(update={"holder": "", "lease_until": None, "revision": number}))
    tx.add_act(ReviewAct(item=item.id, number=number, person="", act="give_back", at=now))


def _hurry(app: App, tx: Transaction, id: str) -> None:
    """What somebody holds is not made more urgent for others."""
    item = tx.item(id)
    if item is not None:
        priority = item.priority if item.holder else raised(item.priority)
        tx.save_item(item.model_copy(update={"priority": priority, "told": "soon"}))
        announce(app, tx, "review.due_soon", about=id, roles=(item.role,), urgent=True, facts=_facts(item))


def _late(app: App, tx: Transaction, id: str) -> None:
    item = tx.item(id)
    if item is not None:
        tx.save_item(item.model_copy(update={"priority": "urgent", "told": "late"}))
        announce(app, tx, "review.overdue", about=id, roles=("admin", "owner"), urgent=True, facts=_facts(item))


def _hear(app: App, tx: Transaction, answer: str) -> None:
    trace = tx.trace(answer)
    for request in tx.reviews([answer]):
        if trace is not None and request.state == "open":
            open_item(app, tx, trace, [REQUESTED], person=request.person, note=request.note)


def _facts(item: ReviewItem) -> dict[str, str]:
    return {"answer": item.answer, "due_at": item.due_at.isoformat()}
