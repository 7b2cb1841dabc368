"""A model server that follows a script: it speaks the OpenAI protocol over real HTTP on the loopback interface.

    with ModelServer([Reply(status=429, retry_after="1")]) as server:
        ...  # base_url = server.url
    assert [request.status for request in server.requests] == [429, 200]

Without a script it answers truthfully from the passages in the prompt. As a program: `python -m firmground.testing.model_server --help`.
"""

import argparse
import json
import select
import socket
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Condition, Event, Thread
from typing import Any, cast

from firmground.errors import FirmgroundError
from firmground.testing.model_script import Place, Reply, Script, pieces, prompt_of, read_script, spoken, tokens_of

_LONGEST_REQUEST = 64_000_000
_LOOKS = 0.01
"""Seconds between two looks whether the client is still there."""


@dataclass
class Asked:
    """One request, and what became of it. Complete once `over`."""

    number: int
    """From 1."""
    body: dict[str, Any]
    """Empty where it was none."""
    key: str
    """What it gave as its API key."""
    status: int = 0
    sent: int = 0
    """Bytes of the body."""
    pieces: int = 0
    """Of text that were sent."""
    left: bool = False
    """The client closed the connection before the end."""
    pieces_after_leaving: int = 0
    """That were still made for it: what a server that does not notice would have cost."""
    over: bool = False

    @property
    def prompt(self) -> str:
        return prompt_of(self.body)


class ModelServer:
    """Listens once it is entered or started; afterwards no thread, connection or port of it is left.

    `requests` are those for completions, in order of their arrival. `api_key`: others are refused; none: any is good.
    """

    def __init__(
        self,
        replies: Sequence[Reply] = (),
        *,
        default: Reply | None = None,
        script: Script | None = None,
        api_key: str = "",
        models: Sequence[str] = ("scripted",),
        port: int = 0,
    ) -> None:
        self.script = script or Script(replies, default)
        self.requests: list[Asked] = []
        self.connections = 0
        """That clients made."""
        self.api_key = api_key
        self.models = tuple(models)
        self.stopping = Event()
        self.changed = Condition()
        self._http = _Listener(port, self)
        self._thread = Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.02}, name="model-server")

    @property
    def port(self) -> int:
        return self._http.server_port

    @property
    def url(self) -> str:
        """For `base_url`."""
        return f"http://127.0.0.1:{self.port}/v1"

    def __enter__(self) -> "ModelServer":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        """Break off what is under way, and wait until all of it has ended."""
        self.stopping.set()
        if self._thread.is_alive():
            self._http.shutdown()
            self._thread.join()
        self._http.break_off()
        self._http.server_close()

    def wait(self, requests: int = 1, seconds: float = 10.0) -> list[Asked]:
        """The requests, once so many of them are over."""
        with self.changed:
            if not self.changed.wait_for(lambda: sum(asked.over for asked in self.requests) >= requests, seconds):
                raise AssertionError(f"after {seconds:g} s not {requests} requests are over: {self.requests}")
            return list(self.requests)


class _Listener(ThreadingHTTPServer):
    daemon_threads = False
    block_on_close = True
    request_queue_size = 128

    def __init__(self, port: int, server: ModelServer) -> None:
        self.model_server = server
        self._open: set[socket.socket] = set()
        super().__init__(("127.0.0.1", port), _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        self._open.add(request)
        self.model_server.connections += 1
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._open.discard(request)
        super().shutdown_request(request)

    def break_off(self) -> None:
        for connection in list(self._open):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is no error here."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


class _Gone(Exception):
    """The client left, the server stops, or the script cuts the connection."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = 60

    @property
    def _server(self) -> ModelServer:
        return cast("_Listener", self.server).model_server

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 -- its name there
        """Silent."""

    def do_GET(self) -> None:
        if self.path.rstrip("/").endswith("/models"):
            data = [{"id": name, "object": "model", "created": 0, "owned_by": "firmground"} for name in self._server.models]
            return self._whole(200, {"object": "list", "data": data})
        return self._whole(404, _error("no such place", "not_found"))

    def do_POST(self) -> None:
        length = self.headers.get("content-length", "")
        if not length.isdigit() or int(length) > _LONGEST_REQUEST:
            self.close_connection = True
            return self._whole(411, _error("a request needs its length", "invalid_request_error"))
        content = self.rfile.read(int(length))
        if self.path.rstrip("/") != "/v1/chat/completions":
            return self._whole(404, _error("no such place", "not_found"))
        body = _request(content)
        key = self.headers.get("authorization", "").removeprefix("Bearer ")
        server = self._server
        with server.changed:
            asked = Asked(len(server.requests) + 1, body, key)
            server.requests.append(asked)
        try:
            if server.api_key and key != server.api_key:
                asked.status = 401
                self._whole(401, _error(f"Incorrect API key provided: {key}", "invalid_api_key"))
            elif not body:
                asked.status = 400
                self._whole(400, _error("a request needs a model and messages", "invalid_request_error"))
            else:
                _Answer(self, server, asked, server.script.reply(body)).give()
        except _Gone:
            self.close_connection = True
        except OSError:
            asked.left = True
            self.close_connection = True
        finally:
            with server.changed:
                asked.over = True
                server.changed.notify_all()

    def _whole(self, status: int, body: dict[str, Any]) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


class _Answer:
    """One reply on its way to one client."""

    def __init__(self, handler: _Handler, server: ModelServer, asked: Asked, reply: Reply) -> None:
        self._handler = handler
        self._server = server
        self._asked = asked
        self._reply = reply
        self._chunked = False

    def give(self) -> None:
        body, reply = self._asked.body, self._reply
        self._stop_at("before_headers")
        refused = next((name for name in reply.refuses if name in body), None)
        if refused:
            said = f"Unsupported parameter: '{refused}' is not supported with this model."
            return self._send(400, "application/json", [_bytes(_error(said, "unsupported_parameter", refused))])
        if reply.body is not None:
            return self._send(reply.status, reply.content_type or "text/event-stream", [reply.body.encode("utf-8", "replace")])
        if reply.status != 200:
            said = reply.message or "the script says so"
            return self._send(reply.status, "application/json", [_bytes(_error(said, "scripted"))])
        if not body.get("stream"):
            text = "".join(self._pieces(spoken(reply, body)))
            return self._send(200, "application/json", [_bytes(self._completion(text))])
        return self._send(200, reply.content_type or "text/event-stream", self._events(spoken(reply, body)))

    def _events(self, text: str) -> Iterator[bytes]:
        reply = self._reply
        yield self._event({"role": "assistant", "content": ""})
        if reply.reasoning:
            yield self._event({"reasoning_content": reply.reasoning})
        if reply.refusal:
            yield self._event({"refusal": reply.refusal})
        else:
            for number, piece in enumerate(self._pieces(text)):
                event = self._event({"content": piece})
                yield event[: len(event) // 2] + b"\n\n" if reply.invalid_json and number == 1 else event
                if reply.error_event is not None:
                    yield (
                        b"data: "
                        + _bytes({"error": {"message": reply.message or "it broke", "code": reply.error_event}})
                        + b"\n\n"
                    )
        yield self._event({}, self._reply.finish)
        if reply.usage and cast("dict[str, Any]", self._asked.body.get("stream_options") or {}).get("include_usage"):
            yield (
                b"data: " + _bytes({**self._frame("chat.completion.chunk"), "choices": [], "usage": self._usage(text)}) + b"\n\n"
            )
        if reply.done:
            yield b"data: [DONE]\n\n"

    def _pieces(self, text: str) -> Iterator[str]:
        """Piece by piece, at the script's pace; no more than the request allows, except where the reply is endless."""
        most = self._asked.body.get("max_tokens") or self._asked.body.get("max_completion_tokens")
        for number, piece in enumerate(pieces(text, self._reply)):
            if isinstance(most, int) and number >= most and not self._reply.endless:
                self._reply = self._reply.model_copy(update={"finish": "length"})
                return
            self._wait(self._reply.delay if number else self._reply.first_delay)
            yield piece
            self._asked.pieces += 1
            self._asked.pieces_after_leaving += self._asked.left

    def _send(self, status: int, content_type: str, parts: Sequence[bytes] | Iterator[bytes]) -> None:
        handler, reply = self._handler, self._reply
        self._asked.status = status
        handler.send_response(status)
        handler.send_header("content-type", content_type)
        if reply.retry_after:
            handler.send_header("retry-after", reply.retry_after)
        self._chunked = not isinstance(parts, Sequence)
        if isinstance(parts, Sequence):
            handler.send_header("content-length", str(sum(map(len, parts))))
        else:
            handler.send_header("transfer-encoding", "chunked")
        handler.end_headers()
        self._stop_at("after_headers")
        for part in parts:
            self._write(part)
        self._write(b"")

    def _write(self, part: bytes) -> None:
        """Up to the place where the script ends it, in the middle of a chunk as well."""
        stops = [place for place in (self._reply.hang, self._reply.cut) if isinstance(place, int)]
        sent = self._asked.sent
        frame, end = (b"%x\r\n" % len(part), b"\r\n") if self._chunked else (b"", b"")
        if stops and sent <= min(stops) < sent + len(part):
            part = part[: min(stops) - sent]
            self._out(frame + part)
            self._asked.sent += len(part)
            self._stop_at(min(stops))
        if part or self._chunked:
            self._out(frame + part + end)
        self._asked.sent += len(part)

    def _out(self, content: bytes) -> None:
        if self._asked.left and self._reply.keep_speaking:
            return
        self._present()
        try:
            self._handler.wfile.write(content)
        except OSError:
            self._gone()

    def _stop_at(self, place: Place) -> None:
        if self._reply.cut == place:
            raise _Gone
        if self._reply.hang == place:
            while True:
                self._present(_LOOKS)

    def _wait(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            if self._asked.left:
                time.sleep(left)
            else:
                self._present(min(left, _LOOKS))

    def _present(self, seconds: float = 0.0) -> None:
        """Look for the client for so long; nobody sends anything while it waits for an answer, so what can be read is its leaving."""
        connection = self._handler.connection
        if self._server.stopping.is_set():
            raise _Gone
        if select.select([connection], [], [], seconds)[0]:
            try:
                here = bool(connection.recv(1, socket.MSG_PEEK))
            except OSError:
                here = False
            if not here:
                self._gone()
            elif seconds:
                time.sleep(seconds)

    def _gone(self) -> None:
        self._asked.left = True
        if not self._reply.keep_speaking:
            raise _Gone

    def _event(self, delta: dict[str, Any], finish: str | None = None) -> bytes:
        choice = {"index": 0, "delta": delta, "finish_reason": finish}
        return b"data: " + _bytes({**self._frame("chat.completion.chunk"), "choices": [choice]}) + b"\n\n"

    def _completion(self, text: str) -> dict[str, Any]:
        reply = self._reply
        message = {"role": "assistant", "content": None if reply.refusal else text, "refusal": reply.refusal or None}
        whole = {
            **self._frame("chat.completion"),
            "choices": [{"index": 0, "message": message, "finish_reason": self._reply.finish}],
        }
        return {**whole, "usage": self._usage(text)} if reply.usage else whole

    def _frame(self, kind: str) -> dict[str, Any]:
        return {"id": f"chatcmpl-{self._asked.number}", "object": kind, "created": 0, "model": self._asked.body["model"]}

    def _usage(self, text: str) -> dict[str, int]:
        read, written = tokens_of(self._asked.prompt), min(tokens_of(text), self._asked.pieces or 1)
        return {"prompt_tokens": read, "completion_tokens": written, "total_tokens": read + written}


def _request(content: bytes) -> dict[str, Any]:
    """The request in it; empty where it is none."""
    try:
        body = json.loads(content)
        good = isinstance(body["model"], str) and all(isinstance(each["role"], str) for each in body["messages"])
        return cast("dict[str, Any]", body) if good and body["messages"] else {}
    except (ValueError, TypeError, KeyError):
        return {}


def _bytes(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode("utf-8", "replace")


def _error(message: str, code: str, parameter: str | None = None) -> dict[str, Any]:
    return {"error": {"message": message, "type": "invalid_request_error", "code": code, "param": parameter}}


def main(arguments: Sequence[str] | None = None, *, until: Callable[[], object] | None = None) -> int:
    """Serve until `until` returns, or Ctrl-C."""
    parser = argparse.ArgumentParser(prog="python -m firmground.testing.model_server", description="A scripted model server.")
    parser.add_argument("--port", type=int, default=0, help="the port on 127.0.0.1; any free one when absent")
    parser.add_argument("--script", type=Path, help="a YAML file with `replies` and `default`")
    parser.add_argument("--api-key", default="", help="refuse requests with another key")
    options = parser.parse_args(arguments)
    try:
        script = read_script(options.script) if options.script else None
        server = ModelServer(script=script, port=options.port, api_key=options.api_key)
    except FirmgroundError as error:
        print(f"model_server: {error}", file=sys.stderr)
        return error.exit_code
    except (OSError, OverflowError) as error:
        print(f"model_server: port {options.port} cannot be used ({error}): name another with --port", file=sys.stderr)
        return 5
    with server, suppress(KeyboardInterrupt):
        print(f"base_url = {server.url}", flush=True)
        (until or Event().wait)()
    return 0


if __name__ == "__main__":
    sys.exit(main())
