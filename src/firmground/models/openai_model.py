"""A language model behind any server that speaks the OpenAI protocol."""

import random
import re
import time
from collections.abc import Callable, Iterator
from threading import Lock
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlsplit

from firmground.errors import InvalidInput
from firmground.language_model import Delta, ModelCall, Tokens
from firmground.models.openai_request import Terms, Wishes, estimated_tokens
from firmground.models.prices import Prices

if TYPE_CHECKING:
    from firmground.models.openai_line import Lines


class OpenAIModel:
    """`model` of the server at `base_url`, under the name `<server>/<model>`. Thread-safe; each call in progress has a connection of its
    own, read by a thread that ends with the call.

    Time-outs: `connect_seconds`; `read_seconds` without a byte; `total_seconds` for a whole call, with its repeats and pauses and what
    the caller does between two pieces. A call of which nothing arrived is repeated up to `retries` times after a connection error, 408,
    409, 429 or 5xx: after the server's Retry-After, or a random pause (up to 0.5 s, 1 s, 2 s, … 8 s); where that does not fit into the
    total time, it fails at once. What a server refuses by name (JSON schema, stream_options, temperature, seed, max_tokens) is left out
    at once and from then on. `monotonic`, `pause` and `chance` are for tests.
    """

    def __init__(
        self,
        name: str,
        base_url: str,
        api_key: str,
        model: str,
        *,
        connect_seconds: float = 5.0,
        read_seconds: float = 30.0,
        total_seconds: float = 60.0,
        retries: int = 2,
        structured: Literal["auto", "never"] = "auto",
        prices: Prices | None = None,
        key_variable: str = "",
        monotonic: Callable[[], float] = time.monotonic,
        pause: Callable[[float], None] = time.sleep,
        chance: random.Random | None = None,
    ) -> None:
        server = name.partition("/")[0]
        if not base_url.startswith(("http://", "https://")) or not _host(base_url):
            raise InvalidInput(f"base_url of [models.{server}] is no address: {base_url!r}", "begin it with http:// or https://")
        api_key = api_key.strip()
        if not api_key.isascii() or not api_key.isprintable():
            raise InvalidInput(f"the API key of [models.{server}] holds characters that no key has", "copy it again")
        self._name = name
        self._base_url = base_url
        self._api_key = api_key
        self._prices = prices or Prices()
        self._wishes = Wishes(model, structured)
        self._lines: Lines | None = None
        self._lock = Lock()
        self._terms = Terms(
            name=name,
            base_url=_without_password(base_url),
            api_key=api_key,
            key_variable=key_variable,
            connect_seconds=connect_seconds,
            read_seconds=read_seconds,
            total_seconds=total_seconds,
            retries=retries,
            monotonic=monotonic,
            pause=pause,
            chance=chance or random.Random(),  # noqa: S311 -- only spreads repeats in time
        )

    @property
    def name(self) -> str:
        return self._name

    @property
    def structured(self) -> bool:
        return self._wishes.structured

    def count(self, text: str) -> int:
        return estimated_tokens(text)

    def cost(self, tokens: Tokens, seconds: float = 0.0) -> float | None:
        return self._prices.cost(self._name, self._base_url, tokens, seconds)

    def stream(self, call: ModelCall, *, cancelled: Callable[[], bool] = lambda: False) -> Iterator[Delta]:
        from firmground.models.openai_call import Call

        yield from Call(self._terms, self._open(), self._wishes, call, cancelled).deltas()

    def close(self) -> None:
        """Let its connections go. It opens new ones when it is asked again."""
        with self._lock:
            lines, self._lines = self._lines, None
        if lines is not None:
            lines.close()

    def _open(self) -> "Lines":
        from firmground.models.openai_line import Lines

        with self._lock:
            if self._lines is None:
                limits = self._terms
                self._lines = Lines(self._base_url, self._api_key, limits.connect_seconds, limits.read_seconds)
            return self._lines


def _host(base_url: str) -> str | None:
    try:
        parts = urlsplit(base_url)
        _ = parts.port
    except ValueError:
        return None
    return parts.hostname


def _without_password(base_url: str) -> str:
    """For messages."""
    return re.sub(r"//[^/@]*@", "//", base_url)
