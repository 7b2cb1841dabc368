"""The search indexes keep their contract."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from firmground.ports import SearchIndex
from firmground.store.lance import open_lance
from firmground.testing.index import MemoryIndex, SearchIndexContract


class TestMemoryIndex(SearchIndexContract):
    @pytest.fixture
    def index(self) -> SearchIndex:
        return MemoryIndex()


class TestLanceIndex(SearchIndexContract):
    memory = 2**30

    @pytest.fixture
    def index(self, tmp_path: Path) -> Iterator[SearchIndex]:
        index = open_lance(tmp_path / "index", "build", "embedder", self.dimension, memory=self.memory)
        yield index
        index.close()


class TestLanceIndexFromFiles(TestLanceIndex):
    memory = 0
