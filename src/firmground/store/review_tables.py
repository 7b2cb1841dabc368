"""The tables of what people do with answers, what that teaches, and what is told of it; as in `tables.py`."""

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, Table

from firmground.store.tables import Words, metadata

# ---------------------------------------------------------------- people look at answers

# rank: of the priority, 0 is first. told: what a clock told of its deadline. The columns are what items are found and taken by; body is
# all of it but them.
review_items = Table(
    "review_items",
    metadata,
    Column("id", Words, primary_key=True),
    Column("answer", Words, ForeignKey("traces.id", ondelete="CASCADE"), nullable=False),
    Column("asker", Words, nullable=False),
    Column("state", Words, nullable=False),
    Column("role", Words, nullable=False),
    Column("rank", Integer, nullable=False),
    Column("due_at", Words, nullable=False),
    Column("paused", Boolean, nullable=False),
    Column("holder", Words, nullable=False),
    Column("lease_until", Words, nullable=False),
    Column("told", Words, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("created_at", Words, nullable=False),
    Column("body", Words, nullable=False),
    Index("review_items_of_answer", "answer"),
    Index("review_items_by_urgency", "state", "rank", "due_at", "id"),
    Index("review_items_by_deadline", "state", "told", "due_at"),
    Index("review_items_of_holder", "holder"),
    Index("review_items_by_age", "state", "id"),
)
# Who said approve, edit or reject since the item was opened, or opened again.
review_deciders = Table(
    "review_deciders",
    metadata,
    Column("item", Words, ForeignKey("review_items.id", ondelete="CASCADE"), primary_key=True),
    Column("person", Words, primary_key=True),
    Column("place", Integer, nullable=False),
    Index("review_deciders_of_person", "person"),
    sqlite_with_rowid=False,
)
review_acts = Table(
    "review_acts",
    metadata,
    Column("item", Words, ForeignKey("review_items.id", ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("person", Words, nullable=False),
    Column("body", Words, nullable=False),
    Index("review_acts_of_person", "person"),
    sqlite_with_rowid=False,
)

# ---------------------------------------------------------------- what use teaches

# answer: the one that was approved; a pin stays when that goes.
pins = Table(
    "pins",
    metadata,
    Column("id", Words, primary_key=True),
    Column("key", Words, nullable=False),
    Column("state", Words, nullable=False),
    Column("answer", Words, nullable=False),
    Column("person", Words, nullable=False),
    Column("at", Words, nullable=False),
    Column("body", Words, nullable=False),
    Index("pins_by_key", "key", "state"),
    Index("pins_of_answer", "answer"),
)
pin_documents = Table(
    "pin_documents",
    metadata,
    Column("document", Words, primary_key=True),
    Column("pin", Words, ForeignKey("pins.id", ondelete="CASCADE"), primary_key=True),
    Index("documents_of_pin", "pin"),
    sqlite_with_rowid=False,
)
pairs = Table(
    "pairs",
    metadata,
    Column("id", Words, primary_key=True),
    Column("document", Words, nullable=False),
    Column("answer", Words, ForeignKey("traces.id", ondelete="CASCADE"), nullable=False),
    Column("person", Words, nullable=False),
    Column("body", Words, nullable=False),
    Index("pairs_of_document", "document"),
    Index("pairs_of_answer", "answer"),
)
signals = Table(
    "signals",
    metadata,
    Column("answer", Words, ForeignKey("traces.id", ondelete="CASCADE"), primary_key=True),
    Column("person", Words, primary_key=True),
    Column("kind", Words, primary_key=True),
    Column("at", Words, nullable=False),
    Column("detail", Words, nullable=False),
    Index("signals_of_person", "person"),
    sqlite_with_rowid=False,
)

# ---------------------------------------------------------------- what people and programs elsewhere are told

# next_at is here alone, so that what waits can be taken at once; the rest of a message is JSON.
messages = Table(
    "messages",
    metadata,
    Column("id", Words, primary_key=True),
    Column("channel", Words, nullable=False),
    Column("route", Words, nullable=False),
    Column("state", Words, nullable=False),
    Column("person", Words, nullable=False),
    Column("about", Words, nullable=False),
    Column("next_at", Words, nullable=False),
    Column("created_at", Words, nullable=False),
    Column("unread", Boolean, nullable=False),
    Column("body", Words, nullable=False),
    Index("messages_due", "state", "channel", "route", "next_at"),
    Index("messages_of_person", "person", "unread", "created_at"),
    Index("messages_about", "about"),
    Index("messages_by_time", "created_at"),
)
contacts = Table(
    "contacts",
    metadata,
    Column("person", Words, ForeignKey("persons.name", ondelete="CASCADE"), primary_key=True),
    Column("address", Words, nullable=False),
    Column("mail", Words, nullable=False),
    Column("issuer", Words, nullable=False),
    Column("language", Words, nullable=False),
    Column("waiting", Words, nullable=False),
    Column("proof", Words, nullable=False),
    Column("asked", Words, nullable=False),
    sqlite_with_rowid=False,
)
