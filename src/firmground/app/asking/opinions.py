"""What people say of answers: a thumb, a wish that a person looks at one, and whether others may see it.

Whoever may see an answer may say what they think of it. All of it goes when the answer does. A comment or a note may quote the documents
that the answer rests on, so both are emptied as soon as one of these is erased, and no new ones are taken then: somebody may still have
the page open. Thumbs and their reasons quote nothing and stay. So do those of a person who is removed, under their name, as their answers
do. Personal data in comments and notes is masked as in questions, and only who wrote it reads it.
"""

import unicodedata
from random import SystemRandom
from typing import Literal, TypeAlias, TypeVar, cast, get_args

from pydantic import Field

from firmground.app.app import App
from firmground.app.asking.kept import seen
from firmground.app.asking.said import hide_said
from firmground.app.asking.sharing import signed_in
from firmground.app.notifying.events import announce
from firmground.app.personal.holds import check_not_held
from firmground.app.redaction import masking
from firmground.app.redaction.answers import opinion_as_written
from firmground.app.reviewing.intake import REQUESTED, open_item, withdraw_item
from firmground.app.teaching.signals import note_asked_person
from firmground.errors import InvalidInput, NotAllowed, Refused
from firmground.ports import Transaction
from firmground.reviews import ReviewAct, ReviewItem
from firmground.serve.ask import time_ordered
from firmground.types import Actor, Cause, Feedback, FeedbackReason, ReviewRequest, Trace, Value

Verdict: TypeAlias = Literal["up", "down"]
MOST_WISHES = 5
"""Times that one person asks for a person to look at one answer."""
LONGEST = 4000
"""Characters of a comment or a note."""
_VERDICTS: tuple[str, ...] = get_args(Verdict)
_Said = TypeVar("_Said", Feedback, ReviewRequest)
_LESS = "a document that this answer rests on was erased, or is not yours to see any more"
_REASONS: tuple[str, ...] = get_args(FeedbackReason)


class Opinion(Value):
    """What was said of one answer, as one person may know it."""

    answer: str = Field(description="Its id.")
    feedback: Feedback | None = Field(None, description="Their own thumb.")
    review: ReviewRequest | None = Field(None, description="Their own request for a person, while it is open.")
    shared: bool = Field(False, description="Whether others who may see all that it rests on may see the answer.")
    everybody: tuple[Feedback, ...] | None = Field(
        None, description="Every thumb on it, oldest first; null for who neither sees everything nor reviews."
    )


def rate(app: App, actor: Actor, answer: str, verdict: str, *, reason: str | None = None, comment: str = "") -> Feedback:
    """A thumb, `up` or `down`, instead of the one this person gave before. NotFound for an answer that they may not see; Refused for a
    comment on an answer of which something is erased, and where the one before is held."""
    _one_of("verdict", verdict, _VERDICTS)
    if reason is not None:
        _one_of("reason", reason, _REASONS)
    comment = _words("comment", comment)
    said = masking.earlier(app, actor, comment)
    with app.database.transaction() as tx:
        trace = seen(tx, actor, answer)
        _check_earlier(tx, actor, trace.answer.id)
        _may_be_kept(trace, "comment", comment)
        given = Feedback(
            answer=trace.answer.id,
            person=actor.person,
            verdict=cast("Verdict", verdict),
            reason=cast("FeedbackReason | None", reason),
            comment=said.text,
            at=app.clock(),
        )
        tx.save_feedback(given)
        hide_said(app, tx, actor, given.answer, said.values)
    return given.model_copy(update={"comment": comment})


def withdraw_rating(app: App, actor: Actor, answer: str) -> None:
    """Their thumb is gone; without one nothing changes. Refused where it is held."""
    with app.database.transaction() as tx:
        id = seen(tx, actor, answer).answer.id
        _check_earlier(tx, actor, id)
        tx.drop_feedback(id, actor.person)


def ask_person(app: App, actor: Actor, answer: str, note: str = "") -> ReviewRequest:
    """A request that a person looks at the answer: the one of theirs that is open, as it is, or else a new one. Refused after so many on
    one answer: somebody reads each."""
    return _wish(app, actor, answer, REQUESTED, note)


def challenge(app: App, actor: Actor, answer: str, reason: str, note: str = "") -> ReviewRequest:
    """Whoever asked says that the answer is not right, also where a person looked at it before: somebody looks at it (again). While such a
    request of theirs is open it is that one. NotAllowed on somebody else's answer."""
    _one_of("reason", reason, _REASONS)
    said = reason.replace("_", " ")
    cause = Cause(kind="challenge", name=reason, text=f"Whoever asked says: {said}.")
    return _wish(app, actor, answer, cause, note)


def _wish(app: App, actor: Actor, answer: str, cause: Cause, note: str) -> ReviewRequest:
    note = _words("note", note)
    said = masking.earlier(app, actor, note)
    with app.database.transaction() as tx:
        trace = seen(tx, actor, answer)
        if cause.kind == "challenge" and trace.person != actor.person:
            raise NotAllowed("an answer is challenged by whoever asked for it", "say that it is wrong, or ask for a person")
        kept = tx.trace(trace.answer.id) or trace
        if (open_ := _open(tx, actor, trace.answer.id)) is not None:
            if cause.kind == "challenge" and not _says(tx, open_, cause):
                item = open_item(app, tx, kept, [cause], person=actor.person)
                _told_of(app, tx, open_, cause, item)
            return _own_words(app, tx, actor, open_)
        if sum(each.person == actor.person for each in tx.reviews([trace.answer.id])) >= MOST_WISHES:
            raise Refused(f"you asked for a person to look at this answer {MOST_WISHES} times", "ask the question again")
        _may_be_kept(trace, "note", note)
        now = app.clock()
        id = time_ordered(now, SystemRandom(), "")
        request = ReviewRequest(id=id, answer=trace.answer.id, person=actor.person, note=said.text, created_at=now)
        tx.save_review(request)
        item = open_item(app, tx, kept, [cause], person=actor.person, note=said.text)
        hide_said(app, tx, actor, request.answer, said.values)
        note_asked_person(app, tx, actor, request.answer)
        if cause.kind == "challenge":
            _told_of(app, tx, request, cause, item)
    return request.model_copy(update={"note": note})


def withdraw_request(app: App, actor: Actor, answer: str) -> None:
    """Nobody need look at it for their sake any more: their open request is withdrawn, and so is a question of theirs whose answer
    waits for a person; then they get none. Without either nothing changes."""
    with app.database.transaction() as tx:
        trace = seen(tx, actor, answer)
        if (open_ := _open(tx, actor, trace.answer.id)) is not None:
            tx.save_review(open_.model_copy(update={"state": "withdrawn"}))
        withdraw_item(app, tx, actor, trace.answer.id)


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
        trace = seen(tx, actor, answer) if actor.may("see_all") else _own(tx, actor, answer)
        tx.unshare(trace.answer.id)
    return trace.answer.id


def of(app: App, actor: Actor, answer: str) -> Opinion:
    """What this person said of an answer, and for administrators and reviewers what everybody did. A comment may quote what the answer
    rests on, so reviewers see it only where all of that is theirs to see."""
    with app.database.reading() as tx:
        trace = seen(tx, actor, answer)
        id, reviews = trace.answer.id, actor.may("review") and not trace.erased
        everybody = tx.feedback(id)
        return Opinion(
            answer=id,
            feedback=next((_own_words(app, tx, actor, each) for each in everybody if each.person == actor.person), None),
            review=(open_ := _open(tx, actor, id)) and _own_words(app, tx, actor, open_),
            shared=tx.shared(id),
            everybody=tuple(everybody) if reviews or actor.may("see_all") else None,
        )


def own_words(app: App, tx: Transaction, actor: Actor, said: _Said) -> _Said:
    """A comment or a note as whoever wrote it reads it; others read placeholders."""
    return _own_words(app, tx, actor, said) if said.person == actor.person else said


def own_act(app: App, tx: Transaction, actor: Actor, act: ReviewAct) -> ReviewAct:
    """What somebody did with an item, as they wrote it; others read placeholders."""
    item = tx.item(act.item) if act.person == actor.person and (act.note or act.wrote) else None
    if item is None:
        return act
    wrote = act.wrote
    if wrote is not None:
        sentences = tuple(
            each.model_copy(update={"text": opinion_as_written(app, tx, actor, item.answer, each.text)})
            for each in wrote.sentences
        )
        wrote = wrote.model_copy(
            update={"text": opinion_as_written(app, tx, actor, item.answer, wrote.text), "sentences": sentences}
        )
    return act.model_copy(update={"note": opinion_as_written(app, tx, actor, item.answer, act.note), "wrote": wrote})


def _own_words(app: App, tx: Transaction, actor: Actor, said: _Said) -> _Said:
    field = "comment" if isinstance(said, Feedback) else "note"
    return said.model_copy(update={field: opinion_as_written(app, tx, actor, said.answer, getattr(said, field))})


def _says(tx: Transaction, request: ReviewRequest, cause: Cause) -> bool:
    return any(cause in item.causes for item in tx.items_of([request.answer]) if item.state == "waiting")


def _told_of(app: App, tx: Transaction, request: ReviewRequest, cause: Cause, item: ReviewItem) -> None:
    facts = {"answer": request.answer, "item": item.id, "reason": cause.name, "request": request.id}
    announce(app, tx, "answer.challenged", about=request.answer, roles=("reviewer", "admin", "owner"), facts=facts)


def _own(tx: Transaction, actor: Actor, answer: str) -> Trace:
    trace = seen(tx, actor, answer)
    if not signed_in(actor) or trace.person != actor.person:
        raise NotAllowed("an answer is shared by whoever asked for it", "ask the question yourself, and share that answer")
    return trace


def _open(tx: Transaction, actor: Actor, answer: str) -> ReviewRequest | None:
    ours = (each for each in tx.reviews([answer]) if each.person == actor.person)
    return next((each for each in ours if each.state == "open"), None)


def _check_earlier(tx: Transaction, actor: Actor, answer: str) -> None:
    if any(each.person == actor.person for each in tx.feedback(answer)):
        check_not_held(tx, actor.person, own=True)


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
