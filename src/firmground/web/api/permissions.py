"""Whether somebody may see a document, and why or why not."""

from typing import Annotated

from fastapi import APIRouter, Query

from firmground.app.access.permissions import Permission, can
from firmground.web.api.description import refused
from firmground.web.api.shapes import Name
from firmground.web.visit import TheVisit

router = APIRouter()


@router.get(
    "/permissions",
    responses=refused(
        {
            400: "No such name can be.",
            403: "You ask about somebody else, and neither audit nor manage people.",
            404: "There is no such document, or you may not see it, or no such person.",
        }
    ),
)
async def get_permission(
    visit: TheVisit,
    person: Annotated[Name, Query(description="A person, `public`, or `widget:` and the name of a key for a page elsewhere.")],
    document: Annotated[Name, Query(description="Its id or address, source/path.")],
) -> Permission:
    """Whether this person may see this document, as the next request would find it, why or why not, and what would change it."""
    await visit.opened(anyway=True)
    return await visit.run(can, visit.app, visit.actor, person, document)
