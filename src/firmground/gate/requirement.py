"""What a release can be asked to prove. A requirement is a frozen value whose fields are its settings in policy.toml."""

from typing import Protocol

from firmground.gate.audit import Ruling
from firmground.gate.facts import Facts


class Requirement(Protocol):
    """Third parties add one by an entry point of the group `firmground.requirements`: name → class (a `Value`)."""

    @property
    def name(self) -> str:
        """As in policy.toml: small letters and `_`."""
        ...

    def rule(self, facts: Facts) -> Ruling:
        """Pure. One that raises is reported as not measured."""
        ...
