"""What `/openapi.json` says besides the shapes: who may call what, by which statuses it is refused, which headers matter.

A route names what can be wrong with its own request (`refused`); what can be wrong with any request is said here, once.
"""

import re
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI

from firmground.web.credentials import cookie_name, is_open
from firmground.web.cross_origin import VISITOR, for_widgets
from firmground.web.edge import FORM_TOKEN
from firmground.web.problems import SCHEMA
from firmground.web.served import Served

_INTRODUCTION = f"""Ask documents, and look after what is asked.

Once there is an owner every request carries a key, or the session of a browser; a change by a session also carries `{FORM_TOKEN}`. Until
then the server is for its own machine alone, and asks for neither.

Whatever is refused is a problem document (RFC 9457), one line of which says what went wrong and what to do. Every response names its
request in `X-Request-ID`; send one to choose the name. An address that takes other methods answers 405."""
_TAGS = {
    "answers": "Questions, their answers, and what people think of them.",
    "search": "Passages, without an answer.",
    "documents": "What is answered from.",
    "jobs": "Long work, and the state of the workspace.",
    "evaluations": "Golden cases, and what a release is worth on them.",
    "reviews": "Answers that people look at.",
    "releases": "Recipes frozen under a number.",
    "launch": "What a product must say and prove of itself before people rely on it.",
    "people": "People, groups and keys.",
    "you": "What is kept of you, and what you agreed to.",
    "health": "For whoever watches over the server.",
}
_ANY = {
    400: "The request cannot be read.",
    403: "Not from that site, not with these credentials, or not by this person.",
    413: "The request is larger than the server takes.",
    500: "Something that nobody planned for, or damaged data.",
}
_BUSY = "Another process holds the database, and does not finish in time."
_LET_IN = {
    401: "Without credentials, or with some that are not good any more, once there is an owner.",
    409: _BUSY,
    502: "Something outside, such as a disk or a model, did not do its part.",
    503: "More is asked than can be answered soon, or the server is starting or stopping.",
}
_CHANGING = {408: "The body did not arrive in time.", 507: "The disk or the database takes no more."}
_KIND = {415: "The body is not of the kind that is described."}
_FIELDS = {422: "The request can be read, but its fields are not what they must be."}
TOO_MANY = "There were too many requests of yours, or from your address, in this minute."
"""When a request that counts is refused."""
_OF_THE_FRAMEWORK = "Successful Response"
_DONE = {
    "200": "What was asked for.",
    "201": "It is made.",
    "202": "It will be done: the job tells how far it is.",
    "204": "It is done, and there is nothing to say.",
}
_PROBLEM = "application/problem+json"
_DEFAULTS_OF_THE_FRAMEWORK = ("HTTPValidationError", "ValidationError")
_FIRST_SENTENCE = re.compile(r"(.+?)(?:\.\s|:\s|\.?$)", re.DOTALL)

_HEADERS: dict[str, tuple[str, dict[str, Any]]] = {
    "X-Request-ID": ("Names the request in errors and logs.", {"type": "string", "pattern": "^[A-Za-z0-9._-]{1,64}$"}),
    "ETag": ("Of this content: send it as `If-None-Match`.", {"type": "string", "pattern": '^"[0-9a-f]{32}"$'}),
    "WWW-Authenticate": ("How to say who asks.", {"type": "string", "const": "Bearer"}),
    "Retry-After": ("In how many seconds to try again.", {"type": "integer", "minimum": 0}),
}
_KEY = {"key": list[str]()}
_SESSION = {"session": list[str]()}
_CHANGE_BY_SESSION = {"session": list[str](), "formToken": list[str]()}
_WIDGET = {"widgetKey": list[str](), "visitor": list[str]()}


def refused(why: Mapping[int, str]) -> dict[int | str, dict[str, Any]]:
    """The `responses` of a route that refuses for reasons of its own: status → when, one sentence."""
    return {status: {"description": reason} for status, reason in why.items()}


def located(status: int, name: str, what: str, *, required: bool = True) -> dict[int | str, dict[str, Any]]:
    """The `responses` of a route that answers with the address of something else."""
    header = {"description": what, "required": required, "schema": {"type": "string", "pattern": "^/api/v1/"}}
    return {status: {"headers": {name: header}}}


def tags() -> list[dict[str, str]]:
    """The subjects of the API."""
    return [{"name": name, "description": description} for name, description in _TAGS.items()]


def describe(app: FastAPI, served: Served) -> None:
    """Let the description of the framework say what this server does."""
    plain = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = finished(plain(), cookie_name(served))
        return app.openapi_schema

    app.openapi = openapi


def finished(described: dict[str, Any], cookie: str) -> dict[str, Any]:
    """The description of the framework, completed."""
    described["info"] |= {"description": _INTRODUCTION, "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"}}
    parts = described["components"]
    for name in _DEFAULTS_OF_THE_FRAMEWORK:
        parts["schemas"].pop(name, None)
    parts["schemas"]["Problem"] = SCHEMA
    parts["headers"] = {
        name: {"description": text, "required": True, "schema": schema} for name, (text, schema) in _HEADERS.items()
    }
    parts["responses"] = {
        _name(status): _problem(status, text) for status, text in sorted((_ANY | _LET_IN | _CHANGING | _KIND | _FIELDS).items())
    }
    parts["securitySchemes"] = _schemes(cookie)
    for method, path, operation in _operations(described):
        _complete(method, path, operation)
    return described


def _operations(described: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            yield method.upper(), path, operation


def _complete(method: str, path: str, operation: dict[str, Any]) -> None:
    operation["security"] = _security(method, path)
    if "requestBody" in operation:
        # No page of another site can send this kind without asking first, so it is wanted also where there is nothing to say.
        operation["requestBody"]["required"] = True
    responses = operation["responses"]
    common = _common(method, path, operation)
    own = {int(status): given["description"] for status, given in responses.items() if _is_own(status, given)}
    operation["summary"] = _summary(operation["description"])
    operation["description"] = "\n\n".join([" ".join(operation["description"].split()), *_refusals(own, common)])
    responses |= {
        str(status): _problem(status, f"{text} {_BUSY}" if status == HTTPStatus.CONFLICT else text)
        for status, text in own.items()
    }
    responses |= {
        str(status): {"$ref": f"#/components/responses/{_name(status)}"}
        for status in common.keys() - own.keys()
        if "content" not in responses.get(str(status), {}) or status in _FIELDS
    }
    for status, text in _DONE.items():
        if responses.get(status, {}).get("description") == _OF_THE_FRAMEWORK:
            responses[status]["description"] = text
    if "304" in responses:
        _tag(operation)
    for response in responses.values():
        if "$ref" not in response:
            response.setdefault("headers", {})["X-Request-ID"] = _header("X-Request-ID")
    operation["responses"] = dict(sorted(responses.items()))


def _name(status: int) -> str:
    """Of what any request may be refused with."""
    return f"Refused{status}"


def _is_own(status: str, response: Mapping[str, Any]) -> bool:
    """Whether the route said it: the framework names a status too, with a shape of its own."""
    return int(status) >= HTTPStatus.BAD_REQUEST and "content" not in response


def _common(method: str, path: str, operation: Mapping[str, Any]) -> dict[int, str]:
    found = dict(_ANY)
    if not is_open(path):
        found |= _LET_IN
    if method != "GET":
        found |= _CHANGING
    if method not in {"GET", "DELETE"}:
        found |= _KIND
    if "422" in operation["responses"]:
        found |= _FIELDS
    # What is in a path is any text; what it names is there, or is not.
    if all(parameter["in"] == "path" for parameter in operation.get("parameters", ())) and "requestBody" not in operation:
        found.pop(422, None)
        operation["responses"].pop("422", None)
    return found


def _summary(description: str) -> str:
    found = _FIRST_SENTENCE.match(" ".join(description.split()))
    return found[1] if found else description


def _refusals(own: Mapping[int, str], common: Mapping[int, str]) -> Iterator[str]:
    if own:
        yield "Refused:\n" + "\n".join(f"- {status}: {reason}" for status, reason in sorted(own.items()))
    left = ", ".join(str(status) for status in sorted(common.keys() - own.keys()))
    yield f"{'Also refused' if own else 'Refused'}, as any request like it may be: {left}."


def _problem(status: int, description: str) -> dict[str, Any]:
    names = {401: ("WWW-Authenticate",), 429: ("Retry-After",), 503: ("Retry-After",)}.get(status, ())
    shape = {"allOf": [{"$ref": "#/components/schemas/Problem"}, {"properties": {"status": {"const": status}}}]}
    return {
        "description": description,
        "headers": {name: _header(name) for name in ("X-Request-ID", *names)},
        "content": {_PROBLEM: {"schema": shape}},
    }


def _tag(operation: dict[str, Any]) -> None:
    """It may be asked for once more, in case it changed."""
    for status in ("200", "304"):
        operation["responses"][status].setdefault("headers", {})["ETag"] = _header("ETag")
    operation.setdefault("parameters", []).append(
        {
            "name": "If-None-Match",
            "in": "header",
            "required": False,
            "description": "An `ETag` that you have: 304 where nothing changed.",
            "schema": {"type": "string"},
        }
    )


def _header(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/headers/{name}"}


def _security(method: str, path: str) -> list[dict[str, list[str]]]:
    if is_open(path):
        return []
    ways = [_KEY, _SESSION if method == "GET" else _CHANGE_BY_SESSION]
    return [*ways, _WIDGET] if for_widgets(method, path) else ways


def _schemes(cookie: str) -> dict[str, Any]:
    return {
        "key": {"type": "http", "scheme": "bearer", "description": "A key, which acts for a person: `firmground key add`."},
        "session": {"type": "apiKey", "in": "cookie", "name": cookie, "description": "What a browser gets at /login."},
        "formToken": {
            "type": "apiKey",
            "in": "header",
            "name": FORM_TOKEN,
            "description": "What the pages of a session hold, in `<meta name=form-token>`: no page of another site knows it.",
        },
        "widgetKey": {
            "type": "http",
            "scheme": "bearer",
            "description": "A key for pages of other sites; the `Origin` must be one of those that it names.",
        },
        "visitor": {
            "type": "apiKey",
            "in": "header",
            "name": VISITOR,
            "description": "Tells visitors of such a page apart: 32 to 64 random hexadecimal digits.",
        },
    }
