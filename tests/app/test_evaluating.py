"""A release is asked all golden cases: each counted once, none asked twice, nothing lost when it is cut off."""

import json
import xml.etree.ElementTree as Xml
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from firmground.app.asking import kept
from firmground.app.asking.opinions import rate
from firmground.app.corpus.documents import purge
from firmground.app.corpus.sync import sync
from firmground.app.evaluating import case_results, evaluation, judging
from firmground.app.evaluating.evaluation import BASELINE, results_of, run
from firmground.app.evaluating.evaluation_report import as_page
from firmground.app.launching import releases
from firmground.errors import InvalidInput, ModelFailed, NotFound, OutsideFailed, Refused
from firmground.evaluate.report import AGAINST
from firmground.evaluate.written import as_json, as_junit, as_markdown, headline
from firmground.settings import Settings
from firmground.testing.app import ADMINISTRATOR, COLLEAGUE, Bench
from firmground.testing.model import ScriptedModel
from firmground.types import Job, Within

THINGS = ["anchor", "beacon", "compass", "dinghy", "ensign", "fender", "galley", "hammock", "jib", "keel"]


def a_case(name: str, question: str, **more: Any) -> dict[str, Any]:
    return {"id": name, "question": question, "unacceptable": ["banana"], "owner": "crew", **more}


def cases() -> list[dict[str, Any]]:
    known = [
        a_case(
            thing, f"How many years does the {thing} last?", expect={"contains": [f"{at + 3} years"], "sources": [f"{thing}.md"]}
        )
        for at, thing in enumerate(THINGS)
    ]
    unknown = a_case("moon", "Who owns the moon rocket?", kind="out_of_scope", expect={"behaviour": "abstain"})
    return [*known, unknown, a_case("old", "?", status="retired")]


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    made = Bench(tmp_path, settings=Settings.model_validate({"answer": {"threshold": 0.2}}))
    for at, thing in enumerate(THINGS):
        made.source.contents[f"{thing}.md"] = (
            f"# The {thing}\n\nThe {thing} lasts {at + 3} years before it is replaced.\n".encode()
        )
    golden(tmp_path, cases())
    with made.app() as app:
        sync(app, ADMINISTRATOR)
    return made


def golden(root: Path, given: list[dict[str, Any]]) -> None:
    (root / "golden").mkdir(exist_ok=True)
    (root / "golden" / "all.yaml").write_text(yaml.safe_dump(given))


def counting(monkeypatch: pytest.MonkeyPatch, fail: Callable[[str], bool] = lambda _: False) -> list[str]:
    """The questions that are really asked."""
    asked: list[str] = []
    whole = case_results.answer

    def answer(corpus: Any, retrieval: Any, answering: Any, question: Any, live: Any, *, release: str) -> Any:
        if fail(question.question):
            raise OutsideFailed("the model is away", "start it")
        asked.append(question.question)
        return whole(corpus, retrieval, answering, question, live, release=release)

    monkeypatch.setattr(case_results, "answer", answer)
    return asked


def test_every_active_case_is_asked_and_counted(bench: Bench) -> None:
    with bench.app() as app:
        report = run(app, ADMINISTRATOR)
        assert (report.passed.cases, report.kinds["normal"].passed.cases, report.kinds["out_of_scope"].passed.cases) == (
            11,
            10,
            1,
        )
        assert report.wrongly_refused.cases == 10
        assert report.passed.events == sum(result.passed for _, (result,) in results_of(app, ADMINISTRATOR, report))
        assert report.passed.events >= 8
        assert report.retrieval["recall"] == 1.0
        assert report.errors == 0
        assert [rival.name for rival in report.rivals] == [BASELINE]
        assert evaluation.reports(app, ADMINISTRATOR) == [report]


def test_what_nothing_changed_for_is_not_asked_again(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = counting(monkeypatch)
    with bench.app() as app:
        first = run(app, ADMINISTRATOR)
        assert len(asked) == 11
        again = run(app, ADMINISTRATOR)
        assert len(asked) == 11
        assert again.passed == first.passed
        changed = cases()
        changed[0]["question"] = "How long does an anchor last?"
        golden(bench.root, changed)
        run(app, ADMINISTRATOR)
        assert asked[11:] == ["How long does an anchor last?"]
        bench.source.contents["mast.md"] = b"# Mast\n\nThe mast lasts 90 years.\n"
        sync(app, ADMINISTRATOR)
        run(app, ADMINISTRATOR)
        assert len(asked) == 12 + 11


def test_an_evaluation_that_is_cut_off_goes_on_where_it_was(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(case_results, "_BATCH", 2)
    asked = counting(monkeypatch)

    def leave(job: Job) -> None:
        if job.progress.done >= 4:
            raise KeyboardInterrupt

    wanted = {"release": "candidate", "against": "", "repeats": 1}
    with bench.app() as app:
        job = app.jobs.submit("evaluate", wanted)
        with pytest.raises(KeyboardInterrupt):
            evaluation.follow(app, job, {"evaluate": _interrupted(app, leave)}, lambda _: None)
    before = len(asked)
    assert 0 < before < 11
    with bench.app() as app:
        report = run(app, ADMINISTRATOR)
        assert len(asked) == 11
        assert report.passed.cases == 11


def _interrupted(app: Any, leave: Callable[[Job], None]) -> Any:
    """The handler of the job, whose progress is watched from inside, as a kill would come."""

    def handle(context: Any, inputs: Any) -> Any:
        progress = context.progress

        def told(done: int, total: int, unit: str) -> None:
            progress(done, total, unit)
            leave(app.jobs.get(context.id))

        context.progress = told
        return evaluation.handlers(app)["evaluate"](context, inputs)

    return handle


def test_a_case_that_ends_with_an_error_fails_and_is_asked_again_next_time(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = True
    counting(monkeypatch, lambda question: broken and "anchor" in question)
    with bench.app() as app:
        report = run(app, ADMINISTRATOR)
        assert report.errors == 1
        assert report.passed.cases == 11
        told = {case.id: result for case, (result,) in results_of(app, ADMINISTRATOR, report)}
        assert told["anchor"].error == "the model is away: start it"
        assert not told["anchor"].passed
        broken = False
        assert run(app, ADMINISTRATOR).errors == 0


def test_repeats_tell_what_does_not_come_out_the_same(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    times: list[str] = []

    def every_other(question: str) -> bool:
        times.append(question)
        return "keel" in question and times.count(question) == 2

    counting(monkeypatch, every_other)
    with bench.app() as app:
        report = run(app, ADMINISTRATOR, repeats=3)
        assert report.flipped == 1
        assert report.passed.cases == 11
        assert len(times) == 33


def test_cases_are_asked_with_the_rights_of_their_groups(bench: Bench) -> None:
    bench.source.file_groups["keel.md"] = ("captains",)
    secret = a_case("keel-as-captain", "How many years does the keel last?", expect={"contains": ["12 years"]})
    golden(bench.root, [*cases(), secret | {"as": ["captains"]}])
    with bench.app() as app:
        sync(app, ADMINISTRATOR)
        told = {case.id: result for case, (result,) in results_of(app, ADMINISTRATOR, run(app, ADMINISTRATOR))}
        assert told["keel-as-captain"].passed
        assert not told["keel"].passed


def test_answers_to_cases_are_nobodys_history_and_go_with_their_documents(bench: Bench) -> None:
    with bench.app() as app:
        report = run(app, ADMINISTRATOR)
        assert kept.listed(app, ADMINISTRATOR) == []
        told = {case.id: result for case, (result,) in results_of(app, ADMINISTRATOR, report)}
        assert "3 years" in kept.show(app, ADMINISTRATOR, told["anchor"].trace).answer.text
        purge(app, ADMINISTRATOR, "docs/anchor.md")
        assert "3 years" not in kept.show(app, ADMINISTRATOR, told["anchor"].trace).model_dump_json()
        assert evaluation.report(app, ADMINISTRATOR, report.id) == report


def test_it_says_when_it_is_no_better_than_a_search_without_ai(bench: Bench) -> None:
    with bench.app() as app:
        report = run(app, ADMINISTRATOR)
        assert headline(report).startswith("No better than bm25, top passage so far as these cases show")


def test_cases_that_cannot_be_read_are_counted_wherever_the_report_is_read(bench: Bench) -> None:
    (bench.root / "golden" / "torn.yaml").write_text("- {id: torn, question: 7}\n")
    with bench.app() as app:
        report = run(app, ADMINISTRATOR)
        found = results_of(app, ADMINISTRATOR, report)
    assert (report.passed.cases, report.unreadable) == (11, 1)
    told = "1 case could not be read and was not asked: see `firmground cases check`"
    assert told in as_markdown(report, found)
    assert told in as_page(report, found)
    assert json.loads(as_json(report, found))["unreadable"] == 1


def test_reports_can_be_read_by_people_and_machines(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    counting(monkeypatch, lambda question: "jib" in question)
    with bench.app() as app:
        report = run(app, ADMINISTRATOR)
        found = results_of(app, ADMINISTRATOR, report)
    suites = Xml.fromstring(as_junit(report, found))
    assert sum(int(suite.attrib["tests"]) for suite in suites) == 11
    assert sum(int(suite.attrib["errors"]) for suite in suites) == 1
    failed = {test.attrib["name"] for test in suites.iter("testcase") if len(test)}
    told = json.loads(as_json(report, found))
    assert failed == {case["id"] for case in told["cases"] if case["results"][0]["why"]}
    assert headline(report) in as_markdown(report, found)
    assert all(f"| {name} |" in as_markdown(report, found) for name in failed)


def test_what_cannot_be_evaluated_is_refused_in_a_line(bench: Bench, tmp_path: Path) -> None:
    with bench.app() as app:
        with pytest.raises(Refused):
            run(app, COLLEAGUE)
        with pytest.raises(InvalidInput, match="0 repeats"):
            run(app, ADMINISTRATOR, repeats=0)
        with pytest.raises(NotFound, match="no evaluation"):
            evaluation.report(app, ADMINISTRATOR, "none")
        golden(bench.root, [])
        with pytest.raises(NotFound, match="no active golden cases"):
            run(app, ADMINISTRATOR)


def test_documents_that_change_meanwhile_are_told(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    with bench.app() as app:

        def meddle(question: str) -> bool:
            if "keel" in question:
                with app.database.transaction() as tx:
                    document = tx.find_document("docs/jib.md")
                    tx.save_document(document.model_copy(update={"title": "Changed"}))
            return False

        counting(monkeypatch, meddle)
        with pytest.raises(Exception, match="the documents changed while the cases were asked"):
            run(app, ADMINISTRATOR)


def test_a_release_is_compared_with_another_case_by_case(bench: Bench) -> None:
    with bench.app() as app:
        first, new = releases.create(app, ADMINISTRATOR, note="as it was")
        assert (first.number, new) == (1, True)
        assert releases.create(app, ADMINISTRATOR) == (first, False)
    bench.settings = Settings.model_validate({"answer": {"threshold": 0.999, "refusal": "No idea."}})
    with bench.app() as app:
        report = run(app, ADMINISTRATOR, against="1")
        assert report.against == first.spec.digest != report.release
        assert report.rivals[0].name == AGAINST
        assert report.rivals[0].verdict == "worse"
        assert report.regressed
        assert {(change.became, change.newly_wrong) for change in report.changes} == {("worse", False)}
        better = run(app, ADMINISTRATOR, release="1", against="candidate")
        assert {change.became for change in better.changes} == {"better"}
        assert not better.regressed
        assert [each.name for each in releases.diff(app, ADMINISTRATOR, "1")][:2] == ["answer.refusal", "answer.threshold"]
        with pytest.raises(NotFound, match="no release '2'"):
            run(app, ADMINISTRATOR, against="2")


def test_likeness_to_a_good_answer_and_the_time_of_each_stage_are_measured(bench: Bench) -> None:
    good = a_case(
        "good", "How many years does the keel last?", expect={"answer": "The keel lasts 12 years before it is replaced."}
    )
    golden(bench.root, [*cases()[:3], good])
    with bench.app() as app:
        found = run(app, ADMINISTRATOR)
    assert found.scores["token_f1"].value == 1.0
    assert found.scores["similarity"].cases == 1, "three cases do not say what a good answer is"
    assert "faithful" not in found.scores, "quotes are verbatim"
    assert found.stages_ms["retrieve"]["p95"] > 0
    assert "likeness 1.000 (1 case)" in as_markdown(found, [])


def test_a_document_that_the_asker_may_not_see_is_told_before_everything_else(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The search keeps to what may be seen; so it is made to forget, to show that this is looked at by itself."""
    with bench.app() as app:
        assert run(app, ADMINISTRATOR).leaked == 0
        with app.database.transaction() as tx:
            tx.add_group("captains")
            secret = tx.find_document("docs/keel.md")
            tx.save_document(secret.model_copy(update={"groups": ("captains",)}))
        whole = case_results.answer

        def forgetful(corpus: Any, retrieval: Any, answering: Any, asked: Any, live: Any, *, release: str) -> Any:
            everything = Within(scopes=None)
            return whole(corpus, retrieval, answering, replace(asked, within=everything), live, release=release)

        monkeypatch.setattr(case_results, "answer", forgetful)
        found = run(app, ADMINISTRATOR)
    assert found.disclosed is not None
    assert found.leaked == found.disclosed.events >= 1
    assert headline(found).endswith("disclosed documents that the asker may not see.")


def test_the_report_is_one_page_that_prints_without_script_or_request_and_holds_no_words_of_documents(bench: Bench) -> None:
    wrong = a_case("wrong", "How <i>many</i> years does the jib last?")
    golden(bench.root, [*cases(), wrong | {"expect": {"contains": ["99 years"]}}])
    with bench.app() as app:
        before = releases.create(app, ADMINISTRATOR)[0].number
        found = run(app, ADMINISTRATOR, against=str(before))
        text = as_page(found, results_of(app, ADMINISTRATOR, found))
    assert headline(found) in text
    assert "How &lt;i&gt;many&lt;/i&gt; years" in text
    assert "it does not say &#x27;99 years&#x27;" in text
    assert "No case came out differently" in text
    assert text.count("<svg") == text.count("<tr><td>passed") + text.count("<tr><td>answered wrongly") + 2
    assert all(word not in text for word in ("<script", "http:", "https:", "url(", "@import", " src=", " href="))
    assert "@media print" in text
    assert "before it is replaced" not in text


def test_a_judge_grades_what_was_answered_and_is_told_with_its_agreement_and_decides_nothing(bench: Bench) -> None:
    def rules(call: Any) -> str:
        wrong = "anchor" in call.messages[1].text
        return json.dumps({"verdict": "wrong" if wrong else "right", "why": "The anchor lasts 3 years before it is replaced."})

    bench.models["local/judge"] = model = ScriptedModel(name="local/judge", rules=rules)
    with bench.app() as app:
        alone = run(app, ADMINISTRATOR)
        found = run(app, ADMINISTRATOR, judge="local/judge")
        judge = found.judge
        assert judge is not None
        assert (judge.right, judge.wrong, judge.unclear) == (9, 1, 0)
        assert (judge.with_cases.cases, judge.with_cases.agreed) == (10, 9)
        assert judge.with_people.kappa is None
        assert found.passed == alone.passed
        assert "it agrees with the cases on 9 of 10 (kappa 0.00), with people's thumbs on nothing" in as_markdown(found, [])
        asked = len(model.calls)
        for case, (result,) in results_of(app, ADMINISTRATOR, found):
            if case.id in {"anchor", "beacon", "compass"}:
                rate(app, ADMINISTRATOR, result.trace, "down" if case.id == "anchor" else "up")
        again = run(app, ADMINISTRATOR, judge="local/judge").judge
        assert again is not None
        assert (again.with_people.cases, again.with_people.kappa) == (3, 1.0)
        assert len(model.calls) == asked, "what was graded is not graded again"
        with app.database.reading() as tx:
            grades = tx.facts(judging.namespace_of("local/judge"))
    assert len(grades) == 10
    assert "before it is replaced" not in json.dumps(grades), "a reason may quote documents, and is not kept"


def test_a_judge_that_is_away_or_writes_prose_is_unclear_and_asked_again(bench: Bench) -> None:
    away = ModelFailed("unreachable", "the judge is away", "start it")
    bench.models["local/judge"] = ScriptedModel(name="local/judge", rules=lambda _: away)
    with bench.app() as app:
        found = run(app, ADMINISTRATOR, judge="local/judge").judge
        assert found is not None
        assert (found.right, found.wrong, found.unclear) == (0, 0, 10)
    bench.models["local/judge"] = ScriptedModel(name="local/judge", rules=lambda _: "They all look fine to me.")
    with bench.app() as app:
        found = run(app, ADMINISTRATOR, judge="local/judge").judge
        assert found is not None
        assert found.unclear == 10
        with pytest.raises(InvalidInput, match="no model 'nobody/there'"):
            run(app, ADMINISTRATOR, judge="nobody/there")


def test_measures_of_two_releases_are_compared_and_what_is_not_shown_is_said(bench: Bench) -> None:
    with bench.app() as app:
        releases.create(app, ADMINISTRATOR)
    bench.settings = Settings.model_validate({"answer": {"threshold": 0.2, "max_sentences": 1}})
    with bench.app() as app:
        found = run(app, ADMINISTRATOR, against="1")
    told = {each.name: each for each in found.moved}
    assert {"recall", "ndcg", "cost_usd"} <= told.keys()
    assert "token_f1" not in told, "no case says what a good answer is"
    assert (told["recall"].before, told["recall"].after, told["recall"].p) == (1.0, 1.0, 1.0)
    assert "| recall | 10 | 1 | 1 | +0 to +0 | no difference shown |" in as_markdown(found, [])
