"""What a request gets when something goes wrong: one line for people, a stable type for programs (RFC 9457)."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import cast
from urllib.parse import urlencode

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from firmground.app.access.accounts import SignInFailed
from firmground.app.access.attempts import TooManyAttempts
from firmground.app.launching.briefs import ChangedMeanwhile
from firmground.app.personal.consent import ConsentNeeded
from firmground.app.spending.limits import LimitReached
from firmground.errors import (
    Busy,
    Damaged,
    FirmgroundError,
    InvalidInput,
    NotAllowed,
    NotFound,
    OutsideFailed,
    Refused,
    StorageFull,
)
from firmground.web import rendering

TOO_LARGE = ("the request is larger than this server takes", "send less at once; files may have max_megabytes under [parsing]")
_MOST_FIELDS = 20
"""Told of a request that has more that are wrong."""
PREFIX = "urn:firmground:problem:"
"""Of every `type`; what follows is the `code` of the error."""


class Forbidden(Refused):
    """This request is not let in."""

    code = "forbidden"


class Unauthenticated(Refused):
    """It is not known who asks."""

    code = "unauthenticated"


class Malformed(InvalidInput):
    """The request itself cannot be read."""

    code = "malformed-request"


class Unprocessable(InvalidInput):
    """The request can be read, but its fields are not what they must be."""

    code = "invalid-fields"

    def __init__(self, fields: Sequence[tuple[str, str]]) -> None:
        self.fields = [{"field": field, "problem": problem} for field, problem in fields[:_MOST_FIELDS]]
        first = fields[0] if fields else ("request", "it does not fit")
        more = f" (and {len(fields) - 1} more)" if len(fields) > 1 else ""
        super().__init__(f"{first[0]} cannot be used{more}", first[1])


class BadParameter(InvalidInput):
    """A parameter of the OpenAI protocol that cannot be heeded here."""

    code = "unsupported-parameter"

    def __init__(self, param: str, problem: str, remedy: str) -> None:
        super().__init__(problem, remedy)
        self.param = param


class WrongMediaType(InvalidInput):
    """The body is of a kind that this address does not take."""

    code = "wrong-media-type"


class TooLarge(InvalidInput):
    """The request is larger than the server takes."""

    code = "too-large"


class TooSlow(InvalidInput):
    """The request did not arrive in time."""

    code = "too-slow"


class NoSuchMethod(InvalidInput):
    """This address exists, but not for this method."""

    code = "method-not-allowed"

    def __init__(self, allowed: str) -> None:
        self.allowed = allowed
        super().__init__("this address does not take that method", f"use {allowed}" if allowed else "see /openapi.json")


class KeyReused(InvalidInput):
    """An Idempotency-Key stands for one request."""

    code = "idempotency-key-reused"


class Overloaded(Busy):
    """More questions wait than the server can answer soon."""

    code = "overloaded"


class NotReady(OutsideFailed):
    """The server still opens what it needs, or is about to stop."""

    code = "not-ready"


_STATUS: tuple[tuple[type[FirmgroundError], HTTPStatus], ...] = (
    (Unauthenticated, HTTPStatus.UNAUTHORIZED),
    (SignInFailed, HTTPStatus.UNAUTHORIZED),
    (TooManyAttempts, HTTPStatus.TOO_MANY_REQUESTS),
    (LimitReached, HTTPStatus.TOO_MANY_REQUESTS),
    (Forbidden, HTTPStatus.FORBIDDEN),
    (NotAllowed, HTTPStatus.FORBIDDEN),
    (ConsentNeeded, HTTPStatus.FORBIDDEN),
    (Overloaded, HTTPStatus.SERVICE_UNAVAILABLE),
    (NotReady, HTTPStatus.SERVICE_UNAVAILABLE),
    (Unprocessable, HTTPStatus.UNPROCESSABLE_ENTITY),
    (KeyReused, HTTPStatus.UNPROCESSABLE_ENTITY),
    (WrongMediaType, HTTPStatus.UNSUPPORTED_MEDIA_TYPE),
    (TooLarge, HTTPStatus.REQUEST_ENTITY_TOO_LARGE),
    (TooSlow, HTTPStatus.REQUEST_TIMEOUT),
    (NoSuchMethod, HTTPStatus.METHOD_NOT_ALLOWED),
    (InvalidInput, HTTPStatus.BAD_REQUEST),
    (NotFound, HTTPStatus.NOT_FOUND),
    (ChangedMeanwhile, HTTPStatus.PRECONDITION_FAILED),
    (Refused, HTTPStatus.CONFLICT),
    (StorageFull, HTTPStatus.INSUFFICIENT_STORAGE),
    (OutsideFailed, HTTPStatus.BAD_GATEWAY),
    (Damaged, HTTPStatus.INTERNAL_SERVER_ERROR),
)
"""The first that fits."""
_FLEETING = (
    HTTPStatus.REQUEST_TIMEOUT,
    HTTPStatus.TOO_MANY_REQUESTS,
    HTTPStatus.BAD_GATEWAY,
    HTTPStatus.SERVICE_UNAVAILABLE,
)
"""What may go well a moment later. Clients of the OpenAI protocol would try others again too, unless they are told not to."""

_SOON_SECONDS = 60
_LINE = {"type": "string", "pattern": r"^[^\r\n]+$"}
SCHEMA = {
    "title": "Problem",
    "description": "What went wrong, for people and for programs (RFC 9457).",
    "type": "object",
    "required": ["type", "title", "status", "detail", "request_id"],
    "additionalProperties": False,
    "properties": {
        "type": {
            "type": "string",
            "pattern": f"^{PREFIX}[a-z-]+$",
            "description": f"`{PREFIX}` and the stable code of the error.",
        },
        "title": _LINE,
        "status": {"type": "integer"},
        "detail": {**_LINE, "description": "One line: what went wrong, a colon, what to do about it."},
        "remedy": {**_LINE, "description": "What to do about it, alone."},
        "request_id": {"type": "string", "description": "As in `X-Request-ID`."},
        "errors": {
            "type": "array",
            "minItems": 1,
            "maxItems": _MOST_FIELDS,
            "description": "The fields that are wrong, with 422.",
            "items": {
                "type": "object",
                "required": ["field", "problem"],
                "additionalProperties": False,
                "properties": {"field": {"type": "string"}, "problem": {"type": "string"}},
            },
        },
        "findings": {
            "type": "array",
            "minItems": 1,
            "items": _LINE,
            "description": "What stands against it, where the gate refuses a release or a policy.",
        },
    },
}
"""The schema of a problem document."""


def status_of(error: FirmgroundError) -> HTTPStatus:
    """The status that an error answers with."""
    return next((status for kind, status in _STATUS if isinstance(error, kind)), HTTPStatus.INTERNAL_SERVER_ERROR)


def response(request: Request, error: FirmgroundError) -> Response:
    """A problem document for programs, a page for people."""
    status = status_of(error)
    headers = headers_of(error)
    if is_page(request.url.path):
        if isinstance(error, ConsentNeeded):
            return RedirectResponse("/me/consent?" + urlencode({"next": _back(request)}), 303)
        return rendering.page(
            request,
            "problem.html",
            {"error": error, "status": status, "findings": findings_of(error)},
            status=status,
            headers=headers,
        )
    if request.url.path.startswith("/v1/"):
        again = "true" if _openai_status(error) in _FLEETING and not _takes_long(error) else "false"
        return JSONResponse(openai_error(error), int(_openai_status(error)), {**(headers or {}), "X-Should-Retry": again})
    problem = document(error, str(request.state.request_id))
    return JSONResponse(problem, int(status), headers, media_type="application/problem+json")


def _back(request: Request) -> str:
    """Where to go on after reading what stands in between."""
    if request.method not in {"GET", "HEAD"}:
        return "/"
    return request.url.path + (f"?{request.url.query}" if request.url.query else "")


def headers_of(error: FirmgroundError) -> dict[str, str] | None:
    """What a program has to know besides the status."""
    status = status_of(error)
    if isinstance(error, TooManyAttempts | LimitReached):
        return {"Retry-After": str(error.seconds)}
    if isinstance(error, NoSuchMethod):
        return {"Allow": error.allowed}
    if status == HTTPStatus.UNAUTHORIZED:
        return {"WWW-Authenticate": "Bearer"}
    return {"Retry-After": "2"} if status == HTTPStatus.SERVICE_UNAVAILABLE else None


def document(error: FirmgroundError, request_id: str) -> dict[str, object]:
    """The problem document of an error."""
    told: dict[str, object] = {
        "type": PREFIX + error.code,
        "title": (type(error).__doc__ or "").strip().splitlines()[0],
        "status": int(status_of(error)),
        "detail": str(error),
        "request_id": request_id,
    }
    if error.remedy:
        told["remedy"] = error.remedy
    if isinstance(error, Unprocessable):
        told["errors"] = error.fields
    if found := findings_of(error):
        told["findings"] = found
    return told


def findings_of(error: FirmgroundError) -> list[str]:
    """What stands against what was asked for, one line each; empty where the error says it all."""
    found: object = getattr(error, "findings", ())
    return [" ".join(str(each).split()) for each in cast("Sequence[object]", found)] if isinstance(found, list | tuple) else []


def openai_error(error: FirmgroundError) -> dict[str, object]:
    """The error as the OpenAI protocol tells it."""
    status = _openai_status(error)
    kind = "invalid_request_error" if status < HTTPStatus.INTERNAL_SERVER_ERROR else "server_error"
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        kind = "rate_limit_error"
    param = error.param if isinstance(error, BadParameter) else None
    return {"error": {"message": str(error), "type": kind, "param": param, "code": error.code}}


def _openai_status(error: FirmgroundError) -> HTTPStatus:
    """Programs that speak this protocol slow down when they hear 429."""
    return HTTPStatus.TOO_MANY_REQUESTS if isinstance(error, Overloaded) else status_of(error)


def _takes_long(error: FirmgroundError) -> bool:
    """Whether trying again soon is of no use."""
    return isinstance(error, LimitReached) and error.seconds > _SOON_SECONDS


def is_page(path: str) -> bool:
    """Whether people look at this address with a browser."""
    return not path.startswith(("/api/", "/v1/", "/mcp", "/openapi.json", "/healthz", "/readyz", "/static/"))


def from_http(error: HTTPException, allowed: str) -> FirmgroundError:
    """What the framework refuses, in our words. `allowed`: the methods that the address takes."""
    if error.status_code == HTTPStatus.NOT_FOUND:
        return NotFound("there is nothing at this address", "check it")
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        return NoSuchMethod(allowed)
    return Malformed("the request cannot be read", "send what /openapi.json describes, as UTF-8")


def from_validation(errors: Sequence[Mapping[str, object]]) -> FirmgroundError:
    """What the fields of a request lack. The input itself is never repeated."""
    if any(error.get("type") == "json_invalid" for error in errors):
        return Malformed("the body is not JSON", "send one JSON object, as UTF-8")
    return Unprocessable([(_place(error.get("loc")), str(error.get("msg", ""))) for error in errors])


def unexpected(request_id: str) -> FirmgroundError:
    return FirmgroundError("something went wrong that nobody planned for", f"look for request {request_id} in the server's log")


def _place(location: object) -> str:
    return ".".join(str(part) for part in location) if isinstance(location, tuple | list) else "request"  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
