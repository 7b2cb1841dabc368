"""The `SearchIndex` port on LanceDB: one table, a BM25 index over the terms, IVF-RQ over the vectors, integers for permissions.

BM25 is Lance's: k1 = 1.2, b = 0.75, idf = ln(1 + (N - n + ½) / (n + ½)), the formula of `firmground.testing.index.MemoryIndex`. N, n and
the mean length are counted over the rows that the text index covers; rows added since the last `maintain` are scored one by one, with
themselves counted in, so their scores shift a little when `maintain` takes them in.
"""

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from typing import Any, cast

import numpy as np

from firmground.ports import Vectors
from firmground.store.lance_import import lancedb
from firmground.store.lance_rows import (
    Block,
    BlockBeingRead,
    Floats,
    Held,
    Numbers,
    Rows,
    any_of,
    row_bytes,
    still_held,
    wide_vectors,
)
from firmground.store.lance_table import MADE, LanceTable, drop_table
from firmground.types import Hit, IndexRow, IndexStats, Scores, Within

_MEMORY = 512 * 2**20
"""Bytes of memory that ids and vectors may take: 600,000 rows of 384 dimensions. What is larger is read from files."""
_COMPARED = 20_000
"""So few visible rows are compared one by one in memory: exact, and faster than the vector index (0.13 ms a thousand). A table no
larger has no vector index."""
_SCANNED = 1_000
"""So few are compared one by one from files."""
_ALL_SCORED = 4_000
"""So few visible rows have all their BM25 read at once: dearer by less than a second question for those the first one left out."""
_CANDIDATES, _LEAST = 3, 150
"""At least so many rows of the vector index have their cosine computed exactly (recall@10 1.000 with two bits a dimension)."""
_PROBES = 24
"""Partitions (of about 8,192 rows) that a search of the vector index visits at least."""
_LAG_ROWS, _LAG_SHARE = 1_000, 0.02
"""Uncovered rows that `maintain` tolerates: 1,000 of them double the time of a text search."""
_KEPT = timedelta(minutes=10)
"""Old versions stay this long, so that a slow reader need not open the table anew; `purge` leaves none."""
_AT_ONCE = timedelta(milliseconds=1)
_LIST = 4_000
"""Longest list of numbers or digests in one predicate."""


def open_lance(
    directory_or_url: str | Path, build: str, embedder_id: str, dimension: int, *, memory: int = _MEMORY
) -> "LanceIndex":
    """The index of one build (chunking x embedder), made if absent; `memory` bounds the bytes of vectors that a process which
    searches keeps. IndexMismatch for another embedder or dimension, Damaged, StorageFull, OutsideFailed (no permission)."""
    return LanceIndex(LanceTable(directory_or_url, build, embedder_id, dimension), dimension, memory)


def drop_lance(directory_or_url: str | Path, build: str) -> None:
    """Throw the index of a build away without opening it: the way out where that raises Damaged or IndexMismatch."""
    drop_table(directory_or_url, build)


class LanceIndex:
    """See `firmground.ports.SearchIndex`. Safe to use from several threads and several processes at once."""

    def __init__(self, table: LanceTable, dimension: int, memory: int) -> None:
        self._table = table
        self._dimension = dimension
        self._memory = memory
        self._rows: Rows | None = None
        self._held = Held()
        self._fresh = True
        self._reading, self._holding = asyncio.Lock(), asyncio.Lock()

    # ------------------------------------------------------------ writing

    def apply(self, rows: Sequence[IndexRow], vectors: Vectors, *, replaces: Collection[int]) -> None:
        wanted = np.asarray(vectors, dtype=np.float32)
        if len(rows) != len(wanted) or (rows and wanted.shape != (len(rows), self._dimension)):
            raise ValueError(f"{len(rows)} rows of {self._dimension} numbers do not go with vectors of shape {wanted.shape}")
        if not np.isfinite(wanted).all():
            raise ValueError("vectors must be finite")
        gone = sorted(set(replaces))
        touched = any_of("document", sorted({*gone, *(row.document for row in rows)}))
        batch = self._arrow(rows, wanted)

        async def work(table: Any) -> None:
            # Nothing to replace: a plain append spares the join over the whole table. Sure only where the lock keeps others out.
            if self._table.local is not None and (not touched or not await table.count_rows(touched)):
                if rows:
                    await table.add(batch)
                return
            self._table.mark_removed()
            if not rows:
                await table.delete(any_of("document", gone))
            else:
                merge = table.merge_insert("id").when_matched_update_all().when_not_matched_insert_all()
                if gone:
                    merge = merge.when_not_matched_by_source_delete(any_of("document", gone))
                await merge.execute(batch)

        if rows or gone:
            self._table.write(work)

    def rescope(self, scopes: Mapping[int, int]) -> None:
        if not scopes:
            return
        pa: Any = import_module("pyarrow")
        columns = {"document": sorted(scopes), "scope": [scopes[document] for document in sorted(scopes)]}
        batch = pa.table({name: pa.array(values, pa.int32()) for name, values in columns.items()})

        async def work(table: Any) -> None:
            await table.merge_insert("document").when_matched_update_all().execute(batch)

        self._table.write(work)

    def maintain(self, *, force: bool = False) -> bool:
        async def work(table: Any) -> bool:
            rows = cast(int, await table.count_rows())
            have, lag = await _coverage(table)
            missing = [name for name in _wanted(rows) if name not in have]
            if not rows or not (missing or lag > min(_LAG_ROWS, rows * _LAG_SHARE) or (force and lag)):
                return False
            # Joins small files first (each file more makes every search dearer), then takes new rows into the indexes.
            await table.optimize(cleanup_older_than=_KEPT if have else _AT_ONCE)
            await _create(table, missing)
            return True

        return self._table.write(work)

    def purge(self) -> None:
        async def work(table: Any) -> None:
            tags = table.tags
            for tag in list(await tags.list()):
                await tags.delete(tag)
            if self._table.holds_removed():
                await self._rewrite(table)
            # Compaction and indexing leave versions of their own behind: until one is left.
            for _ in range(4):
                await asyncio.sleep(0.002)
                await table.optimize(cleanup_older_than=_AT_ONCE, delete_unverified=self._table.local is not None)
                if len(await table.list_versions()) == 1:
                    self._table.unmark_removed()
                    break

        self._table.write(work)

    async def _rewrite(self, table: Any) -> None:
        """Copy the rows out of files that hold deleted ones, and build every index from what is left: compaction alone spares
        files of which less than a tenth is deleted, and the text index keeps the words of deleted rows."""
        self._table.stay(await table.version())
        have, _ = await _coverage(table)
        if await table.count_rows():
            await table.update(updates_sql={"scope": "scope"})
            await _create(table, have)
        else:
            for name in have:
                await table.drop_index(name)
        self._table.move_on()

    # ------------------------------------------------------------ reading

    def vectors(self, contents: Collection[str]) -> dict[str, Floats]:
        digests = sorted(set(contents))
        found: dict[str, Floats] = {}
        for start in range(0, len(digests), _LIST):
            where = any_of("content", digests[start : start + _LIST])

            async def work(table: Any, where: str = where) -> Any:
                return await table.query().where(where).select(["content", "vector"]).to_arrow()

            part = self._table.read(work)
            vectors = wide_vectors(part["vector"].combine_chunks(), self._dimension)
            found.update(zip(part["content"].to_pylist(), vectors, strict=True))
        return found

    def search(self, terms: Sequence[str], vector: Floats | None, *, limit: int, within: Within) -> list[Hit]:
        query = " ".join(dict.fromkeys(term for term in terms if term))
        if limit < 1 or (not query and vector is None) or frozenset() in (within.scopes, within.documents):
            return []
        wanted = None if vector is None else np.asarray(vector, dtype=np.float32)
        return self._table.read(lambda table: self._search(table, query, wanted, limit, within))

    async def _search(self, table: Any, text: str, vector: Floats | None, limit: int, within: Within) -> list[Hit]:
        rows = await self._in_memory(await self._now(table))
        inside = rows.inside(within)
        if not len(inside):
            return []
        # Permissions are part of each query; where all visible rows are few, one question scores every one that matches.
        where = rows.condition(within)
        scored = max(limit, len(inside)) if len(inside) <= _ALL_SCORED else limit
        bm25, near = await asyncio.gather(
            _matching(rows.table, text, where, scored),
            self._nearest(rows, vector, where, inside, limit=limit),
        )
        lexical = list(bm25)[:limit]
        candidates = np.union1d(np.asarray(lexical, dtype=np.int64), near)
        if not len(candidates):
            return []
        held = rows.held
        if held is None:
            taken = await self._read_block(rows.table.take_row_ids(candidates.tolist()), len(candidates))
            held = Held(rows.made, (taken,))
        dense: dict[int, float] = {}
        if vector is not None:
            dense = dict(zip(candidates.tolist(), held.cosines(candidates, vector).tolist(), strict=True))
        nearest = sorted(near.tolist(), key=lambda number: -dense[number])[:limit]
        # As many as asked for may not be all that match: then the nearest are asked for once more.
        if scored == len(bm25) < len(inside) and (missing := [number for number in nearest if number not in bm25]):
            bm25 |= await _matching(rows.table, text, any_of("_rowid", missing), len(missing))
        found = np.unique(np.asarray([*lexical, *nearest], dtype=np.int64))
        return [
            Hit(id=id, document=document, scores=Scores(lexical=bm25.get(number, 0.0) if text else None, dense=dense.get(number)))
            for number, id, document in zip(found.tolist(), held.ids(found), rows.documents_of(found), strict=True)
        ]

    async def _nearest(self, rows: Rows, vector: Floats | None, where: str, inside: Numbers, *, limit: int) -> Numbers:
        """Numbers of the nearest rows: more than asked for where the distances are those of the compressed vectors."""
        if vector is None:
            return np.empty(0, np.int64)
        if rows.held and len(inside) <= _COMPARED:
            return await asyncio.to_thread(_best, rows.held, inside, vector, limit)
        exact = len(inside) < _SCANNED
        query = rows.table.query().nearest_to(vector).column("vector").distance_type("cosine").select(["_distance"]).with_row_id()
        query = query.limit(limit if exact else max(_CANDIDATES * limit, _LEAST))
        query = query.bypass_vector_index() if exact else query.nprobes(max(_PROBES, len(inside) // 20_000))
        part = await (query.where(where) if where else query).to_arrow()
        return np.sort(part["_rowid"].to_numpy().astype(np.int64))

    def documents(self) -> dict[int, int]:
        documents, counts = np.unique(self._table.read(self._now).documents, return_counts=True)
        return dict(zip(documents.tolist(), counts.tolist(), strict=True))

    def stats(self) -> IndexStats:
        async def work(table: Any) -> IndexStats:
            rows = cast(int, await table.count_rows())
            have, lag = await _coverage(table)
            size = sum(_sizes(self._table.local / f"{self._table.name}.lance")) if self._table.local else 0
            return IndexStats(rows=rows, unindexed=lag if have else rows, bytes=size, version=str(await table.version()))

        return self._table.read(work)

    def drop(self) -> None:
        """Throw the index away and close it; opened again, it is empty."""
        self.close()
        drop_lance(self._table.place, self._table.name)

    def close(self) -> None:
        self._rows, self._held = None, Held()
        self._table.close()

    # ------------------------------------------------------------ inside

    async def _now(self, table: Any) -> Rows:
        """Which rows there are now."""
        if (rows := self._current(table, await table.version())) is not None:
            return rows
        async with self._reading:
            version = self._table.staying() or cast(int, await table.version())
            if (rows := self._current(table, version)) is None:
                rows = self._rows = await self._read_rows(table, version)
        return rows

    async def _read_rows(self, table: Any, version: int) -> Rows:
        pinned = await self._table.database.open_table(self._table.name)
        await pinned.checkout(version)
        metadata: dict[bytes, bytes] = (await pinned.schema()).metadata
        columns = await pinned.query().select(["document", "scope"]).with_row_id().to_arrow()
        return Rows.of(table, pinned, version, metadata.get(MADE.encode(), b"").decode(), columns)

    def _current(self, table: Any, version: int) -> Rows | None:
        rows = self._rows
        return rows if rows is not None and rows.version == version and rows.opened is table else None

    async def _in_memory(self, rows: Rows) -> Rows:
        """The same with every id and vector in memory, where they fit: from the second search on, since a process that asks once need
        not read them all, and not while another search is reading them, since nobody need wait for that."""
        first, self._fresh = self._fresh, False
        if rows.held is not None or first or len(rows) * row_bytes(self._dimension) > self._memory or self._holding.locked():
            return rows
        async with self._holding:
            # What is gone is let go before more is read.
            held = self._held = still_held(rows, self._held)
            if missing := rows.beyond(held):
                query = rows.table.query().where(f"_rowid >= {held.end}")
                held = self._held = Held(rows.made, (*held.blocks, await self._read_block(query, missing)))
            rows = replace(rows, held=held)
        if self._rows is not None and self._rows.table is rows.table:
            self._rows = rows
        return rows

    async def _read_block(self, query: Any, count: int) -> Block:
        block = BlockBeingRead(count, self._dimension)
        async for batch in await query.select(["id", "vector"]).with_row_id().to_batches():
            block.take(batch)
        return block.done()

    def _arrow(self, rows: Sequence[IndexRow], vectors: Vectors) -> Any:
        pa: Any = import_module("pyarrow")
        flat = pa.array(vectors.astype(np.float16).reshape(-1), pa.float16())
        return pa.table(
            {
                "id": [row.id for row in rows],
                "document": pa.array([row.document for row in rows], pa.int32()),
                "scope": pa.array([row.scope for row in rows], pa.int32()),
                "content": [row.content for row in rows],
                "terms": [row.terms for row in rows],
                "vector": pa.FixedSizeListArray.from_arrays(flat, self._dimension),
            }
        )


# ---------------------------------------------------------------- indexes

_COLUMNS = {
    "terms_idx": "terms",
    "scope_idx": "scope",
    "document_idx": "document",
    "content_idx": "content",
    "vector_idx": "vector",
}


def _wanted(rows: int) -> list[str]:
    """Names of the indexes that this many rows deserve."""
    return [name for name in _COLUMNS if name != "vector_idx" or rows > _COMPARED]


async def _create(table: Any, names: Collection[str]) -> None:
    """Build these indexes from the rows as they are, side by side, each replacing the one before in one commit."""
    kinds: Any = lancedb("index")
    configs: dict[str, Callable[[], Any]] = {
        # The terms come analysed: split at spaces, nothing more.
        "terms_idx": lambda: kinds.FTS(
            base_tokenizer="whitespace",
            max_token_length=None,
            lower_case=False,
            stem=False,
            remove_stop_words=False,
            ascii_folding=False,
        ),
        "scope_idx": kinds.Bitmap,
        "document_idx": kinds.BTree,
        "content_idx": kinds.BTree,
        "vector_idx": lambda: kinds.IvfRq(distance_type="cosine", num_bits=2),
    }
    builds = (table.create_index(_COLUMNS[name], config=configs[name](), replace=True, name=name) for name in names)
    # All are waited for, so that a second attempt finds none of them still at work.
    for outcome in await asyncio.gather(*builds, return_exceptions=True):
        if isinstance(outcome, BaseException):
            raise outcome


async def _coverage(table: Any) -> tuple[list[str], int]:
    """The indexes there are, and how many rows the worst of them does not cover."""
    indexes = await table.list_indices()
    return [index.name for index in indexes], max((index.num_unindexed_rows or 0 for index in indexes), default=0)


async def _matching(table: Any, text: str, where: str, limit: int) -> dict[int, float]:
    """Row numbers and BM25 of the best rows, best first."""
    if not text:
        return {}
    query: Any = lancedb("query").MatchQuery(text, "terms")
    builder = table.query().nearest_to_text(query).select(["_score"]).with_row_id().limit(limit)
    part = await (builder.where(where) if where else builder).to_arrow()
    return dict(zip(part["_rowid"].to_pylist(), part["_score"].to_pylist(), strict=True))


def _best(held: Held, numbers: Numbers, vector: Floats, limit: int) -> Numbers:
    """Of `numbers` the `limit` nearest to `vector`, ascending."""
    if len(numbers) <= limit:
        return numbers
    return np.sort(numbers[np.argpartition(-held.cosines(numbers, vector), limit)[:limit]])


def _sizes(folder: Path) -> list[int]:
    sizes: list[int] = []
    for path in folder.rglob("*"):
        try:
            sizes.append(path.stat().st_size)
        except FileNotFoundError:
            continue
    return sizes
