"""From which confidence on to answer, so that wrong answers stay rare: promised with 95 % confidence or not at all.

Learn then test (Angelopoulos, Bates, Candès, Jordan and Lei 2021): thresholds are tried from the strictest on, each by whether the share of
wrong answers, of all questions, is shown to be at most the target; the first that is not ends it (fixed sequence testing), so trying many
costs nothing. What is tested is the mean over documents of the share of wrong answers among the cases of each: of documents nothing is
assumed but that they were drawn alike, so a single one that misleads every time is reckoned with (Hoeffding 1963, Bentkus 2004). Where no
two cases share a document the test is the exact binomial one.
"""

from collections import Counter, defaultdict
from collections.abc import Hashable, Sequence
from math import ceil, exp, log
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from firmground.evaluate.statistics import LEVEL, independent_cases_needed
from firmground.types import Value

MOST_THRESHOLDS = 400
"""How many are tried at most; of more different confidences an even choice."""


class Outcome(NamedTuple):
    """What a case would come to if nothing were held back."""

    confidence: float
    """By a rule that was fitted without the document of the case."""
    answered: bool
    wrong: bool
    """Answered, and that would be wrong."""
    cluster: Hashable
    """What stands or falls together: the document."""


class Promise(Value):
    """That of questions like the golden cases at most the share `target` gets a wrong answer, each document counted once. Empty
    `why_not`: it may be said."""

    target: float
    why_not: str = ""
    threshold: float | None = None
    """The lowest that keeps it, or the one that another promise needs; None where none does."""
    cases: int = 0
    documents: int = 0
    """Those that the cases rest on; a case without one counts like one."""
    wrong: int = 0
    """Cases, at the threshold."""
    upper: float = 1.0
    """Upper 95 % bound of the share of wrong answers at the threshold."""
    answered: int = 0
    """At the threshold."""
    answerable: int = 0
    """Cases that would be answered, and rightly, without any threshold."""
    answered_rightly: int = 0
    """Of those, how many still are: the coverage left."""

    @property
    def kept(self) -> bool:
        return not self.why_not


def promised(outcomes: Sequence[Outcome], target: float, *, at_least: float = 0.0) -> Promise:
    """The lowest threshold that keeps the target, not below `at_least`. With too few cases nothing is promised, and it is said how many
    it takes."""
    names = {name: place for place, name in enumerate(dict.fromkeys(each.cluster for each in outcomes))}
    known = Promise(
        target=target,
        cases=len(outcomes),
        documents=len(names),
        answerable=sum(each.answered and not each.wrong for each in outcomes),
    )
    least, told = independent_cases_needed(target), f"{100 * target:.3g} %"
    if len(names) < least:
        few = f"{len(outcomes)} golden cases on {len(names)} documents cannot show {told}"
        return known.model_copy(update={"why_not": f"{few}: {least} documents are the least, without a single wrong answer"})
    sizes = Counter(names[each.cluster] for each in outcomes)
    wrong_of: defaultdict[float, list[int]] = defaultdict(list)
    for each in outcomes:
        if each.wrong:
            wrong_of[each.confidence].append(names[each.cluster])
    losses = np.zeros(len(names))
    found = None
    reached = sorted(wrong_of, reverse=True)
    for threshold in _strictest_first([each.confidence for each in outcomes]):
        while reached and reached[0] >= threshold:
            for place in wrong_of[reached.pop(0)]:
                losses[place] += 1 / sizes[place]
        if p_value(losses, target) > 1 - LEVEL:
            break
        found = threshold
    if found is None:
        return known.model_copy(update={"why_not": f"the surest answers are wrong too often: no threshold keeps {told}"})
    return _at(known, outcomes, max(found, at_least))


def p_value(losses: NDArray[np.float64], target: float) -> float:
    """Of so small a mean by chance, though the true one is above the target. `losses` lie in 0…1, one of each document."""
    return p_of_total(float(losses.sum()), len(losses), target, whole=bool(np.isin(losses, (0.0, 1.0)).all()))


def p_of_total(total: float, count: int, target: float, *, whole: bool) -> float:
    """The same of so many documents whose losses come to `total`; `whole`: each of them is 0 or 1."""
    from scipy.special import bdtr

    if whole:
        return float(bdtr(round(total), count, target))
    mean = min(total / count, target)
    hoeffding = exp(-count * (_part(mean, target) + _part(1 - mean, 1 - target)))
    # Sums of fractions end a hair above the whole number.
    return min(1.0, hoeffding, exp(1) * float(bdtr(ceil(total - 1e-9), count, target)))


def bound(losses: NDArray[np.float64]) -> float:
    """The largest mean that is not excluded at the level: by bisection, to a millionth, from above."""
    low, high = float(losses.mean()), 1.0
    while high - low > 1e-6:
        middle = (low + high) / 2
        low, high = (low, middle) if p_value(losses, middle) <= 1 - LEVEL else (middle, high)
    return high


def _part(seen: float, true: float) -> float:
    return seen * log(seen / true) if seen > 0 else 0.0


def _at(known: Promise, outcomes: Sequence[Outcome], threshold: float) -> Promise:
    given = [each for each in outcomes if each.answered and each.confidence >= threshold]
    of: defaultdict[Hashable, list[bool]] = defaultdict(list)
    for each in outcomes:
        of[each.cluster].append(each.wrong and each.confidence >= threshold)
    return known.model_copy(
        update={
            "threshold": threshold,
            "wrong": sum(map(sum, of.values())),
            "upper": bound(np.array([sum(wrong) / len(wrong) for wrong in of.values()])),
            "answered": len(given),
            "answered_rightly": sum(not each.wrong for each in given),
        }
    )


def _strictest_first(confidences: Sequence[float]) -> list[float]:
    """Each confidence as a threshold that it reaches, and an even choice where there are many."""
    order = sorted({*confidences}, reverse=True)
    step = max(1, -(-len(order) // MOST_THRESHOLDS))
    return order[step - 1 :: step]
