"""The fake parser keeps the contract of parsers."""

import pytest

from firmground.errors import ParseFailed
from firmground.ports import Parser
from firmground.testing.parser import ParserContract, PlainParser


class TestPlainParser(ParserContract):
    @pytest.fixture
    def parser(self) -> Parser:
        return PlainParser()


def test_the_fake_fails_as_told():
    with pytest.raises(ParseFailed) as failed:
        PlainParser().parse("a.md", b"!fail:encrypted with a reason")
    assert failed.value.code == "encrypted"
