"""The truth, in SQLite or PostgreSQL: one file or one schema, one writer at a time, readers on snapshots that never wait."""

from collections.abc import Generator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Protocol

from sqlalchemy import Connection, func, make_url, select
from sqlalchemy.exc import ArgumentError

from firmground.errors import Damaged, InvalidInput
from firmground.store import schema, tables
from firmground.store.accounts import Accounts
from firmground.store.builds import Builds
from firmground.store.facts import Facts
from firmground.store.failures import told
from firmground.store.opinions import Opinions
from firmground.store.traces import Traces
from firmground.types import Scalar

SQLITE_NAME = "firmground.sqlite"


class Place(Protocol):
    """Where the tables are. What it raises is the driver's; `SqlDatabase` tells it in our words."""

    @property
    def place(self) -> str: ...
    def open(self) -> None: ...
    def writing(self) -> AbstractContextManager[Connection]: ...
    def reading(self) -> AbstractContextManager[Connection]: ...
    def purge(self) -> None: ...
    def check(self) -> list[str]: ...
    def describe(self) -> dict[str, str | int]: ...
    def close(self) -> None: ...


class SqlTransaction(Builds, Traces, Opinions, Accounts, Facts):
    """One unit of work: people, documents, builds, traces, what people say of answers, accounts, facts."""


class SqlDatabase:
    """The `Database` port. Threads share it; each transaction has a connection of its own."""

    def __init__(self, place: Place) -> None:
        self._place = place
        try:
            with told(place.place):
                place.open()
        except BaseException:
            place.close()
            raise

    @contextmanager
    def transaction(self) -> Generator[SqlTransaction]:
        """Busy where another writer does not finish in time; one inside another of the same thread never gets its turn."""
        with told(self._place.place), self._place.writing() as connection:
            unit = SqlTransaction(connection)
            yield unit
            unit.finish()

    @contextmanager
    def reading(self) -> Generator[SqlTransaction]:
        with told(self._place.place), self._place.reading() as connection:
            yield SqlTransaction(connection)

    def purge(self) -> None:
        """Call it outside of any transaction. What it promises differs: see `SqliteFile.purge` and `PostgresqlServer.purge`."""
        with told(self._place.place):
            self._place.purge()

    def check(self) -> list[str]:
        """Damage to the file, broken references, a schema of another program version, texts that are not as long as recorded."""
        try:
            with told(self._place.place):
                problems = self._place.check()
                with self._place.reading() as connection:
                    return problems + _contradictions(connection, self._place.place)
        except Damaged as error:
            return [str(error)]

    def describe(self) -> dict[str, Scalar]:
        with told(self._place.place), self._place.reading() as connection:
            return {**self._place.describe(), "schema": schema.revision(connection) or ""}

    def close(self) -> None:
        self._place.close()


def open_database(url: str, directory: Path, *, patience: float = 10.0) -> SqlDatabase:
    """`sqlite` keeps a file in `directory`; `postgresql://…` needs a server. A new database gets its tables, an older one is brought
    up to date, a newer one is Refused. `patience`: seconds to wait for another writer before Busy."""
    if url == "sqlite":
        from firmground.store.sqlite import SqliteFile

        return SqlDatabase(SqliteFile(directory / SQLITE_NAME, patience))
    try:
        parsed = make_url(url)
    except ArgumentError:
        parsed = None
    if parsed is None or parsed.drivername not in {"postgresql", "postgres"}:
        kind = url.partition(":")[0][:20]
        raise InvalidInput(f"'{kind}' is no kind of database", "set [database] url to sqlite or postgresql://…")
    from firmground.store.postgresql import PostgresqlServer

    return SqlDatabase(PostgresqlServer(parsed, patience))


def _contradictions(connection: Connection, place: str) -> list[str]:
    problems: list[str] = []
    at = schema.revision(connection)
    if at != tables.HEAD:
        problems.append(f"{place}: its schema is {at}, this program needs {tables.HEAD}")
    stored = select(tables.texts.c.document, func.sum(func.length(tables.texts.c.text)).label("length"))
    lengths = stored.group_by(tables.texts.c.document).subquery()
    length = func.coalesce(lengths.c.length, 0)
    d = tables.documents.c
    wrong = select(d.source, d.uri).outerjoin(lengths, lengths.c.document == d.number).where(d.characters != length).limit(20)
    for source, uri in connection.execute(wrong):
        problems.append(f"{place}: the text of {source}/{uri} is not as long as recorded: sync it again")
    return problems
