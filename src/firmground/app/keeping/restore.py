"""Bring a backup back: in the place of the data there is, or into a new folder.

All of the backup is checked before anything is touched. What was taken away since it was made is taken away again before anybody can see
it.
"""

import errno
import os
import tempfile
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from shutil import rmtree
from typing import NamedTuple

from firmground.accounts import Account
from firmground.app.access.rights import need
from firmground.app.app import App
from firmground.app.corpus.indexing import bring_up_to_date, purge_erased, reconcile
from firmground.app.keeping import restoring
from firmground.app.keeping.archive import DATABASE, HEAD, INDEX, KEY, UPLOADS, WORKSPACE, Archive, Manifest, opened
from firmground.app.keeping.backup import scratch
from firmground.app.keeping.since import Since, decide_again, since, take_away_again
from firmground.app.recording.ledger import record
from firmground.app.redaction.keys import kept_key
from firmground.app.redaction.revealing import unopened
from firmground.errors import Busy, FirmgroundError, InvalidInput, OutsideFailed, Refused, StorageFull
from firmground.settings import FILE_NAME, Workspace
from firmground.types import Actor

DATA = ".firmground"
_DIFFERING = "from-backup"
"""Where files of the team lie that are not what they were."""


class Restored(NamedTuple):
    """What came of it."""

    manifest: Manifest
    root: Path
    aside: Path | None = None
    """Where the data lies that there was."""
    erased_again: int = 0
    written: tuple[str, ...] = ()
    """Files of the team that were missing."""
    differ: tuple[str, ...] = ()
    """Those that were left as they are now, or belong to another workspace; the backup's lie in `.firmground/from-backup`."""
    warnings: tuple[str, ...] = ()
    """One line each."""
    held: int = 0
    """Notifications that waited in the backup, and are sent only when somebody says so."""
    other: bool = False
    """Whether it is a backup of another workspace."""


def restore(
    app: App, actor: Actor, file: Path, *, other: bool = False, watch: Callable[[float], None] = lambda _: None
) -> Restored:
    """Into this workspace, whose data is kept aside. For administrators. Refused where the backup is of another workspace, unless
    an `other` is meant; Busy while a server or a command works here. Damaged, InvalidInput, StorageFull: then nothing has changed."""
    need(actor, "workspace", "restore a backup")
    data = app.workspace.data
    with _told(data), opened(file, room=data) as archive:
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
        restoring.finish(data)
        made: list[Restored] = []
        _while_nobody_works(app, lambda: made.append(_in_place(app, actor, file, archive, other=other, watch=watch)))
        return made[0]


def restore_into(open_there: Callable[[Path], App], actor: Actor, file: Path, folder: Path) -> Restored:
    """Into a folder that does not exist yet or is empty: a workspace with all that the backup holds. `open_there` opens one."""
    folder = folder.absolute()
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise Refused(f"{folder} is not empty", "name a new folder")
    with _told(folder), opened(file, room=folder) as archive:
        if WORKSPACE + FILE_NAME not in archive.manifest.members:
            raise InvalidInput(f"{file.name} holds no {FILE_NAME}", "restore it inside its workspace, without --to")
        folder.parent.mkdir(parents=True, exist_ok=True)
        stage = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
        try:
            archive.unpack(archive.names(WORKSPACE), lambda name: stage / name.removeprefix(WORKSPACE))
            with open_there(stage) as there:
                if there.workspace.data != stage / DATA:
                    raise InvalidInput("FIRMGROUND_DATA names a place of its own", "leave it away while you restore with --to")
                unpack_data(archive, there.workspace.data)
                _must_be_empty(there)
                load(there, archive)
            with open_there(stage) as there:
                done = _finished(there, actor, (file.name, archive.manifest), Since(), lambda _: None)
            stage.rename(folder)
        finally:
            rmtree(stage, ignore_errors=True)
        return Restored(archive.manifest, folder, warnings=done.warnings, held=done.held)


def unpack_data(archive: Archive, data: Path) -> None:
    """Uploads, index, the end of the ledger, and the key of personal data, if it was kept there."""
    data.mkdir(mode=0o700, exist_ok=True)
    archive.unpack(archive.names(UPLOADS), lambda name: data / name)
    archive.unpack(archive.names(INDEX), lambda name: data / name)
    archive.unpack(archive.names(HEAD), lambda name: data / name)
    archive.unpack(archive.names(KEY), lambda name: data / name)


def load(there: App, archive: Archive) -> None:
    """The rows, into an empty workspace. Without the index nothing is known of what one had taken in."""
    _load_rows(there, archive, "")
    if archive.manifest.index != "whole":
        forget_index(there)


def forget_index(there: App) -> None:
    """It is built anew from the documents."""
    with there.database.reading() as tx:
        builds = tx.builds()
    for build in builds:
        there.drop_index(build)
        with there.database.transaction() as tx:
            tx.drop_build(build)


def index_again(there: App, pause: Callable[[float], None] = lambda _: None) -> None:
    """What the index does not hold."""
    reconcile(there)
    bring_up_to_date(there, pause)
    purge_erased(there)


def _load_rows(there: App, archive: Archive, aside: str) -> None:
    there.database.load(archive.lines(DATABASE), aside=aside)


def _in_place(app: App, actor: Actor, file: Path, archive: Archive, *, other: bool, watch: Callable[[float], None]) -> Restored:
    manifest, workspace = archive.manifest, app.workspace
    _refuse_others(workspace.data)
    now = since(app, actor, manifest)
    owners = _owners(now)
    foreign = bool(now.origin) and bool(manifest.origin) and now.origin != manifest.origin
    foreign = foreign or (not now.origin and manifest.workspace != workspace.name)
    if foreign:
        if not other:
            raise Refused(
                f"{file.name} is a backup of another workspace, {manifest.workspace!r}",
                "restore it into a folder of its own with --to, or add --other-workspace to replace this one",
            )
        now = Since(end=now.end)
    server = workspace.settings.database.url != "sqlite"
    stamp = _stamp(app.clock(), workspace.data)
    with scratch(workspace.data, "restore") as root:
        staged = Workspace(root=root, data=root / DATA, settings=workspace.settings)
        archive.unpack(archive.names(WORKSPACE), lambda name: root / name.removeprefix(WORKSPACE))
        unpack_data(archive, staged.data)
        if KEY not in manifest.members and (key := kept_key(workspace)) is not None:
            (staged.data / KEY).touch(0o600)
            (staged.data / KEY).write_bytes(key)
        with app.beside(staged) as there:
            if server:
                restoring.loading(workspace.data)
            try:
                _load_rows(there, archive, f"before_restore_{stamp.replace('-', '_')}")
            except FirmgroundError:
                restoring.done(workspace.data)  # as if nothing had begun
                raise
            if manifest.index != "whole":
                forget_index(there)
        with app.beside(staged) as there:
            done = _finished(there, actor, (file.name, manifest), now, watch)
            warnings = done.warnings + _keep_owners(there, actor, owners)
        missing, differ = _compared(archive, workspace.root, root)
        if foreign:
            missing, differ = (), tuple(sorted((*missing, *differ)))
        for name in differ:
            place = staged.data / _DIFFERING / name
            place.parent.mkdir(parents=True, exist_ok=True)
            (root / name).rename(place)
        aside = restoring.swap(workspace.data, staged.data, stamp)
        for name in missing:
            (workspace.root / name).parent.mkdir(parents=True, exist_ok=True)
            (workspace.root / name).write_bytes((root / name).read_bytes())
    return Restored(manifest, workspace.root, aside, done.erased, missing, differ, warnings, done.held, foreign)


class _Finished(NamedTuple):
    """How many documents were erased again, what is to be said, and how many notifications are held."""

    erased: int
    warnings: tuple[str, ...]
    held: int


def _finished(there: App, actor: Actor, backup: tuple[str, Manifest], now: Since, watch: Callable[[float], None]) -> _Finished:
    """What is left to do with loaded data: take away, index, hold what waits to be told, since it may have been told, and record."""
    name, manifest = backup
    warnings: list[str] = []
    if not now.known:
        warnings.append(
            f"what was erased or taken away since {manifest.made_at:%Y-%m-%d %H:%M} UTC cannot be known: erase it again, and look at"
            " people, keys, passwords and mail addresses, at what is live and at the policy"
        )
    erased = _without_index(there, lambda: take_away_again(there, actor, now), warnings)
    decisions, lost = decide_again(there, actor, now)
    warnings += [*lost, *unopened(there)]
    _without_index(there, lambda: index_again(there, watch), warnings)
    with there.database.transaction() as tx:
        held = tx.hold_waiting()
        record(
            there,
            tx,
            actor,
            "backup.restored",
            name,
            made_at=manifest.made_at.isoformat(),
            entry=manifest.ledger[0],
            replaced=None if now.end is None else [*now.end],
            erased_again=erased or 0,
            known_since=now.known,
            decisions=decisions,
            held=held,
        )
    return _Finished(erased or 0, tuple(warnings), held)


def _owners(now: Since) -> list[tuple[Account, str]]:
    return [(account, password) for account, password in now.accounts if account.person in now.owners]


def _keep_owners(there: App, actor: Actor, owners: Sequence[tuple[Account, str]]) -> tuple[str, ...]:
    """Where the backup has none, those there are stay: with them gone, whoever reaches the server would be its administrator."""
    with there.database.transaction() as tx:
        if not owners or tx.has_owner():
            return ()
        for account, password in owners:
            if not tx.has_person(account.person):
                tx.add_person(account.person, role="owner")
                record(there, tx, actor, "person.added", account.person, role="owner", restored=True)
            tx.set_role(account.person, "owner")
            tx.save_account(account, password)
            record(there, tx, actor, "account.added", account.person, restored=True)
    names = ", ".join(account.person for account, _ in owners)
    return (f"the backup has no owner, so those there are stay: {names}",)


def _without_index(there: App, work: Callable[[], int | None], warnings: list[str]) -> int | None:
    """Where the index is the trouble, it is left to the next sync; the database has erased what it had to by then."""
    try:
        return work()
    except FirmgroundError as error:
        with suppress(FirmgroundError):
            forget_index(there)
            warnings.append(f"the index is not up to date ({error.problem}): run `firmground sync`")
            return work()
    return None


def _while_nobody_works(app: App, work: Callable[[], None]) -> None:
    """With the lease of the workspace, where one can be had: damaged data is no reason not to replace it."""
    began = False

    def once() -> bool:
        nonlocal began
        began = True
        work()
        return True

    try:
        app.jobs.work({}, until=once)
    except Busy:
        if began:
            raise
        raise Busy("a server or a command is at work in this workspace", "stop it, then restore") from None
    except FirmgroundError:
        if began:
            raise
        work()


def _refuse_others(data: Path) -> None:
    """A server that has only begun, or a second one, works here without the lease."""
    inside = f"{data.resolve()}/"
    for handle in Path("/proc").glob("[0-9]*/fd/*"):
        process = handle.parts[2]
        with suppress(OSError):
            if process != str(os.getpid()) and str(handle.readlink()).startswith(inside):
                raise Busy(f"process {process} has files of this workspace open", "stop it, then restore")


def _must_be_empty(there: App) -> None:
    """A database on a server may be the one that is in use."""
    with there.database.reading() as tx:
        if tx.end_of_ledger() is not None or tx.document_counts():
            raise Refused("the database that the settings name is in use", "name another in FIRMGROUND_DATABASE__URL")


def _compared(archive: Archive, root: Path, restored: Path) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Files of the team that are missing now, and those that differ. Documents are theirs: only missing ones are written."""
    missing: list[str] = []
    differ: list[str] = []
    for name in (name.removeprefix(WORKSPACE) for name in archive.names(WORKSPACE)):
        path = root / name
        if not path.parent.resolve().is_relative_to(root.resolve()):
            differ.append(name)
        elif not path.exists():
            missing.append(name)
        elif not path.is_file() or path.read_bytes() != (restored / name).read_bytes():
            differ.append(name)
    return tuple(missing), tuple(differ)


def _stamp(now: datetime, data: Path) -> str:
    """A name for this restore that none before had."""
    first = f"{now:%Y%m%d-%H%M%S}"
    taken = {path.name.removeprefix(restoring.ASIDE) for path in data.glob(f"{restoring.ASIDE}*")}
    return next(name for name in (first, *(f"{first}-{n}" for n in range(2, 10_000))) if name not in taken)


@contextmanager
def _told(place: Path) -> Generator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise StorageFull(f"the disk of {place} is full", "free some space: what was there before is intact") from None
        raise OutsideFailed(f"the backup could not be restored ({error.strerror or error})", f"check {place}") from None
