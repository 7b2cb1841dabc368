"""What waits for a reviewer: listed, counted, and one item with all that it takes to decide."""

import re
from typing import Literal, TypeAlias, get_args

from firmground.app.app import App
from firmground.app.asking.kept import told
from firmground.app.asking.opinions import own_act
from firmground.app.asking.traces import as_seen
from firmground.app.redaction.answers import revealed
from firmground.app.reviewing.seeing import in_hand_of, others_than, reviewer_now, roles_of, scopes_of, to_review
from firmground.app.reviewing.sources import Numbered, besides
from firmground.app.reviewing.sweep import sweep
from firmground.app.reviewing.written import base_of, standing_edit
from firmground.errors import InvalidInput
from firmground.ports import Transaction
from firmground.reviews import ItemCounts, ReviewAct, ReviewItem
from firmground.serve.trace import documents_of
from firmground.types import Actor, Draft, Trace, Value

View: TypeAlias = Literal["waiting", "mine", "done"]
_VIEWS: tuple[View, ...] = get_args(View)
_SIMILAR, _AMONG = 5, 40
_WORD = re.compile(r"\w{3,80}")


class Line(Value):
    """One item of a list, with the question as this reviewer may see it."""

    item: ReviewItem
    question: str


class Page(Value):
    items: tuple[Line, ...]
    after: str = ""
    """What the next page begins behind; empty on the last."""


class Earlier(Value):
    """What became of a question like this one."""

    item: str
    answer: str
    question: str
    outcome: str
    reason: str = ""
    text: str = ""
    """What the asker reads since."""


class Shown(Value):
    """One item as this reviewer may see it."""

    item: ReviewItem
    trace: Trace
    draft: Draft
    """What is to be decided about: the draft, or the answer that was given."""
    acts: tuple[ReviewAct, ...] = ()
    """What was done with it; of a blind item, only their own until they have decided."""
    others: tuple[Numbered, ...] = ()
    """What a correction may cite besides what the draft cites."""
    similar: tuple[Earlier, ...] = ()
    mine: bool = False
    """Whether they have it in hand."""
    may_decide: bool = False


def listed(app: App, actor: Actor, *, view: View = "waiting", after: str = "", limit: int = 50) -> Page:
    """`waiting`: what this person may take, most urgent first; `mine`: what they hold; `done`: newest first. NotFound where the page
    before is gone."""
    if not 1 <= limit <= 200:
        raise InvalidInput(f"{limit} items cannot be shown at once", "use 1 to 200")
    sweep(app)
    with app.database.reading() as tx:
        reviewer = reviewer_now(tx, actor)
        found = tx.items(
            roles=roles_of(reviewer),
            scopes=scopes_of(tx, reviewer),
            state="done" if view == "done" else "waiting",
            holder=reviewer.person if view == "mine" else None,
            but_asker=others_than(tx, reviewer),
            but_decided_by="" if view == "done" else reviewer.person,
            after=after,
            limit=limit + 1,
        )
        shown = found[:limit]
        lines = tuple(Line(item=item_told(each), question=_question(app, tx, reviewer, each)) for each in shown)
    return Page(items=lines, after=shown[-1].id if len(found) > limit else "")


def view_of(text: str) -> View:
    """InvalidInput for what is no view."""
    for known in _VIEWS:
        if text == known:
            return known
    raise InvalidInput(f"there is no view {text[:40]!r}", "use waiting, mine or done")


def counts(app: App, actor: Actor) -> ItemCounts:
    with app.database.reading() as tx:
        reviewer = reviewer_now(tx, actor)
        return tx.count_items(
            now=app.clock(),
            person=reviewer.person,
            roles=roles_of(reviewer),
            scopes=scopes_of(tx, reviewer),
            but_asker=others_than(tx, reviewer),
        )


def shown(app: App, actor: Actor, id: str) -> Shown:
    """NotFound where it is not theirs to see."""
    sweep(app)
    with app.database.reading() as tx:
        reviewer = reviewer_now(tx, actor)
        item = to_review(tx, reviewer, id)
        trace = tx.trace(item.answer)
        if trace is None:
            raise InvalidInput("the answer of this item is gone", "take the next one")
        seen = revealed(app, tx, reviewer, as_seen(tx, trace, reviewer))
        acts = _acts(app, tx, reviewer, item)
        holder = in_hand_of(tx, item, app.clock())
        waits = item.state == "waiting" and reviewer.person not in item.decided_by
        base, as_told = base_of(seen, standing_edit(item, acts)), told(seen, reviewer)
        return Shown(
            item=item_told(item),
            trace=as_told,
            draft=base,
            others=besides(as_told, base),
            acts=acts,
            similar=_similar(app, tx, reviewer, item, trace),
            mine=holder == reviewer.person,
            may_decide=waits and holder in {"", reviewer.person},
        )


def item_told(item: ReviewItem) -> ReviewItem:
    """Who decided about a blind item is told when all have."""
    return item.model_copy(update={"decided_by": ()}) if item.blind and item.state == "waiting" else item


def _acts(app: App, tx: Transaction, reviewer: Actor, item: ReviewItem) -> tuple[ReviewAct, ...]:
    acts = tx.acts([item.id]).get(item.id, [])
    if item.blind and item.state == "waiting" and reviewer.person not in item.decided_by:
        acts = [act for act in acts if act.person in {"", reviewer.person, item.asker}]
    return tuple(own_act(app, tx, reviewer, act) for act in acts)


def _question(app: App, tx: Transaction, reviewer: Actor, item: ReviewItem) -> str:
    trace = tx.trace(item.answer)
    return "" if trace is None else revealed(app, tx, reviewer, trace).answer.question


def _similar(app: App, tx: Transaction, reviewer: Actor, item: ReviewItem, trace: Trace) -> tuple[Earlier, ...]:
    """Of those that rest on one of the same documents, those that share most words with the question."""
    del app
    found = tx.items(
        roles=roles_of(reviewer),
        scopes=scopes_of(tx, reviewer),
        state="done",
        but_asker=others_than(tx, reviewer),
        rests_on=documents_of(trace),
        limit=_AMONG,
    )
    words = set(_WORD.findall(trace.asked.casefold()))
    near: list[tuple[float, Earlier]] = []
    for each in found:
        other = tx.trace(each.answer)
        if each.id == item.id or other is None or each.outcome in {None, "withdrawn"}:
            continue
        theirs = set(_WORD.findall(other.asked.casefold()))
        alike = len(words & theirs) / (len(words | theirs) or 1)
        act = next((act for act in tx.acts([each.id]).get(each.id, []) if act.number == each.decisive), None)
        text = act.wrote.text if act and act.wrote else base_of(other).text
        near.append(
            (
                alike,
                Earlier(
                    item=each.id,
                    answer=each.answer,
                    question=other.answer.question,
                    outcome=each.outcome or "",
                    reason=(act.reason or "") if act else "",
                    text="" if each.outcome == "rejected" else text,
                ),
            )
        )
    return tuple(each for alike, each in sorted(near, key=lambda pair: -pair[0])[:_SIMILAR] if alike > 0.2)
