"""What can be quoted from a passage: sentences, list items, table rows."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from firmground.language.markdown import ITEM, is_delimiter, is_row, plain, spoken, title
from firmground.language.sentences import sentences
from firmground.types import Passage

_MARKUP = re.compile(r"^[\s>#*+\-\d.)|]*$|^\s*(?:`{3,}|~{3,})")
_NAME = re.compile(r"(?![-*+>|#`~\u2022]|\d+[.)])[^\n:;|@]*[\w)*_]")
_UNDERLINE = re.compile(r"=+|-{2,}")
_LONGEST_NAME = 80
"""Characters of a line that names the paragraphs below it."""
_LONGEST_READ = 400
"""Characters of a unit that are embedded."""


@dataclass(frozen=True)
class Unit:
    """What is quoted whole: a sentence, a list item or a table row. Offsets count in its passage's text."""

    passage: int
    start: int
    end: int
    text: str
    heading: str = ""
    """The nearest heading above it."""
    asked: str = ""
    """The question that the document itself asks before it, as in a list of questions and answers."""
    header: str = ""
    """The header row, where it is a table row below one."""
    item: bool = False
    """A list item or a table row: it stands on a line of its own."""

    @property
    def read(self) -> str:
        """The words of it as a person reads them, after the header of a row or the question it answers."""
        return spoken(f"{self.asked} {self.header} {self.text}")[:_LONGEST_READ]


@dataclass(frozen=True)
class Quote:
    """A unit, or a lead-in with the list it announces, and how well it answers."""

    unit: Unit
    score: float
    cosine: float
    """To the question; 0 where the embedder has no say."""
    coverage: float
    """Share of the question's words, by rarity, that it holds."""
    words: Mapping[str, float] = field(default_factory=dict[str, float])
    """Those words, each with what it counts: its part of the coverage, or less where it only says what kind of answer is wanted."""
    fits: bool = False
    """Whether it holds the kind of thing that the question wants."""

    @property
    def shown(self) -> str:
        """The text for the reader: verbatim, and below its header row if it is a table row."""
        columns = self.unit.header.count("|") - 1
        rule = "|" + " --- |" * columns
        return f"{self.unit.header}\n{rule}\n{self.unit.text}" if self.unit.header else self.unit.text


def units(at: int, passage: Passage) -> Iterator[Unit]:
    """What can be quoted from a passage, in order: no headings, no questions, no header rows, no bare markup."""
    text = passage.text
    heading = passage.locator.heading.rsplit(" > ", maxsplit=1)[-1]
    asked, header = heading if _asks(heading) else "", passage.table_header
    spans = sentences(text)
    for number, (start, end) in enumerate(spans):
        body = text[start:end]
        named = title(body)
        if named is None and _names_what_follows(text, spans, number):
            named = plain(body)
        if named is not None:
            heading, asked, header = named, named if _asks(named) else "", ""
            continue
        if _asks(body):
            asked = body
            continue
        row = body.startswith("|")
        if not row:
            header = ""
        elif number + 1 < len(spans) and is_delimiter(text[slice(*spans[number + 1])]):
            header = body
            continue
        if not _MARKUP.match(body) and not is_delimiter(body):
            yield Unit(at, start, end, body, heading, asked, header, row or bool(ITEM.match(body)))


def _asks(text: str) -> bool:
    return text.rstrip("*_ ").endswith(("?", "\uff1f", "\u061f"))


def _names_what_follows(text: str, spans: Sequence[tuple[int, int]], number: int) -> bool:
    """Whether a line without `#` is a heading all the same: underlined, or short, alone in its paragraph, without an end mark."""
    start, end = spans[number]
    if number + 1 == len(spans) or end - start > _LONGEST_NAME or "\n" in text[start:end] or is_row(text[start:end]):
        return False
    after = text[end : spans[number + 1][0]]
    if _UNDERLINE.fullmatch(text[slice(*spans[number + 1])]):
        return after.count("\n") == 1 and text[:start].rstrip(" ").endswith(("\n", "")[not start])
    alone = after.count("\n") > 1 and (not text[:start].strip() or text[:start].rstrip(" ").endswith("\n\n"))
    return alone and _NAME.fullmatch(text[start:end]) is not None
