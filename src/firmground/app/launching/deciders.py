"""Who decides about releases and the policy, for what reason, and how a refusal is told."""

from firmground.app.app import App
from firmground.app.launching.releases import CANDIDATE, show
from firmground.errors import InvalidInput, NotAllowed, Refused
from firmground.ports import Transaction
from firmground.release.record import Release
from firmground.types import Actor

_SHORTEST_REASON, _LONGEST_REASON = 8, 2000


class NotProven(Refused):
    """The gate refuses a release; `findings` are what it has against it, one line each."""

    code = "not-proven"

    def __init__(self, problem: str, remedy: str, findings: tuple[str, ...]) -> None:
        super().__init__(problem, remedy)
        self.findings = findings


def decider(tx: Transaction, actor: Actor, by: str, *, named: bool) -> str:
    """Who answers for it: whoever is signed in, else the administrator that `by` names; without accounts it may be whoever does it."""
    if actor.via == "http" and tx.has_owner():
        if by and by != actor.person:
            raise NotAllowed(f"{actor.person} may not decide for {by}", "let them sign in and do it themselves")
        return actor.person
    if not by:
        if named and actor.via == "cli":
            raise InvalidInput("nobody answers for it", "name an administrator with --by")
        return actor.person
    if not tx.actor(by).may("releases"):
        raise NotAllowed(f"{by} is no administrator and may not answer for it", "name one who is with --by")
    return by


def user_of(tx: Transaction, actor: Actor) -> str:
    """On the command line, and without accounts, who acts is the system user."""
    return actor.person if actor.via == "cli" or not tx.has_owner() else ""


def check_reason(reason: str, *, needed: bool) -> None:
    if needed and len(reason.strip()) < _SHORTEST_REASON:
        raise InvalidInput(
            "an override needs a reason", "say why with --reason, in a sentence that somebody else understands later"
        )
    if len(reason) > _LONGEST_REASON or not all(sign.isprintable() or sign == "\n" for sign in reason):
        raise InvalidInput("the reason cannot be used", f"use up to {_LONGEST_REASON} printable characters")


def released(app: App, actor: Actor, reference: str) -> Release:
    found = show(app, actor, reference)
    if not found.number:
        raise Refused(
            f"the {CANDIDATE} is not released, so it cannot go live" if reference == CANDIDATE else "this is not released",
            "freeze it first with `firmground release create`",
        )
    return found
