"""Dates, times of day and weekdays in a text, in the forms people write them."""

import re
from collections.abc import Iterable
from itertools import pairwise
from typing import NamedTuple

from firmground.language.counting import AMBIGUOUS_MONTHS, MONTHS, WEEKDAY_SHORTS, WEEKDAYS


class Day(NamedTuple):
    """A date or part of one; `readings` are (year, month, day), None where it says nothing: `03/04/2026` has two."""

    readings: tuple[tuple[int | None, int | None, int | None], ...]
    start: int
    end: int


class Clock(NamedTuple):
    """A time of day in minutes since midnight. `half` where it may be meant twelve hours later too."""

    minutes: int
    half: bool
    start: int
    end: int


class Moments(NamedTuple):
    days: tuple[Day, ...]
    clocks: tuple[Clock, ...]
    weekdays: tuple[tuple[int, int, int], ...]
    """(0 for Monday, start, end)."""
    weekday_ranges: tuple[tuple[int, int], ...]
    rest: str
    """The text with all of them blanked out, of the same length."""


_MONTH = f"(?:{'|'.join(sorted(MONTHS, key=len, reverse=True))})(?![^\\W\\d_])"
_YEAR = r"(?:19|20)\d\d"
_DATE = re.compile(
    rf"(?<![\w.,/-])(?P<iso>{_YEAR})-(?P<isom>\d\d?)(?:-(?P<isod>\d\d?))?(?![\d-])"
    rf"|(?<![\w.,/-])(?P<d>\d\d?)[./](?P<m>\d\d?)[./](?P<y>{_YEAR}|\d\d(?![\d.,/%]))(?!\d)"
    rf"|(?<![\w.,/])(?P<d2>\d\d?)(?:st|nd|rd|th|er|\.|º)?\s+(?:of\s+|de\s+|del\s+)?(?P<name>{_MONTH})\.?(?:,?\s+(?:de\s+|del\s+)?(?P<y2>{_YEAR})(?!\d))?"
    rf"|(?<!\w)(?P<name3>{_MONTH})\.?\s+(?P<d3>\d\d?)(?:st|nd|rd|th)?(?![\d.,:]\d|\w|\s?%)(?:,?\s+(?P<y3>{_YEAR})(?!\d))?"
    rf"|(?<!\w)(?P<name4>{_MONTH})\.?\s+(?:de\s+|del\s+)?(?P<y4>{_YEAR})(?!\d)"
    rf"|(?<!\w)(?P<name5>{_MONTH})(?!\w)"
    rf"|(?<![\w.,/€$£+-])(?P<y6>{_YEAR})(?![\w%€$£]|[.,]\d)",
    re.I,
)
_BEFORE_MONTH = re.compile(
    r"(?:\b(?:in|by|until|till|since|from|to|through|of|and|or|every|each|before|after|during|late|early|mid|im|ab|bis|seit|vor|nach|ende|anfang|mitte|und"
    r"|en|de|d['’]|du|à|avant|après|fin|début|mi|jusqu['’]en|et|hasta|desde|a|antes|y|finales|principios)[\s-]?|['’])$",
    re.I,
)
_CLOCK = re.compile(
    r"(?<![\w:.,])(?P<h>[01]?\d|2[0-4])[:](?P<m>[0-5]\d)(?![\d:]\d|\d)\s?(?P<ap>[ap]\.?m\b\.?|uhr\b|h\b)?"
    r"|(?<![\w:.,])(?P<h2>[01]?\d|2[0-4])(?:\.(?P<m2>[0-5]\d))?\s?(?P<ap2>[ap]\.?m\b\.?|uhr\b|o['’]clock\b)"
    r"|(?<![\w:.,])(?P<h3>[01]?\d|2[0-4])\s?h(?:\s?(?P<m3>[0-5]\d))?(?![\w])",
    re.I,
)
_SPOKEN = re.compile(r"\b(noon|midday|midnight|mittags?|mitternachts?|midi|minuit|mediodía|medianoche)\b", re.I)
_MIDNIGHT = frozenset({"midnight", "mitternacht", "mitternachts", "minuit", "medianoche"})
_WORD = re.compile(r"[^\W\d_]+")
_WEEKDAYS_SHORT = re.compile(r"\b(Mon|Tue|Wed|Thu|Fri|Sat|Sun)\b")
_RANGE = re.compile(r"[\s.]{0,3}(?:-|–|—|to|bis|au|a|through|till|until)[\s]{0,2}(?:el\s+|le\s+)?$", re.I)


def moments(text: str) -> Moments:
    """What of `text` is a date, a time or a weekday. A four-digit number from 1900 to 2099 that stands alone counts as a year."""
    rest = list(text)
    clocks = [clock for match in _CLOCK.finditer(text) if (clock := _clock(match))]
    _blank(rest, ((clock.start, clock.end) for clock in clocks if not _maybe_duration(text, clock)))
    days = [day for match in _DATE.finditer("".join(rest)) if (day := _day(match))]
    _blank(rest, ((day.start, day.end) for day in days))
    clocks += [
        Clock(0 if match[0].casefold() in _MIDNIGHT else 720, False, match.start(), match.end())
        for match in _SPOKEN.finditer(text)
    ]
    weekdays = [
        (WEEKDAYS[word], match.start(), match.end())
        for match in _WORD.finditer(text)
        if (word := match[0].casefold()) in WEEKDAYS and (match[0][0].isupper() or word not in _UNSURE)
    ]
    weekdays += [(WEEKDAY_SHORTS[match[0].casefold()], match.start(), match.end()) for match in _WEEKDAYS_SHORT.finditer(text)]
    weekdays.sort(key=lambda found: found[1])
    ranges = tuple((one[0], other[0]) for one, other in pairwise(weekdays) if _RANGE.match(text[one[2] : other[1]]))
    return Moments(tuple(days), tuple(clocks), tuple(weekdays), ranges, "".join(rest))


_WORDS_TOO = frozenset("may march mar jan sep sept jun dec mei".split())  # noqa: SIM905
_UNSURE = frozenset({"mardi", "martes", "sol"})


def _maybe_duration(text: str, clock: Clock) -> bool:
    """`10 h` may be a time or ten hours: it stays in the text to be read as both."""
    said = text[clock.start : clock.end].rstrip()
    return said[-1] in "hH" and ":" not in said


def _clock(match: re.Match[str]) -> Clock | None:
    hour = int(match["h"] or match["h2"] or match["h3"])
    minute = int(match["m"] or match["m2"] or match["m3"] or 0)
    mark = (match["ap"] or match["ap2"] or "").casefold()[:1]
    if mark in ("a", "p") and hour <= 12:
        hour = hour % 12 + (12 if mark == "p" else 0)
        half = False
    else:
        half = not mark and 1 <= hour <= 12
    return Clock((hour * 60 + minute) % 1440, half, match.start(), match.end())


def _day(match: re.Match[str]) -> Day | None:
    readings: list[tuple[int | None, int | None, int | None]] = []
    end = match.end()
    if match["iso"]:
        readings = [(int(match["iso"]), int(match["isom"]), _whole(match["isod"]))]
    elif match["d"]:
        year = int(match["y"]) + (2000 if len(match["y"]) == 2 else 0)
        one, other = int(match["d"]), int(match["m"])
        readings = [(year, other, one), (year, one, other)]
    elif match["y6"]:
        return Day(((int(match["y6"]), None, None),), match.start(), end)
    else:
        return _named(match)
    readings = [reading for reading in readings if 1 <= (reading[1] or 1) <= 12 and 1 <= (reading[2] or 1) <= 31]
    return Day(tuple(dict.fromkeys(readings)), match.start(), end) if readings else None


def _named(match: re.Match[str]) -> Day | None:
    name = match["name"] or match["name3"] or match["name4"] or match["name5"]
    month = MONTHS.get(name.casefold())
    start, end = match.start(), match.end()
    year = _whole(match["y2"] or match["y3"] or match["y4"])
    if month is None or (not year and name in ("may", "march")):
        return None
    day = _whole(match["d2"] or match["d3"])
    if day is not None and not 1 <= day <= 31:
        return None
    if match["name5"]:
        if name in _WORDS_TOO:
            return None
        before = match.string[max(0, start - 12) : start]
        if name.casefold() in AMBIGUOUS_MONTHS and not _BEFORE_MONTH.search(before):
            return None
    return Day(((year, month, day),), start, end)


def _whole(digits: str | None) -> int | None:
    return int(digits) if digits else None


def _blank(rest: list[str], spans: Iterable[tuple[int, int]]) -> None:
    for start, end in spans:
        rest[start:end] = " " * (end - start)
