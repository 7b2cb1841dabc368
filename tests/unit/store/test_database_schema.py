"""Migrations and tables agree, and an older database is brought up to date."""

import shutil
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, create_engine, text

from firmground.store import schema, tables
from firmground.store.database import open_database
from firmground.store.unit import packed
from firmground.testing.database import a_document
from firmground.testing.traces import a_trace

NEXT = """
import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.add_column("persons", sa.Column("mail", sa.Text(), nullable=True))
    op.execute("update persons set mail = name || '@example.org'")
"""


def described(connection: Connection) -> dict[str, Any]:
    """Every table with its columns, keys and indexes, in whatever order they were declared."""
    shapes: dict[str, Any] = {}
    for table, rowid, strict in connection.execute(
        text("select name, wr, strict from pragma_table_list where schema = 'main' and name not like 'sqlite_%'")
    ):
        columns = connection.execute(
            text(f"select name, type, \"notnull\", dflt_value, pk from pragma_table_info('{table}')")
        ).all()
        keys = connection.execute(
            text(f'select "table", "from", "to", on_delete, on_update from pragma_foreign_key_list(\'{table}\')')
        ).all()
        listed = connection.execute(text(f"select name, \"unique\", origin, partial from pragma_index_list('{table}')")).all()
        indexes = [
            (index if origin == "c" else origin, unique, partial, covered(connection, index))
            for index, unique, origin, partial in listed
        ]
        sql = str(connection.execute(text("select sql from sqlite_schema where name = :name"), {"name": table}).scalar())
        shapes[table] = (rowid, strict, "AUTOINCREMENT" in sql, sorted(columns), sorted(keys), sorted(indexes))
    conditions = text(
        "select name, substr(sql, instr(sql, 'WHERE')) from sqlite_schema where type = 'index' and sql like '%WHERE%'"
    )
    triggers = text("select name, tbl_name, sql from sqlite_schema where type = 'trigger'")
    return {
        **shapes,
        "conditions": sorted(connection.execute(conditions).all()),
        "triggers": sorted(connection.execute(triggers).all()),
    }


def covered(connection: Connection, index: str) -> tuple[str, ...]:
    return tuple(connection.execute(text(f"select name from pragma_index_info('{index}')")).scalars())


def test_the_migrations_lead_to_the_tables():
    created, migrated = create_engine("sqlite://"), create_engine("sqlite://")
    with created.begin() as one, migrated.begin() as other:
        schema.create(one)
        tables.schema.create(other)
        schema.migrate(other)
        assert len(described(one)) == len(tables.metadata.tables) + 2
        assert described(one) == described(other)
        for question in ("select * from firmground_schema", "select * from corpus"):
            assert one.execute(text(question)).all() == other.execute(text(question)).all()
    created.dispose()
    migrated.dispose()


def test_migrations_are_numbered_without_a_gap_up_to_head():
    numbers = sorted(path.name[:4] for path in (schema.MIGRATIONS / "versions").glob("*.py"))
    assert numbers == [f"{n:04}" for n in range(1, len(numbers) + 1)]
    assert numbers[-1] == tables.HEAD


def test_an_older_database_is_brought_up_to_date_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    older = open_database("sqlite", tmp_path)
    with older.transaction() as tx:
        tx.add_person("ada")
        tx.save_document(a_document(), text="text")
    older.close()

    shutil.copytree(schema.MIGRATIONS, tmp_path / "migrations")
    (tmp_path / "migrations" / "versions" / "0009_mail.py").write_text(NEXT)
    monkeypatch.setattr(schema, "MIGRATIONS", tmp_path / "migrations")
    monkeypatch.setattr(tables, "HEAD", "0009")
    for _ in range(2):
        newer = open_database("sqlite", tmp_path)
        assert newer.describe()["schema"] == "0009"
        assert newer.check() == []
        with newer.transaction() as tx:
            assert [each.title for each in tx.documents()] == ["Title of a.md"]
            mails = tx._connection.execute(text("select mail from persons")).scalars().all()
        assert mails == ["ada@example.org"]
        newer.close()


def test_a_database_of_the_first_schema_keeps_what_it_holds_and_can_keep_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    first = tmp_path / "migrations"
    (first / "versions").mkdir(parents=True)
    shutil.copy(schema.MIGRATIONS / "env.py", first)
    shutil.copy(schema.MIGRATIONS / "versions" / "0001_first_tables.py", first / "versions")
    engine = create_engine(f"sqlite:///{tmp_path / 'firmground.sqlite'}")
    with engine.begin() as connection, monkeypatch.context() as patched:
        patched.setattr(schema, "MIGRATIONS", first)
        tables.schema.create(connection)
        schema.migrate(connection)
        connection.execute(text("insert into persons values ('ada', true)"))
        connection.execute(text("insert into facts values ('n', 'k', '[1]')"))
        connection.execute(text("update corpus set version = 7"))
    engine.dispose()

    database = open_database("sqlite", tmp_path)
    assert (database.describe()["schema"], database.check()) == (tables.HEAD, [])
    with database.transaction() as tx:
        assert (tx.actor("ada").may("see_all"), tx.fact("n", "k"), tx.corpus_version()) == (True, [1], 7)
        tx.save_trace(a_trace("1"))
        assert tx.trace("1") == a_trace("1")
    database.close()


def test_a_migration_that_fails_leaves_the_older_database_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    open_database("sqlite", tmp_path).close()
    shutil.copytree(schema.MIGRATIONS, tmp_path / "migrations")
    (tmp_path / "migrations" / "versions" / "0009_mail.py").write_text(NEXT + '    raise ValueError("half way")\n')
    with monkeypatch.context() as patched:
        patched.setattr(schema, "MIGRATIONS", tmp_path / "migrations")
        patched.setattr(tables, "HEAD", "0009")
        with pytest.raises(ValueError, match="half way"):
            open_database("sqlite", tmp_path)
    database = open_database("sqlite", tmp_path)
    assert database.describe()["schema"] == tables.HEAD
    with database.transaction() as tx:
        tx.add_person("ada")
        columns = tx._connection.execute(text("select name from pragma_table_info('persons')")).scalars().all()
    assert columns == ["name", "role"]
    database.close()


def test_sentences_that_an_older_version_held_are_drafts_now(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    older = tmp_path / "migrations"
    shutil.copytree(schema.MIGRATIONS, older, ignore=shutil.ignore_patterns("0008*", "__pycache__"))
    bodies = {}
    for id, held in (("1", []), ("2", [{"text": "Nine days.", "citations": [3], "check": "not_checked"}])):
        said = a_trace(id).model_dump(mode="json", exclude={"draft", "routed"})
        bodies[id] = packed({"answer": said.pop("answer"), "held": held, **said})
    engine = create_engine(f"sqlite:///{tmp_path / 'firmground.sqlite'}")
    with engine.begin() as connection, monkeypatch.context() as patched:
        patched.setattr(schema, "MIGRATIONS", older)
        tables.schema.create(connection)
        schema.migrate(connection)
        for id, body in bodies.items():
            connection.execute(text("insert into traces values (:id, 'ada', :id, :body)"), {"id": id, "body": body})
    engine.dispose()

    database = open_database("sqlite", tmp_path)
    with database.reading() as tx:
        assert tx.trace("1") == a_trace("1")
        draft = tx.find_trace("2").draft
    database.close()
    assert draft
    assert (draft.text, [sentence.citations for sentence in draft.sentences]) == ("Nine days.", [()])
