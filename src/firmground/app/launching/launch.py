"""What a decision about one release rests on, gathered for whoever decides."""

from dataclasses import dataclass

from firmground.app.access.rights import need
from firmground.app.app import App
from firmground.app.launching import approving, audits, live, policies
from firmground.app.launching.releases import CANDIDATE, show
from firmground.errors import FirmgroundError, Refused
from firmground.gate.audit import Audit
from firmground.gate.decision import Approval
from firmground.gate.policy import Policy
from firmground.release.record import Live, Release
from firmground.types import Actor


@dataclass(frozen=True)
class Launch:
    """How far a release is from being live."""

    release: Release
    audit: Audit | None
    """The newest of it: no older one counts."""
    live: Live | None
    """What is live now."""
    against: tuple[str, ...] = ()
    """What the gate has against it, one line each."""
    outdated: tuple[str, ...] = ()
    """Why its audit does not count any more, one line each."""
    approvals: tuple[Approval, ...] = ()
    """Who agrees, having seen this audit."""
    wanted: int = 1
    """People that must agree, the one who makes it live included."""
    override_hours: float = 0.0
    trouble: FirmgroundError | None = None
    """Why nobody can decide now: the policy cannot be read."""

    @property
    def is_live(self) -> bool:
        return self.live is not None and self.live.release == self.release.spec.digest


def launch(app: App, actor: Actor, reference: str = CANDIDATE) -> Launch:
    """Of a release, or of the candidate. NotFound."""
    need(actor, "audit", "read audits")
    release = show(app, actor, reference)
    with app.database.reading() as tx:
        now, audit = live.live_now(app, tx), audits.latest(tx, release.spec.digest)
    if not release.number:
        return Launch(release, audit, now)
    try:
        policy = _policy(app, actor)
        against = live.findings(app, actor, str(release.number), policy)
    except FirmgroundError as error:
        return Launch(release, audit, now, trouble=error)
    gate = policy.gate
    return Launch(
        release=release,
        audit=audit,
        live=now,
        against=tuple(each.said for each in against),
        outdated=tuple(each.said for each in against if audit and not each.of_the_audit),
        approvals=tuple(approving.approvals(app, actor, str(release.number))),
        wanted=gate.approvals,
        override_hours=gate.override_hours,
    )


def _policy(app: App, actor: Actor) -> Policy:
    """The one of the file, as far as it may be used: looking puts nothing in force."""
    policy = policies.policy_now(app)
    found = policies.look(app, actor)
    if found.looser:
        raise policies.Looser(found.looser)
    if found.in_force is None:
        raise Refused("the policy in force cannot be read any more", "let somebody answer for the file on /audits/policy")
    return policy
