"""What the pages about reviews show, worked out before a template sees it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import count
from typing import Any

from firmground.app.app import App
from firmground.app.corpus.quotes import quotes
from firmground.app.launching.releases import numbers
from firmground.app.redaction.masked import Hides, kinds_in
from firmground.app.reviewing.queue import Line, Shown
from firmground.app.reviewing.sources import Numbered
from firmground.app.reviewing.written import LONGEST
from firmground.reviews import ReviewAct, ReviewItem
from firmground.rights import Role
from firmground.types import Actor, Answer, Draft, Passage, Sentence
from firmground.web import differences, told, view
from firmground.web.differences import Change
from firmground.web.language import _, marked, plural
from firmground.web.managing import Fields
from firmground.web.view import Reference, Source
from firmground.web.when import Due, due

_LONGEST_FOUND = 500
_DONE = {
    "approve": marked("Approved."),
    "edit": marked("Your words are given instead."),
    "reject": marked("Rejected."),
    "flag": marked("Flagged: the owners are told."),
    "escalate": marked("Escalated."),
    "pause": marked("Paused: its time stands still."),
    "resume": marked("It goes on."),
    "give_back": marked("Given back."),
    "claim": marked("It is yours now."),
}


@dataclass(frozen=True)
class Row:
    """One item of a list."""

    item: ReviewItem
    question: str
    due: Due
    release: str
    holder: str
    mine: bool
    elsewhere: bool
    """Whether somebody else has it in hand."""


@dataclass(frozen=True)
class Event:
    """One thing that was done with an item."""

    act: str
    person: str
    at: datetime
    reason: str
    note: str
    to: Role | None
    wrong_marks: int
    changes: Sequence[Change]


@dataclass(frozen=True)
class Typed:
    """What stands in the form."""

    act: str = ""
    text: str = ""
    reason: str = ""
    note: str = ""
    to: str = ""
    marks: Mapping[int, str] = field(default_factory=dict[int, str])
    cites: Mapping[int, str] = field(default_factory=dict[int, str])
    """Passages that were found besides, by the number that the text refers to them by."""


def rows(app: App, actor: Actor, found: Sequence[Line]) -> list[Row]:
    now, called = app.clock(), releases_called(app)
    return [_row(each, actor, now, called) for each in found]


def hidden(app: App, found: Sequence[Line]) -> dict[str, Hides]:
    """What placeholders in their questions are, that the reader is not shown the values of."""
    return kinds_in(app, [each.question for each in found], answers=[each.item.answer for each in found])


def releases_called(app: App) -> dict[str, str]:
    """By digest of the recipe."""
    return {digest: _("release %(n)s", n=number) for digest, number in numbers(app).items()}


def release_called(called: Mapping[str, str], digest: str) -> str:
    return called.get(digest) or _("recipe %(digest)s", digest=digest[:12])


def done_words(act: str, *, last: bool = False) -> str:
    """What is said of an act after it; with `last`, that nothing else waits."""
    if act == "none":
        return _("Nothing waits for you.")
    if act not in _DONE:
        return ""
    done = _(_DONE[act])
    return " ".join((done, _("Nothing else waits for you."))) if last else done


def counted(done: int) -> str:
    """What is said after many were decided at once."""
    return plural("Done with %(num)s.", "Done with %(num)s.", done)


def typed(fields: Fields) -> Typed:
    """What was sent."""
    return Typed(
        act=fields.get("act", ""),
        text=fields.get("text", ""),
        reason=fields.get("reason", ""),
        note=fields.get("note", ""),
        to=fields.get("to", ""),
        marks=_numbered(fields, "mark-"),
        cites=_numbered(fields, "source-"),
    )


def _numbered(fields: Fields, prefix: str) -> dict[int, str]:
    found = ((name.removeprefix(prefix), value) for name, value in fields.items() if name.startswith(prefix) and value)
    return {int(n): value for n, value in found if n.isascii() and n.isdecimal() and len(n) < 5}


def looked_at(app: App, actor: Actor, shown: Shown, given: Typed | None, found: Sequence[Passage] = ()) -> dict[str, Any]:
    """One item with its evidence, its history, and what was typed. `found`: passages that may be cited as well."""
    item, now = shown.item, app.clock()
    answer = drafted(shown.trace.answer, shown.draft)
    trace = shown.trace.model_copy(update={"answer": answer})
    proposed, hides = _proposed(shown), told.hidden(app, [trace])
    holder, besides = _holder(item, now), shown.others
    more = numbered(shown, given, found)
    return {
        "item": item,
        "question": answer.question,
        "draft": shown.draft,
        "hides": hides,
        "sentences": [told.parts(_alone(answer, each), hides) for each in answer.sentences],
        "whole": told.parts(answer, hides),
        "sources": view.sources(quotes(app, actor, trace), hides),
        "closest": _sources(app, besides),
        "found": [*zip(_sources(app, more), more, strict=True)],
        "due_told": due(item.due_at, now, paused=item.paused_at is not None),
        "release": release_called(releases_called(app), item.release),
        "mine": shown.mine,
        "elsewhere": bool(holder) and holder != actor.person,
        "holder": holder,
        "lease_until": item.lease_until,
        "may_act": shown.may_decide,
        "acts": _events(shown),
        "outcome": _outcome(shown),
        "blind_now": item.blind and item.state == "waiting" and shown.may_decide,
        "asked_note": next((each.note for each in reversed(shown.acts) if each.act in {"open", "reopen"} and each.note), ""),
        "similar": shown.similar,
        "typed": given or Typed(text=proposed.text, to=_above(item.role)),
        "longest": LONGEST,
    }


def drafted(answer: Answer, draft: Draft) -> Answer:
    """The answer as it would be with this draft."""
    fields = {"status": draft.status, "text": draft.text, "sentences": draft.sentences, "citations": draft.citations}
    return answer.model_copy(update=fields)


def _row(line: Line, actor: Actor, now: datetime, called: Mapping[str, str]) -> Row:
    item = line.item
    holder = _holder(item, now)
    return Row(
        item=item,
        question=line.question or _("(the question is gone)"),
        due=due(item.due_at, now, paused=item.paused_at is not None),
        release=release_called(called, item.release),
        holder=holder,
        mine=holder == actor.person,
        elsewhere=bool(holder) and holder != actor.person,
    )


def _holder(item: ReviewItem, now: datetime) -> str:
    return item.holder if item.lease_until is not None and item.lease_until >= now else ""


def _alone(answer: Answer, sentence: Sentence) -> Answer:
    """An answer of this sentence only."""
    text = sentence.text + "".join(f" [{n}]" for n in sentence.citations)
    return answer.model_copy(update={"text": text, "sentences": (sentence,)})


def numbered(shown: Shown, given: Typed | None, found: Sequence[Passage]) -> list[Numbered]:
    """Passages that were found besides, by the numbers that the text refers to them by already, the others behind all that have one."""
    had = {id: n for n, id in given.cites.items()} if given is not None else dict[str, int]()
    taken = [*had.values(), *(each.n for each in shown.draft.citations), *(each.n for each in shown.others)]
    known = {*(each.passage for each in shown.draft.citations), *(each.passage.passage for each in shown.others)}
    new = count(max(taken, default=0) + 1)
    return [Numbered(n=had.get(each.passage) or next(new), passage=each) for each in found if each.passage not in known]


def _sources(app: App, found: Sequence[Numbered]) -> list[Source]:
    passages = [each.passage for each in found]
    kinds = kinds_in(app, [each.text for each in passages], documents=[each.document for each in passages])
    shown = view.close(passages, _LONGEST_FOUND, {each.document: kinds for each in passages})
    return [replace(source, references=[_reference(each)]) for source, each in zip(shown, found, strict=True)]


def _reference(found: Numbered) -> Reference:
    locator = found.passage.locator
    return Reference(found.n, view.address(found.passage.document, locator), locator.start, locator.end)


def _proposed(shown: Shown) -> Draft:
    """What somebody wrote who decided before, where others are to decide too; else the draft."""
    wrote = [each.wrote for each in shown.acts if each.act == "edit" and each.wrote is not None]
    return wrote[-1] if wrote and not shown.item.blind else shown.draft


def _above(role: Role) -> Role:
    return "admin" if role == "reviewer" else "owner"


def _events(shown: Shown) -> list[Event]:
    return [_event(each, shown.draft, told=each.number == shown.item.decisive) for each in shown.acts]


def _event(act: ReviewAct, draft: Draft, *, told: bool = False) -> Event:
    """`told`: whether its words stand elsewhere on the page."""
    changes = differences.words(draft.text, act.wrote.text) if act.wrote and not told else []
    wrong = sum(mark == "wrong" for mark in act.marks.values())
    return Event(act.act, act.person, act.at, act.reason or "", "" if told else act.note, act.to, wrong, changes)


def _outcome(shown: Shown) -> Event | None:
    """The act that decided, with what it changed."""
    act = next((each for each in shown.acts if each.number == shown.item.decisive), None)
    return _event(act, shown.draft) if act and shown.item.state == "done" else None
