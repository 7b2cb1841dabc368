"""The record of decisions: its entries, and the chapter of a transaction that is about them."""

from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Any, NamedTuple, Protocol

from pydantic import SerializerFunctionWrapHandler, model_serializer

from firmground.types import Json, Value

HEAD_RENEWED = "ledger.head_renewed"
"""Kind of the entry that tells of a head which was gone."""
KINDS = (
    "account.added",
    "account.linked",
    "account.password_set",
    "account.unlinked",
    "answers.deleted",
    "audit.made",
    "backup.made",
    "backup.restored",
    "brief.changed",
    "budget.changed",
    "calibration.made",
    "case.changed",
    "case.confirmed",
    "configuration.loaded",
    "contact.changed",
    "notifications.dropped",
    "dataset.exported",
    "document.purged",
    "document.released",
    "drill.done",
    "group.added",
    "group.joined",
    "group.left",
    "group.renamed",
    "group.removed",
    "key.added",
    "key.removed",
    "ledger.anchored",
    "ledger.head_renewed",
    "link.made",
    "person.added",
    "person.changed",
    "person.erased",
    "person.held",
    "person.removed",
    "person.unheld",
    "pin.retired",
    "pin.set",
    "policy.adopted",
    "release.approval_withdrawn",
    "release.approved",
    "release.created",
    "release.override_lapsed",
    "release.promoted",
    "release.rolled_back",
    "release.taken_down",
    "retention.swept",
    "review.decided",
    "review.escalated",
    "session.ended",
    "session.replayed",
    "source.uploaded",
)
"""All kinds of entries."""


class LedgerEntry(Value):
    """One line of the record of decisions. Its digest covers all of it, the digest of the line before included, so no line can be changed,
    taken out or moved without every later digest telling."""

    number: int
    """From 1, without a gap."""
    at: datetime
    kind: str
    """`release.promoted`, `policy.adopted`, `person.added`, …"""
    subject: str
    """What it is about: a release, a person, a key, …"""
    by: str
    """Who answers for it."""
    user: str = ""
    """The system user, where it was done on the command line."""
    key: str = ""
    """Name of the API key, where a program did it in somebody's name; not written where it was none, as in entries of earlier versions."""
    via: str
    detail: dict[str, Json] = {}  # noqa: RUF012 - a value of pydantic
    """No words of documents, questions or answers: entries are never erased."""
    before: str
    """Digest of the entry before; 64 zeros for the first."""

    @model_serializer(mode="wrap")
    def _written(self, written: SerializerFunctionWrapHandler) -> dict[str, Any]:
        told: dict[str, Any] = written(self)
        if not self.key:
            told.pop("key", None)
        return told


class Head(NamedTuple):
    """The end of the ledger at one moment: kept where whoever edits the database does not edit it too, it tells what is missing."""

    number: int
    """Of the last entry; 0 where there is none."""
    digest: str
    at: datetime
    """When the entry was made."""


class KeptEntry(NamedTuple):
    """An entry of the ledger as the database holds it, whatever has become of it there."""

    number: object
    kind: object
    entry: object
    """Its JSON."""
    digest: object


class Record(Protocol):
    """The chapter of a transaction on the record of decisions, which is only ever added to."""

    added: list[LedgerEntry]
    """Those of this transaction, so far."""

    def append_entry(self, entry: LedgerEntry) -> None:
        """Add the next one. Damaged where it does not continue the last one."""
        ...

    def entries(
        self,
        *,
        after: int = 0,
        before: int | None = None,
        limit: int | None = None,
        kinds: Collection[str] | None = None,
        newest_first: bool = False,
    ) -> list[LedgerEntry]:
        """By number, those after a number and before another; of some kinds only, if given. Damaged where one cannot be read."""
        ...

    def last_entry(self) -> LedgerEntry | None: ...
    def end_of_ledger(self) -> tuple[int, str] | None:
        """Number and digest of the last one as they are stored, also where it cannot be read."""
        ...

    def kept_entries(self) -> Iterator[KeptEntry]:
        """All as they are stored, by number, one after the other: whoever reads them checks them."""
        ...

    def missing_fences(self) -> list[str]:
        """By name, what the database was given to keep entries from being changed and has no more."""
        ...
