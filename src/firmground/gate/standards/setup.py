"""What the mapping to standards looks at."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from firmground.accounts import ApiKey
from firmground.evaluate.cases import Case
from firmground.gate.audit import Audit
from firmground.gate.facts import Facts
from firmground.gate.policy import Policy
from firmground.release.record import Live
from firmground.settings import Settings


@dataclass(frozen=True)
class Setup:
    """A workspace as it is configured, beside the facts of the release that answers."""

    settings: Settings
    facts: Facts
    owner: bool = False
    """Whether somebody owns it, so that people sign in."""
    keys: Sequence[ApiKey] = field(default_factory=list[ApiKey])
    policy: Policy | None = None
    """None where it cannot be read, or what it asks is not in force."""
    live: Live | None = None
    audit: Audit | None = None
    """The newest of the release that answers."""
    entries: int = 0
    """Of the record of decisions."""

    @property
    def own_cases(self) -> list[Case]:
        """Active golden cases that somebody here wrote or changed."""
        return [case for case in self.facts.cases if case.digest not in self.facts.shipped_cases]

    @property
    def models(self) -> frozenset[str]:
        """Language models that may write an answer."""
        return self.facts.release.spec.answering.generation.routing.models
