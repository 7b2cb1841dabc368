"""Pages for people: rendered here, working without scripts."""

from fastapi import APIRouter

from firmground.web.pages import ask, components, documents

router = APIRouter(include_in_schema=False)
for each in (ask, components, documents):
    router.include_router(each.router)
