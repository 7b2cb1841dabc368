"""All rows of a database leave it and come back, into the same kind of database and into the other."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from firmground.errors import Damaged, InvalidInput, Refused
from firmground.ledger import LedgerEntry
from firmground.ports import Database
from firmground.store import schema, tables
from firmground.store.database import open_database
from firmground.testing.documents import BUILD, a_document, chunks_of
from firmground.testing.postgresql import Server

Opening = Callable[[], Database]


@pytest.fixture(scope="module")
def opening(tmp_path_factory: pytest.TempPathFactory, server: Server) -> dict[str, Opening]:
    return {
        "sqlite": lambda: open_database("sqlite", tmp_path_factory.mktemp("data")),
        "postgresql": lambda: open_database(server.database(), tmp_path_factory.mktemp("data")),
    }


def filled(database: Database) -> list[bytes]:
    """Something in every kind of table, and what it is as lines."""
    with database.transaction() as tx:
        tx.add_person("Zoë \U0001f98a", groups=["hr", "a \"b\" 'c' \\ ; --"])
        for name in ("a.md", "ünï\ncode.md", "gone.md"):
            text = f"# {name}\n\nNULL \t\\N \u2028 \u00ad \U0001f98a {'word ' * 3000}"
            saved = tx.save_document(
                a_document(name, metadata={"n": 1.5, "d": "2020-01-02"}, groups=("hr",)), text=text, spans=()
            )
            tx.save_chunks(BUILD, saved.number, saved.revision, chunks_of(saved, (0, 10), (10, 300)))
        tx.put_fact("numbers", "big", [2**53, 1e-300, None, True, "\x7f"])
        tx.append_entry(
            LedgerEntry(number=1, at=datetime(2026, 1, 1, tzinfo=UTC), kind="k", subject="ä", by="b", via="cli", before="0" * 64)
        )
    with database.transaction() as tx:
        tx.remove_documents(["id-handbook-gone.md"])
        tx.save_chunks(BUILD, 3, 99, [])  # no build needs its row any more
    return told(database)


def told(database: Database) -> list[bytes]:
    lines: list[bytes] = []
    with database.reading() as tx:
        tx.dump(lines.append)
    return b"".join(lines).splitlines(keepends=True)


@pytest.mark.parametrize("source", ["sqlite", "postgresql"])
@pytest.mark.parametrize("target", ["sqlite", "postgresql"])
def test_what_one_database_tells_another_holds(opening: dict[str, Opening], source: str, target: str):
    first, second = opening[source](), opening[target]()
    lines = filled(first)
    with second.transaction() as tx:
        tx.add_person("somebody else")
        tx.append_entry(
            LedgerEntry(number=1, at=datetime(2025, 1, 1, tzinfo=UTC), kind="k", subject="x", by="b", via="cli", before="0" * 64)
        )
    second.load(lines, aside="before")
    assert sorted(told(second)[1:]) == sorted(lines[1:])
    assert second.check() == []
    with second.transaction() as tx:
        number = tx.save_document(a_document("new.md"), text="x").number
        assert number == 4, "a number is never given twice, also where its document is gone"
        tx.add_group("new")
    for each in (first, second):
        each.close()


@pytest.mark.parametrize("target", ["sqlite", "postgresql"])
def test_the_fence_of_the_ledger_stands_again(opening: dict[str, Opening], target: str):
    database = opening[target]()
    database.load(filled(database), aside="before")
    with pytest.raises(Exception, match="only ever added to"), database.transaction() as tx:
        tx._connection.execute(text("delete from ledger"))
    database.close()


@pytest.mark.parametrize("target", ["sqlite", "postgresql"])
def test_what_is_not_whole_changes_nothing(opening: dict[str, Opening], target: str):
    database = opening[target]()
    lines = filled(database)
    row = next(number for number, line in enumerate(lines) if "Zoë".encode() in line)
    for wrong, error in (
        (lines[:-1], Damaged),
        (lines[:-5] + lines[-1:], Damaged),
        ([*lines[: row + 1], b"{nonsense\n", *lines[row + 1 :]], Damaged),
        ([lines[0], b"[1]\n", *lines[1:]], Damaged),
        ([lines[0], b'{"table":"passwd","columns":["a"]}\n', *lines[1:]], Damaged),
        ([], InvalidInput),
        ([b'{"format":99}\n'], InvalidInput),
        ([lines[0].replace(tables.HEAD.encode(), b"9999"), *lines[1:]], Refused),
    ):
        with pytest.raises(error):
            database.load(wrong, aside="before")
        assert told(database) == lines
    database.close()


def test_on_a_server_what_there_was_is_kept_aside(opening: dict[str, Opening]):
    database = opening["postgresql"]()
    lines = filled(database)
    with database.transaction() as tx:
        tx.add_person("only before")
    database.load(lines, aside="before_1")
    with database.reading() as tx:
        assert "only before" not in tx.people()
        kept = tx._connection.execute(text("select name from before_1.persons"))
        assert "only before" in {row[0] for row in kept}
    database.close()


def test_an_older_dump_is_brought_up_to_date(tmp_path: Path):
    """The oldest schema there is, with a person in it."""
    older = b'{"format":1,"schema":"0001","given":{}}\n{"table":"corpus","columns":["version"]}\n[7]\n'
    older += b'{"table":"persons","columns":["name","admin"]}\n["ada",true]\n{"end":2}\n'
    database = open_database("sqlite", tmp_path / "restored")
    database.load(older.splitlines(keepends=True), aside="x")
    assert database.check() == []
    with database.reading() as tx:
        assert (tx.corpus_version(), tx.actor("ada").may("see_all")) == (7, True)
    database.close()
    fresh = open_database("sqlite", tmp_path / "fresh")
    fresh.close()
    shapes: list[set[tuple[str, str]]] = []
    for place in ("restored", "fresh"):
        engine = create_engine(f"sqlite:///{tmp_path / place / 'firmground.sqlite'}")
        with engine.connect() as connection:
            assert schema.revision(connection) == tables.HEAD
            rows = connection.execute(text("select type, name from sqlite_schema where name not like 'sqlite_%'"))
            shapes.append({(row[0], row[1]) for row in rows})
        engine.dispose()
    assert shapes[0] == shapes[1]
