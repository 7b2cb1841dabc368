"""Golden cases, and what a release is worth on them."""

from collections import Counter
from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import Field

from firmground.app.evaluating import cases, evaluation
from firmground.app.evaluating.sight import WITHHELD
from firmground.evaluate.cases import Case
from firmground.evaluate.files import Placed
from firmground.evaluate.report import Report
from firmground.types import Job
from firmground.web.api.description import located, refused
from firmground.web.api.shapes import PREFIX, Body, Name, Text
from firmground.web.visit import TheVisit

_ADMINISTRATORS = "You are no administrator."
_AUDITORS = "You are neither an administrator nor an auditor."

router = APIRouter()


class EvaluationOf(Body):
    release: Name = Field("candidate", description="`candidate`, the number of a release, or a digest or its beginning.")
    against: Text = Field("", description="Another release to compare with, case by case.")
    repeats: int = Field(1, ge=1, le=evaluation.MOST_REPEATS, description="How often each case is asked, for models that vary.")


class PlacedCase(Case):
    place: str = Field(description="`file:line`.")
    withheld: bool = Field(description="Whether its words are kept back, since it rests on documents that you may not see.")


class CaseList(Body):
    cases: list[PlacedCase] = Field(description="As they stand in their files.")
    digest: str = Field(description="Of the active ones: an evaluation names the dataset it ran by it.")


class FlawFound(Body):
    severity: str = Field(description="`error` or `warning`.")
    code: str
    place: str = Field(description="`file:line`; empty where it is the whole dataset.")
    case: str
    detail: str
    remedy: str


class CasesChecked(Body):
    digest: str
    kinds: dict[str, int] = Field(description="Active cases of each kind.")
    flaws: list[FlawFound]


class Evaluations(Body):
    evaluations: list[Report]


@router.get("/cases", responses=refused({400: "There is no such kind or status.", 403: _AUDITORS}))
async def get_cases(
    visit: TheVisit,
    kind: Annotated[Name | None, Query(description="Only this kind.")] = None,
    status: Annotated[Name | None, Query(description="Only draft, active or retired ones.")] = None,
) -> CaseList:
    """The golden cases of the workspace; the words of one only where you may see every document that it rests on."""
    found = await visit.run(cases.listed, visit.app, visit.actor, kind=kind, status=status)
    known = await visit.run(cases.digest, visit.app, visit.actor)
    return CaseList(cases=[_placed(each) for each in found], digest=known)


@router.get("/cases/check", responses=refused({403: _AUDITORS}))
async def get_cases_check(visit: TheVisit) -> CasesChecked:
    """What is wrong with the golden cases, against the documents as they are indexed now."""
    found = await visit.run(cases.check, visit.app, visit.actor)
    kinds = Counter(each.case.kind for each in found.dataset.cases if each.case.status == "active")
    flaws = [FlawFound(**flaw._asdict()) for flaw in found.flaws]
    return CasesChecked(digest=found.digest, kinds=dict[str, int](kinds), flaws=flaws)


@router.post(
    "/evaluations",
    status_code=202,
    responses=located(202, "Location", "Of the job.")
    | refused(
        {
            400: "A release that is not named clearly.",
            403: _ADMINISTRATORS,
            404: "There is no such release, or there are no active golden cases.",
            409: "A release cannot be asked now.",
        }
    ),
)
async def post_evaluation(visit: TheVisit, response: Response, body: EvaluationOf | None = None) -> Job:
    """Ask a release every golden case: a job to follow; its result names the evaluation."""
    wanted = body or EvaluationOf.model_validate({})
    job = await visit.run(
        evaluation.request, visit.app, visit.actor, release=wanted.release, against=wanted.against, repeats=wanted.repeats
    )
    response.headers["Location"] = f"{PREFIX}/jobs/{job.id}"
    return job


@router.get("/evaluations", responses=refused({403: _AUDITORS}))
async def get_evaluations(visit: TheVisit) -> Evaluations:
    """All evaluations, newest first."""
    return Evaluations(evaluations=await visit.run(evaluation.reports, visit.app, visit.actor))


@router.get("/evaluations/{id}", responses=refused({403: _AUDITORS, 404: "There is no such evaluation."}))
async def get_evaluation(visit: TheVisit, id: str) -> Report:
    """One evaluation: of single documents only what you may see."""
    return await visit.run(evaluation.report, visit.app, visit.actor, id)


def _placed(found: Placed) -> PlacedCase:
    return PlacedCase(**found.case.model_dump(), place=str(found.place), withheld=found.case.question == WITHHELD)
