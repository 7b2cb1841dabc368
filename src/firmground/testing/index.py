# ruff: noqa: S101
"""An exact search index in memory: the public fake of the `SearchIndex` port, and the contract suite that every index must pass."""

import math
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Event, Lock

import numpy as np
import pytest
from numpy.typing import NDArray

from firmground.ports import SearchIndex, Vectors
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


class SearchIndexContract:
    """What every search index must do. Subclass it and give the fixture `index`: an empty index of 8 dimensions."""

    dimension = 8

    @pytest.fixture
    def index(self) -> SearchIndex:
        raise NotImplementedError

    def test_rows_are_found_at_once_and_by_both_sides(self, index: SearchIndex) -> None:
        index.apply([row("a", 1, "leave days carry"), row("b", 2, "badge door")], vectors(0, 1), replaces=[1, 2])
        found = by_id(index.search(["door"], vectors(0)[0], limit=1, within=Within()))
        assert found["a"].lexical == 0.0
        assert found["a"].dense == pytest.approx(1.0, abs=1e-3)
        assert found["b"].lexical is not None
        assert found["b"].lexical > 0
        assert found["b"].dense == pytest.approx(0.0, abs=1e-3)

    def test_a_side_that_was_not_asked_gives_no_score(self, index: SearchIndex) -> None:
        index.apply([row("a", 1, "leave")], vectors(0), replaces=[1])
        assert by_id(index.search(["leave"], None, limit=3, within=Within()))["a"].dense is None
        assert by_id(index.search([], vectors(0)[0], limit=3, within=Within()))["a"].lexical is None
        assert index.search([], None, limit=3, within=Within()) == []

    def test_words_that_nothing_holds_find_nothing(self, index: SearchIndex) -> None:
        index.apply([row("a", 1, "leave")], vectors(0), replaces=[1])
        assert index.search(["unheard"], None, limit=3, within=Within()) == []

    def test_an_empty_index_finds_nothing(self, index: SearchIndex) -> None:
        assert index.search(["leave"], vectors(0)[0], limit=3, within=Within()) == []
        assert index.documents() == {}
        assert index.vectors(["x"]) == {}
        assert index.stats().rows == 0
        index.maintain(force=True)
        index.purge()

    def test_terms_are_compared_as_they_are(self, index: SearchIndex) -> None:
        odd = ["Straße", "the", "c++", "x" * 300, "überprüfen", "東京", "it's", "a_b", 'say"so', "OR", "*"]
        index.apply([row(str(n), n, term) for n, term in enumerate(odd)], vectors(*range(len(odd))), replaces=range(len(odd)))
        for pretend in (False, True):
            index.maintain(force=pretend)
            for n, term in enumerate(odd):
                assert list(by_id(index.search([term], None, limit=5, within=Within()))) == [str(n)]
            assert index.search(["strasse", "c", "uberprufen", "or"], None, limit=5, within=Within()) == []

    def test_applying_twice_changes_nothing(self, index: SearchIndex) -> None:
        for _ in range(2):
            index.apply([row("a", 1, "leave"), row("b", 1, "days")], vectors(0, 1), replaces=[1])
        assert index.documents() == {1: 2}
        assert len(index.search(["leave"], vectors(0)[0], limit=9, within=Within())) == 2

    def test_replacing_a_document_leaves_nothing_of_it_and_spares_the_others(self, index: SearchIndex) -> None:
        index.apply([row("a", 1, "old"), row("b", 1, "kept"), row("c", 2, "old")], vectors(0, 1, 2), replaces=[1, 2])
        index.maintain(force=True)
        index.apply([row("b", 1, "new"), row("d", 1, "new")], vectors(1, 3), replaces=[1])
        assert set(by_id(index.search(["old", "kept"], None, limit=9, within=Within()))) == {"c"}
        assert set(by_id(index.search(["new"], None, limit=9, within=Within()))) == {"b", "d"}
        index.apply([], vectors(), replaces=[1])
        assert index.documents() == {2: 1}
        assert set(by_id(index.search(["old"], vectors(1)[0], limit=9, within=Within()))) == {"c"}

    def test_rows_and_vectors_that_do_not_go_together_are_refused(self, index: SearchIndex) -> None:
        with pytest.raises(ValueError, match="vectors"):
            index.apply([row("a", 1, "leave")], vectors(0, 1), replaces=[1])
        assert index.documents() == {}

    def test_a_search_sees_only_what_it_may(self, index: SearchIndex) -> None:
        rows = [row(f"{number}", number, "leave", scope=number % 3) for number in range(12)]
        index.apply(rows, vectors(*range(12)), replaces=range(12))

        def seen(**limits: frozenset[int]) -> set[int]:
            hits = index.search(["leave"], vectors(0)[0], limit=50, within=Within(**limits))
            return {hit.document for hit in hits}

        for _ in range(2):
            assert seen() == set(range(12))
            assert seen(scopes=frozenset({1})) == {1, 4, 7, 10}
            assert seen(scopes=frozenset({0, 1, 77})) == {0, 1, 3, 4, 6, 7, 9, 10}
            assert seen(documents=frozenset({2, 3, 99})) == {2, 3}
            assert seen(excluded=frozenset({2, 3, 99})) == set(range(12)) - {2, 3}
            assert seen(scopes=frozenset({2}), documents=frozenset({2, 3, 5}), excluded=frozenset({5})) == {2}
            assert seen(scopes=frozenset()) == seen(documents=frozenset()) == seen(scopes=frozenset({99})) == set()
            index.maintain(force=True)

    def test_a_change_of_scope_keeps_rows_and_vectors(self, index: SearchIndex) -> None:
        index.apply([row("a", 1, "leave"), row("b", 1, "leave"), row("c", 2, "leave")], vectors(0, 1, 2), replaces=[1, 2])
        index.maintain(force=True)
        index.rescope({1: 5, 42: 5})
        index.rescope({})
        hits = index.search(["leave"], vectors(1)[0], limit=9, within=Within(scopes=frozenset({5})))
        assert set(by_id(hits)) == {"a", "b"}
        assert by_id(hits)["b"].dense == pytest.approx(1.0, abs=1e-3)
        assert index.documents() == {1: 2, 2: 1}

    def test_vectors_are_handed_back_by_content(self, index: SearchIndex) -> None:
        index.apply([row("a", 1, "leave"), row("b", 2, "door")], vectors(0, 1), replaces=[1, 2])
        index.maintain(force=True)
        stored = index.vectors(["content-b", "content-a", "content-z"])
        assert set(stored) == {"content-a", "content-b"}
        assert stored["content-b"].dtype == np.float32
        assert np.allclose(stored["content-b"], vectors(1)[0], atol=1e-3)

    def test_scores_are_those_of_plain_bm25_and_cosine(self, index: SearchIndex) -> None:
        reference = MemoryIndex()
        random = np.random.default_rng(7)
        for first in (0, 20, 35):
            documents = range(first, first + 20)
            rows = [row(f"{n}-{part}", n, zipf(random, 30), scope=n % 4) for n in documents for part in range(3)]
            made = unit(random, len(rows), self.dimension)
            for each in (index, reference):
                each.apply(rows, made, replaces=documents)
                each.maintain(force=True)
        for scopes in (None, frozenset({1, 2})):
            for _ in range(8):
                query, vector = zipf(random, 5).split(), unit(random, 1, self.dimension)[0]
                within = Within(scopes=scopes)
                got, wanted = (by_id(each.search(query, vector, limit=200, within=within)) for each in (index, reference))
                assert got.keys() == wanted.keys()
                for key, scores in wanted.items():
                    assert got[key].lexical == pytest.approx(scores.lexical, rel=1e-4, abs=1e-5)
                    assert got[key].dense == pytest.approx(scores.dense, abs=2e-3)

    def test_a_title_said_twice_weighs_more(self, index: SearchIndex) -> None:
        index.apply([row("a", 1, "leave leave x y"), row("b", 2, "leave x y z")], vectors(0, 1), replaces=[1, 2])
        index.maintain(force=True)
        found = by_id(index.search(["leave"], None, limit=9, within=Within()))
        assert found["a"].lexical == max(scores.lexical or 0 for scores in found.values())
        assert found["a"].lexical != found["b"].lexical

    def test_a_question_of_a_hundred_thousand_characters_is_survived(self, index: SearchIndex) -> None:
        index.apply([row("a", 1, "leave word7")], vectors(0), replaces=[1])
        index.maintain(force=True)
        found = index.search([f"word{number}" for number in range(12_000)], None, limit=5, within=Within())
        assert [hit.id for hit in found] == ["a"]

    def test_searches_go_on_while_rows_come_and_go(self, index: SearchIndex) -> None:
        index.apply([row("a", 1, "leave")], vectors(0), replaces=[1])
        stop = Event()
        asked: list[int] = []

        def ask() -> None:
            while not stop.is_set():
                hits = index.search(["leave"], vectors(0)[0], limit=5, within=Within())
                assert "a" in by_id(hits)
                assert len(by_id(hits)) == len(hits)
                asked.append(len(hits))

        with ThreadPoolExecutor(2) as pool:
            asking = [pool.submit(ask) for _ in range(2)]
            try:
                for number in range(2, 8):
                    index.apply([row(f"r{number}", number, "leave door")], vectors(number), replaces=[number])
                    index.maintain(force=True)
                    index.apply([], vectors(), replaces=[number])
                    index.purge()
            finally:
                stop.set()
            for each in asking:
                each.result()
        assert asked
        assert index.documents() == {1: 1}


# ---------------------------------------------------------------- builders


def row(key: str, document: int, terms: str, *, scope: int = 0) -> IndexRow:
    return IndexRow(id=key, document=document, scope=scope, content=f"content-{key}", terms=terms)


def vectors(*axes: int) -> Vectors:
    """One unit vector of 8 dimensions along each axis (modulo 8)."""
    return np.eye(8, dtype=np.float32)[[axis % 8 for axis in axes]]


def by_id(hits: Iterable[Hit]) -> dict[str, Scores]:
    return {hit.id: hit.scores for hit in hits}


def unit(random: np.random.Generator, count: int, dimension: int) -> Vectors:
    made = random.normal(size=(count, dimension)).astype(np.float32)
    return made / np.linalg.norm(made, axis=1, keepdims=True)


def zipf(random: np.random.Generator, count: int) -> str:
    """Words as unevenly frequent as in real text."""
    return " ".join(f"w{number % 500}" for number in random.zipf(1.4, size=count))
