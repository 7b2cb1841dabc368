"""Audits: what a release was asked to prove, and what it proved; and the policy that asks."""

from datetime import datetime

from fastapi import APIRouter, Response
from pydantic import Field, JsonValue

from firmground.app.launching import audits, policies
from firmground.gate.audit import Audit
from firmground.types import Job
from firmground.web.api.description import located, refused
from firmground.web.api.shapes import PREFIX, Body, Name, Text
from firmground.web.visit import TheVisit, in_person

_ADMINISTRATORS = "You are no administrator."
_AUDITORS = "You are neither an administrator nor an auditor."
_GATE = "There is no policy, it cannot be read, or it asks less than the one in force and nobody decided that."

router = APIRouter()


class AuditOf(Body):
    release: Name = Field("candidate", description="`candidate`, `live`, the number of a release, or a digest or its beginning.")
    evaluate: bool = Field(False, description="Ask it the golden cases first, beside what is live.")


class AuditMade(Body):
    passed: bool = Field(description="Whether all that was asked is proven.")
    audit: Audit


class Audits(Body):
    audits: list[AuditMade]


class Decision(Body):
    reason: Text = Field(
        min_length=1, description="Why: kept in the ledger for good, shown on every audit until the next decision."
    )
    by: Text = Field("", description="Who answers for it, where that is not who is signed in.")


class PolicyFound(Body):
    digest: str | None = Field(description="Of what policy.toml asks; null where it cannot be read.")
    policy: dict[str, JsonValue] | None = Field(description="`gate`, and `requirements` by name.")
    problem: str = Field(description="Why it cannot be read; empty where it can.")
    in_force: str = Field(description="Digest of the policy in force; empty until one was used.")
    since: datetime | None
    by: str = Field(description="Who brought it into force.")
    reason: str
    loosened: list[str] = Field(description="How the policy in force asks less than before the last decision.")
    looser: list[str] = Field(description="How policy.toml asks less than the policy in force.")
    diff: str = Field(description="From the text in force to policy.toml, as a unified diff.")


class PolicyAdopted(Body):
    digest: str
    at: datetime
    by: str
    reason: str
    loosened: list[str]


@router.post(
    "/audits",
    status_code=202,
    responses=located(202, "Location", "Of the job.")
    | refused(
        {
            400: f"A release that is not named clearly, or a policy that cannot be used. {_GATE}",
            403: _ADMINISTRATORS,
            404: "There is no such release.",
            409: f"A release cannot be asked now. {_GATE}",
        }
    ),
)
async def post_audit(visit: TheVisit, response: Response, body: AuditOf | None = None) -> Job:
    """Try out and look up all that the policy asks of a release: a job to follow; its result names the audit."""
    wanted = body or AuditOf.model_validate({})
    job = await visit.run(audits.request, visit.app, visit.actor, release=wanted.release, evaluate=wanted.evaluate)
    response.headers["Location"] = f"{PREFIX}/jobs/{job.id}"
    return job


@router.get("/audits", responses=refused({403: _AUDITORS}))
async def get_audits(visit: TheVisit) -> Audits:
    """All audits, newest first."""
    return Audits(audits=[_made(each) for each in await visit.run(audits.audits, visit.app, visit.actor)])


@router.get("/audits/{id}", responses=refused({403: _AUDITORS, 404: "There is no such audit."}))
async def get_audit(visit: TheVisit, id: str) -> AuditMade:
    """One audit."""
    return _made(await visit.run(audits.audit, visit.app, visit.actor, id))


@router.get("/policy", responses=refused({403: _AUDITORS}))
async def get_policy(visit: TheVisit) -> PolicyFound:
    """What policy.toml asks, beside the policy in force."""
    found = await visit.run(policies.look, visit.app, visit.actor)
    adopted = found.adopted
    return PolicyFound(
        digest=found.policy.digest if found.policy else None,
        policy=found.policy.model_dump(mode="json") if found.policy else None,
        problem=found.problem,
        in_force=adopted.policy if adopted else "",
        since=adopted.at if adopted else None,
        by=adopted.by if adopted else "",
        reason=adopted.reason if adopted else "",
        loosened=[*adopted.loosened] if adopted else [],
        looser=[*found.looser],
        diff=found.diff,
    )


@router.post(
    "/policy/adopt",
    responses=refused(
        {
            400: "A reason that cannot be used, nobody who answers for it, or a policy that cannot be read.",
            403: "You are no administrator, or decide for somebody else.",
            404: "There is no such person.",
            409: "It is in force already, or there is no policy.toml.",
        }
    ),
)
async def post_policy_adopt(visit: TheVisit, body: Decision) -> PolicyAdopted:
    """Decide that policy.toml is the policy from now on, although it asks less than before."""
    in_person(visit, "decide on the policy")
    made = await visit.run(policies.adopt, visit.app, visit.actor, by=body.by, reason=body.reason)
    return PolicyAdopted(digest=made.policy, at=made.at, by=made.by, reason=made.reason, loosened=[*made.loosened])


def _made(audit: Audit) -> AuditMade:
    return AuditMade(passed=audit.passed, audit=audit)
