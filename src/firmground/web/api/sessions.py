"""Where people are signed in, and the links by which they choose a password."""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import Field

from firmground.accounts import Session
from firmground.app.access import links, sessions
from firmground.web.api.description import refused
from firmground.web.api.shapes import Body
from firmground.web.visit import TheVisit, in_person

_OTHERS = "You are no administrator, or they are an owner and you are none."
_REFUSED = {403: _OTHERS, 404: "There is no such person."}

router = APIRouter()


class OpenSession(Body):
    id: str = Field(description="Names it; it opens nothing.")
    begun_at: datetime
    seen_at: datetime
    ends_at: datetime
    address: str
    browser: str
    provider: str = Field(description="Who vouched for the person; empty for a password.")
    this: bool = Field(description="Whether this request came with it.")


class Sessions(Body):
    sessions: list[OpenSession]


class Ended(Body):
    ended: int = Field(ge=0, description="How many there were.")


class NewLink(Body):
    kind: Literal["invite", "reset"] | None = Field(None, description="An invitation for who has no password yet, when absent.")


class MadeLink(Body):
    person: str
    kind: Literal["invite", "reset"]
    expires_at: datetime
    url: str = Field(description="Good once. Shown here and never again.")


Whose = Annotated[str, Query(max_length=200, description="Somebody else, for administrators; yourself when absent.")]


@router.get("/sessions", responses=refused(_REFUSED))
async def get_sessions(visit: TheVisit, person: Whose = "") -> Sessions:
    """Where you are signed in, newest first; or where somebody else is."""
    found = await visit.run(sessions.sessions, visit.app, visit.actor, person)
    return Sessions(sessions=[_open(each, visit.credential) for each in found])


@router.delete("/sessions", responses=refused(_REFUSED))
async def delete_sessions(visit: TheVisit, person: Whose = "") -> Ended:
    """Sign out everywhere, here too; or sign somebody else out."""
    return Ended(ended=await visit.run(sessions.sign_out_everywhere, visit.app, visit.actor, person))


@router.delete(
    "/sessions/{id}", status_code=204, responses=refused(_REFUSED | {404: "There is no such session, or not any more."})
)
async def delete_session(id: str, visit: TheVisit, person: Whose = "") -> None:
    """End one session at once."""
    await visit.run(sessions.end_session, visit.app, visit.actor, id, person)


@router.post(
    "/people/{name:path}/link",
    status_code=201,
    responses=refused({403: f"{_OTHERS} Or it would be for yourself.", 404: "They have no account."}),
)
async def post_link(name: str, body: NewLink, visit: TheVisit) -> MadeLink:
    """A link by which somebody chooses their password, good once: the first one within a week, a new one within a day. The one that they
    had until now is good no more. For administrators; links for owners are made by owners."""
    in_person(visit, "make links")
    link, secret = await visit.run(links.make, visit.app, visit.actor, name, body.kind)
    return MadeLink(person=link.person, kind=link.kind, expires_at=link.expires_at, url=links.url(visit.app, secret))


def _open(session: Session, this: str) -> OpenSession:
    return OpenSession(
        id=session.id,
        begun_at=session.created_at,
        seen_at=session.seen_at,
        ends_at=session.expires_at,
        address=session.address,
        browser=session.browser,
        provider=session.issuer,
        this=session.id == this,
    )
