"""How long what is kept of people stays: `[retention]` says it for each kind, and a sweep once a day sees to it.

A sweep erases in lots, each in a transaction of its own, and can be killed between any two. Nothing under a legal hold goes. A clock that
is set back makes everything younger, so nothing goes early. A clock that leaps ahead would make everything old at once: where more than
`LEAP` went by since the last sweep, the first one only notes it, and the next goes on after `WAIT`, unless somebody says that the clock
is right. So whoever looks after the workspace has a day to put the clock right; a server that was off for some weeks sweeps a day later.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import NamedTuple, cast

from firmground.app.access.names import EVALUATION
from firmground.app.access.rights import need
from firmground.app.access.system_user import system_user
from firmground.app.app import App
from firmground.app.personal import erasing
from firmground.app.recording.ledger import latest_moment, record
from firmground.ports import Handler, JobContext, Transaction
from firmground.types import Actor, Json

LEAP = timedelta(days=7)
WAIT = timedelta(days=1)
EVERY = timedelta(days=1)
_SPACE = "retention"
_SWEPT, _NOTED, _UNRECORDED = "swept", "noted", "unrecorded"
_LOT = 200
_KINDS = ("answers", "evaluation_answers", "sessions", "links", "messages", "usage", "jobs")


class Swept(NamedTuple):
    """What went, or would go, by kind; kinds that stay for ever are left out. `waits`: why nothing went now, until when."""

    counts: dict[str, int]
    waits: str = ""


def days(app: App) -> dict[str, int]:
    """How long each kind stays; 0 for ever. For everybody: whose data it is may know."""
    settings = app.workspace.settings.retention
    return {kind: getattr(settings, kind) for kind in _KINDS}


def due(app: App, actor: Actor) -> Swept:
    """What a sweep would erase at this moment."""
    need(actor, "workspace", "see what is erased for its age")
    return Swept({kind: _DO[kind].count(app, before) for kind, before in _before(app).items()})


def sweep(app: App, actor: Actor, *, certain: bool = False, check: Callable[[], None] = lambda: None) -> Swept:
    """Erase what is older than it may be, and record how much that was. `certain`: the clock is right, however long ago the last sweep
    was. `check` is called between lots, and may raise."""
    need(actor, "workspace", "erase for its age")
    erasing.finish(app)
    _record(app, actor)  # of one that was killed
    if waits := _waits(app, certain=certain):
        return Swept({}, waits)
    counts: dict[str, int] = {}
    for kind, before in _before(app).items():
        counts[kind] = 0
        while gone := _DO[kind].lot(app, before):
            counts[kind] += gone
            check()
    with app.database.transaction() as tx:
        tx.put_fact(_SPACE, _SWEPT, app.clock().isoformat())
        tx.drop_facts(_SPACE, [_NOTED])
    _record(app, actor)
    erasing.finish(app)
    return Swept(counts)


def request_if_due(app: App) -> bool:
    """Ask for the sweep of the day, unless one waits or is under way; whether that was so. For whoever serves."""
    with app.database.reading() as tx:
        last = _moment(tx, _SWEPT)
        noted = _moment(tx, _NOTED)
    latest = max(filter(None, (last, noted)), default=None)
    if (latest is not None and timedelta() <= app.clock() - latest < EVERY) or app.jobs.unfinished("retention"):
        return False
    app.jobs.submit("retention", {"by": system_user()})
    return True


def handlers(app: App) -> dict[str, Handler]:
    """What a worker of this workspace can do."""

    def run(context: JobContext, inputs: dict[str, Json]) -> Json:
        actor = Actor(person=str(inputs["by"]), role="owner", via="job")
        made = sweep(app, actor, check=context.check_cancelled)
        told: dict[str, Json] = {**made.counts}
        return {"removed": told, "waits": made.waits}

    return {"retention": run}


# ---------------------------------------------------------------- the clock


def _waits(app: App, *, certain: bool) -> str:
    with app.database.transaction() as tx:
        now = app.clock()
        last, noted = _moment(tx, _SWEPT), _moment(tx, _NOTED)
        if last is None and not certain:
            first = datetime.min.replace(tzinfo=UTC)
            seen = latest_moment(tx, lambda: first)  # what the record saw last
            last = None if seen == first else seen
        if last is not None and now < last:
            return f"the clock says {_said(now)}, and the last sweep was at {_said(last)}: nothing is erased before that"
        if certain or last is None or now - last <= LEAP:
            return ""
        if noted is None or noted > now:
            tx.put_fact(_SPACE, _NOTED, now.isoformat())
            noted = now
        if now - noted >= WAIT:
            return ""
        return (
            f"the last sweep was at {_said(last)}, and the clock says {_said(now)}: if that is right, nothing needs to be done, and what is"
            f" too old goes from {_said(noted + WAIT)} on"
        )


def _moment(tx: Transaction, key: str) -> datetime | None:
    told = tx.fact(_SPACE, key)
    return None if told is None else datetime.fromisoformat(str(told))


def _said(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"


def _before(app: App) -> dict[str, datetime]:
    """The moment before which each kind goes."""
    now = app.clock()
    return {kind: now - timedelta(days=count) for kind, count in days(app).items() if count}


# ---------------------------------------------------------------- kind by kind


class _Kind(NamedTuple):
    """`lot` erases some, and says how many; 0 when there are no more."""

    count: Callable[[App, datetime], int]
    lot: Callable[[App, datetime], int]


def _answer_ids(tx: Transaction, before: datetime, *, of_cases: bool, limit: int) -> list[str]:
    digits = f"{max(0, int(before.timestamp() * 1000)):012x}"
    end = f"{digits[:8]}-{digits[8:]}"
    if of_cases:
        return tx.trace_ids(person=EVALUATION, before=end, limit=limit)
    return tx.trace_ids(but=[EVALUATION, *(hold.person for hold in tx.holds())], before=end, limit=limit)


def _answers(*, of_cases: bool) -> _Kind:
    kind = "evaluation_answers" if of_cases else "answers"

    def count(app: App, before: datetime) -> int:
        with app.database.reading() as tx:
            return len(_answer_ids(tx, before, of_cases=of_cases, limit=100_000_000))

    def lot(app: App, before: datetime) -> int:
        with app.database.transaction() as tx:
            ids = _answer_ids(tx, before, of_cases=of_cases, limit=_LOT)
            erasing.drop(tx, ids)
            return _note(tx, kind, len(ids))

    return _Kind(count, lot)


def _note(tx: Transaction, kind: str, count: int) -> int:
    """To be recorded at the end, whoever gets there."""
    if count:
        told = cast("dict[str, int]", tx.fact(_SPACE, _UNRECORDED) or {})
        tx.put_fact(_SPACE, _UNRECORDED, {**told, kind: told.get(kind, 0) + count})
        erasing.log_is_due(tx)
    return count


def _record(app: App, actor: Actor) -> None:
    with app.database.transaction() as tx:
        told = cast("dict[str, Json]", tx.fact(_SPACE, _UNRECORDED) or {})
        if told:
            tx.drop_facts(_SPACE, [_UNRECORDED])
            record(app, tx, actor, "retention.swept", "data", removed=told, days={**days(app)})


def _by_rows(kind: str, count: Callable[[Transaction, datetime], int], drop: Callable[[Transaction, datetime], object]) -> _Kind:
    """What is small, and goes at once."""

    def counted(app: App, before: datetime) -> int:
        with app.database.reading() as tx:
            return count(tx, before)

    def lot(app: App, before: datetime) -> int:
        with app.database.transaction() as tx:
            found = count(tx, before)
            if found:
                drop(tx, before)
            return _note(tx, kind, found)

    return _Kind(counted, lot)


def _jobs(app: App, before: datetime) -> int:
    return app.jobs.ended_before(before)


def _jobs_lot(app: App, before: datetime) -> int:
    gone = app.jobs.forget(before)
    with app.database.transaction() as tx:
        _note(tx, "jobs", gone)
    return gone


_DO: Mapping[str, _Kind] = {
    "answers": _answers(of_cases=False),
    "evaluation_answers": _answers(of_cases=True),
    "sessions": _by_rows("sessions", lambda tx, at: tx.over_at(at).sessions, lambda tx, at: tx.drop_sessions(expired_at=at)),
    "links": _by_rows("links", lambda tx, at: tx.over_at(at).links, lambda tx, at: tx.drop_links(expired_at=at)),
    "messages": _by_rows("messages", lambda tx, at: tx.count_old(at), lambda tx, at: tx.drop_notifications(before=at)),
    "usage": _by_rows("usage", lambda tx, at: tx.over_at(at).usage, lambda tx, at: tx.drop_usage_before(at)),
    "jobs": _Kind(_jobs, _jobs_lot),
}
