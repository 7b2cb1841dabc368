"""Personal data that a model says although it was not told it: made up, or remembered from what it was trained on."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from secrets import token_bytes
from typing import Literal

from firmground.guard.redaction import redacted
from firmground.ports import Finder
from firmground.types import Span

MADE_UP: Literal["personal"] = "personal"
"""Code of a sentence that is not said for it."""
_IN_WORDS = frozenset({"person", "name", "location", "address", "date_of_birth", "birth_date", "birthdate"})
"""Kinds that can be said in many forms: whether the documents bear them out is compared as with all words, figures and dates."""
_LOOSE = re.compile(r"[\s()/\\-]+")


@dataclass(frozen=True)
class Unread:
    """Looks for it. Without a finder there is none."""

    finder: Finder | None = None
    _hashing: bytes = field(default_factory=lambda: token_bytes(32), repr=False)

    def made_up(self, text: str, told: Sequence[str]) -> list[str]:
        """The kinds of personal data in `text` that stand nowhere in what was `told`, however set in groups."""
        return sorted({span.kind for span in self._spans(text, told)})

    def hidden(self, text: str, told: Sequence[str]) -> str:
        """`text` with placeholders for it, which stand for nothing that is kept anywhere."""
        spans = self._spans(text, told)
        return redacted(self._hashing, text, spans).text if spans else text

    def _spans(self, text: str, told: Sequence[str]) -> list[Span]:
        found = [span for span in self.finder.find(text) if span.kind not in _IN_WORDS] if self.finder else []
        if not found:
            return []
        known = "\n".join(map(_even, told))
        return [span for span in found if _even(text[span.start : span.end]) not in known]


NOTHING_UNREAD = Unread()
"""Nobody looks."""


def _even(text: str) -> str:
    return _LOOSE.sub("", unicodedata.normalize("NFKC", text)).casefold()
