"""What became of an answer that people looked at, filled in whenever it is read, in the language
of the question. Kept answers stay as they were given."""

from collections.abc import Sequence

from firmground.app.reviewing import corrections
from firmground.language.catalogue import marked, translated
from firmground.ports import Transaction
from firmground.reviews import ReviewAct, ReviewItem
from firmground.serve.sending import closest_of
from firmground.serve.trace import ERASED
from firmground.types import Actor, Answer, Draft, Notice, Trace

REVIEWED = Notice(code="reviewed", text="A person looked at this answer, and stands behind it.")
CORRECTED = Notice(code="corrected", text="A person corrected this answer.")
REJECTED = marked("A person looked at this answer and did not approve it.")
ELSEWHERE = marked("A person corrected this answer when it was given to somebody else. Ask again for what holds now.")
NOTE = "reviewer_note"
"""Code of the notice with what somebody who decided wrote to whoever asked."""
WITHDRAWN = marked("The question was withdrawn before a person looked at its answer.")


def as_reviewed(tx: Transaction, actor: Actor, traces: Sequence[Trace]) -> list[Trace]:
    """These answers as what people decided makes them, for this reader; before anything is hidden from them."""
    ids = [trace.answer.id for trace in traces]
    items = {item.answer: item for item in tx.items_of(ids)}
    elsewhere = corrections.of(
        tx, [trace for trace in traces if trace.answer.id not in items or not items[trace.answer.id].outcome]
    )
    if not items and not elsewhere:
        return list(traces)
    decided = tx.acts([item.id for item in (*items.values(), *elsewhere.values()) if item and item.decisive is not None])

    def read(item: ReviewItem, act: ReviewAct) -> ReviewAct:
        """What a person wrote may say anything that they read: where not all of that is this reader's to see, what cites nothing is
        silent, and so is a text with a sentence that cites nothing."""
        if not (act.note or act.wrote) or actor.may("see_all") or tx.items_seen([item.id], tx.visible_scopes(actor.groups)):
            return act
        cites = act.wrote is not None and all(each.citations for each in act.wrote.sentences)
        return act.model_copy(update={"note": "", "wrote": act.wrote if cites else None})

    asked = {request.answer for request in tx.reviews(ids) if request.person == actor.person and request.state == "open"}

    def reviewed(trace: Trace, item: ReviewItem) -> Trace:
        said = [read(item, act) for act in decided.get(item.id, [])]
        act = next((each for each in said if each.number == item.decisive), None)
        trace = _decided(trace, item, act, _notes(item, said))
        if not _is_told(trace, item, actor, wants=trace.answer.id in asked):
            return trace
        return trace.model_copy(update={"answer": trace.answer.model_copy(update={"review": _state(item, act)})})

    def corrected(trace: Trace) -> Trace:
        """Its note is for whoever asked there."""
        if trace.answer.id not in elsewhere or not corrections.was_read(trace):
            return trace
        if (item := elsewhere[trace.answer.id]) is None:
            return trace.model_copy(update={"answer": _refused(trace.answer, translated(ELSEWHERE, trace.language))})
        decisive = (each for each in decided.get(item.id, []) if each.number == item.decisive and item.outcome == "edited")
        act = next((read(item, each) for each in decisive), None)
        if act and act.wrote and act.wrote.text and not corrections.fits(tx, trace, item, act.wrote):
            return trace.model_copy(update={"answer": _refused(trace.answer, translated(ELSEWHERE, trace.language))})
        return _decided(trace, item, act)

    found = [corrected(trace) for trace in traces]
    return [reviewed(trace, item) if (item := items.get(trace.answer.id)) else trace for trace in found]


def with_state(tx: Transaction, actor: Actor, shared: Trace) -> Trace:
    """An answer that somebody else shares, with how far people are with it where this reader asked for them."""
    whole = tx.trace(shared.answer.id)
    review = as_reviewed(tx, actor, [whole])[0].answer.review if whole is not None else None
    return shared.model_copy(update={"answer": shared.answer.model_copy(update={"review": review})})


def _decided(trace: Trace, item: ReviewItem, act: ReviewAct | None, notes: Sequence[str] = ()) -> Trace:
    """`notes`: what those who decided wrote to this reader."""
    answer = trace.answer
    wrote = [Notice(code=NOTE, text=note) for note in notes]
    if item.outcome == "withdrawn" and trace.draft is not None:
        answer = _refused(answer, translated(WITHDRAWN, trace.language))
    elif item.outcome == "rejected":
        answer = _refused(answer, "\n\n".join((translated(REJECTED, trace.language), *notes)))
    elif item.outcome == "edited":
        answer = _said(answer, act.wrote, CORRECTED, *wrote) if act and act.wrote and act.wrote.text else _refused(answer, ERASED)
    elif item.outcome == "approved":
        given = Draft(status=answer.status, text=answer.text, sentences=answer.sentences, citations=answer.citations)
        answer = _said(answer, trace.draft or given, REVIEWED, *wrote)
        if trace.draft is not None and answer.status == "abstained":
            answer = answer.model_copy(update={"closest": closest_of(trace.evidence)})
    draft = None if item.outcome in {"approved", "edited"} else trace.draft
    return trace.model_copy(update={"answer": answer, "draft": draft})


def _notes(item: ReviewItem, acts: Sequence[ReviewAct]) -> list[str]:
    """Of the act that decided, and of those by which others said the same."""
    number, same = item.decisive or 0, {"approved": "approve", "edited": "approve", "rejected": "reject"}.get(item.outcome or "")
    opened = [act.number for act in acts if act.act == "reopen"]
    begun = number if item.outcome == "edited" else max((each for each in opened if each < number), default=0)
    ended = next((each for each in opened if each > number), None) if item.state == "waiting" else None
    since = [act for act in acts if act.number >= begun and (ended is None or act.number < ended)]
    return [act.note for act in since if act.note and (act.number == number or act.act == same)]


def _said(answer: Answer, draft: Draft, *notices: Notice) -> Answer:
    """What a person stands behind is weak no more."""
    return answer.model_copy(
        update={
            "status": "answered" if draft.status in {"weak", "draft"} else draft.status,
            "text": draft.text,
            "sentences": draft.sentences,
            "citations": draft.citations,
            "choices": draft.choices or answer.choices,
            "notices": (*draft.notices, *answer.notices, *notices),
        }
    )


def _refused(answer: Answer, text: str) -> Answer:
    return answer.model_copy(update={"status": "abstained", "text": text, "sentences": (), "citations": (), "choices": ()})


def _is_told(trace: Trace, item: ReviewItem, actor: Actor, *, wants: bool) -> bool:
    """Nobody is alarmed by a look that is taken by chance, or that others want."""
    if wants or actor.may("review"):
        return True
    return trace.person == actor.person and (item.held or item.outcome not in {None, "withdrawn"})


def _state(item: ReviewItem, act: ReviewAct | None) -> dict[str, str]:
    """`decided_at`, and the `role` that it was for, once somebody decided."""
    state = str(item.outcome) if item.state == "done" else "claimed" if item.holder else "waiting"
    told = {"id": item.id, "state": state, "due_at": item.due_at.isoformat(), "revision": str(item.revision)}
    return {**told, "decided_at": act.at.isoformat(), "role": item.role} if act and item.state == "done" else told
