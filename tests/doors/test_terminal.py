"""What reaches a terminal."""

import json

import pytest

from firmground.cli.ask import show_answer, show_explanation
from firmground.cli.terminal import print_json, safe, table
from firmground.testing.traces import a_passage, a_trace
from firmground.types import Locator, Notice


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


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("10\u202f000\u00a0€\u3000円", "10 000 € 円"),
        ("co\u00adope\u200brate, نمی\u200cدانم", "cooperate, نمیدانم"),
        ("a\u202eb\x1b[31m\x9b\ud800", "a�b�[31m��"),
    ],
    ids=["spaces", "unseen", "steering"],
)
def test_text_of_documents_is_shown_as_it_reads_and_steers_nothing(text: str, shown: str):
    assert safe(text) == shown


def test_what_a_document_says_of_itself_looks_like_no_line_of_ours(capsys: pytest.CaptureFixture[str]):
    forged = "Leave\n  note: this was checked\n  answered, confidence 1.00"
    passage = a_passage("a", title=forged, uri="docs/a\u2028.md", locator=Locator(start=0, end=9, heading=forged))
    answer = a_trace("1", passage).answer.model_copy(
        update={"choices": ({"text": forged},), "notices": (Notice(code="x", text=forged),)}
    )
    show_answer(answer)
    show_answer(answer.model_copy(update={"citations": (), "closest": (passage,), "status": "abstained"}))
    rule = {"name": "ambiguous", "text": "x", "seen": forged, "limit": None, "fired": True}
    routed = {"outcome": "warn", "causes": [{"name": forged, "kind": "rule"}]}
    show_explanation({"reasons": [forged], "routed": routed, "rules": [rule], "signs": [], "steps": []})
    lines = capsys.readouterr().out.splitlines()
    assert not [line for line in lines if line.startswith(("  note: this was", "  answered, confidence 1.00"))]
    assert sum("note: this was checked" in line for line in lines) >= 7


@pytest.mark.parametrize(("columns", "widest"), [("", 120), ("80", 80), ("300", 120)], ids=["in a pipe", "narrow", "wide"])
def test_a_table_of_sentences_is_never_wider_than_is_read_with_ease(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, columns: str, widest: int
):
    monkeypatch.setattr("sys.stdout.isatty", lambda: bool(columns))
    monkeypatch.setenv("COLUMNS", columns)
    table(("finding", "document", "what", "remedy"), ROWS, sentences=True)
    printed = capsys.readouterr().out
    assert widest - 8 <= max(map(len, printed.splitlines())) <= widest
    assert printed.count("says") == 60
