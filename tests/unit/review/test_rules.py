"""Which answers go out, and which people look at first."""

from dataclasses import replace
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmground.errors import InvalidSettings
from firmground.review.rules import MISMATCH, STATUSES, Known, Rule, Rules, mismatched
from firmground.settings_review import ReviewSection
from firmground.types import Routed

WHOLE = Known(
    "1",
    "How long is the notice of dismissal?",
    language="en",
    groups=("everyone", "interns"),
    asks_for="duration",
    statuses=frozenset({"weak"}),
    confidence=0.6,
    personal_data=False,
    mismatch=False,
    near=("handbook/hr/leave.md", "handbook/travel.md"),
    rests_on=("handbook/hr/leave.md",),
)
BEGUN = Known("1", WHOLE.question, language="en", groups=WHOLE.groups, asks_for="duration")
FOUND = replace(BEGUN, statuses=frozenset({"weak", "abstained"}), confidence=0.6, personal_data=False, near=WHOLE.near)


def a_rule(then: Any = "hold", **conditions: Any) -> Rule:
    return Rule(**{"name": "a", "then": then, "text": "Wait.", **conditions})


@pytest.mark.parametrize(
    ("conditions", "begun", "found", "whole"),
    [
        ({}, True, True, True),
        ({"topics": ("dismissal",)}, True, True, True),
        ({"topics": ("pay",)}, False, False, False),
        ({"groups": ("interns", "law")}, True, True, True),
        ({"groups": ("law",)}, False, False, False),
        ({"asks_for": ("duration", "date")}, True, True, True),
        ({"asks_for": ("person",)}, False, False, False),
        ({"confidence_below": 0.7}, None, True, True),
        ({"confidence_below": 0.6}, None, False, False),
        ({"statuses": ("weak",)}, None, None, True),
        ({"statuses": ("weak", "abstained")}, None, True, True),
        ({"statuses": ("answered",)}, None, False, False),
        ({"mismatch": True}, None, None, False),
        ({"personal_data": True}, None, False, False),
        ({"sources": ("handbook/hr/**",)}, None, None, True),
        ({"sources": ("handbook/travel.md",)}, None, None, False),
        ({"sources": ("law/**",)}, None, False, False),
        ({"topics": ("dismissal",), "confidence_below": 0.7}, None, True, True),
        ({"topics": ("pay",), "confidence_below": 0.7}, False, False, False),
    ],
)
def test_a_rule_is_decided_as_soon_as_enough_is_known(conditions: dict[str, Any], begun: bool, found: bool, whole: bool):
    rule = a_rule(**conditions)
    assert [rule.fires(known, "r") for known in (BEGUN, FOUND, WHOLE)] == [begun, found, whole]


@pytest.mark.parametrize(
    ("outcomes", "strictest"),
    [
        ([], "send"),
        (["send"], "send"),
        (["warn", "send"], "warn"),
        (["hold", "warn"], "hold"),
        (["hold", "escalate"], "escalate"),
        (["hold_for_two", "escalate"], "hold_for_two"),
        (["block", "hold_for_two", "escalate"], "block"),
    ],
)
def test_the_strictest_outcome_counts_and_every_rule_that_fired_is_told(outcomes: list[Any], strictest: str):
    for order in (outcomes, outcomes[::-1]):
        rules = Rules(rules=tuple(a_rule(then, name=then) for then in order))
        routed = rules.routed(WHOLE, "r")
        assert (routed.outcome, [cause.name for cause in routed.causes]) == (strictest, order)


def test_the_role_is_the_highest_of_those_who_must_look():
    rules = Rules(
        rules=(a_rule("hold", name="a"), a_rule("escalate", name="b", to="owner"), a_rule("warn", name="c", to="owner"))
    )
    assert rules.routed(WHOLE, "r").role == "owner"
    assert Rules(rules=rules.rules[2:]).routed(WHOLE, "r").role is None


def test_warnings_are_told_together_and_a_block_says_its_own_text():
    warn = [a_rule("warn", name=name, text=text) for name, text in (("a", "One."), ("b", "Two."), ("c", "One."))]
    assert Rules(rules=(*warn,)).routed(WHOLE, "r").warning == "One.\nTwo."
    rules = Rules(rules=(a_rule("block", name="x", topics=("pay",), text="No pay."), a_rule("block", name="y", text="No.")))
    blocked = rules.blocks(BEGUN, "r")
    assert blocked
    assert rules.refusal(blocked) == "No."
    assert rules.refusal(Routed(outcome="send")) == ""


def test_a_block_is_certain_before_anything_is_searched_where_only_question_and_asker_count():
    rules = Rules(rules=(a_rule("block", topics=("dismissal",), groups=("interns",)),))
    assert rules.blocks(BEGUN, "r")
    assert Rules(rules=(a_rule("block", confidence_below=0.7),)).blocks(BEGUN, "r") is None


def test_the_asker_hears_nothing_as_long_as_the_answer_may_be_kept_from_them():
    def quiet(then: Any, known: Known, **conditions: Any) -> bool:
        return Rules(rules=(a_rule(then, **conditions),)).may_stop(known, "r")

    assert quiet("hold", FOUND, mismatch=True)
    assert quiet("hold", FOUND)
    assert not quiet("warn", FOUND, mismatch=True)
    assert not quiet("hold", FOUND, confidence_below=0.5)
    assert not quiet("block", FOUND, sources=("law/**",))


def test_a_cause_says_why_without_words_of_questions_documents_or_topics():
    rule = a_rule(
        topics=("dismissal",), sources=("handbook/hr/**",), groups=("interns",), confidence_below=0.7, statuses=("weak",)
    )
    text = rule.cause(WHOLE).text
    assert "the confidence is below 0.7" in text
    assert "\n" not in text
    assert not [word for word in ("dismissal", "hr", "leave", "interns", "notice") if word in text]
    assert a_rule(share=0.999999).cause(WHOLE).text == "every answer; chosen by chance (1 of them)"


@given(st.sampled_from([0.05, 0.3, 0.8]), st.integers(0, 10_000))
def test_chance_falls_the_same_for_the_same_answer_of_the_same_release(share: float, seed: int):
    rule, known = a_rule(share=share), replace(WHOLE, drawn=str(seed))
    assert rule.fires(known, "r") == rule.fires(known, "r") == rule.fires(replace(known, question="x"), "r")


def test_a_share_is_about_that_share_of_the_answers_and_another_in_another_release():
    known = [replace(WHOLE, drawn=f"answer {n}") for n in range(4000)]
    rule = a_rule(share=0.2)
    one, other = ([rule.fires(each, release) for each in known] for release in ("r", "s"))
    assert 720 < sum(map(bool, one)) < 880
    assert one != other
    sampled = [Rules(sample=0.1).routed(each, "r").sampled for each in known]
    assert 340 < sum(sampled) < 460


def test_only_answers_that_are_sent_are_sampled():
    assert Rules(sample=1.0).routed(WHOLE, "r").sampled
    for known in (replace(WHOLE, statuses=frozenset({status})) for status in ("abstained", "clarify", "out_of_scope")):
        assert not Rules(sample=1.0).routed(known, "r").sampled
    assert not Rules(sample=1.0, rules=(a_rule("hold"),)).routed(WHOLE, "r").sampled


def test_what_a_person_approved_waits_for_no_other_but_is_blocked_and_warned_of():
    rules = Rules(rules=(a_rule("hold", name="a"), a_rule("warn", name="b")), sample=1.0)
    routed = rules.routed(WHOLE, "r", approved=True)
    assert (routed.outcome, routed.sampled) == ("warn", False)
    assert Rules(rules=(a_rule("block"),)).routed(WHOLE, "r", approved=True).outcome == "block"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("send", ("hold", "reviewer")),
        ("warn", ("hold", "reviewer")),
        ("escalate", ("escalate", "admin")),
        ("block", ("block", None)),
    ],
)
def test_an_answer_that_does_not_hold_waits_for_a_person_at_least(before: Any, after: tuple[str, str | None]):
    role = "admin" if before == "escalate" else None
    routed = mismatched(Routed(outcome=before, role=role, sampled=True))
    assert (routed.outcome, routed.role) == after
    assert (routed.causes, routed.sampled) == ((MISMATCH,), False)


def test_rules_are_made_of_settings_and_refuse_what_could_never_fire():
    section = ReviewSection.model_validate({"rules": [{"name": "pay", "then": "hold", "topics": ["pay"]}], "sample": 0.5})
    assert Rules.of(section) == Rules(rules=(Rule(name="pay", then="hold", topics=("pay",)),), sample=0.5)
    assert not Rules.of(ReviewSection())
    for never in ({"topics": ["the"]}, {"sources": ["/"]}):
        with pytest.raises(InvalidSettings):
            Rules.of(ReviewSection.model_validate({"rules": [{"name": "a", "then": "hold", **never}]}))


def test_a_confidence_that_is_no_number_counts_as_low():
    assert a_rule(confidence_below=0.1).fires(replace(WHOLE, confidence=float("nan")), "r")


CONDITIONS: dict[str, list[Any]] = {
    "confidence_below": [None, 0.5, 0.7],
    "statuses": [(), ("weak",), ("answered",)],
    "mismatch": [False, True],
    "sources": [(), ("handbook/hr/**",), ("law/**",)],
}


@pytest.mark.parametrize("values", [*product(*CONDITIONS.values())], ids=str)
def test_what_was_certain_early_stays_certain(values: tuple[Any, ...]):
    rule = a_rule(**dict(zip(CONDITIONS, values, strict=True)))
    early = [each for known in (BEGUN, FOUND) if (each := rule.fires(known, "r")) is not None]
    assert set(early) <= {rule.fires(WHOLE, "r")}
    assert BEGUN.statuses == STATUSES
