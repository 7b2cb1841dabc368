"""The launch brief of a workspace: `brief.toml` is the truth, and a page that changes it writes it whole or not at all."""

import difflib
import errno
import os
from collections.abc import Mapping
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import ValidationError

from firmground.app.access.rights import need
from firmground.app.app import App
from firmground.app.recording.ledger import record
from firmground.app.regular import read_regular
from firmground.errors import FirmgroundError, InvalidInput, NotFound, OutsideFailed, Refused, StorageFull
from firmground.gate.brief import FIELDS, FILE_NAME, Brief, Missing, changed, missing, overdue, read, says_something, wrongs
from firmground.gate.brief_file import edited, empty
from firmground.types import Actor, Json, Value

_LARGEST = 1_000_000
_MAY_NOT = frozenset({errno.EROFS, errno.EACCES, errno.EPERM})
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class ChangedMeanwhile(Refused):
    """What was to be changed is not any more what it was when it was read."""

    code = "changed-meanwhile"


class Unacceptable(InvalidInput):
    """Answers that a brief cannot hold."""

    code = "invalid-brief"

    def __init__(self, fields: Mapping[str, str]) -> None:
        self.fields = fields
        """What is wrong, by field."""
        name, what = next(iter(fields.items()))
        more = f" (and {len(fields) - 1} more)" if len(fields) > 1 else ""
        super().__init__(f"{name} cannot be used{more}", what)


class Opened(NamedTuple):
    """The brief with the revision of its file. Without a file it answers nothing."""

    brief: Brief
    revision: str
    there: bool


class Saved(NamedTuple):
    """What became of a change. With a `patch` nothing was written, since this process may not: somebody else applies it."""

    brief: Brief
    revision: str
    patch: str = ""


class ForAskers(Value):
    """What whoever may ask gets to see of the brief; nothing else of it."""

    known_limitations: tuple[str, ...] = ()
    allowed_actions: tuple[str, ...] = ()
    blocked_actions: tuple[str, ...] = ()
    owner: str = ""
    """Of the workflow, and how to reach them."""
    alert_owner: str = ""


def brief_now(app: App) -> Brief:
    """As the file says it at this moment. NotFound without one; InvalidInput where it cannot be read."""
    content = _content(_path(app))
    if content is None:
        raise NotFound(f"there is no {FILE_NAME} in {app.workspace.root}", "write one on the page /brief")
    return _read(content)


def open_brief(app: App, actor: Actor) -> Opened:
    """To be looked at and changed. InvalidInput where the file cannot be read."""
    need(actor, "audit", "read the brief")
    content = _content(_path(app))
    return Opened(Brief() if content is None else _read(content), _revision(content), content is not None)


def problems(app: App) -> list[Missing]:
    """What is not answered, and a first review that is due. Without a file everything is missing; InvalidInput where it cannot be read."""
    content = _content(_path(app))
    brief = Brief() if content is None else _read(content)
    due = overdue(brief, app.clock().date())
    return [*missing(brief), *([Missing("first_review", due)] if due else [])]


def for_askers(app: App) -> ForAskers:
    """Empty where there is no brief that can be read: asking does not depend on it."""
    try:
        brief = brief_now(app)
    except FirmgroundError:
        return ForAskers()
    return ForAskers(
        known_limitations=_said(brief.known_limitations),
        allowed_actions=_said(brief.allowed_actions),
        blocked_actions=_said(brief.blocked_actions),
        owner="".join(_said((brief.workflow_owner,))),
        alert_owner="".join(_said((brief.alert_owner,))),
    )


def _said(texts: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(text for text in texts if says_something(text))


def save(app: App, actor: Actor, changes: Mapping[str, Json], revision: str) -> Saved:
    """Change answers, by dotted name. Everything else in the file stays as it is. Unacceptable; ChangedMeanwhile where the file is not
    what it was at `revision`; Refused where it cannot be changed in that place; StorageFull."""
    need(actor, "releases", "change the brief")
    path = _path(app)
    content = _content(path)
    _check_revision(content, revision)
    before = Brief() if content is None else _read(content)
    after = _changed(before, changes)
    if before == after:
        return Saved(before, revision)
    text = empty() if content is None else _text(content)
    written = edited(text, after)
    try:
        with app.database.transaction() as tx:
            fields: Json = [*changed(before, after)]
            record(app, tx, actor, "brief.changed", FILE_NAME, fields=fields, before=before.digest, after=after.digest)
            # Only one at a time adds to the ledger, so nobody else saves between this look and the writing.
            _check_revision(_content(path), revision)
            _write(path, written.encode())
    except _MayNot:
        return Saved(after, revision, _patch("" if content is None else text, written))
    return Saved(after, _revision(written.encode()))


class _MayNot(Exception):
    """The file system does not let this process write here."""


def _changed(before: Brief, changes: Mapping[str, Json]) -> Brief:
    unknown = {name: "there is no such field" for name in changes if name not in {*FIELDS, "sample"}}
    if unknown:
        raise Unacceptable(unknown)
    data: dict[str, Any] = before.model_dump(mode="json")
    for name, value in changes.items():
        table, _, part = name.rpartition(".")
        (data[table] if table else data)[part] = value
    try:
        return Brief.model_validate(data)
    except ValidationError as error:
        raise Unacceptable(wrongs(error)) from None


def _path(app: App) -> Path:
    return app.workspace.root / FILE_NAME


def _content(path: Path) -> bytes | None:
    try:
        content = read_regular(path, _LARGEST + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise OutsideFailed(f"cannot read {path} ({error.strerror})", "check that it is a file, and its permissions") from None
    if len(content) > _LARGEST:
        raise InvalidInput(f"{FILE_NAME} is larger than {_LARGEST // 1_000_000} MB", "shorten it: a brief is about a page")
    return content


def _text(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InvalidInput(f"{FILE_NAME} is not UTF-8", "save it as UTF-8") from None


def _read(content: bytes) -> Brief:
    return read(_text(content))


def _revision(content: bytes | None) -> str:
    return sha256(content or b"").hexdigest()[:32]


def _check_revision(content: bytes | None, revision: str) -> None:
    if _revision(content) != revision:
        raise ChangedMeanwhile(f"{FILE_NAME} was changed since you loaded it", "look at it again, and repeat your change")


def _write(path: Path, content: bytes) -> None:
    """Whole or not at all, also when the machine stops. A link stays one, and the file keeps its permissions."""
    target = path.resolve()
    half = target.with_name(f".{target.name}.part")
    if target.exists() and not os.access(target, os.W_OK):
        raise _MayNot
    try:
        try:
            with half.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            if target.exists():
                half.chmod(target.stat().st_mode & 0o777)
            half.replace(target)
        except OSError:
            with suppress(OSError):
                half.unlink()
            raise
    except OSError as error:
        if error.errno in _MAY_NOT:
            raise _MayNot from None
        if error.errno in _FULL:
            raise StorageFull(f"there is no space left to write {path}", "free some; the brief is as it was") from None
        raise OutsideFailed(f"cannot write {path} ({error.strerror})", "check the disk; the brief is as it was") from None


def _patch(before: str, after: str) -> str:
    """For `git apply`, or `patch -p1`, in the workspace."""
    old = f"a/{FILE_NAME}" if before else os.devnull
    lines = difflib.unified_diff(before.splitlines(keepends=True), after.splitlines(keepends=True), old, f"b/{FILE_NAME}")
    return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)
