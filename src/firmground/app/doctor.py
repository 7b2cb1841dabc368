"""What is wrong with this installation and workspace, and how to mend it."""

import shutil
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping

from firmground.app.access.rights import need
from firmground.app.app import App
from firmground.app.keeping.restoring import ASIDE
from firmground.app.launching.briefs import brief_now
from firmground.app.launching.exercises import kept
from firmground.app.launching.policies import policy_now
from firmground.app.notifying.routes import checks
from firmground.app.recording.ledger import verify
from firmground.app.redaction.intake import mode_of
from firmground.app.redaction.keys import FILE, VARIABLE, kept_key, known_key
from firmground.app.redaction.revealing import unopened
from firmground.app.reviewing.preview import oddities
from firmground.errors import FirmgroundError, OutsideFailed
from firmground.gate.requirements.exercises import RestoreDrill
from firmground.ports import RemoteSource
from firmground.review.rules import Rules
from firmground.types import Actor, Check

_LITTLE_DISK = 1_000_000_000
_MANY_UNINDEXED = 5_000
_SURE_BY_NOW = 7 * 86_400
"""Seconds after which a restore was a good one, or somebody would have gone back."""
_DECLARED: Mapping[str, Callable[[App], object]] = {"policy.toml": policy_now, "brief.toml": brief_now}


def doctor(app: App, actor: Actor, components: Iterable[Callable[[], Check]]) -> list[Check]:
    """Every check, also where an earlier one failed. `components` are checks that belong to concrete adapters."""
    need(actor, "documents", "examine the workspace")
    looks: list[tuple[str, Callable[[], Iterable[Check]]]] = [
        ("python", _python),
        ("disk", lambda: _disk(app)),
        ("database", lambda: _database(app)),
        ("ledger", lambda: _ledger(app, actor)),
        ("sources", lambda: _sources(app)),
        *((f"component {number}", lambda look=look: [look()]) for number, look in enumerate(components, start=1)),
        ("index", lambda: _index(app)),
        ("documents", lambda: _documents(app)),
        ("hosts", lambda: _hosts(app)),
        *(
            (name, lambda look=look: _readable(app, look))
            for name, look in _DECLARED.items()
            if (app.workspace.root / name).exists()
        ),
        ("review rules", lambda: _rules(app)),
        ("personal data", lambda: _personal_key(app)),
        ("notifications", lambda: checks(app)),
        ("aside", lambda: _aside(app)),
        ("drill", lambda: _drill(app)),
    ]
    return [check for name, look in looks for check in _guarded(name, look)]


def _guarded(name: str, look: Callable[[], Iterable[Check]]) -> list[Check]:
    try:
        return list(look())
    except FirmgroundError as error:
        return [Check(name=name, state="error", detail=error.problem, remedy=error.remedy)]
    except Exception as error:  # noqa: BLE001 - a doctor who falls ill helps nobody
        return [Check(name=name, state="error", detail=f"{type(error).__name__}: {error}", remedy="report this as a bug")]


def _ledger(app: App, actor: Actor) -> Iterator[Check]:
    found = verify(app, actor)
    if found.whole:
        state = "warning" if found.remarks else "ok"
        detail = "; ".join([f"{found.entries} entries, each as it was written", *found.remarks[-1:]])
        yield Check(
            name="ledger",
            state=state,
            detail=detail,
            remedy="compare with an anchor: `firmground ledger verify --anchor FILE`" if found.remarks else "",
        )
    else:
        yield Check(name="ledger", state="error", detail=found.faults[0].said, remedy="look at `firmground ledger verify`")


def _personal_key(app: App) -> Iterator[Check]:
    """Only where something is hidden, or shall be."""
    with app.database.reading() as tx:
        known = known_key(tx)
    modes = {mode_of(app, name) for name in app.sources}
    if not known and "mask" not in modes:
        return
    name, place = "personal data", app.workspace.data / FILE
    if known and (wrong := unopened(app)):
        problem, _, remedy = wrong[0].partition(": ")
        yield Check(name=name, state="error", detail=problem, remedy=remedy)
    elif (kept := kept_key(app.workspace)) is not None and place.stat().st_mode & 0o077:
        yield Check(
            name=name, state="warning", detail=f"others may read {place}, the key of what is masked", remedy=f"chmod 600 {place}"
        )
    elif known:
        where = str(place) if kept is not None else VARIABLE
        yield Check(name=name, state="ok", detail=f"what is masked opens with the key in {where}")
    else:
        yield Check(name=name, state="ok", detail="nothing is masked yet; the next sync makes the key, if there is none")


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
        if isinstance(source, RemoteSource):
            yield _reached(name, source)
            continue
        count = sum(1 for _ in source.files())
        trouble = source.problems()
        detail = f"{count} files" + (f"; {trouble[0][0]}: {trouble[0][2]}" if trouble else "")
        detail += f" (and {len(trouble) - 1} more)" if len(trouble) > 1 else ""
        state = "warning" if trouble or not count else "ok"
        remedy = "" if state == "ok" else "look at the path, include, exclude and rules of this source, and at its permissions"
        yield Check(name=f"source {name}", state=state, detail=detail, remedy=remedy)
    if not app.sources:
        yield Check(name="sources", state="error", detail="there is none", remedy="add a [[sources]] table to firmground.toml")


def _reached(name: str, source: RemoteSource) -> Check:
    try:
        source.reach()
    except OutsideFailed as failed:
        return Check(name=f"source {name}", state="error", detail=failed.problem, remedy=failed.remedy)
    return Check(name=f"source {name}", state="ok", detail="it answers")


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


def _rules(app: App) -> Iterator[Check]:
    """Of the workspace as it stands."""
    rules = Rules.of(app.workspace.settings.review)
    if not rules.rules:
        return
    with app.database.reading() as tx:
        odd = oddities(tx, rules)
    for each in odd:
        yield Check(
            name="review rules", state="warning", detail=each, remedy="correct it under [[review.rules]], or leave it for later"
        )
    if not odd:
        yield Check(name="review rules", state="ok", detail=f"{len(rules.rules)} of them name only what there is")


def _readable(app: App, look: Callable[[App], object]) -> Iterator[Check]:
    """Nothing to be told where it is."""
    look(app)
    yield from ()


def _aside(app: App) -> Iterator[Check]:
    """They hold what was erased since, too."""
    now = app.clock().timestamp()
    for folder in sorted(app.workspace.data.glob(f"{ASIDE}*")):
        if now - folder.stat().st_mtime > _SURE_BY_NOW:
            detail = f"{folder} still holds what a restore replaced, also what was erased since"
            yield Check(name="aside", state="warning", detail=detail, remedy="delete it if the restore was right")


def _drill(app: App) -> Iterator[Check]:
    with app.database.reading() as tx:
        done = kept(tx, "").get(RestoreDrill.exercise)
    if done is None or not (app.workspace.root / "policy.toml").exists():
        return
    for asked in policy_now(app).requirements:
        days = (app.clock() - done.at).total_seconds() / 86_400
        if isinstance(asked, RestoreDrill) and days > asked.max_age_days:
            detail = f"the last drill was {days:.0f} days ago, and the policy allows {asked.max_age_days:.0f}"
            yield Check(name="drill", state="warning", detail=detail, remedy="run `firmground restore FILE --drill`")
