"""Look at answers that were given: list them, show one, explain it, replay it."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, cast

from firmground.app.app import App
from firmground.app.builds import build_of
from firmground.app.releases import RECIPES
from firmground.app.sharing import shared_with
from firmground.app.traces import EVALUATION, all_as_seen, as_seen
from firmground.errors import Damaged, InvalidInput, NotFound
from firmground.ports import Transaction
from firmground.release.spec import ReleaseSpec
from firmground.serve.conversation import estimated_tokens
from firmground.serve.generation import EXTRACTIVE
from firmground.serve.replay import Replay, replayed
from firmground.types import Actor, ReviewRequest, Step, Trace

_AN_EXAMPLE = "closeness to an example of what is not answered"

LAST = "last"


def listed(
    app: App, actor: Actor, *, conversation: str | None = None, before: str = "", limit: int = 50, own: bool = False
) -> list[Trace]:
    """Newest first: a person's own; administrators see everybody's, unless they want their `own` alone."""
    with app.database.reading() as tx:
        whose = None if actor.admin and not own else actor.person
        found = tx.traces(person=whose, but=EVALUATION, conversation=conversation, before=before, limit=limit)
        return _with_requests(tx, actor, [_told(trace, actor) for trace in all_as_seen(tx, found, actor)])


def show(app: App, actor: Actor, reference: str) -> Trace:
    """By id, unambiguous prefix, or `last` (the latest of one's own), as this person may see it now. NotFound for somebody else's, unless
    it is shared, named in full, and theirs to see: then what `shared_with` leaves of it. Administrators see everybody's, and they alone
    what a model said unchecked, sentences that were held, signs, whose answer this one repeats, and the examples of what is not
    answered. `review` tells of the request for a person that they have open."""
    with app.database.reading() as tx:
        return seen(tx, actor, reference)


def seen(tx: Transaction, actor: Actor, reference: str) -> Trace:
    """The same, within a transaction."""
    try:
        found = _told(_found(tx, actor, reference), actor)
    except NotFound:
        shared = shared_with(tx, actor, reference)
        if shared is None:
            raise
        found = shared
    return _with_requests(tx, actor, [found])[0]


def _found(tx: Transaction, actor: Actor, reference: str) -> Trace:
    """Not what others share."""
    if reference == LAST:
        return as_seen(tx, _latest(tx, actor), actor)
    return as_seen(tx, tx.find_trace(reference, person=None if actor.admin else actor.person), actor)


def _with_requests(tx: Transaction, actor: Actor, traces: Sequence[Trace]) -> list[Trace]:
    """Kept answers stay as they were given: what became of them since is filled in when they are read."""
    requests = tx.reviews([trace.answer.id for trace in traces])
    open_ = {each.answer: {"id": each.id, "state": each.state} for each in requests if _theirs(each, actor)}
    return [
        trace.model_copy(update={"answer": trace.answer.model_copy(update={"review": open_[trace.answer.id]})})
        if trace.answer.id in open_
        else trace
        for trace in traces
    ]


def _theirs(request: ReviewRequest, actor: Actor) -> bool:
    return request.person == actor.person and request.state == "open"


def _latest(tx: Transaction, actor: Actor) -> Trace:
    found = tx.traces(person=actor.person, limit=1)
    if not found:
        raise NotFound("you have asked nothing yet, so there is no conversation", "ask first, with `firmground ask`")
    return found[0]


def _told(trace: Trace, actor: Actor) -> Trace:
    if actor.admin:
        return trace
    steps = tuple(map(_without_example, trace.steps))
    return trace.model_copy(update={"outputs": (), "held": (), "signs": dict[str, float](), "cached_from": "", "steps": steps})


def _without_example(step: Step) -> Step:
    """What must not be answered may itself be nothing for everybody."""
    rules = cast("list[dict[str, Any]]", step.detail.get("rules", []))
    if not any(rule["name"] == "excluded_topic" for rule in rules):
        return step
    told = [rule | {"text": _AN_EXAMPLE} if rule["name"] == "excluded_topic" else rule for rule in rules]
    return step.model_copy(update={"detail": {**step.detail, "rules": told}})


def latest_conversation(app: App, actor: Actor) -> str:
    """Of this person's own. NotFound where there is none."""
    with app.database.reading() as tx:
        return _latest(tx, actor).answer.conversation


def explanation(app: App, actor: Actor, reference: str) -> dict[str, Any]:
    """How an answer came about: `reasons`, `signs` (value, weight, what each adds to the log-odds), `rules` in the order they were looked
    at, and `steps`. Values of signs are for administrators; others get the reasons and rules."""
    trace = show(app, actor, reference)
    with app.database.reading() as tx:
        recipe = recipe_of(tx, trace)
    signs = recipe.answering.confidence.explained(trace.signs, dense=trace.covered) if trace.signs and actor.admin else ()
    return {
        "reasons": list(trace.answer.reasons),
        "asked": trace.asked,
        "signs": [each._asdict() for each in signs],
        "rules": list(_rules(trace)),
        "steps": [step.model_dump(mode="json") for step in trace.steps if step.name != "decide"],
    }


def replay(app: App, actor: Actor, reference: str) -> Replay:
    """Make an answer once more from what was kept of it: the recipe, the evidence, what the model said. No model is asked."""
    with app.database.reading() as tx:
        trace = _found(tx, actor, reference)
        recipe = recipe_of(tx, trace)
    return replayed(trace, recipe.answering, build_of(app, recipe).embedder, _count(app, trace.answer.model))


def recipe_of(tx: Transaction, trace: Trace) -> ReleaseSpec:
    """The recipe that gave an answer. Damaged where it is not known, or of another version of this program."""
    try:
        return ReleaseSpec.model_validate(tx.fact(RECIPES, trace.answer.release))
    except ValueError:
        raise Damaged(
            f"the recipe {trace.answer.release[:12]} of this answer cannot be read", "ask again; the answer itself is whole"
        ) from None


def _count(app: App, name: str) -> Callable[[str], int]:
    """How the model that answered counts tokens; an estimate where it is known no more."""
    try:
        return estimated_tokens if name == EXTRACTIVE else app.model(name).count
    except InvalidInput:
        return estimated_tokens


def _rules(trace: Trace) -> Iterator[dict[str, Any]]:
    for step in trace.steps:
        if step.name == "decide":
            yield from cast("list[dict[str, Any]]", step.detail.get("rules", []))
