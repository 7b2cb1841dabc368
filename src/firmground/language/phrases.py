"""Words and phrases that are looked for in a question: whole words, however they are inflected, in capitals or with accents."""

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from firmground.language.follow_ups import LANGUAGES
from firmground.language.terms import spoken
from firmground.language.words import STOP_WORDS

_UNSPACED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17d3\u3005-\u30ff\u3400-\u9fff\uac00-\ud7af]")
"""Scripts that set no space between words: there a phrase is any stretch of the text."""


def says(text: str, language: str, phrases: tuple[str, ...]) -> bool:
    """Whether a text says one of these phrases, its words side by side. `language` (ISO 639-1) tells how words are inflected; where it is
    unknown (empty), each of those that questions are understood in is tried."""
    plain = _plain(text)
    return any(_says(plain, each, _sought(phrases, each)) for each in ((language,) if language else LANGUAGES))


def is_empty(phrase: str) -> bool:
    """Whether it says nothing that could be looked for: no letter or digit, or nothing but words such as "the". A single word may mean
    something in one language and nothing in another: there English decides."""
    if _UNSPACED.search(phrase):
        return False
    words = [forms[0] for forms in spoken(_plain(phrase), "")]
    languages = ("en",) if len(words) == 1 else LANGUAGES
    return any(all(word in STOP_WORDS[each] for word in words) for each in languages)


class _Sought(NamedTuple):
    words: tuple[tuple[frozenset[str], ...], ...]
    """Of each phrase, of each of its words: the forms of the whole, since a part of a compound is another word."""
    stretches: tuple[str, ...]


@lru_cache(maxsize=1024)
def _sought(phrases: tuple[str, ...], language: str) -> _Sought:
    unspaced = {phrase for phrase in phrases if _UNSPACED.search(phrase)}
    words = (_words(_plain(phrase), language, whole=True) for phrase in phrases if phrase not in unspaced)
    return _Sought(tuple(filter(None, words)), tuple(map(_plain, unspaced)))


def _says(plain: str, language: str, sought: _Sought) -> bool:
    words = _words(plain, language)
    known = frozenset[str]().union(*words)
    near = (phrase for phrase in sought.words if not known.isdisjoint(phrase[0]))
    return any(map(plain.__contains__, sought.stretches)) or any(_beside(words, phrase) for phrase in near)


@lru_cache(maxsize=16)  # each rule looks at the same question
def _words(plain: str, language: str, *, whole: bool = False) -> tuple[frozenset[str], ...]:
    """Each word as it stands and as it is analysed, without accents."""
    unanalysed = spoken(_folded(plain), "")
    analysed, folded = spoken(plain, language), spoken(_folded(plain), language)
    if not len(unanalysed) == len(analysed) == len(folded):
        analysed = folded = unanalysed
    each = zip(unanalysed, analysed, folded, strict=False)
    return tuple(frozenset(_folded(form) for forms in said for form in (forms[:1] if whole else forms)) for said in each)


def _beside(words: Sequence[frozenset[str]], phrase: Sequence[frozenset[str]]) -> bool:
    starts = range(len(words) - len(phrase) + 1)
    return any(all(words[start + at] & forms for at, forms in enumerate(phrase)) for start in starts)


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


def _folded(text: str) -> str:
    return "".join(sign for sign in unicodedata.normalize("NFD", text) if not "\u0300" <= sign <= "\u036f")
