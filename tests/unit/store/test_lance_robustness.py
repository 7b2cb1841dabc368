"""The Lance index survives kills, full disks, other processes and damage, and says so in one line."""

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from pathlib import Path

import numpy as np
import pytest

from firmground.errors import Damaged, IndexMismatch, OutsideFailed, StorageFull
from firmground.store.lance import LanceIndex, drop_lance, open_lance
from firmground.testing.index import by_id, row, vectors
from firmground.types import IndexRow, Within

WRITER = """
import sys
from firmground.store.lance import open_lance
from firmground.testing.index import row, vectors

index = open_lance(sys.argv[1], "build", "embedder", 8)
first, rounds = int(sys.argv[2]), int(sys.argv[3])
print("ready", flush=True)
for number in range(first, first + rounds):
    document = first + number % 5
    rows = [row(f"{document}-{part}-{number}", document, f"leave round{number}") for part in range(4)]
    index.apply(rows, vectors(0, 1, 2, 3), replaces=[document])
    index.maintain(force=True)
    if number % 3 == 0:
        index.purge()
print("done", flush=True)
"""


def opened(folder: Path) -> LanceIndex:
    return open_lance(folder, "build", "embedder", 8)


def writer(folder: Path, first: int, rounds: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, str(folder), str(first), str(rounds)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_importing_the_module_loads_no_heavy_library():
    code = "import sys, firmground.store.lance; sys.exit(any(name in sys.modules for name in ('lancedb', 'pyarrow')))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_what_one_process_commits_another_sees_at_once(tmp_path: Path):
    reader = opened(tmp_path)
    assert reader.documents() == {}
    other = opened(tmp_path)
    other.apply([row("a", 1, "leave")], vectors(0), replaces=[1])
    assert [hit.id for hit in reader.search(["leave"], None, limit=3, within=Within())] == ["a"]
    other.maintain(force=True)
    other.apply([row("b", 1, "leave")], vectors(0), replaces=[1])
    other.purge()
    assert [hit.id for hit in reader.search(["leave"], vectors(0)[0], limit=3, within=Within())] == ["b"]


def test_two_processes_write_at_once_and_nothing_is_lost(tmp_path: Path):
    opened(tmp_path).close()
    writers = [writer(tmp_path, first, 9) for first in (100, 200)]
    reader = opened(tmp_path)
    while any(each.poll() is None for each in writers):
        reader.search(["leave"], vectors(0)[0], limit=5, within=Within())
    for each in writers:
        out, err = each.communicate()
        assert out.endswith("done\n"), err
    assert reader.documents() == dict.fromkeys([*range(100, 105), *range(200, 205)], 4)


def test_kill_9_at_any_moment_leaves_the_index_whole(tmp_path: Path):
    index = opened(tmp_path)
    index.apply([row("kept", 1, "leave kept")], vectors(5), replaces=[1])
    chance = random.Random(11)
    for _ in range(4):
        process = writer(tmp_path, 100, 10_000)
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        time.sleep(chance.uniform(0.05, 0.6))
        process.send_signal(signal.SIGKILL)
        process.communicate()
        fresh = opened(tmp_path)
        counts = fresh.documents()
        assert counts.pop(1) == 1
        assert set(counts.values()) <= {4}
        assert "kept" in by_id(fresh.search(["kept"], vectors(5)[0], limit=50, within=Within()))
        fresh.apply([row("kept", 1, "leave kept")], vectors(5), replaces=[1])
        fresh.maintain(force=True)
        fresh.purge()
        fresh.close()


def test_a_full_disk_is_told_and_what_was_stored_is_kept(tmp_path: Path):
    index = opened(tmp_path)
    index.apply([row("a", 1, "leave")], vectors(0), replaces=[1])
    code = """
import resource, signal, sys
import numpy as np
from firmground.errors import StorageFull
from firmground.store.lance import open_lance
from firmground.testing.index import row
index = open_lance(sys.argv[1], "build", "embedder", 8)
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))
rows = [row(f"b{n}", 2, " ".join(str(hash((n, m))) for m in range(40))) for n in range(2000)]
try:
    index.apply(rows, np.ones((2000, 8), np.float32), replaces=[1, 2])
except StorageFull as full:
    print(full)
"""
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=False, capture_output=True, text=True)
    assert done.stdout.startswith("The disk takes no more of the search index: "), done.stderr
    assert opened(tmp_path).documents() == index.documents() == {1: 1}


@pytest.mark.parametrize(("embedder", "dimension"), [("another", 8), ("embedder", 16)])
def test_an_index_of_another_embedder_is_refused(tmp_path: Path, embedder: str, dimension: int):
    opened(tmp_path).close()
    with pytest.raises(IndexMismatch, match="firmground sync"):
        open_lance(tmp_path, "build", embedder, dimension)


def test_builds_live_side_by_side(tmp_path: Path):
    first, second = (open_lance(tmp_path, build, "embedder", 8) for build in ("one", "two"))
    first.apply([row("a", 1, "leave")], vectors(0), replaces=[1])
    assert second.documents() == {}
    first.drop()
    second.apply([row("a", 2, "leave")], vectors(0), replaces=[2])
    assert open_lance(tmp_path, "one", "other", 8).documents() == {}
    assert second.documents() == {2: 1}


@pytest.mark.parametrize("lost", ["data", "_versions", "_indices", "torn manifest", "torn data"])
def test_a_damaged_index_is_told_and_can_be_thrown_away(tmp_path: Path, lost: str):
    index = opened(tmp_path)
    index.apply([row("a", 1, "leave")], vectors(0), replaces=[1])
    index.maintain(force=True)
    index.close()
    table = tmp_path / "build.lance"
    if lost.startswith("torn"):
        for path in (table / ("_versions" if lost == "torn manifest" else "data")).iterdir():
            path.write_bytes(path.read_bytes()[:40])
    else:
        shutil.rmtree(table / lost)

    def use() -> None:
        opened(tmp_path).search(["leave"], vectors(0)[0], limit=3, within=Within())

    with pytest.raises(Damaged, match="firmground sync") as told:
        use()
    assert "\n" not in str(told.value)
    drop_lance(tmp_path, "build")
    assert opened(tmp_path).documents() == {}


def test_an_index_that_may_not_be_written_says_so(tmp_path: Path):
    index = opened(tmp_path)
    index.apply([row("a", 1, "leave")], vectors(0), replaces=[1])
    code = """
import os, sys
from firmground.errors import FirmgroundError
from firmground.store.lance import open_lance
from firmground.testing.index import row, vectors
from firmground.types import Within
index = open_lance(sys.argv[1], "build", "embedder", 8)
if os.geteuid() == 0:
    os.setuid(65534)
else:
    for folder, _, _ in os.walk(sys.argv[1]):
        os.chmod(folder, 0o500)
assert index.search(["leave"], vectors(0)[0], limit=3, within=Within())
try:
    index.apply([row("b", 2, "leave")], vectors(0), replaces=[2])
except FirmgroundError as error:
    print(type(error).__name__, error)
"""
    for path in (tmp_path, *tmp_path.parents):
        if (
            path.stat().st_uid == os.geteuid()
            and path.stat().st_mode & 0o5 != 0o5
            and str(path).startswith(str(tmp_path.parents[2]))
        ):
            path.chmod(0o755)
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=False, capture_output=True, text=True)
    assert done.stdout.startswith(f"OutsideFailed The search index {tmp_path}/build.lance cannot be written or read: "), (
        done.stderr
    )


def test_the_best_ten_are_found_under_any_permission(tmp_path: Path):
    random_ = np.random.default_rng(3)
    # So many that there is a vector index.
    count, dimension = 21_000, 32
    centres = random_.normal(size=(60, dimension))
    made = (centres[random_.integers(0, 60, count)] + 0.6 * random_.normal(size=(count, dimension))).astype(np.float32)
    made /= np.linalg.norm(made, axis=1, keepdims=True)
    # One row in a thousand has scope 0, one in a hundred scope 1, one in ten scope 2.
    scopes = np.select([np.arange(count) % 1000 == 0, np.arange(count) % 100 == 1, np.arange(count) % 10 == 2], [0, 1, 2], 3)
    rows = [IndexRow(id=str(n), document=n, scope=int(scopes[n]), content=str(n), terms="word") for n in range(count)]
    in_memory, from_files = (open_lance(tmp_path, "build", "embedder", dimension, memory=memory) for memory in (2**30, 0))
    in_memory.apply(rows, made, replaces=range(count))
    in_memory.maintain()
    for index, seen in product((in_memory, from_files), (frozenset({0}), frozenset({0, 1}), frozenset({0, 1, 2}), None)):
        visible = np.arange(count) if seen is None else np.flatnonzero(np.isin(scopes, list(seen)))
        found = wanted = 0
        for question in made[random_.integers(0, count, 20)] + 0.1 * random_.normal(size=(20, dimension)).astype(np.float32):
            best = {str(n) for n in visible[np.argsort(-(made[visible] @ question))[:10]]}
            hits = index.search([], question, limit=10, within=Within(scopes=seen))
            found += len(best & set(by_id(hits)))
            wanted += len(best)
        assert found / wanted >= 0.99


def test_thousands_of_vectors_come_back_by_content(tmp_path: Path):
    index = opened(tmp_path)
    count = 6_000
    rows = [row(str(n), n, "word") for n in range(count)]
    made = np.random.default_rng(1).normal(size=(count, 8)).astype(np.float32)
    index.apply(rows, made, replaces=range(count))
    index.maintain()
    stored = index.vectors([f"content-{n}" for n in range(0, 2 * count, 2)])
    assert len(stored) == count // 2
    assert np.allclose(stored["content-4000"], made[4000], atol=1e-2)


def test_old_readers_and_purges_get_along(tmp_path: Path):
    index, reader = opened(tmp_path), opened(tmp_path)
    index.apply([row("a", 1, "leave")], vectors(0), replaces=[1])

    def ask(_: int) -> int:
        return len(reader.search(["leave"], vectors(0)[0], limit=5, within=Within()))

    with ThreadPoolExecutor(3) as pool:
        asked = pool.map(ask, range(120))
        for number in range(12):
            index.apply([row(f"b{number}", 2, "leave")], vectors(1), replaces=[2])
            index.purge()
        assert set(asked) <= {1, 2}


def test_no_room_at_all_is_storage_full():
    from firmground.store.lance_table import _translated

    assert isinstance(_translated(OSError(28, "No space left on device"), "build"), StorageFull)
    assert isinstance(_translated(OSError(13, "Permission denied"), "build"), OutsideFailed)
