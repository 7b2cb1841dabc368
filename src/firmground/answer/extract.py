"""Without a language model: the sentences of the evidence that answer, word for word."""

import math
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from firmground.language.sentences import sentences
from firmground.language.terms import query_terms, terms
from firmground.ports import Vectors
from firmground.types import Passage, Value

_HEADING = re.compile(r"\s{0,3}#{1,6}\s+(.*?)\s*#*\s*$")
_ITEM = re.compile(r"\s*(?:[-*+\u2022\u25e6\u2023]|\d{1,3}[.)]|[a-zA-Z][)])\s+\S")
_DELIMITER = re.compile(r"\s*\|(?:\s*:?-+:?\s*\|)+\s*$")
_MARKUP = re.compile(r"^[\s>#*+\-\d.)|]*$|^\s*(?:`{3,}|~{3,})")
_LINK = re.compile(r"!?\[([^\]\n]*)\]\([^)\n]*\)")
_SIGNS = re.compile(r"[*_`#>|]+")
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
        """The words of it as a person reads them, the header of a row first."""
        return " ".join(_SIGNS.sub(" ", _LINK.sub(r"\1", f"{self.header} {self.text}")).split())[:_LONGEST_READ]


@dataclass(frozen=True)
class Quote:
    """A unit, or a lead-in with the list it announces, and how well it answers."""

    unit: Unit
    score: float
    cosine: float
    """To the question; 0 where the embedder has no say."""
    coverage: float
    """Share of the question's words, by rarity, that it holds."""

    @property
    def shown(self) -> str:
        """The text for the reader: verbatim, and below its header row if it is a table row."""
        columns = self.unit.header.count("|") - 1
        rule = "|" + " --- |" * columns
        return f"{self.unit.header}\n{rule}\n{self.unit.text}" if self.unit.header else self.unit.text


@dataclass(frozen=True)
class Extract:
    """The quotes that answer, in reading order, and what the confidence is read from."""

    quotes: tuple[Quote, ...]
    best: Quote | None
    """The one with the highest score."""
    cosines: tuple[float, ...]
    """Of all sentences compared with the question, highest first."""
    coverage: float
    """Share of the question's words, by rarity, in the best single passage."""
    covered: float
    """Share of the question's words, by rarity, in all passages together."""


class Extractive(Value):
    """Which sentences answer: cosine to the question, plus the question's words they hold weighed by rarity, plus the passage's score."""

    max_sentences: int = 3
    considered: int = 16
    """Sentences that are embedded for a question: those that share most words with it, and the first of each passage."""
    coverage_weight: float = 0.5
    heading_share: float = 0.5
    """What a word of the question counts when it stands in the heading or title above the sentence instead."""
    passage_weight: float = 0.3
    margin: float = 0.12
    """A further sentence is quoted when its score lies at most this much below the best one."""
    nearness: float = 0.06
    """What a sentence beside the best one gains: two that follow each other read better than two from afar."""
    longest: int = 700
    """Characters of a lead-in together with the list below it."""

    def read(
        self,
        question: str,
        vector: NDArray[np.float32] | None,
        passages: Sequence[Passage],
        embed: Callable[[Sequence[str]], Vectors],
    ) -> Extract:
        """The quotes from `passages` (best first). `vector` is the question's; without one only words are compared.

        Every quote's text is `passages[unit.passage].text[unit.start:unit.end]`.
        """
        found = [unit for at, passage in enumerate(passages) for unit in units(at, passage)]
        words = _Words(question, passages, found)
        best_score = max((passage.score for passage in passages), default=0.0)
        prior = [self.passage_weight * (passage.score - best_score) for passage in passages]
        coverages = [words.coverage(at, self.heading_share) for at in range(len(found))]
        drafts = [self.coverage_weight * coverage + prior[unit.passage] for unit, coverage in zip(found, coverages, strict=True)]
        kept = sorted(range(len(found)), key=lambda at: (-drafts[at], at))[: self.considered]
        cosines = _cosines(vector, [found[at].read for at in kept], embed)
        quotes = [Quote(found[at], drafts[at] + cosine, cosine, coverages[at]) for at, cosine in zip(kept, cosines, strict=True)]
        quotes.sort(key=lambda quote: (-quote.score, quote.unit.passage, quote.unit.start))
        chosen = self._chosen(quotes, passages)
        return Extract(
            quotes=tuple(sorted(chosen, key=lambda quote: (quote.unit.passage, quote.unit.start))),
            best=quotes[0] if quotes else None,
            cosines=tuple(sorted(cosines, reverse=True)),
            coverage=max((words.passage_coverage([at]) for at in range(len(passages))), default=0.0),
            covered=words.passage_coverage(range(len(passages))),
        )

    def _chosen(self, quotes: Sequence[Quote], passages: Sequence[Passage]) -> list[Quote]:
        """The best one, and those near it that say something else."""
        chosen: list[Quote] = []
        said: list[set[str]] = []
        for quote, score in self._by_nearness(quotes, passages):
            if len(chosen) == self.max_sentences or score < quotes[0].score - self.margin:
                break
            words = set(quote.unit.read.casefold().split())
            if any(len(words & other) > 0.6 * min(len(words), len(other)) for other in said):
                continue
            whole = _with_list(quote, passages[quote.unit.passage], self.longest)
            if not any(_overlap(whole.unit, other.unit) for other in chosen):
                chosen.append(whole)
                said.append(words)
        return chosen

    def _by_nearness(self, quotes: Sequence[Quote], passages: Sequence[Passage]) -> list[tuple[Quote, float]]:
        near = [
            (quote, quote.score + self.nearness * _beside(quote.unit, quotes[0].unit, passages[quote.unit.passage].text))
            for quote in quotes
        ]
        return sorted(near, key=lambda pair: (pair[0] is not quotes[0], -pair[1]))


def _beside(one: Unit, other: Unit, text: str) -> bool:
    """Whether nothing but white space lies between them, and no new paragraph begins."""
    gap = text[min(one.end, other.end) : max(one.start, other.start)]
    return one.passage == other.passage and one.start != other.start and not gap.strip() and "\n\n" not in gap


def units(at: int, passage: Passage) -> Iterator[Unit]:
    """What can be quoted from a passage, in order: no headings, no questions, no header rows, no bare markup."""
    text = passage.text
    heading = passage.locator.heading.rsplit(" > ", maxsplit=1)[-1]
    asked, header = "", passage.table_header
    spans = sentences(text)
    for number, (start, end) in enumerate(spans):
        body = text[start:end]
        title = _HEADING.match(body)
        if title:
            heading, asked, header = title[1], "", ""
            continue
        if body.rstrip("*_ ").endswith("?"):
            asked = body
            continue
        row = body.startswith("|")
        if not row:
            header = ""
        elif number + 1 < len(spans) and _DELIMITER.match(text[slice(*spans[number + 1])]):
            header = body
            continue
        if not _MARKUP.match(body) and not _DELIMITER.match(body):
            yield Unit(at, start, end, body, heading, asked, header, row or bool(_ITEM.match(body)))


def _with_list(quote: Quote, passage: Passage, longest: int) -> Quote:
    """A sentence that ends in a colon is nothing without the list below it."""
    unit = quote.unit
    if not unit.text.rstrip("*_ ").endswith(":"):
        return quote
    end = unit.end
    for start, stop in sentences(passage.text):
        if start < end:
            continue
        if stop - unit.start > longest or not _ITEM.match(passage.text[start:stop]):
            break
        end = stop
    whole = Unit(
        unit.passage, unit.start, end, passage.text[unit.start : end], unit.heading, unit.asked, unit.header, item=end > unit.end
    )
    return Quote(whole, quote.score, quote.cosine, quote.coverage)


def _overlap(one: Unit, other: Unit) -> bool:
    return one.passage == other.passage and one.start < other.end and other.start < one.end


def _cosines(vector: NDArray[np.float32] | None, texts: Sequence[str], embed: Callable[[Sequence[str]], Vectors]) -> list[float]:
    if vector is None or not texts:
        return [0.0] * len(texts)
    return [float(cosine) for cosine in embed(texts) @ vector]


class _Words:
    """The words of the question against those of the evidence, each passage in its own language.

    A word's weight is its inverse frequency among the sentences of the evidence, ln(1 + (N − n + ½) / (n + ½)).
    """

    def __init__(self, question: str, passages: Sequence[Passage], found: Sequence[Unit]) -> None:
        languages = list(dict.fromkeys(passage.language for passage in passages))
        self._asked = {language: query_terms(question, [language]) for language in languages}
        self._languages = [passage.language for passage in passages]
        self._held: list[frozenset[str]] = []
        self._above: list[frozenset[str]] = []
        self._passage = [unit.passage for unit in found]
        context = {(unit.passage, unit.heading, unit.asked): frozenset[str]() for unit in found}
        for at, heading, asked in context:
            passage = passages[at]
            context[at, heading, asked] = frozenset(terms(f"{passage.title}\n{heading}\n{asked}", passage.language))
        for unit in found:
            language = self._languages[unit.passage]
            self._held.append(frozenset(terms(f"{unit.header}\n{unit.text}", language)))
            self._above.append(context[unit.passage, unit.heading, unit.asked])
        counts = Counter(word for words in self._held for word in words)
        self._weights: Mapping[str, float] = {
            word: math.log(1 + (len(found) - counts[word] + 0.5) / (counts[word] + 0.5))
            for asked in self._asked.values()
            for word in asked
        }

    def coverage(self, at: int, heading_share: float) -> float:
        """Of one unit; words that stand only above it count `heading_share`."""
        asked = self._asked[self._languages[self._passage[at]]]
        held, above = self._held[at], self._above[at]
        return self._share(asked, {word: 1.0 if word in held else heading_share for word in asked if word in held | above})

    def passage_coverage(self, passages: Sequence[int]) -> float:
        """Of everything in these passages together, headings and titles included."""
        wanted = frozenset(passages)
        inside = [at for at, passage in enumerate(self._passage) if passage in wanted]
        words = frozenset[str]().union(*(self._held[at] | self._above[at] for at in inside))
        spoken = {self._languages[passage] for passage in wanted}
        return max(
            (self._share(self._asked[one], dict.fromkeys(words.intersection(self._asked[one]), 1.0)) for one in spoken),
            default=0.0,
        )

    def _share(self, asked: Sequence[str], held: Mapping[str, float]) -> float:
        total = sum(self._weights[word] for word in asked)
        return sum(self._weights[word] * share for word, share in held.items()) / total if total else 0.0
