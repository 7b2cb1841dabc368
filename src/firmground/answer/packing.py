"""Which passages stand in a prompt, how much of each, and in which order."""

import math
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pydantic import Field

from firmground.answer.extract import units
from firmground.language.sentences import sentences
from firmground.language.terms import query_terms, terms
from firmground.types import Passage, Value

Count = Callable[[str], int]
"""Tokens that a text takes."""

_FRAME = (
    '<passage bcdf2345bcdf n="99" title="{}" source="{}" heading="{}" page="999" date="2000-01-01">\n</passage bcdf2345bcdf>\n'
)


@dataclass(frozen=True)
class Packed:
    """A passage in the prompt: `passages[at].text[start:end]`, below the header row of its table where that stands elsewhere."""

    at: int
    """Its position in the evidence."""
    start: int
    end: int
    header: str = ""

    def shown(self, passage: Passage) -> str:
        """What the model reads of it."""
        text = passage.text[self.start : self.end]
        return f"{self.header}\n{text}" if self.header else text


class Packing(Value):
    """The best passages that fit into the budget, the best first and the second best last: models read the middle least
    (Liu et al. 2023, Lost in the Middle, arXiv 2307.03172)."""

    budget: int = Field(3000, ge=0)
    """Tokens of all passages together, with what stands around each."""
    largest_share: float = Field(0.6, gt=0, le=1)
    """Of the budget, for one passage while others wait."""
    least: int = Field(60, ge=1)
    """Tokens; with less room than this a passage is left out rather than cut. The first one always gets as many."""

    def pack(self, question: str, passages: Sequence[Passage], count: Count) -> tuple[Packed, ...]:
        """From `passages`, best first, in the order of the prompt: passage n of the prompt is item n - 1. Empty only where no passage
        has any text.

        A passage that is too long is cut at the borders of sentences around the one that says most of the question's words; one whose
        text stands in a better one is left out.
        """
        ranked: list[Packed] = []
        said: list[str] = []
        left = self.budget
        for at, passage in enumerate(passages):
            plain = " ".join(passage.text.casefold().split())
            if not plain or any(plain in other for other in said):
                continue
            frame = count(_FRAME.format(passage.title, passage.uri, passage.locator.heading))
            waiting = at + 1 < len(passages)
            room = min(left - frame, int(self.budget * self.largest_share)) if waiting else left - frame
            fitted = self._fitted(question, at, passage, room, count, first=not ranked)
            if fitted:
                ranked.append(fitted)
                said.append(" ".join(fitted.shown(passage).casefold().split()))
                left -= frame + count(fitted.shown(passage))
        return (*ranked[0::2], *reversed(ranked[1::2]))

    def _fitted(self, question: str, at: int, passage: Passage, room: int, count: Count, *, first: bool) -> Packed | None:
        whole = Packed(at, 0, len(passage.text), _header(at, passage, 0))
        if count(whole.shown(passage)) <= room:
            return whole
        if room < self.least and not first:
            return None
        start, end = _best_part(question, passage, max(room, self.least) - count(whole.header), count)
        return Packed(at, start, end, _header(at, passage, start))


def _header(at: int, passage: Passage, start: int) -> str:
    """The header row of the table that the stretch from `start` on begins in the middle of."""
    if "|" not in passage.text:
        return ""
    unit = next((unit for unit in units(at, passage) if unit.start >= start), None)
    return unit.header if unit and unit.header and unit.header not in passage.text[start : unit.start] else ""


def _best_part(question: str, passage: Passage, room: int, count: Count) -> tuple[int, int]:
    """The sentence that says most of the question's words, and its neighbours as far as there is room, the better one first."""
    text = passage.text
    spans = sentences(text)
    asked = frozenset(query_terms(question, [passage.language]))
    # Header rows and headings speak for what stands below them.
    said = {unit.start: f"{unit.heading}\n{unit.asked}\n{unit.header}\n{unit.text}" for unit in units(0, passage)}
    scores = _scores(asked, [frozenset(terms(said.get(start, ""), passage.language)) for start, _ in spans])
    best = max(range(len(spans)), key=lambda at: (scores[at], -at))
    first = last = best
    room -= count(text[slice(*spans[best])])
    if room < 0:
        return _window(question, text, spans[best], room + count(text[slice(*spans[best])]), count)
    while first > 0 or last < len(spans) - 1:
        beside = [at for at in (last + 1, first - 1) if 0 <= at < len(spans)]
        at = max(beside, key=lambda at: (scores[at], -abs(at - best)))
        room -= count(text[slice(*spans[at])]) + 1
        if room < 0:
            break
        first, last = min(first, at), max(last, at)
    return spans[first][0], spans[last][1]


def _scores(asked: frozenset[str], held: Sequence[frozenset[str]]) -> list[float]:
    counts = Counter(word for words in held for word in words & asked)
    weights = {word: math.log(1 + (len(held) - n + 0.5) / (n + 0.5)) for word, n in counts.items()}
    return [sum(weights[word] for word in words & asked) for words in held]


def _window(question: str, text: str, sentence: tuple[int, int], room: int, count: Count) -> tuple[int, int]:
    """A part of one sentence that is too long by itself, from the first word of the question on, between words where there are any."""
    start, end = sentence
    words = sorted(set(re.findall(r"\w{3,64}", question)[:50]), key=len, reverse=True)
    found = re.compile("|".join(map(re.escape, words)), re.IGNORECASE).search(text, start, end) if words else None
    size = max(1, (end - start) * max(room, 1) // max(1, count(text[start:end])))
    begin = max(start, min(found.start() - size // 4 if found else start, end - size))
    while size > 1 and count(text[begin : begin + size]) > room:
        size = size * 4 // 5
    stop = min(end, begin + size)
    if begin > start and (space := text.find(" ", begin, begin + 60)) > 0 and space + 1 < stop:
        begin = space + 1
    if stop < end and (space := text.rfind(" ", max(begin + 1, stop - 60), stop)) > 0:
        stop = space
    return begin, stop
