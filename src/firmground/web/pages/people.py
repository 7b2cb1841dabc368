"""The page about people: one's own account and keys; for administrators everybody's."""

import re
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from firmground.app import accounts, keys, people
from firmground.errors import FirmgroundError, InvalidInput, NotFound
from firmground.web.pages.account import signed_out, with_session
from firmground.web.pages.forms import form
from firmground.web.problems import status_of
from firmground.web.rendering import page
from firmground.web.visit import TheVisit, Visit, in_person

Fields: TypeAlias = Mapping[str, str]

router = APIRouter()


@router.get("/people")
async def people_page(request: Request, visit: TheVisit) -> Response:
    return await visit.run(_people, request, visit)


@router.post("/people/password")
async def change_password(request: Request, visit: TheVisit) -> Response:
    """One's own, which ends all other sessions."""
    fields = await form(request, visit)
    return await visit.run(_password, request, visit, fields)


@router.post("/people/sign-out-everywhere")
async def sign_out_everywhere(request: Request, visit: TheVisit) -> Response:
    await form(request, visit)
    await visit.run(accounts.sign_out_everywhere, visit.app, visit.actor)
    return signed_out(visit.served)


@router.post("/people/{act}")
async def act(request: Request, visit: TheVisit, act: str) -> Response:
    """One of `_ACTS`."""
    fields = await form(request, visit)
    if act not in _ACTS:
        raise NotFound("there is nothing at this address", "check it")
    in_person(visit, "change who may come in")
    return await visit.run(_done, request, visit, act, fields)


def _people(request: Request, visit: Visit, *, status: int = 200, **more: Any) -> Response:
    admin = visit.actor.admin
    values: dict[str, Any] = {
        "everybody": people.directory(visit.app, visit.actor) if admin else [],
        "groups": people.groups(visit.app, visit.actor) if admin else {},
        "keys": keys.keys(visit.app, visit.actor),
        "owned": visit.by != "local",
        "made": None,
        "secret": "",
        "asked": None,
        "wrong": "",
        "error": None,
    }
    return page(request, "people.html", values | more, status=status)


def _done(request: Request, visit: Visit, act: str, fields: Fields) -> Response:
    if act in _GRAVE and fields.get("sure") != "yes":
        return _people(request, visit, asked={"act": act, "name": fields.get("name", "")})
    try:
        made = _ACTS[act](visit, fields)
    except FirmgroundError as error:
        return _people(request, visit, status=status_of(error), wrong=act, error=error)
    if made is not None:
        return _people(request, visit, made=made[0], secret=made[1])
    return RedirectResponse("/people", 303)


def _password(request: Request, visit: Visit, fields: Fields) -> Response:
    try:
        in_person(visit, "change a password")
        secret = accounts.change_password(visit.app, visit.actor.person, fields.get("old", ""), fields.get("password", ""))
    except FirmgroundError as error:
        return _people(request, visit, status=status_of(error), wrong="password", error=error)
    return with_session(RedirectResponse("/people", 303), visit.served, secret)


def _add_person(visit: Visit, fields: Fields) -> None:
    name, password, role = fields.get("name", ""), fields.get("password", ""), fields.get("role", "")
    groups = _listed(fields.get("groups", ""))
    if password or role == "owner":
        owner = role == "owner"
        accounts.add_account(visit.app, visit.actor, name, password, owner=owner, admin=role == "admin", groups=groups)
    else:
        people.add_person(visit.app, visit.actor, name, admin=role == "admin", groups=groups)


def _add_member(visit: Visit, fields: Fields) -> None:
    people.add_group(visit.app, visit.actor, fields.get("group", ""), members=_listed(fields.get("people", "")))


def _add_key(visit: Visit, fields: Fields) -> tuple[object, str]:
    person = fields.get("person", "").strip() or visit.actor.person
    return keys.add_key(visit.app, visit.actor, fields.get("name", ""), person=person, days=_days(fields.get("days", "")))


def _add_widget_key(visit: Visit, fields: Fields) -> tuple[object, str]:
    return keys.add_widget_key(
        visit.app,
        visit.actor,
        fields.get("name", ""),
        origins=fields.get("origins", "").split(),
        groups=_listed(fields.get("groups", "")),
        days=_days(fields.get("days", "")),
    )


_ACTS: Mapping[str, Callable[[Visit, Fields], tuple[object, str] | None]] = {
    "add": _add_person,
    "remove": lambda visit, fields: people.remove_person(visit.app, visit.actor, fields.get("name", "")),
    "set-password": lambda visit, fields: accounts.set_password(
        visit.app, visit.actor, fields.get("name", ""), fields.get("password", "")
    ),
    "add-members": _add_member,
    "remove-member": lambda visit, fields: people.remove_members(
        visit.app, visit.actor, fields.get("group", ""), [fields.get("person", "")]
    ),
    "add-key": _add_key,
    "add-widget-key": _add_widget_key,
    "remove-key": lambda visit, fields: keys.remove_key(visit.app, visit.actor, fields.get("name", "")),
}


_GRAVE = frozenset({"remove", "remove-key"})
"""What is asked about once more."""


def _listed(text: str) -> list[str]:
    return [each.strip() for each in re.split(r"[,\n]", text) if each.strip()]


def _days(text: str) -> int | None:
    if not text.strip():
        return None
    if not (text.strip().isascii() and text.strip().isdecimal()):
        raise InvalidInput(f"{text!r} is no number of days", "write for example 90, or nothing")
    return int(text.strip()[:9])
