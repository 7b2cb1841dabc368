"""JSON under /api/v1: parse, call one use case, return."""

from fastapi import APIRouter

from firmground.web.api import (
    account,
    answers,
    audits,
    brief,
    budgets,
    diagnosis,
    documents,
    evaluations,
    exports,
    health,
    jobs,
    ledger,
    me,
    notifications,
    opinions,
    permissions,
    releases,
    review_insight,
    review_preview,
    reviews,
    search,
    sessions,
    signals,
    standards,
    teaching,
)
from firmground.web.api.shapes import PREFIX
from firmground.web.nearest import OnlyKnown

router = APIRouter(prefix=PREFIX, dependencies=[OnlyKnown])
for each, tag in (
    (answers, "answers"),
    (opinions, "answers"),
    (signals, "answers"),
    (search, "search"),
    (documents, "documents"),
    (jobs, "jobs"),
    (evaluations, "evaluations"),
    (exports, "evaluations"),
    (review_insight, "reviews"),
    (review_preview, "reviews"),
    (reviews, "reviews"),
    (teaching, "reviews"),
    (releases, "releases"),
    (audits, "launch"),
    (brief, "launch"),
    (diagnosis, "launch"),
    (standards, "launch"),
    (ledger, "launch"),
    (account, "people"),
    (budgets, "people"),
    (me, "you"),
    (notifications, "you"),
    (sessions, "people"),
    (permissions, "people"),
):
    router.include_router(each.router, tags=[tag])
health_router = health.router
