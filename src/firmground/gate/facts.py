"""What an audit may look at. Everything that is not known is None or empty: a requirement then says `not_measured`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from firmground.evaluate.cases import Case
from firmground.evaluate.report import Report, Result
from firmground.gate.brief import Brief
from firmground.release.record import Release
from firmground.types import Value


class Count(Value):
    """How often something happened, of how many times that it could have."""

    events: int
    of: int


IN_THE_CLEAR = "in the clear in "
"""Begins the name of a figure of `personal_data`: documents of a source whose settings allow personal data, and those that hold some."""


class Exercise(Value):
    """Something that was tried out: planted personal data, a model that is gone, a restore. It says what happened, in figures."""

    name: str
    """`personal_data`, `fallback`, `log`, `feedback`, `access`, `red_team`, `restore`, …"""
    at: datetime
    passed: bool
    tried: int
    failed: int = 0
    said: str
    """One line."""
    findings: tuple[str, ...] = ()
    """What failed, one line each."""
    counts: Mapping[str, Count] = {}
    """Figures besides, by name, where some failures are worse than others."""
    notable: tuple[str, ...] = ()
    """What happened that the counts tell of and is no failure by itself, one line each."""
    untried: tuple[str, ...] = ()
    """Models of the release that it was not tried with."""


class Traffic(Value):
    """Real answers of the release to people, as far back as the policy looks."""

    answers: int
    days: float
    first_sentence_ms: tuple[float, ...] = ()
    """Of each answer that has one."""
    costs_usd: tuple[float | None, ...] = ()


class Judged(Value):
    """Answers of the release to people that persons judged: never labels that were shipped with the sample. Only those that chance chose
    are counted as answers; the same question of the same people is one."""

    answers: int = 0
    wrong: int = 0
    people: int = 0
    open: int = 0
    """Chosen by chance as well, and not judged although they should have been."""
    others: int = 0
    """Judged because somebody wanted it or a rule said so: no share of anything."""
    others_wrong: int = 0


class Dropped(Value):
    """A golden case that the release was asked on this corpus, and that does not stand like that any more: it was retired, edited or
    removed since."""

    id: str
    wrong: bool
    """Whether what it came to was wrong."""
    confirmed: bool = False
    """A person confirmed the case as it stands now."""


class SourceState(Value):
    """How one source is governed."""

    name: str
    owner: str = ""
    synced_at: datetime | None = None
    fresh_within_hours: float | None = None
    """How old its last sync may be, as firmground.toml says."""
    documents: int = 0
    failed: int = 0
    stale: int = 0
    tests: Mapping[str, bool] = {}
    """Of governed data: by name, whether it passed."""


@dataclass(frozen=True)
class Facts:
    """Of one release, on the corpus and the cases as they are now."""

    now: datetime
    release: Release
    live: Release | None = None
    """What is live, or was last live without an override: nothing is measured by what the gate refused."""
    corpus: str = ""
    dataset: str = ""
    cases: Sequence[Case] = ()
    """The active ones."""
    shipped_cases: frozenset[str] = frozenset()
    """Digests of those whose question came with the sample, unless a person confirmed them: nobody here has labelled them."""
    unreadable_cases: int = 0
    report: Report | None = None
    """The newest evaluation of this release on this corpus and these cases."""
    results: Sequence[tuple[Case, Sequence[Result]]] = ()
    """What its cases came to: everything that is kept of each on this corpus, however often it was asked."""
    dropped: Sequence[Dropped] = ()
    contents: Mapping[str, str] = field(default_factory=dict[str, str])
    """Digest of the content of an indexed document, by each name that a case can give it: copies are one document."""
    restricted: frozenset[str] = frozenset()
    """Digests of the cases whose asker may not see everything that is indexed."""
    against_live: Report | None = None
    """The newest such evaluation that was compared with what is live."""
    traffic: Traffic | None = None
    judged: Judged | None = None
    brief: Brief | None = None
    brief_problem: str = ""
    """Why there is no brief to look at: one line."""
    sources: Sequence[SourceState] = ()
    exercises: Mapping[str, Exercise] = field(default_factory=dict[str, Exercise])
    """By name."""
    calibration_stale: float | None = None
    """Share of the corpus that changed since the release's confidence was calibrated; None where it is not calibrated."""
