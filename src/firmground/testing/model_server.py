"""A model server that follows a script: it speaks the OpenAI protocol over real HTTP on the loopback interface.

    with ModelServer([Reply(status=429, retry_after="1")]) as server:
        ...  # base_url = server.url
    assert [request.status for request in server.requests] == [429, 200]

Without a script it answers truthfully from the passages in the prompt. As a program: `python -m firmground.testing.model_server --help`.
"""

import argparse
import json
import socket
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Condition, Event, Thread
from typing import Any, cast

from firmground.errors import FirmgroundError
from firmground.testing.model_answer import Answer, Asked, Gone, error_body
from firmground.testing.model_script import Reply, Script, read_script

__all__ = ["Asked", "ModelServer", "Reply", "Script", "main"]

_LONGEST_REQUEST = 64_000_000


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

    def wait(self, requests: int = 1, seconds: float = 60.0) -> list[Asked]:
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
        return self._whole(404, error_body("no such place", "not_found"))

    def do_POST(self) -> None:
        length = self.headers.get("content-length", "")
        if not length.isdigit() or int(length) > _LONGEST_REQUEST:
            self.close_connection = True
            return self._whole(411, error_body("a request needs its length", "invalid_request_error"))
        content = self.rfile.read(int(length))
        if self.path.rstrip("/") != "/v1/chat/completions":
            return self._whole(404, error_body("no such place", "not_found"))
        body = _request(content)
        key = self.headers.get("authorization", "").removeprefix("Bearer ")
        server = self._server
        with server.changed:
            asked = Asked(len(server.requests) + 1, body, key, {name.lower(): value for name, value in self.headers.items()})
            server.requests.append(asked)
        try:
            if server.api_key and key != server.api_key:
                asked.status = 401
                self._whole(401, error_body(f"Incorrect API key provided: {key}", "invalid_api_key"))
            elif not body:
                asked.status = 400
                self._whole(400, error_body("a request needs a model and messages", "invalid_request_error"))
            else:
                Answer(self, server.stopping, asked, server.script.reply(body)).give()
        except Gone:
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


def _request(content: bytes) -> dict[str, Any]:
    """The request in it; empty where it is none."""
    try:
        body = json.loads(content)
        good = isinstance(body["model"], str) and all(isinstance(each["role"], str) for each in body["messages"])
        return cast("dict[str, Any]", body) if good and body["messages"] else {}
    except (ValueError, TypeError, KeyError):
        return {}


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
