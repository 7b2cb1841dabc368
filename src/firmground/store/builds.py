"""What each build (chunking x embedder) has taken in, and its chunks."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Connection, and_, bindparam, delete, func, insert, literal, or_, select, tuple_, update

from firmground.errors import NotFound
from firmground.store import tables
from firmground.store.documents import SELECT_DOCUMENT, Documents, document_of
from firmground.store.tables import build_documents, builds, documents
from firmground.store.unit import in_lots, loaded_list, made, packed
from firmground.types import Chunk, Document

_c = tables.chunks.c
_b = build_documents.c
_COLUMNS = ("id", "document", "ordinal", "start", "end", "kind", "headings", "table_header", "page")
_CHUNKS = select(*(_c[name] for name in _COLUMNS))
_CURRENT = (
    _CHUNKS.join(build_documents, and_(_b.build == _c.build, _b.document == _c.document))
    .join(documents, documents.c.number == _c.document)
    .where(documents.c.state == "indexed", documents.c.text_revision <= _b.revision)
)
# Without the 0, SQLite takes the build, the first part of the primary key, for the narrower condition, and reads all of it.
_BY_ID = _CURRENT.where(_c.id.in_(bindparam("ids", expanding=True)), _c.build + 0 == bindparam("build"))
# Pairs alone would make it read the whole build as well; with both lists beside them it looks up the primary key.
_AROUND = _CURRENT.where(
    _c.build == bindparam("build"),
    _c.document.in_(bindparam("documents", expanding=True)),
    _c.ordinal.in_(bindparam("ordinals", expanding=True)),
    tuple_(_c.document, _c.ordinal).in_(bindparam("wanted", expanding=True)),
).order_by(_c.document, _c.ordinal)
_OF_DOCUMENT = _CHUNKS.where(_c.build == bindparam("build"), _c.document == bindparam("document")).order_by(_c.ordinal)


class Builds(Documents):
    """The chapter of a transaction on builds and chunks."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self._builds: dict[str, int] = {}

    def stale_documents(self, build: str, *, limit: int) -> list[Document]:
        known = self._build(build)
        if known is None:
            wanted = SELECT_DOCUMENT.where(documents.c.state == "indexed")
        else:
            stale = and_(_b.document == documents.c.number, _b.build == known, _b.stale)
            wanted = SELECT_DOCUMENT.join(build_documents, stale)
        return [document_of(row) for row in self._rows(wanted.order_by(documents.c.number).limit(limit))]

    def save_chunks(self, build: str, document: int, revision: int, chunks: Sequence[Chunk]) -> None:
        """Saving twice changes nothing. NotFound where the document is gone and there are chunks: they must leave the index."""
        stored = self._rows(select(documents.c.state, documents.c.revision).where(documents.c.number == document))
        if not stored:
            if chunks:
                raise NotFound(f"document {document} was removed meanwhile", "sync again")
            return
        state, current = stored[0]
        known = self._build(build) or self._new_build(build)
        at = and_(_b.build == known, _b.document == document)
        self._connection.execute(delete(tables.chunks).where(_c.build == known, _c.document == document))
        if state == "removed" and revision == current:
            self._connection.execute(delete(build_documents).where(at))
            self._let_go([document])
            self._corpus_changed = True  # its rows weighed in the scores of the others for as long as the index held them
            return
        row = {"build": known, "document": document, "revision": revision, "stale": revision != current}
        self._put(update(build_documents).where(at).values(row), insert(build_documents).values(row))
        if state != "removed":
            self._insert(tables.chunks, [_row(known, chunk) for chunk in chunks])
            self._corpus_changed = True

    def chunks(self, build: str, ids: Collection[str]) -> dict[str, Chunk]:
        """Only those that were cut from the text as it is now, of documents that are indexed; others are left out."""
        known = self._build(build)
        rows = (row for lot in in_lots(ids) for row in self._rows(_BY_ID, {"build": known, "ids": lot}))
        return {chunk.id: chunk for chunk in map(_chunk, rows)}

    def chunks_around(self, build: str, wanted: Collection[tuple[int, int]]) -> list[Chunk]:
        """In the order of documents and ordinals; left out as in `chunks`."""
        rows: list[tuple[Any, ...]] = []
        for lot in in_lots(sorted(wanted)):
            near = {"documents": {number for number, _ in lot}, "ordinals": {ordinal for _, ordinal in lot}, "wanted": lot}
            rows += self._rows(_AROUND, {"build": self._build(build), **near})
        return [_chunk(row) for row in rows]

    def document_chunks(self, build: str, document: int) -> list[Chunk]:
        """What the build holds of it, current or not."""
        return [_chunk(row) for row in self._rows(_OF_DOCUMENT, {"build": self._build(build), "document": document})]

    def chunk_count(self, build: str, source: str | None = None) -> int:
        counted = select(func.count()).select_from(tables.chunks).where(_c.build == self._build(build))
        if source is not None:
            counted = counted.join(documents, documents.c.number == _c.document).where(documents.c.source == source)
        return int(self._value(counted))

    def builds(self) -> list[str]:
        """Names of all that hold something."""
        return [name for (name,) in self._rows(select(builds.c.name).order_by(builds.c.name))]

    def drop_build(self, build: str) -> None:
        """Forget what it has taken in; removed documents that only it still held vanish."""
        known = self._build(build)
        held = [number for (number,) in self._rows(select(_b.document).where(_b.build == known, _b.stale))]
        self._connection.execute(delete(builds).where(builds.c.id == known))
        self._builds.pop(build, None)
        for lot in in_lots(held):
            self._let_go(lot)

    def _build(self, name: str) -> int | None:
        if name not in self._builds:
            known = self._value(select(builds.c.id).where(builds.c.name == name))
            if known is None:
                return None
            self._builds[name] = known
        return self._builds[name]

    def _new_build(self, name: str) -> int:
        """From now on every document that is indexed, and every removed one still here, is on its list until it is taken in."""
        known = self._inserted(insert(builds), {"name": name})
        unseen = select(literal(known), documents.c.number, literal(0), literal(True)).where(
            or_(documents.c.state == "indexed", documents.c.state == "removed")
        )
        self._connection.execute(insert(build_documents).from_select(["build", "document", "revision", "stale"], unseen))
        return known


def _row(build: int, chunk: Chunk) -> dict[str, Any]:
    row: dict[str, Any] = {name: getattr(chunk, name) for name in _COLUMNS}
    return {**row, "build": build, "headings": packed(chunk.headings)}


def _chunk(row: Sequence[Any]) -> Chunk:
    fields: dict[str, Any] = dict(zip(_COLUMNS, row, strict=True))
    fields["headings"] = tuple(loaded_list(fields["headings"]))
    return made(Chunk, fields)
