"""The page about budgets: what one may use and used; for whoever manages people also who used what, and what is said of whom."""

from datetime import timedelta
from typing import Any

from fastapi import APIRouter
from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import Response

from firmground.app.spending import budgets
from firmground.errors import InvalidInput, NotFound
from firmground.usage import Limits
from firmground.web.managing import Fields, Typed, carried_out, shared
from firmground.web.pages.forms import form
from firmground.web.rendering import page
from firmground.web.visit import TheVisit, Visit, in_person

_KINDS = ("workspace", "group", "person", "key")
_PARTS = ("person", "release", "model", "key")
_SHOWN = 50
_LOT = 500

router = APIRouter()


@router.get("/budgets")
async def budgets_page(request: Request, visit: TheVisit, kind: str = "", name: str = "", done: str = "") -> Response:
    """With `kind` and `name`, what is said of one stands in the form."""
    return await visit.run(_budgets, request, visit, kind=kind, name=name, done=done)


@router.post("/budgets/{act}")
async def act(request: Request, visit: TheVisit, act: str) -> Response:
    """`set` what is said of one."""
    fields = await form(request, visit)
    if act != "set":
        raise NotFound("there is nothing at this address", "check it")
    in_person(visit, "change limits")
    return await visit.run(_set, request, visit, fields)


def periods(visit: Visit) -> dict[str, str]:
    """What can be looked at, and how the use case calls it."""
    now = visit.app.clock()
    last = now.replace(day=1) - timedelta(days=1)
    return {"today": f"{now:%Y-%m-%d}", "month": f"{now:%Y-%m}", "last": f"{last:%Y-%m}", "year": f"{now:%Y}"}


def _budgets(request: Request, visit: Visit, *, kind: str = "", name: str = "", status: int = 200, **more: Any) -> Response:
    app, actor, manages = visit.app, visit.actor, visit.actor.may("people")
    given = _said(visit, kind, name) if manages and kind in _KINDS and "given" not in more else Typed()
    values: dict[str, Any] = {
        "own": budgets.spent(app, actor),
        "allowed": budgets.limits_of(app, actor),
        "alerts": budgets.alerts(app, actor),
        "given": given,
        "kinds": _KINDS,
        "fields": list(Limits.model_fields),
    }
    if manages:
        values |= _of_everybody(request, visit)
    return page(request, "budgets.html", shared(visit) | values | more, status=status)


def _of_everybody(request: Request, visit: Visit) -> dict[str, Any]:
    asked, known = request.query_params, periods(visit)
    period = asked.get("period", "") if asked.get("period", "") in known else "month"
    by = asked.get("by", "") if asked.get("by", "") in _PARTS else "person"
    after = asked.get("after", "")[:200]
    rows = budgets.spending(visit.app, visit.actor, period=known[period], by=by, after=after, limit=_SHOWN + 1)
    return {
        "workspace_spending": budgets.spent(visit.app, visit.actor, kind="workspace"),
        "rows": rows[:_SHOWN],
        "next": rows[_SHOWN - 1].name if len(rows) > _SHOWN else "",
        "after": after,
        "period": period,
        "by": by,
        "limits": budgets.all_limits(visit.app, visit.actor, limit=200),
    }


def _said(visit: Visit, kind: str, name: str) -> Typed:
    """What is said of one until now, as the form is filled with it."""
    found, after = Limits(), ""
    while known := budgets.all_limits(visit.app, visit.actor, after=after, limit=_LOT):
        last = next(reversed(known))
        found = {(pool.kind, pool.name): limits for pool, limits in known.items()}.get((kind, name), found)
        after = f"{last.kind}/{last.name}"
        if len(known) < _LOT:
            break
    told = {
        field: f"{value:f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)
        for field, value in found
        if value is not None
    }
    return Typed(told, kind=kind, name=name)


def _set(request: Request, visit: Visit, fields: Fields) -> Response:
    def show(**more: Any) -> Response:
        return _budgets(request, visit, **more)

    def set_them() -> None:
        name = "" if fields.get("kind") == "workspace" else fields.get("name", "")
        budgets.set_limits(visit.app, visit.actor, fields.get("kind", ""), name, _limits(fields))

    return carried_out("set", fields, set_them, show, back="/budgets")


def _limits(fields: Fields) -> Limits:
    given = {name: fields[name].strip() for name in Limits.model_fields if fields.get(name, "").strip()}
    try:
        return Limits.model_validate_strings(given)
    except ValidationError as error:
        name = str(error.errors()[0]["loc"][0])
        raise InvalidInput(f"{given[name][:50]!r} cannot be {name}", "write a number, 0 for no limit, or nothing") from None
