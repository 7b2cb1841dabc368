"""The marks of a drafted sentence become citations with the exact span that bears it out, or are removed."""

import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise

from pydantic import Field

from firmground.answer.packing import Packed
from firmground.answer.units import Unit, units
from firmground.language.identify import identify
from firmground.language.terms import terms
from firmground.language_model import Mismatch
from firmground.types import Passage, Value

_FIGURES = 2.0
"""What a word with a digit in it counts, or a placeholder: it says more than others of its rarity."""
_ANCHOR = re.compile(r"\b\w*(?:\d|[A-Z]\w*[A-Z])\w*(?:[-.,:]\w+)*")
"""Numbers, codes and abbreviations: the same in every language."""
_ADDRESS = re.compile(r"(?:[a-z][a-z0-9+.-]{1,20}:)?//[^\s<>()\[\]\"|]{1,500}|www\.[^\s<>()\[\]\"|]{1,500}", re.IGNORECASE)


@dataclass(frozen=True)
class Support:
    """Where a sentence has it from: `passages[at].text[start:end]`."""

    n: int
    """The passage's number in the prompt."""
    at: int
    """Its position in the evidence."""
    start: int
    end: int
    header: str = ""
    """The header row, where the span is of table rows below one."""
    heading: str = ""
    """The nearest heading above the span."""
    share: float = 0.0
    """Of the sentence's words, by rarity, that the span says."""
    compared: bool = True
    """False where the sentence is in another language than the passage and has no figure to compare: the mark is all there is."""


@dataclass(frozen=True)
class Cited:
    """A sentence's citations; none means that it must not be shown."""

    supports: tuple[Support, ...]
    removed: tuple[Mismatch, ...]
    """Why marks were removed, or that there was none; code `citation`."""


class Citing(Value):
    """Which span of a passage bears out a sentence: the unit, or the run of neighbours, that says most of its words, weighed by rarity
    among the units shown, ln(1 + (N − n + ½) / (n + ½)).

    A mark that does not hold is removed and never replaced by another passage, even where one says it clearly: that the model rested
    on it would be our invention. The mismatch names it, so that the model can cite it when it mends the sentence.
    """

    least: float = Field(0.2, ge=0, le=1)
    """Share of a sentence's words that a passage must say to be cited. Low, since a sentence may say it in other words; what is said
    wrongly is for the checks to find."""
    least_abroad: float = Field(0.5, ge=0, le=1)
    """Share of its figures and codes, where the passage is in another language."""
    clearly: float = Field(0.6, ge=0, le=1)
    """Share from which a passage says it clearly."""
    dwarfed: float = Field(0.5, ge=0, le=1)
    """A passage that says less than this part of what another one says clearly has only words in common with the sentence, unless
    both are cited and it adds something."""
    above: float = Field(0.5, ge=0, le=1)
    """What a word counts that stands only in the title or heading above."""
    gain: float = Field(0.12, ge=0, le=1)
    """Share that one more neighbour, or such a passage, must add."""
    longest: int = Field(3, ge=1)
    """Units in one span."""

    def over(self, packed: Sequence[Packed], passages: Sequence[Passage]) -> "Sources":
        """What the model read, for any number of sentences."""
        return Sources(self, packed, passages)


class Sources:
    """The passages of one prompt, read once. Sentences are compared only with what of them was shown."""

    def __init__(self, recipe: Citing, packed: Sequence[Packed], passages: Sequence[Passage]) -> None:
        self._recipe = recipe
        self._read = [_Read(each, passages[each.at]) for each in packed]

    def cite(self, text: str, marks: Sequence[int], *, language: str = "") -> Cited:
        """The citations of one sentence, by number. `language` (ISO 639-1) is what it should be in, "" where unknown."""
        supports: list[Support] = []
        removed: list[str] = [] if marks else ["it cites no passage"]
        invented = self._invented(text, marks)
        if invented:
            return Cited((), (Mismatch(code="citation", detail=f"it names the address {invented}, which its passages do not"),))
        found = [self._best(n, text, read.language) for n, read in enumerate(self._read, 1)]
        best = max(found, key=lambda each: each.share, default=None)
        clear = best if best and best.share >= self._recipe.clearly else None
        for n in sorted(set(marks)):
            if not 0 < n <= len(self._read):
                removed.append(f"it cites passage {n}, which there is not")
                continue
            holds = self._holds(found[n - 1], clear, text, marks)
            support = found[n - 1] if holds else self._abroad(n, text, language)
            if support:
                supports.append(support)
            else:
                removed.append(f"it cites passage {n}, which says too little of this")
        if clear and not supports:
            removed[-1] += f"; passage {clear.n} says more of it"
        return Cited(tuple(supports), tuple(Mismatch(code="citation", detail=why) for why in removed))

    def _holds(self, found: Support, clear: Support | None, text: str, marks: Sequence[int]) -> bool:
        """Whether it says enough; beside a passage that says it clearly: nearly as much, or something that one lacks."""
        if found.share < self._recipe.least or clear is None or found.share >= self._recipe.dwarfed * clear.share:
            return found.share >= self._recipe.least
        return clear.n in marks and self._added(found, clear, text) >= self._recipe.gain

    def _added(self, one: Support, other: Support, text: str) -> float:
        """Share of the sentence's words that one span says and the other does not."""
        wanted = frozenset(terms(text, self._read[one.n - 1].language))
        weights = self._weights(wanted, plain=False)
        added = wanted & self._read[one.n - 1].said(one) - self._read[other.n - 1].said(other)
        return sum(weights[word] for word in added) / (sum(weights.values()) or 1.0)

    def _invented(self, text: str, marks: Sequence[int]) -> str:
        """An address that no passage it cites has: following it, or loading it as a picture, could tell others what was asked."""
        shown = [self._read[n - 1].shown for n in set(marks) if 0 < n <= len(self._read)]
        addresses = [found.rstrip(".,;:!?*_`'\"") for found in _ADDRESS.findall(text)]
        return next((address for address in addresses if not any(address.casefold() in each for each in shown)), "")

    def _abroad(self, n: int, text: str, language: str) -> Support | None:
        """Where a passage in another language than the sentence says it, as far as that can be told."""
        read = self._read[n - 1]
        if _language(text, language, read.language) == read.language:
            return None
        anchors = " ".join(_ANCHOR.findall(text))
        found = self._best(n, anchors, "")
        if not found.share:
            nearest = self._best(n, text, "")
            found = (
                replace(nearest, share=0.0)
                if nearest.share
                else replace(found, start=read.start, end=read.end, header="", heading="")
            )
        if not anchors:
            return replace(found, compared=False)
        return found if found.share >= self._recipe.least_abroad else None

    def _best(self, n: int, text: str, language: str) -> Support:
        """The best span of passage n, in words as this language is analysed."""
        read = self._read[n - 1]
        wanted = frozenset(terms(text, language))
        held = read.words if language == read.language else read.plain_words
        weights = self._weights(wanted, plain=language != read.language)
        total = sum(weights.values())

        def share(of: range) -> float:
            said = wanted.intersection(frozenset[str]().union(*(held[at] for at in of)))
            near = wanted.intersection(frozenset[str]().union(*(read.above[at] for at in of))) - said
            return (sum(weights[w] for w in said) + self._recipe.above * sum(weights[w] for w in near)) / total if total else 0.0

        best = max(range(len(held)), key=lambda at: (share(range(at, at + 1)), -at))
        run = range(best, best + 1)
        while len(run) < self._recipe.longest:
            wider = [each for each in (range(run.start, run.stop + 1), range(run.start - 1, run.stop)) if read.joins(each)]
            widest = max(wider, key=share, default=run)
            if share(widest) < share(run) + self._recipe.gain:
                break
            run = widest
        first, last = read.units[run.start], read.units[run.stop - 1]
        held_at_all = frozenset[str]().union(*(held[at] for at in run)) & wanted
        return Support(n, read.at, first.start, last.end, first.header, first.heading, share(run) if held_at_all else 0.0)

    def _weights(self, wanted: frozenset[str], *, plain: bool) -> dict[str, float]:
        """By rarity; a word that no unit says weighs as one that a single unit says."""
        everything = [words for read in self._read for words in (read.plain_words if plain else read.words)]
        counts = Counter(word for words in everything for word in words & wanted)
        total = len(everything)
        return {
            word: math.log(1 + (total - max(1, counts[word]) + 0.5) / (max(1, counts[word]) + 0.5))
            * (_FIGURES if "_" in word or any(map(str.isdigit, word)) else 1.0)
            for word in wanted
        }


class _Read:
    """What was shown of one passage."""

    def __init__(self, packed: Packed, passage: Passage) -> None:
        self.at, self.start, self.end = packed.at, packed.start, packed.end
        self.language = passage.language
        self._text = passage.text
        self.units = list(_within(packed, passage))
        self._title = passage.title
        self.shown = packed.shown(passage).casefold()

    @cached_property
    def words(self) -> list[frozenset[str]]:
        return [frozenset(terms(f"{unit.header}\n{unit.text}", self.language)) for unit in self.units]

    @cached_property
    def above(self) -> list[frozenset[str]]:
        return [frozenset(terms(f"{self._title}\n{unit.heading}\n{unit.asked}", self.language)) for unit in self.units]

    @cached_property
    def plain_words(self) -> list[frozenset[str]]:
        """As written, for comparing with another language."""
        return [frozenset(terms(f"{unit.header}\n{unit.text}", "")) for unit in self.units]

    def said(self, support: Support) -> frozenset[str]:
        """The words of a span of it."""
        return frozenset(terms(f"{support.header}\n{self._text[support.start : support.end]}", self.language))

    def joins(self, run: range) -> bool:
        """Whether these units exist and nothing but white space lies between them."""
        if run.start < 0 or run.stop > len(self.units):
            return False
        inside = self.units[run.start : run.stop]
        return all(not self._text[one.end : other.start].strip() for one, other in pairwise(inside))


def _within(packed: Packed, passage: Passage) -> Iterator[Unit]:
    """The units of the part that was shown; where it has none (a heading, a question), the whole part."""
    found = False
    for unit in units(packed.at, passage):
        start, end = max(unit.start, packed.start), min(unit.end, packed.end)
        if start < end:
            found = True
            yield (
                unit
                if (start, end) == (unit.start, unit.end)
                else replace(unit, start=start, end=end, text=passage.text[start:end])
            )
    if not found:
        shown = passage.text[packed.start : packed.end]
        start = packed.start + len(shown) - len(shown.lstrip())
        yield Unit(packed.at, start, start + len(shown.strip()), shown.strip())


def _language(text: str, expected: str, passage: str) -> str:
    """What the sentence is in: the passage's language unless there is a reason to think otherwise."""
    if not passage or expected == passage:
        return passage
    return identify(text, frozenset({passage, expected} - {""})) or expected or passage
