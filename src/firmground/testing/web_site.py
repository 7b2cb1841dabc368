"""A web site on this machine whose pages can be changed at any time."""

import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Self, cast


@dataclass(frozen=True)
class Reply:
    """What the site answers at one address. With `tagged`, it has an ETag and is answered with 304 to whoever knows it."""

    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    tagged: bool = True
    drip: Callable[[], Iterator[bytes]] | None = None
    """Writes the whole answer itself, piece by piece."""


def html(body: str, *, head: str = "", headers: Mapping[str, str] | None = None) -> Reply:
    page = f"<!doctype html><html><head>{head}</head><body>{body}</body></html>"
    return Reply(page.encode(), headers={"Content-Type": "text/html; charset=utf-8", **(headers or {})})


def links(*to: str) -> str:
    return "".join(f'<a href="{each}">{each}</a> ' for each in to)


class WebSite:
    """`pages` maps what is asked for (path and query) to replies; anything else is 404. `asked` lists every request: its target, and the
    headers that came with it. With `certificate`, a file with it and its key, it speaks TLS. A context manager."""

    def __init__(self, pages: Mapping[str, Reply] | None = None, *, certificate: Path | None = None) -> None:
        self.pages: dict[str, Reply] = dict(pages or {})
        self.asked: list[tuple[str, Mapping[str, str]]] = []
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.daemon_threads = True
        self._server.site = self
        if certificate is not None:
            speaking = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            speaking.load_cert_chain(certificate)
            self._server.socket = speaking.wrap_socket(self._server.socket, server_side=True, do_handshake_on_connect=False)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    @property
    def port(self) -> int:
        return self._server.server_port

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        return f"http://{self.host}"

    def targets(self) -> list[str]:
        """What was asked for, in order."""
        return [target for target, _ in self.asked]

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    site: WebSite

    def handle_error(self, request: object, client_address: object) -> None:
        """Who is here to do harm, or hangs up in the middle, gets no answer."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # an answer goes out as one piece
    timeout = 20

    def do_GET(self) -> None:
        site = cast("_Server", self.server).site
        site.asked.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
        reply = site.pages.get(self.path, Reply(status=404, tagged=False))
        with suppress(ConnectionError):
            if reply.drip is not None:
                self._drip(reply.drip())
            else:
                self._answer(reply)

    def _drip(self, parts: Iterator[bytes]) -> None:
        self.close_connection = True
        for part in parts:
            self.wfile.write(part)
            self.wfile.flush()

    def _answer(self, reply: Reply) -> None:
        tag = f'"{sha256(reply.body).hexdigest()[:16]}"' if reply.tagged and reply.status == 200 else ""
        if tag and self.headers.get("If-None-Match") == tag:
            reply = Reply(status=304)
        self.send_response(reply.status)
        headers = dict(reply.headers)
        if tag:
            headers.setdefault("ETag", tag)
        if reply.status != 304:
            headers.setdefault("Content-Length", str(len(reply.body)))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(b"" if reply.status == 304 else reply.body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name it has there
        """Nobody reads it."""
