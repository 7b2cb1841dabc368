"""Answers that somebody shared, as others may see them.

A link to an answer gives nobody a right: whoever opens it sees the answer if they may see every document it rests on, and learns nothing
otherwise, not even that it exists. What the asker said before it is not shared with it.
"""

from firmground.app.access.names import WIDGET
from firmground.app.asking.traces import as_seen
from firmground.app.reviewing.outcome import as_reviewed
from firmground.app.reviewing.seeing import without_evidence
from firmground.groups import EVERYONE
from firmground.ports import Transaction
from firmground.serve.trace import documents_of
from firmground.types import Actor, Answer, Trace


def signed_in(actor: Actor) -> bool:
    """Whether it is a person whom we know, not a visitor of a page elsewhere."""
    return EVERYONE in actor.groups and not actor.person.startswith(WIDGET)


def shared_with(tx: Transaction, actor: Actor, id: str) -> Trace | None:
    """The shared answer with exactly this id, where this person may see all that it rests on: its evidence, citations and closest
    passages, and those of every answer it was understood by. None also while any of that waits in quarantine, and once it was erased.

    It holds what is named here and nothing else, so that what traces come to hold is not shared by itself: never what was held back, what
    a model said unchecked, signs, steps, filters, the asker's groups, or the conversation before it.
    """
    if not signed_in(actor) or not tx.shared(id):
        return None
    trace = tx.trace(id)
    if trace is None or not _all_visible(tx, trace, actor):
        return None
    (trace,) = as_reviewed(tx, actor, [trace])
    trace = as_seen(tx, trace, actor)  # it may name copies of a passage, or older versions, that are not theirs to see
    trace = without_evidence(trace, actor)
    return Trace(
        answer=_alone(trace.answer, trace.asked),
        person=trace.person,
        via=trace.via,
        asked=trace.answer.question,
        language=trace.language,
        covered=trace.covered,
        evidence=trace.evidence,
    )


def _all_visible(tx: Transaction, trace: Trace, actor: Actor) -> bool:
    """An answer before it that is gone cannot be vouched for any more."""
    scopes = tx.visible_scopes(actor.groups)
    known = {trace.answer.id}
    waiting = [trace]
    while waiting:
        each = waiting.pop()
        documents = [tx.document(id) for id in documents_of(each)]
        if each.erased or not all(found and found.state == "indexed" and found.scope in scopes for found in documents):
            return False
        earlier = [tx.trace(id) for id in each.context if id not in known]
        known.update(each.context)
        if None in earlier:
            return False
        waiting += [found for found in earlier if found is not None]
    return True


def _alone(answer: Answer, asked: str) -> Answer:
    """Without what the asker said before: the question as it was searched holds words of that, and a reason may name it."""
    reasons = tuple(each for each in answer.reasons if asked == answer.question or asked not in each)
    return answer.model_copy(update={"conversation": answer.id, "reasons": reasons, "review": None})
