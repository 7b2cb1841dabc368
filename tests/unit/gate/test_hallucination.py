"""Fewer than 2 % wrong answers are shown by people's cases or judgements, in sufficient number, or not at all."""

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from firmground.evaluate.cases import Case
from firmground.evaluate.report import Result
from firmground.gate.audit import Ruling
from firmground.gate.facts import Dropped, Facts, Judged
from firmground.gate.requirements.bounds import Documents, Quantile, upper_mean
from firmground.gate.requirements.hallucination import Hallucination
from firmground.testing.gate import RIGHT, WRONG, asked, came, golden, ready

sys.path.insert(0, str(Path(__file__).parents[3]))
from benchmarks import gate as simulated

READY = ready(50)


def outcomes(count: int, wrong: int = 0, *, documents: int | None = None) -> Facts:
    cases = golden(count, documents=documents)
    facts = replace(READY, cases=cases)
    return asked(facts, {case.digest: [came(case, WRONG if place < wrong else RIGHT)] for place, case in enumerate(cases)})


def rule(facts: Facts, at_most: float = 0.02) -> Ruling:
    return Hallucination(at_most=at_most).rule(facts)


def test_none_of_fifty_is_not_proven_and_it_says_how_many_more_it_takes():
    found = rule(outcomes(50))
    assert (found.verdict, found.needs) == ("not_proven", 336)
    bound, more = found.said.split("; ")
    assert bound == "cases of people here: 0 wrong of 50: 0 %, at most 5.82 %"
    assert more == "99 more without a single error would show it, 336 more if 0.5 % are wrong"
    assert "plan for 336 more, each on a document of its own" in found.remedy


def test_a_hundred_and_forty_nine_clean_cases_are_the_least():
    assert rule(outcomes(148)).verdict == "not_proven"
    assert rule(outcomes(149)).verdict == "pass"
    assert "at most 1.99 %" in rule(outcomes(149)).said


def test_with_one_wrong_it_takes_more():
    assert rule(outcomes(235, 1)).verdict == "not_proven"
    assert rule(outcomes(236, 1)).verdict == "pass"


def test_more_wrong_than_may_be_fails():
    found = rule(outcomes(100, 2))
    assert (found.verdict, found.needs) == ("fail", None)
    assert found.said == "golden cases: 2 wrong of 100: 2 %, at most 6.16 %"
    assert found.evidence[-1].value == "case-0, case-1"


def test_cases_on_the_same_document_stand_or_fall_together():
    found = rule(outcomes(600, documents=100))
    assert (found.verdict, found.needs) == ("not_proven", 213)
    assert "0 wrong of 600 on 100 documents: 0 %, at most 2.95 %" in found.said


def asking(count: int, **changed: Any) -> list[Case]:
    """As many cases, each with something changed in it that may depend on its place."""
    made = {name: value if callable(value) else lambda _, value=value: value for name, value in changed.items()}
    return [
        Case.model_validate({**case.model_dump(), **{name: of(place) for name, of in made.items()}})
        for place, case in enumerate(golden(count))
    ]


def clean(cases: list[Case], **known: Any) -> Ruling:
    facts = asked(replace(READY, cases=cases), {case.digest: [came(case)] for case in cases})
    return rule(replace(facts, **known))


@pytest.mark.parametrize("question", ["How many days?", lambda place: f"How many{' ' * (place + 1)}DAYS{'?' * place}"])
def test_copies_of_a_question_are_one_outcome(question: Any):
    for named in ({}, {"expect": lambda place: {"contains": ["5"], "sources": [f"{place}.md"]}}):
        found = clean(asking(149, question=question, **{"expect": {"contains": ["5"]}, **named}))
        assert (found.verdict, found.evidence[0].value.partition(":")[0]) == ("not_proven", "0 wrong of 1")


def test_a_copy_that_is_wrong_makes_all_of_them_wrong():
    cases = asking(200, question=lambda place: "Who pays?" if place < 100 else f"What is {place}?")
    results = {case.digest: [came(case, WRONG if place == 7 else RIGHT)] for place, case in enumerate(cases)}
    assert rule(asked(replace(READY, cases=cases), results)).evidence[0].value.startswith("1 wrong of 101")


def test_the_same_question_of_other_people_is_another_outcome_and_not_independent():
    cases = asking(10, question="Who pays?", **{"as": lambda place: [f"group-{place}"]}, expect={"contains": ["5"]})
    assert clean(cases).evidence[0].value.startswith("0 wrong of 10 on 1 document:")


@pytest.mark.parametrize(
    "sources",
    [
        lambda place: [["leave.md", f"x{place}.md"] if place % 2 else [f"x{place}.md", "leave.md"]],
        lambda place: ["leave.md" if place % 2 else "docs/leave.md"],
        lambda place: ["leave.md" if place % 2 else "copy.md"],
        lambda place: [f"x{place}.md", "leave.md"],
    ],
)
def test_a_document_is_one_by_whatever_name_and_order_it_is_named(sources: Any):
    contents = {"leave.md": "d1", "docs/leave.md": "d1", "copy.md": "d1"}
    found = clean(asking(149, expect=lambda place: {"contains": ["5"], "sources": sources(place)}), contents=contents)
    assert found.verdict == "not_proven"
    assert "0 wrong of 149 on 1 document:" in found.evidence[0].value


def test_a_wrong_answer_counts_although_its_case_was_dropped_until_a_person_confirmed_that():
    facts = outcomes(300)
    wrong = [Dropped(id=f"gone-{place}", wrong=True) for place in range(7)]
    found = rule(replace(facts, dropped=wrong))
    assert (found.verdict, "7 wrong of 307" in found.said) == ("fail", True)
    assert "gone-0" in found.evidence[-1].value
    assert "cases confirm" in found.remedy
    few = rule(replace(facts, dropped=wrong[:4]))
    assert (few.verdict, "cases confirm" in few.remedy) == ("not_proven", True)
    confirmed = [each.model_copy(update={"confirmed": True}) for each in wrong]
    passed = rule(replace(facts, dropped=[*confirmed, Dropped(id="old", wrong=False)]))
    assert passed.verdict == "pass"
    assert "8, of which 7 answered wrongly, 7 of these confirmed by a person" in [each.value for each in passed.evidence]


def test_what_is_refused_rightly_is_no_answer_that_was_given():
    cases = golden(300)
    refused = {case.digest: [came(case, RIGHT, status="abstained")] for case in cases[:200]}
    given = {case.digest: [came(case)] for case in cases[200:]}
    assert "0 wrong of 100" in rule(asked(replace(READY, cases=cases), refused | given)).said


def test_a_refusal_that_says_what_is_unacceptable_counts():
    cases = golden(300)
    results = {case.digest: [came(case, WRONG, status="abstained")] for case in cases[:20]}
    results |= {case.digest: [came(case)] for case in cases[20:]}
    assert rule(asked(replace(READY, cases=cases), results)).verdict == "fail"


def test_a_case_that_is_wrong_once_in_several_repeats_is_wrong():
    cases = golden(100)

    def repeated(place: int, case: Case) -> list[Result]:
        return [came(case), came(case, WRONG if place < 2 else RIGHT), came(case)]

    facts = asked(replace(READY, cases=cases), {case.digest: repeated(place, case) for place, case in enumerate(cases)})
    assert rule(facts).evidence[0].value.startswith("2 wrong of 100:")


# ---------------------------------------------------------------- whose labels


def test_labels_that_came_with_the_sample_are_shown_and_prove_nothing():
    facts = outcomes(400)
    theirs = replace(facts, shipped_cases=frozenset(case.digest for case in facts.cases))
    found = rule(theirs)
    assert (found.verdict, found.needs) == ("not_proven", 386)
    assert [each.value.partition(",")[0] for each in found.evidence] == [
        "0 wrong of 400: 0 %",
        "none",
        "0 wrong of 400: 0 %",
        "none",
        "none",
        "none",
    ]
    mixed = replace(facts, shipped_cases=frozenset(case.digest for case in facts.cases[:252]))
    assert rule(mixed).verdict == "not_proven"
    assert rule(replace(facts, shipped_cases=frozenset(case.digest for case in facts.cases[:251]))).verdict == "pass"


def test_but_they_refuse_where_they_are_answered_wrongly():
    facts = outcomes(400, 20)
    assert rule(replace(facts, shipped_cases=frozenset(case.digest for case in facts.cases[:200]))).verdict == "fail"


def test_answers_that_people_judged_can_prove_it():
    few = outcomes(50)
    found = rule(replace(few, judged=Judged(answers=149, wrong=0, people=3)))
    assert (found.verdict, found.said) == ("pass", "judged answers: 0 wrong of 149: 0 %, at most 1.99 %")
    assert found.evidence[4].value == "0 wrong of 149: 0 %, at most 1.99 %, by 3 people"
    assert rule(replace(few, judged=Judged(answers=148, wrong=0, people=3))).verdict == "not_proven"
    assert rule(replace(few, judged=Judged(answers=400, wrong=8, people=3))).verdict == "fail"


def test_without_an_evaluation_judgements_alone_count():
    alone = replace(outcomes(50), report=None)
    assert rule(alone).verdict == "not_measured"
    assert rule(replace(alone, judged=Judged())).verdict == "not_measured"
    assert rule(replace(alone, judged=Judged(answers=200, wrong=0, people=1))).verdict == "pass"


def test_the_larger_number_of_outcomes_decides_however_they_came_out():
    """Else there would be two tries, and twice the chance to pass by luck."""
    cases = outcomes(200)
    assert rule(replace(cases, judged=Judged(answers=199, wrong=3, people=1))).verdict == "pass"
    assert rule(replace(cases, judged=Judged(answers=201, wrong=3, people=1))).verdict == "not_proven"
    assert rule(replace(outcomes(300, 4), judged=Judged(answers=299, wrong=0, people=1))).verdict == "not_proven"


# ---------------------------------------------------------------- how sure


def test_as_many_more_clean_cases_as_it_says_are_the_least():
    for losses in ([], [0.0] * 80, [1.0] + [0.0] * 199, [0.5, 0.25] + [0.0] * 200, [1.0] * 19 + [0.0] * 981):
        documents = Documents(np.array(losses))
        least = documents.least_needed(0.02)
        assert documents.shown_below(0.02, more=least)
        assert not documents.shown_below(0.02, more=least - 1)


def test_a_plan_ends_for_any_limit():
    nothing = Documents(np.array([]))
    assert nothing.planned(0.02) == 386
    assert nothing.planned(1e-5) == pytest.approx(775_000, rel=0.01)
    assert nothing.planned(0.9) <= 3


def test_a_release_with_one_in_forty_wrong_passes_at_most_one_time_in_twenty():
    random = np.random.default_rng(11)
    for shape in simulated.SHAPES:
        draws = 240 // shape.of_each
        assert simulated.passing(random, shape, 149, simulated.BAD, draws) <= 0.05 + 2 * (0.05 * 0.95 / draws) ** 0.5


def test_a_release_with_one_in_two_hundred_wrong_passes_four_times_in_five_with_the_number_that_is_printed():
    random = np.random.default_rng(11)
    first = simulated.needed(simulated.facts_of([], 1))
    assert first == 386
    assert simulated.passing(random, simulated.SHAPES[0], first, simulated.GOOD, 200) >= 0.8
    assert simulated.judged(random, first, simulated.GOOD, 200) >= 0.8
    assert simulated.after_a_pilot(random, 40) >= 0.8 - 0.1  # two standard errors


def test_the_bound_of_a_quantile_covers_it_whatever_the_values():
    random = np.random.default_rng(3)
    truth = float(np.exp(1.6448536269514722))  # of the lognormal distribution
    for count in (59, 93, 300):
        held = [Quantile(random.lognormal(size=count).tolist(), 0.95).upper >= truth for _ in range(600)]
        assert np.mean(held) >= 0.95 - 0.018


def test_the_bound_of_a_mean_covers_it_for_skewed_costs():
    random = np.random.default_rng(3)
    for count in (30, 100):
        held = [upper_mean(random.lognormal(sigma=1.0, size=count).tolist()) >= np.exp(0.5) for _ in range(600)]
        assert np.mean(held) >= 0.95
