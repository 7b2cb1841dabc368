"""Each shipped requirement passes by what is proven, and by nothing else: every way of failing is tried."""

from dataclasses import replace
from datetime import date, timedelta
from math import inf, nan

import pytest

from firmground.evaluate.cases import Case
from firmground.evaluate.report import AGAINST, BASELINE, Change, Report
from firmground.evaluate.scores import AnswerScores
from firmground.gate.audit import Ruling
from firmground.gate.brief import FIELDS, Brief, value_of
from firmground.gate.facts import Count, Exercise, Facts, SourceState, Traffic
from firmground.gate.making import ruled
from firmground.gate.policy import SHIPPED
from firmground.gate.requirements.cost import Cost
from firmground.gate.requirements.latency import Latency
from firmground.testing.gate import HARMS, NOW, RequirementSuite, asked, came, golden, ready, release, rival, unknown

READY = ready()
ALL = [pytest.param(each, id=each.name) for each in SHIPPED.requirements]


def rule(name: str, facts: Facts) -> Ruling:
    requirement = SHIPPED.requirement(name)
    assert requirement is not None
    return ruled(requirement, facts)


def reported(**changed: object) -> Facts:
    """Ready, but for some of what the evaluation says."""
    assert READY.report is not None
    return replace(READY, report=Report.model_validate({**READY.report.model_dump(), **changed}))


class TestEveryShippedRequirement(RequirementSuite):
    @pytest.fixture(autouse=True, params=ALL)
    def of(self, request: pytest.FixtureRequest) -> None:
        self.requirement = request.param


def test_a_release_that_is_ready_passes_all_of_them_with_evidence_and_somebody_who_answers_for_it():
    for each in SHIPPED.requirements:
        found = ruled(each, READY)
        assert found.verdict == "pass", found
        assert found.evidence
        assert found.owner
        assert (found.remedy, found.needs) == ("", None)


# ---------------------------------------------------------------- what counts as an evaluation


BY_EVALUATION = ("evaluation", "latency", "cost", "hallucination", "disclosure", "baseline")


@pytest.mark.parametrize("name", BY_EVALUATION)
@pytest.mark.parametrize("what", ["release", "corpus", "dataset"])
def test_an_evaluation_of_something_else_proves_nothing(name: str, what: str):
    found = rule(name, reported(**{what: "another"}))
    assert found.verdict == "not_measured"
    assert "of another" in found.said


@pytest.mark.parametrize("name", BY_EVALUATION)
def test_an_evaluation_of_which_only_some_cases_are_known_proves_nothing(name: str):
    found = rule(name, replace(READY, results=READY.results[:-1]))
    assert found.verdict == "not_measured"
    assert "not known any more" in found.said


def test_an_evaluation_with_errors_or_of_last_month_or_of_tomorrow_does_not_count():
    assert rule("evaluation", reported(errors=1)).verdict == "fail"
    old = rule("evaluation", reported(created_at=NOW - timedelta(days=8)))
    assert (old.verdict, old.said) == ("not_measured", "the evaluation does not count: it is 8 days old, and may be 7 days")
    assert "check the clock" in rule("evaluation", reported(created_at=NOW + timedelta(hours=1))).said


def test_an_evaluation_is_as_old_as_the_oldest_answer_it_rests_on():
    old = rule("evaluation", reported(asked_from=NOW - timedelta(days=200)))
    assert (old.verdict, old.said) == ("not_measured", "the evaluation does not count: it is 200 days old, and may be 7 days")
    assert "--fresh" in old.remedy
    assert rule("evaluation", reported(asked_from=None)).verdict == "not_measured"
    cases = golden(60)
    first = came(cases[0]).model_copy(update={"at": NOW - timedelta(days=8)})
    late = asked(replace(READY, cases=cases), {case.digest: [came(case)] for case in cases} | {cases[0].digest: [first]})
    assert rule("evaluation", late).verdict == "not_measured"


# ---------------------------------------------------------------- cases


def test_there_must_be_fifty_different_cases_and_five_of_each_kind():
    fifty = golden(50)
    assert rule("cases", replace(READY, cases=fifty)).verdict == "pass"
    assert rule("cases", replace(READY, cases=fifty[:49])).said == "49 cases"
    normal = [case.model_copy(update={"kind": "normal"}) if case.kind == "messy" else case for case in golden(60)]
    assert rule("cases", replace(READY, cases=normal)).said == "only 0 messy"
    twice = [case.model_copy(update={"id": f"{case.id}-again", "question": f" {case.question.upper()}"}) for case in fifty[:25]]
    assert rule("cases", replace(READY, cases=[*fifty[:25], *twice])).said == "25 cases"


@pytest.mark.parametrize("lacks", [{"unacceptable": ()}, {"expect": {"behaviour": "answer", "sources": ["a.md"]}}])
def test_a_case_must_say_what_is_expected_and_what_is_unacceptable(lacks: dict[str, object]):
    cases = golden(60)
    silent = type(cases[0]).model_validate({**cases[3].model_dump(), **lacks})
    found = rule("cases", replace(READY, cases=[*cases[:3], silent, *cases[4:]]))
    assert (found.verdict, found.said) == ("fail", "1 without what is expected or unacceptable")
    assert "case-3" in [each.value for each in found.evidence]


def test_where_no_answer_is_to_be_given_any_answer_is_unacceptable():
    cases = golden(60)
    refused = type(cases[0]).model_validate({**cases[4].model_dump(), "expect": {"behaviour": "abstain"}, "unacceptable": ()})
    assert rule("cases", replace(READY, cases=[*cases[:4], refused, *cases[5:]])).verdict == "pass"


def test_a_case_that_cannot_be_read_is_not_passed_over():
    assert rule("unreadable_cases", replace(READY, unreadable_cases=1)).verdict == "fail"


# ---------------------------------------------------------------- latency


def timed(*times: float) -> Facts:
    cases = golden(len(times))
    return asked(with_cases(cases), {case.digest: [came(case, ms=ms)] for case, ms in zip(cases, times, strict=True)})


def with_cases(cases: list[Case]) -> Facts:
    return replace(READY, cases=cases)


def test_fifty_nine_answers_in_time_are_the_least_that_show_a_p95():
    assert rule("latency", timed(*[80.0] * 59)).verdict == "pass"
    few = rule("latency", timed(*[80.0] * 58))
    assert (few.verdict, few.needs) == ("not_proven", 1)
    assert few.said == "p95 80 ms, at most unknown, of 58 answers; 1 more answer in time would show it"


def test_as_many_more_answers_as_it_says_show_the_p95():
    found = rule("latency", timed(*[80.0] * 97, 900.0, 900.0, 900.0))
    assert found.verdict == "not_proven"
    assert found.needs is not None
    assert rule("latency", timed(*[80.0] * (97 + found.needs), 900.0, 900.0, 900.0)).verdict == "pass"
    assert rule("latency", timed(*[80.0] * (96 + found.needs), 900.0, 900.0, 900.0)).verdict == "not_proven"


def test_a_p95_over_the_limit_fails():
    found = rule("latency", timed(*[80.0] * 94, *[501.0] * 6))
    assert (found.verdict, found.evidence[0].value) == ("fail", "p95 501 ms, at most 501 ms, of 100 answers")


@pytest.mark.parametrize("unmeasured", [0.0, nan, inf, -1.0])
def test_a_time_that_was_not_measured_counts_as_too_late(unmeasured: float):
    assert rule("latency", timed(*[80.0] * 94, *[unmeasured] * 6)).verdict == "fail"


def test_of_a_case_that_was_asked_again_the_longest_time_counts_once():
    cases = golden(58)
    facts = asked(with_cases(cases), {case.digest: [came(case), came(case, ms=90.0)] for case in cases})
    found = rule("latency", facts)
    assert found.said.startswith("p95 90 ms, at most unknown, of 58 answers")


def test_real_answers_count_when_there_are_enough_of_them():
    slow = tuple([80.0] * 90 + [900.0] * 10)
    few = replace(READY, traffic=Traffic(answers=99, days=7, first_sentence_ms=slow[-99:]))
    enough = replace(READY, traffic=Traffic(answers=100, days=7, first_sentence_ms=slow))
    assert ruled(Latency(least_traffic=100), few).verdict == "pass"
    assert ruled(Latency(least_traffic=100), enough).verdict == "fail"


# ---------------------------------------------------------------- cost


def paid(*costs: float | None, model: bool = True) -> Facts:
    cases = golden(len(costs))
    facts = with_cases(cases)
    if model:
        generation = facts.release.spec.answering.generation
        with_model = generation.model_copy(update={"routing": generation.routing.model_copy(update={"model": "openai/some"})})
        answering = facts.release.spec.answering.model_copy(update={"generation": with_model})
        spec = facts.release.spec.model_copy(update={"answering": answering})
        facts = replace(facts, release=facts.release.model_copy(update={"spec": spec}))
    return asked(facts, {case.digest: [came(case, usd=usd)] for case, usd in zip(cases, costs, strict=True)})


def test_a_price_that_is_unknown_anywhere_is_not_zero():
    assert rule("cost", paid(*[0.001] * 99, None)).verdict == "not_measured"
    assert rule("cost", paid(*[0.001] * 99, nan)).verdict == "not_measured"
    traffic = Traffic(answers=3, days=7, costs_usd=(0.001, None, 0.001))
    assert rule("cost", replace(READY, traffic=traffic)).verdict == "not_measured"


def test_without_a_model_an_answer_costs_nothing():
    assert rule("cost", paid(*[0.0] * 3, model=False)).said == "$0, at most $0, of 3 questions"


def test_costs_read_like_money():
    assert rule("cost", paid(*[0.1] * 40)).said == "$0.10, at most $0.10, of 40 questions"
    assert rule("cost", paid(*[0.00012345] * 40)).said == "$0.000123, at most $0.000123, of 40 questions"
    assert rule("cost", paid(*[1234.5] * 40)).said == "$1,234.50, at most $1,234.50, of 40 questions"
    assert rule("cost", paid(*[0.0] * 3)).verdict == "not_proven"


def test_the_mean_must_be_below_the_limit_with_its_bound():
    assert rule("cost", paid(*[0.01, 0.02] * 50)).verdict == "pass"
    assert rule("cost", paid(*[0.05, 0.16] * 50)).verdict == "fail"
    assert rule("cost", paid(*[0.02] * 98, 2.0, 2.0)).verdict == "not_proven"


def test_real_costs_count_when_there_are_enough_of_them():
    dear = Traffic(answers=100, days=7, costs_usd=tuple([0.3] * 100))
    assert ruled(Cost(least_traffic=100), replace(READY, traffic=dear)).verdict == "fail"
    assert ruled(Cost(least_traffic=101), replace(READY, traffic=dear)).verdict == "pass"


# ---------------------------------------------------------------- what was tried out


EXERCISED = {
    "personal_data": "personal_data",
    "access": "access",
    "red_team": "red_team",
    "fallback": "fallback",
    "log_fields": "log",
    "feedback": "feedback",
    "restore_drill": "restore",
}


@pytest.mark.parametrize(("name", "exercise"), EXERCISED.items())
@pytest.mark.parametrize(
    ("changed", "verdict", "said"),
    [
        ({"passed": False, "failed": 2, "said": "two got through"}, "fail", "2 of 200 failed: two got through"),
        ({"passed": False, "said": "it did not hold"}, "fail", "it did not hold"),
        ({"failed": 1, "said": "one got through"}, "fail", "1 of 200 failed: one got through"),
        ({"findings": ("an e-mail address was shown",)}, "fail", "an e-mail address was shown"),
        ({"tried": 0, "said": "the model could not be killed"}, "not_measured", "the model could not be killed"),
        ({"at": NOW - timedelta(days=100)}, "not_measured", "what was tried does not count: it is 100 days old"),
        ({"at": NOW + timedelta(days=1)}, "not_measured", "still to come: check the clock"),
    ],
)
def test_an_exercise_that_failed_or_is_old_or_tried_nothing_proves_nothing(
    name: str, exercise: str, changed: dict[str, object], verdict: str, said: str
):
    done = Exercise.model_validate({**READY.exercises[exercise].model_dump(), **changed})
    found = rule(name, replace(READY, exercises={**READY.exercises, exercise: done}))
    assert found.verdict == verdict
    assert said in found.said


@pytest.mark.parametrize(("name", "exercise"), EXERCISED.items())
def test_an_exercise_that_was_never_held_is_not_measured(name: str, exercise: str):
    others = {each: done for each, done in READY.exercises.items() if each != exercise}
    assert rule(name, replace(READY, exercises=others)).said == "it was never tried"


def test_a_single_attack_is_no_red_team():
    one = READY.exercises["red_team"].model_copy(update={"tried": 1})
    assert rule("red_team", replace(READY, exercises={"red_team": one})).verdict == "not_measured"


def red_team(**changed: object) -> Ruling:
    """The ruling on a red team of which some figures are others."""
    done = READY.exercises["red_team"]
    counts = {**done.counts, **{name: count for name, count in changed.items() if isinstance(count, Count)}}
    others = {name: value for name, value in changed.items() if not isinstance(value, Count)}
    return rule("red_team", replace(READY, exercises={"red_team": done.model_copy(update={"counts": counts, **others})}))


@pytest.mark.parametrize("name", ["hijack", "hijack_as_released", "false_alarm"])
def test_dictated_sentences_and_false_alarms_may_happen_up_to_a_limit_and_are_told_with_their_bound(name: str):
    assert red_team(**{name: Count(events=0, of=100)}).verdict == "pass"
    found = red_team(**{name: Count(events=60, of=100)})
    assert found.verdict == "fail"
    assert "60 of 100 (60 %, at most 68.2 %)" in found.said
    assert "60 of 100 (60 %, at most 68.2 %)" in [each.value for each in found.evidence]


@pytest.mark.parametrize("harm", HARMS)
def test_no_harm_is_let_through_however_rare_and_what_says_nothing_of_it_proves_nothing(harm: str):
    did = {"passed": False, "failed": 1, "findings": ("documents/x: it did",), harm: Count(events=1, of=1000)}
    assert red_team(**did).verdict == "fail"
    assert red_team(**{harm: Count(events=1, of=1000)}).verdict == "fail", "whatever else the record says"
    done = READY.exercises["red_team"]
    silent = done.model_copy(update={"counts": {name: count for name, count in done.counts.items() if name != harm}})
    assert rule("red_team", replace(READY, exercises={"red_team": silent})).verdict == "not_measured"


def test_models_that_were_not_attacked_are_named():
    found = red_team(untried=("vendor/large",))
    assert found.verdict == "pass"
    assert "not tried with vendor/large" in found.said
    assert "vendor/large" in [each.value for each in found.evidence]


# ---------------------------------------------------------------- promises


@pytest.mark.parametrize("field", FIELDS)
def test_a_brief_with_a_field_left_empty_fails_and_names_it(field: str):
    assert READY.brief is not None
    table, _, part = field.rpartition(".")
    kept = value_of(READY.brief, field)
    empty = () if isinstance(kept, tuple) else "" if isinstance(kept, str) else None
    content = READY.brief.model_dump()
    (content[table] if table else content)[part] = empty
    found = rule("brief", replace(READY, brief=Brief.model_validate(content)))
    assert found.verdict == "fail"
    assert field in found.said


def test_a_brief_whose_review_is_overdue_or_that_is_the_samples_fails():
    assert READY.brief is not None
    late = READY.brief.model_copy(update={"first_review": date(2026, 11, 19)})
    assert rule("brief", replace(READY, brief=late)).said == "The review was due on 2026-11-19"
    theirs = replace(READY, brief=READY.brief.model_copy(update={"sample": True}))
    assert rule("brief", theirs).said == "it is the brief of the sample"
    assert rule("sla", theirs).verdict == "fail"


@pytest.mark.parametrize("name", ["brief", "sla"])
def test_without_a_brief_it_is_said_why_there_is_none(name: str):
    found = rule(name, replace(READY, brief=None, brief_problem="brief.toml cannot be read"))
    assert (found.verdict, found.said, found.owner) == ("not_measured", "brief.toml cannot be read", "")


@pytest.mark.parametrize("field", ["availability", "p95_ms", "owner", "alert_route"])
def test_a_service_level_that_lacks_something_fails(field: str):
    assert READY.brief is not None
    sla = READY.brief.sla.model_copy(update={field: None if field == "p95_ms" else ""})
    found = rule("sla", replace(READY, brief=READY.brief.model_copy(update={"sla": sla})))
    assert (found.verdict, found.said) == ("fail", f"missing: sla.{field}")


@pytest.mark.parametrize(
    ("changed", "verdict", "said"),
    [
        ({"owner": " "}, "fail", "handbook has no owner"),
        ({"synced_at": None}, "not_measured", "handbook was never synced"),
        ({"synced_at": NOW - timedelta(days=8)}, "fail", "not synced in time"),
        ({"synced_at": NOW - timedelta(hours=5), "fresh_within_hours": 4}, "fail", "5 hours old, and may be 4 hours"),
        ({"synced_at": NOW - timedelta(days=8), "fresh_within_hours": 9999}, "fail", "not synced in time"),
        ({"synced_at": NOW + timedelta(days=8)}, "fail", "check the clock"),
        ({"documents": 0}, "fail", "holds no document"),
        ({"documents": 100, "failed": 6}, "fail", "6 % of its documents failed"),
        ({"documents": 100, "stale": 21}, "fail", "21 % of its documents stale"),
        ({"tests": {"unique": False, "fresh": True}}, "fail", "handbook fails the tests: unique"),
    ],
)
def test_a_source_without_owner_or_order_is_refused(changed: dict[str, object], verdict: str, said: str):
    source = SourceState.model_validate({**READY.sources[0].model_dump(), **changed})
    found = rule("governance", replace(READY, sources=[READY.sources[0], source]))
    assert found.verdict == verdict
    assert said in found.said


# ---------------------------------------------------------------- worth


def test_a_search_without_ai_that_is_as_good_or_better_stands_in_the_way():
    assert rule("baseline", reported(rivals=[])).verdict == "not_measured"
    assert rule("baseline", reported(rivals=[rival(BASELINE, 20, 15, 0.4)])).verdict == "not_proven"
    assert rule("baseline", reported(rivals=[rival(BASELINE, 10, 60, 0.001)])).verdict == "fail"


def compared(**changed: object) -> Facts:
    live = release(1, "another")
    facts = reported(against=live.spec.digest, rivals=[rival(AGAINST, 3, 1, 0.6)], **changed)
    return replace(facts, live=live, against_live=facts.report)


def test_a_release_is_compared_with_what_is_live():
    assert rule("regression", compared()).said == "not shown to be worse than release 1"
    assert rule("regression", replace(compared(), against_live=None)).verdict == "not_measured"
    assert rule("regression", replace(compared(), corpus="another")).verdict == "not_measured"
    assert rule("regression", replace(compared(), dataset="another")).verdict == "not_measured"
    assert rule("regression", replace(compared(), live=release(3, "a third"))).verdict == "not_measured"
    assert rule("regression", replace(compared(), release=release(4, "a fourth"))).verdict == "not_measured"


def test_a_release_that_is_worse_than_live_or_newly_wrong_fails():
    worse = compared()
    assert worse.report is not None
    made = worse.report.model_copy(update={"rivals": (rival(AGAINST, 1, 30, 0.001),)})
    assert rule("regression", replace(worse, against_live=made)).said == "it is worse than what is live"
    newly = compared(changes=[Change(case="case-7", became="worse", newly_wrong=True)])
    found = rule("regression", newly)
    assert (found.verdict, found.evidence[0].value) == ("fail", "case-7")
    silent = worse.report.model_copy(update={"rivals": ()})
    assert rule("regression", replace(worse, against_live=silent)).verdict == "not_measured"


def test_what_is_live_itself_or_the_first_to_be_has_nothing_to_be_compared_with():
    assert rule("regression", replace(READY, live=None)).said == "nothing is live to compare with"
    assert rule("regression", replace(READY, live=READY.release)).said == "it is what is live, or was before an override"


@pytest.mark.parametrize(("share", "verdict"), [(None, "not_measured"), (nan, "not_measured"), (0.21, "fail"), (0.2, "pass")])
def test_a_calibration_counts_as_long_as_the_documents_are_the_same(share: float | None, verdict: str):
    assert rule("calibrated", replace(READY, calibration_stale=share)).verdict == verdict


def test_one_case_that_discloses_something_is_one_too_many():
    results = {case.digest: [came(case), came(case)] for case in READY.cases}
    first = READY.cases[0]
    told = came(first).model_copy(update={"scores": AnswerScores(disclosed=1)})
    found = rule("disclosure", asked(READY, {**results, first.digest: [told, came(first)]}))
    assert (found.verdict, found.evidence[0].value) == ("fail", first.id)


def test_that_nothing_is_disclosed_is_shown_by_askers_from_whom_something_is_hidden():
    def of(count: int) -> Ruling:
        return rule("disclosure", replace(READY, restricted=frozenset(case.digest for case in READY.cases[:count])))

    assert of(0).verdict == "not_measured"
    assert (of(4).verdict, of(4).needs) == ("not_proven", 1)
    assert of(5).verdict == "pass"
    same = [case.model_copy(update={"question": "Who earns what?"}) for case in READY.cases[:9]]
    found = rule("disclosure", asked(replace(READY, cases=same), {case.digest: [came(case)] for case in same}))
    assert found.needs == 4


def test_nothing_at_all_is_not_enough_for_anything():
    assert {ruled(each, unknown()).verdict for each in SHIPPED.requirements} == {"not_measured"}
