"""Pages for people: rendered here, working without scripts."""

from fastapi import APIRouter

from firmground.web.pages import (
    account,
    ask,
    audits,
    brief,
    budgets,
    calibration,
    cases,
    components,
    diagnosis,
    documents,
    evaluations,
    groups,
    keys,
    ledger,
    me,
    notifications,
    oidc,
    opinions,
    own_account,
    people,
    pictures,
    pins,
    policy,
    releases,
    review_rules,
    reviews,
    sessions,
    standards,
    widget,
)

router = APIRouter(include_in_schema=False)
for each in (
    account,
    ask,
    policy,  # before audits, one of which might be called so
    audits,
    brief,
    budgets,
    calibration,
    cases,
    components,
    diagnosis,
    documents,
    evaluations,
    groups,
    keys,
    ledger,
    me,
    notifications,
    oidc,
    opinions,
    own_account,
    people,
    pictures,
    pins,
    releases,
    review_rules,  # before reviews, one of which might be called so
    reviews,
    sessions,
    standards,
    widget,
):
    router.include_router(each.router)
