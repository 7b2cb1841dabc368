"""Statements become what the reader sees: sentences, numbered citations of exact spans, and one text with its marks."""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from firmground.retrieve.evidence import page_at
from firmground.types import Citation, Document, Locator, Passage, Sentence


@dataclass(frozen=True)
class Place:
    """What a statement rests on: a span of the text of one passage, given by its position among the evidence."""

    passage: int
    start: int
    end: int
    heading: str = ""
    """The nearest heading above it, where it is nearer than the passage's own."""


@dataclass(frozen=True)
class Statement:
    """One sentence, list or table of an answer, and what it rests on: at least one place, but for what nothing bears out in a draft."""

    text: str
    places: tuple[Place, ...]
    before: str = " "
    """White space between it and the statement before."""
    mark: str = " "
    """White space between it and its citation marks."""
    check: Literal["no_mismatch_found", "not_checked"] = "not_checked"


class Composed:
    """An answer as it grows. Equal places share one number; numbers count from 1 in the order of the text."""

    def __init__(self, passages: Sequence[Passage], documents: Mapping[str, Document]) -> None:
        self._passages = passages
        self._documents = documents
        self._numbers: dict[Place, int] = {}
        self._text: list[str] = []
        self.sentences: list[Sentence] = []
        self.citations: list[Citation] = []

    @property
    def text(self) -> str:
        return "".join(self._text)

    def clear(self) -> None:
        """Nothing was said."""
        self._numbers, self._text, self.sentences, self.citations = {}, [], [], []

    def add(self, statement: Statement) -> tuple[Sentence, list[Citation]]:
        """The sentence, and those of its citations that are new."""
        new: list[Citation] = []
        for place in statement.places:
            if place not in self._numbers:
                self._numbers[place] = len(self._numbers) + 1
                new.append(self._citation(place))
        numbers = tuple(dict.fromkeys(self._numbers[place] for place in statement.places))
        sentence = Sentence(text=statement.text, citations=numbers, check=statement.check)
        marks = "".join(f"[{n}]" for n in numbers)
        self._text.append((statement.before if self.sentences else "") + statement.text + statement.mark + marks)
        self.sentences.append(sentence)
        self.citations += new
        return sentence, new

    def _citation(self, place: Place) -> Citation:
        passage = self._passages[place.passage]
        start, end = passage.locator.start + place.start, passage.locator.start + place.end
        page = page_at(self._documents[passage.document], start)
        return Citation(
            n=self._numbers[place],
            passage=passage.passage,
            document=passage.document,
            title=passage.title,
            uri=passage.uri,
            locator=Locator(
                page=passage.locator.page if page is None else page,
                heading=place.heading or passage.locator.heading,
                start=start,
                end=end,
            ),
            snippet=passage.text[place.start : place.end],
        )


def pieces(text: str, sentences: Sequence[Sentence]) -> list[str]:
    """The text of an answer sentence by sentence, each with its marks: all of it, one after the other."""
    starts: list[int] = []
    place = 0
    for sentence in sentences:
        place = max(place, text.find(sentence.text, place))
        starts.append(place)
        place += len(sentence.text)
    bounds = [0, *starts[1:], len(text)]
    return [text[start:end] for start, end in itertools.pairwise(bounds)] if starts else []


def compose(statements: Sequence[Statement], passages: Sequence[Passage], documents: Mapping[str, Document]) -> Composed:
    composed = Composed(passages, documents)
    for statement in statements:
        composed.add(statement)
    return composed
