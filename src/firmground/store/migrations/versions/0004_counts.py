"""Documents are counted from an index."""

from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.create_index("documents_counted", "documents", ["source", "state", "language", "scope"])
