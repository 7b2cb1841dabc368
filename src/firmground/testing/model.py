# ruff: noqa: S101 -- a contract suite is made of assertions
"""The public fake of the `LanguageModel` port, and the contract that every language model keeps."""

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from threading import Lock
from typing import Any, cast

import pytest

from firmground.errors import ModelFailed
from firmground.language_model import Delta, Message, ModelCall, ModelCode, Tokens
from firmground.ports import LanguageModel
from firmground.testing.model_script import Reply, pieces, spoken, tokens_of

PROMPT = """<passage n="1" title="Leave">
Up to five days of leave may be carried over into the next year.
</passage>
<passage n="2" title="Invoices">
Invoices are paid within thirty days of receipt.
</passage>

<question>How many days of leave may be carried over?</question>"""

CALL = ModelCall(
    messages=(Message(role="system", text="Answer from the passages."), Message(role="user", text=PROMPT)), max_output_tokens=200
)


class ScriptedModel:
    """A language model in memory. `replies` are given in order: a text, a `Reply` (of which only what is said counts), or a failure, as a
    ModelCode or a ModelFailed; after the last one it answers from the passages in the prompt, as the scripted server does.

    A failure with `after` pieces breaks off in the middle. `calls` are those that it was asked; `cost_per_token` None: no known price.
    """

    def __init__(
        self,
        replies: Sequence[str | Reply | ModelFailed] = (),
        *,
        name: str = "scripted/model",
        structured: bool = True,
        cost_per_token: float | None = 0.0,
        fail_after: int = 0,
        rules: Callable[[ModelCall], str | Reply | ModelFailed | None] = lambda _: None,
    ) -> None:
        self._replies = list(replies)
        self._name = name
        self._structured = structured
        self._cost_per_token = cost_per_token
        self._fail_after = fail_after
        self._rules = rules
        self._lock = Lock()
        self.calls: list[ModelCall] = []
        self.closed = False
        self.abandoned = 0
        """Calls whose reader went away before the end."""

    @property
    def name(self) -> str:
        return self._name

    @property
    def structured(self) -> bool:
        return self._structured

    def count(self, text: str) -> int:
        return tokens_of(text)

    def cost(self, tokens: Tokens, seconds: float = 0.0) -> float | None:  # noqa: ARG002 -- the port's
        return None if self._cost_per_token is None else self._cost_per_token * (tokens.input + tokens.output)

    def stream(self, call: ModelCall, *, cancelled: Callable[[], bool] = lambda: False) -> Iterator[Delta]:
        with self._lock:
            self.calls.append(call)
            reply = self._rules(call) or (self._replies.pop(0) if self._replies else Reply())
        read = sum(tokens_of(message.text) for message in call.messages)
        try:
            yield from self._said(reply, call, read, cancelled)
        except GeneratorExit:
            with self._lock:
                self.abandoned += 1
            raise

    def _said(
        self, reply: str | Reply | ModelFailed, call: ModelCall, read: int, cancelled: Callable[[], bool]
    ) -> Iterator[Delta]:
        answer = reply if isinstance(reply, Reply) else Reply(say=reply) if isinstance(reply, str) else Reply()
        written = 0
        finish = "refused" if answer.refusal or answer.finish == "content_filter" else answer.finish
        for piece in pieces("" if answer.refusal else spoken(answer, _body(call, structured=self._structured)), answer):
            if cancelled():
                raise failed("cancelled", tokens=(read, written))
            if isinstance(reply, ModelFailed) and written >= self._fail_after:
                raise reply
            if answer.delay:
                time.sleep(answer.delay)
            if written >= call.max_output_tokens:
                finish = "length"
                break
            written += 1
            yield Delta(text=piece)
        if isinstance(reply, ModelFailed):
            raise reply
        if cancelled():
            raise failed("cancelled", tokens=(read, written))
        if not written and finish != "refused":
            raise failed("nonsense", tokens=(read, 0))
        yield Delta(tokens=Tokens(input=read, output=written), finish=cast("Any", finish))

    def close(self) -> None:
        self.closed = True


def failed(reason: ModelCode, *, tokens: tuple[int, int] = (0, 0)) -> ModelFailed:
    """A failure to be given by a ScriptedModel."""
    return ModelFailed(reason, f"the model failed as scripted ({reason})", "change the script", tokens=tokens)


def _body(call: ModelCall, *, structured: bool) -> dict[str, Any]:
    body: dict[str, Any] = {"messages": [{"role": each.role, "content": each.text} for each in call.messages]}
    if structured and call.json_schema is not None:
        body["response_format"] = {"type": "json_schema", "json_schema": {"schema": call.json_schema}}
    return body


class LanguageModelContract:
    """What every language model promises. Subclass it and give a fixture `model` that answers from the passages of `PROMPT`, and one
    `endless` that speaks, slowly, without end."""

    @pytest.fixture
    def model(self) -> LanguageModel:
        raise NotImplementedError("give a fixture `model`")

    @pytest.fixture
    def endless(self) -> LanguageModel:
        raise NotImplementedError("give a fixture `endless`")

    def test_its_name_is_server_and_model(self, model: LanguageModel) -> None:
        server, slash, name = model.name.partition("/")
        assert server
        assert slash
        assert name

    def test_it_speaks_in_pieces_and_ends_with_tokens_and_finish(self, model: LanguageModel) -> None:
        *said, last = model.stream(CALL)
        assert "five days" in "".join(delta.text for delta in said)
        assert all(delta.text and delta.tokens is None and delta.finish is None for delta in said)
        assert last.text == ""
        assert last.finish == "stop"
        assert last.tokens is not None
        assert last.tokens.input > 0
        assert last.tokens.output > 0

    def test_it_can_be_asked_again_and_again(self, model: LanguageModel) -> None:
        texts = {"".join(delta.text for delta in model.stream(CALL)) for _ in range(3)}
        assert len(texts) == 1

    def test_several_threads_get_what_one_gets(self, model: LanguageModel) -> None:
        ask: Callable[[int], str] = lambda _: "".join(delta.text for delta in model.stream(CALL))  # noqa: E731
        expected = ask(0)
        with ThreadPoolExecutor(4) as pool:
            assert set(pool.map(ask, range(8))) == {expected}

    def test_a_cancelled_call_fails_as_cancelled_before_it_begins(self, model: LanguageModel) -> None:
        with pytest.raises(ModelFailed) as caught:
            list(model.stream(CALL, cancelled=lambda: True))
        assert caught.value.reason == "cancelled"

    def test_a_call_is_cancelled_in_the_middle(self, endless: LanguageModel) -> None:
        said: list[Delta] = []
        with pytest.raises(ModelFailed) as caught:
            said.extend(_noted(endless.stream(CALL, cancelled=lambda: len(said) >= 2), said))
        assert caught.value.reason == "cancelled"
        assert len(said) >= 2

    def test_what_does_not_end_is_ended(self, endless: LanguageModel) -> None:
        call = CALL.model_copy(update={"max_output_tokens": 5})
        said: list[Delta] = []
        reason = _reason(endless.stream(call), said)
        assert reason == "too_long" or said[-1].finish == "length"

    def test_a_reader_may_leave_at_any_piece(self, endless: LanguageModel) -> None:
        for pieces_read in (1, 3):
            with closing(cast("Any", endless.stream(CALL))) as stream:
                assert [next(stream).text != "" for _ in range(pieces_read)] == [True] * pieces_read

    def test_more_text_takes_more_tokens(self, model: LanguageModel) -> None:
        assert model.count("") == 0
        assert 0 < model.count("carry over") < model.count("carry over five days of leave 2026")

    def test_a_cost_is_a_number_or_unknown(self, model: LanguageModel) -> None:
        cost = model.cost(Tokens(input=1000, output=100), 1.0)
        assert cost is None or cost >= 0

    def test_it_can_be_closed_twice(self, model: LanguageModel) -> None:
        model.close()
        model.close()
        assert model.name


def _noted(stream: Iterator[Delta], said: list[Delta]) -> Iterator[Delta]:
    """Each delta is in `said` before the next one is asked for."""
    for delta in stream:
        said.append(delta)  # noqa: PERF402
    yield from ()


def _reason(stream: Iterator[Delta], said: list[Delta]) -> str:
    """Why it failed; empty where it did not."""
    try:
        list(_noted(stream, said))
    except ModelFailed as error:
        return error.reason
    return ""
