"""Ask what was asked before of another release: the same question, in the same conversation, with the rights of who asked."""

from random import SystemRandom
from typing import Literal, cast

from firmground.answer.judge import Judge
from firmground.app.access.rights import need
from firmground.app.app import App
from firmground.app.asking.answers import examples
from firmground.app.asking.kept import seen
from firmground.app.asking.search import corpus
from firmground.app.asking.traces import turns_before
from firmground.app.launching.releases import named
from firmground.app.redaction.answers import answer_revealed, said_in
from firmground.app.reviewing.lots import lots
from firmground.app.spending.metering import metered
from firmground.ports import Filters
from firmground.serve.ask import Asked, Live, answer
from firmground.serve.generation import Models
from firmground.serve.sending import Sending
from firmground.serve.unread import Unread
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
    without index; LimitReached where a budget is spent, since quotes would be no answer of that release."""
    need(actor, "releases", "ask a release again what was asked before")
    with app.database.reading() as tx:
        trace = seen(tx, actor, reference)
        recipe = named(app, tx, release)
        history = turns_before(tx, trace)
        wrote = said_in(app, tx, [trace.answer.id, *(turn.id for turn in history)])
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
        hidden=wrote,
    )
    with metered(app, actor, release=recipe.digest, degrades=False) as meter:
        drawn = lots(app).of(trace.person, trace.answer.question)
        sending = Sending(recipe.review, recipe.digest, drawn, groups=trace.groups, finder=app.finder)
        live = Live(
            clock=app.clock,
            random=SystemRandom(),
            models=Models(app.model, lambda: Judge(app.model(recipe.answering.generation.judge))),
            examples=examples(app, recipe),
            sending=sending,
            unread=Unread(app.finder),
            account=meter.account,
        )
        given = answer(corpus(app, recipe), recipe.retrieval, recipe.answering, asked, live, release=recipe.digest)
        made = sending.settled(given)
    with app.database.reading() as tx:
        before, now = (answer_revealed(app, tx, actor, each) for each in (trace, made))
    return Again(before=before, now=now)
