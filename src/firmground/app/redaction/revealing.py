"""Who reads what placeholders in documents stand for."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

from firmground.app.app import App
from firmground.app.redaction.keys import FILE, VARIABLE, PersonalKey, known_key
from firmground.errors import FirmgroundError
from firmground.guard.redaction import placeholders, restored
from firmground.ports import Transaction
from firmground.redaction import HiddenValue
from firmground.types import Actor, Document, Passage, Scalar


class Values(Mapping[str, str]):
    """What placeholders stand for, each opened when somebody looks at it. What does not open is not in it: its placeholder stays."""

    def __init__(self, app: App, hidden: Mapping[str, HiddenValue]) -> None:
        self._app = app
        self._hidden = hidden
        self._opened: dict[str, str | None] = {}

    def __getitem__(self, placeholder: str) -> str:
        if (value := self._value(placeholder)) is None:
            raise KeyError(placeholder)
        return value

    def get(self, key: str, default: Any = None) -> Any:
        value = self._value(key)
        return default if value is None else value

    def __contains__(self, placeholder: object) -> bool:
        return isinstance(placeholder, str) and self._value(placeholder) is not None

    def __bool__(self) -> bool:
        """Whether there is something to open: counting opens all of it."""
        return bool(self._hidden)

    def __iter__(self) -> Iterator[str]:
        return (placeholder for placeholder in self._hidden if placeholder in self)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    @cached_property
    def _key(self) -> PersonalKey | None:
        try:
            return self._app.personal_key
        except FirmgroundError:
            return None

    def _value(self, placeholder: str) -> str | None:
        if placeholder not in self._opened:
            self._opened[placeholder] = self._open(placeholder)
        return self._opened[placeholder]

    def _open(self, placeholder: str) -> str | None:
        hidden = self._hidden.get(placeholder)
        try:
            return self._key.open(hidden) if hidden and self._key else None
        except FirmgroundError:
            return None


def values_for(
    app: App, tx: Transaction, actor: Actor, documents: Collection[str], *, among: Collection[str] | None = None
) -> Mapping[str, str]:
    """What placeholders in these documents (ids) stand for, as far as this actor may read it; of `among` only, where given. Nothing is
    looked up where that is empty, and nothing is decrypted that nobody looks at.

    They may where a group of their own may see the document, and `personal_data_for` of its source is empty or names one of their
    groups: seeing every document is not enough. Whoever has access to the files of the workspace may read all; a job reads nothing.
    """
    if not documents or (among is not None and not among):
        return {}
    may = _reader(app, tx, actor)
    found = tx.hidden_in_named(documents, among or ()) if may else []
    return Values(app, {value.placeholder: value for source, scope, value in found if may and may(source, scope)})


def values_of(
    app: App, tx: Transaction, actor: Actor, documents: Collection[Document], *, among: Collection[str] | None = None
) -> dict[int, "Values"]:
    """The same for each document by its number, so that no document says what only another may."""
    may = _revealed(app, tx, actor, documents) if among is None or among else []
    hidden = tx.hidden_in_documents(may, among or ()) if may else {}
    return {number: Values(app, {each.placeholder: each for each in values}) for number, values in hidden.items()}


def may_read(app: App, tx: Transaction, actor: Actor, document: Document) -> bool:
    """Whether this actor may read personal data that is hidden in a document."""
    return bool(_revealed(app, tx, actor, [document]))


def readers(app: App, source: str) -> tuple[str, ...] | None:
    """The groups that may read what is hidden in documents of a source, of those that may see them; empty: all of these; None where no
    settings say anything of it any more: then nobody may."""
    settings = app.workspace.settings
    if source == app.uploads.name:
        return settings.uploads.personal_data_for
    return next((each.personal_data_for for each in settings.sources if each.name == source), None)


def unopened(app: App) -> list[str]:
    """What is wrong with the key, in one line, where personal data is hidden with one that is not there now."""
    with app.database.reading() as tx:
        known = known_key(tx)
    try:
        if not known or app.personal_key.id == known:
            return []
    except FirmgroundError as error:
        return [str(error)]
    problem = "personal data is hidden with another key than the one that is here, so placeholders stay in its place"
    return [f"{problem}: put the right one back ({VARIABLE} or {FILE} in the data directory), or sync to read documents anew"]


def restored_passage(passage: Passage, values: Mapping[str, str]) -> Passage:
    """A passage to be shown: values in the place of their placeholders. Its place stays that in the stored text."""
    if not values:
        return passage
    changed: dict[str, Any] = {"text": restored(passage.text, values)}
    if (title := restored(passage.title, values)) != passage.title:
        changed["title"] = title
    if (header := restored(passage.table_header, values)) != passage.table_header:
        changed["table_header"] = header
    if (heading := restored(passage.locator.heading, values)) != passage.locator.heading:
        changed["locator"] = passage.locator.model_copy(update={"heading": heading})
    if passage.metadata:
        changed["metadata"] = {key: restored_value(value, values) for key, value in passage.metadata.items()}
    return passage.model_copy(update=changed)


def restored_passages(app: App, actor: Actor, passages: Sequence[Passage], known: Mapping[str, Document]) -> tuple[Passage, ...]:
    """Passages as this actor may read them; `known` are their documents, by id."""
    words = {word for each in passages for word in words_of(each)}
    if not words:
        return tuple(passages)
    held = {known[each.document].number: known[each.document] for each in passages if each.document in known}
    with app.database.reading() as tx:
        values = values_of(app, tx, actor, list(held.values()), among=words)
    if not values:
        return tuple(passages)
    numbers = {document.id: number for number, document in held.items()}
    return tuple(restored_passage(each, values.get(numbers.get(each.document, 0), {})) for each in passages)


def words_of(passage: Passage) -> set[str]:
    """What may be placeholders in it."""
    texts = (passage.text, passage.title, passage.table_header, passage.locator.heading, *map(str, passage.metadata.values()))
    return placeholders("\n".join(texts))


def restored_value(value: Scalar | tuple[Scalar, ...], values: Mapping[str, str]) -> Scalar | tuple[Scalar, ...]:
    """The same for a value of metadata."""
    if isinstance(value, tuple):
        return tuple(restored(each, values) if isinstance(each, str) else each for each in value)
    return restored(value, values) if isinstance(value, str) else value


def known_to(app: App, tx: Transaction, actor: Actor, words: Collection[str]) -> set[str]:
    """Those of the words which stand for something that this actor may read in a document."""
    if actor.local or not words:
        return set(words)
    scopes = tx.visible_scopes(actor.groups)
    found = tx.where_hidden(words)
    return {word for word, at in found.items() if any(scope in scopes and _reads(app, actor, source) for source, scope in at)}


def _revealed(app: App, tx: Transaction, actor: Actor, documents: Collection[Document]) -> list[int]:
    may = _reader(app, tx, actor)
    return [document.number for document in documents if may(document.source, document.scope)] if may else []


def _reader(app: App, tx: Transaction, actor: Actor) -> Callable[[str, int], bool] | None:
    """Whether they may read what documents of a source and scope hide; None for who reads nothing."""
    if actor.local:
        return lambda _source, _scope: True
    if actor.via == "job":
        return None
    scopes = tx.visible_scopes(actor.groups)
    return lambda source, scope: scope in scopes and _reads(app, actor, source)


def _reads(app: App, actor: Actor, source: str) -> bool:
    """Whether they are one of those who read what documents of this source hide, where they may see them."""
    groups = readers(app, source)
    return groups is not None and (not groups or not actor.groups.isdisjoint(groups))
