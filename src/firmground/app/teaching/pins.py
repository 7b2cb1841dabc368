"""Answers that people stand behind: pinned to their question, and given until a document that they rest on changes.

A pin belongs to a question as it is worded, to what it was narrowed to, and to who may see all that it rests on. What a document says
is compared by its content whenever the pin is wanted, and at the end of each sync: from then on nobody gets it, and somebody is asked
to look at it again. Approving makes it the next version of itself, rejecting retires it. It holds what it gives, so it stays when the
answer that it was made of is gone; nobody can look at that one again then, so a change of a document retires the pin. No evaluation asks
a pin: golden cases measure the release.
"""

from collections.abc import Iterable, Mapping, Sequence
from random import SystemRandom
from typing import cast, get_args

from firmground.app.access.rights import need
from firmground.app.app import App
from firmground.app.corpus import quality
from firmground.app.notifying.events import announce
from firmground.app.recording.ledger import record
from firmground.app.reviewing.intake import open_item
from firmground.app.reviewing.written import base_of
from firmground.app.teaching.labelled import ERASED, whole
from firmground.errors import InvalidInput, NotFound, Refused
from firmground.lessons import Pin, PinState
from firmground.ports import Transaction
from firmground.reviews import ReviewAct, ReviewItem
from firmground.serve.ask import time_ordered
from firmground.serve.pinned import key, pin_of
from firmground.serve.trace import passages_of, rests_on
from firmground.types import Actor, Cause, Document, Draft, Json, Passage, Trace, Within

_CHANGED = Cause(kind="source_changed", text="a document that a pinned answer rests on changed or is gone")
_ITSELF = Actor(person="firmground", role="admin", via="job")
_ANSWERS = {"answered", "weak"}
_WHAT = "pin answers"
_STATES: tuple[str, ...] = get_args(PinState)


def add(app: App, actor: Actor, answer: str) -> Pin:
    """Pin an answer that was approved or edited, by its id or the beginning of it, to its question; in the place of what was pinned to it
    before, as its next version. NotFound; Refused where nobody stands behind it, where something of it is erased or says something else
    by now, and where its question cannot stand alone."""
    need(actor, "review", _WHAT)
    with app.database.transaction() as tx:
        trace = whole(tx, actor, answer)
        item, says = _approved(tx, trace)
        sources = _sources(tx, trace, says)
        wanted = key(trace.answer.question, trace.filters)
        before = next((each for each in tx.pins(key=wanted) if each.state != "retired" and _may_see(tx, actor, each)), None)
        if before is not None and before.state == "active" and (before.says, before.sources) == (says, sources):
            return before
        now = app.clock()
        pin = Pin(
            id=before.id if before else time_ordered(now, SystemRandom()),
            question=trace.answer.question,
            key=wanted,
            version=before.version + 1 if before else 1,
            answer=trace.answer.id,
            item=item.id,
            says=says,
            sources=sources,
            evidence=_evidence(trace, sources),
            language=trace.language,
            covered=trace.covered,
            confidence=trace.answer.confidence,
            by=actor.person,
            role=actor.role,
            people=len(item.decided_by),
            at=now,
        )
        _save(app, tx, actor, pin)
    return pin


def retire(app: App, actor: Actor, reference: str) -> Pin:
    """From now on nobody gets it; twice changes nothing. NotFound."""
    need(actor, "review", "retire pins")
    with app.database.transaction() as tx:
        pin = _found(tx, actor, reference)
        return pin if pin.state == "retired" else _save(app, tx, actor, pin.model_copy(update={"state": "retired"}))


def listed(app: App, actor: Actor, *, state: PinState | None = None) -> list[Pin]:
    """Newest first: those of which this person may see all that they rest on."""
    need(actor, "review", "see pins")
    with app.database.reading() as tx:
        return [_told(tx, pin) for pin in _visible(tx, actor, tx.pins(state=state))]


def state_of(text: str) -> PinState | None:
    """None for nothing. InvalidInput for what is no state of a pin."""
    if text and text not in _STATES:
        raise InvalidInput(f"there is no state {text[:40]!r}", f"use one of {', '.join(_STATES)}")
    return cast("PinState | None", text or None)


def of_answer(app: App, actor: Actor, answer: str) -> Pin | None:
    """What is pinned of an answer, or was; None where that is nothing that this person may see."""
    need(actor, "review", "see pins")
    with app.database.reading() as tx:
        return next(iter(_visible(tx, actor, tx.pins(answer=answer))), None)


# ---------------------------------------------------------------- giving them


def of_question(app: App, question: str, filters: Mapping[str, Json], within: Within) -> Pin | None:
    """What is pinned to a question, for who sees `within`. Pins whose documents changed wait from here on."""
    with app.database.reading() as tx:
        known = [pin for pin in tx.pins(key=key(question, dict(filters))) if pin.state != "retired"]
        if not known:
            return None
        documents = _documents(tx, known)
        superseded = quality.superseded(tx)
        stale = [pin for pin in known if _unheeded(pin) or _is_stale(pin, documents, superseded)]
        usable = [pin for pin in known if pin.state == "active" and pin not in stale]
        found = next((pin for pin in usable if all(_is_in(documents[id], within) for id in pin.sources)), None)
    if stale:
        _wait(app, stale)
    return found


def look_again(app: App) -> int:
    """At the end of a sync: pins whose documents changed wait, and somebody is asked to look at them. How many. Retired ones are
    forgotten once their answer is."""
    with app.database.reading() as tx:
        over = [pin.id for pin in tx.pins(state="retired") if tx.asker(pin.answer) is None]
        known = [pin for state in ("active", "waiting") for pin in tx.pins(state=state)]
        documents, superseded = _documents(tx, known), quality.superseded(tx)
        stale = [pin for pin in known if _unheeded(pin) or (pin.state == "active" and _is_stale(pin, documents, superseded))]
    if over:
        with app.database.transaction() as tx:
            tx.drop_pins(over)
    return _wait(app, stale) if stale else 0


def decided(app: App, tx: Transaction, actor: Actor, item: ReviewItem) -> None:
    """What a decision about an answer makes of what is pinned: of a pin that waits for it, its next version or its end; of one that is
    given, its end where the answer is rejected, and what was written instead where it was edited. Who approves what somebody once got of a
    pin has not looked at what the pin says now."""
    trace = tx.trace(item.answer)
    given = tx.pin(pin_of(trace)) if trace else None
    pins = {pin.id: pin for pin in (*tx.pins(answer=item.answer), *([given] if given else [])) if pin.state != "retired"}
    for pin in pins.values():
        if item.outcome == "rejected":
            _save(app, tx, actor, pin.model_copy(update={"state": "retired"}))
        elif item.outcome == "edited" or (item.outcome == "approved" and pin.state == "waiting" and pin.item == item.id):
            _renew(app, tx, actor, pin, item)


def _renew(app: App, tx: Transaction, actor: Actor, pin: Pin, item: ReviewItem) -> None:
    act, looked_at = _decisive(tx, item), tx.trace(item.answer)
    wrote = act.wrote if act and item.outcome == "edited" else None
    says = (wrote or pin.says).model_copy(update={"status": "answered"})
    contents = _contents(tx, rests_on(looked_at, wrote) if wrote and looked_at else pin.sources)
    if not says.text or contents is None:
        _save(app, tx, actor, pin.model_copy(update={"state": "retired"}))
        return
    who = {"by": actor.person, "role": actor.role, "people": len(item.decided_by), "at": app.clock()}
    evidence = _evidence(looked_at, contents) if looked_at else pin.evidence
    now = {"says": says, "sources": contents, "evidence": evidence, "state": "active", "version": pin.version + 1}
    _save(app, tx, actor, pin.model_copy(update={**now, **who}))


def _wait(app: App, stale: Sequence[Pin]) -> int:
    """Somebody else may have seen it at the same moment: each is looked up again, and waits once."""
    count = 0
    with app.database.transaction() as tx:
        documents, superseded = _documents(tx, stale), quality.superseded(tx)
        for each in stale:
            pin, trace = tx.pin(each.id), tx.trace(each.answer)
            if pin is None or not (_unheeded(pin) or (pin.state == "active" and _is_stale(pin, documents, superseded))):
                continue
            if trace is None:
                _save(app, tx, _ITSELF, pin.model_copy(update={"state": "retired", "item": ""}))
                item = ""
            else:
                item = open_item(app, tx, trace, [_CHANGED]).id
                tx.save_pin(pin.model_copy(update={"state": "waiting", "item": item}))
            announce(app, tx, "pin.stale", about=pin.id, roles=("reviewer",), facts={"item": item, "version": pin.version})
            count += 1
    return count


def _unheeded(pin: Pin) -> bool:
    """It lost its words to an erasing, and nobody was asked yet."""
    return pin.state == "waiting" and not pin.item


def _is_stale(pin: Pin, documents: Mapping[str, Document], superseded: Mapping[str, str]) -> bool:
    for id, content in pin.sources.items():
        found = documents.get(id)
        if found is None or found.state != "indexed" or found.content_hash != content:
            return True
        if f"{found.source}/{found.uri}" in superseded:
            return True
    return False


def _is_in(document: Document, within: Within) -> bool:
    return (
        (within.scopes is None or document.scope in within.scopes)
        and (within.documents is None or document.number in within.documents)
        and document.number not in within.excluded
    )


# ---------------------------------------------------------------- making them


def _approved(tx: Transaction, trace: Trace) -> tuple[ReviewItem, Draft]:
    """The item in which people said of it that it may be given, and what it says since."""
    items = [each for each in tx.items_of([trace.answer.id]) if each.outcome != "withdrawn"]
    if not items:
        raise Refused("nobody looked at this answer, so nobody stands behind it", "have it reviewed, then pin it")
    item = items[-1]
    if item.state != "done":
        raise Refused("somebody still looks at this answer", "pin it when it is approved")
    if item.outcome == "rejected":
        raise Refused("this answer was rejected, so nobody stands behind it", "pin an answer that was approved")
    if trace.context:
        raise Refused("its question leans on those before it", "ask it in one sentence, and pin the answer to that")
    act = _decisive(tx, item)
    if item.outcome == "edited" and (act is None or act.wrote is None or not act.wrote.text):
        raise Refused(f"{ERASED}, so it cannot be pinned", "ask the question again, and pin that answer")
    says = act.wrote if act and act.wrote and item.outcome == "edited" else base_of(trace)
    if says.status not in _ANSWERS:
        raise Refused("this is a refusal, and not an answer", "pin an answer that tells something")
    return item, says.model_copy(update={"status": "answered"})


def _decisive(tx: Transaction, item: ReviewItem) -> ReviewAct | None:
    return next((each for each in tx.acts([item.id]).get(item.id, []) if each.number == item.decisive), None)


def _sources(tx: Transaction, trace: Trace, says: Draft) -> dict[str, str]:
    wanted = rests_on(trace, says)
    contents = _contents(tx, wanted)
    passages = [each for each in passages_of(trace) if each.document in wanted]
    if contents is None or not _still_say(tx, passages):
        raise Refused(
            "a document that this answer rests on changed since, or is gone", "ask the question again, and pin that answer"
        )
    return contents


def _evidence(trace: Trace, sources: Mapping[str, str]) -> tuple[Passage, ...]:
    return tuple(each for each in passages_of(trace) if each.document in sources)


def _contents(tx: Transaction, ids: Iterable[str]) -> dict[str, str] | None:
    """None where one of them answers nothing now."""
    wanted = sorted(set(ids))
    found = tx.documents_named(wanted)
    if not wanted or any(id not in found or found[id].state != "indexed" for id in wanted):
        return None
    return {id: found[id].content_hash for id in wanted}


def _still_say(tx: Transaction, passages: Sequence[Passage]) -> bool:
    found = tx.documents_named([each.document for each in passages])
    spans = [(found[each.document].number, each.locator.start, each.locator.end) for each in passages]
    return tx.slices(spans) == [each.text for each in passages]


def _save(app: App, tx: Transaction, actor: Actor, pin: Pin) -> Pin:
    tx.save_pin(pin)
    kind = "pin.retired" if pin.state == "retired" else "pin.set"
    record(app, tx, actor, kind, pin.id, version=pin.version, answer=pin.answer)
    return pin


# ---------------------------------------------------------------- finding them


def _found(tx: Transaction, actor: Actor, reference: str) -> Pin:
    found = [pin for pin in _visible(tx, actor, tx.pins()) if reference and pin.id.startswith(reference)]
    exact = [pin for pin in found if pin.id == reference] or found
    if len(exact) > 1:
        raise InvalidInput(f"'{reference}' may mean {len(exact)} pins", "name one of them in full")
    if not exact:
        raise NotFound(f"there is no pin '{reference}'", "`firmground pin list` shows all")
    return exact[0]


def _told(tx: Transaction, pin: Pin) -> Pin:
    """Without the name of an item that is gone."""
    return pin if not pin.item or tx.item(pin.item) else pin.model_copy(update={"item": ""})


def _visible(tx: Transaction, actor: Actor, pins: Sequence[Pin]) -> list[Pin]:
    if actor.may("see_all"):
        return list(pins)
    scopes, documents = tx.visible_scopes(actor.groups), _documents(tx, pins)
    return [pin for pin in pins if all(id in documents and documents[id].scope in scopes for id in pin.sources)]


def _may_see(tx: Transaction, actor: Actor, pin: Pin) -> bool:
    return bool(_visible(tx, actor, [pin]))


def _documents(tx: Transaction, pins: Iterable[Pin]) -> dict[str, Document]:
    return tx.documents_named({id for pin in pins for id in pin.sources})
