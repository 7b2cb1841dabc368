"""The record of decisions, as rows that are only ever added."""

import json
from collections.abc import Collection, Iterator

from sqlalchemy import Connection, insert, select, text

from firmground.errors import Damaged
from firmground.ledger import HEAD_RENEWED, Head, KeptEntry, LedgerEntry
from firmground.store.tables import FENCES, ledger
from firmground.store.unit import Unit, packed

_l = ledger.c
_AT_ONCE = 1000
START = "0" * 64
_FENCES = {
    "sqlite": "select name from sqlite_schema where type = 'trigger' and tbl_name = 'ledger'",
    "postgresql": "select tgname from pg_trigger where tgrelid = 'ledger'::regclass and tgenabled <> 'D'",
}


class Ledger(Unit):
    """The chapter of a transaction on the record."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self.added: list[LedgerEntry] = []
        """Entries of this transaction, for whoever keeps the head of the ledger once it has committed."""

    def append_entry(self, entry: LedgerEntry) -> None:
        number, before = self.end_of_ledger() or (0, START)
        if (entry.number, entry.before) != (number + 1, before):
            raise Damaged("the entry does not continue the ledger", "run `firmground ledger verify`")
        row = {"number": entry.number, "kind": entry.kind, "entry": packed(entry.model_dump(mode="json")), "digest": entry.digest}
        self._connection.execute(insert(ledger), row)
        self.added.append(entry)

    def entries(
        self,
        *,
        after: int = 0,
        before: int | None = None,
        limit: int | None = None,
        kinds: Collection[str] | None = None,
        newest_first: bool = False,
    ) -> list[LedgerEntry]:
        wanted = select(_l.entry).where(_l.number > after)
        if before is not None:
            wanted = wanted.where(_l.number < before)
        if kinds is not None:
            wanted = wanted.where(_l.kind.in_(sorted(kinds)))
        order = _l.number.desc() if newest_first else _l.number
        return [_read(row[0]) for row in self._rows(wanted.order_by(order).limit(limit))]

    def last_entry(self) -> LedgerEntry | None:
        found = self._value(select(_l.entry).order_by(_l.number.desc()).limit(1))
        return None if found is None else _read(found)

    def end_of_ledger(self) -> tuple[int, str] | None:
        found = self._rows(select(_l.number, _l.digest).order_by(_l.number.desc()).limit(1))
        return (found[0][0], found[0][1]) if found else None

    def kept_entries(self) -> Iterator[KeptEntry]:
        all_of_them = select(_l.number, _l.kind, _l.entry, _l.digest).order_by(_l.number)
        for row in self._connection.execute(all_of_them, execution_options={"yield_per": _AT_ONCE}):
            yield KeptEntry(*row)

    def missing_fences(self) -> list[str]:
        there = set(self._connection.execute(text(_FENCES[self._connection.dialect.name])).scalars())
        return sorted(FENCES[self._connection.dialect.name] - there)


def digest_at(connection: Connection, number: int) -> str | None:
    """Of the entry of this number."""
    return START if number == 0 else connection.execute(select(_l.digest).where(_l.number == number)).scalar()


def is_empty(connection: Connection) -> bool:
    return connection.execute(select(_l.number).limit(1)).scalar() is None


def begins_anew(added: list[LedgerEntry]) -> bool:
    """Whether these entries are reason enough for a head where there is none: the first one of all, or one that tells of its absence."""
    return added[0].number == 1 or any(entry.kind == HEAD_RENEWED for entry in added)


def head_of(entry: LedgerEntry) -> Head:
    return Head(entry.number, entry.digest, entry.at)


def _read(entry: str) -> LedgerEntry:
    try:
        return LedgerEntry.model_validate(json.loads(entry))
    except (TypeError, ValueError):
        raise Damaged("an entry of the ledger cannot be read", "run `firmground ledger verify`") from None
