"""`release calibrate --wrong`: from which confidence on to answer, so that wrong answers to the golden cases are shown to be rare."""

import json
from pathlib import Path
from typing import Any

import pytest

from firmground.app.corpus.sync import sync
from firmground.app.evaluating import calibrated, calibration, case_results, promises
from firmground.app.evaluating.calibration_report import page, written
from firmground.app.evaluating.case_sources import contents_now
from firmground.app.launching.releases import recipe_now
from firmground.errors import InvalidInput, NotFound, OutsideFailed, Refused
from firmground.settings import Settings
from firmground.testing.app import ADMINISTRATOR, COLLEAGUE, Bench

THINGS = [
    *("anchor", "bellows", "compass", "davit", "easel", "flagpole", "gimbal", "halyard", "inkwell", "jib", "keel", "lantern"),
    *("mooring", "nozzle", "oar", "pulley", "quadrant", "rudder", "sextant", "tiller", "umbrella", "valve", "winch", "yardarm"),
]
ACTS = ["borrow", "repair", "polish", "replace", "varnish", "inspect"]
TARGET = 0.2


def a_page(thing: str, number: int) -> bytes:
    lines = [
        f"Whoever wants to {act} the {thing} writes to the {thing} keeper at least {days} days before the {thing} ceremony."
        for days, act in enumerate(ACTS, 100 + number * len(ACTS))
    ]
    return (f"# The {thing}\n\n" + "\n\n".join(lines) + "\n").encode()


def cases(misled: int = 0) -> list[dict[str, Any]]:
    """Two for each page, and as many that expect what the page does not say as `misled`."""
    made: list[dict[str, Any]] = []
    for number, thing in enumerate(THINGS):
        for act, days in (("borrow", 100 + number * 6), ("inspect", 105 + number * 6)):
            says = f"{days} days" if len(made) >= misled else "a fortnight"
            question = f"How many days before must I write to {act} the {thing}?"
            expect = {"behaviour": "answer", "contains": [says], "sources": [f"{thing}.md"]}
            made.append({"id": f"{thing}-{act}", "question": question, "expect": expect})
    return made


def a_bench(root: Path, given: list[dict[str, Any]], **settings: Any) -> Bench:
    made = Bench(root, settings=Settings.model_validate(settings))
    made.source.contents.update({f"{thing}.md": a_page(thing, at) for at, thing in enumerate(THINGS)})
    (root / "golden").mkdir()
    (root / "golden" / "cases.jsonl").write_text("\n".join(map(json.dumps, given)))
    with made.app() as app:
        sync(app, ADMINISTRATOR)
        calibration.run(app, ADMINISTRATOR, questions=72, rate=0.05)
    return made


def threshold_of(bench: Bench) -> float:
    with bench.app() as app, app.database.reading() as tx:
        return recipe_now(app, tx).answering.confidence.threshold


def test_the_promise_is_kept_and_the_candidate_answers_from_its_threshold_on(tmp_path: Path):
    bench = a_bench(tmp_path, cases())
    before = threshold_of(bench)
    with bench.app() as app:
        made = promises.run(app, ADMINISTRATOR, target=TARGET)
    assert made.kept, made.why_not
    assert (made.cases, made.documents) == (48, 24)
    assert made.upper <= TARGET
    assert made.threshold is not None
    assert made.threshold >= before, "the promise on uncovered questions is not broken for this one"
    assert 0 < made.answered_rightly <= made.answerable <= 48
    assert threshold_of(bench) == made.threshold
    with bench.app() as app, app.database.reading() as tx:
        calibrated, promised = tx.entries(kinds=["calibration.made"])
    assert {calibrated.by, promised.by} == {ADMINISTRATOR.person}
    assert calibrated.detail == {"rate": 0.05, "found": {"questions": 72, "calibrated": True}}
    assert promised.detail == {"wrong_answers": TARGET, "found": {"cases": 48, "kept": True, "threshold": made.threshold}}


def test_answers_that_are_wrong_raise_the_threshold_or_end_the_promise(tmp_path: Path):
    with a_bench(tmp_path, cases(misled=30)).app() as app:
        made = promises.run(app, ADMINISTRATOR, target=TARGET)
    assert made.answerable <= 18
    assert not made.kept or made.answered < made.answerable + 30
    assert made.wrong < 10 or not made.kept


def test_what_cannot_be_shown_is_not_promised_and_leaves_the_threshold(tmp_path: Path):
    bench = a_bench(tmp_path, cases())
    before = threshold_of(bench)
    with bench.app() as app:
        made = promises.run(app, ADMINISTRATOR, target=0.02)
    assert made.why_not.startswith("48 golden cases on 24 documents cannot show 2 %: 149 documents are the least")
    assert threshold_of(bench) == before


def test_a_case_that_could_not_be_asked_is_not_counted_as_a_good_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    bench = a_bench(tmp_path, cases())
    whole = case_results.answer

    def answer(corpus: Any, retrieval: Any, answering: Any, asked: Any, live: Any, *, release: str) -> Any:
        if "keel" in asked.question:
            raise OutsideFailed("the model is away", "start it")
        return whole(corpus, retrieval, answering, asked, live, release=release)

    monkeypatch.setattr(case_results, "answer", answer)
    with bench.app() as app:
        assert promises.run(app, ADMINISTRATOR, target=TARGET).why_not == "2 of 48 cases ended with an error"
        monkeypatch.undo()
        assert promises.run(app, ADMINISTRATOR, target=TARGET).kept, "they are asked again"


def test_a_case_is_judged_by_a_confidence_that_has_not_seen_its_document(tmp_path: Path):
    with a_bench(tmp_path, cases()).app() as app, app.database.reading() as tx:
        found = calibrated.stored(tx, calibrated.fingerprint(app.candidate))
        assert found is not None
        judges = calibrated.judges_of(tx, calibrated.fingerprint(app.candidate))
        contents = contents_now(app, tx)
        cases_ = case_results.active_cases(app)
        rules = {case.id: promises._rule(found, judges, case, contents) for case in cases_}
        outside = promises._rule(found, judges, cases_[0], {})
    assert len({rule.digest for rule in rules.values()}) == 5
    assert all(rules[case.id] == judges.rules[judges.folds[contents[case.expect.sources[0][0]]]] for case in cases_)
    assert found.confidence.digest not in {rule.digest for rule in rules.values()}
    assert outside == found.confidence, "whose document is not there was in no fit"


def test_a_new_calibration_ends_the_promise_and_a_threshold_in_the_settings_has_the_last_word(tmp_path: Path):
    bench = a_bench(tmp_path, cases())
    with bench.app() as app:
        made = promises.run(app, ADMINISTRATOR, target=TARGET)
        calibration.run(app, ADMINISTRATOR, questions=96, rate=0.05)
        with app.database.reading() as tx:
            name = calibrated.fingerprint(app.candidate)
            found = calibrated.stored(tx, name)
            assert found is not None
            assert calibrated.promise(tx, name, found) is None
        promises.run(app, ADMINISTRATOR, target=TARGET)
    assert made.kept
    bench.settings = Settings.model_validate({"answer": {"threshold": 0.123}})
    assert threshold_of(bench) == 0.123


def test_only_administrators_promise_and_only_on_a_calibrated_candidate_with_cases(tmp_path: Path):
    bench = Bench(tmp_path)
    bench.source.contents["a.md"] = a_page("anchor", 0)
    with bench.app() as app:
        sync(app, ADMINISTRATOR)
        with pytest.raises(Refused, match="may not calibrate"):
            promises.run(app, COLLEAGUE, target=TARGET)
        for share in (0.0, 0.9, float("nan")):
            with pytest.raises(InvalidInput, match=r"use 0\.005 to 0\.5"):
                promises.run(app, ADMINISTRATOR, target=share)
        with pytest.raises(NotFound, match="no active golden cases"):
            promises.run(app, ADMINISTRATOR, target=TARGET)
        (tmp_path / "golden").mkdir()
        (tmp_path / "golden" / "cases.jsonl").write_text(json.dumps(cases()[0]))
        with pytest.raises(Refused, match="not calibrated"):
            promises.run(app, ADMINISTRATOR, target=TARGET)


def test_the_report_says_what_is_promised_and_what_is_not(tmp_path: Path):
    with a_bench(tmp_path, cases()).app() as app:
        with app.database.reading() as tx:
            found = calibrated.stored(tx, calibrated.fingerprint(app.candidate))
        assert found is not None
        made = promises.run(app, ADMINISTRATOR, target=TARGET)
        refused = promises.run(app, ADMINISTRATOR, target=0.01)
    assert "at most 20\u00a0% get a wrong answer" in page(found, "A", made)
    assert "Nothing is promised about wrong answers: 48 golden cases" in page(found, "A", refused)
    written(found, made, tmp_path / "report.json", "A")
    assert json.loads((tmp_path / "report.json").read_text())["wrong_answers"] == made.model_dump(mode="json")
