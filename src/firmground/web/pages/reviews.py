"""The pages of whoever looks at answers: what waits, one answer with all it takes to decide, and how reviews go."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Annotated, Any, cast, get_args
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from firmground.app.reviewing import acting, insight, queue, sources
from firmground.errors import FirmgroundError, InvalidInput, NotFound
from firmground.reviews import ActReason, ReviewItem
from firmground.rights import Role
from firmground.types import Passage
from firmground.web import review_figures, reviewing
from firmground.web.managing import Fields
from firmground.web.pages.forms import form
from firmground.web.problems import status_of
from firmground.web.rendering import page
from firmground.web.visit import TheVisit, Visit
from firmground.web.when import took

_SHOWN = 25
_LONGEST_WORDS = 500
_MOST_FIELDS = 500
"""A draft may have many sentences, each with its mark."""
_REASONS: tuple[str, ...] = tuple(each for each in get_args(ActReason) if each != "right")
"""Who approves says nothing else by it."""
_GO_ON = frozenset({"approve", "edit", "reject"})
"""What is done with an item once these are: the next one opens."""
_STAY = frozenset({"claim", "flag", "resume"})

router = APIRouter(prefix="/reviews")


@router.get("")
async def queue_page(
    request: Request, visit: TheVisit, view: str = "waiting", after: Annotated[str, Query(max_length=100)] = "", done: str = ""
) -> Response:
    """What waits for this person, what they have in hand, or what was decided."""
    return await visit.run(_queue, request, visit, view, after, told=reviewing.done_words(done, last=done != "give_back"))


@router.post("")
async def many(request: Request, visit: TheVisit) -> Response:
    """Take the next item; or do the same with all that are chosen."""
    fields = await form(request, visit)
    if fields.get("act") == "next":
        return await visit.run(_next, visit, "none")
    return await visit.run(_many, request, visit, fields)


@router.get("/insight")
async def insight_page(
    request: Request, visit: TheVisit, days: Annotated[int, Query(ge=1, le=insight.LONGEST_DAYS)] = 30
) -> Response:
    """How reviews go."""
    return await visit.run(_insight, request, visit, days)


@router.get("/{id}")
async def review_page(request: Request, visit: TheVisit, id: str, done: str = "") -> Response:
    """One answer that people look at."""
    return await visit.run(_review, request, visit, id, told=reviewing.done_words(done))


@router.post("/{id}")
async def act(request: Request, visit: TheVisit, id: str) -> Response:
    """Do something with it; or with `seek` find passages to cite by the words of `find`. What is refused is told beside how it stands now;
    what was typed is kept."""
    fields = await form(request, visit, most=_MOST_FIELDS)
    return await visit.run(_acted, request, visit, id, fields)


def _queue(
    request: Request,
    visit: Visit,
    view: str,
    after: str,
    *,
    told: str = "",
    error: FirmgroundError | None = None,
    refused: tuple[acting.NotDone, ...] = (),
) -> Response:
    found = queue.listed(visit.app, visit.actor, view=queue.view_of(view), after=after, limit=_SHOWN)
    kept = {"view": view} if view != "waiting" else {}
    values: dict[str, Any] = {
        "view": view,
        "after": after,
        "hides": reviewing.hidden(visit.app, found.items),
        "rows": reviewing.rows(visit.app, visit.actor, found.items),
        "counts": queue.counts(visit.app, visit.actor),
        "first": "/reviews?" + urlencode(kept) if after else "",
        "next": "/reviews?" + urlencode({**kept, "after": found.after}) if found.after else "",
        "reasons": _REASONS,
        "told": told,
        "error": error,
        "refused": refused,
    }
    return page(request, "reviews.html", values, status=status_of(error) if error else 200)


def _next(visit: Visit, done: str) -> Response:
    """The next item, taken; else the queue, which says what was done."""
    item = acting.claim_next(visit.app, visit.actor)
    if item is None:
        return RedirectResponse(f"/reviews?done={quote(done)}", 303)
    return _to(item, done if done != "none" else "")


def _to(item: ReviewItem, done: str) -> Response:
    return RedirectResponse(f"/reviews/{quote(item.id, safe='')}" + (f"?done={quote(done)}" if done else ""), 303)


def _many(request: Request, visit: Visit, fields: Fields) -> Response:
    view, after = fields.get("view", "waiting"), fields.get("after", "")
    try:
        chosen = [(id, _revision(value)) for name, value in fields.items() if (id := name.removeprefix("item-")) != name]
        if not chosen:
            raise InvalidInput("nothing is chosen", "choose the answers first")
        given = acting.act_on_many(
            visit.app, visit.actor, fields.get("act", ""), chosen, reason=_reason(fields), note=fields.get("note", "")
        )
    except FirmgroundError as error:
        return _queue(request, visit, view, after, error=error)
    done = reviewing.counted(len(given.done))
    return _queue(request, visit, view, "", told=done if given.done else "", refused=tuple(given.refused))


def _insight(request: Request, visit: Visit, days: int) -> Response:
    found = insight.insight(visit.app, visit.actor, days=days)
    values: dict[str, Any] = {
        "found": found,
        "charts": review_figures.drawn(found),
        "median": took(found.median_minutes),
        "people": [(each, took(each.median_minutes)) for each in found.reviewers],
    }
    return page(request, "review_insight.html", values)


def _review(
    request: Request,
    visit: Visit,
    id: str,
    *,
    told: str = "",
    error: FirmgroundError | None = None,
    typed: reviewing.Typed | None = None,
    find: str = "",
    revision: int | None = None,
) -> Response:
    """`revision`: of what was decided about when the page was loaded first."""
    shown = queue.shown(visit.app, visit.actor, id)
    known = sources.shown(visit.app, visit.actor, id, [*typed.cites.values()] if typed else [])
    new, missed = _found(visit, id, find)
    found = {each.passage: each for each in (*known, *new)}
    values = {
        **reviewing.looked_at(visit.app, visit.actor, shown, typed, [*found.values()][: sources.MOST_NAMED]),
        "reasons": _REASONS,
        "told": told,
        "error": error,
        "revision": shown.item.revision if revision is None else revision,
        "find": find,
        "missed": missed,
        "sought": bool(find.strip()) and missed is None,
        "longest_words": _LONGEST_WORDS,
    }
    return page(request, "review.html", values, status=status_of(error) if error else 200)


def _found(visit: Visit, id: str, words: str) -> tuple[Sequence[Passage], FirmgroundError | None]:
    try:
        if len(words) > _LONGEST_WORDS:
            raise InvalidInput(f"{len(words)} characters are too many to find", f"write at most {_LONGEST_WORDS}")
        return sources.find(visit.app, visit.actor, id, words) if words.strip() else [], None
    except FirmgroundError as wrong:
        return [], wrong


def _acted(request: Request, visit: Visit, id: str, fields: Fields) -> Response:
    name = fields.get("act", "")
    typed = reviewing.typed(fields)
    try:
        revision = _revision(fields.get("revision", ""))
        if fields.get("seek"):
            return _review(request, visit, id, typed=typed, find=fields.get("find", ""), revision=revision)
        item = _act(visit, id, name, typed, revision)
    except NotFound:
        raise
    except FirmgroundError as error:
        return _review(request, visit, id, error=error, typed=typed if name not in {"claim", "give_back"} else None)
    if name in _STAY:
        return _to(item, name)
    if name in _GO_ON:
        return _next(visit, name)
    return RedirectResponse(f"/reviews?done={quote(name)}", 303)


def _act(visit: Visit, id: str, name: str, typed: reviewing.Typed, revision: int) -> ReviewItem:
    app, actor = visit.app, visit.actor
    of: Mapping[str, Any] = {"revision": revision, "reason": _reason({"reason": typed.reason}), "note": typed.note}
    judged = {**of, "marks": typed.marks}
    acts: Mapping[str, Callable[[], ReviewItem]] = {
        "claim": partial(acting.claim, app, actor, id, revision=revision),
        "give_back": partial(acting.give_back, app, actor, id, revision=revision),
        "approve": partial(acting.approve, app, actor, id, **{**judged, "reason": judged["reason"] or "right"}),
        "edit": partial(acting.edit, app, actor, id, text=typed.text, cites=typed.cites, **judged),
        "reject": partial(acting.reject, app, actor, id, **judged),
        "flag": partial(acting.flag, app, actor, id, **of),
        "escalate": partial(acting.escalate, app, actor, id, to=cast("Role", typed.to or "admin"), **of),
        "pause": partial(acting.pause, app, actor, id, **of),
        "resume": partial(acting.resume, app, actor, id, **of),
    }
    if name not in acts:
        raise InvalidInput("it is not said what to do with it", "choose it")
    return acts[name]()


def _reason(fields: Fields) -> ActReason | None:
    return cast("ActReason", fields["reason"]) if fields.get("reason") else None


def _revision(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < 10):
        raise InvalidInput("the form does not say what it is about", "load the page again")
    return int(text)
