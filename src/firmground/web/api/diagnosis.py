"""What a diagnosis says of the workspace."""

from fastapi import APIRouter
from pydantic import Field

from firmground.app.launching import diagnosis
from firmground.gate.diagnosis import Diagnosis
from firmground.web.api.description import refused
from firmground.web.visit import TheVisit

router = APIRouter()


class Diagnosed(Diagnosis):
    concluded: dict[str, str] = Field(description="By subject (`tool`, `pattern`, `prototype`): what is to be said of it first.")


@router.get("/diagnosis", responses=refused({403: "You are neither an administrator nor an auditor."}))
async def get_diagnosis(visit: TheVisit) -> Diagnosed:
    """Whether AI is the right tool and which pattern fits, as far as brief, documents, cases and measurements say."""
    found = await visit.run(diagnosis.run, visit.app, visit.actor)
    concluded = {subject: told for subject in ("tool", "pattern", "prototype") if (told := found.conclusion(subject))}
    return Diagnosed(**found.model_dump(), concluded=concluded)
