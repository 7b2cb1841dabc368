"""People look at answers, what use teaches, and what is told elsewhere."""

import json
from typing import Any, cast

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

Words = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


_OF_ITEMS = {
    "review_items_of_answer": ["answer"],
    "review_items_by_urgency": ["state", "rank", "due_at", "id"],
    "review_items_by_deadline": ["state", "told", "due_at"],
    "review_items_of_holder": ["holder"],
    "review_items_by_age": ["state", "id"],
}


def upgrade() -> None:
    _sentences_that_were_held_become_drafts()
    op.create_table(
        "review_items",
        sa.Column("id", Words, primary_key=True),
        sa.Column("answer", Words, sa.ForeignKey("traces.id", ondelete="CASCADE"), nullable=False),
        sa.Column("asker", Words, nullable=False),
        sa.Column("state", Words, nullable=False),
        sa.Column("role", Words, nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("due_at", Words, nullable=False),
        sa.Column("paused", sa.Boolean(), nullable=False),
        sa.Column("holder", Words, nullable=False),
        sa.Column("lease_until", Words, nullable=False),
        sa.Column("told", Words, nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("created_at", Words, nullable=False),
        sa.Column("body", Words, nullable=False),
    )
    for name, columns in _OF_ITEMS.items():
        op.create_index(name, "review_items", columns)
    op.create_table(
        "review_deciders",
        sa.Column("item", Words, sa.ForeignKey("review_items.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("person", Words, primary_key=True),
        sa.Column("place", sa.Integer(), nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("review_deciders_of_person", "review_deciders", ["person"])
    op.create_table(
        "review_acts",
        sa.Column("item", Words, sa.ForeignKey("review_items.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("number", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("person", Words, nullable=False),
        sa.Column("body", Words, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("review_acts_of_person", "review_acts", ["person"])
    op.create_table(
        "pins",
        sa.Column("id", Words, primary_key=True),
        sa.Column("key", Words, nullable=False),
        sa.Column("state", Words, nullable=False),
        sa.Column("answer", Words, nullable=False),
        sa.Column("person", Words, nullable=False),
        sa.Column("at", Words, nullable=False),
        sa.Column("body", Words, nullable=False),
    )
    op.create_index("pins_by_key", "pins", ["key", "state"])
    op.create_index("pins_of_answer", "pins", ["answer"])
    op.create_table(
        "pin_documents",
        sa.Column("document", Words, primary_key=True),
        sa.Column("pin", Words, sa.ForeignKey("pins.id", ondelete="CASCADE"), primary_key=True),
        sqlite_with_rowid=False,
    )
    op.create_index("documents_of_pin", "pin_documents", ["pin"])
    op.create_table(
        "pairs",
        sa.Column("id", Words, primary_key=True),
        sa.Column("document", Words, nullable=False),
        sa.Column("answer", Words, sa.ForeignKey("traces.id", ondelete="CASCADE"), nullable=False),
        sa.Column("person", Words, nullable=False),
        sa.Column("body", Words, nullable=False),
    )
    op.create_index("pairs_of_document", "pairs", ["document"])
    op.create_index("pairs_of_answer", "pairs", ["answer"])
    op.create_table(
        "signals",
        sa.Column("answer", Words, sa.ForeignKey("traces.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("person", Words, primary_key=True),
        sa.Column("kind", Words, primary_key=True),
        sa.Column("at", Words, nullable=False),
        sa.Column("detail", Words, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("signals_of_person", "signals", ["person"])
    _messages()


def _sentences_that_were_held_become_drafts() -> None:
    """Kept answers said `held`, a list of sentences that nobody could do anything with."""
    at = op.get_bind()
    at.execute(sa.text("UPDATE traces SET body = replace(body, '\"held\":[],', '')"))
    rows = at.execute(sa.text("SELECT id, body FROM traces WHERE body LIKE '%\"held\":[{%'")).all()
    for id, body in rows:
        trace: dict[str, Any] = json.loads(str(body))
        held = cast("list[dict[str, Any]]", trace.pop("held"))
        sentences = [sentence | {"citations": list[int]()} for sentence in held]
        text = " ".join(str(sentence["text"]) for sentence in sentences)
        trace["draft"] = {"status": "weak", "text": text, "sentences": sentences, "citations": []}
        told = json.dumps(trace, ensure_ascii=False, separators=(",", ":"))
        at.execute(sa.text("UPDATE traces SET body = :body WHERE id = :id"), {"body": told, "id": id})


def _messages() -> None:
    op.create_table(
        "messages",
        sa.Column("id", Words, primary_key=True),
        sa.Column("channel", Words, nullable=False),
        sa.Column("route", Words, nullable=False),
        sa.Column("state", Words, nullable=False),
        sa.Column("person", Words, nullable=False),
        sa.Column("about", Words, nullable=False),
        sa.Column("next_at", Words, nullable=False),
        sa.Column("created_at", Words, nullable=False),
        sa.Column("unread", sa.Boolean(), nullable=False),
        sa.Column("body", Words, nullable=False),
    )
    op.create_index("messages_due", "messages", ["state", "channel", "route", "next_at"])
    op.create_index("messages_of_person", "messages", ["person", "unread", "created_at"])
    op.create_index("messages_about", "messages", ["about"])
    op.create_index("messages_by_time", "messages", ["created_at"])
    op.create_table(
        "contacts",
        sa.Column("person", Words, sa.ForeignKey("persons.name", ondelete="CASCADE"), primary_key=True),
        sa.Column("address", Words, nullable=False),
        sa.Column("mail", Words, nullable=False),
        sa.Column("issuer", Words, nullable=False),
        sa.Column("language", Words, nullable=False),
        sa.Column("waiting", Words, nullable=False),
        sa.Column("proof", Words, nullable=False),
        sa.Column("asked", Words, nullable=False),
        sqlite_with_rowid=False,
    )
