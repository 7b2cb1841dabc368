"""What was removed is found in no answer and in no byte that Firmground keeps."""

import asyncio
import re
from pathlib import Path

import lancedb
import pytest
from workplace import MARKED, MARKER, Workplace

from firmground.language.terms import terms

STEMS = tuple(term for term in terms(" ".join(MARKED), "en"))


def raw(place: Workplace) -> set[str]:
    """Which marked words stand in some file of the data directory, in any letter case and the encodings a library might use."""
    everything = b"\0".join(path.read_bytes().lower() for path in place.data.rglob("*") if path.is_file())
    return {word for word in MARKED if word.encode() in everything or word.encode("utf-16-le") in everything}


def in_tables(place: Workplace) -> set[str]:
    """Which tables of the databases hold a marked word, decoded."""
    return {table for table, rows in place.tables().items() if any(word in repr(rows).lower() for word in (*MARKED, *STEMS))}


def in_index(place: Workplace) -> set[str]:
    """Which stems some version of the search index still holds, decoded: a byte search does not see through its compression."""

    async def decoded() -> str:
        said: list[str] = []
        for folder in (place.data / "index").glob("*.lance"):
            connection = await lancedb.connect_async(folder.parent)
            table = await connection.open_table(folder.stem)
            for version in [each["version"] for each in await table.list_versions()]:
                await table.checkout(version)
                said += (await table.query().select(["terms"]).to_arrow())["terms"].to_pylist()
        return " ".join(said)

    words = set(asyncio.run(decoded()).split())
    return words & set(STEMS)


def vocabulary(place: Workplace) -> list[Path]:
    """Files of text indexes: what a removed document wrote into one must go with it."""
    return sorted((place.data / "index").glob("*.lance/_indices/*/*tokens.lance"))


@pytest.mark.parametrize("way", ["file removed", "sentence removed", "documents purge", "source removed"])
def test_a_removed_sentence_is_found_before_and_nowhere_after(place: Workplace, way: str):
    attic = place.root / "notes" / "attic.md"
    assert raw(place) == set(MARKED)
    assert "firmground.texts" in in_tables(place)
    assert in_index(place) == set(STEMS)
    assert "notes/attic.md" in place.uris("zwanglefrump staircase")
    before = vocabulary(place)

    if way == "file removed":
        attic.unlink()
        place.sync()
    elif way == "sentence removed":
        attic.write_text(attic.read_text().replace(MARKER, "It is empty."))
        place.sync()
    elif way == "documents purge":
        place.json("documents", "purge", "notes/attic.md", "--yes")
    else:
        settings = place.root / "firmground.toml"
        settings.write_text(re.sub(r'\[\[sources\]\]\nname = "notes"\npath = "notes"\n', "", settings.read_text()))
        place.sync()

    assert raw(place) == set()
    assert in_tables(place) == set()
    assert in_index(place) == set()
    assert not set(vocabulary(place)) & set(before)
    found = place.uris("zwanglefrump staircase")
    assert ("notes/attic.md" in found) is False or way == "sentence removed"
    assert "handbook/policies/leave.md" in place.uris("How many days of leave may I carry over?")
