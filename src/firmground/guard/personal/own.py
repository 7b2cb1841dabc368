"""Forms that a team wrote itself, for numbers that only it knows."""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Protocol, cast

from firmground.guard.personal.reading import Found
from firmground.settings_guard import compiled

_PIECE, _BEFORE, _AFTER = 4096, 64, 512
"""Signs that are matched at once, so that no pattern reads to the end of a long text again and again; a value may be `_AFTER` long."""


def own(text: str, patterns: Sequence[tuple[str, str, float]]) -> Iterator[Found]:
    """What the patterns (kind, regular expression of RE2, score) match: the group `value` where there is one."""
    compiled = [(kind, form(pattern), score) for kind, pattern, score in patterns]
    for at in range(0, len(text) if compiled else 0, _PIECE):
        begin = max(0, at - _BEFORE)
        piece = text[begin : at + _PIECE + _AFTER]
        for kind, pattern, score in compiled:
            counts = pattern.groupindex.get("value", 0)
            for match in pattern.finditer(piece):
                start, end = match.span(counts)
                if start < end and at <= begin + match.start() < at + _PIECE:
                    yield Found(kind, score, begin + start, begin + end)


@lru_cache(256)
def form(pattern: str) -> "Form":
    """The compiled pattern; ValueError where RE2 cannot read it."""
    return cast("Form", compiled(pattern))


class Form(Protocol):
    """What we use of a pattern that RE2 compiled."""

    @property
    def groupindex(self) -> Mapping[str, int]: ...
    def finditer(self, text: str) -> Iterator[re.Match[str]]: ...
