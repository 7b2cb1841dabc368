"""Names in a sentence: capitalised words, and what is written in signs of its own (addresses, codes, telephone numbers)."""

import re
from typing import NamedTuple

from firmground.language.counting import unit_words
from firmground.language.placeholders import PLACEHOLDER
from firmground.language.words import STOP_WORDS

_IDENTIFIER = re.compile(
    rf"{PLACEHOLDER.pattern}|"
    r"(?<![\w.+-])[\w.+-]{1,80}@[\w-]{1,80}(?:\.[\w-]{1,80})+"
    r"|(?<!\w)[a-z][a-z+.-]{0,9}://[^\s<>\"'`)\]]+"
    r"|(?<![\w./-])(?=(?:\D{0,2}\d){7})(?:\+|\(?0)\d[\d()]{0,5}(?:[\s/-]{1,2}\d{2,6}){1,6}(?!\w|[.,]\d|\s?[%€$£])"
    r"|(?<![\w.,])(?!\d\d?\.\d\d?\.\d|\d{1,3}(?:\.\d{3})+(?!\d))\d+(?:\.\d+){2,}(?!\w)"
    r"|(?<![\w.@/-])(?=[0-9-]{0,62}[a-z])[a-z0-9][a-z0-9-]{1,62}(?:\.[a-z0-9-]{1,63}){0,5}\.[a-z]{2,24}(?![\w@-]|\.\w)"
    r"|(?<![\w.-])(?=[\w.-]{0,80}\d)(?=[\w.-]{0,80}[A-Za-z_])(?!\d+(?:[.,]\d+)?-?[^\W\d_]+(?:-[^\W\d_]+)*(?!\w)|\d\d?h\d\d?(?!\w))\w+(?:[.-]\w+)*"
)
_WORD = re.compile(r"[^\W\d_](?:[\w]|['’-](?=\w))*")
_STARTS = frozenset('.!?:;•"“„«»(|\u00bf\u00a1>')
_JOINS = frozenset("of de la del der von van den du the & and und et y".split())  # noqa: SIM905
_TITLES = frozenset("mr mrs ms dr prof herr herrn frau señor señora sr sra mme m monsieur madame".split())  # noqa: SIM905
_SHOUTED = 0.75
"""Share of capitalised words from which capitals mean nothing: a headline."""


class Name(NamedTuple):
    """A run of capitalised words of a sentence."""

    words: tuple[str, ...]
    start: int
    end: int


def identifiers(text: str) -> list[tuple[int, int]]:
    """Spans of what is compared letter by letter: addresses, hosts, telephone numbers, versions, codes such as `AB-123`."""
    return [(match.start(), match.end() - (len(match[0]) - len(match[0].rstrip(".,;:")))) for match in _IDENTIFIER.finditer(text)]


def names(text: str, language: str) -> list[Name]:
    """Runs of capitalised words that are names by their writing: not the first word of a sentence, in German only two together,
    after a title, or in capitals; none where nearly every word is capitalised."""
    found = list(_WORD.finditer(text))
    capital = [match[0][0].isupper() for match in found]
    if language != "de" and len(found) > 3 and sum(capital) > _SHOUTED * len(found):
        return []
    stops = STOP_WORDS.get(language, frozenset())
    units = unit_words(language)
    made: list[Name] = []
    at = 0
    while at < len(found):
        if not capital[at] or _initial(text, found[at]):
            at += 1
            continue
        stop = _run_end(text, found, capital, at)
        run = found[at:stop]
        titled = bool(at) and _titles(found[at - 1])
        while run and (_titles(run[0]) or (language == "de" and run[0][0].casefold() in units)):
            titled, run = titled or _titles(run[0]), run[1:]
        words = tuple(match[0] for match in run if match[0].casefold() not in _JOINS and match[0].casefold() not in stops)
        if words and (language != "de" or titled or _looks_like_a_name(words)):
            made.append(Name(words, run[0].start(), run[-1].end()))
        at = stop
    return made


def _run_end(text: str, found: list[re.Match[str]], capital: list[bool], at: int) -> int:
    """Where the run of capitalised words that begins here ends; a joining word inside belongs to it."""
    stop = at + 1
    while stop < len(found) and text[found[stop - 1].end() : found[stop].start()] in (" ", ". ", " & "):
        if capital[stop]:
            stop += 1
        elif found[stop][0] in ("of", "de", "von", "van", "del", "du") and stop + 1 < len(found) and capital[stop + 1]:
            stop += 2
        else:
            break
    return stop


def _initial(text: str, word: re.Match[str]) -> bool:
    before = (
        text[: word.start()].rstrip(" \t\n*_`'’‘-–—")[-1:]
        if word.start() < 400
        else text[word.start() - 20 : word.start()].rstrip()[-1:]
    )
    return not before or before in _STARTS


def _titles(word: re.Match[str]) -> bool:
    return word[0].casefold() in _TITLES


def _looks_like_a_name(words: tuple[str, ...]) -> bool:
    return len(words) > 1 or any(
        len(word) > 1 and (word.isupper() or not word[1:].islower()) and "-" not in word for word in words
    )
