"""Whether the record is whole: every entry as it was written and in its place, up to the last one that is known outside of the database.

The chain of digests shows what was changed, taken out or moved. It cannot show that the end is missing, nor that the rest was written anew
from some entry on: for that there are heads, kept where whoever edits the database does not edit them too.
"""

import json
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, Literal, NamedTuple, TypeAlias, cast

from firmground.errors import InvalidInput
from firmground.ledger import HEAD_RENEWED, KeptEntry
from firmground.types import Value, digest

What: TypeAlias = Literal["changed", "missing", "reordered", "truncated", "duplicated", "unreadable", "contradicted", "unguarded"]
_ANCHOR = "firmground_ledger"
START = "0" * 64
"""What stands for the entry before the first."""
MOST = 100
"""Faults that are told one by one, and remarks that are made."""
_CLOCKS_DIFFER = timedelta(minutes=5)


class Witness(NamedTuple):
    """That there was an entry of this number and digest. `name`: who knows it, for a sentence."""

    number: int
    digest: str
    name: str


class Anchor(Value):
    """The end of the ledger, as it is kept outside of the workspace."""

    workspace: str
    """What the workspace is known by, so that no other's anchor is taken for its own."""
    number: int
    entry: str
    """Digest of the last entry."""
    at: datetime

    @property
    def line(self) -> str:
        """As it stands in files and mails."""
        return json.dumps({_ANCHOR: self.workspace, "number": self.number, "entry": self.entry, "at": self.at.isoformat()})


def anchors_in(text: str, where: str) -> list[tuple[int, Anchor]]:
    """With the number of their line; other lines, as mails have them, are passed over. InvalidInput where there is none, or where one
    cannot be read."""
    found: list[tuple[int, Anchor]] = []
    for number, line in enumerate(text.splitlines(), 1):
        if line.lstrip().startswith(f'{{"{_ANCHOR}'):
            try:
                told = json.loads(line)
                found.append((number, Anchor.model_validate({"workspace": told.pop(_ANCHOR), **told})))
            except (ValueError, KeyError):
                raise InvalidInput(f"line {number} of {where} is a damaged anchor", "take another copy of it") from None
    if not found:
        raise InvalidInput(f"there is no anchor in {where}", "name a file that `firmground ledger anchor` wrote, or its mail")
    return found


class Fault(Value):
    """Something that is not as it was written. `number`: of the entry, or of the first one that is missing."""

    number: int
    what: What
    said: str
    """One line."""


class Inspection(Value):
    """What became of the record."""

    entries: int
    digest_of_last: str
    """What to compare elsewhere: 64 zeros where there is no entry."""
    faults: tuple[Fault, ...]
    more: int = 0
    """Faults that are not told one by one."""
    witnesses: tuple[str, ...] = ()
    """Who confirmed an entry, by name."""
    unwitnessed: int = 0
    """Entries after the last one that a witness knows."""
    remarks: tuple[str, ...] = ()
    """What is no damage, and yet to be known, one line each."""
    latest: datetime | None = None
    """The latest moment that an entry was written at."""

    @property
    def whole(self) -> bool:
        """Nothing is wrong, and nothing is missing that somebody knows of."""
        return not self.faults


def inspect(kept: Iterable[KeptEntry], witnesses: Sequence[Witness] = ()) -> Inspection:
    """Read all entries as they are stored, in the order of their numbers, against their chain and against the witnesses."""
    walk = _Walk(witnesses)
    for each in kept:
        walk.read(each)
    return walk.ended()


class _Walk:
    """One way through all entries."""

    def __init__(self, witnesses: Sequence[Witness]) -> None:
        self.witnesses = witnesses
        self.known: dict[int, list[Witness]] = {}
        for each in witnesses:
            self.known.setdefault(each.number, []).append(each)
        self.confirmed: dict[str, int] = {each.name: 0 for each in self.known.pop(0, []) if each.digest == START}
        self.faults: list[Fault] = []
        self.more = 0
        self.count = 0
        self.last = 0
        self.ends: tuple[str, ...] = (START,)
        """What the next entry may name as the one before: two digests, where it was told already that they differ."""
        self.where: dict[str, int] = {}
        self.remarks: list[str] = []
        self.latest: datetime | None = None
        self.before: datetime | None = None
        """When the entry before was written."""

    def read(self, kept: KeptEntry) -> None:
        self.count += 1
        if not isinstance(kept.number, int):
            self._fault(self.last + 1, "unreadable", f"the number of an entry after {self.last} cannot be read")
            return
        in_place = self._placed(kept.number)
        found = _entry(kept)
        own = "" if found is None else digest(found)
        stored = str(kept.digest)
        if found is None:
            self._fault(kept.number, "unreadable", f"entry {kept.number} cannot be read")
        elif in_place:
            self._chained(kept, found, own)
        self._witnessed(kept.number, own)
        self.ends = (stored,) if stored == own else (stored, own)
        if found is not None:
            self.where.setdefault(own, kept.number)
            self._noted(kept.number, found)
        self.last = kept.number

    def ended(self) -> Inspection:
        for number, those in sorted(self.known.items()):
            if number > self.last:
                for each in those:
                    said = f"the ledger ends with entry {self.last}, but {each.name} knows entry {number}"
                    self._fault(number, "truncated", said)
        last = self.ends[-1] or self.ends[0]
        return Inspection(
            entries=self.count,
            digest_of_last=last,
            faults=tuple(self.faults),
            more=self.more,
            witnesses=tuple(self.confirmed),
            unwitnessed=max(self.last - max(self.confirmed.values(), default=0), 0),
            remarks=tuple(self.remarks),
            latest=self.latest,
        )

    def _placed(self, number: int) -> bool:
        """Whether it follows the one before."""
        due = self.last + 1
        if number == due:
            return True
        if number > due:
            gone = f"entry {due} is" if number == due + 1 else f"entries {due} to {number - 1} are"
            self._fault(due, "missing", f"{gone} missing")
        else:
            self._fault(number, "duplicated", f"there is another entry {number}")
        return False

    def _chained(self, kept: KeptEntry, found: dict[str, Any], own: str) -> None:
        number = cast("int", kept.number)
        if own in self.where:
            self._fault(number, "duplicated", f"entry {number} is entry {self.where[own]} once more")
        elif own != kept.digest or kept.kind != found.get("kind"):
            self._fault(number, "changed", f"entry {number} is not what its digest was made of")
        elif found.get("number") != number:
            self._fault(number, "reordered", f"entry {found.get('number')} stands in the place of entry {number}")
        elif found.get("before") not in self.ends:
            before = f"entry {number - 1}" if number > 1 else "the beginning"
            self._fault(max(number - 1, 1), "changed", f"entry {number} does not continue {before}: one of them was changed")

    def _witnessed(self, number: int, own: str) -> None:
        for each in self.known.get(number, ()):
            if each.digest == own:
                self.confirmed[each.name] = max(number, self.confirmed.get(each.name, 0))
            else:
                self._fault(number, "changed", f"entry {number}, or one before it, is not the one that {each.name} knows")

    def _noted(self, number: int, found: dict[str, Any]) -> None:
        """What honest entries tell of, without which nobody would look."""
        if found.get("kind") == HEAD_RENEWED:
            self._remark(
                f"entry {number}: the head file was gone from the data directory and was begun anew: of what was before entry {number},"
                " only anchors know whether all of it is there"
            )
        at = _moment(found.get("at"))
        if at is None:
            return
        if self.before is not None and self.before - at > _CLOCKS_DIFFER:
            self._remark(
                f"entry {number} was written at {at:%Y-%m-%d %H:%M} UTC, before entry {number - 1}: the clock was put back"
            )
        self.before = at
        self.latest = max(filter(None, (self.latest, at, moment_before(found.get("kind"), found.get("detail")))))

    def _remark(self, said: str) -> None:
        if len(self.remarks) < MOST:
            self.remarks.append(said)

    def _fault(self, number: int, what: What, said: str) -> None:
        if len(self.faults) < MOST:
            self.faults.append(Fault(number=number, what=what, said=said))
        else:
            self.more += 1


def _entry(kept: KeptEntry) -> dict[str, Any] | None:
    """None where it is no entry, or is not written as entries are: then some byte of it is another."""
    if not isinstance(kept.entry, str) or not isinstance(kept.digest, str):
        return None
    try:
        found = json.loads(kept.entry)
        written = json.dumps(found, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    except (ValueError, RecursionError):
        return None
    return cast("dict[str, Any]", found) if isinstance(found, dict) and written == kept.entry else None


def moment_before(kind: object, detail: object) -> datetime | None:
    """The latest moment of a record that was replaced by a backup: what ended by then does not go on."""
    told = cast("dict[str, Any]", detail) if kind == "backup.restored" and isinstance(detail, dict) else {}
    decisions = told.get("decisions")
    return _moment(cast("dict[str, Any]", decisions).get("latest")) if isinstance(decisions, dict) else None


def _moment(told: object) -> datetime | None:
    """None where it is none that can be compared."""
    try:
        at = datetime.fromisoformat(str(told))
    except ValueError:
        return None
    return at if at.tzinfo else None
