"""For requirements of your own: facts that every shipped requirement passes by, and what must hold of each.

`ready()` is a release whose cases all came out right; `dataclasses.replace(ready(), cases=…)` changes what a test is about. Subclass
`RequirementSuite` and give `requirement`; pytest finds the rest.
"""
# ruff: noqa: S101 - a contract suite asserts

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from firmground.evaluate.cases import KINDS, Case, Expectation, dataset_digest
from firmground.evaluate.report import BASELINE, Report, Result, Rival, Share, reported
from firmground.evaluate.scores import AnswerScores
from firmground.evaluate.statistics import rate
from firmground.evaluate.verdict import Verdict
from firmground.gate.brief import FIELDS, TABLES, Brief
from firmground.gate.direction import direction_of
from firmground.gate.facts import Count, Exercise, Facts, SourceState
from firmground.gate.making import ruled
from firmground.gate.requirement import Requirement
from firmground.release.record import Release
from firmground.release.spec import candidate
from firmground.settings import Settings
from firmground.types import Value

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
CORPUS = "17"
EXERCISES = ("personal_data", "access", "red_team", "fallback", "log", "feedback", "restore")
HARMS = ("disclosure", "request", "markup", "record", "cost")
_COUNTS = {name: Count(events=0, of=200) for name in (*HARMS, "hijack", "hijack_as_released", "false_alarm")}
RIGHT = Verdict(behaved=True)
WRONG = Verdict(behaved=True, missing=("5 days",), answered_wrongly=True)


def golden(count: int, *, documents: int | None = None) -> list[Case]:
    """Cases of all kinds in turn that expect an answer, spread over so many documents; each on one of its own otherwise."""
    return [
        Case(
            id=f"case-{place}",
            kind=KINDS[place % len(KINDS)],
            question=f"How many days are there in case {place}?",
            expect=Expectation.model_validate({"contains": ["5 days"], "sources": [f"{place % (documents or count)}.md"]}),
            unacceptable=("10 days",),
            owner="people-ops",
        )
        for place in range(count)
    ]


def came(case: Case, verdict: Verdict = RIGHT, *, status: str = "answered", ms: float = 80.0, usd: float | None = 0.0) -> Result:
    """What asking a case came to."""
    known = {
        "case": case.digest,
        "id": case.id,
        "at": NOW - timedelta(hours=1),
        "trace": case.id,
        "status": status,
        "verdict": verdict,
        "scores": AnswerScores(),
    }
    return Result.model_validate({**known, "first_sentence_ms": ms, "total_ms": ms + 20, "cost_usd": usd})


def release(number: int = 2, embedder: str = "all-MiniLM-L6-v2") -> Release:
    """Another embedder, another release."""
    return Release(number=number, spec=candidate(Settings(), embedder), settings={}, by="ada", created_at=NOW - timedelta(days=1))


def rival(name: str, better: int, worse: int, p: float) -> Rival:
    share = _share(50, 100)
    return Rival(name=name, passed=share, answered_wrongly=share, better=better, worse=worse, p=p)


def brief() -> Brief:
    """Every question answered."""
    said: dict[str, object] = {}
    for field in FIELDS:
        table, _, part = field.rpartition(".")
        place = said.setdefault(table, {}) if table else said
        if not isinstance(place, dict):
            raise TypeError(field)
        lines = not table and isinstance(getattr(Brief(), part), tuple)
        place[part] = [f"{field} as we agreed"] if lines else f"{field} as we agreed"
    said |= {"first_review": date(2027, 1, 15)}
    said["sla"] = {
        **dict.fromkeys(TABLES["sla"].model_fields, "as we agreed"),
        "p95_ms": 500,
        "owner": "Ada",
        "alert_route": "pager",
    }
    return Brief.model_validate(said)


def asked(facts: Facts, results: Mapping[str, Sequence[Result]], **changed: object) -> Facts:
    """The same facts after an evaluation that came to these results, by digest of the case; nobody who asks may see everything."""
    cases = [case for case in facts.cases if case.digest in results]
    known = {"id": "e1", "release": facts.release.spec.digest, "corpus": facts.corpus, "dataset": dataset_digest(cases)}
    made = reported(
        cases, results, [rival(BASELINE, 60, 10, 0.0001)], **known, created_at=facts.now - timedelta(hours=1), seconds=9.0
    )
    report = Report.model_validate({**made.model_dump(), **changed})
    found = [(case, results[case.digest]) for case in cases]
    restricted = frozenset(case.digest for case in cases)
    return replace(facts, cases=cases, dataset=report.dataset, report=report, results=found, restricted=restricted)


def ready(count: int = 400) -> Facts:
    """Everything is measured, and good enough for all shipped requirements."""
    cases = golden(count)
    source = SourceState(
        name="handbook", owner="people-ops", synced_at=NOW - timedelta(hours=2), documents=count, tests={"fresh": True}
    )
    facts = Facts(
        now=NOW,
        release=release(),
        corpus=CORPUS,
        cases=cases,
        brief=brief(),
        sources=[source],
        exercises={
            name: Exercise(name=name, at=NOW - timedelta(hours=3), passed=True, tried=200, said="all held", counts=_COUNTS)
            for name in EXERCISES
        },
        calibration_stale=0.0,
    )
    return asked(facts, {case.digest: [came(case)] for case in cases})


def unknown() -> Facts:
    """Of which nothing is known but the release, and that another is live: nothing may pass by it."""
    return Facts(now=NOW, release=release(), live=release(1, "another"))


class RequirementSuite:
    """What must hold of every requirement."""

    requirement: Requirement

    def test_nothing_passes_by_what_is_not_known(self) -> None:
        assert ruled(self.requirement, unknown()).verdict != "pass"

    def test_each_setting_says_which_way_it_is_stricter(self) -> None:
        assert isinstance(self.requirement, Value)
        silent = [field for field in type(self.requirement).model_fields if direction_of(type(self.requirement), field) is None]
        assert silent == []

    def test_the_same_facts_give_the_same_ruling_and_it_says_what_it_asks(self) -> None:
        first, second = (ruled(self.requirement, ready()) for _ in range(2))
        assert first == second
        assert first.requirement == self.requirement.name
        assert first.asks
        assert first.said

    def test_what_is_in_the_way_comes_with_what_to_do(self) -> None:
        for facts in (unknown(), ready()):
            found = ruled(self.requirement, facts)
            assert bool(found.remedy) == (found.verdict != "pass")


def _share(events: int, cases: int) -> Share:
    found = rate([place < events for place in range(cases)])
    return Share(events=events, cases=cases, low=found.interval.low, high=found.interval.high, upper=found.upper)
