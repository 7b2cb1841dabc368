"""Where the evidence speaks against itself: passages of different documents that say different values for the same thing."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, TypeAlias, TypeVar

from firmground.answer.units import Quote, Unit, units
from firmground.language.counting import AMBIGUOUS_MONTHS, MONTHS, WEEKDAYS, number_words
from firmground.language.markdown import cells
from firmground.language.moments import Clock, Day, moments
from firmground.language.quantities import Number, agree, alike, numbers
from firmground.language.terms import terms
from firmground.language.words import NEGATIONS
from firmground.types import Passage

_LETTER = re.compile(r"[^\W\d_]")
_WORD = re.compile(r"[^\W\d_]+(?:['\u2019][^\W\d_]+)?")
_TOKEN = re.compile(r"\d\S*|[^\W\d_]+(?:['\u2019-][^\W\d_]+)*")
_YEAR = re.compile(r"(?:19|20)\d\d")
_LEAST_COMMON = 3
"""Words that two statements must share to be about one thing."""
_MUCH = 0.6
"""Share of the words of the longer statement that the other must hold too."""

Kind: TypeAlias = Literal["number", "polarity"]


@dataclass(frozen=True)
class Contradiction:
    """Two statements of different documents of which at most one holds; `one` is what was quoted, or a part of it."""

    one: Unit
    other: Unit
    kind: Kind
    differs: tuple[str, str]
    """The number, date, time or cell in which they differ, as it is written in each; the negating word or nothing for a polarity."""


def contradictions(passages: Sequence[Passage], quotes: Sequence[Quote]) -> tuple[Contradiction, ...]:
    """Statements in other documents that differ from the quotes in a number, a date or a "not" and in nothing else that matters.

    `quotes` are chosen from `passages`; a quote of several rows or items is compared row by row. At most one for each pair of a quoted
    statement and a document, in the order of the quotes. Meant to be missed rather than raised wrongly: two statements count as being
    about one thing only if one of them has no words of its own, rows only if their first cell and the column are called the same.
    Statements on different years do not contradict each other.
    """
    stated = [[_Statement(unit, passage) for unit in units(at, passage)] for at, passage in enumerate(passages)]
    found: dict[tuple[int, int, str], Contradiction] = {}
    for quote in quotes:
        for one in stated[quote.unit.passage]:
            if not (quote.unit.start <= one.unit.start and one.unit.end <= quote.unit.end):
                continue
            for at, others in enumerate(stated):
                if passages[at].document == one.passage.document or passages[at].language != one.passage.language:
                    continue
                key = one.unit.passage, one.unit.start, passages[at].document
                for other in others:
                    differs = _differing(one, other) if key not in found else None
                    if differs:
                        found[key] = Contradiction(one.unit, other.unit, *differs)
    return tuple(found.values())


class _Statement:
    """A unit, taken apart into its words and its values."""

    def __init__(self, unit: Unit, passage: Passage) -> None:
        self.unit = unit
        self.passage = passage
        self.words = _bare(unit.text, passage.language)

    @cached_property
    def values(self) -> "_Values":
        return _Values(self.unit.text, self.passage.language)

    @cached_property
    def negated(self) -> list[str]:
        negations = NEGATIONS.get(self.passage.language, frozenset())
        return [word.casefold() for word in _WORD.findall(self.unit.text) if word.casefold() in negations]

    @cached_property
    def place(self) -> frozenset[str]:
        return _bare(self.unit.heading or self.passage.title, self.passage.language)

    @cached_property
    def called(self) -> frozenset[str]:
        """The years by which its document is called."""
        passage = self.passage
        return frozenset(_YEAR.findall(f"{passage.title} {passage.uri} {self.unit.heading} {passage.metadata.get('dated', '')}"))


def _bare(text: str, language: str) -> frozenset[str]:
    """The words of a text without those that may say a value, or turn it round."""
    values, negations = number_words(language), NEGATIONS.get(language, frozenset())
    words = [word.casefold() for word in _TOKEN.findall(text)]
    kept = [
        word
        for at, word in enumerate(words)
        if not (word[0].isdigit() or word in values or word in negations or word in WEEKDAYS or _is_month(word, words, at))
    ]
    return frozenset(terms(" ".join(kept), language))


def _is_month(word: str, words: Sequence[str], at: int) -> bool:
    """A word that may mean something else is one beside a number only."""
    if word not in MONTHS:
        return False
    return word not in AMBIGUOUS_MONTHS or any(
        beside[0].isdigit() for beside in (*words[max(0, at - 1) : at], *words[at + 1 : at + 2])
    )


class _Values:
    """The numbers, dates and times of a text."""

    def __init__(self, text: str, language: str) -> None:
        told = moments(text)
        self.text = text
        self.language = language
        self.days = [day for day in told.days if any(number for _, _, number in day.readings)]
        self.years = frozenset(str(year) for day in told.days for year, _, _ in day.readings if year)
        self.clocks = told.clocks
        self.numbers = [number for number in numbers(told.rest, language) if not number.loose]

    @property
    def said(self) -> list[str]:
        """As they are written."""
        return [self.text[value.start : value.end].casefold() for value in (*self.numbers, *self.days, *self.clocks)]

    def apart(self, other: "_Values") -> tuple[str, str] | None:
        """What each of them says that the other does not, if it is of one kind: the first such pair."""
        if len(self.said) != len(other.said):
            return None
        return (
            _unmet(self.text, self.numbers, other.text, other.numbers, agree=lambda a, b: agree(a, b) != "none", alike=alike)
            or _unmet(self.text, self.days, other.text, other.days, agree=_one_day, alike=_days_of_one_year)
            or _unmet(self.text, self.clocks, other.text, other.clocks, agree=_one_time, alike=lambda _, __: True)
        )


_Told = TypeVar("_Told", Number, Day, Clock)


def _unmet(
    text: str,
    mine: Sequence[_Told],
    against: str,
    theirs: Sequence[_Told],
    *,
    agree: Callable[[_Told, _Told], bool],
    alike: Callable[[_Told, _Told], bool],
) -> tuple[str, str] | None:
    alone = [one for one in mine if not any(agree(one, other) for other in theirs)]
    others = [other for other in theirs if not any(agree(one, other) for one in mine)]
    pair = next(((one, other) for one in alone for other in others if alike(one, other)), None)
    return (text[pair[0].start : pair[0].end].rstrip(" ."), against[pair[1].start : pair[1].end].rstrip(" .")) if pair else None


def _one_day(one: Day, other: Day) -> bool:
    return any(
        all(a is None or b is None or a == b for a, b in zip(reading, against, strict=True))
        for reading in one.readings
        for against in other.readings
    )


def _days_of_one_year(one: Day, other: Day) -> bool:
    years = [{year for year, _, _ in day.readings} - {None} for day in (one, other)]
    return not years[0] or not years[1] or bool(years[0] & years[1])


def _one_time(one: Clock, other: Clock) -> bool:
    return one.minutes == other.minutes or ((one.half or other.half) and one.minutes % 720 == other.minutes % 720)


_Differs: TypeAlias = tuple[Kind, tuple[str, str]]


def _differing(one: _Statement, other: _Statement) -> _Differs | None:
    if one.unit.header or other.unit.header:
        return _rows(one, other) if one.unit.header and other.unit.header else None
    if not _about_one_thing(one, other) or _of_other_years(one, other):
        return None
    values = one.values.apart(other.values)
    if values:
        return "number", values
    alike = one.words == other.words and len(one.words) >= _LEAST_COMMON
    if alike and one.values.said == other.values.said and bool(one.negated) != bool(other.negated):
        return "polarity", (" ".join(one.negated), " ".join(other.negated))
    return None


def _of_other_years(one: _Statement, other: _Statement) -> bool:
    """Whether each speaks of a year that the other does not, or of one its document is called by: both may be right."""
    mine, theirs = one.values.years, other.values.years
    return mine != theirs and (bool(mine and theirs) or bool(mine & one.called or theirs & other.called))


def _about_one_thing(one: _Statement, other: _Statement) -> bool:
    common = one.words & other.words
    if len(common) < _LEAST_COMMON or len(common) < _MUCH * max(len(one.words), len(other.words)):
        return False
    if one.words - common and other.words - common:
        return False
    return not one.place or not other.place or bool(one.place & other.place)


def _rows(one: _Statement, other: _Statement) -> _Differs | None:
    """Of rows with the same first cell: the first column of one name in which they hold different values."""
    mine, theirs = list(_columns(one.unit)), dict(_columns(other.unit))
    if not mine or not theirs or mine[0] != next(iter(theirs.items())) or not _LETTER.search(mine[0][1]):
        return None
    for column, cell in mine[1:]:
        values = _Values(cell, one.passage.language), _Values(theirs.get(column, ""), other.passage.language)
        if (
            not _of_other_years(one, other)
            and values[0].apart(values[1])
            and _bare(cell, one.passage.language) == _bare(values[1].text, other.passage.language)
        ):
            return "number", (cell, values[1].text)
    return None


def _columns(row: Unit) -> Iterator[tuple[str, str]]:
    names, values = cells(row.header), cells(row.text)
    if len(names) == len(values):
        yield from ((name.casefold(), value.casefold()) for name, value in zip(names, values, strict=True))
