"""The database on a PostgreSQL server: the same promises, kept by one advisory lock for writers and snapshots for readers."""

from collections.abc import Generator
from contextlib import contextmanager

from sqlalchemy import URL, Connection, Engine, create_engine, event, text
from sqlalchemy.engine.interfaces import DBAPIConnection

from firmground.errors import InvalidInput
from firmground.store import schema, tables

_ONE_WRITER = text("select pg_advisory_xact_lock(hashtextextended('firmground ' || current_schema(), 0))")
_NOT_LASTING = text("set local synchronous_commit = off")
_BYTES = """
    select coalesce(sum(pg_total_relation_size(oid)), 0)::bigint from pg_class
    where relkind = 'r' and relnamespace = current_schema()::regnamespace and relname = any(cast(:names as text[]))
"""
_PIN = text("select version from corpus")


class PostgresqlServer:
    """Connections to the schema that `url` leads to. `patience`: seconds to wait for another writer before it counts as busy.

    Writers take turns as they do on SQLite: what one reads before it writes stays true until it commits.
    """

    def __init__(self, url: URL, patience: float) -> None:
        self.place = url.render_as_string(hide_password=True)
        self._patience = patience
        self._engine = self._connected(url.set(drivername="postgresql+psycopg"))
        self._readers = self._engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        self._alone = self._engine.execution_options(isolation_level="AUTOCOMMIT")

    def open(self) -> None:
        """Make what is missing."""
        with self._engine.connect() as connection:
            encoding = connection.execute(text("show server_encoding")).scalar_one()
        if encoding != "UTF8":
            raise InvalidInput(f"the database {self.place} keeps text as {encoding}", "create one with encoding UTF8")
        with self.writing() as connection:
            schema.bring_up(connection, self.place)

    @contextmanager
    def writing(self, *, lasting: bool = True) -> Generator[Connection]:
        with self._engine.begin() as connection:
            connection.execute(_ONE_WRITER)
            if not lasting:
                connection.execute(_NOT_LASTING)
            yield connection

    @contextmanager
    def reading(self) -> Generator[Connection]:
        """The snapshot is taken now, not at the first question."""
        with self._readers.connect() as connection:
            connection.execute(_PIN).all()
            yield connection

    def purge(self) -> None:
        """Removes deleted rows from the tables, once no transaction can see them any more. The bytes of their pages are free for
        new rows and may stay on the server's disk until those come; its write-ahead log and its backups keep them for as long as
        the server is set to. Only encryption and retention on the server can promise more."""
        names = ", ".join(f'"{table.name}"' for table in tables.metadata.sorted_tables)
        with self._alone.connect() as connection:
            connection.execute(text(f"vacuum (analyze) {names}"))

    def check(self) -> list[str]:
        """Foreign keys are the server's own care; what it cannot see are indexes that a failed rebuild left unusable."""
        with self._readers.connect() as connection:
            broken = connection.execute(text("select indexrelid::regclass::text from pg_index where not indisvalid")).scalars()
            return [f"{self.place}: index {name} is not valid" for name in broken]

    def describe(self) -> dict[str, str | int]:
        with self._readers.connect() as connection:
            version = connection.execute(text("show server_version")).scalar_one()
            sizes = text(_BYTES)
            names = [table.name for table in tables.metadata.sorted_tables]
            return {"kind": "postgresql", "version": version, "bytes": connection.execute(sizes, {"names": names}).scalar_one()}

    def close(self) -> None:
        self._engine.dispose()

    def _connected(self, url: URL) -> Engine:
        engine = create_engine(
            url,
            pool_size=8,
            max_overflow=24,
            pool_timeout=self._patience,
            pool_pre_ping=True,
            hide_parameters=True,
            isolation_level="READ COMMITTED",
        )

        @event.listens_for(engine, "connect")
        def _patient(connection: DBAPIConnection, _: object) -> None:  # pyright: ignore[reportUnusedFunction]
            cursor = connection.cursor()
            cursor.execute(f"set lock_timeout = {int(self._patience * 1000)}")
            cursor.close()
            connection.commit()

        return engine
