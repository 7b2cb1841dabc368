"""Citation marks in a text, as models write them: `[1]`, `[1, 2]`, `[1-3]`, `【1】`, `[passage 1]`, before or after the full stop."""

import re
from typing import NamedTuple

from firmground.language.sentences import sentences

MOST_MARKS = 12
"""Of one sentence; more are not read."""

_NUMBERS = r"(?:passages?\s{0,3}|sources?\s{0,3})?[#^]?\d{1,3}"
_MARK = re.compile(
    r"(?P<code>`[^`\n]{0,400}`)"
    rf"|[ \t]{{0,9}}\\?[\[\uff3b\u3010\u27e6](?P<numbers>\s{{0,3}}{_NUMBERS}"
    rf"(?:\s{{0,3}}(?:[,;&/\u2010-\u2015-]|and|und|et|y|to)\s{{0,3}}{_NUMBERS}){{0,20}}\s{{0,3}})"
    r"(?:\u2020[^\]\u3011\n]{0,40})?\\?[\]\uff3d\u3011\u27e7](?:\((?:https?:|#)[^\s()]{0,200}\))?",
    re.IGNORECASE,
)
_RANGE = re.compile(r"(\d+)\s*(?:[\u2010-\u2015-]|to)\s*(?:\D{0,10}?)(\d+)|(\d+)", re.IGNORECASE)
_OPEN_MARK = re.compile(r"\\?[\[\uff3b\u3010\u27e6][^\]\uff3d\u3011\u27e7\n]{0,60}\Z")
_OPEN_LINK = re.compile(r"[\]\u3011\uff3d]\((?:https?:|#)[^\s()]{0,200}\Z|`[^`\n]{0,400}\Z")


class Part(NamedTuple):
    """A sentence, list item or table row."""

    text: str
    """Without its marks."""
    marks: tuple[int, ...]
    begun: int
    """Where it begins in the text with marks, a mark before its first word included."""


class _Mark(NamedTuple):
    place: int
    """In the text without marks."""
    start: int
    length: int
    numbers: list[int]


def unmarked(text: str) -> str:
    """The text without marks."""
    return _without_marks(text)[0]


def in_the_middle(text: str) -> bool:
    """Whether the text may end in the middle of a mark."""
    return bool(_OPEN_MARK.search(text, max(0, len(text) - 64)) or _OPEN_LINK.search(text))


def parts(text: str) -> list[Part]:
    """The sentences of a text. A mark belongs to the sentence it stands in or behind; at the start of a line, to the one that follows
    in that line."""
    plain, marks = _without_marks(text)
    spans = sentences(plain)
    owned: list[list[_Mark]] = [[] for _ in spans]
    owner = 0
    for mark in marks:
        speaks_from = _speaks_from(plain, mark.place)
        while owner + 1 < len(spans) and spans[owner + 1][0] < speaks_from:
            owner += 1
        if spans:
            owned[owner].append(mark)
    found: list[Part] = []
    before = 0
    for (start, end), mine in zip(spans, owned, strict=True):
        begun = min([start + before, *(mark.start for mark in mine if mark.place <= start)])
        before += sum(mark.length for mark in mine)
        numbers = dict.fromkeys(number for mark in mine for number in mark.numbers)
        found.append(Part(plain[start:end], tuple(numbers)[:MOST_MARKS], begun))
    return found


def _speaks_from(plain: str, place: int) -> int:
    """The sentence that a mark belongs to begins before this."""
    if plain[plain.rfind("\n", 0, place) + 1 : place].strip():
        return place
    after = place
    while after < len(plain) and plain[after] in " \t":
        after += 1
    return after + 1 if after < len(plain) and plain[after] != "\n" else place


def _without_marks(text: str) -> tuple[str, list[_Mark]]:
    kept: list[str] = []
    marks: list[_Mark] = []
    at = length = 0
    for found in _MARK.finditer(text):
        if found["code"]:
            continue
        kept.append(text[at : found.start()])
        length += found.start() - at
        at = found.end()
        marks.append(_Mark(length, found.start(), found.end() - found.start(), _numbers(found["numbers"])))
    kept.append(text[at:])
    return "".join(kept), marks


def _numbers(text: str) -> list[int]:
    found: list[int] = []
    for first, last, single in _RANGE.findall(text):
        if single:
            found.append(int(single))
        elif 0 <= int(last) - int(first) < MOST_MARKS:
            found += range(int(first), int(last) + 1)
        else:
            found += [int(first), int(last)]
    return found
