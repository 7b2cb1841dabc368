"""Answers are made now, and what is kept of each is looked at: whether every field is there that tells who was told what, from what, and at
which cost."""

from firmground.app.app import App
from firmground.app.launching.exercising.place import QUESTIONS, planted, told
from firmground.gate.facts import Exercise
from firmground.release.record import Release
from firmground.serve.generation import EXTRACTIVE
from firmground.types import Trace

_STAGES = frozenset({"guard", "context", "retrieve", "decide", "generate", "check", "first_sentence", "total"})
_MODEL = frozenset({"model", "rewrite", "repair", "verify"})


def log(app: App, release: Release) -> Exercise:
    """With the language models of the release, as it answers people."""
    findings: list[str] = []
    paid = 0
    looks = 0
    with planted(app, release) as place:
        for question in QUESTIONS:
            try:
                trace = place.ask(question)
            except Exception as error:  # noqa: BLE001 - nothing is kept of an answer that did not come
                findings.append(f"no answer was kept ({told(error)})")
                continue
            looks += 1
            findings += [f"an answer was kept without {name}" for name in missing(trace, question, release)]
            paid += trace.answer.usage.output_tokens > 0
    if release.spec.answering.generation.routing.models and not paid:
        findings.append("no language model said anything, so nobody knows whether its tokens and costs are kept")
    return Exercise(
        name="log",
        at=app.clock(),
        passed=not findings,
        tried=looks,
        failed=len(findings),
        said=f"{looks} answers were made, and every field of what is kept of them was looked at",
        findings=tuple(dict.fromkeys(findings)),
    )


def missing(trace: Trace, question: str, release: Release) -> list[str]:
    """The fields that are not there, or say nothing."""
    answer = trace.answer
    there = {
        "its question": answer.question == question and bool(trace.asked),
        "who asked": bool(trace.person and trace.via and trace.groups),
        "its time": answer.created_at.tzinfo is not None,
        "its evidence": bool(trace.evidence),
        "its output": bool(answer.text) and (answer.model == EXTRACTIVE or bool(trace.outputs)),
        "its steps": bool(trace.steps) and all(step.name and step.outcome for step in trace.steps),
        "the time of each stage": answer.timings_ms.keys() >= _STAGES and answer.timings_ms["total"] > 0,
        "its tokens and cost": not any(step.name in _MODEL for step in trace.steps) or _charged(trace),
        "its release": answer.release == release.spec.digest,
        "the version of the corpus": bool(answer.corpus),
        "its outcome": bool(answer.status and answer.model and answer.reasons),
    }
    return [name for name, found in there.items() if not found]


def _charged(trace: Trace) -> bool:
    """A model that could not be reached took nothing."""
    usage = trace.answer.usage
    return usage.cost_usd is not None and (usage.input_tokens > 0 or usage.cost_usd == 0)
