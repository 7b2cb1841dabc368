"""What bodies requests may have: of which kind, how large, how slow."""

import asyncio
from collections.abc import Mapping
from http import HTTPStatus
from typing import NamedTuple

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import Message, Receive

from firmground.web.problems import TOO_LARGE, TooLarge, WrongMediaType, is_page

LARGEST = 1_000_000
SECONDS = 30.0


class Taken(NamedTuple):
    """What an address takes."""

    kinds: tuple[str, ...]
    largest: int = LARGEST
    seconds: float = SECONDS


_FORM = Taken(("application/x-www-form-urlencoded",))
_JSON = Taken(("application/json",))
UPLOAD_SECONDS = 900.0
_UPLOADS: Mapping[str, tuple[str, ...]] = {
    "/api/v1/documents": ("application/octet-stream",),
    "/documents": ("multipart/form-data",),
}
"""What takes files, and how: bytes, which no page of another site can send without asking first; or a form, with its token."""


def taken(path: str, largest_upload: int) -> Taken:
    """What this address takes. JSON and forms of ours are what no page of another site can send without asking first, or without the
    token of the form; an address that takes something else makes sure of that by itself."""
    if kinds := _UPLOADS.get(path):
        return Taken(kinds, largest_upload + LARGEST, UPLOAD_SECONDS)
    return _FORM if is_page(path) else _JSON


def check(path: str, method: str, headers: Headers, largest_upload: int) -> None:
    """Refuse what is of the wrong kind, or announces too much."""
    wanted = taken(path, largest_upload)
    length = headers.get("content-length", "0")
    if length.isdecimal() and int(length[:20]) > wanted.largest:
        raise TooLarge(TOO_LARGE[0], TOO_LARGE[1] if path not in _UPLOADS else "split it, or raise max_megabytes under [parsing]")
    # No page of another site can send DELETE without asking first, and we never consent.
    if method == "DELETE":
        return
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in wanted.kinds:
        raise WrongMediaType(f"the body is {kind or 'of no stated kind'}", f"send it as {' or '.join(wanted.kinds)}")


class Body:
    """The body as it arrives: not too much of it, and not too slowly. Its errors are of the kind that the framework hands on."""

    def __init__(self, receive: Receive, path: str, largest_upload: int) -> None:
        wanted = taken(path, largest_upload)
        self._receive = receive
        self._left = wanted.largest
        self._until = asyncio.get_running_loop().time() + wanted.seconds
        self._complete = False

    async def __call__(self) -> Message:
        if self._complete:
            return await self._receive()
        try:
            async with asyncio.timeout_at(self._until):
                message = await self._receive()
        except TimeoutError:
            raise HTTPException(HTTPStatus.REQUEST_TIMEOUT) from None
        self._left -= len(message.get("body", b""))
        self._complete = not message.get("more_body", False)
        if self._left < 0:
            raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        return message
