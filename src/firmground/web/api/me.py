"""What is kept of you: all of it, what you agreed to, and the way to be rid of it."""

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import Field
from starlette.responses import StreamingResponse

from firmground.app.personal import consent, erasing, personal_data
from firmground.errors import InvalidInput, NotAllowed
from firmground.personal import Consent
from firmground.web.api.description import refused
from firmground.web.api.shapes import Body, Name
from firmground.web.visit import TheVisit, Visit

_HELD = "What is kept of you must be kept for the time being."
_EXPORT: dict[str, Any] = {
    "description": "A list for each kind of data.",
    "content": {
        "application/json": {
            "schema": {
                "type": "object",
                "required": [*personal_data.FILES],
                "additionalProperties": False,
                "properties": {
                    file: {"type": "array", "items": {"type": "object"}, "description": what[0].upper() + what[1:] + "."}
                    for file, what in personal_data.FILES.items()
                },
            }
        }
    },
}

router = APIRouter()


class Agreed(Body):
    version: str
    at: datetime
    withdrawn_at: datetime | None


class ConsentState(Body):
    needed: bool = Field(description="Whether you have to agree before you ask.")
    version: str | None = Field(description="Of the text, which changes with it; null where there is nothing to agree to.")
    text: str | None = Field(description="Markdown.")
    given: list[Agreed] = Field(description="What you agreed to so far, oldest first.")


class Agreement(Body):
    version: Name = Field(description="Of the text that you read.")


class Deleted(Body):
    removed: dict[str, int] = Field(description="How much there was, by kind.")


@router.get("/me", response_class=StreamingResponse, responses={200: _EXPORT})
async def get_me(visit: TheVisit) -> StreamingResponse:
    """All that is kept of you, as you may see it now: questions and answers, what you said of answers, sessions, keys, what you agreed to,
    what you used, and entries of the ledger that name you."""
    pieces = await visit.run(personal_data.export_json, visit.app, visit.actor, visit.actor.person)
    return StreamingResponse(pieces, media_type="application/json")


@router.delete(
    "/me",
    responses=refused(
        {
            400: "It is not your name.",
            403: "By a key.",
            404: "Nothing is kept of you.",
            409: f"{_HELD} Or you are the last owner.",
        }
    ),
)
async def delete_me(
    visit: TheVisit,
    what: Annotated[
        Literal["questions", "account"],
        Query(description="Your questions and what you said of answers, or all of it with your account."),
    ],
    name: Annotated[str, Query(max_length=200, description="Your own, to be sure.")],
) -> Deleted:
    """Erase what is kept of you; it cannot be undone. Documents that you uploaded stay, and the ledger keeps what you decided."""
    _yourself(visit, "erase what is kept of you")
    if name != visit.actor.person:
        raise InvalidInput("that is not your name", "give it as you are known here, to be sure")
    removed = await visit.run(erased, visit, what)
    return Deleted(removed=removed)


@router.delete(
    "/answers/{id}", status_code=204, responses=refused({403: "By a key.", 404: "You have no such answer.", 409: _HELD})
)
async def delete_answer(id: str, visit: TheVisit) -> None:
    """Erase a question of yours and its answer, with all that was said of it."""
    _yourself(visit, "erase answers")
    await visit.run(erasing.delete_answer, visit.app, visit.actor, id)


@router.get("/me/consent")
async def get_consent(visit: TheVisit) -> ConsentState:
    """What is asked of everybody here before they ask, and what you agreed to."""
    return await visit.run(_state, visit)


@router.post(
    "/me/consent",
    responses=refused(
        {403: "By a key.", 404: "You are not known any more.", 409: "There is nothing to agree to, or it is another text by now."}
    ),
)
async def post_consent(body: Agreement, visit: TheVisit) -> ConsentState:
    """Agree to the text of that version. It holds for your keys, too."""
    _yourself(visit, "agree to anything for you")
    await visit.run(consent.give, visit.app, visit.actor, body.version)
    return await visit.run(_state, visit)


@router.delete("/me/consent", status_code=204, responses=refused({403: "By a key."}))
async def delete_consent(visit: TheVisit) -> None:
    """Take back what you agreed to: you are asked again before your next question. What you asked until then stays."""
    _yourself(visit, "take back what you agreed to")
    await visit.run(consent.withdraw, visit.app, visit.actor)


def erased(visit: Visit, what: str) -> dict[str, int]:
    """What went, by kind. Answers that are being made for this person end."""
    if what == "account":
        counts = erasing.erase(visit.app, visit.actor, visit.actor.person).counts
    else:
        counts = {"answers": erasing.delete_answers(visit.app, visit.actor)}
    visit.streams.end_of(visit.actor.person)
    return counts


def _yourself(visit: Visit, what: str) -> None:
    """No program decides this, whoever's key it has."""
    if visit.by not in {"session", "local"}:
        raise NotAllowed(f"a key may not {what}", "sign in, and do it there")


def _state(visit: Visit) -> ConsentState:
    text = consent.text(visit.app)
    given: list[Consent] = consent.given_by(visit.app, visit.actor)
    return ConsentState(
        needed=consent.needed(visit.app, visit.actor) is not None,
        version=text.version if text else None,
        text=text.text if text else None,
        given=[Agreed(version=each.version, at=each.at, withdrawn_at=each.withdrawn_at) for each in given],
    )
