"""Time passes only when a test says so."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from firmground.errors import ModelFailed
from firmground.models.breaker import Breaker, Circuit
from firmground.models.openai_model import OpenAIModel
from firmground.testing.model import CALL, ScriptedModel, failed
from firmground.testing.model_server import ModelServer, Reply


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def circuit(clock: Clock) -> Circuit:
    return Circuit(failures=3, pause=10, longest=35, monotonic=clock)


def reason(model) -> str:
    """Why a call failed; empty where it did not."""
    try:
        list(model.stream(CALL))
    except ModelFailed as error:
        return error.reason
    return ""


def reasons(model, calls: int) -> list[str]:
    return [reason(model) for _ in range(calls)]


@pytest.mark.parametrize("code", ["unreachable", "timeout", "overloaded", "cut_off"])
def test_so_many_failures_of_the_server_in_a_row_open_it(circuit, code):
    inner = ScriptedModel([failed(code)] * 9)
    assert reasons(Breaker(inner, circuit), 5) == [code] * 3 + ["unavailable"] * 2
    assert len(inner.calls) == 3


@pytest.mark.parametrize("code", ["rejected", "refused", "cancelled", "too_long", "nonsense"])
def test_other_failures_do_not(circuit, code):
    assert reasons(Breaker(ScriptedModel([failed(code)] * 9), circuit), 9) == [code] * 9


def test_a_success_between_starts_the_count_again(circuit):
    two = [failed("timeout")] * 2
    model = Breaker(ScriptedModel([*two, "Yes.", *two, "Yes."]), circuit)
    assert reasons(model, 6) == ["timeout", "timeout", ""] * 2


def test_what_is_open_says_when_it_is_asked_again(circuit, clock):
    model = Breaker(ScriptedModel([failed("timeout")] * 3), circuit)
    reasons(model, 3)
    clock.now += 4
    with pytest.raises(ModelFailed, match="it is asked again in 6 s"):
        list(model.stream(CALL))


def test_after_the_pause_one_probe_closes_it(circuit, clock):
    model = Breaker(ScriptedModel([failed("timeout")] * 3), circuit)
    assert reasons(model, 4)[-1] == "unavailable"
    clock.now += 10
    assert reasons(model, 3) == ["", "", ""]
    assert not circuit.open


def test_a_probe_that_fails_doubles_the_pause_up_to_its_bound(circuit, clock):
    model = Breaker(ScriptedModel([failed("timeout")] * 9), circuit)
    reasons(model, 3)
    waits: list[float] = []
    for _ in range(4):
        waits.append(circuit.waits)
        clock.now += circuit.waits
        assert reason(model) == "timeout"
    assert waits == [10, 20, 35, 35]


def test_while_the_probe_is_under_way_nothing_else_passes(circuit, clock):
    model = Breaker(ScriptedModel([failed("timeout")] * 3), circuit)
    reasons(model, 3)
    clock.now += 10
    probe = model.stream(CALL)
    assert next(probe).text
    assert reason(model) == "unavailable"
    assert list(probe)[-1].finish == "stop"
    assert reason(model) == ""


def test_a_probe_that_is_cancelled_makes_room_for_the_next(circuit, clock):
    model = Breaker(ScriptedModel([failed("timeout")] * 3), circuit)
    reasons(model, 3)
    clock.now += 10
    with pytest.raises(ModelFailed, match="cancelled"):
        list(model.stream(CALL, cancelled=lambda: True))
    assert circuit.open
    assert reason(model) == ""
    assert not circuit.open


def test_a_model_that_speaks_works_also_if_nobody_listens_to_the_end(circuit, clock):
    model = Breaker(ScriptedModel([failed("timeout")] * 3), circuit)
    reasons(model, 3)
    clock.now += 10
    probe = model.stream(CALL)
    assert next(probe).text
    probe.close()
    assert not circuit.open


def test_a_probe_that_the_server_rejects_shows_that_it_is_there(circuit, clock):
    model = Breaker(ScriptedModel([failed("timeout")] * 3 + [failed("rejected")]), circuit)
    reasons(model, 3)
    clock.now += 10
    assert reason(model) == "rejected"
    assert not circuit.open


def test_what_began_before_it_opened_changes_it_no_more(circuit):
    model = Breaker(ScriptedModel(["Slow.", failed("timeout"), failed("timeout"), failed("timeout")]), circuit)
    slow = model.stream(CALL)
    assert next(slow).text
    assert reasons(model, 3) == ["timeout"] * 3
    assert list(slow)[-1].finish == "stop"
    assert circuit.open


def test_many_threads_open_it_once_and_one_of_them_probes(circuit, clock):
    inner = ScriptedModel([failed("timeout")] * 3, rules=lambda _: None)
    model = Breaker(inner, circuit)
    reasons(model, 3)
    clock.now += 10
    leaves = []
    with ThreadPoolExecutor(8) as pool:
        leaves = list(pool.map(lambda _: circuit.ask(), range(50)))
    assert sorted(leaves, key=str) == [None] * 49 + ["probe"]


def test_a_server_that_comes_back_is_found_by_the_probe_over_http(circuit, clock):
    with ModelServer([Reply(status=503, times=3)]) as server:
        inner = OpenAIModel("local/scripted", server.url, "", "scripted", retries=0)
        model = Breaker(inner, circuit)
        assert reasons(model, 5) == ["overloaded"] * 3 + ["unavailable"] * 2
        assert len(server.requests) == 3
        clock.now += 10
        assert reasons(model, 2) == ["", ""]
        assert len(server.requests) == 5
        model.close()


def test_it_is_the_model_in_everything_else(circuit):
    inner = ScriptedModel(structured=False, cost_per_token=2.0)
    model = Breaker(inner, circuit)
    assert (model.name, model.structured, model.count("one two")) == (inner.name, False, inner.count("one two"))
    model.close()
    assert inner.closed
