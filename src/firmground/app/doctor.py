"""What is wrong with this installation and workspace, and how to mend it."""

import shutil
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator

from firmground.app.app import App
from firmground.app.rights import administrators_only
from firmground.errors import FirmgroundError
from firmground.types import Actor, Check

_LITTLE_DISK = 1_000_000_000
_MANY_UNINDEXED = 5_000


def doctor(app: App, actor: Actor, components: Iterable[Callable[[], Check]]) -> list[Check]:
    """Every check, also where an earlier one failed. `components` are checks that belong to concrete adapters."""
    administrators_only(actor, "examine the workspace")
    looks: list[tuple[str, Callable[[], Iterable[Check]]]] = [
        ("python", _python),
        ("disk", lambda: _disk(app)),
        ("database", lambda: _database(app)),
        ("sources", lambda: _sources(app)),
        *((f"component {number}", lambda look=look: [look()]) for number, look in enumerate(components, start=1)),
        ("index", lambda: _index(app)),
        ("documents", lambda: _documents(app)),
        ("hosts", lambda: _hosts(app)),
    ]
    return [check for name, look in looks for check in _guarded(name, look)]


def _guarded(name: str, look: Callable[[], Iterable[Check]]) -> list[Check]:
    try:
        return list(look())
    except FirmgroundError as error:
        return [Check(name=name, state="error", detail=error.problem, remedy=error.remedy)]
    except Exception as error:  # noqa: BLE001 - a doctor who falls ill helps nobody
        return [Check(name=name, state="error", detail=f"{type(error).__name__}: {error}", remedy="report this as a bug")]


def _python() -> Iterator[Check]:
    version = ".".join(str(part) for part in sys.version_info[:3])
    supported = sys.platform == "linux"
    detail = f"Python {version} on {sys.platform}"
    yield Check(
        name="python",
        state="ok" if supported else "warning",
        detail=detail,
        remedy="" if supported else "only Linux x86-64 is tested",
    )


def _disk(app: App) -> Iterator[Check]:
    place = app.workspace.data if app.workspace.data.exists() else app.workspace.root
    free = shutil.disk_usage(place).free
    state = "ok" if free >= _LITTLE_DISK else "warning"
    remedy = "" if state == "ok" else "free some space, or move the data with FIRMGROUND_DATA"
    yield Check(name="disk", state=state, detail=f"{free / 1e9:.1f} GB free for {place}", remedy=remedy)


def _database(app: App) -> Iterator[Check]:
    described = ", ".join(f"{key} {value}" for key, value in app.database.describe().items())
    faults = app.database.check()
    yield (
        Check(name="database", state="ok", detail=described)
        if not faults
        else Check(
            name="database",
            state="error",
            detail="; ".join(faults),
            remedy="restore the last backup, or sync into a fresh data directory",
        )
    )


def _sources(app: App) -> Iterator[Check]:
    for name, source in app.sources.items():
        count = sum(1 for _ in source.files())
        trouble = source.problems()
        detail = f"{count} files" + (f"; {trouble[0][0]}: {trouble[0][2]}" if trouble else "")
        detail += f" (and {len(trouble) - 1} more)" if len(trouble) > 1 else ""
        state = "warning" if trouble or not count else "ok"
        remedy = "" if state == "ok" else "look at the path, include, exclude and rules of this source, and at its permissions"
        yield Check(name=f"source {name}", state=state, detail=detail, remedy=remedy)
    if not app.sources:
        yield Check(name="sources", state="error", detail="there is none", remedy="add a [[sources]] table to firmground.toml")


def _index(app: App) -> Iterator[Check]:
    stats = app.index.stats()
    build = app.candidate.build
    with app.database.reading() as tx:
        expected = tx.chunk_count(build)
        waiting = len(tx.stale_documents(build, limit=1000))
    detail = f"{stats.rows} rows, {stats.unindexed} not covered, {stats.bytes / 1e6:.1f} MB, build {build}"
    if stats.rows != expected or waiting:
        detail += f"; the database has {expected} chunks and {waiting} documents wait"
        yield Check(name="index", state="warning", detail=detail, remedy="bring it up to date with `firmground sync`")
    else:
        slow = stats.unindexed > _MANY_UNINDEXED
        yield Check(
            name="index",
            state="warning" if slow else "ok",
            detail=detail,
            remedy="run `firmground sync`, it compacts" if slow else "",
        )


def _documents(app: App) -> Iterator[Check]:
    with app.database.reading() as tx:
        states: Counter[str] = Counter()
        for (_, state, _), count in tx.document_counts().items():
            states[state] += count
    failed, waiting = states["failed"], states["quarantined"]
    detail = f"{states['indexed']} indexed, {waiting} in quarantine, {failed} failed"
    if not states:
        yield Check(name="documents", state="warning", detail="nothing was synced yet", remedy="run `firmground sync`")
    elif failed or waiting:
        yield Check(
            name="documents",
            state="warning",
            detail=detail,
            remedy=f"see `firmground documents list --state {'failed' if failed else 'quarantined'}`",
        )
    else:
        yield Check(name="documents", state="ok", detail=detail)


def _hosts(app: App) -> Iterator[Check]:
    """Until there is an owner only names of this machine are served."""
    settings = app.workspace.settings.serve
    with app.database.reading() as tx:
        if not tx.has_owner():
            return
    if settings.url or settings.hosts:
        yield Check(name="hosts", state="ok", detail=", ".join(filter(None, (settings.url, *settings.hosts))))
    else:
        remedy = "set `url` under [serve] to the address that people use, or `hosts` to its names"
        yield Check(name="hosts", state="warning", detail="the server answers whatever name it is addressed by", remedy=remedy)
