"""Whether there is something to judge a release by: golden cases that say enough, and an evaluation on them."""

from collections import Counter
from datetime import timedelta
from typing import Annotated, ClassVar

from pydantic import Field

from firmground.evaluate.cases import KINDS, Case
from firmground.evaluate.report import Report
from firmground.evaluate.verdict import words
from firmground.gate.audit import Evidence, Ruling
from firmground.gate.direction import HIGHER, LOWER
from firmground.gate.facts import Facts
from firmground.gate.requirements.asked import EVALUATE, Asked, counted, evaluation, moment, of_evaluation, some, spell, too_old

_CASES = {"href": "/cases", "command": "firmground cases check"}


class Evaluation(Asked):
    """That the release was evaluated lately, on these documents and cases, and that no case ended with an error."""

    name: ClassVar[str] = "evaluation"
    max_age_days: Annotated[float, LOWER] = Field(default=7.0, gt=0, description="How old the evaluation may be.")

    @property
    def asks(self) -> str:
        most = spell(timedelta(days=self.max_age_days))
        return f"An evaluation of this release on this corpus and these cases, without errors and no answer older than {most}."

    def rule(self, facts: Facts) -> Ruling:
        report = evaluation(facts)
        if report is None:
            return self.not_evaluated(facts)
        evidence = [
            of_evaluation(facts, "evaluated", moment(report.created_at)),
            of_evaluation(facts, "its oldest answer", moment(report.asked_from) if report.asked_from else "of nobody knows when"),
            of_evaluation(facts, "passed", f"{report.passed.events} of {counted(report.passed.cases, 'case')}"),
            of_evaluation(facts, "ended with an error", f"{report.errors:,}"),
        ]
        if report.errors:
            said = f"{counted(report.errors, 'case')} ended with an error"
            return self.ruling(facts, "fail", said, evidence, remedy="see the errors on its page and evaluate again")
        old = self._too_old(facts, report)
        if old:
            return self.ruling(facts, "not_measured", f"the evaluation does not count: {old}", evidence, remedy=EVALUATE)
        return self.ruling(facts, "pass", f"evaluated on {counted(report.passed.cases, 'case')} without errors", evidence)

    def _too_old(self, facts: Facts, report: Report) -> str:
        """An evaluation is as old as the oldest answer that it rests on."""
        if report.asked_from is None:
            return "nobody knows when its cases were asked"
        most = timedelta(days=self.max_age_days)
        return too_old(facts.now, report.created_at, most) or too_old(facts.now, report.asked_from, most)


class Cases(Asked):
    """That there are enough golden cases of every kind, and that each says what is right and what is wrong.

    What is right: what an answer must contain, or that none is to be given. What is wrong: words that must not be said; where no answer
    is to be given, any answer is.
    """

    name: ClassVar[str] = "cases"
    owned_by: ClassVar[str] = "decision_owner"
    least: Annotated[int, HIGHER] = Field(
        default=50, ge=1, description="Active cases with different questions, of all kinds together."
    )
    least_of_each_kind: Annotated[int, HIGHER] = Field(default=5, ge=0, description="Of each of the five kinds.")

    @property
    def asks(self) -> str:
        least = f"At least {self.least} active golden cases, {self.least_of_each_kind} of each kind"
        return f"{least}, and each says what is expected and what is unacceptable."

    def rule(self, facts: Facts) -> Ruling:
        if not facts.cases:
            return self.ruling(facts, "not_measured", "there are no active golden cases", remedy="write some under golden/")
        different = {words(case.question): case for case in facts.cases}.values()
        of_kind = Counter(case.kind for case in different)
        silent = [case.id for case in facts.cases if not _says_both(case)]
        shipped = sum(case.digest in facts.shipped_cases for case in facts.cases)
        evidence = [
            Evidence(label="different questions", value=f"{len(different):,}", **_CASES),
            *(Evidence(label=kind, value=f"{of_kind[kind]:,}", **_CASES) for kind in KINDS),
            Evidence(label="came with the sample", value=f"{shipped:,}", **_CASES),
            Evidence(label="do not say what is expected and unacceptable", value=some(silent) or "none", **_CASES),
        ]
        few = [f"{of_kind[kind]} {kind}" for kind in KINDS if of_kind[kind] < self.least_of_each_kind]
        gaps = [
            f"{counted(len(different), 'case')}" if len(different) < self.least else "",
            f"only {', '.join(few)}" if few else "",
            f"{len(silent):,} without what is expected or unacceptable" if silent else "",
        ]
        said = "; ".join(filter(None, gaps))
        if said:
            remedy = "write cases of the kinds that lack them, and give every answer case `contains` and `unacceptable`"
            return self.ruling(facts, "fail", said, evidence, remedy=remedy)
        return self.ruling(facts, "pass", f"{counted(len(different), 'case')} of all five kinds", evidence)


class UnreadableCases(Asked):
    """That no case in the files is passed over because it cannot be read."""

    name: ClassVar[str] = "unreadable_cases"
    owned_by: ClassVar[str] = "decision_owner"
    at_most: Annotated[int, LOWER] = Field(default=0, ge=0, description="Cases that may be unreadable.")

    @property
    def asks(self) -> str:
        return "Every golden case can be read." if not self.at_most else f"At most {self.at_most} golden cases cannot be read."

    def rule(self, facts: Facts) -> Ruling:
        count = facts.unreadable_cases
        evidence = [Evidence(label="cannot be read", value=f"{count:,}", **_CASES)]
        if not facts.cases and not count:
            return self.ruling(facts, "not_measured", "there are no golden cases", evidence, remedy="write some under golden/")
        verdict, said = ("pass", "all that counts is read") if count <= self.at_most else ("fail", "some are passed over")
        said = f"{counted(count, 'golden case')} cannot be read: {said}" if count else "every golden case is read"
        return self.ruling(facts, verdict, said, evidence, remedy="run `firmground cases check` and mend what it names")


def _says_both(case: Case) -> bool:
    return bool(case.expect.contains and case.unacceptable) if case.expect.behaviour == "answer" else True
