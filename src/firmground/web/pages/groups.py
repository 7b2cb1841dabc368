"""The pages about groups: a list that is searched, and a page for each."""

from collections.abc import Callable, Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from firmground.app.access import directory, group_names, people
from firmground.errors import NotFound
from firmground.web.managing import Fields, as_new, carried_out, listed, place_of_group, shared
from firmground.web.pages.forms import form
from firmground.web.rendering import page
from firmground.web.visit import TheVisit, Visit, in_person

SHOWN = 50

router = APIRouter()


@router.get("/groups")
async def groups_page(
    request: Request,
    visit: TheVisit,
    search: Annotated[str, Query(max_length=200)] = "",
    after: Annotated[str, Query(max_length=200)] = "",
    done: str = "",
) -> Response:
    return await visit.run(_groups, request, visit, search=search, after=after, done=done)


@router.get("/groups/of/{name:path}")
async def group_page(
    request: Request, visit: TheVisit, name: str, after: Annotated[str, Query(max_length=200)] = "", done: str = ""
) -> Response:
    return await visit.run(_group, request, visit, name, after=after, done=done)


@router.post("/groups/{act}")
async def act(request: Request, visit: TheVisit, act: str) -> Response:
    """One of `_ACTS`."""
    fields = await form(request, visit)
    if act not in _ACTS:
        raise NotFound("there is nothing at this address", "check it")
    in_person(visit, "change groups")
    return await visit.run(_done, request, visit, act, fields)


def _groups(request: Request, visit: Visit, *, search: str = "", after: str = "", status: int = 200, **more: Any) -> Response:
    found = directory.groups_page(visit.app, visit.actor, search=search, after=after, limit=SHOWN + 1)
    more_after = found[SHOWN - 1][0] if len(found) > SHOWN else ""
    values = {"groups": found[:SHOWN], "search": search, "after": after, "next": more_after}
    return page(request, "groups.html", shared(visit) | values | more, status=status)


def _group(request: Request, visit: Visit, name: str, *, after: str = "", status: int = 200, **more: Any) -> Response:
    found = directory.group(visit.app, visit.actor, name, after=after, limit=SHOWN + 1)
    values = {
        "group": found,
        "members": found.members[:SHOWN],
        "here": place_of_group(found.name),
        "implied": found.name in directory.IMPLIED,
        "after": after,
        "next": found.members[SHOWN - 1][0] if len(found.members) > SHOWN else "",
    }
    return page(request, "group.html", shared(visit) | values | more, status=status)


def _done(request: Request, visit: Visit, act: str, fields: Fields) -> Response:
    name = fields.get("group", "")

    def show(**more: Any) -> Response:
        return _groups(request, visit, **more) if act == "add" else _group(request, visit, name, **more)

    here = as_new(fields.get("to", "") if act == "rename" else name) if act in {"add", "rename"} else name.strip()
    back = "/groups" if act == "remove" else place_of_group(here)
    return carried_out(act, fields, lambda: _ACTS[act](visit, fields), show, back=back, grave={"remove"})


def _add(visit: Visit, fields: Fields) -> None:
    people.add_group(visit.app, visit.actor, fields.get("group", ""), members=listed(fields.get("people", "")))


_ACTS: Mapping[str, Callable[[Visit, Fields], None]] = {
    "add": _add,
    "add-members": _add,
    "rename": lambda visit, fields: group_names.rename_group(
        visit.app, visit.actor, fields.get("group", ""), fields.get("to", "")
    ),
    "remove": lambda visit, fields: group_names.remove_group(visit.app, visit.actor, fields.get("group", "")),
    "remove-member": lambda visit, fields: people.remove_members(
        visit.app, visit.actor, fields.get("group", ""), [fields.get("name", "")]
    ),
}
