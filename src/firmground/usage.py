"""What people may use and what they used: the values, and what a database keeps of them."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Annotated, Literal, NamedTuple, Protocol, TypeAlias

from pydantic import Field

from firmground.types import Value

PoolKind: TypeAlias = Literal["person", "key", "group", "workspace"]
By: TypeAlias = Literal["person", "key", "release", "model", "day", "via"]
"""What spending is told apart by."""

Whole = Annotated[int, Field(ge=0, le=10**15)]
Dollars = Annotated[float, Field(ge=0, le=1e12, allow_inf_nan=False)]


class Pool(NamedTuple):
    """What a budget is of: a person, a key, all members of a group one by one, or the workspace, whose name is empty."""

    kind: PoolKind
    name: str = ""


WORKSPACE = Pool("workspace")


class Limits(Value):
    """The most that may be used. None: nothing is said of it; 0: as much as they like. Days and months are those of UTC."""

    requests_a_minute: Whole | None = None
    answers_a_day: Whole | None = None
    answers_a_month: Whole | None = None
    tokens_a_day: Whole | None = None
    tokens_a_month: Whole | None = None
    usd_a_day: Dollars | None = None
    usd_a_month: Dollars | None = None
    upload_megabytes_a_day: Whole | None = None


class Taken(Value):
    """What was used. `usd` is what is known of the price; `unpriced` counts the calls of models whose price is not known."""

    answers: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    usd: float = 0.0
    unpriced: int = 0
    uploaded: int = 0
    """Bytes."""

    @property
    def tokens(self) -> int:
        return self.input_tokens + self.output_tokens

    def __add__(self, other: "Taken") -> "Taken":
        return Taken(**{name: getattr(self, name) + getattr(other, name) for name in Taken.model_fields})


class Reservation(Value):
    """What is set aside for one answer until it is there, so that nobody else spends it. It lapses at `until`, since whoever made it may
    have died. `tokens` and `usd` are the most that the answer can come to, what it took so far included."""

    id: str
    person: str
    key: str
    day: str
    """On which it counts, e.g. 2026-11-21."""
    answers: int = 1
    tokens: int = 0
    usd: float = 0.0
    at: datetime
    until: datetime


class Booking(NamedTuple):
    """What one answer, upload or piece of work used, by the model that used it."""

    day: str
    person: str
    key: str
    release: str
    via: str
    models: Mapping[str, Taken]


class Row(Value):
    """What was used by one of those that spending is told apart by: a person, a release, a day, …; `name` is empty for what is nobody's."""

    name: str
    taken: Taken


class UsageLine(Value):
    """What one person used on one day through one key, of one release and model."""

    day: str
    key: str
    release: str
    model: str
    via: str
    taken: Taken


class Budgets(Protocol):
    """The chapter of a transaction on what may be used and what was. A period is a day (2026-11-21) or a month (2026-11)."""

    def save_limits(self, pool: Pool, limits: Limits) -> None:
        """Insert, or replace those of this pool; limits that say nothing go. NotFound for a person, key or group that is not known. They go
        with whom they are of, and stay with a group that gets another name."""
        ...

    def limits_of(self, pools: Collection[Pool]) -> dict[Pool, Limits]:
        """Of these, those that have any."""
        ...

    def all_limits(self, *, after: Pool | None = None, limit: int = 100) -> dict[Pool, Limits]:
        """In the order of kinds and names, those behind `after`."""
        ...

    def taken(self, pool: Pool, period: str) -> Taken:
        """What was booked."""
        ...

    def reserved(self, pool: Pool, period: str, now: datetime, *, but: str = "") -> Taken:
        """What is set aside at this moment, except for the answer `but`. What was set aside in the future, by a clock that was put back
        since, does not count."""
        ...

    def reserve(self, reservation: Reservation) -> None:
        """Insert, or replace the one of its id."""
        ...

    def drop_reservation(self, id: str) -> None: ...

    def book(self, booking: Booking) -> None:
        """Add it to what was taken: of the person, the key and the workspace, on the day and in the month."""
        ...

    def spending(
        self, *, since: str, until: str, by: By, person: str | None = None, after: str = "", limit: int = 100
    ) -> list[Row]:
        """What was used from the day `since` to the day `until`, by name, those behind `after`; of one person only, if given."""
        ...

    def usage_of(self, person: str) -> list[UsageLine]:
        """All that is kept, oldest first."""
        ...

    def disown_usage(self, person: str, alias: str, day: str) -> None:
        """What this person used becomes nobody's; the sums stay. Their own of this day and its month, and what is set aside for them, are
        `alias`'s from then on."""
        ...

    def request(self, subject: str, minute: str, wanted: int, most: int) -> int:
        """Let `wanted` requests of somebody count for this minute, or as many as are left of `most`: how many that is."""
        ...

    def drop_counts(self, *, tallies: str, minute: str, now: datetime) -> None:
        """Forget sums of periods before `tallies`, and those of people who are not known once they are over; requests of other minutes
        than `minute`; and what was set aside for answers that never came."""
        ...
