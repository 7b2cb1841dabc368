"""Figures and names that stand in the passages, but beside other words than in the sentence."""

from collections.abc import Iterator, Mapping, Sequence

from firmground.answer.grounds import Figures, Piece
from firmground.language.polarity import clauses
from firmground.language.quantities import Number, agree, alike
from firmground.language.terms import terms
from firmground.types import Mismatch

_TELLING = 1.0
"""Weight of words, by rarity, that another number must share with the sentence before the two are taken to be exchanged."""


def mismatches(
    text: str, words: frozenset[str], figures: Figures, pieces: Sequence[Piece], weight: Mapping[str, float], language: str
) -> Iterator[Mismatch]:
    """Numbers of the sentence whose words stand beside another number of the same kind in the passages, and not beside this one."""
    ours = [number for number in figures.numbers if not number.loose and number.unit]
    for number in ours:
        places = [(piece, other) for piece in pieces for other in piece.numbers if not other.loose and alike(number, other)]
        same = [(piece, other) for piece, other in places if agree(number, other) == "same"]
        rest = [(piece, other) for piece, other in places if agree(number, other) != "same"]
        if not same or not rest or len(places) > 60:
            continue
        near = _beside(text, number, ours, words, language) & words
        right = [_words_of(piece, other, language) for piece, other in same]
        wrong = [_words_of(piece, other, language) for piece, other in rest]
        if all(_exchanged(near, one, wrong, weight) for one in right):
            yield Mismatch(
                code="number", detail=f"“{text[number.start : number.end]}” stands beside other words in the cited passages"
            )


def _exchanged(near: frozenset[str], right: frozenset[str], wrong: Sequence[frozenset[str]], weight: Mapping[str, float]) -> bool:
    return any(
        not near & (right - other) and sum(weight.get(word, 0.0) for word in near & (other - right)) >= _TELLING
        for other in wrong
    )


def _beside(text: str, number: Number, all_numbers: Sequence[Number], words: frozenset[str], language: str) -> frozenset[str]:
    """The sentence's words that belong to this number: all where it is the only one of its kind, else those of its clause."""
    if sum(alike(number, other) for other in all_numbers) == 1:
        return words
    return _clause_words(text, number, language)


def _words_of(piece: Piece, number: Number, language: str) -> frozenset[str]:
    """The words of a piece that belong to one of its numbers: not those of a clause with another number only, nor of another column."""
    others = [other for other in piece.numbers if other is not number and not other.loose and alike(number, other)]
    if piece.header:
        cells = piece.text.strip("|").split("|")
        column = piece.text.count("|", 0, number.start) - 1
        kept = [cells[0], *(cells[column : column + 1] if column > 0 else [])]
        names = piece.header[:1] + piece.header[column : column + 1]
        return frozenset(terms(" ".join((*kept, *names)), language)) | piece.context
    if not others:
        return piece.words | piece.context
    foreign = frozenset[str]().union(*(_clause_words(piece.text, other, language) for other in others))
    own = _clause_words(piece.text, number, language)
    return (piece.words - (foreign - own)) | piece.context


def _clause_words(text: str, number: Number, language: str) -> frozenset[str]:
    """The words of the clause in which the number stands."""
    at = 0
    for clause in clauses(text, language):
        start = text.find(clause, at)
        at = start + len(clause)
        if start <= number.start < at:
            return frozenset(terms(clause, language))
    return frozenset()
