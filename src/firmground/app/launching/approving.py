"""Agree with making a release live, where the policy wants more people than one."""

from firmground.app.access.rights import need
from firmground.app.app import App
from firmground.app.launching import approvals as kept
from firmground.app.launching import audits, policies
from firmground.app.launching.deciders import NotProven, check_reason, decider, released, user_of
from firmground.app.launching.standing import Files
from firmground.app.recording.ledger import record
from firmground.errors import NotAllowed, NotFound, Refused
from firmground.gate.decision import Approval, agreed
from firmground.gate.policy import Policy
from firmground.ports import Transaction
from firmground.release.record import Release
from firmground.rights import GRANTS
from firmground.types import Actor

APPROVED, WITHDRAWN = "release.approved", "release.approval_withdrawn"


def approve(app: App, actor: Actor, reference: str, *, by: str = "", reason: str = "", withdraw: bool = False) -> Approval:
    """Agree with making a release live, on the ground of its latest audit and of what stands against it now; another audit, or more against
    it, needs another approval. With `withdraw`: agree no longer. NotAllowed to a program: people agree in person."""
    need(actor, "releases", "approve releases")
    if actor.key:
        raise NotAllowed("a key may not agree for a person", "sign in, and do it there")
    check_reason(reason, needed=False)
    release = released(app, actor, reference)
    files = Files(app, policies.in_force(app, actor))
    with app.database.transaction() as tx:
        audit, against = files.against(tx, release.spec.digest)
        person = decider(tx, actor, by, named=False)
        if audit is None:
            raise Refused(
                f"release {release.number} has no audit that you could agree with", "run `firmground audit` on it first"
            )
        short = tuple(each.short for each in against)
        made = Approval(
            person=person, user=user_of(tx, actor), audit=audit.id, against=short, reason=reason.strip(), at=app.clock()
        )
        if withdraw:
            if not kept.withdraw(tx, release.spec.digest, person):
                raise NotFound(f"{person} has not agreed with release {release.number}", "there is nothing to withdraw")
        else:
            kept.keep(tx, release.spec.digest, made)
        kind = WITHDRAWN if withdraw else APPROVED
        record(app, tx, actor, kind, str(release.number), by=person, audit=audit.id, against=[*short], reason=made.reason)
    return made


def approvals(app: App, actor: Actor, reference: str) -> list[Approval]:
    """Who agrees with making a release live on the ground of its latest audit."""
    release = released(app, actor, reference)
    with app.database.reading() as tx:
        audit = audits.latest(tx, release.spec.digest)
        return [each for each in kept.given(tx, release.spec.digest) if audit and each.audit == audit.id]


def check_agreed(tx: Transaction, actor: Actor, release: Release, policy: Policy, promoter: Approval) -> None:
    """A program agrees with nothing, so where people must, one who promotes by a key is not among them."""
    if policy.gate.approvals == 1:
        return
    deciders = {name for name, role in tx.roles().items() if role in GRANTS["releases"]} - (
        {promoter.person} if actor.key else set()
    )
    people = agreed(kept.given(tx, release.spec.digest), promoter, deciders)
    if (missing := policy.gate.approvals - len(people)) > 0:
        others = "somebody else" if missing == 1 else f"{missing} others"
        raise NotProven(
            f"the policy wants {policy.gate.approvals} people to agree, and {len(people)} of them did",
            f"{others}, signed in or as another system user, has to approve release {release.number} first",
            (f"{len(people)} of {policy.gate.approvals} people agree: {', '.join(sorted(people)) or 'nobody who is known'}",),
        )
