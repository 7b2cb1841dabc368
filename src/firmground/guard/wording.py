"""One way to word an order to a language model."""

import re
from dataclasses import dataclass
from functools import cached_property


@dataclass(frozen=True)
class Signal:
    kind: str
    score: float
    needs: tuple[str, ...]
    """One of these must occur in the text, in letters of any size; spares the costlier pattern."""
    wording: str

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """Compiled when a text first has one of its stems: few texts do, and all together would be most of what this module costs."""
        return re.compile(self.wording, re.IGNORECASE)


def signal(kind: str, score: float, needs: str, *patterns: str) -> Signal:
    """What any of the patterns finds, in letters of any size; `needs` are its stems, with `|` between them."""
    wording = "|".join(patterns)
    for endless, bounded in _BOUNDED:
        wording = wording.replace(endless, bounded)
    return Signal(f"instruction_{kind}", score, tuple(needs.split("|")), wording)


_BOUNDED = ((r"\s+", r"\s{1,9}"), (r"\s*", r"\s{0,9}"), (r"[\s,]+", r"[\s,]{1,9}"), (r"\w+", r"\w{1,40}"), (r"\w*", r"\w{0,40}"))
"""Hostile text must not make matching slow: every repetition has an end."""
GAP = r"[^.!?\n]{0,40}?"
"""A few words of the same sentence."""
