"""Answers hold placeholders wherever they are kept. Here is what each reader is shown in their place.

What documents hide is for who may read it there (`revealing`); what the asker wrote is for the asker alone. Values of a question stand
again in what is said with it, never in what is quoted: a passage reads as the document does for the same person.
"""

import operator
from collections import ChainMap
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import cache
from typing import Any, Literal, TypeAlias, TypeVar, cast

from firmground.app.access.names import WIDGET
from firmground.app.app import App
from firmground.app.redaction.keys import sealed
from firmground.app.redaction.revealing import Values, restored_passage, values_for
from firmground.guard.redaction import placeholders, restored
from firmground.ports import Transaction
from firmground.serve.trace import passages_of
from firmground.types import Actor, Event, Passage, Trace, Value

V = TypeVar("V", bound=Value)
Wrote: TypeAlias = Mapping[str, tuple[str, str]]
"""Kind and value of what somebody wrote, by placeholder."""
_QUOTED = frozenset({"evidence", "added", "citations", "closest"})
"""Parts of an answer that are words of documents, whoever asks."""


def revealed(app: App, tx: Transaction, actor: Actor, trace: Trace, wrote: Mapping[str, str] | None = None) -> Trace:
    """The trace as this reader may see it; the very trace where that changes nothing. Places stay those of the stored text. `wrote` is what
    they wrote themselves, where nothing is kept of it."""
    words = _words(trace)
    if not words:
        return trace
    hidden = values_for(app, tx, actor, _hiding(trace), among=words)
    own = _own(app, tx, actor, trace) if wrote is None else wrote
    return _shown(trace, hidden, _both(own, hidden)) if hidden or own else trace


def all_revealed(app: App, tx: Transaction, actor: Actor, traces: Sequence[Trace]) -> list[Trace]:
    return [revealed(app, tx, actor, trace) for trace in traces]


def shown_as(app: App, tx: Transaction, actor: Actor, trace: Trace, texts: Sequence[str]) -> list[str]:
    """Texts that say something of this trace, as this reader may see them."""
    hidden = values_for(app, tx, actor, _hiding(trace), among=_words(texts))
    values = _both(_own(app, tx, actor, trace), hidden)
    return [restored(text, values) for text in texts]


def passages_as_read(app: App, tx: Transaction, actor: Actor, passages: Sequence[Passage]) -> list[Passage]:
    """Passages as this reader may see them."""
    hidden = values_for(app, tx, actor, {each.document for each in passages}, among=_words(passages))
    return [restored_passage(each, hidden) for each in passages]


def telling(app: App, actor: Actor, own: Mapping[str, str], listen: Callable[[Event], None]) -> Callable[[Event], None]:
    """Events of an answer in the making, told to its asker as they may see them; `own` is what they wrote
    themselves. An event holds whole sentences, so no placeholder is ever cut in two."""
    cited: set[str] = set()
    known: dict[str, str] = {}
    """What was looked up for an event before: each document is asked once for a word."""
    asked: set[str] = set()

    def tell(event: Event) -> None:
        if event.kind == "citation" and (document := str(event.data["document"])) not in cited:
            cited.add(document)
            asked.clear()
        words = _words(event.data)
        if not words:
            return listen(event)
        if not words <= asked:
            with app.database.reading() as tx:
                known.update(values_for(app, tx, actor, cited, among=words))
            asked.update(words)
        values = known if event.kind == "citation" else _both(own, known)
        return listen(event.model_copy(update={"data": _restored(event.data, values)}))

    return tell


def values_of(wrote: Wrote) -> dict[str, str]:
    """What these placeholders stand for."""
    return {word: value for word, (_, value) in wrote.items()}


def hide(app: App, tx: Transaction, trace: Trace, wrote: Wrote, before: Collection[str]) -> None:
    """Keep what the asker wrote beside the answer that is kept, encrypted: of its own question, and of what it took over from those
    `before` (ids)."""
    if not wrote and not before:
        return
    words = _words(trace)
    rows = sealed(app.personal_key, tx, {word: value for word, value in wrote.items() if word in words})
    known = {row.placeholder for row in rows}
    for earlier in tx.hidden_in_answers(before).values() if before else ():
        rows += [row for row in earlier if row.placeholder not in known and row.placeholder in words]
        known |= {row.placeholder for row in rows}
    if rows:
        tx.hide_in_answer(trace.answer.id, rows)


def hide_in_opinion(app: App, tx: Transaction, actor: Actor, answer: str, wrote: Wrote, *, beside: Iterable[str]) -> None:
    """Keep what somebody wrote beside an answer, encrypted. `beside`: what else they wrote there, whose values stay."""
    kept = tx.hidden_in_opinions([answer], actor.person).get(answer, [])
    still = _words([*beside]) - wrote.keys()
    rows = [*sealed(app.personal_key, tx, wrote), *(row for row in kept if row.placeholder in still)] if wrote or kept else []
    if rows or kept:
        tx.hide_in_opinion(answer, actor.person, rows)


def opinion_as_written(app: App, tx: Transaction, actor: Actor, answer: str, text: str) -> str:
    """What this person wrote beside an answer, as they wrote it."""
    words = _words(text)
    rows = tx.hidden_in_opinions([answer], actor.person).get(answer, []) if words else []
    return restored(text, Values(app, {row.placeholder: row for row in rows})) if rows else text


def said_in(app: App, tx: Transaction, answers: Sequence[str]) -> Mapping[str, str]:
    """What the askers of these answers wrote, for comparing within the process: never to be shown, kept or sent."""
    hidden = tx.hidden_in_answers(answers) if answers else {}
    return Values(app, {row.placeholder: row for rows in hidden.values() for row in rows})


def _own(app: App, tx: Transaction, actor: Actor, trace: Trace) -> Mapping[str, str]:
    """Readers of a page elsewhere share one name: nobody of them is known to have written it."""
    if trace.person != actor.person or actor.person.startswith(WIDGET):
        return {}
    rows = tx.hidden_in_answers([trace.answer.id]).get(trace.answer.id, [])
    return Values(app, {row.placeholder: row for row in rows}) if rows else {}


def _both(own: Mapping[str, str], hidden: Mapping[str, str]) -> Mapping[str, str]:
    return ChainMap({}, cast("Any", own), cast("Any", hidden))


def _hiding(trace: Trace) -> set[str]:
    """The documents in whose words there may be placeholders."""
    said = [*passages_of(trace), *trace.answer.closest, *trace.answer.citations]
    return {each.document for each in said if _words(each)}


def _words(value: Any) -> set[str]:
    """What may be placeholders in all its texts."""
    return placeholders("\n".join(_texts(value)))


def _texts(value: Any) -> list[str]:
    found: list[str] = []
    rest: list[Any] = [value]
    while rest:
        each = rest.pop()
        form = _form(each.__class__)
        if form == "text":
            found.append(each)
        elif form == "row":
            rest.extend(each)
        elif form == "map":
            rest.extend(cast("dict[str, Any]", each).values())
        elif form == "value":
            rest.extend(cast("dict[str, Any]", vars(each)).values())
    return found


@cache
def _form(kind: type) -> Literal["text", "row", "map", "value", ""]:
    """How values of a type hold texts: asked thousands of times for each answer, and of models each time is dear."""
    if issubclass(kind, str):
        return "text"
    if issubclass(kind, list | tuple):
        return "row"
    if issubclass(kind, dict):
        return "map"
    return "value" if issubclass(kind, Value) else ""


def _shown(told: V, hidden: Mapping[str, str], all_: Mapping[str, str]) -> V:
    """A trace or an answer."""
    changed: dict[str, Any] = {}
    for name, value in vars(told).items():
        if name not in _QUOTED and isinstance(value, Value):
            new = _shown(value, hidden, all_)
        else:
            new = _restored(value, hidden if name in _QUOTED else all_)
        if new is not value:
            changed[name] = new
    return told.model_copy(update=changed) if changed else told


def _restored(value: Any, values: Mapping[str, str]) -> Any:
    """With values in all its texts. What holds none stays the very same: most of an answer does."""
    form = _form(value.__class__)
    if form == "text":
        return restored(value, values)
    if form == "row":
        told = [_restored(each, values) for each in value]
        if all(map(operator.is_, told, value)):
            return value
        return tuple(told) if issubclass(value.__class__, tuple) else told
    if form == "map":
        changed = _changed(cast("dict[str, Any]", value), values)
        return {**value, **changed} if changed else value
    if form == "value":
        changed = _changed(cast("dict[str, Any]", vars(value)), values)
        return value.model_copy(update=changed) if changed else value
    return value


def _changed(fields: Mapping[str, Any], values: Mapping[str, str]) -> dict[str, Any]:
    made = ((name, _restored(each, values)) for name, each in fields.items() if _form(each.__class__))
    return {name: new for name, new in made if new is not fields[name]}
