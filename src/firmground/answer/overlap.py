"""The words of a question against those of the evidence."""

import math
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from functools import cache

from firmground.answer.units import Unit
from firmground.language.spelling import akin
from firmground.language.terms import query_words, terms
from firmground.language.words import ASKING
from firmground.types import Passage

_ASKING_WEIGHT = 0.3
"""What a word counts that only says what kind of answer is wanted."""
_AKIN = 0.7
"""What a word of the evidence counts that is spelled almost like the question's, or is a part of it."""


class Overlap:
    """The words of the question against those of the evidence, each passage in its own language.

    A word's weight is its inverse frequency among the sentences of the evidence, ln(1 + (N − n + ½) / (n + ½)), shared by the terms
    that the analysis makes of it. A word that nothing in the evidence holds is looked for in another spelling.
    """

    def __init__(self, question: str, passages: Sequence[Passage], found: Sequence[Unit]) -> None:
        languages = list(dict.fromkeys(passage.language for passage in passages))
        self._languages = [passage.language for passage in passages]
        self._passage = [unit.passage for unit in found]
        self._held = [frozenset(terms(f"{unit.header}\n{unit.text}", self._languages[unit.passage])) for unit in found]
        self._above = self._contexts(passages, found)
        self._before = [self._preceding(at, passages, found) for at in range(len(found))]
        self._asking = frozenset[str]().union(*(_asking(language) for language in languages))
        self._asked = {language: self._weighed(question, language) for language in languages}

    def held(self, at: int, above: float, before: float) -> dict[str, float]:
        """The question's words in one unit, each with its share of all; one that stands only in the heading above it counts `above`,
        in the sentence right before it `before`, in a heading right before it both."""
        asked = self._asked[self._languages[self._passage[at]]]
        shares: dict[str, float] = {}
        for word in asked.weights:
            around = above * asked.share(word, self._above[at]) + before * asked.share(word, self._before[at])
            share = max(asked.share(word, self._held[at]), min(1.0, around))
            if share:
                shares[word] = share
        return asked.parts(shares)

    def counted(self, parts: Mapping[str, float]) -> dict[str, float]:
        """The parts as sentences are compared by them."""
        return {word: part * (_ASKING_WEIGHT if word in self._asking else 1.0) for word, part in parts.items()}

    def passage_coverage(self, passages: Sequence[int]) -> float:
        """Of everything in these passages together, headings and titles included."""
        wanted = frozenset(passages)
        inside = [at for at, passage in enumerate(self._passage) if passage in wanted]
        words = frozenset[str]().union(*(self._held[at] | self._above[at] for at in inside))
        spoken = [self._asked[language] for language in {self._languages[passage] for passage in wanted}]
        return max(
            (sum(asked.parts({word: asked.share(word, words) for word in asked.weights}).values()) for asked in spoken),
            default=0.0,
        )

    def _contexts(self, passages: Sequence[Passage], found: Sequence[Unit]) -> list[frozenset[str]]:
        """The words of title, heading, and of the question that the document asks, above each unit."""
        above: dict[tuple[int, str, str], frozenset[str]] = {}
        for unit in found:
            key = unit.passage, unit.heading, unit.asked
            if key not in above:
                passage = passages[unit.passage]
                above[key] = frozenset(terms(f"{passage.title}\n{unit.heading}\n{unit.asked}", passage.language))
        return [above[unit.passage, unit.heading, unit.asked] for unit in found]

    def _preceding(self, at: int, passages: Sequence[Passage], found: Sequence[Unit]) -> frozenset[str]:
        unit, last = found[at], found[at - 1] if at else None
        if unit.item:
            return frozenset()
        if last is None or (last.passage, last.heading, last.asked) != (unit.passage, unit.heading, unit.asked):
            return self._above[at] if unit.heading else frozenset()
        return self._held[at - 1] if follows(last, unit, passages[unit.passage].text) else frozenset()

    def _weighed(self, question: str, language: str) -> "_Asked":
        inside = [at for at, passage in enumerate(self._passage) if self._languages[passage] == language]
        known = frozenset[str]().union(*(self._held[at] | self._above[at] for at in inside))
        counts = Counter(word for words in self._held for word in words)
        asked = _Asked()
        for group in query_words(question, [language]):
            missing = not known.intersection(group)
            for word in group:
                instead = akin(word, known) if missing else frozenset[str]()
                count = max((counts[each] for each in instead), default=counts[word])
                weight = math.log(1 + (len(self._held) - count + 0.5) / (count + 0.5)) / len(group)
                asked.add(word, weight, instead)
        return asked


class _Asked:
    """The question's terms in one language."""

    def __init__(self) -> None:
        self.weights: dict[str, float] = {}
        self._instead: dict[str, frozenset[str]] = {}

    def add(self, word: str, weight: float, instead: frozenset[str]) -> None:
        self.weights[word] = max(weight, self.weights.get(word, 0.0))
        self._instead[word] = instead

    def share(self, word: str, words: Collection[str]) -> float:
        """1 where it is among these words, less where another spelling of it is, 0 elsewhere."""
        return 1.0 if word in words else _AKIN if any(each in words for each in self._instead[word]) else 0.0

    def parts(self, shares: Mapping[str, float]) -> dict[str, float]:
        total = sum(self.weights.values())
        return {word: self.weights[word] * share / total for word, share in shares.items()} if total else {}


@cache
def _asking(language: str) -> frozenset[str]:
    return frozenset(term for word in query_words(ASKING, [language]) for term in word)


def follows(one: Unit, other: Unit, text: str) -> bool:
    """Whether `other` is the next sentence of the same paragraph."""
    gap = text[one.end : other.start]
    return one.passage == other.passage and not gap.strip() and "\n\n" not in gap and not other.item and not one.item
