"""`firmground release calibrate`: what it asks, shows, writes, and refuses."""

import contextlib
import io
import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from firmground import wire
from firmground.cli import main
from firmground.testing.embedder import FakeEmbedder

SETTINGS = '[[sources]]\nname = "docs"\npath = "documents"\n\n[parsing]\nocr = false\nworkers = 1\n'
ROOMS = [
    *("attic", "balcony", "cellar", "dairy", "entrance", "foyer", "garage", "hall", "infirmary", "kitchen", "library"),
    *("mezzanine", "nursery", "office", "pantry", "quarry", "reception", "studio", "terrace", "utility", "vestibule", "workshop"),
]

Command = Callable[..., tuple[int, str, str]]


@pytest.fixture
def firmground(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    monkeypatch.setattr(wire, "open_embedder", lambda root, settings: FakeEmbedder())
    monkeypatch.chdir(tmp_path)
    (tmp_path / "firmground.toml").write_text(SETTINGS, encoding="utf-8")
    (tmp_path / "documents").mkdir()
    for number, room in enumerate(ROOMS):
        text = f"# The {room}\n\n" + "\n\n".join(
            f"The {what} of the {room} must be {done} by its keeper every {100 + 4 * number + at} days without exception."
            for at, (what, done) in enumerate((("door", "oiled"), ("floor", "swept"), ("lamp", "tested"), ("window", "cleaned")))
        )
        (tmp_path / "documents" / f"{room}.md").write_text(text, encoding="utf-8")

    def run(*words: str) -> tuple[int, str, str]:
        out, err = io.StringIO(), io.StringIO()
        monkeypatch.setattr(sys, "argv", ["firmground", *words])
        code = 0
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            try:
                main()
            except SystemExit as ended:
                code = int(ended.code or 0)
        return code, out.getvalue(), err.getvalue()

    return run


def test_a_calibration_is_shown_and_the_candidate_answers_by_it(firmground: Command, tmp_path: Path):
    assert firmground("sync")[0] == 0
    assert "not_calibrated" in firmground("ask", "How often is the floor of the attic swept?", "--json")[1]
    code, out, err = firmground("release", "calibrate", "--rate", "0.05", "--questions", "88", "--report", "found.html")
    assert code == 0, err
    assert "asking about 88 questions" in err
    assert "88 questions, 88 of them also without their documents (22)" in out
    assert "At most 5 % of questions that your documents do not cover get an answer." in out
    assert "coverage left" in out
    assert (tmp_path / "found.html").read_text(encoding="utf-8").startswith("<!doctype html>")
    assert "not_calibrated" not in firmground("ask", "How often is the floor of the attic swept?", "--json")[1]


def test_with_json_there_is_one_document_and_nothing_else(firmground: Command):
    firmground("sync")
    code, out, err = firmground("release", "calibrate", "--questions", "30", "--json")
    assert (code, err) == (0, "")
    found = json.loads(out)
    assert found["why_not"] == "30 questions without their documents, 149 are the least for 2 %"
    assert found["confidence"]["calibrated_on"] == ""


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--rate", "0"], "a rate of 0 cannot be shown"),
        (["--rate", "nan"], "a rate of nan cannot be shown"),
        (["--questions", "3"], "3 questions are too few"),
        (["--report", "found.pdf"], "neither .html nor .json"),
    ],
)
def test_what_cannot_be_used_is_refused_before_anything_is_asked(firmground: Command, words: list[str], said: str):
    code, out, err = firmground("release", "calibrate", *words)
    assert (code, out) == (2, "")
    assert said in err


def test_without_documents_there_is_nothing_to_calibrate_on(firmground: Command):
    code, _, err = firmground("release", "calibrate")
    assert code == 3
    assert "nothing is indexed yet" in err
