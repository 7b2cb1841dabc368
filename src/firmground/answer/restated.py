"""What a claim restates: the sentences and clauses of its passages that hold most of its words."""

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import NamedTuple

from firmground.answer.grounds import Figures, Piece
from firmground.language.counting import number_words
from firmground.language.polarity import Stance, clauses, light_words, stance
from firmground.language.terms import terms

_NEARLY = 0.7


class Clause(NamedTuple):
    """A part of a sentence of a passage, with the sentence."""

    text: str
    words: frozenset[str]
    piece: Piece


class Memory:
    """What was read of stretches of text in one language, for all claims against the same passages."""

    def __init__(self) -> None:
        self.contents: dict[str, frozenset[str]] = {}
        self.stances: dict[str, Stance] = {}


class Said:
    """A claim and the pieces of its passages, as they are compared.

    A word's weight is its inverse frequency among the pieces of the evidence, ln(1 + (N − n + ½) / (n + ½)); one that no piece
    holds weighs what one in a single piece does.
    """

    def __init__(
        self,
        text: str,
        language: str,
        *,
        figures: Figures,
        words: frozenset[str],
        pieces: Sequence[Piece],
        weights: Mapping[str, float],
        unknown: float,
        years: frozenset[int],
        everywhere: frozenset[str],
        memory: Memory,
    ) -> None:
        self.text, self.language, self.figures, self.words, self.pieces = text, language, figures, words, pieces
        self.years = years
        self.everywhere = everywhere
        """Words of titles and other context, which belong to every piece."""
        self._weights, self._unknown, self._memory = weights, unknown, memory

    def weight(self, word: str) -> float:
        return self._weights.get(word, self._unknown)

    def sum(self, words: Iterable[str]) -> float:
        return sum(self._weights.get(word, self._unknown) for word in words)

    def share(self, piece: Piece, words: frozenset[str]) -> float:
        """The share of some words, by rarity, that a piece holds; what stands in its headings counts half."""
        own = words & piece.words
        if not own:
            return 0.0
        total = self.sum(words)
        above = (words & piece.context) - own
        return (self.sum(own) + 0.5 * self.sum(above)) / total if total else 0.0

    @cached_property
    def ranked(self) -> list[tuple[float, Piece]]:
        """The pieces that hold some of the claim, those that hold most first."""
        found = [(share, piece) for piece in self.pieces if (share := self.share(piece, self.words)) > 0]
        return sorted(found, key=lambda pair: -pair[0])

    @cached_property
    def near(self) -> list[Piece]:
        """The pieces that it may restate, best first; few."""
        return [piece for share, piece in self.ranked[:8] if share >= 0.6 * self.ranked[0][0]]

    @cached_property
    def parts(self) -> list[list[Clause]]:
        """Each piece of `near`: whole, and its clauses."""
        return [
            [
                Clause(piece.text, self.content(piece.text) | (piece.words if piece.header else frozenset()), piece),
                *(Clause(text, self.content(text), piece) for text in clauses(piece.text, self.language)),
            ]
            for piece in self.near
        ]

    def beside(self, piece: Piece) -> list[Piece]:
        """The pieces before and after it."""
        at = next(at for at, other in enumerate(self.pieces) if other is piece)
        return [*self.pieces[max(0, at - 1) : at], *self.pieces[at + 1 : at + 2]]

    def content(self, text: str) -> frozenset[str]:
        """The analysed words of a stretch of text, without those that make its stance."""
        known = self._memory.contents.get(text)
        if known is None:
            left_out = light_words(self.language) | number_words(self.language).keys()
            tokens = (token for token in text.casefold().split() if token.strip(".,;:!?()") not in left_out)
            known = self._memory.contents[text] = frozenset(word for token in tokens for word in terms(token, self.language))
        return known

    def aligned(self, words: frozenset[str]) -> list[tuple[float, Clause]]:
        """What each piece of `near` says of these words, by the share of them it holds, best first: its best clause where that holds
        nearly as much of them as the whole sentence does."""
        total = self.sum(words)
        found: list[tuple[float, Clause]] = []
        for whole, *parts in self.parts:
            share = self.sum(words & whole.words)
            best = max(parts, key=lambda part: self.sum(words & part.words), default=whole)
            held = self.sum(words & best.words)
            if share and total:
                found.append((held / total, best) if held >= _NEARLY * share else (share / total, whole))
        return sorted(found, key=lambda pair: -pair[0])

    def stance_of(self, text: str) -> Stance:
        known = self._memory.stances.get(text)
        if known is None:
            known = self._memory.stances[text] = stance(text, self.language)
        return known
