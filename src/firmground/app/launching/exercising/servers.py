"""Servers that are no language model: each fails in a way of its own, as servers do."""

import json
import socket
import threading
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Literal, TypeAlias, cast, get_args

Failing: TypeAlias = Literal["gone", "refusing", "silent", "nonsense", "cut off"]
FAILING: tuple[Failing, ...] = get_args(Failing)
_HERE = "127.0.0.1"
_SAID: Mapping[str, tuple[int, str, bytes]] = {
    "refusing": (401, "application/json", json.dumps({"error": {"message": "this key is not accepted"}}).encode()),
    "nonsense": (200, "text/html", b"<html><body>Welcome to the router.</body></html>"),
    "cut off": (200, "text/event-stream", b'data: {"choices": [{"delta": {"content": "The harb'),
}


@contextmanager
def failing(how: Failing) -> Generator[str]:
    """Address of a server that fails like this."""
    with _unanswered(listens=how == "silent") if how in {"gone", "silent"} else _answering(*_SAID[how]) as port:
        yield f"http://{_HERE}:{port}/v1"


@contextmanager
def _unanswered(*, listens: bool) -> Generator[int]:
    """A port that is ours: nobody listens on it, or nobody ever answers."""
    with socket.socket() as held:
        held.bind((_HERE, 0))
        if listens:
            held.listen(128)
        yield cast("int", held.getsockname()[1])


@contextmanager
def _answering(status: int, kind: str, body: bytes) -> Generator[int]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Connection", "close")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name in the class above
            """Nobody reads it."""

    server = ThreadingHTTPServer((_HERE, 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True, name="failing server")
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
