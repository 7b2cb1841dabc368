"""Asking a provider over HTTP, with a limit to everything: time, size, and where an answer may come from.

Loads the HTTP client: import it where it is needed.
"""

import json
import socket
import ssl
from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from threading import Lock, Timer
from typing import Any, NamedTuple, cast
from urllib.parse import urlsplit

import httpx2

from firmground.errors import OutsideFailed
from firmground.settings_oidc import is_here
from firmground.types import Json

LONGEST = 500_000
"""Bytes of an answer that are read."""


class Told(NamedTuple):
    """An answer that is one JSON object."""

    status: int
    content: dict[str, Json]


def told(url: str, *, seconds: float, form: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None) -> Told:
    """What the provider answers: to a GET, or to a POST of the form. It is followed nowhere else. OutsideFailed where that is not one JSON
    object, or takes longer than this in all."""
    with _Limit(seconds) as limit:
        try:
            status, content = _asked(url, seconds, form, headers or {}, limit)
        except (httpx2.HTTPError, httpx2.InvalidURL, OSError) as error:
            slow = limit.over or isinstance(error, httpx2.TimeoutException)
            raise _failed("it took too long to answer" if slow else "it cannot be reached") from error
    if limit.over:  # what came until then may look whole
        raise _failed("it took too long to answer")
    return Told(status, _object(content, status))


class _Limit:
    """Closes the connection when the time is over, however little by little the answer comes."""

    def __init__(self, seconds: float) -> None:
        self.over = False
        self._connection: socket.socket | None = None
        self._lock = Lock()
        self._timer = Timer(seconds, self._end)
        self._timer.daemon = True

    def __enter__(self) -> "_Limit":
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def trace(self, event: str, info: Mapping[str, object]) -> None:
        """Called by the HTTP client at each of its steps. A second handle outlasts what TLS makes of the first."""
        if event.endswith(".connect_tcp.complete"):
            made = cast("Any", info["return_value"]).get_extra_info("socket")
            with self._lock:
                self._connection = made.dup()
            if self.over:
                self._end()

    def _end(self) -> None:
        self.over = True
        with self._lock, suppress(OSError):
            if self._connection is not None:
                self._connection.shutdown(socket.SHUT_RDWR)


def _asked(
    url: str, seconds: float, form: Mapping[str, str] | None, headers: Mapping[str, str], limit: _Limit
) -> tuple[int, bytes]:
    # A proxy of the environment leads elsewhere than to this machine.
    proxies, security = not is_here(urlsplit(url).hostname or ""), _security(url.startswith("https:"))
    with httpx2.Client(timeout=seconds, verify=security, follow_redirects=False, trust_env=proxies) as client:
        sent = {"Accept": "application/json", "Accept-Encoding": "identity", **headers}
        method, data = ("GET", None) if form is None else ("POST", dict(form))
        with client.stream(method, url, data=data, headers=sent, extensions={"trace": limit.trace}) as answer:
            if answer.is_redirect:
                raise _failed("it sends us elsewhere, where we do not go")
            content = b""
            for part in answer.iter_bytes():
                content += part
                if len(content) > LONGEST:
                    raise _failed("its answer is too long")
            return answer.status_code, content


@cache
def _security(tls: bool) -> ssl.SSLContext:
    """Without TLS none is needed, and reading the certificates takes longer than all else."""
    return httpx2.create_ssl_context() if tls else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def _object(content: bytes, status: int) -> dict[str, Json]:
    try:
        value = json.loads(content)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise _failed(f"it answers with status {status}" if status >= 400 else "its answer is no JSON object")
    return cast("dict[str, Json]", value)


def _failed(why: str) -> OutsideFailed:
    return OutsideFailed(f"the sign-in provider cannot be asked now ({why})", "try again in a moment, or ask an administrator")
