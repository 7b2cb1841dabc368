"""Who may sign in and with what; what people say of answers."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

Words = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    _opinions()
    _accounts()


def _opinions() -> None:
    op.create_table(
        "feedback",
        sa.Column("answer", Words, nullable=False),
        sa.Column("person", Words, nullable=False),
        sa.Column("verdict", Words, nullable=False),
        sa.Column("reason", Words),
        sa.Column("comment", Words, nullable=False),
        sa.Column("at", Words, nullable=False),
        sa.ForeignKeyConstraint(["answer"], ["traces.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("answer", "person"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "reviews",
        sa.Column("id", Words, nullable=False),
        sa.Column("answer", Words, nullable=False),
        sa.Column("person", Words, nullable=False),
        sa.Column("note", Words, nullable=False),
        sa.Column("state", Words, nullable=False),
        sa.Column("created_at", Words, nullable=False),
        sa.ForeignKeyConstraint(["answer"], ["traces.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("reviews_of_answer", "reviews", ["answer"])
    op.create_table(
        "shares",
        sa.Column("answer", Words, nullable=False),
        sa.Column("person", Words, nullable=False),
        sa.Column("at", Words, nullable=False),
        sa.ForeignKeyConstraint(["answer"], ["traces.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("answer"),
    )


def _accounts() -> None:
    op.create_table(
        "accounts",
        sa.Column("person", Words, nullable=False),
        sa.Column("owner", sa.Boolean(), nullable=False),
        sa.Column("password", Words, nullable=False),
        sa.Column("created_at", Words, nullable=False),
        sa.ForeignKeyConstraint(["person"], ["persons.name"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("person"),
    )
    op.create_table(
        "sessions",
        sa.Column("digest", Words, nullable=False),
        sa.Column("person", Words, nullable=False),
        sa.Column("created_at", Words, nullable=False),
        sa.Column("seen_at", Words, nullable=False),
        sa.Column("expires_at", Words, nullable=False),
        sa.ForeignKeyConstraint(["person"], ["accounts.person"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("digest"),
    )
    op.create_index("sessions_of_person", "sessions", ["person"])
    op.create_table(
        "keys",
        sa.Column("name", Words, nullable=False),
        sa.Column("digest", Words, nullable=False),
        sa.Column("person", Words),
        sa.Column("groups", Words),
        sa.Column("origins", Words, nullable=False),
        sa.Column("created_at", Words, nullable=False),
        sa.Column("expires_at", Words),
        sa.Column("used_at", Words),
        sa.ForeignKeyConstraint(["person"], ["persons.name"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("name"),
        sa.UniqueConstraint("digest"),
    )
    op.create_index("keys_of_person", "keys", ["person"])
