"""The real parser keeps the contract of parsers."""

from collections.abc import Iterator

import pytest

from firmground.ports import Parser
from firmground.sources.parse import SandboxedParser
from firmground.testing.parser import ParserContract


@pytest.fixture(scope="module")
def shared() -> Iterator[SandboxedParser]:
    parser = SandboxedParser(workers=2)
    yield parser
    parser.close()


class TestSandboxedParser(ParserContract):
    @pytest.fixture
    def parser(self, shared: SandboxedParser) -> Parser:
        return shared
