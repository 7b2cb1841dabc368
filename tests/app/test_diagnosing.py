"""A diagnosis is gathered from what the workspace really holds."""

import json
from collections.abc import Generator
from pathlib import Path

import pytest

from firmground.app.app import App
from firmground.app.corpus.sync import sync
from firmground.app.evaluating import evaluation
from firmground.app.evaluating.samples import shipped_cases
from firmground.app.launching import diagnosis
from firmground.app.launching.diagnosis_report import as_json, as_markdown, as_page
from firmground.errors import FirmgroundError, InvalidInput, NotAllowed, NotFound
from firmground.evaluate.files import Placed, read_file
from firmground.settings import Settings
from firmground.testing.app import ADMINISTRATOR, COLLEAGUE, Bench

LEAVE = "# Leave\n\nEvery employee may carry over five vacation days into the next year.\n"
TRAVEL = "# Travel\n\nTrain tickets in second class are refunded without asking anybody before.\n"
RATES = "city,rate\nVienna,90\nParis,120\n"
CASES = """
- {id: leave, question: how many vacation days may I carry over?, expect: {contains: [five], sources: [leave.md]}}
- {id: train, question: are train tickets refunded?, expect: {contains: [second class], sources: [travel.md]}}
- {id: absent, question: are train tickets refunded at all?, expect: {contains: [first class], sources: [gone.md]}}
- {id: menu, question: what is for lunch?, expect: {behaviour: abstain}}
"""


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    bench = Bench(tmp_path, settings=Settings.model_validate({"answer": {"threshold": 0.001}}))
    bench.source.contents.update({"leave.md": LEAVE.encode(), "travel.md": TRAVEL.encode(), "rates.csv": RATES.encode()})
    (tmp_path / "golden").mkdir()
    (tmp_path / "golden" / "all.yaml").write_text(CASES)
    return bench


@pytest.fixture
def app(bench: Bench) -> Generator[App]:
    with bench.app() as app:
        sync(app, ADMINISTRATOR)
        yield app


def test_documents_cases_and_the_newest_evaluation_are_looked_at(app: App):
    made = evaluation.run(app, ADMINISTRATOR)
    found = diagnosis.known(app)
    assert found.report == made
    assert found.current
    assert found.corpus is not None
    assert (found.corpus.documents, found.corpus.structured, found.corpus.changed) == (3, 1, 0)
    assert found.corpus.characters >= len(LEAVE.strip())
    assert {case.id for case, _ in found.results} == {"leave", "train", "absent", "menu"}
    by_id = {case.digest: case.id for case in found.cases}
    assert {by_id[case]: there for case, there in found.words_there.items()} == {"absent": False}
    assert diagnosis.run(app, ADMINISTRATOR).release == made.release


def test_an_evaluation_of_other_cases_is_told_as_old(app: App, bench: Bench):
    evaluation.run(app, ADMINISTRATOR)
    (bench.root / "golden" / "more.yaml").write_text("- {id: new, question: is it new?}\n")
    assert not diagnosis.known(app).current


def test_documents_that_change_are_counted_and_those_that_only_appear_are_not(app: App, bench: Bench):
    from datetime import timedelta

    bench.clock.now += timedelta(days=40)
    bench.source.contents["leave.md"] = LEAVE.replace("five", "six").encode()
    bench.source.contents["new.md"] = b"# New\n\nSomething that nobody knew before is written here.\n"
    sync(app, ADMINISTRATOR)
    corpus = diagnosis.known(app).corpus
    assert corpus is not None
    assert (corpus.changed, corpus.watched_days > 39) == (1, True)


def test_what_people_ask_is_counted_and_golden_cases_are_not(app: App):
    from firmground.app.asking.answers import ask

    evaluation.run(app, ADMINISTRATOR)
    for question in ("Are train tickets refunded?", "are train tickets  refunded", "How many vacation days may I carry over?"):
        ask(app, ADMINISTRATOR, question)
    asked = diagnosis.known(app).asked
    assert asked is not None
    assert (asked.answers, asked.frequent) == (3, (2, 1))


def test_the_brief_counts_and_one_that_cannot_be_read_is_told(app: App, bench: Bench):
    assert "no brief.toml" in diagnosis.known(app).brief_problem
    (bench.root / "brief.toml").write_text('consequence_of_error = "A patient is harmed."\n')
    advice = [each for each in diagnosis.run(app, ADMINISTRATOR).recommendations if each.rule == "not_without_people"]
    assert [each.leaning for each in advice] == ["change"]
    (bench.root / "brief.toml").write_text("consequence_of_error = [\n")
    assert diagnosis.known(app).brief is None
    assert diagnosis.known(app).brief_problem


def test_a_workspace_without_anything_is_diagnosed_too(tmp_path: Path):
    with Bench(tmp_path).app() as app:
        found = diagnosis.run(app, ADMINISTRATOR)
    assert {each.strength for each in found.recommendations} <= {"not_known", "moderate"}


def test_only_administrators_read_it(app: App):
    with pytest.raises(NotAllowed):
        diagnosis.run(app, COLLEAGUE)


def test_the_cases_of_the_sample_are_known_as_such_until_somebody_changes_them():
    import firmground

    sample = Path(firmground.__file__).parent / "sample" / "golden"
    cases = [each.case for file in sorted(sample.iterdir()) for each in read_file(file) if isinstance(each, Placed)]
    assert shipped_cases(cases) == {case.digest for case in cases}
    changed = cases[0].model_copy(update={"question": "Something of our own?"})
    claimed = cases[1].model_copy(update={"owner": "me"})
    assert shipped_cases([changed, claimed]) == {claimed.digest}


def a_prototype(place: Path, answers: str, *, name: str = "answers.jsonl", **more: object) -> Path:
    (place / name).write_text(answers)
    file = place / "prototype.toml"
    given = {"has_tests": True, "answers": name, "refusals": ["no idea"], **more}
    file.write_text("".join(f"{key} = {json.dumps(value)}\n" for key, value in given.items()))
    return file


def test_a_prototype_is_judged_by_the_same_verdicts_and_sources_only_where_it_names_some(app: App, tmp_path: Path):
    evaluation.run(app, ADMINISTRATOR)
    lines = [
        {"id": "leave", "answer": "You may carry over FIVE days."},
        {"question": "Are train tickets refunded?", "answer": "No idea, sorry."},
        {"id": "menu", "answer": "Pizza."},
        {"id": "nobody knows this case", "answer": "?"},
    ]
    compared = diagnosis.known(app, prototype=a_prototype(tmp_path, "\n".join(map(json.dumps, lines)))).compared
    assert compared is not None
    assert (compared.passed.events, compared.passed.cases, compared.left_out, compared.without_sources) == (1, 3, 1, True)
    sourced = [{**lines[0], "sources": ["travel.md"]}, {"id": "menu", "answer": ""}]
    compared = diagnosis.known(app, prototype=a_prototype(tmp_path, "\n".join(map(json.dumps, sourced)))).compared
    assert compared is not None
    assert (compared.passed.events, compared.passed.cases, compared.without_sources) == (1, 2, False)


def test_results_of_promptfoo_are_answers_too(app: App, tmp_path: Path):
    evaluation.run(app, ADMINISTRATOR)
    one = {"testCase": {"metadata": {"id": "leave"}}, "vars": {"question": "x?"}, "response": {"output": "Five."}}
    by_question = {"vars": {"question": "what is for lunch?"}, "response": {"output": "no idea"}}
    file = a_prototype(tmp_path, json.dumps({"results": {"version": 3, "results": [one, by_question]}}), name="results.json")
    compared = diagnosis.known(app, prototype=file).compared
    assert compared is not None
    assert (compared.passed.events, compared.passed.cases) == (2, 2)


@pytest.mark.parametrize(
    ("toml", "answers", "problem"),
    [
        ("has_test = true", "", "unknown key has_test in prototype.toml: known keys: name, has_tests"),
        ("users = -1", "", "users in prototype.toml cannot be used"),
        ("users = ", "", "not valid TOML"),
        ('answers = "a.jsonl"', "{", "a.jsonl:1 is not valid JSON"),
        ('answers = "a.jsonl"', "[]", "answer 1 in a.jsonl is no object"),
        ('answers = "a.jsonl"', '{"id": "leave"}', "answer 1 in a.jsonl cannot be used"),
        ('answers = "a.jsonl"', '{"id": "leave", "answer": "x", "sources": "leave.md"}', "sources of answer 1"),
        ('answers = "a.json"', '{"results": 3}', "holds no list of answers"),
        ('answers = "none.jsonl"', "", "there is no file"),
        ('answers = "."', "", "cannot be read"),
    ],
)
def test_a_prototype_that_cannot_be_read_is_refused_with_what_to_mend(
    app: App, tmp_path: Path, toml: str, answers: str, problem: str
):
    (tmp_path / "prototype.toml").write_text(toml)
    for name in ("a.jsonl", "a.json"):
        (tmp_path / name).write_text(answers)
    with pytest.raises((InvalidInput, NotFound)) as refused:
        diagnosis.run(app, ADMINISTRATOR, prototype=tmp_path / "prototype.toml")
    assert problem in str(refused.value)
    assert isinstance(refused.value, FirmgroundError)
    assert refused.value.remedy


def test_the_report_says_the_same_in_every_form_and_executes_nothing(app: App, bench: Bench):
    (bench.root / "brief.toml").write_text('consequence_of_error = "<script>alert(1)</script> | harm"\n')
    found = diagnosis.run(app, ADMINISTRATOR)
    page, markdown, told = as_page(found), as_markdown(found), json.loads(as_json(found))
    assert "<script>" not in page
    assert "<script>" not in markdown
    assert "\\| harm" in markdown
    assert "http" not in page.replace("http-equiv", "")
    for each in found.recommendations:
        assert each.advice in markdown
    assert told["concluded"]["tool"] == found.conclusion("tool")
    assert len(told["recommendations"]) == len(found.recommendations)
