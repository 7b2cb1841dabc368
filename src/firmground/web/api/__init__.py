"""JSON under /api/v1: parse, call one use case, return."""

from fastapi import APIRouter

from firmground.web.api import account, answers, documents, evaluations, health, jobs, opinions, releases, search
from firmground.web.api.shapes import PREFIX, PROBLEMS

router = APIRouter(prefix=PREFIX, responses=PROBLEMS)
for each in (answers, opinions, search, documents, jobs, evaluations, releases, account):
    router.include_router(each.router)
health_router = health.router
