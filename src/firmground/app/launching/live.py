"""Make a release live, or an earlier one again: who may, what it must have passed, and what is written down.

The pointer moves in one transaction together with its entry in the ledger. Every answer reads it once, so none is of two releases.
"""

from collections.abc import Callable
from datetime import timedelta
from itertools import takewhile
from typing import Any, cast

from firmground.app.access.rights import need
from firmground.app.app import App
from firmground.app.asking.search import warm
from firmground.app.following import follow
from firmground.app.launching import pointer, policies
from firmground.app.launching.approving import APPROVED, WITHDRAWN, check_agreed
from firmground.app.launching.deciders import NotProven, check_reason, decider, released, user_of
from firmground.app.launching.releases import listed, show
from firmground.app.launching.standing import Files
from firmground.app.notifying.events import announce
from firmground.app.recording.ledger import record
from firmground.errors import Damaged, NotFound, Refused
from firmground.gate.decision import Approval, Obstacle
from firmground.gate.policy import Policy
from firmground.ledger import LedgerEntry
from firmground.ports import Handler, JobContext, Transaction
from firmground.release.record import Live, Override, Release
from firmground.types import Actor, Job, Json

LAPSED = "release.override_lapsed"
PROMOTED, ROLLED_BACK = pointer.MOVES
RESTORED = "backup.restored"


def live_now(app: App, tx: Transaction) -> Live | None:
    """What answers when no release is named; None where that is still the candidate."""
    return pointer.read(tx, app.clock)


def standing_override(app: App, tx: Transaction) -> Live | None:
    """What is live although the gate refused it; None where nothing is."""
    live = live_now(app, tx)
    return live if live and live.override else None


def findings(app: App, actor: Actor, reference: str, policy: Policy | None = None) -> tuple[Obstacle, ...]:
    """What the gate has against making a release live now; empty where it may go live. By the policy in force, or by another for whoever
    only looks."""
    release = released(app, actor, reference)
    files = Files(app, policy or policies.in_force(app, actor))
    with app.database.reading() as tx:
        return files.against(tx, release.spec.digest)[1]


def promote(
    app: App,
    actor: Actor,
    reference: str,
    *,
    by: str = "",
    reason: str = "",
    override: bool = False,
    demonstration: bool = False,
    watch: Callable[[Job], None] = lambda _: None,
) -> Live:
    """Make a release live that passed an audit which counts now, and to which as many people agree as the policy wants; first all that it
    needs is opened. `override`: although that audit did not pass; for as long, and as often, as the policy allows, by a named administrator
    for a reason. `demonstration`: it is marked as one wherever it is told, and nobody need be named.

    NotProven with what the gate has against it; Refused where it is not released, its index is not complete, too few people agree, or
    somebody else moved what is live or the policy meanwhile; NotFound; InvalidInput for a name or reason that cannot be used. Then nothing
    has moved.
    """
    need(actor, "releases", "make releases live")
    check_reason(reason, needed=override)
    release = released(app, actor, reference)
    files = Files(app, policies.in_force(app, actor))
    with app.database.reading() as tx:
        person = decider(tx, actor, by, named=override and not demonstration)
        before = pointer.pointed_at(tx)
        audit, against = files.against(tx, release.spec.digest)
        _check_proven(tx, release, files.policy, against, override=override)
        if before and before.release == release.spec.digest and not (before.override or against):
            return before
    _make_ready(app, actor, release, watch)
    files = Files(app, policies.in_force(app, actor))  # opening an index takes a while
    with app.database.transaction() as tx:
        if pointer.pointed_at(tx) != before or not policies.is_in_force(tx, files.policy):
            raise Refused(
                "somebody else moved what is live, or the policy, meanwhile", "see `firmground release history`, and try again"
            )
        audit, against = files.against(tx, release.spec.digest)
        _check_proven(tx, release, files.policy, against, override=override)
        short = tuple(each.short for each in against)
        own = Approval(person=person, user=user_of(tx, actor), audit=audit.id if audit else "", against=short, at=app.clock())
        check_agreed(tx, actor, release, files.policy, own)
        settle(app, tx)
        now = app.clock()
        ends = now + timedelta(hours=files.policy.gate.override_hours)
        live = Live(
            number=release.number,
            release=release.spec.digest,
            since=now,
            by=person,
            reason=reason.strip(),
            audit=own.audit,
            override=Override(expires_at=ends, findings=short, demonstration=demonstration) if against else None,
        )
        return _move(app, tx, actor, live, kind=PROMOTED, build=release.spec.build)


def rollback(app: App, actor: Actor, reference: str = "", *, by: str = "", reason: str = "") -> Live:
    """Make a release live again that was live earlier; without a reference the one that was promoted before the present one. It looks at
    nothing of the present one, whose index may be broken, and needs no audit. One that was live by an override alone is so again for what
    is left of it.

    NotFound where there is no such release, or none to go back to; Refused where it never was live, its override is over, or its index is
    not kept.
    """
    need(actor, "releases", "roll back")
    check_reason(reason, needed=False)
    with app.database.transaction() as tx:
        person = decider(tx, actor, by, named=False)
        present = _present(app, tx)
        promotions = tx.entries(kinds=[PROMOTED])
        target = _promoted(app, actor, promotions, reference) if reference else _earlier(promotions, present)
        override = _override_of(target)
        if pointer.is_over(tx, app.clock, target.at, override):
            raise Refused(
                f"release {target.subject} was live by an override that is over",
                "roll back to another, or promote it with --override once more",
            )
        release = str(target.detail["release"])
        _check_index(tx, target)
        if present == release:
            raise Refused(f"release {target.subject} is live already", "see `firmground release history`")
        settle(app, tx)
        live = Live(
            number=int(target.subject), release=release, since=app.clock(), by=person, reason=reason.strip(), override=override
        )
        return _move(app, tx, actor, live, kind=ROLLED_BACK, build=str(target.detail.get("build", "")))


def history(app: App, actor: Actor) -> list[LedgerEntry]:
    """What was live, since when, by whom and why, approvals and restored backups included; newest first."""
    need(actor, "audit", "read releases")
    with app.database.reading() as tx:
        return tx.entries(kinds=[*pointer.MOVES, pointer.TAKEN_DOWN, APPROVED, WITHDRAWN, LAPSED, RESTORED])[::-1]


def settle(app: App, tx: Transaction) -> None:
    """Write down that an override is over, if one is and nobody has; it ended by itself."""
    found = _pointed_at(tx)
    if found is None or not pointer.is_over(tx, app.clock, found.since, found.override):
        return
    if any(each.detail.get("entry") == found.entry for each in tx.entries(kinds=[LAPSED])):
        return
    after = pointer.proven(tx)
    own = Actor(person="firmground", role="admin", via="job")
    then = after.number if after else None
    record(app, tx, own, LAPSED, str(found.number), release=found.release, entry=found.entry, then=then)


def handlers(app: App) -> dict[str, Handler]:
    """What a worker of this workspace can do: make itself ready to answer from a release."""
    return {"warm": lambda context, inputs: _warm(app, context, cast("dict[str, str]", inputs))}


# ---------------------------------------------------------------- what the gate looks at


def _check_proven(tx: Transaction, release: Release, policy: Policy, against: tuple[Obstacle, ...], *, override: bool) -> None:
    """Whoever overrides must have seen what there is against it, lately; and not for ever."""
    if not against:
        return
    if not override or not all(each.of_the_audit for each in against):
        first, *more = [each.said for each in against]
        others = f", and {len(more)} more" if more else ""
        remedy = "see `firmground audit`, mend what it names, and try again; or a named person answers for it with --override"
        raise NotProven(
            f"release {release.number} may not go live ({first}{others})",
            "audit it first: nobody can answer for what was not looked at" if override else remedy,
            tuple(each.said for each in against),
        )
    moves = [each for each in tx.entries(kinds=[PROMOTED]) if each.detail.get("release") == release.spec.digest]
    since_proven = list(takewhile(lambda each: bool(each.detail.get("override")), reversed(moves)))
    if len(since_proven) >= policy.gate.override_times:
        times = "once" if len(since_proven) == 1 else f"{len(since_proven)} times"
        raise Refused(
            f"release {release.number} was made live by override {times} already, and the policy allows no more",
            "prove it, or promote another",
        )


# ---------------------------------------------------------------- where to


def _present(app: App, tx: Transaction) -> str:
    """Digest of what answers now; where that cannot be told, of what the ledger says was made live last. Empty where nothing is."""
    try:
        live = pointer.read(tx, app.clock)
    except Damaged:
        return str(next((each.detail["release"] for each in reversed(tx.entries(kinds=pointer.MOVES))), ""))
    return live.release if live else ""


def _pointed_at(tx: Transaction) -> Live | None:
    """None also where that cannot be told: a rollback must not depend on it."""
    try:
        return pointer.pointed_at(tx)
    except Damaged:
        return None


def _earlier(promotions: list[LedgerEntry], present: str) -> LedgerEntry:
    """The promotion before the one of what is live now, of another release."""
    if not present:
        raise NotFound("nothing is live that could be rolled back", "make a release live with `firmground release promote`")
    own = [n for n, each in enumerate(promotions) if each.detail.get("release") == present]
    for each in reversed(promotions[: own[-1] if own else 0]):
        if each.detail.get("release") != present:
            return each
    raise NotFound(
        "no other release was live before this one", "name one that was with REF; `firmground release history` shows all"
    )


def _promoted(app: App, actor: Actor, promotions: list[LedgerEntry], reference: str) -> LedgerEntry:
    known = {str(each.number): each.spec.digest for each in listed(app, actor)}
    found = [
        digest for number, digest in known.items() if reference == number or (len(reference) > 5 and digest.startswith(reference))
    ]
    if not found:
        raise NotFound(f"there is no release {reference[:100]!r}", "see `firmground release list`")
    mine = [each for each in promotions if len(set(found)) == 1 and each.detail.get("release") == found[0]]
    if not mine:
        once = ", ".join(dict.fromkeys(each.subject for each in promotions))
        raise Refused(
            f"release {reference[:100]!r} never was live",
            f"roll back to one that was{f': {once}' if once else ''}; promote others",
        )
    passed = [each for each in mine if not each.detail.get("override")]
    return (passed or mine)[-1]


def _override_of(entry: LedgerEntry) -> Override | None:
    kept: Any = entry.detail.get("override")
    try:
        return Override.model_validate(kept) if kept else None
    except ValueError:
        raise Damaged("an entry of the ledger cannot be read", "run `firmground ledger verify`") from None


# ---------------------------------------------------------------- moving


def _move(app: App, tx: Transaction, actor: Actor, live: Live, *, kind: str, build: str) -> Live:
    """What is kept for good names no person but who answers, and quotes nothing."""
    before = _pointed_at(tx)
    detail: dict[str, Json] = {
        "release": live.release,
        "build": build,
        "from": before.number if before else None,
        "reason": live.reason,
        "audit": live.audit,
        "override": live.override.model_dump(mode="json") if live.override else None,
    }
    entry = record(app, tx, actor, kind, str(live.number), by=live.by, **detail)
    made = live.model_copy(update={"entry": entry.number})
    pointer.move(tx, made)
    told: dict[str, Json] = {"from": detail["from"], "override": live.override is not None, "entry": entry.number}
    announce(app, tx, "release.promoted" if kind == PROMOTED else "release.rolled_back", about=str(live.number), facts=told)
    return made


# ---------------------------------------------------------------- readiness


def _make_ready(app: App, actor: Actor, release: Release, watch: Callable[[Job], None]) -> None:
    """Open what the release needs, here and in the process that works for the workspace, if that is another, and see that its index is
    complete."""
    with app.database.reading() as tx:
        if tx.builds() and tx.stale_documents(release.spec.build, limit=1):
            raise Refused(f"the index of release {release.number} lacks documents", "run `firmground sync`, and try again")
    warm(app, release.spec)
    if actor.via == "cli" and app.jobs.working():
        follow(app, app.jobs.submit("warm", {"release": str(release.number)}), handlers(app), watch)


def _warm(app: App, context: JobContext, inputs: dict[str, str]) -> Json:
    administrator = Actor(person="worker", role="admin", via="job")
    context.check_cancelled()
    warm(app, show(app, administrator, inputs["release"]).spec)
    return None


def _check_index(tx: Transaction, target: LedgerEntry) -> None:
    build = str(target.detail.get("build", ""))
    if build and tx.builds() and build not in tx.builds():
        raise Refused(
            f"the index that release {target.subject} searches is not kept any more",
            "roll back to another, or promote it once a sync has built its index again",
        )
