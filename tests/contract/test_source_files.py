"""A folder keeps the contract of sources."""

import shutil
from pathlib import Path

import pytest

from firmground.sources.files import FilesSource
from firmground.testing.source import SourceContract


class _FolderPlace:
    def __init__(self, root: Path) -> None:
        self._root = root
        self.source = FilesSource("folder", root)

    def put(self, uri: str, content: bytes) -> None:
        path = self._root / uri
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)

    def remove(self, uri: str) -> None:
        (self._root / uri).unlink()

    def lose(self) -> None:
        shutil.rmtree(self._root)


class TestFilesSource(SourceContract):
    @pytest.fixture
    def place(self, tmp_path: Path) -> _FolderPlace:
        root = tmp_path / "documents"
        root.mkdir()
        return _FolderPlace(root)
