"""The truth, in SQLite or PostgreSQL: one file or one schema, one writer at a time, readers on snapshots that never wait."""

from collections.abc import Generator, Iterable
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Protocol

from sqlalchemy import Connection, func, make_url, select
from sqlalchemy.exc import ArgumentError

from firmground.errors import Damaged, InvalidInput
from firmground.ledger import Head
from firmground.store import schema, tables
from firmground.store.accounts import Accounts
from firmground.store.builds import Builds
from firmground.store.dump import Dump, load, set_aside
from firmground.store.facts import Facts
from firmground.store.failures import told
from firmground.store.head import HeadFile
from firmground.store.ledger import Ledger, begins_anew, digest_at, head_of, is_empty
from firmground.store.lessons import Lessons
from firmground.store.opinions import Opinions
from firmground.store.outbox import Outbox
from firmground.store.personal import PersonalData
from firmground.store.redaction import HiddenValues
from firmground.store.reviews import Reviews
from firmground.store.sign_ins import UnderWay
from firmground.store.traces import Traces
from firmground.store.usage import Usage
from firmground.types import Scalar

SQLITE_NAME = "firmground.sqlite"


class Place(Protocol):
    """Where the tables are. What it raises is the driver's; `SqlDatabase` tells it in our words."""

    @property
    def place(self) -> str: ...
    def open(self) -> None: ...
    def writing(self, *, lasting: bool = True) -> AbstractContextManager[Connection]: ...
    def reading(self) -> AbstractContextManager[Connection]: ...
    def purge(self) -> None: ...
    def check(self) -> list[str]: ...
    def describe(self) -> dict[str, str | int]: ...
    def close(self) -> None: ...


class SqlTransaction(
    Builds, Traces, Opinions, Accounts, UnderWay, PersonalData, HiddenValues, Reviews, Lessons, Outbox, Usage, Ledger, Facts, Dump
):
    """One unit of work: people, documents, builds, traces, what people say of answers, accounts, people on their way, what is kept of one
    person, the record, facts; all of it at once."""


class SqlDatabase:
    """The `Database` port. Threads share it; each transaction has a connection of its own."""

    def __init__(self, place: Place, directory: Path) -> None:
        self._place = place
        self._head = HeadFile(directory)
        try:
            with told(place.place):
                place.open()
                self._begin()
        except BaseException:
            place.close()
            raise

    @contextmanager
    def transaction(self, *, lasting: bool = True) -> Generator[SqlTransaction]:
        """Busy where another writer does not finish in time; one inside another of the same thread never gets its turn."""
        with told(self._place.place), self._place.writing(lasting=lasting) as connection:
            unit = SqlTransaction(connection)
            yield unit
            unit.finish()
        if unit.added:
            self._head.advance(head_of(unit.added[-1]), self._digest_at, anew=begins_anew(unit.added))

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

    def head(self) -> Head | None:
        return self._head.read()

    def load(self, lines: Iterable[bytes], *, aside: str) -> None:
        """See `store.dump.load`; `aside` names a schema of a server."""
        with told(self._place.place), self._place.writing() as connection:
            set_aside(connection, aside)
            load(connection, lines)

    def close(self) -> None:
        self._place.close()

    def _begin(self) -> None:
        if not self._head.path.exists():
            with self._place.reading() as connection:
                begins = is_empty(connection)
            if begins:
                self._head.begin()

    def _digest_at(self, number: int) -> str | None:
        with told(self._place.place), self._place.reading() as connection:
            return digest_at(connection, number)


def open_database(url: str, directory: Path, *, patience: float = 10.0) -> SqlDatabase:
    """`sqlite` keeps a file in `directory`; `postgresql://…` needs a server. A new database gets its tables, an older one is brought up to
    date, a newer one is Refused. The end of the ledger is kept in `directory` in both cases. `patience`: seconds to wait for another
    writer before Busy."""
    if url == "sqlite":
        from firmground.store.sqlite import SqliteFile

        return SqlDatabase(SqliteFile(directory / SQLITE_NAME, patience), directory)
    try:
        parsed = make_url(url)
    except ArgumentError:
        parsed = None
    if parsed is None or parsed.drivername not in {"postgresql", "postgres"}:
        kind = url.partition(":")[0][:20]
        raise InvalidInput(f"'{kind}' is no kind of database", "set [database] url to sqlite or postgresql://…")
    from firmground.store.postgresql import PostgresqlServer

    return SqlDatabase(PostgresqlServer(parsed, patience), directory)


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
