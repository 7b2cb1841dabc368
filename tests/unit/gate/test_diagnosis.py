"""Each rule, both ways, and where it knows nothing."""

from datetime import UTC, datetime
from typing import Any

import pytest

from firmground.evaluate.cases import Case
from firmground.evaluate.report import Report, Result, Rival, Share
from firmground.evaluate.retrieval import Retrieval
from firmground.evaluate.verdict import Verdict
from firmground.gate.advice.pattern import (
    Affordable,
    AnotherEmbedder,
    DocumentsFirst,
    FactsStayOutside,
    WhichPattern,
    WordingByPrompt,
)
from firmground.gate.advice.prototype import WhichWay
from firmground.gate.advice.tool import AQueryMayDo, FewQuestions, NotWithoutPeople, QuotesMayDo, SearchMayDo, ShortEnoughToRead
from firmground.gate.brief import Brief
from firmground.gate.diagnosis import RULES, diagnose
from firmground.gate.known import Asked, Compared, Corpus, Known, Prototype, Recommendation

NOW = datetime(2026, 11, 21, 9, tzinfo=UTC)


def a_share(events: int, cases: int) -> Share:
    return Share(events=events, cases=cases, low=max(0, events / cases - 0.1), high=min(1, events / cases + 0.1), upper=0.1)


def a_rival(name: str = "bm25, top passage", *, better: int = 30, worse: int = 2, p: float = 0.001, wrong: int = 5) -> Rival:
    return Rival(name=name, passed=a_share(40, 100), answered_wrongly=a_share(wrong, 100), better=better, worse=worse, p=p)


def a_report(**more: Any) -> Report:
    known: dict[str, Any] = {
        "id": "e1",
        "release": "a" * 64,
        "corpus": "3",
        "dataset": "d" * 64,
        "created_at": NOW,
        "seconds": 1.0,
        "passed": a_share(68, 100),
        "answered_wrongly": a_share(4, 100),
        "wrongly_refused": a_share(8, 80),
        "kinds": {},
        "behaviours": {},
        "sources": {},
        "retrieval": {},
        "total_ms": {},
        "cost_usd": 0.01,
        "first_sentence_ms": {"p50": 80.0, "p95": 160.0, "p99": 200.0},
        "rivals": (a_rival(),),
    }
    return Report.model_validate({**known, **more})


def a_case(number: int, **expect: Any) -> Case:
    given = {"contains": ["five"], "sources": ["leave.md"], **expect}
    return Case.model_validate({"id": f"c{number}", "question": f"question {number}?", "expect": given})


def known(**more: Any) -> Known:
    return Known(now=NOW, **more)


def came(case: Case, *, recall: float = 1.0, passed: bool = True, silent: bool = False) -> tuple[Case, list[Result]]:
    retrieval = Retrieval(hit_at_1=recall, hit_at_3=recall, recall=recall, reciprocal_rank=recall, ndcg=recall)
    verdict = Verdict(behaved=not silent, missing=() if passed else ("five",))
    status = "abstained" if silent else "answered"
    return case, [Result(case=case.digest, status=status, verdict=verdict, retrieval=retrieval)]


def look(rule: Any, given: Known) -> Recommendation:
    found = rule.look(given)
    assert found is not None
    assert (found.rule, found.about) == (rule.name, rule.about)
    assert found.changes
    assert (found.leaning == "unknown") == (found.strength == "not_known")
    return found


def test_where_nothing_is_known_nothing_is_guessed_and_what_to_measure_is_named():
    for each in diagnose(known()).recommendations:
        if each.rule != "facts_stay_outside":  # holds whatever is known
            assert (each.leaning, each.strength) == ("unknown", "not_known"), each.rule
        assert each.changes.startswith("Measure: "), each.rule


def test_a_search_may_do_where_the_answers_are_not_shown_to_be_better():
    cases = [a_case(n) for n in range(100)]
    shown = look(SearchMayDo(), known(report=a_report(), cases=cases))
    assert (shown.leaning, shown.strength) == ("keep", "strong")
    level = a_report(rivals=(a_rival(better=10, worse=8, p=0.8),))
    found = look(SearchMayDo(), known(report=level, cases=cases))
    assert (found.leaning, found.strength) == ("change", "strong")
    assert "no difference shown" in found.said
    assert any("p = 0.8" in each.value for each in found.evidence)
    worse = look(SearchMayDo(), known(report=a_report(rivals=(a_rival(better=2, worse=30),)), cases=cases))
    assert worse.leaning == "change"
    assert look(SearchMayDo(), known(report=a_report(rivals=()))).leaning == "unknown"


def test_labels_of_the_sample_old_figures_and_few_cases_are_weaker_evidence():
    cases = [a_case(n) for n in range(100)]
    shipped = frozenset(case.digest for case in cases[:51])
    assert look(SearchMayDo(), known(report=a_report(), cases=cases, shipped=shipped)).strength == "weak"
    half = frozenset(case.digest for case in cases[:50])
    assert look(SearchMayDo(), known(report=a_report(), cases=cases, shipped=half)).strength == "strong"
    old = look(SearchMayDo(), known(report=a_report(), cases=cases, current=False))
    assert old.strength == "moderate"
    assert all("changed since" in each.value for each in old.evidence)
    few = a_report(passed=a_share(10, 24))
    assert look(SearchMayDo(), known(report=few, cases=cases[:24])).strength == "weak"


def test_quotes_may_do_where_a_model_is_not_shown_to_be_better_and_without_a_model_nothing_is_said():
    assert QuotesMayDo().look(known(report=a_report())) is None
    models = frozenset({"local/m"})
    both = a_report(rivals=(a_rival("extractive"),))
    assert look(QuotesMayDo(), known(report=both, models=models)).leaning == "keep"
    level = a_report(rivals=(a_rival("extractive", better=3, worse=3, p=1.0),))
    assert look(QuotesMayDo(), known(report=level, models=models)).leaning == "change"


def test_few_questions_that_are_asked_again_and_again_need_a_list():
    few = Asked(answers=200, frequent=(50, 40, 40, 40, *[1] * 30))
    assert look(FewQuestions(), known(asked=few)).leaning == "change"
    many = Asked(answers=200, frequent=tuple([1] * 200))
    assert look(FewQuestions(), known(asked=many)).leaning == "keep"
    assert look(FewQuestions(), known(asked=Asked(answers=99, frequent=(99,)))).leaning == "unknown"


def test_figures_of_one_table_need_a_query():
    table = {"sources": ["rates.csv"]}
    figures = [a_case(n, contains=[[f"{n} EUR", f"€{n}"]], **table) for n in range(1, 21)]
    assert look(AQueryMayDo(), known(cases=figures)).leaning == "change"
    assert "rates.csv" in look(AQueryMayDo(), known(cases=figures)).advice
    words = [a_case(n, contains=["ask your manager by 5 pm"], **table) for n in range(1, 21)]
    assert look(AQueryMayDo(), known(cases=words)).leaning == "keep"
    prose = [a_case(n, contains=[f"{n} EUR"], sources=["rates.md"]) for n in range(1, 21)]
    assert look(AQueryMayDo(), known(cases=prose)).leaning == "keep"
    several = [a_case(n, contains=[f"{n} EUR"], sources=[f"rates-{n % 5}.csv"]) for n in range(1, 21)]
    assert look(AQueryMayDo(), known(cases=several)).leaning == "keep"
    assert look(AQueryMayDo(), known(cases=figures[:19])).leaning == "unknown"


def test_what_is_read_within_an_hour_may_be_read():
    assert look(ShortEnoughToRead(), known(corpus=Corpus(documents=3, characters=84_000))).leaning == "change"
    assert look(ShortEnoughToRead(), known(corpus=Corpus(documents=3, characters=84_001))).leaning == "keep"


@pytest.mark.parametrize("point", ["", "none", "Nobody: it is quick.", "no", "TBD", "Niemand"])
def test_where_an_error_is_grave_and_nobody_looks_people_are_missing(point: str):
    brief = Brief(consequence_of_error="A patient gets the wrong dose.", review_point=point)
    found = look(NotWithoutPeople(), known(brief=brief, report=a_report()))
    assert (found.leaning, found.strength) == ("change", "strong")
    assert "patient" in found.said
    assert "10.0 %" in found.evidence[-1].value


def test_a_review_point_or_a_cheap_error_changes_that():
    reviewed = Brief(consequence_of_error="A patient gets the wrong dose.", review_point="A nurse reads every answer.")
    assert look(NotWithoutPeople(), known(brief=reviewed)).leaning == "keep"
    no_answer = Brief(consequence_of_error="A patient is harmed.", review_point="No answer goes out before a nurse read it.")
    assert look(NotWithoutPeople(), known(brief=no_answer)).leaning == "keep"
    cheap = Brief(consequence_of_error="Somebody asks again.", review_point="none")
    assert (look(NotWithoutPeople(), known(brief=cheap)).leaning, look(NotWithoutPeople(), known(brief=cheap)).strength) == (
        "keep",
        "moderate",
    )
    sample = Brief(consequence_of_error="A patient is harmed.", sample=True)
    assert look(NotWithoutPeople(), known(brief=sample)).strength == "weak"
    assert look(NotWithoutPeople(), known(brief=None, brief_problem="There is no brief.")).said == "There is no brief."


def patterns(found: int, failed: int, missed: int, *, there: bool = True, silent: bool = False, **more: Any) -> Recommendation:
    cases = [a_case(n) for n in range(found + missed)]
    results = [came(case, passed=n >= failed, silent=silent and n < failed) for n, case in enumerate(cases[:found])]
    results += [came(case, recall=0.0, passed=False) for case in cases[found:]]
    words = {case.digest: there for case in cases[found:]}
    return look(WhichPattern(), known(report=a_report(), cases=cases, results=results, words_there=words, **more))


def test_evidence_that_is_there_and_not_found_asks_for_tuned_retrieval():
    assert "Tuned retrieval" in patterns(40, 0, 10).advice
    assert patterns(40, 0, 9).leaning == "keep"


def test_evidence_that_nobody_wrote_asks_for_documents_and_not_for_tuning():
    assert "Write what is missing" in patterns(40, 0, 10, there=False).advice


def test_found_and_answered_wrongly_asks_for_better_writing_and_found_and_silent_for_calibration():
    assert "a language model beside the quotes" in patterns(50, 5, 0).advice
    assert "fine-tuned writing last" in patterns(50, 5, 0, models=frozenset({"local/m"})).advice
    assert "calibrate" in patterns(50, 5, 0, silent=True).advice
    assert patterns(50, 4, 0).advice == "Retrieval as it is: nothing here asks for tuning."


def test_both_are_tuned_where_both_lack():
    assert patterns(40, 4, 10).advice.startswith("Both: tuned retrieval first")


def test_contradicting_documents_come_before_models():
    assert look(DocumentsFirst(), known(corpus=Corpus(documents=20, troubled=2))).leaning == "change"
    assert look(DocumentsFirst(), known(corpus=Corpus(documents=20, troubled=1))).leaning == "keep"
    assert look(DocumentsFirst(), known(corpus=Corpus(documents=9, troubled=9))).leaning == "unknown"


def test_facts_are_never_to_be_fine_tuned_and_the_more_they_change_the_firmer():
    often = look(FactsStayOutside(), known(corpus=Corpus(documents=20, changed=1, watched_days=40)))
    assert (often.strength, "Never" in often.advice) == ("strong", True)
    rarely = look(FactsStayOutside(), known(corpus=Corpus(documents=21, changed=1, watched_days=40)))
    assert (rarely.strength, "Do not" in rarely.advice) == ("moderate", True)
    young = look(FactsStayOutside(), known(corpus=Corpus(documents=20, changed=20, watched_days=29)))
    assert (young.strength, "not known yet" in young.said) == ("moderate", True)


def test_a_form_of_its_own_is_asked_for_in_the_prompt_before_it_is_trained():
    letter = known(brief=Brief(output="A letter in our tone"), models=frozenset({"local/m"}))
    assert "with examples" in look(WordingByPrompt(), letter).advice
    assert "needs a language model" in look(WordingByPrompt(), known(brief=Brief(output="A letter"))).advice
    assert look(WordingByPrompt(), known(brief=Brief(output="Sentences with their sources"))).leaning == "keep"
    assert look(WordingByPrompt(), known(brief=Brief(output="tbd"))).leaning == "unknown"


def test_documents_in_languages_that_the_model_does_not_know_ask_for_another():
    assert AnotherEmbedder().look(known()) is None
    assert look(AnotherEmbedder(), known(corpus=Corpus(documents=10, uncovered=1))).leaning == "change"
    assert look(AnotherEmbedder(), known(corpus=Corpus(documents=11, uncovered=1))).leaning == "keep"


def test_time_and_money_have_to_fit_and_a_price_that_is_not_known_does_not():
    assert look(Affordable(), known(report=a_report())).leaning == "keep"
    assert look(Affordable(), known(report=a_report(cost_usd=0.10))).leaning == "change"
    assert look(Affordable(), known(report=a_report(first_sentence_ms={"p95": 500.0}))).leaning == "change"
    assert look(Affordable(), known(report=a_report(cost_usd=None))).leaning == "unknown"


SOUND: dict[str, Any] = {
    "has_tests": True,
    "has_golden_cases": True,
    "dependencies_pinned": True,
    "framework_maintained": True,
    "respects_permissions": True,
    "data_path": "synced",
}
LEVEL = Compared(passed=a_share(60, 100), ours=a_share(62, 100), better=5, worse=3, p=0.7)
WORSE = Compared(passed=a_share(40, 100), ours=a_share(62, 100), better=25, worse=3, p=0.001)


def way(compared: Compared | None = LEVEL, **points: Any) -> Recommendation:
    return look(WhichWay(), known(report=a_report(), prototype=Prototype(**{**SOUND, **points}), compared=compared))


def test_without_a_prototype_nothing_is_said_of_one():
    assert WhichWay().look(known()) is None


def test_a_sound_prototype_that_is_no_worse_evolves():
    assert way().advice.startswith("Evolve")


def test_one_that_lacks_something_or_is_worse_is_modernised():
    assert way(has_tests=False).advice.startswith("Modernise")
    assert way(WORSE).advice.startswith("Modernise")
    assert way(has_tests=False, has_golden_cases=False, data_path="copied").advice.startswith("Modernise")


def test_one_that_leaks_or_is_worse_and_lacks_half_is_written_anew():
    assert way(respects_permissions=False, has_tests=False, data_path="copied").advice.startswith("Write")
    assert way(respects_permissions=False, has_tests=False).advice.startswith("Modernise")
    assert way(WORSE, has_tests=False, has_golden_cases=False, data_path="copied").advice.startswith("Write")


def test_what_is_not_known_of_a_prototype_decides_nothing_unless_it_makes_no_difference():
    open_ = way(has_tests=None)
    assert (open_.leaning, open_.said == "Not known: tests.") == ("unknown", True)
    assert "evolve or modernise" in open_.advice
    assert way(None).leaning == "unknown"
    assert way(None, has_tests=False, respects_permissions=False, data_path="copied").advice.startswith("Write")
    assert way(has_tests=False, dependencies_pinned=None).strength == "moderate"


def test_people_who_rely_on_a_prototype_are_switched_over_side_by_side():
    assert "run both" in way(has_tests=False, users=20).advice
    assert "run both" not in way(has_tests=False, users=19).advice
    assert "run both" not in way(users=500).advice


def test_evidence_that_contradicts_itself_is_said():
    asked = Asked(answers=100, refused=50)
    assert "not like what is asked" in diagnose(known(report=a_report(), asked=asked)).contradictions[0]
    assert diagnose(known(report=a_report(), asked=Asked(answers=100, refused=20))).contradictions == ()
    level = a_report(rivals=(a_rival(better=10, worse=8, p=0.8, wrong=40),))
    assert "answers 40 wrongly against 4" in diagnose(known(report=level)).contradictions[0]
    held = Brief(review_point="Answers are held until HR has read them.")
    assert "no golden case expects" in diagnose(known(report=a_report(), brief=held)).contradictions[0]
    told = known(report=a_report(), prototype=Prototype(claimed_quality=0.95), compared=LEVEL)
    assert "95 % right answers are told" in diagnose(told).contradictions[0]
    honest = known(report=a_report(), prototype=Prototype(claimed_quality=0.6), compared=LEVEL)
    assert diagnose(honest).contradictions == ()


def test_a_conclusion_says_what_is_to_be_changed_first_and_never_more_than_is_known():
    nothing = diagnose(known())
    assert nothing.conclusion("tool").startswith("Not known yet")
    assert nothing.conclusion("pattern").startswith("Not known yet")
    assert nothing.conclusion("prototype") == ""
    cases = [a_case(n) for n in range(100)]
    corpus = Corpus(documents=100, characters=10**6, watched_days=40)
    good = diagnose(known(report=a_report(), cases=cases, results=[came(case) for case in cases], corpus=corpus))
    assert good.conclusion("tool") == "Answers from documents are the right tool, as far as this shows."
    assert good.conclusion("pattern") == "Retrieval as it is fits, as far as this shows."
    level = a_report(rivals=(a_rival(better=1, worse=1, p=1.0),))
    assert diagnose(known(report=level, cases=cases)).conclusion("tool").startswith("Try a search")
    shipped = frozenset(case.digest for case in cases)
    assert diagnose(known(report=level, cases=cases, shipped=shipped)).conclusion("tool").startswith("On weak evidence: Try")


def test_every_rule_has_a_name_of_its_own_and_says_where_its_thresholds_come_from():
    assert len({rule.name for rule in RULES}) == len(RULES)
    assert all(len(type(rule).__doc__ or "") > 80 for rule in RULES)
