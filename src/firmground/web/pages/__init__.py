"""Pages for people: rendered here, working without scripts."""

from fastapi import APIRouter

from firmground.web.pages import (
    account,
    ask,
    calibration,
    cases,
    components,
    documents,
    evaluations,
    opinions,
    people,
    pictures,
    releases,
    widget,
)

router = APIRouter(include_in_schema=False)
for each in (account, ask, calibration, cases, components, documents, evaluations, opinions, people, pictures, releases, widget):
    router.include_router(each.router)
