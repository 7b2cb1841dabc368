"""What calls of a language model cost: the workspace's own table first, then the public prices of known providers."""

from collections.abc import Mapping
from types import MappingProxyType

from firmground.language_model import Tokens
from firmground.settings import Price

_NONE: Mapping[str, Price] = MappingProxyType({})


class Prices:
    """`table` is `[prices]` of the settings: by `<server>/<model>`, or by `<server>` for all of its models.

    What the table does not name is looked up in genai-prices, as shipped with that package: nothing is downloaded. Who the provider is
    tells the address alone. A machine of your own that serves a model under a well-known name does not cost what its namesake costs,
    nor nothing: its price is unknown until the table has it.
    """

    def __init__(self, table: Mapping[str, Price] = _NONE) -> None:
        self._table = dict(table)

    def cost(self, name: str, base_url: str, tokens: Tokens, seconds: float = 0.0) -> float | None:
        """USD of one call of the model `<server>/<model>` that took so long; None where any part of the price is not known."""
        server, _, model = name.partition("/")
        own = self._table.get(name) or self._table.get(server)
        return _public(model, base_url, tokens) if own is None else _own(own, tokens, seconds)


def _own(price: Price, tokens: Tokens, seconds: float) -> float | None:
    """Time at the price of an hour, tokens at their price per million; a price of hours makes that of tokens optional."""
    parts = [None if price.hour is None else price.hour * seconds / 3600]
    for count, each in ((tokens.input, price.input), (tokens.output, price.output)):
        parts.append(None if each is None else each * count / 1e6)
        if each is None and price.hour is None and count:
            return None
    known = [part for part in parts if part is not None]
    return sum(known) if known else None


def _public(model: str, base_url: str, tokens: Tokens) -> float | None:
    from genai_prices import Usage, calc_price

    try:
        found = calc_price(Usage(input_tokens=tokens.input, output_tokens=tokens.output), model, provider_api_url=base_url)
    except (LookupError, ValueError):
        return None
    price = found.model_price
    if getattr(price, "input_mtok", None) is None or getattr(price, "output_mtok", None) is None:
        return None  # sold by something else than tokens
    return float(found.total_price)
