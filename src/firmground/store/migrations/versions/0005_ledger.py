"""The record of decisions."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

_RAISE = "begin select raise(abort, 'the ledger is only ever added to'); end"
_REFUSE = "begin raise exception 'the ledger is only ever added to'; end"
FENCE = {
    "sqlite": (
        f"create trigger ledger_not_changed before update on ledger {_RAISE}",
        f"create trigger ledger_not_deleted before delete on ledger {_RAISE}",
    ),
    "postgresql": (
        f"create or replace function ledger_fence() returns trigger language plpgsql as $$ {_REFUSE} $$",
        "create trigger ledger_fence before update or delete or truncate on ledger for each statement execute function ledger_fence()",
    ),
}
Words = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "ledger",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kind", Words, nullable=False),
        sa.Column("entry", Words, nullable=False),
        sa.Column("digest", Words, nullable=False),
        sa.PrimaryKeyConstraint("number"),
    )
    op.create_index("ledger_by_kind", "ledger", ["kind", "number"])
    for statement in FENCE[op.get_bind().dialect.name]:
        op.execute(statement)
