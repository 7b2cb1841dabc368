"""Workspaces that are synced once and copied for each test; a small disk."""

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from workplace import Workplace, first_corpus


@pytest.fixture(scope="session")
def synced(tmp_path_factory: pytest.TempPathFactory, default_model: Path) -> Workplace:
    """A workspace of 25 files of ten formats, synced. Never change it: copy it."""
    place = Workplace.new(tmp_path_factory.mktemp("synced") / "workspace")
    first_corpus(place.root)
    report = place.sync()
    assert report["totals"]["documents"]["failed"] == 0, report
    return place


@pytest.fixture
def copied(synced: Workplace, tmp_path: Path) -> Callable[[], Workplace]:
    """Makes another copy of it."""
    made: list[Workplace] = []

    def copy() -> Workplace:
        made.append(synced.copy(tmp_path / f"copy{len(made)}"))
        return made[-1]

    return copy


@pytest.fixture
def place(copied: Callable[[], Workplace]) -> Workplace:
    return copied()


@pytest.fixture
def little_disk(tmp_path: Path) -> Iterator[Callable[[str], bool]]:
    """Makes `tmp_path/disk` a disk of its own of the size given, or changes its size; False where this user may not mount."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = False

    def sized(size: str) -> bool:
        nonlocal mounted
        options = f"remount,size={size}" if mounted else f"size={size}"
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "none", str(disk)], capture_output=True, check=False)
        mounted = mounted or done.returncode == 0
        return done.returncode == 0

    yield sized
    if mounted:
        subprocess.run(["umount", str(disk)], check=True)
