"""What a question costs."""

from collections.abc import Sequence
from math import isfinite
from typing import Annotated, ClassVar

import numpy as np
from pydantic import Field

from firmground.gate.audit import Evidence, Ruling
from firmground.gate.direction import HIGHER, LOWER
from firmground.gate.facts import Facts
from firmground.gate.requirements.asked import Asked, counted, evaluation, of_evaluation, results
from firmground.gate.requirements.bounds import upper_mean


class Cost(Asked):
    """That a question costs little on average, in the evaluation and, where there is enough of it, in traffic.

    An unknown price is not 0."""

    name: ClassVar[str] = "cost"
    usd: Annotated[float, LOWER] = Field(default=0.10, gt=0, description="USD that a question may cost on average.")
    least_answers: Annotated[int, HIGHER] = Field(
        default=30, ge=2, description="Answers from which a mean is judged, where a model is paid."
    )
    least_traffic: Annotated[int, LOWER] = Field(
        default=100, ge=2, description="Real answers from which on they must stay below it too."
    )

    @property
    def asks(self) -> str:
        return f"A question costs less than {_usd(self.usd)} on average, by the upper 95 % bound."

    def rule(self, facts: Facts) -> Ruling:
        if evaluation(facts) is None:
            return self.not_evaluated(facts)
        asked = [each.cost_usd for _, found in results(facts) for each in found if not each.error]
        real = list(facts.traffic.costs_usd) if facts.traffic else []
        evidence = [of_evaluation(facts, "evaluation", _told(asked))]
        if facts.traffic and real:
            evidence.append(Evidence(label=f"traffic of {facts.traffic.days:g} days", value=_told(real)))
        unknown = [each for each in (*asked, *real) if each is None or not isfinite(each) or each < 0]
        if unknown or not asked:
            said = f"{counted(len(unknown), 'question')} cost what nobody knows" if unknown else "no case came to an end"
            return self.ruling(facts, "not_measured", said, evidence, remedy="add the price of the model under [prices]")
        looked_at = [_known(asked)] + ([_known(real)] if len(real) >= self.least_traffic else [])
        return self._judged(facts, looked_at, evidence)

    def _judged(self, facts: Facts, looked_at: Sequence[Sequence[float]], evidence: Sequence[Evidence]) -> Ruling:
        dearest = max(looked_at, key=lambda costs: (float(np.mean(costs)) >= self.usd, _upper(costs)))
        said, cheaper = _told(dearest), "use a cheaper model, fewer passages, or a budget for each answer"
        if float(np.mean(dearest)) >= self.usd:
            return self.ruling(facts, "fail", said, evidence, remedy=cheaper)
        paid = bool(facts.release.spec.answering.generation.routing.models)
        if paid and any(len(costs) < self.least_answers for costs in looked_at):
            few = f"{said}: too few to judge a mean by"
            missing = self.least_answers - min(map(len, looked_at))
            return self.ruling(facts, "not_proven", few, evidence, remedy="add golden cases", needs=missing)
        if _upper(dearest) >= self.usd:
            return self.ruling(facts, "not_proven", said, evidence, remedy=f"add golden cases, or {cheaper}")
        return self.ruling(facts, "pass", said, evidence)


def _known(costs: Sequence[float | None]) -> list[float]:
    return [each for each in costs if each is not None]


def _upper(costs: Sequence[float]) -> float:
    return upper_mean(costs) if any(costs) else 0.0  # where nothing ever costs, two are not needed to tell


def _told(costs: Sequence[float | None]) -> str:
    known = [each for each in _known(costs) if isfinite(each)]
    if not known or len(known) < len(costs):
        return f"{len(costs) - len(known):,} of {counted(len(costs), 'question')} without a known price"
    upper = _upper(known)
    most = _usd(upper) if isfinite(upper) else "unknown"
    return f"{_usd(float(np.mean(known)))}, at most {most}, of {counted(len(known), 'question')}"


def _usd(amount: float) -> str:
    """As money where it is some, to three digits where it is next to nothing."""
    if not amount:
        return "$0"
    return f"${amount:,.2f}" if amount >= 1 or round(amount, 2) == amount else f"${amount:.3g}"
