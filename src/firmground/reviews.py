"""People look at answers: what waits for them, what they did with it, and the chapter of a transaction that keeps both."""

from collections.abc import Collection
from datetime import datetime
from typing import Literal, NamedTuple, Protocol, TypeAlias

from firmground.rights import Role
from firmground.types import Cause, Draft, Value

Priority: TypeAlias = Literal["urgent", "high", "normal", "low"]
ItemState: TypeAlias = Literal["waiting", "done"]
Outcome: TypeAlias = Literal["approved", "edited", "rejected", "withdrawn"]
Act: TypeAlias = Literal[
    "open", "claim", "give_back", "approve", "edit", "reject", "flag", "escalate", "pause", "resume", "withdraw", "reopen"
]
ActReason: TypeAlias = Literal[
    "right",
    "wrong",
    "incomplete",
    "not_supported",
    "outdated",
    "wrong_source",
    "wording",
    "personal_data",
    "unsafe",
    "not_for_us",
    "unsure",
    "other",
]


class ReviewItem(Value):
    """An answer that people look at. Everybody who decides about it is another person than the asker, and than each other."""

    id: str
    answer: str
    asker: str
    release: str
    causes: tuple[Cause, ...]
    priority: Priority = "normal"
    role: Role = "reviewer"
    """Who may take it: this role, and those that may do more."""
    needed: int = 1
    """How many people must decide alike."""
    blind: bool = False
    """Whether nobody sees what others said of it before they said something themselves."""
    held: bool = False
    """Whether the asker waits for it: they have seen no answer yet."""
    state: ItemState = "waiting"
    outcome: Outcome | None = None
    decisive: int | None = None
    """Number of the act that decided last; it stands until another does."""
    holder: str = ""
    """Who has it in hand, until `lease_until`."""
    lease_until: datetime | None = None
    by_files: bool = False
    """Whether who holds it came by the files of the workspace."""
    decided_by: tuple[str, ...] = ()
    """Who said approve, edit or reject so far."""
    created_at: datetime
    due_at: datetime
    """Fixed when it was made, or opened again; moved only by pauses."""
    paused_at: datetime | None = None
    told: Literal["", "soon", "late"] = ""
    """What a clock told of its deadline."""
    revision: int = 0
    """Grows with every act: an act on an older one is refused where somebody else acted since."""


class ReviewAct(Value):
    """One thing that somebody did with an item; never changed afterwards, but for words that are erased."""

    item: str
    number: int
    """From 1, without a gap: the revision that it led to."""
    person: str
    """Empty where a clock did it."""
    act: Act
    at: datetime
    reason: ActReason | None = None
    note: str = ""
    marks: dict[int, Literal["right", "wrong"]] = {}  # noqa: RUF012 - a value of pydantic
    """What they think of single sentences of the draft, by position from 0."""
    wrote: Draft | None = None
    """What they wrote instead of the draft."""
    to: Role | None = None
    """Of `escalate`."""


class ItemCounts(NamedTuple):
    """Of what one person may see."""

    waiting: int
    mine: int
    overdue: int


class Reviews(Protocol):
    """The chapter of a transaction on what people look at. All of it goes with the answer."""

    def save_item(self, item: ReviewItem) -> None:
        """Insert, or replace the one of this id."""
        ...

    def item(self, id: str) -> ReviewItem | None: ...
    def find_item(
        self, reference: str, *, roles: Collection[Role] | None = None, scopes: Collection[int] | None = None
    ) -> ReviewItem:
        """By id or unambiguous prefix, among those that `items` finds for these roles and scopes. NotFound; InvalidInput if ambiguous."""
        ...

    def take_item(self, id: str, person: str, *, now: datetime, until: datetime) -> bool:
        """Whether the item, which waits and nobody else holds at `now`, is this person's from here on. One statement: of two processes at
        once, one gets it."""
        ...

    def items_of(self, answers: Collection[str]) -> list[ReviewItem]:
        """Oldest first."""
        ...

    def items(
        self,
        *,
        roles: Collection[Role] | None = None,
        scopes: Collection[int] | None = None,
        state: ItemState | None = "waiting",
        holder: str | None = None,
        free_at: datetime | None = None,
        but_asker: str = "",
        but_decided_by: str = "",
        rests_on: Collection[str] | None = None,
        after: str = "",
        limit: int,
    ) -> list[ReviewItem]:
        """Those that wait by priority and deadline, those done newest first. `scopes`: only those of answers that rest on nothing else;
        `free_at`: only those that nobody holds then and that are not paused; `rests_on`: only those of answers that rest on one of these
        documents; `after`: the id where the page before ended. NotFound where that is gone."""
        ...

    def count_items(
        self,
        *,
        now: datetime,
        person: str,
        roles: Collection[Role] | None = None,
        scopes: Collection[int] | None = None,
        but_asker: str = "",
    ) -> ItemCounts:
        """Of those that wait, without what the person decided about already."""
        ...

    def in_hand(self) -> list[ReviewItem]:
        """What anybody holds, also where the lease lapsed."""
        ...

    def items_seen(self, ids: Collection[str], scopes: Collection[int]) -> set[str]:
        """Those of these items whose answers rest on nothing but documents of these scopes."""
        ...

    def due_before(self, moment: datetime, *, told: str, limit: int) -> list[ReviewItem]:
        """Those that wait and are not paused, of which just this was told."""
        ...

    def unheard(self, *, limit: int) -> list[str]:
        """Answers that somebody wants a person to look at, and nothing waits of."""
        ...

    def add_act(self, act: ReviewAct) -> None: ...
    def acts(self, items: Collection[str]) -> dict[str, list[ReviewAct]]:
        """By item, in order."""
        ...

    def acts_by(self, person: str) -> list[ReviewAct]:
        """Oldest first."""
        ...

    def drop_wishes(self, person: str) -> None:
        """The notes become empty with which they wanted a person to look at an answer."""
        ...

    def rename_reviewer(self, name: str, alias: str) -> int:
        """In acts and in what they hold; the number of acts. Their notes, and what they wrote, stay with the answers."""
        ...

    def drop_written(self, answers: Collection[str]) -> None:
        """What people wrote instead of these answers, and their notes, become empty: they may quote what the answers rest on."""
        ...
