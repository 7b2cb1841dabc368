"""What may be used, and what was."""

from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import Field

from firmground.app.spending import budgets
from firmground.app.spending.limits import default
from firmground.usage import By, Limits, PoolKind, Row
from firmground.web.api.description import refused
from firmground.web.api.shapes import Body, Name
from firmground.web.visit import TheVisit, in_person

_ADMINISTRATORS = "You may not look after people."
_NONE = "0 is no limit; without it the settings count, and for a person what is said of their groups."

router = APIRouter()


class NewLimits(Body):
    requests_a_minute: int | None = Field(None, ge=0, le=10**9, description=f"Questions, searches and uploads. {_NONE}")
    answers_a_day: int | None = Field(None, ge=0, le=10**15)
    answers_a_month: int | None = Field(None, ge=0, le=10**15)
    tokens_a_day: int | None = Field(None, ge=0, le=10**15)
    tokens_a_month: int | None = Field(None, ge=0, le=10**15)
    usd_a_day: float | None = Field(None, ge=0, le=1e12, allow_inf_nan=False)
    usd_a_month: float | None = Field(None, ge=0, le=1e12, allow_inf_nan=False)
    upload_megabytes_a_day: int | None = Field(None, ge=0, le=10**9)


class SetLimits(Body):
    kind: PoolKind
    name: str = Field(description="Empty for the workspace.")
    limits: Limits


class Overview(Body):
    defaults: dict[str, Limits] = Field(description="What the settings say of each person, each key, and the workspace.")
    limits: list[SetLimits] = Field(description="What is said of people, keys, groups and the workspace; the first 1000.")
    workspace: budgets.Spending
    alerts: list[budgets.Alert] = Field(description="Budgets that are used by 80 % or more, newest first.")
    by: By
    rows: list[Row]
    next: str | None = Field(description="Give it as `after` for the next page; null on the last.")


class Own(Body):
    allowed: budgets.Allowed
    spending: budgets.Spending
    alerts: list[budgets.Alert]


@router.get("/budgets", responses=refused({400: "A period that is none.", 403: _ADMINISTRATORS}))
async def get_budgets(
    visit: TheVisit,
    period: Annotated[str, Query(max_length=10, description="2026-11-21, 2026-11 or 2026; this month when empty.")] = "",
    by: By = "person",
    after: Annotated[str, Query(max_length=500, description="`next` of the page before.")] = "",
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> Overview:
    """Who or what used how much, and the limits."""
    app, actor = visit.app, visit.actor
    rows = await visit.run(budgets.spending, app, actor, period=period, by=by, after=after, limit=limit + 1)
    known = await visit.run(budgets.all_limits, app, actor, limit=1000)
    return Overview(
        defaults={kind: default(app, kind) for kind in ("person", "key", "workspace")},
        limits=[SetLimits(kind=pool.kind, name=pool.name, limits=limits) for pool, limits in known.items()],
        workspace=await visit.run(budgets.spent, app, actor, kind="workspace"),
        alerts=await visit.run(budgets.alerts, app, actor),
        by=by,
        rows=rows[:limit],
        next=rows[limit - 1].name if len(rows) > limit else None,
    )


@router.put(
    "/budgets/{kind}/{name:path}",
    responses=refused(
        {
            400: "A limit that is not of this kind, or a name that cannot be.",
            403: f"{_ADMINISTRATORS} Or by a key that may not.",
            404: "There is no such person, key or group.",
        }
    ),
)
async def put_budget(
    kind: PoolKind, name: Annotated[Name, Path(description="`-` for the workspace.")], body: NewLimits, visit: TheVisit
) -> SetLimits:
    """Say what a person, a key, the members of a group or the workspace may use, in the place of what was said before."""
    in_person(visit, "change limits")
    limits = Limits.model_validate(body.model_dump())
    await visit.run(budgets.set_limits, visit.app, visit.actor, kind, name, limits)
    return SetLimits(kind=kind, name="" if kind == "workspace" else name, limits=limits)


@router.get("/me/usage")
async def get_usage(visit: TheVisit) -> Own:
    """What you may use, and what you used."""
    app, actor = visit.app, visit.actor
    return Own(
        allowed=await visit.run(budgets.limits_of, app, actor),
        spending=await visit.run(budgets.spent, app, actor),
        alerts=await visit.run(budgets.alerts, app, actor),
    )
