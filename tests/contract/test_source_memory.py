"""The fake source keeps the contract of sources."""

import pytest

from firmground.testing.source import MemorySource, SourceContract


class _MemoryPlace:
    def __init__(self) -> None:
        self.source = MemorySource()

    def put(self, uri: str, content: bytes) -> None:
        self.source.contents[uri] = content

    def remove(self, uri: str) -> None:
        del self.source.contents[uri]

    def lose(self) -> None:
        self.source.missing = True


class TestMemorySource(SourceContract):
    @pytest.fixture
    def place(self) -> _MemoryPlace:
        return _MemoryPlace()
