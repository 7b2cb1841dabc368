"""Bring the search index up to date with the database: chunk, analyse, embed, write.

Idempotent: whatever a crash left half-done is repaired by doing it again.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple, TypeAlias

import numpy as np

from firmground.app.app import App
from firmground.app.corpus.builds import Build, kept
from firmground.app.corpus.saving import ERASED, mark_erased
from firmground.app.corpus.titles import own_title
from firmground.app.launching.releases import recipes_of_releases
from firmground.index.chunk import Chunker, embedded_text, index_terms
from firmground.ports import Transaction, Vectors
from firmground.types import Chunk, Document, IndexRow, digest

_DOCUMENTS_AT_ONCE = 64
_CHARACTERS_AT_ONCE = 1_000_000
_TEXTS_AT_ONCE = 128


class Indexed(NamedTuple):
    """Chunks that appeared, chunks that vanished."""

    added: int = 0
    removed: int = 0

    def plus(self, other: "Indexed") -> "Indexed":
        return Indexed(self.added + other.added, self.removed + other.removed)


def kept_builds(app: App) -> list[Build]:
    """The candidate's index first, then those that releases need."""
    return kept(app, recipes_of_releases(app))


def drop_other_builds(app: App) -> list[str]:
    """Drop every index that neither the candidate nor a release needs: what is erased must not live on in them. Their names."""
    needed = {build.name for build in kept_builds(app)}
    with app.database.reading() as tx:
        others = [build for build in tx.builds() if build not in needed]
    for build in others:
        app.drop_index(build)
        with app.database.transaction() as tx:
            tx.drop_build(build)
    return others


def reconcile(app: App) -> None:
    """Where an index does not hold as many chunks as the database has recorded (it was lost, replaced by a copy, or holds documents
    that are gone), let the documents concerned be taken in again."""
    for build in kept_builds(app):
        _reconcile(app, build)


def _reconcile(app: App, build: Build) -> None:
    held = build.index.documents()
    with app.database.reading() as tx:
        if sum(held.values()) == tx.chunk_count(build.name):
            return
        known = [document.number for document in tx.documents()]
        wrong = [number for number in known if held.get(number, 0) != len(tx.document_chunks(build.name, number))]
    orphans = held.keys() - set(known)
    if orphans:
        build.index.apply([], np.zeros((0, build.embedder.dimension), dtype=np.float32), replaces=orphans)
    with app.database.transaction() as tx:
        for number in wrong:
            tx.save_chunks(build.name, number, 0, [])


def maintain(app: App) -> None:
    """Compact what many small changes left."""
    for build in kept_builds(app):
        build.index.maintain()


def purge_erased(app: App) -> None:
    """Make what was erased unrecoverable from the files of every index and the database, if anything was since the last time, and from the
    answers that this process keeps in memory; others drop theirs at the next question."""
    with app.database.reading() as tx:
        if not tx.fact(ERASED, "due"):
            return
    app.cache.clear()
    for build in kept_builds(app):
        build.index.purge()
    app.database.purge()
    with app.database.transaction() as tx:
        tx.drop_facts(ERASED)


Tally: TypeAlias = Callable[[Transaction, Mapping[str, Indexed]], None]
"""Told what changed, by source, inside the transaction that makes it so: over a crash, too, nothing is counted twice or lost."""


class _Work(NamedTuple):
    document: Document
    text: str
    before: list[Chunk]


class _Rechunked(NamedTuple):
    document: Document
    text: str
    chunks: list[Chunk]
    before: list[Chunk]


def _untold(_: Transaction, __: Mapping[str, Indexed]) -> None:
    """Nobody counts."""


def bring_up_to_date(app: App, pause: Callable[[float], None] = lambda _: None, tally: Tally = _untold) -> None:
    """Take in every document that an index does not hold as it is now, the candidate's first. `pause` is called between batches and within
    them, with how many documents are done (parts of them as well), and may raise; `tally` hears of the candidate's."""
    builds = kept_builds(app)
    done = 0.0
    for build in builds:
        told = tally if build is builds[0] else _untold
        while work := _next_batch(app, build.name):
            share = 1 / len(builds)
            pause(done)
            _take_in(
                app, build, work, told, lambda part, done=done, work=work, share=share: pause(done + share * part * len(work))
            )
            done += share * len(work)


def _next_batch(app: App, build: str) -> list[_Work]:
    batch: list[_Work] = []
    characters = 0
    with app.database.reading() as tx:
        for document in tx.stale_documents(build, limit=_DOCUMENTS_AT_ONCE):
            characters += document.characters
            if batch and characters > _CHARACTERS_AT_ONCE:
                break
            text = tx.text(document.number) if document.state == "indexed" else ""
            batch.append(_Work(document, text, tx.document_chunks(build, document.number)))
    return batch


def _take_in(app: App, build: Build, batch: Sequence[_Work], tally: Tally, pause: Callable[[float], None]) -> None:
    rescoped: dict[int, int] = {}
    replaced: list[_Rechunked] = []
    settled: list[tuple[Document, list[Chunk]]] = []
    for document, text, before in batch:
        chunks = _chunks(build.chunker, document, text)
        settled.append((document, chunks))
        if before and [chunk.id for chunk in chunks] == [chunk.id for chunk in before]:
            rescoped[document.number] = document.scope
        else:
            replaced.append(_Rechunked(document, text, chunks, before))
    # Whoever reads this record after a crash sees that these documents are in flight, and does not trust their chunks.
    in_flight = [work for work in replaced if work.before]
    if in_flight:
        with app.database.transaction() as tx:
            for work in in_flight:
                tx.save_chunks(build.name, work.document.number, 0, [])
            mark_erased(tx)
            tally(tx, _by_source((work.document, Indexed(removed=len(work.before))) for work in in_flight))
    if rescoped:
        build.index.rescope(rescoped)
    if replaced:
        rows, texts = _rows(replaced)
        build.index.apply(rows, _vectors(build, rows, texts, pause), replaces=[work.document.number for work in replaced])
    with app.database.transaction() as tx:
        for document, chunks in settled:
            tx.save_chunks(build.name, document.number, document.revision, chunks)
        tally(tx, _by_source((work.document, Indexed(added=len(work.chunks))) for work in replaced))


def _by_source(changes: Iterable[tuple[Document, Indexed]]) -> dict[str, Indexed]:
    found: dict[str, Indexed] = {}
    for document, change in changes:
        found[document.source] = found.get(document.source, Indexed()).plus(change)
    return found


def _chunks(chunker: Chunker, document: Document, text: str) -> list[Chunk]:
    return chunker.chunk(document.number, text, document.title, document.pages) if text else []


def _rows(replaced: Sequence[_Rechunked]) -> tuple[list[IndexRow], list[str]]:
    rows: list[IndexRow] = []
    texts: list[str] = []
    for document, text, chunks, _ in replaced:
        embedded_title = own_title(document)
        for chunk in chunks:
            embedded = embedded_text(embedded_title, chunk, text)
            texts.append(embedded)
            rows.append(
                IndexRow.model_construct(
                    id=chunk.id,
                    document=document.number,
                    scope=document.scope,
                    content=digest(embedded)[:32],
                    terms=index_terms(document.title, chunk, text, document.language),
                )
            )
    return rows, texts


def _vectors(build: Build, rows: Sequence[IndexRow], texts: Sequence[str], pause: Callable[[float], None]) -> Vectors:
    """One row each; what the index holds already is not embedded again, and equal texts are embedded once. `pause` is told which share
    is."""
    if not rows:
        return np.zeros((0, build.embedder.dimension), dtype=np.float32)
    known = build.index.vectors({row.content for row in rows})
    fresh = {row.content: text for row, text in zip(rows, texts, strict=True) if row.content not in known}
    contents = list(fresh)
    for start in range(0, len(contents), _TEXTS_AT_ONCE):
        lot = contents[start : start + _TEXTS_AT_ONCE]
        known.update(zip(lot, build.embedder.embed([fresh[content] for content in lot]), strict=True))
        pause((start + len(lot)) / len(contents))
    return np.stack([known[row.content] for row in rows])
