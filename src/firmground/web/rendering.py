"""Pages from templates. Everything is escaped; nothing is trusted as HTML."""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, cast

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import Response

STATIC = Path(__file__).parent / "static"


def page(
    request: Request, template: str, values: Mapping[str, Any], *, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """One page. Every template also sees the workspace's name, the actor, the form token what keeps questions from being answered,
    and the request's id."""
    served = request.app.state.served
    visit = request.state.visit
    html = (
        _environment()
        .get_template(template)
        .render(
            workspace=served.app.workspace.name,
            person=visit.actor.person,
            token=visit.form_token,
            came_by=visit.by,
            admin=visit.actor.admin,
            path=request.url.path,
            trouble=served.trouble,
            request_id=request.state.request_id,
            **values,
        )
    )
    return Response(html.encode("utf-8", "replace"), int(status), headers, "text/html")


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("firmground.web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    environment.install_null_translations(newstyle=True)  # type: ignore[attr-defined]
    environment.globals["static"] = static  # pyright: ignore[reportArgumentType]
    filters = cast("dict[str, Any]", environment.filters)
    filters.update(moment=moment, number=number, words=words)
    return environment


@cache
def static(name: str) -> str:
    """The address of a file of ours; it changes with the content, so that browsers may keep it."""
    return f"/static/{name}?v={hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:12]}"


def moment(stamp: str | datetime) -> str:
    """`20 November 2026, 09:00 UTC`."""
    when = datetime.fromisoformat(stamp) if isinstance(stamp, str) else stamp
    return f"{when.day} {when:%B %Y, %H:%M %Z}".replace("+00:00", "")


def number(count: int) -> str:
    """Thousands apart by a thin space."""
    return f"{count:,}".replace(",", "\u202f")


def words(code: str) -> str:
    """`near_duplicate` → `near duplicate`."""
    return code.replace("_", " ")
