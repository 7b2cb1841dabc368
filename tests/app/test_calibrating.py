"""Calibrating a workspace: on a real database with everything else in memory."""

import csv
import io
import json
import re
from pathlib import Path
from typing import Any

import pytest

from firmground.app.corpus.sync import sync
from firmground.app.evaluating import calibrated, calibration
from firmground.app.evaluating.calibration import run
from firmground.app.evaluating.calibration_report import page, written
from firmground.app.evaluating.golden import known_questions
from firmground.app.work import handlers
from firmground.errors import InvalidInput, NotFound, OutsideFailed, Refused
from firmground.testing.app import ADMINISTRATOR, COLLEAGUE, Bench
from firmground.types import Job

THINGS = [
    *("anchor", "bellows", "compass", "davit", "easel", "flagpole", "gimbal", "halyard", "inkwell", "jib", "keel", "lantern"),
    *("mooring", "nozzle", "oar", "pulley", "quadrant", "rudder", "sextant", "tiller", "umbrella", "valve", "winch", "yardarm"),
]
ACTS = ["borrow", "repair", "polish", "replace", "varnish", "inspect"]


def a_page(thing: str, number: int) -> bytes:
    lines = [
        f"Whoever wants to {act} the {thing} writes to the {thing} keeper at least {days} days before the {thing} ceremony."
        for days, act in enumerate(ACTS, 100 + number * len(ACTS))
    ]
    return (f"# The {thing}\n\n" + "\n\n".join(lines) + "\n").encode()


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    made = Bench(tmp_path)
    made.source.contents.update({f"{thing}.md": a_page(thing, at) for at, thing in enumerate(THINGS)})
    with made.app() as app:
        sync(app, ADMINISTRATOR)
    return made


def golden(root: Path, *cases: dict[str, Any], name: str = "cases.jsonl") -> None:
    (root / "golden").mkdir(exist_ok=True)
    (root / "golden" / name).write_text("\n".join(json.dumps(case) for case in cases), encoding="utf-8")


def a_case(question: str, *sources: Any, **fields: Any) -> dict[str, Any]:
    name = re.sub(r"\W+", "-", question).strip("-")
    return {"id": name, "question": question, "expect": {"behaviour": "answer", "sources": [*sources], **fields}}


def test_each_question_is_asked_with_its_document_and_without_and_the_candidate_keeps_what_was_found(bench: Bench):
    with bench.app() as app:
        made = run(app, ADMINISTRATOR, questions=72, rate=0.05)
        assert made.questions == made.uncovered == 72
        assert made.documents == len(THINGS) == made.indexed
        assert made.calibrated, made.why_not
        assert made.auroc is not None
        assert made.auroc > 0.9
        assert made.kinds["made"].right is not None
        assert made.kinds["made"].right > 0.9
        with app.database.reading() as tx:
            assert calibrated.stored(tx, calibrated.fingerprint(app.candidate)) == made
            assert made.corpus == str(tx.corpus_version())
        assert made.confidence.calibrated_on.startswith("your documents")
        assert made.confidence.threshold != app.candidate.answering.confidence.threshold


def test_the_same_seed_asks_the_same_questions(bench: Bench):
    with bench.app() as app:
        first = run(app, ADMINISTRATOR, questions=40)
        again = run(app, ADMINISTRATOR, questions=40)
    assert first.model_copy(update={"made_at": ""}) == again.model_copy(update={"made_at": ""})
    assert first.why_not == "40 questions without their documents, 149 are the least for 2 %"


def test_an_attempt_that_is_not_calibrated_does_not_take_the_place_of_one_that_is(bench: Bench):
    with bench.app() as app:
        good = run(app, ADMINISTRATOR, questions=72, rate=0.05)
        assert not run(app, ADMINISTRATOR, questions=30, rate=0.05).calibrated
        with app.database.reading() as tx:
            assert calibrated.stored(tx, calibrated.fingerprint(app.candidate)) == good


def test_duplicates_and_other_versions_are_left_out_together(bench: Bench):
    bench.source.contents["copy/anchor.md"] = a_page("anchor", 0)
    bench.source.contents["old/winch.md"] = a_page("winch", 40)
    with bench.app() as app:
        sync(app, ADMINISTRATOR)
        job = app.jobs.submit("look", {})
        wanted = {"rate": 0.02, "questions": 50, "seed": 0, "recipe": calibrated.fingerprint(app.candidate)}
        seen: dict[str, list[str]] = {}

        def look(context: Any, _: Any) -> None:
            making = calibration._Calibrating(app, context, wanted)
            for document in making.documents.values():
                seen[document.uri] = sorted(making.documents[number].uri for number in making.kin[document.number])

        app.jobs.work({"look": look}, until=lambda: app.jobs.get(job).state == "done")
    assert seen["anchor.md"] == ["anchor.md", "copy/anchor.md"]
    assert seen["winch.md"] == ["old/winch.md", "winch.md"]
    assert seen["valve.md"] == ["valve.md"]


def test_golden_cases_are_asked_too_and_told_apart(bench: Bench):
    golden(
        bench.root,
        a_case("How long before do I write to borrow the sextant?", "sextant.md"),
        a_case("how many days to paint a keel", ["keel.md", "hull.md"]),
        a_case("What is on the moon?", "moon.md"),
    )
    with bench.app() as app:
        made = run(app, ADMINISTRATOR, questions=72, rate=0.05)
    assert made.kinds["golden"].questions == 2  # the workspace does not have the source of the third
    assert made.kinds["golden"].questions + made.kinds["made"].questions == made.questions


def test_a_golden_case_that_another_document_answers_as_well_is_not_counted_as_uncovered(bench: Bench):
    bench.source.contents["notes.md"] = b"# Notes\n\nTo borrow the sextant write to the sextant keeper 208 days before.\n"
    golden(bench.root, a_case("How many days before do I write to borrow the sextant?", "sextant.md", contains=["208 days"]))
    with bench.app() as app:
        sync(app, ADMINISTRATOR)
        made = run(app, ADMINISTRATOR, questions=10)
    assert (made.questions, made.uncovered) == (10, 8)  # nor is the one made from the note, which the page answers


def test_only_administrators_calibrate_and_only_with_numbers_that_mean_something(bench: Bench, tmp_path: Path):
    with bench.app() as app:
        with pytest.raises(Refused, match="may not calibrate"):
            run(app, COLLEAGUE)
        for rate, questions in ((0.0, 100), (0.5, 100), (float("nan"), 100), (0.02, 0), (0.02, 10**6)):
            with pytest.raises(InvalidInput):
                run(app, ADMINISTRATOR, rate=rate, questions=questions)
        with pytest.raises(InvalidInput, match="neither"):
            calibration.check(0.02, 100, tmp_path / "report.pdf")


def test_nothing_indexed_is_said_so(tmp_path: Path):
    with Bench(tmp_path).app() as app, pytest.raises(NotFound, match="nothing is indexed"):
        run(app, ADMINISTRATOR)


class Killed(BaseException):
    pass


def test_a_calibration_that_was_killed_goes_on_where_it_stopped(bench: Bench, monkeypatch: pytest.MonkeyPatch):
    asked: list[str] = []
    search = calibration.search

    def counted(*given: Any) -> Any:
        asked.append(given[2])
        if len(asked) == 60:
            raise Killed
        return search(*given)

    monkeypatch.setattr(calibration, "search", counted)
    with bench.app() as app, pytest.raises(Killed):
        run(app, ADMINISTRATOR, questions=48)
    with bench.app() as app:
        seen: list[Job] = []
        made = run(app, ADMINISTRATOR, questions=48, watch=seen.append)
        assert len({job.id for job in seen}) == 1
        assert app.jobs.unfinished() == []
    assert made.questions == 48
    assert 96 < len(asked) < 160  # a batch again, not all of it
    monkeypatch.setattr(calibration, "search", search)
    with bench.app() as app:
        whole = run(app, ADMINISTRATOR, questions=48)
        with app.database.reading() as tx:
            assert tx.facts(calibration._JOBS) == {}
    assert whole.model_copy(update={"made_at": ""}) == made.model_copy(update={"made_at": ""})


def test_progress_is_told_in_questions(bench: Bench):
    seen: list[Job] = []
    with bench.app() as app:
        run(app, ADMINISTRATOR, questions=48, watch=seen.append)
    assert (seen[-1].progress.done, seen[-1].progress.total, seen[-1].progress.unit) == (48, 48, "questions")


def test_a_worker_of_the_workspace_can_do_all_long_work(bench: Bench):
    with bench.app() as app:
        assert handlers(app).keys() == {"sync", "calibrate", "promise", "evaluate", "audit", "warm", "retention"}


def test_a_large_sync_makes_the_calibration_stale_and_leaves_it_as_it_is(bench: Bench):
    with bench.app() as app:
        made = run(app, ADMINISTRATOR, questions=72, rate=0.05)
        made_for = calibrated.fingerprint(app.candidate)
        with app.database.reading() as tx:
            assert calibrated.changed(tx, made) == 0.0
        bench.source.contents["anchor.md"] += b"\nOne more.\n"
        sync(app, ADMINISTRATOR)
        with app.database.reading() as tx:
            assert calibrated.changed(tx, made) == pytest.approx(1 / 24)
            assert calibrated.stale(tx, made_for) is None
        bench.source.contents.update({f"{thing}.md": a_page(thing, 100 + at) for at, thing in enumerate(THINGS[:7])})
        sync(app, ADMINISTRATOR)
        with app.database.reading() as tx:
            notice = calibrated.stale(tx, made_for)
            assert notice is not None
            assert "About 29% of the documents changed" in notice.text
            assert calibrated.stored(tx, made_for) == made
        run(app, ADMINISTRATOR, questions=72, rate=0.05)
        with app.database.reading() as tx:
            assert calibrated.stale(tx, made_for) is None


def test_a_sketch_estimates_how_much_of_a_large_corpus_changed():
    before = [f"{at:064x}"[::-1] for at in range(1, 20_001)]
    for share in (0.0, 0.1, 0.3):
        gone = int(share * len(before))
        now = before[gone:] + [f"{at:064x}"[::-1] for at in range(50_000, 50_000 + gone)]
        found = calibrated.moved(calibrated.sketch(before), len(before), calibrated.sketch(now), len(now))
        assert found == pytest.approx(share, abs=0.06)
    assert calibrated.moved((), 0, (), 0) == 0.0
    assert calibrated.moved(("a",), 1, (), 0) == 1.0


def test_a_calibration_belongs_to_what_the_signs_depend_on(bench: Bench):
    with bench.app() as app:
        recipe = app.candidate
        same = recipe.model_copy(update={"answering": recipe.answering.model_copy(update={"refusal": "No."})})
        other = recipe.model_copy(update={"retrieval": recipe.retrieval.model_copy(update={"passages": 3})})
        assert calibrated.fingerprint(same) == calibrated.fingerprint(recipe) != calibrated.fingerprint(other)


def test_a_stored_calibration_that_reads_other_signs_or_is_damaged_counts_as_none(bench: Bench):
    with bench.app() as app:
        made = run(app, ADMINISTRATOR, questions=30)
        with app.database.transaction() as tx:
            packed = made.model_dump(mode="json")
            packed["confidence"]["meaning"]["signs"]["moon_phase"] = {"weight": 1, "typical": 0, "spread": 1}
            tx.put_fact(calibrated.CALIBRATIONS, "other", packed)
            tx.put_fact(calibrated.CALIBRATIONS, "damaged", {"rate": "high"})
            assert calibrated.stored(tx, "other") is None
            assert calibrated.stored(tx, "damaged") is None


# ---------------------------------------------------------------- golden cases


def test_golden_cases_are_read_from_yaml_csv_and_json_lines_and_only_those_with_an_answer_and_a_source(tmp_path: Path):
    golden(
        tmp_path,
        a_case("one?", "a.md"),
        a_case("retired?", "a.md") | {"status": "retired"},
        {"id": "abstain", "question": "abstain?", "expect": {"behaviour": "abstain", "sources": ["a.md"]}},
        a_case("no source?"),
        {"id": "seven", "question": 7, "expect": {"sources": ["a.md"]}},
        {"expect": []},
    )
    (tmp_path / "golden" / "more.yaml").write_text(
        "- id: two\n  question: two?\n  expect: {sources: [[a.md, b.md]], contains: ['5 days', '/x+/']}\n- nonsense\n",
        encoding="utf-8",
    )
    rows = io.StringIO()
    csv.writer(rows).writerows(
        [["id", "question", "expect.sources", "contains"], ["three", "three?", "a.md|b.md", "5"], ["more", "one?", "a.md", ""]]
    )
    (tmp_path / "golden" / "sheet.csv").write_text(rows.getvalue(), encoding="utf-8")
    (tmp_path / "golden" / "broken.yaml").write_text("[: :", encoding="utf-8")
    (tmp_path / "golden" / "broken.jsonl").write_bytes(b"\xff{")
    (tmp_path / "golden" / "picture.png").write_bytes(b"\x89PNG")
    found = {case.question: case for case in known_questions(tmp_path)}
    assert found.keys() == {"one?", "two?", "three?"}
    assert found["two?"].sources == (("a.md", "b.md"),)
    assert found["two?"].contains == (("5 days",),)
    assert found["three?"].sources == (("a.md",), ("b.md",))
    assert known_questions(tmp_path / "nowhere") == []


# ---------------------------------------------------------------- the report


def test_the_report_is_one_page_without_script_or_request_and_has_the_table_behind_each_picture(bench: Bench, tmp_path: Path):
    with bench.app() as app:
        made = run(app, ADMINISTRATOR, questions=72, rate=0.05)
    text = page(made, "A & B <i>")
    assert text.count("<svg") == text.count("<details>") == 2
    assert "A &amp; B &lt;i&gt;" in text
    assert made.promise[1:] in text
    assert all(word not in text for word in ("<script", "http:", "https:", "url(", "@import", " src=", " href="))
    assert "prefers-color-scheme: dark" in text
    written(made, None, tmp_path / "report.json", "A")
    assert json.loads((tmp_path / "report.json").read_text())["rate"] == 0.05
    with pytest.raises(OutsideFailed, match="cannot write"):
        written(made, None, tmp_path / "nowhere" / "report.html", "A")


def test_the_report_of_what_is_not_calibrated_says_why(bench: Bench):
    with bench.app() as app:
        made = run(app, ADMINISTRATOR, questions=20)
    text = page(made, "A")
    assert "Not calibrated: 20 questions without their documents, 149 are the least for 2 %" in text
    assert "<svg" not in text
