"""Placeholders as a language model copies them: letter by letter, or bent, which is put right, or in part, which nobody may be shown."""

import re
from functools import cached_property

from firmground.guard.redaction import PLACEHOLDER
from firmground.settings_guard import KINDS

_KINDS = frozenset(kind.upper() for kind in KINDS)
_BETWEEN = re.compile(r"[\W_]+")
_PART = 6
"""Signs in a row of one placeholder that nobody writes by chance."""
_BEGINNING = 3
"""Signs behind the kind, which are told from any other word by it."""


class Copies:
    """The placeholders that a model was told, and what it makes of them."""

    def __init__(self, told: str) -> None:
        self._told = told

    def mended(self, text: str) -> str:
        """With placeholders as they were told where they stand in small letters, escaped, emphasised or in pieces."""
        rest = self._rest(text)
        for word, even in self._words.items():
            if even in rest:
                signs = r"[\W_]{0,4}".join(even)
                text = re.sub(rf"(?<![^\W_])_{{0,3}}{signs}_{{0,3}}(?![^\W_])", word, text, flags=re.IGNORECASE)
        return text

    def torn(self, text: str) -> bool:
        """Whether it holds a part of one, or one that was not told."""
        if any(_is_one(word) and word not in self._words for word in PLACEHOLDER.findall(text)):
            return True
        rest = self._rest(text)
        return any(part in rest for part in self._parts)

    @cached_property
    def _words(self) -> dict[str, str]:
        """Each as its letters and figures alone."""
        return {word: _even(word) for word in PLACEHOLDER.findall(self._told) if _is_one(word)}

    @cached_property
    def _parts(self) -> frozenset[str]:
        found: set[str] = set()
        for word in self._words:
            kind, signs = (_even(part) for part in word.rsplit("_", 1))
            found.add(kind + signs[:_BEGINNING])
            found.update(signs[at : at + _PART] for at in range(len(signs) - _PART + 1))
        return frozenset(found)

    def _rest(self, text: str) -> str:
        """Its letters and figures, without what was copied as it is."""
        if not self._words:
            return ""
        return _even(PLACEHOLDER.sub(lambda found: " 0 " if found[0] in self._words else found[0], text))


def _even(text: str) -> str:
    return _BETWEEN.sub("", text).casefold()


def _is_one(word: str) -> bool:
    """What a document writes so itself, such as the name of a setting, has a kind of its own and rarely figures."""
    kind, _, signs = word.rpartition("_")
    return kind in _KINDS or any(map(str.isdigit, signs))
