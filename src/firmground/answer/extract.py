"""Without a language model: the sentences of the evidence that answer, word for word."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from firmground.answer.overlap import Overlap
from firmground.answer.units import Quote, Unit, units
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
        words = Overlap(question, passages, found)
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
            ranked=tuple(quotes),
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
            made = whole(
                quote, quotes, passages[quote.unit.passage], row_margin=self.row_margin, rows=self.rows, longest=self.longest
            )
            if not any(_overlap(made.unit, other.unit) for other in chosen):
                chosen.append(made)
                said.append((quote.unit.header, words))
        return chosen

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


def _overlap(one: Unit, other: Unit) -> bool:
    return one.passage == other.passage and one.start < other.end and other.start < one.end


def _cosines(vector: NDArray[np.float32] | None, texts: Sequence[str], embed: Callable[[Sequence[str]], Vectors]) -> list[float]:
    if vector is None or not texts:
        return [0.0] * len(texts)
    return [float(cosine) for cosine in embed(texts) @ vector]
