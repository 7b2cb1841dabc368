"""Personal data that is kept apart: what a placeholder stands for, and the chapter of a transaction that keeps it."""

from collections.abc import Collection, Sequence
from typing import NamedTuple, Protocol

from firmground.types import Value


class HiddenValue(Value):
    """What one placeholder stands for. It goes with the document or answer it was found in."""

    placeholder: str
    kind: str
    """`email`, `phone`, … as in `Span`."""
    sealed: str
    """The value, encrypted; it says nothing without the key of the workspace."""


class HiddenIn(NamedTuple):
    """A value, and where the document belongs that hides it."""

    source: str
    scope: int
    value: HiddenValue


class HiddenValues(Protocol):
    """The chapter of a transaction on what placeholders stand for."""

    def hide_in_document(self, number: int, values: Sequence[HiddenValue]) -> None:
        """Replace all that is kept of this document; they go with it, and when its text is replaced or erased."""
        ...

    def hidden_in_documents(self, numbers: Collection[int], placeholders: Collection[str] = ()) -> dict[int, list[HiddenValue]]:
        """By document; all of them without `placeholders`."""
        ...

    def hidden_in_named(self, ids: Collection[str], placeholders: Collection[str] = ()) -> list[HiddenIn]:
        """The same of documents by id, in the order in which they were taken in; all of it without `placeholders`."""
        ...

    def where_hidden(self, placeholders: Collection[str]) -> dict[str, set[tuple[str, int]]]:
        """Source and scope of the documents that can be asked and hide it, by placeholder."""
        ...

    def hide_in_answer(self, answer: str, values: Sequence[HiddenValue]) -> None:
        """What the asker of a kept answer wrote; they go with it."""
        ...

    def hidden_in_answers(self, answers: Collection[str]) -> dict[str, list[HiddenValue]]: ...

    def hide_in_opinion(self, answer: str, person: str, values: Sequence[HiddenValue]) -> None:
        """Replace all that is kept of what this person wrote beside a kept answer; it goes with the answer, and when comments on it do."""
        ...

    def hidden_in_opinions(self, answers: Collection[str], person: str) -> dict[str, list[HiddenValue]]:
        """What this person wrote, by answer."""
        ...
