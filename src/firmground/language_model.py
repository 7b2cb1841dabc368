"""What passes between us and a language model, and what is found of what it said."""

from typing import Literal, TypeAlias

from firmground.types import Json, Value


class Message(Value):
    role: Literal["system", "user", "assistant"]
    text: str


class Tokens(Value):
    """What calls of a model took. `estimated` where the server did not say."""

    input: int = 0
    output: int = 0
    estimated: bool = False


class ModelCall(Value):
    """One request to a language model."""

    messages: tuple[Message, ...]
    max_output_tokens: int
    temperature: float = 0.0
    seed: int | None = None
    json_schema: dict[str, Json] | None = None
    """The form of the answer, for a model that is `structured`; others are told in the prompt."""


class Delta(Value):
    """A piece of what a model says. The last one of a call has no text, but `tokens` and `finish`."""

    text: str = ""
    tokens: Tokens | None = None
    finish: Literal["stop", "length", "refused"] | None = None


ModelCode: TypeAlias = Literal[
    "unreachable",  # no connection
    "timeout",  # connect, next byte or total took too long
    "refused",  # the key or the model is not accepted
    "rejected",  # the request itself is not accepted (4xx): repeating it would not help
    "overloaded",  # 429 or 5xx, after the retries
    "cut_off",  # the connection ended before the answer did
    "nonsense",  # not the protocol, or nothing said
    "unavailable",  # too many failures lately: not asked (circuit open)
    "too_long",  # the output did not end within its bounds
    "cancelled",  # nobody waits for the answer any more
]


class Mismatch(Value):
    """Why a sentence does not hold against the passages it cites."""

    code: Literal[
        "coverage",
        "number",
        "unit",
        "date",
        "name",
        "negation",
        "quote",
        "citation",
        "verifier",
        "personal",
        "link",
        "markup",
        "leak",
    ]
    detail: str
    """One line, for a person and for the repair prompt."""


class Verification(Value):
    """What a verifier says of one sentence against passages. It may be wrong."""

    verdict: Literal["supported", "contradicted", "unsupported", "unclear"]
    why: str = ""
    tokens: Tokens = Tokens()
    cost_usd: float | None = 0.0
