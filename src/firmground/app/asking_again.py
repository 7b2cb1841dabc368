"""Ask what was asked before of another release: the same question, in the same conversation, with the rights of who asked."""

from random import SystemRandom
from typing import Literal, cast

from firmground.answer.judge import Judge
from firmground.app.answers import examples
from firmground.app.app import App
from firmground.app.kept import show
from firmground.app.releases import named
from firmground.app.rights import administrators_only
from firmground.app.search import corpus
from firmground.app.traces import turns_before
from firmground.ports import Filters
from firmground.serve.ask import Asked, Live, answer
from firmground.serve.generation import Models
from firmground.types import Actor, Answer, Value, Within


class Again(Value):
    """An answer beside what a release says to the same question now. Neither is kept anew."""

    before: Answer
    now: Answer

    @property
    def outcome(self) -> Literal["same", "different"]:
        """Whether a reader sees the same: state and text."""
        return "same" if (self.before.status, self.before.text) == (self.now.status, self.now.text) else "different"


def ask_again(app: App, actor: Actor, reference: str, release: str) -> Again:
    """What `release` answers to the question of an earlier answer, from the documents as they are now and as its asker might see them then,
    their groups as they were. For administrators. NotFound for an answer or release that does not exist, Refused for a release
    without index."""
    administrators_only(actor, "ask a release again what was asked before")
    trace = show(app, actor, reference)
    with app.database.reading() as tx:
        recipe = named(app, tx, release)
        history = turns_before(tx, trace)
        scopes = None if trace.admin else tx.visible_scopes(trace.groups)
        filters = cast("Filters", trace.filters)
        chosen = tx.documents_matching(filters) if filters else Within()
    asked = Asked(
        question=trace.answer.question,
        within=Within(scopes=scopes, documents=chosen.documents, excluded=chosen.excluded),
        conversation=trace.answer.conversation if history else "",
        history=history,
        person=trace.person,
        via="replay",
        groups=trace.groups,
        admin=trace.admin,
        filters=trace.filters,
    )
    live = Live(
        clock=app.clock,
        random=SystemRandom(),
        models=Models(app.model, lambda: Judge(app.model(recipe.answering.generation.judge))),
        examples=examples(app, recipe),
    )
    made = answer(corpus(app, recipe), recipe.retrieval, recipe.answering, asked, live, release=recipe.digest)
    return Again(before=trace.answer, now=made.answer)
