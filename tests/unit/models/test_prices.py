"""Money: known exactly, or not at all."""

import pytest

from firmground.language_model import Tokens
from firmground.models.prices import Prices
from firmground.settings import Price

TOKENS = Tokens(input=2_000_000, output=1_000_000)
OPENAI = "https://api.openai.com/v1"
LOCAL = "http://127.0.0.1:8000/v1"


def test_the_own_table_goes_before_what_is_public():
    prices = Prices({"openai/gpt-4o-mini": Price(input=1, output=10)})
    assert prices.cost("openai/gpt-4o-mini", OPENAI, TOKENS) == 12


def test_a_known_provider_has_its_public_price():
    cost = Prices().cost("any-name/gpt-4o-mini", OPENAI, Tokens(input=1_000_000, output=1_000_000))
    assert cost is not None
    assert 0.01 < cost < 100


@pytest.mark.parametrize(
    "base_url",
    [
        LOCAL,
        "http://localhost:11434/v1",
        "http://[::1]:8000/v1",
        "http://10.0.0.5/v1",
        "https://llm.example.com/v1",
        "https://evil.example/api.openai.com",
    ],
)
def test_a_well_known_name_elsewhere_has_no_price(base_url):
    assert Prices().cost("local/gpt-4o-mini", base_url, TOKENS) is None


@pytest.mark.parametrize("model", ["no-such-model", "whisper-1", ""])
def test_what_a_provider_does_not_sell_by_tokens_has_no_price(model):
    assert Prices().cost(f"openai/{model}", OPENAI, TOKENS) is None


def test_a_machine_of_ones_own_costs_its_time():
    prices = Prices({"local": Price(hour=3.6)})
    assert prices.cost("local/some-model", LOCAL, TOKENS, 2.0) == pytest.approx(0.002)
    assert prices.cost("local/other-model", LOCAL, TOKENS, 0.0) == 0


def test_a_model_goes_before_its_server():
    prices = Prices({"local": Price(hour=3.6), "local/large": Price(hour=36)})
    assert prices.cost("local/large", LOCAL, TOKENS, 1.0) == pytest.approx(0.01)


def test_time_and_tokens_add_up():
    prices = Prices({"local": Price(hour=3600, input=1, output=1)})
    assert prices.cost("local/m", LOCAL, TOKENS, 1.0) == pytest.approx(4)


@pytest.mark.parametrize("price", [Price(), Price(input=1), Price(output=1)])
def test_half_a_price_is_none(price):
    assert Prices({"local/m": price}).cost("local/m", LOCAL, TOKENS, 5.0) is None


def test_nothing_is_free_unless_somebody_says_so():
    assert Prices({"local/m": Price(input=0, output=0)}).cost("local/m", LOCAL, TOKENS) == 0
    assert Prices().cost("local/m", LOCAL, Tokens()) is None
