"""What reaches a terminal."""

import json

import pytest

from firmground.cli.terminal import print_json, table


@pytest.mark.parametrize("text", ["a\x9b31mb", "a\x7fb", "a\u202eb", "a\ud800b", "a\U000e0041b", "größe, 日本語, 😀\n\tx"])
def test_json_steers_no_terminal_and_says_the_same(capsys: pytest.CaptureFixture[str], text: str):
    print_json({"text": text})
    written = capsys.readouterr().out
    assert json.loads(written) == {"text": text}
    assert written.removesuffix("\n").isprintable()


ROWS = [("stale", "handbook/a.md", "says " * 60, "check " * 10), ("empty", "handbook/" + "x" * 70, "no words", "")]


def test_a_table_on_a_terminal_fits_and_leaves_nothing_out(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "80")
    table(("finding", "document", "what", "remedy"), ROWS)
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 80
    assert "".join(lines).count("says") == 60
    assert "".join(lines).count("check") == 10
    assert "".join(lines).count("x") == 70


def test_a_table_in_a_pipe_has_one_line_for_each_row(capsys: pytest.CaptureFixture[str]):
    table(("finding", "document", "what", "remedy"), ROWS)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 3
    assert lines[1].count("says") == 60


def test_on_a_terminal_an_address_stays_in_one_piece_where_there_is_room(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "150")
    table(("finding", "document", "what", "remedy"), ROWS)
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 150
    assert any(f"  {ROWS[1][1]}  no words" in line for line in lines)
