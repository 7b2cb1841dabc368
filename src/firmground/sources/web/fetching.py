"""Asking a web site: each connection goes to an address that was looked at, and everything has a limit.

The HTTP client used here does nothing by itself: no redirects, no cookies, no proxies, no unpacking, no look-ups of names. So what is not
written below does not happen. Loads it: import this where it is needed.
"""

import re
import socket
import ssl
import threading
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from time import monotonic
from typing import NamedTuple, TypeAlias

import httpcore2
from httpcore2 import SOCKET_OPTION, NetworkBackend, NetworkStream

from firmground.sources.web.addresses import Addresses
from firmground.sources.web.urls import Url

Resolve: TypeAlias = Callable[[str, int], Iterable[str]]
"""The addresses of a machine's name, as they are just now."""
_CONNECT_SECONDS = 10.0
_QUIET_SECONDS = 20.0
_REDIRECTS = 5
_RATIO = 200
"""How many times its size an answer may unpack to; honest pages stay below 50."""
_SMALL = 1 << 20
_TURN_SECONDS = 0.5
_PASSED_OVER = 64 << 10
_REDIRECTED = frozenset({301, 302, 303, 307, 308})


class Unreached(Exception):
    """No answer that says anything of the page: it may be there, unchanged, or not. The message is one line for a person."""


class Unwanted(Exception):
    """An answer that is no document of this source: the message says why. `code` is one of a problem."""

    def __init__(self, code: str, why: str) -> None:
        self.code = code
        super().__init__(why)


class Answer(NamedTuple):
    url: Url
    status: int
    headers: Mapping[str, str]
    """By name in small letters; several of one name are joined by commas."""
    content: bytes

    @property
    def media_type(self) -> str:
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    @property
    def charset(self) -> str:
        named = re.search(
            r"charset\s{0,9}=\s{0,9}[\"']?([\w.:-]{1,40})", self.headers.get("content-type", "")[:500], re.IGNORECASE
        )
        return named.group(1) if named else ""


def resolve(host: str, port: int) -> list[str]:
    return [str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


class Fetcher:
    """Gets pages. `most` bounds an answer in bytes, packed and unpacked, `seconds` in time, from the first byte sent to the
    last received; with `keep`, connections stay open for the next page. Thread-safe."""

    def __init__(
        self,
        addresses: Addresses,
        *,
        agent: str,
        most: int,
        seconds: float = 60.0,
        connections: int = 4,
        keep: bool = True,
        resolve: Resolve = resolve,
        security: ssl.SSLContext | None = None,
    ) -> None:
        self.agent = agent
        self._most = most
        self._seconds = seconds
        self._stopped = threading.Event()
        self._network = _Looked(addresses, resolve, self._stopped)
        self._connections = httpcore2.ConnectionPool(
            ssl_context=security,
            max_connections=connections,
            max_keepalive_connections=connections if keep else 0,
            keepalive_expiry=15,
            network_backend=self._network,
        )

    def stop(self) -> None:
        """Whoever waits for an answer stops waiting."""
        self._stopped.set()

    def close(self) -> None:
        self.stop()
        self._connections.close()

    def get(
        self,
        url: Url,
        *,
        hop: Callable[[Url, str], Url],
        asked: Callable[[Url], Mapping[str, str]] = lambda _: {},
        wanted: Callable[[Answer], bool] = lambda _: True,
        most: int | None = None,
    ) -> Answer:
        """The answer of the page, or of the one it leads to: `hop` says where a redirect goes from here, or raises. `asked` are more
        headers for an address, `wanted` whether to read on after the headers (else the content is empty). Unreached; Unwanted."""
        self._network.until(monotonic() + self._seconds)
        try:
            for _ in range(_REDIRECTS + 1):
                answer = self._ask(url, asked(url), wanted, most or self._most)
                if answer.status not in _REDIRECTED or not answer.headers.get("location"):
                    return answer
                url = hop(url, answer.headers["location"])
        except httpcore2.TimeoutException as wrong:
            raise Unreached("it takes too long to answer") from wrong
        except Closed as wrong:
            raise Unreached(str(wrong)) from wrong
        except httpcore2.NetworkError as wrong:
            raise Unreached(_without_digits(wrong)) from wrong
        except (httpcore2.ProtocolError, OSError, ValueError) as wrong:
            raise Unreached("its answer is no HTTP") from wrong
        raise Unwanted("redirect_loop", f"it redirects more than {_REDIRECTS} times")

    def _ask(self, url: Url, asked: Mapping[str, str], wanted: Callable[[Answer], bool], most: int) -> Answer:
        headers = {
            "Host": url.authority,
            "User-Agent": self.agent,
            "Accept": "text/html,application/xhtml+xml,application/pdf,text/*;q=0.9,*/*;q=0.5",
            "Accept-Encoding": "gzip",
            **asked,
        }
        limits = {"connect": _CONNECT_SECONDS, "read": _QUIET_SECONDS, "write": _QUIET_SECONDS, "pool": self._seconds}
        target = httpcore2.URL(scheme=url.scheme, host=url.host, port=url.port, target=url.target)
        sent = [(name.encode(), value.encode("latin-1", "replace")) for name, value in headers.items()]
        with self._connections.stream("GET", target, headers=sent, extensions={"timeout": limits}) as response:
            answer = Answer(url, response.status, _joined(response.headers), b"")
            if answer.status != 200:
                _pass_over(response.iter_stream())
                return answer
            if not wanted(answer):
                return answer
            declared = answer.headers.get("content-length", "")
            if declared.isascii() and declared.isdigit() and int(declared[:19]) > most:
                raise _too_large(most)
            return answer._replace(content=_read(response.iter_stream(), answer.headers.get("content-encoding", ""), most))


def _read(parts: Iterator[bytes], encoding: str, most: int) -> bytes:
    named = encoding.strip().lower()
    if named not in {"", "identity", "gzip", "x-gzip"}:
        raise Unwanted("unsupported", "it is packed in a way that was not asked for")
    unpacking = zlib.decompressobj(31) if named.endswith("gzip") else None
    content, came = bytearray(), 0
    for part in parts:
        came += len(part)
        try:
            content += unpacking.decompress(part, most + 1 - len(content)) if unpacking else part
        except zlib.error as wrong:
            raise Unreached("its answer is damaged") from wrong
        if len(content) > most or came > most:
            raise _too_large(most)
        if len(content) > _SMALL and len(content) > _RATIO * came:
            raise Unwanted("limit_exceeded", f"it unpacks to more than {_RATIO} times its size, as bombs do")
    if unpacking and came and not unpacking.eof:
        raise Unreached("its answer ends too early")
    return bytes(content)


def _pass_over(parts: Iterator[bytes]) -> None:
    """Reads what nobody wants, where it is short, so that the connection stays good for the next page."""
    came = 0
    for part in parts:
        came += len(part)
        if came > _PASSED_OVER:
            return


def _too_large(most: int) -> Unwanted:
    return Unwanted("limit_exceeded", f"it is larger than {most} bytes: exclude it, or raise max_megabytes under [parsing]")


def _joined(headers: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    joined: dict[str, str] = {}
    for name, value in headers:
        key, text = name.decode("latin-1").lower(), value.decode("latin-1")
        joined[key] = f"{joined[key]}, {text}" if key in joined else text
    return joined


def _without_digits(wrong: Exception) -> str:
    """`[Errno 111] Connection refused` without its number."""
    return "it cannot be reached (" + (re.sub(r"^\[[^\]]{0,40}\]\s{0,9}", "", str(wrong))[:200] or type(wrong).__name__) + ")"


class Closed(Exception):
    """A name that leads to no address that is open."""


class _Looked(NetworkBackend):
    """Connects to addresses that were looked at, and to nothing else: the name is resolved here, once, for this very connection. Whoever
    names a machine anew between look and connection changes nothing. TLS goes on to check the name."""

    def __init__(self, addresses: Addresses, resolve: Resolve, stopped: threading.Event) -> None:
        self._addresses = addresses
        self._resolve = resolve
        self._stopped = stopped
        self._sockets = httpcore2.SyncBackend()
        self._here = threading.local()

    def until(self, moment: float) -> None:
        """What this thread asks for ends then."""
        self._here.until = moment

    def left(self) -> float:
        return 0.0 if self._stopped.is_set() else float(getattr(self._here, "until", 0.0)) - monotonic()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[SOCKET_OPTION] | None = None,
    ) -> NetworkStream:
        try:
            found = list(dict.fromkeys(self._resolve(host, port)))
        except (OSError, UnicodeError) as wrong:
            raise httpcore2.ConnectError(f"there is no machine named {host}") from wrong
        permitted = [address for address in found if self._addresses.permit(address)]
        if not permitted:
            raise Closed(
                f"{host} leads to {found[0] if found else 'no address'}, where only private networks are: name that network in"
                " allow_private if it is meant"
            )
        failed: Exception = httpcore2.ConnectTimeout("no time is left")
        for address in permitted[:3]:
            left = self.left()
            if left <= 0:
                break
            try:
                stream = self._sockets.connect_tcp(address, port, min(left, timeout or left), local_address, socket_options)
            except httpcore2.ConnectError as wrong:
                failed = wrong
            else:
                return _Timed(stream, self)
        raise failed


class _Timed(NetworkStream):
    """A connection that gives up when the time is over, however little by little an answer comes."""

    def __init__(self, stream: NetworkStream, network: _Looked) -> None:
        self._stream = stream
        self._network = network

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        quiet = monotonic() + (timeout or _QUIET_SECONDS)
        while (left := min(self._network.left(), quiet - monotonic())) > 0:
            with suppress(httpcore2.ReadTimeout):
                return self._stream.read(max_bytes, min(left, _TURN_SECONDS))
        raise httpcore2.ReadTimeout("no time is left")

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        left = self._network.left()
        if left <= 0:
            raise httpcore2.WriteTimeout("no time is left")
        self._stream.write(buffer, min(left, timeout or left))

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> NetworkStream:
        left = max(0.001, self._network.left())
        return _Timed(self._stream.start_tls(ssl_context, server_hostname, min(left, timeout or left)), self._network)

    def close(self) -> None:
        self._stream.close()

    def get_extra_info(self, info: str) -> object:
        return self._stream.get_extra_info(info)
