"""What the pages about people, groups, keys, budgets and sessions share: how a form of theirs is carried out, and what is read from it."""

import re
import unicodedata
from collections.abc import Callable, Collection, Mapping
from typing import Any, NamedTuple, TypeAlias
from urllib.parse import quote

from starlette.responses import RedirectResponse, Response

from firmground.errors import FirmgroundError, InvalidInput
from firmground.rights import ROLES, Role
from firmground.web.problems import status_of
from firmground.web.visit import Visit

Fields: TypeAlias = Mapping[str, str]
Show: TypeAlias = Callable[..., Response]

_SECRET = frozenset({"token", "old", "password", "sure"})
_LONGEST_SHOWN = 4000
_MOST_DIGITS = 9


class Made(NamedTuple):
    """What is shown once, and never again: the secret of a key, or a link."""

    kind: str
    name: str
    secret: str


class Typed(dict[str, str]):
    """What was typed into a form; nothing where nothing was."""

    def __missing__(self, name: str) -> str:
        return ""


def shared(visit: Visit) -> dict[str, Any]:
    """What the templates of these pages need besides their own."""
    return {
        "manages": visit.actor.may("people"),
        "owns": visit.actor.may("own"),
        "owned": visit.by != "local",
        "made": None,
        "asked": None,
        "wrong": "",
        "error": None,
        "given": Typed(),
        "done": "",
    }


def carried_out(
    act: str, fields: Fields, do: Callable[[], Made | Response | None], show: Show, *, back: str, grave: Collection[str] = ()
) -> Response:
    """Do what a form asks. What is grave is asked once more; a refusal is told at its form, with what was typed; what is shown once is on
    the page that answers; else the browser goes `back`, where a word says what was done."""
    if act in grave and fields.get("sure") != "yes":
        return show(asked={"act": act, "fields": typed(fields)})
    try:
        made = do()
    except FirmgroundError as error:
        return show(status=status_of(error), wrong=act, error=error, given=typed(fields))
    if isinstance(made, Response):
        return made
    if made is not None:
        return show(made=made)
    return RedirectResponse(f"{back}?done={quote(act)}", 303)


def typed(fields: Fields) -> Typed:
    """What a form is filled with again: never a secret."""
    return Typed({name: value[:_LONGEST_SHOWN] for name, value in fields.items() if name not in _SECRET})


def as_new(name: str) -> str:
    """How a name that was typed for somebody or something new is kept."""
    return unicodedata.normalize("NFKC", name.strip())


def place_of(person: str) -> str:
    """The address of the page about somebody."""
    return f"/people/of/{quote(person, safe='')}"


def place_of_group(name: str) -> str:
    """The address of the page about a group."""
    return f"/groups/of/{quote(name, safe='')}"


def role_of(text: str) -> Role | None:
    if text and text not in ROLES:
        raise InvalidInput(f"there is no role {text!r}", f"choose one of {', '.join(ROLES)}")
    return text or None


def listed(text: str) -> list[str]:
    return [each.strip() for each in re.split(r"[,\n]", text) if each.strip()]


def days_of(text: str) -> int | None:
    if not text.strip():
        return None
    if not (text.strip().isascii() and text.strip().isdecimal()):
        raise InvalidInput(f"{text!r} is no number of days", "write for example 90, or nothing")
    return int(text.strip()[:_MOST_DIGITS])
