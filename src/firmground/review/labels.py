"""What reviewers' decisions say of answers: whether one was right, and how often they are.

A rate is taken from answers that chance chose, and from no others. Whoever asks for a person, challenges an answer or writes a rule chooses
answers that are worse than the rest, or better; what people say of those is shown, and no share of anything.
"""

from collections.abc import Hashable, Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from firmground.review.rules import Rules
from firmground.reviews import ReviewAct, ReviewItem
from firmground.types import Trace

_FINE = frozenset({"right", "wording"})
"""Reasons for an edit that leave what the answer says."""


class Looked(NamedTuple):
    """One answer that people look at."""

    question: Hashable
    """Answers to the same question of the same people are one."""
    at: datetime
    """When it was given."""
    right: bool | None
    """What people say of it; None where they say nothing yet, or are unsure."""
    expected: bool = False
    """Whether that should be known by now: it is due, or was put aside, or decided without a word on it."""
    people: frozenset[str] = frozenset()


class Share(NamedTuple):
    """How many answers were right, of those that chance chose. `open`: how many of these should have been judged and were not."""

    judged: int = 0
    wrong: int = 0
    open: int = 0
    people: int = 0


def right(act: ReviewAct) -> bool | None:
    """Whether the answer was right as it was given, by one decision about it; None where that does not say.

    A mark on a sentence says most. Approving says that it was right. An edit says that it was wrong, as a golden case does of an answer
    that lacks what it must say, unless only its wording was changed. So does rejecting, for whatever reason. Who is unsure says nothing.
    """
    if act.act not in {"approve", "edit", "reject"}:
        return None
    if "wrong" in act.marks.values():
        return False
    if act.reason == "unsure":
        return None
    return act.act == "approve" or (act.act == "edit" and act.reason in _FINE)


def decision(item: ReviewItem, acts: Sequence[ReviewAct]) -> bool | None:
    """By the act that decided; of two who judged it apart, wrong where one says so. None before it is decided."""
    if item.decisive is None:
        return None
    said = [right(act) for act in acts if act.number == item.decisive or item.blind]
    return False if False in said else True if True in said else None


def looked(question: Hashable, trace: Trace, item: ReviewItem, acts: Sequence[ReviewAct], now: datetime) -> Looked:
    label = decision(item, acts)
    late = item.state == "done" or item.paused_at is not None or item.due_at <= now
    people = frozenset(act.person for act in acts if act.person and right(act) is not None)
    return Looked(question, trace.answer.created_at, label, expected=label is None and late, people=people)


def share(answers: Iterable[Looked]) -> Share:
    """Of answers that chance chose. They count in the order in which they were given, up to the first that nobody need have judged yet:
    otherwise who looks at the easy ones first would make the rest better than it is."""
    judged: dict[Hashable, bool] = {}
    open_: set[Hashable] = set()
    people: set[str] = set()
    for each in sorted(answers, key=lambda answer: answer.at):
        if each.right is None and not each.expected:
            break
        if each.right is None:
            open_.add(each.question)
            continue
        judged[each.question] = judged.get(each.question, True) and each.right
        people |= each.people
    return Share(len(judged), sum(not good for good in judged.values()), len(open_ - judged.keys()), len(people))


def chance(trace: Trace, rules: Rules) -> float | None:
    """With what probability people were to look at such an answer of a release; None where nobody knows: because somebody wanted it, or a
    rule took a share of answers of which nobody knows how many others it fitted. The sample falls once for a question of a person, so its
    share is that probability however often the question was asked."""
    routed = trace.routed
    if routed is None:
        return None
    if routed.sampled:
        return rules.sample or None
    shares = {rule.name: rule.share for rule in rules.rules}
    held = trace.draft is not None and bool(routed.causes)
    return 1.0 if held and all(shares.get(cause.name) == 1.0 for cause in routed.causes if cause.kind == "rule") else None
