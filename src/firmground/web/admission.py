"""Whether a visitor may open the door they stand before, by the one table of doors. Looked at before anything behind it."""

from fastapi import Depends, Request

from firmground.app.access.rights import need
from firmground.doors import ROUTES, Need
from firmground.errors import NotAllowed
from firmground.web.api.shapes import PREFIX
from firmground.web.problems import Unauthenticated
from firmground.web.visit import Visit


async def _admitted(request: Request) -> None:
    """NotAllowed where the visitor's role, or their key, has not the right that this route needs; also for a route that no right opens."""
    path = request.scope["route"].path
    inside = request.scope["path"].startswith(f"{PREFIX}/")
    check(request.state.visit, ROUTES.get(f"{request.method} {PREFIX if inside else ''}{path}"))


def check(visit: Visit, needed: Need | None) -> None:
    """The same for a door that needs this right."""
    if needed == "open":
        return
    if needed is None:
        raise NotAllowed("nobody may open this", "it stands in no table of doors: tell whoever runs this server")
    if visit.by == "nobody":
        raise Unauthenticated("it is not known who asks", "send `Authorization: Bearer <key>`, or sign in at /login")
    need(visit.actor, needed, _ACTS[needed])


_ACTS = {
    "ask": "ask questions",
    "self": "manage an account",
    "review": "review answers",
    "audit": "read audits and records",
    "insight": "see how reviews go",
    "see_all": "see everybody's documents and answers",
    "documents": "manage documents",
    "cases": "change golden cases",
    "releases": "manage releases",
    "people": "manage people",
    "workspace": "manage the workspace",
    "own": "do what is for owners",
}
"""What somebody without the right may not do."""

Admitted = Depends(_admitted)
