"""What people say of answers: a thumb, a wish that a person looks at one, and whether others may see it.

Whoever may see an answer may say what they think of it. All of it goes when the answer does. A comment or a note may quote the documents
that the answer rests on, so both are emptied as soon as one of these is erased, and no new ones are taken then: somebody may still have
the page open. Thumbs and their reasons quote nothing and stay. So do those of a person who is removed, under their name, as their answers
do.
"""

import unicodedata
from random import SystemRandom
from typing import Literal, TypeAlias, cast, get_args

from pydantic import Field

from firmground.app.app import App
from firmground.app.kept import seen
from firmground.app.sharing import signed_in
from firmground.errors import InvalidInput, NotAllowed, Refused
from firmground.ports import Transaction
from firmground.serve.ask import time_ordered
from firmground.types import Actor, Feedback, FeedbackReason, ReviewRequest, Trace, Value

Verdict: TypeAlias = Literal["up", "down"]
LONGEST = 4000
"""Characters of a comment or a note."""
_VERDICTS: tuple[str, ...] = get_args(Verdict)
_LESS = "a document that this answer rests on was erased, or is not yours to see any more"
_REASONS: tuple[str, ...] = get_args(FeedbackReason)


class Opinion(Value):
    """What was said of one answer, as one person may know it."""

    answer: str = Field(description="Its id.")
    feedback: Feedback | None = Field(None, description="Their own thumb.")
    review: ReviewRequest | None = Field(None, description="Their own request for a person, while it is open.")
    shared: bool = Field(False, description="Whether others who may see all that it rests on may see the answer.")
    everybody: tuple[Feedback, ...] | None = Field(
        None, description="Every thumb on it, oldest first; null for others than administrators."
    )


def rate(app: App, actor: Actor, answer: str, verdict: str, *, reason: str | None = None, comment: str = "") -> Feedback:
    """A thumb, `up` or `down`, instead of the one this person gave before. NotFound for an answer that they may not see; Refused for a
    comment on an answer of which something is erased."""
    _one_of("verdict", verdict, _VERDICTS)
    if reason is not None:
        _one_of("reason", reason, _REASONS)
    comment = _words("comment", comment)
    with app.database.transaction() as tx:
        trace = seen(tx, actor, answer)
        _may_be_kept(trace, "comment", comment)
        given = Feedback(
            answer=trace.answer.id,
            person=actor.person,
            verdict=cast("Verdict", verdict),
            reason=cast("FeedbackReason | None", reason),
            comment=comment,
            at=app.clock(),
        )
        tx.save_feedback(given)
    return given


def withdraw_rating(app: App, actor: Actor, answer: str) -> None:
    """Their thumb is gone; without one nothing changes."""
    with app.database.transaction() as tx:
        tx.drop_feedback(seen(tx, actor, answer).answer.id, actor.person)


def ask_person(app: App, actor: Actor, answer: str, note: str = "") -> ReviewRequest:
    """A request that a person looks at the answer: the one of theirs that is open, as it is, or else a new one."""
    note = _words("note", note)
    with app.database.transaction() as tx:
        trace = seen(tx, actor, answer)
        if (open_ := _open(tx, actor, trace.answer.id)) is not None:
            return open_
        _may_be_kept(trace, "note", note)
        now = app.clock()
        id = time_ordered(now, SystemRandom(), "")
        request = ReviewRequest(id=id, answer=trace.answer.id, person=actor.person, note=note, created_at=now)
        tx.save_review(request)
    return request


def withdraw_request(app: App, actor: Actor, answer: str) -> None:
    """Their open request is withdrawn; without one nothing changes."""
    with app.database.transaction() as tx:
        if (open_ := _open(tx, actor, seen(tx, actor, answer).answer.id)) is not None:
            tx.save_review(open_.model_copy(update={"state": "withdrawn"}))


def share(app: App, actor: Actor, answer: str) -> str:
    """From now on, whoever is signed in and may see all that it rests on may see this answer of theirs; its id. Twice changes nothing.
    Refused where something of it is erased."""
    with app.database.transaction() as tx:
        trace = _own(tx, actor, answer)
        if trace.erased:
            raise Refused(f"{_LESS}, so nobody else would see it", "ask again, and share that answer")
        tx.share(trace.answer.id, actor.person, app.clock())
    return trace.answer.id


def unshare(app: App, actor: Actor, answer: str) -> str:
    """From the next request on nobody else sees it; its id. Twice changes nothing. Administrators may do it for others."""
    with app.database.transaction() as tx:
        trace = seen(tx, actor, answer) if actor.admin else _own(tx, actor, answer)
        tx.unshare(trace.answer.id)
    return trace.answer.id


def of(app: App, actor: Actor, answer: str) -> Opinion:
    """What this person said of an answer, and for administrators what everybody did."""
    with app.database.reading() as tx:
        id = seen(tx, actor, answer).answer.id
        everybody = tx.feedback(id)
        return Opinion(
            answer=id,
            feedback=next((each for each in everybody if each.person == actor.person), None),
            review=_open(tx, actor, id),
            shared=tx.shared(id),
            everybody=tuple(everybody) if actor.admin else None,
        )


def _own(tx: Transaction, actor: Actor, answer: str) -> Trace:
    trace = seen(tx, actor, answer)
    if not signed_in(actor) or trace.person != actor.person:
        raise NotAllowed("an answer is shared by whoever asked for it", "ask the question yourself, and share that answer")
    return trace


def _open(tx: Transaction, actor: Actor, answer: str) -> ReviewRequest | None:
    ours = (each for each in tx.reviews([answer]) if each.person == actor.person)
    return next((each for each in ours if each.state == "open"), None)


def _may_be_kept(trace: Trace, kind: str, words: str) -> None:
    if words and trace.erased:
        raise Refused(f"{_LESS}, so no {kind} on it is kept", f"send it without a {kind}")


def _one_of(kind: str, given: str, known: tuple[str, ...]) -> None:
    if given not in known:
        raise InvalidInput(f"there is no {kind} {given!r}", f"use one of {', '.join(known)}")


def _words(kind: str, text: str) -> str:
    """Without space around it, lines ending in one way."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").strip()
    if len(text) > LONGEST:
        raise InvalidInput(f"the {kind} has {len(text)} characters", f"use at most {LONGEST}")
    if any(unicodedata.category(sign) in {"Cc", "Cs"} and sign not in "\n\t" for sign in text):
        raise InvalidInput(f"the {kind} holds control characters", "leave them out")
    return text
