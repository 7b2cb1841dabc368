"""The first tables: people, documents, builds, facts."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

Words = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    _people()
    _documents()
    _builds()
    _facts()


def _people() -> None:
    op.create_table(
        "persons",
        sa.Column("name", Words, nullable=False),
        sa.Column("admin", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "groups",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", Words, nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("name"),
    )
    op.create_table(
        "memberships",
        sa.Column("person", Words, nullable=False),
        sa.Column("group", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["group"], ["groups.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["person"], ["persons.name"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("person", "group"),
        sqlite_with_rowid=False,
    )
    op.create_index("memberships_of_group", "memberships", ["group"])
    op.create_table(
        "scopes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("digest", Words, nullable=False),
        sa.Column("groups", Words, nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("digest"),
    )
    op.create_table(
        "scope_groups",
        sa.Column("group", sa.Integer(), nullable=False),
        sa.Column("scope", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["group"], ["groups.id"]),
        sa.ForeignKeyConstraint(["scope"], ["scopes.id"]),
        sa.PrimaryKeyConstraint("group", "scope"),
        sqlite_with_rowid=False,
    )


def _documents() -> None:
    op.create_table(
        "documents",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("id", Words, nullable=False),
        sa.Column("source", Words, nullable=False),
        sa.Column("uri", Words, nullable=False),
        sa.Column("state", Words, nullable=False),
        sa.Column("code", Words, nullable=True),
        sa.Column("detail", Words, nullable=False),
        sa.Column("title", Words, nullable=False),
        sa.Column("media_type", Words, nullable=False),
        sa.Column("language", Words, nullable=False),
        sa.Column("content_hash", Words, nullable=False),
        sa.Column("stamp", Words, nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("modified_ns", sa.BigInteger(), nullable=False),
        sa.Column("scope", sa.Integer(), nullable=False),
        sa.Column("metadata", Words, nullable=False),
        sa.Column("pages", Words, nullable=False),
        sa.Column("characters", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("text_revision", sa.Integer(), nullable=False),
        sa.Column("released", sa.Boolean(), nullable=False),
        sa.Column("added_at", Words, nullable=False),
        sa.Column("updated_at", Words, nullable=False),
        sa.ForeignKeyConstraint(["scope"], ["scopes.id"]),
        sa.PrimaryKeyConstraint("number"),
        sa.UniqueConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.create_index("documents_at", "documents", ["uri"])
    op.create_index("documents_of_source", "documents", ["source", "uri"])
    op.create_table(
        "texts",
        sa.Column("place", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("document", sa.Integer(), nullable=False),
        sa.Column("text", Words, nullable=False),
        sa.ForeignKeyConstraint(["document"], ["documents.number"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("place"),
    )
    op.create_index("texts_of_document", "texts", ["document"])
    op.create_table(
        "spans",
        sa.Column("document", sa.Integer(), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("kind", Words, nullable=False),
        sa.Column("start", sa.Integer(), nullable=False),
        sa.Column("end", sa.Integer(), nullable=False),
        sa.Column("score", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(["document"], ["documents.number"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("document", "ordinal"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "document_metadata",
        sa.Column("document", sa.Integer(), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("key", Words, nullable=False),
        sa.Column("text", Words, nullable=False),
        sa.Column("number", sa.Float(), nullable=True),
        sa.Column("date", Words, nullable=True),
        sa.ForeignKeyConstraint(["document"], ["documents.number"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("document", "ordinal"),
    )
    op.create_index("metadata_by_date", "document_metadata", ["key", "date"])
    op.create_index("metadata_by_number", "document_metadata", ["key", "number"])
    op.create_index("metadata_by_text", "document_metadata", ["key", "text"])


def _builds() -> None:
    op.create_table(
        "builds",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", Words, nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("name"),
    )
    op.create_table(
        "build_documents",
        sa.Column("build", sa.Integer(), nullable=False),
        sa.Column("document", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("stale", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["build"], ["builds.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["document"], ["documents.number"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("build", "document"),
        sqlite_with_rowid=False,
    )
    op.create_index("build_documents_of_document", "build_documents", ["document"])
    op.create_index(
        "stale_documents",
        "build_documents",
        ["build", "document"],
        sqlite_where=sa.text("stale = 1"),
        postgresql_where=sa.text("stale = true"),
    )
    op.create_table(
        "chunks",
        sa.Column("build", sa.Integer(), nullable=False),
        sa.Column("document", sa.Integer(), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("id", Words, nullable=False),
        sa.Column("start", sa.Integer(), nullable=False),
        sa.Column("end", sa.Integer(), nullable=False),
        sa.Column("kind", Words, nullable=False),
        sa.Column("headings", Words, nullable=False),
        sa.Column("table_header", Words, nullable=False),
        sa.Column("page", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["build", "document"],
            ["build_documents.build", "build_documents.document"],
            name="chunks_of_build",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("build", "document", "ordinal"),
        sqlite_with_rowid=False,
    )
    op.create_index("chunks_by_id", "chunks", ["id"])


def _facts() -> None:
    op.create_table(
        "corpus", sa.Column("version", sa.BigInteger(), autoincrement=False, nullable=False), sa.PrimaryKeyConstraint("version")
    )
    op.create_table(
        "reports",
        sa.Column("source", Words, nullable=False),
        sa.Column("report", Words, nullable=False),
        sa.PrimaryKeyConstraint("source"),
    )
    op.create_table(
        "findings",
        sa.Column("source", Words, nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("code", Words, nullable=False),
        sa.Column("uri", Words, nullable=False),
        sa.Column("detail", Words, nullable=False),
        sa.Column("remedy", Words, nullable=False),
        sa.Column("start", sa.Integer(), nullable=True),
        sa.Column("end", sa.Integer(), nullable=True),
        sa.Column("related", Words, nullable=False),
        sa.ForeignKeyConstraint(["source"], ["reports.source"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("source", "ordinal"),
    )
    op.create_index("findings_of_document", "findings", ["uri"])
    op.create_table(
        "facts",
        sa.Column("namespace", Words, nullable=False),
        sa.Column("key", Words, nullable=False),
        sa.Column("value", Words, nullable=False),
        sa.PrimaryKeyConstraint("namespace", "key"),
    )
    op.execute("insert into corpus (version) values (0)")
