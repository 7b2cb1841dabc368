"""The pages to ask on: a question, its answer, and what was asked before."""

import asyncio
from contextlib import suppress
from itertools import islice
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from firmground.app.asking import kept, opinions
from firmground.app.asking.search import check_that_it_answers
from firmground.app.corpus.quotes import quotes
from firmground.app.launching import briefs
from firmground.app.personal.consent import ConsentNeeded
from firmground.app.teaching import signals
from firmground.errors import FirmgroundError, NotAllowed, NotFound
from firmground.settings_guard import KINDS
from firmground.types import Answer, Trace
from firmground.web import told, view
from firmground.web.checking import as_read, checking
from firmground.web.pages.forms import form
from firmground.web.pages.me import consent_first
from firmground.web.problems import status_of
from firmground.web.rendering import page
from firmground.web.streams import Stream
from firmground.web.visit import TheVisit, Visit, unless_gone

_PATIENCE_SECONDS = 10.0
"""How long a browser without scripts waits for an answer, before it is told that it is being made."""
_A_MOMENT_SECONDS = 0.1
"""What takes no longer need not be shown as being made."""
_LATELY = 5
_TURNS = 50
_LONGEST_CLOSE = 500

router = APIRouter()


@router.get("/")
async def ask_page(request: Request, visit: TheVisit, question: Annotated[str, Query(max_length=4000)] = "") -> Response:
    """With a `question`, that stands in its field; it is asked by whoever reads it there."""
    if (first := await visit.run(consent_first, visit, question)) is not None:
        return first
    return await visit.run(_ask_page, request, visit, question)


@router.post("/")
async def ask_now(request: Request, visit: TheVisit) -> Response:
    """Begin an answer, and go to its page: whoever loads that again asks nothing twice. Who leaves before it is there cancels it."""
    fields = await form(request, visit)
    question, conversation = fields.get("question", ""), fields.get("conversation", "")
    try:
        stream = await visit.ask(question, conversation=conversation, request_id=request.state.request_id)
    except FirmgroundError as error:
        if isinstance(error, ConsentNeeded) and (first := await visit.run(consent_first, visit, question)) is not None:
            return first
        return await visit.run(_ask_page, request, visit, question, conversation, error)
    await _wait(request, stream, _PATIENCE_SECONDS)
    if stream.error is not None:
        return await visit.run(_ask_page, request, visit, question, conversation, stream.error)
    return _to_answer(stream.id)


@router.get("/answers/{id}")
async def answer_page(request: Request, visit: TheVisit, id: str, part: str = "") -> Response:
    """One answer, kept or being made; with `part=answer` only what the script puts into a page of ours that is open."""
    stream = _under_way(visit, id)
    if stream is not None and not stream.over:
        await _wait(request, stream, _A_MOMENT_SECONDS)
    template = "part.html" if part == "answer" else "answer.html"
    if stream is None or stream.answer is not None:
        return await visit.run(_answer_page, request, visit, id, template)
    if stream.error is not None:
        return await visit.run(_ask_page, request, visit, stream.question, "", stream.error)
    return await visit.run(_making_page, request, visit, stream, template)


@router.post("/answers/{id}/stop")
async def stop(request: Request, visit: TheVisit, id: str) -> Response:
    """Whoever asked does not want the answer any more."""
    await form(request, visit)
    if (stream := _under_way(visit, id)) is not None:
        stream.give_up()
    return RedirectResponse("/", 303)


async def _wait(request: Request, stream: Stream, seconds: float) -> None:
    with suppress(TimeoutError, FirmgroundError):
        async with asyncio.timeout(seconds):
            await unless_gone(request, stream.outcome())


def _under_way(visit: Visit, id: str) -> Stream | None:
    try:
        return visit.streams.find(id, visit.actor)
    except NotFound:
        return None


def _ask_page(
    request: Request, visit: Visit, question: str = "", conversation: str = "", error: FirmgroundError | None = None
) -> Response:
    found = kept.listed(visit.app, visit.actor, limit=4 * _LATELY, own=True) if error is None else []
    turns = {trace.answer.conversation: told.turn(trace) for trace in reversed(found)}
    latest = sorted(turns.values(), key=lambda turn: turn.id, reverse=True)
    nothing = _nothing(visit)
    values = {
        "question": question,
        "conversation": conversation,
        "error": error,
        "recent": [*islice(latest, _LATELY)],
        "nothing": nothing if error is None else None,
        "closed": isinstance(nothing, NotAllowed),
        "about": briefs.for_askers(visit.app),
        "kinds": _kinds(visit),
        "signals": signals.noted(visit.app, visit.actor),
    }
    return page(request, "ask.html", values, status=status_of(error) if error else 200)


def _nothing(visit: Visit) -> FirmgroundError | None:
    """Why there is nothing to ask yet. What keeps the index closed is told on every page anyway."""
    if visit.served.reasons():
        return None
    try:
        check_that_it_answers(visit.app, visit.actor)
    except FirmgroundError as why:
        return why
    return None


def _making_page(request: Request, visit: Visit, stream: Stream, template: str) -> Response:
    values: dict[str, Any] = {"under_way": stream.id, "question": stream.question, "hides": {}}
    return page(request, template, {**values, "kinds": _kinds(visit), "signals": signals.noted(visit.app, visit.actor)})


def _answer_page(request: Request, visit: Visit, id: str, template: str) -> Response:
    trace = kept.show(visit.app, visit.actor, id)
    if trace.answer.id != id:
        return _to_answer(trace.answer.id)
    return page(request, template, {"under_way": "", "wrong": None, **_shown(visit, trace), **_acts(request, visit, trace)})


def acts(request: Request, visit: Visit, id: str) -> dict[str, Any]:
    """What can be done with an answer, and what this person did."""
    return _acts(request, visit, kept.show(visit.app, visit.actor, id))


def _acts(request: Request, visit: Visit, trace: Trace) -> dict[str, Any]:
    answer = trace.answer
    # Where people reach this server.
    site = (visit.app.workspace.settings.serve.url or str(request.base_url)).rstrip("/")
    return {
        "answer": answer,
        "own": trace.person == visit.actor.person,
        "opinion": opinions.of(visit.app, visit.actor, answer.id),
        "link": f"{site}/answers/{quote(answer.id, safe='')}",
        "as_text": told.as_text(answer, site),
        "as_markdown": told.as_text(answer, site, markdown=True),
    }


def _shown(visit: Visit, trace: Trace) -> dict[str, Any]:
    answer, own = trace.answer, trace.person == visit.actor.person
    turns = kept.listed(visit.app, visit.actor, conversation=answer.conversation, limit=_TURNS, own=True) if own else []
    hides = told.hidden(visit.app, [trace, *turns])
    return {
        "hides": hides,
        "kinds": _kinds(visit),
        "signals": signals.noted(visit.app, visit.actor),
        "question": answer.question,
        "asker": trace.person,
        "earlier": [told.turn(each) for each in reversed(turns) if each.answer.id < answer.id],
        "later": next((told.turn(each) for each in reversed(turns) if each.answer.id > answer.id), None),
        "style": told.style(answer.status),
        "sure": told.sure(answer),
        "parts": told.parts(as_read(answer), hides),
        "checking": checking(answer, visit.app.clock()),
        "notices": told.notices(answer, overridden=visit.exception is not None),
        "signs": _signs(visit, answer),
        "sources": view.sources(quotes(visit.app, visit.actor, trace), hides),
        "closest": view.close(answer.closest, _LONGEST_CLOSE, {each.document: hides for each in answer.closest}),
    }


def _kinds(visit: Visit) -> list[str]:
    """The kinds of personal data that an answer may have placeholders of."""
    return [*dict.fromkeys([*KINDS, *(own.kind for own in visit.app.workspace.settings.guard.patterns)])]


def _signs(visit: Visit, answer: Answer) -> list[dict[str, Any]]:
    """What the confidence is made of: for administrators, where the recipe is still known."""
    if not visit.actor.may("see_all") or not answer.corpus:
        return []
    try:
        return kept.explanation(visit.app, visit.actor, answer.id)["signs"]
    except FirmgroundError:
        return []


def _to_answer(id: str) -> Response:
    return RedirectResponse(f"/answers/{quote(id, safe='')}", 303)
