"""What I asked, what is kept of me, and the way to be rid of it."""

import tempfile
from collections.abc import Iterator, Mapping
from typing import IO, Annotated, Any, cast
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response, StreamingResponse

from firmground.app.asking import kept
from firmground.app.asking.asked import People, asked
from firmground.app.personal import consent, erasing, holds, personal_data, retention
from firmground.app.teaching import signals
from firmground.errors import FirmgroundError, InvalidInput, NotAllowed
from firmground.web import prose, told
from firmground.web.api.me import erased
from firmground.web.language import marked
from firmground.web.pages.account import destination, signed_out
from firmground.web.pages.forms import form
from firmground.web.problems import status_of
from firmground.web.rendering import page
from firmground.web.visit import TheVisit, Visit

KINDS = {
    "answers": marked("Questions and answers, with what was said of them"),
    "sessions": marked("Where you were signed in, after it is over"),
    "links": marked("Links to choose a password, after they are over"),
    "messages": marked("What you were told"),
    "usage": marked("How much you used, day by day"),
    "jobs": marked("Work that you started, after it has ended"),
}
"""What is kept of people and for how long, in words."""
_PIECE = 1 << 18

router = APIRouter()


class Wanted(BaseModel):
    """Which of my questions: those with these words, those that people look at or looked at, those before an answer's id; `done`: what was
    done just now."""

    query: str = Field("", max_length=200)
    people: str = Field("", max_length=20)
    before: str = Field("", max_length=100)
    done: str = Field("", max_length=20)


@router.get("/me")
async def my_page(request: Request, visit: TheVisit, wanted: Annotated[Wanted, Query()]) -> Response:
    """What this person asked, newest first, and what else is kept of them."""
    return await visit.run(_mine, request, visit, wanted)


@router.get("/me/data.zip")
async def download(visit: TheVisit) -> Response:
    """All of it as a file. It is written first, so that it is whole or not there."""
    return await visit.run(archive, visit, visit.actor.person, "my-data")


@router.get("/me/consent")
async def consent_page(request: Request, visit: TheVisit, wanted: Annotated[str, Query(alias="next")] = "") -> Response:
    """What is asked of everybody before they ask."""
    return await visit.run(_consent, request, visit, wanted)


@router.post("/me/consent")
async def decide(request: Request, visit: TheVisit) -> Response:
    """Agree, and go on to where they were; or take it back."""
    fields = await form(request, visit)
    _yourself(visit)
    return await visit.run(_decided, request, visit, fields)


@router.post("/me/signals")
async def choose_signals(request: Request, visit: TheVisit) -> Response:
    """Whether it is noted how they use answers."""
    fields = await form(request, visit)
    _yourself(visit)
    await visit.run(signals.choose, visit.app, visit.actor, fields.get("wanted") == "yes")
    return RedirectResponse("/me?done=signals#signals", 303)


@router.get("/me/delete")
async def delete_page(request: Request, visit: TheVisit, answer: Annotated[str, Query(max_length=100)] = "") -> Response:
    """What can be deleted, and what that means; with an `answer`, that one alone."""
    return await visit.run(_deleting, request, visit, answer)


@router.post("/me/delete")
async def delete(request: Request, visit: TheVisit) -> Response:
    """It cannot be undone, so the name is asked for, but for one answer alone."""
    fields = await form(request, visit)
    _yourself(visit)
    return await visit.run(_deleted, request, visit, fields)


def _mine(request: Request, visit: Visit, wanted: Wanted) -> Response:
    people = cast("People", wanted.people if wanted.people in {"looking", "looked"} else "")
    found, following = asked(visit.app, visit.actor, wanted.query, people=people, before=wanted.before)
    conversations: dict[str, list[told.Turn]] = {}
    for trace in found:
        conversations.setdefault(trace.answer.conversation, []).insert(0, told.turn(trace))
    chosen = {name: value for name, value in (("query", wanted.query), ("people", people)) if value}
    days = retention.days(visit.app)
    values = {
        "query": wanted.query,
        "people": people,
        "done": wanted.done,
        "conversations": [*conversations.values()],
        "hides": told.hidden(visit.app, found),
        "newest": "/me?" + urlencode(chosen) if wanted.before else "",
        "older": "/me?" + urlencode({**chosen, "before": following}) if following else "",
        "kinds": [(words, days[kind]) for kind, words in KINDS.items()],
        "held": holds.is_held(visit.app, visit.actor),
        "agreed": [each for each in consent.given_by(visit.app, visit.actor) if each.version != signals.AGREED],
        "signals": signals.noted(visit.app, visit.actor),
        "asks_consent": visit.by != "local" and bool(visit.app.workspace.settings.consent.text_file),
        "owned": visit.by != "local",
    }
    return page(request, "me.html", values)


def archive(visit: Visit, person: str, called: str) -> Response:
    """All that is kept of a person as a file."""
    made = tempfile.TemporaryFile(dir=visit.app.workspace.data)  # noqa: SIM115 - whoever sends it closes it
    try:
        personal_data.export_zip(visit.app, visit.actor, person, made)
        made.seek(0)
    except BaseException:
        made.close()
        raise
    headers = {"Content-Disposition": f'attachment; filename="{called}-{visit.app.clock():%Y-%m-%d}.zip"'}
    return StreamingResponse(_pieces(made), headers=headers, media_type="application/zip")


def _pieces(made: IO[bytes]) -> Iterator[bytes]:
    with made:
        while piece := made.read(_PIECE):
            yield piece


def _consent(request: Request, visit: Visit, wanted: str, error: FirmgroundError | None = None) -> Response:
    text = consent.text(visit.app)
    values = {
        "blocks": prose.blocks(text.text, 0, len(text.text)) if text else [],
        "version": text.version if text else "",
        "needed": consent.needed(visit.app, visit.actor) is not None,
        "next": destination(wanted),
        "error": error,
    }
    return page(request, "consent.html", values, status=status_of(error) if error else 200)


def _decided(request: Request, visit: Visit, fields: Mapping[str, str]) -> Response:
    if fields.get("act") == "withdraw":
        consent.withdraw(visit.app, visit.actor)
        return RedirectResponse("/me?done=withdrawn#agreed", 303)
    there = fields.get("next", "")
    try:
        consent.give(visit.app, visit.actor, fields.get("version", ""))
    except FirmgroundError as error:
        return _consent(request, visit, there, error)
    return RedirectResponse(destination(there), 303)


def _deleting(request: Request, visit: Visit, answer: str, error: FirmgroundError | None = None, what: str = "") -> Response:
    values: dict[str, Any] = {
        "answer": kept.show(visit.app, visit.actor, answer).answer if answer else None,
        "held": holds.is_held(visit.app, visit.actor),
        "pinned": erasing.pinned(visit.app, visit.actor, visit.actor.person, answer=answer),
        "owned": visit.by != "local",
        "error": error,
        "what": what,
    }
    return page(request, "delete.html", values, status=status_of(error) if error else 200)


def _deleted(request: Request, visit: Visit, fields: Mapping[str, str]) -> Response:
    what, answer = fields.get("what", ""), fields.get("answer", "")
    try:
        if what == "answer":
            erasing.delete_answer(visit.app, visit.actor, answer)
            return RedirectResponse("/me?done=answer", 303)
        if what not in {"questions", "account"}:
            raise InvalidInput("it is not said what to delete", "choose it")
        if fields.get("name", "").strip() != visit.actor.person:
            raise InvalidInput("that is not your name", "write it as it stands above")
        erased(visit, what)
    except FirmgroundError as error:
        return _deleting(request, visit, "", error, what)
    return (
        signed_out(visit.served) if what == "account" and visit.by == "session" else RedirectResponse("/me?done=questions", 303)
    )


def _yourself(visit: Visit) -> None:
    if visit.by not in {"session", "local"}:
        raise NotAllowed("a key may not decide this", "sign in, and do it there")


def consent_first(visit: Visit, question: str) -> Response | None:
    """The way to the text that this person has to agree to before they ask, and from there back to their question."""
    if consent.needed(visit.app, visit.actor) is None:
        return None
    there = f"/?question={quote(question, safe='')}" if question and len(question) < _PIECE // 128 else "/"
    return RedirectResponse("/me/consent?" + urlencode({"next": there}), 303)
