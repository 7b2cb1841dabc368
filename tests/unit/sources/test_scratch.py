"""Temporary folders of the parsing processes."""

import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from firmground.sources.scratch import Scratch, sweep


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_a_folder_is_gone_after_its_cleanup(place: Path):
    scratch = Scratch()
    (Path(scratch.name) / "page.png").write_bytes(b"pixels")
    scratch.cleanup()
    scratch.cleanup()
    assert list(place.iterdir()) == []


def test_a_sweep_takes_what_a_killed_process_left_and_nothing_that_is_in_use(place: Path):
    look = f"import os, tempfile; tempfile.tempdir = {str(place)!r}\nfrom firmground.sources.scratch import Scratch\n"
    look += "s = Scratch(); open(s.name + '/page.png', 'w').close(); os.kill(os.getpid(), 9)"
    assert subprocess.run([sys.executable, "-c", look], check=False).returncode == -9
    mine = Scratch()
    assert len(list(place.iterdir())) == 2
    sweep()
    assert [str(path) for path in place.iterdir()] == [mine.name]
    mine.cleanup()
