"""The page about the policy: what is asked, what the file says now, and the decision to ask less."""

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from firmground.app.launching import policies
from firmground.errors import FirmgroundError
from firmground.gate.policy import FILE_NAME, Policy
from firmground.gate.requirement import Requirement
from firmground.types import Value
from firmground.web.launching import decides_in_person, requirement_name
from firmground.web.pages.forms import form
from firmground.web.pages.releases import as_lines
from firmground.web.problems import status_of
from firmground.web.rendering import page
from firmground.web.visit import TheVisit, Visit

router = APIRouter()


class Asked(NamedTuple):
    """One requirement with its settings."""

    name: str
    key: str
    promise: str
    settings: list[tuple[str, str]]


@router.get("/audits/policy")
async def policy_page(request: Request, visit: TheVisit) -> Response:
    return await visit.run(_policy, request, visit)


@router.post("/audits/policy")
async def adopt(request: Request, visit: TheVisit) -> Response:
    """Decide that the file is in force, whatever it asks."""
    fields = await form(request, visit)
    return await visit.run(_adopt, request, visit, fields)


def _policy(
    request: Request, visit: Visit, error: FirmgroundError | None = None, given: Mapping[str, str] | None = None
) -> Response:
    found = policies.look(visit.app, visit.actor)
    values: dict[str, Any] = {
        "found": found,
        "file": FILE_NAME,
        "asked": _asked(found.in_force),
        "gate": _settings(found.in_force.gate) if found.in_force else [],
        # Without the two names of files that a unified diff begins with.
        "lines": as_lines(found.diff.splitlines()[2:]),
        "same": found.policy is not None and found.in_force is not None and found.policy.digest == found.in_force.digest,
        "error": error,
        "given": {"reason": "", **(given or {})},
    }
    return page(request, "policy.html", values, status=status_of(error) if error else 200)


def _adopt(request: Request, visit: Visit, fields: Mapping[str, str]) -> Response:
    decides_in_person(visit)
    try:
        policies.adopt(visit.app, visit.actor, reason=fields.get("reason", "").replace("\r\n", "\n"))
    except FirmgroundError as error:
        if not visit.actor.may("releases"):
            raise
        return _policy(request, visit, error, fields)
    return RedirectResponse("/audits/policy", 303)


def _asked(policy: Policy | None) -> list[Asked]:
    return [_one(each) for each in policy.requirements] if policy else []


def _one(requirement: Requirement) -> Asked:
    promise = str(getattr(requirement, "asks", "") or (type(requirement).__doc__ or "").strip().partition("\n")[0])
    settings = _settings(requirement) if isinstance(requirement, Value) else []
    return Asked(requirement_name(requirement.name), requirement.name, promise, settings)


def _settings(of: Value) -> list[tuple[str, str]]:
    return [(name, json.dumps(value, ensure_ascii=False)) for name, value in of.model_dump(mode="json").items()]
