"""The pages about everybody: a list that is searched, and a page for each person."""

from collections.abc import Callable, Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from firmground.accounts import Session
from firmground.app.access import accounts, directory, keys, links, people, sessions
from firmground.app.personal import erasing, holds
from firmground.app.spending import budgets
from firmground.errors import InvalidInput, NotAllowed, NotFound
from firmground.personal import Hold
from firmground.rights import ROLES
from firmground.web.managing import Fields, Made, as_new, carried_out, listed, place_of, role_of, shared
from firmground.web.pages import own_account
from firmground.web.pages.forms import form
from firmground.web.pages.me import archive
from firmground.web.rendering import page
from firmground.web.visit import TheVisit, Visit, in_person

SHOWN = 50

router = APIRouter()


@router.get("/people")
async def people_page(
    request: Request,
    visit: TheVisit,
    search: Annotated[str, Query(max_length=200)] = "",
    role: str = "",
    after: Annotated[str, Query(max_length=200)] = "",
) -> Response:
    """Everybody; to whom that is none of their business, their own account."""
    if not visit.actor.may("audit"):
        return await visit.run(own_account.show, request, visit)
    done = request.query_params.get("done", "")
    return await visit.run(_everybody, request, visit, search=search, role=role, after=after, done=done)


@router.get("/people/of/{name:path}")
async def person_page(request: Request, visit: TheVisit, name: str, done: str = "") -> Response:
    return await visit.run(_person, request, visit, name, done=done)


@router.post("/people/{act}")
async def act(request: Request, visit: TheVisit, act: str) -> Response:
    """One of `_ACTS`."""
    fields = await form(request, visit)
    if act not in _ACTS:
        raise NotFound("there is nothing at this address", "check it")
    in_person(visit, "change who may come in")
    return await visit.run(_done, request, visit, act, fields)


def _everybody(
    request: Request, visit: Visit, *, search: str = "", role: str = "", after: str = "", status: int = 200, **more: Any
) -> Response:
    chosen = role if role in ROLES else ""
    found = directory.people_page(visit.app, visit.actor, search=search, role=role_of(chosen), after=after, limit=SHOWN + 1)
    values = {
        "people": found[:SHOWN],
        "search": search,
        "chosen": chosen,
        "after": after,
        "next": found[SHOWN - 1].name if len(found) > SHOWN else "",
    }
    return page(request, "people.html", shared(visit) | values | more, status=status)


def _person(request: Request, visit: Visit, name: str, *, status: int = 200, **more: Any) -> Response:
    app, actor = visit.app, visit.actor
    known = directory.person(app, actor, name)
    values: dict[str, Any] = {
        "known": known,
        "here": place_of(known.name),
        "now": app.clock(),
        "oneself": known.name == visit.actor.person,
    }
    if actor.may("people"):
        values |= _looked_after(visit, known)
    return page(request, "person.html", shared(visit) | values | more, status=status)


def _looked_after(visit: Visit, known: directory.Person) -> dict[str, Any]:
    """What only those see who manage people."""
    app, actor = visit.app, visit.actor
    return {
        "keys": [each for each in keys.keys(app, actor) if each.person == known.name],
        "sessions": _sessions(visit, known),
        "spent": budgets.spent(app, actor, known.name),
        "held": _hold(visit, known.name),
    }


def _done(request: Request, visit: Visit, act: str, fields: Fields) -> Response:
    name = fields.get("name", "")

    def show(**more: Any) -> Response:
        if act == "add":
            return _everybody(request, visit, **more)
        if act == "erase" and "asked" in more:
            more["pinned"] = erasing.pinned(visit.app, visit.actor, name)
        return _person(request, visit, name, **more)

    grave = {*_GRAVE, "set-role"} if fields.get("role") == "owner" else _GRAVE
    back = "/people" if act in {"erase", "remove"} else place_of(as_new(name) if act == "add" else name.strip())
    return carried_out(act, fields, lambda: _ACTS[act](visit, fields), show, back=back, grave=grave)


def _sessions(visit: Visit, known: directory.Person) -> list[Session]:
    """Those of an owner are for owners."""
    if (known.role == "owner" and not visit.actor.may("own")) or visit.by == "local":
        return []
    return sessions.sessions(visit.app, visit.actor, known.name)


def _hold(visit: Visit, name: str) -> Hold | None:
    if not visit.actor.may("own"):
        return None
    return next((each for each in holds.holds(visit.app, visit.actor) if each.person == name), None)


def _add(visit: Visit, fields: Fields) -> Made | None:
    name, password, role = fields.get("name", ""), fields.get("password", ""), role_of(fields.get("role", ""))
    groups, way = listed(fields.get("groups", "")), fields.get("way", "") or ("password" if password else "none")
    if way == "none" and role != "owner":
        people.add_person(visit.app, visit.actor, name, role=role or "user", groups=groups)
        return None
    given = password if way == "password" else None
    made = accounts.add_account(visit.app, visit.actor, name, given, role=role, groups=groups)
    return None if way == "password" else _link_for(visit, made.person)


def _link(visit: Visit, fields: Fields) -> Made:
    """For who has no account yet one is made."""
    name = fields.get("name", "")
    if directory.person(visit.app, visit.actor, name).account is None:
        accounts.add_account(visit.app, visit.actor, name, None)
    return _link_for(visit, name)


def _link_for(visit: Visit, name: str) -> Made:
    made, secret = links.make(visit.app, visit.actor, name)
    return Made(made.kind, made.person, links.url(visit.app, secret))


def _end_session(visit: Visit, fields: Fields) -> None:
    sessions.end_session(visit.app, visit.actor, fields.get("id", ""), fields.get("name", "").strip() or _nobody())


def _sign_out(visit: Visit, fields: Fields) -> None:
    sessions.sign_out_everywhere(visit.app, visit.actor, fields.get("name", "").strip() or _nobody())


def _hold_them(visit: Visit, fields: Fields) -> None:
    holds.hold(visit.app, visit.actor, fields.get("name", ""), reason=fields.get("reason", ""))


def _erase(visit: Visit, fields: Fields) -> None:
    if fields.get("name", "") == visit.actor.person:
        raise NotAllowed("this page is about others", "erase what is kept of you on the page about your own data")
    erasing.erase(visit.app, visit.actor, fields.get("name", ""), reason=fields.get("reason", ""))


def _nobody() -> str:
    raise InvalidInput("it is not said whom this is about", "send the form from the page of a person")


def _set_role(visit: Visit, fields: Fields) -> None:
    if (role := role_of(fields.get("role", ""))) is not None:
        people.set_role(visit.app, visit.actor, fields.get("name", ""), role)


def _join(visit: Visit, fields: Fields) -> None:
    directory.put_into(visit.app, visit.actor, fields.get("name", ""), listed(fields.get("groups", "")))


_ACTS: Mapping[str, Callable[[Visit, Fields], Made | Response | None]] = {
    "add": _add,
    "set-role": _set_role,
    "join": _join,
    "leave": lambda visit, fields: people.remove_members(
        visit.app, visit.actor, fields.get("group", ""), [fields.get("name", "")]
    ),
    "set-password": lambda visit, fields: accounts.set_password(
        visit.app, visit.actor, fields.get("name", ""), fields.get("password", "")
    ),
    "link": _link,
    "end-session": _end_session,
    "sign-out": _sign_out,
    "export": lambda visit, fields: archive(visit, fields.get("name", ""), "data-of-a-person"),
    "hold": _hold_them,
    "unhold": lambda visit, fields: holds.unhold(visit.app, visit.actor, fields.get("name", "")),
    "erase": _erase,
    "remove": lambda visit, fields: people.remove_person(visit.app, visit.actor, fields.get("name", "")),
}
_GRAVE = frozenset({"erase", "remove"})
"""What is asked about once more."""
