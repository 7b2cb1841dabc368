"""Every language model keeps the contract of the `LanguageModel` port."""

from collections.abc import Iterator

import pytest

from firmground.errors import ModelFailed
from firmground.language_model import Tokens
from firmground.models.breaker import Breaker
from firmground.models.openai_model import OpenAIModel
from firmground.testing.model import CALL, LanguageModelContract, ScriptedModel, failed
from firmground.testing.model_server import ModelServer, Reply

ENDLESS = Reply(say="and so on ", endless=True, delay=0.001)


def said(model, call=CALL):
    return "".join(delta.text for delta in model.stream(call))


class TestScriptedModel(LanguageModelContract):
    @pytest.fixture
    def model(self) -> ScriptedModel:
        return ScriptedModel()

    @pytest.fixture
    def endless(self) -> ScriptedModel:
        return ScriptedModel(rules=lambda _: ENDLESS)


class TestOpenAIModel(LanguageModelContract):
    @pytest.fixture
    def model(self) -> Iterator[OpenAIModel]:
        yield from served(ModelServer())

    @pytest.fixture
    def endless(self) -> Iterator[OpenAIModel]:
        yield from served(ModelServer(default=ENDLESS))


class TestBreaker(LanguageModelContract):
    @pytest.fixture
    def model(self) -> Breaker:
        return Breaker(ScriptedModel())

    @pytest.fixture
    def endless(self) -> Breaker:
        return Breaker(ScriptedModel(rules=lambda _: ENDLESS))


def served(server: ModelServer) -> Iterator[OpenAIModel]:
    with server:
        model = OpenAIModel("local/scripted", server.url, "", "scripted")
        yield model
        model.close()


def test_the_fake_gives_its_replies_in_order_and_then_the_truth():
    fake = ScriptedModel(["One.", Reply(say="Two.")])
    assert [said(fake), said(fake)] == ["One.", "Two."]
    assert said(fake) == "Up to five days of leave may be carried over into the next year [1]."
    assert fake.calls == [CALL] * 3


def test_the_fake_fails_as_scripted_in_the_middle_too():
    fake = ScriptedModel([failed("overloaded"), failed("cut_off")], fail_after=3)
    for reason in ("overloaded", "cut_off"):
        heard: list[str] = []
        with pytest.raises(ModelFailed) as caught:
            heard.extend(delta.text for delta in fake.stream(CALL))
        assert caught.value.reason == reason


def test_the_fake_speaks_by_rules_on_the_call():
    fake = ScriptedModel(rules=lambda call: "Warm." if call.temperature > 0 else None)
    assert said(fake, CALL.model_copy(update={"temperature": 0.5})) == "Warm."
    assert "five days" in said(fake)


def test_the_fake_costs_what_it_was_told():
    assert ScriptedModel(cost_per_token=0.5).cost(Tokens(input=1, output=2)) == 1.5
    assert ScriptedModel(cost_per_token=None).cost(Tokens(input=1)) is None
