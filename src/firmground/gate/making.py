"""From a policy and the facts to an audit. What a requirement does wrong never lets a release through."""

import re
from collections.abc import Sequence

from firmground.gate.audit import Audit, Ruling
from firmground.gate.facts import Facts
from firmground.gate.policy import Policy
from firmground.gate.requirement import Requirement

_NO_NUMBER = re.compile(r"(?<![\w.])[-+]?(nan|inf|infinity)(?![\w.])", re.IGNORECASE)


def audited(policy: Policy, facts: Facts, *, id: str, by: str, loosened: Sequence[str] = ()) -> Audit:
    """What each requirement of the policy found."""
    return Audit(
        id=id,
        release=facts.release.spec.digest,
        number=facts.release.number,
        corpus=facts.corpus,
        dataset=facts.dataset,
        policy=policy.digest,
        brief=facts.brief.digest if facts.brief else "",
        created_at=facts.now,
        by=by,
        rulings=tuple(ruled(each, facts) for each in policy.requirements),
        loosened=tuple(loosened),
    )


def ruled(requirement: Requirement, facts: Facts) -> Ruling:
    """What a requirement found; not measured where it raises, finds what is no number, or lets something pass without evidence."""
    try:
        found = requirement.rule(facts)
        problem = _problem(requirement, found)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: BLE001 - whatever it raises, it has proven nothing; what it says may quote what it looked at
        found, problem = None, f"it ended with an error ({type(error).__name__})"
    if found is not None and not problem:
        return found
    return Ruling(
        requirement=requirement.name,
        asks=found.asks if isinstance(found, Ruling) else requirement.name,
        verdict="not_measured",
        said=problem,
        evidence=found.evidence if isinstance(found, Ruling) else (),
        remedy="mend the requirement, or what it looks at, and audit again",
        owner=found.owner if isinstance(found, Ruling) else "",
    )


def _problem(requirement: Requirement, found: object) -> str:
    if not isinstance(found, Ruling):
        return f"it found {type(found).__name__}, which is no ruling"
    if found.requirement != requirement.name:
        return f"it ruled on {found.requirement}, not on {requirement.name}"
    figures = [found.said, *(each.value for each in found.evidence)]
    if any(map(_NO_NUMBER.search, figures)):
        return "a figure it found is no number"
    return "it passes without evidence" if found.verdict == "pass" and not found.evidence else ""
