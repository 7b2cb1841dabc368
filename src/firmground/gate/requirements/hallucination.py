"""How often an answer that is given is wrong: by labelled outcomes, never by a detector."""

from collections import defaultdict
from collections.abc import Hashable, Sequence
from typing import Annotated, ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from firmground.evaluate.cases import Case
from firmground.evaluate.report import Result, answered, clusters_of, wrong
from firmground.evaluate.threshold import bound
from firmground.evaluate.verdict import words
from firmground.gate.audit import Evidence, Ruling
from firmground.gate.direction import LOWER
from firmground.gate.facts import Dropped, Facts, Judged
from firmground.gate.requirements.asked import Asked, counted, evaluation, of_evaluation, percent, results, some
from firmground.gate.requirements.bounds import Documents, true_rate

_CONFIRM = "where a case was wrong and not the answer, keep it, edited or retired, and run `firmground cases confirm <id>`"
_NO_DETECTOR = "let people here judge answers, or write or confirm golden cases on documents that none rests on yet"


class _Outcomes(NamedTuple):
    """Questions that were answered, and whether wrongly; those of one cluster stand or fall together."""

    wrong: Sequence[bool]
    clusters: Sequence[Hashable]

    @property
    def given(self) -> int:
        return len(self.wrong)

    @property
    def errors(self) -> int:
        return sum(self.wrong)

    @property
    def losses(self) -> NDArray[np.float64]:
        """Of each cluster the share that is wrong."""
        of: defaultdict[Hashable, list[bool]] = defaultdict(list)
        for each, cluster in zip(self.wrong, self.clusters, strict=True):
            of[cluster].append(each)
        return np.array([sum(each) / len(each) for each in of.values()])

    @property
    def upper(self) -> float:
        """Clusters counted alike, and nothing assumed of how they differ."""
        return bound(self.losses) if self.given else 1.0

    def shown_below(self, limit: float) -> bool:
        return Documents(self.losses).shown_below(limit)

    def over(self, limit: float) -> bool:
        return bool(self.errors) and self.errors / self.given >= limit

    def told(self) -> str:
        if not self.given:
            return "none"
        documents = len(self.losses)
        on = "" if documents == self.given else f" on {counted(documents, 'document')}"
        return f"{self.errors} wrong of {self.given:,}{on}: {percent(self.errors / self.given)}, at most {percent(self.upper)}"


class Hallucination(Asked):
    """That answers are rarely wrong, shown by cases of people here or by people who judged answers.

    What has more independent outcomes decides, cases or judgements: that depends on how many there are and not on how they came out, so
    looking at both costs nothing. The other is shown, and refuses where it is over the limit; so are cases that came with the sample.

    Judgements are of answers that chance chose. Those of answers that somebody wanted to be looked at, or that a rule held, are shown and
    count for nothing: whoever chooses answers chooses the rate. One that chance chose and nobody judged in time counts as wrong where a
    low rate is to be shown, and not where a high one is: leaving out the hard ones helps nobody.
    """

    name: ClassVar[str] = "hallucination"
    owned_by: ClassVar[str] = "decision_owner"
    at_most: Annotated[float, LOWER] = Field(
        default=0.02, gt=0, lt=1, description="Share of the answers given that may be wrong, by its upper 95 % bound."
    )

    @property
    def asks(self) -> str:
        return f"Fewer than {percent(self.at_most)} of the answers given are wrong, by the upper 95 % bound of labelled outcomes."

    def rule(self, facts: Facts) -> Ruling:
        judged = facts.judged
        if evaluation(facts) is None and not (judged and judged.answers):
            return self.not_evaluated(facts)
        found = results(facts) if evaluation(facts) else []
        dropped = [each for each in facts.dropped if each.wrong and not each.confirmed]
        every = _outcomes(facts, found, dropped)
        own = _outcomes(facts, [(case, came) for case, came in found if case.digest not in facts.shipped_cases], dropped)
        shipped = _outcomes(facts, [(case, came) for case, came in found if case.digest in facts.shipped_cases])
        people, worst = _judged(judged), _judged(judged, open_too=True)
        evidence = [
            of_evaluation(facts, "golden cases, by their verdict", every.told()),
            of_evaluation(facts, "of these, written or confirmed by people here", own.told()),
            of_evaluation(facts, "of these, labels that came with the sample and prove nothing here", shipped.told()),
            of_evaluation(facts, "cases retired, edited or removed since they were asked", _told_of_dropped(facts.dropped)),
            Evidence(label="answers that people judged, chosen by chance", value=_told_of_people(judged, people)),
            Evidence(label="answers that people judged for another reason, which are no rate", value=_told_of_others(judged)),
        ]
        looked_at = (("golden cases", every), ("judged answers", people))
        over = [f"{name}: {each.told()}" for name, each in looked_at if each.over(self.at_most)]
        if over:
            bad = [case.id for case, outcomes in found if any(map(wrong, outcomes))] + [each.id for each in dropped]
            evidence.append(of_evaluation(facts, "answered wrongly", some(bad) or "none"))
            remedy = "read what is answered wrongly, and mend what causes it" + (f"; {_CONFIRM}" if dropped else "")
            return self.ruling(facts, "fail", "; ".join(over), evidence, remedy=remedy)
        unjudged = f", {judged.open:,} that nobody judged counted as wrong" if judged and judged.open else ""
        decides, what = own, "cases of people here"
        if people.given > len(own.losses):
            decides, what = worst, f"judged answers{unjudged}"
        if decides.shown_below(self.at_most):
            said = f"{what}: {decides.told()}"
            return self.ruling(facts, "pass", said, evidence)
        return self._not_proven(facts, decides, what, evidence, f"; {_CONFIRM}" if dropped else "")

    def _not_proven(self, facts: Facts, decides: _Outcomes, what: str, evidence: list[Evidence], besides: str) -> Ruling:
        documents = Documents(decides.losses)
        least, plan = documents.least_needed(self.at_most), documents.planned(self.at_most)
        truth = percent(true_rate(self.at_most))
        said = f"{what}: {decides.told()}; {least} more without a single error would show it, {plan} more if {truth} are wrong"
        remedy = f"{_NO_DETECTOR}: plan for {plan} more, each on a document of its own{besides}"
        return self.ruling(facts, "not_proven", said, evidence, remedy=remedy, needs=plan)


def _outcomes(facts: Facts, found: Sequence[tuple[Case, Sequence[Result]]], dropped: Sequence[Dropped] = ()) -> _Outcomes:
    """Of the cases that got an answer, or something wrong, in any repeat. Those that ask the same as the same asker are one; what is
    dropped is wrong."""
    given = [(case, any(map(wrong, came))) for case, came in found if any(answered(each) or wrong(each) for each in came)]
    clusters = clusters_of([case for case, _ in given], facts.contents)
    bad: dict[Hashable, bool] = {}
    of: dict[Hashable, Hashable] = {}
    for (case, is_bad), cluster in zip(given, clusters, strict=True):
        question = words(case.question), frozenset(case.as_)
        bad[question] = bad.get(question, False) or is_bad
        of[question] = cluster
    for each in dropped:
        bad[each.id], of[each.id] = True, each.id
    return _Outcomes(list(bad.values()), list(of.values()))


def _told_of_dropped(dropped: Sequence[Dropped]) -> str:
    if not dropped:
        return "none"
    bad, looked_at = sum(each.wrong for each in dropped), sum(each.wrong and each.confirmed for each in dropped)
    return f"{len(dropped):,}, of which {bad:,} answered wrongly, {looked_at:,} of these confirmed by a person"


def _judged(judged: Judged | None, *, open_too: bool = False) -> _Outcomes:
    count, bad = (judged.answers, judged.wrong) if judged else (0, 0)
    if judged and open_too:
        count, bad = count + judged.open, bad + judged.open
    return _Outcomes([place < bad for place in range(count)], range(count))


def _told_of_people(judged: Judged | None, people: _Outcomes) -> str:
    if not judged:
        return people.told()
    open_ = f"; {judged.open:,} more were not judged in time" if judged.open else ""
    return f"{people.told()}, by {counted(judged.people, 'person', 'people')}{open_}"


def _told_of_others(judged: Judged | None) -> str:
    return f"{judged.others_wrong:,} wrong of {judged.others:,}" if judged and judged.others else "none"
