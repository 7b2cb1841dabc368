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

from firmground.app import cases as golden
from firmground.app import evaluation, jobs, kept, releases
from firmground.app.app import App
from firmground.app.evaluation_report import as_page
from firmground.errors import FirmgroundError, InvalidInput, NotFound
from firmground.evaluate import written
from firmground.evaluate.cases import Case
from firmground.evaluate.report import AGAINST, Change, Report, Result, Rival, Share, answered, wrong
from firmground.types import Actor, Answer, Job, Passage
from firmground.web import charts, view
from firmground.web.language import _, day, marked, percent, plural
from firmground.web.pages.forms import form
from firmground.web.problems import status_of
from firmground.web.rendering import page, words
from firmground.web.visit import TheVisit, Visit

_PAGE = 20
_CASES = 25
_TREND = 24
"""Evaluations in the picture of how things went."""
_SAID = 600
_FILES = {
    "report.html": ("HTML", as_page, "text/html"),
    "report.md": ("Markdown", written.as_markdown, "text/markdown"),
    "report.json": ("JSON", written.as_json, "application/json"),
    "junit.xml": ("JUnit", written.as_junit, "application/xml"),
}
KIND_NAMES: Mapping[str, str] = {
    "normal": marked("Everyday questions"),
    "messy": marked("Written in a hurry"),
    "missing_context": marked("Something is missing"),
    "sensitive": marked("Sensitive"),
    "out_of_scope": marked("Out of scope"),
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
    page: int = Field(1, ge=1, le=100_000)


class WantedCases(BaseModel):
    """Which cases of an evaluation."""

    kind: str = Field("", max_length=40)
    outcome: str = Field("failed", max_length=40)
    page: int = Field(1, ge=1, le=100_000)


@dataclass(frozen=True)
class Came:
    """A case, what it came to, and the answer it got the first time it did not pass."""

    case: Case
    results: Sequence[Result]
    shown: Result
    said: Answer | None

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
        "trend": _trend(found),
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
        if not visit.actor.admin:
            raise
        return _evaluations(request, visit, Wanted.model_construct(), error, fields)
    return RedirectResponse("/evaluations?" + urlencode({"job": job.id}), 303)


def _jobs(visit: Visit, asked: str) -> list[Job]:
    """Evaluations that are not finished, and the one asked for."""
    unfinished = [job for job in jobs.unfinished(visit.app, visit.actor) if job.kind == "evaluate"]
    if asked and asked not in {job.id for job in unfinished}:
        with suppress(NotFound):
            return [jobs.job(visit.app, visit.actor, asked), *unfinished]
    return unfinished


def _trend(found: Sequence[Report]) -> str:
    """The rates of all evaluations of the cases that were asked last: others are not comparable."""
    same = [each for each in found if each.dataset == found[0].dataset and each.passed.cases][:_TREND][::-1]
    if len(same) < 2:
        return ""

    def short(at: float) -> str:
        return f"{at:.0f}" if at == round(at) and at >= 1 else ""

    def told(at: float) -> str:
        n = int(at)
        return f"{n} ({day(same[n - 1].created_at)})"

    shares = [(_("Passed"), [each.passed for each in same]), (_("Wrong"), [each.answered_wrongly for each in same])]
    series = [
        charts.Series(
            name,
            # Side by side, so that no interval hides another.
            [(n + aside, each.value or 0.0) for n, each in enumerate(row, 1)],
            [(each.low, each.high) for each in row],
        )
        for aside, (name, row) in zip((0.0, 0.04 * len(same)), shares, strict=True)
    ]
    return charts.lines(
        _("The same cases over time"),
        series,
        charts.Axis(_("Evaluation, oldest first"), short, 1 - 0.1 * len(same), 1.1 * len(same), told),
        charts.Axis(_("Share of cases"), percent, 0, 1),
        note=_("All evaluations of the cases that were asked last. The upright strokes are 95% intervals."),
    )


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
        "made": made,
        "names": names(visit.app, visit.actor),
        "headline": words_,
        "style": style,
        "rates": _rates(made),
        "kinds": _kinds(made),
        "against": AGAINST,
        "rivals": [(each, rival_name(each)) for each in made.rivals],
        "changes": _changes(made.changes),
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
    shown = [(release, came, _evidence(visit, came)) for release, came in zip(sides, found, strict=True) if came]
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


def _evidence(visit: Visit, came: Came) -> list[tuple[Passage, str, str]]:
    """What the answer could rest on, best first."""
    if came.said is None:
        return []
    trace = kept.show(visit.app, visit.actor, came.said.id)
    passages = [each for each in trace.evidence if isinstance(each, Passage)]
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
    said = None
    with suppress(NotFound):
        said = kept.show(visit.app, visit.actor, shown.trace).answer if shown.trace else None
    if said is not None and len(said.text) > _SAID:
        said = said.model_copy(update={"text": said.text[:_SAID].rsplit(" ", 1)[0] + " …"})
    return Came(case, results, shown, said)


def headline(made: Report) -> tuple[str, str]:
    """The sentence that comes first, and its style: what was disclosed, then whether something simpler is as good."""
    if made.leaked:
        return plural(
            "%(num)s case disclosed documents that the asker may not see.",
            "%(num)s cases disclosed documents that the asker may not see.",
            made.leaked,
        ), "stop"
    beaten = [each for each in made.rivals if each.verdict != "better"]
    if not beaten:
        return _("Better than %(others)s on the same cases.", others=_(" and ").join(map(rival_name, made.rivals))), "good"
    worst = beaten[-1]
    told = {"name": rival_name(worst), "won": worst.better, "lost": worst.worse}
    if worst.verdict == "worse":
        return _("Worse than %(name)s (cases won: %(won)s, lost: %(lost)s).", **told), "stop"
    return _("No better than %(name)s so far as these cases show (cases won: %(won)s, lost: %(lost)s).", **told), "fair"


def rival_name(rival: Rival) -> str:
    """What a person calls it."""
    known = {
        evaluation.BASELINE: _("a search without AI"),
        "extractive": _("quotes without a language model"),
        AGAINST: _("the release compared with"),
    }
    return known.get(rival.name, rival.name)


def names(app: App, actor: Actor) -> dict[str, str]:
    """What each released recipe is called, by digest."""
    known = {each.spec.digest: _("release %(n)s", n=each.number) for each in releases.listed(app, actor)}
    with suppress(FirmgroundError):
        now = releases.show(app, actor, releases.CANDIDATE)
        known.setdefault(now.spec.digest, _("the candidate"))
    return known


def _rates(made: Report) -> str:
    rows = [
        (_("Passed"), made.passed),
        (_("Answered wrongly"), made.answered_wrongly),
        (_("Wrongly not answered"), made.wrongly_refused),
    ]
    rows += [(_("Disclosed something"), made.disclosed)] if made.disclosed else []
    return charts.rates(
        _("What the cases came to"),
        [_rate(name, each) for name, each in rows],
        heads=(_("Outcome"), _("Share of cases, with its 95% interval")),
        note=_("The band is where the true share lies, 95 times in 100: the fewer cases, the wider."),
    )


def _kinds(made: Report) -> str:
    rows = [_rate(_(KIND_NAMES.get(kind, words(kind))), row.passed) for kind, row in made.kinds.items()]
    return charts.rates(_("Passed, by kind of case"), rows, heads=(_("Kind"), _("Share of cases, with its 95% interval")))


def _rate(name: str, each: Share) -> charts.Rate:
    return charts.Rate(name, each.value, each.low, each.high, each.cases)


def _changes(found: Sequence[Change]) -> list[tuple[str, str, list[Change]]]:
    """What became of which cases, the worst first."""
    newly = [each for each in found if each.newly_wrong]
    worse = [each for each in found if each.became == "worse" and not each.newly_wrong]
    better = [each for each in found if each.became == "better" and not each.newly_wrong]
    groups = [("stop", _("Newly answered wrongly"), newly), ("fair", _("Worse"), worse), ("good", _("Better"), better)]
    return [group for group in groups if group[2]]
