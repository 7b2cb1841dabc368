"""Golden cases of a workspace: checked against its documents, taken in and handed out whole."""

from pathlib import Path

import pytest

from firmground.app.app import App
from firmground.app.corpus.sync import sync
from firmground.app.evaluating.case_sources import confirm
from firmground.app.evaluating.cases import check, exported, listed, take_in
from firmground.app.evaluating.evaluation import run
from firmground.errors import InvalidInput, NotFound, Refused
from firmground.settings import Settings
from firmground.testing.app import ADMINISTRATOR, COLLEAGUE, Bench
from firmground.testing.source import MemorySource

CASE = """\
- id: leave
  question: How many days may I carry over?
  expect: {contains: ["five"], sources: ["leave.md"]}
  unacceptable: ["ten"]
  owner: hr
"""


@pytest.fixture
def app(tmp_path: Path):
    bench = Bench(tmp_path)
    bench.source.contents["leave.md"] = b"# Leave\n\nFive days may be carried over into the next year."
    (tmp_path / "golden").mkdir()
    (tmp_path / "golden" / "all.yaml").write_text(CASE)
    with bench.app() as opened:
        sync(opened, ADMINISTRATOR)
        yield opened


def codes(app: App) -> set[str]:
    return {flaw.code for flaw in check(app, ADMINISTRATOR).flaws if flaw.case}


def test_a_case_whose_document_is_indexed_is_sound(app: App) -> None:
    assert codes(app) == set()


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ('"leave.md"', '"docs/leave.md"', None),
        ('"leave.md"', '"gone.md"', "source_absent"),
        ("owner: hr", "as: [nobody]", "source_hidden"),
    ],
)
def test_a_source_is_looked_up_as_those_who_ask_see_it(app: App, old: str, new: str, code: str | None) -> None:
    (app.workspace.root / "golden" / "all.yaml").write_text(CASE.replace(old, new))
    assert codes(app) - {"no_owner"} == ({code} if code else set())


def test_a_file_is_taken_in_whole_or_not_at_all(app: App, tmp_path: Path) -> None:
    given = tmp_path / "more.jsonl"
    given.write_text('{"id": "travel", "question": "May I fly?"}\n{"id": "leave", "question": "again?"}\n')
    with pytest.raises(InvalidInput, match="there is a case 'leave' already"):
        take_in(app, ADMINISTRATOR, given)
    given.write_text('{"id": "travel", "question": "May I fly?"}\n{"id": "train"}\n')
    with pytest.raises(InvalidInput, match=r"more\.jsonl:2: question is missing"):
        take_in(app, ADMINISTRATOR, given)
    assert [placed.case.id for placed in listed(app, ADMINISTRATOR)] == ["leave"]
    given.write_text('{"id": "travel", "question": "May I fly?"}\n')
    assert take_in(app, ADMINISTRATOR, given) == (1, app.workspace.root / "golden" / "more.yaml")
    assert [placed.case.id for placed in listed(app, ADMINISTRATOR)] == ["leave", "travel"]
    with pytest.raises(Refused, match="already"):
        take_in(app, ADMINISTRATOR, given)
    assert take_in(app, ADMINISTRATOR, given, replace=True)[0] == 1
    with pytest.raises(NotFound):
        take_in(app, ADMINISTRATOR, tmp_path / "absent.yaml")


@pytest.mark.parametrize("kind", ["yaml", "csv", "jsonl"])
def test_what_is_handed_out_can_be_taken_in_again(app: App, tmp_path: Path, kind: str) -> None:
    before = listed(app, ADMINISTRATOR)
    given = tmp_path / f"all.{kind}"
    given.write_text(exported(app, ADMINISTRATOR, kind))
    take_in(app, ADMINISTRATOR, given, replace=True)
    assert [placed.case for placed in listed(app, ADMINISTRATOR)] == [placed.case for placed in before]


def test_cases_are_for_administrators_and_filters_name_what_there_is(app: App) -> None:
    for use in (listed, check):
        with pytest.raises(Refused):
            use(app, COLLEAGUE)
    assert listed(app, ADMINISTRATOR, kind="messy") == []
    with pytest.raises(InvalidInput, match="kind 'odd'"):
        listed(app, ADMINISTRATOR, kind="odd")
    with pytest.raises(InvalidInput, match="'xml'"):
        exported(app, ADMINISTRATOR, "xml")


def rewritten(app: App, text: bytes) -> None:
    source = app.sources["docs"]
    assert isinstance(source, MemorySource)
    source.contents["leave.md"] = text
    sync(app, ADMINISTRATOR)


def test_a_document_that_changed_since_the_case_was_written_is_told_until_somebody_looked(app: App) -> None:
    assert codes(app) == set()
    rewritten(app, b"# Leave\n\nFive days, and from May on six, may be carried over into the next year.")
    found = next(flaw for flaw in check(app, ADMINISTRATOR).flaws if flaw.case)
    assert (found.code, found.detail) == ("source_changed", "leave.md changed since the case was written")
    assert codes(app) == {"source_changed"}, "told again as long as nobody looked"
    assert confirm(app, ADMINISTRATOR, ["leave"]) == 1
    assert codes(app) == set()
    with pytest.raises(NotFound, match="no case 'none'"):
        confirm(app, ADMINISTRATOR, ["leave", "none"])
    with pytest.raises(Refused, match="may not change golden cases"):
        confirm(app, COLLEAGUE, ["leave"])


def test_who_edits_a_case_has_looked_at_it(app: App, tmp_path: Path) -> None:
    check(app, ADMINISTRATOR)
    rewritten(app, b"# Leave\n\nSix days may be carried over into the next year.")
    (tmp_path / "golden" / "all.yaml").write_text(CASE.replace("five", "six"))
    assert codes(app) == set()


def test_an_evaluation_remembers_what_the_documents_were(app: App) -> None:
    run(app, ADMINISTRATOR)
    rewritten(app, b"# Leave\n\nNone may be carried over.")
    assert codes(app) == {"source_changed"}


def test_a_question_that_the_recipe_knows_beforehand_is_told(tmp_path: Path) -> None:
    bench = Bench(tmp_path, settings=Settings.model_validate({"answer": {"out_of_scope": ["how many days may I carry over"]}}))
    bench.source.contents["leave.md"] = b"# Leave\n\nFive days may be carried over into the next year."
    (tmp_path / "golden").mkdir()
    (tmp_path / "golden" / "all.yaml").write_text(CASE.replace("over?", "over"))
    with bench.app() as app:
        sync(app, ADMINISTRATOR)
        flaw = next(flaw for flaw in check(app, ADMINISTRATOR).flaws if flaw.case)
    assert (flaw.severity, flaw.code, flaw.detail) == ("error", "leaked", "its question stands in answer.out_of_scope")
