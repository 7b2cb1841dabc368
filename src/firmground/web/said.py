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
    marked("The language model told of its instructions, so nothing it wrote counts"),
    marked("%(why)s: these are quotes."),
    marked("Only words were compared, because the embedding model does not know %(language)s."),
    marked("only words were compared, because the embedding model does not know %(language)s, so it is held below %(sure)s"),
    marked("the best sentence holds %(share)s of the question's words, weighed by rarity"),
    marked("the best passage holds %(best)s, all passages together %(all)s"),
    marked("the best sentence has cosine %(cosine)s to the question"),
    marked("a name or number of the question is not in the best passage"),
    marked("not calibrated on your documents"),
    marked("What answered has not passed the gate: it is live by override until %(moment)s UTC."),
    marked("What answered has not passed the gate: it is live by override, as a demonstration, until %(moment)s UTC."),
    marked(
        "A reviewer stands behind this answer since %(day)s: it is given to this question until a document it rests on changes."
    ),
    marked(
        "An administrator stands behind this answer since %(day)s: it is given to this question until a document it rests on changes."
    ),
    marked(
        "An owner stands behind this answer since %(day)s: it is given to this question until a document it rests on changes."
    ),
    marked("a person approved this answer to this question"),
    marked("a document that a pinned answer rests on changed or is gone"),
    marked("What answered is released, but not live."),
    marked("This is the workspace as it stands, which differs from every release."),
    marked("Nothing was released yet: this is the workspace as it stands."),
    marked("The confidence is not calibrated on your documents."),
    marked(
        "Personal data in the question was masked (%(kinds)s): what is searched, sent to models and kept has placeholders,"
        " and only the asker reads it."
    ),
    marked("1 sentence of a language model left out: personal data in it stands in no document that it read."),
    marked("%(n)s sentences of a language model left out: personal data in it stands in no document that it read."),
    marked("1 passage that was found gives orders to a model instead of telling something. Nothing rests on these orders."),
    marked("%(n)s passages that were found give orders to a model instead of telling something. Nothing rests on these orders."),
    marked("A person looked at this answer, and stands behind it."),
    marked("A person corrected this answer."),
    marked("rule “%(name)s”: %(why)s"),
    marked("every answer"),
    marked("the asker's group"),
    marked("the kind of answer that the question wants"),
    marked("the state of the answer"),
    marked("the confidence is below %(limit)s"),
    marked("sentences that are not borne out, or documents that contradict each other"),
    marked("personal data"),
    marked("a document that it rests on"),
    marked("the topic of the question"),
    marked("chosen by chance (%(share)s of them)"),
    marked("the passages that it cites do not bear out all of what a model wrote"),
    marked("nothing was found"),
    marked("nothing that was found is near the question, by words or by meaning; the topic itself was not ruled out"),
)
_FIELD = re.compile(r"%\\\((\w+)\\\)s|%\((\w+)\)s")


def said(text: str) -> Markup:
    """In the language of the page where it is known how to say it; else as it is, marked as English."""
    told = _told(text)
    return Markup('<span lang="en">{}</span>').format(text) if told is None else escape(told)


def ticked(text: str) -> Markup:
    """What stands between backticks is a command or a key, and looks like one."""
    parts = text.split("`")
    if len(parts) % 2 == 0:
        return escape(text)
    return Markup("").join(Markup("<code>{}</code>").format(part) if at % 2 else escape(part) for at, part in enumerate(parts))


def _told(text: str) -> str | None:
    for pattern, shape in _shapes():
        if found := shape.fullmatch(text):
            return _(pattern, **{name: _told(value) or value for name, value in found.groupdict().items()})
    several = [_told(part) for part in text.split("; ")] if "; " in text else []
    return "; ".join(filter(None, several)) if several and None not in several else None


@cache
def _shapes() -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple(
        (each, re.compile(_FIELD.sub(lambda field: f"(?P<{field[1] or field[2]}>.+?)", re.escape(each)))) for each in _PATTERNS
    )
