"""What reviewers do with items. Each act is one transaction, refused where somebody else did something since the `revision` that it was
decided on: an item is claimed by one person at a time, and decided once."""

from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, NamedTuple, TypeAlias, get_args

from firmground.app.app import App
from firmground.app.asking.said import hide_said, let_asker_read
from firmground.app.notifying.events import announce
from firmground.app.recording.ledger import record
from firmground.app.redaction import masking
from firmground.app.reviewing import corrections, sources
from firmground.app.reviewing.deciding import DECISIONS, Verdict, decisions_of, verdict
from firmground.app.reviewing.harmless import check_harmless
from firmground.app.reviewing.intake import calendar_of, more_urgent, raised
from firmground.app.reviewing.seeing import (
    highest,
    in_hand_of,
    may_review,
    others_than,
    reviewer_now,
    roles_of,
    scopes_of,
    to_review,
)
from firmground.app.reviewing.written import base_of, clean, standing_edit, written
from firmground.app.teaching import pins
from firmground.errors import FirmgroundError, InvalidInput, NotFound, Refused
from firmground.ports import Transaction
from firmground.review.rules import MISMATCH
from firmground.reviews import Act, ActReason, ReviewAct, ReviewItem
from firmground.rights import Role
from firmground.serve.trace import passages_of
from firmground.types import Actor, Draft, Passage, Trace

Mark: TypeAlias = Literal["right", "wrong"]
LONGEST_NOTE = 4000
_REASONS: tuple[str, ...] = get_args(ActReason)
_TRIES = 5
_FOR_THE_ASKER: frozenset[Act] = frozenset({"approve", "edit", "reject"})
"""What is written with these is for whoever asked."""
_WISHES: frozenset[Act] = frozenset({"open", "reopen", "withdraw"})
"""What comes of somebody's wish that a person looks, or looks no more."""
MOST_AT_ONCE = 500
"""Items of one bulk act."""


class NotDone(NamedTuple):
    """One item of many with which nothing was done, and why."""

    id: str
    why: str


class Done(NamedTuple):
    """What became of many items."""

    done: list[ReviewItem]
    refused: list[NotDone]


def claim(app: App, actor: Actor, id: str, *, revision: int) -> ReviewItem:
    """From here on it is this person's, until the lease lapses; again, it begins anew. Refused where somebody else has it."""
    with _at(app, actor, id, revision) as work:
        work.check_waits()
        return work.claimed()


def claim_next(app: App, actor: Actor) -> ReviewItem | None:
    """The most urgent item that this person may decide about and nobody holds; the one they hold already, if any. None where nothing
    waits for them."""
    with app.database.reading() as tx:  # looked for before others wait: for who may see few, it may take a while
        likely = _next(tx, reviewer_now(tx, actor), app.clock())
    if likely is None:
        return None
    with app.database.transaction() as tx:
        now, reviewer = app.clock(), reviewer_now(tx, actor)
        found = tx.item(likely.id)
        if found is None or found != likely or not may_review(tx, reviewer, found):
            found = _next(tx, reviewer, now)
        return _Work(app, tx, reviewer, found, now).claimed() if found is not None else None


def _next(tx: Transaction, reviewer: Actor, now: datetime) -> ReviewItem | None:
    of: dict[str, Any] = {"roles": roles_of(reviewer), "scopes": scopes_of(tx, reviewer), "but_decided_by": reviewer.person}
    held = tx.items(**of, holder=reviewer.person, limit=_TRIES)
    found = [each for each in held if each.paused_at is None and each.lease_until and each.lease_until >= now]
    found = found or tx.items(**of, free_at=now, but_asker=others_than(tx, reviewer), limit=1)
    return found[0] if found else None


def give_back(app: App, actor: Actor, id: str, *, revision: int, reason: ActReason | None = None, note: str = "") -> ReviewItem:
    """It is free for others. Without holding it nothing changes."""
    with _at(app, actor, id, revision) as work:
        if work.item.state == "done" or work.item.holder != work.actor.person:
            return work.item
        return work.act("give_back", reason, note, holder="", lease_until=None)


def approve(
    app: App,
    actor: Actor,
    id: str,
    *,
    revision: int,
    reason: ActReason | None = None,
    note: str = "",
    marks: Mapping[int, Mark] | None = None,
) -> ReviewItem:
    """The answer is right as it stands; after somebody's edit of an item that is not blind: as edited."""
    return _decide(app, actor, id, "approve", revision=revision, reason=reason, note=note, marks=marks)


def edit(
    app: App,
    actor: Actor,
    id: str,
    *,
    revision: int,
    text: str,
    cites: Mapping[int, str] | None = None,
    reason: ActReason | None = None,
    note: str = "",
    marks: Mapping[int, Mark] | None = None,
) -> ReviewItem:
    """The answer is what this person wrote: `text` may hold the citation marks of the draft, `[1]`, those of the other passages that were
    found for it (`sources.besides`), and those of `cites`: ids of passages by number. InvalidInput for other marks, for a passage that not
    both they and whoever asked may see, and for a text that is empty or too long."""
    more = sources.cited_besides(app, actor, id, cites or {})
    return _decide(app, actor, id, "edit", revision=revision, reason=reason, note=note, marks=marks, text=text, more=more)


def reject(
    app: App,
    actor: Actor,
    id: str,
    *,
    revision: int,
    reason: ActReason | None = None,
    note: str = "",
    marks: Mapping[int, Mark] | None = None,
) -> ReviewItem:
    """The asker gets no answer, but the note. InvalidInput without a reason."""
    _reason(reason, needed="reject")
    return _decide(app, actor, id, "reject", revision=revision, reason=reason, note=note, marks=marks)


def flag(app: App, actor: Actor, id: str, *, revision: int, reason: ActReason | None = None, note: str = "") -> ReviewItem:
    """Something is odd, and owners are told. It becomes more urgent, and stays with who holds it. InvalidInput without a reason."""
    _reason(reason, needed="flag")
    with _at(app, actor, id, revision) as work:
        if (again := work.repeated("flag", reason)) is not None:
            return again
        work.check_waits()
        item = work.act("flag", reason, note, priority=raised(work.item.priority))
        facts = {"answer": item.answer, "flag": reason, "priority": item.priority, "revision": item.revision}
        announce(app, work.tx, "review.escalated", about=item.id, roles=("owner",), urgent=True, facts=facts)
        record(app, work.tx, work.actor, "review.escalated", item.id, answer=item.answer, flag=reason, to="owner")
        return item


def escalate(
    app: App, actor: Actor, id: str, *, revision: int, to: Role = "admin", reason: ActReason | None = None, note: str = ""
) -> ReviewItem:
    """Somebody of that role, or who may do more, decides. Refused for a role that does not review, and for one below."""
    if highest(to) != to:
        raise Refused(f"the role {to} does not review", "use reviewer, admin or owner")
    with _at(app, actor, id, revision) as work:
        if (again := work.repeated("escalate", reason)) is not None and work.item.role == to:
            return again
        work.check_waits()
        if highest(work.item.role, to) != to:
            raise Refused(f"it is for the role {work.item.role} already", "use that one, or one that may do more")
        urgency = more_urgent(raised(work.item.priority), "high")
        item = work.act("escalate", reason, note, to=to, role=to, priority=urgency, holder="", lease_until=None)
        work.tell_escalated(item)
        return item


def pause(app: App, actor: Actor, id: str, *, revision: int, reason: ActReason | None = None, note: str = "") -> ReviewItem:
    """It waits for something else: its deadline moves on for as long, and nobody holds it. Twice changes nothing."""
    with _at(app, actor, id, revision) as work:
        if work.item.paused_at is not None:
            return work.item
        work.check_waits()
        return work.act("pause", reason, note, paused_at=work.now, holder="", lease_until=None)


def resume(app: App, actor: Actor, id: str, *, revision: int, reason: ActReason | None = None, note: str = "") -> ReviewItem:
    """It goes on. Without a pause nothing changes."""
    with _at(app, actor, id, revision) as work:
        if work.item.paused_at is None:
            return work.item
        return work.act("resume", reason, note, **work.unpaused())


def act_on_many(
    app: App,
    actor: Actor,
    act: str,
    items: Sequence[tuple[str, int]],
    *,
    reason: ActReason | None = None,
    note: str = "",
) -> Done:
    """`approve`, `reject` or `give_back` each of these (id, revision); with those that are refused nothing happens. InvalidInput for
    another act, and for too many."""
    acts = {"approve": approve, "reject": reject, "give_back": give_back}
    if act not in acts:
        raise InvalidInput(f"{act!r} is not done with many at once", f"use one of {', '.join(acts)}")
    if len(items) > MOST_AT_ONCE:
        raise InvalidInput(f"{len(items)} items are too many at once", f"use at most {MOST_AT_ONCE}")
    _reason(reason, needed="reject" if act == "reject" else "")
    with app.database.reading() as tx:
        reviewer_now(tx, actor)
    done, refused = list[ReviewItem](), list[NotDone]()
    for id, revision in dict(items).items():
        try:
            done.append(acts[act](app, actor, id, revision=revision, reason=reason, note=note))
        except FirmgroundError as error:
            refused.append(NotDone(id, str(error)))
    return Done(done, refused)


# ---------------------------------------------------------------- one act


@dataclass
class _Work:
    """One act of one person on one item."""

    app: App
    tx: Transaction
    actor: Actor
    item: ReviewItem
    now: datetime

    @property
    def trace(self) -> Trace:
        found = self.tx.trace(self.item.answer)
        if found is None:
            raise NotFound("the answer is gone", "take the next item")
        return found

    def acts(self) -> list[ReviewAct]:
        return self.tx.acts([self.item.id]).get(self.item.id, [])

    def check_fresh(self, revision: int) -> None:
        """What this person, or a clock, did since then takes nobody by surprise. Nor does a wish: what is looked at says the same, and
        whoever asks and withdraws in turn would keep everybody from deciding."""
        if revision > self.item.revision or revision < 0:
            raise Refused("it has no such revision", "look at it again")
        since = [act for act in (self.acts() if revision < self.item.revision else []) if act.number > revision]
        if any(act.person not in {"", self.actor.person} and act.act not in _WISHES for act in since):
            raise Refused("somebody else did something with it meanwhile", "look at it again, then decide")

    def check_waits(self) -> None:
        if self.item.state == "done":
            raise Refused(f"it is done already: it was {self.item.outcome}", "take the next item")
        if self.actor.person in self.item.decided_by:
            raise Refused("you have said what you think of it", "it waits for somebody else")
        holder = in_hand_of(self.tx, self.item, self.now)
        if holder and holder != self.actor.person:
            raise Refused(f"{holder} has it in hand", "take another one, or wait until it is given back")

    def claimed(self) -> ReviewItem:
        until = self.now + timedelta(minutes=self.app.workspace.settings.review.lease_minutes)
        item = self.item
        if item.holder and item.holder != self.actor.person:
            self.tx.save_item(item.model_copy(update={"holder": "", "lease_until": None}))
        if not self.tx.take_item(item.id, self.actor.person, now=self.now, until=until):
            raise Refused("somebody else was quicker", "take another one")
        taken = self.tx.item(item.id)
        if taken is None:
            raise NotFound("the item is gone", "take the next one")
        if taken.by_files != self.actor.local:
            taken = taken.model_copy(update={"by_files": self.actor.local})
            self.tx.save_item(taken)
        self.tx.add_act(ReviewAct(item=item.id, number=taken.revision, person=self.actor.person, act="claim", at=self.now))
        return taken

    def repeated(self, act: Act, reason: ActReason | None) -> ReviewItem | None:
        """The item as it is, where this is what the person did last with it, and nobody anything since."""
        acts = self.acts()
        last = acts[-1] if acts else None
        same = last is not None and (last.person, last.act, last.reason) == (self.actor.person, act, reason)
        return self.item if same else None

    def unpaused(self) -> dict[str, Any]:
        """The deadline is as much working time away as it was."""
        if self.item.paused_at is None:
            return {}
        calendar = calendar_of(self.app)
        hours = calendar.worked(self.item.paused_at, self.now).total_seconds() / 3600
        return {"paused_at": None, "due_at": calendar.due(self.item.due_at, hours) if hours else self.item.due_at}

    def act(
        self,
        act: Act,
        reason: ActReason | None,
        note: str,
        *,
        to: Role | None = None,
        marks: Mapping[int, Mark] | None = None,
        wrote: Draft | None = None,
        **changes: Any,
    ) -> ReviewItem:
        """The item after it."""
        _reason(reason)
        note, number = clean("note", note, LONGEST_NOTE), self.item.revision + 1
        if (note or wrote) and self.trace.erased:
            raise Refused("something that the answer rests on was erased, so no words about it are kept", "say it without words")
        said = masking.earlier(self.app, self.actor, note)
        wrote, values = _masked(self.app, self.actor, wrote)
        item = self.item.model_copy(update={**changes, "revision": number})
        self.tx.save_item(item)
        self.tx.add_act(
            ReviewAct(
                item=item.id,
                number=number,
                person=self.actor.person,
                act=act,
                at=self.now,
                reason=reason,
                note=said.text,
                marks=dict(marks or {}),
                wrote=wrote,
                to=to,
            )
        )
        if all_values := {**said.values, **values}:
            hide_said(self.app, self.tx, self.actor, item.answer, all_values)
            let_asker_read(self.app, self.tx, item.answer, all_values if act in _FOR_THE_ASKER else {})
        self.item = item
        return item

    def tell_escalated(self, item: ReviewItem) -> None:
        facts = {"answer": item.answer, "to": item.role, "priority": item.priority, "revision": item.revision}
        announce(self.app, self.tx, "review.escalated", about=item.id, roles=(item.role,), urgent=True, facts=facts)
        record(self.app, self.tx, self.actor, "review.escalated", item.id, answer=item.answer, to=item.role)


@contextmanager
def _at(app: App, actor: Actor, id: str, revision: int) -> Generator[_Work]:
    with app.database.transaction() as tx:
        reviewer = reviewer_now(tx, actor)
        work = _Work(app, tx, reviewer, to_review(tx, reviewer, id), app.clock())
        if work.item.state == "waiting":
            work.check_fresh(revision)
        yield work


def _decide(
    app: App,
    actor: Actor,
    id: str,
    act: Literal["approve", "edit", "reject"],
    *,
    revision: int,
    reason: ActReason | None,
    note: str,
    marks: Mapping[int, Mark] | None,
    text: str = "",
    more: Mapping[int, Passage] | None = None,
) -> ReviewItem:
    if reason == "right" and act != "approve":
        others = ", ".join(each for each in _REASONS if each != reason)
        raise InvalidInput(f"that it is right is no reason to {act} it", f"approve it, or use one of {others}")
    with _at(app, actor, id, revision) as work:
        trace = work.trace
        edited = standing_edit(work.item, work.acts())
        base = base_of(trace, edited)
        wrote = written(text, base, sources.all_of(trace, base, more or {})) if act == "edit" else None
        _check_marks(marks, base)
        known = [*passages_of(trace), *(more or {}).values()]
        check_harmless("correction", text, known)
        check_harmless("note", note, known)
        if act == "approve" and _is_unchecked(trace):
            check_harmless("draft", base.text, known)
        if (again := _said_already(work, act, wrote)) is not None:
            return again
        work.check_waits()
        if trace.erased and act != "reject":
            raise Refused("something that the answer rests on was erased", "reject it, so that the question can be asked again")
        if wrote is not None and (with_more := sources.added(work.tx, trace, wrote, more or {})) is not trace:
            work.tx.save_trace(with_more)
        decided: dict[str, Any] = {
            "decided_by": (*work.item.decided_by, work.actor.person),
            "holder": "",
            "lease_until": None,
            **work.unpaused(),
        }
        item = work.act(act, reason, note, marks=marks, wrote=wrote, **decided)
        found = verdict(item, decisions_of(work.acts()))
        if found is not None and found.outcome == "approved" and edited is not None:
            found = Verdict("edited", edited.number)  # what was approved is what somebody wrote before
        return _settled(work, item, found, trace)


def _is_unchecked(trace: Trace) -> bool:
    """Whether the draft is what a model wrote, with what no check let through."""
    return trace.draft is not None and trace.routed is not None and MISMATCH in trace.routed.causes


def _settled(work: _Work, item: ReviewItem, found: Verdict | None, trace: Trace) -> ReviewItem:
    """What the decisions so far come to."""
    app, tx = work.app, work.tx
    if found is None:
        return item
    if found.outcome is None:
        role: Role = "owner" if item.role != "reviewer" else "admin"
        item = item.model_copy(update={"role": role, "needed": item.needed + 1, "priority": more_urgent(item.priority, "high")})
        tx.save_item(item)
        work.tell_escalated(item)
        return item
    was_sent = not item.held or item.decisive is not None
    item = item.model_copy(update={"state": "done", "outcome": found.outcome, "decisive": found.decisive})
    tx.save_item(item)
    close_requests(tx, item.answer)
    pins.decided(app, tx, work.actor, item)
    facts = {"answer": item.answer, "outcome": found.outcome, "revision": item.revision}
    announce(app, tx, "review.decided", about=item.id, person=item.asker, facts=facts)
    if was_sent and found.outcome != "approved":
        announce(app, tx, "answer.corrected", about=item.answer, person=trace.person, facts=facts)
    corrections.note(app, tx, item, trace, facts)
    record(app, tx, work.actor, "review.decided", item.id, answer=item.answer, outcome=found.outcome)
    return item


def close_requests(tx: Transaction, answer: str) -> None:
    """Whoever asked for a person got one."""
    for request in tx.reviews([answer]):
        if request.state == "open":
            tx.save_review(request.model_copy(update={"state": "done"}))


def _said_already(work: _Work, act: Act, wrote: Draft | None) -> ReviewItem | None:
    """The item as it is, where this person said just this already; nobody says anything twice."""
    own = [each for each in work.acts() if each.person == work.actor.person and each.act in DECISIONS]
    if not own or (work.item.state == "waiting" and work.actor.person not in work.item.decided_by):
        return None
    last = own[-1]
    masked, _ = _masked(work.app, work.actor, wrote)
    return work.item if last.act == act and last.wrote == masked else None


def _masked(app: App, actor: Actor, wrote: Draft | None) -> tuple[Draft | None, dict[str, tuple[str, str]]]:
    if wrote is None:
        return None, {}
    text = masking.earlier(app, actor, wrote.text)
    if not text.values:
        return wrote, {}
    said = [masking.earlier(app, actor, each.text).text for each in wrote.sentences]
    sentences = tuple(each.model_copy(update={"text": text}) for each, text in zip(wrote.sentences, said, strict=True))
    return wrote.model_copy(update={"text": text.text, "sentences": sentences}), dict(text.values)


def _reason(reason: str | None, *, needed: str = "") -> None:
    if reason is None and needed:
        raise InvalidInput(f"to {needed} needs a reason", f"use one of {', '.join(_REASONS)}")
    if reason is not None and reason not in _REASONS:
        raise InvalidInput(f"there is no reason {reason!r}", f"use one of {', '.join(_REASONS)}")


def _check_marks(marks: Mapping[int, Mark] | None, base: Draft) -> None:
    for place, mark in (marks or {}).items():
        if not 0 <= place < len(base.sentences):
            raise InvalidInput(f"the draft has no sentence {place}", f"it has {len(base.sentences)}, counted from 0")
        if mark not in {"right", "wrong"}:
            raise InvalidInput(f"a sentence is not {mark!r}", "use right or wrong")
