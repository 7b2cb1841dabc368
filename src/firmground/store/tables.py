"""The tables of the truth, for SQLite and PostgreSQL alike.

A change here needs a numbered migration that does the same to databases in use, and a new HEAD; a test compares the two.
Text is compared and sorted by code point on both. JSON is kept as text. Times are ISO 8601 in UTC.
"""

from sqlalchemy import (
    DDL,
    BigInteger,
    Boolean,
    Column,
    Double,
    Float,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    event,
    true,
)

HEAD = "0008"
"""The revision these tables are at."""

PART = 4096
"""Code points in a part of a text: a slice reads one or two parts, however long the document is."""

PARTS = 2**20
"""More parts than any text has."""

metadata = MetaData()
Words = Text().with_variant(Text(collation="C"), "postgresql")

# ---------------------------------------------------------------- the schema itself

# The one migration this database is at.
schema = Table(
    "firmground_schema",
    metadata,
    Column("version_num", Text, primary_key=True),
)
# One row; the version grows with every change that can alter an answer.
corpus = Table(
    "corpus",
    metadata,
    Column("version", BigInteger, primary_key=True, autoincrement=False),
)

# ---------------------------------------------------------------- people

persons = Table(
    "persons",
    metadata,
    Column("name", Words, primary_key=True),
    Column("role", Words, nullable=False, server_default="user"),
)
groups = Table(
    "groups",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", Words, nullable=False, unique=True),
)
# origin: the provider that said so, whose word may end it; empty where somebody did it here.
memberships = Table(
    "memberships",
    metadata,
    Column("person", Words, ForeignKey("persons.name", ondelete="CASCADE"), primary_key=True),
    Column("group", Integer, ForeignKey("groups.id", ondelete="CASCADE"), primary_key=True),
    Column("origin", Words, nullable=False, server_default=""),
    Index("memberships_of_group", "group"),
    sqlite_with_rowid=False,
)

# ---------------------------------------------------------------- scopes: interned sets of groups

# groups: sorted names as a JSON list; digest: its SHA-256. A scope never changes.
scopes = Table(
    "scopes",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("digest", Words, nullable=False, unique=True),
    Column("groups", Words, nullable=False),
)
scope_groups = Table(
    "scope_groups",
    metadata,
    Column("group", Integer, ForeignKey("groups.id"), primary_key=True),
    Column("scope", Integer, ForeignKey("scopes.id"), primary_key=True),
    sqlite_with_rowid=False,
)

# ---------------------------------------------------------------- documents

# A number is never given twice: the index refers to documents by it. text_revision: the revision at which the text last changed.
documents = Table(
    "documents",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("id", Words, nullable=False, unique=True),
    Column("source", Words, nullable=False),
    Column("uri", Words, nullable=False),
    Column("state", Words, nullable=False),
    Column("code", Words),
    Column("detail", Words, nullable=False),
    Column("title", Words, nullable=False),
    Column("media_type", Words, nullable=False),
    Column("language", Words, nullable=False),
    Column("content_hash", Words, nullable=False),
    Column("stamp", Words, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("modified_ns", BigInteger, nullable=False),
    Column("scope", Integer, ForeignKey("scopes.id"), nullable=False),
    Column("metadata", Words, nullable=False),
    Column("pages", Words, nullable=False),
    Column("characters", Integer, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("text_revision", Integer, nullable=False),
    Column("released", Boolean, nullable=False),
    Column("added_at", Words, nullable=False),
    Column("updated_at", Words, nullable=False),
    Index("documents_of_source", "source", "uri"),
    Index("documents_at", "uri"),
    Index("documents_counted", "source", "state", "language", "scope"),
    sqlite_autoincrement=True,
)
# place: PARTS * document + n, for the part with the code points from PART * n up to PART * (n + 1). One number, because SQLite
# looks a list of pairs up by reading the whole table.
texts = Table(
    "texts",
    metadata,
    Column("place", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False),
    Column("document", Integer, ForeignKey("documents.number", ondelete="CASCADE"), nullable=False),
    Column("text", Words, nullable=False),
    Index("texts_of_document", "document"),
)
spans = Table(
    "spans",
    metadata,
    Column("document", Integer, ForeignKey("documents.number", ondelete="CASCADE"), primary_key=True),
    Column("ordinal", Integer, primary_key=True),
    Column("kind", Words, nullable=False),
    Column("start", Integer, nullable=False),
    Column("end", Integer, nullable=False),
    Column("score", Float, nullable=False),
    sqlite_with_rowid=False,
)
# What placeholders of a redacted document stand for, encrypted.
document_values = Table(
    "document_values",
    metadata,
    Column("document", Integer, ForeignKey("documents.number", ondelete="CASCADE"), primary_key=True),
    Column("placeholder", Words, primary_key=True),
    Column("kind", Words, nullable=False),
    Column("sealed", Words, nullable=False),
    Index("document_values_by_placeholder", "placeholder"),
    sqlite_with_rowid=False,
)
# For filters: one row for each value, lists have several. A long text stands here as its digest.
document_metadata = Table(
    "document_metadata",
    metadata,
    Column("document", Integer, ForeignKey("documents.number", ondelete="CASCADE"), primary_key=True),
    Column("ordinal", Integer, primary_key=True),
    Column("key", Words, nullable=False),
    Column("text", Words, nullable=False),
    Column("number", Float),
    Column("date", Words),
    Index("metadata_by_text", "key", "text"),
    Index("metadata_by_number", "key", "number"),
    Index("metadata_by_date", "key", "date"),
)

# ---------------------------------------------------------------- builds: what one index has taken in

builds = Table(
    "builds",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", Words, nullable=False, unique=True),
)
# revision: what the build has taken in, 0 for nothing yet; stale: the document has moved on since.
build_documents = Table(
    "build_documents",
    metadata,
    Column("build", Integer, ForeignKey("builds.id", ondelete="CASCADE"), primary_key=True),
    Column("document", Integer, ForeignKey("documents.number", ondelete="CASCADE"), primary_key=True),
    Column("revision", Integer, nullable=False),
    Column("stale", Boolean, nullable=False),
    Index("build_documents_of_document", "document"),
    sqlite_with_rowid=False,
)
Index(
    "stale_documents",
    build_documents.c.build,
    build_documents.c.document,
    sqlite_where=build_documents.c.stale == true(),
    postgresql_where=build_documents.c.stale == true(),
)
chunks = Table(
    "chunks",
    metadata,
    Column("build", Integer, primary_key=True),
    Column("document", Integer, primary_key=True),
    Column("ordinal", Integer, primary_key=True),
    Column("id", Words, nullable=False),
    Column("start", Integer, nullable=False),
    Column("end", Integer, nullable=False),
    Column("kind", Words, nullable=False),
    Column("headings", Words, nullable=False),
    Column("table_header", Words, nullable=False),
    Column("page", Integer),
    ForeignKeyConstraint(
        ["build", "document"], ["build_documents.build", "build_documents.document"], ondelete="CASCADE", name="chunks_of_build"
    ),
    Index("chunks_by_id", "id"),
    sqlite_with_rowid=False,
)

# ---------------------------------------------------------------- traces: what was answered

# Ids are time-ordered (UUID version 7), so they say what is newer; body: the whole trace as JSON.
traces = Table(
    "traces",
    metadata,
    Column("id", Words, primary_key=True),
    Column("person", Words, nullable=False),
    Column("conversation", Words, nullable=False),
    Column("body", Words, nullable=False),
    Index("traces_of_person", "person", "id"),
    Index("traces_of_conversation", "conversation", "id"),
)
# What placeholders in a question stand for, encrypted.
answer_values = Table(
    "answer_values",
    metadata,
    Column("answer", Words, ForeignKey("traces.id", ondelete="CASCADE"), primary_key=True),
    Column("placeholder", Words, primary_key=True),
    Column("kind", Words, nullable=False),
    Column("sealed", Words, nullable=False),
    sqlite_with_rowid=False,
)
# What placeholders in somebody's comment or note on an answer stand for, encrypted.
opinion_values = Table(
    "opinion_values",
    metadata,
    Column("answer", Words, ForeignKey("traces.id", ondelete="CASCADE"), primary_key=True),
    Column("person", Words, primary_key=True),
    Column("placeholder", Words, primary_key=True),
    Column("kind", Words, nullable=False),
    Column("sealed", Words, nullable=False),
    sqlite_with_rowid=False,
)
# document: an id, or the address of one that was left out for holding the same text. Not a reference: documents come and go.
trace_documents = Table(
    "trace_documents",
    metadata,
    Column("document", Words, primary_key=True),
    Column("trace", Words, ForeignKey("traces.id", ondelete="CASCADE"), primary_key=True),
    Index("documents_of_trace", "trace"),
    sqlite_with_rowid=False,
)

# ---------------------------------------------------------------- what people say of answers

feedback = Table(
    "feedback",
    metadata,
    Column("answer", Words, ForeignKey("traces.id", ondelete="CASCADE"), primary_key=True),
    Column("person", Words, primary_key=True),
    Column("verdict", Words, nullable=False),
    Column("reason", Words),
    Column("comment", Words, nullable=False),
    Column("at", Words, nullable=False),
    sqlite_with_rowid=False,
)
reviews = Table(
    "reviews",
    metadata,
    Column("id", Words, primary_key=True),
    Column("answer", Words, ForeignKey("traces.id", ondelete="CASCADE"), nullable=False),
    Column("person", Words, nullable=False),
    Column("note", Words, nullable=False),
    Column("state", Words, nullable=False),
    Column("created_at", Words, nullable=False),
    Index("reviews_of_answer", "answer"),
)
shares = Table(
    "shares",
    metadata,
    Column("answer", Words, ForeignKey("traces.id", ondelete="CASCADE"), primary_key=True),
    Column("person", Words, nullable=False),
    Column("at", Words, nullable=False),
)

# ---------------------------------------------------------------- accounts: who may sign in, and with what

# password: argon2id, encoded with its salt and cost; empty where there is none.
accounts = Table(
    "accounts",
    metadata,
    Column("person", Words, ForeignKey("persons.name", ondelete="CASCADE"), primary_key=True),
    Column("password", Words, nullable=False),
    Column("created_at", Words, nullable=False),
)
# digest: SHA-256 (hex) of a secret of 256 random bits, which needs no salt; before: of the secret that it had before that one.
sessions = Table(
    "sessions",
    metadata,
    Column("digest", Words, primary_key=True),
    Column("before", Words, nullable=False),
    Column("next", Words, nullable=False),
    Column("form", Words, nullable=False),
    Column("id", Words, nullable=False, unique=True),
    Column("person", Words, ForeignKey("accounts.person", ondelete="CASCADE"), nullable=False),
    Column("created_at", Words, nullable=False),
    Column("seen_at", Words, nullable=False),
    Column("expires_at", Words, nullable=False),
    Column("changed_at", Words, nullable=False),
    Column("address", Words, nullable=False),
    Column("browser", Words, nullable=False),
    Column("issuer", Words, nullable=False),
    Index("sessions_of_person", "person"),
    Index("sessions_before", "before"),
    Index("sessions_next", "next"),
)
# groups, origins, scopes: JSON lists; groups is null where the key acts for its person, scopes where it may do all that they may.
keys = Table(
    "keys",
    metadata,
    Column("name", Words, primary_key=True),
    Column("digest", Words, nullable=False, unique=True),
    Column("person", Words, ForeignKey("persons.name", ondelete="CASCADE")),
    Column("groups", Words),
    Column("origins", Words, nullable=False),
    Column("created_at", Words, nullable=False),
    Column("expires_at", Words),
    Column("used_at", Words),
    Column("scopes", Words),
    Index("keys_of_person", "person"),
)
# Somebody as an OpenID provider knows them.
identities = Table(
    "identities",
    metadata,
    Column("issuer", Words, primary_key=True),
    Column("subject", Words, primary_key=True),
    Column("person", Words, ForeignKey("persons.name", ondelete="CASCADE"), nullable=False),
    Column("seen_at", Words, nullable=False),
    Index("identities_of_person", "person"),
)
# Links that are good once.
links = Table(
    "links",
    metadata,
    Column("digest", Words, primary_key=True),
    Column("person", Words, ForeignKey("persons.name", ondelete="CASCADE"), nullable=False),
    Column("kind", Words, nullable=False),
    Column("by", Words, nullable=False),
    Column("created_at", Words, nullable=False),
    Column("expires_at", Words, nullable=False),
    Index("links_of_person", "person"),
)
# Who went to a provider to sign in and is not back yet. state, browser: digests of what they must bring back. person: whose identity it
# will be, if not that of whoever comes back.
sign_ins = Table(
    "sign_ins",
    metadata,
    Column("state", Words, primary_key=True),
    Column("browser", Words, nullable=False),
    Column("nonce", Words, nullable=False),
    Column("verifier", Words, nullable=False),
    Column("there", Words, nullable=False),
    Column("person", Words, nullable=False),
    Column("address", Words, nullable=False),
    Column("expires_at", Words, nullable=False),
    Index("sign_ins_of_address", "address"),
)

# ---------------------------------------------------------------- what people agreed to, and what must stay

# version: digest of the text that they agreed to.
consents = Table(
    "consents",
    metadata,
    Column("person", Words, ForeignKey("persons.name", ondelete="CASCADE"), primary_key=True),
    Column("version", Words, primary_key=True),
    Column("at", Words, primary_key=True),
    Column("withdrawn_at", Words),
    sqlite_with_rowid=False,
)
# Legal holds. Not a reference: they outlast who is removed.
holds = Table(
    "holds",
    metadata,
    Column("person", Words, primary_key=True),
    Column("by", Words, nullable=False),
    Column("reason", Words, nullable=False),
    Column("at", Words, nullable=False),
)

# ---------------------------------------------------------------- what may be used, and what was

# limits: JSON. Of a person, a key or a group; of the workspace where all three are null.
limits = Table(
    "limits",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("person", Words, ForeignKey("persons.name", ondelete="CASCADE"), unique=True),
    Column("key", Words, ForeignKey("keys.name", ondelete="CASCADE"), unique=True),
    Column("group", Integer, ForeignKey("groups.id", ondelete="CASCADE"), unique=True),
    Column("limits", Words, nullable=False),
)
# Not references: what was used stays, whoever goes. person: empty for what is nobody's; key: empty where none was used.
usage = Table(
    "usage",
    metadata,
    Column("day", Words, primary_key=True),
    Column("person", Words, primary_key=True),
    Column("key", Words, primary_key=True),
    Column("release", Words, primary_key=True),
    Column("model", Words, primary_key=True),
    Column("via", Words, primary_key=True),
    Column("answers", BigInteger, nullable=False),
    Column("input_tokens", BigInteger, nullable=False),
    Column("output_tokens", BigInteger, nullable=False),
    Column("usd", Double, nullable=False),
    Column("unpriced", BigInteger, nullable=False),
    Column("uploaded", BigInteger, nullable=False),
    Index("usage_of_person", "person", "day"),
    sqlite_with_rowid=False,
)
# The same by budget: what is asked before every answer. period: a day or a month.
tallies = Table(
    "tallies",
    metadata,
    Column("kind", Words, primary_key=True),
    Column("name", Words, primary_key=True),
    Column("period", Words, primary_key=True),
    Column("answers", BigInteger, nullable=False),
    Column("input_tokens", BigInteger, nullable=False),
    Column("output_tokens", BigInteger, nullable=False),
    Column("usd", Double, nullable=False),
    Column("unpriced", BigInteger, nullable=False),
    Column("uploaded", BigInteger, nullable=False),
    Index("tallies_by_period", "period"),
    sqlite_with_rowid=False,
)
# Set aside for answers that are being made.
reservations = Table(
    "reservations",
    metadata,
    Column("id", Words, primary_key=True),
    Column("person", Words, nullable=False),
    Column("key", Words, nullable=False),
    Column("day", Words, nullable=False),
    Column("answers", Integer, nullable=False),
    Column("tokens", BigInteger, nullable=False),
    Column("usd", Double, nullable=False),
    Column("at", Words, nullable=False),
    Column("until", Words, nullable=False),
    sqlite_with_rowid=False,
)
# How many requests of this minute were let in; one row for whoever asks.
requests = Table(
    "requests",
    metadata,
    Column("subject", Words, primary_key=True),
    Column("minute", Words, nullable=False),
    Column("taken", Integer, nullable=False),
    Index("requests_by_minute", "minute"),
    sqlite_with_rowid=False,
)

# Attempts to sign in that failed. place: digest of what they had in common; last: with its microseconds.
failures = Table(
    "failures",
    metadata,
    Column("place", Words, primary_key=True),
    Column("count", Double, nullable=False),
    Column("last", Words, nullable=False),
    Index("failures_until", "last"),
)

# ---------------------------------------------------------------- the record of decisions

# entry: all of it as JSON; digest: over the entry, which holds the digest of the one before. Rows are only ever added.
ledger = Table(
    "ledger",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("kind", Words, nullable=False),
    Column("entry", Words, nullable=False),
    Column("digest", Words, nullable=False),
    Index("ledger_by_kind", "kind", "number"),
)
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
"""A first fence against changing or deleting entries: for mistakes, since whoever may alter tables can take it away."""
FENCES = {"sqlite": {"ledger_not_changed", "ledger_not_deleted"}, "postgresql": {"ledger_fence"}}
"""Names of what keeps entries as they are."""
for _dialect, _statements in FENCE.items():
    for _statement in _statements:
        event.listen(ledger, "after_create", DDL(_statement.replace("%", "%%")).execute_if(dialect=_dialect))

# ---------------------------------------------------------------- reports and small facts

reports = Table(
    "reports",
    metadata,
    Column("source", Words, primary_key=True),
    Column("report", Words, nullable=False),
)
findings = Table(
    "findings",
    metadata,
    Column("source", Words, ForeignKey("reports.source", ondelete="CASCADE"), primary_key=True),
    Column("ordinal", Integer, primary_key=True),
    Column("code", Words, nullable=False),
    Column("uri", Words, nullable=False),
    Column("detail", Words, nullable=False),
    Column("remedy", Words, nullable=False),
    Column("start", Integer),
    Column("end", Integer),
    Column("related", Words, nullable=False),
    Index("findings_of_document", "uri"),
)
facts = Table(
    "facts",
    metadata,
    Column("namespace", Words, primary_key=True),
    Column("key", Words, primary_key=True),
    Column("value", Words, nullable=False),
)
