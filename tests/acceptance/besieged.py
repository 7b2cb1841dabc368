"""A server in a process of its own, quick to start and impatient, and raw connections to it. As a program it is that server."""

import re
import resource
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

import psutil

from firmground.app.corpus.sync import sync
from firmground.settings import Settings
from firmground.testing.app import ADMINISTRATOR, Bench
from firmground.web.limits import Limits
from firmground.web.server import run

LEAVE = "# Leave\n\nEvery employee may carry over five vacation days into the next year.\n"
HOST = "Host: 127.0.0.1"
JSON = "Content-Type: application/json"
FORM = "Content-Type: application/x-www-form-urlencoded"
PATIENCE = 30


class Response(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes


class Line:
    """One connection, by which anything can be sent."""

    def __init__(self, port: int, *, room: int = 0) -> None:
        self._socket = socket.socket()
        if room:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, room)
        self._socket.settimeout(PATIENCE)
        self._socket.connect(("127.0.0.1", port))

    def __enter__(self) -> "Line":
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def send(self, *parts: str | bytes) -> None:
        self._socket.sendall(b"".join(part.encode() if isinstance(part, str) else part for part in parts))

    def request(self, first: str, *headers: str, body: str | bytes = b"") -> None:
        self.send("\r\n".join([first, *headers]), "\r\n\r\n", body)

    def read(self, most: int = 65_536) -> bytes:
        """Nothing once the server has ended it."""
        with suppress(ConnectionResetError, BrokenPipeError):
            return self._socket.recv(most)
        return b""

    def rest(self) -> bytes:
        """All that comes until the server ends it."""
        return b"".join(iter(self.read, b""))

    def response(self) -> Response:
        """One response that says how long it is, or is the last."""
        got = b""
        while b"\r\n\r\n" not in got:
            more = self.read()
            assert more, f"the connection ended: {got!r}"
            got += more
        head, _, body = got.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
        if "content-length" not in headers:
            body += self.rest()
        while len(body) < int(headers.get("content-length", "0")):
            more = self.read()
            assert more, "the body is not complete"
            body += more
        return Response(int(first.split()[1]), headers, body)

    def cut(self) -> None:
        """Go away without a word."""
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        self._socket.close()


class Besieged:
    """`reports` is what the server wrote to stderr since it said its address."""

    def __init__(self, place: Path, *, files: int = 0, **limits: float) -> None:
        place.mkdir()
        self.data = place / ".firmground"
        self._log = place / "stderr"
        words = [f"files={files}", *(f"{name}={value}" for name, value in limits.items())]
        with self._log.open("wb") as log:
            self.process = subprocess.Popen([sys.executable, __file__, str(place), *words], stdout=log, stderr=log)
        self._seen = psutil.Process(self.process.pid)
        self.port = self._said = 0

    def wait_until_ready(self) -> None:
        until(lambda: "setup?token=" in self._log.read_text() or self.process.poll() is not None)
        said = self._log.read_text()
        found = re.match(r"serving .* at http://127\.0\.0\.1:(\d+)/.*\n.*\n", said)
        assert found, said
        self.port = int(found[1])
        self._said = found.end()
        until(lambda: self.ask("GET /readyz HTTP/1.1", HOST).status == 200)

    @property
    def reports(self) -> str:
        return self._log.read_text()[self._said :]

    def line(self, *, room: int = 0) -> Line:
        return Line(self.port, room=room)

    def ask(self, first: str, *headers: str, body: str | bytes = b"") -> Response:
        with self.line() as line:
            line.request(first, *headers, body=body)
            return line.response()

    def post(self, path: str, kind: str, body: str | bytes) -> Response:
        sent = body.encode() if isinstance(body, str) else body
        return self.ask(f"POST {path} HTTP/1.1", HOST, kind, f"Content-Length: {len(sent)}", body=sent)

    def memory(self) -> int:
        return self._seen.memory_info().rss

    def connections(self) -> int:
        """That are open, those that wait to be accepted not counted."""
        return sum(each.status == psutil.CONN_ESTABLISHED for each in self._seen.net_connections("tcp"))

    def held(self) -> int:
        """Connections that it accepted and has not closed, whether or not their clients are still there."""
        states = (psutil.CONN_ESTABLISHED, psutil.CONN_CLOSE_WAIT)
        return sum(each.status in states for each in self._seen.net_connections("tcp"))

    def received(self) -> list[str]:
        """What lies in the data directory of uploads, finished or not."""
        places = (self.data / "incoming", self.data / "uploads")
        return sorted(path.name for place in places if place.is_dir() for path in place.iterdir() if path.name != ".lock")

    def check(self) -> None:
        """It answers as ever, and nothing that happened was a surprise to it."""
        assert self.ask("GET /healthz HTTP/1.1", HOST).body == b'{"status":"ok"}'
        found = self.post("/api/v1/search", JSON, '{"query": "vacation days"}')
        assert (found.status, b"five vacation days" in found.body) == (200, True)
        assert self.reports == ""
        assert self.received() == []

    def stop(self) -> None:
        (self.data.parent / "go on").touch()
        self.process.terminate()
        assert self.process.wait(PATIENCE) == 0


@contextmanager
def besieged(place: Path, *, files: int = 0, **limits: float) -> Iterator[Besieged]:
    """It may open so many `files`; `limits` as in `Limits`."""
    made = Besieged(place, files=files, **limits)
    try:
        made.wait_until_ready()
        yield made
        made.stop()
    finally:
        made.process.kill()
        made.process.wait()


def until(condition: Callable[[], object]) -> None:
    """Wait for something that happens elsewhere."""
    for _ in range(100 * PATIENCE):
        if condition():
            return
        time.sleep(0.01)
    raise AssertionError("it did not happen")


def _serve(place: Path, files: int, limits: dict[str, Any]) -> None:
    if files:
        resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))
    bench = Bench(place, settings=Settings.model_validate({"answer": {"threshold": 0.001}, "parsing": {"max_megabytes": 5}}))
    bench.source.contents["leave.md"] = LEAVE.encode()
    embed = bench.embedder_.embed

    def slowly(texts: Any) -> Any:
        while any("patience" in text for text in texts) and not (place / "go on").exists():
            time.sleep(0.01)
        return embed(texts)

    bench.embedder_.embed = slowly
    with bench.app() as app:
        sync(app, ADMINISTRATOR)
        told = {name: int(value) if name in {"connections", "uploads"} else value for name, value in limits.items()}
        run(app, host="127.0.0.1", port=0, ready=lambda line: print(line, file=sys.stderr, flush=True), limits=Limits(**told))


if __name__ == "__main__":
    _, _place, *_words = sys.argv
    _given = {name: float(value) for name, _, value in (word.partition("=") for word in _words)}
    _serve(Path(_place), int(_given.pop("files")), _given)
