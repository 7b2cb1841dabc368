"""A question said again with other words in the place of some of its own: "in London", and then "in Munich"."""

import re
from collections.abc import Sequence

from firmground.language.follow_ups import CUES, LANGUAGES, Cues, content_words

_WORD = re.compile(r"\w+(?:[-'’.&]\w+)*")
_ENDS = re.compile(r"[?.!,;:()]")
_WORDS_OF = "of to about by with de du des d à a del von vom zu zum zur mit con avec"
_LOOSE = frozenset(_WORDS_OF.split())
"""Prepositions of words that rather say what the question is about than of whom or where it is asked."""
_PROPER = re.compile(r"\b[A-ZÀ-ÖØ-Þ][\w-]+(?:\s+(?:[A-ZÀ-ÖØ-Þ][\w-]*|[A-Z]?\d+))*")


def beside(earlier: str, said: str) -> str:
    """Both, where nothing of the earlier question gives way."""
    return f"{earlier.rstrip(' ?.!')} {said.rstrip(' ?.!')}?"


def in_place(earlier: str, said: str, cues: Cues, old: str = "") -> str:
    """The earlier question with `said` in the place of what it stands for: of `old`, where that is known; of what has the same
    preposition, or the same kind (number, name, other word) behind any; beside it all where nothing fits."""
    said = said.strip(" ?.!,")
    words = _WORD.findall(said)
    if not words:
        return earlier
    place = _of_old(earlier, old, cues) if old else _of_phrase(earlier, words, cues)
    if place is None:
        return beside(earlier, said)
    start, end, with_preposition = place
    if with_preposition != (words[0].casefold() in cues.prepositions):
        said = said.partition(" ")[2] if not with_preposition else said
    article = re.match(r"\w+\s+", said)
    if article and article[0].strip().casefold() in cues.articles and _ends_in_article(earlier[:start], cues):
        said = said[article.end() :]
    return f"{earlier[:start]}{said}{earlier[end:]}"


def _ends_in_article(text: str, cues: Cues) -> bool:
    words = _WORD.findall(text)
    return bool(words) and words[-1].casefold() in cues.articles


def _of_old(earlier: str, old: str, cues: Cues) -> tuple[int, int, bool] | None:
    words = [word for word in _WORD.findall(old) if word.casefold() not in cues.articles | cues.prepositions]
    found = re.search(r"\b" + r"\W+".join(map(re.escape, words)) + r"\b", earlier, re.IGNORECASE) if words else None
    return (found.start(), found.end(), False) if found else None


def _of_phrase(earlier: str, said: Sequence[str], cues: Cues) -> tuple[int, int, bool] | None:
    """The last stretch of `earlier` that `said` fits in the place of, and whether a preposition is part of it."""
    phrases = _phrases(earlier, cues)
    if said[0].casefold() in cues.prepositions:
        same = [phrase for phrase in phrases if phrase[0] == said[0].casefold()]
        kind = _kind(next((word for word in said[1:] if word.casefold() not in cues.articles), ""))
        fitting = [phrase for phrase in same if _kind(earlier[phrase[2] : phrase[3]]) == kind] or same
        if not fitting and kind == "name":
            fitting = [phrase for phrase in phrases if phrase[0] in _LOOSE and _kind(earlier[phrase[2] : phrase[3]]) == kind]
        return (fitting[-1][1], fitting[-1][3], True) if fitting else None
    own = [word for word in said if word.casefold() not in cues.articles]
    head = own[-1].casefold() if own else ""
    matches = list(_WORD.finditer(earlier))
    for at, match in enumerate(matches):
        if at and len(own) > 1 and match[0].casefold() == head and content_words(matches[at - 1][0], LANGUAGES):
            return matches[at - 1].start(), match.end(), False
    kind = _kind(" ".join(own))
    fitting = [phrase for phrase in phrases if phrase[0] not in _LOOSE and _kind(earlier[phrase[2] : phrase[3]]) == kind]
    if fitting:
        return fitting[-1][2], fitting[-1][3], False
    names = [match for match in _PROPER.finditer(earlier) if match.start() > 0] if kind == "name" else []
    return (names[-1].start(), names[-1].end(), False) if names and cues is not CUES["de"] else None


def _phrases(text: str, cues: Cues) -> list[tuple[str, int, int, int]]:
    """(preposition, its start, start and end of what follows it without its article) for each in a question."""
    words = list(_WORD.finditer(text))
    found: list[tuple[str, int, int, int]] = []
    for at, word in enumerate(words):
        if word[0].casefold() not in cues.prepositions:
            continue
        first = at + 1
        while first < len(words) and words[first][0].casefold() in cues.articles:
            first += 1
        last = first
        while last < len(words) and not _stops(text, words, last, first, cues):
            last += 1
        if last > first:
            found.append((word[0].casefold(), word.start(), words[first].start(), words[last - 1].end()))
    return found


def _stops(text: str, words: Sequence[re.Match[str]], at: int, first: int, cues: Cues) -> bool:
    """Whether what a preposition governs is over before this word."""
    word = words[at][0].casefold()
    if at > first and _ENDS.search(text, words[at - 1].end(), words[at].start()):
        return True
    return at - first == 3 or word in cues.prepositions or not content_words(words[at][0], LANGUAGES)


def _kind(text: str) -> str:
    if any(sign.isdigit() for sign in text.split(" ", maxsplit=1)[0]):
        return "number"
    return "name" if text[:1].isupper() else "word"
