"""What a process that searches keeps in memory never differs from what the files say."""

import fcntl
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from firmground.store.lance import LanceIndex, open_lance
from firmground.store.lance_rows import Block, Held, Rows, still_held
from firmground.testing.index import MemoryIndex, by_id, row, unit, vectors, zipf
from firmground.types import Scores, Within

AGAIN = """
import sys
import numpy as np
from firmground.store.lance import drop_lance, open_lance
from firmground.testing.index import row, vectors

drop_lance(sys.argv[1], "build")
index = open_lance(sys.argv[1], "build", "embedder", 8)
for number in range(int(sys.argv[2])):
    index.apply([row(f"new{number}", number, "leave")], vectors(number + 1), replaces=[number])
index.maintain(force=True)
"""


def found(index: LanceIndex | MemoryIndex, vector: np.ndarray, within: Within) -> dict[str, Scores]:
    return by_id(index.search(["w1", "w2"], vector, limit=1000, within=within))


@pytest.mark.parametrize("memory", [0, 2**30])
def test_rows_that_come_change_and_go_are_compared_as_they_are_now(tmp_path: Path, memory: int):
    random = np.random.default_rng(5)
    writer, reader = (open_lance(tmp_path, "build", "embedder", 8, memory=memory) for _ in range(2))
    reference = MemoryIndex()
    for turn in range(40):
        documents = random.choice(30, 3, replace=False).tolist()
        rows = [
            row(f"{each}-{part}-{turn % 2}", each, zipf(random, 12), scope=each % 3) for each in documents for part in range(2)
        ]
        made, gone = unit(random, len(rows), 8), [*documents, *random.choice(30, turn % 3).tolist()]
        for index in (writer, reference):
            index.apply(rows, made, replaces=gone)
            index.rescope({documents[0]: turn % 4})
            index.maintain(force=turn % 7 == 3)
            if turn % 10 == 9:
                index.purge()
        for within in (Within(), Within(scopes=frozenset({1, 2})), Within(excluded=frozenset(range(10)))):
            vector = unit(random, 1, 8)[0]
            got, wanted = (found(each, vector, within) for each in (reader, reference))
            assert got.keys() == wanted.keys()
            for key, scores in wanted.items():
                assert got[key].dense == pytest.approx(scores.dense, abs=1e-3)


def test_an_index_that_was_thrown_away_and_made_again_is_another(tmp_path: Path):
    reader = open_lance(tmp_path, "build", "embedder", 8)
    for number in range(3):
        reader.apply([row(f"old{number}", number, "leave")], vectors(number), replaces=[number])
        reader.maintain(force=True)
        assert len(found(reader, vectors(0)[0], Within())) == number + 1
    for rows in (2, 9):
        subprocess.run([sys.executable, "-c", AGAIN, str(tmp_path), str(rows)], check=True)
        for _ in range(3):
            hits = by_id(reader.search(["leave"], vectors(1)[0], limit=50, within=Within()))
            assert hits.keys() == {f"new{number}" for number in range(rows)}
            assert hits["new0"].dense == pytest.approx(1.0, abs=1e-3)
            assert hits["new1"].dense == pytest.approx(0.0, abs=1e-3)


def test_while_everything_is_rewritten_searches_keep_to_the_last_version_with_indexes(tmp_path: Path):
    writer = open_lance(tmp_path, "build", "embedder", 8)
    writer.apply([row("a", 1, "leave")], vectors(0), replaces=[1])
    whole = writer.stats().version
    writer.apply([row("b", 2, "leave")], vectors(1), replaces=[2])
    reader = open_lance(tmp_path, "build", "embedder", 8)
    # What a purge in another process does first.
    with (tmp_path / "build.lock").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        (tmp_path / "build.stay").write_text(whole)
        assert reader.documents() == {1: 1}
    # It was killed: what it left says nothing, and the next writer clears it away.
    assert reader.documents() == {1: 1, 2: 1}
    writer.apply([row("c", 3, "leave")], vectors(2), replaces=[3])
    assert reader.documents() == {1: 1, 2: 1, 3: 1}
    assert not (tmp_path / "build.stay").exists()


def test_what_was_read_of_one_version_serves_another_only_where_it_holds_all_of_its_rows():
    def rows(*numbers: int, made: str = "one") -> Rows:
        empty = np.zeros(len(numbers), np.int32)
        return Rows(None, None, 1, made, np.array(numbers, np.int64), empty, empty, (frozenset(), frozenset()))

    def block(*numbers: int) -> Block:
        n = len(numbers)
        return Block(np.array(numbers, np.int64), np.array(["x"] * n, object), np.ones((n, 8), np.int16), np.ones(n, np.float32))

    first, second = block(1, 2, 4), block(11, 12)
    held = Held("one", (first, second))
    assert still_held(rows(1, 2, 4, 11, 12), held).blocks == (first, second)
    assert still_held(rows(1, 4, 12, 21), held).blocks == (first, second)
    assert still_held(rows(1, 4, 21), held).blocks == (first,)
    assert still_held(rows(11, 12), held).blocks == (second,)
    # A row in the middle that was not read, before the beginning, in a gap, and another table.
    assert still_held(rows(1, 3, 4, 11), held).blocks == ()
    assert still_held(rows(0, 1, 2, 4), held).blocks == ()
    assert still_held(rows(1, 2, 4, 7, 11), held).blocks == ()
    assert still_held(rows(1, 2, 4, made="two"), held).blocks == ()
