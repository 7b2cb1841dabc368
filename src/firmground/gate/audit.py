"""What an audit says: of every requirement a ruling, with its evidence and what to do about it."""

from datetime import datetime
from typing import Literal, TypeAlias

from firmground.types import Value

Verdict: TypeAlias = Literal["pass", "fail", "not_proven", "not_measured"]
"""`not_proven`: measured, and not enough of it to be sure; `not_measured`: nothing is known. Both refuse, like `fail`."""


class Evidence(Value):
    """One thing that was measured or found."""

    label: str
    value: str
    href: str = ""
    """Page of this server that shows it."""
    command: str = ""
    """What reproduces it."""


class Ruling(Value):
    """What an audit found of one requirement."""

    requirement: str
    """Its name in policy.toml."""
    asks: str
    """What it asks, in one sentence with its threshold."""
    verdict: Verdict
    said: str
    """One line: why."""
    evidence: tuple[Evidence, ...] = ()
    remedy: str = ""
    """What to do, empty where it passes."""
    owner: str = ""
    """Who answers for it, where the brief says so."""
    needs: int | None = None
    """More clean cases that would prove it, where it is not proven for lack of them."""


class Audit(Value):
    """Everything that speaks for and against making one release live, as of one moment."""

    id: str
    release: str
    """Digest of the recipe."""
    number: int
    """Of the release; 0 for the candidate, which cannot be promoted before it is released."""
    corpus: str
    """Version of the corpus."""
    dataset: str
    """Digest of the active golden cases."""
    policy: str
    """Digest of the policy."""
    brief: str
    """Digest of the brief; empty without one."""
    created_at: datetime
    by: str
    rulings: tuple[Ruling, ...]
    places: str = ""
    """Digest of where models are asked and how documents are guarded, which no recipe says; empty where an audit does not know it."""
    loosened: tuple[str, ...] = ()
    """How the policy is looser than what was in force before, one line each with who answers for it, until the next decision on it."""

    @property
    def passed(self) -> bool:
        """Nothing that was asked for failed or is missing; an audit that asked for nothing has not passed."""
        return bool(self.rulings) and all(each.verdict == "pass" for each in self.rulings)

    @property
    def open(self) -> tuple[Ruling, ...]:
        """What stands against it."""
        return tuple(each for each in self.rulings if each.verdict != "pass")
