"""Asking for a right, where something is about to be done with it."""

from firmground.app.access.names import WIDGET
from firmground.errors import NotAllowed
from firmground.groups import EVERYONE
from firmground.ports import Transaction
from firmground.rights import ADDRESSEE, GRANTS, RIGHTS, Right
from firmground.types import Actor


def need(actor: Actor, right: Right, what: str) -> None:
    """Refused to who has not got the right, or came with a key that is not for it; `what` completes "… may not"."""
    if actor.may(right):
        return
    if actor.role in GRANTS[right]:
        raise NotAllowed(f"the key '{actor.key}' may not {what}", f"use one with the scope {right}")
    raise NotAllowed(f"{actor.person} may not {what}", ADDRESSEE[right])


def by_hand(actor: Actor, what: str) -> None:
    """Refused to whoever came with a key, whatever it is for."""
    if actor.key:
        raise NotAllowed(f"the key '{actor.key}' may not {what}", "sign in, and do it there")


def may_name_releases(actor: Actor) -> bool:
    """Whether this person may ask another release than the one that is live. To others an older one would answer what is out of scope by
    now, and its number would tell that it exists."""
    return actor.may("releases")


def as_of_now(tx: Transaction, actor: Actor) -> Actor:
    """Somebody who came in by the web, with the role and groups of this moment. NotAllowed where they are not known any more. Others are
    who they are: readers of a page elsewhere, and whoever reaches a server that has no accounts."""
    if actor.via != "http" or EVERYONE not in actor.groups or actor.person.startswith(WIDGET) or not tx.has_owner():
        return actor
    if not tx.has_person(actor.person):
        raise NotAllowed("you are not known here any more", "ask an administrator")
    now = tx.actor(actor.person, via="http")
    return actor.model_copy(update={"role": now.role, "groups": now.groups, "local": False})


def lost_nothing(before: Actor, now: Actor) -> bool:
    """Whether they may still do and see all that they might before."""
    return before.groups <= now.groups and all(now.may(right) for right in RIGHTS if before.may(right))
