"""A diagnosis: what is to be built at all, by which pattern, and what becomes of what is there. Pure: its namesake in `app` gathers."""

import re
from collections.abc import Callable, Sequence
from datetime import datetime

from firmground.evaluate.report import Report
from firmground.gate.advice.pattern import (
    Affordable,
    AnotherEmbedder,
    DocumentsFirst,
    FactsStayOutside,
    WhichPattern,
    WordingByPrompt,
)
from firmground.gate.advice.prototype import WhichWay
from firmground.gate.advice.tool import AQueryMayDo, FewQuestions, NotWithoutPeople, QuotesMayDo, SearchMayDo, ShortEnoughToRead
from firmground.gate.known import About, Known, Recommendation, Rule
from firmground.types import Value

RULES: tuple[Rule, ...] = (
    SearchMayDo(),
    QuotesMayDo(),
    FewQuestions(),
    AQueryMayDo(),
    ShortEnoughToRead(),
    NotWithoutPeople(),
    WhichPattern(),
    DocumentsFirst(),
    AnotherEmbedder(),
    FactsStayOutside(),
    WordingByPrompt(),
    Affordable(),
    WhichWay(),
)
_CONCLUDED: dict[About, str] = {
    "tool": "Answers from documents are the right tool, as far as this shows.",
    "pattern": "Retrieval as it is fits, as far as this shows.",
    "prototype": "The prototype can stay, as far as this shows.",
}


class Diagnosis(Value):
    """What the rules say of one workspace at one moment."""

    created_at: datetime
    release: str = ""
    """Digest of the recipe that the newest evaluation asked; empty without one."""
    corpus: str = ""
    dataset: str = ""
    recommendations: tuple[Recommendation, ...]
    contradictions: tuple[str, ...] = ()
    """Where the evidence contradicts itself: one line each. A person has to look."""

    def about(self, subject: About) -> list[Recommendation]:
        """Those about a subject: what is to be changed first, the strongest first, and what is not known last."""
        found = [each for each in self.recommendations if each.about == subject]
        return sorted(found, key=lambda each: (_LEANINGS.index(each.leaning), _STRENGTHS.index(each.strength)))

    def conclusion(self, subject: About) -> str:
        """The first thing to be said of a subject; empty where nothing was asked of it."""
        found = self.about(subject)
        if not found or found[0].leaning == "change":
            weak = "On weak evidence: " if found and found[0].strength == "weak" else ""
            return weak + found[0].advice if found else ""
        decisive = [each for each in found if each.rule in _DECISIVE and each.leaning == "unknown"]
        return f"Not known yet: {decisive[0].said}" if decisive else _CONCLUDED[subject]


_LEANINGS = ("change", "keep", "unknown")
_STRENGTHS = ("strong", "moderate", "weak", "not_known")
_DECISIVE = frozenset({SearchMayDo.name, WhichPattern.name, WhichWay.name})
"""Without these nothing can be concluded of their subject."""


def diagnose(known: Known, rules: Sequence[Rule] = RULES) -> Diagnosis:
    report = known.report
    said = [found for rule in rules if (found := rule.look(known)) is not None]
    return Diagnosis(
        created_at=known.now,
        release=report.release if report else "",
        corpus=report.corpus if report else "",
        dataset=report.dataset if report else "",
        recommendations=tuple(said),
        contradictions=tuple(line for look in _CONTRADICTIONS if (line := look(known))),
    )


def _unlike_traffic(known: Known, apart: float = 0.3, least: int = 50) -> str:
    """Cases that are answered, and people who are not."""
    if known.report is None or known.asked is None or known.asked.answers < least or known.report.wrongly_refused.value is None:
        return ""
    refused, expected = known.asked.refused / known.asked.answers, known.report.wrongly_refused.value
    if abs(refused - expected) < apart:
        return ""
    return (
        f"Of the golden cases that expect an answer {100 * expected:.0f} % get none, of what people ask {100 * refused:.0f} %:"
        " the cases are not like what is asked. Make cases of real questions before the figures are believed."
    )


def _wrong_and_right(known: Known) -> str:
    """A search that passes no fewer cases, and answers more of them wrongly."""
    report = known.report
    for each in report.rivals if report else ():
        if report and each.verdict != "better" and each.answered_wrongly.events > 2 * report.answered_wrongly.events + 2:
            return (
                f"{each.name} passes no fewer cases by what is shown, and answers {each.answered_wrongly.events} wrongly against"
                f" {report.answered_wrongly.events}: where an error is grave that counts more than the cases passed."
            )
    return ""


def _review_unsaid(known: Known) -> str:
    """A brief that promises a review, and a release that holds nothing back."""
    if known.brief is None or known.report is None or not re.search(r"\b(?:hold|held)\b", known.brief.review_point.casefold()):
        return ""
    escalated = known.report.behaviours.get("escalate")
    return "" if escalated else "The brief says that answers are held for review, and no golden case expects that any is held."


def _claimed(known: Known) -> str:
    """A quality that is told of a prototype, and what the cases show."""
    if known.prototype is None or known.compared is None or known.prototype.claimed_quality is None:
        return ""
    shown, told = known.compared.passed, known.prototype.claimed_quality
    if shown.low <= told <= shown.high or shown.value is None:
        return ""
    return (
        f"{100 * told:.0f} % right answers are told of {known.prototype.name}; the golden cases show {100 * shown.value:.0f} %"
        f" ({100 * shown.low:.0f}–{100 * shown.high:.0f} %): one of the two does not measure what people need."
    )


_CONTRADICTIONS: tuple[Callable[[Known], str], ...] = (_unlike_traffic, _wrong_and_right, _review_unsaid, _claimed)


def is_current(report: Report, corpus: str, dataset: str) -> bool:
    """Whether an evaluation is of these documents and cases."""
    return (report.corpus, report.dataset) == (corpus, dataset)
