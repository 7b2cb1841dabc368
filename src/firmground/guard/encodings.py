"""What encoded stretches of a text say: base64, hexadecimal, percent signs, entities, letters set apart; and the text read otherwise.

One level; who wants to see through two calls it again with what came out. All of it in linear time.
"""

import base64
import codecs
import html
import re
import string
from collections import Counter
from collections.abc import Callable, Iterator
from functools import cache
from itertools import islice
from typing import NamedTuple
from urllib.parse import unquote_plus

from firmground.language.visible import unseen


class Stretch(NamedTuple):
    start: int
    end: int
    says: str


class Reading(NamedTuple):
    """A text as it reads in another way: as long as the original, sign by sign."""

    text: str
    backwards: bool = False
    figures: bool = False

    def differs(self, said: str) -> bool:
        """Whether a stretch of the original could be meant so: a figure in one word is none for a letter."""
        return not self.figures or len(_LEET_LETTERS.findall(said)) > 1

    def place(self, start: int, end: int) -> tuple[int, int]:
        return (len(self.text) - end, len(self.text) - start) if self.backwards else (start, end)


_LONGEST = 1_000_000
"""Characters of one stretch that are read."""
_BASE64 = re.compile(
    r"(?<![A-Za-z0-9+/_-])[A-Za-z0-9+/_-]{24,}+(?:[ \t]{0,4}\n[ \t>]{0,8}[A-Za-z0-9+/_-]{24,}+)*+(?:\n[A-Za-z0-9+/_-]{1,23}+)?={0,2}"
)
_MIXED = r"(?:[a-z][A-Z]|[A-Z]{2}[a-z]|[A-Za-z][0-9]|[0-9][A-Za-z])"
"""What hardly any word has in it: letters of both sizes, or figures among letters."""
_GROUP = r"[A-Za-z0-9+/_-]{4,76}+={0,2}"
_CODED = rf"(?=[A-Za-z0-9+/_-]{{0,74}}?{_MIXED}){_GROUP}"
_BETWEEN = r"[\s>|]{1,8}+"
_IN_GROUPS = re.compile(
    rf"(?<![A-Za-z0-9+/_-]){_CODED}(?:{_BETWEEN}(?:{_GROUP}{_BETWEEN})?{_CODED}){{2,20000}}(?![A-Za-z0-9+/_-])"
)
_HEX = re.compile(r"(?<![0-9A-Za-z])(?:(?:\\x|\\u00|0x|%|=)?[0-9A-Fa-f]{2}[\s,:;-]{0,2}){12,}+")
_PERCENT = re.compile(r"[\w.+~&=/?:%()!*',;-]{8,}+")
_ENTITIES = re.compile(r"(?:&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z]{2,8});[^&\n]{0,40}+){3,}+")
_APART = re.compile(r"(?<!\w)(?:[^\W_][ ._*|/-]{1,3}){9,2000}[^\W_](?!\w)")
_ALONE = r"(?:\pL ){11}"
_PERHAPS = (
    r"[A-Za-z0-9+/_-]{24}|(?:(?:\\x|\\u00|0x|%|=)?[0-9A-Fa-f]{2}[\s,:;-]{0,2}){12}|(?:[\pL\pN][ ._*|/-]{1,3}){9}|&(?:#|[A-Za-z]{2,8};)"
    rf"|%[0-9A-Fa-f]{{2}}|(?:[A-Za-z0-9+/_-]{{0,74}}{_MIXED}[A-Za-z0-9+/_-]{{0,74}}={{0,2}}[\s>|]{{1,8}}){{2}}"
)
"""RE2: without any of it nothing is encoded, and most texts are found to be so at once."""
_TAGS = re.compile("[\U000e0020-\U000e007e]{4,}+")
_SELECTORS = re.compile("[\ufe00-\ufe0f\U000e0100-\U000e01ef]{4,}+")
_LEET = bytes.maketrans(b"013457@$!|", b"oieastasil")
_LEET_LETTERS = re.compile(r"[A-Za-z][013457@$!|]{1,3}(?=[A-Za-z])")
_LEET_PERHAPS = r"[A-Za-z][013457@$!|]{1,3}[A-Za-z]"
_ROT13 = bytes.maketrans(string.ascii_letters.encode(), codecs.encode(string.ascii_letters, "rot13").encode())


def stretches(text: str) -> Iterator[Stretch]:
    """The encoded stretches of the text that turn out to be text."""
    yield from _unseen(text)
    if not _searching(_PERHAPS)(text.encode("utf-8", "replace")):
        return
    for found in _BASE64.finditer(text):
        for start, end in _pieces(found):
            yield from _told(start, end, _from_base64(text[start : min(end, start + _LONGEST)]))
    for found in _IN_GROUPS.finditer(text):
        yield from islice(_in_groups(*found.span(), found[0][:_LONGEST]), 1)
    for found in _HEX.finditer(text):
        digits = re.sub(r"\\x|\\u00|0x|[^0-9A-Fa-f]", "", found[0][:_LONGEST])
        yield from _told(found.start(), found.end(), bytes.fromhex(digits[: len(digits) // 2 * 2]))
    for found in _PERCENT.finditer(text) if "%" in text else ():
        if found[0].count("%") > 1:
            yield Stretch(found.start(), found.end(), unquote_plus(found[0][:_LONGEST]))
    for found in _ENTITIES.finditer(text) if "&" in text else ():
        start = max(text.rfind("\n", max(0, found.start() - 60), found.start()) + 1, found.start() - 60, 0)
        yield Stretch(start, found.end(), html.unescape(text[start : min(found.end(), start + _LONGEST)]))
    for found in _APART.finditer(text):
        yield Stretch(found.start(), found.end(), _together(found[0]))


def readings(text: str) -> Iterator[Reading]:
    """The text with its letters moved by thirteen, backwards, and with figures for letters."""
    octets = text.encode("utf-8", "surrogatepass")
    yield Reading(octets.translate(_ROT13).decode("utf-8", "surrogatepass"))
    yield Reading(text[::-1], backwards=True)
    if _searching(_LEET_PERHAPS)(octets):
        yield Reading(octets.translate(_LEET).decode("utf-8", "surrogatepass"), figures=True)


def apart(text: str) -> bool:
    """Whether letters may stand alone in it, one after another."""
    return _searching(_ALONE)(text.encode("utf-8", "replace")) is not None


@cache
def _searching(pattern: str) -> Callable[[bytes], object]:
    import re2  # pyright: ignore[reportMissingTypeStubs]

    return re2.compile(pattern.encode()).search  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]


def _unseen(text: str) -> Iterator[Stretch]:
    """Letters and bytes in signs that nobody sees."""
    if not any(True for _ in unseen(text)):
        return
    for found in _TAGS.finditer(text):
        yield Stretch(found.start(), found.end(), "".join(chr(ord(sign) - 0xE0000) for sign in found[0][:_LONGEST]))
    for found in _SELECTORS.finditer(text):
        numbers = (ord(sign) - (0xFE00 if sign < "\U000e0100" else 0xE0100 - 16) for sign in found[0][:_LONGEST])
        yield from _told(found.start(), found.end(), bytes(numbers))


def _pieces(found: re.Match[str]) -> Iterator[tuple[int, int]]:
    """The whole, and where it has lines each of them: they may be one blob, or several."""
    yield found.span()
    if "\n" in found[0]:
        for line in re.finditer(r"[A-Za-z0-9+/_=-]{24,}", found[0]):
            yield found.start() + line.start(), found.start() + line.end()


def _in_groups(start: int, end: int, text: str) -> Iterator[Stretch]:
    """Base64 with blanks or line ends in it, from the first letter that makes sense: a word before it may look like a part of it."""
    plain = re.sub(r"[\s>|]", "", text)
    for first in range(4):
        yield from _told(start, end, _from_base64(plain[first:]))


def _from_base64(text: str) -> bytes:
    plain = re.sub(r"[^A-Za-z0-9+/]", "", text.translate({45: 43, 95: 47}))
    return base64.b64decode(plain[: len(plain) // 4 * 4]) + _rest(plain)


def _rest(plain: str) -> bytes:
    """What the last, incomplete group of letters holds."""
    left = plain[len(plain) // 4 * 4 :]
    return base64.b64decode(left + "=" * (4 - len(left))) if len(left) > 1 else b""


def _told(start: int, end: int, content: bytes) -> Iterator[Stretch]:
    """If nearly all of it is text."""
    says = content.decode("utf-8", "ignore")
    if says.isascii() and "\0" in says:
        says = says.replace("\0", "")
    elif len(says.encode()) < 0.9 * len(content):
        return
    if says:
        yield Stretch(start, end, says)


def _together(apart: str) -> str:
    """`i g n o r e  a l l` as words: the sign between most letters goes, any other stands between words."""
    between = Counter(re.findall(r"(?<=\w)([ ._*|/-])(?=\w)", apart)).most_common(1)
    if between:
        apart = re.sub(rf"(?<=\w){re.escape(between[0][0])}(?=\w)", "", apart)
    return re.sub(r"[ ._*|/-]{1,3}", " ", apart)
