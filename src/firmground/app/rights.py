"""Who may do what, until roles come with accounts: administrators everything, others what they may see."""

from firmground.errors import Refused
from firmground.types import Actor


def administrators_only(actor: Actor, what: str) -> None:
    """Refused to everybody else; `what` completes "… may not"."""
    if not actor.admin:
        raise Refused(f"{actor.person} may not {what}", "ask an administrator")
