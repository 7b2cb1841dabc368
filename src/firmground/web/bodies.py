"""What bodies requests may have: of which kind, how large, how slow."""

import asyncio
from collections.abc import Mapping
from typing import NamedTuple

from starlette.datastructures import Headers
from starlette.types import Message, Receive, Scope

from firmground.web.credentials import is_open
from firmground.web.limits import Limits
from firmground.web.problems import TOO_LARGE, Malformed, TooLarge, TooSlow, WrongMediaType, is_page

LARGEST = 1_000_000
_OF_STRANGERS = 20_000
"""What anybody may send: much of it from many would fill the memory."""
_TOO_SLOW = ("the body did not arrive in time", "send it at once")
_FORM = ("application/x-www-form-urlencoded",)
_JSON = ("application/json",)
UPLOADS: Mapping[str, tuple[str, ...]] = {
    "/api/v1/documents": ("application/octet-stream",),
    "/documents": ("multipart/form-data",),
}
"""What takes files, and how: bytes, which no page of another site can send without asking first; or a form, with its token."""


class Left(Exception):
    """The client went away before its request was complete, so nobody waits for an answer."""


class Taken(NamedTuple):
    """What an address takes. JSON and forms of ours are what no page of another site can send without asking first, or without the token
    of the form; an address that takes something else makes sure of that by itself."""

    kinds: tuple[str, ...]
    largest: int
    upload: bool


def taken(path: str, largest_upload: int) -> Taken:
    if kinds := UPLOADS.get(path):
        return Taken(kinds, largest_upload + LARGEST, upload=True)
    return Taken(_FORM if is_page(path) else _JSON, _OF_STRANGERS if is_open(path) else LARGEST, upload=False)


def ends_twice(scope: Scope, headers: Headers) -> bool:
    """Whether a proxy before us may have read it another way, and taken the rest for another request."""
    return "transfer-encoding" in headers and ("content-length" in headers or scope["http_version"] == "1.0")


def check(scope: Scope, headers: Headers, wanted: Taken) -> None:
    """Refuse what is of the wrong kind, or announces too much."""
    length = headers.get("content-length", "0")
    if scope["method"] in {"GET", "HEAD", "OPTIONS"}:
        if "transfer-encoding" in headers or length.strip("0"):
            raise Malformed(f"a {scope['method']} has no body", "leave it out, or send a POST")
        return
    if length.isdecimal() and int(length[:20]) > wanted.largest:
        raise TooLarge(TOO_LARGE[0], "split it, or raise max_megabytes under [parsing]" if wanted.upload else TOO_LARGE[1])
    # No page of another site can send DELETE without asking first, and we never consent.
    if scope["method"] == "DELETE":
        return
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in wanted.kinds:
        raise WrongMediaType(f"the body is {kind or 'of no stated kind'}", f"send it as {' or '.join(wanted.kinds)}")


async def arrived(receive: Receive, wanted: Taken, limits: Limits) -> Receive:
    """Wait for the body, so that whoever sends it slowly, or half of it, holds up nothing but their own connection. TooLarge; TooSlow;
    Left. An upload is not waited for: it is read as it comes, with the same errors."""
    if wanted.upload:
        return _Upload(receive, wanted.largest, limits.upload)
    body, more = bytearray(), True
    try:
        async with asyncio.timeout(limits.body):
            while more:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise Left
                body += message.get("body", b"")
                more = message.get("more_body", False)
                if len(body) > wanted.largest:
                    raise TooLarge(*TOO_LARGE)
    except TimeoutError:
        raise TooSlow(*_TOO_SLOW) from None
    return _Again(receive, bytes(body))


class _Again:
    """A body that has arrived, and then whatever comes after it: that the client leaves."""

    def __init__(self, receive: Receive, body: bytes) -> None:
        self._receive = receive
        self._body: bytes | None = body

    async def __call__(self) -> Message:
        if self._body is None:
            return await self._receive()
        body, self._body = self._body, None
        return {"type": "http.request", "body": body, "more_body": False}


class _Upload:
    """A body as it arrives: not too much of it, and not too slowly."""

    def __init__(self, receive: Receive, largest: int, seconds: float) -> None:
        self._receive = receive
        self._left = largest
        self._until = asyncio.get_running_loop().time() + seconds
        self._complete = False

    async def __call__(self) -> Message:
        if self._complete:
            return await self._receive()
        try:
            async with asyncio.timeout_at(self._until):
                message = await self._receive()
        except TimeoutError:
            raise TooSlow(*_TOO_SLOW) from None
        if message["type"] == "http.disconnect":
            raise Left
        self._left -= len(message.get("body", b""))
        self._complete = not message.get("more_body", False)
        if self._left < 0:
            raise TooLarge(*TOO_LARGE)
        return message
