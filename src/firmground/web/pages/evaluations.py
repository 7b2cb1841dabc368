"""The pages about what releases are worth: start an evaluation, read it, follow the rates over time."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from firmground.app import jobs
from firmground.app.evaluating import cases as golden
from firmground.app.evaluating import evaluation
from firmground.app.evaluating.evaluation_report import as_page
from firmground.app.launching import releases
from firmground.errors import FirmgroundError, InvalidInput, NotAllowed, NotFound
from firmground.evaluate import written
from firmground.evaluate.cases import Case
from firmground.evaluate.report import AGAINST, Report, Result, answered, wrong
from firmground.types import Answer, Job, Passage, Trace
from firmground.web import view
from firmground.web.language import marked
from firmground.web.pages.forms import form
from firmground.web.problems import status_of
from firmground.web.rendering import page
from firmground.web.visit import TheVisit, Visit
from firmground.web.worth import KIND_NAMES, changes, headline, kinds, names, rates, rival_name, trend, trend_choices

_PAGE = 20
_CASES = 25
_SAID = 600
_FILES = {
    "report.html": ("HTML", as_page, "text/html"),
    "report.md": ("Markdown", written.as_markdown, "text/markdown"),
    "report.json": ("JSON", written.as_json, "application/json"),
    "junit.xml": ("JUnit", written.as_junit, "application/xml"),
}
OUTCOMES: Mapping[str, str] = {
    "failed": marked("failed"),
    "wrong": marked("answered wrongly"),
    "silent": marked("wrongly not answered"),
    "disclosed": marked("disclosed something"),
    "flipped": marked("not the same each time"),
    "passed": marked("passed"),
    "all": marked("all"),
}

router = APIRouter()


class Wanted(BaseModel):
    """What the list shall show."""

    job: str = Field("", max_length=100)
    of: str = Field("", max_length=1000)
    page: int = Field(1, ge=1, le=100_000)


class WantedCases(BaseModel):
    """Which cases of an evaluation."""

    kind: str = Field("", max_length=40)
    outcome: str = Field("failed", max_length=40)
    page: int = Field(1, ge=1, le=100_000)


@dataclass(frozen=True)
class Came:
    """A case, what it came to, and the answer it got the first time it did not pass, as far as whoever looks may see it."""

    case: Case
    results: Sequence[Result]
    shown: Result
    said: Answer | None
    trace: Trace | None

    @property
    def passed(self) -> bool:
        return all(each.passed for each in self.results)


@router.get("/evaluations")
async def evaluations_page(request: Request, visit: TheVisit, wanted: Annotated[Wanted, Query()]) -> Response:
    return await visit.run(_evaluations, request, visit, wanted)


@router.post("/evaluations")
async def start(request: Request, visit: TheVisit) -> Response:
    fields = await form(request, visit)
    await visit.opened(anyway=True)
    return await visit.run(_start, request, visit, fields)


@router.post("/evaluations/jobs/{id}/cancel")
async def cancel(request: Request, visit: TheVisit, id: str) -> Response:
    await form(request, visit)
    await visit.run(jobs.cancel, visit.app, visit.actor, id)
    return RedirectResponse("/evaluations?" + urlencode({"job": id}), 303)


@router.get("/evaluations/{id}")
async def evaluation_page(request: Request, visit: TheVisit, id: str, wanted: Annotated[WantedCases, Query()]) -> Response:
    return await visit.run(_evaluation, request, visit, id, wanted)


@router.get("/evaluations/{id}/cases/{case}")
async def compared_page(request: Request, visit: TheVisit, id: str, case: str) -> Response:
    """One case of an evaluation, beside what the other release made of it."""
    return await visit.run(_compared, request, visit, id, case)


@router.get("/evaluations/{id}/{file}")
async def report_file(visit: TheVisit, id: str, file: str) -> Response:
    """The report as HTML, Markdown, JSON or JUnit, to be saved."""
    return await visit.run(_file, visit, id, file)


def _evaluations(
    request: Request, visit: Visit, wanted: Wanted, error: FirmgroundError | None = None, given: Mapping[str, str] | None = None
) -> Response:
    found = evaluation.reports(visit.app, visit.actor)
    active = sum(each.case.status == "active" for each in golden.listed(visit.app, visit.actor))
    first = (wanted.page - 1) * _PAGE
    values: dict[str, Any] = {
        "rows": [(each, *headline(each)) for each in found[first : first + _PAGE]],
        "names": names(visit.app, visit.actor),
        "releases": releases.listed(visit.app, visit.actor),
        "jobs": _jobs(visit, wanted.job),
        "active": active,
        "most": evaluation.MOST_REPEATS,
        "given": {"release": releases.CANDIDATE, "against": "", "repeats": "1", **(given or {})},
        "error": error,
        "trend": trend(found, wanted.of) if found else "",
        "trend_choices": trend_choices(found),
        "of": wanted.of,
        "newest": "/evaluations" if wanted.page > 1 else "",
        "older": f"/evaluations?page={wanted.page + 1}" if len(found) > first + _PAGE else "",
    }
    return page(request, "evaluations.html", values, status=status_of(error) if error else 200)


def _start(request: Request, visit: Visit, fields: Mapping[str, str]) -> Response:
    repeats = fields.get("repeats", "1").strip()
    try:
        if not (repeats.isascii() and repeats.isdecimal() and len(repeats) < 6):
            raise InvalidInput(f"{repeats[:20]!r} is no number of repeats", f"use 1 to {evaluation.MOST_REPEATS}")
        job = evaluation.request(
            visit.app,
            visit.actor,
            release=fields.get("release", "") or releases.CANDIDATE,
            against=fields.get("against", ""),
            repeats=int(repeats),
        )
    except FirmgroundError as error:
        if not visit.actor.may("releases"):
            raise
        return _evaluations(request, visit, Wanted.model_construct(), error, fields)
    return RedirectResponse("/evaluations?" + urlencode({"job": job.id}), 303)


def _jobs(visit: Visit, asked: str) -> list[Job]:
    """Evaluations that are not finished, and the one asked for."""
    unfinished = [job for job in jobs.unfinished(visit.app, visit.actor) if job.kind == "evaluate"]
    if asked and asked not in {job.id for job in unfinished}:
        with suppress(NotFound, NotAllowed):
            return [jobs.job(visit.app, visit.actor, asked), *unfinished]
    return unfinished


def _evaluation(request: Request, visit: Visit, id: str, wanted: WantedCases) -> Response:
    made = evaluation.report(visit.app, visit.actor, id)
    came = evaluation.results_of(visit.app, visit.actor, made)
    outcome = wanted.outcome if wanted.outcome in OUTCOMES else "failed"
    chosen = [pair for pair in came if wanted.kind in {"", pair[0].kind} and _is(outcome, *pair)]
    first = (wanted.page - 1) * _CASES
    query = {"kind": wanted.kind, "outcome": outcome}
    at = f"/evaluations/{quote(id, safe='')}?"
    words_, style = headline(made)
    values: dict[str, Any] = {
        "measures": written.MEASURES,
        "made": made,
        "names": names(visit.app, visit.actor),
        "headline": words_,
        "style": style,
        "rates": rates(made),
        "kinds": kinds(made),
        "against": AGAINST,
        "rivals": [(each, rival_name(each)) for each in made.rivals],
        "changes": changes(made.changes),
        "cases": [_came(visit, *pair) for pair in chosen[first : first + _CASES]],
        "matching": len(chosen),
        "gone": made.passed.cases - len(came),
        "kind_names": KIND_NAMES,
        "outcomes": OUTCOMES,
        "files": [(file, name) for file, (name, _write, _kind) in _FILES.items()],
        "chosen": query,
        "newest": at + urlencode(query) + "#cases" if wanted.page > 1 else "",
        "older": at + urlencode({**query, "page": wanted.page + 1}) + "#cases" if len(chosen) > first + _CASES else "",
    }
    return page(request, "evaluation.html", values)


def _compared(request: Request, visit: Visit, id: str, case: str) -> Response:
    made = evaluation.report(visit.app, visit.actor, id)
    sides = [made.release, made.against] if made.against else [made.release]
    found = [_of(visit, made, release, case) for release in sides]
    if found[0] is None:
        raise NotFound(f"this evaluation knows no case {case!r} as it stands now", "it was changed or retired since")
    shown = [(release, came, _evidence(came)) for release, came in zip(sides, found, strict=True) if came]
    change = next((each for each in made.changes if each.case == case), None)
    values = {
        "made": made,
        "names": names(visit.app, visit.actor),
        "case": found[0].case,
        "kind_names": KIND_NAMES,
        "sides": shown,
        "change": change,
        "broad": True,
    }
    return page(request, "compared.html", values)


def _of(visit: Visit, made: Report, release: str, case: str) -> Came | None:
    came = evaluation.results_of(visit.app, visit.actor, made, release=release)
    return next((_came(visit, *pair) for pair in came if pair[0].id == case), None)


def _evidence(came: Came) -> list[tuple[Passage, str, str]]:
    """What the answer could rest on, best first."""
    passages = [each for each in came.trace.evidence if isinstance(each, Passage)] if came.trace else []
    return [(each, view.address(each.document, each.locator), view.place(each.locator, each.title)) for each in passages]


def _file(visit: Visit, id: str, file: str) -> Response:
    if file not in _FILES:
        raise NotFound("there is nothing at this address", "check it")
    _name, write, kind = _FILES[file]
    made = evaluation.report(visit.app, visit.actor, id)
    text = write(made, evaluation.results_of(visit.app, visit.actor, made))
    return Response(
        text.encode("utf-8", "replace"),
        headers={"Content-Disposition": f'attachment; filename="evaluation-{made.created_at:%Y-%m-%d}-{file}"'},
        media_type=f"{kind}; charset=utf-8",
    )


def _is(outcome: str, case: Case, results: Sequence[Result]) -> bool:
    passed = all(each.passed for each in results)
    found = {
        "failed": not passed,
        "passed": passed,
        "wrong": any(map(wrong, results)),
        "silent": case.expect.behaviour == "answer" and not any(map(answered, results)),
        "disclosed": any(each.scores.disclosed for each in results),
        "flipped": len({(each.status, each.passed) for each in results}) > 1,
    }
    return found.get(outcome, True)


def _came(visit: Visit, case: Case, results: Sequence[Result]) -> Came:
    shown = next((each for each in results if not each.passed), results[0])
    trace = evaluation.answer_of(visit.app, visit.actor, shown)
    said = trace.answer if trace else None
    if said is not None and len(said.text) > _SAID:
        said = said.model_copy(update={"text": said.text[:_SAID].rsplit(" ", 1)[0] + " …"})
    return Came(case, results, shown, said, trace)
