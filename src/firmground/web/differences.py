"""What was changed in a text, word by word."""

import re
from difflib import SequenceMatcher
from typing import Literal, NamedTuple

_WORDS = re.compile(r"\s+|\w+|[^\w\s]")
_MOST = 3000
"""Words of both texts together, beyond which the old one stands above the new one as a whole: comparing takes longer the more there are."""


class Change(NamedTuple):
    """A stretch that stayed, is new, or is gone."""

    kind: Literal["same", "new", "gone"]
    text: str


def words(before: str, after: str) -> list[Change]:
    """All of both texts: what is gone stands before what came in its place."""
    old, new = _WORDS.findall(before), _WORDS.findall(after)
    if len(old) + len(new) > _MOST:
        return [Change("same", after)] if before == after else [Change("gone", before), Change("new", after)]
    found: list[Change] = []
    for tag, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal":
            found.append(Change("same", "".join(old[a:b])))
            continue
        found += [Change("gone", "".join(old[a:b]))] if b > a else []
        found += [Change("new", "".join(new[c:d]))] if d > c else []
    return found
