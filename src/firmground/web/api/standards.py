"""The workspace beside published standards."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field

from firmground.app.launching import standards
from firmground.gate.standards import Mapped
from firmground.web.api.description import refused
from firmground.web.api.shapes import Body, Name
from firmground.web.visit import TheVisit

router = APIRouter()


class MappedStandards(Body):
    standards: list[Mapped] = Field(description="Each item with what is configured, what was measured, and what is missing.")


@router.get(
    "/standards", responses=refused({403: "You are neither an administrator nor an auditor.", 404: "There is no such edition."})
)
async def get_standards(
    visit: TheVisit,
    edition: Annotated[Name | None, Query(description="Only this one: owasp-llm-2026, nist-ai-rmf-1.0, …")] = None,
) -> MappedStandards:
    """The OWASP and NIST lists, item by item, beside the release that is live, or the workspace as it stands."""
    found = await visit.run(standards.run, visit.app, visit.actor, editions=(edition,) if edition else ())
    return MappedStandards(standards=found)
