"""Answers hold placeholders wherever they are kept. Here is what each reader is shown in their place.

What documents hide is for who may read it there (`revealing`); what the asker wrote is for the asker alone. Values of a question stand
again in what is said with it, never in what is quoted: a passage reads as the document does for the same person.
"""

import operator
import re
from collections import ChainMap
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any, TypeAlias, TypeVar, cast

from firmground.app.access.names import WIDGET
from firmground.app.app import App
from firmground.app.redaction.keys import sealed
from firmground.app.redaction.revealing import Values, restored_passage, values_for
from firmground.guard.redaction import placeholders, restored
from firmground.ports import Transaction
from firmground.types import Actor, Event, Passage, Trace, Value

V = TypeVar("V", bound=Value)
Wrote: TypeAlias = Mapping[str, tuple[str, str]]
"""Kind and value of what somebody wrote, by placeholder."""
_MAYBE = re.compile(r"_[A-Z2-7]{10}(?![A-Za-z0-9_])")
"""The end of each placeholder: quicker to look for than a whole one."""
_QUOTED = frozenset({"evidence", "citations", "closest"})
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
    text = trace.model_dump_json()
    rows = sealed(app.personal_key, tx, {word: value for word, value in wrote.items() if word in text})
    known = {row.placeholder for row in rows}
    for earlier in tx.hidden_in_answers(before).values():
        rows += [row for row in earlier if row.placeholder not in known and row.placeholder in text]
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
    said = [*(each for each in trace.evidence if isinstance(each, Passage)), *trace.answer.closest, *trace.answer.citations]
    return {each.document for each in said if _MAYBE.search("\n".join(_texts(each)))}


def _words(value: Any) -> set[str]:
    """What may be placeholders in all its texts."""
    return {word for text in _texts(value) if _MAYBE.search(text) for word in placeholders(text)}


def _texts(value: Any) -> list[str]:
    found: list[str] = []
    rest = [value]
    while rest:
        each = rest.pop()
        if isinstance(each, str):
            found.append(each)
        elif isinstance(each, list | tuple):
            rest.extend(cast("Sequence[Any]", each))
        elif isinstance(each, dict):
            rest.extend(cast("dict[str, Any]", each).values())
        elif isinstance(each, Value):
            rest.extend(vars(each).values())
    return found


def _shown(told: V, hidden: Mapping[str, str], all_: Mapping[str, str]) -> V:
    """A trace or an answer."""
    changed: dict[str, Any] = {}
    for name, value in vars(told).items():
        if isinstance(value, Value) and name not in _QUOTED:
            new = _shown(value, hidden, all_)
        else:
            new = _restored(value, hidden if name in _QUOTED else all_)
        if new is not value:
            changed[name] = new
    return told.model_copy(update=changed) if changed else told


def _restored(value: Any, values: Mapping[str, str]) -> Any:
    """With values in all its texts. What holds none stays the very same: most of an answer does."""
    if isinstance(value, str):
        return restored(value, values) if _MAYBE.search(value) else value
    if isinstance(value, list | tuple):
        items = cast("Sequence[Any]", value)
        told = [_restored(each, values) for each in items]
        if all(map(operator.is_, told, items)):
            return items
        return told if isinstance(value, list) else tuple(told)
    if isinstance(value, dict):
        fields = cast("dict[str, Any]", value)
        changed = _changed(fields, values)
        return {**fields, **changed} if changed else fields
    if isinstance(value, Value):
        changed = _changed(vars(value), values)
        return value.model_copy(update=changed) if changed else value
    return value


def _changed(fields: Mapping[str, Any], values: Mapping[str, str]) -> dict[str, Any]:
    return {name: new for name, each in fields.items() if (new := _restored(each, values)) is not each}
