"""Documents in a folder."""

import errno
import os
import stat
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import chain
from pathlib import Path
from re import fullmatch
from threading import Event
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote_from_bytes, unquote_to_bytes

from firmground.errors import OutsideFailed, ParseFailed
from firmground.groups import agreed, common
from firmground.language.globs import compile_globs
from firmground.sources.labels import (
    FOLDER_SIDECARS,
    NOBODY,
    NONE,
    SIDECARS,
    Labels,
    Rule,
    Rules,
    is_sidecar,
    read_sidecar,
    sidecar_problem,
)
from firmground.sources.matter import LIMIT, BadMatter
from firmground.types import SourceFile

if TYPE_CHECKING:
    from watchfiles import Change

_MEBIBYTE = 1 << 20
_URI_BYTES = 2000
"""Longer paths do not fit into the index of a database."""


class _Folder(NamedTuple):
    """One folder on the way down: `real` are the resolved paths of its parents and, last, of itself, to notice loops."""

    path: str
    uri: str
    labels: Labels
    real: tuple[str, ...]


class _Real(NamedTuple):
    paths: tuple[str, ...]


class FilesSource:
    """Files below `root` that `include` covers and `exclude` does not (patterns: `firmground.language.globs`).

    Never listed: hidden files and folders (a dot first), lock files of office programs (`~$…`), sidecar files, and anything that is
    not a regular file. A link is followed where it leads to something inside the root; elsewhere it is reported. What it leads to is shown
    to those who may see both places. Groups and metadata:
    `firmground.sources.labels`. Names that are not clean Unicode are percent-encoded in the uri, and so is a literal `%` before two
    hexadecimal digits, so that uris and names correspond one to one.

    The stamp is made of size, modification time, change time and inode: programs can set a modification time back, but not the change
    time; an inode differs when a file was replaced by another. A copy restored with all four equal does not exist on Linux.

    Problems of the last `files()` name the folder with a `/` at its end where all of it is missing from the list. One names a rule: where
    files were listed, and none of them is covered by it.
    """

    def __init__(
        self,
        name: str,
        root: Path,
        *,
        include: Sequence[str] = ("**/*",),
        exclude: Sequence[str] = (),
        groups: Sequence[str] = ("everyone",),
        rules: Sequence[Rule] = (),
        max_bytes: int = 100 * _MEBIBYTE,
    ) -> None:
        self._name = name
        self.root = root
        self.max_bytes = max_bytes
        self._include = compile_globs(include)
        self._exclude = compile_globs(exclude)
        self._rules = Rules(groups, rules)
        self._problems: list[tuple[str, str, str]] = []

    @property
    def name(self) -> str:
        return self._name

    def problems(self) -> tuple[tuple[str, str, str], ...]:
        return tuple(dict.fromkeys(self._problems))

    # ------------------------------------------------------------ listing

    def files(self) -> Iterator[SourceFile]:
        self._problems = []
        self._rules.start()
        root = self._real_root()
        any_listed = False
        pending = [_Folder(str(self.root), "", NONE, (root,))]
        while pending:
            folder = pending.pop()
            found, folders = self._list(folder, root)
            any_listed = any_listed or bool(found)
            yield from found
            pending.extend(reversed(folders))

        hidden = any(code == "unreadable" for _, code, _ in self._problems)  # what a rule is for may lie there
        for pattern in sorted(self._rules.unused) if any_listed and not hidden else ():
            detail = f"the rule with match = {pattern!r} covers no file: correct it (capital letters count), or remove it"
            self._problem(pattern, "rule_matches_nothing", detail)

    def _real_root(self) -> str:
        try:
            root = os.path.realpath(self.root, strict=True)
            with os.scandir(root):
                return root
        except OSError as wrong:
            raise OutsideFailed(
                f"the folder {self.root} of source {self._name} cannot be listed ({wrong.strerror})",
                "bring it back, or correct `path` in firmground.toml; nothing was removed",
            ) from wrong

    def _list(self, folder: _Folder, root: str) -> tuple[list[SourceFile], list[_Folder]]:
        try:
            with os.scandir(folder.path) as entries:
                listed = {entry.name: entry for entry in entries}
        except OSError as wrong:
            self._problem(
                folder.uri, "unreadable", f"the folder cannot be listed ({wrong.strerror}): grant read access, or exclude it"
            )
            return [], []
        labels = folder.labels.narrowed(self._folder_labels(folder.uri, listed.keys()))
        files: list[SourceFile] = []
        folders: list[_Folder] = []
        for name in sorted(listed):
            if name.startswith((".", "~$")):
                continue
            uri = folder.uri + uri_of(name)
            if is_sidecar(name):
                self._check_sidecar(uri, name, listed.keys())
            elif not self._exclude.fullmatch(uri):
                kind = self._kind(listed[name], uri, folder, root)
                if isinstance(kind, _Real):
                    folders.append(_Folder(listed[name].path, uri + "/", labels, kind.paths))
                elif kind and self._include.fullmatch(uri) and self._is_short(uri):
                    own = self._file_labels(uri, name, labels, listed.keys())
                    files.append(self._file(uri, kind, self._as_at_home(own, uri, listed[name], folder, root)))
        return files, folders

    def _kind(self, entry: os.DirEntry[str], uri: str, folder: _Folder, root: str) -> os.stat_result | _Real | None:
        """The status of a regular file, the resolved paths of a folder and its parents, or None for what is not listed."""
        try:
            status = entry.stat()
            real = os.path.realpath(entry.path, strict=True) if entry.is_symlink() else folder.real[-1] + "/" + entry.name
        except OSError as wrong:
            gone = wrong.errno == errno.ENOENT and not entry.is_symlink()  # removed since the folder was listed
            code = "link_loop" if wrong.errno == errno.ELOOP else "unreadable"
            return None if gone else self._problem(uri, code, f"it leads nowhere ({wrong.strerror}): mend or exclude it")
        if real != root and not _inside(real, root):
            return self._problem(uri, "link_outside", "the link leads out of the source: copy the file, or exclude the link")
        if stat.S_ISREG(status.st_mode):
            return status
        if not stat.S_ISDIR(status.st_mode):
            return self._problem(uri, "unsupported", "not a regular file (a pipe, socket or device): exclude it")
        if real in folder.real:
            return self._problem(uri, "link_loop", "the link leads to a folder that it lies in: remove or exclude it")
        return _Real((*folder.real, real))

    def _is_short(self, uri: str) -> bool:
        if len(uri.encode()) <= _URI_BYTES:
            return True
        self._problem(uri, "limit_exceeded", f"its path is longer than {_URI_BYTES} bytes: shorten it, or exclude it")
        return False

    def _problem(self, uri: str, code: str, detail: str) -> None:
        self._problems.append((uri, code, detail))

    def _file(self, uri: str, status: os.stat_result, labels: Labels) -> SourceFile:
        return SourceFile(
            uri=uri,
            stamp=_stamp(status),
            size=status.st_size,
            modified_ns=status.st_mtime_ns,
            groups=labels.groups or (),
            metadata=labels.metadata,
        )

    # ------------------------------------------------------------ groups and metadata

    def _folder_labels(self, uri: str, names: Collection[str]) -> Labels:
        return self._sidecar([uri + name for name in FOLDER_SIDECARS if name in names])

    def _file_labels(self, uri: str, name: str, folder: Labels, names: Collection[str]) -> Labels:
        own = self._sidecar([uri + end for end in SIDECARS if name + end in names])
        return self._rules.labels(uri).narrowed(folder).narrowed(own)

    def _as_at_home(self, labels: Labels, uri: str, entry: os.DirEntry[str], folder: _Folder, root: str) -> Labels:
        """A file that a link leads to is shown to nobody who may not see it at its own place."""
        real = os.path.realpath(entry.path) if entry.is_symlink() else f"{folder.real[-1]}/{entry.name}"
        names = real[len(root.rstrip("/")) + 1 :].split("/")
        if "/".join(map(uri_of, names)) == uri:
            return labels
        home, path, place, beside = NONE, root, "", list[str]()
        for name in names:
            try:
                beside = os.listdir(path)  # noqa: PTH208 - names as they are
            except OSError:
                return Labels((), labels.metadata)
            home = home.narrowed(self._folder_labels(place, beside))
            path, place = f"{path}/{name}", f"{place}{uri_of(name)}/"
        home = self._file_labels(place[:-1], names[-1], home, beside)
        return Labels(common(labels.groups or (), home.groups or ()), labels.metadata)

    def said(self, uri: str) -> list[tuple[str, tuple[str, ...]]]:
        told = [self._rules.said(uri)]
        path, place = os.path.realpath(self.root), ""
        *folders, name = [os.fsdecode(unquote_to_bytes(part)) for part in uri.split("/")]
        for folder in (*folders, None):
            try:
                beside = os.listdir(path)  # noqa: PTH208 - names as they are
            except OSError:
                return []
            told += self._sidecars_said([place + end for end in FOLDER_SIDECARS if end in beside])
            if (name if folder is None else folder) not in beside:
                return []
            if folder is None:
                told += self._sidecars_said([uri + end for end in SIDECARS if name + end in beside])
            else:
                path, place = f"{path}/{folder}", f"{place}{uri_of(folder)}/"
        return told + self._home_said(uri, f"{path}/{name}", told)

    def _home_said(self, uri: str, path: str, told: Sequence[tuple[str, tuple[str, ...]]]) -> list[tuple[str, tuple[str, ...]]]:
        root, real = os.path.realpath(self.root), os.path.realpath(path)
        home = "/".join(map(uri_of, real[len(root.rstrip("/")) + 1 :].split("/")))
        if home == uri or not _inside(real, root):
            return []
        theirs = self.said(home)
        return [(f"the place that a link leads to, {home}", common(agreed(told), agreed(theirs)))]

    def _sidecars_said(self, uris: Sequence[str]) -> list[tuple[str, tuple[str, ...]]]:
        groups = self._sidecar(uris).groups
        return [] if groups is None else [(f"the file {uris[0]}", groups)]

    def _sidecar(self, uris: Sequence[str]) -> Labels:
        if not uris:
            return NONE
        try:
            if len(uris) > 1:
                raise BadMatter(f"there is another one beside it ({uris[1].rpartition('/')[2]}): keep one")
            return read_sidecar(self._read(uris[0], LIMIT))
        except (BadMatter, ParseFailed) as wrong:
            self._problems.append(sidecar_problem(uris[0], wrong))
            return NOBODY

    def _check_sidecar(self, uri: str, name: str, names: Collection[str]) -> None:
        if name in FOLDER_SIDECARS:
            return
        end = next(end for end in SIDECARS if name.endswith(end))
        if name.removesuffix(end) not in names:
            self._problem(uri, "sidecar_without_document", f"there is no {uri.removesuffix(end)}: rename or remove it")

    # ------------------------------------------------------------ reading

    def read(self, file: SourceFile) -> bytes:
        return self._read(file.uri, self.max_bytes)

    def _read(self, uri: str, limit: int) -> bytes:
        for _ in range(2):
            try:
                descriptor = self._open(uri)
            except OSError as wrong:
                raise ParseFailed(
                    "unreadable", f"it cannot be opened ({wrong.strerror}): grant read access, or exclude it"
                ) from wrong
            with os.fdopen(descriptor, "rb", buffering=0) as opened:
                before = os.fstat(descriptor)
                if not stat.S_ISREG(before.st_mode):
                    raise ParseFailed("unreadable", "not a regular file")
                content = _read_up_to(opened.fileno(), before.st_size, limit)
                if _stamp(os.fstat(descriptor)) == _stamp(before) and len(content) == before.st_size:
                    return content
        raise ParseFailed("changed_while_reading", "it changed twice while it was read: sync again when nobody writes to it")

    def _open(self, uri: str) -> int:
        """Open what `uri` names inside the root. The path is resolved first, then walked without following any link, so that a
        link put in its way meanwhile cannot lead elsewhere; O_NONBLOCK so that a pipe put there does not hang."""
        root = os.path.realpath(self.root)
        real = os.path.realpath(os.path.join(root, os.fsdecode(unquote_to_bytes(uri))), strict=True)  # noqa: PTH118 - bytes names
        if not _inside(real, root):
            raise OSError(errno.EPERM, "it lies outside the source")
        names = real[len(root.rstrip("/")) + 1 :].split("/")
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC
        at = os.open(root, flags | os.O_DIRECTORY)
        try:
            for name in names[:-1]:
                below = os.open(name, flags | os.O_DIRECTORY, dir_fd=at)
                os.close(at)
                at = below
            if not stat.S_ISREG(os.stat(names[-1], dir_fd=at, follow_symlinks=False).st_mode):
                raise OSError(errno.EPERM, "not a regular file")
            return os.open(names[-1], flags | os.O_NONBLOCK | os.O_NOCTTY, dir_fd=at)
        finally:
            os.close(at)

    # ------------------------------------------------------------ watching

    def watch(self, stop: Event, *, quiet_ms: int = 800) -> Iterator[frozenset[str]]:
        """The uris that changed, each time the folder comes to rest for `quiet_ms` after a change; ends when `stop` is set. Whatever
        changes once this has returned is told. A hint that a sync is due, not a record: hidden files are left out, anything else below
        the root counts."""
        from watchfiles import watch

        self._real_root()
        root = self.root.resolve()
        looks = watch(
            root,
            stop_event=stop,
            debounce=5 * quiet_ms,
            step=quiet_ms,
            rust_timeout=quiet_ms,
            yield_on_timeout=True,
            watch_filter=None,
        )
        first = next(looks, None)  # only then is it watched
        return self._uris(root, chain([first] if first else [], looks))

    def _uris(self, root: Path, looks: Iterable[set[tuple["Change", str]]]) -> Iterator[frozenset[str]]:
        for changes in looks:
            names = {os.path.relpath(path, root) for _, path in changes}
            uris = frozenset(
                "/".join(map(uri_of, name.split("/"))) for name in names if not any(p.startswith(".") for p in name.split("/"))
            )
            if uris:
                yield uris


def _read_up_to(descriptor: int, size: int, limit: int) -> bytes:
    """What the file holds, or one byte more than `size` where it grows. `limit_exceeded` past the limit."""
    if size > limit:
        raise ParseFailed("limit_exceeded", f"{size} bytes are more than the limit of {limit}: split it, or raise max_bytes")
    parts: list[bytes] = []
    left = size + 1
    try:
        while left > 0 and (part := os.read(descriptor, min(left, _MEBIBYTE))):
            parts.append(part)
            left -= len(part)
    except OSError as wrong:
        raise ParseFailed("unreadable", f"it cannot be read ({wrong.strerror}): check the disk") from wrong
    return b"".join(parts)


def _stamp(status: os.stat_result) -> str:
    return f"{status.st_size:x}-{status.st_mtime_ns:x}-{status.st_ctime_ns:x}-{status.st_ino:x}"


def _inside(path: str, root: str) -> bool:
    return path.startswith(root.rstrip("/") + "/")


@lru_cache(maxsize=4096)
def uri_of(name: str) -> str:
    """One name as it stands in a uri; `unquote_to_bytes` is its inverse."""
    if name.isascii() and name.isprintable() and "%" not in name:
        return name
    written = ""
    for at, mark in enumerate(name):
        literal_escape = mark == "%" and fullmatch("[0-9a-fA-F]{2}", name[at + 1 : at + 3])
        if literal_escape or unicodedata.category(mark) in {"Cc", "Cf", "Cs", "Zl", "Zp"}:
            written += quote_from_bytes(os.fsencode(mark), safe="")
        else:
            written += mark
    return written
