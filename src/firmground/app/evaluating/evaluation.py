"""Ask a release all golden cases, and say what it is worth: one durable job (`case_results` keeps what each case came to)."""

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from time import perf_counter
from typing import Any, NamedTuple, cast

from firmground.app.access.names import EVALUATION
from firmground.app.access.rights import need
from firmground.app.app import App
from firmground.app.asking.readiness import check_that_something_is_indexed
from firmground.app.asking.search import corpus as corpus_of
from firmground.app.evaluating.case_results import CaseResults, active_cases, kept_results
from firmground.app.evaluating.case_sources import changed_since
from firmground.app.evaluating.judging import judged
from firmground.app.evaluating.sight import Sight
from firmground.app.following import follow
from firmground.app.launching.releases import CANDIDATE, named
from firmground.app.redaction.answers import passages_as_read, values_of
from firmground.errors import InvalidInput, NotFound, Refused
from firmground.evaluate.cases import Case, dataset_digest
from firmground.evaluate.files import load
from firmground.evaluate.report import AGAINST, BASELINE, Report, Result, Rival, changes, moved, reported, rival
from firmground.evaluate.verdict import Verdict, judged_by
from firmground.ports import Handler, JobContext
from firmground.release.spec import ReleaseSpec
from firmground.serve.generation import EXTRACTIVE, Routing
from firmground.serve.search import Corpus, Retrieval, search
from firmground.types import Actor, Job, Json, Passage, Trace

REPORTS = "evaluation"
"""Namespace of reports, by id."""
MOST_REPEATS = 20
FRESH = timedelta(days=1)
"""How long ago an answer may have been given that a fresh evaluation rests on."""
_BATCH = 40


class _Found(NamedTuple):
    """What the search without vectors came to for a case: its best passage, and how it would fare as the answer."""

    score: float
    as_answer: Verdict
    as_refusal: Verdict


def run(
    app: App,
    actor: Actor,
    *,
    release: str = CANDIDATE,
    against: str = "",
    repeats: int = 1,
    judge: str = "",
    fresh: bool = False,
    watch: Callable[[Job], None] = lambda _: None,
) -> Report:
    """Evaluate a release on the active golden cases, beside what is simpler than it and, with `against`, beside another release;
    `judge` names a language model that grades the answers too. `fresh`: what was asked more than `FRESH` ago is asked again. Goes
    on with one that was interrupted. InvalidInput for a number of repeats or a model that cannot be used; NotFound without cases
    or such a release, or where nothing is indexed."""
    began = app.clock()
    while True:
        job = request(app, actor, release=release, against=against, repeats=repeats, judge=judge, fresh=fresh)
        made = cast("dict[str, str]", follow(app, job.id, handlers(app), watch))
        found = report(app, actor, made["evaluation"])
        made_by = found.judge.model if found.judge else ""
        too_old = fresh and (found.asked_from is None or found.asked_from < began - FRESH)
        wanted = (*_digests(app, release, against), repeats, judge)
        if (found.release, found.against, found.repeats, made_by) == wanted and not too_old:
            return found  # else it was one that somebody else had asked for


def request(
    app: App,
    actor: Actor,
    *,
    release: str = CANDIDATE,
    against: str = "",
    repeats: int = 1,
    judge: str = "",
    fresh: bool = False,
) -> Job:
    """The job that does it, for whoever does not wait: one that is not finished yet, or a new one. Refused as `run` is."""
    need(actor, "releases", "evaluate")
    if not 1 <= repeats <= MOST_REPEATS:
        raise InvalidInput(f"{repeats} repeats cannot be used", f"use 1 to {MOST_REPEATS}")
    check_that_something_is_indexed(app)
    if not active_cases(app):
        raise NotFound("there are no active golden cases", "write some under golden/, see `firmground cases check`")
    if judge:
        app.model(judge)  # one that there is none of is refused now
    meant, other = _digests(app, release, against)
    unfinished = app.jobs.unfinished("evaluate")
    if unfinished:
        return unfinished[0]
    inputs: dict[str, Json] = {
        "release": meant,
        "against": other,
        "repeats": repeats,
        "judge": judge,
        "fresh": fresh,
        "by": actor.person,
        "via": actor.via,
    }
    return app.jobs.get(app.jobs.submit("evaluate", inputs))


def _digests(app: App, release: str, against: str) -> tuple[str, str]:
    with app.database.reading() as tx:
        return named(app, tx, release).digest, named(app, tx, against).digest if against else ""


def handlers(app: App) -> dict[str, Handler]:
    """What a worker of this workspace can do."""
    return {"evaluate": lambda context, inputs: _Evaluating(app, context, inputs).run()}


def report(app: App, actor: Actor, id: str) -> Report:
    """One evaluation, as this person may read it. NotFound."""
    need(actor, "audit", "read evaluations")
    with app.database.reading() as tx:
        found = tx.fact(REPORTS, id)
        if found is None:
            raise NotFound(f"there is no evaluation {id!r}", "`firmground evaluate --list` shows all")
        return Sight(app, tx, actor).report(Report.model_validate(found))


def reports(app: App, actor: Actor) -> list[Report]:
    """All evaluations, newest first, as this person may read them."""
    need(actor, "audit", "read evaluations")
    with app.database.reading() as tx:
        sight = Sight(app, tx, actor)
        found = [sight.report(Report.model_validate(each)) for each in tx.facts(REPORTS).values()]
    return sorted(found, key=lambda each: each.created_at, reverse=True)


def results_of(app: App, actor: Actor, made: Report, *, release: str = "") -> list[tuple[Case, list[Result]]]:
    """The cases of an evaluation with what each came to, or came to with the `release` it was compared with, as this person may read them;
    cases that were changed or dropped since are left out."""
    need(actor, "audit", "read evaluations")
    with app.database.reading() as tx:
        sight, wanted = Sight(app, tx, actor), release or made.release
        found = kept_results(tx, active_cases(app), release=wanted, corpus=made.corpus, repeats=made.repeats)
        sight.look_up(case for case, _ in found)
        return [sight.came(case, came) for case, came in found]


def answer_of(app: App, actor: Actor, result: Result) -> Trace | None:
    """What was answered to a case, where this person may see all that the case and the answer rest on; None also where nothing is kept."""
    need(actor, "audit", "read evaluations")
    case = next((each for each in active_cases(app) if each.digest == result.case), None)
    with app.database.reading() as tx:
        sight, trace = Sight(app, tx, actor), tx.trace(result.trace) if result.trace else None
        shown = trace is not None and trace.person == EVALUATION and case is not None and sight.shows(case)
        return sight.answer(trace) if shown and trace else None


class _Evaluating:
    """One run of the job."""

    def __init__(self, app: App, context: JobContext, inputs: Mapping[str, Any]) -> None:
        self.app = app
        self.context = context
        self.repeats = int(inputs["repeats"])
        self.by = str(inputs.get("by", ""))
        self.judge = str(inputs.get("judge", ""))
        self.since = app.clock() - FRESH if inputs.get("fresh") else None
        self.cases = active_cases(app)
        self.results = CaseResults(app, self.cases, context.check_cancelled)
        with app.database.reading() as tx:
            self.recipe = named(app, tx, inputs["release"])
            self.against = named(app, tx, inputs["against"]) if inputs["against"] else None
            self.dataset = dataset_digest(self.cases)

    def run(self) -> Json:
        start = perf_counter()
        extractive = _extractive(self.recipe) if self.recipe.answering.generation.routing.models else None
        others = [each for each in (self.against, extractive) if each is not None]
        self.total = len(self.cases) * (self.repeats * (2 if self.against else 1) + (1 if extractive else 0) + 1)
        self.done = 0
        self._progress(0)
        ours = self.results.of(self.recipe, self.repeats, self._progress, since=self.since)
        theirs = [
            self.results.of(each, 1 if each is extractive else self.repeats, self._progress, since=self.since) for each in others
        ]
        named_ = [(AGAINST if each is self.against else "extractive", found) for each, found in zip(others, theirs, strict=True)]
        rivals = [rival(name, self.cases, ours, found) for name, found in named_]
        rivals.append(_against_baseline(self.cases, ours, self._baseline()))
        dataset = load(self.app.workspace.root)
        made = reported(
            self.cases,
            ours,
            rivals,
            id=self.context.id,
            release=self.recipe.digest,
            corpus=self.results.version,
            dataset=self.dataset,
            created_at=self.app.clock(),
            by=self.by,
            seconds=perf_counter() - start,
            repeats=self.repeats,
            unreadable=len(dataset.unreadable),
            against=self.against.digest if self.against else "",
            changes=changes(self.cases, ours, theirs[0]) if self.against else (),
            moved=moved(self.cases, ours, theirs[0]) if self.against else (),
            judge=judged(self.app, self.judge, self.cases, ours, self.context.check_cancelled) if self.judge else None,
        )
        changed_since(self.app, [placed.case for placed in dataset.cases])
        with self.app.database.transaction() as tx:
            self.results.check_unchanged(tx)
            tx.put_fact(REPORTS, made.id, made.model_dump(mode="json"))
        return {"evaluation": made.id}

    def _progress(self, done: int) -> None:
        self.done += done
        self.context.progress(self.done, self.total, "cases")

    # ---------------------------------------------------------------- what is simpler

    def _baseline(self) -> dict[str, _Found]:
        """BM25 without vectors, its best passage as it stands."""
        plain = self.recipe.retrieval.fusion.model_copy(update={"dense_weight": 0.0, "dense_weights": {}})
        retrieval = self.recipe.retrieval.model_copy(update={"fusion": plain})
        corpus = corpus_of(self.app, self.recipe)
        found: dict[str, _Found] = {}
        for start in range(0, len(self.cases), _BATCH):
            self.context.check_cancelled()
            batch = self.cases[start : start + _BATCH]
            for case in batch:
                found[case.digest] = _as_baseline(case, self._best(corpus, retrieval, case))
            self._progress(len(batch))
        return found

    def _best(self, corpus: Corpus, retrieval: Retrieval, case: Case) -> list[Passage]:
        """As one who is in the groups of the case reads it."""
        try:
            said = self.results.asked(case)
        except Refused:
            return []
        hidden = values_of(said.values)
        passages = search(corpus, retrieval, said.text, self.results.within(case), limit=1, hidden=hidden).passages
        with self.app.database.reading() as tx:
            return passages_as_read(self.app, tx, self.results.persona(case), passages)


def _as_baseline(case: Case, passages: Sequence[Passage]) -> _Found:
    refusal = judged_by(case, "abstained", "", [])
    if not passages:
        return _Found(0.0, refusal, refusal)
    best = passages[0]
    return _Found(best.scores.lexical or 0.0, judged_by(case, "answered", best.text, [best.uri, *best.also]), refusal)


def _against_baseline(cases: Sequence[Case], ours: dict[str, list[Result]], found: dict[str, _Found]) -> Rival:
    """With the threshold of its score at which it passes most of these very cases: nobody can tune it better."""

    def at(threshold: float) -> dict[str, list[Result]]:
        return {case.digest: [_result(case, found[case.digest], threshold)] for case in cases}

    def passes(threshold: float) -> int:
        return sum(_result(case, found[case.digest], threshold).passed for case in cases)

    candidates = sorted({0.0, *(each.score for each in found.values())})
    best = max([*candidates, candidates[-1] + 1.0], key=lambda threshold: (passes(threshold), -threshold))
    note = f"no AI: answers with its best passage from a BM25 score of {best:.2f} on, the best threshold for these cases"
    return rival(BASELINE, cases, ours, at(best), note)


def _result(case: Case, found: _Found, threshold: float) -> Result:
    answered = found.score >= threshold and found.as_answer is not found.as_refusal
    verdict = found.as_answer if answered else found.as_refusal
    return Result(case=case.digest, status="answered" if answered else "abstained", verdict=verdict)


def _extractive(recipe: ReleaseSpec) -> ReleaseSpec:
    """The same recipe without its language models."""
    generation = recipe.answering.generation.model_copy(update={"routing": Routing(model=EXTRACTIVE)})
    return recipe.model_copy(update={"answering": recipe.answering.model_copy(update={"generation": generation})})
