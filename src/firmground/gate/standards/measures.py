"""Measurements: the latest figure of each, with its day and where it stands; None where there is none."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import NamedTuple

from firmground.evaluate.cases import Kind
from firmground.evaluate.report import Report, Share
from firmground.gate.standards.setup import Setup
from firmground.types import Value

_EVALUATE = "`firmground evaluate` measures it"
_AUDIT = "`firmground audit` tries it out"


class Measured(Value):
    label: str
    value: str
    at: datetime
    href: str = ""


class Measure(NamedTuple):
    look: Callable[[Setup], Measured | None]
    how: str
    """What would measure it."""


def _reported(label: str, said: Callable[[Report], str], how: str) -> Measure:
    """A figure of the newest evaluation of the release; empty words are none."""

    def look(setup: Setup) -> Measured | None:
        report = setup.facts.report
        value = said(report) if report else ""
        if report is None or not value:
            return None
        shipped = " (cases that came with the sample: no labels of yours)" if _shipped(setup) else ""
        return Measured(label=label, value=value + shipped, at=report.created_at, href=f"/evaluations/{report.id}")

    return Measure(look, how)


def _shipped(setup: Setup) -> bool:
    return 2 * len(setup.own_cases) < len(setup.facts.cases)


def _share(found: Share | None) -> str:
    if found is None or not found.cases:
        return ""
    return f"{found.events} of {found.cases} cases, at most {100 * found.upper:.1f} % (95 %)"


def _kind(kind: Kind) -> Callable[[Report], str]:
    def said(report: Report) -> str:
        row = report.kinds.get(kind)
        return f"{row.passed.events} of {row.passed.cases} cases passed" if row else ""

    return said


def _rivals(report: Report) -> str:
    return ", ".join(f"{each.verdict} against {each.name} (p = {each.p:.2g})" for each in report.rivals)


def _cost(report: Report) -> str:
    return "" if report.cost_usd is None else f"${report.cost_usd:.4f} on average"


def _tried(name: str, label: str, how: str) -> Measure:
    """What became of an exercise on the release."""

    def look(setup: Setup) -> Measured | None:
        made = setup.facts.exercises.get(name)
        if made is None or not made.tried:
            return None
        value = f"{'passed' if made.passed else 'failed'}: {made.failed} of {made.tried} failed. {made.said}"
        return Measured(label=label, value=value, at=made.at, href="/audits")

    return Measure(look, how)


def _audit(setup: Setup) -> Measured | None:
    audit = setup.audit
    if audit is None:
        return None
    passed = sum(each.verdict == "pass" for each in audit.rulings)
    return Measured(
        label="audit",
        value=f"{passed} of {len(audit.rulings)} requirements passed",
        at=audit.created_at,
        href=f"/audits/{audit.id}",
    )


def _traffic(setup: Setup) -> Measured | None:
    traffic = setup.facts.traffic
    if traffic is None or not traffic.answers:
        return None
    return Measured(
        label="real answers", value=f"{traffic.answers} in {traffic.days:g} days", at=setup.facts.now, href="/evaluations"
    )


def _stale(setup: Setup) -> Measured | None:
    share = setup.facts.calibration_stale
    if share is None:
        return None
    return Measured(
        label="documents changed since calibration", value=f"{100 * share:.0f} %", at=setup.facts.now, href="/calibration"
    )


MEASURES: Mapping[str, Measure] = {
    "passed": _reported("golden cases passed", lambda report: f"{report.passed.events} of {report.passed.cases}", _EVALUATE),
    "wrong": _reported("answered wrongly", lambda report: _share(report.answered_wrongly), _EVALUATE),
    "disclosed": _reported("disclosed what the asker may not see", lambda report: _share(report.disclosed), _EVALUATE),
    "sensitive": _reported("cases on what is sensitive", _kind("sensitive"), "golden cases of the kind `sensitive` measure it"),
    "refused": _reported("cases out of scope", _kind("out_of_scope"), "golden cases of the kind `out_of_scope` measure it"),
    "baseline": _reported("beside what is simpler", _rivals, _EVALUATE),
    "latency": _reported(
        "first checked sentence, p95",
        lambda report: f"{report.first_sentence_ms['p95']:.0f} ms" if "p95" in report.first_sentence_ms else "",
        _EVALUATE,
    ),
    "cost": _reported("cost of a case", _cost, f"{_EVALUATE}, once the prices of models are known"),
    "calibration": Measure(_stale, "`firmground release calibrate` measures it"),
    "personal_data": _tried("personal_data", "planted personal data", _AUDIT),
    "access": _tried("access", "access without a right", _AUDIT),
    "red_team": _tried("red_team", "planted attacks", _AUDIT),
    "fallback": _tried("fallback", "a model that is gone", _AUDIT),
    "log": _tried("log", "completeness of what is kept", _AUDIT),
    "feedback": _tried("feedback", "saying what one thinks of an answer", _AUDIT),
    "restore": _tried("restore", "a restored backup", "`firmground restore --drill` tries it out"),
    "audit": Measure(_audit, "`firmground audit` measures it"),
    "traffic": Measure(_traffic, "people who ask measure it"),
}
