"""Writes the pages of docs/reference that the code knows best: settings, commands, errors, routes. `--check` only says whether they are
up to date."""

import argparse
import json
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby
from pathlib import Path
from types import NoneType
from typing import Any, Literal, get_args, get_origin

from reference_openai import openai_page
from reference_roles import roles_page

from firmground.errors import FirmgroundError
from firmground.settings import keys

REFERENCE = Path(__file__).parents[1] / "docs" / "reference"
NOTE = "<!-- Written by tools/build_reference.py: change it or the code, not this page. -->"
_PLACEHOLDERS: dict[type, str] = {int: "N", Path: "PATH"}
SHARED = ("json", "workspace", "debug")
"""Options explained once for all commands."""


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """A Markdown table with an empty line after it."""
    written = [[cell.replace("|", "\\|") for cell in row] for row in rows]
    return [f"| {' | '.join(head)} |", "|---" * len(head) + "|", *(f"| {' | '.join(row)} |" for row in written), ""]


# ---------------------------------------------------------------- settings


def settings_page() -> str:
    """Every key of firmground.toml."""
    lines = [
        "# Settings",
        "",
        NOTE,
        "",
        "Every key of `firmground.toml`. A *setting* says where things are and how much they may use: it applies when a command starts,",
        "and the environment may override it as `FIRMGROUND_<SECTION>__<KEY>`, for example `FIRMGROUND_PARSING__OCR=false`. A *recipe*",
        "key can change an answer: it is part of the recipe digest that every answer carries, and no environment variable touches it.",
        "An unknown key is an error that names the nearest known one.",
        "",
        "Lists of values are separated by commas there; lists of tables (`[[sources]]`) are set in the file alone. With `_FILE` behind",
        "its name, a variable names a file that holds the value: for secrets, keys of models too. Five variables stand beside the keys:",
        "",
    ]
    lines += table(
        ("variable", "what it names"),
        [
            ("`FIRMGROUND_WORKSPACE`", "The workspace, where no `--workspace` does."),
            ("`FIRMGROUND_DATA`", "The data directory; `.firmground` inside the workspace otherwise."),
            ("`FIRMGROUND_MODEL_DIR`", "Where the default embedding model lies; beside the installation otherwise."),
            (
                "`FIRMGROUND_OWNER_FILE`",
                "A file with one line `name:password`: the first owner, made by `firmground serve` where there is none yet.",
            ),
            ("`FIRMGROUND_DEBUG`", "Anything: errors come with a traceback, as with `--debug`."),
        ],
    )
    for section, found in groupby(keys(), key=lambda key: key[0].rpartition(".")[0]):
        lines += [f"## `{_heading(section)}`", ""]
        rows = [
            (
                f"`{name}`",
                kind,
                _kind_of(field),
                "required" if field.is_required() else _shown(field.default),
                field.description or "",
            )
            for name, kind, field in found
        ]
        lines += table(("key", "kind", "value", "default", "what it is"), rows)
    return "\n".join(lines)


def _heading(section: str) -> str:
    if section.endswith("[]"):
        return f"[[{section.replace('[]', '')}]]"
    return f"[{section}]"


def _kind_of(field: Any) -> str:
    bounds = [(name, getattr(rule, name)) for rule in field.metadata for name in ("ge", "gt", "le") if hasattr(rule, name)]
    words = {"ge": "from {}", "gt": "above {}", "le": "to {}"}
    return ", ".join([_type_name(field.annotation), *(words[name].format(value) for name, value in bounds)])


def _type_name(annotation: Any) -> str:
    origin, inner = get_origin(annotation), [each for each in get_args(annotation) if each not in (NoneType, ...)]
    if origin is Literal:
        return " or ".join(f"`{json.dumps(each)}`" for each in inner)
    if origin is tuple:
        return "list"
    if origin is dict:
        return "table"
    if origin is not None and inner:
        return _type_name(inner[0])
    return {str: "text", int: "whole number", float: "number", bool: "true or false"}[annotation]


def _shown(value: Any) -> str:
    return "not set" if value is None else f"`{json.dumps(value)}`"


# ---------------------------------------------------------------- commands


def commands_page() -> str:
    """Every command with its options."""
    from firmground.cli.commands import commands

    leaves = list(_leaves(commands, "firmground"))
    options = {param.name: param for _, command in leaves for param in _options(command)}
    shared = [param for param in options.values() if _long(param) in SHARED]
    lines = [
        "# Commands",
        "",
        NOTE,
        "",
        "Results go to stdout, progress and remarks to stderr. An error is one line on stderr,",
        "`firmground: what went wrong: what to do`, and an [exit code](errors.md). `firmground --version` tells the version.",
        "",
        "Options that many commands share:",
        "",
        *table(("option", "what it does"), [(_spelt(param), param.help or "") for param in shared]),
    ]
    for path, command in leaves:
        arguments = [param for param in command.params if param.param_type_name == "argument"]
        own = [param for param in _options(command) if _long(param) not in SHARED]
        also = [f"`--{_long(param)}`" for param in _options(command) if _long(param) in SHARED]
        rows = [(f"`{_named(param)}`", _explained(param)) for param in arguments] + [
            (_spelt(param), _explained(param)) for param in own
        ]
        lines += [f"## `{' '.join([path, *map(_usage, arguments)])}`", "", str(command.help or "").strip(), ""]
        lines += (
            table(("argument or option", "what it does"), [row for row in rows if row[1]]) if any(row[1] for row in rows) else []
        )
        lines += [f"Also {', '.join(also)}.", ""]
    return "\n".join(lines)


def _leaves(command: Any, path: str) -> Iterator[tuple[str, Any]]:
    children = getattr(command, "commands", None)
    if children is None:
        yield path, command
        return
    for name, child in children.items():
        yield from _leaves(child, f"{path} {name}")


def _options(command: Any) -> list[Any]:
    return [param for param in command.params if param.param_type_name == "option" and param.name != "help"]


def _long(param: Any) -> str:
    return str(max(param.opts, key=len)).removeprefix("--")


def _named(param: Any) -> str:
    return str(param.metavar or param.name.upper())


def _usage(param: Any) -> str:
    return _named(param) if param.required else f"[{_named(param)}]"


def _spelt(param: Any) -> str:
    value = (
        ""
        if param.is_flag
        else " " + str(param.metavar or _PLACEHOLDERS.get(param.type_descriptor.annotation) or _long(param).upper())
    )
    return f"`{', '.join(sorted([*param.opts, *param.secondary_opts]))}{value}`"


def _explained(param: Any) -> str:
    default = param.default
    given = "" if default in (None, False, (), "") or param.required or str(default) == "." else f" Default: `{default}`."
    return f"{param.help or ''}{given}" if param.help else ""


# ---------------------------------------------------------------- errors


def errors_page() -> str:
    """Every error with its code, exit code and status."""
    lines = [
        "# Errors",
        "",
        NOTE,
        "",
        "An error is one line, `what went wrong: what to do`. A command ends with its exit code; over HTTP it is a problem document",
        "whose `type` is `urn:firmground:problem:` and the code ([HTTP](http.md)).",
        "",
        "Exit code 0 is done, 130 means stopped with Ctrl-C, 141 that nobody read the output. A job that failed ends the command that",
        "followed it with the exit code of its own error.",
        "",
    ]
    from firmground.web.problems import status_of

    rows = [
        (f"`{error.code}`", str(error.exit_code), str(int(status_of(error.__new__(error)))), _first_line(error))
        for error in all_errors()
    ]
    return "\n".join(lines + table(("code", "exit code", "HTTP status", "what happened"), rows))


def all_errors() -> list[type[FirmgroundError]]:
    """Every error a person can see, by exit code and code."""
    import firmground.app.work
    import firmground.web.application  # noqa: F401 - what is defined beside the code that raises it is in the tree once that is loaded

    pending, found = [FirmgroundError], list[type[FirmgroundError]]()
    while pending:
        error = pending.pop()
        found.append(error)
        pending += [each for each in error.__subclasses__() if each.__module__.startswith("firmground.")]
    found = [error for error in found if not error.__name__.startswith("_")]  # those are told as what they are a kind of
    return sorted(found, key=lambda error: (error.exit_code, error.code))


def _first_line(documented: object) -> str:
    return (documented.__doc__ or "").strip().splitlines()[0]


# ---------------------------------------------------------------- http


def http_page() -> str:
    """Every route."""
    lines = [
        "# HTTP",
        "",
        NOTE,
        "",
        "What `firmground serve` answers. `/openapi.json` describes every field, refusal, header and way to say who asks, for programs.",
        "",
        *table(("method", "address", "what it does", "parameters"), _routes()),
        "## Other protocols",
        "",
        *table(("method", "address", "what it does"), _other_routes()),
        "How clients of the [OpenAI protocol](openai.md) and [agents](../how-to/connect-an-agent.md) use them.",
        "",
        f"Pages for people are at {', '.join(f'`{address}`' for address in _pages())}.",
        "",
        "## The events of an answer",
        "",
        *table(("event", "data"), _EVENTS),
        "Each has a number (`id:`), counted from 1; `GET /api/v1/answers/{id}/events?after=N`, or `Last-Event-ID: N`, goes on behind it. A",
        "comment comes every five seconds when nothing else does. Who leaves for longer than five seconds stops the answer.",
        "",
        "## Headers",
        "",
        *table(("header", "in", "what it does"), _HEADERS),
        "## Requests",
        "",
        "`POST` takes JSON with `Content-Type: application/json`, up to 1 MB. Shapes of answers, passages, documents and jobs are those",
        "of the command line: see [JSON](json.md). Lists come in pages: give `next` of one page as `after` of the next.",
        "",
        "Until there is an owner the server listens on this machine only, refuses requests whose `Host` is not this machine or whose",
        "`Origin` is another site, ignores keys, and treats everybody who reaches it as an administrator. Once there is one",
        "([how](../how-to/let-people-in.md), [why so](../explanation/accounts.md)), every address but `/healthz`, `/readyz`, `/login`,",
        "`/setup`, `/widget.js`, `/static/` wants `Authorization: Bearer <key>` or the cookie of a session; without, the answer is `401`",
        "with `WWW-Authenticate: Bearer`, or for pages `303` to `/login`. What changes something by a session needs the header",
        "`X-Firmground-Token` besides. Who may not is told `403`.",
        "",
        "Every response carries `X-Request-ID`: the one that the request named, or a new one.",
        "",
        "An error is `application/problem+json` with the status of its [code](errors.md):",
        "",
        "```json",
        json.dumps(
            {
                "type": "urn:firmground:problem:not-found",
                "title": "There is no such thing, or the asker may not know of it.",
                "status": 404,
                "detail": "there is no document 'x': `firmground documents list` shows all",
                "request_id": "5f0c9f1d2b7a4e11",
                "remedy": "`firmground documents list` shows all",
            },
            indent=1,
        ),
        "```",
        "",
    ]
    return "\n".join(lines)


def _routes() -> Iterator[tuple[str, str, str, str]]:
    from fastapi import FastAPI

    from firmground.web import api

    app = FastAPI()
    app.include_router(api.router)
    app.include_router(api.health_router)
    described = app.openapi()
    schemas = described.get("components", {}).get("schemas", {})
    for address, methods in described["paths"].items():
        for method, route in methods.items():
            named = [parameter["name"] for parameter in route.get("parameters", ()) if parameter["in"] == "query"]
            shown = ", ".join(f"`{name}`" for name in [*named, *_fields(route, schemas)])
            yield method.upper(), f"`{address}`", " ".join(route.get("description", "").split()), shown


_EVENTS = [
    ("`status`", "`status`: `waiting` (with the `id` of the answer), `understanding`, `searching`, `answering`"),
    ("`citation`", "a citation, before the first sentence that names it"),
    ("`sentence`", "a checked sentence, and `shown`: how it continues the text, marks included"),
    ("`withdrawn`", "`why`: nothing that was said so far counts any more"),
    ("`done`", "the whole answer, as it is kept: the last event"),
    ("`error`", "a problem document: the last event"),
]
_HEADERS = [
    ("`Authorization`", "request", "`Bearer` and a key; once there is an owner"),
    ("`X-Firmground-Token`", "request", "what the page of a session carries: for every change that a session makes"),
    ("`Idempotency-Key`", "request", "with `POST /api/v1/answers`: the same key and question get the same answer for a day"),
    ("`Last-Event-ID`", "request", "the number of the last event that you have"),
    ("`If-None-Match`", "request", "an `ETag` that you have: `304` where nothing changed"),
    ("`X-Request-ID`", "both", "names the request in errors and logs; yours, or a new one"),
    ("`ETag`", "response", "of answers, documents, lists of documents, pictures"),
    ("`Content-Location`", "response", "where the events of a streamed answer are read again"),
    ("`Location`", "response", "what was made, or the job to follow"),
    ("`Allow`", "response", "with `405`: the methods that the address takes"),
    ("`WWW-Authenticate`", "response", "with `401`: `Bearer`"),
    ("`Retry-After`", "response", "with `503`, and `429` of the OpenAI protocol: in how many seconds to try again"),
    ("`X-Should-Retry`", "response", "of errors in the OpenAI protocol: whether its clients try again by themselves"),
    ("`X-Highlight`", "response", "of the picture of a page: `exact`, `partial` or `none`, how much of the quote is marked"),
]


def _other_routes() -> Iterator[tuple[str, str, str]]:
    from fastapi.routing import APIRoute

    from firmground.web import openai

    for route in openai.router.routes:
        if isinstance(route, APIRoute):
            for method in sorted(route.methods):
                yield method, f"`{route.path}`", _first_line(route.endpoint)
    yield "POST", "`/mcp`", "Agents: the Model Context Protocol with the tools `ask`, `search`, `read_document`."


def _pages() -> list[str]:
    from firmground.web import pages

    return sorted(_paths(pages.router))


def _paths(router: Any) -> set[str]:
    """Addresses that are looked at, also of the routers it includes."""
    found: set[str] = set()
    for route in router.routes:
        found |= (
            _paths(route.original_router)
            if hasattr(route, "original_router")
            else {route.path}
            if "GET" in route.methods
            else set()
        )
    return found


def _fields(route: Any, schemas: Any) -> list[str]:
    schema = route.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
    references = [each["$ref"] for each in [schema, *schema.get("anyOf", ())] if "$ref" in each]
    return [name for reference in references for name in schemas[reference.rpartition("/")[2]]["properties"]]


PAGES: dict[str, Callable[[], str]] = {
    "settings.md": settings_page,
    "commands.md": commands_page,
    "errors.md": errors_page,
    "http.md": http_page,
    "openai.md": lambda: openai_page(NOTE, table),
    "roles.md": lambda: roles_page(NOTE, table),
}


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--check", action="store_true")
    check = arguments.parse_args().check
    stale: list[str] = []
    for name, page in PAGES.items():
        path = REFERENCE / name
        if check:
            stale += [] if path.exists() and path.read_text(encoding="utf-8") == page() else [name]
        else:
            path.write_text(page(), encoding="utf-8")
    if stale:
        sys.exit(f"{', '.join(stale)} in docs/reference not up to date: run `make docs`")


if __name__ == "__main__":
    main()
