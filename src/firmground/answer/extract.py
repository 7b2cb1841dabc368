"""Without a language model: the sentences of the evidence that answer, word for word."""

import math
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from firmground.language.sentences import sentences
from firmground.language.terms import query_terms, terms
from firmground.ports import Vectors
from firmground.types import Passage, Value

_HEADING = re.compile(r"\s{0,3}#{1,6}\s+(.*?)\s*#*\s*$")
_ITEM = re.compile(r"\s*(?:[-*+\u2022\u25e6\u2023]|\d{1,3}[.)]|[a-zA-Z][)])\s+\S")
_COMPLETE = re.compile(r"[.!?\u2026\u3002][\"'\u201d\u2019)\]*_`]*$")
_DELIMITER = re.compile(r"\s*\|(?:\s*:?-+:?\s*\|)+\s*$")
_MARKUP = re.compile(r"^[\s>#*+\-\d.)|]*$|^\s*(?:`{3,}|~{3,})")
_LINK = re.compile(r"!?\[([^\]\n]*)\]\([^)\n]*\)")
_SIGNS = re.compile(r"[*_`#>|]+")
_ASKING = """
how long much many often far old what which who when where why combien longtemps quel quelle quand pourquoi comment wie lange
viel viele oft weit welche welcher welches wann warum wo cuánto cuánta cuántos cuántas cada cuál cómo cuándo dónde
"""
"""Words that say what kind of answer is wanted, not what it is about."""
_ASKING_WEIGHT = 0.3
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
    words: Mapping[str, float] = field(default_factory=dict[str, float])
    """Those words, each with what it counts: its part of the coverage, or less where it only says what kind of answer is wanted."""

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
    completing: float = 0.8
    """What a sentence beside the best one gains for the question's words, by their share, that it adds to those of the best."""
    row_margin: float = 0.12
    """Rows of one table whose scores lie at most this far below the best of them are shown together."""
    rows: int = 6
    """Rows of one table at most."""
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
        parts = [words.held(at, self.heading_share) for at in range(len(found))]
        held = [words.counted(each) for each in parts]
        drafts = [self.coverage_weight * sum(each.values()) + prior[unit.passage] for unit, each in zip(found, held, strict=True)]
        kept = sorted(range(len(found)), key=lambda at: (-drafts[at], at))[: self.considered]
        cosines = _cosines(vector, [found[at].read for at in kept], embed)
        quotes = [
            Quote(found[at], drafts[at] + cosine, cosine, sum(parts[at].values()), held[at])
            for at, cosine in zip(kept, cosines, strict=True)
        ]
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
        """The best one, and those near it that say something else; rows of tables with different headers always do."""
        chosen: list[Quote] = []
        said: list[tuple[str, set[str]]] = []
        for quote, score in self._by_nearness(quotes, passages):
            if len(chosen) == self.max_sentences or score < quotes[0].score - self.margin:
                break
            words = set(quote.unit.read.casefold().split())
            if any(
                _repeats(words, other)
                for header, other in said
                if not (header and quote.unit.header) or header == quote.unit.header
            ):
                continue
            whole = self._whole(quote, quotes, passages[quote.unit.passage])
            if not any(_overlap(whole.unit, other.unit) for other in chosen):
                chosen.append(whole)
                said.append((quote.unit.header, words))
        return chosen

    def _whole(self, quote: Quote, quotes: Sequence[Quote], passage: Passage) -> Quote:
        """What is understood by itself: rows that answer alike below one header, a list below its lead-in."""
        unit = quote.unit
        if unit.header:
            alike = [other.unit for other in quotes if self._alike(other, quote, passage)]
            return _widened(quote, passage, *_stretch(unit, alike, passage, self.rows))
        return _with_list(quote, passage, self.longest)

    def _alike(self, row: Quote, best: Quote, passage: Passage) -> bool:
        """Whether the question speaks of this row as much as of the best one: no word and no cell of it names the best one alone."""
        return (
            row.score >= best.score - self.row_margin
            and row.words.keys() >= best.words.keys()
            and _named(row, passage) >= _named(best, passage)
            and _same_table(row.unit, best.unit, passage)
        )

    def _by_nearness(self, quotes: Sequence[Quote], passages: Sequence[Passage]) -> list[tuple[Quote, float]]:
        best = quotes[0] if quotes else None
        near: list[tuple[Quote, float]] = []
        for quote in quotes:
            gain = 0.0
            if best and _beside(quote.unit, best.unit, passages[quote.unit.passage].text):
                gain = self.nearness + self.completing * sum(quote.words[word] for word in quote.words.keys() - best.words.keys())
            near.append((quote, quote.score + gain))
        return sorted(near, key=lambda pair: (pair[0] is not best, -pair[1]))


def _repeats(words: set[str], other: set[str]) -> bool:
    return len(words & other) > 0.6 * min(len(words), len(other))


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


def _same_table(one: Unit, other: Unit, passage: Passage) -> bool:
    """Whether only rows lie between them."""
    between = passage.text[min(one.start, other.start) : max(one.end, other.end)]
    return (
        one.passage == other.passage and one.header == other.header and all(line.startswith("|") for line in between.split("\n"))
    )


def _named(row: Quote, passage: Passage) -> set[str]:
    """The cells of a row that the question says in full."""
    cells = {cell.strip().casefold() for cell in row.unit.text.split("|")}
    words = {cell: frozenset(terms(cell, passage.language)) for cell in cells}
    return {cell for cell in cells if words[cell] and row.words.keys() >= words[cell]}


def _stretch(row: Unit, alike: Sequence[Unit], passage: Passage, most: int) -> tuple[int, int]:
    """From the first to the last of the rows `alike`, the best (the first) of them first, as long as there are at most `most`."""
    start, end = row.start, row.end
    for other in alike:
        wider = min(start, other.start), max(end, other.end)
        if passage.text.count("\n", *wider) < most:
            start, end = wider
    return start, end


def _with_list(quote: Quote, passage: Passage, longest: int) -> Quote:
    """A sentence that ends in a colon is nothing without the list below it, and a fragment of a list nothing without its lead-in."""
    unit = quote.unit
    spans = sentences(passage.text)
    start = _lead_in(unit, passage.text, spans) if unit.item and _fragment(unit.text) else unit.start
    if start == unit.start and not _announces(unit.text):
        return quote
    end, listed = unit.end, False
    for at, stop in spans:
        if at < start or (stop <= end and not _ITEM.match(passage.text[at:stop])):
            continue
        item = bool(_ITEM.match(passage.text[at:stop]))
        if stop - start > longest or _HEADING.match(passage.text[at:stop]) or (listed and not item):
            break
        if item:
            end, listed = max(end, stop), True
    return quote if end - start > longest else _widened(quote, passage, start, end)


def _lead_in(item: Unit, text: str, spans: Sequence[tuple[int, int]]) -> int:
    """Where the sentence begins that announces the list of this item, under the same heading; without one, where the item does."""
    listed = True
    for start, end in reversed([span for span in spans if span[1] <= item.start]):
        before, is_item = text[start:end], bool(_ITEM.match(text[start:end]))
        if _announces(before) and not is_item:
            return start
        if _HEADING.match(before) or (is_item and not listed):
            break
        listed = is_item
    return item.start


def _fragment(item: str) -> bool:
    """Whether an item of a list is half a sentence, or one step of several."""
    return item[:1].isdigit() or not _COMPLETE.search(item)


def _announces(text: str) -> bool:
    return text.rstrip("*_ ").endswith(":")


def _widened(quote: Quote, passage: Passage, start: int, end: int) -> Quote:
    unit = quote.unit
    if (start, end) == (unit.start, unit.end):
        return quote
    return replace(quote, unit=replace(unit, start=start, end=end, text=passage.text[start:end], item=True))


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
        self._asking = frozenset(word for language in languages for word in query_terms(_ASKING, [language]))
        self._weights: Mapping[str, float] = {
            word: math.log(1 + (len(found) - counts[word] + 0.5) / (counts[word] + 0.5))
            for asked in self._asked.values()
            for word in asked
        }

    def held(self, at: int, heading_share: float) -> dict[str, float]:
        """The question's words in one unit, each with its share of all; those that stand only above it count `heading_share`."""
        asked = self._asked[self._languages[self._passage[at]]]
        held, above = self._held[at], self._above[at]
        return self._parts(asked, {word: 1.0 if word in held else heading_share for word in asked if word in held | above})

    def counted(self, parts: Mapping[str, float]) -> dict[str, float]:
        """The parts as sentences are compared by them."""
        return {word: part * (_ASKING_WEIGHT if word in self._asking else 1.0) for word, part in parts.items()}

    def passage_coverage(self, passages: Sequence[int]) -> float:
        """Of everything in these passages together, headings and titles included."""
        wanted = frozenset(passages)
        inside = [at for at, passage in enumerate(self._passage) if passage in wanted]
        words = frozenset[str]().union(*(self._held[at] | self._above[at] for at in inside))
        spoken = {self._languages[passage] for passage in wanted}
        return max(
            (
                sum(self._parts(self._asked[one], dict.fromkeys(words.intersection(self._asked[one]), 1.0)).values())
                for one in spoken
            ),
            default=0.0,
        )

    def _parts(self, asked: Sequence[str], held: Mapping[str, float]) -> dict[str, float]:
        total = sum(self._weights[word] for word in asked)
        return {word: self._weights[word] * share / total for word, share in held.items()} if total else {}
