"""Names of people and groups, and which of them look alike.

Look-alikes are those that differ in case, in coding, or in letters of another alphabet or of phonetics that are drawn the same. What only
some fonts draw the same (l and 1, rn and m) is told apart: many people are called so.
"""

import re
import unicodedata
from collections.abc import Iterable

from firmground.app.personal.pseudonyms import BEGIN
from firmground.errors import InvalidInput
from firmground.groups import EVERYONE, PUBLIC
from firmground.ports import Transaction

_LONGEST = 200
EVALUATION = "evaluation/golden cases"
"""Whose answers those to golden cases are: no person can be called so."""
WIDGET = "widget:"
"""Begins the name of whoever asks by a key of a page elsewhere; nobody else's does."""
_ALPHABETS = frozenset({"LATIN", "CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE"})
"""Those with letters that look like letters of another."""
_TAKEN = frozenset({EVALUATION, "firmground", "worker", "audit"})
"""Under these names the product itself works, and what it does is kept."""
_UNSEEN = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0"
    "\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
"""Signs that nothing is drawn for; Python calls some of them printable."""
_DRAWN_ALIKE = str.maketrans(
    "\u0131\u0251\u0261\u0269\u026a\u0262\u0274\u0280\u028f\u0299\u029c\u029f\u1d00\u1d04\u1d05\u1d07\u1d0a\u1d0b\u1d0d\u1d0f\u1d18\u1d1b\u1d1c"
    "\u1d20\u1d21\u1d22\u01c0"
    "\u0430\u0432\u0435\u043a\u043c\u043d\u043e\u0440\u0441\u0442\u0443\u0445\u0455\u0456\u0458\u04bb\u04cf\u0501\u051b\u051d"
    "\u03b1\u03b2\u03b5\u03b6\u03b7\u03b9\u03ba\u03bc\u03bd\u03bf\u03c1\u03c4\u03c5\u03c7\u03f2",
    "iagiignrybhlacdejkmoptuvwzlabekmhopctyxsijhldqwabezhikmnoptyxc",
)
"""Letters of phonetics, of Cyrillic and of Greek, small or large, that are drawn like Latin ones."""


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
    if folded(name) in _TAKEN or folded(name).startswith(BEGIN):
        raise InvalidInput(f"{name!r} cannot be the name of a person", "take another: the product itself uses this one")
    return _unlike(name, known, "whom there is already")


def newcomer(tx: Transaction, name: str) -> str:
    """The name for somebody new whom an administrator makes known. InvalidInput also where something is kept of somebody who had it: they
    would get that person's answers."""
    name = new_person(name, tx.roles())
    if name in tx.names_kept():
        raise InvalidInput(
            f"there are still answers of somebody who was called {name!r}",
            "`firmground person erase` erases them first; or take another name",
        )
    return name


def new_group(name: str, known: Iterable[str]) -> str:
    """The name for a group that is not among `known`. InvalidInput where it could be taken for one of them, or for one that everybody is
    in."""
    return _unlike(plain(unicodedata.normalize("NFKC", name)), (*known, EVERYONE, PUBLIC), "which there is already")


def _unlike(name: str, known: Iterable[str], already: str) -> str:
    if len(_alphabets(name)) > 1:
        raise InvalidInput(f"{name!r} mixes letters that look alike", "write it in one alphabet")
    if _UNSEEN.search(name) or name in {".", ".."}:
        raise InvalidInput(f"{name!r} cannot be a name", "use letters and digits that one can see")
    same = _drawn(name)
    for other in known:
        if _drawn(other) == same and other != name:
            raise InvalidInput(f"{name!r} looks like {other!r}, {already}", "take a name that differs in more")
    return name


def folded(name: str) -> str:
    """Equal for names that differ only in case or in how they are coded."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name.strip()).casefold())


def _drawn(name: str) -> str:
    """Equal for names that look the same."""
    return _UNSEEN.sub("", folded(name)).translate(_DRAWN_ALIKE)


def _alphabets(name: str) -> set[str]:
    return {unicodedata.name(sign, "").partition(" ")[0] for sign in name if sign.isalpha()} & _ALPHABETS
