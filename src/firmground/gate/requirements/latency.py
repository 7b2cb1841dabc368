"""How long people wait for the first sentence that was checked."""

from collections.abc import Sequence
from math import inf, isfinite
from typing import Annotated, ClassVar

from pydantic import Field

from firmground.evaluate.report import answered
from firmground.gate.audit import Evidence, Ruling, Verdict
from firmground.gate.direction import LOWER
from firmground.gate.facts import Facts
from firmground.gate.requirements.asked import Asked, counted, evaluation, of_evaluation, results
from firmground.gate.requirements.bounds import Quantile

_SHARE = 0.95


class Latency(Asked):
    """That 95 of 100 answers begin in time, in the evaluation and, where there is enough of it, in traffic."""

    name: ClassVar[str] = "latency"
    owned_by: ClassVar[str] = "sla.owner"
    p95_ms: Annotated[float, LOWER] = Field(
        default=500.0, gt=0, description="Milliseconds until the first checked sentence that 95 of 100 answers stay below."
    )
    least_traffic: Annotated[int, LOWER] = Field(
        default=100, ge=1, description="Real answers from which on they must stay below it too."
    )

    @property
    def asks(self) -> str:
        return (
            f"The first checked sentence is there in less than {self.p95_ms:g} ms for 95 of 100 answers, by the upper 95 % bound."
        )

    def rule(self, facts: Facts) -> Ruling:
        if evaluation(facts) is None:
            return self.not_evaluated(facts)
        times = _first_sentences(facts)
        if not times:
            remedy = "see why no case is answered"
            return self.ruling(facts, "not_measured", "no case got an answer", remedy=remedy)
        asked = Quantile(times, _SHARE)
        looked_at = [asked]
        evidence = [of_evaluation(facts, "evaluation", _told(asked))]
        if facts.traffic and facts.traffic.first_sentence_ms:
            real = Quantile([_time(each) for each in facts.traffic.first_sentence_ms], _SHARE)
            evidence.append(Evidence(label=f"traffic of {facts.traffic.days:g} days", value=_told(real)))
            looked_at += [real] if len(real.values) >= self.least_traffic else []
        return self._judged(facts, looked_at, evidence)

    def _judged(self, facts: Facts, looked_at: Sequence[Quantile], evidence: Sequence[Evidence]) -> Ruling:
        worst = max(looked_at, key=lambda each: (each.estimate >= self.p95_ms, each.upper >= self.p95_ms, each.upper))
        said = _told(worst)
        if worst.estimate >= self.p95_ms:
            remedy = "see the stages of answers that take long; fewer passages, a faster model or machine helps"
            return self.ruling(facts, "fail", said, evidence, remedy=remedy)
        verdict: Verdict = "pass" if worst.upper < self.p95_ms else "not_proven"
        needs = max(each.more_needed(self.p95_ms) for each in looked_at)
        said += "" if verdict == "pass" else f"; {counted(needs, 'more answer')} in time would show it"
        return self.ruling(facts, verdict, said, evidence, remedy="add golden cases that are answered", needs=needs)


def _first_sentences(facts: Facts) -> list[float]:
    """One time for each case that was answered, the longest of its repeats: repeats are not independent."""
    given = [[each for each in found if answered(each)] for _, found in results(facts)]
    return [max(_time(each.first_sentence_ms) for each in found) for found in given if found]


def _time(measured: float) -> float:
    """What was not measured counts as too late."""
    return measured if isfinite(measured) and measured > 0 else inf


def _told(found: Quantile) -> str:
    count = counted(len(found.values), "answer")
    return f"p95 {_ms(found.estimate)}, at most {_ms(found.upper)}, of {count}"


def _ms(time: float) -> str:
    return f"{time:,.0f} ms" if isfinite(time) and time >= 10 else f"{time:.3g} ms" if isfinite(time) else "unknown"
