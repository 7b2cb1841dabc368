"""Releases: recipes frozen under a number; which one is live, and what was."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import Field, JsonValue

from firmground.app.launching import approving, live, releases
from firmground.gate.decision import Approval
from firmground.release.record import Live, Release
from firmground.web.api.description import located, refused
from firmground.web.api.shapes import PREFIX, Body, Name, Text
from firmground.web.visit import TheVisit, Visit

_ADMINISTRATORS = "You are no administrator."
_AUDITORS = "You are neither an administrator nor an auditor."
_PLACE = located(201, "Location", "Of the release.")
_NO_RELEASE = "There is no such release."
_NAMED = refused(
    {
        400: "Several recipes begin so.",
        403: _AUDITORS,
        404: _NO_RELEASE,
        409: "The recipe gave answers and was not released, or its index is not there any more.",
    }
)
_NAMELESS = "A reason or a name that cannot be used."
_FORWARD = refused(
    {
        400: _NAMELESS,
        403: _ADMINISTRATORS,
        404: _NO_RELEASE,
        409: "The gate refuses it, and `findings` say why; or it is not released, its index lacks documents, or something else was made"
        " live meanwhile.",
    }
)
_BACK = refused(
    {
        400: _NAMELESS,
        403: _ADMINISTRATORS,
        404: "There is no such release, or nothing to go back to.",
        409: "It never was live, is live already, its override is over, or its index is not kept any more.",
    }
)
_AGREEING = refused(
    {400: _NAMELESS, 403: _ADMINISTRATORS, 404: _NO_RELEASE, 409: "It is not released, or has no audit to agree with."}
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


class Decision(Body):
    reason: Text = Field("", description="Why, for whoever reads the ledger later.")
    by: Text = Field(
        "", description="Who answers for it. Once there is an owner that is whoever asks, and nobody else can be named."
    )


class Promotion(Decision):
    override: bool = Field(
        False,
        description="Although the gate refuses it: with a reason, for as long as the policy allows, and every page says so.",
    )


class Decided(Body):
    number: int = Field(description="Of the entry in the ledger.")
    at: datetime
    kind: str = Field(description="`release.promoted`, `release.rolled_back`, `release.approved` or `release.override_lapsed`.")
    release: str = Field(description="Its number.")
    by: str = Field(description="Who answers for it.")
    user: str = Field(description="The system user, where it was done on the command line.")
    via: str
    detail: dict[str, JsonValue]


class History(Body):
    live: Live | None = Field(
        description="What is live now; null as long as nothing is, or where an override ended and nothing had passed before."
    )
    history: list[Decided]


@router.get("/releases", responses=refused({403: _AUDITORS}))
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


@router.get("/releases/history", responses=refused({403: _AUDITORS}))
async def get_history(visit: TheVisit) -> History:
    """What is live, and what was: since when, by whom and why; newest first."""
    found = await visit.run(live.history, visit.app, visit.actor)
    told = [
        Decided(
            number=each.number,
            at=each.at,
            kind=each.kind,
            release=each.subject,
            by=each.by,
            user=each.user,
            via=each.via,
            detail=each.detail,
        )
        for each in found
    ]
    return History(live=await visit.run(_live_now, visit), history=told)


@router.post("/releases/{ref}/rollback", responses=_BACK)
async def post_rollback(visit: TheVisit, ref: str, body: Decision | None = None) -> Live:
    """Make a release live again that was live earlier; `live` goes from the present one back to the one that was promoted before it. It
    needs no audit."""
    wanted = body or Decision.model_validate({})
    back = "" if ref == releases.LIVE else ref
    return await visit.run(live.rollback, visit.app, visit.actor, back, by=wanted.by, reason=wanted.reason)


@router.post("/releases/{ref}/promote", responses=_FORWARD)
async def post_promotion(visit: TheVisit, ref: str, body: Promotion | None = None) -> Live:
    """Make a release live that passed an audit which counts now. Where the gate refuses, `findings` say why."""
    wanted = body or Promotion.model_validate({})
    await visit.opened(anyway=True)
    return await visit.run(
        live.promote, visit.app, visit.actor, ref, by=wanted.by, reason=wanted.reason, override=wanted.override
    )


@router.post("/releases/{ref}/approve", responses=_AGREEING)
async def post_approval(visit: TheVisit, ref: str, body: Decision | None = None) -> Approval:
    """Agree with making a release live, on the ground of its newest audit."""
    wanted = body or Decision.model_validate({})
    return await visit.run(approving.approve, visit.app, visit.actor, ref, by=wanted.by, reason=wanted.reason)


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


def _live_now(visit: Visit) -> Live | None:
    with visit.app.database.reading() as tx:
        return live.live_now(visit.app, tx)
