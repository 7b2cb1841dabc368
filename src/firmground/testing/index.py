"""An exact search index in memory: the public fake of the `SearchIndex` port, and what other indexes are compared with."""

import math
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from firmground.ports import Vectors
from firmground.types import Hit, IndexRow, IndexStats, Scores, Within

K1 = 1.2
B = 0.75


class MemoryIndex:
    """BM25 and cosine, computed exactly over every row. Thread-safe; nothing outlives the process.

    BM25 (Robertson & Zaragoza 2009, section 3.2, with the idf that stays positive): the score of a row is the sum over the
    query's distinct terms of ln(1 + (N - n + ½) / (n + ½)) · (k1 + 1) · f / (f + k1 · (1 - b + b · length / mean length)),
    where N, n and the mean length are counted over all rows, whatever the asker may see. k1 = 1.2, b = 0.75.
    """

    def __init__(self) -> None:
        self._rows: dict[str, tuple[IndexRow, NDArray[np.float32], Counter[str]]] = {}
        self._version = 0
        self._lock = Lock()

    def apply(self, rows: Sequence[IndexRow], vectors: Vectors, *, replaces: Collection[int]) -> None:
        if len(rows) != len(vectors):
            raise ValueError(f"{len(rows)} rows but {len(vectors)} vectors")
        gone = frozenset(replaces)
        with self._lock:
            kept = {key: entry for key, entry in self._rows.items() if entry[0].document not in gone}
            for row, vector in zip(rows, vectors, strict=True):
                kept[row.id] = (row, np.array(vector, dtype=np.float32), Counter(row.terms.split()))
            self._rows = kept
            self._version += 1

    def rescope(self, scopes: Mapping[int, int]) -> None:
        with self._lock:
            self._rows = {
                key: (row.model_copy(update={"scope": scopes.get(row.document, row.scope)}), vector, terms)
                for key, (row, vector, terms) in self._rows.items()
            }
            self._version += 1

    def vectors(self, contents: Collection[str]) -> dict[str, NDArray[np.float32]]:
        wanted = frozenset(contents)
        return {row.content: vector for row, vector, _ in self._rows.values() if row.content in wanted}

    def search(self, terms: Sequence[str], vector: NDArray[np.float32] | None, *, limit: int, within: Within) -> list[Hit]:
        rows = self._rows
        visible = [key for key, (row, _, _) in rows.items() if sees(within, row)]
        lexical = self._bm25(rows, frozenset(terms), visible) if terms else {}
        dense = {key: float(rows[key][1] @ vector) for key in visible} if vector is not None else {}
        matching = {key: score for key, score in lexical.items() if score > 0}
        return [
            Hit(id=key, document=rows[key][0].document, scores=Scores(lexical=lexical.get(key), dense=dense.get(key)))
            for key in dict.fromkeys([*best(matching, limit), *best(dense, limit)])
        ]

    def documents(self) -> dict[int, int]:
        return dict(Counter(row.document for row, _, _ in self._rows.values()))

    def maintain(self, *, force: bool = False) -> bool:
        return force

    def purge(self) -> None:
        """Nothing is kept of what was removed."""

    def stats(self) -> IndexStats:
        rows = self._rows
        size = sum(vector.nbytes + len(row.terms) for row, vector, _ in rows.values())
        return IndexStats(rows=len(rows), unindexed=0, bytes=size, version=str(self._version))

    def close(self) -> None:
        """It holds nothing that must be let go."""

    @staticmethod
    def _bm25(
        rows: Mapping[str, tuple[IndexRow, NDArray[np.float32], Counter[str]]], query: frozenset[str], visible: Iterable[str]
    ) -> dict[str, float]:
        bags = [terms for _, _, terms in rows.values()]
        mean_length = max(1.0, sum(bag.total() for bag in bags) / max(1, len(bags)))
        idf: dict[str, float] = {}
        for term in query:
            holding = sum(1 for bag in bags if term in bag)
            idf[term] = math.log(1 + (len(bags) - holding + 0.5) / (holding + 0.5))

        def score(bag: Counter[str]) -> float:
            norm = K1 * (1 - B + B * bag.total() / mean_length)
            return math.fsum(idf[term] * (K1 + 1) * bag[term] / (bag[term] + norm) for term in query if bag[term])

        return {key: score(rows[key][2]) for key in visible}


def sees(within: Within, row: IndexRow) -> bool:
    """Whether a row lies in the part of the corpus that a search may see."""
    return (
        (within.scopes is None or row.scope in within.scopes)
        and (within.documents is None or row.document in within.documents)
        and row.document not in within.excluded
    )


def best(scores: Mapping[str, float], limit: int) -> list[str]:
    """The ids of the `limit` highest scores, best first, equal ones by id."""
    return sorted(scores, key=lambda key: (-scores[key], key))[:limit]
