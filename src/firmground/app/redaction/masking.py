"""Personal data in what people write: masked at the door, before anything is searched, sent, kept or logged.

What somebody writes has the word of the documents that hide it only where they may read it in one of these. Anything else has a word of
their own: nobody learns by asking, filtering or commenting whether what they guess stands in a document.
"""

import hmac
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import replace
from typing import Any, cast

from firmground.app.app import App
from firmground.app.redaction.revealing import known_to
from firmground.errors import Refused
from firmground.guard.redaction import PLACEHOLDER, Redacted, placeholder, redacted
from firmground.ports import Filters, Transaction
from firmground.types import Actor, Notice, Span

NOTICE = "question_masked"


def question(app: App, actor: Actor, text: str, tx: Transaction | None = None) -> Redacted:
    """A question as `guard.questions` wants it: as it is, or with placeholders. Refused where it wants none with personal data; the error
    names kinds, never values. `tx` is one that is open already."""
    if app.workspace.settings.guard.questions == "allow":
        return Redacted(text, {})
    made = masked(app, actor, text, tx)
    if made.values and app.workspace.settings.guard.questions == "refuse":
        raise Refused(
            f"the question holds personal data ({', '.join(_kinds(made))}), which may not be asked about here",
            "ask without it",
        )
    return made


def earlier(app: App, actor: Actor | None, text: str) -> Redacted:
    """What a program tells of what was said before, or people say of an answer: it may hold what documents hide. Refused by nobody."""
    return masked(app, actor, text) if _hides(app) or app.workspace.settings.guard.questions != "allow" else Redacted(text, {})


def masked(app: App, actor: Actor | None, text: str, tx: Transaction | None = None) -> Redacted:
    """Any text, with placeholders. Those that stand in it already stay as they are. No `actor`: what only models are told."""
    spans = spans_in(app, text)
    made = redacted(app.personal_key.hashing, text, spans) if spans else Redacted(text, {})
    if not spans or actor is None or not _hides(app):
        return made
    with nullcontext(tx) if tx else app.database.reading() as reading:
        known = known_to(app, reading, actor, made.values.keys())
    return _apart(app, actor, made, known) if known < made.values.keys() else made


def _hides(app: App) -> bool:
    """Whether documents of any source may hide something."""
    settings = app.workspace.settings
    return any(each.personal_data == "mask" for each in (*settings.sources, settings.uploads))


def _apart(app: App, actor: Actor, made: Redacted, known: set[str]) -> Redacted:
    """With words of this person's own in the place of those that are not known to them; they are as long."""
    key = hmac.new(app.personal_key.hashing, actor.person.encode("utf-8", "surrogatepass"), "sha256").digest()
    words = {word: word if word in known else placeholder(key, *value) for word, value in made.values.items()}
    text, last = list[str](), 0
    for span in made.spans:
        text += [made.text[last : span.start], words[made.text[span.start : span.end]]]
        last = span.end
    values = {words[word]: value for word, value in made.values.items()}
    return replace(made, text="".join([*text, made.text[last:]]), values=values)


def spans_in(app: App, text: str) -> list[Span]:
    """Where personal data is; a placeholder is none."""
    found = app.finder.find(text)
    taken = [match.span() for match in PLACEHOLDER.finditer(text)] if found else []
    return [span for span in found if not any(span.start < end and start < span.end for start, end in taken)]


def notice(made: Redacted) -> Notice | None:
    """What the reader is told of it: kinds only."""
    if not made.values:
        return None
    text = (
        f"Personal data in the question was masked ({', '.join(_kinds(made))}): what is searched, sent to models and kept has"
        " placeholders, and only the asker reads it."
    )
    return Notice(code=NOTICE, text=text)


def filters(app: App, actor: Actor, given: Filters) -> tuple[Filters, Filters]:
    """Filters as they are matched, by the value as well as by what stands for it in documents that hide it; and as they are kept."""
    if app.workspace.settings.guard.questions == "allow":
        return given, given
    matched: dict[str, Any] = {}
    kept: dict[str, Any] = {}
    for name, value in given.items():
        if isinstance(value, Mapping):
            matched[name], kept[name] = value, {end: _plain(app, actor, each) for end, each in value.items()}
            continue
        several = isinstance(value, Sequence) and not isinstance(value, str)
        values = [*cast("Sequence[Any]", value)] if several else [value]
        plain = [_plain(app, actor, each) for each in values]
        matched[name] = value if plain == values else list(dict.fromkeys([*values, *plain]))
        kept[name] = plain if several else plain[0]
    return matched, kept


def _plain(app: App, actor: Actor, value: Any) -> Any:
    return masked(app, actor, value).text if isinstance(value, str) else value


def _kinds(made: Redacted) -> list[str]:
    return sorted({kind for kind, _ in made.values.values()})
