"""What an audit may look at, gathered as of one moment of the database. What is of another corpus, of other cases or of another release is
no evidence, and what nobody knows stays empty."""

from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, cast

from firmground.app.access.names import EVALUATION
from firmground.app.app import App
from firmground.app.evaluating.calibrated import changed, fingerprint, stored
from firmground.app.evaluating.case_results import active_cases, dropped_results, kept_results
from firmground.app.evaluating.case_sources import confirmed, contents_now
from firmground.app.evaluating.evaluation import REPORTS
from firmground.app.evaluating.samples import shipped_cases
from firmground.app.launching import exercises, pointer
from firmground.app.launching.briefs import brief_now
from firmground.app.launching.releases import show
from firmground.app.teaching.labelled import reviewed
from firmground.errors import FirmgroundError
from firmground.evaluate.cases import Case, dataset_digest
from firmground.evaluate.files import load
from firmground.evaluate.report import Report, wrong
from firmground.evaluate.verdict import words
from firmground.gate.facts import Dropped, Facts, Judged, SourceState, Traffic
from firmground.ports import Transaction
from firmground.release.record import Live, Release
from firmground.release.spec import ReleaseSpec
from firmground.review import labels
from firmground.serve.pinned import pin_of
from firmground.types import Actor, DocumentState, Json, Trace

_AT_ONCE = 200
_MOST_ANSWERS = 5000
"""Of people, newest first: enough for a 95th percentile, and quick."""
_UNREADABLE = ("garbled", "wrong_encoding")
_STATES = ("indexed", "quarantined", "failed")


def gathered(app: App, release: Release, *, traffic_days: float = 7.0) -> Facts:
    """Of a release, on the documents and the cases as they are now. A thumb is no fact: it says whether somebody liked an answer, not
    whether it is right. What reviewers decided is one."""
    cases = active_cases(app)
    brief, problem = _brief(app)
    live = _compared(app)
    digest = release.spec.digest
    dataset = dataset_digest(cases)
    with app.database.reading() as tx:
        corpus = str(tx.corpus_version())
        reports = _reports(tx, digest, corpus, dataset)
        newest = reports[0] if reports else None
        return Facts(
            now=app.clock(),
            release=release,
            live=live,
            corpus=corpus,
            dataset=dataset,
            cases=cases,
            shipped_cases=shipped_cases(cases, confirmed(tx)),
            unreadable_cases=len(load(app.workspace.root).unreadable),
            report=newest,
            results=kept_results(tx, cases, release=digest, corpus=corpus) if newest else (),
            dropped=_dropped(app, tx, cases, digest, corpus),
            contents=_contents(app, tx, cases),
            restricted=_restricted(tx, cases),
            against_live=_against(reports, live),
            traffic=_traffic(tx, digest, app.clock(), traffic_days),
            judged=_judged(tx, digest, app.clock()),
            brief=brief,
            brief_problem=problem,
            sources=_sources(app, tx),
            exercises=exercises.kept(tx, digest),
            calibration_stale=_stale(tx, release.spec),
        )


def _brief(app: App) -> tuple[Any, str]:
    try:
        return brief_now(app), ""
    except FirmgroundError as error:
        return None, str(error)


def beside(app: App, tx: Transaction) -> Live | None:
    """What a release is compared with: what is live, or, where that is by an override, what was live last without one."""
    found = pointer.read(tx, app.clock)
    return pointer.proven(tx) if found and found.override else found


def _compared(app: App) -> Release | None:
    with app.database.reading() as tx:
        found = beside(app, tx)
    return show(app, Actor(person="audit", role="admin", via="job"), str(found.number)) if found else None


# ---------------------------------------------------------------- evaluations


def _reports(tx: Transaction, release: str, corpus: str, dataset: str) -> list[Report]:
    """Evaluations that are evidence, newest first. One that cannot be read is none."""
    found = [_report(each) for each in tx.facts(REPORTS).values()]
    ours = [each for each in found if each and (each.release, each.corpus, each.dataset) == (release, corpus, dataset)]
    return sorted(ours, key=lambda each: each.created_at, reverse=True)


def _report(packed: Json) -> Report | None:
    try:
        return Report.model_validate(packed)
    except ValueError:
        return None


def _against(reports: Sequence[Report], live: Release | None) -> Report | None:
    return next((each for each in reports if live and each.against == live.spec.digest), None)


# ---------------------------------------------------------------- golden cases


def _dropped(app: App, tx: Transaction, cases: Sequence[Case], release: str, corpus: str) -> list[Dropped]:
    """By id: wrong where any of its answers was."""
    looked_at = confirmed(tx)
    stand = {placed.case.id for placed in load(app.workspace.root).cases if looked_at & {placed.case.digest}}
    of: dict[str, bool] = {}
    for result in dropped_results(tx, cases, release=release, corpus=corpus):
        of[result.id] = of.get(result.id, False) or wrong(result)
    return [Dropped(id=id, wrong=bad, confirmed=id in stand) for id, bad in sorted(of.items())]


def _contents(app: App, tx: Transaction, cases: Sequence[Case]) -> dict[str, str]:
    named = {source for case in cases for alternatives in case.expect.sources for source in alternatives}
    return {name: content for name, content in contents_now(app, tx).items() if name in named}


def _restricted(tx: Transaction, cases: Sequence[Case]) -> frozenset[str]:
    every = sum(_indexed(tx.document_counts()))
    seen = {case.as_: sum(_indexed(tx.document_counts(tx.visible_scopes({*case.as_, "public"})))) for case in cases}
    return frozenset(case.digest for case in cases if seen[case.as_] < every)


def _indexed(counts: Mapping[tuple[str, DocumentState, str], int]) -> list[int]:
    return [count for (_, state, _), count in counts.items() if state == "indexed"]


# ---------------------------------------------------------------- traffic


def _traffic(tx: Transaction, release: str, now: datetime, days: float) -> Traffic | None:
    """Answers that the release made for people. One that was given again from memory took no time and cost nothing, and is left out."""
    since = now - timedelta(days=days)
    found: list[Trace] = []
    looked = 0
    before = ""
    oldest = now
    while looked < _MOST_ANSWERS and (page := tx.traces(but=EVALUATION, before=before, limit=_AT_ONCE)):
        looked += len(page)
        before = page[-1].answer.id
        recent = [trace for trace in page if trace.answer.created_at >= since]
        found += [trace for trace in recent if trace.answer.release == release and not trace.cached_from]
        oldest = min([oldest, *(trace.answer.created_at for trace in recent)])
        if len(recent) < len(page):
            break
    if not found:
        return None
    times = [trace.answer.timings_ms.get("first_sentence") for trace in found if trace.answer.status in {"answered", "weak"}]
    return Traffic(
        answers=len(found),
        days=days if looked < _MOST_ANSWERS else (now - oldest) / timedelta(days=1),
        first_sentence_ms=tuple(each for each in times if each is not None),
        costs_usd=tuple(trace.answer.usage.cost_usd for trace in found),
    )


def _judged(tx: Transaction, release: str, now: datetime) -> Judged | None:
    """What reviewers said of answers that were given, also of those that were given again from memory. What is pinned is an answer of
    people, and not of the release."""
    chosen: list[labels.Looked] = []
    others: dict[Hashable, bool] = {}
    for trace, item, acts in reviewed(tx, release=release):
        if pin_of(trace) or (trace.draft or trace.answer).status not in {"answered", "weak"}:
            continue
        found = labels.looked((words(trace.answer.question), trace.groups), trace, item, acts, now)
        if trace.routed is not None and trace.routed.sampled:
            chosen.append(found)
        elif found.right is not None:
            others[found.question] = others.get(found.question, True) and found.right
    made = labels.share(chosen)
    told = Judged(
        answers=made.judged,
        wrong=made.wrong,
        people=made.people,
        open=made.open,
        others=len(others),
        others_wrong=sum(not good for good in others.values()),
    )
    return None if told == Judged() else told


# ---------------------------------------------------------------- documents


def _sources(app: App, tx: Transaction) -> tuple[SourceState, ...]:
    counts: Counter[tuple[str, str]] = Counter()
    for (name, state, _), count in tx.document_counts().items():
        counts[name, state] += count
    found = (_source(app, tx, name, {state: counts[name, state] for state in _STATES}) for name in app.sources)
    return tuple(each for each in found if each.name != app.uploads.name or each.documents)


def _source(app: App, tx: Transaction, name: str, counts: Mapping[str, int]) -> SourceState:
    settings = app.workspace.settings
    section = next((each for each in settings.sources if each.name == name), None)
    owner = section.owner if section else settings.uploads.owner if name == app.uploads.name else ""
    kept = tx.report(name)
    report = cast("dict[str, Any]", kept[0]) if kept else {}
    flaws = cast("dict[str, int]", report.get("quality", {}).get("counts", {}))
    tests = {
        "readable texts": not any(flaws.get(code, 0) for code in _UNREADABLE),
        "nothing in quarantine": not counts["quarantined"],
    }
    return SourceState(
        name=name,
        owner=owner,
        synced_at=_moment(report.get("finished_at")),
        fresh_within_hours=section.fresh_within_hours if section else None,
        documents=sum(counts.values()),
        failed=counts["failed"],
        stale=flaws.get("stale", 0),
        tests=tests if kept else {},
    )


def _moment(text: object) -> datetime | None:
    try:
        return datetime.fromisoformat(str(text))
    except ValueError:
        return None


def _stale(tx: Transaction, recipe: ReleaseSpec) -> float | None:
    """How much changed since the calibration that the release's own confidence is of; that of another says nothing of it."""
    confidence = recipe.answering.confidence
    found = stored(tx, fingerprint(recipe)) if confidence.calibrated_on else None
    if found is None or (found.confidence.meaning, found.confidence.words) != (confidence.meaning, confidence.words):
        return None
    return changed(tx, found)
