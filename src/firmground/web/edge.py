"""What happens to every request before and after its route: local mode, request ids, limits, headers.

Until accounts exist there is nothing to tell people apart by, so the server is for this machine alone. Other machines do not reach it;
other pages in the same browser might, by a name that resolves to this machine (hence the Host rule), by a request of their own
(hence the Origin rule) or by a form (hence JSON, or the form token that only our pages know).
"""

import asyncio
import ipaddress
import re
import secrets
from http import HTTPStatus
from urllib.parse import unquote_to_bytes, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from firmground.errors import FirmgroundError, Refused
from firmground.web.credentials import Credentials
from firmground.web.problems import TOO_LARGE, Forbidden, Malformed, TooLarge, WrongMediaType, is_page, response
from firmground.web.served import Served

LARGEST_BODY = 1_000_000
BODY_SECONDS = 30.0
_LONGEST_TARGET = 8_000
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self'; img-src 'self';"
    " form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    # With `no-referrer` browsers would hide the origin of our own forms.
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}


def loopback(host: str) -> str:
    """The address to listen on for `host`. Refused where other machines could reach it."""
    if host.lower() == "localhost":
        return "127.0.0.1"
    if _is_loopback(host):
        return host
    raise Refused(f"{host} can be reached by others, and there are no accounts yet", "listen on 127.0.0.1")


class Edge:
    """ASGI middleware, outermost, so that no response leaves without its headers."""

    def __init__(self, inside: ASGIApp, application: object, served: Served) -> None:
        self._inside = inside
        self._application = application
        self._credentials = Credentials(served)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        headers = Headers(scope=scope)
        given = headers.get("x-request-id", "")
        request_id = given if _REQUEST_ID.fullmatch(given) else secrets.token_hex(8)
        state = scope.setdefault("state", {})
        state["request_id"] = request_id
        state["visit"] = self._credentials.nobody()
        answer = _Answer(send, request_id)
        try:
            _check(scope, headers)
            state["visit"] = await self._credentials.visit(scope, headers)
            await self._inside(scope, _Body(receive), answer)
        except FirmgroundError as error:
            if answer.started:
                raise
            scope["app"] = self._application
            await response(Request(scope), error)(scope, receive, answer)


class _Answer:
    """Adds our headers to the response."""

    def __init__(self, send: Send, request_id: str) -> None:
        self._send = send
        self._request_id = request_id
        self.started = False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.started = True
            headers = MutableHeaders(scope=message)
            headers["X-Request-ID"] = self._request_id
            headers.setdefault("Cache-Control", "no-store")
            for name, value in _HEADERS.items():
                headers[name] = value
        await self._send(message)


class _Body:
    """The body as it arrives: not too much of it, and not too slowly. Its errors are of the kind that the framework hands on."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._left = LARGEST_BODY
        self._until = asyncio.get_running_loop().time() + BODY_SECONDS
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


def _check(scope: Scope, headers: Headers) -> None:
    host = headers.get("host", "")
    if not _is_loopback(_name(f"//{host}")):
        raise Forbidden(f"{host or 'a request without Host'} is not this machine", "open the address that the server printed")
    origin = headers.get("origin")
    if origin is not None and origin not in {f"http://{host}", f"https://{host}"}:
        raise Forbidden("the request comes from another site", "use the page of this server, or send no Origin")
    target = scope.get("raw_path", b"") + b"?" + scope["query_string"]
    if len(target) > _LONGEST_TARGET:
        raise TooLarge("the address is too long", "send long texts in the body of a POST")
    if not _is_text(target):
        raise Malformed("the address is not UTF-8 text", "encode it as UTF-8, without control characters")
    if scope["method"] not in _SAFE:
        _check_unsafe(scope, headers)


def _check_unsafe(scope: Scope, headers: Headers) -> None:
    if headers.get("sec-fetch-site", "none") not in {"same-origin", "none"}:
        raise Forbidden("the request comes from another site", "use the page of this server")
    length = headers.get("content-length", "0")
    if length.isdecimal() and int(length[:20]) > LARGEST_BODY:
        raise TooLarge(*TOO_LARGE)
    # No page of another site can send DELETE without asking first, and we never consent.
    if scope["method"] == "DELETE":
        return
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    wanted = "application/x-www-form-urlencoded" if is_page(scope["path"]) else "application/json"
    if kind != wanted:
        raise WrongMediaType(f"the body is {kind or 'of no stated kind'}", f"send it as {wanted}")


def _is_loopback(host: str) -> bool:
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _name(address: str) -> str:
    try:
        return urlsplit(address).hostname or ""
    except ValueError:
        return ""


def _is_text(target: bytes) -> bool:
    try:
        text = unquote_to_bytes(target).decode("utf-8")
    except UnicodeDecodeError:
        return False
    return all(sign >= " " or sign in "\t\r\n" for sign in text)
