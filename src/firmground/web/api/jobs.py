"""Syncs, jobs, and how the workspace is."""

from typing import Literal

from fastapi import APIRouter, Response
from pydantic import AwareDatetime, Field, JsonValue
from starlette.responses import JSONResponse

from firmground.app import jobs
from firmground.app.corpus.sync import request as request_sync
from firmground.app.status import status
from firmground.types import Job, JobState, Progress
from firmground.web.api.description import located, refused
from firmground.web.api.shapes import PREFIX, Body, Name
from firmground.web.visit import TheVisit

_ADMINISTRATORS = "You are no administrator."
_GONE = "There is no such job."

router = APIRouter()


class SyncOf(Body):
    sources: list[Name] = Field([], max_length=1000, description="Names; all when empty.")


class SourceState(Body):
    source: str
    indexed: int = Field(description="How many documents are in this state, as are the next three.")
    quarantined: int
    failed: int
    excluded: int
    chunks: int
    synced_at: AwareDatetime | None = Field(description="When the last sync ended; null before the first.")
    quality: dict[str, int] = Field(description="Findings of the last sync by their code.")


class UnfinishedJob(Body):
    id: str
    kind: str
    state: JobState | Literal["interrupted"] = Field(description="Interrupted: begun, and no process works on it now.")
    progress: Progress
    error: str | None
    exit_code: int | None
    result: JsonValue
    created_at: AwareDatetime


class Status(Body):
    workspace: str
    root: str
    data: str
    bytes: int
    corpus: str = Field(description="Grows with every change of what can be found.")
    database: dict[str, JsonValue]
    sources: list[SourceState]
    jobs: list[UnfinishedJob]


@router.post(
    "/sync",
    status_code=202,
    responses=located(202, "Location", "Of the job.")
    | refused({400: "The workspace has no sources.", 403: _ADMINISTRATORS, 404: "There is no such source."}),
)
async def post_sync(visit: TheVisit, response: Response, body: SyncOf | None = None) -> Job:
    """Take in what changed in the sources: a job to follow."""
    job = await visit.run(request_sync, visit.app, visit.actor, body.sources if body else [])
    response.headers["Location"] = f"{PREFIX}/jobs/{job.id}"
    return job


@router.get("/jobs/{id}", responses=refused({403: _ADMINISTRATORS, 404: _GONE}))
async def get_job(id: str, visit: TheVisit) -> Job:
    """How far a job is."""
    return await visit.run(jobs.job, visit.app, visit.actor, id)


@router.delete("/jobs/{id}", status_code=202, responses=refused({403: _ADMINISTRATORS, 404: _GONE}))
async def delete_job(id: str, visit: TheVisit) -> Job:
    """Ask a job to stop: a running one does at its next check, a queued one never starts."""
    return await visit.run(jobs.cancel, visit.app, visit.actor, id)


@router.get("/status", response_model=Status, responses=refused({403: _ADMINISTRATORS}))
async def get_status(visit: TheVisit) -> Response:
    """What the workspace holds: sources, documents, jobs."""
    return JSONResponse(await visit.run(status, visit.app, visit.actor))
