"""Alembic runs this. The caller hands over its connection, inside its own transaction."""

from alembic import context

from firmground.store import tables

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=tables.metadata,
    version_table=tables.schema.name,
    render_as_batch=True,
)
context.run_migrations()
