"""Personal data in text becomes placeholders, and placeholders become what they stand for again.

A placeholder is one plain word such as `EMAIL_7KQ2MX5PA4`: it survives tokenisers, indexes and language models, and it is not mark-up. It
is made of the value by a keyed hash, so the same value has the same placeholder in every document and question of a workspace (a search
finds it, a model can tell two people apart), another one in every other workspace, and nobody can make one without the key.
"""

import base64
import hmac
import re
import unicodedata
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from html import unescape

from firmground.language.placeholders import PLACEHOLDER, placeholders, replaced, standing
from firmground.types import Page, Span

__all__ = ["PLACEHOLDER", "Redacted", "placeholder", "placeholders", "redacted", "reopened", "restored"]

_SIGNS = 10
"""Of base 32, so 50 bits: among a million values of a workspace, two share a placeholder with a probability of 4 in 10,000."""
_NUMBERS = frozenset({"phone", "iban", "card", "national_id"})
"""Kinds that are the same however they are set in groups."""


@dataclass(frozen=True)
class Redacted:
    """A text with placeholders in it."""

    text: str
    values: Mapping[str, tuple[str, str]]
    """By placeholder: kind and value, as it was first written."""
    spans: tuple[Span, ...] = ()
    """Where the placeholders stand now."""
    _moves: tuple[tuple[int, int, int], ...] = ()
    """For each stretch that was replaced: where it began and ended before, and by how much all behind it moved."""

    def place(self, offset: int) -> int:
        """Where what stood at this offset stands now; within a stretch that was replaced, where its placeholder begins."""
        at = bisect_right(self._moves, offset, key=lambda move: move[0]) - 1
        if at < 0:
            return offset
        start, end, moved = self._moves[at]
        before = self._moves[at - 1][2] if at else 0
        return start + before if start <= offset < end else offset + moved

    def pages(self, pages: Sequence[Page]) -> tuple[Page, ...]:
        """The same pages, at their new places."""
        return tuple(page.model_copy(update={"start": self.place(page.start), "end": self.place(page.end)}) for page in pages)


def redacted(key: bytes, text: str, spans: Sequence[Span]) -> Redacted:
    """`text` with a placeholder for each span; spans must not overlap. What looks like a placeholder already stays: it stands for nothing
    that the document does not hold."""
    pieces: list[str] = []
    values: dict[str, tuple[str, str]] = {}
    moves: list[tuple[int, int, int]] = []
    placed: list[Span] = []
    last = moved = 0
    for span in sorted(spans, key=lambda span: span.start):
        value = text[span.start : span.end]
        stands = placeholder(key, span.kind, value)
        values.setdefault(stands, (span.kind, value))
        pieces += [text[last : span.start], stands]
        begins = span.start + moved
        placed.append(span.model_copy(update={"start": begins, "end": begins + len(stands)}))
        moved += len(stands) - len(value)
        moves.append((span.start, span.end, moved))
        last = span.end
    return Redacted("".join([*pieces, text[last:]]), values, tuple(placed), tuple(moves))


def placeholder(key: bytes, kind: str, value: str) -> str:
    """The word that stands for a value of this kind."""
    even = unicodedata.normalize("NFKC", value).casefold()
    even = re.sub(r"[^0-9a-z+]", "", even) if kind in _NUMBERS else " ".join(even.split())
    even = re.sub(r"[\s\\*`~]", "", unescape(even)) if kind == "email" else even
    made = hmac.new(key, f"{kind}\0{even}".encode("utf-8", "surrogatepass"), "sha256").digest()
    return f"{kind.upper()}_{base64.b32encode(made).decode()[:_SIGNS]}"


def restored(text: str, values: Mapping[str, str], shown: Callable[[str], str] = str) -> str:
    """`text` with values in the place of the placeholders that `values` knows, each as `shown`; others stay."""
    if "_" not in text or not values:
        return text

    def instead(word: str) -> str:
        value = values.get(word)
        return word if value is None else shown(value)

    return replaced(text, instead)


def reopened(text: str, values: Mapping[str, str]) -> Redacted:
    """As `restored`, and where what stood at an offset stands then."""
    moves: list[tuple[int, int, int]] = []
    moved = 0
    for start, word in standing(text):
        if word in values:
            moved += len(values[word]) - len(word)
            moves.append((start, start + len(word), moved))
    return Redacted(restored(text, values), {}, (), tuple(moves))
