"""The worker lease: at most one live process works in a workspace, and a dead one's lease is free at once.

No clock is involved: the kernel (a file lock) or the database server (an advisory lock of a session) lets go of it when its
holder is gone.
"""

import fcntl
import os
import time
import weakref
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from firmground.errors import OutsideFailed

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine


_TRIES = 20
_PAUSE_SECONDS = 0.005


class Lease(Protocol):
    """Held by one holder at a time."""

    def acquire(self) -> bool:
        """Take it without waiting; False when somebody else, in this process or another, has it."""
        ...

    def held(self) -> bool:
        """Whether anybody has it."""
        ...

    def confirm(self) -> None:
        """OutsideFailed when it was ours and is no more, because the connection that held it broke."""
        ...

    def release(self) -> None:
        """Let go of it; nothing happens when it is not ours."""
        ...


class FileLease:
    """An exclusive `flock` on `path`."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: int | None = None

    def acquire(self) -> bool:
        if self._file is not None:
            return False
        try:
            file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise OutsideFailed(f"cannot open {self._path} ({error.strerror})", "make the data directory writable") from error
        # A look by `held` in another process has the lock for microseconds: it must not turn a worker away.
        for _ in range(_TRIES):
            if _locked(file, fcntl.LOCK_EX):
                self._file = file
                _open_leases.add(self)
                return True
            time.sleep(_PAUSE_SECONDS)
        os.close(file)
        return False

    def held(self) -> bool:
        if self._file is not None:
            return True
        try:
            file = os.open(self._path, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            return False
        except OSError as error:
            raise OutsideFailed(f"cannot open {self._path} ({error.strerror})", "make the data directory readable") from error
        try:
            return not _locked(file, fcntl.LOCK_SH)
        finally:
            os.close(file)

    def confirm(self) -> None:
        """A file lock lasts as long as its process."""

    def release(self) -> None:
        self.disown()
        _open_leases.discard(self)

    def disown(self) -> None:
        """Close our handle. The lock ends with the last handle, so a child that was forked while we held it calls this."""
        if self._file is not None:
            os.close(self._file)
            self._file = None


class AdvisoryLease:
    """A session advisory lock of PostgreSQL, on a connection of its own."""

    _KEY = (0x46495247, 1)

    def __init__(self, engine: "Engine") -> None:
        self._engine = engine
        self._connection: Connection | None = None

    def acquire(self) -> bool:
        from sqlalchemy import text

        if self._connection is not None:
            return False
        connection = self._engine.connect()
        # The server needs a moment to notice that the one before was killed.
        for _ in range(_TRIES):
            if connection.execute(text("select pg_try_advisory_lock(:a, :b)"), self._key).scalar_one():
                self._connection = connection
                return True
            time.sleep(_PAUSE_SECONDS)
        connection.close()
        return False

    def held(self) -> bool:
        from sqlalchemy import text

        look = text(
            "select count(*) from pg_locks join pg_database on pg_database.oid = pg_locks.database"
            " where locktype = 'advisory' and classid = :a and objid = :b and objsubid = 2 and granted and datname = current_database()"
        )
        with self._engine.connect() as connection:
            return connection.execute(look, self._key).scalar_one() > 0

    def confirm(self) -> None:
        from sqlalchemy import text
        from sqlalchemy.exc import DatabaseError

        try:
            if self._connection is not None:
                self._connection.execute(text("select 1"))
        except DatabaseError as error:
            raise OutsideFailed("the connection that held the worker lease broke", "start again: the job goes on") from error

    def release(self) -> None:
        from sqlalchemy import text
        from sqlalchemy.exc import DatabaseError

        connection, self._connection = self._connection, None
        if connection is None:
            return
        # The server lets go when the session ends, yet some moments later: whoever comes next should not have to wait for that.
        if not connection.invalidated:
            with suppress(DatabaseError):
                connection.execute(text("select pg_advisory_unlock(:a, :b)"), self._key)
            connection.invalidate()
        connection.close()

    @property
    def _key(self) -> dict[str, int]:
        return dict(zip("ab", self._KEY, strict=True))


def _locked(file: int, kind: int) -> bool:
    try:
        fcntl.flock(file, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


_open_leases: weakref.WeakSet[FileLease] = weakref.WeakSet()


def _disown_after_fork() -> None:
    for lease in list(_open_leases):
        lease.disown()


os.register_at_fork(after_in_child=_disown_after_fork)
