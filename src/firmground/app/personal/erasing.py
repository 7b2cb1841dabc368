"""Erase what is kept of a person: one answer, everything they asked and said, or all of it with their account.

All of it happens in one transaction. What lies elsewhere (names in jobs, answers in the memory of a process, the log of the database) is
noted in that transaction and follows it; whoever comes next goes on where somebody was killed. The ledger keeps that something was done
and by whom: entries cannot be taken out of it, and who decided what must stay known. From then on it calls them by a pseudonym.
"""

from collections.abc import Collection
from contextlib import suppress
from typing import NamedTuple, cast

from firmground.app.access.names import EVALUATION, folded
from firmground.app.access.refused import refuse
from firmground.app.access.rights import need
from firmground.app.access.roles import may_remove
from firmground.app.app import App
from firmground.app.launching import approvals
from firmground.app.personal.holds import check_not_held, stated
from firmground.app.personal.pseudonyms import note_erased
from firmground.app.recording.ledger import record
from firmground.app.spending import budgets
from firmground.errors import Busy, Damaged, InvalidInput, NotFound
from firmground.ports import Transaction
from firmground.serve.trace import understood_alone
from firmground.types import Actor, Json, Trace

_DUE = "erasing"
"""Namespace of what is still to do: names by pseudonym, and whether the log of the database is to be emptied."""
_LOG = "log"
_TURNS = 100


class Erased(NamedTuple):
    """What went, by kind, and what the record calls them from now on."""

    alias: str
    counts: dict[str, int]
    pinned: int
    """Questions of theirs to which people pinned an answer: these stay, under nobody's name."""


def erase(app: App, actor: Actor, name: str, *, reason: str = "") -> Erased:
    """All that is kept of a person, known or removed: answers and what was said of them, what they said, account, sessions, keys,
    memberships, consents. Uploads stay: they are documents. For owners, with a reason, or by the person themselves. NotFound where
    nothing is kept; Refused under a legal hold, and for the last owner."""
    own = name == actor.person and actor.via == "http"
    if own:
        need(actor, "self", "erase what is kept of them")
    else:
        need(actor, "own", "erase what is kept of others")
        reason = stated(reason)
    if folded(name) in folded(reason):
        raise InvalidInput("the reason names whoever is erased, and the ledger keeps it for good", "write it without the name")
    try:
        made = _erased(app, actor, name, reason, own=own)
    except NotFound:
        finish(app)  # what is left of one that was killed
        raise
    finish(app)
    return made


def _erased(app: App, actor: Actor, name: str, reason: str, *, own: bool) -> Erased:
    with app.database.transaction() as tx:
        if name not in tx.names_kept() or name == EVALUATION:
            raise NotFound(f"nothing is kept of {name!r}", "`firmground person list` shows who is known")
        check_not_held(tx, name, own=own)
        may_remove(tx, actor, name)
        made = erase_now(app, tx, name)
        told: dict[str, Json] = {**made.counts}
        record(app, tx, actor, "person.erased", made.alias, removed=told, reason=reason)
    return made


def erase_now(app: App, tx: Transaction, name: str) -> Erased:
    """The same, within a transaction, without an entry; `finish` is due afterwards."""
    pinned = _pinned(tx, name)
    counts = tx.drop_person_data(name)
    counts |= {
        "sessions": len(tx.sessions(name)),
        "keys": len(tx.api_keys(name)),
        "identities": len(tx.identities(name)),
        "links": len(tx.links(name)),
        "consents": len(tx.consents(name)),
        "memberships": len(tx.groups_of(name)) if tx.has_person(name) else 0,
    }
    now = app.clock()
    alias = note_erased(tx, name, now.isoformat())
    budgets.forget(tx, name, alias, now)
    approvals.forget(tx, name)
    tx.drop_wishes(name)
    tx.rename_reviewer(name, alias)
    tx.rename_teacher(name, alias)
    if tx.has_person(name):
        refuse(tx, name)
        tx.remove_person(name)
    tx.put_fact(_DUE, alias, name)
    tx.put_fact(_DUE, _LOG, True)
    return Erased(alias, counts, pinned)


def pinned(app: App, actor: Actor, name: str, *, answer: str = "") -> int:
    """How many questions of theirs stay as pinned answers, under nobody's name, when these are erased: all, or the one of this answer.
    One's own; for owners anybody's."""
    need(actor, "self" if name == actor.person else "own", "see what stays of others")
    with app.database.reading() as tx:
        return _pinned(tx, name, answer)


def _pinned(tx: Transaction, name: str, answer: str = "") -> int:
    return sum(tx.asker(pin.answer) == name for pin in tx.pins(answer=answer or None))


def finish(app: App) -> None:
    """Do what is left of erasings; nothing where nothing is."""
    with app.database.reading() as tx:
        due = cast("dict[str, str]", tx.facts(_DUE))
    if not due:
        return
    app.cache.clear()
    for alias, name in due.items():
        if alias != _LOG:
            app.jobs.rename(name, alias)
    with suppress(Busy):  # somebody reads an older state: the next one empties the log
        app.database.purge()
        due.setdefault(_LOG, "")
        with app.database.transaction() as tx:
            tx.drop_facts(_DUE, [*due])
        return
    with app.database.transaction() as tx:
        tx.drop_facts(_DUE, [alias for alias in due if alias != _LOG])


# ---------------------------------------------------------------- answers alone


def delete_answers(app: App, actor: Actor) -> int:
    """Everything this person asked, and said of answers; how many answers there were. They stay who they are. Refused under a hold."""
    need(actor, "self", "delete their questions")
    with app.database.transaction() as tx:
        check_not_held(tx, actor.person, own=True)
        counts = tx.drop_person_data(actor.person)
        tx.drop_wishes(actor.person)
        told: dict[str, Json] = {**counts}
        note_erased(tx, actor.person, app.clock().isoformat())
        tx.put_fact(_DUE, _LOG, True)
        record(app, tx, actor, "answers.deleted", "all", removed=told)
    finish(app)
    return counts["answers"]


def delete_answer(app: App, actor: Actor, id: str) -> None:
    """One answer of this person's own, with all that was said of it. NotFound, also for somebody else's. Refused under a hold."""
    need(actor, "self", "delete their questions")
    with app.database.transaction() as tx:
        if tx.asker(id) != actor.person:
            raise NotFound(f"you have no answer {id[:100]!r}", "give its id in full")
        check_not_held(tx, actor.person, own=True)
        drop(tx, [id])
        tx.put_fact(_DUE, _LOG, True)
        record(app, tx, actor, "answers.deleted", id)
    app.cache.forget(actor.person)


def drop(tx: Transaction, ids: Collection[str]) -> None:
    """These answers with all that is about them, and what later ones of their conversations took over from them: those stay, understood
    by themselves alone."""
    found = [trace for id in ids if (trace := _readable(tx, id))]
    for person, conversation in {(trace.person, trace.answer.conversation) for trace in found}:
        gone = set(ids)
        for trace in reversed(tx.traces(person=person, conversation=conversation, limit=_TURNS)):
            if trace.answer.id not in ids and not gone.isdisjoint(trace.context):
                gone.add(trace.answer.id)
                tx.save_trace(understood_alone(trace))
    if ids:
        tx.drop_notifications(about=[*ids, *(item.id for item in tx.items_of(ids))])
    tx.drop_traces(ids)


def log_is_due(tx: Transaction) -> None:
    """Something was dropped; `finish` is due afterwards."""
    tx.put_fact(_DUE, _LOG, True)


def _readable(tx: Transaction, id: str) -> Trace | None:
    try:
        return tx.trace(id)
    except Damaged:
        return None
