"""Answers sentence by sentence: events, coming back, leaving, repeating, and a server that stops."""

import signal
import socket
import threading
from pathlib import Path

import httpx2
import pytest
from listening import QUESTION, SAID, listening, until

from firmground.errors import NotFound
from firmground.serve.composing import pieces
from firmground.testing.model_server import Reply
from firmground.types import Actor, Answer, Event, Sentence
from firmground.web.limits import Limits
from firmground.web.streams import Key, Stream, Streams

SLOW = Reply(delay=0.01, pieces="token")
ENDLESS = Reply(say="Every employee may carry over five vacation days [1]. ", endless=True, delay=0.01)


def test_an_answer_comes_as_numbered_events_and_ends_with_the_whole_answer(tmp_path: Path):
    with listening(tmp_path) as on, on.stream() as (response, stream):
        assert response.headers["content-type"].startswith("text/event-stream")
        told = list(stream)
        assert [n for n, _, _ in told] == list(range(1, len(told) + 1))
        kinds = [kind for _, kind, _ in told]
        assert kinds[0] == "status"
        assert kinds[-1] == "done"
        assert kinds.index("citation") < kinds.index("sentence")
        answer = Answer.model_validate(told[-1][2])
        assert told[0][2]["id"] == answer.id
        assert response.headers["content-location"] == f"/api/v1/answers/{answer.id}/events"
        said = [data for _, kind, data in told if kind == "sentence"]
        assert [each["text"] for each in said] == [each.text for each in answer.sentences] == [SAID]
        assert "".join(each["shown"] for each in said) == answer.text
        assert Answer.model_validate(on.client.get(f"/api/v1/answers/{answer.id}").json()) == answer


def test_an_answer_is_streamed_without_a_model_too(tmp_path: Path):
    with listening(tmp_path, said=False) as on, on.stream() as (_, stream):
        assert {"sentence", "citation", "done"} <= {kind for _, kind, _ in stream}


def test_an_answer_that_is_repeated_is_told_sentence_by_sentence_too():
    text = "One [1]. [1]\n\nTwo [2] One. [1][2]"
    sentences = [Sentence(text=each, citations=(1,)) for each in ("One [1].", "Two", "One.")]
    assert pieces(text, sentences) == ["One [1]. [1]\n\n", "Two [2] ", "One. [1][2]"]
    assert pieces("Nothing.", []) == []


def test_what_fails_at_once_is_told_by_its_status(tmp_path: Path):
    with listening(tmp_path) as on:
        for question, more, status in (
            (" ", {}, 400),
            (QUESTION, {"conversation": "none"}, 404),
            (QUESTION, {"filters": {"x": 1}}, 400),
        ):
            response = on.ask(question, stream=True, **more)
            assert response.status_code == status
            assert response.headers["content-type"] == "application/problem+json"


def test_who_comes_back_reads_on_where_they_were(tmp_path: Path):
    with listening(tmp_path, default=SLOW) as on:
        with on.stream() as (_, stream):
            before = [next(stream), next(stream)]
            id = before[0][2]["id"]
        with on.events(id, after=2) as stream:
            rest = list(stream)
        assert [n for n, _, _ in rest] == list(range(3, 3 + len(rest)))
        assert rest[-1][1] == "done"
        with on.events(id, **{"Last-Event-ID": str(rest[-1][0] - 1)}) as stream:
            assert list(stream) == [rest[-1]]
        last = on.client.get(f"/api/v1/answers/{id}/events", params={"after": rest[-1][0]})
        assert (last.status_code, last.content) == (204, b"")
        assert len(on.model.requests) == 1


def test_several_read_one_answer(tmp_path: Path):
    with listening(tmp_path, default=SLOW) as on, on.stream() as (_, first):
        begun = next(first)
        with on.events(begun[2]["id"]) as second:
            assert list(second) == [begun, *first]


def test_when_the_log_is_gone_the_kept_answer_is_the_end_of_it(tmp_path: Path):
    with listening(tmp_path, streams={"kept_seconds": 0.0}) as on:
        answer = on.ask().json()
        with on.events(answer["id"], after=7) as stream:
            assert list(stream) == [(8, "done", answer)]
        assert on.client.get("/api/v1/answers/nowhere/events").status_code == 404


def test_what_was_erased_meanwhile_is_not_told_again(tmp_path: Path):
    from firmground.app.corpus.documents import purge

    with listening(tmp_path) as on:
        answer = on.ask().json()
        purge(on.app, on.served.local_actor, answer["citations"][0]["document"])
        response = on.client.get(f"/api/v1/answers/{answer['id']}/events")
        assert "five vacation days" not in response.text.replace(QUESTION, "")
        assert "event: done" in response.text


def test_nobody_else_reads_it(tmp_path: Path):
    with listening(tmp_path, default=SLOW) as on, on.stream() as (_, stream):
        id = next(stream)[2]["id"]
        on.served.local_actor = Actor(person="somebody", role="owner", via="http")
        assert on.client.get(f"/api/v1/answers/{id}/events").status_code == 404
        assert list(stream)[-1][1] == "done"
        assert on.client.get(f"/api/v1/answers/{id}/events").status_code == 404


@pytest.mark.parametrize("streamed", [True, False])
def test_when_the_last_reader_leaves_the_model_stops_and_nothing_is_kept(tmp_path: Path, streamed: bool):
    with listening(tmp_path, default=ENDLESS, streams={"grace": 0.1}) as on:
        if streamed:
            with on.stream() as (_, stream):
                assert next(told for told in stream if told[1] == "sentence")
        else:
            with pytest.raises(httpx2.ReadTimeout):
                on.client.post("/api/v1/answers", json={"question": QUESTION}, timeout=0.5)
        [asked] = on.model.wait()
        assert (asked.left, asked.pieces_after_leaving) == (True, 0)
        until(lambda: all(stream.over for stream in on.served.streams._streams.values()))
        assert on.client.get("/api/v1/answers").json() == {"answers": [], "next": None}


def test_as_long_as_one_reads_it_goes_on(tmp_path: Path):
    with listening(tmp_path, default=SLOW, streams={"grace": 0.2}) as on, on.stream() as (_, first):
        id = next(first)[2]["id"]
        with on.events(id):
            next(first)
        assert list(first)[-1][1] == "done"


def test_a_server_that_holds_enough_refuses_the_next(tmp_path: Path):
    with listening(tmp_path, default=SLOW, streams={"most": 1}) as on, on.stream() as (_, stream):
        next(stream)
        response = on.ask()
        assert (response.status_code, response.json()["type"]) == (503, "urn:firmground:problem:overloaded")
        assert response.headers["retry-after"]
        assert list(stream)[-1][1] == "done"
        assert on.ask().status_code == 200


def test_one_that_waits_for_a_thread_is_told_so_and_comes_to_its_turn(tmp_path: Path):
    with listening(tmp_path, default=SLOW, streams={"threads": 1}) as on, on.stream() as (_, first):
        next(first)
        with on.stream("who refunds train tickets in second class?") as (_, second):
            assert next(second)[2]["status"] == "waiting"
            assert list(second)[-1][1] == "done"


def test_what_waits_and_is_wanted_no_more_gives_its_place_away(tmp_path: Path):
    with listening(tmp_path, default=ENDLESS, streams={"threads": 1, "most": 2, "grace": 0.2}) as on, on.stream() as (_, first):
        next(first)
        with on.stream("train tickets?"):
            assert on.ask().status_code == 503
        until(lambda: any(stream.given_up() for stream in on.served.streams._streams.values()))
        with on.stream("train tickets?") as (response, _):
            assert response.status_code == 200


def test_a_server_that_stops_lets_answers_end_and_takes_no_new_ones(tmp_path: Path):
    with listening(tmp_path, default=SLOW) as on, on.stream() as (_, stream):
        next(stream)
        on.server.handle_exit(signal.SIGTERM, None)
        with pytest.raises(httpx2.TransportError):
            until(lambda: httpx2.post(on.address + "/api/v1/answers", json={"question": QUESTION}).status_code != 503)
        assert list(stream)[-1][1] == "done"


def test_a_server_that_stops_waits_no_longer_than_it_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("firmground.web.served._DRAIN_SECONDS", 0.2)
    with listening(tmp_path, default=ENDLESS) as on, on.stream() as (_, stream):
        next(stream)
        on.server.handle_exit(signal.SIGTERM, None)
        _, kind, problem = list(stream)[-1]
        assert (kind, problem["status"], problem["type"]) == ("error", 503, "urn:firmground:problem:not-ready")


def test_the_same_key_gets_the_same_answer(tmp_path: Path):
    key = {"Idempotency-Key": "a-1"}
    with listening(tmp_path) as on:
        first = on.ask(headers=key)
        assert first.json() == on.ask(headers=key).json()
        on.served.streams.forget(next(iter(on.served.streams._streams.values())))
        assert on.ask(headers=key).json() == first.json()
        with on.stream(headers=key) as (_, stream):
            assert list(stream) == [(1, "done", first.json())]
        assert on.ask().json()["id"] != first.json()["id"]
        assert len(on.client.get("/api/v1/answers").json()["answers"]) == 2

        other = on.ask("who refunds train tickets?", headers=key)
        assert (other.status_code, other.json()["type"]) == (422, "urn:firmground:problem:idempotency-key-reused")
        assert on.ask(headers={"Idempotency-Key": "two words"}).status_code == 422


def test_a_key_joins_the_answer_that_is_under_way(tmp_path: Path):
    key = {"Idempotency-Key": "a-1"}
    with listening(tmp_path, default=SLOW) as on, on.stream(headers=key) as (_, stream):
        begun = next(stream)
        assert on.ask("train tickets?", headers=key).status_code == 422
        answer = on.ask(headers=key).json()
        assert answer["id"] == begun[2]["id"]
        assert list(stream)[-1][2] == answer
        assert len(on.model.requests) == 1


def test_a_day_later_a_key_is_new(tmp_path: Path):
    from datetime import timedelta

    key = {"Idempotency-Key": "a-1"}
    with listening(tmp_path, streams={"kept_seconds": 0.0}) as on:
        first = on.ask(headers=key).json()["id"]
        on.app.clock.now += timedelta(hours=23)
        assert on.ask(headers=key).json()["id"] == first
        on.app.clock.now += timedelta(hours=2)
        assert on.ask(headers=key).json()["id"] != first


def test_my_answers_come_newest_first_in_pages(tmp_path: Path):
    with listening(tmp_path, said=False) as on:
        asked = [on.ask().json()["id"] for _ in range(3)]
        seen, before = [], ""
        while before is not None:
            page = on.client.get("/api/v1/answers", params={"limit": 2, "before": before}).json()
            seen += [answer["id"] for answer in page["answers"]]
            before = page["next"]
        assert seen == asked[::-1]
        on.served.local_actor = Actor(person="somebody", role="owner", via="http")
        assert on.client.get("/api/v1/answers").json()["answers"] == []


def test_what_the_client_has_already_is_not_sent_again(tmp_path: Path):
    with listening(tmp_path, said=False) as on:
        answer = on.ask().json()
        for path in (f"answers/{answer['id']}", "documents", f"documents/{answer['citations'][0]['document']}"):
            first = on.client.get(f"/api/v1/{path}")
            again = on.client.get(f"/api/v1/{path}", headers={"If-None-Match": f'"x", W/{first.headers["etag"]}'})
            assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", first.headers["etag"])
            assert on.client.get(f"/api/v1/{path}", headers={"If-None-Match": '"x"'}).content == first.content


def test_one_who_sends_no_request_is_let_go(tmp_path: Path):
    with (
        listening(tmp_path, limits=Limits(request=0.2)) as on,
        socket.create_connection(("127.0.0.1", int(on.address.rpartition(":")[2])), timeout=10) as slow,
    ):
        slow.sendall(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ")
        assert slow.recv(100) == b""
        assert on.client.get("/healthz").status_code == 200


def test_a_stalled_client_is_cut_off_and_holds_nothing(tmp_path: Path):
    with listening(tmp_path, limits=Limits(stalled=0.2)) as on:
        stream = Stream("1", on.served.local_actor, request_id="x", key=None, grace=0)
        for _ in range(200):
            stream.write("status", {"status": "x" * 100_000})
        on.served.streams._streams["1"] = stream
        with socket.create_connection(("127.0.0.1", int(on.address.rpartition(":")[2]))) as stalled:
            stalled.sendall(b"GET /api/v1/answers/1/events HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
            until(lambda: stream.readers == 1)
            until(lambda: stream.readers == 0)
            assert on.client.get("/healthz").status_code == 200
        stream.end(NotFound("it was made up"))


def test_a_quiet_stream_shows_that_it_lives():
    import asyncio

    from firmground.web.streams import frames

    async def two() -> list[str]:
        told = frames(Stream("1", Actor(person="a"), request_id="", key=None, grace=0), beat=0.01)
        got = [await anext(told), await anext(told)]
        await told.aclose()
        return got

    status, comment = asyncio.run(two())
    assert status.startswith("id: 1\nevent: status\n")
    assert comment.startswith(":")


def test_an_answer_that_never_ends_talking_is_stopped():
    stream = Stream("1", Actor(person="a"), request_id="", key=None, grace=100)
    while not stream.given_up():
        stream.write("status", {"status": "x" * 100_000})
    assert stream.last < 100


def test_what_nobody_planned_for_is_an_error_without_its_words():
    def make(**_: object) -> Answer:
        raise RuntimeError("secret of the house")

    streams = Streams(threading.Event())
    stream = streams.begin("1", Actor(person="a"), make, request_id="r-1")
    until(lambda: stream.over)
    streams.close()
    assert "secret" not in str(stream.error)
    assert "r-1" in str(stream.error)


def test_only_the_latest_logs_stay():
    done = Answer.model_construct(id="x")

    def make(*, listen, cancelled) -> Answer:
        listen(Event(kind="status", data={"status": "x"}))
        return done

    streams = Streams(threading.Event(), kept=2)
    for n in range(5):
        stream = streams.begin(str(n), Actor(person="a"), make)
        until(lambda stream=stream: stream.over)
    with pytest.raises(NotFound):
        streams.find("1", Actor(person="a"))
    assert streams.find("4", Actor(person="a")).last == 3
    streams.close()


def test_a_repeated_request_joins_an_answer_only_with_the_rights_it_is_made_with():
    streams = Streams(threading.Event())
    end = threading.Event()

    def make(**_: object) -> Answer:
        end.wait(60)
        return Answer.model_construct(id="x")

    before, now = Actor(person="a", groups=frozenset({"public", "hr"})), Actor(person="a")
    first = streams.begin("1", before, make, key=Key("k", "b"))
    assert streams.begin("2", before.model_copy(update={"key": "of a program"}), make, key=Key("k", "b")) is first
    assert streams.begin("3", now, make, key=Key("k", "b")).id == "3"
    end.set()
    streams.close()
