"""`brief show` and `brief check`: what is there, what is missing with what to write, and an exit code to build on."""

import json
from pathlib import Path

import pytest

from firmground.app.setup import init
from firmground.cli import main
from firmground.gate.brief import FIELDS
from firmground.gate.brief_file import edited
from firmground.testing.gate import brief as ours


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    return init(tmp_path / "ours")


def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, place: Path, *words: str) -> tuple[int, str, str]:
    monkeypatch.setattr("sys.argv", ["firmground", "brief", *words, "--workspace", str(place)])
    try:
        main()
        code = 0
    except SystemExit as ended:
        code = int(ended.code or 0)
    printed = capsys.readouterr()
    return code, printed.out, printed.err


def test_a_new_brief_lacks_everything_one_line_each(capsys, monkeypatch, workspace: Path):
    code, out, error = run(capsys, monkeypatch, workspace, "check")
    assert code == 4
    assert [line.partition(": ")[0] for line in out.splitlines()] == list(FIELDS)
    assert "decision_owner: Who decides that it goes live, and that it stops.\n" in out
    assert error == (
        "firmground: the brief has 0 of 19 questions answered and 24 to do: write them into brief.toml, or on the page /brief\n"
    )


def test_what_is_missing_as_json_is_one_document(capsys, monkeypatch, workspace: Path):
    code, out, _ = run(capsys, monkeypatch, workspace, "check", "--json")
    told = json.loads(out)
    assert (code, told["answered"], told["questions"], len(told["problems"])) == (4, 0, 19, len(FIELDS))


def test_a_complete_brief_passes(capsys, monkeypatch, tmp_path: Path):
    place = init(tmp_path / "sample", sample=True)
    file = place / "brief.toml"
    code, out, _ = run(capsys, monkeypatch, place, "check")
    assert (code, out) == (4, "sample: Put your own words in place of the sample's, then take this line out.\n")
    file.write_text("".join(line for line in file.read_text().splitlines(keepends=True) if not line.startswith("sample = ")))
    code, out, _ = run(capsys, monkeypatch, place, "check")
    assert (code, "workflow_owner: This is what the sample says, for which nobody answers." in out) == (4, True)
    file.write_text(edited(file.read_text(), ours()))
    assert run(capsys, monkeypatch, place, "check") == (0, "", "all 19 questions are answered\n")


def test_a_review_that_is_due_is_to_do(capsys, monkeypatch, workspace: Path):
    (workspace / "brief.toml").write_text("first_review = 2020-01-15")
    code, out, _ = run(capsys, monkeypatch, workspace, "check")
    assert code == 4
    assert "first_review: The review was due on 2020-01-15: hold it, then write the day of the next.\n" in out


def test_it_is_shown_line_by_line_and_as_json(capsys, monkeypatch, workspace: Path):
    (workspace / "brief.toml").write_text('known_limitations = ["a", "b\\u202ec"]\nsla = {p95_ms = 400}\noutput = "x\\ny"')
    code, out, error = run(capsys, monkeypatch, workspace, "show")
    lines = dict(line.split(maxsplit=1) for line in out.splitlines() if not line.startswith(" "))
    assert code == 0
    assert (lines["known_limitations"], lines["sla.p95_ms"], lines["output"], lines["trigger"]) == ("a", "400", "x y", "-")
    assert "\u202e" not in out
    assert error == "2 of 19 questions answered\n"
    _, out, _ = run(capsys, monkeypatch, workspace, "show", "--json")
    assert json.loads(out)["known_limitations"] == ["a", "b\u202ec"]


def test_without_a_file_there_is_nothing_to_show_and_everything_to_write(capsys, monkeypatch, workspace: Path):
    (workspace / "brief.toml").unlink()
    code, _, error = run(capsys, monkeypatch, workspace, "show")
    assert (code, error.count("\n")) == (3, 1)
    assert "there is no brief.toml in" in error
    assert run(capsys, monkeypatch, workspace, "check")[0] == 4


def test_a_file_that_cannot_be_read_is_one_line(capsys, monkeypatch, workspace: Path):
    (workspace / "brief.toml").write_text("[sla]\np95 = 5")
    for command in ("show", "check"):
        assert run(capsys, monkeypatch, workspace, command) == (
            2,
            "",
            "firmground: unknown key sla.p95 in brief.toml: did you mean sla.p95_ms?\n",
        )
