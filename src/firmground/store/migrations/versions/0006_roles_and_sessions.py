"""Roles instead of administrators alone; identities that a provider vouches for; links that are good once; sessions that change their
secret. Whoever was signed in signs in anew."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

Double: Any = sa.Double()  # pyright: ignore[reportUnknownVariableType]
Words = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    _roles()
    _sessions()
    _identities()
    _budgets()
    _rights_over_data()


def _roles() -> None:
    op.add_column("persons", sa.Column("role", Words, nullable=False, server_default="user"))
    op.execute("update persons set role = 'admin' where admin")
    op.execute("update persons set role = 'owner' where name in (select person from accounts where owner)")
    op.drop_column("persons", "admin")
    op.drop_column("accounts", "owner")
    op.add_column("memberships", sa.Column("origin", Words, nullable=False, server_default=""))
    op.add_column("keys", sa.Column("scopes", Words))


def _sessions() -> None:
    op.drop_table("sessions")
    op.create_table(
        "sessions",
        sa.Column("digest", Words, nullable=False),
        sa.Column("before", Words, nullable=False),
        sa.Column("next", Words, nullable=False),
        sa.Column("form", Words, nullable=False),
        sa.Column("id", Words, nullable=False),
        sa.Column("person", Words, nullable=False),
        sa.Column("created_at", Words, nullable=False),
        sa.Column("seen_at", Words, nullable=False),
        sa.Column("expires_at", Words, nullable=False),
        sa.Column("changed_at", Words, nullable=False),
        sa.Column("address", Words, nullable=False),
        sa.Column("browser", Words, nullable=False),
        sa.Column("issuer", Words, nullable=False),
        sa.ForeignKeyConstraint(["person"], ["accounts.person"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("digest"),
        sa.UniqueConstraint("id"),
    )
    op.create_index("sessions_of_person", "sessions", ["person"])
    op.create_index("sessions_before", "sessions", ["before"])
    op.create_index("sessions_next", "sessions", ["next"])


def _identities() -> None:
    op.create_table(
        "identities",
        sa.Column("issuer", Words, nullable=False),
        sa.Column("subject", Words, nullable=False),
        sa.Column("person", Words, nullable=False),
        sa.Column("seen_at", Words, nullable=False),
        sa.ForeignKeyConstraint(["person"], ["persons.name"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("issuer", "subject"),
    )
    op.create_index("identities_of_person", "identities", ["person"])
    op.create_table(
        "links",
        sa.Column("digest", Words, nullable=False),
        sa.Column("person", Words, nullable=False),
        sa.Column("kind", Words, nullable=False),
        sa.Column("by", Words, nullable=False),
        sa.Column("created_at", Words, nullable=False),
        sa.Column("expires_at", Words, nullable=False),
        sa.ForeignKeyConstraint(["person"], ["persons.name"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("digest"),
    )
    op.create_index("links_of_person", "links", ["person"])
    op.create_table(
        "failures",
        sa.Column("place", Words, nullable=False),
        sa.Column("count", Double, nullable=False),
        sa.Column("last", Words, nullable=False),
        sa.PrimaryKeyConstraint("place"),
    )
    op.create_index("failures_until", "failures", ["last"])
    op.create_table(
        "sign_ins",
        sa.Column("state", Words, nullable=False),
        sa.Column("browser", Words, nullable=False),
        sa.Column("nonce", Words, nullable=False),
        sa.Column("verifier", Words, nullable=False),
        sa.Column("there", Words, nullable=False),
        sa.Column("person", Words, nullable=False),
        sa.Column("address", Words, nullable=False),
        sa.Column("expires_at", Words, nullable=False),
        sa.PrimaryKeyConstraint("state"),
    )
    op.create_index("sign_ins_of_address", "sign_ins", ["address"])


def _rights_over_data() -> None:
    op.create_table(
        "consents",
        sa.Column("person", Words, nullable=False),
        sa.Column("version", Words, nullable=False),
        sa.Column("at", Words, nullable=False),
        sa.Column("withdrawn_at", Words),
        sa.ForeignKeyConstraint(["person"], ["persons.name"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("person", "version", "at"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "holds",
        sa.Column("person", Words, nullable=False),
        sa.Column("by", Words, nullable=False),
        sa.Column("reason", Words, nullable=False),
        sa.Column("at", Words, nullable=False),
        sa.PrimaryKeyConstraint("person"),
    )


_TAKEN = ("answers", "input_tokens", "output_tokens", "usd", "unpriced", "uploaded")


def _taken() -> list[sa.Column[Any]]:
    return [sa.Column(name, Double if name == "usd" else sa.BigInteger(), nullable=False) for name in _TAKEN]


def _budgets() -> None:
    op.create_table(
        "limits",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person", Words),
        sa.Column("key", Words),
        sa.Column("group", sa.Integer()),
        sa.Column("limits", Words, nullable=False),
        sa.ForeignKeyConstraint(["person"], ["persons.name"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["key"], ["keys.name"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["group"], ["groups.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("person"),
        sa.UniqueConstraint("key"),
        sa.UniqueConstraint("group"),
    )
    used_by = ("day", "person", "key", "release", "model", "via")
    op.create_table(
        "usage",
        *(sa.Column(name, Words, nullable=False) for name in used_by),
        *_taken(),
        sa.PrimaryKeyConstraint(*used_by),
        sqlite_with_rowid=False,
    )
    op.create_index("usage_of_person", "usage", ["person", "day"])
    op.create_table(
        "tallies",
        *(sa.Column(name, Words, nullable=False) for name in ("kind", "name", "period")),
        *_taken(),
        sa.PrimaryKeyConstraint("kind", "name", "period"),
        sqlite_with_rowid=False,
    )
    op.create_index("tallies_by_period", "tallies", ["period"])
    op.create_table(
        "reservations",
        *(sa.Column(name, Words, nullable=False) for name in ("id", "person", "key", "day")),
        sa.Column("answers", sa.Integer(), nullable=False),
        sa.Column("tokens", sa.BigInteger(), nullable=False),
        sa.Column("usd", Double, nullable=False),
        sa.Column("at", Words, nullable=False),
        sa.Column("until", Words, nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "requests",
        sa.Column("subject", Words, nullable=False),
        sa.Column("minute", Words, nullable=False),
        sa.Column("taken", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("subject"),
        sqlite_with_rowid=False,
    )
    op.create_index("requests_by_minute", "requests", ["minute"])
