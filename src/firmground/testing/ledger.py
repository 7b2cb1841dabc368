"""What the contract of a `Database` says of the record of decisions."""
# ruff: noqa: S101 - a contract suite asserts

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from random import Random
from typing import TYPE_CHECKING, Any

import pytest

from firmground.errors import Damaged, FirmgroundError
from firmground.gate.ledger import START, Witness, inspect
from firmground.ledger import KeptEntry, LedgerEntry
from firmground.ports import Database, Transaction
from firmground.types import digest

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


def add(tx: Transaction, subject: str, kind: str = "person.added") -> LedgerEntry:
    """The next entry."""
    number, before = tx.end_of_ledger() or (0, START)
    entry = LedgerEntry(
        number=number + 1,
        at=NOON + timedelta(minutes=number),
        kind=kind,
        subject=subject,
        by="ada",
        via="http",
        detail={"note": "é “quoted” \u2028 😀", "share": 0.1, "nested": {"a": [1, None, True]}},
        before=before,
    )
    tx.append_entry(entry)
    return entry


def written(count: int) -> list[KeptEntry]:
    """A ledger of so many entries, as a database holds it."""
    made: list[KeptEntry] = []
    for number in range(1, count + 1):
        entry = LedgerEntry(
            number=number,
            at=NOON + timedelta(minutes=number),
            kind=("person.added", "group.joined", "release.created")[number % 3],
            subject=f"subject {number}",
            by="ada" if number % 2 else "grace",
            via="http",
            detail={"person": f"person {number}", "share": number / 7},
            before=str(made[-1].digest) if made else START,
        )
        made.append(_kept(entry.model_dump(mode="json")))
    return made


def mutations(random: Random) -> dict[str, Callable[[list[KeptEntry]], list[KeptEntry]]]:
    """What somebody who writes into the database could do to a ledger, by name."""
    return {
        "edit a sign of an entry": lambda rows: _edited(random, rows, "entry"),
        "edit a sign of a digest": lambda rows: _edited(random, rows, "digest"),
        "edit a sign of a kind": lambda rows: _edited(random, rows, "kind"),
        "edit a number": lambda rows: _renumbered(random, rows),
        "edit an entry and its digest": lambda rows: _forged(random, rows),
        "delete": lambda rows: _cut(random, rows),
        "insert": lambda rows: _inserted(random, rows),
        "insert, and number the rest anew": lambda rows: _numbered(_inserted(random, rows)),
        "reorder": lambda rows: _swapped(random, rows),
        "reorder, and number anew": lambda rows: _numbered(_swapped(random, rows)),
        "duplicate": lambda rows: _doubled(random, rows),
        "duplicate, and number the rest anew": lambda rows: _numbered(_doubled(random, rows)),
        "truncate": lambda rows: rows[: random.randrange(len(rows))],
        "write the rest anew": lambda rows: _rewritten(random, rows),
        "write the rest anew, and leave some out": lambda rows: _rewritten(random, rows)[: random.randrange(len(rows))],
        "write the rest anew, and go on": lambda rows: _chained(_rewritten(random, rows) + rows[: random.randint(1, 3)]),
    }


def _kept(entry: dict[str, Any]) -> KeptEntry:
    text = json.dumps(entry, ensure_ascii=False, separators=(",", ":"))
    return KeptEntry(entry["number"], entry["kind"], text, digest(entry))


def _chained(rows: list[KeptEntry]) -> list[KeptEntry]:
    """Every entry as if it had been written after the one before."""
    made: list[KeptEntry] = []
    for number, row in enumerate(rows, 1):
        before = made[-1].digest if made else START
        made.append(_kept({**json.loads(str(row.entry)), "number": number, "before": before}))
    return made


def _edited(random: Random, rows: list[KeptEntry], field: str) -> list[KeptEntry]:
    at = random.randrange(len(rows))
    text = str(getattr(rows[at], field))
    place = random.randrange(len(text))
    sign = chr(random.choice([*range(32, 127), 0xE9, 0x1F600]))
    other = random.choice(
        [text[:place] + sign + text[place + 1 :], text[:place] + sign + text[place:], text[:place] + text[place + 1 :]]
    )
    return _with(rows, at, rows[at]._replace(**{field: other}))


def _renumbered(random: Random, rows: list[KeptEntry]) -> list[KeptEntry]:
    at = random.randrange(len(rows))
    return _sorted(_with(rows, at, rows[at]._replace(number=random.randrange(2 * len(rows)))))


def _forged(random: Random, rows: list[KeptEntry]) -> list[KeptEntry]:
    at = random.randrange(len(rows))
    return _with(rows, at, _kept({**json.loads(str(rows[at].entry)), "by": random.choice(["eve", "mallory"])}))


def _cut(random: Random, rows: list[KeptEntry]) -> list[KeptEntry]:
    at = random.randrange(len(rows))
    return rows[:at] + rows[at + random.randint(1, 3) :]


def _inserted(random: Random, rows: list[KeptEntry]) -> list[KeptEntry]:
    """One that continues the entry before it."""
    at = random.randrange(len(rows))
    before = rows[at - 1].digest if at else START
    return [*rows[:at], _kept({**json.loads(str(rows[at].entry)), "by": "eve", "before": before}), *rows[at:]]


def _swapped(random: Random, rows: list[KeptEntry]) -> list[KeptEntry]:
    """Each in the place of the other."""
    one, other = random.sample(range(len(rows)), 2)
    moved = _with(rows, one, rows[other]._replace(number=rows[one].number))
    return _with(moved, other, rows[one]._replace(number=rows[other].number))


def _doubled(random: Random, rows: list[KeptEntry]) -> list[KeptEntry]:
    at, to = random.randrange(len(rows)), random.randint(0, len(rows))
    return _sorted([*rows[:to], rows[at], *rows[to:]])


def _rewritten(random: Random, rows: list[KeptEntry]) -> list[KeptEntry]:
    """The chain is right again."""
    return _chained(_forged(random, rows))


def _numbered(rows: list[KeptEntry]) -> list[KeptEntry]:
    return [row._replace(number=number) for number, row in enumerate(rows, 1)]


def _sorted(rows: list[KeptEntry]) -> list[KeptEntry]:
    return sorted(rows, key=lambda row: int(str(row.number)))


def _with(rows: list[KeptEntry], at: int, row: KeptEntry) -> list[KeptEntry]:
    return [*rows[:at], row, *rows[at + 1 :]]


class LedgerContract:
    """Part of `DatabaseContract`."""

    if TYPE_CHECKING:

        def reopened(self, database: Database) -> Database: ...

    def test_entries_are_kept_as_they_were_added_in_a_chain_that_is_whole(self, database: Database):
        with database.transaction() as tx:
            made = [add(tx, f"person {n}") for n in range(5)]
        with self.reopened(database).reading() as tx:
            assert tx.entries() == made
            assert tx.last_entry() == made[-1]
            assert tx.end_of_ledger() == (5, made[-1].digest)
            kept = list(tx.kept_entries())
        assert [(each.number, each.kind, each.digest) for each in kept] == [(e.number, e.kind, e.digest) for e in made]
        assert inspect(kept, [Witness(5, made[-1].digest, "test")]).whole

    def test_entries_are_read_in_parts_by_number_and_by_kind_from_either_end(self, database: Database):
        with database.transaction() as tx:
            for n in range(1, 9):
                add(tx, str(n), "group.added" if n % 2 else "group.joined")
            assert self.numbers(tx, after=6) == [7, 8]
            assert self.numbers(tx, before=3) == [1, 2]
            assert self.numbers(tx, limit=2) == [1, 2]
            assert self.numbers(tx, limit=2, newest_first=True) == [8, 7]
            assert self.numbers(tx, kinds=["group.added"]) == [1, 3, 5, 7]
            assert self.numbers(tx, kinds=["group.added"], before=7, limit=2, newest_first=True) == [5, 3]
            assert self.numbers(tx, kinds=[]) == []

    def test_an_empty_ledger_has_neither_end_nor_entries(self, database: Database):
        with database.reading() as tx:
            assert (tx.entries(), tx.last_entry(), tx.end_of_ledger(), list(tx.kept_entries())) == ([], None, None, [])
        head = database.head()
        assert head is not None
        assert (head.number, head.digest) == (0, START)

    def test_what_keeps_entries_as_they_are_is_there(self, database: Database):
        with database.reading() as tx:
            assert tx.missing_fences() == []

    def test_an_entry_that_does_not_continue_the_last_is_refused(self, database: Database):
        with database.transaction() as tx:
            first = add(tx, "first")
        for wrong in (
            first,
            first.model_copy(update={"number": 3, "before": first.digest}),
            first.model_copy(update={"number": 2}),
        ):
            with pytest.raises(Damaged, match="ledger verify"), database.transaction() as tx:
                tx.append_entry(wrong)
        with database.reading() as tx:
            assert tx.entries() == [first]

    def test_what_is_rolled_back_leaves_no_entry_and_the_head_stays(self, database: Database):
        with database.transaction() as tx:
            first = add(tx, "first")

        def broken_off() -> None:
            with database.transaction() as tx:
                add(tx, "second")
                raise RuntimeError

        with pytest.raises(RuntimeError):
            broken_off()
        with database.reading() as tx:
            assert tx.entries() == [first]
        head = database.head()
        assert head is not None
        assert (head.number, head.digest, head.at) == (1, first.digest, first.at)

    def test_the_head_follows_whoever_adds_whatever_else_is_open(self, database: Database):
        other = self.reopened(database)
        for turn, each in enumerate((database, other, database), 1):
            with each.transaction() as tx:
                last = add(tx, str(turn))
            for looking in (database, other):
                head = looking.head()
                assert head is not None
                assert (head.number, head.digest) == (turn, last.digest)

    def test_the_database_refuses_to_change_or_delete_entries(self, database: Database):
        with database.transaction() as tx:
            made = [add(tx, "first"), add(tx, "second")]
        for statement in ("update ledger set kind = 'other'", "delete from ledger where number = 2"):
            with pytest.raises(FirmgroundError, match="only ever added to"), database.transaction() as tx:
                raw(tx, statement)
        database.purge()
        with database.reading() as tx:
            assert tx.entries() == made

    @staticmethod
    def numbers(tx: Transaction, **how: Any) -> list[int]:
        return [each.number for each in tx.entries(**how)]


def raw(tx: Transaction, statement: str) -> None:
    """What somebody does to the tables behind our back."""
    connection: Any = vars(tx)["_connection"]
    connection.exec_driver_sql(statement)
