"""From what each case came to, to what can be said of a release."""

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Mapping, Sequence
from datetime import datetime
from math import isnan
from statistics import fmean
from typing import Literal, TypeVar

import numpy as np
from pydantic import Field

from firmground.evaluate.cases import BEHAVIOURS, KINDS, Behaviour, Case, Kind
from firmground.evaluate.judge import Judged
from firmground.evaluate.retrieval import METRICS, Retrieval
from firmground.evaluate.scores import AnswerScores
from firmground.evaluate.statistics import Paired, adjusted, compared, rate, shifted
from firmground.evaluate.verdict import Fault, Verdict, words
from firmground.types import AnswerStatus, Value

_Name = TypeVar("_Name", bound=str)
AGAINST = "the release compared with"
BASELINE = "bm25, top passage"
"""What no AI comes to: names of rivals, both."""


class Result(Value):
    """What one case came to. It holds no words of documents: the answer itself is kept as a trace, and erased with them."""

    case: str
    """Digest of the case."""
    id: str = ""
    """Of the case; empty in results of before it was kept."""
    at: datetime | None = None
    """When it was asked."""
    trace: str = ""
    """Id of the answer; empty where there is none."""
    status: AnswerStatus | None = None
    verdict: Verdict | None = None
    retrieval: Retrieval | None = None
    scores: AnswerScores = AnswerScores()
    confidence: float = 0.0
    first_sentence_ms: float = 0.0
    total_ms: float = 0.0
    stages_ms: dict[str, float] = Field(default_factory=dict[str, float])
    cost_usd: float | None = 0.0
    """None where a price is unknown."""
    error: str = ""
    """One line, where it ended with one: then it counts as failed."""

    @property
    def passed(self) -> bool:
        return self.verdict is not None and self.verdict.passed


class Share(Value):
    """A rate with what is known of it; `low`, `high` and `upper` at 95 %, cases that share a document counted as dependent."""

    events: int
    cases: int
    low: float
    high: float
    upper: float

    @property
    def value(self) -> float | None:
        return self.events / self.cases if self.cases else None


class Row(Value):
    """Some cases together."""

    passed: Share
    answered: int
    """How many got an answer."""
    faults: dict[Fault, int]


class Count(Value):
    passed: int
    cases: int

    @property
    def value(self) -> float | None:
        return self.passed / self.cases if self.cases else None


class Mean(Value):
    value: float
    cases: int
    """With a value: of the others it could not be measured."""


class Rival(Value):
    """What else was asked the same cases."""

    name: str
    passed: Share
    answered_wrongly: Share
    better: int
    """Cases that the release passes and this does not."""
    worse: int
    p: float
    """Of so large a difference by chance (McNemar, exact; by document where cases share one)."""
    note: str = ""

    @property
    def verdict(self) -> Literal["better", "worse", "no difference shown"]:
        """Of the release, against this."""
        if self.p >= 0.05:
            return "no difference shown"
        return "better" if self.better > self.worse else "worse"


class Moved(Value):
    """A measure on the same cases of both releases."""

    name: str
    cases: int
    before: float
    after: float
    low: float
    high: float
    """Of the change, at 95 %."""
    p: float
    """Of so large a change by chance, for all measures looked at together (Holm 1979)."""

    @property
    def shown(self) -> bool:
        return self.p < 0.05


class Change(Value):
    """A case that did not come out as it did for the release compared with."""

    case: str
    """Its id."""
    became: Literal["better", "worse"]
    newly_wrong: bool
    """An answer is given now that is wrong, and was not before: the worst that can happen."""


class Report(Value):
    """An evaluation: a release on a dataset and a corpus."""

    id: str
    release: str
    corpus: str
    dataset: str
    created_at: datetime
    asked_from: datetime | None = None
    """When the oldest of its answers was given; None where nobody knows."""
    by: str = ""
    """Who asked for it."""
    seconds: float
    repeats: int = 1
    passed: Share
    answered_wrongly: Share
    """Of all cases: an answer was given that says what is unacceptable, lacks what it must say, or should not have been given."""
    wrongly_refused: Share
    """Of the cases that expect an answer: none was given."""
    kinds: dict[Kind, Row]
    behaviours: dict[Behaviour, Row]
    sources: dict[str, Count]
    """By the document a case names: too few of each, and too much alike, for an interval."""
    retrieval: dict[str, float]
    """Means over the cases that name sources."""
    scores: dict[str, Mean] = Field(default_factory=dict[str, Mean])
    """`token_f1`, `similarity`, `faithful`: those that could be measured."""
    disclosed: Share | None = None
    """Cases where the answer or its evidence names a document that the asker may not see."""
    first_sentence_ms: dict[str, float]
    """p50, p95, p99."""
    total_ms: dict[str, float]
    stages_ms: dict[str, dict[str, float]] = Field(default_factory=dict[str, dict[str, float]])
    """The same of each stage of an answer."""
    cost_usd: float | None
    """A case on average; None where a price is unknown."""
    flipped: int = 0
    """Cases that did not come out the same each time."""
    errors: int = 0
    unreadable: int = 0
    """Cases in the files that could not be read, and so were not asked."""
    rivals: tuple[Rival, ...] = ()
    against: str = ""
    """Digest of the release that it was compared with."""
    changes: tuple[Change, ...] = ()
    """From that one to this."""
    moved: tuple[Moved, ...] = ()
    """What was measured with both, where it was."""
    judge: Judged | None = None
    """What a language model thinks of the answers; it decides nothing."""

    @property
    def leaked(self) -> int:
        """Cases that disclosed something."""
        return self.disclosed.events if self.disclosed else 0

    @property
    def regressed(self) -> bool:
        """Whether it is shown to be worse than the release compared with, or a case is answered wrongly that was not."""
        worse = any(each.verdict == "worse" for each in self.rivals if each.name == AGAINST)
        return worse or any(each.newly_wrong for each in self.changes)


def cluster_of(case: Case) -> Hashable:
    """Cases stand or fall together with the document they rest on, or else with those that ask the same."""
    return case.expect.sources[0][0] if case.expect.sources else words(case.question)


def clusters_of(cases: Sequence[Case], contents: Mapping[str, str]) -> list[Hashable]:
    """Of each case, what it stands or falls together with: cases that share a question, or a document that any of them names, share a
    cluster, also by way of others. `contents`: by their names, what tells indexed documents apart."""
    leader: dict[str, str] = {}

    def found(name: str) -> str:
        while (above := leader.setdefault(name, name)) != name:
            leader[name] = name = leader[above]
        return name

    first = [f"? {words(case.question)}" for case in cases]
    for case, name in zip(cases, first, strict=True):
        for source in (source for alternatives in case.expect.sources for source in alternatives):
            leader[found(contents.get(source, source))] = found(name)
    return [found(name) for name in first]


def reported(
    cases: Sequence[Case], results: Mapping[str, Sequence[Result]], rivals: Sequence[Rival] = (), **known: object
) -> Report:
    """`results`: of each case by its digest, one for each repeat; a case counts as passed when it did each time. `known`: id, release,
    corpus, dataset, created_at, seconds."""
    every = [each for case in cases for each in results[case.digest]]
    expecting = [case for case in cases if case.expect.behaviour == "answer"]
    metrics = [each.retrieval for each in every if each.retrieval is not None]
    costs = [each.cost_usd for each in every if not each.error]
    return Report.model_validate(
        {
            **known,
            "passed": share(cases, lambda case: _passed(results[case.digest])),
            "answered_wrongly": share(cases, lambda case: any(map(wrong, results[case.digest]))),
            "wrongly_refused": share(expecting, lambda case: not any(map(answered, results[case.digest]))),
            "kinds": _rows(KINDS, cases, results, lambda case: case.kind),
            "behaviours": _rows(BEHAVIOURS, cases, results, lambda case: case.expect.behaviour),
            "sources": _by_source(cases, results),
            "retrieval": {name: fmean(getattr(each, name) for each in metrics) for name in METRICS} if metrics else {},
            "scores": _means([each.scores for each in every if not each.error]),
            "disclosed": share(cases, lambda case: any(each.scores.disclosed for each in results[case.digest])),
            "first_sentence_ms": percentiles([each.first_sentence_ms for each in every if answered(each)]),
            "total_ms": percentiles([each.total_ms for each in every if not each.error]),
            "stages_ms": _stages(every),
            "cost_usd": None if None in costs or not costs else fmean(cost for cost in costs if cost is not None),
            "flipped": sum(len({(each.status, each.passed) for each in results[case.digest]}) > 1 for case in cases),
            "errors": sum(bool(each.error) for each in every),
            "asked_from": _oldest(every),
            "rivals": rivals,
        }
    )


def rival(
    name: str, cases: Sequence[Case], ours: Mapping[str, Sequence[Result]], theirs: Mapping[str, Sequence[Result]], note: str = ""
) -> Rival:
    """How a release fares against something else on the same cases."""
    first, second = ([_passed(each[case.digest]) for case in cases] for each in (theirs, ours))
    changed: Paired = compared(first, second, [cluster_of(case) for case in cases])
    return Rival(
        name=name,
        passed=share(cases, lambda case: _passed(theirs[case.digest])),
        answered_wrongly=share(cases, lambda case: any(map(wrong, theirs[case.digest]))),
        better=changed.better,
        worse=changed.worse,
        p=changed.p,
        note=note,
    )


def changes(
    cases: Sequence[Case], ours: Mapping[str, Sequence[Result]], before: Mapping[str, Sequence[Result]]
) -> tuple[Change, ...]:
    """What is better or worse than before, the worst first."""
    found: list[Change] = []
    for case in cases:
        now, then = ours[case.digest], before[case.digest]
        newly = any(map(wrong, now)) and not any(map(wrong, then))
        if _passed(now) != _passed(then) or newly:
            found.append(Change(case=case.id, became="better" if _passed(now) else "worse", newly_wrong=newly))
    return tuple(sorted(found, key=lambda each: (not each.newly_wrong, each.became == "better", each.case)))


def moved(
    cases: Sequence[Case], ours: Mapping[str, Sequence[Result]], before: Mapping[str, Sequence[Result]]
) -> tuple[Moved, ...]:
    """How every measure changed on the cases where both have it, the mean of repeats."""
    found: list[Moved] = []
    for name, of in _MEASURED.items():
        pairs = [(case, _mean(before[case.digest], of), _mean(ours[case.digest], of)) for case in cases]
        known = [(case, then, now) for case, then, now in pairs if then is not None and now is not None]
        if known:
            then, now = [each[1] for each in known], [each[2] for each in known]
            made = shifted(then, now, [cluster_of(each[0]) for each in known])
            bounds = {"low": made.interval.low, "high": made.interval.high, "p": made.p}
            found.append(Moved(name=name, cases=len(known), before=made.before, after=made.after, **bounds))
    together = adjusted([each.p for each in found])
    return tuple(each.model_copy(update={"p": p}) for each, p in zip(found, together, strict=True))


_MEASURED: Mapping[str, Callable[[Result], float | None]] = {
    **{name: lambda result, name=name: getattr(result.retrieval, name) if result.retrieval else None for name in METRICS},
    **{name: lambda result, name=name: getattr(result.scores, name) for name in ("token_f1", "similarity", "faithful")},
    "cost_usd": lambda result: result.cost_usd,
}
"""Not the times: results are kept, and those of the other release may be of another hour on a busier machine."""


def _mean(results: Sequence[Result], of: Callable[[Result], float | None]) -> float | None:
    values = [value for each in results if not each.error and (value := of(each)) is not None]
    return fmean(values) if values else None


def share(cases: Sequence[Case], happened: Callable[[Case], bool]) -> Share:
    found = rate([happened(case) for case in cases], [cluster_of(case) for case in cases])
    return Share(events=found.events, cases=found.trials, low=found.interval.low, high=found.interval.high, upper=found.upper)


def answered(result: Result) -> bool:
    return result.status in {"answered", "weak"}


def wrong(result: Result) -> bool:
    return result.verdict is not None and result.verdict.answered_wrongly


def percentiles(values: Sequence[float]) -> dict[str, float]:
    """p50, p95 and p99 by the nearest rank, which is a value that was measured; empty without values."""
    known = [value for value in values if not isnan(value)]
    if not known:
        return {}
    found = np.percentile(known, [50, 95, 99], method="inverted_cdf")
    return dict(zip(("p50", "p95", "p99"), map(float, found), strict=True))


def _means(scores: Sequence[AnswerScores]) -> dict[str, Mean]:
    found: dict[str, Mean] = {}
    for name in ("token_f1", "similarity", "faithful"):
        values = [value for each in scores if (value := getattr(each, name)) is not None]
        if values:
            found[name] = Mean(value=fmean(values), cases=len(values))
    return found


def _oldest(results: Sequence[Result]) -> datetime | None:
    """Where one is of nobody knows when, so are all."""
    known = [each.at for each in results if each.at is not None]
    return min(known) if known and len(known) == len(results) else None


def _stages(results: Sequence[Result]) -> dict[str, dict[str, float]]:
    names = dict.fromkeys(name for each in results for name in each.stages_ms)
    return {name: percentiles([each.stages_ms[name] for each in results if name in each.stages_ms]) for name in names}


def _passed(results: Sequence[Result]) -> bool:
    return bool(results) and all(each.passed for each in results)


def _by_source(cases: Sequence[Case], results: Mapping[str, Sequence[Result]]) -> dict[str, Count]:
    every: dict[str, list[bool]] = defaultdict(list)
    for case in cases:
        for name in dict.fromkeys(alternatives[0] for alternatives in case.expect.sources):
            every[name].append(_passed(results[case.digest]))
    return {name: Count(passed=sum(came), cases=len(came)) for name, came in every.items()}


def _rows(
    names: Sequence[_Name],
    cases: Sequence[Case],
    results: Mapping[str, Sequence[Result]],
    named: Callable[[Case], str],
) -> dict[_Name, Row]:
    together: dict[str, list[Case]] = defaultdict(list)
    for case in cases:
        together[named(case)].append(case)
    return {name: _row(together[name], results) for name in names if name in together}


def _row(cases: Sequence[Case], results: Mapping[str, Sequence[Result]]) -> Row:
    every = [each for case in cases for each in results[case.digest]]
    faults: Counter[Fault] = Counter(fault for each in every if each.verdict for fault in each.verdict.faults)
    return Row(
        passed=share(cases, lambda case: _passed(results[case.digest])),
        answered=sum(map(answered, every)),
        faults=dict(faults),
    )
