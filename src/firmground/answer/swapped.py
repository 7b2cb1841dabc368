"""Figures and names that stand in the passages, but in other sentences or beside other words than in the claim."""

from collections.abc import Callable, Iterator, Sequence

from firmground.answer.figured import clock_in, same_day
from firmground.answer.grounds import Piece
from firmground.answer.restated import Said
from firmground.language.moments import Clock, Day
from firmground.language.names import names
from firmground.language.polarity import clauses
from firmground.language.quantities import Number, agree, alike
from firmground.language.terms import terms
from firmground.language_model import Mismatch
from firmground.types import Value

_TELLING = 1.0
"""Weight of words, by rarity, that another number must share with the claim before the two are taken to be exchanged."""
_MANY = 40
"""Figures of one claim, and places of one figure, that are looked at."""


class Swaps(Value):
    """When a figure or a name is taken to belong to something else in the passages."""

    least: float = 0.4
    """Share of the words beside it that the best sentence with another figure of its kind must hold."""
    elsewhere: float = 0.7
    """A figure is elsewhere when the best sentence that gives it holds less than this share of what that one holds."""
    bare: float = 0.95
    """The same for a number with a unit that the passages give only without one."""
    name_least: float = 0.5
    """The same for names, which are mentioned more loosely."""
    name_elsewhere: float = 0.6
    name_common: float = 0.4
    """A name that more than this share of the sentences mention belongs to all of them."""

    def mismatches(self, said: Said) -> Iterator[Mismatch]:
        """Of one claim against its passages."""
        for number in said.figures.numbers[:_MANY]:
            if number.loose or not number.unit:
                continue
            written = said.text[number.start : number.end]
            if self._number_elsewhere(said, number):
                yield Mismatch(
                    code="number", detail=f"“{written}” stands in another sentence of the cited passages than the one restated"
                )
            elif _exchanged(said, number):
                yield Mismatch(code="number", detail=f"“{written}” stands beside other words in the cited passages")
        for moment in (*said.figures.moments.days, *said.figures.moments.clocks)[:_MANY]:
            if self._moment_elsewhere(said, moment):
                written = said.text[moment.start : moment.end].strip()
                yield Mismatch(
                    code="date", detail=f"“{written}” stands in another sentence of the cited passages than the one restated"
                )
        yield from self._names(said)

    def _number_elsewhere(self, said: Said, number: Number) -> bool:
        near = _beside(said, number) - frozenset(terms(said.text[number.start : number.end], said.language))
        clear = any(other.unit and agree(number, other) == "same" for piece in said.pieces for other in piece.figures.numbers)

        def gives(piece: Piece) -> bool:
            return any(agree(number, other) == "same" and (other.unit or not clear) for other in piece.figures.numbers)

        def rivals(piece: Piece) -> bool:
            return any(
                not other.loose and (alike(number, other) or agree(number, other) == "unit") for other in piece.figures.numbers
            )

        return _elsewhere(said, near, gives, rivals, least=self.least, ratio=self.elsewhere if clear else self.bare)

    def _moment_elsewhere(self, said: Said, moment: Day | Clock) -> bool:
        def gives(piece: Piece) -> bool:
            found = piece.figures.moments
            if isinstance(moment, Clock):
                return clock_in(moment, found.clocks)
            return any(same_day(moment, other, said.years) for other in found.days)

        def rivals(piece: Piece) -> bool:
            found = piece.figures.moments
            return bool(found.clocks if isinstance(moment, Clock) else [day for day in found.days if _fine(day) >= _fine(moment)])

        return _elsewhere(said, _plain(said.words), gives, rivals, least=self.least, ratio=self.elsewhere)

    def _names(self, said: Said) -> Iterator[Mismatch]:
        """Names that the sentence restated does not mention, nor its neighbours and headings, where it mentions another."""
        for name in names(said.text, said.language):
            own = frozenset(terms(" ".join(name.words), said.language))
            mentions = sum(own <= piece.words for piece in said.pieces)
            if not own or mentions > self.name_common * len(said.pieces) or own & said.everywhere:
                continue
            near = said.words - own

            def gives(piece: Piece, own: frozenset[str] = own) -> bool:
                return own <= piece.words | piece.context | piece.around

            def rivals(piece: Piece) -> bool:
                return any(not said.words.intersection(terms(" ".join(other), said.language)) for other in piece.names)

            if _elsewhere(said, near, gives, rivals, least=self.name_least, ratio=self.name_elsewhere):
                written = said.text[name.start : name.end]
                yield Mismatch(
                    code="name", detail=f"“{written}” stands in another sentence of the cited passages than the one restated"
                )


def _elsewhere(
    said: Said,
    near: frozenset[str],
    gives: Callable[[Piece], bool],
    rivals: Callable[[Piece], bool],
    *,
    least: float,
    ratio: float,
) -> bool:
    """Whether the best piece that gives it holds little of the words near it, and the best one with a rival much."""
    best, right, given = 0.0, 0.0, False
    for piece in said.pieces:
        share = said.share(piece, near)
        if gives(piece):
            right, given = max(right, share), True
        elif share > best and rivals(piece):
            best = share
    return given and best >= least and right < ratio * best


def _fine(day: Day) -> int:
    return sum(part is not None for part in day.readings[0][1:])


def _exchanged(said: Said, number: Number) -> bool:
    """Whether two numbers of the claim have changed places, or one stands in another row of a table than its words."""
    places = [
        (piece, other) for piece in said.pieces for other in piece.figures.numbers if not other.loose and alike(number, other)
    ]
    same = [place for place in places if agree(number, place[1]) == "same"]
    if not same or len(same) == len(places) or len(places) > _MANY:
        return False
    twins = [
        other for other in said.figures.numbers if other is not number and alike(number, other) and agree(number, other) != "same"
    ]
    return all(_changed_places(said, number, twins, place, places) for place in same)


def _changed_places(
    said: Said, number: Number, twins: Sequence[Number], place: tuple[Piece, Number], places: Sequence[tuple[Piece, Number]]
) -> bool:
    piece, found = place
    right = _words_of(piece, found, said.language)
    for other_piece, other in places:
        wrong = _words_of(other_piece, other, said.language)
        row = bool(piece.header) and piece.header == other_piece.header and piece is not other_piece
        if row and _worse(said, _beside(said, number), right, wrong):
            return True
        for twin in twins if other_piece is piece and other is not found else ():
            ours, theirs = (_in_its_clause(said, each) for each in (number, twin))
            if agree(twin, other) == "same" and _worse(said, ours, right, wrong) and not theirs & (wrong - right):
                return True
    return False


def _worse(said: Said, near: frozenset[str], right: frozenset[str], wrong: frozenset[str]) -> bool:
    """Whether of these words none stands beside the right number alone, and some that tell stand beside the wrong one alone."""
    return not near & (right - wrong) and said.sum(near & (wrong - right)) >= _TELLING


def _in_its_clause(said: Said, number: Number) -> frozenset[str]:
    return _plain(said.words & _clause_words(said.text, number, said.language))


def _beside(said: Said, number: Number) -> frozenset[str]:
    """The claim's words that belong to this number: all where it is the only one, else those of its clause, if they are enough."""
    every = _plain(said.words)
    if sum(not other.loose for other in said.figures.numbers) == 1:
        return every
    own = _in_its_clause(said, number)
    return own if len(own) > 2 else every


def _plain(words: frozenset[str]) -> frozenset[str]:
    """Without numbers."""
    return frozenset(word for word in words if not word[0].isdigit())


def _words_of(piece: Piece, number: Number, language: str) -> frozenset[str]:
    """The words of a piece that belong to one of its numbers: not those of a clause with another number only, nor of another column."""
    if piece.header:
        cells = piece.text.strip("|").split("|")
        column = piece.text.count("|", 0, number.start) - 1
        kept = [cells[0], *cells[column : column + 1], *piece.header[:1], *piece.header[column : column + 1]]
        return frozenset(terms(" ".join(kept), language)) | piece.context
    others = [other for other in piece.figures.numbers if other is not number and not other.loose and alike(number, other)]
    own = _clause_words(piece.text, number, language)
    foreign = frozenset[str]().union(*(_clause_words(piece.text, other, language) for other in others))
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
