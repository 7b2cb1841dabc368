"""What was removed is found in no answer and in no byte that Firmground keeps."""

import asyncio
import re
import signal
import subprocess
import sys
from pathlib import Path

import lancedb
import pytest
from workplace import ADMINISTRATOR, MARKED, MARKER, Workplace

from firmground.app.asking import traces
from firmground.app.asking.search import search
from firmground.language.terms import terms
from firmground.testing.traces import a_trace
from firmground.types import Passage, Tombstone, Trace
from firmground.wire import open_workspace

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


def answered(place: Workplace) -> Trace:
    """An answer that quoted the sentence, and one to a question that was understood by it, are kept."""
    with open_workspace(place.root) as app, app.database.transaction() as tx:
        found = search(app, ADMINISTRATOR, "zwanglefrump staircase").passages
        bicycles = search(app, ADMINISTRATOR, "Where are bicycles parked?", limit=1).passages
        given = a_trace("1", *found, outputs=(MARKER.upper(),))
        traces.keep(tx, given, known=tx.corpus_version())
        follow_up = a_trace("2", *bicycles, context=("1",), asked=f"Who parks there, where {MARKER}")
        traces.keep(tx, follow_up, known=tx.corpus_version())
    return given


def kept(place: Workplace) -> Trace:
    with open_workspace(place.root) as app, app.database.reading() as tx:
        return tx.find_trace("1")


@pytest.mark.parametrize("way", ["file removed", "sentence removed", "documents purge", "source removed"])
def test_a_removed_sentence_is_found_before_and_nowhere_after(place: Workplace, way: str):
    attic = place.root / "notes" / "attic.md"
    assert raw(place) == set(MARKED)
    assert "firmground.texts" in in_tables(place)
    assert in_index(place) == set(STEMS)
    assert "notes/attic.md" in place.uris("zwanglefrump staircase")
    given = None if way == "sentence removed" else answered(place)  # what was said stays on record while its document is there
    assert ("firmground.traces" in in_tables(place)) is bool(given)
    before = vocabulary(place)

    if way == "file removed":
        attic.unlink()
        place.sync()
    elif way == "sentence removed":
        attic.write_text(attic.read_text().replace(MARKER, "It is empty."))
        place.sync()
    elif way == "documents purge":
        asked = place.json("ask", "Who has the key of the attic?")
        assert "notes/attic.md" in {each["uri"] for each in (*asked["citations"], *asked["closest"])}
        place.json("documents", "purge", "notes/attic.md", "--yes")
    else:
        settings = place.root / "firmground.toml"
        settings.write_text(re.sub(r'\[\[sources\]\]\nname = "notes"\npath = "notes"\n', "", settings.read_text()))
        place.sync()

    assert raw(place) == set()
    assert in_tables(place) == set()
    assert in_index(place) == set()
    if given:
        was = [each.document for each in given.evidence if isinstance(each, Passage) and each.uri.startswith("notes/attic")]
        assert was == [each.document for each in kept(place).evidence if isinstance(each, Tombstone) and each.document in was]
    assert not set(vocabulary(place)) & set(before)
    found = place.uris("zwanglefrump staircase")
    assert ("notes/attic.md" in found) is False or way == "sentence removed"
    assert "handbook/policies/leave.md" in place.uris("How many days of leave may I carry over?")


KILLED = """
import os, signal, sys
from pathlib import Path
from firmground.app.corpus import documents
from firmground.types import Actor
from firmground.wire import open_workspace

setattr(documents, sys.argv[2], lambda *_: os.kill(os.getpid(), signal.SIGKILL))
with open_workspace(Path(sys.argv[1])) as app:
    documents.purge(app, Actor(person="tester", role="owner"), "notes/attic.md")
"""


@pytest.mark.parametrize(("at", "erased"), [("mark_erased", False), ("purge_erased", True)])
def test_document_and_answers_are_erased_together_whenever_a_purge_is_killed(place: Workplace, at: str, erased: bool):
    given = answered(place)
    ended = subprocess.run([sys.executable, "-c", KILLED, str(place.root), at], check=False)
    assert ended.returncode == -signal.SIGKILL
    assert (place.documents()["notes/attic.md"][0] == "excluded") is erased
    assert (kept(place) == given) is not erased
    if not erased:
        place.json("documents", "purge", "notes/attic.md", "--yes")
    place.sync()
    assert (raw(place), in_tables(place), in_index(place)) == (set(), set(), set())
    place.check_sound()
