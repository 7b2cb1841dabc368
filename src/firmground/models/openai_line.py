"""One connection to a server of the OpenAI protocol, read in a thread of its own, so that whoever waits can stop at any time.

Loads the HTTP client: import it where it is needed.
"""

import socket
import ssl
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, suppress
from ipaddress import ip_address
from queue import Empty, Full, Queue
from threading import Event, Lock, Thread
from typing import Any, Literal, NamedTuple, TypeAlias, cast
from urllib.parse import urlsplit

import httpx2
import openai

IDLE_LINES = 8
READ_AHEAD = 64
"""Pieces that wait for the caller; then the server has to."""
LONGEST_COMPLAINT = 65_536
"""Bytes of the body of an error that are read."""

_OF_THE_MACHINE = ("Lang", "Package-Version", "OS", "Arch", "Runtime", "Runtime-Version", "Async")
_OF_THE_ENVIRONMENT = ("OpenAI-Organization", "OpenAI-Project")
HEADERS: Mapping[str, Any] = {"User-Agent": "firmground"} | {
    name: openai.Omit() for name in (*(f"X-Stainless-{part}" for part in _OF_THE_MACHINE), *_OF_THE_ENVIRONMENT)
}
"""What the library would tell any server unasked, of this machine and of variables that are meant for another, is left out."""


class Answering(NamedTuple):
    """The server accepted the request; the body follows."""

    media_type: str


Arrival: TypeAlias = Literal["connected", "end"] | Answering | bytes | Exception


class Line:
    """One request at a time; the connection is kept for the next.

    The time-outs here only end the thread when nobody waits for it any more; the caller keeps time exactly.
    """

    def __init__(self, base_url: str, api_key: str, security: Any, connect_seconds: float, read_seconds: float) -> None:
        self._socket: socket.socket | None = None
        self._greeting: socket.socket | None = None
        self._asking: Asking | None = None
        self._tls = base_url.startswith("https:")
        limits = httpx2.Timeout(read_seconds + 1, connect=connect_seconds + 1, pool=1)
        self._client = openai.OpenAI(
            base_url=base_url,
            api_key=api_key or "none",
            timeout=limits,
            max_retries=0,
            default_headers=HEADERS,
            http_client=httpx2.Client(
                verify=security,
                timeout=limits,
                headers={"accept-encoding": "identity"},
                limits=httpx2.Limits(max_connections=1, max_keepalive_connections=1, keepalive_expiry=60),
                trust_env=not _on_this_machine(base_url),  # a proxy of the environment leads elsewhere
                event_hooks={"request": [self._watch], "response": [_shorten_complaint]},
            ),
        )

    def ask(self, body: Mapping[str, Any], freed: Callable[["Line"], None]) -> "Asking":
        """Send it. `freed` is called, from the reading thread, when the line can carry the next; one that was broken off is closed."""
        self._asking = Asking(self, body, freed)
        self._asking.start()
        return self._asking

    def read(self, body: Mapping[str, Any]) -> Iterator[Arrival]:
        """All of one request; blocks until `interrupt`."""
        completions = self._client.chat.completions.with_streaming_response
        with cast("Any", completions.create)(**body) as response:
            yield Answering(response.headers.get("content-type", "").partition(";")[0].strip().lower())
            yield from response.iter_bytes()

    def interrupt(self) -> bool:
        """Whoever reads finds the connection closed, and so does the server. False: there is none yet."""
        connection = self._greeting or self._socket
        if connection is None:
            return False
        with suppress(OSError):  # of the plain socket: that of TLS would first say goodbye, and wait
            socket.socket.shutdown(connection, socket.SHUT_RDWR)
        return True

    def close(self) -> None:
        self._client.close()

    def greeted(self) -> None:
        """TLS empties the socket that it is given; until it is set up, only a second handle can interrupt it."""
        if self._greeting is not None:
            self._greeting.close()
            self._greeting = None

    def _watch(self, request: httpx2.Request) -> None:
        request.extensions = {**request.extensions, "trace": self._trace}

    def _trace(self, event: str, info: Mapping[str, Any]) -> None:
        """Called by the HTTP client at each of its steps."""
        asking = self._asking
        if asking is None:
            return
        if event.endswith((".connect_tcp.complete", ".start_tls.complete")):
            self.greeted()
            self._socket = info["return_value"].get_extra_info("socket")
            if self._tls and event.endswith(".connect_tcp.complete"):
                self._greeting = self._socket.dup() if self._socket else None
            asking.reuses = False
            if asking.abandoned:
                self.interrupt()
        elif event.endswith(".send_request_headers.started"):
            asking.connected()


class Lines:
    """Connections to one server: each carries one request at a time, and waits here for the next. Thread-safe."""

    def __init__(self, base_url: str, api_key: str, connect_seconds: float, read_seconds: float) -> None:
        self._base_url = base_url
        self._api_key = api_key
        self._limits = (connect_seconds, read_seconds)
        self._security: ssl.SSLContext | None = None
        self._idle: list[Line] = []
        self._lock = Lock()
        self._closed = False

    def take(self) -> Line:
        """Fails with whatever the HTTP client finds wrong with the proxies and certificates of the environment."""
        with self._lock:
            if self._idle:
                return self._idle.pop()
            if self._security is None:
                # Without TLS none is needed, and reading the certificates takes longer than all else.
                tls = self._base_url.startswith("https:")
                self._security = httpx2.create_ssl_context() if tls else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        return Line(self._base_url, self._api_key, self._security, *self._limits)

    def give(self, line: Line) -> None:
        with self._lock:
            if len(self._idle) < IDLE_LINES and not self._closed:
                return self._idle.append(line)
        return line.close()

    def close(self) -> None:
        """Close those that wait now, and each that is given back later."""
        with self._lock:
            idle, self._idle, self._closed = self._idle, [], True
        for line in idle:
            line.close()


class Asking:
    """One request under way. `next` gives, in order: connected, Answering, the body's bytes, end; or an exception and then no more.

    `reuses`: it goes over a connection that carried others before, which the server may have closed meanwhile.
    """

    def __init__(self, line: Line, body: Mapping[str, Any], freed: Callable[[Line], None]) -> None:
        self._line = line
        self._body = body
        self._freed = freed
        self._arrived: Queue[Arrival] = Queue(READ_AHEAD)
        self._abandoned = Event()
        self._lock = Lock()
        self._over = False
        self.reuses = True
        self._thread = Thread(target=self._read, name="firmground-model", daemon=True)

    def start(self) -> None:
        self._thread.start()

    @property
    def abandoned(self) -> bool:
        return self._abandoned.is_set()

    def next(self, seconds: float) -> Arrival | None:
        """None if nothing arrived in that time."""
        try:
            return self._arrived.get(timeout=max(0.0, seconds))
        except Empty:
            return None

    def leave(self, seconds: float = 0.0) -> None:
        """Nobody waits any more: what is not over within these seconds is broken off, and the server sees the connection closed."""
        if seconds:
            self._thread.join(seconds)
        with self._lock:
            self._abandoned.set()
            interrupted = not self._over and self._line.interrupt()
        if interrupted:
            self._thread.join(1.0)

    def connected(self) -> None:
        with suppress(Full):
            self._arrived.put_nowait("connected")

    def _put(self, arrival: Arrival) -> bool:
        while not self._abandoned.is_set():
            with suppress(Full):
                self._arrived.put(arrival, timeout=0.1)
                return True
        return False

    def _read(self) -> None:
        last: Arrival = "end"
        try:
            with closing(cast("Any", self._line.read(self._body))) as arrivals:
                for arrival in arrivals:
                    if not self._put(arrival):
                        break
        except Exception as error:  # noqa: BLE001 -- whoever waits sorts them
            last = error
        with self._lock:
            self._over = True
            self._line.greeted()
        if self.abandoned:
            self._line.close()
        else:
            self._freed(self._line)
        self._put(last)


def _on_this_machine(base_url: str) -> bool:
    host = urlsplit(base_url).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


class _Shortened(httpx2.SyncByteStream):
    def __init__(self, stream: httpx2.SyncByteStream, longest: int) -> None:
        self._stream = stream
        self._longest = longest

    def __iter__(self) -> Iterator[bytes]:
        left = self._longest
        for piece in self._stream:
            yield piece[:left]
            left -= len(piece)
            if left <= 0:
                return

    def close(self) -> None:
        self._stream.close()


def _shorten_complaint(response: httpx2.Response) -> None:
    if response.status_code >= 400 and isinstance(response.stream, httpx2.SyncByteStream):
        response.stream = _Shortened(response.stream, LONGEST_COMPLAINT)
