"""The language models of a release fail, one way after another: every answer must still end as quotes or as a refusal, in time."""

from collections.abc import Iterator
from time import monotonic

from firmground.app.app import App
from firmground.app.launching.exercising.place import QUESTIONS, Place, planted, told
from firmground.app.launching.exercising.servers import FAILING, failing
from firmground.gate.facts import Exercise
from firmground.release.record import Release
from firmground.serve.generation import EXTRACTIVE
from firmground.settings import ModelServer
from firmground.types import Trace

_WAITS = {"connect_seconds": 0.5, "read_seconds": 0.5, "total_seconds": 1.0, "retries": 0}
"""Of the models while this is tried: a silent server must not hold up an audit."""
_MARGIN = 15.0
"""Seconds that an answer takes besides waiting for models, on a busy machine."""


def fallback(app: App, release: Release) -> Exercise:
    """Through the real connections to real ports of this machine, so that what has to notice a failure is what is tried."""
    generation = release.spec.answering.generation
    models = sorted(generation.routing.models)
    with planted(app, release) as place:
        if not models:
            return _of_quotes(app, place)
        findings: list[str] = []
        tried = asked = 0
        for how in FAILING:
            with failing(how) as address, place.opened(servers=_moved(app, [*models, generation.judge], address)) as there:
                for question in QUESTIONS:
                    tried += 1
                    wrong, trace = _asked(there, question, seconds=_MARGIN + len(models) * _WAITS["total_seconds"])
                    findings += [f"model {how}: {each}" for each in wrong]
                    asked += trace is not None and any(step.name == "model" for step in trace.steps)
    if not asked and not findings:
        findings.append("no model was asked at all, since none of the planted questions found an answer: nothing was tried")
    said = f"{tried - len(findings)} of {tried} answers ended as quotes or a refusal while models were {', '.join(FAILING)}"
    return Exercise(
        name="fallback",
        at=app.clock(),
        passed=not findings,
        tried=tried,
        failed=len(findings),
        said=findings[0] if findings and not asked else said,
        findings=tuple(dict.fromkeys(findings)),
    )


def _of_quotes(app: App, place: Place) -> Exercise:
    findings = [wrong for question in QUESTIONS for wrong in _asked(place, question, seconds=_MARGIN)[0]]
    return Exercise(
        name="fallback",
        at=app.clock(),
        passed=not findings,
        tried=len(QUESTIONS),
        failed=len(findings),
        said="this release asks no language model: every answer is quotes or a refusal",
        findings=tuple(findings),
    )


def _moved(app: App, models: list[str], address: str) -> dict[str, ModelServer]:
    """The servers of these models, at another address."""
    known = app.workspace.settings.models
    names = {name.partition("/")[0] for name in models if name}
    there = {"base_url": address, **_WAITS}
    return {name: known[name].model_copy(update=there) if name in known else ModelServer.model_validate(there) for name in names}


def _asked(place: Place, question: str, *, seconds: float) -> tuple[list[str], Trace | None]:
    """What is wrong with how it ended."""
    began = monotonic()
    try:
        trace = place.ask(question, seconds=seconds)
    except Exception as error:  # noqa: BLE001 - whatever reaches the asker instead of an answer is what is looked for
        return [f"no answer, but an error ({told(error)})"], None
    return [*_wrong(trace, place, monotonic() - began, seconds)], trace


def _wrong(trace: Trace, place: Place, took: float, seconds: float) -> Iterator[str]:
    answer = trace.answer
    budget = place.release.spec.answering.generation.budget_usd
    if answer.model != EXTRACTIVE:
        yield f"the answer is by {answer.model}, which was out of reach"
    if answer.status in {"answered", "weak"} and not (answer.text and answer.citations):
        yield "the answer quotes nothing"
    if not answer.text:
        yield "the answer is empty"
    if took > seconds:
        yield f"it took {took:.0f} seconds"
    if budget is not None and (answer.usage.cost_usd is None or answer.usage.cost_usd > budget):
        yield "it cost more than the budget of an answer"
