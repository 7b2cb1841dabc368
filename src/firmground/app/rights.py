"""Who may do what, until roles come: owners and administrators everything, others what they may see."""

from firmground.errors import NotAllowed
from firmground.ports import Transaction
from firmground.types import Actor

_SOMETHING_CAN_BE_RELEASED = False


def administrators_only(actor: Actor, what: str) -> None:
    """Refused to everybody else; `what` completes "… may not"."""
    if not actor.admin:
        raise NotAllowed(f"{actor.person} may not {what}", "ask an administrator")


def owners_only(tx: Transaction, actor: Actor, what: str) -> None:
    """Refused to everybody else, so that no administrator takes the workspace from its owners. Whoever may read its files is one."""
    if not (is_owner(tx, actor.person) or (actor.admin and actor.via == "cli")):
        raise NotAllowed(f"{actor.person} may not {what}", "ask an owner")


def is_owner(tx: Transaction, person: str) -> bool:
    account = tx.account(person)
    return account is not None and account.owner


def may_ask_candidate(actor: Actor) -> bool:
    """Whether the workspace as it stands answers this person.

    The one place that decides it. As long as nothing can be released there is nothing else to ask, so everybody who is let in may, and
    the answer says that it is not released. Once there are releases only administrators may.
    """
    return actor.admin or not _SOMETHING_CAN_BE_RELEASED


def may_name_releases(actor: Actor) -> bool:
    """Whether this person may ask another release than the one that is live. To others an older one would answer what is out of scope by
    now, and its number would tell that it exists."""
    return actor.admin
