"""What a diagnosis may look at, and what it says. Everything that is not known is None or empty: a rule then says so and names what would
tell, and never guesses."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar, Literal, Protocol, TypeAlias

from pydantic import Field

from firmground.evaluate.cases import Case
from firmground.evaluate.report import Report, Result, Share
from firmground.gate.audit import Evidence
from firmground.gate.brief import Brief
from firmground.types import Value

About: TypeAlias = Literal["tool", "pattern", "prototype"]
Strength: TypeAlias = Literal["strong", "moderate", "weak", "not_known"]
Leaning: TypeAlias = Literal["keep", "change", "unknown"]
"""Whether what is there fits, something else is to be tried first, or nothing can be said."""
DataPath: TypeAlias = Literal["synced", "called", "copied"]
"""How the data of a prototype gets to it: by itself, by calls to where it lies, or copied by hand."""

EVALUATE = "firmground evaluate"


class Recommendation(Value):
    """What one rule advises, why, and what would change it."""

    rule: str
    about: About
    leaning: Leaning
    advice: str
    """One sentence."""
    strength: Strength
    said: str
    """Why, in figures."""
    evidence: tuple[Evidence, ...] = ()
    changes: str
    """What would change it, or, where nothing is known, what to measure."""


class Corpus(Value):
    """The indexed documents, counted."""

    documents: int = 0
    characters: int = 0
    structured: int = 0
    """Those that are tables: CSV and spreadsheets."""
    languages: dict[str, int] = Field(default_factory=dict[str, int])
    uncovered: int = 0
    """Those in a language that the embedding model was not trained for."""
    changed: int = 0
    """Those of which the content changed within the window, after they were first taken in."""
    window_days: int = 30
    watched_days: float = 0.0
    """Since the first document was taken in: what happened before nobody saw."""
    troubled: int = 0
    """Those with a finding that makes answers wrong: contradictions, outdated versions, duplicates."""
    findings: dict[str, int] = Field(default_factory=dict[str, int])
    waiting: int = 0
    """Documents that failed or wait in quarantine."""


class Asked(Value):
    """What people asked so far, of the answers that are kept."""

    answers: int = 0
    refused: int = 0
    """How many of them were none."""
    frequent: tuple[int, ...] = ()
    """How often each distinct question was asked, most frequent first; case, punctuation and spaces aside."""


class Prototype(Value):
    """An existing prototype, as its people describe it; None is not known."""

    name: str = "the prototype"
    has_tests: bool | None = None
    has_golden_cases: bool | None = None
    dependencies_pinned: bool | None = None
    framework_maintained: bool | None = None
    """Whether what it is built on still gets releases."""
    respects_permissions: bool | None = None
    """Whether nobody gets to see by it what they may not see."""
    data_path: DataPath | None = None
    users: int | None = Field(None, ge=0)
    claimed_quality: float | None = Field(None, ge=0, le=1)
    """The share of right answers that is told of it."""


class Compared(Value):
    """The prototype's answers to the golden cases, judged by the same verdicts as the release's."""

    passed: Share
    ours: Share
    """Of the release, on the same cases."""
    better: int
    """Cases that the release passes and the prototype does not."""
    worse: int
    p: float
    left_out: int = 0
    """Cases that it has no answer to, or that a text alone cannot show (asking back, drafts)."""
    without_sources: bool = False
    """It names none, so that sources were looked at in neither."""

    @property
    def of_prototype(self) -> Literal["better", "worse", "no difference shown"]:
        if self.p >= 0.05:
            return "no difference shown"
        return "worse" if self.better > self.worse else "better"


@dataclass(frozen=True)
class Known:
    """Of one workspace, at one moment."""

    now: datetime
    brief: Brief | None = None
    brief_problem: str = ""
    corpus: Corpus | None = None
    cases: Sequence[Case] = ()
    """The active ones."""
    shipped: frozenset[str] = frozenset()
    """Digests of those that came with the sample, unchanged."""
    report: Report | None = None
    """The newest evaluation."""
    current: bool = True
    """Whether it is of the documents and cases as they are now."""
    results: Sequence[tuple[Case, Sequence[Result]]] = ()
    """What its cases came to."""
    words_there: Mapping[str, bool] = field(default_factory=dict[str, bool])
    """Of cases whose sources were not all found, by digest: whether a source that is indexed holds the words that are expected."""
    models: frozenset[str] = frozenset()
    """Language models that may write answers; empty where answers are quotes."""
    asked: Asked | None = None
    prototype: Prototype | None = None
    compared: Compared | None = None

    def weight(self, cases: int, enough: int) -> Strength:
        """What figures on so many cases are worth: little where most of them came with the sample, since those say nothing of this work,
        and at most moderate where documents or cases changed since."""
        if 2 * sum(case.digest in self.shipped for case in self.cases) > len(self.cases) or 2 * cases < enough:
            return "weak"
        return "strong" if cases >= enough and self.current else "moderate"

    def of_report(self, label: str, value: str) -> Evidence:
        """A figure of the newest evaluation."""
        if self.report is None:
            raise ValueError("there is no evaluation")
        stale = "" if self.current else " (of documents or cases that changed since)"
        return Evidence(label=label, value=value + stale, href=f"/evaluations/{self.report.id}", command=EVALUATE)


class Rule(Protocol):
    """A frozen value whose fields are its thresholds; its docstring says where they come from."""

    name: ClassVar[str]
    about: ClassVar[About]

    def look(self, known: Known) -> Recommendation | None:
        """Pure. None where it does not concern this workspace."""
        ...


def share(part: float, whole: float) -> str:
    """`12 of 40 (30 %)`."""
    return f"{part:g} of {whole:g} ({100 * part / whole:.0f} %)" if whole else "none"
