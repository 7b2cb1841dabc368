"""What happens to every request before and after its route: who asks, request ids, limits, headers.

Until there is an owner the server is for this machine alone. Other machines do not reach it; other pages in the same browser might, by a
name that resolves to this machine (hence the Host rule), by a request of their own (hence the Origin rule) or by a form (hence JSON, or
the form token that only our pages know). With accounts the same rules keep other pages from using somebody's session.
"""

import asyncio
import re
import secrets
from collections.abc import Mapping
from urllib.parse import unquote_to_bytes, urlencode

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from firmground.errors import FirmgroundError
from firmground.web import bodies
from firmground.web.cookies import without_quotes
from firmground.web.credentials import Credentials, secure
from firmground.web.cross_origin import consent, is_preflight, preflight
from firmground.web.origins import check_host, check_origin, sender
from firmground.web.problems import Forbidden, Malformed, TooLarge, Unauthenticated, is_page, response
from firmground.web.served import Served
from firmground.web.visit import Visit

LOOK_AGAIN_SECONDS = 1.0
"""How long what is told to somebody may go on after they have lost the right to hear it."""
FORM_TOKEN = "X-Firmground-Token"  # noqa: S105 - the name of a header
_LONGEST_TARGET = 8_000
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_WATCHED = frozenset({"/healthz", "/readyz"})
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self'; img-src 'self';"
    " form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    # With `no-referrer` browsers would hide the origin of our own forms.
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
_SAVED = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox"
"""For files to be saved: should a browser show one all the same, it runs nothing, loads nothing and is no page of ours."""


class Edge:
    """ASGI middleware, outermost, so that no response leaves without its headers."""

    def __init__(self, inside: ASGIApp, application: object, served: Served) -> None:
        self._inside = inside
        self._application = application
        self._served = served
        self._settings = served.app.workspace.settings.serve
        self._largest_upload = 1_000_000 * served.app.workspace.settings.parsing.max_megabytes
        self._credentials = Credentials(served)
        self._secure = secure(served)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        scope["headers"] = without_quotes(scope["headers"])
        headers = Headers(scope=scope)
        given = headers.get("x-request-id", "")
        request_id = given if _REQUEST_ID.fullmatch(given) else secrets.token_hex(8)
        state = scope.setdefault("state", {})
        state["request_id"] = request_id
        state["visit"] = self._credentials.nobody()
        answer = _Answer(send, request_id, self._credentials, secure=self._secure)
        try:
            answer.last = bodies.ends_twice(scope, headers)
            if answer.last:
                raise Malformed("it is not clear where the request ends", "send either Content-Length or Transfer-Encoding")
            answer.consented = await consent(self._served, scope, headers)
            if is_preflight(scope, headers):
                await preflight(scope, headers, answer.consented)(scope, receive, answer)
                return
            wanted = bodies.taken(scope["path"], self._largest_upload)
            state["visit"] = answer.visit = await self._let_in(scope, headers, wanted)
            if scope["method"] not in _SAFE:
                receive = await bodies.arrived(receive, wanted, self._served.limits)
            elif scope["method"] == "HEAD" and (is_page(scope["path"]) or scope["path"] in _WATCHED):
                # The server sends no body where a head was asked for.
                scope = {**scope, "method": "GET"}
            await self._inside(scope, receive, answer)
        except bodies.Left:
            return
        except FirmgroundError as error:
            if answer.started:
                raise
            scope["app"] = self._application
            told = _to_sign_in(scope, headers) if isinstance(error, Unauthenticated) else None
            await (told or response(Request(scope), error))(scope, receive, answer)
        except Exception:
            if not answer.cut:
                raise

    async def _let_in(self, scope: Scope, headers: Headers, wanted: bodies.Taken) -> Visit:
        _check_address(scope)
        visit = await self._credentials.visit(scope, headers)
        visit.address = sender(scope, headers, self._settings)
        # Whoever watches over a server names it by any address; what they are told is not secret.
        if not (self._served.owned and scope["path"] in _WATCHED):
            check_host(headers, self._settings, owned=self._served.owned)
        check_origin(scope, headers, visit, self._settings)
        bodies.check(scope, headers, wanted)
        if scope["method"] not in _SAFE:
            _check_form_token(scope, headers, visit)
        return visit


class _Cut(Exception):
    """Ends whatever makes a response that nobody may hear any more."""


class _Answer:
    """Adds our headers to the response, and cuts off a long one when whoever hears it has lost the right to."""

    def __init__(self, send: Send, request_id: str, credentials: Credentials, *, secure: bool) -> None:
        self._send = send
        self._request_id = request_id
        self._credentials = credentials
        self._secure = secure
        self._looked = asyncio.get_running_loop().time()
        self.visit: Visit | None = None
        self.consented: Mapping[str, str] = {}
        """What a page of another site needs to read it."""
        self.started = False
        self.cut = False
        self.last = False
        """Whether the connection ends with it."""

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.started = True
            headers = MutableHeaders(scope=message)
            headers["X-Request-ID"] = self._request_id
            headers.setdefault("Cache-Control", "no-store")
            if "content-disposition" in headers:
                headers["Content-Security-Policy"] = _SAVED
            if self._secure:
                headers["Strict-Transport-Security"] = "max-age=31536000"
            for name, value in _HEADERS.items():
                headers.setdefault(name, value)
            # Whatever may be kept on the way is for others too.
            alone = headers["Cache-Control"] == "no-store" and "set-cookie" not in headers
            if self.visit is not None and alone and (cookie := await self._credentials.new_cookie(self.visit)):
                headers.append("Set-Cookie", cookie)
            if self.last:
                headers["Connection"] = "close"
            if self.consented:
                headers.update(self.consented)
                headers.add_vary_header("Origin")
        elif message.get("more_body", False):
            await self._look_again()
        await self._send(message)

    async def _look_again(self) -> None:
        now = asyncio.get_running_loop().time()
        if self.visit is None or now - self._looked < LOOK_AGAIN_SECONDS:
            return
        self._looked = now
        if not await self._credentials.holds(self.visit):
            self.cut = True
            await self._send({"type": "http.response.body", "body": b"", "more_body": False})
            raise _Cut


def _to_sign_in(scope: Scope, headers: Headers) -> RedirectResponse | None:
    """For people who look at a page; programs are told what is wrong."""
    if not is_page(scope["path"]) or "authorization" in headers:
        return None
    if scope["method"] not in _SAFE:
        return RedirectResponse("/login", 303)
    query = f"?{scope['query_string'].decode('ascii', 'replace')}" if scope["query_string"] else ""
    there = scope.get("raw_path", b"/").decode("ascii", "replace") + query
    return RedirectResponse("/login" if there == "/" else "/login?" + urlencode({"next": there}), 303)


def _check_address(scope: Scope) -> None:
    target = scope.get("raw_path", b"") + b"?" + scope["query_string"]
    if len(target) > _LONGEST_TARGET:
        raise TooLarge("the address is too long", "send long texts in the body of a POST")
    if not target.startswith((b"/", b"*")):
        raise Malformed("the address is not a path", "ask this server itself: it is no proxy")
    if not _is_text(target):
        raise Malformed("the address is not UTF-8 text", "encode it as UTF-8, without control characters")


def _check_form_token(scope: Scope, headers: Headers, visit: Visit) -> None:
    """Forms hold theirs in a field, which `pages.forms` looks at."""
    if visit.by != "session" or is_page(scope["path"]):
        return
    if not secrets.compare_digest(headers.get(FORM_TOKEN, "").encode(), visit.form_token.encode()):
        raise Forbidden(f"a request by a session needs the header {FORM_TOKEN}", "load the page again, or use a key")


def _is_text(target: bytes) -> bool:
    try:
        text = unquote_to_bytes(target).decode("utf-8")
    except UnicodeDecodeError:
        return False
    return all(sign >= " " or sign in "\t\r\n" for sign in text)
