"""A passage as sentences are checked against it: its pieces, words, numbers, dates and names."""

import re
from collections.abc import Iterator
from functools import cached_property
from typing import NamedTuple

from firmground.language.counting import unit_words
from firmground.language.moments import Moments, moments
from firmground.language.names import identifiers, names
from firmground.language.quantities import Number, numbers
from firmground.language.sentences import sentences
from firmground.language.terms import terms
from firmground.types import Passage

_MARKS = re.compile(r"[*`]+|(?<!\w)_+|_+(?!\w)")
_WORD = re.compile(r"[^\W_]+")
_HEADING = re.compile(r"#{1,6}\s+(.+)")
_RULE = re.compile(r"\|?[\s:|=-]+\|?$")
_SPACE = re.compile(r"\s+")
_QUOTES = str.maketrans({**dict.fromkeys('“”„«»‟"', ""), "’": "'", "‘": "'", "\u00ad": "", "–": "-", "—": "-", "‑": "-"})


class Figures(NamedTuple):
    """What a text says in figures."""

    numbers: tuple[Number, ...]
    moments: Moments
    identifiers: tuple[str, ...]


class Piece(NamedTuple):
    """A sentence, list item or table row of a passage."""

    text: str
    """Without marks of emphasis; of a table row, only its cells."""
    header: tuple[str, ...]
    """The header cells above a table row."""
    above: str
    """Headings and the lead-in of a list."""
    words: frozenset[str]
    """Its analysed words, those of the header included."""
    context: frozenset[str]
    """Analysed words of `above` and the title."""
    figures: Figures
    around: frozenset[str] = frozenset()
    """Analysed words of the pieces before and after it."""
    names: tuple[tuple[str, ...], ...] = ()


def figures(text: str, language: str) -> Figures:
    """Identifiers, dates and times, and the numbers that are none of them."""
    spans = identifiers(text)
    rest = list(text)
    for start, end in spans:
        rest[start:end] = " " * (end - start)
    found = moments("".join(rest))
    return Figures(numbers(found.rest, language), found, tuple(text[start:end] for start, end in spans))


def without_marks(text: str) -> str:
    """Text without signs of emphasis and code, of which a reader sees nothing."""
    return _MARKS.sub("", text)


def verbatim(text: str) -> str:
    """Text as quotes are compared: without case, emphasis, quotation marks and differences of white space."""
    return _SPACE.sub(" ", without_marks(text).casefold().translate(_QUOTES)).strip()


def surface(text: str) -> frozenset[str]:
    """The distinct words as written, in small letters."""
    return frozenset(_WORD.findall(text.casefold()))


class Ground:
    """One passage with its title, headings and table header, read once; parts that are seldom asked for are read when they are."""

    def __init__(self, passage: Passage) -> None:
        self.language = passage.language
        said = [str(value) for value in passage.metadata.values() if isinstance(value, str)]
        self.context = without_marks("\n".join((passage.title, passage.locator.heading, passage.table_header, *said)))
        self.text = without_marks(passage.text)
        self.context_words = frozenset(terms(self.context, self.language))
        alone = list(self._pieces(passage))
        nothing = frozenset[str]()
        self.pieces = tuple(
            piece._replace(
                around=(alone[at - 1].words if at else nothing) | (alone[at + 1].words if at + 1 < len(alone) else nothing)
            )
            for at, piece in enumerate(alone)
        )

    @cached_property
    def words(self) -> frozenset[str]:
        """All analysed words, those of the context included."""
        return self.context_words.union(*(piece.words | piece.context for piece in self.pieces))

    @cached_property
    def surface(self) -> frozenset[str]:
        return surface(f"{self.context}\n{self.text}")

    @cached_property
    def verbatim(self) -> str:
        return verbatim(f"{self.context}\n{self.text}")

    @cached_property
    def figures(self) -> Figures:
        """Of text and context; the numbers of table cells have the unit their column is in."""
        every = [*(piece.figures for piece in self.pieces), figures(self.context, self.language)]
        return Figures(
            tuple(number for each in every for number in each.numbers),
            Moments(
                tuple(day for each in every for day in each.moments.days),
                tuple(clock for each in every for clock in each.moments.clocks),
                tuple(day for each in every for day in each.moments.weekdays),
                tuple(days for each in every for days in each.moments.weekday_ranges),
                "",
            ),
            tuple(identifier for each in every for identifier in each.identifiers),
        )

    def _pieces(self, passage: Passage) -> Iterator[Piece]:
        heading, lead = passage.locator.heading, ""
        header = _cells(without_marks(passage.table_header.split("\n")[0]))
        title = frozenset(terms(passage.title, self.language))
        known: dict[str, frozenset[str]] = {}
        spans = sentences(self.text)
        for number, (start, end) in enumerate(spans):
            body = self.text[start:end]
            found = _HEADING.match(body)
            if found:
                heading, lead, header = found[1], "", ()
                yield self._piece(found[1], (), "", title)
                continue
            if _RULE.match(body):
                continue
            row = body.startswith("|")
            if row and number + 1 < len(spans) and _RULE.match(self.text[slice(*spans[number + 1])]):
                header = _cells(body)
                yield self._piece(body, (), heading, title)
                continue
            above = f"{heading}\n{lead}"
            if above not in known:
                known[above] = title | frozenset(terms(above, self.language))
            yield self._piece(body, header if row else (), above, known[above])
            if body.rstrip().endswith((":", "?")):
                lead = body

    def _piece(self, body: str, header: tuple[str, ...], above: str, context: frozenset[str]) -> Piece:
        found = figures(body, self.language)
        if header:
            found = found._replace(numbers=self._with_column_units(body, header, found.numbers))
        words = frozenset(terms(" ".join((*header, body)), self.language))
        called = tuple(name.words for name in names(body, self.language))
        return Piece(body, header, above, words, context, found, names=called)

    def _with_column_units(self, row: str, header: tuple[str, ...], found: tuple[Number, ...]) -> tuple[Number, ...]:
        units = [_unit_of(cell, self.language) for cell in header]
        made: list[Number] = []
        for number in found:
            column = row.count("|", 0, number.start) - 1
            unit = units[column] if 0 <= column < len(units) else ""
            made.append(number._replace(unit=unit) if unit and not number.unit else number)
        return tuple(made)


def _cells(row: str) -> tuple[str, ...]:
    return tuple(cell.strip() for cell in row.strip().strip("|").split("|")) if row.strip() else ()


def _unit_of(cell: str, language: str) -> str:
    known = unit_words(language)
    signs = [sign for sign in "€$£%" if sign in cell]
    if len(signs) == 1:
        return known[signs[0]]
    words = [word for word in _WORD.findall(cell.casefold()) if word in known and len(word) > 1]
    return known[words[0]] if words and not signs else ""
