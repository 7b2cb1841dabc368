"""Where the evidence speaks against itself: passages of different documents that say different values for the same thing."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from firmground.answer.units import Quote, Unit, units
from firmground.language.markdown import cells
from firmground.language.terms import terms
from firmground.language.words import NEGATIONS
from firmground.types import Passage

_NUMBER = re.compile(r"(?<![\w.])[-+]?\d+(?:[.,:/'\u2019\u00a0\u202f]\d+)*(?!\w*[a-zA-Z]\d)")
_WORD = re.compile(r"[^\W\d_]+(?:['\u2019][^\W\d_]+)?")
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
    """What the two say where they differ, as it is written in each; the negating word or nothing where they differ in polarity."""


def contradictions(passages: Sequence[Passage], quotes: Sequence[Quote]) -> tuple[Contradiction, ...]:
    """Statements in other documents that differ from the quotes in a number, a date or a "not" and in nothing else that matters.

    `quotes` are chosen from `passages`; a quote of several rows or items is compared row by row. At most one for each pair of a quoted
    statement and a document, in the order of the quotes. Meant to be missed rather than raised wrongly: two statements count as being
    about one thing only if neither has words of its own beside what the other says more briefly, rows only if their first cell and
    the column are called the same. A year by which a document is called is no contradiction.
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
        self.numbers = _numbers(unit.text)
        negations = NEGATIONS.get(passage.language, frozenset())
        spoken = [word.casefold() for word in _WORD.findall(unit.text)]
        self.negated = [word for word in spoken if word in negations]
        bare = _NUMBER.sub(" ", unit.text)
        self.words = frozenset(word for word in terms(bare, passage.language) if word not in negations)
        self.place = frozenset(terms(_NUMBER.sub(" ", unit.heading or passage.title), passage.language))
        self.called = frozenset(
            _YEAR.findall(f"{passage.title} {passage.uri} {unit.heading} {passage.metadata.get('dated', '')}")
        )


_Differs: TypeAlias = tuple[Kind, tuple[str, str]]


def _differing(one: _Statement, other: _Statement) -> _Differs | None:
    if one.unit.header or other.unit.header:
        return _rows(one, other) if one.unit.header and other.unit.header else None
    if not _about_one_thing(one, other):
        return None
    numbers = _apart(one.numbers, other.numbers, one.called | other.called)
    if numbers:
        return "number", numbers
    alike = one.words == other.words and len(one.words) >= _LEAST_COMMON
    if alike and not one.numbers and not other.numbers and bool(one.negated) != bool(other.negated):
        return "polarity", (" ".join(one.negated), " ".join(other.negated))
    return None


def _about_one_thing(one: _Statement, other: _Statement) -> bool:
    common = one.words & other.words
    if len(common) < _LEAST_COMMON or len(common) < _MUCH * max(len(one.words), len(other.words)):
        return False
    if one.words - common and other.words - common:
        return False
    return not one.place or not other.place or bool(one.place & other.place)


def _rows(one: _Statement, other: _Statement) -> _Differs | None:
    """Of rows with the same first cell: the first column of one name in which they hold different numbers."""
    mine, theirs = list(_columns(one.unit)), dict(_columns(other.unit))
    if not mine or not theirs or mine[0] != next(iter(theirs.items())) or _NUMBER.fullmatch(mine[0][1]):
        return None
    for column, cell in mine[1:]:
        against = theirs.get(column, "")
        differs = _apart(_numbers(cell), _numbers(against), one.called | other.called)
        if differs and _NUMBER.sub("", cell).split() == _NUMBER.sub("", against).split():
            return "number", (cell, against)
    return None


def _columns(row: Unit) -> Iterator[tuple[str, str]]:
    names, values = cells(row.header), cells(row.text)
    if len(names) == len(values):
        yield from ((name.casefold(), value.casefold()) for name, value in zip(names, values, strict=True))


def _numbers(text: str) -> list[str]:
    return [number.strip("+") for number in _NUMBER.findall(text)]


def _apart(one: Sequence[str], other: Sequence[str], called: frozenset[str]) -> tuple[str, str] | None:
    """The numbers that only one of them says, if both say some, and neither speaks of another year than its document's."""
    mine, theirs = ([n for n in held if n not in against] for held, against in ((one, other), (other, one)))
    if not mine or not theirs or len(one) != len(other):
        return None
    if any(number in called or _YEAR.fullmatch(number) for number in (*mine, *theirs)):
        return None
    return ", ".join(mine), ", ".join(theirs)
