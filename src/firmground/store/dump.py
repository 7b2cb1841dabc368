"""All rows of the database as lines of JSON that no kind of database is written into, and back.

The first line says which schema the rows are of and how far numbers were given; then each table with its columns, and its rows in an order
in which no row refers to a later one; the last line says how many rows there were. A dump of an older schema is loaded into tables as they
were then, which are migrated afterwards.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any, NamedTuple, cast

from sqlalchemy import Connection, Integer, MetaData, Table, func, select, text

from firmground.errors import Damaged, InvalidInput, Refused
from firmground.store import schema, tables
from firmground.store.unit import Unit

_FORMAT = 1
_AT_ONCE = 2000
_OTHERS = ("jobs", "job_steps", "jobs_schema")
"""Tables of the same schema on a server that belong to what is dumped, but are not: jobs end with the data they were about."""


class Dump(Unit):
    """The chapter of a transaction that tells all of it."""

    def dump(self, write: Callable[[bytes], object]) -> dict[str, int]:
        counts: dict[str, int] = {}
        head = {"format": _FORMAT, "schema": schema.revision(self._connection), "given": _given(self._connection)}
        write(_line(head))
        for table in _dumped():
            write(_line({"table": table.name, "columns": [column.name for column in table.columns]}))
            rows = self._connection.execute(select(table), execution_options={"yield_per": _AT_ONCE})
            count = 0
            for part in rows.partitions(_AT_ONCE):
                write(b"".join(_line(list(row)) for row in part))
                count += len(part)
            counts[table.name] = count
        write(_line({"end": sum(counts.values())}))
        return counts


class _Head(NamedTuple):
    schema: str
    given: dict[str, int]


def load(connection: Connection, lines: Iterable[bytes]) -> None:
    """Into a database without tables of ours, in the caller's transaction. Damaged, InvalidInput, or Refused for rows of a newer schema."""
    try:
        _load(connection, iter(lines))
    except (ValueError, TypeError, LookupError, AttributeError, OverflowError, RecursionError) as error:
        raise _damaged("it says something else than it should") from error


def _load(connection: Connection, rest: Iterator[bytes]) -> None:
    head = _head(rest)
    made = _made(connection, head.schema)
    count, told = 0, -1
    into: Table | None = None
    columns: list[str] = []
    while part := list(islice(rest, _AT_ONCE)):
        rows: list[dict[str, Any]] = []
        for found in map(_read, part):
            if isinstance(found, list) and into is not None:
                rows.append(dict(zip(columns, cast("list[Any]", found), strict=True)))
                continue
            count += _inserted(connection, into, rows)
            rows = []
            if not isinstance(found, dict):
                raise _damaged("a row of no table")
            what = cast("dict[str, Any]", found)
            if "end" in what:
                told = int(what["end"])
                into = None
            elif (name := str(what.get("table"))) in made:
                into, columns = made[name], [str(each) for each in what["columns"]]
            else:
                raise _damaged(f"no table {name[:40]!r} in schema {head.schema}")
        count += _inserted(connection, into, rows)
    if told != count:
        raise _damaged("it has no end")
    _give(connection, head.given)
    if head.schema != tables.HEAD:
        schema.migrate(connection)


def set_aside(connection: Connection, name: str) -> None:
    """Let the tables there are be no longer: on a server they are kept in a schema called `name`, if it has a name."""
    ours = [*(table.name for table in reversed(tables.metadata.sorted_tables)), *_OTHERS]
    if connection.dialect.name == "sqlite" or not name:
        for each in ours[: -len(_OTHERS)]:
            connection.execute(text(f'drop table if exists "{each}"'))
        return
    connection.execute(text(f'create schema "{name}"'))
    for each in ours:
        connection.execute(text(f'alter table if exists "{each}" set schema "{name}"'))


def _made(connection: Connection, at: str) -> dict[str, Table]:
    """Empty tables of that schema."""
    if at > tables.HEAD:
        raise Refused(
            f"the backup was made by a newer firmground (schema {at}, this one knows {tables.HEAD})", "upgrade firmground"
        )
    if at == tables.HEAD:
        tables.metadata.create_all(connection, checkfirst=False)
        connection.execute(tables.schema.insert(), {"version_num": tables.HEAD})
        return dict(tables.metadata.tables)
    tables.schema.create(connection)
    schema.migrate(connection, to=at)
    connection.execute(text("delete from corpus"))
    there = MetaData()
    there.reflect(connection)
    return dict(there.tables)


def _dumped() -> list[Table]:
    return [table for table in tables.metadata.sorted_tables if table is not tables.schema]


def _numbered() -> list[Table]:
    """Tables whose rows are given a number."""
    keys = {table: list(table.primary_key.columns) for table in _dumped()}
    return [
        table
        for table, key in keys.items()
        if len(key) == 1 and isinstance(key[0].type, Integer) and table.autoincrement_column is not None
    ]


def _given(connection: Connection) -> dict[str, int]:
    """The highest number given so far, by table, also where its row is gone."""
    given: dict[str, int] = {}
    for table in _numbered():
        column = cast("Any", table.autoincrement_column)
        highest = connection.execute(select(func.coalesce(func.max(column), 0))).scalar_one()
        given[table.name] = max(highest, _counter(connection, table.name, column.name))
    return given


def _counter(connection: Connection, table: str, column: str) -> int:
    if connection.dialect.name == "sqlite":
        return connection.execute(text("select seq from sqlite_sequence where name = :t"), {"t": table}).scalar() or 0
    sequence = connection.execute(
        text("select pg_get_serial_sequence(quote_ident(:t), :c)"), {"t": table, "c": column}
    ).scalar_one()
    last, called = connection.execute(text(f"select last_value, is_called from {sequence}")).one()  # noqa: S608 - told by the server
    return last if called else 0


def _give(connection: Connection, given: dict[str, int]) -> None:
    for table, highest in given.items():
        if not highest or table not in tables.metadata.tables:
            continue
        if connection.dialect.name == "sqlite":
            told = {"t": table, "n": highest}
            if tables.metadata.tables[table].dialect_options["sqlite"]["autoincrement"]:
                connection.execute(text("delete from sqlite_sequence where name = :t"), told)
                connection.execute(text("insert into sqlite_sequence (name, seq) values (:t, :n)"), told)
        else:
            column = cast("Any", tables.metadata.tables[table].autoincrement_column).name
            connection.execute(
                text("select setval(pg_get_serial_sequence(quote_ident(:t), :c), :n)"), {"t": table, "c": column, "n": highest}
            )


def _inserted(connection: Connection, into: Table | None, rows: list[dict[str, Any]]) -> int:
    if into is not None and rows:
        connection.execute(into.insert(), rows)
    return len(rows)


def _head(lines: Iterator[bytes]) -> _Head:
    found = _read(next(lines, b"null"))
    told = cast("dict[str, Any]", found) if isinstance(found, dict) else {}
    if told.get("format") != _FORMAT:
        raise InvalidInput("the rows of the database are in a form that is not known", "upgrade firmground")
    return _Head(str(told["schema"]), {str(name): int(number) for name, number in told["given"].items()})


def _line(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def _read(line: bytes) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        raise _damaged("a line that is no JSON") from None


def _damaged(what: str) -> Damaged:
    return Damaged(f"the rows of the database cannot be used ({what})", "take another backup")
