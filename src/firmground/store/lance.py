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
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from firmground.ports import Vectors
from firmground.store.lance_table import LanceTable
from firmground.types import Hit, IndexRow, IndexStats, Scores, Within

EXACT_BELOW = 5_000
"""So few visible rows are compared one by one: exact, and about as fast as the vector index."""
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


@dataclass(frozen=True)
class _Census:
    """How many rows each document and each scope has, as of one version of the table."""

    version: int
    documents: Counter[int]
    scopes: Counter[int]
    rows: int


@dataclass(frozen=True)
class _Found:
    """Rows of one query: id, document, row number, BM25 (or None) and vector (or None), column by column."""

    ids: list[str]
    documents: list[int]
    numbers: list[int]
    scores: list[float]
    vectors: NDArray[np.float32]


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
            elif not rows:
                await table.delete(_any_of("document", gone))
            else:
                merge = table.merge_insert("id").when_matched_update_all().when_not_matched_insert_all()
                if gone:
                    merge = merge.when_not_matched_by_source_delete(_any_of("document", gone))
                await merge.execute(batch)

        if rows or gone:
            self._table.write(work)

    def rescope(self, scopes: Mapping[int, int]) -> None:
        groups: dict[int, list[int]] = {}
        for document, scope in sorted(scopes.items()):
            groups.setdefault(scope, []).append(document)
        if not groups:
            return
        cases = " ".join(f"WHEN {_any_of('document', group)} THEN CAST({scope} AS INT)" for scope, group in groups.items())

        async def work(table: Any) -> None:
            await table.update(updates_sql={"scope": f"CASE {cases} ELSE scope END"}, where=_any_of("document", sorted(scopes)))

        self._table.write(work)

    def maintain(self, *, force: bool = False) -> bool:
        async def work(table: Any) -> bool:
            rows = cast(int, await table.count_rows())
            have, lag = await _coverage(table)
            missing = [name for name in _wanted(rows) if name not in have]
            if not rows or not (missing or lag > min(_LAG_ROWS, rows * _LAG_SHARE) or (force and lag)):
                return False
            if lag and have:
                await table.optimize(cleanup_older_than=_KEPT)
            for name in missing:
                await _create(table, name)
            return True

        return self._table.write(work)

    def purge(self) -> None:
        async def work(table: Any) -> None:
            tags = await table.tags()
            for tag in list(await tags.list()):
                await tags.delete(tag)
            if len(await table.list_versions()) > 1:
                await self._rewrite(table)
            # Compaction and indexing leave versions of their own behind: until one is left.
            for _ in range(4):
                await asyncio.sleep(0.002)
                await table.optimize(cleanup_older_than=_AT_ONCE, delete_unverified=self._table.local is not None)
                if len(await table.list_versions()) == 1:
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

    def vectors(self, contents: Collection[str]) -> dict[str, NDArray[np.float32]]:
        digests = sorted(set(contents))
        found: dict[str, NDArray[np.float32]] = {}
        for start in range(0, len(digests), _LIST):
            where = _any_of("content", digests[start : start + _LIST])

            async def work(table: Any, where: str = where) -> Any:
                return await table.query().where(where).select(["content", "vector"]).to_arrow()

            part = self._table.read(work)
            found.update(zip(part["content"].to_pylist(), self._matrix(part), strict=True))
        return found

    def search(self, terms: Sequence[str], vector: NDArray[np.float32] | None, *, limit: int, within: Within) -> list[Hit]:
        query = " ".join(dict.fromkeys(term for term in terms if term))
        if limit < 1 or (not query and vector is None) or frozenset() in (within.scopes, within.documents):
            return []
        wanted = None if vector is None else np.asarray(vector, dtype=np.float32)
        return self._table.read(lambda table: self._search(table, query, wanted, limit, within))

    async def _search(self, table: Any, text: str, vector: NDArray[np.float32] | None, limit: int, within: Within) -> list[Hit]:
        for _ in range(4):
            census = await self._count(table)
            where, visible = _predicate(within, census)
            if not visible:
                return []
            lexical, dense = await asyncio.gather(
                self._text(table, text, where, limit), self._nearest(table, vector, where, limit, visible)
            )
            only_dense = [number for number, id in zip(dense.numbers, dense.ids, strict=True) if id not in set(lexical.ids)]
            rest = await self._text(table, text if only_dense else "", _any_of("_rowid", only_dense), len(only_dense))
            # Row numbers hold within one version only: a commit in between means asking again.
            if await table.version() == census.version:
                break
        return _union(text, vector, lexical, dense, rest)

    async def _text(self, table: Any, text: str, where: str, limit: int) -> _Found:
        if not text:
            return self._found(None)
        query: Any = import_module("lancedb.query").MatchQuery(text, "terms")
        builder = table.query().nearest_to_text(query).select(["id", "document", "vector", "_score"]).with_row_id().limit(limit)
        return self._found(await (builder.where(where) if where else builder).to_arrow())

    async def _nearest(self, table: Any, vector: NDArray[np.float32] | None, where: str, limit: int, visible: int) -> _Found:
        if vector is None:
            return self._found(None)
        columns = ["id", "document", "vector", "_distance"]
        builder = table.query().nearest_to(vector).column("vector").distance_type("cosine").select(columns)
        builder = builder.with_row_id().limit(limit)
        builder = builder.bypass_vector_index() if visible < EXACT_BELOW else builder.nprobes(32).refine_factor(8)
        return self._found(await (builder.where(where) if where else builder).to_arrow())

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
        """Throw the index away; the next use finds it empty."""
        self._table.drop()
        self._census = None

    def close(self) -> None:
        self._table.close()

    # ------------------------------------------------------------ inside

    async def _count(self, table: Any) -> _Census:
        version = cast(int, await table.version())
        census = self._census
        if census is None or census.version != version:
            columns = await table.query().select(["document", "scope"]).to_arrow()
            documents, scopes = (_counted(columns[name]) for name in ("document", "scope"))
            census = self._census = _Census(version, documents, scopes, columns.num_rows)
        return census

    def _arrow(self, rows: Sequence[IndexRow], vectors: Vectors) -> Any:
        pa: Any = import_module("pyarrow")
        flat = pa.array(vectors.reshape(-1), pa.float32())
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

    def _matrix(self, part: Any) -> NDArray[np.float32]:
        flat: NDArray[np.float32] = part["vector"].combine_chunks().flatten().to_numpy(zero_copy_only=False)
        return np.asarray(flat, dtype=np.float32).reshape(-1, self._dimension)

    def _found(self, part: Any) -> _Found:
        if part is None or not part.num_rows:
            return _Found([], [], [], [], np.zeros((0, self._dimension), np.float32))
        scores: list[float] = part["_score"].to_pylist() if "_score" in part.column_names else [0.0] * part.num_rows
        return _Found(
            part["id"].to_pylist(), part["document"].to_pylist(), part["_rowid"].to_pylist(), scores, self._matrix(part)
        )


# ---------------------------------------------------------------- indexes

_COLUMNS = {"terms_idx": "terms", "scope_idx": "scope", "document_idx": "document", "content_idx": "content", "vector_idx": "vector"}


def _wanted(rows: int) -> list[str]:
    """Names of the indexes that this many rows deserve."""
    return [name for name in _COLUMNS if name != "vector_idx" or rows >= EXACT_BELOW]


async def _create(table: Any, name: str) -> None:
    """Build one index from the rows as they are, replacing the one before in one commit."""
    kinds: Any = import_module("lancedb.index")
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
        "vector_idx": lambda: kinds.IvfRq(distance_type="cosine"),
    }[name]
    await table.create_index(_COLUMNS[name], config=config(), replace=True, name=name)


async def _coverage(table: Any) -> tuple[list[str], int]:
    """The indexes there are, and how many rows the worst of them does not cover."""
    indexes = await table.list_indices()
    return [index.name for index in indexes], max((index.num_unindexed_rows or 0 for index in indexes), default=0)


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
        inside = (counts.keys() if allowed is None else counts.keys() & allowed) - excluded
        outside = counts.keys() - inside
        visible = min(visible, sum(counts[number] for number in inside))
        if outside:
            chosen = _any_of(column, sorted(inside)) if len(inside) <= len(outside) else f"NOT ({_any_of(column, sorted(outside))})"
            parts.append(chosen or "false")
    return " AND ".join(parts), visible


def _union(text: str, vector: NDArray[np.float32] | None, lexical: _Found, dense: _Found, rest: _Found) -> list[Hit]:
    bm25 = dict(zip([*lexical.ids, *rest.ids], [*lexical.scores, *rest.scores], strict=True))
    hits: dict[str, Hit] = {}
    for found in (lexical, dense):
        cosines = found.vectors @ (vector / max(float(np.linalg.norm(vector)), 1e-12)) if vector is not None else None
        for place, (id, document) in enumerate(zip(found.ids, found.documents, strict=True)):
            scores = Scores(
                lexical=bm25.get(id, 0.0) if text else None, dense=float(cosines[place]) if cosines is not None else None
            )
            hits.setdefault(id, Hit(id=id, document=document, scores=scores))
    return list(hits.values())


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
