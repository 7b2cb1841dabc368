"""What the chapters of a transaction share: its connection, and what it must still do before it commits."""

import difflib
import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import cache
from itertools import islice
from typing import Any, TypeVar, cast

from pydantic import BaseModel
from sqlalchemy import Connection, Executable, Insert, Table, Update, select

from firmground.errors import InvalidInput, NotFound
from firmground.store import tables

_AT_ONCE = 1000
"""Values in one statement; a compiled statement is reused only for the same handful of sizes."""

T = TypeVar("T")
V = TypeVar("V", bound=BaseModel)


class Unit:
    """One unit of work on one connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._corpus_changed = False

    def corpus_version(self) -> int:
        self._count_change()
        return self._connection.execute(select(tables.corpus.c.version)).scalar_one()

    def finish(self) -> None:
        """What is left to do before the commit."""
        self._count_change()

    def _count_change(self) -> None:
        if self._corpus_changed:
            self._connection.execute(tables.corpus.update().values(version=tables.corpus.c.version + 1))
            self._corpus_changed = False

    def _rows(self, statement: Executable, values: Mapping[str, Any] | None = None) -> Sequence[tuple[Any, ...]]:
        return cast("Sequence[tuple[Any, ...]]", self._connection.execute(statement, values).all())

    def _value(self, statement: Executable, values: Mapping[str, Any] | None = None) -> Any:
        return self._connection.execute(statement, values).scalar()

    def _insert(self, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
        if rows:
            self._connection.execute(table.insert(), rows)

    def _inserted(self, insert: Insert, row: Mapping[str, Any]) -> int:
        """The number it was given."""
        key = self._connection.execute(insert, row).inserted_primary_key
        if key is None:
            raise AssertionError("a single row that is inserted has a key")
        return int(key[0])

    def _put(self, update: Update, insert: Insert) -> None:
        """Nobody else writes meanwhile, so looking first needs no dialect's upsert."""
        if not self._connection.execute(update).rowcount:
            self._connection.execute(insert)


def packed(value: object) -> str:
    """JSON as the database keeps it."""
    try:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    except (TypeError, ValueError) as error:
        raise InvalidInput(
            f"a value cannot be stored as JSON ({error})", "use text, numbers, true, false and lists of them"
        ) from error


def in_lots(values: Collection[T]) -> Iterator[list[T]]:
    rest = iter(values)
    while lot := list(islice(rest, _AT_ONCE)):
        yield lot


def made(kind: type[V], fields: dict[str, Any]) -> V:
    """A value from fields that the database vouches for; every field must be there. Validating 10,000 documents again would take
    longer than reading them."""
    value = kind.__new__(kind)
    set_ = object.__setattr__
    set_(value, "__dict__", fields)
    set_(value, "__pydantic_fields_set__", _names_of(kind))
    set_(value, "__pydantic_extra__", None)
    set_(value, "__pydantic_private__", None)
    return value


@cache
def _names_of(kind: type[BaseModel]) -> set[str]:
    """One set for all: a copy of a value copies it before it changes anything."""
    return set(kind.model_fields)


def not_found(kind: str, wanted: str, known: Iterable[str], remedy: str) -> NotFound:
    nearest = difflib.get_close_matches(wanted, list(known), n=1)
    return NotFound(f"there is no {kind} '{wanted}'", f"did you mean '{nearest[0]}'? {remedy}" if nearest else remedy)


def name_checked(kind: str, name: str) -> str:
    if not name.strip() or len(name) > 200 or any(ord(character) < 32 for character in name):
        raise InvalidInput(
            f"{name!r} cannot be the name of a {kind}", "use 1 to 200 characters, not only spaces, no control characters"
        )
    return name


def loaded_list(text: str) -> list[Any]:
    return cast("list[Any]", json.loads(text)) if text != "[]" else []
