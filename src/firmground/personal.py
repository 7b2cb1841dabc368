"""What is kept of a person for their own sake: what they agreed to, and whether it must stay. And the chapter of a transaction that finds
and drops all that is kept of one."""

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple, Protocol

from firmground.types import Feedback, ReviewRequest, Value


class Consent(Value):
    """Somebody agreed to a text, `version` being the digest of it; until they took it back."""

    person: str
    version: str
    at: datetime
    withdrawn_at: datetime | None = None


class Hold(Value):
    """What is kept of a person must stay, because somebody who answers for it says why."""

    person: str
    by: str
    reason: str
    at: datetime


class Said(NamedTuple):
    """What one person said of answers, and which of theirs they share since when."""

    feedback: list[Feedback]
    reviews: list[ReviewRequest]
    shares: list[tuple[str, datetime]]


class Over(NamedTuple):
    """How many sessions and links were over at a moment, and how many lines of usage are of days before; none of people under a
    hold."""

    sessions: int
    links: int
    usage: int


class PersonalData(Protocol):
    """The chapter of a transaction on what is kept of one person."""

    def save_consent(self, consent: Consent) -> None:
        """Insert, or replace the one of that person, version and moment. The person must be known; it goes when they are removed."""
        ...

    def consents(self, person: str | None = None) -> list[Consent]:
        """Of one person or of everybody, oldest first."""
        ...

    def save_hold(self, hold: Hold) -> None:
        """Insert, or replace the one of that person, who need not be known any more."""
        ...

    def hold(self, person: str) -> Hold | None: ...
    def holds(self) -> list[Hold]:
        """By name."""
        ...

    def drop_hold(self, person: str) -> None: ...

    def said_by(self, person: str) -> Said:
        """Of anybody's answers, oldest first."""
        ...

    def trace_ids(self, *, person: str | None = None, but: Collection[str] = (), before: str = "", limit: int) -> list[str]:
        """Ids of answers, oldest first: of a person, or of everybody but some; those older than the answer id `before`."""
        ...

    def asker(self, id: str) -> str | None:
        """Whose answer it is, also of one that cannot be read."""
        ...

    def drop_person_data(self, person: str) -> dict[str, int]:
        """Their answers, with what anybody said of them, and what they said of answers of others; how many of each there were. What
        lets them in goes with `remove_person`."""
        ...

    def over_at(self, moment: datetime) -> Over: ...
    def drop_usage_before(self, moment: datetime) -> None:
        """Lines of usage of days before, but of people under a hold; sums by budget stay."""
        ...

    def names_kept(self) -> set[str]:
        """Everybody of whom something is kept: those who are known, and those under whose names answers and opinions are."""
        ...
