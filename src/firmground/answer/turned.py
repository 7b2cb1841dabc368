"""Where a claim says the opposite of what it restates: negation, duty and choice, minimum and maximum, words of opposite sense."""

from collections.abc import Iterator, Sequence

from firmground.answer.figured import bound_mismatch
from firmground.answer.restated import Clause, Said
from firmground.language.polarity import Stance, clauses, denied
from firmground.language.terms import terms
from firmground.language_model import Mismatch
from firmground.types import Value

_AROUND = 40
"""Characters on each side of a word in which its neighbours are looked for."""


class Turns(Value):
    """When a claim is taken to turn around what it restates."""

    aligned: float = 0.45
    """Share of a clause's words, by rarity, from which a clause of the passage is taken to be the one it restates."""
    same: float = 0.5
    """Share of the words of a denying clause of the passage that a claim must hold to be taken to say the same plainly."""

    sure: float = 0.75
    """Share of a clause's words from which only the clause of the passage counts, and not what stands beside it."""
    whole: float = 0.55
    """Share of a claim's words from which it is taken to restate a sentence of several parts."""

    def mismatches(self, said: Said) -> Iterator[Mismatch]:
        """One at most: two that cancel each other ("not valid", "invalid") are none."""
        if not said.ranked or said.ranked[0][0] < self.aligned:
            return
        parts = clauses(said.text, said.language)
        found = [
            next((one for text in parts if (one := self._negation(said, text))), None),
            bound_mismatch(said.text, said.figures.numbers, said.near[:1]) or self._opposite(said),
        ]
        turned = [one for one in found if one]
        if len(turned) == 1:
            yield turned[0]
        elif not turned:
            duty = next((one for text in parts if (one := self._duty(said, text))), None)
            if duty:
                yield duty

    def _negation(self, said: Said, text: str) -> Mismatch | None:
        own = said.stance_of(text)
        words = said.content(text)
        if own.negated and (not words or (len(words) < 3 and any(sign.isdigit() for sign in text))):
            return None
        if len(words) < 2:
            words, own = said.content(said.text), said.stance_of(said.text)
        ranked = said.aligned(words)
        if not ranked or ranked[0][0] < self.aligned:
            return None
        rivals = [clause for share, clause in ranked if share >= 0.9 * ranked[0][0]]
        if own.negated:
            denied = any(self._denies(said, own, share, clause) for share, clause in ranked if clause in rivals)
            return (
                None
                if denied
                else Mismatch(code="negation", detail=f"“{text.strip()}” denies what the cited passage does not deny")
            )
        if said.stance_of(said.text).negated:
            return None
        for clause in rivals:
            if self._denied(said, clause, words, rivals):
                return Mismatch(code="negation", detail=f"the cited passage denies it: “{_short(clause.text)}”")
        return None

    def _denies(self, said: Said, own: Stance, share: float, clause: Clause) -> bool:
        """Whether the passage denies there too, or limits by a word that the claim has not; where little is shared, next to it."""
        around = said.beside(clause.piece) if share < self.sure or clause.piece.text.rstrip("*_ ").endswith("?") else []
        texts = [clause.text, clause.piece.above, *(piece.text for piece in around)]
        limits = said.stance_of(clause.piece.text).limits.union(*(said.stance_of(piece.text).limits for piece in around))
        return bool(limits - own.limits) or any(said.stance_of(text).negated for text in texts)

    def _denied(self, said: Said, clause: Clause, words: frozenset[str], rivals: Sequence[Clause]) -> bool:
        """Whether a clause of the passage denies what the claim's words say plainly, and no other like it says so too."""
        found = said.stance_of(clause.text)
        if clause.piece.header:
            return False
        if said.stance_of(said.text).limits - said.stance_of(clause.piece.text).limits:
            return False
        above = said.stance_of(clause.piece.above)
        if above.negated and not found.negated:
            return bool(said.content(clause.piece.above) & words - clause.words)
        if not found.negated or any(not said.stance_of(other.piece.text).negated for other in rivals):
            return False
        if clause.text == clause.piece.text and len(clauses(clause.text, said.language)) > 1:
            return self._part_denied(said, clause)
        shared = said.sum(words & clause.words)
        return shared >= self.same * said.sum(clause.words) and shared >= 0.5 * said.sum(words)

    def _part_denied(self, said: Said, whole: Clause) -> bool:
        """Whether a part of the sentence that the claim restates nearly whole denies words which the claim holds all."""
        if said.share(whole.piece, said.words) < self.whole:
            return False
        parts = next(parts[1:] for parts in said.parts if parts[0].piece is whole.piece)
        scopes = [said.content(denied(part.text, said.language)) for part in parts]
        return any(scope and scope <= said.words for scope in scopes)

    def _duty(self, said: Said, text: str) -> Mismatch | None:
        """A duty made a choice, or a choice a duty."""
        own = said.stance_of(text)
        words = said.content(text)
        if own.must == own.may or own.negated or len(words) < 2:
            return None
        ranked = said.aligned(words)
        if not ranked or ranked[0][0] < self.aligned:
            return None
        found = [said.stance_of(clause.text) for share, clause in ranked if share >= 0.8 * ranked[0][0]]
        clear = [one for one in found if one.must != one.may and not one.negated and not one.limits]
        if not clear or any(one.must == own.must for one in clear) or any(one.negated and one.may for one in found):
            return None
        ours, theirs = ("a duty", "a choice") if own.must else ("a choice", "a duty")
        return Mismatch(code="negation", detail=f"it states {ours} where the cited passage states {theirs}")

    def _opposite(self, said: Said) -> Mismatch | None:
        """A word whose opposite stands beside the same words in the sentence restated, and which itself does not stand there."""
        own = said.stance_of(said.text).sides
        if not own:
            return None
        theirs = [(piece, said.stance_of(piece.text).sides) for piece in said.near]
        there = {(group, side) for piece, sides in theirs for group, side, _, _ in (*sides, *said.stance_of(piece.above).sides)}
        for group, side, start, end in own:
            if (group, side) in there:
                continue
            near = _neighbours(said, said.text, start, end)
            for piece, sides in theirs:
                for other_group, _, at, stop in sides:
                    if other_group == group and near & _neighbours(said, piece.text, at, stop):
                        word, other = said.text[start:end], piece.text[at:stop]
                        return Mismatch(code="negation", detail=f"it says “{word}” where the cited passage says “{other}”")
        return None


def _neighbours(said: Said, text: str, start: int, end: int) -> frozenset[str]:
    before, after = text[max(0, start - _AROUND) : start], text[end : end + _AROUND]
    return frozenset([*terms(before, said.language)[-2:], *terms(after, said.language)[:2]])


def _short(text: str) -> str:
    plain = " ".join(text.split())
    return plain if len(plain) <= 80 else f"{plain[:77]}…"
