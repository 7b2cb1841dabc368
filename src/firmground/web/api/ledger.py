"""The record of decisions."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field, JsonValue

from firmground.app.recording import ledger
from firmground.gate.ledger import Inspection, What
from firmground.ledger import LedgerEntry
from firmground.web.api.description import refused
from firmground.web.api.shapes import Body
from firmground.web.visit import TheVisit

_AUDITORS = refused({403: "You are neither an administrator nor an auditor."})

router = APIRouter()


class Entry(Body):
    number: int = Field(description="From 1, without a gap.")
    at: datetime
    kind: str = Field(description="`release.promoted`, `policy.adopted`, `person.added`, …")
    subject: str = Field(description="What it is about; documents and uploads by an id.")
    by: str = Field(description="Who answers for it.")
    user: str = Field(description="The system user, where it was done on the command line.")
    key: str = Field("", description="Name of the API key, where a program did it in somebody's name; else left out.")
    via: str
    detail: dict[str, JsonValue]
    before: str = Field(description="Digest of the entry before; 64 zeros for the first.")
    digest: str = Field(description="SHA-256 of the canonical JSON of all fields above.")


class Entries(Body):
    entries: list[Entry]


class Wrong(Body):
    number: int = Field(description="Of the entry, or of the first one that is missing; 0 for the end that is kept beside.")
    what: What
    said: str


class Verified(Body):
    whole: bool = Field(description="Every entry is as it was written, up to the last one that is known outside of the database.")
    entries: int
    digest: str = Field(description="Of the last entry: what to compare with an anchor.")
    faults: list[Wrong]
    more: int = Field(description="Faults that are not told one by one.")
    witnesses: list[str] = Field(description="Who confirmed an entry.")
    unwitnessed: int = Field(description="Entries after the last one that a witness knows.")
    remarks: list[str] = Field(
        description="What is no damage, and yet to be known: a clock that was put back, a head file that was gone."
    )


@router.get("/ledger", responses=_AUDITORS, response_model_exclude_unset=True)
async def get_ledger(
    visit: TheVisit,
    after: Annotated[int, Query(ge=0, le=2**31 - 1, description="Only entries after this number.")] = 0,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    kind: Annotated[list[str] | None, Query(max_length=20, description="Only of these kinds.")] = None,
) -> Entries:
    """Who did what, when and why, oldest first."""
    found = await visit.run(ledger.entries, visit.app, visit.actor, after=after, limit=limit, kinds=kind or None)
    return Entries(entries=[_entry(each) for each in found])


@router.get("/ledger/verify", responses=_AUDITORS)
async def verify_ledger(visit: TheVisit) -> Verified:
    """Whether the record is as it was written; damage is told in the answer, not by its status."""
    return _verified(await visit.run(ledger.verify, visit.app, visit.actor))


def _entry(entry: LedgerEntry) -> Entry:
    return Entry(**entry.model_dump(), digest=entry.digest)


def _verified(found: Inspection) -> Verified:
    return Verified(
        whole=found.whole,
        entries=found.entries,
        digest=found.digest_of_last,
        faults=[Wrong(**each.model_dump()) for each in found.faults],
        more=found.more,
        witnesses=[*found.witnesses],
        unwitnessed=found.unwitnessed,
        remarks=[*found.remarks],
    )
