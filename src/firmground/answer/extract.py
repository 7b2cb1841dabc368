"""Without a language model: the sentences of the evidence that answer, word for word."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from firmground.answer.overlap import Overlap
from firmground.answer.units import Quote, Unit, units
from firmground.answer.wanted import holds, wanted
from firmground.answer.whole import whole
from firmground.ports import Vectors
from firmground.types import Passage, Value

__all__ = ["Extract", "Extractive", "Quote", "Unit", "units"]


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
    ranked: tuple[Quote, ...] = ()
    """All sentences compared with the question, best first: what else could have been meant."""


class Extractive(Value):
    """Which sentences answer: cosine to the question, plus the question's words they hold weighed by rarity, plus the passage's score."""

    max_sentences: int = 3
    considered: int = 10
    """Sentences that are embedded for a question, which is most of what an answer takes: those that share most words with it."""
    coverage_weight: float = 0.5
    heading_share: float = 0.5
    """What a word of the question counts when it stands in the heading or title above the sentence instead."""
    before_share: float = 0.25
    """The same for the sentence before it, which often names what the next one speaks of."""
    kind_weight: float = 0.1
    """What a sentence gains that holds the kind of thing the question wants: a number, a date, a name, a reason."""
    passage_weight: float = 0.3
    margin: float = 0.12
    """A further sentence is quoted when its score lies at most this much below the best one, and above half of it."""
    nearness: float = 0.06
    """What a sentence beside the best one gains: two that follow each other read better than two from afar."""
    completing: float = 0.8
    """What a sentence beside the best one gains for the question's words, by their share, that it adds to those of the best."""
    answering: float = 0.25
    """What a sentence in the paragraph of the best one gains if it holds the kind of thing wanted, and the best one does not."""
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
        words = Overlap(question, passages, found)
        best_score = max((passage.score for passage in passages), default=0.0)
        prior = [self.passage_weight * (passage.score - best_score) for passage in passages]
        parts = [words.held(at, self.heading_share, self.before_share) for at in range(len(found))]
        counted = [words.counted(each) for each in parts]
        kind = wanted(question)
        fits = [holds(kind, unit, question, passages[unit.passage].language) for unit in found]
        drafts = [
            self.coverage_weight * sum(each.values()) + self.kind_weight * fit + prior[unit.passage]
            for unit, each, fit in zip(found, counted, fits, strict=True)
        ]
        kept = self._kept(found, drafts, fits, passages)
        cosines = _cosines(vector, [found[at].read for at in kept], embed)
        quotes = [
            Quote(found[at], drafts[at] + cosine, cosine, sum(parts[at].values()), counted[at], fits[at])
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
            ranked=tuple(quotes),
        )

    def _kept(
        self, found: Sequence[Unit], drafts: Sequence[float], fits: Sequence[bool], passages: Sequence[Passage]
    ) -> list[int]:
        """What is compared by meaning: the best drafts, and what holds the kind of thing wanted in the paragraph of the very best."""
        order = sorted(range(len(found)), key=lambda at: (-drafts[at], at))
        near = [
            at
            for at in order[self.considered :]
            if fits[at] and _one_paragraph(found[at], found[order[0]], passages[found[at].passage].text)
        ][: self.considered // 4]
        return order[: self.considered - len(near)] + near

    def _chosen(self, quotes: Sequence[Quote], passages: Sequence[Passage]) -> list[Quote]:
        """The best one, and those near it that say something else; rows of tables with different headers always do."""
        chosen: list[Quote] = []
        said: list[tuple[str, set[str]]] = []
        for quote, score in self._by_nearness(quotes, passages):
            if len(chosen) == self.max_sentences or score < max(quotes[0].score - self.margin, quotes[0].score / 2):
                break
            if not _one_language(passages[quote.unit.passage], passages[quotes[0].unit.passage]):
                continue
            words = set(f"{quote.unit.header} {quote.unit.text}".casefold().split())
            if any(
                _repeats(words, other)
                for header, other in said
                if not (header and quote.unit.header) or header == quote.unit.header
            ):
                continue
            made = whole(
                quote, quotes, passages[quote.unit.passage], row_margin=self.row_margin, rows=self.rows, longest=self.longest
            )
            if not any(_overlap(made.unit, other.unit) for other in chosen):
                chosen.append(made)
                said.append((quote.unit.header, words))
        return chosen

    def _by_nearness(self, quotes: Sequence[Quote], passages: Sequence[Passage]) -> list[tuple[Quote, float]]:
        """With the score of each beside the best one, which comes first whatever it gains."""
        near = [(quote, quote.score + self._gain(quote, quotes[0], passages[quote.unit.passage].text)) for quote in quotes]
        return sorted(near, key=lambda pair: (pair[0] is not quotes[0], -pair[1]))

    def _gain(self, quote: Quote, best: Quote, text: str) -> float:
        gain = 0.0
        if _beside(quote.unit, best.unit, text):
            gain += self.nearness + self.completing * sum(quote.words[word] for word in quote.words.keys() - best.words.keys())
        if quote.fits and not best.fits and _one_paragraph(quote.unit, best.unit, text):
            gain += self.answering
        return gain


def _repeats(words: set[str], other: set[str]) -> bool:
    return len(words & other) > 0.6 * min(len(words), len(other))


def _beside(one: Unit, other: Unit, text: str) -> bool:
    """Whether nothing but white space lies between them, and no new paragraph begins."""
    gap = text[min(one.end, other.end) : max(one.start, other.start)]
    return one.passage == other.passage and one.start != other.start and not gap.strip() and "\n\n" not in gap


def _one_paragraph(one: Unit, other: Unit, text: str) -> bool:
    return one.passage == other.passage and "\n\n" not in text[min(one.end, other.end) : max(one.start, other.start)]


def _one_language(one: Passage, other: Passage) -> bool:
    return one.language == other.language or not one.language or not other.language


def _overlap(one: Unit, other: Unit) -> bool:
    return one.passage == other.passage and one.start < other.end and other.start < one.end


def _cosines(vector: NDArray[np.float32] | None, texts: Sequence[str], embed: Callable[[Sequence[str]], Vectors]) -> list[float]:
    if vector is None or not texts:
        return [0.0] * len(texts)
    return [float(cosine) for cosine in embed(texts) @ vector]
