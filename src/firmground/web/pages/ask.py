"""The page to ask on."""

from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from firmground.app.answers import ask
from firmground.errors import InvalidInput, NotFound
from firmground.web import view
from firmground.web.pages.forms import form
from firmground.web.problems import status_of
from firmground.web.rendering import page
from firmground.web.visit import TheVisit, Visit

_SAID_ANYWAY = frozenset({"not_released", "not_calibrated"})

router = APIRouter()


@router.get("/")
async def ask_page(request: Request, visit: TheVisit) -> Response:
    return await visit.run(page, request, "ask.html", {"question": "", "answer": None, "error": None})


@router.post("/")
async def answer_page(request: Request, visit: TheVisit) -> Response:
    fields = await form(request, visit)
    await visit.opened()
    return await visit.run(_answer, request, visit, fields.get("question", ""), fields.get("conversation", ""))


def _answer(request: Request, visit: Visit, question: str, conversation: str) -> Response:
    values: dict[str, Any] = {"question": question, "answer": None, "error": None}
    try:
        answer = ask(visit.app, visit.actor, question, conversation=conversation)
    except (InvalidInput, NotFound) as error:
        return page(request, "ask.html", {**values, "error": error}, status=status_of(error))
    values |= {
        "answer": answer,
        "state": view.state(answer),
        "pieces": view.pieces(answer),
        "sources": view.sources(visit.app, visit.actor, answer),
        "notices": [each.text for each in answer.notices if each.code not in _SAID_ANYWAY],
        "closest": view.close(answer.closest, 500),
    }
    return page(request, "ask.html", values)
