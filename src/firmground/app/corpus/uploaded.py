"""How much somebody may still upload today."""

from collections.abc import Sequence
from types import TracebackType
from typing import Self

from firmground.app.app import App
from firmground.app.spending.limits import LimitReached, day_of, person_of, returns_at, rules_of, told
from firmground.ports import Arriving, Transaction
from firmground.types import Actor
from firmground.usage import Booking, Pool, Taken

_MEGABYTE = 1_000_000


class Counted:
    """Implements `Arriving` around another one: it takes in no more than its person may upload today, and knows how much it was."""

    def __init__(self, app: App, actor: Actor, arriving: Arriving) -> None:
        self._app = app
        self._actor = actor
        self._arriving = arriving
        self._bytes = 0
        with app.database.reading() as tx:
            self._left = _left(app, tx, actor)
        if self._left is not None and self._left <= 0:
            raise _refused(app)

    def write(self, part: bytes) -> None:
        self._bytes += len(part)
        if self._left is not None and self._bytes > self._left:
            raise _refused(self._app)
        self._arriving.write(part)

    def keep(self, name: str, groups: Sequence[str] | None, *, replace: bool = True) -> bool:
        """Counted before, since others of theirs may arrive at the same moment. LimitReached."""
        with self._app.database.transaction() as tx:
            left = _left(self._app, tx, self._actor)
            if left is not None and self._bytes > left:
                raise _refused(self._app)
            used = {"": Taken(uploaded=self._bytes)}
            tx.book(Booking(day_of(self._app.clock()), person_of(self._actor), self._actor.key, "", self._actor.via, used))
        return self._arriving.keep(name, groups, replace=replace)

    def __enter__(self) -> Self:
        self._arriving.__enter__()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._arriving.__exit__(kind, error, trace)


def _left(app: App, tx: Transaction, actor: Actor) -> int | None:
    """Bytes; None where there is no limit, as on the command line of the server's own machine."""
    pool = Pool("person", person_of(actor))
    limit = rules_of(app, tx, actor)[pool].upload_megabytes_a_day if pool.name else 0
    if not limit or actor.via != "http":
        return None
    return limit * _MEGABYTE - tx.taken(pool, day_of(app.clock())).uploaded


def _refused(app: App) -> LimitReached:
    now = app.clock()
    again = returns_at("day", day_of(now))
    seconds = (again - now).total_seconds()
    return LimitReached(
        "that is more than you may upload today", f"there is more at {told(again)}, or ask an administrator", seconds=seconds
    )
