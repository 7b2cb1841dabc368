"""The database as one SQLite file: write-ahead log, one writer at a time, readers that never wait."""

import sqlite3
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.pool import QueuePool

from firmground.errors import Busy, OutsideFailed
from firmground.store import schema, tables

_PRAGMAS = ("foreign_keys = on", "secure_delete = on", "synchronous = full", "temp_store = memory", "cache_size = -16000")


class SqliteFile:
    """One file and the connections to it. `patience`: seconds to wait for another writer before it counts as busy.

    `synchronous` is FULL: what was acknowledged survives a power cut, at the price of one disk flush for each transaction.
    The index and the jobs keep their own files, so a commit that were lost here alone would leave the three in disagreement.
    """

    def __init__(self, path: Path, patience: float) -> None:
        self.path = path
        self.place = str(path)
        self._patience = patience
        # A pool of one is the queue of this process's writers: they wait in line instead of polling the file's lock.
        self._writers = self._engine("begin immediate", self._connect, pool_size=1, max_overflow=0)
        self._readers = self._engine("begin", self._connect_to_read, pool_size=8, max_overflow=-1)

    def open(self) -> None:
        """Make what is missing."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutsideFailed(
                f"the folder {self.path.parent} cannot be made ({error.strerror})",
                "give this user write access or set FIRMGROUND_DATA",
            ) from error
        with self._writers.connect() as connection:
            raw = _raw(connection)
            if raw.execute("pragma journal_mode").fetchone()[0] != "wal":
                self._switch_to_log(raw)
            if _is_current(raw):
                return
        with self.writing() as connection:
            schema.bring_up(connection, self.place)

    @contextmanager
    def writing(self, *, lasting: bool = True) -> Generator[Connection]:
        """What is not `lasting` waits for no disk; the log keeps its order, so what comes later never lasts without it."""
        if lasting:
            with self._writers.begin() as connection:
                yield connection
            return
        with self._writers.connect() as connection:
            raw = _raw(connection)
            raw.execute("pragma synchronous = normal")
            try:
                with connection.begin():
                    yield connection
            finally:
                raw.execute("pragma synchronous = full")

    @contextmanager
    def reading(self) -> Generator[Connection]:
        """The snapshot is taken now, not at the first question."""
        with self._readers.connect() as connection:
            connection.begin()
            _raw(connection).execute("select version from corpus").fetchall()
            yield connection

    def purge(self) -> None:
        """Rewrite the file and empty the log. `secure_delete` overwrites what is deleted, but not the copies that stay behind in
        a page when SQLite moves rows between pages; only a rewrite drops those."""
        with self._writers.connect() as connection:
            raw = _raw(connection)
            raw.execute("pragma temp_store = file")  # the copy of a large database has no place in memory
            try:
                raw.execute("vacuum")
            finally:
                raw.execute("pragma temp_store = memory")
            until = time.monotonic() + self._patience
            while raw.execute("pragma wal_checkpoint(truncate)").fetchone()[0]:
                if time.monotonic() > until:
                    raise Busy(f"somebody still reads an older state of {self.place}", "purge again when they are done")

    def check(self) -> list[str]:
        with self._readers.connect() as connection:
            raw = _raw(connection)
            problems = [f"{self.place}: {line}" for (line,) in raw.execute("pragma integrity_check(20)") if line != "ok"]
            for table, row, parent, _ in raw.execute("pragma foreign_key_check").fetchmany(20):
                problems.append(f"{self.place}: row {row} of {table} refers to a row of {parent} that is gone")
            return problems

    def describe(self) -> dict[str, str | int]:
        files = [Path(f"{self.path}{suffix}") for suffix in ("", "-wal")]
        return {
            "kind": "sqlite",
            "version": sqlite3.sqlite_version,
            "bytes": sum(file.stat().st_size for file in files if file.exists()),
        }

    def close(self) -> None:
        self._readers.dispose()
        self._writers.dispose()

    def _engine(self, begin: str, connect: Callable[[], sqlite3.Connection], *, pool_size: int, max_overflow: int) -> Engine:
        engine = create_engine(
            "sqlite+pysqlite://",
            creator=connect,
            poolclass=QueuePool,
            pool_size=pool_size,
            max_overflow=max_overflow,
            pool_timeout=self._patience,
            hide_parameters=True,
        )

        @event.listens_for(engine, "begin")
        def _begin(connection: Connection) -> None:  # pyright: ignore[reportUnusedFunction]
            _raw(connection).execute(begin)

        return engine

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False, timeout=self._patience)
        try:
            for pragma in _PRAGMAS:
                connection.execute(f"pragma {pragma}")
        except BaseException:
            connection.close()
            raise
        return connection

    def _connect_to_read(self) -> sqlite3.Connection:
        connection = self._connect()
        connection.execute("pragma query_only = on")
        return connection

    def _switch_to_log(self, raw: sqlite3.Connection) -> None:
        """SQLite does not wait for its turn here, so we do."""
        until = time.monotonic() + self._patience
        while True:
            try:
                mode = raw.execute("pragma journal_mode = wal").fetchone()[0]
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                    raise
                time.sleep(0.01)
                continue
            if mode != "wal":
                raise OutsideFailed(
                    f"the file system under {self.place} cannot keep a write-ahead log", "set FIRMGROUND_DATA to a local disk"
                )
            return


def _raw(connection: Connection) -> sqlite3.Connection:
    raw: Any = connection.connection.dbapi_connection
    return raw


def _is_current(raw: sqlite3.Connection) -> bool:
    """The usual case, without loading what a migration needs."""
    known = raw.execute("select 1 from sqlite_schema where name = ?", (tables.schema.name,)).fetchone()
    return bool(known) and raw.execute("select version_num from firmground_schema").fetchone() == (tables.HEAD,)
