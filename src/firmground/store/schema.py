"""Bring a database to the schema of this program: create what is new, migrate what is older, refuse what is newer."""

from pathlib import Path

from sqlalchemy import Connection, inspect, select, text

from firmground.errors import Refused
from firmground.store import tables

MIGRATIONS = Path(__file__).parent / "migrations"


def revision(connection: Connection) -> str | None:
    """The migration a database is at; None where it has none of our tables."""
    present = set(inspect(connection).get_table_names())
    if tables.schema.name in present:
        return connection.execute(select(tables.schema.c.version_num)).scalar_one_or_none()
    if present & {table.name for table in tables.metadata.sorted_tables}:
        raise Refused("the database holds tables of another program", "give firmground a database of its own")
    return None


def bring_up(connection: Connection, place: str) -> None:
    """Inside a transaction that no other process can be in."""
    current = revision(connection)
    if current == tables.HEAD:
        return
    if current is None:
        create(connection)
    elif current > tables.HEAD:
        raise Refused(
            f"the database {place} was written by a newer firmground (schema {current}, this one knows {tables.HEAD})",
            "upgrade firmground",
        )
    else:
        migrate(connection)


def create(connection: Connection) -> None:
    """All tables at once, at HEAD: a new database need not live through history, nor load Alembic."""
    tables.metadata.create_all(connection, checkfirst=False)
    connection.execute(tables.schema.insert(), {"version_num": tables.HEAD})
    connection.execute(tables.corpus.insert(), {"version": 0})


def migrate(connection: Connection, to: str = "head") -> None:
    """Every migration that is missing, in order, up to one."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    if connection.dialect.name == "sqlite":
        connection.execute(text("pragma defer_foreign_keys = on"))
    command.upgrade(config, to)
