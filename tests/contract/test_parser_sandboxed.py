"""The real parser keeps the contract of parsers."""

from collections.abc import Iterator

import pytest

from firmground.ports import Parser
from firmground.sources.parse import SandboxedParser
from firmground.testing.parser import ParserContract


class TestSandboxedParser(ParserContract):
    @pytest.fixture(scope="class")
    def parser(self) -> Iterator[Parser]:
        parser = SandboxedParser(workers=2)
        yield parser
        parser.close()
