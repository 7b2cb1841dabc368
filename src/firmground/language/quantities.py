"""Numbers in a text with what they count: digits and words, units, bounds; identifiers and dates are something else."""

import math
import re
from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple, TypeAlias

from firmground.language.counting import (
    CALENDAR,
    GERMAN_UNIT_ENDS,
    MAGNITUDES,
    MEASURES,
    WORKING,
    loose_words,
    number_words,
    ordinal_words,
    unit_words,
)
from firmground.language.words import STOP_WORDS

Bound: TypeAlias = Literal["", "least", "most"]


class Number(NamedTuple):
    """One number as a text gives it."""

    values: tuple[float, ...]
    """All readings: `1.500` is 1500 or 1.5."""
    unit: str
    """Canonical name (`day`, `percent`, `euro`), empty where none is known."""
    noun: str
    """The word it counts where that is no unit, in small letters."""
    bound: Bound
    """`least` for "at least", "more than", "from"; `most` for "at most", "up to", "less than"."""
    near: bool
    """Whether it is only about right."""
    spelled: bool
    loose: bool
    """A word that may stand for a number and mostly does not: `a`, `first`, `half`."""
    start: int
    end: int


Match: TypeAlias = Literal["same", "unit", "none"]

_DIGITS = r"\d+(?:[.,'\u2019]\d+)*"
_REST = (
    rf"{_DIGITS})(?P<ordinal>(?:st|nd|rd|th|er|ère|e|ème|º|ª)(?!\w))?"
    r"|(?P<word>[^\W\d_]+)|(?P<sign>[%‰€$£¥°½¼¾])|(?P<dash>[-–—/])|(?P<stop>[^\s])"
)
_TOKEN_EN = re.compile(rf"(?P<number>\d{{1,3}}(?:[\u00a0\u202f]\d{{3}})+(?!\d)|{_REST}")
_TOKEN = re.compile(rf"(?P<number>\d{{1,3}}(?:[ \u00a0\u202f]\d{{3}})+(?!\d)|{_REST}")
"""English does not separate thousands by a plain space."""
_FRACTIONS = {"½": 0.5, "¼": 0.25, "¾": 0.75}
_TWO_WORDS = frozenset({"pour", "per", "por"})
_LINKS = frozenset("to bis à a and und et y or oder ou o and/or bzw".split())  # noqa: SIM905

_LEAST = (
    "at least|no (?:less|fewer) than|not (?:less|fewer) than|(?<!no )(?<!not )(?:more|greater|longer|older|higher|larger"
    "|later) than|over|above|exceed(?:s|ing)?"
    "|beyond|minimum(?: of)?|(?:min|mind)\\.|upwards of|from"
    "|mindestens|wenigstens|(?<!nicht )(?:mehr|länger|älter|höher|größer|später) als|über|ab|nicht weniger als|mehr wie"
    "|au moins|(?<!pas )plus (?:de|d['’])|supérieure?s? à|à partir de|dès|minimum de|pas moins de|au-delà de"
    "|al menos|por lo menos|(?<!no )más de|superior(?:es)? a|a partir de|mínimo(?: de)?|no menos de"
)
_MOST = (
    "at most|no (?:more|longer|later) than|not (?:more|longer|later) than|up to|maximum(?: of)?|max\\.?|(?:less|fewer"
    "|shorter|lower|smaller|younger) than|under|below|within"
    "|höchstens|maximal|bis zu|nicht (?:mehr|länger|später|älter) als|(?:weniger|kürzer|kleiner|jünger|niedriger) als"
    "|unter|innerhalb(?: von)?|spätestens"
    "|au plus|jusqu['’]à|moins (?:de|d['’])|inférieure?s? à|au maximum|maximum de|pas plus de|dans les"
    "|como (?:máximo|mucho)|hasta|menos de|inferior(?:es)? a|máximo(?: de)?|no más de|dentro de"
)
_BOUND = re.compile(
    rf"\b(?:(?P<least>{_LEAST})|(?P<most>{_MOST}))(?:\s+(?:the|a|an|einem|einer|von|of|les|los|las))?[\s€$£]*$", re.I
)
_BOUND_AFTER = re.compile(
    r"\s{0,9}[^\W\d_]{0,14}\.?\s{0,9}(?:(?P<least>or (?:more|longer|older|above)|oder (?:mehr|länger)|ou plus|o más|minimum\b)"
    r"|(?P<most>or (?:less|fewer|under)|oder weniger|ou moins|o menos|at most|maximum\b|máximo\b))",
    re.I,
)
_LATER = re.compile(r"later|spätestens|später|tard", re.I)
_BEFORE = re.compile(r"\s{0,9}[^\W\d_]{0,14}\s{0,9}(?:before|ahead|in advance|prior|vor\b|vorher|avant|antes)", re.I)
_NEAR = re.compile(
    r"(?:\b(?:about|around|approximately|roughly|nearly|almost|circa|ca\.?|rund|etwa|ungefähr|fast|knapp|environ|presque|près de"
    r"|aproximadamente|unos|unas|casi|alrededor de)|~|≈)[\s€$£]*$",
    re.I,
)


def numbers(text: str, language: str) -> tuple[Number, ...]:
    """The numbers of a text in order; without its dates, times and identifiers, which the caller has blanked out."""
    tokens = list((_TOKEN_EN if language in ("en", "") else _TOKEN).finditer(text))
    reading = _Reading(text, language, tokens)
    found: list[Number] = []
    at = 0
    while at < len(tokens):
        number, at = reading.number(at)
        if number:
            found.append(number)
    return tuple(_shared_units(text, found))


def agree(one: Number, other: Number) -> Match:
    """Whether a number says the same as that of a source: `same`; the same number of something else: `unit`; `none`."""
    if one.unit and other.noun and not other.unit:
        return "unit" if _meet(one.values, other.values, False) else "none"
    if not one.unit or not other.unit:
        return "same" if _meet(one.values, other.values, one.near) or _share(one, other) else "none"
    for dimension, size in MEASURES[one.unit]:
        for other_dimension, other_size in MEASURES[other.unit]:
            if dimension == other_dimension and _meet(
                [value * size for value in one.values], [value * other_size for value in other.values], one.near
            ):
                return "same"
    return "unit" if _meet(one.values, other.values, False) else "none"


def alike(one: Number, other: Number) -> bool:
    """Whether two numbers measure the same kind of thing, so that one could be mistaken for the other."""
    if one.unit and other.unit:
        return any(dimension == found for dimension, _ in MEASURES[one.unit] for found, _ in MEASURES[other.unit])
    return one.unit == other.unit and one.noun == other.noun


def _share(one: Number, other: Number) -> bool:
    """`50 %` and `0.5`, `half`."""
    percent, plain = (one, other) if one.unit == "percent" else (other, one)
    return percent.unit == "percent" and not plain.unit and _meet([value / 100 for value in percent.values], plain.values, False)


def _meet(these: Iterable[float], those: Sequence[float], near: bool) -> bool:
    tolerance = 0.05 if near else 1e-9
    return any(math.isclose(one, other, rel_tol=tolerance) for one in these for other in those)


class _Reading:
    def __init__(self, text: str, language: str, tokens: Sequence[re.Match[str]]) -> None:
        self._text, self._language, self._tokens = text, language, tokens
        self._spelled = number_words(language)
        self._loose = loose_words(language)
        self._ordinals = ordinal_words(language)
        self._units = unit_words(language)
        self._stops = STOP_WORDS.get(language, frozenset())

    def number(self, at: int) -> tuple[Number | None, int]:
        """The number that begins with this token, if any, and the token to go on with."""
        token = self._tokens[at]
        start, loose, spelled = token.start(), False, False
        if token["number"]:
            values, after = _values(token["number"]), at + 1
        elif token["sign"] in _FRACTIONS:
            values, after = (_FRACTIONS[token["sign"]],), at + 1
        elif token["word"] and token["word"].casefold() in self._ordinals:
            return self._ordinal(at, self._ordinals[token["word"].casefold()]), at + 1
        elif token["word"]:
            values, after, loose = self._word(at)
            spelled = True
        else:
            return None, at + 1
        if not values:
            return self._joined(at) if token["word"] else None, at + 1
        if token["ordinal"]:
            return self._ordinal(at, values[0]), at + 1
        values, after = self._magnitude(values, after, spelled)
        unit, noun, last = self._counted(at, after)
        if loose and (not unit or unit == "second") and values != (0.5,):
            return None, at + 1
        end = self._tokens[last - 1].end()
        bound, near = self._bound(start, end)
        return Number(values, unit, noun, bound, near, spelled, loose, start, end), max(
            after, last if unit == "percent" else after
        )

    def _ordinal(self, at: int, value: float) -> Number:
        """`the third day` is one day: the number has no unit."""
        token = self._tokens[at]
        return Number((value,), "", self._said(at + 1), "", False, True, False, token.start(), token.end())

    def _word(self, at: int) -> tuple[tuple[float, ...], int, bool]:
        words = [token["word"].casefold() if token["word"] else token[0] for token in self._tokens[at : at + 8]]
        parts = [word for word in words if word != "-"]
        for length in range(min(4, len(parts)), 0, -1):
            value = self._spelled.get(" ".join(parts[:length]))
            if value is not None:
                return *self._hundreds(value, at + _taken(words, length)), False
        value = self._loose.get(words[0])
        return ((value,), at + 1, True) if value is not None else ((), at + 1, False)

    def _hundreds(self, value: float, after: int) -> tuple[tuple[float, ...], int]:
        """`two hundred and fifty`: what follows the first word of it."""
        if 2 <= value <= 9 and self._said(after) in ("hundred", "hundert"):
            value, after = value * 100, after + 1
        if value >= 100 and value % 100 == 0:
            step = after + (self._said(after) in ("and", "und"))
            rest = self._spelled.get(self._said(step), 0.0)
            if 0 < rest < 100:
                value, after = value + rest, step + 1
        return (value,), after

    def _said(self, at: int) -> str:
        return (self._tokens[at]["word"] or "").casefold() if at < len(self._tokens) else ""

    def _joined(self, at: int) -> Number | None:
        """`fünftägig`, `Zweijahresvertrag`: number and unit in one German word."""
        token = self._tokens[at]
        word = token[0].casefold()
        if self._language != "de" or len(word) < 6:
            return None
        for end, unit in GERMAN_UNIT_ENDS:
            value = self._spelled.get(word.removesuffix(end)) if word.endswith(end) else None
            if value is not None:
                bound, near = self._bound(token.start(), token.end())
                return Number((value,), unit, "", bound, near, True, False, token.start(), token.end())
        return None

    def _magnitude(self, values: tuple[float, ...], after: int, spelled: bool) -> tuple[tuple[float, ...], int]:
        word = self._said(after)
        if word in MAGNITUDES and not (word in ("mille", "mil") and self._language not in ("fr", "es", "it", "pt")):
            return tuple(value * MAGNITUDES[word] for value in values), after + 1
        if word in ("m", "b") and not spelled and self._text[self._tokens[after].start() - 1].isdigit():
            scale = 1e6 if word == "m" else 1e9
            return (*values, *(value * scale for value in values)), after + (self._tokens[after][0] in "MB")
        return values, after

    def _counted(self, at: int, after: int) -> tuple[str, str, int]:
        """Unit, noun, and the token after them."""
        if at and self._tokens[at - 1]["sign"] and self._tokens[at - 1]["sign"] in "€$£¥":
            return self._units[self._tokens[at - 1]["sign"]], "", after
        if self._said(at - 1 if at else 0) in ("eur", "usd", "gbp", "chf") and at:
            return self._units[self._said(at - 1)], "", after
        kinds: set[str] = set()
        noun, here = "", after
        if here < len(self._tokens) and self._tokens[here]["dash"] == "-":
            here += 1
        for _ in range(3):
            if here >= len(self._tokens):
                break
            word, sign = self._said(here), self._tokens[here]["sign"]
            unit = self._unit(here)
            if unit:
                last = here + (2 if word in _TWO_WORDS and unit == "percent" else 1)
                return self._qualified(unit, kinds, last), "", last
            if sign or not word or word in self._stops or word in self._spelled:
                break
            kinds.add(word)
            noun, here = noun or word, here + 1
        return "", noun, after

    def _unit(self, at: int) -> str:
        token = self._tokens[at]
        if token["sign"]:
            joined = token[0] + self._said(at + 1)
            return self._units.get(joined) or self._units.get(token[0], "")
        word = token["word"]
        if not word:
            return ""
        if self._text[token.end() : token.end() + 2] in ("/s", "/h"):
            return ""
        small = word.casefold()
        if small in _TWO_WORDS and self._said(at + 1) in ("cent", "ciento"):
            return "percent"
        known = self._units.get(small, "")
        if not known and self._language == "de":
            known = next((unit for end, unit in GERMAN_UNIT_ENDS if small.endswith(end)), "")
        return known

    def _qualified(self, unit: str, kinds: set[str], after: int) -> str:
        if unit != "day":
            return unit
        kinds = kinds | {self._said(after)}
        return "working day" if kinds & WORKING else "calendar day" if kinds & CALENDAR else unit

    def _bound(self, start: int, end: int) -> tuple[Bound, bool]:
        before = self._text[max(0, start - 32) : start]
        found = _BOUND.search(before) or _BOUND_AFTER.match(self._text, end)
        near = bool(_NEAR.search(before))
        if not found:
            return "", near
        # "no later than 3 days before" leaves at least three days
        turned = _LATER.search(found[0]) and _BEFORE.match(self._text, end)
        return "least" if found["least"] or turned else "most", near


def _taken(words: Sequence[str], length: int) -> int:
    """How many tokens hold the first `length` words, hyphens between them not counted."""
    count = 0
    for at, word in enumerate(words):
        if word != "-":
            count += 1
        if count == length:
            return at + 1
    return len(words)


def _values(digits: str) -> tuple[float, ...]:
    """The readings of a written number: thousands may be separated by comma, point, apostrophe or a narrow space."""
    plain = re.sub(r"[ \u00a0\u202f'\u2019]", "", digits)[:24]
    marks = {mark for mark in plain if mark in ".,"}
    if not marks:
        return (float(plain),)
    if len(marks) == 2:
        decimal = plain[max(plain.rfind("."), plain.rfind(","))]
        return (
            float(plain.replace("," if decimal == "." else ".", "").replace(",", ".").replace(".", "", plain.count(decimal) - 1)),
        )
    mark = marks.pop()
    groups = plain.split(mark)
    thousands = all(len(group) == 3 for group in groups[1:]) and len(groups[0]) <= 3 and groups[0] != "0"
    if len(groups) > 2:
        return (float("".join(groups)),) if thousands else tuple(float(group or 0) for group in groups)
    decimal_value = float(f"{groups[0]}.{groups[1] or 0}")
    return (float("".join(groups)), decimal_value) if thousands else (decimal_value,)


def _shared_units(text: str, found: Sequence[Number]) -> list[Number]:
    """`4 to 6 weeks`, `£15 / 18`: the first of two that belong together has the unit of the second."""
    made = list(found)
    for at in range(len(made) - 2, -1, -1):
        one, other = made[at], made[at + 1]
        between = text[one.end : other.start].strip(" €$£").casefold()
        if not one.unit and not one.noun and other.unit and (between in "-–—/" or between in _LINKS):
            made[at] = one._replace(unit=other.unit)
    return made
