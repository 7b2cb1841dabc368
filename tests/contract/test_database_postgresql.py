from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import create_engine

from firmground.errors import InvalidInput, OutsideFailed, Refused
from firmground.ports import Database
from firmground.store import schema, tables
from firmground.store.database import SqlDatabase, open_database
from firmground.testing.database import DatabaseContract, a_document
from firmground.testing.postgresql import Server

_NUMBERS = count(1)


@pytest.fixture(scope="module")
def home(server: Server) -> str:
    """One database for all tests."""
    return server.database()


@pytest.fixture
def url(home: str) -> str:
    return in_new_schema(home)


@pytest.fixture(scope="module")
def emptied(home: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Making the tables takes longer than most tests, so they share them, emptied."""
    url = in_new_schema(home)
    open_database(url, tmp_path_factory.mktemp("once")).close()
    return url


def in_new_schema(home: str) -> str:
    name = f"test_{next(_NUMBERS)}"
    with psycopg.connect(home, autocommit=True) as connection:
        connection.execute(f"create schema {name}".encode())
    return f"{home}&options=-csearch_path%3D{name}"


class TestPostgresqlDatabase(DatabaseContract):
    @pytest.fixture
    def database(self, tmp_path: Path, emptied: str) -> Iterator[SqlDatabase]:
        self.directory, self.url = tmp_path, emptied
        with psycopg.connect(emptied) as connection:
            connection.execute(
                "truncate persons, groups, scopes, documents, builds, traces, reports, facts,"
                " limits, usage, tallies, reservations, requests, holds, consents, sign_ins, failures cascade"
            )
            connection.execute("alter table ledger disable trigger user; truncate ledger; alter table ledger enable trigger user")
            connection.execute("update corpus set version = 0")
        self.opened = [open_database(self.url, tmp_path, patience=1)]
        yield self.opened[0]
        for database in self.opened:
            database.close()

    def reopened(self, database: Database) -> SqlDatabase:
        self.opened.append(open_database(self.url, self.directory, patience=1))
        return self.opened[-1]

    def test_a_connection_that_the_server_dropped_is_replaced(self, database: SqlDatabase):
        self.saved(database, a_document(), text="x")
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute("select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid()")
        with database.reading() as tx:
            assert len(tx.documents()) == 1

    def test_a_server_that_stops_in_the_middle_is_told_and_nothing_is_half_done(self, database: SqlDatabase):
        def interrupted() -> None:
            with database.transaction() as tx:
                tx.save_document(a_document())
                with psycopg.connect(self.url, autocommit=True) as connection:
                    connection.execute("select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid()")
                tx.save_document(a_document("b.md"))

        with pytest.raises(OutsideFailed, match="did not answer"):
            interrupted()
        with database.reading() as tx:
            assert tx.documents() == []

    def test_purge_leaves_no_dead_rows(self, database: SqlDatabase):
        saved = self.saved(database, a_document(), text="secret " * 1000)[0]
        with database.transaction() as tx:
            tx.remove_documents([saved.id])
        database.purge()
        with psycopg.connect(self.url) as connection:
            assert connection.execute("select pg_relation_size('texts'), pg_relation_size('documents')").fetchone() == (0, 0)

    def test_workspaces_in_schemas_of_one_database_do_not_wait_for_each_other(self, database: SqlDatabase, home: str):
        with psycopg.connect(home, autocommit=True) as connection:
            connection.execute("create schema neighbour")
        other = open_database(f"{home}&options=-csearch_path%3Dneighbour", self.directory, patience=1)
        with database.transaction() as tx, other.transaction() as theirs:
            tx.save_document(a_document())
            theirs.save_document(a_document("theirs.md"))
            assert [each.uri for each in theirs.documents()] == ["theirs.md"]
        other.close()


def test_many_may_open_a_new_database_at_once(url: str, tmp_path: Path):
    with ThreadPoolExecutor(4) as pool:
        opened = list(pool.map(lambda _: open_database(url, tmp_path), range(4)))
    assert [database.check() for database in opened] == [[]] * 4
    for database in opened:
        database.close()


def test_a_server_that_is_not_there_is_told_without_the_password(tmp_path: Path):
    with pytest.raises(OutsideFailed, match="did not answer") as refused:
        open_database(f"postgresql://me:secret@/x?host={tmp_path}", tmp_path)
    assert "secret" not in str(refused.value)


def beside(home: str, name: str) -> str:
    """The url of another database of the same server."""
    return f"postgresql:///{name}?{home.partition('?')[2]}"


def test_a_database_that_is_not_there_is_told(home: str, tmp_path: Path):
    with pytest.raises(OutsideFailed, match="check that it runs and that url and account are right"):
        open_database(beside(home, "absent"), tmp_path)


def test_a_database_in_another_encoding_is_refused(home: str, tmp_path: Path):
    with psycopg.connect(home, autocommit=True) as connection:
        connection.execute("create database latin encoding 'LATIN1' template template0")
    with pytest.raises(InvalidInput, match="create one with encoding UTF8"):
        open_database(beside(home, "latin"), tmp_path)


def test_tables_of_another_program_are_left_alone(url: str, tmp_path: Path):
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("create table documents (theirs text)")
    with pytest.raises(Refused, match="another program"):
        open_database(url, tmp_path)


def test_an_account_that_may_not_write_is_told(home: str, url: str, tmp_path: Path):
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("create role reader login")
    with pytest.raises(OutsideFailed, match="may not be written"):
        open_database(url.replace("user=firmground", "user=reader"), tmp_path)


def shape(connection: psycopg.Connection) -> list[tuple[object, ...]]:
    """Columns, indexes and constraints of the current schema."""
    here = "current_schema()::regnamespace"
    columns = "table_name, column_name, data_type, is_nullable, column_default is null, collation_name"
    definition = "replace(pg_get_indexdef(oid), current_schema() || '.', '')"
    questions = [
        f"select {columns} from information_schema.columns where table_schema = current_schema()",
        f"select relname, {definition} from pg_class where relkind = 'i' and relnamespace = {here}",
        f"select conrelid::regclass::text, conname, pg_get_constraintdef(oid) from pg_constraint where connamespace = {here}",
    ]
    return [row for question in questions for row in sorted(connection.execute(question.encode()).fetchall(), key=str)]


def test_the_migrations_lead_to_the_tables(url: str, tmp_path: Path):
    open_database(url, tmp_path).close()
    with psycopg.connect(url, autocommit=True) as connection:
        created = shape(connection)
        connection.execute("set client_min_messages = warning")
        connection.execute(b"drop schema " + url.rpartition("%3D")[2].encode() + b" cascade")
        connection.execute(b"create schema " + url.rpartition("%3D")[2].encode())
    engine = create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
    with engine.begin() as connection:
        tables.schema.create(connection)
        schema.migrate(connection)
    engine.dispose()
    with psycopg.connect(url) as connection:
        assert shape(connection) == created
    assert len(created) > 100
    database = open_database(url, tmp_path)
    assert database.check() == []
    database.close()
