"""JSON under /api/v1: parse, call one use case, return."""

from fastapi import APIRouter

from firmground.web.api import account, answers, documents, evaluations, health, jobs, opinions, releases, search
from firmground.web.api.shapes import PREFIX
from firmground.web.nearest import OnlyKnown

router = APIRouter(prefix=PREFIX, dependencies=[OnlyKnown])
for each, tag in (
    (answers, "answers"),
    (opinions, "answers"),
    (search, "search"),
    (documents, "documents"),
    (jobs, "jobs"),
    (evaluations, "evaluations"),
    (releases, "releases"),
    (account, "people"),
):
    router.include_router(each.router, tags=[tag])
health_router = health.router
