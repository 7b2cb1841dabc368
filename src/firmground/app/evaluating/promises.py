"""Ask all golden cases without any threshold, and find the one from which on wrong answers are shown to be rare: one durable job.

Each case is judged by a confidence that was fitted without its document; who has none by the one that answers.
"""

from collections.abc import Callable, Mapping
from typing import Any

from firmground.answer.calibration import Apart, Calibration
from firmground.answer.confidence import Confidence
from firmground.app.access.rights import need
from firmground.app.app import App
from firmground.app.evaluating import calibrated
from firmground.app.evaluating.case_results import CaseResults, active_cases
from firmground.app.evaluating.case_sources import contents_now
from firmground.app.following import follow
from firmground.app.launching.releases import recipe_calibrated
from firmground.app.recording.ledger import record
from firmground.errors import InvalidInput, NotFound, Refused
from firmground.evaluate.cases import Case
from firmground.evaluate.report import Result, answered, cluster_of, wrong
from firmground.evaluate.threshold import Outcome, Promise, promised
from firmground.ports import Handler, JobContext, Transaction
from firmground.release.spec import ReleaseSpec
from firmground.types import Actor, Job, Json


def run(app: App, actor: Actor, *, target: float, watch: Callable[[Job], None] = lambda _: None) -> Promise:
    """What can be promised of wrong answers on the golden cases; the candidate then answers from the threshold found on. InvalidInput for a
    share that cannot be used, NotFound without cases, Refused where the candidate is not calibrated."""
    need(actor, "releases", "calibrate")
    check(target)
    if not active_cases(app):
        raise NotFound("there are no active golden cases", "write some under golden/, see `firmground cases check`")
    with app.database.reading() as tx:
        recipe, _ = _calibrated(app, tx)
    wanted: dict[str, Json] = {"target": target, "recipe": recipe.digest}
    unfinished = app.jobs.unfinished("promise")
    job = unfinished[0].id if unfinished else app.jobs.submit("promise", {**wanted, "by": actor.person, "via": actor.via})
    made: Any = follow(app, job, handlers(app), watch)
    if made["wanted"] != wanted:  # it was one that somebody else had asked for
        return run(app, actor, target=target, watch=watch)
    return Promise.model_validate(made["promise"])


def check(target: float) -> None:
    """InvalidInput where the share cannot be used."""
    if not 0.005 <= target <= 0.5:
        raise InvalidInput(f"a share of {target:g} wrong answers cannot be shown", "use 0.005 to 0.5, e.g. 0.05 for 5 %")


def handlers(app: App) -> dict[str, Handler]:
    """What a worker of this workspace can do."""
    return {"promise": lambda context, inputs: _promise(app, context, inputs)}


def _promise(app: App, context: JobContext, inputs: Mapping[str, Any]) -> Json:
    cases = active_cases(app)
    with app.database.reading() as tx:
        recipe, found = _calibrated(app, tx)
        if recipe.digest != inputs["recipe"]:
            raise Refused("the recipe changed since this was asked for", "run `firmground release calibrate` again")
        judges = calibrated.judges_of(tx, calibrated.fingerprint(recipe))
        contents = contents_now(app, tx)
    asked = 0

    def progress(count: int) -> None:
        nonlocal asked
        asked += count
        context.progress(asked, len(cases), "cases")

    progress(0)
    results = CaseResults(app, cases, context.check_cancelled)
    came = results.of(_never_silent(recipe), 1, progress)
    with app.database.transaction() as tx:
        results.check_unchanged(tx)
        outcomes = [_outcome(tx, case, came[case.digest][0], _rule(found, judges, case, contents)) for case in cases]
        made = promised(outcomes, float(inputs["target"]), at_least=found.confidence.threshold)
        if failed := sum(bool(each.error) for (each,) in came.values()):
            made = Promise(target=made.target, cases=made.cases, why_not=f"{failed} of {made.cases} cases ended with an error")
        calibrated.keep_promise(tx, calibrated.fingerprint(recipe), made, found, recipe)
        by = Actor(person=str(inputs.get("by", "")), via="job")
        told: dict[str, Json] = {"cases": made.cases, "kept": made.kept, "threshold": made.threshold}
        record(app, tx, by, "calibration.made", recipe.digest, wrong_answers=made.target, found=told)
    return {"wanted": {"target": inputs["target"], "recipe": recipe.digest}, "promise": made.model_dump(mode="json")}


def _calibrated(app: App, tx: Transaction) -> tuple[ReleaseSpec, Calibration]:
    """The candidate with the confidence that was calibrated, before any promise raised its threshold."""
    found = calibrated.stored(tx, calibrated.fingerprint(app.candidate))
    if found is None or not found.calibrated:
        raise Refused("the confidence is not calibrated", "run `firmground release calibrate` first")
    return recipe_calibrated(app.candidate, found.confidence), found


def _never_silent(recipe: ReleaseSpec) -> ReleaseSpec:
    """The same recipe, which answers however unsure it is."""
    confidence = recipe.answering.confidence.model_copy(update={"threshold": 0.0})
    return recipe_calibrated(recipe, confidence)


def _rule(found: Calibration, judges: Apart, case: Case, contents: Mapping[str, str]) -> Confidence:
    """The fit has seen a case by the first of its sources that the workspace has."""
    named = [contents[source] for alternatives in case.expect.sources for source in alternatives if source in contents]
    fold = judges.folds.get(named[0]) if named and case.expect.behaviour == "answer" else None
    return found.confidence if fold is None else judges.rules[fold]


def _outcome(tx: Transaction, case: Case, result: Result, rule: Confidence) -> Outcome:
    """What was not answered, however unsure, is no wrong answer."""
    trace = tx.trace(result.trace) if answered(result) else None
    confidence = rule.of(trace.signs, dense=trace.covered) if trace else result.confidence
    return Outcome(confidence, answered(result), wrong(result), cluster_of(case))
