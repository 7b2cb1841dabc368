"""The words of a question against those of the evidence."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence

from firmground.answer.units import Unit
from firmground.language.terms import query_terms, terms
from firmground.language.words import ASKING
from firmground.types import Passage

_ASKING_WEIGHT = 0.3
"""What a word counts that only says what kind of answer is wanted."""


class Overlap:
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
        self._asking = frozenset(word for language in languages for word in query_terms(ASKING, [language]))
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
