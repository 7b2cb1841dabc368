"""What answers say of themselves, in the language of the page. Answers are kept in English, whoever reads them later."""

import re
from functools import cache

from markupsafe import Markup, escape

from firmground.web.language import _, marked

_PATTERNS = (
    marked("The language model gave no answer that holds"),
    marked("The language model could not be reached"),
    marked("The language model failed too often lately and was not asked"),
    marked("The language model did not answer in time"),
    marked("The language model broke off"),
    marked("The language model has no room or is in trouble"),
    marked("The server of the language model does not accept the key or the model"),
    marked("The language model did not accept the request"),
    marked("The language model said nothing that can be read"),
    marked("The language model came to no end"),
    marked("The language model was not asked further, since that could cost more than the budget"),
    marked("%(why)s: these are quotes."),
    marked("Only words were compared, because the embedding model does not know %(language)s."),
    marked("only words were compared, because the embedding model does not know %(language)s, so it is held below %(sure)s"),
    marked("the best sentence holds %(share)s of the question's words, weighed by rarity"),
    marked("the best passage holds %(best)s, all passages together %(all)s"),
    marked("the best sentence has cosine %(cosine)s to the question"),
    marked("a name or number of the question is not in the best passage"),
    marked("not calibrated on your documents"),
    marked("nothing was found"),
    marked("nothing that was found is near the question, by words or by meaning; the topic itself was not ruled out"),
)
_FIELD = re.compile(r"%\\\((\w+)\\\)s|%\((\w+)\)s")


def said(text: str) -> Markup:
    """In the language of the page where it is known how to say it; else as it is, marked as English."""
    told = _told(text)
    return Markup('<span lang="en">{}</span>').format(text) if told is None else escape(told)


def _told(text: str) -> str | None:
    for pattern, shape in _shapes():
        if found := shape.fullmatch(text):
            return _(pattern, **{name: _told(value) or value for name, value in found.groupdict().items()})
    return None


@cache
def _shapes() -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple(
        (each, re.compile(_FIELD.sub(lambda field: f"(?P<{field[1] or field[2]}>.+?)", re.escape(each)))) for each in _PATTERNS
    )
