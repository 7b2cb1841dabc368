"""What a document hides, and why: kinds and reasons for everybody who may see it, values for who may read them."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Literal, NamedTuple, TypeAlias

from firmground.app.app import App
from firmground.app.redaction.intake import mode_of
from firmground.app.redaction.revealing import may_read, readers, values_of
from firmground.guard.redaction import placeholders
from firmground.ports import Transaction
from firmground.types import Actor, Document, Passage, Value

Reason: TypeAlias = Literal["form", "check_digits", "words_around", "own_pattern"]
"""What personal data was recognised by: how it is written, digits that check the others, what is said beside it, a pattern of this
workspace."""
_REASONS: Mapping[str, Reason] = {
    "iban": "check_digits",
    "card": "check_digits",
    "national_id": "check_digits",
    "birth_date": "words_around",
    "name": "words_around",
    "address": "words_around",
}


class Masked(Value):
    """One kind of personal data that is hidden in a document."""

    kind: str
    count: int
    why: Reason


class Hides(NamedTuple):
    """What a placeholder stands for; no value where it is not this reader's to read."""

    kind: str
    value: str | None = None


class Hiding(NamedTuple):
    """What a document hides from whom."""

    masked: tuple[Masked, ...] = ()
    readable: bool = True
    """Whether this reader reads it."""
    readers: tuple[str, ...] = ()
    """The groups that may, of those that see the document; empty: all of them."""
    words: Mapping[str, Hides] = {}
    """By placeholder."""

    @property
    def values(self) -> Mapping[str, str]:
        """What this reader reads in the place of placeholders."""
        return {word: hides.value for word, hides in self.words.items() if hides.value is not None}


def hiding(app: App, tx: Transaction, actor: Actor, document: Document, found: Iterable[str]) -> Hiding:
    """What a document hides; `found` is what stands at the spans of its text."""
    hidden = {each.placeholder: each.kind for each in tx.hidden_in_documents([document.number]).get(document.number, ())}
    if not hidden:
        return Hiding(readable=may_read(app, tx, actor, document))
    values: Mapping[str, str] = values_of(app, tx, actor, [document]).get(document.number, {})
    beside = placeholders("\n".join([document.title, *map(str, document.metadata.values())]))
    counts = Counter(hidden[word] for word in found if word in hidden)
    counts.update(hidden[word] for word in beside if word in hidden)
    return Hiding(
        masked=tuple(Masked(kind=kind, count=count, why=_why(app, kind)) for kind, count in sorted(counts.items())),
        readable=may_read(app, tx, actor, document),
        readers=readers(app, document.source) or (),
        words={word: Hides(kind, values.get(word)) for word, kind in hidden.items()},
    )


def words_hidden(
    app: App, tx: Transaction, actor: Actor, documents: Iterable[Document], texts: Iterable[str]
) -> dict[int, dict[str, Hides]]:
    """What placeholders that stand in `texts` stand for in each of these documents, by its number."""
    found = {document.number: document for document in documents}
    words = placeholders("\n".join(texts))
    hidden = tx.hidden_in_documents(found, words) if words and found else {}
    values = values_of(app, tx, actor, [found[number] for number in hidden], among=words) if hidden else {}
    made: dict[int, dict[str, Hides]] = {}
    for number, each_hidden in hidden.items():
        known: Mapping[str, str] = values.get(number, {})
        made[number] = {each.placeholder: Hides(each.kind, known.get(each.placeholder)) for each in each_hidden}
    return made


def still_hidden(app: App, actor: Actor, passages: Sequence[Passage]) -> dict[str, dict[str, Hides]]:
    """By the id of their document, what placeholders are that this reader is shown in passages."""
    texts = [each.text for each in passages]
    if not placeholders("\n".join(texts)):
        return {}
    with app.database.reading() as tx:
        found = tx.documents_named({each.document for each in passages})
        hidden = words_hidden(app, tx, actor, found.values(), texts)
    return {id: hidden[document.number] for id, document in found.items() if document.number in hidden}


def kinds_in(
    app: App, texts: Iterable[str], *, documents: Collection[str] = (), answers: Collection[str] = ()
) -> dict[str, Hides]:
    """By placeholder, of what kind is what still stands for something in texts that a reader is shown; what they may read stands there
    itself. It was hidden in one of these `documents` or `answers` (ids)."""
    words = placeholders("\n".join(texts))
    if not words:
        return {}
    with app.database.reading() as tx:
        numbers = [each.number for each in tx.documents_named(documents).values()]
        rows = [*tx.hidden_in_documents(numbers, words).values(), *tx.hidden_in_answers(answers).values()]
    return {each.placeholder: Hides(each.kind) for row in rows for each in row if each.placeholder in words}


def may_have_file(app: App, tx: Transaction, actor: Actor, document: Document) -> bool:
    """Whether this reader may have the file itself, and see its pages as they look: there nothing is masked, also what no finder found."""
    hides = mode_of(app, document.source) == "mask" or bool(tx.hidden_in_documents([document.number]))
    return not hides or may_read(app, tx, actor, document)


def reads_masked(app: App, tx: Transaction, actor: Actor, document: Document) -> bool | None:
    """Whether somebody reads what a document hides; None where it hides nothing."""
    hides = tx.hidden_in_documents([document.number])
    return may_read(app, tx, actor, document) if hides else None


def _why(app: App, kind: str) -> Reason:
    own = {pattern.kind for pattern in app.workspace.settings.guard.patterns}
    return "own_pattern" if kind in own else _REASONS.get(kind, "form")
