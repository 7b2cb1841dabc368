"""Requests to the web application from inside its process: no socket, and nothing of a browser but what is said here."""

import asyncio
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from typing import NamedTuple

from starlette.types import ASGIApp, Message, Scope

from firmground.app.app import App
from firmground.web.application import application
from firmground.web.served import Served

HERE = "127.0.0.1:8420"


class Got(NamedTuple):
    status: int
    headers: Mapping[str, str]
    """By small letters."""
    text: str


@contextmanager
def serving(app: App) -> Generator[tuple[ASGIApp, Served]]:
    """The web application of a workspace, and what its requests share."""
    _ = app.database, app.jobs, app.sources  # before there are threads that would open them twice
    served = Served(app)
    try:
        yield application(served), served
    finally:
        served.close()


async def send(
    application: ASGIApp, method: str, path: str, *, headers: Mapping[str, str] | None = None, body: bytes = b""
) -> Got:
    """One request to the end of its response."""
    path, _, query = path.partition("?")
    given = {"host": HERE, **({"content-length": str(len(body))} if body else {}), **(headers or {})}
    scope: Scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": [(name.lower().encode(), value.encode()) for name, value in given.items()],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 8420),
    }
    sent = False
    told: list[Message] = []

    async def receive() -> Message:
        nonlocal sent
        if sent:
            await asyncio.Event().wait()  # whoever sent it stays until it is answered
        sent = True
        return {"type": "http.request", "body": body, "more_body": False}

    async def answer(message: Message) -> None:
        told.append(message)

    await application(scope, receive, answer)
    start = next(each for each in told if each["type"] == "http.response.start")
    content = b"".join(each.get("body", b"") for each in told if each["type"] == "http.response.body")
    names = {name.decode().lower(): value.decode("latin-1") for name, value in start["headers"]}
    return Got(start["status"], names, content.decode("utf-8", "replace"))
