"""Releases: recipes frozen under a number."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import Field, JsonValue

from firmground.app import releases
from firmground.release.record import Release
from firmground.web.api.description import located, refused
from firmground.web.api.shapes import PREFIX, Body, Name, Text
from firmground.web.visit import TheVisit

_ADMINISTRATORS = "You are no administrator."
_PLACE = located(201, "Location", "Of the release.")
_NAMED = refused(
    {
        400: "Several recipes begin so.",
        403: _ADMINISTRATORS,
        404: "There is no such release.",
        409: "The recipe gave answers and was not released, or its index is not there any more.",
    }
)

router = APIRouter()


class NewRelease(Body):
    note: Text = Field("", description="What changed, and why.")


class ReleaseMade(Body):
    number: int | None = Field(description="Null for the candidate, which is not released.")
    digest: str = Field(description="Of everything that can change an answer: equal recipes, equal digests.")
    note: str
    by: str
    created_at: datetime
    settings: dict[str, JsonValue] = Field(description="The recipe keys of firmground.toml as they were.")


class Releases(Body):
    releases: list[ReleaseMade]


class Differs(Body):
    kind: str = Field(description="`setting`, `prompt` (then `after` is a unified diff) or `recipe`.")
    name: str
    before: JsonValue = None
    after: JsonValue = None


class Differences(Body):
    differences: list[Differs]


@router.get("/releases", responses=refused({403: _ADMINISTRATORS}))
async def get_releases(visit: TheVisit) -> Releases:
    """All releases, newest first."""
    return Releases(releases=[_made(each) for each in await visit.run(releases.listed, visit.app, visit.actor)])


@router.post(
    "/releases",
    status_code=201,
    responses={200: {"model": ReleaseMade, "description": "It was released before.", **_PLACE[201]}, **_PLACE}
    | refused({400: "A note that is too long, or not text.", 403: _ADMINISTRATORS}),
)
async def post_release(visit: TheVisit, response: Response, body: NewRelease | None = None) -> ReleaseMade:
    """Freeze the candidate under a number; 200 where this recipe has one already."""
    made, new = await visit.run(releases.create, visit.app, visit.actor, note=body.note if body else "")
    response.status_code = 201 if new else 200
    response.headers["Location"] = f"{PREFIX}/releases/{made.number}"
    return _made(made)


@router.get("/releases/{ref}", responses=_NAMED)
async def get_release(visit: TheVisit, ref: str) -> ReleaseMade:
    """A release by its number or digest, or the candidate."""
    return _made(await visit.run(releases.show, visit.app, visit.actor, ref))


@router.get("/releases/{ref}/diff", responses=_NAMED)
async def get_difference(
    visit: TheVisit, ref: str, to: Annotated[Name, Query(description="The other release.")] = "candidate"
) -> Differences:
    """What changed from this release to another, as a reviewer reads it."""
    found = await visit.run(releases.diff, visit.app, visit.actor, ref, to)
    return Differences(differences=[Differs(**each._asdict()) for each in found])


def _made(release: Release) -> ReleaseMade:
    return ReleaseMade(
        number=release.number or None,
        digest=release.spec.digest,
        note=release.note,
        by=release.by,
        created_at=release.created_at,
        settings=release.settings,
    )
