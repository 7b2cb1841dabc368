"""Whether a release is worth having: better than no AI, no worse than what is live, sure of itself, and silent where it must be."""

from typing import Annotated, ClassVar

from pydantic import Field

from firmground.evaluate.report import AGAINST, BASELINE
from firmground.evaluate.verdict import words
from firmground.gate.audit import Evidence, Ruling
from firmground.gate.direction import LOWER
from firmground.gate.facts import Facts
from firmground.gate.requirements.asked import Asked, counted, evaluation, of_evaluation, percent, results, some

_FEWEST_RESTRICTED = 5
"""Different questions of somebody who may not see everything, from which on it means something that none disclosed anything."""


class BeatsBaseline(Asked):
    """That the release passes more cases than a search without AI, and not by chance."""

    name: ClassVar[str] = "baseline"
    owned_by: ClassVar[str] = "decision_owner"

    @property
    def asks(self) -> str:
        return f"The release passes more cases than a search without AI ({BASELINE}), at 95 %."

    def rule(self, facts: Facts) -> Ruling:
        report = evaluation(facts)
        if report is None:
            return self.not_evaluated(facts)
        rival = next((each for each in report.rivals if each.name == BASELINE), None)
        if rival is None:
            said = "the evaluation was not compared with a search without AI"
            return self.ruling(facts, "not_measured", said, remedy="evaluate again")
        evidence = [
            of_evaluation(facts, "passed by the release", f"{report.passed.events} of {report.passed.cases}"),
            of_evaluation(facts, "passed without AI", f"{rival.passed.events} of {rival.passed.cases}"),
            of_evaluation(facts, "passed by only one of them", f"{rival.better} by the release, {rival.worse} without AI"),
            of_evaluation(facts, "p, of so large a difference by chance", f"{rival.p:.2g}"),
        ]
        said = f"{rival.better} cases better, {rival.worse} worse, p = {rival.p:.2g}"
        if rival.verdict == "better":
            return self.ruling(facts, "pass", said, evidence)
        remedy = "see where the search alone is right; if it stays so, use the search"
        verdict = "fail" if rival.verdict == "worse" else "not_proven"
        return self.ruling(facts, verdict, said, evidence, remedy=remedy)


class Regression(Asked):
    """That the release is not shown to be worse than what is live, and answers no case wrongly that live does not."""

    name: ClassVar[str] = "regression"
    owned_by: ClassVar[str] = "decision_owner"

    @property
    def asks(self) -> str:
        return "The release is not shown to be worse than what is live, and no case is newly answered wrongly."

    def rule(self, facts: Facts) -> Ruling:
        if facts.live is None:
            return self.ruling(facts, "pass", "nothing is live to compare with", [Evidence(label="live", value="none")])
        live = facts.live.spec.digest
        if live == facts.release.spec.digest:
            same = Evidence(label="live", value=f"release {facts.live.number}, this one", href="/releases")
            return self.ruling(facts, "pass", "it is what is live, or was before an override", [same])
        report = facts.against_live
        asked = (facts.release.spec.digest, facts.corpus, facts.dataset, live)
        if report is None or (report.release, report.corpus, report.dataset, report.against) != asked:
            said = "it was not compared with what is live on this corpus and these cases"
            command = f"firmground evaluate {facts.release.number or 'candidate'} --against {facts.live.number}"
            return self.ruling(facts, "not_measured", said, remedy=f"run `{command}`")
        wrong = [each.case for each in report.changes if each.newly_wrong]
        found = {
            "href": f"/evaluations/{report.id}",
            "command": f"firmground evaluate {facts.release.number} --against {facts.live.number}",
        }
        evidence = [Evidence(label="newly answered wrongly", value=some(wrong) or "none", **found)]
        rivals = [each for each in report.rivals if each.name == AGAINST]
        evidence += [
            Evidence(label="against live", value=f"{each.better} better, {each.worse} worse, p = {each.p:.2g}", **found)
            for each in rivals
        ]
        if report.regressed:
            said = f"{counted(len(wrong), 'case')} newly answered wrongly" if wrong else "it is worse than what is live"
            return self.ruling(facts, "fail", said, evidence, remedy="see the cases that became worse")
        if not rivals:
            return self.ruling(
                facts, "not_measured", "the comparison with live has no figures", evidence, remedy="evaluate again"
            )
        return self.ruling(facts, "pass", f"not shown to be worse than release {facts.live.number}", evidence)


class Calibrated(Asked):
    """That the confidence of the release was fitted on these documents, and that few of them changed since."""

    name: ClassVar[str] = "calibrated"
    stale_at_most: Annotated[float, LOWER] = Field(
        default=0.2, ge=0, le=1, description="Share of the documents that may have changed since the calibration."
    )

    @property
    def asks(self) -> str:
        return f"Confidence is calibrated on these documents, and at most {percent(self.stale_at_most)} of them changed since."

    def rule(self, facts: Facts) -> Ruling:
        share = facts.calibration_stale
        remedy = "run `firmground release calibrate`, then release and evaluate what it found"
        if share is None or not 0 <= share <= 1:
            return self.ruling(facts, "not_measured", "the confidence is not calibrated on these documents", remedy=remedy)
        evidence = [
            Evidence(label="documents changed since", value=percent(share), href="/releases", command="firmground release show")
        ]
        if share > self.stale_at_most:
            return self.ruling(facts, "fail", f"{percent(share)} of the documents changed since", evidence, remedy=remedy)
        return self.ruling(facts, "pass", f"calibrated; {percent(share)} of the documents changed since", evidence)


class Disclosure(Asked):
    """That no case shows its asker anything of a document that they may not see."""

    name: ClassVar[str] = "disclosure"
    owned_by: ClassVar[str] = "decision_owner"

    @property
    def asks(self) -> str:
        return "No golden case names a document that its asker may not see, and some are asked by somebody from whom a document is hidden."

    def rule(self, facts: Facts) -> Ruling:
        if evaluation(facts) is None:
            return self.not_evaluated(facts)
        found = results(facts)
        disclosed = [case.id for case, came in found if any(each.scores.disclosed for each in came)]
        tried = {
            words(case.question): case
            for case, came in found
            if case.digest in facts.restricted and not any(each.error for each in came)
        }
        evidence = [
            of_evaluation(facts, "cases that disclosed something", some(disclosed) or "none"),
            of_evaluation(facts, "questions of somebody from whom something is hidden", f"{len(tried):,}"),
        ]
        if disclosed:
            remedy = "see these cases on its page, and do not let anybody ask until it is mended"
            return self.ruling(facts, "fail", f"{counted(len(disclosed), 'case')} disclosed something", evidence, remedy=remedy)
        remedy = "write cases `as` groups that may not see everything, which ask for what is hidden from them"
        if not tried:
            said = "no case is asked by somebody from whom an indexed document is hidden"
            return self.ruling(facts, "not_measured", said, evidence, remedy=remedy)
        if len(tried) < _FEWEST_RESTRICTED:
            said = f"only {counted(len(tried), 'question')} of somebody from whom something is hidden"
            missing = _FEWEST_RESTRICTED - len(tried)
            return self.ruling(facts, "not_proven", said, evidence, remedy=remedy, needs=missing)
        said = f"none of {counted(len(tried), 'question')} of somebody from whom something is hidden disclosed anything"
        return self.ruling(facts, "pass", said, evidence)
