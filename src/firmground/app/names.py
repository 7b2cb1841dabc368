"""Names of people and groups, and which of them look alike."""

import unicodedata
from collections.abc import Iterable

from firmground.errors import InvalidInput

_LONGEST = 200
WIDGET = "widget:"
"""Begins the name of whoever asks by a key of a page elsewhere; nobody else's does."""
_ALPHABETS = frozenset({"LATIN", "CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE"})
"""Those with letters that look like letters of another."""


def plain(name: str) -> str:
    """The name without space around it. InvalidInput where it cannot be one."""
    name = unicodedata.normalize("NFC", name.strip())
    if not name or len(name) > _LONGEST or not name.isprintable():
        raise InvalidInput(f"{name!r} cannot be a name", f"use up to {_LONGEST} printable characters")
    return name


def new_person(name: str, known: Iterable[str]) -> str:
    """The name for somebody who is not among `known`. InvalidInput where it could be taken for one of them."""
    name = plain(unicodedata.normalize("NFKC", name))
    if folded(name).startswith(WIDGET):
        raise InvalidInput(f"{name!r} cannot be a name", f"take one that does not begin with {WIDGET}")
    if len(_alphabets(name)) > 1:
        raise InvalidInput(f"{name!r} mixes letters that look alike", "write it in one alphabet")
    for other in known:
        if folded(other) == folded(name) and other != name:
            raise InvalidInput(f"{name!r} looks like {other!r}, whom there is already", "take a name that differs in more")
    return name


def folded(name: str) -> str:
    """Equal for names that differ only in case or in how they are coded."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name.strip()).casefold())


def _alphabets(name: str) -> set[str]:
    return {unicodedata.name(sign, "").partition(" ")[0] for sign in name if sign.isalpha()} & _ALPHABETS
