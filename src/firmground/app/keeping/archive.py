"""The file that a backup is: a zip that any tool opens, with a manifest as its last member and, at its very end, a seal over everything
before it, so that not a byte can change unnoticed.

Nothing of an archive is believed before all of it was looked at: `opened` reads it once from end to end.
"""

import hashlib
import io
import os
import re
import shutil
import stat
import zipfile
import zlib
from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import IO, Literal, Protocol, cast

from pydantic import ValidationError

from firmground.errors import Damaged, InvalidInput, NotFound, OutsideFailed, Refused, StorageFull
from firmground.types import Value

FORMAT = 1
MANIFEST = "manifest.json"
DATABASE = "database.jsonl"
HEAD = "ledger.head"
KEY = "personal.key"
WORKSPACE = "workspace/"
UPLOADS = "uploads/"
INDEX = "index/"
_BEGINS = b"PK\x03\x04"
_SEAL = b"sha256 "
_BLANK = b"0" * 64
_PIECE = 1 << 20
_LEVEL = 1
"""Twice as fast as the usual one, and a tenth larger."""
_LARGEST_MANIFEST = 256 * 2**20
LONGEST_LINE = 2**30
"""Bytes of one row."""
_SPARE = 64 * 2**20
"""Bytes that must stay free."""


class Member(Value):
    """One file of a backup."""

    size: int
    sha256: str


class Manifest(Value):
    """What a backup holds, and of which moment."""

    format: int = FORMAT
    firmground: str
    db_schema: str
    database: str
    """`sqlite` or `postgresql`."""
    workspace: str
    made_at: datetime
    """The moment that all of it is of."""
    corpus: int
    ledger: tuple[int, str] = (0, "")
    """Number and digest of the last entry."""
    origin: str = ""
    """Digest of the first entry: no other workspace has it."""
    index: Literal["whole", "left out"]
    documents: bool = False
    """Whether the files of the sources inside the workspace are in it."""
    tables: Mapping[str, int]
    """Rows."""
    members: Mapping[str, Member]


class Sink(Protocol):
    """Where a backup is written to."""

    def write(self, data: bytes, /) -> object: ...


class _Sealed:
    """Passes on what is written, but for the last bytes, which become the seal."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._held = b""
        self._digest = hashlib.sha256()
        self.bytes = 0

    def write(self, data: bytes) -> int:
        held = self._held + bytes(data)
        self._pass(held[: -len(_BLANK)])
        self._held = held[-len(_BLANK) :]
        return len(data)

    def flush(self) -> None:
        """Whoever owns the sink does that."""

    def end(self) -> str:
        if self._held != _BLANK:
            raise AssertionError("an archive ends with the place of its seal")
        made = self._digest.hexdigest()
        self._sink.write(made.encode())
        self.bytes += len(made)
        return made

    def give_up(self) -> None:
        self._sink = io.BytesIO()

    def _pass(self, data: bytes) -> None:
        self._digest.update(data)
        self._sink.write(data)
        self.bytes += len(data)


class Writing:
    """A backup that is being written."""

    def __init__(self, sink: Sink) -> None:
        self._sealed = _Sealed(sink)
        out = cast("IO[bytes]", self._sealed)
        self._zip = zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=_LEVEL)
        self.members: dict[str, Member] = {}

    def __enter__(self) -> "Writing":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """What was not ended is given up: nothing more reaches the sink."""
        self._sealed.give_up()
        self._zip.close()

    @contextmanager
    def member(self, name: str) -> Generator[Callable[[bytes], None]]:
        """Write one file, piece by piece."""
        digest, size = hashlib.sha256(), 0

        def write(data: bytes) -> None:
            nonlocal size
            size += len(data)
            digest.update(data)
            inside.write(data)

        about = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
        about.compress_type = zipfile.ZIP_DEFLATED
        about.external_attr = (stat.S_IFREG | 0o600) << 16
        with self._zip.open(about, "w", force_zip64=True) as inside:
            yield write
        self.members[name] = Member(size=size, sha256=digest.hexdigest())

    def file(self, name: str, path: Path) -> None:
        with path.open("rb") as source, self.member(name) as write:
            while piece := source.read(_PIECE):
                write(piece)

    def end(self, manifest: Manifest) -> tuple[str, int]:
        """Nothing can be added any more. The seal, and how many bytes there are."""
        with self._zip.open(zipfile.ZipInfo(MANIFEST, (1980, 1, 1, 0, 0, 0)), "w", force_zip64=True) as inside:
            inside.write(manifest.model_dump_json(indent=1).encode())
        self._zip.comment = _SEAL + _BLANK
        self._zip.close()
        return self._sealed.end(), self._sealed.bytes


class Archive:
    """A backup that was looked at and found whole."""

    def __init__(self, file: zipfile.ZipFile, manifest: Manifest) -> None:
        self._zip = file
        self.manifest = manifest

    def names(self, under: str = "") -> list[str]:
        return [name for name in self.manifest.members if name.startswith(under)]

    @contextmanager
    def reading(self, name: str) -> Generator[IO[bytes]]:
        with self._zip.open(name) as inside:
            yield inside

    def lines(self, name: str) -> Generator[bytes]:
        """One after the other. Damaged for one that would take more memory than any row does."""
        with self.reading(name) as inside:
            while line := inside.readline(LONGEST_LINE + 1):
                if len(line) > LONGEST_LINE:
                    raise Damaged(f"{name} cannot be used (a line that is too long)", "take another backup")
                yield line

    def unpack(self, names: Iterable[str], place: Callable[[str], Path]) -> None:
        """Write these members, each where `place` says."""
        for name in names:
            path = place(name)
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with self.reading(name) as inside, path.open("xb") as out:
                os.fchmod(out.fileno(), 0o600)
                shutil.copyfileobj(inside, out, _PIECE)
                out.flush()
                os.fsync(out.fileno())


def recognised(path: Path) -> None:
    """That there is such a file, and that it is a backup, be it damaged. NotFound, InvalidInput, OutsideFailed."""
    with _file(path) as file:
        _recognised(file, path)


@contextmanager
def opened(path: Path, *, room: Path | None = None) -> Generator[Archive]:
    """As `recognised`; Damaged for what is not as it was written; InvalidInput for a form or a content that no firmground writes. With
    `room`, StorageFull where it does not fit there: then nothing of it is unpacked, also not to look at it."""
    with _file(path) as file:
        _recognised(file, path)
        try:
            _check_seal(file, path)
            with zipfile.ZipFile(file) as members:
                manifest = _manifest(members, path)
                if room is not None:
                    check_room(room, manifest)
                _check_members(members, manifest, path)
                yield Archive(members, manifest)
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
            raise _damaged(path, str(error)) from None


def check_room(place: Path, manifest: Manifest) -> None:
    """StorageFull where what the backup holds does not fit there."""
    needed = 2 * sum(each.size for each in manifest.members.values()) + _SPARE
    free = shutil.disk_usage(next(each for each in (place, *place.parents) if each.exists())).free
    if free < needed:
        raise StorageFull(
            f"restoring may take {needed / 1e6:.0f} MB on the disk of {place}, which has {free / 1e6:.0f}", "free some space"
        )


def _file(path: Path) -> IO[bytes]:
    try:
        return path.open("rb")
    except FileNotFoundError:
        raise NotFound(f"there is no backup {path}", "check its path") from None
    except IsADirectoryError:
        raise InvalidInput(f"{path} is a folder", "name the file of a backup") from None
    except OSError as error:
        raise OutsideFailed(f"cannot read {path} ({error.strerror})", "check its permissions") from None


def _recognised(file: IO[bytes], path: Path) -> None:
    """InvalidInput for a file that neither begins nor ends as backups do, and for a whole zip that is something else's."""
    size = file.seek(0, os.SEEK_END)
    file.seek(max(size - len(_SEAL) - len(_BLANK), 0))
    sealed = file.read(len(_SEAL)) == _SEAL
    file.seek(0)
    ours = sealed or _BEGINS.startswith(file.read(len(_BEGINS)))
    if ours and not sealed:
        with suppress(zipfile.BadZipFile, NotImplementedError, ValueError), zipfile.ZipFile(file) as members:
            ours = MANIFEST in members.namelist()
    file.seek(0)
    if not ours:
        raise InvalidInput(
            f"{path.name} is no backup", "name a file that `firmground backup` wrote, decrypted if it was encrypted"
        )


def _check_seal(file: IO[bytes], path: Path) -> None:
    size = file.seek(0, os.SEEK_END)
    end = size - len(_BLANK)
    file.seek(max(end - len(_SEAL), 0))
    if end < len(_SEAL) or file.read(len(_SEAL)) != _SEAL:
        raise _damaged(path, "it does not end as a backup does: it is cut off")
    seal = file.read()
    file.seek(0)
    digest = hashlib.sha256()
    while end > 0 and (piece := file.read(min(_PIECE, end))):
        end -= len(piece)
        digest.update(piece)
    if digest.hexdigest().encode() != seal:
        raise _damaged(path, "it is not as it was written")
    file.seek(0)


def _manifest(members: zipfile.ZipFile, path: Path) -> Manifest:
    try:
        about = members.getinfo(MANIFEST)
        if about.file_size > _LARGEST_MANIFEST:
            raise _damaged(path, "its manifest is too large")
        told = members.read(about)
    except (KeyError, ValueError, OSError, RuntimeError):
        raise _damaged(path, "it has no manifest") from None
    try:
        return Manifest.model_validate_json(told)
    except ValidationError:
        raise InvalidInput(f"the manifest of {path.name} is of a form that is not known", "upgrade firmground") from None


def _check_members(members: zipfile.ZipFile, manifest: Manifest, path: Path) -> None:
    if manifest.format != FORMAT:
        raise Refused(f"{path.name} is a backup of form {manifest.format}, this firmground reads {FORMAT}", "upgrade firmground")
    names = [about.filename for about in members.infolist() if about.filename != MANIFEST]
    if sorted(names) != sorted(manifest.members) or DATABASE not in manifest.members:
        raise _damaged(path, "it does not hold what its manifest tells of")
    for about in members.infolist():
        if about.filename == MANIFEST:
            continue
        told = manifest.members[about.filename]
        if not _harmless(about):
            raise InvalidInput(f"{path.name} holds {about.filename[:80]!r}, which no backup may hold", "use another backup")
        if about.file_size != told.size or _digest(members, about, told.size) != told.sha256:
            raise _damaged(path, f"{about.filename[:80]!r} is not as it was written")


def _digest(members: zipfile.ZipFile, about: zipfile.ZipInfo, size: int) -> str:
    """Of no more than so many bytes, whatever the archive says of itself."""
    digest, left = hashlib.sha256(), size + 1
    with members.open(about) as inside:
        while left > 0 and (piece := inside.read(min(_PIECE, left))):
            left -= len(piece)
            digest.update(piece)
    return digest.hexdigest() if left == 1 else ""


def _harmless(about: zipfile.ZipInfo) -> bool:
    """A plain file in a place of ours, that no system could take for another one."""
    name = about.filename
    known = name in {DATABASE, HEAD, KEY} or name.startswith((WORKSPACE, UPLOADS, INDEX))
    parts = name.split("/")
    plain = all(part not in {"", ".", ".."} for part in parts) and not re.search(r"[\x00-\x1f\\]", name)
    kind = stat.S_IFMT(about.external_attr >> 16)
    inside_data = parts[:2] == ["workspace", ".firmground"] or len(name.encode("utf-8", "surrogatepass")) > 4000
    return known and plain and kind in {0, stat.S_IFREG} and not about.flag_bits & 1 and not inside_data


def _damaged(path: Path, why: str) -> Damaged:
    return Damaged(f"{path.name} cannot be used ({' '.join(why.split())})", "take another backup")
