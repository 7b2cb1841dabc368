"""Every fault of a model server, over real HTTP."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest

from firmground.answer.generate import SCHEMA
from firmground.errors import InvalidInput, ModelFailed
from firmground.language_model import Delta, Message, ModelCall
from firmground.models.openai_model import OpenAIModel
from firmground.testing.model import CALL
from firmground.testing.model_server import ModelServer, Reply

KEY = "sk-very-secret-0123456789"
TRUE = "Up to five days of leave may be carried over into the next year [1]."
STRUCTURED = CALL.model_copy(update={"json_schema": SCHEMA})


class Clock:
    """Time that passes only in pauses."""

    def __init__(self) -> None:
        self.now = 0.0
        self.pauses: list[float] = []

    def monotonic(self) -> float:
        return self.now

    def pause(self, seconds: float) -> None:
        self.now += seconds
        self.pauses.append(seconds)

    @property
    def paused(self) -> float:
        return sum(self.pauses)


class Highest:
    """Chance that always gives the highest."""

    def uniform(self, low: float, high: float) -> float:
        return high


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with ModelServer() as server:
        yield server


@pytest.fixture
def connect(server: ModelServer) -> Iterator[Callable[..., OpenAIModel]]:
    opened: list[OpenAIModel] = []

    def connect(*, clock: Clock | None = None, base_url: str = "", api_key: str = KEY, **options: object) -> OpenAIModel:
        if clock is not None:
            options |= {"monotonic": clock.monotonic, "pause": clock.pause, "chance": Highest()}
        opened.append(OpenAIModel("local/scripted", base_url or server.url, api_key, "scripted", **options))
        return opened[-1]

    yield connect
    for model in opened:
        model.close()
    assert reading() == []


def reading() -> list[threading.Thread]:
    """Threads of calls that are not over."""
    for thread in (found := [each for each in threading.enumerate() if each.name == "firmground-model"]):
        thread.join(30)
    return [each for each in found if each.is_alive()]


def said(stream: Iterator[Delta]) -> str:
    return "".join(delta.text for delta in stream)


def failure(model: OpenAIModel, call: ModelCall = CALL, **options: object) -> ModelFailed:
    with pytest.raises(ModelFailed) as caught:
        list(model.stream(call, **options))
    assert KEY not in str(caught.value)
    assert "\n" not in str(caught.value)
    assert caught.value.remedy
    return caught.value


# ---------------------------------------------------------------- what is asked


def test_the_request_is_what_the_protocol_asks_for(server, connect):
    list(connect().stream(STRUCTURED.model_copy(update={"seed": 7})))
    body = server.requests[0].body
    assert body["messages"] == [{"role": each.role, "content": each.text} for each in CALL.messages]
    assert (body["model"], body["max_tokens"], body["temperature"], body["seed"]) == ("scripted", 200, 0.0, 7)
    assert (body["stream"], body["stream_options"]) == (True, {"include_usage": True})
    assert body["response_format"]["json_schema"]["schema"] == SCHEMA
    assert server.requests[0].key == KEY


def test_the_server_is_told_nothing_of_this_machine(server, connect, monkeypatch):
    monkeypatch.setenv("OPENAI_ORG_ID", "org-of-another-server")
    monkeypatch.setenv("OPENAI_PROJECT_ID", "project-of-another-server")
    said(connect().stream(CALL))
    [asked] = server.wait()
    assert asked.headers["user-agent"] == "firmground"
    about = {name for name in asked.headers if name.startswith(("x-stainless-", "openai-"))}
    assert about <= {"x-stainless-retry-count", "x-stainless-read-timeout", "x-stainless-raw-response"}


def test_a_prompt_with_signs_that_have_no_bytes_is_sent_without_them(server, connect):
    call = CALL.model_copy(update={"messages": (Message(role="user", text="a\ud800\x00b <question>leave</question>"),)})
    assert said(connect().stream(call)) == "leave"
    assert server.requests[0].body["messages"][0]["content"].startswith("a? b")


def test_a_connection_carries_one_call_after_the_other(server, connect):
    model = connect()
    for _ in range(3):
        assert said(model.stream(CALL)) == TRUE
    assert server.connections == 1


def test_calls_at_once_have_connections_of_their_own(server, connect):
    server.script.add(*[Reply(first_delay=0.1)] * 4)
    model = connect()
    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(lambda _: said(model.stream(CALL)), range(4))) == {TRUE}
    assert server.connections == 4


@pytest.mark.parametrize("base_url", ["", "localhost:8000", "ftp://x/v1", "http://", "http://h:port/v1", "http://[::1/v1"])
def test_what_is_no_address_is_refused_at_once(connect, base_url):
    with pytest.raises(InvalidInput, match=r"base_url of \[models.local\] is no address.*http://"):
        OpenAIModel("local/scripted", base_url, KEY, "scripted")


def test_a_key_that_no_header_can_hold_is_refused_without_showing_it():
    with pytest.raises(InvalidInput, match=r"\[models.local\]") as caught:
        OpenAIModel("local/scripted", "http://127.0.0.1:1/v1", "sk-sécret", "scripted")
    assert "sécret" not in str(caught.value)


# ---------------------------------------------------------------- what a server refuses


@pytest.mark.parametrize(
    ("parameter", "instead"),
    [
        ("stream_options", None),
        ("temperature", None),
        ("seed", None),
        ("max_tokens", "max_completion_tokens"),
        ("response_format", None),
    ],
)
def test_a_refused_parameter_is_left_out_at_once_and_from_then_on(server, connect, parameter, instead):
    server.script.add(Reply(refuses=(parameter,), times=9))
    model = connect(retries=0)
    call = STRUCTURED.model_copy(update={"seed": 1})
    for _ in range(2):
        assert list(model.stream(call))[-1].finish == "stop"
    assert [parameter in request.body for request in server.requests] == [True, False, False]
    assert instead is None or server.requests[-1].body[instead] == 200
    assert model.structured == (parameter != "response_format")


def test_a_server_that_refuses_everything_is_still_asked_in_its_way(server, connect):
    names = ("response_format", "stream_options", "max_completion_tokens", "max_tokens", "temperature", "seed")
    server.script.add(Reply(refuses=names, times=99))
    assert said(connect().stream(STRUCTURED.model_copy(update={"seed": 1}))) == TRUE
    assert server.requests[-1].body.keys() == {"model", "messages", "stream"}


@pytest.mark.parametrize(
    "message", ["Invalid schema for response_format 'answer'", "json_schema is not supported", "failed to parse grammar"]
)
def test_a_refused_schema_is_known_by_its_names(server, connect, message):
    server.script.add(Reply(status=400, message=message))
    model = connect()
    assert said(model.stream(STRUCTURED)) == TRUE
    assert not model.structured


def test_a_model_that_is_never_structured_is_not_asked_for_a_schema(server, connect):
    model = connect(structured="never")
    assert not model.structured
    assert said(model.stream(STRUCTURED)) == TRUE
    assert "response_format" not in server.requests[0].body


@pytest.mark.parametrize(
    "message",
    [
        "'max_tokens' or 'max_completion_tokens' is too large: 700. This model's maximum context length is 512 tokens.",
        "messages: at least one user message is required",
    ],
)
def test_what_is_wrong_for_another_reason_is_rejected_once(server, connect, message):
    server.script.add(Reply(status=400, message=message, times=9))
    failed = failure(connect())
    assert (failed.reason, failed.tokens, len(server.requests)) == ("rejected", (0, 0), 1)
    assert message[:40] in str(failed)


@pytest.mark.parametrize(
    ("status", "reason"),
    [(301, "rejected"), (401, "refused"), (403, "refused"), (404, "refused"), (413, "rejected"), (422, "rejected")],
)
def test_a_refusal_is_not_repeated(server, connect, status, reason):
    server.script.add(Reply(status=status, message=f"your key {KEY} is bad", times=9))
    assert failure(connect()).reason == reason
    assert len(server.requests) == 1


def test_a_wrong_key_is_refused_and_not_shown(connect):
    with ModelServer(api_key="another") as strict:
        failed = failure(connect(base_url=strict.url))
    assert failed.reason == "refused"
    assert "api_key_env of [models.local]" in failed.remedy


def test_a_key_that_is_not_set_is_named_by_its_variable(connect):
    with ModelServer(api_key="another") as strict:
        failed = failure(connect(base_url=strict.url, api_key="", key_variable="HANDBOOK_KEY"))
    assert failed.reason == "refused"
    assert str(failed).endswith("wants an API key, and HANDBOOK_KEY is not set (status 401): set HANDBOOK_KEY")


# ---------------------------------------------------------------- repeats


@pytest.mark.parametrize("status", [408, 409, 429, 500, 502, 503, 504])
def test_a_passing_failure_is_repeated_after_growing_pauses(server, connect, status):
    server.script.add(Reply(status=status, times=2))
    clock = Clock()
    assert said(connect(clock=clock).stream(CALL)) == TRUE
    assert clock.paused == pytest.approx(0.5 + 1.0)
    assert max(clock.pauses) <= 0.25


def test_after_its_repeats_it_is_overloaded(server, connect):
    server.script.add(Reply(status=503, times=99))
    clock = Clock()
    assert failure(connect(clock=clock, retries=7)).reason == "overloaded"
    assert len(server.requests) == 8
    assert clock.paused == pytest.approx(0.5 + 1 + 2 + 4 + 8 + 8 + 8)


def test_a_pause_is_random(server):
    import random

    server.script.add(Reply(status=503, times=2))
    clock = Clock()
    model = OpenAIModel("a/b", server.url, "", "b", monotonic=clock.monotonic, pause=clock.pause, chance=random.Random(1))
    with closing(model):
        assert said(model.stream(CALL)) == TRUE
    assert 0 < clock.paused < 1.5


@pytest.mark.parametrize("after", ["3", "3.0", "date"])
def test_the_server_says_when_to_come_back(server, connect, after, monkeypatch):
    if after == "date":
        from datetime import UTC, datetime, timedelta
        from email.utils import format_datetime

        after = format_datetime(datetime.now(UTC) + timedelta(seconds=3.4), usegmt=True)
    server.script.add(Reply(status=429, retry_after=after))
    clock = Clock()
    assert said(connect(clock=clock).stream(CALL)) == TRUE
    assert 1 < clock.paused <= 3.4


@pytest.mark.parametrize("after", ["61", "1e300", "inf"])
def test_who_should_come_back_too_late_does_not_wait(server, connect, after):
    server.script.add(Reply(status=429, retry_after=after))
    clock = Clock()
    assert failure(connect(clock=clock)).reason == "overloaded"
    assert clock.pauses == []


@pytest.mark.parametrize("after", ["soon", "-5", "nan"])
def test_an_odd_time_to_come_back_does_no_harm(server, connect, after):
    server.script.add(Reply(status=429, retry_after=after))
    clock = Clock()
    assert said(connect(clock=clock).stream(CALL)) == TRUE
    assert clock.paused <= 0.5


def test_an_account_without_money_is_refused_at_once(server, connect):
    error = '{"error": {"message": "You exceeded your quota", "code": "insufficient_quota"}}'
    server.script.add(Reply(status=429, body=error))
    assert failure(connect()).reason == "refused"
    assert len(server.requests) == 1


@pytest.mark.parametrize("place", ["before_headers", "after_headers"])
def test_a_connection_that_breaks_before_anything_arrived_is_made_again(server, connect, place):
    server.script.add(Reply(cut=place))
    assert said(connect(clock=Clock()).stream(CALL)) == TRUE


def test_nothing_is_repeated_once_something_arrived(server, connect):
    server.script.add(Reply(cut=1, times=9))
    assert failure(connect()).reason == "cut_off"
    assert len(server.requests) == 1


def test_an_idle_connection_that_was_closed_costs_no_repeat(server, connect):
    model = connect(retries=0)
    assert said(model.stream(CALL)) == TRUE
    server.script.add(Reply(cut="before_headers"))
    assert said(model.stream(CALL)) == TRUE


def test_a_server_that_is_not_there_is_unreachable(connect):
    with ModelServer() as gone:
        port = gone.port
    clock = Clock()
    failed = failure(connect(base_url=f"http://user:hidden@127.0.0.1:{port}/v1", clock=clock))
    assert (failed.reason, failed.tokens) == ("unreachable", (0, 0))
    assert f"127.0.0.1:{port}" in str(failed)
    assert "hidden" not in str(failed)
    assert clock.paused == pytest.approx(1.5)


@pytest.mark.parametrize(("variable", "value"), [("SSL_CERT_FILE", "/nowhere.pem"), ("HTTPS_PROXY", "socks9://x")])
def test_a_setting_of_the_environment_that_cannot_work_is_said(connect, monkeypatch, variable, value):
    monkeypatch.setenv(variable, value)
    failed = failure(connect(base_url="https://llm.invalid/v1"))
    assert failed.reason == "unreachable"
    assert variable in failed.remedy


def test_a_server_on_this_machine_is_asked_without_a_proxy(connect, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.delenv("NO_PROXY", raising=False)
    assert said(connect().stream(CALL)) == TRUE


# ---------------------------------------------------------------- cut, hanging, slow


def test_a_stream_that_is_cut_at_any_byte_is_whole_or_cut_off(connect):
    """Never half an answer that looks whole."""
    reply = Reply(say="Hi, 5.", pieces="whole")
    with ModelServer() as server:
        server.script.add(reply)
        model = connect(base_url=server.url, retries=0)
        assert said(model.stream(CALL)) == "Hi, 5."
        length = server.wait()[0].sent
        server.script.add(*(reply.model_copy(update={"cut": at}) for at in range(length)))
        outcomes = [outcome(model) for _ in range(length)]
    whole = outcomes.index("Hi, 5.")
    assert set(outcomes[:whole]) == {"cut_off"}
    assert set(outcomes[whole:]) == {"Hi, 5."}


def test_a_server_that_hangs_at_any_byte_is_left(connect):
    reply = Reply(say="Hi.", pieces="whole", usage=False)
    with ModelServer() as server:
        server.script.add(reply)
        model, patient = (connect(base_url=server.url, read_seconds=seconds, retries=0) for seconds in (0.3, 30))
        assert said(patient.stream(CALL)) == "Hi."
        length = server.wait()[0].sent
        places = ["before_headers", "after_headers", *range(1, length)]
        server.script.add(*(reply.model_copy(update={"hang": at}) for at in places))
        with ThreadPoolExecutor(32) as pool:
            outcomes = list(pool.map(lambda _: outcome(model), places))
        # Who has no more patience may be gone before a busy machine has let the server look: it never knew of them.
        asked = server.wait(len(server.requests))
        unseen = len(places) + 1 - len(asked)
        # A busy machine may be slower than those 0.3 s: that the end of a connection is not waited for is asked patiently.
        server.script.add(reply.model_copy(update={"hang": length - 1}))
        assert outcome(patient) == "Hi."
    assert {"timeout"} <= set(outcomes) <= {"timeout", "Hi."}
    assert unseen < length / 10
    assert sum(each.left for each in asked) >= outcomes.count("timeout") - unseen


def outcome(model: OpenAIModel) -> str:
    try:
        return said(model.stream(CALL))
    except ModelFailed as error:
        return error.reason


def test_what_drips_slower_than_the_total_time_is_left(server, connect):
    server.script.add(Reply(say="and so on ", endless=True, delay=0.02))
    failed = failure(connect(read_seconds=5, total_seconds=0.4), CALL.model_copy(update={"max_output_tokens": 100_000}))
    assert failed.reason == "timeout"
    assert failed.tokens[0] > 0
    assert failed.tokens[1] > 0
    assert server.wait()[0].left


def test_the_total_time_includes_what_the_reader_does(server, connect):
    clock = Clock()
    server.script.add(Reply(say="one two three four", delay=0.01))
    stream = connect(clock=clock).stream(CALL)
    assert next(stream).text
    clock.now += 61
    with pytest.raises(ModelFailed) as caught:
        list(stream)
    assert caught.value.reason == "timeout"


def test_a_reader_that_is_slow_loses_nothing(server, connect):
    text = "word " * 3000
    server.script.add(Reply(say=text, delay=0))
    heard: list[str] = []
    for delta in connect(read_seconds=1.0).stream(CALL.model_copy(update={"max_output_tokens": 9000})):
        heard.append(delta.text)
        if len(heard) in {1, 500}:
            time.sleep(1.2)
    assert "".join(heard) == text


def test_an_address_that_gives_no_connection_is_a_time_out(connect):
    import socket

    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        waiting = [socket.socket() for _ in range(4)]
        for each in waiting:
            each.setblocking(False)
            each.connect_ex(full.getsockname())
        failed = failure(connect(base_url=f"http://127.0.0.1:{full.getsockname()[1]}/v1", connect_seconds=0.2, retries=0))
        for each in waiting:
            each.close()
    assert failed.reason == "timeout"
    assert "gave no connection within 0.2 s" in str(failed)


def test_a_server_that_never_greets_is_left(connect):
    import socket

    with socket.create_server(("127.0.0.1", 0)) as silent:
        model = connect(base_url=f"https://127.0.0.1:{silent.getsockname()[1]}/v1", connect_seconds=0.2, retries=0)
        assert failure(model).reason == "timeout"
        assert reading() == []
        connection, _ = silent.accept()
        with connection:
            assert connection.recv(65536)[:1] == b"\x16"
            assert connection.recv(1) == b""


def test_what_does_not_end_is_cut_by_its_tokens(server, connect):
    server.script.add(Reply(say="on and on ", endless=True))
    failed = failure(connect(), CALL.model_copy(update={"max_output_tokens": 50}))
    assert failed.reason == "too_long"
    assert 100 < failed.tokens[1] < 400
    assert server.wait()[0].left


def test_thoughts_without_end_are_cut_as_well(server, connect):
    server.script.add(Reply(reasoning="hmm " * 5000, say="Yes."))
    assert failure(connect()).reason == "too_long"


def test_a_line_without_end_does_not_fill_the_memory(server, connect):
    server.script.add(Reply(body="data: " + "x" * 5_000_000))
    assert failure(connect()).reason == "nonsense"


# ---------------------------------------------------------------- cancelling


@pytest.mark.parametrize("place", ["before_headers", "after_headers", 400])
def test_a_cancelled_call_ends_at_once_and_the_server_sees_it(server, connect, place):
    server.script.add(Reply(hang=place))

    def there() -> bool:
        """Whether the server hangs by now."""
        asked = server.requests[0] if server.requests else None
        return asked is not None and (asked.status == 200 or place == "before_headers") and (asked.sent == 400 or place != 400)

    failed = failure(connect(), cancelled=there)
    assert failed.reason == "cancelled"
    assert server.wait()[0].left
    assert reading() == []


def test_generation_stops_when_the_reader_leaves(server, connect):
    server.script.add(Reply(say="word " * 500, delay=0.005))
    with closing(connect().stream(CALL)) as stream:
        assert next(stream).text
    asked = server.wait()[0]
    assert asked.left
    assert asked.pieces_after_leaving == 0
    assert asked.pieces < 200


def test_a_call_is_cancelled_in_a_pause(server, connect):
    server.script.add(Reply(status=503, retry_after="30"))
    clock = Clock()
    assert failure(connect(clock=clock), cancelled=lambda: clock.now > 1).reason == "cancelled"
    assert clock.now < 1.5


def test_a_fault_of_the_reader_leaves_no_connection(server, connect):
    server.script.add(Reply(say="word " * 500, delay=0.005))

    def broken() -> bool:
        if server.requests:
            raise ZeroDivisionError
        return False

    with pytest.raises(ZeroDivisionError):
        list(connect().stream(CALL, cancelled=broken))
    assert server.wait()[0].left


# ---------------------------------------------------------------- what is said


def test_tokens_are_estimated_where_the_server_does_not_count(server, connect):
    server.script.add(Reply(usage=False), Reply(usage=True))
    model = connect()
    estimated, counted = list(model.stream(CALL))[-1].tokens, list(model.stream(CALL))[-1].tokens
    assert estimated.estimated
    assert not counted.estimated
    assert counted.input <= estimated.input <= 2 * counted.input
    assert counted.output <= estimated.output <= 2 * counted.output


def test_a_server_that_never_says_that_it_is_over_has_said_it_by_its_reason(server, connect):
    server.script.add(Reply(done=False, usage=False))
    assert said(connect().stream(CALL)) == TRUE


@pytest.mark.parametrize("reply", [Reply(refusal="I will not."), Reply(finish="content_filter")], ids=["refusal", "filter"])
def test_a_model_that_refuses_has_finished_as_refused(server, connect, reply):
    server.script.add(reply)
    assert list(connect().stream(CALL))[-1].finish == "refused"


def test_an_answer_at_its_limit_says_so(server, connect):
    *heard, last = connect().stream(CALL.model_copy(update={"max_output_tokens": 3}))
    assert last.finish == "length"
    assert said(iter(heard)) == "Up to five"


def test_thoughts_are_no_text(server, connect):
    server.script.add(Reply(reasoning="The user wants…"))
    assert said(connect().stream(CALL)) == TRUE


def test_a_server_that_does_not_stream_is_understood(server, connect):
    body = '{"choices": [{"index": 0, "message": {"content": "Whole."}, "finish_reason": "stop"}]}'
    server.script.add(Reply(body=body, content_type="application/json; charset=utf-8"))
    *heard, last = connect().stream(CALL)
    assert said(iter(heard)) == "Whole."
    assert last.tokens.estimated


@pytest.mark.parametrize(
    "reply",
    [
        Reply(body="<html><body>Log in</body></html>", content_type="text/html"),
        Reply(body="<html>", content_type="application/json"),
        Reply(body="data: {]\n\n"),
        Reply(body="data: 7\n\n"),
        Reply(body='data: {"choices": 3}\n\n'),
        Reply(body='data: {"choices": [3]}\n\n'),
        Reply(body='data: {"choices": [{"delta": 3}]}\n\n'),
        Reply(body='data: {"choices": [{"delta": {"content": 3}}]}\n\n'),
        Reply(body='data: {"object": "something"}\n\n'),
        Reply(body="data: " + "[" * 100_000 + "\n\n"),
        Reply(body="data: [DONE]\n\n"),
        Reply(body="\x00\xff\ufffe garbage"),
        Reply(invalid_json=True),
        Reply(say=""),
        Reply(say=" \n "),
    ],
)
def test_what_is_not_the_protocol_is_nonsense(server, connect, reply):
    server.script.add(reply)
    assert failure(connect()).reason == "nonsense"


def test_what_speaks_no_http_is_nonsense(connect):
    import socket

    with socket.create_server(("127.0.0.1", 0)) as odd:

        def answer() -> None:
            connection, _ = odd.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(b"SSH-2.0-something\r\n\r\n")

        thread = threading.Thread(target=answer)
        thread.start()
        failed = failure(connect(base_url=f"http://127.0.0.1:{odd.getsockname()[1]}/v1", retries=0))
        thread.join()
    assert failed.reason == "nonsense"


def test_said_nothing_within_its_tokens_is_too_long(server, connect):
    server.script.add(Reply(say="", finish="length", reasoning="hm"))
    failed = failure(connect())
    assert failed.reason == "too_long"
    assert "answer.max_output_tokens" in failed.remedy


@pytest.mark.parametrize(("status", "reason"), [(503, "overloaded"), (429, "overloaded"), (400, "rejected"), (401, "refused")])
def test_an_error_in_the_stream_ends_it(server, connect, status, reason):
    server.script.add(Reply(error_event=status))
    assert failure(connect()).reason == reason


def test_a_long_complaint_is_cut_and_has_no_control_signs(server, connect):
    server.script.add(Reply(status=400, message="\x1b[31mno\n" * 50_000))
    failed = failure(connect())
    assert len(str(failed)) < 500
    assert str(failed).isprintable()


def test_a_model_can_be_asked_after_it_was_closed(connect):
    model = connect()
    assert said(model.stream(CALL)) == TRUE
    model.close()
    assert said(model.stream(CALL)) == TRUE
