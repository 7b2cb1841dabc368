"""A text as the forms read it: digits are digits however they are drawn, and nothing invisible stands between them."""

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from typing import NamedTuple

_INVISIBLE = "\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff\U000e0000-\U000e007f"
_REMOVED = re.compile(f"[{_INVISIBLE}]")
_SPACES = "\u00a0\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"
_DASHES = "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63"
_DRAWN = {
    **{code: chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)},
    **dict.fromkeys(map(ord, _SPACES), " "),
    **dict.fromkeys(map(ord, _DASHES), "-"),
}
_DIGIT = re.compile(r"(?![0-9])\d")
_STRANGE = re.compile(rf"(?![0-9])[\d{_INVISIBLE}{''.join(map(chr, _DRAWN))}]")
_DENSE = re.compile(
    r"(?<![0-9])(?!(?:1[5-9]|20)[0-9]{2}(?![^0-9]{0,3}[0-9]))[0-9](?:[^0-9]{0,3}+[0-9]){3,4000}+"
    r"|(?<=[0-9])[0-9](?:[^0-9]{0,3}+[0-9]){3,4000}+"
)
"""Where four digits or more lie close to each other and are not only a year: no kind of number has fewer."""
UNSPACED = "\u0e00"
"""From here on there are scripts that put no space between a word and a number."""
_UNSPACED = re.compile("[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_AROUND = 72
"""Signs on both sides of digits that belong to what is looked at: letters of the value, and the words that say what it is."""


class Found(NamedTuple):
    """What a form says of a stretch of the text that is read."""

    kind: str
    score: float
    start: int
    end: int


class Reading:
    """`text` is what forms look at; `place` says where a stretch of it stands in the original."""

    def __init__(self, original: str) -> None:
        self.text = original
        self._gaps: list[int] = []
        """Where the text lacks a sign of the original: k signs are missing before what stands at or after the k-th."""
        if not original.isascii() and _STRANGE.search(original):
            self._gaps = [match.start() - number for number, match in enumerate(_REMOVED.finditer(original))]
            visible = _REMOVED.sub("", original).translate(_DRAWN)
            self.text = _DIGIT.sub(lambda digit: str(unicodedata.decimal(digit[0])), visible)

    def place(self, start: int, end: int) -> tuple[int, int]:
        return start + bisect_right(self._gaps, start), end + bisect_right(self._gaps, end - 1)

    @cached_property
    def lower(self) -> str:
        """The text in small letters, as long as the text."""
        lower = self.text.lower()
        return lower if len(lower) == len(self.text) else "".join(map(_lowered, self.text))

    @cached_property
    def numbers(self) -> list[tuple[int, int]]:
        """The stretches, apart from each other, in which numbers can lie, with what stands around them."""
        return self.around(_DENSE.finditer(self.text), _AROUND, _AROUND)

    def around(self, matches: Iterable[re.Match[str]], before: int, behind: int) -> list[tuple[int, int]]:
        """The stretches, apart from each other, from so many signs before each match to so many behind it."""
        stretches: list[tuple[int, int]] = []
        for match in matches:
            start, end = max(0, match.start() - before), min(len(self.text), match.end() + behind)
            if stretches and start <= stretches[-1][1]:
                start = stretches.pop()[0]
            stretches.append((start, end))
        return stretches

    @cached_property
    def parted(self) -> str:
        """The text with no letter of these scripts beside a number, as long as the text."""
        return self.text if self.text.isascii() else _UNSPACED.sub("\u00b7", self.text)

    def in_numbers(self, pattern: re.Pattern[str]) -> Iterator[re.Match[str]]:
        for start, end in self.numbers:
            yield from pattern.finditer(self.parted, start, end)

    def words_at_numbers(self, pattern: re.Pattern[str]) -> Iterator[re.Match[str]]:
        """Where the words, in small letters, stand near numbers."""
        for start, end in self.numbers:
            yield from pattern.finditer(self.lower, start, end)

    def follows(self, words: re.Pattern[str], start: int, reach: int = 64) -> bool:
        """Whether the words, which end with `$`, stand before this place."""
        return words.search(self.text, max(0, start - reach), start) is not None


def longest(text: str, start: int, end: int, holds: Callable[[str], bool], most: int = 9) -> tuple[int, int] | None:
    """The longest run of whole groups (what white space or table lines part) in this stretch of which `holds` is true; a number may be
    followed by another that belongs to something else."""
    if holds(text[start:end]):
        return start, end
    groups = [match.span() for match in _GROUP.finditer(text, start, end)]
    if not 1 < len(groups) <= most:
        return None
    for length in range(len(groups) - 1, 0, -1):
        for first in range(len(groups) - length + 1):
            begin, stop = groups[first][0], groups[first + length - 1][1]
            if holds(text[begin:stop]):
                return begin, stop
    return None


_GROUP = re.compile(r"[^\s|]+")


def _lowered(sign: str) -> str:
    lower = sign.lower()
    return lower if len(lower) == 1 else sign
