"""The web door on a socket, with a scripted language model behind it."""

import asyncio
import json
import signal
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Thread
from typing import Any

import httpx2
from serving import LEAVE, TRAVEL

from firmground.app.app import App
from firmground.app.corpus.sync import sync
from firmground.models.openai_model import OpenAIModel
from firmground.settings import Settings
from firmground.testing.app import ADMINISTRATOR, Bench
from firmground.testing.model_server import ModelServer, Reply
from firmground.web.application import application
from firmground.web.limits import Limits
from firmground.web.served import Served
from firmground.web.server import Server, listen
from firmground.web.streams import Streams

ROUTE = "pages"
QUESTION = "how many vacation days may I carry over?"
SAID = "Every employee may carry over five vacation days into the next year."


@dataclass
class Listening:
    app: App
    served: Served
    server: Server
    model: ModelServer
    address: str
    client: httpx2.Client

    def ask(self, question: str = QUESTION, **more: Any) -> httpx2.Response:
        headers = more.pop("headers", {})
        return self.client.post("/api/v1/answers", json={"question": question, **more}, headers=headers)

    @contextmanager
    def stream(self, question: str = QUESTION, **more: Any) -> Generator[tuple[httpx2.Response, Iterator[tuple[int, str, Any]]]]:
        headers = more.pop("headers", {})
        body = {"question": question, "stream": True, **more}
        with self.client.stream("POST", "/api/v1/answers", json=body, headers=headers) as response:
            yield response, events(response)

    @contextmanager
    def events(self, id: str, after: int = 0, **headers: str) -> Generator[Iterator[tuple[int, str, Any]]]:
        with self.client.stream("GET", f"/api/v1/answers/{id}/events", params={"after": after}, headers=headers) as response:
            assert response.status_code == 200, response.read()
            yield events(response)


@contextmanager
def listening(
    place: Path,
    *replies: Reply,
    default: Reply | None = None,
    said: bool = True,
    streams: dict[str, Any] | None = None,
    limits: Limits | None = None,
    rules: Sequence[dict[str, Any]] = (),
    documents: dict[str, str] | None = None,
) -> Generator[Listening]:
    """`replies` are what the model says, one after another; without `said` answers are extractive. `rules` are those of reviews."""
    answer: dict[str, Any] = {"threshold": 0.001, "model": "local/scripted"} if said else {"threshold": 0.001}
    with ModelServer(replies, default=default) as model:
        given = {"answer": answer, "models": {"local": {"base_url": model.url}}, "serve": {"cached_answers": 0}}
        given["notifications"] = [
            {"name": ROUTE, "owner": "ada", "events": ["budget.alert"], "channel": "page", "roles": ["owner"]}
        ]
        given["review"] = {"rules": rules}
        bench = Bench(place, settings=Settings.model_validate(given))
        texts = {"leave.md": LEAVE, "travel.md": TRAVEL} if documents is None else documents
        bench.source.contents.update({name: text.encode() for name, text in texts.items()})
        bench.models["local/scripted"] = OpenAIModel("local/scripted", model.url, "", "scripted")
        with bench.app() as app:
            sync(app, ADMINISTRATOR)
            served = Served(app, limits=limits)
            if streams:
                served.streams = Streams(served.stopping, **streams)
            assert served.open_parts()
            with _running(served) as (server, address), httpx2.Client(base_url=address, timeout=30) as client:
                yield Listening(app, served, server, model, address, client)


@contextmanager
def _running(served: Served) -> Generator[tuple[Server, str]]:
    socket, ready = listen("127.0.0.1", 0), Event()
    server = Server(application(served), served, lambda _: ready.set())
    thread = Thread(target=lambda: asyncio.run(server.serve(sockets=[socket])))
    thread.start()
    assert ready.wait(60)
    try:
        yield server, f"http://127.0.0.1:{socket.getsockname()[1]}"
    finally:
        if not server.should_exit:
            server.handle_exit(signal.SIGTERM, None)
        thread.join()
        served.close()
        socket.close()


def events(response: httpx2.Response) -> Iterator[tuple[int, str, Any]]:
    """(number, kind, data) of server-sent events."""
    fields: dict[str, str] = {}
    for line in response.iter_lines():
        name, _, value = line.partition(": ")
        if line:
            fields[name] = value
        elif "event" in fields:
            yield int(fields["id"]), fields["event"], json.loads(fields["data"])
            fields = {}


def until(condition: Callable[[], object], seconds: float = 60.0) -> None:
    """Wait for something that happens elsewhere."""
    looks = 0
    while not condition():
        looks += 1
        assert looks < seconds * 100, "it did not happen"
        time.sleep(0.01)
