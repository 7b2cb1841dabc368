"""Which items somebody may see and take: with the role they are for, of answers all of whose evidence is theirs to see, of questions that
others asked. And what of an answer that is held its asker sees: nothing."""

from collections import defaultdict
from collections.abc import Collection
from datetime import datetime, timedelta

from firmground.app.access.rights import as_of_now, need
from firmground.errors import NotAllowed, NotFound
from firmground.ports import Transaction
from firmground.reviews import ReviewItem
from firmground.rights import Role
from firmground.serve.sending import reasons_of
from firmground.types import Actor, Trace

_RISING: tuple[Role, ...] = ("reviewer", "admin", "owner")
"""Roles that review, those that may do more behind."""
_LONGEST_LEASE = timedelta(days=1)
"""The most that settings allow."""


def reviewer_now(tx: Transaction, actor: Actor) -> Actor:
    """With the rights of this moment. NotAllowed where they may not review, or not any more."""
    need(actor, "review", "review answers")
    now = as_of_now(tx, actor)
    need(now, "review", "review answers")
    return now


def roles_of(actor: Actor) -> tuple[Role, ...]:
    """Items for these roles are for this person."""
    return _RISING[: _RISING.index(actor.role) + 1] if actor.role in _RISING else ()


def highest(*roles: Role) -> Role:
    """Of roles that review; the lowest of them where none of these does."""
    return _RISING[max((_RISING.index(role) for role in roles if role in _RISING), default=0)]


def others_than(tx: Transaction, actor: Actor) -> str:
    """Whose questions somebody else must look at: this person's own. Nobody's where nobody has an account yet, and whoever came by the
    files of the workspace tries it out alone."""
    return "" if actor.local and not tx.has_owner() else actor.person


def scopes_of(tx: Transaction, actor: Actor) -> frozenset[int] | None:
    """Of the documents that they may see; None for all."""
    return None if actor.may("see_all") else tx.visible_scopes(actor.groups)


def to_review(tx: Transaction, actor: Actor, reference: str) -> ReviewItem:
    """By id or unambiguous prefix. NotFound where it is not theirs to see; NotAllowed for answers to their own questions."""
    item = tx.find_item(reference, roles=roles_of(actor), scopes=scopes_of(tx, actor))
    if item.asker == others_than(tx, actor):
        raise NotAllowed("whoever asked a question does not review its answer", "leave it to somebody else")
    return item


def without_evidence(trace: Trace, actor: Actor) -> Trace:
    """An answer that is held, or was and is given to nobody, as its asker and whoever they share it with see it: that people look, by which
    rule, and how long it took. Nothing of what was found for it, and how well that fits, since they do not see what is said of it."""
    if trace.draft is None or actor.may("see_all"):
        return trace
    reasons = reasons_of(trace.routed) if trace.routed else ()
    return trace.model_copy(
        update={
            "answer": trace.answer.model_copy(update={"closest": (), "reasons": reasons}),
            "evidence": (),
            "added": (),
            "packed": (),
            "draft": None,
            "steps": tuple(step.model_copy(update={"detail": {}}) for step in trace.steps),
        }
    )


def in_hand_of(tx: Transaction, item: ReviewItem, now: datetime) -> str:
    """Who holds it; nobody where `still_in_hand` says so."""
    return item.holder if still_in_hand(tx, [item], now) else ""


def still_in_hand(tx: Transaction, items: Collection[ReviewItem], now: datetime) -> set[str]:
    """Ids of those among these items that their holder has: not once the lease lapsed, where it was taken by a clock that was far ahead,
    or where they may not review it any more. They still may while they are known, have the role, and see all that it rests on. Who came by
    the files of the workspace is known to the system alone."""
    leased = [each for each in items if each.holder and each.lease_until and now <= each.lease_until <= now + _LONGEST_LEASE]
    if not leased or not tx.has_owner():
        return {each.id for each in leased}
    held, by_sight = set[str](), defaultdict[frozenset[int] | None, list[str]](list)
    for each in leased:
        if each.by_files:
            held.add(each.id)
        elif (holder := _known(tx, each.holder)) and holder.may("review") and each.role in roles_of(holder):
            by_sight[scopes_of(tx, holder)].append(each.id)
    for scopes, ids in by_sight.items():
        held |= set(ids) if scopes is None else tx.items_seen(ids, scopes)
    return held


def _known(tx: Transaction, person: str) -> Actor | None:
    try:
        return tx.actor(person, via="http")
    except NotFound:
        return None


def may_review(tx: Transaction, actor: Actor, item: ReviewItem) -> bool:
    """Whether it is for their role, and all that the answer rests on is theirs to see."""
    if item.role not in roles_of(actor):
        return False
    scopes = scopes_of(tx, actor)
    return scopes is None or bool(tx.items_seen([item.id], scopes))
