"""What reviewers' decisions say of answers, and that only chance makes a rate of them."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest

from firmground.gate.facts import Judged
from firmground.gate.requirements.hallucination import Hallucination
from firmground.review.labels import Looked, Share, chance, decision, looked, right, share
from firmground.review.rules import Rule, Rules
from firmground.reviews import ReviewAct, ReviewItem
from firmground.testing.gate import ready
from firmground.testing.traces import a_passage, a_trace
from firmground.types import Cause, Draft, Routed

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def act(kind: str, reason: str | None = None, *, number: int = 1, person: str = "rita", **fields: Any) -> ReviewAct:
    return ReviewAct.model_validate(
        {"item": "i", "number": number, "person": person, "act": kind, "reason": reason, "at": NOON, **fields}
    )


def item(**fields: Any) -> ReviewItem:
    known = {"id": "i", "answer": "1", "asker": "ada", "release": "r", "causes": (), "created_at": NOON}
    return ReviewItem.model_validate({**known, "due_at": NOON + timedelta(hours=8), **fields})


# ---------------------------------------------------------------- one decision


@pytest.mark.parametrize(
    ("said", "means"),
    [
        (act("approve"), True),
        (act("approve", "right"), True),
        (act("approve", "unsure"), None),
        (act("approve", marks={0: "right", 1: "wrong"}), False),
        (act("edit", "wording"), True),
        (act("edit", "incomplete"), False),
        (act("edit", "wrong"), False),
        (act("edit"), False),
        (act("edit", "unsure"), None),
        (act("reject", "not_supported"), False),
        (act("reject", "not_for_us"), False),
        (act("reject", "unsure"), None),
        (act("flag", "wrong"), None),
        (act("escalate", "wrong"), None),
    ],
)
def test_what_a_decision_says_of_whether_the_answer_was_right(said: ReviewAct, means: bool | None):
    assert right(said) is means


def test_the_act_that_decided_counts_and_of_two_who_judged_apart_the_one_who_found_it_wrong():
    acts = [act("claim"), act("edit", "wrong", number=2), act("approve", number=3, person="rob")]
    assert decision(item(state="done", decisive=3), acts) is True
    assert decision(item(state="done", decisive=2), acts) is False
    assert decision(item(state="done", decisive=3, blind=True), acts) is False
    assert decision(item(), acts) is None


def test_what_should_have_been_judged_is_known():
    trace = a_trace("1", a_passage("a"))

    def expected(now: datetime = NOON, *acts: ReviewAct, **fields: Any) -> bool:
        return looked("q", trace, item(**fields), acts, now).expected

    assert not expected()
    assert expected(NOON + timedelta(days=1))
    assert expected(NOON, paused_at=NOON)
    assert expected(NOON, act("approve", "unsure"), state="done", decisive=1)
    assert not expected(NOON, act("approve"), state="done", decisive=1)


# ---------------------------------------------------------------- many


def answers(*rights: bool | None, expected: bool = True) -> list[Looked]:
    return [
        Looked(place, NOON + timedelta(minutes=place), good, expected=good is None and expected, people=frozenset({"rita"}))
        for place, good in enumerate(rights)
    ]


def test_a_share_counts_each_question_once_and_names_what_is_open():
    again = Looked(0, NOON + timedelta(days=1), False, people=frozenset({"rob"}))
    assert share(answers(True, False, None, True)) == Share(judged=3, wrong=1, open=1, people=1)
    assert share([again, *answers(True, True)]) == Share(judged=2, wrong=1, open=0, people=2)
    assert share([]) == Share()


def test_who_judges_the_easy_ones_first_gains_nothing():
    waits = Looked("hard", NOON + timedelta(minutes=2, seconds=30), None)
    assert share([*answers(True, True, True, True, True), waits]) == Share(judged=3, people=1)


def verdict(chosen: Iterable[Looked], others: Sequence[bool] = ()) -> str:
    made = share(chosen)
    judged = Judged(
        answers=made.judged,
        wrong=made.wrong,
        people=made.people,
        open=made.open,
        others=len(others),
        others_wrong=others.count(False),
    )
    return Hallucination(at_most=0.02).rule(replace(ready(50), judged=judged)).verdict


@pytest.mark.parametrize(("wrong", "verdicts"), [(0.0, {"pass"}), (0.05, {"fail", "not_proven"})])
def test_answers_that_somebody_chose_change_no_verdict(wrong: float, verdicts: set[str]):
    """4,000 answers, of which a tenth are chosen by chance; reviewers look at as many besides, all right or all wrong."""
    for seed in range(30):
        random = Random(seed)
        came = [random.random() >= wrong for _ in range(4000)]
        drawn = {place for place in range(4000) if random.random() < 0.1}
        chosen = [each for each in answers(*came) if each.question in drawn]
        found = verdict(chosen)
        assert found in verdicts
        for biased in (True, False):
            picked = [good for place, good in enumerate(came) if place not in drawn and good is biased][:2000]
            assert verdict(chosen, picked) == found


def test_what_nobody_judged_in_time_counts_as_wrong_where_a_low_rate_is_to_be_shown_and_fails_nothing():
    clean = answers(*[True] * 300)
    assert verdict(clean) == "pass"
    late = [Looked(f"late {n}", NOON, None, expected=True) for n in range(20)]
    assert verdict([*clean, *late]) == "not_proven"
    ruling = Hallucination(at_most=0.02).rule(
        replace(ready(50), judged=Judged(answers=300, people=1, open=20, others=3, others_wrong=2))
    )
    assert ruling.said.startswith("judged answers, 20 that nobody judged counted as wrong: 20 wrong of 320")
    told = {each.label: each.value for each in ruling.evidence}
    assert told["answers that people judged for another reason, which are no rate"] == "2 wrong of 3"
    assert told["answers that people judged, chosen by chance"].endswith("by 1 person; 20 more were not judged in time")


# ---------------------------------------------------------------- with what probability

RULES = Rules(
    sample=0.05,
    rules=(
        Rule(name="pay", then="hold", topics=("pay",)),
        Rule(name="some", then="hold", share=0.5),
        Rule(name="told", then="warn", text="Mind."),
    ),
)


@pytest.mark.parametrize(
    ("routed", "held", "known"),
    [
        (Routed(outcome="send", sampled=True), False, 0.05),
        (Routed(outcome="hold", causes=(Cause(kind="rule", name="pay"),)), True, 1.0),
        (Routed(outcome="hold", causes=(Cause(kind="rule", name="pay"), Cause(kind="rule", name="some"))), True, None),
        (Routed(outcome="send"), False, None),
        (None, False, None),
    ],
)
def test_how_probable_it_was_that_people_look_is_known_where_chance_or_every_answer_that_fits_says_so(
    routed: Routed | None, held: bool, known: float | None
):
    draft = Draft(status="answered", text="Five.") if held else None
    assert chance(a_trace("1", a_passage("a"), routed=routed, draft=draft), RULES) == known
