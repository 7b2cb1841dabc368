"""What is asked of a server of the OpenAI protocol, on which terms, and what it turned out not to accept."""

import random
import re
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from typing import Any, Literal, NoReturn, TypeAlias

from firmground.errors import ModelFailed
from firmground.language_model import ModelCall, ModelCode

_ADAPTABLE = ("response_format", "stream_options", "max_completion_tokens", "max_tokens", "temperature", "seed")
_OTHER_NAMES = {
    "response_format": r"response_format|json_schema|structured|guided|grammar",
    "stream_options": r"stream_options|include_usage",
}
_UNSUPPORTED = re.compile(
    r"unsupported|not (?:\w+ )?(?:supported|permitted|allowed|implemented|available)|unrecogni[sz]ed|unknown|unexpected|extra_forbidden"
    r"|does(?: not|n't) (?:\w+ )?(?:support|accept|allow)|no such|instead"
)
_TOKEN = re.compile(r"[A-Za-z]{1,4}|[\u00c0-\u06ff]{1,2}|\S|\n")

Failure: TypeAlias = tuple[ModelCode, str, str]
"""Reason, what went wrong, what to do."""


def estimated_tokens(text: str) -> int:
    """Rather too many: words in pieces of four letters, other alphabets in twos; each digit, sign and ideograph by itself."""
    return len(_TOKEN.findall(text))


@dataclass(frozen=True)
class Terms:
    """How long and how often a model is asked; seconds."""

    name: str
    base_url: str
    api_key: str
    key_variable: str
    connect_seconds: float
    read_seconds: float
    total_seconds: float
    retries: int
    monotonic: Callable[[], float]
    pause: Callable[[float], None]
    chance: random.Random

    def fail(self, failure: Failure, tokens: tuple[int, int] = (0, 0)) -> NoReturn:
        reason, what, remedy = failure
        text = f"the model {self.name} {what}"
        if len(self.api_key) > 7:  # shorter ones are words such as `none`
            text = text.replace(self.api_key, "…")
        text = "".join(character if character.isprintable() else " " for character in text)
        raise ModelFailed(reason, text if len(text) <= 300 else text[:300] + "…", remedy, tokens=tokens)


class Wishes:
    """Makes the bodies of requests. Thread-safe; what a server refused by its name once is not asked of it again.

    `structured`: `auto` asks for JSON-schema output until it is refused, `never` does not. A server that knows no `max_tokens` is given
    `max_completion_tokens`.
    """

    def __init__(self, model: str, structured: Literal["auto", "never"] = "auto") -> None:
        self._model = model
        self._refused = frozenset({"response_format"} if structured == "never" else ())
        self._lock = Lock()

    @property
    def structured(self) -> bool:
        return "response_format" not in self._refused

    def body(self, call: ModelCall) -> dict[str, Any]:
        refused = self._refused
        body: dict[str, Any] = {
            "model": self._model,
            "messages": [{"role": each.role, "content": _sendable(each.text)} for each in call.messages],
            "stream": True,
            "stream_options": {"include_usage": True},
            "max_tokens": call.max_output_tokens,
            "temperature": call.temperature,
        }
        if "max_tokens" in refused:
            body["max_completion_tokens"] = call.max_output_tokens
        if call.seed is not None:
            body["seed"] = call.seed
        if call.json_schema is not None:
            form = {"name": "answer", "schema": call.json_schema, "strict": True}
            body["response_format"] = {"type": "json_schema", "json_schema": form}
        return {key: value for key, value in body.items() if key not in refused}

    def adapt(self, body: dict[str, Any], complaint: str, parameter: object) -> bool:
        """Whether the server refused a part of the request (status 400 or 422), which the next one then leaves out.

        `parameter`: what it says is wrong, where it says so.
        """
        text = complaint.lower()
        for name in _ADAPTABLE:
            if name in body and _refuses(name, text, str(parameter or "").lower()):
                with self._lock:
                    self._refused |= {name}
                return True
        return False


def _refuses(name: str, text: str, parameter: str) -> bool:
    """A schema is refused by whatever names it; of the others it must be said that they are not known, not that they are too large."""
    named = re.search(rf"(?<!\w)(?:{_OTHER_NAMES.get(name, name)})", f"{text} {parameter}") is not None
    return named and (name == "response_format" or _UNSUPPORTED.search(text) is not None)


def _sendable(text: str) -> str:
    """Lone surrogates have no bytes."""
    return text.encode("utf-8", "replace").decode("utf-8").replace("\x00", " ")
