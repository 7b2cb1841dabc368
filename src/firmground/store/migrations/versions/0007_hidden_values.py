"""Personal data that placeholders stand for, kept apart and encrypted."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

Words = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "document_values",
        sa.Column("document", sa.Integer(), sa.ForeignKey("documents.number", ondelete="CASCADE"), primary_key=True),
        sa.Column("placeholder", Words, primary_key=True),
        sa.Column("kind", Words, nullable=False),
        sa.Column("sealed", Words, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("document_values_by_placeholder", "document_values", ["placeholder"])
    op.create_table(
        "answer_values",
        sa.Column("answer", Words, sa.ForeignKey("traces.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("placeholder", Words, primary_key=True),
        sa.Column("kind", Words, nullable=False),
        sa.Column("sealed", Words, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "opinion_values",
        sa.Column("answer", Words, sa.ForeignKey("traces.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("person", Words, primary_key=True),
        sa.Column("placeholder", Words, primary_key=True),
        sa.Column("kind", Words, nullable=False),
        sa.Column("sealed", Words, nullable=False),
        sqlite_with_rowid=False,
    )
