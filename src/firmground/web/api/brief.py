"""The launch brief."""

from typing import Annotated

from fastapi import APIRouter, Header, Request, Response
from pydantic import Field

from firmground.app.launching import briefs
from firmground.app.launching.briefs import ChangedMeanwhile, ForAskers
from firmground.gate.brief import FIELDS, QUESTIONS, Brief, answered
from firmground.types import Json
from firmground.web.api.description import refused
from firmground.web.api.shapes import NOT_MODIFIED, Body, tag_of, tagged
from firmground.web.visit import TheVisit, Visit

router = APIRouter()


class ToDo(Body):
    field: str = Field(description="As in brief.toml: `success_metric.baseline`.")
    what: str = Field(description="What to write, or to do.")


class BriefShown(Body):
    for_askers: ForAskers = Field(description="What whoever may ask should know.")
    brief: Brief | None = Field(description="All of it, for administrators and auditors; null for others.")
    problems: list[ToDo] = Field(description="What is missing or due; empty for others.")
    answered: int | None = Field(description="How many questions have an answer; null for others.")
    questions: int = Field(description="How many there are.")


class BriefSaved(Body):
    brief: Brief
    patch: str = Field(
        description="Where the server may not write there: the change, for `git apply`; nothing was written. Else empty."
    )


@router.get(
    "/brief",
    response_model=BriefShown,
    responses={304: NOT_MODIFIED} | refused({400: "brief.toml cannot be read, for administrators and auditors."}),
)
async def get_brief(request: Request, visit: TheVisit) -> Response:
    """What this is for, and where its limits are: all of the launch brief for administrators and auditors, what askers should know for
    others, the known limitations alone for pages of other sites."""
    return tagged(request, await visit.run(_shown, visit))


@router.put(
    "/brief",
    responses=refused(
        {
            400: "brief.toml cannot be read.",
            403: "You are no administrator.",
            412: "The brief was changed since you loaded it.",
        }
    ),
)
async def put_brief(
    visit: TheVisit,
    body: Brief,
    if_match: Annotated[
        str, Header(alias="If-Match", pattern='^"[0-9a-f]{32}"$', description="The `ETag` of what you loaded and changed.")
    ],
) -> BriefSaved:
    """Change the launch brief, for administrators. Comments and order of the file stay; what is left out becomes empty."""
    return await visit.run(_put, visit, body, if_match)


def _shown(visit: Visit) -> bytes:
    about = briefs.for_askers(visit.app)
    if visit.by == "widget":
        # Whoever looks at a page elsewhere need not know who works here.
        about = ForAskers(known_limitations=about.known_limitations)
    if not visit.actor.may("audit"):
        shown = BriefShown(for_askers=about, brief=None, problems=[], answered=None, questions=len(QUESTIONS))
    else:
        brief = briefs.open_brief(visit.app, visit.actor).brief
        problems = [ToDo(field=each.field, what=each.what) for each in briefs.problems(visit.app)]
        shown = BriefShown(for_askers=about, brief=brief, problems=problems, answered=answered(brief), questions=len(QUESTIONS))
    return shown.model_dump_json().encode()


def _put(visit: Visit, body: Brief, tag: str) -> BriefSaved:
    revision = briefs.open_brief(visit.app, visit.actor).revision
    if tag_of(_shown(visit)) != tag:
        raise ChangedMeanwhile("the brief was changed since you loaded it", "load it again, and repeat your change")
    data = body.model_dump(mode="json")
    saved = briefs.save(visit.app, visit.actor, {**_flat(data), "sample": body.sample}, revision)
    return BriefSaved(brief=saved.brief, patch=saved.patch)


def _flat(data: dict[str, Json]) -> dict[str, Json]:
    """By dotted names."""
    flat: dict[str, Json] = {}
    for name, value in data.items():
        flat |= {f"{name}.{part}": each for part, each in value.items()} if isinstance(value, dict) else {name: value}
    return {name: flat[name] for name in FIELDS}
