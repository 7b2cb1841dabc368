"""Text → the words that BM25 matches. Documents and questions go through the same analysis."""

import re
import threading
import unicodedata
from collections.abc import Iterable, Sequence
from functools import cache
from typing import Protocol, cast

from firmground.language.identify import identify
from firmground.language.placeholders import PLACEHOLDER, kind_of, standing
from firmground.language.words import ELISIONS, GERMAN_HEADS, STEMMERS, STOP_WORDS, UNFOLDED

_LONGEST = 64
_REMEMBERED = 200_000
"""Analysed words kept per language; a corpus uses far fewer distinct words than words."""

_DENSE = (
    "\u0e00-\u0eff\u1000-\u1049\u1050-\u109f\u1780-\u17d3\u3005-\u3007\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff"
    "\U00020000-\U0003ffff"
)
"""Scripts written without spaces between words (and Hangul, whose endings stick to the word): character bigrams."""
_MARKS = "\u0300-\u036f\u0591-\u05c7\u0610-\u061a\u0640\u064b-\u065f\u0670\u0900-\u0963\u0970-\u0dff"
"""Combining signs that belong to the word although they are not letters."""
_WORD = f"(?:[^\\W{_DENSE}]|[{_MARKS}])+"
_TOKEN = re.compile(f"[{_DENSE}]+|(?<!\\w)[A-Za-z](?:\\+\\+|#)(?!\\w)|{_WORD}(?:[-'.@&\u2019\u2010\u2011]{_WORD})*")
_ASCII_TOKEN = re.compile(r"(?<!\w)[A-Za-z](?:\+\+|#)(?!\w)|\w+(?:[-'.@&]\w+)*")
_IGNORED = re.compile("[\u00ad\u0640\u064b-\u065f\u0670\u0591-\u05bd\u05bf\u05c1\u05c2\u200b-\u200f\u2060\ufeff]")
"""Soft hyphens, zero-width signs, Arabic and Hebrew vowel points."""
_DENSE_START = re.compile(f"[{_DENSE}]")
_JOINTS = re.compile(r"[-_.@&]+")
_VERSION = re.compile(r"v?(\d+(?:\.\d+)+)$")
_QUANTITY = re.compile(r"(\d+)([a-z]{1,4})$")
_THOUSANDS = re.compile(r"(?<![\d.,])\d{1,3}(?:,\d{3})+(?![\d,])")
_CAMEL = re.compile(r"[a-z]+(?:[A-Z][a-z0-9]+)+$")
_GERMAN_ENDINGS = ("", "e", "n", "s", "en", "es", "er", "ern")
_HUMP = re.compile(r"[A-Z]?[a-z0-9]+")


class _Stemmer(Protocol):
    def stemWord(self, word: str) -> str: ...  # noqa: N802


def terms(text: str, language: str) -> list[str]:
    """The analysed words of a document's text, in order, repeated as often as they occur; none holds white space.

    `language` (ISO 639-1, "" for unknown) decides stemming and stop words. Compatible forms, case, and accents are folded.
    Hyphenated words and codes give the joined form and the parts (`AB-123` → `ab123 ab 123`), scripts without spaces give
    character bigrams. A placeholder stays one word, beside its kind (`EMAIL_7KQ2MX5PA4` → `email_7kq2mx5pa4 email`).
    """
    return _analyser(language).analyse(text)


def query_terms(question: str, languages: Sequence[str]) -> list[str]:
    """The distinct words of a question, analysed in each of the corpus' `languages`, without stop words of its likely language.

    A question is too short to choose one analysis by its language, so the union is asked; where only stop words would be left,
    they are kept. Empty only when the question holds no letter or digit.
    """
    return list(dict.fromkeys(term for word in query_words(question, languages) for term in word))


def query_words(question: str, languages: Sequence[str]) -> list[tuple[str, ...]]:
    """The same, the terms of each word together: a hyphenated or compound word gives the whole and its parts."""
    wanted = list(dict.fromkeys(languages)) or [""]
    tokens = _tokens(question)
    spoken = identify(question, frozenset(wanted) - {""} or None)
    stops = STOP_WORDS.get(spoken, frozenset())
    if not spoken:
        stops = frozenset[str]().union(*(STOP_WORDS.get(language, frozenset()) for language in wanted))
    kept = [token for token in tokens if _plain(token) not in stops]
    return _analysed(kept, wanted) or _analysed(tokens, wanted, keep_stop_words=True)


def spoken(text: str, language: str) -> list[tuple[str, ...]]:
    """Every word of a text in order, stop words too: its analysed forms, as `terms` gives them, the whole word first."""
    return [made for token in _tokens(text) if (made := _analyser(language).word(token, keep_stop_words=True))]


def _analysed(tokens: Sequence[str], languages: Iterable[str], *, keep_stop_words: bool = False) -> list[tuple[str, ...]]:
    found: dict[tuple[str, ...], None] = {}
    for token in tokens:
        made: dict[str, None] = {}
        for language in languages:
            made.update(dict.fromkeys(_analyser(language).word(token, keep_stop_words=keep_stop_words)))
        if made:
            found[tuple(made)] = None
    return list(found)


def _tokens(text: str) -> list[str]:
    found, last = list[str](), 0
    for start, word in standing(text):
        found += (*_plain_tokens(text[last:start]), word)
        last = start + len(word)
    return [*found, *_plain_tokens(text[last:])] if found else _plain_tokens(text)


def _plain_tokens(text: str) -> list[str]:
    if text.isascii():
        return _ASCII_TOKEN.findall(_THOUSANDS.sub(_without_commas, text))
    text = _IGNORED.sub("", unicodedata.normalize("NFKC", text))
    return _TOKEN.findall(_THOUSANDS.sub(_without_commas, text))


def _without_commas(number: re.Match[str]) -> str:
    return number[0].replace(",", "")


def _plain(token: str) -> str:
    return token.casefold().replace("\u2019", "'")


class _Analyser:
    """The analysis of one language. Remembers what it made of each word; safe to share between threads."""

    def __init__(self, language: str) -> None:
        self._language = language
        self._stops = STOP_WORDS.get(language, frozenset())
        self._stemmer = _stemmer(STEMMERS[language]) if language in STEMMERS else None
        self._known: dict[str, tuple[str, ...]] = {}
        self._stemming = threading.Lock()

    def analyse(self, text: str) -> list[str]:
        known = self._known
        found: list[str] = []
        for token in _tokens(text):
            made = known.get(token)
            found += self.word(token) if made is None else made
        return found

    def word(self, token: str, *, keep_stop_words: bool = False) -> tuple[str, ...]:
        if keep_stop_words:
            return self._make(token, frozenset())
        made = self._known.get(token)
        if made is None:
            made = self._make(token, self._stops)
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            self._known[token] = made
        return made

    def _make(self, token: str, stops: frozenset[str]) -> tuple[str, ...]:
        if PLACEHOLDER.fullmatch(token):
            return (token.lower(), *(self._stem(part) for part in kind_of(token).split()))
        return _bigrams(token) if _DENSE_START.match(token) else self._spelled(token, stops)

    def _spelled(self, token: str, stops: frozenset[str]) -> tuple[str, ...]:
        word = self._lower(token)[:_LONGEST].strip("_")
        if not word or word in stops:
            return ()
        if word.endswith(("+", "#")):
            return (word,)
        word = _without_elision(word)
        if word.replace("'", "") == "" or word in stops:
            return ()
        joints = _JOINTS.split(word)
        if len(joints) > 1:
            return self._compound(word, [part for part in joints if part], stops)
        made = self._single(word)
        if _CAMEL.match(token):
            made += tuple(self._stem(hump.casefold()) for hump in _HUMP.findall(token))
        return made

    def _lower(self, token: str) -> str:
        if self._language == "tr":
            token = token.replace("\u0130", "i").replace("I", "\u0131")
        return _plain(token).replace("i\u0307", "i")

    def _compound(self, word: str, parts: list[str], stops: frozenset[str]) -> tuple[str, ...]:
        version = _VERSION.match(word)
        if version:
            numbers = version[1].split(".")
            whole = [version[1], ".".join(numbers[:2])] if len(numbers) > 2 else [version[1]]
            if all(len(number) == 3 for number in numbers[1:]):
                whole.append("".join(numbers))
            return tuple(whole)
        joined = word if "@" in word or ("." in word and not word.replace(".", "").isdigit()) else "".join(parts)
        made = [joined if "." in joined or "@" in joined else self._stem(joined)]
        for part in parts:
            if part not in stops:
                made += self._single(part)
        return tuple(dict.fromkeys(made))

    def _single(self, word: str) -> tuple[str, ...]:
        quantity = _QUANTITY.match(word)
        if quantity:
            return (word, quantity[1], quantity[2])
        whole = self._stem(word)
        if self._language == "de" and len(word) >= 8:
            return (whole, *(self._stem(part) for part in _german_parts(word)))
        return (whole,)

    def _stem(self, word: str) -> str:
        if self._language == "en" and not word.isascii():  # foreign words: the stemmer knows no accents
            word = _without_accents(word)
        if self._stemmer is not None and not word.isdigit():
            with self._stemming:  # a Snowball stemmer holds one buffer
                word = self._stemmer.stemWord(word)
        word = word.replace("'", "")
        if word.isascii() or self._language in UNFOLDED:
            return word
        return _without_accents(word)


@cache
def _analyser(language: str) -> _Analyser:
    return _Analyser(language)


def _stemmer(algorithm: str) -> _Stemmer:
    import Stemmer

    return cast("_Stemmer", Stemmer.Stemmer(algorithm, 0))  # pyright: ignore[reportUnknownMemberType]


def _bigrams(run: str) -> tuple[str, ...]:
    if len(run) < 2:
        return (run,)
    return tuple(run[at : at + 2] for at in range(len(run) - 1))


def _without_elision(word: str) -> str:
    before, mark, after = word.partition("'")
    return after if mark and after and before in ELISIONS else word


def _without_accents(word: str) -> str:
    if not "a" <= unicodedata.normalize("NFD", word[:1])[:1] <= "z":
        return word
    return "".join(sign for sign in unicodedata.normalize("NFD", word) if not "\u0300" <= sign <= "\u036f")


def _german_parts(word: str) -> list[str]:
    """Parts of a compound, found from its end: `reisekostenabrechnung` → reise, kosten, abrechnung."""
    parts: list[str] = []
    rest = word
    while len(rest) >= 7:
        cut = _head_start(rest)
        if cut is None:
            break
        parts.insert(0, rest[cut:])
        rest = rest[:cut]
    if not parts:
        return []
    return [_without_link(rest), *parts]


def _head_start(word: str) -> int | None:
    """Where the longest known last part begins, its plural and case endings allowed."""
    for cut in range(3, len(word) - 2):
        tail = word[cut:]
        if any(
            tail[: len(tail) - len(end)] in GERMAN_HEADS
            for end in ("", "e", "n", "s", "en", "es", "er", "ern")
            if tail.endswith(end)
        ):
            return cut
    return None


def _without_link(word: str) -> str:
    return word[:-1] if len(word) > 4 and word.endswith("s") and not word.endswith("ss") else word
