"""The `SearchIndex` port on LanceDB: one table, a BM25 index over the terms, IVF-RQ over the vectors, integers for permissions.

BM25 is Lance's: k1 = 1.2, b = 0.75, idf = ln(1 + (N - n + ½) / (n + ½)), the formula of `firmground.testing.index.MemoryIndex`. N, n and
the mean length are counted over the rows that the text index covers; rows added since the last `maintain` are scored one by one, with
themselves counted in, so their scores shift a little when `maintain` takes them in.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias, cast

import numpy as np
from numpy.typing import NDArray

from firmground.ports import Vectors
from firmground.store.lance_import import lancedb
from firmground.store.lance_table import LanceTable, drop_table
from firmground.types import Hit, IndexRow, IndexStats, Scores, Within

Floats: TypeAlias = NDArray[np.float32]

EXACT_BELOW = 1_000
"""So few visible rows are compared one by one: exact, and as fast as the vector index."""
_INDEX_FROM = 5_000
"""Fewer rows than this have no vector index."""
_CANDIDATES = 150
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


def open_lance(directory_or_url: str | Path, build: str, embedder_id: str, dimension: int) -> "LanceIndex":
    """The index of one build (chunking x embedder), made if absent. IndexMismatch for another embedder or dimension, Damaged,
    StorageFull, OutsideFailed (no permission)."""
    return LanceIndex(LanceTable(directory_or_url, build, embedder_id, dimension), dimension)


def drop_lance(directory_or_url: str | Path, build: str) -> None:
    """Throw the index of a build away without opening it: the way out where that raises Damaged or IndexMismatch."""
    drop_table(directory_or_url, build)


@dataclass(frozen=True)
class _Census:
    """How many rows each document and each scope has, as of one version of the table."""

    version: int
    documents: Counter[int]
    scopes: Counter[int]
    rows: int
    lag: int


class _Row(NamedTuple):
    id: str
    document: int
    vector: Floats


class LanceIndex:
    """See `firmground.ports.SearchIndex`. Safe to use from several threads and several processes at once."""

    def __init__(self, table: LanceTable, dimension: int) -> None:
        self._table = table
        self._dimension = dimension
        self._census: _Census | None = None

    # ------------------------------------------------------------ writing

    def apply(self, rows: Sequence[IndexRow], vectors: Vectors, *, replaces: Collection[int]) -> None:
        wanted = np.asarray(vectors, dtype=np.float32)
        if len(rows) != len(wanted) or (rows and wanted.shape != (len(rows), self._dimension)):
            raise ValueError(f"{len(rows)} rows of {self._dimension} numbers do not go with vectors of shape {wanted.shape}")
        if not np.isfinite(wanted).all():
            raise ValueError("vectors must be finite")
        gone = sorted(set(replaces))
        touched = _any_of("document", sorted({*gone, *(row.document for row in rows)}))
        batch = self._arrow(rows, wanted)

        async def work(table: Any) -> None:
            # Nothing to replace: a plain append spares the join over the whole table. Sure only where the lock keeps others out.
            if self._table.local is not None and (not touched or not await table.count_rows(touched)):
                if rows:
                    await table.add(batch)
                return
            self._table.mark_removed()
            if not rows:
                await table.delete(_any_of("document", gone))
            else:
                merge = table.merge_insert("id").when_matched_update_all().when_not_matched_insert_all()
                if gone:
                    merge = merge.when_not_matched_by_source_delete(_any_of("document", gone))
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
            for name in missing:
                await _create(table, name)
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
        have, _ = await _coverage(table)
        rows = cast(int, await table.count_rows())
        if rows:
            await table.update(updates_sql={"scope": "scope"})
        for name in have:
            await (_create(table, name) if rows else table.drop_index(name))

    # ------------------------------------------------------------ reading

    def vectors(self, contents: Collection[str]) -> dict[str, Floats]:
        digests = sorted(set(contents))
        found: dict[str, Floats] = {}
        for start in range(0, len(digests), _LIST):
            where = _any_of("content", digests[start : start + _LIST])

            async def work(table: Any, where: str = where) -> Any:
                return await table.query().where(where).select(["content", "vector"]).to_arrow()

            part = self._table.read(work)
            found.update(zip(part["content"].to_pylist(), self._matrix(part), strict=True))
        return found

    def search(self, terms: Sequence[str], vector: Floats | None, *, limit: int, within: Within) -> list[Hit]:
        query = " ".join(dict.fromkeys(term for term in terms if term))
        if limit < 1 or (not query and vector is None) or frozenset() in (within.scopes, within.documents):
            return []
        wanted = None if vector is None else np.asarray(vector, dtype=np.float32)
        return self._table.read(lambda table: self._search(table, query, wanted, limit, within))

    async def _search(self, table: Any, text: str, vector: Floats | None, limit: int, within: Within) -> list[Hit]:
        # Row numbers hold within one version only: a commit in between means asking again.
        for _ in range(4):
            census = await self._count(table)
            hits = await self._ask(table, census, text, vector, limit=limit, within=within)
            if await table.version() == census.version:
                return hits
        return await self._ask(table, await self._count(table), text, vector, limit=limit, within=within)

    async def _ask(
        self, table: Any, census: _Census, text: str, vector: Floats | None, *, limit: int, within: Within
    ) -> list[Hit]:
        where, visible = _predicate(within, census)
        if not visible:
            return []
        # First the row numbers alone, which is cheap; then the columns of just these rows, while BM25 is asked for the rest.
        lexical, near = await asyncio.gather(
            _matching(table, text, where, limit), self._nearest(table, vector, where, limit=limit, visible=visible)
        )
        missing = [number for number in near if number not in lexical]
        alone = _any_of("_rowid", missing), len(missing)
        # Rows that the text index does not cover are scored against what the query reads, so a query for just these rows would
        # score them differently: then all visible ones are asked for, while they are few.
        asked = (where, visible) if census.lag and visible < EXACT_BELOW else alone
        rest, rows = await asyncio.gather(
            _matching(table, text if missing else "", *asked), self._take(table, [*lexical, *missing])
        )
        cosines = {} if vector is None else _cosines(rows, vector)
        dense = sorted((number for number in near if number in rows), key=lambda number: -cosines[number])[:limit]
        bm25 = {**rest, **lexical}
        return [
            Hit(
                id=rows[number].id,
                document=rows[number].document,
                scores=Scores(lexical=bm25.get(number, 0.0) if text else None, dense=cosines.get(number)),
            )
            for number in dict.fromkeys([*lexical, *dense])
            if number in rows
        ]

    async def _nearest(self, table: Any, vector: Floats | None, where: str, *, limit: int, visible: int) -> list[int]:
        """Row numbers of the nearest rows: more than asked for where the distances are those of the compressed vectors."""
        if vector is None:
            return []
        exact = visible < EXACT_BELOW
        builder = table.query().nearest_to(vector).column("vector").distance_type("cosine").select(["_distance"]).with_row_id()
        builder = builder.limit(limit if exact else max(3 * limit, _CANDIDATES))
        builder = builder.bypass_vector_index() if exact else builder.nprobes(max(_PROBES, visible // 20_000))
        return (await (builder.where(where) if where else builder).to_arrow())["_rowid"].to_pylist()

    async def _take(self, table: Any, numbers: list[int]) -> dict[int, _Row]:
        if not numbers:
            return {}
        part = await table.take_row_ids(numbers).select(["id", "document", "vector"]).with_row_id().to_arrow()
        columns = (part["id"].to_pylist(), part["document"].to_pylist(), self._matrix(part))
        return {number: _Row(*row) for number, row in zip(part["_rowid"].to_pylist(), zip(*columns, strict=True), strict=True)}

    def documents(self) -> dict[int, int]:
        return dict(self._table.read(self._count).documents)

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
        self._table.close()

    # ------------------------------------------------------------ inside

    async def _count(self, table: Any) -> _Census:
        version = cast(int, await table.version())
        census = self._census
        if census is None or census.version != version:
            columns = await table.query().select(["document", "scope"]).to_arrow()
            documents, scopes = (_counted(columns[name]) for name in ("document", "scope"))
            have, lag = await _coverage(table)
            rows: int = columns.num_rows
            census = self._census = _Census(version, documents, scopes, rows, lag if "terms_idx" in have else rows)
        return census

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

    def _matrix(self, part: Any) -> Floats:
        flat: Floats = part["vector"].combine_chunks().flatten().to_numpy(zero_copy_only=False)
        return np.asarray(flat, dtype=np.float32).reshape(-1, self._dimension)


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
    return [name for name in _COLUMNS if name != "vector_idx" or rows >= _INDEX_FROM]


async def _create(table: Any, name: str) -> None:
    """Build one index from the rows as they are, replacing the one before in one commit."""
    kinds: Any = lancedb("index")
    config: Callable[[], Any] = {
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
    }[name]
    await table.create_index(_COLUMNS[name], config=config(), replace=True, name=name)


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


# ---------------------------------------------------------------- predicates and scores


def _any_of(column: str, values: Sequence[int] | Sequence[str]) -> str:
    """`column IN (…)`; values are numbers and hexadecimal digests, quoted all the same."""
    quoted = ("'" + value.replace("'", "''") + "'" if isinstance(value, str) else str(value) for value in values)
    return f"{column} IN ({', '.join(quoted)})" if values else ""


def _predicate(within: Within, census: _Census) -> tuple[str, int]:
    """The condition that keeps a search inside `within`, and at most how many rows satisfy it. Of a list and its complement, the
    shorter; numbers that no row has are left out."""
    visible = census.rows
    parts: list[str] = []
    for column, counts, allowed, excluded in (
        ("scope", census.scopes, within.scopes, frozenset[int]()),
        ("document", census.documents, within.documents, within.excluded),
    ):
        if allowed is None:
            # The sets of all documents are long: only what is left out is looked at.
            outside = [number for number in excluded if number in counts]
            rows, inside = census.rows - sum(counts[number] for number in outside), None
        else:
            inside = [number for number in allowed if number in counts and number not in excluded]
            rows = sum(counts[number] for number in inside)
            short = len(inside) * 2 <= len(counts)
            outside = [] if short or rows == census.rows else list(counts.keys() - set(inside))
            inside = inside if short and rows < census.rows else None
        visible = min(visible, rows)
        if inside is not None:
            parts.append(_any_of(column, sorted(inside)) or "false")
        elif outside:
            parts.append(f"NOT ({_any_of(column, sorted(outside))})")
    return " AND ".join(parts), visible


def _cosines(rows: Mapping[int, _Row], vector: Floats) -> dict[int, float]:
    if not rows:
        return {}
    stored = np.stack([row.vector for row in rows.values()])
    lengths = np.linalg.norm(stored, axis=1) * np.linalg.norm(vector)
    return dict(zip(rows, (stored @ vector / np.maximum(lengths, 1e-12)).tolist(), strict=True))


def _counted(column: Any) -> Counter[int]:
    values, counts = np.unique(np.asarray(column.to_numpy(), dtype=np.int64), return_counts=True)
    return Counter(dict(zip(values.tolist(), counts.tolist(), strict=True)))


def _sizes(folder: Path) -> list[int]:
    sizes: list[int] = []
    for path in folder.rglob("*"):
        try:
            sizes.append(path.stat().st_size)
        except FileNotFoundError:
            continue
    return sizes
