"""What use teaches: answers that people stand behind, pairs to learn from, signs of how an answer served; and their chapter."""

from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Literal, Protocol, TypeAlias

from firmground.rights import Role
from firmground.types import Draft, Json, Passage, Value

PinState: TypeAlias = Literal["active", "waiting", "retired"]


class Pin(Value):
    """An answer that a person approved and that is given to its question until one of its sources changes. `waiting`: a source changed,
    and somebody looks at it again; meanwhile the question is answered as any other."""

    id: str
    question: str
    key: str
    """Digest of the words of the question, and of the filters: questions that say the same have the same."""
    version: int = 1
    """Grows with every change of what it says."""
    answer: str
    """Id of the one that was approved; it may be gone by now."""
    item: str
    """Id of the one in which people looked at it last; empty where that is gone."""
    says: Draft
    evidence: tuple[Passage, ...] = ()
    """The passages that it rests on, as they were when it was approved."""
    language: str = ""
    """ISO 639-1 of the question; empty when unsure."""
    covered: bool = True
    """Whether the embedder was trained for that language."""
    confidence: float = 0.0
    """That the answer had."""
    sources: dict[str, str]
    """Digest of the content of each document that it rests on, by id, when it was approved."""
    state: PinState = "active"
    by: str
    role: Role = "reviewer"
    """Theirs, when they said so: what askers are told of who stands behind it."""
    people: int = 1
    """How many said that it may be given."""
    at: datetime


class Pair(Value):
    """A question and a passage that answers it, or does not: what an embedder can learn from."""

    id: str
    question: str
    document: str
    start: int
    end: int
    text: str
    good: bool
    answer: str
    """That it comes from."""
    by: str
    at: datetime


SignalKind: TypeAlias = Literal["rephrased", "abandoned", "copied", "source_opened", "person_asked", "follow_up"]


class Signal(Value):
    """Something that somebody did with an answer, without saying what they think of it. Noted only with their consent."""

    answer: str
    person: str
    kind: SignalKind
    at: datetime
    detail: dict[str, Json] = {}  # noqa: RUF012 - a value of pydantic
    """No words."""


class Lessons(Protocol):
    """The chapter of a transaction on what use teaches. Pairs and signs go with the answer they come from; pins stay without it."""

    def save_pin(self, pin: Pin) -> None:
        """Insert, or replace the one of this id."""
        ...

    def pin(self, id: str) -> Pin | None: ...
    def pins(
        self,
        *,
        key: str | None = None,
        state: PinState | None = None,
        answer: str | None = None,
        documents: Collection[str] | None = None,
    ) -> list[Pin]:
        """Newest first; of those that rest on one of some documents, if given."""
        ...

    def drop_pins(self, ids: Collection[str]) -> None: ...
    def save_pair(self, pair: Pair) -> None:
        """Insert, or replace the one of this id."""
        ...

    def pairs(self, *, document: str | None = None) -> Iterator[Pair]:
        """Oldest first."""
        ...

    def drop_pairs(self, ids: Collection[str]) -> None: ...
    def drop_taught(self, documents: Collection[str]) -> None:
        """Words of these documents are gone from what is taught: pins that rest on one of them say nothing any more, and wait, with nobody
        asked yet; pairs that hold some are no more."""
        ...

    def rename_teacher(self, name: str, alias: str) -> None:
        """Whoever pinned or paired something is called otherwise from now on."""
        ...

    def add_signal(self, signal: Signal) -> None:
        """The same of one person, answer and kind counts once: the first."""
        ...

    def signals(self, answers: Collection[str]) -> dict[str, list[Signal]]:
        """By answer, oldest first."""
        ...

    def signals_of(self, person: str) -> list[Signal]:
        """Oldest first."""
        ...
