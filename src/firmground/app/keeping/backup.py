"""Back up a workspace while it is at work: one file, of one moment.

The database is read in one snapshot. Uploads and index are linked, not copied, in the instant at which that snapshot is taken, so that
all is as it would be if the power had failed then, which is a state that every part recovers from.
"""

import contextlib
import errno
import fcntl
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack, contextmanager
from importlib.metadata import version
from itertools import chain
from pathlib import Path
from typing import IO, NamedTuple

from firmground.app.access.rights import need
from firmground.app.app import App
from firmground.app.keeping.archive import DATABASE, HEAD, INDEX, KEY, UPLOADS, WORKSPACE, Manifest, Sink, Writing
from firmground.app.recording.ledger import record, verify
from firmground.app.redaction.keys import kept_key
from firmground.errors import InvalidInput, OutsideFailed, StorageFull
from firmground.ports import Transaction
from firmground.settings import FILE_NAME
from firmground.types import Actor

DECLARED = (FILE_NAME, "brief.toml", "policy.toml")
"""Files of the team that say what the workspace is, and folders of such files."""
DECLARED_FOLDERS = ("prompts", "golden")
_HEAD_FILE = "ledger.head"
_TRIES = 5
_PART = ".backup-part-"
SCRATCH = "scratch-"
"""How folders in the data directory begin that are gone when whoever made them is."""


class Made(NamedTuple):
    """A backup that is complete."""

    path: Path | None
    manifest: Manifest
    bytes: int
    seal: str
    """SHA-256 of all but its last 64 bytes, which are it."""
    dropped: tuple[Path, ...] = ()
    """Older ones that were deleted."""
    fault: str = ""
    """What is wrong with the ledger, which is in the backup as it is."""


def backup(
    app: App, actor: Actor, to: Path, *, keep: int | None = None, with_index: bool = True, with_documents: bool = False
) -> Made:
    """Write a backup to the file `to`, or into the folder `to` under a name with the time, of which the newest `keep` stay, and
    all where the ledger is not whole: one of the older may be the last that is good. There is all of it under its name, or nothing. For
    administrators. StorageFull, OutsideFailed, InvalidInput."""
    need(actor, "workspace", "back up the workspace")
    folder = to if to.is_dir() else to.parent
    if keep is not None and (keep < 1 or folder != to):
        raise InvalidInput(
            "only backups in a folder can be counted, and at least one is kept", "name a folder and --keep 1 or more"
        )
    if folder.resolve().is_relative_to(app.workspace.data.resolve()):
        raise InvalidInput("a backup inside the data directory is lost with it", "name a place elsewhere, best on another disk")
    with _written_whole(folder) as (file, place):
        manifest, seal, size = _write(app, file, with_index=with_index, with_documents=with_documents)
        path = to if folder != to else folder / f"{_stem(app)}-{manifest.made_at:%Y%m%dT%H%M%SZ}.zip"
        place(path)
    fault = _fault(app, actor)
    dropped = _drop_older(app, folder, keep) if keep is not None and not fault else ()
    made = Made(path, manifest, size, seal, dropped, fault)
    _tell(app, actor, made)
    return made


def backup_to(app: App, actor: Actor, sink: Sink, *, with_index: bool = True, with_documents: bool = False) -> Made:
    """Write a backup somewhere else, e.g. to a pipe that encrypts it."""
    need(actor, "workspace", "back up the workspace")
    with _told("the output"):
        manifest, seal, size = _write(app, sink, with_index=with_index, with_documents=with_documents)
    made = Made(None, manifest, size, seal, fault=_fault(app, actor))
    _tell(app, actor, made)
    return made


@contextmanager
def scratch(data: Path, purpose: str) -> Generator[Path]:
    """A folder in the data directory that is gone afterwards; what killed processes left of such is removed before."""
    sweep(data)
    folder = Path(tempfile.mkdtemp(prefix=f"{SCRATCH}{purpose}-", dir=data))
    with locked(folder):
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def sweep(data: Path) -> None:
    """Remove what killed processes left of such folders."""
    for folder in data.glob(f"{SCRATCH}*"):
        with contextlib.suppress(OSError), locked(folder):
            shutil.rmtree(folder, ignore_errors=True)


def settle(folder: Path) -> None:
    """What was renamed in it is on the disk."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _write(app: App, sink: Sink, *, with_index: bool, with_documents: bool) -> tuple[Manifest, str, int]:
    _ = app.database  # its folder is there now
    with scratch(app.workspace.data, "backup") as folder, ExitStack() as stack, Writing(sink) as writing:
        head, key = _head(app), kept_key(app.workspace)
        tx, whole = _pinned(app, stack, folder, with_index=with_index)
        moment = app.clock()
        with writing.member(DATABASE) as write:
            tables = tx.dump(write)
        last = tx.end_of_ledger()
        first = tx.entries(limit=1)
        manifest = Manifest(
            firmground=version("firmground"),
            db_schema=str(app.database.describe()["schema"]),
            database=str(app.database.describe()["kind"]),
            workspace=app.workspace.name,
            made_at=moment,
            corpus=tx.corpus_version(),
            ledger=last or (0, ""),
            origin=first[0].digest if first else "",
            index="whole" if whole else "left out",
            documents=with_documents,
            tables=tables,
            members={},
        )
        stack.close()  # the snapshot is not needed any more, and would keep the write-ahead log growing
        if head is not None:
            with writing.member(HEAD) as write:
                write(head)
        if key is not None:
            with writing.member(KEY) as write:
                write(key)
        for name, path in chain(
            _files(folder / "uploads", UPLOADS),
            _files(folder / "index", INDEX) if whole else (),
            _declared(app, with_documents=with_documents),
        ):
            writing.file(name, path)
        manifest = manifest.model_copy(update={"members": dict(writing.members)})
        return manifest, *writing.end(manifest)


def _pinned(app: App, stack: ExitStack, folder: Path, *, with_index: bool) -> tuple[Transaction, bool]:
    """A snapshot of the database, with links in `folder` to uploads and index as they were at the moment it was taken; whether the index
    stood still for that."""
    data = app.workspace.data
    with_index = with_index and app.workspace.settings.index.url == "local" and (data / "index").is_dir()
    for _ in range(_TRIES):
        for part in ("uploads", "index"):
            shutil.rmtree(folder / part, ignore_errors=True)
        with ExitStack() as trying:
            before = _listed(data / "index") if with_index else ()
            linked = with_index and _linked(data / "index", folder / "index")
            if app.uploads.exists():
                with app.uploads.alone():
                    if not _linked(data / "uploads", folder / "uploads"):
                        raise OutsideFailed(
                            "the uploads change although they are locked", "see what else writes into their folder"
                        )
                    tx = trying.enter_context(app.database.reading())
            else:
                tx = trying.enter_context(app.database.reading())
            if not with_index or (linked and _listed(data / "index") == before):
                stack.push(trying.pop_all())
                return tx, with_index
    return _pinned(app, stack, folder, with_index=False)


def _linked(source: Path, to: Path) -> bool:
    """Whether every file of a folder could be linked, or copied where there are no links, into another."""
    to.mkdir(mode=0o700)
    try:
        for root, folders, names in os.walk(source):
            there = to / Path(root).relative_to(source)
            for name in folders:
                (there / name).mkdir(mode=0o700)
            for name in names:
                _link(Path(root) / name, there / name)
    except FileNotFoundError:
        return False
    return True


def _link(source: Path, to: Path) -> None:
    """Files of the index and uploads are written once and then replaced, never changed: a link to one is a copy of it."""
    try:
        os.link(source, to, follow_symlinks=False)
    except OSError as error:
        if error.errno not in {errno.EPERM, errno.EXDEV, errno.EMLINK, errno.ENOTSUP}:
            raise
        shutil.copy2(source, to, follow_symlinks=False)


def _listed(folder: Path) -> tuple[tuple[str, int, int], ...]:
    """Every file with its size and its change."""
    found: list[tuple[str, int, int]] = []
    for root, _, names in os.walk(folder):
        for name in names:
            path = Path(root) / name
            try:
                about = path.lstat()
            except FileNotFoundError:
                continue
            found.append((str(path.relative_to(folder)), about.st_size, about.st_mtime_ns))
    return tuple(sorted(found))


def _head(app: App) -> bytes | None:
    """The end of the ledger as it is kept beside the database, from before the snapshot."""
    try:
        return (app.workspace.data / _HEAD_FILE).read_bytes()
    except OSError:
        return None


def _declared(app: App, *, with_documents: bool) -> Iterator[tuple[str, Path]]:
    root = app.workspace.root.resolve()
    folders = [root / name for name in DECLARED_FOLDERS]
    if with_documents:
        folders_of = [source for source in app.workspace.settings.sources if source.kind == "files"]
        sources = [app.workspace.source_path(source).resolve() for source in folders_of]
        folders += [path for path in sources if path.is_relative_to(root)]
    told = dict.fromkeys(root / name for name in DECLARED if (root / name).is_file())
    for folder in folders:
        told.update(dict.fromkeys(path for _, path in _files(folder, "")))
    data = app.workspace.data.resolve()
    for path in told:
        if not path.is_relative_to(data):
            yield _named(WORKSPACE + path.relative_to(root).as_posix()), path


def _files(folder: Path, prefix: str) -> Iterator[tuple[str, Path]]:
    """Plain files; links that lead elsewhere are not followed."""
    for root, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            path = Path(root) / name
            if path.is_file() and not path.is_symlink():
                yield _named(prefix + path.relative_to(folder).as_posix()), path


def _named(name: str) -> str:
    try:
        name.encode()
    except UnicodeEncodeError:
        raise InvalidInput(f"the name of {ascii(name)[:200]} is no valid Unicode", "rename the file") from None
    return name


@contextmanager
def _written_whole(folder: Path) -> Generator[tuple[IO[bytes], Callable[[Path], None]]]:
    """A file that takes its name at the end, if there is an end."""
    with _told(str(folder)):
        for left in folder.glob(f"{_PART}*"):
            with contextlib.suppress(OSError), locked(left):
                left.unlink()
        handle, name = tempfile.mkstemp(prefix=_PART, dir=folder)
        fcntl.flock(handle, fcntl.LOCK_EX)
        part = Path(name)
        with os.fdopen(handle, "wb", buffering=1 << 20) as file:

            def place(path: Path) -> None:
                file.flush()
                os.fsync(file.fileno())
                part.replace(path)
                settle(folder)

            try:
                yield file, place
            finally:
                with contextlib.suppress(OSError):
                    part.unlink()


@contextmanager
def locked(path: Path) -> Generator[None]:
    """Held until then, or until this process is dead. OSError where somebody who lives holds it."""
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(handle)


@contextmanager
def _told(place: str) -> Generator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}:
            raise StorageFull(
                f"the backup does not fit on the disk of {place}", "free some space, or name another place"
            ) from None
        raise OutsideFailed(f"the backup could not be written to {place} ({error.strerror})", "check the place") from None


def _stem(app: App) -> str:
    return re.sub(r"[^\w.-]+", "-", app.workspace.name).strip("-.") or "workspace"


def _drop_older(app: App, folder: Path, keep: int) -> tuple[Path, ...]:
    """Those that this workspace has put there under a name with the time, but for the newest."""
    pattern = re.compile(re.escape(_stem(app)) + r"-\d{8}T\d{6}Z\.zip")
    older = sorted((path for path in folder.iterdir() if pattern.fullmatch(path.name)), reverse=True)[keep:]
    for path in older:
        path.unlink(missing_ok=True)
    return tuple(older)


def _fault(app: App, actor: Actor) -> str:
    """The first of the ledger."""
    faults = verify(app, actor).faults
    return faults[0].said if faults else ""


def _tell(app: App, actor: Actor, made: Made) -> None:
    manifest = made.manifest
    with app.database.transaction() as tx:
        record(
            app,
            tx,
            actor,
            "backup.made",
            made.path.name if made.path else "-",
            bytes=made.bytes,
            sha256=made.seal,
            entry=manifest.ledger[0],
            corpus=manifest.corpus,
            index=manifest.index,
        )
