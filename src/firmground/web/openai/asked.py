"""What a request for a completion comes to: the question, and what was said before."""

import json
from typing import Any, NamedTuple, cast

from starlette.requests import Request

from firmground.ports import Filters
from firmground.web.openai.parameters import COMPLETION, PARTS, ROLES, Fields, check, flag_of, object_of
from firmground.web.problems import BadParameter, Malformed

_HOW = {role.name: role for role in ROLES}
_READ = {part.name for part in PARTS if part.how == "used"}


class Asked(NamedTuple):
    """What a request for a completion comes to."""

    question: str
    said: list[tuple[str, str]]
    """Earlier questions with their answers, as the client tells it."""
    model: object
    stream: bool
    usage: bool
    conversation: str
    filters: Filters


async def body_of(request: Request) -> Fields:
    """The object that a request sends."""
    try:
        fields = json.loads((await request.body()).decode("utf-8"))
    except (ValueError, RecursionError):
        raise Malformed("the body is not JSON", "send one JSON object, as UTF-8") from None
    if not isinstance(fields, dict):
        raise Malformed("the body is no JSON object", "send one JSON object, as UTF-8")
    return cast("Fields", fields)


def asked(fields: Fields) -> Asked:
    """BadParameter names the first parameter that cannot be heeded."""
    check(fields, COMPLETION)
    said, question = _conversation(fields.get("messages"))
    options = object_of(fields, "stream_options")
    check(options, COMPLETION, "stream_options")
    ours = object_of(fields, "firmground")
    check(ours, COMPLETION, "firmground")
    conversation = ours.get("conversation") or ""
    if not isinstance(conversation, str):
        raise BadParameter("firmground.conversation", "the conversation is no text", "send the id that an answer had")
    return Asked(
        question=question,
        said=[] if conversation else said,
        model=fields.get("model"),
        stream=flag_of(fields, "stream"),
        usage=flag_of(options, "include_usage", "stream_options.include_usage"),
        conversation=text_of(conversation, "firmground.conversation"),
        filters=_filters(ours.get("filters")),
    )


def text_of(text: str, place: str) -> str:
    """The text, where it is one that can be kept."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        raise BadParameter(place, "it is not Unicode text", "send it as UTF-8") from None
    if "\0" in text:
        raise BadParameter(place, "it holds a NUL character", "leave it out")
    return text


def _filters(given: Any) -> Filters:
    """As POST /api/v1/answers takes them."""
    from pydantic import TypeAdapter, ValidationError

    from firmground.web.api.shapes import Filters as Shape
    from firmground.web.api.shapes import plain_filters

    try:
        return plain_filters(TypeAdapter[Shape](Shape).validate_python({} if given is None else given))
    except ValidationError:
        raise BadParameter("firmground.filters", "the filters cannot be used", "give values, lists or from and to") from None


def _conversation(messages: object) -> tuple[list[tuple[str, str]], str]:
    """Earlier questions with their answers, and the question. Who wrote an answer cannot be known."""
    if not isinstance(messages, list) or not messages:
        raise BadParameter("messages", "there are no messages", "send a list with the question as the last message of the user")
    said: list[tuple[str, list[str]]] = []
    for place, message in enumerate(cast("list[object]", messages)):
        role, text = _message(message, f"messages[{place}]")
        if role == "user":
            said.append((text, []))
        elif role == "assistant" and said and text.strip():
            said[-1][1].append(text)
    if not said or said[-1][1]:
        raise BadParameter("messages", "the last message is not the user's", "end with the question")
    return [(question, "\n".join(answers).strip()) for question, answers in said[:-1]], said[-1][0]


def _message(message: object, place: str) -> tuple[str, str]:
    """Role and text; the text of roles that are ignored is not looked at."""
    if not isinstance(message, dict):
        raise BadParameter(place, "a message is no object", "send role and content")
    fields = cast("Fields", message)
    name, content = fields.get("role"), fields.get("content")
    role = _HOW.get(name) if isinstance(name, str) else None
    if role is None or role.how == "refused":
        remedy = "use user and assistant; system and developer are ignored"
        raise BadParameter(f"{place}.role", "this role cannot be used here", remedy)
    if role.how == "ignored":
        return role.name, ""
    if isinstance(content, list):
        content = "\n".join(_part(part, f"{place}.content") for part in cast("list[object]", content))
    if content is None and role.name == "assistant":
        content = ""
    if not isinstance(content, str):
        raise BadParameter(f"{place}.content", "the content of a message is no text", "send text")
    return role.name, text_of(content, f"{place}.content")


def _part(part: object, place: str) -> str:
    fields = cast("Fields", part) if isinstance(part, dict) else {}
    kind = fields.get("type")
    text = fields.get(kind) if isinstance(kind, str) and kind in _READ else None
    if not isinstance(text, str):
        raise BadParameter(place, "only text can be asked", "send parts of type text")
    return text
