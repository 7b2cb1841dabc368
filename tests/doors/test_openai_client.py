"""The client of the OpenAI protocol as programs use it: waiting or not, in pieces or whole, leaving early, and told what went wrong."""

import asyncio
import json
import re
import socket
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any

import openai
import pytest
from inside import with_owner
from listening import QUESTION, SAID, Listening, listening, until
from serving import serving

from firmground.app.access.keys import add_key, add_widget_key, remove_key
from firmground.app.access.people import add_person
from firmground.app.launching.releases import RECIPES
from firmground.errors import Damaged
from firmground.testing.app import ADMINISTRATOR
from firmground.testing.model_server import Reply
from firmground.types import Answer
from firmground.web.openai.answered import WITHDRAWN, Chunks
from firmground.web.streams import Stream, Streams

ASKED: list[Any] = [{"role": "user", "content": QUESTION}]
LATE = Reply(first_delay=60)
ENDLESS = Reply(say=f"{SAID} [1] ", endless=True, delay=0.01)
BRIEF = {"grace": 0.05}


@pytest.fixture(scope="module")
def writing(tmp_path_factory: pytest.TempPathFactory) -> Generator[Listening]:
    with listening(tmp_path_factory.mktemp("writing")) as on:
        yield on


MADE: list[openai.OpenAI] = []


@pytest.fixture(autouse=True)
def closed() -> Generator[None]:
    yield
    while MADE:
        MADE.pop().close()


def client(on: Listening, **more: Any) -> openai.OpenAI:
    MADE.append(openai.OpenAI(**{"base_url": f"{on.address}/v1", "api_key": "any", "max_retries": 0, **more}))
    return MADE[-1]


def complete(on: Listening, **more: Any) -> Any:
    return client(on).chat.completions.create(**{"model": "firmground", "messages": ASKED, **more})


def in_time(on: Listening, what: Callable[[openai.AsyncOpenAI], Any], **more: Any) -> Any:
    """What a program of the other kind gets."""

    async def run() -> Any:
        async with openai.AsyncOpenAI(base_url=f"{on.address}/v1", api_key="any", max_retries=0, **more) as made:
            return await what(made)

    return asyncio.run(run())


def text_of(chunks: list[Any]) -> str:
    return "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)


# ---------------------------------------------------------------- asking


def test_a_program_that_does_not_wait_gets_the_same(writing: Listening):
    async def ask(made: openai.AsyncOpenAI) -> Any:
        return await made.chat.completions.create(model="firmground", messages=ASKED)

    async def stream(made: openai.AsyncOpenAI) -> Any:
        return [chunk async for chunk in await made.chat.completions.create(model="firmground", messages=ASKED, stream=True)]

    async def rest(made: openai.AsyncOpenAI) -> Any:
        models = [model.id async for model in made.models.list()]
        vectors = await made.embeddings.create(model="firmground", input=["vacation", "trains"])
        return models, [len(each.embedding) for each in vectors.data]

    whole = complete(writing).choices[0].message
    assert in_time(writing, ask).choices[0].message == whole
    chunks = in_time(writing, stream)
    assert text_of(chunks) == whole.content
    assert chunks[-1].choices[0].delta.annotations == [each.model_dump() for each in whole.annotations]
    models, sizes = in_time(writing, rest)
    assert models == [model.id for model in client(writing).models.list()]
    assert sizes == [writing.app.embedder.dimension] * 2


def test_many_questions_at_once_are_answered_each_by_its_own(writing: Listening):
    async def ask(made: openai.AsyncOpenAI) -> Any:
        return await asyncio.gather(
            *(made.chat.completions.create(model="firmground", messages=ASKED) for _ in range(8)),
            *(
                made.chat.completions.create(
                    model="firmground", messages=[{"role": "user", "content": "Is second class refunded?"}]
                )
                for _ in range(8)
            ),
        )

    answers = in_time(writing, ask)
    assert ["vacation" in answer.choices[0].message.content for answer in answers] == [True] * 8 + [False] * 8
    assert len({answer.id for answer in answers}) == 16


def test_a_raw_response_has_the_headers_and_the_same_completion(writing: Listening):
    raw = client(writing).chat.completions.with_raw_response.create(
        model="firmground", messages=ASKED, extra_headers={"X-Request-ID": "mine-7"}
    )
    assert (raw.status_code, raw.headers["content-type"], raw.headers["cache-control"]) == (200, "application/json", "no-store")
    completion = raw.parse()
    assert completion.choices[0].message.content == f"{SAID} [1]"
    assert raw.request_id == raw.headers["x-request-id"] == completion._request_id == "mine-7"
    streamed = client(writing).chat.completions.with_raw_response.create(model="firmground", messages=ASKED, stream=True)
    assert streamed.headers["content-type"].startswith("text/event-stream")
    assert text_of(list(streamed.parse())) == f"{SAID} [1]"
    with client(writing).chat.completions.with_streaming_response.create(
        model="firmground", messages=ASKED, stream=True
    ) as lines:
        told = [line for line in lines.iter_lines() if line]
    assert told[-1] == "data: [DONE]"
    assert {json.loads(line[6:])["object"] for line in told[:-1]} == {"chat.completion.chunk"}
    models = client(writing).models.with_raw_response.list()
    assert models.headers["x-request-id"]


def test_an_answer_can_be_given_back_as_it_is_for_the_next_question(writing: Listening):
    messages = [*ASKED, complete(writing).choices[0].message, {"role": "user", "content": "and into which year?"}]
    before = len(writing.model.requests)
    assert complete(writing, messages=messages).firmground["sentences"]
    for request in writing.model.requests[before:]:
        assert re.search(rf'<turn \w+ role="assistant">\n{re.escape(SAID)}\n</turn \w+>', request.prompt), request.prompt


def test_where_the_tokens_are_wanted_every_chunk_says_whether_it_has_them(writing: Listening):
    chunks = list(complete(writing, stream=True, stream_options={"include_usage": True}))
    assert [chunk.usage is None for chunk in chunks] == [True] * (len(chunks) - 1) + [False]
    assert all("usage" in chunk.model_fields_set for chunk in chunks)
    plain = list(complete(writing, stream=True, stream_options={"include_usage": False}))
    assert not any("usage" in chunk.model_fields_set for chunk in plain)


def test_signs_that_some_clients_take_for_the_end_of_a_line_do_not_end_one(tmp_path: Path):
    said = "Every employee may carry over five\u2028vacation\u0085days into\u2029the next year."
    with serving(tmp_path, {"leave.md": f"# Leave\n\n{said}\n"}) as (inside, _):
        body = {"model": "firmground", "messages": ASKED, "stream": True}
        theirs = inside.post("/v1/chat/completions", json=body).text.splitlines()
        ours = inside.post("/api/v1/answers", json={"question": QUESTION, "stream": True}).text.splitlines()
    assert all(line.startswith(("id: ", "event: ", "data: ")) for line in theirs + ours if line)
    for last in (json.loads(theirs[-4][6:])["firmground"], json.loads(ours[-2][6:])):
        assert {"\u2028", "\u0085", "\u2029"} <= set(last["citations"][0]["snippet"])


def test_where_the_answer_says_less_in_the_end_what_was_said_is_withdrawn(writing: Listening):
    """When a document is erased while it is being quoted."""
    answer = Answer.model_validate(complete(writing).firmground)
    stream = Stream("1", ADMINISTRATOR, request_id="r", key=None, grace=1)
    stream.write("sentence", {"shown": f"{SAID} [1]"})
    stream.end(answer.model_copy(update={"text": "It was erased.", "sentences": (), "citations": ()}))

    async def told() -> list[str]:
        return [frame async for frame in Chunks(stream, "firmground", "", usage=False).frames()]

    chunks = [json.loads(frame[6:]) for frame in asyncio.run(told()) if frame.startswith("data: {")]
    said = "".join(chunk["choices"][0]["delta"].get("content", "") for chunk in chunks)
    assert said == f"{SAID} [1]{WITHDRAWN}It was erased."


# ---------------------------------------------------------------- leaving


@pytest.fixture
def late(tmp_path: Path) -> Iterator[Callable[[Reply], Listening]]:
    """A server whose model takes its time, and which notices at once when nobody waits."""
    opened: list[Any] = []

    def open_(reply: Reply) -> Listening:
        opened.append(listening(tmp_path, default=reply, streams=BRIEF))
        return opened[-1].__enter__()

    yield open_
    for each in opened:
        each.__exit__(None, None, None)


def assert_the_model_stopped(on: Listening, calls: int = 1) -> None:
    asked = on.model.wait(calls)
    assert [(each.left, each.pieces_after_leaving) for each in asked] == [(True, 0)] * calls
    assert on.client.get("/api/v1/answers").json()["answers"] == []


def impatient(on: Listening, calls: int, *, streamed: bool = False, retries: int = 0) -> None:
    """Ask without patience, with a little more each time, until the model was asked so often."""
    seconds = 0.25
    while len(on.model.requests) < calls:
        seconds *= 2
        made = client(on, timeout=seconds, max_retries=retries)
        with pytest.raises(openai.APITimeoutError):
            list(made.chat.completions.create(model="firmground", messages=ASKED, stream=streamed))


@pytest.mark.parametrize("streamed", [False, True])
def test_a_client_that_waits_no_longer_stops_the_model(late: Callable[[Reply], Listening], streamed: bool):
    on = late(LATE)
    impatient(on, 1, streamed=streamed)
    assert_the_model_stopped(on)


def test_a_client_that_tries_again_by_itself_leaves_no_model_working(late: Callable[[Reply], Listening]):
    on = late(LATE)
    impatient(on, 2, retries=1)
    assert_the_model_stopped(on, len(on.model.requests))


def test_leaving_in_the_middle_of_a_stream_stops_the_model(late: Callable[[Reply], Listening]):
    on = late(ENDLESS)
    with complete(on, stream=True) as chunks:
        for chunk in chunks:
            if chunk.choices[0].delta.content:
                break
    assert_the_model_stopped(on)


@pytest.mark.parametrize("streamed", [False, True])
def test_a_task_that_is_cancelled_stops_the_model(late: Callable[[Reply], Listening], streamed: bool):
    on = late(ENDLESS if streamed else LATE)

    async def cancel(made: openai.AsyncOpenAI) -> None:
        async def ask() -> None:
            found = await made.chat.completions.create(model="firmground", messages=ASKED, stream=streamed)
            async for _ in found:
                pass

        task = asyncio.create_task(ask())
        while not any(each.pieces > 20 or not streamed for each in on.model.requests):
            await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    in_time(on, cancel)
    assert_the_model_stopped(on)


# ---------------------------------------------------------------- what went wrong


def refused(on: Listening, kind: type[openai.APIStatusError], status: int, **more: Any) -> openai.APIStatusError:
    """What the client raises, the same whole and in pieces, and in both kinds of programs."""
    raised: list[openai.APIStatusError] = []
    options = more.pop("options", {})
    for streamed in (False, True):
        given = {"model": "firmground", "messages": ASKED, "stream": streamed, **more}
        with pytest.raises(kind) as error:
            client(on, **options).chat.completions.create(**given)
        raised.append(error.value)

        async def ask(made: openai.AsyncOpenAI, given: dict[str, Any] = given) -> Any:
            with pytest.raises(kind) as error:
                await made.with_options(**options).chat.completions.create(**given)
            return error.value

        raised.append(in_time(on, ask))
    assert {type(each) for each in raised} == {kind}
    for each in raised:
        assert (each.status_code, set(each.body)) == (status, {"message", "type", "param", "code"})
        assert each.request_id
        assert ": " in each.body["message"]
    assert len({each.code for each in raised}) == 1
    return raised[0]


def test_a_bad_request_names_what_is_wrong_with_it(writing: Listening):
    error = refused(writing, openai.BadRequestError, 400, extra_body={"frobnicate": 1})
    assert (error.code, error.param, error.type) == ("unsupported-parameter", "frobnicate", "invalid_request_error")
    assert refused(writing, openai.BadRequestError, 400, messages=[{"role": "user", "content": " "}]).param is None
    assert refused(writing, openai.BadRequestError, 400, model="").param == "model"
    assert refused(writing, openai.BadRequestError, 400, extra_body={"stream": "yes"}).param == "stream"


def test_what_is_not_there_is_not_found(writing: Listening):
    for more in (
        {"model": "gpt-9"},
        {"model": "firmground@ffffff"},
        {"extra_body": {"firmground": {"conversation": "none"}}},
    ):
        assert refused(writing, openai.NotFoundError, 404, **more).code == "not-found"
    with pytest.raises(openai.NotFoundError, match="there is no model"):
        client(writing).models.retrieve("gpt-9")
    with pytest.raises(openai.NotFoundError, match="nothing at this address"):
        client(writing).responses.create(model="firmground", input="x")


def test_what_a_rule_refuses_is_a_conflict_that_is_not_tried_again(tmp_path: Path):
    with listening(tmp_path, said=False) as on:
        with on.app.database.transaction() as tx:
            tx.put_fact(RECIPES, "abcdef" * 10, {})
        error = refused(on, openai.ConflictError, 409, model="firmground@abcdef")
        assert error.response.headers["x-should-retry"] == "false"
        assert "was not released" in error.message


def test_other_methods_kinds_and_sizes_are_told_apart(writing: Listening):
    with pytest.raises(openai.APIStatusError) as error:
        client(writing).chat.completions.list()
    assert (error.value.status_code, error.value.code) == (405, "method-not-allowed")
    wrong = {"Content-Type": "text/plain"}
    assert refused(writing, openai.APIStatusError, 415, extra_headers=wrong).code == "wrong-media-type"
    large = [{"role": "user", "content": "x" * 1_100_000}]
    assert refused(writing, openai.APIStatusError, 413, messages=large).code == "too-large"


def test_without_a_good_key_nobody_is_let_in(tmp_path: Path):
    with listening(tmp_path, said=False) as on:
        with_owner(on.served)
        add_person(on.app, ADMINISTRATOR, "bob")
        _, secret = add_key(on.app, ADMINISTRATOR, "program", person="bob")
        good: Any = {"options": {"api_key": secret}}
        assert client(on, api_key=secret).models.list().data
        for key in ("any", "fg_wrong", secret[:-1], "sk-" + "x" * 40):
            assert refused(on, openai.AuthenticationError, 401, options={"api_key": key}).code == "unauthenticated"
            with pytest.raises(openai.AuthenticationError):
                client(on, api_key=key).models.list()
            with pytest.raises(openai.AuthenticationError):
                client(on, api_key=key).embeddings.create(model="firmground", input="x")
        elsewhere = {"Origin": "https://elsewhere.example"}
        assert refused(on, openai.PermissionDeniedError, 403, extra_headers=elsewhere, **good).code == "forbidden"
        _, widget = add_widget_key(on.app, ADMINISTRATOR, "page", origins=["https://intranet.example"], groups=["everyone"])
        refused(on, openai.PermissionDeniedError, 403, options={"api_key": widget})
        remove_key(on.app, ADMINISTRATOR, "program")
        refused(on, openai.AuthenticationError, 401, **good)


def test_who_asks_more_than_can_be_answered_is_told_to_slow_down(tmp_path: Path):
    with listening(tmp_path, default=ENDLESS) as on:
        on.served.streams = Streams(on.served.stopping, most=1, grace=0.05)
        with complete(on, stream=True) as busy:
            next(iter(busy))
            error = refused(on, openai.RateLimitError, 429)
            assert (error.code, error.type) == ("overloaded", "rate_limit_error")
            assert (error.response.headers["retry-after"], error.response.headers["x-should-retry"]) == ("2", "true")
        on.model.wait()


def test_a_client_comes_back_by_itself_when_it_was_told_to(tmp_path: Path):
    with listening(tmp_path, said=False) as on:
        on.served.streams = Streams(on.served.stopping, most=0)
        refused(on, openai.RateLimitError, 429)
        told: list[int] = []

        def tried(response: Any) -> None:
            told.append(response.status_code)
            on.served.streams = Streams(on.served.stopping)

        patient = client(on, max_retries=1)
        patient._client.event_hooks = {"response": [tried]}
        assert patient.chat.completions.create(model="firmground", messages=ASKED).choices
        assert told == [429, 200]


def test_a_server_that_is_not_ready_or_broken_says_so(tmp_path: Path):
    with listening(tmp_path, said=False) as on:
        on.served.trouble = Damaged("the index is damaged", "make it anew")
        error = refused(on, openai.InternalServerError, 500)
        assert (error.code, error.type) == ("damaged", "server_error")
        assert error.response.headers["x-should-retry"] == "false"
        on.served.trouble = None
        on.served.streams.stop(0)
        error = refused(on, openai.InternalServerError, 503)
        assert (error.code, error.response.headers["retry-after"]) == ("not-ready", "2")


def test_an_answer_that_breaks_off_in_the_middle_is_an_error_not_an_answer(tmp_path: Path):
    with listening(tmp_path, default=ENDLESS) as on:
        chunks = iter(complete(on, stream=True))
        next(chunks)
        until(lambda: on.model.requests and on.model.requests[0].pieces > 20)
        on.served.streams.stop(0)
        with pytest.raises(openai.APIError, match="the server is stopping") as error:
            list(chunks)
        assert (error.value.code, error.value.type) == ("not-ready", "server_error")
        assert_the_model_stopped(on)


def test_a_server_that_is_not_there_is_a_connection_that_fails():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{taken.getsockname()[1]}/v1"
        with openai.OpenAI(base_url=address, api_key="any", max_retries=0) as nowhere, pytest.raises(openai.APIConnectionError):
            nowhere.models.list()
