"""Nobody takes the server from the others: by calls, by long work, or by questions."""

import json
from collections.abc import Generator
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor, wait
from http.client import HTTPConnection
from pathlib import Path
from threading import Event
from typing import Any

import httpx2
import pytest
from inside import bearer, with_account, with_owner
from listening import Listening, listening, until

from firmground.app.access import keys
from firmground.app.app import App
from firmground.testing.model_server import Reply
from firmground.web.limits import Limits
from firmground.web.openai import embeddings
from firmground.web.problems import Overloaded
from firmground.web.streams import Streams
from firmground.web.turns import Turns


@pytest.fixture
def turns() -> Generator[Turns]:
    made = Turns("test", threads=3, waiting=5, of_one=2, waiting_of_one=2)
    yield made
    made.close()


def test_one_asker_has_some_threads_and_the_others_theirs(turns: Turns):
    end, begun = Event(), list[Event]()

    def work() -> None:
        begun[-1].set()
        end.wait()

    held: list[Future[Any]] = []
    for _ in range(2):
        begun.append(Event())
        held.append(turns.take("eve", work))
        assert begun[-1].wait(60)
    held += [turns.take("eve", end.wait) for _ in range(2)]
    with pytest.raises(Overloaded, match="your requests"):
        turns.take("eve", end.wait)
    assert turns.take("bob", lambda: 7).result(60) == 7
    assert not any(each.done() for each in held)
    end.set()
    assert len(wait(held, 60).done) == 4
    assert turns.take("eve", lambda: 8).result(60) == 8


def test_who_has_much_waiting_is_behind_the_others_after_each_of_it():
    turns = Turns("test", threads=1, waiting=20, of_one=1)
    begin, order = Event(), list[str]()
    held: list[Future[Any]] = [turns.take("", lambda: begin.wait(60))]
    held += [turns.take("eve", lambda: order.append("eve")) for _ in range(3)]
    held += [turns.take("bob", lambda: order.append("bob"))]
    begin.set()
    assert len(wait(held, 60).done) == 5
    assert order == ["eve", "bob", "eve", "eve"]
    turns.close()


def test_all_together_may_have_no_more_waiting_than_there_is_room(turns: Turns):
    end = Event()
    held = [turns.take(f"asker {n // 2}", end.wait) for n in range(8)]
    with pytest.raises(Overloaded, match="answered soon"):
        turns.take("one more", end.wait)
    end.set()
    assert len(wait(held, 60).done) == 8


def test_what_is_cancelled_while_it_waits_is_left_out(turns: Turns):
    end, done = Event(), list[int]()
    held = [turns.take("eve", end.wait) for _ in range(2)]
    waiting = turns.take("eve", lambda: done.append(1))
    assert waiting.cancel()
    end.set()
    wait(held, 60)
    assert turns.take("eve", lambda: 9).result(60) == 9
    assert not done


def test_what_fails_is_told_to_whoever_waits_for_it(turns: Turns):
    def fail() -> None:
        raise ValueError("no")

    for _ in range(4):
        with pytest.raises(ValueError, match="no"):
            turns.take("eve", fail).result(60)


def test_when_it_closes_nobody_waits_for_ever():
    turns = Turns("test", threads=1, waiting=5, of_one=1)
    begun, end = Event(), Event()

    def work() -> None:
        begun.set()
        end.wait(60)

    turns.take("eve", work)
    assert begun.wait(60)
    waiting = turns.take("eve", lambda: 1)
    waiting.add_done_callback(lambda _: end.set())
    turns.close()
    with pytest.raises(CancelledError):
        waiting.result(60)


class Embedding:
    """Takes as long as it is let, instead of embedding."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.begun: list[int] = []
        self.end = Event()
        patch.setattr(embeddings, "_embedded", self)

    def __call__(self, app: object, actor: object, texts: list[str], start: int, coded: bool) -> list[dict[str, Any]]:
        self.begun.append(start)
        assert self.end.wait(20)
        return [{"index": start + place} for place in range(len(texts))]


@pytest.fixture
def house(tmp_path: Path) -> Generator[Listening]:
    with listening(tmp_path, default=Reply(delay=0.01, pieces="token"), limits=Limits(calls_of_one=2, waiting_of_one=3)) as on:
        with_owner(on.served)
        for name in ("eve", "bob"):
            with_account(on.served, name)
        yield on


def embed(on: Listening, headers: dict[str, str], texts: int = 40) -> httpx2.Response:
    return httpx2.post(
        f"{on.address}/v1/embeddings", json={"model": "firmground", "input": ["word"] * texts}, headers=headers, timeout=30
    )


def test_much_to_embed_for_one_leaves_the_server_to_the_others(house: Listening, monkeypatch: pytest.MonkeyPatch):
    work = Embedding(monkeypatch)
    eve, bob = bearer(house.served, "eve", "e"), bearer(house.served, "bob", "b")
    with ThreadPoolExecutor(6) as crowd:
        made = [crowd.submit(embed, house, eve) for _ in range(6)]
        until(lambda: sum(each.done() for each in made) == 2)
        assert {each.result().status_code for each in made if each.done()} == {429}
        assert house.client.post("/api/v1/search", json={"query": "vacation"}, headers=bob).status_code == 200
        assert house.client.post("/api/v1/search", json={"query": "vacation"}, headers=eve).status_code == 200
        assert house.client.get("/login").status_code == 200
        others = crowd.submit(embed, house, bob, 1)
        until(lambda: len(work.begun) == 2)
        work.end.set()
        assert others.result().status_code == 200
        assert sorted(each.result().status_code for each in made) == [200, 200, 200, 200, 429, 429]
    for response in (each.result() for each in made):
        if response.status_code == 200:
            assert [each["index"] for each in response.json()["data"]] == list(range(40))


def test_what_is_embedded_for_somebody_who_left_ends_with_its_part(house: Listening, monkeypatch: pytest.MonkeyPatch):
    work = Embedding(monkeypatch)
    eve = bearer(house.served, "eve", "e")
    body = json.dumps({"model": "firmground", "input": ["word"] * 40})
    leaving = HTTPConnection(house.address.removeprefix("http://"), timeout=30)
    leaving.request("POST", "/v1/embeddings", body, {**eve, "Content-Type": "application/json"})
    until(lambda: work.begun)
    leaving.close()
    until(lambda: not house.server.server_state.tasks)
    work.end.set()
    until(lambda: not house.served._parts._lines)
    assert embed(house, eve, 1).status_code == 200
    assert work.begun == [0, 0]


def test_one_person_has_only_some_answers_under_way_with_all_their_keys(house: Listening):
    house.served.streams = Streams(house.served.stopping, most_of_one=1)
    eve, again, bob = (bearer(house.served, *who) for who in (("eve", "e"), ("eve", "f"), ("bob", "b")))
    with house.stream(headers=eve) as (_, stream):
        next(stream)
        for headers in (eve, again):
            refused = house.ask(headers=headers)
            assert (refused.status_code, refused.json()["type"]) == (503, "urn:firmground:problem:overloaded")
            assert "for you" in refused.json()["detail"]
        assert house.ask(headers=bob).status_code == 200
        assert list(stream)[-1][1] == "done"
    until(lambda: house.ask(headers=eve).status_code == 200)


@pytest.mark.parametrize("filters", [{f"key {n}": 1 for n in range(50_000)}, {"uri": ["x"] * 1001}])
def test_more_filters_than_anybody_needs_are_refused_at_every_door(house: Listening, filters: dict[str, Any]):
    eve = bearer(house.served, "eve", "e")
    for path in ("search", "answers"):
        words = {"query" if path == "search" else "question": "vacation days", "filters": filters}
        response = house.client.post(f"/api/v1/{path}", json=words, headers=eve)
        assert (response.status_code, response.json()["type"]) == (422, "urn:firmground:problem:invalid-fields")
        assert len(response.json()["errors"]) <= 6
    asked = {"messages": [{"role": "user", "content": "vacation"}], "model": "firmground", "firmground": {"filters": filters}}
    refused = house.client.post("/v1/chat/completions", json=asked, headers=eve)
    assert (refused.status_code, refused.json()["error"]["param"]) == (400, "firmground.filters")


def test_who_comes_again_and_again_with_the_same_key_waits_at_the_door_behind_the_others(
    house: Listening, monkeypatch: pytest.MonkeyPatch
):
    eve, bob = bearer(house.served, "eve", "e"), bearer(house.served, "bob", "b")
    known, end, looked = keys.bearer, Event(), list[str]()

    def slow(app: App, digest: str) -> keys.Bearer | None:
        found = known(app, digest)
        assert found is not None
        looked.append(found.actor.person)
        assert found.actor.person == "bob" or end.wait(20)
        return found

    monkeypatch.setattr(keys, "bearer", slow)
    with ThreadPoolExecutor(5) as crowd:
        made = [crowd.submit(httpx2.get, f"{house.address}/api/v1/answers", headers=eve, timeout=30) for _ in range(5)]
        until(lambda: len(looked) == 2)
        assert house.client.get("/api/v1/answers", headers=bob).status_code == 200
        assert looked == ["eve", "eve", "bob"]
        end.set()
        assert {each.result().status_code for each in made} == {200}
