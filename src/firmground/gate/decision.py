"""Whether a release may go live: what an audit found, whether it still counts, and who agreed. Pure."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from firmground.gate.audit import Audit
from firmground.types import Value

_CLOCKS_DIFFER = timedelta(minutes=5)
_NAMED: dict[str, str] = {"fail": "failed", "not_proven": "not proven", "not_measured": "not measured"}


class Standing(NamedTuple):
    """What an audit must have been of in order to count now."""

    now: datetime
    latest: datetime
    """The latest moment that anything was written down at: not before now, unless the clock was put back."""
    corpus: str
    dataset: str
    policy: str
    """Digest."""
    brief: str
    """Digest; empty where there is none that can be read."""
    places: str
    """Digest of what is no recipe and still decides how answers come about, as audits keep it."""
    valid: timedelta
    """How old it may be."""


class Obstacle(NamedTuple):
    """One thing that stands against a release."""

    short: str
    """May be kept for good: it quotes nobody and nothing."""
    said: str
    of_the_audit: bool = True
    """Found by an audit that counts; else there is none that does, and nobody can answer for what was not looked at."""


class Approval(Value):
    """That somebody agrees with making a release live, having seen this audit and what stood against it."""

    person: str
    user: str = ""
    """The system user, where it was given on the command line or without accounts."""
    audit: str
    """Id; empty where there was none."""
    against: tuple[str, ...] = ()
    """What stood against the release then, in short."""
    reason: str = ""
    at: datetime


def outdated(audit: Audit | None, standing: Standing) -> tuple[Obstacle, ...]:
    """Why an audit does not count now."""
    if audit is None:
        return (_uncounted("it was not audited", "there is no audit of it: run `firmground audit` on it"),)
    found: list[Obstacle] = []
    if standing.latest - standing.now > _CLOCKS_DIFFER or audit.created_at - standing.now > _CLOCKS_DIFFER:
        latest = max(standing.latest, audit.created_at)
        found.append(
            _uncounted("the clock was set back", f"the clock was set back: something is of {latest:%Y-%m-%d %H:%M} UTC already")
        )
    age = max(standing.now, standing.latest) - audit.created_at
    if age > standing.valid:
        found.append(_uncounted("its audit is too old", f"its audit is {_hours(age)} old, and may be {_hours(standing.valid)}"))
    places = "model servers or guards"
    moved = (
        ("documents", audit.corpus, standing.corpus),
        ("golden cases", audit.dataset, standing.dataset),
        ("policy", audit.policy, standing.policy),
        ("brief", audit.brief, standing.brief),
        (places, audit.places, standing.places),
    )
    again = {places: "audit it again, after a restart of the server where one runs: it has the settings of its start"}
    changed = [(name, f"the {name} changed since its audit") for name, then, now in moved if then != now]
    return (*found, *(_uncounted(each, f"{each}: {again.get(name, 'audit it again')}") for name, each in changed))


def obstacles(audit: Audit | None, standing: Standing) -> tuple[Obstacle, ...]:
    """All that stands against making the release live; empty where nothing does. Where no audit counts, that alone: what an older one found
    may be mended by now."""
    if audit is None or outdated(audit, standing):
        return outdated(audit, standing)
    shorts = [(each, f"{each.requirement} {_NAMED[each.verdict]}") for each in audit.open]
    if not audit.rulings:
        nothing = "the policy asks for nothing, which proves nothing"
        return (Obstacle(nothing, nothing),)
    return tuple(Obstacle(short, f"{short}: {each.said}") for each, short in shorts)


def agreed(approvals: Sequence[Approval], promoter: Approval, deciders: Collection[str]) -> set[str]:
    """Who agrees, the promoter included: different persons who may still decide, and who saw the same audit and all that stands against
    it now. One system user is one person, whatever name is given."""
    people = {promoter.person} & set(deciders)
    users = {promoter.user} - {""}
    for each in approvals:
        same = each.audit == promoter.audit and set(promoter.against) <= set(each.against)
        if same and each.person in deciders and each.person not in people | {promoter.person} and each.user not in users:
            people.add(each.person)
            users |= {each.user} - {""}
    return people


def _uncounted(short: str, said: str) -> Obstacle:
    return Obstacle(short, said, of_the_audit=False)


def _hours(span: timedelta) -> str:
    return f"{span.total_seconds() / 3600:,.0f} hours"
