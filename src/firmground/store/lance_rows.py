"""The rows of one version of a Lance table, as numbers in memory: who may see which, and how near each is to a question.

Lance finds rows quickly and hands their columns out slowly: 150 vectors cost more than the search that found them. A row never
changes where it lies, so what was read of it once holds in every later version that still has it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias, cast

import numpy as np
from numpy.typing import NDArray

from firmground.types import Within

Floats: TypeAlias = NDArray[np.float32]
Numbers: TypeAlias = NDArray[np.int64]
"""Row numbers: the file above bit 32, the place in it below. Later files have higher numbers."""

_AT_ONCE = 256
"""Rows compared at a time: their vectors, widened, stay in the processor's cache."""
_LONGEST = 32_767
_BLOCKS = 24
"""More than this are read anew as one."""


@dataclass(frozen=True)
class Block:
    """Ids and vectors of some rows, by ascending number.

    A cosine does not change with the length of a vector, so each is stretched until its largest component is ±32,767 and kept in two
    bytes a component: as exact as the half precision of the files, and four times as fast to widen.
    """

    numbers: Numbers
    ids: NDArray[np.object_]
    vectors: NDArray[np.int16]
    lengths: Floats


class BlockBeingRead:
    """Takes in Arrow batches with `_rowid`, `id` and `vector`, `count` rows in all."""

    def __init__(self, count: int, dimension: int) -> None:
        self._numbers, self._ids = np.empty(count, np.int64), np.empty(count, np.object_)
        self._vectors, self._lengths = np.empty((count, dimension), np.int16), np.empty(count, np.float32)
        self._taken = 0

    def take(self, batch: Any) -> None:
        part = slice(self._taken, self._taken + cast(int, batch.num_rows))
        self._numbers[part], self._ids[part] = batch["_rowid"].to_numpy(), batch["id"].to_pylist()
        wide = wide_vectors(batch["vector"], self._vectors.shape[1])
        wide *= _LONGEST / np.maximum(np.abs(wide).max(axis=1, keepdims=True), np.float32(1e-12))
        self._vectors[part] = np.rint(wide, out=wide)
        self._lengths[part] = np.maximum(np.sqrt(np.vecdot(wide, wide)), np.float32(1e-12))
        self._taken = part.stop

    def done(self) -> Block:
        """ValueError when it were fewer rows than were counted."""
        numbers = self._numbers
        if self._taken != len(numbers):
            raise ValueError(f"{self._taken} rows where {len(numbers)} are counted")
        if (numbers[1:] > numbers[:-1]).all():
            return Block(numbers, self._ids, self._vectors, self._lengths)
        order = np.argsort(numbers)
        return Block(numbers[order], self._ids[order], self._vectors[order], self._lengths[order])


@dataclass(frozen=True)
class Held:
    """Blocks of rows of one table, later ones with higher numbers."""

    made: str = ""
    """Of which table: see `Rows.made`."""
    blocks: tuple[Block, ...] = ()

    @property
    def end(self) -> int:
        """The first number beyond what is held."""
        return int(self.blocks[-1].numbers[-1]) + 1 if self.blocks else 0

    def cosines(self, numbers: Numbers, vector: Floats) -> Floats:
        """Of `vector` and each of these rows; `numbers` ascend and are all held."""
        found = np.zeros(len(numbers), np.float32)
        for block, part, places in self._find(numbers):
            for at in range(0, len(places), _AT_ONCE):
                few = places[at : at + _AT_ONCE]
                # Not `@`, which wakes every core for a product as small as this.
                products = np.vecdot(block.vectors[few].astype(np.float32), vector)
                found[part][at : at + _AT_ONCE] = products / block.lengths[few]
        return found / max(float(np.linalg.norm(vector)), 1e-12)

    def ids(self, numbers: Numbers) -> list[str]:
        found: list[str] = []
        for block, _, places in self._find(numbers):
            found += block.ids[places].tolist()
        return found

    def _find(self, numbers: Numbers) -> Iterator[tuple[Block, slice, NDArray[np.intp]]]:
        for block in self.blocks:
            first, last = np.searchsorted(numbers, [block.numbers[0], block.numbers[-1] + 1]).tolist()
            if first < last:
                yield block, slice(first, last), np.searchsorted(block.numbers, numbers[first:last])


@dataclass(frozen=True)
class Rows:
    """Which rows there are as of one version of the table, which document each belongs to, and who may see it."""

    opened: Any
    """The table this was read through."""
    table: Any
    """A handle that stays at this version."""
    version: int
    made: str
    """Which table it is: one that was thrown away and made again numbers its rows from the start."""
    numbers: Numbers
    documents: NDArray[np.int32]
    scopes: NDArray[np.int32]
    known: tuple[frozenset[int], frozenset[int]]
    """The documents and scopes that have rows."""
    held: Held | None = None
    """Every row's id and vector, or None while they are not in memory."""

    @staticmethod
    def of(opened: Any, table: Any, version: int, made: str, columns: Any) -> "Rows":
        """From an Arrow table of `_rowid`, `document` and `scope`."""
        numbers, documents, scopes = (columns[name].to_numpy() for name in ("_rowid", "document", "scope"))
        order = np.argsort(numbers)
        documents, scopes = documents[order], scopes[order]
        known = frozenset(np.unique(documents).tolist()), frozenset(np.unique(scopes).tolist())
        return Rows(opened, table, version, made, numbers[order].astype(np.int64), documents, scopes, known)

    def __len__(self) -> int:
        return len(self.numbers)

    def beyond(self, held: Held) -> int:
        """How many rows lie beyond the end of what is held."""
        return len(self.numbers) - int(np.searchsorted(self.numbers, held.end))

    def between(self, first: int, end: int) -> Numbers:
        """The numbers of the rows from `first` up to, not including, `end`."""
        return self.numbers[slice(*np.searchsorted(self.numbers, [first, end]).tolist())]

    def inside(self, within: Within) -> Numbers:
        """Numbers of the rows that lie within."""
        seen: NDArray[np.bool_] | None = None
        for column, numbers, wanted in (
            (self.scopes, within.scopes, True),
            (self.documents, within.documents, True),
            (self.documents, within.excluded or None, False),
        ):
            if numbers is not None:
                part = np.isin(column, np.fromiter(numbers, np.int64, len(numbers)), invert=not wanted)
                seen = part if seen is None else seen & part
        return self.numbers if seen is None else self.numbers[seen]

    def condition(self, within: Within) -> str:
        """The predicate that keeps a query inside `within`: of a list and its complement, the shorter; numbers that no row has
        are left out."""
        documents, scopes = self.known
        parts: list[str] = []
        for column, known, allowed, excluded in (
            ("scope", scopes, within.scopes, frozenset[int]()),
            ("document", documents, within.documents, within.excluded),
        ):
            # The sets of all documents are long: where only some are left out, only those are looked at.
            inside = None if allowed is None else (allowed & known) - excluded
            if inside is not None and len(inside) * 2 <= len(known):
                parts.append(any_of(column, sorted(inside)) or "false")
            elif outside := (known & excluded if inside is None else known - inside):
                parts.append(f"NOT ({any_of(column, sorted(outside))})")
        return " AND ".join(parts)

    def documents_of(self, numbers: Numbers) -> list[int]:
        return self.documents[np.searchsorted(self.numbers, numbers)].tolist()


def row_bytes(dimension: int) -> int:
    """What a row that is held takes, roughly."""
    return 2 * dimension + 128


def still_held(rows: Rows, before: Held) -> Held:
    """What of `before` serves for `rows`: all of them but those beyond its end, or else nothing. A row read of one version is the same
    in every other, and files that come later have higher numbers."""
    blocks: list[Block] = []
    live = 0
    for block in before.blocks:
        inside = rows.between(int(block.numbers[0]), int(block.numbers[-1]) + 1)
        if len(inside) and np.array_equal(block.numbers[np.searchsorted(block.numbers, inside)], inside):
            blocks.append(block)
            live += len(inside)
    held = Held(rows.made, tuple(blocks))
    tidy = len(blocks) <= _BLOCKS and sum(len(block.numbers) for block in blocks) <= 2 * len(rows)
    return held if before.made == rows.made and tidy and live == len(rows) - rows.beyond(held) else Held(rows.made)


def wide_vectors(column: Any, dimension: int) -> Floats:
    """An Arrow array of vectors as a matrix."""
    flat: NDArray[np.float16] = column.flatten().to_numpy(zero_copy_only=False)
    return flat.astype(np.float32).reshape(-1, dimension)


def any_of(column: str, values: Sequence[int] | Sequence[str]) -> str:
    """`column IN (…)`; values are numbers and hexadecimal digests, quoted all the same."""
    quoted = ("'" + value.replace("'", "''") + "'" if isinstance(value, str) else str(value) for value in values)
    return f"{column} IN ({', '.join(quoted)})" if values else ""
