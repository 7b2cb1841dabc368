"""A corpus in memory to ask questions of: what a search reads of a database, filled without a sync."""

from collections.abc import Collection, Generator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import cast

import numpy as np

from firmground.index.chunk import Chunker, embedded_text, index_terms
from firmground.ports import Embedder, SearchIndex, Transaction
from firmground.serve.search import Corpus
from firmground.types import Chunk, Document, IndexRow, digest

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
BUILD = "shelf"


def a_document(number: int, **fields: object) -> Document:
    """An indexed English document of the source `shelf`; `fields` say what is different."""
    usual: dict[str, object] = {
        "id": f"document-{number}",
        "number": number,
        "source": "shelf",
        "uri": f"{number}.md",
        "state": "indexed",
        "language": "en",
        "added_at": EPOCH,
        "updated_at": EPOCH,
    }
    return Document.model_validate(usual | fields)


class Shelf:
    """Documents, texts and chunks, readable like a database. Change `documents` to play what happens behind the index's back."""

    def __init__(self) -> None:
        self.documents: dict[int, Document] = {}
        self._texts: dict[int, str] = {}
        self._chunks: dict[str, Chunk] = {}
        self._places: dict[tuple[int, int], Chunk] = {}

    def put(self, document: Document, text: str, chunks: Sequence[Chunk]) -> None:
        self.documents[document.number] = document
        self._texts[document.number] = text
        for chunk in chunks:
            self._chunks[chunk.id] = self._places[chunk.document, chunk.ordinal] = chunk

    @contextmanager
    def reading(self) -> Generator[Transaction]:
        yield cast("Transaction", self)

    def text(self, number: int) -> str:
        return self._texts[number]

    def documents_numbered(self, numbers: Collection[int]) -> dict[int, Document]:
        return {number: self.documents[number] for number in numbers if number in self.documents}

    def chunks(self, build: str, ids: Collection[str]) -> dict[str, Chunk]:
        return {id: self._chunks[id] for id in ids if id in self._chunks} if build == BUILD else {}

    def chunks_around(self, build: str, wanted: Collection[tuple[int, int]]) -> list[Chunk]:
        return [self._places[place] for place in sorted(wanted) if place in self._places] if build == BUILD else []

    def slices(self, spans: Sequence[tuple[int, int, int]]) -> list[str]:
        return [self._texts[number][start:end] for number, start, end in spans]

    def corpus_version(self) -> int:
        return len(self.documents)


def shelved(
    documents: Sequence[tuple[Document, str]], index: SearchIndex, embedder: Embedder, chunker: Chunker | None = None
) -> tuple[Corpus, Shelf]:
    """Chunk, embed and index these documents and their texts as a sync does."""
    shelf, chunker = Shelf(), chunker or Chunker()
    rows: list[IndexRow] = []
    texts: list[str] = []
    for document, text in documents:
        chunks = chunker.chunk(document.number, text, document.title, document.pages)
        shelf.put(document, text, chunks)
        for chunk in chunks:
            texts.append(embedded_text(document.title, chunk, text))
            terms = index_terms(document.title, chunk, text, document.language)
            row = IndexRow(id=chunk.id, document=document.number, scope=document.scope, content=digest(texts[-1]), terms=terms)
            rows.append(row)
    batches = [embedder.embed(texts[at : at + 256]) for at in range(0, len(texts), 256)]
    index.apply(rows, np.concatenate(batches) if batches else np.zeros((0, embedder.dimension), np.float32), replaces=[])
    index.maintain(force=True)
    languages = tuple(dict.fromkeys(document.language for document, _ in documents if document.language))
    return Corpus(shelf.reading, index, embedder, BUILD, languages or ("en",)), shelf
