"""Against a scripted server on the loopback interface."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import numpy as np
import pytest

from firmground.errors import InvalidInput, OutsideFailed
from firmground.models.openai_embedder import TEXTS_PER_REQUEST, OpenAIEmbedder
from firmground.ports import Embedder
from firmground.testing.embedder import EmbedderContract, FakeEmbedder

Script = Callable[[dict[str, Any]], tuple[int, Any]]


class Server:
    """Answers POST /v1/embeddings by a script; `asked` holds every request's body."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.script: Script = self.vectors
        self._fake = FakeEmbedder(dimension=16)
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                server.asked.append(body)
                server.headers.append({name.lower(): value for name, value in self.headers.items()})
                status, answer = server.script(body) if self.path == "/v1/embeddings" else (404, {})
                content = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(content)))
                self.send_header("retry-after-ms", "1")
                self.end_headers()
                with suppress(BrokenPipeError):  # the client gave up
                    self.wfile.write(content)

            def log_message(self, *args: object) -> None:
                pass

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._http.server_port}/v1"
        Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    def vectors(self, body: dict[str, Any]) -> tuple[int, Any]:
        """Not of length 1, and in reverse order: both are the client's to mend."""
        rows = 3 * self._fake.embed(body["input"])[:, : body.get("dimensions", 16)]
        data = [{"object": "embedding", "index": at, "embedding": row.tolist()} for at, row in enumerate(rows)]
        return 200, {
            "object": "list",
            "model": body["model"],
            "data": data[::-1],
            "usage": {"prompt_tokens": 1, "total_tokens": 1},
        }

    def close(self) -> None:
        self._http.shutdown()
        self._http.server_close()


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    yield server
    server.close()


@pytest.fixture
def opened() -> Iterator[list[OpenAIEmbedder]]:
    """Clients close their connections when the test ends."""
    embedders: list[OpenAIEmbedder] = []
    yield embedders
    for embedder in embedders:
        embedder.close()


@pytest.fixture
def connect(server: Server, opened: list[OpenAIEmbedder]) -> Callable[..., OpenAIEmbedder]:
    def connect(url: str = server.url, **options: Any) -> OpenAIEmbedder:
        opened.append(OpenAIEmbedder(url, "key", "embed-small", **{"timeout": 5.0, **options}))
        return opened[-1]

    return connect


class TestOpenAIEmbedder(EmbedderContract):
    @pytest.fixture
    def embedder(self, connect: Callable[..., OpenAIEmbedder]) -> Embedder:
        return connect()


def test_vectors_come_back_in_order_and_of_length_1(server, connect):
    texts = [f"text {number}" for number in range(TEXTS_PER_REQUEST + 5)]
    vectors = connect(dimension=16).embed(texts)
    np.testing.assert_allclose(vectors, FakeEmbedder(dimension=16).embed(texts), atol=1e-6)
    assert [len(body["input"]) for body in server.asked] == [TEXTS_PER_REQUEST, 5]


def test_the_server_is_told_nothing_of_this_machine(server, connect, monkeypatch):
    monkeypatch.setenv("OPENAI_ORG_ID", "org-of-another-server")
    monkeypatch.setenv("OPENAI_PROJECT_ID", "project-of-another-server")
    connect().embed(["leave"])
    assert {told["user-agent"] for told in server.headers} == {"firmground"}
    about = {name for told in server.headers for name in told if name.startswith(("x-stainless-", "openai-"))}
    assert about <= {"x-stainless-retry-count", "x-stainless-read-timeout"}


def test_equal_texts_are_asked_for_once(server, connect):
    connect(dimension=16).embed(["one", "two", "one", "one"])
    assert [body["input"] for body in server.asked] == [["one", "two"]]


def test_the_dimension_is_asked_of_the_server_where_one_is_configured(server, connect):
    assert connect(dimension=4).embed(["one"]).shape == (1, 4)
    assert server.asked[0]["dimensions"] == 4


def test_the_dimension_is_learnt_from_the_server_where_none_is(server, connect):
    assert connect().dimension == 16
    assert "dimensions" not in server.asked[0]


def test_a_server_that_ignores_the_dimension_is_found_out(server, connect):
    server.script = lambda body: server.vectors({**body, "dimensions": 8})
    with pytest.raises(OutsideFailed, match="8 numbers instead of 4"):
        connect(dimension=4).embed(["one"])


def test_the_id_tells_models_and_dimensions_apart_but_not_servers(connect):
    ids = [OpenAIEmbedder("http://a", "k", model, dimension).id for model, dimension in [("a", None), ("b", None), ("a", 256)]]
    assert len(set(ids)) == 3
    assert OpenAIEmbedder("http://b", "other key", "a").id == ids[0]


def test_a_passing_failure_is_tried_again(server, connect):
    server.script = lambda body: (503, {"error": "busy"}) if len(server.asked) < 3 else server.vectors(body)
    assert connect(dimension=16).embed(["one"]).shape == (1, 16)
    assert len(server.asked) == 3


@pytest.mark.parametrize(
    ("status", "answer", "says"),
    [
        (401, {"error": {"message": "no"}}, "refused the API key: check the environment"),
        (404, {"error": {"message": "no"}}, "does not know the model embed-small: check"),
        (400, {"error": {"message": "too\nlong"}}, "status 400"),
        (500, {"error": {"message": "oops"}}, "status 500"),
        (200, b"<html>hello</html>", "makes no sense"),
        (200, {"object": "list", "data": []}, "makes no sense"),
        (200, {"data": [{"index": 0, "embedding": [0.0, 0.0]}]}, "zeros"),
        (200, {"data": [{"index": 0, "embedding": ["a", "b"]}]}, "makes no sense"),
        (200, b'{"data": [{"index": 0, "embedding": [NaN, 1]}]}', "makes no sense"),
    ],
)
def test_what_a_server_does_wrong_is_one_line(server, connect, status, answer, says):
    server.script = lambda _: (status, answer)
    with pytest.raises(OutsideFailed, match=says) as failed:
        connect(dimension=2, retries=0).embed(["one"])
    assert "\n" not in str(failed.value)


def test_a_server_that_is_not_there_is_one_line(server, connect):
    server.close()
    with pytest.raises(OutsideFailed, match=r"cannot be reached .*: check base_url"):
        connect(dimension=2, retries=0).embed(["one"])


def test_a_server_that_does_not_answer_in_time_is_one_line(server, connect):
    def late(body: dict[str, Any]) -> tuple[int, Any]:
        time.sleep(0.5)
        return server.vectors(body)

    server.script = late
    with pytest.raises(OutsideFailed, match=r"did not answer within 0.1 s: try again"):
        connect(dimension=2, retries=0, timeout=0.1).embed(["one"])


def test_an_address_that_is_none_is_the_callers_mistake(connect):
    with pytest.raises(InvalidInput, match="begin base_url with"):
        connect("localhost:8000")
