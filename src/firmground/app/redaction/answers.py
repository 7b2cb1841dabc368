"""Answers hold placeholders wherever they are kept. Here is what each reader is shown in their place.

What documents hide is for who may read it there (`revealing`); what the asker wrote is for the asker alone. Values of a question stand
again in what is said with it, never in what is quoted: a passage reads as the document does for the same person.
"""

from collections import ChainMap
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import cache
from types import MappingProxyType
from typing import Any, Literal, TypeAlias, TypeVar, cast

from firmground.app.access.names import WIDGET
from firmground.app.app import App
from firmground.app.redaction.keys import sealed
from firmground.app.redaction.revealing import Values, restored_passage, values_for
from firmground.guard.redaction import placeholders, restored
from firmground.ports import Transaction
from firmground.types import Actor, Answer, Event, Passage, Trace, Value

V = TypeVar("V", bound=Value)
Wrote: TypeAlias = Mapping[str, tuple[str, str]]
"""Kind and value of what somebody wrote, by placeholder."""
Places: TypeAlias = Mapping[Any, "Places"]
"""Where in a value there may be placeholders: by part those of each that has any, down to texts, where they are words that lead nowhere."""
_NOWHERE: Places = MappingProxyType({})
_QUOTED = frozenset({"evidence", "added", "citations", "closest"})
"""Parts of an answer that are words of documents, whoever asks."""


def revealed(app: App, tx: Transaction, actor: Actor, trace: Trace) -> Trace:
    """The trace as this reader may see it; the very trace where that changes nothing. Places stay those of the stored text."""
    places = _places(trace)
    if not places:
        return trace
    hidden = values_for(app, tx, actor, _hiding(trace, places), among=_words_at(places))
    own = _own(app, tx, actor, trace)
    return _shown(trace, places, hidden, _both(own, hidden)) if hidden or own else trace


def all_revealed(app: App, tx: Transaction, actor: Actor, traces: Sequence[Trace]) -> list[Trace]:
    return [revealed(app, tx, actor, trace) for trace in traces]


def shown_as(app: App, tx: Transaction, actor: Actor, trace: Trace, texts: Sequence[str]) -> list[str]:
    """Texts that say something of this trace, as this reader may see them."""
    hidden = values_for(app, tx, actor, _hiding(trace, _places(trace)), among=_words(texts))
    values = _both(_own(app, tx, actor, trace), hidden)
    return [restored(text, values) for text in texts]


def passages_as_read(app: App, tx: Transaction, actor: Actor, passages: Sequence[Passage]) -> list[Passage]:
    """Passages as this reader may see them."""
    hidden = values_for(app, tx, actor, {each.document for each in passages}, among=_words(passages))
    return [restored_passage(each, hidden) for each in passages]


class Telling:
    """Tells events of an answer in the making to its asker, as they may see them; `own` is what they wrote themselves. An event holds
    whole sentences, so no placeholder is ever cut in two."""

    def __init__(self, app: App, actor: Actor, own: Mapping[str, str], listen: Callable[[Event], None]) -> None:
        self._app, self._actor, self._own, self._listen = app, actor, own, listen
        self._cited: set[str] = set()
        self._asked: set[str] = set()
        """Words that were looked up in all that is cited."""
        self._known: dict[str, str] = {}

    def __call__(self, event: Event) -> None:
        if event.kind == "citation" and (document := str(event.data["document"])) not in self._cited:
            self._cited.add(document)
            self._asked.clear()
        places = _places(event.data)
        words = _words_at(places)
        if not words:
            return self._listen(event)
        if not words <= self._asked:
            with self._app.database.reading() as tx:
                self._known.update(values_for(self._app, tx, self._actor, self._cited, among=words))
            self._asked.update(words)
        values = self._known if event.kind == "citation" else _both(self._own, self._known)
        return self._listen(event.model_copy(update={"data": _put(event.data, places, values)}))

    def looked_up(self, documents: Collection[str], words: Collection[str]) -> Mapping[str, str] | None:
        """What the words stand for in these documents (ids); None where an event did not ask for all of it."""
        return self._known if self._cited.issuperset(documents) and self._asked.issuperset(words) else None


def answer_revealed(
    app: App, tx: Transaction, actor: Actor, trace: Trace, wrote: Mapping[str, str] | None = None, *, told: Telling | None = None
) -> Answer:
    """The same of its answer alone. `wrote` is what this reader wrote themselves, where that is known already; `told` is who told them of
    it, where nothing has changed since."""
    answer = trace.answer
    places = _places(answer)
    if not places:
        return answer
    quoted = {name: within for name, within in places.items() if name in _QUOTED}
    words = _words_at(quoted) | (_words_at(places) - (wrote or {}).keys())
    documents = _hiding_in_answer(answer, places)
    hidden = told.looked_up(documents, words) if told else None
    if hidden is None:
        hidden = values_for(app, tx, actor, documents, among=words)
    own = _own(app, tx, actor, trace) if wrote is None else wrote
    return _shown(answer, places, hidden, _both(own, hidden)) if hidden or own else answer


def values_of(wrote: Wrote) -> dict[str, str]:
    """What these placeholders stand for."""
    return {word: value for word, (_, value) in wrote.items()}


def hide(app: App, tx: Transaction, trace: Trace, wrote: Wrote, before: Collection[str]) -> None:
    """Keep what the asker wrote beside the answer that is kept, encrypted: of its own question, and of what it took over from those
    `before` (ids)."""
    if not wrote and not before:
        return
    words = placeholders(trace.answer.question)
    if before or not wrote.keys() <= words:
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


def _hiding(trace: Trace, places: Places) -> set[str]:
    """The documents in whose words there may be placeholders."""
    quoted = ((trace.evidence, places.get("evidence", _NOWHERE)), (trace.added, places.get("added", _NOWHERE)))
    of_answer = _hiding_in_answer(trace.answer, places.get("answer", _NOWHERE))
    return of_answer.union(said[int(n)].document for said, within in quoted for n in within)


def _hiding_in_answer(answer: Answer, places: Places) -> set[str]:
    quoted = ((answer.closest, places.get("closest", _NOWHERE)), (answer.citations, places.get("citations", _NOWHERE)))
    return {said[int(n)].document for said, within in quoted for n in within}


def _words(value: Any) -> set[str]:
    """What may be placeholders in all its texts."""
    return _words_at(_places(value))


def _words_at(places: Places) -> set[str]:
    found, rest = set[str](), [places]
    while rest:
        for key, within in rest.pop().items():
            if within:
                rest.append(within)
            else:
                found.add(key)
    return found


def _places(value: Any) -> Places:
    """Where in a value there may be placeholders."""
    form = _form(value.__class__)
    if form == "text":
        return dict.fromkeys(placeholders(value), _NOWHERE) if "_" in value else _NOWHERE
    if not form:
        return _NOWHERE
    held = cast("dict[Any, Any]", value if form == "map" else {} if form == "row" else vars(value))
    found: dict[Any, Places] = {}
    for key, each in enumerate(cast("Sequence[Any]", value)) if form == "row" else held.items():
        # Most parts are texts without any, numbers or empty: asked here, they cost no call.
        if each and (each.__class__ is not str or "_" in each) and (within := _places(each)):
            found[key] = within
    return found or _NOWHERE


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


def _shown(told: V, places: Places, hidden: Mapping[str, str], all_: Mapping[str, str]) -> V:
    """A trace or an answer."""
    changed: dict[str, Any] = {}
    for name, within in places.items():
        value = getattr(told, name)
        if name in _QUOTED:
            changed[name] = _put(value, within, hidden)
        else:
            changed[name] = _shown(value, within, hidden, all_) if isinstance(value, Value) else _put(value, within, all_)
    return _with(told, changed)


def _put(value: Any, places: Places, values: Mapping[str, str]) -> Any:
    """With values at these places. What holds none stays the very same: most of an answer does."""
    form = _form(value.__class__)
    if form == "text":
        return restored(value, values)
    if form == "row":
        told = list(cast("Sequence[Any]", value))
        for n, within in places.items():
            told[n] = _put(told[n], within, values)
        return tuple(told) if issubclass(value.__class__, tuple) else told
    if form == "map":
        return {**value, **{key: _put(value[key], within, values) for key, within in places.items()}}
    return _with(value, {name: _put(getattr(value, name), within, values) for name, within in places.items()})


def _with(value: V, parts: Mapping[str, Any]) -> V:
    changed = {name: part for name, part in parts.items() if part is not getattr(value, name)}
    return value.model_copy(update=changed) if changed else value
