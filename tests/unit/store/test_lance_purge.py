"""What was removed is nowhere in the files of the index after a purge: neither in raw bytes nor in decoded columns."""

from pathlib import Path
from secrets import token_hex
from uuid import uuid4

import lancedb
import pyarrow as pa
from lancedb.background_loop import LOOP

from firmground.store.lance import open_lance
from firmground.testing.index import row, vectors
from firmground.types import Within

PLAIN = {"id": "", "document": 0, "scope": 0, "content": "", "terms": "", "vector": [0.0] * 8}
ROWS = pa.schema(
    [
        ("id", pa.string()),
        ("document", pa.int32()),
        ("scope", pa.int32()),
        ("content", pa.string()),
        ("terms", pa.string()),
        ("vector", pa.list_(pa.float16(), 8)),
    ]
)
FOOTER = 40
# Written in bytes that are rare in words: see `in_vocabulary`.
MARKERS = ("zebra쏽릪뺣줅", "quagga콹픓헯홿")


def test_a_removed_sentence_is_found_before_the_purge_and_nowhere_after(tmp_path: Path):
    index = open_lance(tmp_path / "index", "build", "embedder", 8)
    rows = [row(f"{n}", n, f"leave days common{n % 7} word{n}") for n in range(300)]
    index.apply(rows, vectors(*range(300)), replaces=range(300))
    index.apply([row("m0", 900, f"leave {MARKERS[0]}")], vectors(0), replaces=[900])
    index.maintain(force=True)
    index.apply([row("m1", 901, f"leave {MARKERS[1]}")], vectors(0), replaces=[901])
    index.maintain(force=True)
    folder = tmp_path / "index" / "build.lance"
    assert in_raw_bytes(folder, MARKERS[1])
    assert all(decoded_terms(folder, tmp_path, marker) for marker in MARKERS)
    assert all(in_vocabulary(folder, marker) for marker in MARKERS)

    index.apply([], vectors(), replaces=[900])
    index.apply([row("m1", 901, "leave other")], vectors(0), replaces=[901])
    assert index.search(list(MARKERS), None, limit=3, within=Within()) == []
    assert any(decoded_terms(folder, tmp_path, marker) for marker in MARKERS)

    index.purge()
    for marker in MARKERS:
        assert not in_raw_bytes(folder, marker)
        assert not decoded_terms(folder, tmp_path, marker)
        assert not in_vocabulary(folder, marker)
    assert not list(folder.glob("_deletions/*"))
    assert len(list(folder.glob("_versions/*.manifest"))) == 1
    assert index.stats().rows == 301
    assert len(index.search(["leave"], vectors(0)[0], limit=400, within=Within())) == 301


def test_what_a_killed_writer_left_is_purged_too(tmp_path: Path):
    index = open_lance(tmp_path, "build", "embedder", 8)
    index.apply([row("a", 1, "leave")], vectors(0), replaces=[1])
    left = tmp_path / "build.lance" / "data" / "0101.lance"
    left.write_bytes(MARKERS[0].encode())
    index.purge()
    assert not left.exists()


def test_a_purge_of_everything_leaves_an_empty_index_that_still_works(tmp_path: Path):
    index = open_lance(tmp_path, "build", "embedder", 8)
    index.apply([row("a", 1, f"leave {MARKERS[0]}")], vectors(0), replaces=[1])
    index.maintain(force=True)
    assert in_vocabulary(tmp_path / "build.lance", MARKERS[0])
    index.apply([], vectors(), replaces=[1])
    index.purge()
    assert not in_raw_bytes(tmp_path / "build.lance", MARKERS[0])
    assert not in_vocabulary(tmp_path / "build.lance", MARKERS[0])
    assert index.search(["leave"], vectors(0)[0], limit=3, within=Within()) == []
    index.apply([row("b", 2, "leave")], vectors(0), replaces=[2])
    index.maintain(force=True)
    assert [hit.id for hit in index.search(["leave"], None, limit=3, within=Within())] == ["b"]


def in_raw_bytes(folder: Path, marker: str) -> bool:
    return any(marker.encode() in path.read_bytes() for path in folder.rglob("*") if path.is_file())


def decoded_terms(folder: Path, scratch: Path, marker: str) -> bool:
    """Whether a data file holds the marker, deleted rows included."""
    return any(marker in terms for path in folder.glob("data/*.lance") for terms in column(path, "terms", scratch))


def in_vocabulary(folder: Path, marker: str) -> bool:
    """Whether the vocabulary of a text index holds the marker. It is a finite-state transducer, written from the end of each word:
    a byte that is rare in words stands as it is, followed by the sign of a state with one way on."""
    trail = b"".join(bytes([byte, 0b1100_0000]) for byte in reversed(marker.encode()[-9:-1]))
    return any(trail in path.read_bytes() for path in folder.glob("_indices/*/*tokens.lance"))


def column(path: Path, name: str, scratch: Path) -> list[str]:
    """Every value of one column of a Lance file: put in place of the file of a table of as many rows. How many it holds is found
    by halving: a table that claims more rows than its file has cannot be read."""
    low, high = 1, 1024
    values = LOOP.run(claimed(path, name, scratch, low))
    assert values is not None, path
    while high - low > 1:
        middle = (low + high) // 2
        more = LOOP.run(claimed(path, name, scratch, middle))
        low, high, values = (low, middle, values) if more is None else (middle, high, more)
    return values


async def claimed(path: Path, name: str, scratch: Path, rows: int) -> list[str] | None:
    content = path.read_bytes()
    db = await lancedb.connect_async(scratch / "decode")
    columns = {field.name: [PLAIN[field.name]] * rows for field in ROWS}
    columns[name] = [token_hex(len(content)), *columns[name][1:]]
    stand_in = f"t{uuid4().hex}"
    await db.create_table(stand_in, pa.table([pa.array(columns[field.name], field.type) for field in ROWS], schema=ROWS))
    (file,) = (scratch / "decode" / f"{stand_in}.lance" / "data").iterdir()
    # The table knows the size of its file: fill up in front of the footer, whose offsets count from the start.
    filling = bytes(file.stat().st_size - len(content))
    file.write_bytes(content[:-FOOTER] + filling + content[-FOOTER:])
    table = await (await lancedb.connect_async(scratch / "decode")).open_table(stand_in)
    try:
        return (await table.query().select([name]).to_arrow())[name].to_pylist()
    except (RuntimeError, ValueError, OSError):
        return None
