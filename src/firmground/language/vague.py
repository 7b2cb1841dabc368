"""Whether a question says at all what it is about."""

import unicodedata

from firmground.language.follow_ups import LANGUAGES, content_words

_CLOSE_LETTERS = (
    "qwertyuiop",
    "qwertzuiopü",
    "asdfghjklöä",
    "azertyuiop",
    "qsdfghjklm",
    "zxcvbnm",
    "yxcvbnm",
    "wxcvbn",
    "1234567890",
)
_VOWELS = frozenset("aeiouy")


def about(question: str) -> list[str]:
    """The words that say what a question is about: none where it has only such as any question has, or letters hit at random."""
    if not any(unicodedata.category(sign)[0] in "LN" for sign in question):
        return []
    found = [content_words(question, [language]) for language in LANGUAGES]
    words = min(found, key=len)
    return [] if all(map(_hit_at_random, words)) else words


def language_of_nothing(question: str) -> str:
    """The language in which all words of a question are such as any question has; empty where there is none."""
    spoken = any(map(str.isalpha, question))
    return next((language for language in LANGUAGES if spoken and not content_words(question, [language])), "")


def _hit_at_random(word: str) -> bool:
    plain = word.casefold()
    if len(set(plain)) == 1 and len(plain) > 3:
        return True
    if any(plain in row or plain in row[::-1] for row in _CLOSE_LETTERS) and len(plain) > 3:
        return plain.isalpha()
    return len(plain) > 5 and plain.isascii() and plain.isalpha() and not word.isupper() and not _VOWELS & set(plain)
