"""What requests are made of, and what is common to answers."""

import hashlib
from typing import Annotated, Any, TypeAlias, cast

from fastapi import Request, Response
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, FiniteFloat, StringConstraints

from firmground.app.asking.search import MOST_FILTERS, MOST_VALUES
from firmground.types import Answer

PREFIX = "/api/v1"
NOT_MODIFIED: dict[str, Any] = {"description": "As you have it: the same ETag."}


def _without_nul(text: str) -> str:
    if "\0" in text:
        raise ValueError("it holds a NUL character")
    return text


Text: TypeAlias = Annotated[str, StringConstraints(max_length=4000), AfterValidator(_without_nul)]
Name: TypeAlias = Annotated[str, StringConstraints(min_length=1, max_length=500), AfterValidator(_without_nul)]
Value: TypeAlias = bool | int | FiniteFloat | Text


class Body(BaseModel):
    """JSON as it is described: "yes" is no boolean, and "1" is no number."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Nothing(Body):
    """An object without fields."""


class Range(Body):
    """Both ends included; either may be missing."""

    from_: Value | None = Field(None, alias="from")
    to: Value | None = None


def _few(given: Any) -> Any:
    """Before each is looked at."""
    if isinstance(given, dict) and len(cast("dict[object, object]", given)) > MOST_FILTERS:
        raise ValueError(f"use at most {MOST_FILTERS} keys")
    return cast("object", given)


Values: TypeAlias = Annotated[list[Value], Field(max_length=MOST_VALUES)]
Filters: TypeAlias = Annotated[dict[Name, Value | Values | Range], Field(max_length=MOST_FILTERS), BeforeValidator(_few)]


def plain_filters(given: Filters) -> dict[str, Any]:
    """As use cases take them."""
    return {
        key: value.model_dump(by_alias=True, exclude_none=True) if isinstance(value, Range) else value
        for key, value in given.items()
    }


def answer_json(answer: Answer) -> Response:
    return Response(answer.model_dump_json(), media_type="application/json")


def tagged(request: Request, content: bytes | memoryview) -> Response:
    """JSON with its ETag; nothing where the client has it already."""
    tag = tag_of(content)
    headers = {"ETag": tag, "Cache-Control": "private, no-cache"}
    known = {each.strip().removeprefix("W/") for each in request.headers.get("if-none-match", "").split(",")}
    if known & {tag, "*"}:
        return Response(status_code=304, headers=headers)
    return Response(content, headers=headers, media_type="application/json")


def tag_of(content: bytes | memoryview) -> str:
    """What stands for this content in `ETag`."""
    return f'"{hashlib.sha256(content).hexdigest()[:32]}"'
