"""What the shipped requirements have in common: whose matter they are, how old something may be, and which evaluation counts."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import ClassVar

from firmground.evaluate.cases import Case
from firmground.evaluate.report import Report, Result
from firmground.gate.audit import Evidence, Ruling, Verdict
from firmground.gate.brief import value_of
from firmground.gate.facts import Facts
from firmground.types import Value

CLOCKS_DIFFER = timedelta(minutes=5)
"""What lies further ahead than this was written by a clock that has been set back since."""
EVALUATE = "run `firmground evaluate --fresh` on this release, or `firmground audit --evaluate`"
_MOST_NAMED = 5


class Asked(Value):
    """A requirement that comes with the product: its fields are its settings, and each says which way it is stricter."""

    name: ClassVar[str]
    owned_by: ClassVar[str] = "workflow_owner"
    """The field of the brief that names who answers for it."""

    @property
    def asks(self) -> str:
        """In one sentence, with its thresholds."""
        raise NotImplementedError

    def rule(self, facts: Facts) -> Ruling:
        """What the facts say of it."""
        raise NotImplementedError

    def ruling(
        self,
        facts: Facts,
        verdict: Verdict,
        said: str,
        evidence: Iterable[Evidence] = (),
        *,
        remedy: str = "",
        needs: int | None = None,
    ) -> Ruling:
        return Ruling(
            requirement=self.name,
            asks=self.asks,
            verdict=verdict,
            said=said,
            evidence=tuple(evidence),
            remedy="" if verdict == "pass" else remedy,
            owner=" ".join(str(value_of(facts.brief, self.owned_by)).split()) if facts.brief else "",
            needs=needs if verdict == "not_proven" else None,
        )

    def not_evaluated(self, facts: Facts) -> Ruling:
        return self.ruling(facts, "not_measured", why_not_evaluated(facts), remedy=EVALUATE)


def evaluation(facts: Facts) -> Report | None:
    """The evaluation that counts: of this release, on this corpus and these cases, with what every one of them came to."""
    return None if why_not_evaluated(facts) else facts.report


def why_not_evaluated(facts: Facts) -> str:
    """One line where no evaluation counts; empty where one does."""
    report = facts.report
    if report is None:
        return "there is no evaluation of this release on this corpus and these cases"
    kinds = (
        ("release", report.release, facts.release.spec.digest),
        ("corpus", report.corpus, facts.corpus),
        ("set of golden cases", report.dataset, facts.dataset),
    )
    for what, evaluated, now in kinds:
        if evaluated != now:
            return f"the evaluation is of another {what}"
    if {case.digest for case in facts.cases} != {case.digest for case, found in facts.results if found}:
        return "what some golden cases came to is not known any more"
    return ""


def results(facts: Facts) -> list[tuple[Case, Sequence[Result]]]:
    """What every case came to, by the evaluation that counts."""
    return [(case, found) for case, found in facts.results if found]


def of_evaluation(facts: Facts, label: str, value: str) -> Evidence:
    """A figure, with the page that shows the evaluation and the command that repeats it."""
    shown = facts.report.id if facts.report else ""
    number = facts.release.number
    return Evidence(
        label=label,
        value=value,
        href=f"/evaluations/{shown}" if shown else "",
        command=f"firmground evaluate {number or 'candidate'}",
    )


def too_old(now: datetime, at: datetime, most: timedelta) -> str:
    """Why something of that moment does not count any more; empty where it does. What lies ahead does not count."""
    age = now - at
    if age < -CLOCKS_DIFFER:
        return f"it is of {moment(at)}, which is still to come: check the clock"
    return f"it is {spell(age)} old, and may be {spell(most)}" if age > most else ""


def moment(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def spell(time: timedelta) -> str:
    hours = time.total_seconds() / 3600
    return f"{hours:.3g} hours" if hours < 48 else f"{hours / 24:.3g} days"


def percent(share: float) -> str:
    """Three digits: 5.8 % reads as 5.82 %."""
    return f"{100 * share:.3g} %"


def counted(count: int, one: str, many: str = "") -> str:
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def some(names: Sequence[str]) -> str:
    """The first few, and how many more."""
    more = len(names) - _MOST_NAMED
    return ", ".join(names[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
