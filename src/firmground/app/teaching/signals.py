"""Signs of how an answer served that nobody gives on purpose: asked again at once in other words, gone on from, left, copied, a source
opened, a person asked.

They are noted of whoever agreed to it, and never without the answer that they are about: what it says, and whose it is, decides who may
see them and how long they stay. `[consent] signals` says whether anybody is asked; nothing is noted of a request that comes with Global
Privacy Control. A sign holds no words.
"""

from datetime import timedelta
from typing import Literal, TypeAlias, get_args

from firmground.app.app import App
from firmground.app.asking.kept import seen
from firmground.app.asking.sharing import signed_in
from firmground.errors import InvalidInput, NotAllowed, Refused
from firmground.language.terms import query_terms
from firmground.lessons import Signal, SignalKind
from firmground.personal import Consent
from firmground.ports import Transaction
from firmground.types import Actor, Json, Trace

AGREED = "signals"
"""What is agreed to is known by this name, beside the versions of the text that all agree to."""
ByPage: TypeAlias = Literal["copied", "source_opened", "abandoned"]
BY_PAGE: tuple[str, ...] = get_args(ByPage)
"""What the page of an answer can tell of it."""
_AT_ONCE = timedelta(minutes=2)
_ALIKE = 0.5
"""Share of the terms of two questions that both have, from which on the later one asks the same in other words."""


def noted(app: App, actor: Actor) -> bool | None:
    """Whether signs of this person are noted; None where they are of nobody, or nobody knows who this is."""
    if app.workspace.settings.consent.signals == "off" or not signed_in(actor):
        return None
    with app.database.reading() as tx:
        return _noted(app, tx, actor.person) if tx.has_owner() else None


def choose(app: App, actor: Actor, wanted: bool) -> None:
    """From now on signs of this person are noted, or are not. What was noted before stays until its answer goes. Twice changes nothing.
    Refused where it is of nobody."""
    if app.workspace.settings.consent.signals == "off":
        raise Refused("how answers are used is not noted here", "there is nothing to choose")
    if not signed_in(actor):
        raise NotAllowed("nobody knows who you are here", "sign in")
    with app.database.transaction() as tx:
        tx.actor(actor.person)
        if wanted == _noted(app, tx, actor.person):
            return
        now = app.clock()
        open_ = [each for each in tx.consents(actor.person) if each.version == AGREED and each.withdrawn_at is None]
        for each in open_:
            tx.save_consent(each.model_copy(update={"withdrawn_at": now}))
        if not open_:
            tx.save_consent(Consent(person=actor.person, version=AGREED, at=now, withdrawn_at=None if wanted else now))


def note(app: App, actor: Actor, answer: str, kind: str) -> bool:
    """What the page of an answer saw; whether it was noted. NotFound for an answer that they may not see."""
    if kind not in BY_PAGE:
        raise InvalidInput(f"there is no sign {kind[:40]!r}", f"use one of {', '.join(BY_PAGE)}")
    if app.workspace.settings.consent.signals == "off" or not signed_in(actor):
        return False
    with app.database.transaction(lasting=False) as tx:
        id = seen(tx, actor, answer).answer.id
        return _note(app, tx, actor, id, next(each for each in get_args(ByPage) if each == kind))


def note_asked_person(app: App, tx: Transaction, actor: Actor, answer: str) -> None:
    """They wanted a person to look at it."""
    _note(app, tx, actor, answer, "person_asked")


def note_next(app: App, tx: Transaction, actor: Actor, asked: Trace) -> None:
    """They asked this: what that says of the answer before it."""
    if not _may(app, tx, actor):
        return
    earlier = tx.traces(person=asked.person, before=asked.answer.id, limit=1)
    if not earlier:
        return
    before = earlier[0]
    after = asked.answer.created_at - before.answer.created_at
    if after < timedelta() or after > _AT_ONCE:
        return
    seconds = int(after.total_seconds())
    if (alike := _alike(before, asked)) >= _ALIKE:
        _note(app, tx, actor, before.answer.id, "rephrased", seconds=seconds, alike=round(alike, 2))
    elif before.answer.id in asked.context:
        _note(app, tx, actor, before.answer.id, "follow_up", seconds=seconds)


def _note(app: App, tx: Transaction, actor: Actor, answer: str, kind: SignalKind, **detail: Json) -> bool:
    if not _may(app, tx, actor):
        return False
    tx.add_signal(Signal(answer=answer, person=actor.person, kind=kind, at=app.clock(), detail=detail))
    return True


def _may(app: App, tx: Transaction, actor: Actor) -> bool:
    if app.workspace.settings.consent.signals == "off" or actor.via != "http" or actor.unnoted or not signed_in(actor):
        return False
    return tx.has_owner() and _noted(app, tx, actor.person)


def _noted(app: App, tx: Transaction, person: str) -> bool:
    """What they chose last; else what holds for who chose nothing."""
    chosen = [each for each in tx.consents(person) if each.version == AGREED]
    if not chosen:
        return app.workspace.settings.consent.signals == "on"
    return chosen[-1].withdrawn_at is None


def _alike(before: Trace, after: Trace) -> float:
    """Share of the terms of both questions that both have (Jaccard)."""
    languages = [each for each in (before.language, after.language) if each] or ["en"]
    first, second = (set(query_terms(each.answer.question, languages)) for each in (before, after))
    return len(first & second) / len(first | second) if first | second else 0.0
