"""Workspaces that are synced once and copied for each test."""

from collections.abc import Callable
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
