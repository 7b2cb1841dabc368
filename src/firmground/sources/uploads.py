"""Documents that people gave to the workspace itself.

They lie in one folder of the data directory, each with a sidecar file that says who may see it. What arrives is written elsewhere in that
directory and takes its place by a rename once it is complete and on the disk; whatever ends before leaves nothing that anybody sees, and
what a killed process left is removed when the next one receives something.
"""

import contextlib
import errno
import fcntl
import json
import os
import tempfile
import unicodedata
from collections.abc import Collection, Generator, Sequence
from pathlib import Path
from re import IGNORECASE, fullmatch
from types import TracebackType
from urllib.parse import unquote_to_bytes

from firmground.errors import InvalidInput, OutsideFailed, Refused, StorageFull
from firmground.groups import PUBLIC, common
from firmground.ports import Arriving
from firmground.sources.files import FilesSource, uri_of
from firmground.sources.labels import NOBODY, SIDECARS, Labels, is_sidecar, read_sidecar
from firmground.sources.matter import BadMatter

NAME = "uploads"
_SIDECAR = ".meta.json"
_LONGEST = 200
"""Bytes of a name: the sidecar's must fit into what file systems take."""
_WINDOWS = r"(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(\..*)?"
_FORBIDDEN = frozenset('<>:"|?*')
_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


class UploadsSource(FilesSource):
    """A file without a sidecar is shown to no group: nobody said who may see it."""

    def __init__(self, data: Path, *, max_bytes: int) -> None:
        super().__init__(NAME, data / NAME, groups=(PUBLIC,), max_bytes=max_bytes)
        self._incoming = data / "incoming"

    def exists(self) -> bool:
        return self.root.is_dir()

    def named(self, name: str) -> str:
        return uri_of(_checked(name))

    def holds(self, uri: str) -> bool:
        return os.path.lexists(self._path(uri))

    def receive(self) -> Arriving:
        with _told("received"), self.alone():
            self._sweep()
            return _Incoming(self, self._incoming)

    def remove(self, uri: str) -> None:
        path = self._path(uri)
        with _told("removed"), self.alone():
            path.unlink(missing_ok=True)
            for end in SIDECARS:
                path.with_name(path.name + end).unlink(missing_ok=True)
            if self.exists():
                _settle(self.root)

    def place(self, content: Path, name: str, groups: Sequence[str] | None, *, replace: bool) -> bool:
        """Put the complete file `content` in its place; whether it replaced one."""
        path = self.root / _checked(name)
        sidecar = path.with_name(path.name + _SIDECAR)
        with _told("kept"), self.alone():
            self.root.mkdir(mode=0o700, exist_ok=True)
            replaced = os.path.lexists(path)
            if replaced and not replace:
                raise Refused(f"there is an upload named {path.name!r} already", "replace it, or give this one another name")
            before = self._groups(sidecar) if replaced else ()
            after = before if groups is None else tuple(sorted(set(groups)))
            # Whatever is killed in between, nobody sees one content with the groups of the other.
            self._label(sidecar, common(before, after) if replaced else after)
            content.replace(path)
            if replaced:
                self._label(sidecar, after)
            _settle(self.root)
        return replaced

    @contextlib.contextmanager
    def alone(self) -> Generator[None]:
        """No other process or thread changes the folder meanwhile."""
        self._incoming.mkdir(mode=0o700, parents=True, exist_ok=True)
        with (self._incoming / ".lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _file_labels(self, uri: str, name: str, folder: Labels, names: Collection[str]) -> Labels:
        if not any(name + end in names for end in SIDECARS):
            return NOBODY
        return super()._file_labels(uri, name, folder, names)

    def said(self, uri: str) -> list[tuple[str, tuple[str, ...]]]:
        """Whoever uploaded it has the only say."""
        told = [(f"the upload ({place})", groups) for place, groups in super().said(uri)[1:]]
        return told or ([("the upload, which names no group", ())] if self.holds(uri) and "/" not in uri else [])

    def _path(self, uri: str) -> Path:
        return self.root / os.fsdecode(unquote_to_bytes(uri))

    def _groups(self, sidecar: Path) -> tuple[str, ...]:
        try:
            return read_sidecar(sidecar.read_bytes()).groups or ()
        except (OSError, BadMatter):
            return ()

    def _label(self, sidecar: Path, groups: Sequence[str]) -> None:
        handle, name = tempfile.mkstemp(dir=self._incoming)
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                json.dump({"groups": list(groups)}, file)
                file.flush()
                os.fsync(file.fileno())
            Path(name).replace(sidecar)
        except BaseException:
            with contextlib.suppress(OSError):
                Path(name).unlink()
            raise

    def _sweep(self) -> None:
        """Remove what killed processes left: what a live one writes is locked, and sidecars come and go while nobody else is here."""
        for path in self._incoming.iterdir():
            if path.name.startswith("."):
                continue
            with contextlib.suppress(OSError), path.open("rb") as left:
                fcntl.flock(left, fcntl.LOCK_EX | fcntl.LOCK_NB)
                path.unlink()
        for sidecar in self.root.glob(f"*{_SIDECAR}") if self.exists() else ():
            if not os.path.lexists(sidecar.with_name(sidecar.name.removesuffix(_SIDECAR))):
                sidecar.unlink(missing_ok=True)


class _Incoming:
    """Locked as long as it is written, so that nobody takes it for litter."""

    def __init__(self, source: UploadsSource, folder: Path) -> None:
        self._source = source
        self._size = 0
        handle, name = tempfile.mkstemp(dir=folder)
        fcntl.flock(handle, fcntl.LOCK_EX)
        self._path = Path(name)
        self._file = os.fdopen(handle, "wb", buffering=0)

    def write(self, part: bytes) -> None:
        self._size += len(part)
        if self._size > self._source.max_bytes:
            megabytes = self._source.max_bytes // 1_000_000
            raise InvalidInput(f"the file is larger than {megabytes} MB", "split it, or raise max_megabytes under [parsing]")
        with _told("received"):
            left = memoryview(part)
            while left:
                left = left[self._file.write(left) :]

    def keep(self, name: str, groups: Sequence[str] | None, *, replace: bool = True) -> bool:
        with _told("kept"):
            os.fsync(self._file.fileno())
        return self._source.place(self._path, name, groups, replace=replace)

    def __enter__(self) -> "_Incoming":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        with contextlib.suppress(FileNotFoundError):
            self._path.unlink()
        self._file.close()


def _checked(name: str) -> str:
    """The name in its canonical form. InvalidInput for one that means something else somewhere: a path, a hidden file, a device."""
    plain = unicodedata.normalize("NFC", name)
    # What looks like a separator or dots on another system shall not be one.
    for form in {plain, unicodedata.normalize("NFKC", plain)}:
        if problem := _problem(form):
            raise InvalidInput(f"no document can be named {_shown(name)}: {problem}", "rename the file, and upload it again")
    return plain


def _problem(name: str) -> str:
    signs = "".join(sorted(set(name) & _FORBIDDEN))
    faults = {
        "the name is empty": not name.strip(),
        "it holds signs that nobody sees": any(unicodedata.category(sign) in _INVISIBLE for sign in name),
        "it is a path, not a name": "/" in name or "\\" in name,
        f"it holds {signs[:1]}": bool(signs),
        "it begins or ends with a space, or ends with a dot": name != name.strip() or name.endswith("."),
        "such files are hidden": name.startswith((".", "~$")),
        "such files describe other files": is_sidecar(name.lower()),
        "it means a device on some systems": fullmatch(_WINDOWS, name, IGNORECASE) is not None,
        f"it is longer than {_LONGEST} bytes": len(name.encode("utf-8", "replace")) > _LONGEST,
    }
    return next((fault for fault, there in faults.items() if there), "")


def _shown(name: str) -> str:
    short = name if len(name) <= 60 else name[:59] + "…"
    return ascii(short) if any(unicodedata.category(sign) in _INVISIBLE for sign in short) else repr(short)


def _settle(folder: Path) -> None:
    """A rename is on the disk once its folder is."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextlib.contextmanager
def _told(what: str) -> Generator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}:
            raise StorageFull(f"the upload could not be {what} ({error.strerror})", "free some space, and try again") from None
        raise OutsideFailed(f"the upload could not be {what} ({error.strerror})", "check the data directory") from None
