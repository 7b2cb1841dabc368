"""Golden cases changed where they stand: one case is written anew, and everything else stays as people wrote it."""

from pathlib import Path

import pytest

from firmground.app.app import App
from firmground.app.asking.answers import ask
from firmground.app.corpus.sync import sync
from firmground.app.evaluating import case_edits
from firmground.app.evaluating.cases import listed
from firmground.errors import NotAllowed, NotFound, Refused
from firmground.settings import Settings
from firmground.testing.app import ADMINISTRATOR, COLLEAGUE, Bench

CASES = """\
# Of the people team.

- id: leave   # most asked
  question: 'How many days?'
  expect: {contains: ["five"], sources: ["leave.md"]}
  notes: |
    Two lines,
    one note.

# Travel comes last.
- id: train
  question: >
    Are train tickets
    refunded?   # with spaces
  expect: {contains: [["yes", "refunded"]]}

  # kept as well
- {id: plane, question: "May I fly?"}
"""


@pytest.fixture
def app(tmp_path: Path):
    bench = Bench(tmp_path, settings=Settings.model_validate({"answer": {"threshold": 0.001}}))
    bench.source.contents["leave.md"] = b"# Leave\n\nFive days may be carried over into the next year."
    (tmp_path / "golden").mkdir()
    (tmp_path / "golden" / "all.yaml").write_text(CASES)
    with bench.app() as opened:
        sync(opened, ADMINISTRATOR)
        yield opened


def edit(app: App, id: str, **changed: object) -> None:
    now = case_edits.find(app, ADMINISTRATOR, id)
    case_edits.change(app, ADMINISTRATOR, id, now.placed.case.model_copy(update=changed), now.revision)


def text(app: App, name: str = "all.yaml") -> str:
    return (app.workspace.root / "golden" / name).read_bytes().decode()


@pytest.mark.parametrize("id", ["leave", "train", "plane"])
def test_only_the_lines_of_the_case_change(app: App, id: str) -> None:
    before = {placed.case.id: placed.case for placed in listed(app, ADMINISTRATOR)}
    edit(app, id, owner="hr: [ops]", unacceptable=("ten\ndays", "# no comment"))
    after = {placed.case.id: placed.case for placed in listed(app, ADMINISTRATOR)}
    assert after == {
        **before,
        id: before[id].model_copy(update={"owner": "hr: [ops]", "unacceptable": ("ten\ndays", "# no comment")}),
    }
    assert [*after] == [*before]
    own = {
        "leave": CASES[CASES.index("- id: leave") : CASES.index("\n# Travel")],
        "train": CASES[CASES.index("- id: train") : CASES.index("\n\n  # kept")],
    }
    for line in CASES.replace(own.get(id, '- {id: plane, question: "May I fly?"}'), "").splitlines():
        assert line in text(app).splitlines()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("lines.jsonl", '{"id": "a", "question": "A?"}\n\n{"question": "B?", "id": "b"}\n'),
        ("windows.yaml", "- id: a\r\n  question: A?\r\n# between\r\n- id: b\r\n  question: B?\r\n"),
        ("deep.yml", "  - id: a\n    question: A?\n  - id: b\n    question: B?"),
    ],
)
def test_other_files_keep_their_other_lines_too(app: App, name: str, content: str) -> None:
    (app.workspace.root / "golden" / name).write_bytes(content.encode())
    edit(app, "a", question="Is it A?")
    assert case_edits.find(app, ADMINISTRATOR, "a").placed.case.question == "Is it A?"
    kept = content[content.index("\n") + 1 :] if name.endswith("l") and "jsonl" in name else content[content.index("A?") + 2 :]
    assert text(app, name).endswith(kept)
    assert ("\r\n" in text(app, name)) == ("\r\n" in content)


def test_a_file_that_changed_meanwhile_is_left_alone(app: App) -> None:
    now = case_edits.find(app, ADMINISTRATOR, "leave")
    other = CASES.replace("May I fly?", "May I really fly?")
    (app.workspace.root / "golden" / "all.yaml").write_text(other)
    with pytest.raises(Refused, match=r"golden/all\.yaml was changed since this page was loaded"):
        case_edits.retire(app, ADMINISTRATOR, "leave", now.revision)
    assert text(app) == other
    assert case_edits.history(app, ADMINISTRATOR, "leave") == []


@pytest.mark.parametrize(
    "content",
    [
        "- &one {id: a, question: A?, owner: x}\n- {id: b, question: B?, expect: {answer: *one}}\n",
        "- id: a\n  question: &words A?\n- id: b\n  question: *words\n",
        "[{id: a, question: A?}, {id: b, question: B?}]\n",
        "-\n  id: a\n  question: A?\n",
    ],
)
def test_what_cannot_be_changed_alone_is_refused_whole(app: App, content: str) -> None:
    (app.workspace.root / "golden" / "odd.yaml").write_text(content)
    with pytest.raises(Refused, match="edit the file itself"):
        edit(app, "a", question="Is it A?")
    assert text(app, "odd.yaml") == content
    assert case_edits.history(app, ADMINISTRATOR, "a") == []


def test_a_row_of_a_table_is_not_edited(app: App) -> None:
    (app.workspace.root / "golden" / "table.csv").write_text("id,question\na,A?\n")
    with pytest.raises(Refused, match=r"cases in \.csv files are not edited here"):
        edit(app, "a", question="Is it A?")


def test_what_was_changed_is_known_newest_first(app: App) -> None:
    edit(app, "leave", owner="hr")
    edit(app, "leave", owner="hr")
    now = case_edits.find(app, ADMINISTRATOR, "leave")
    case_edits.retire(app, ADMINISTRATOR, "leave", now.revision)
    found = case_edits.history(app, ADMINISTRATOR, "leave")
    assert [(each.by, each.before and each.before.status, each.after.status, each.after.owner) for each in found] == [
        ("admin", "active", "retired", "hr"),
        ("admin", "active", "active", "hr"),
    ]


def test_a_case_is_added_at_the_end_of_a_file_of_its_own(app: App) -> None:
    for id in ("one", "two"):
        case_edits.add(app, ADMINISTRATOR, case_edits.find(app, ADMINISTRATOR, "plane").placed.case.model_copy(update={"id": id}))
    assert [placed.case.id for placed in listed(app, ADMINISTRATOR)] == ["one", "two", "leave", "train", "plane"]
    assert text(app) == CASES
    assert case_edits.history(app, ADMINISTRATOR, "one")[0].before is None
    with pytest.raises(Refused, match="there is a case 'train' already"):
        case_edits.add(app, ADMINISTRATOR, case_edits.find(app, ADMINISTRATOR, "train").placed.case)


def test_an_answer_becomes_a_draft_of_a_case(app: App) -> None:
    answer = ask(app, COLLEAGUE, "Which days may be carried over?")
    draft = case_edits.from_answer(app, ADMINISTRATOR, answer.id)
    assert draft.id == f"asked-{answer.created_at:%Y-%m-%d}", "no word of the question, since ids stand in the ledger for good"
    assert draft.question == answer.question
    assert draft.as_ == ("everyone",)
    assert draft.expect.behaviour == "answer"
    assert draft.expect.sources == (("docs/leave.md",),)
    assert draft.expect.contains == ()
    case_edits.add(app, ADMINISTRATOR, draft)
    assert case_edits.from_answer(app, ADMINISTRATOR, answer.id).id == f"{draft.id}-2"
    with pytest.raises(NotFound):
        case_edits.from_answer(app, ADMINISTRATOR, "none")


def test_cases_are_for_administrators(app: App) -> None:
    now = case_edits.find(app, ADMINISTRATOR, "leave")
    for use in (
        lambda: case_edits.find(app, COLLEAGUE, "leave"),
        lambda: case_edits.retire(app, COLLEAGUE, "leave", now.revision),
        lambda: case_edits.add(app, COLLEAGUE, now.placed.case),
        lambda: case_edits.history(app, COLLEAGUE, "leave"),
        lambda: case_edits.from_answer(app, COLLEAGUE, "x"),
    ):
        with pytest.raises(NotAllowed):
            use()
    assert text(app) == CASES
