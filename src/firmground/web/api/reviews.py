"""Answers that people look at: what waits, one with all it takes to decide, and what is done with them."""

from collections.abc import Callable
from functools import partial
from typing import Annotated, Any, Literal, TypeAlias

from fastapi import APIRouter, Path, Query
from pydantic import AfterValidator, Field, StringConstraints

from firmground.app.reviewing import acting, queue, sources
from firmground.app.reviewing.sources import Numbered
from firmground.errors import NotFound
from firmground.reviews import ActReason, ReviewAct, ReviewItem
from firmground.rights import Role
from firmground.types import Draft, Passage
from firmground.web.api.description import refused
from firmground.web.api.shapes import Body, Name, Nothing, Text
from firmground.web.visit import TheVisit

_REVIEWERS = "You may not review."
_GONE = "There is no such item, or not for you."
_LATE = "It is done, somebody else has it or did something with it meanwhile, or a rule says no."

_ACTS = "claim, give-back, approve, edit, reject, flag, escalate, pause or resume"

_Place: TypeAlias = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,4}$")]

router = APIRouter(prefix="/reviews")


def _without_nul(text: str) -> str:
    if "\0" in text:
        raise ValueError("it holds a NUL character")
    return text


class Waiting(Body):
    """One item of the queue."""

    item: ReviewItem
    question: str = Field(description="As you may see it.")


class Queue(Body):
    items: list[Waiting]
    after: str = Field(description="Send it as `after` for the next page; empty on the last.")
    waiting: int = Field(description="How many you may decide about.")
    mine: int = Field(description="How many you have in hand.")
    overdue: int


class ItemFound(Body):
    item: ReviewItem
    question: str
    asked: str = Field(description="The question as it was searched.")
    draft: Draft = Field(description="What is to be decided about: the draft, or the answer that was given.")
    evidence: list[Passage] = Field(description="What it may rest on, as you may see it.")
    others: list[Numbered] = Field(
        description="Passages of it that the draft does not cite, with the numbers by which a correction may cite them."
    )
    found: list[Passage] = Field(description="With `find`: passages that a correction may cite as well, by their ids.")
    acts: list[ReviewAct] = Field(description="What was done with it; of a blind item only yours, until you decided.")
    similar: list[queue.Earlier] = Field(description="Earlier decisions about questions like this one.")
    mine: bool = Field(description="Whether you have it in hand.")
    may_decide: bool


class Doing(Body):
    """What you do, and on which state of the item you decided that."""

    revision: int = Field(ge=0, description="That of the item when you looked at it.")
    reason: ActReason | None = Field(None, description="`reject` and `flag` need one.")
    note: Text = Field(
        "", description="In your own words. With `approve`, `edit` and `reject` the asker reads it; else only those who review."
    )
    marks: dict[_Place, Literal["right", "wrong"]] = Field(
        {}, description="Of sentences of the draft, counted from 0.", max_length=500
    )
    text: Annotated[str, AfterValidator(_without_nul)] = Field(
        "",
        description="Of `edit`: what the answer says instead, with marks such as [1] of the draft, `others` and `cites`.",
    )
    cites: dict[_Place, Name] = Field(
        {}, description="Of `edit`: ids of passages by the numbers that `text` refers to them by.", max_length=sources.MOST_NAMED
    )
    to: Role = Field("admin", description="Of `escalate`.")


class One(Body):
    id: Name
    revision: int = Field(ge=0)


class Many(Body):
    act: Literal["approve", "reject", "give_back"]
    items: list[One] = Field(min_length=1, max_length=acting.MOST_AT_ONCE)
    reason: ActReason | None = None
    note: Text = ""


class Refusal(Body):
    id: str
    why: str


class DoneWithMany(Body):
    done: list[ReviewItem]
    refused: list[Refusal] = Field(description="With these nothing happened.")


class Taken(Body):
    item: ReviewItem | None = Field(description="Null where nothing waits for you.")


@router.get("", responses=refused({403: _REVIEWERS, 404: "The page before is gone."}))
async def get_reviews(
    visit: TheVisit,
    view: queue.View = "waiting",
    after: Annotated[str, Query(max_length=100)] = "",
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Queue:
    """`waiting`: what you may decide about, most urgent first; `mine`: what you have in hand; `done`: newest first."""
    page = await visit.run(queue.listed, visit.app, visit.actor, view=view, after=after, limit=limit)
    counts = await visit.run(queue.counts, visit.app, visit.actor)
    lines = [Waiting(item=line.item, question=line.question) for line in page.items]
    return Queue(items=lines, after=page.after, **counts._asdict())


@router.post("/claim", responses=refused({403: _REVIEWERS}))
async def post_claim(visit: TheVisit, body: Nothing | None = None) -> Taken:
    """Take the most urgent item that nobody has; the one that you have in hand already, if any."""
    del body
    item = await visit.run(acting.claim_next, visit.app, visit.actor)
    return Taken(item=item and queue.item_told(item))


@router.post("/acts", responses=refused({400: "A reason is missing, or words are too long.", 403: _REVIEWERS}))
async def post_acts(visit: TheVisit, body: Many) -> DoneWithMany:
    """Do the same with many items."""
    items = [(each.id, each.revision) for each in body.items]
    made = await visit.run(acting.act_on_many, visit.app, visit.actor, body.act, items, reason=body.reason, note=body.note)
    return DoneWithMany(
        done=[*map(queue.item_told, made.done)], refused=[Refusal(id=each.id, why=each.why) for each in made.refused]
    )


@router.get("/{id}", responses=refused({403: _REVIEWERS, 404: _GONE}))
async def get_review(id: str, visit: TheVisit, find: Annotated[str, Query(max_length=500)] = "") -> ItemFound:
    """One item with all it takes to decide: question, draft, evidence, history, similar earlier decisions. With `find`, passages that both
    you and whoever asked may see and that speak to these words."""
    found = await visit.run(queue.shown, visit.app, visit.actor, id)
    passages = await visit.run(sources.find, visit.app, visit.actor, id, find) if find.strip() else []
    return ItemFound(
        item=found.item,
        question=found.trace.answer.question,
        asked=found.trace.asked,
        draft=found.draft,
        evidence=[each for each in found.trace.evidence if isinstance(each, Passage)],
        others=[*found.others],
        found=passages,
        acts=[*found.acts],
        similar=[*found.similar],
        mine=found.mine,
        may_decide=found.may_decide,
    )


@router.post(
    "/{id}/{act}",
    responses=refused(
        {
            400: "A mark, sentence, reason or text that cannot be used.",
            403: "You may not review, or asked it.",
            404: _GONE,
            409: _LATE,
        }
    ),
)
async def post_act(id: str, act: Annotated[str, Path(description=_ACTS)], visit: TheVisit, body: Doing) -> ReviewItem:
    """Do something with an item. The same once more is answered with what is; nothing happens twice."""

    return queue.item_told(await visit.run(_acting(visit, id, act, body)))


def _acting(visit: TheVisit, id: str, act: str, body: Doing) -> Callable[[], ReviewItem]:
    app, actor = visit.app, visit.actor
    of: dict[str, Any] = {"revision": body.revision, "reason": body.reason, "note": body.note}
    judged = {**of, "marks": {int(place): mark for place, mark in body.marks.items()}}
    known: dict[str, Callable[[], ReviewItem]] = {
        "claim": partial(acting.claim, app, actor, id, revision=body.revision),
        "give-back": partial(acting.give_back, app, actor, id, **of),
        "approve": partial(acting.approve, app, actor, id, **judged),
        "edit": partial(
            acting.edit, app, actor, id, text=body.text, cites={int(n): each for n, each in body.cites.items()}, **judged
        ),
        "reject": partial(acting.reject, app, actor, id, **judged),
        "flag": partial(acting.flag, app, actor, id, **of),
        "escalate": partial(acting.escalate, app, actor, id, to=body.to, **of),
        "pause": partial(acting.pause, app, actor, id, **of),
        "resume": partial(acting.resume, app, actor, id, **of),
    }
    if act not in known:
        raise NotFound(f"nothing called {act[:100]!r} is done with an item", f"use {_ACTS}")
    return known[act]
