"""The words that stand for personal data, such as `EMAIL_7KQ2MX5PA4`, and what may be read from them: which they are, and of what kind.

Their last ten signs are made with the key of a workspace. Whatever reads texts other than by whole words would find, rank and answer
otherwise in each workspace by them, and take their digits for figures: it gets kinds, or aliases.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import count

PLACEHOLDER = re.compile(r"(?<![A-Za-z0-9_])[A-Z][A-Z0-9_]{0,31}_[A-Z2-7]{10}(?![A-Za-z0-9_])")
"""What may be one. Whether it is, only the values that are kept can tell."""
_ENDS = re.compile(r"_[A-Z2-7]{10}(?![A-Za-z0-9_])")
_KIND = re.compile(r"(?<![A-Za-z0-9_])[A-Z][A-Z0-9_]{0,31}\Z")
_LONGEST_KIND = 32
_SIGNS = 10
_LETTERS = "QXZVWJKY"
"""Of aliases: no digits, which would be read as figures, and no words."""


def placeholders(text: str) -> set[str]:
    """What may be placeholders in a text."""
    return {word for _, word in standing(text)}


def standing(text: str) -> Iterator[tuple[int, str]]:
    """Where PLACEHOLDER matches, and what: found by the ends, which are rarer than capital letters."""
    for end in _ENDS.finditer(text):
        at = end.start()
        if kind := _KIND.search(text[max(0, at - _LONGEST_KIND - 1) : at]):
            yield at - len(kind[0]), kind[0] + end[0]


def replaced(text: str, instead: Callable[[str], str]) -> str:
    """`text` with something else in the place of each placeholder."""
    pieces, last = list[str](), 0
    for start, word in standing(text):
        pieces += (text[last:start], instead(word))
        last = start + len(word)
    return "".join((*pieces, text[last:])) if pieces else text


def kind_of(placeholder: str) -> str:
    """Its kind in plain words: `NATIONAL_ID_7KQ2MX5PA4` is a national id."""
    return placeholder[: -_SIGNS - 1].replace("_", " ").strip().lower()


def kinds(text: str) -> str:
    """`text` with the kinds of placeholders in their place: as it is compared by meaning."""
    return replaced(text, kind_of)


class Aliases:
    """Other words for the placeholders of some texts: as long, of the same kind, one for each, and by nothing but the order in which they
    stand there. So what is made of the texts depends on no key, and every place in them stays where it is."""

    def __init__(self, texts: Iterable[str]) -> None:
        words = dict.fromkeys(word for text in texts for _, word in standing(text))
        self._alias: Mapping[str, str] = {
            word: word[:-_SIGNS] + letters for word, letters in zip(words, map(_letters, count()), strict=False)
        }
        self._word = {alias: word for word, alias in self._alias.items()}

    def __bool__(self) -> bool:
        return bool(self._alias)

    def put(self, text: str) -> str:
        """With aliases."""
        return replaced(text, lambda word: self._alias.get(word, word)) if self else text

    def lifted(self, text: str) -> str:
        """As it was."""
        return replaced(text, lambda alias: self._word.get(alias, alias)) if self else text


def _letters(number: int) -> str:
    made = ""
    for _ in range(_SIGNS):
        number, at = divmod(number, len(_LETTERS))
        made = _LETTERS[at] + made
    return made
