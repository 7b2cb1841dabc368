"""Uploads by real processes: asked from, purged, gone; and what is left of one that was killed."""

import os
import signal
import time
from pathlib import Path

from workplace import Workplace

SETTINGS = '[[sources]]\nname = "handbook"\npath = "documents"\n\n[parsing]\nocr = false\n\n[answer]\nthreshold = 0.001\n'
TOWER = "# The tower\n\nThe quixblorp tower of Brennholm has exactly ninety-one steps.\n"


def test_an_upload_is_asked_from_until_it_is_purged(tmp_path: Path):
    place = Workplace.new(tmp_path / "one", SETTINGS)
    (place.root / "documents").mkdir()
    (tmp_path / "tower.md").write_text(TOWER)
    uploaded = place.json("documents", "upload", str(tmp_path / "tower.md"), "--group", "everyone")
    assert uploaded["sync"]["totals"]["documents"]["added"] == 1
    answer = place.json("ask", "How many steps has the tower of Brennholm?")
    assert [each["uri"] for each in answer["citations"]] == ["uploads/tower.md"]
    assert place.json("documents", "purge", "uploads/tower.md", "--yes")["state"] == "removed"
    assert place.json("documents", "list") == []
    held = [path for path in place.data.rglob("*") if path.is_file() and b"quixblorp" in path.read_bytes()]
    assert held == []


def test_an_upload_that_is_killed_half_way_is_nowhere(tmp_path: Path):
    place = Workplace.new(tmp_path / "one", SETTINGS)
    (place.root / "documents").mkdir()
    pipe = tmp_path / "half.md"
    os.mkfifo(pipe)
    process = place.start("documents", "upload", str(pipe))
    with pipe.open("wb", buffering=0) as end:
        end.write(TOWER.encode())
        while not list((place.data / "incoming").glob("tmp*")):
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
        process.communicate()
    assert not (place.data / "uploads").exists()
    (tmp_path / "tower.md").write_text(TOWER)
    place.json("documents", "upload", str(tmp_path / "tower.md"))
    assert [path.name for path in (place.data / "incoming").iterdir()] == [".lock"]
    assert [each["uri"] for each in place.json("documents", "list")] == ["tower.md"]
