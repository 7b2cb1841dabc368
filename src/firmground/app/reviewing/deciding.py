"""What several decisions about one answer come to."""

from collections.abc import Sequence
from typing import NamedTuple

from firmground.reviews import Act, Outcome, ReviewAct, ReviewItem

DECISIONS: frozenset[Act] = frozenset({"approve", "edit", "reject"})
_OUTCOMES: dict[Act, Outcome] = {"approve": "approved", "edit": "edited", "reject": "rejected"}


class Verdict(NamedTuple):
    """`outcome`: None where people differ, so that somebody else decides; `decisive`: the number of the act whose words count."""

    outcome: Outcome | None
    decisive: int = 0


def decisions_of(acts: Sequence[ReviewAct]) -> list[ReviewAct]:
    """What people said of an item since it was opened, or opened again."""
    begun = max((place for place, act in enumerate(acts) if act.act == "reopen"), default=0)
    return [act for act in acts[begun:] if act.act in DECISIONS]


def verdict(item: ReviewItem, decisions: Sequence[ReviewAct]) -> Verdict | None:
    """None while somebody else must say something too. Where those before differed, the last one decides alone."""
    if not decisions:
        return None
    last = decisions[-1]
    if _differ(item, decisions[:-1]):
        return _decided(item, decisions[:-1], last)
    if _differ(item, decisions):
        return Verdict(None)
    return _decided(item, decisions[:-1], last) if len(decisions) >= item.needed else None


def _decided(item: ReviewItem, before: Sequence[ReviewAct], last: ReviewAct) -> Verdict:
    wrote = _approves(item, before, last)
    return Verdict(_OUTCOMES[wrote.act], wrote.number)


def _approves(item: ReviewItem, before: Sequence[ReviewAct], act: ReviewAct) -> ReviewAct:
    """Who approves after an edit that they have seen approves the edit."""
    if act.act != "approve" or item.blind or _differ(item, before):
        return act
    return next((each for each in before if each.act == "edit"), act)


def _differ(item: ReviewItem, decisions: Sequence[ReviewAct]) -> bool:
    first: ReviewAct | None = None
    for place, act in enumerate(decisions):
        if first is None:
            first = act
            continue
        meant = act
        if act.act == "approve" and not item.blind:
            meant = next((each for each in decisions[:place] if each.act == "edit"), act)
        if (meant.act, meant.wrote) != (first.act, first.wrote):
            return True
    return False
