"""What was answered, and by which documents it is found."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

Words = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "traces",
        sa.Column("id", Words, nullable=False),
        sa.Column("person", Words, nullable=False),
        sa.Column("conversation", Words, nullable=False),
        sa.Column("body", Words, nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("traces_of_person", "traces", ["person", "id"])
    op.create_index("traces_of_conversation", "traces", ["conversation", "id"])
    op.create_table(
        "trace_documents",
        sa.Column("document", Words, nullable=False),
        sa.Column("trace", Words, nullable=False),
        sa.ForeignKeyConstraint(["trace"], ["traces.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("document", "trace"),
        sqlite_with_rowid=False,
    )
    op.create_index("documents_of_trace", "trace_documents", ["trace"])
