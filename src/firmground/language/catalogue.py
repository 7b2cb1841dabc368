"""What Firmground says itself, in the languages that its pages and mails speak: gettext catalogues."""

from collections.abc import Mapping
from functools import cache
from gettext import GNUTranslations, NullTranslations
from pathlib import Path

LOCALES = Path(__file__).parents[1] / "locales"
LANGUAGES: Mapping[str, str] = {"en": "English", "de": "Deutsch"}
"""Each by its own name."""


@cache
def catalogue(language: str) -> NullTranslations:
    """English where there is none."""
    try:
        with (LOCALES / language / "LC_MESSAGES" / "firmground.mo").open("rb") as file:
            return GNUTranslations(file)
    except FileNotFoundError:
        return NullTranslations()


def translated(text: str, language: str, /, **fields: object) -> str:
    """With `%(name)s` filled in."""
    told = catalogue(language).gettext(text)
    return told % fields if fields else told


def marked(text: str) -> str:
    """The text itself: collected for translation, translated when it is said."""
    return text
