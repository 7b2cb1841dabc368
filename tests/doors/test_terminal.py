"""What reaches a terminal."""

import json

import pytest

from firmground.cli.terminal import print_json


@pytest.mark.parametrize("text", ["a\x9b31mb", "a\x7fb", "a\u202eb", "a\ud800b", "a\U000e0041b", "größe, 日本語, 😀\n\tx"])
def test_json_steers_no_terminal_and_says_the_same(capsys: pytest.CaptureFixture[str], text: str):
    print_json({"text": text})
    written = capsys.readouterr().out
    assert json.loads(written) == {"text": text}
    assert written.removesuffix("\n").isprintable()
