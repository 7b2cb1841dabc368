"""Look at answers that were given: list them, show one, explain it, replay it."""

from collections.abc import Callable, Iterator
from typing import Any, cast

from firmground.app.access.names import EVALUATION
from firmground.app.app import App
from firmground.app.asking.sharing import shared_with
from firmground.app.asking.traces import all_as_seen, as_seen
from firmground.app.asking.unscored import unscored_trace
from firmground.app.corpus.builds import build_of
from firmground.app.launching.releases import RECIPES
from firmground.app.redaction.answers import all_revealed, revealed, said_in, shown_as
from firmground.app.reviewing.outcome import as_reviewed, with_state
from firmground.app.reviewing.seeing import without_evidence
from firmground.errors import Damaged, InvalidInput, NotFound
from firmground.ports import Transaction
from firmground.release.spec import ReleaseSpec
from firmground.serve.conversation import estimated_tokens
from firmground.serve.generation import EXTRACTIVE
from firmground.serve.replay import Replay, replayed
from firmground.types import Actor, Step, Trace

_AN_EXAMPLE = "closeness to an example of what is not answered"

LAST = "last"


def listed(
    app: App, actor: Actor, *, conversation: str | None = None, before: str = "", limit: int = 50, own: bool = False
) -> list[Trace]:
    """Newest first: a person's own; administrators see everybody's, unless they want their `own` alone."""
    with app.database.reading() as tx:
        whose = None if actor.may("see_all") and not own else actor.person
        found = tx.traces(person=whose, but=EVALUATION, conversation=conversation, before=before, limit=limit)
        seen_ = [told(without_evidence(each, actor), actor) for each in all_as_seen(tx, as_reviewed(tx, actor, found), actor)]
        return all_revealed(app, tx, actor, seen_)


def show(app: App, actor: Actor, reference: str) -> Trace:
    """By id, unambiguous prefix, or `last` (the latest of one's own), as this person may see it now. NotFound for somebody else's, unless
    it is shared, named in full, and theirs to see: then what `shared_with` leaves of it. Administrators see everybody's, and they alone
    what a model said unchecked, drafts that wait for a person and what was found for them, signs, whose answer this one repeats, and the
    examples of what is not answered. `review` tells of the people who look at it."""
    with app.database.reading() as tx:
        return revealed(app, tx, actor, seen(tx, actor, reference))


def seen(tx: Transaction, actor: Actor, reference: str) -> Trace:
    """The same, within a transaction, with placeholders as it is kept."""
    try:
        given = as_seen(tx, as_reviewed(tx, actor, [_found(tx, actor, reference)])[0], actor)
        found = told(without_evidence(given, actor), actor)
    except NotFound:
        shared = shared_with(tx, actor, reference)
        if shared is None:
            raise
        found = unscored_trace(with_state(tx, actor, shared), actor)
    return found


def _found(tx: Transaction, actor: Actor, reference: str) -> Trace:
    """As it was given, whole. Not what others share."""
    if reference == LAST:
        return _latest(tx, actor)
    return tx.find_trace(reference, person=None if actor.may("see_all") else actor.person)


def _latest(tx: Transaction, actor: Actor) -> Trace:
    found = tx.traces(person=actor.person, limit=1)
    if not found:
        raise NotFound("you have asked nothing yet, so there is no conversation", "ask first, with `firmground ask`")
    return found[0]


def told(trace: Trace, actor: Actor) -> Trace:
    """Without what is for administrators alone."""
    if actor.may("see_all"):
        return trace
    steps = tuple(map(_without_example, trace.steps))
    trace = unscored_trace(trace, actor)
    return trace.model_copy(update={"outputs": (), "draft": None, "signs": dict[str, float](), "cached_from": "", "steps": steps})


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
    at, `steps`, and `routed`, what the release's rules made of it. Values of signs are for administrators; others get the reasons and
    rules."""
    trace = show(app, actor, reference)
    with app.database.reading() as tx:
        recipe = recipe_of(tx, trace)
    signs = (
        recipe.answering.confidence.explained(trace.signs, dense=trace.covered) if trace.signs and actor.may("see_all") else ()
    )
    return {
        "reasons": list(trace.answer.reasons),
        "asked": trace.asked,
        "signs": [each._asdict() for each in signs],
        "rules": list(_rules(trace)),
        "steps": [step.model_dump(mode="json") for step in trace.steps if step.name != "decide"],
        "routed": trace.routed and trace.routed.model_dump(mode="json", exclude={"sampled"}),
    }


def replay(app: App, actor: Actor, reference: str) -> Replay:
    """Make an answer once more from what was kept of it: the recipe, the evidence, what the model said. No model is asked. Its sentences
    are told as this reader may see them; those of a draft to administrators alone."""
    with app.database.reading() as tx:
        trace = as_seen(tx, _found(tx, actor, reference), actor)
        recipe = recipe_of(tx, trace)
        wrote = said_in(app, tx, [trace.answer.id, *trace.context])
    made = replayed(trace, recipe.answering, build_of(app, recipe).embedder, _count(app, trace.answer.model), hidden=wrote)
    if trace.draft is not None and not actor.may("see_all"):
        return made.model_copy(update={"before": (), "now": ()})
    with app.database.reading() as tx:
        told = shown_as(app, tx, actor, trace, [*made.before, *made.now])
    return made.model_copy(update={"before": tuple(told[: len(made.before)]), "now": tuple(told[len(made.before) :])})


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
