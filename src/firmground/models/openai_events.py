"""What a server of the OpenAI protocol sends back, byte by byte: pure reading, no connection."""

import json
import re
from collections.abc import Iterator
from typing import Any, Literal, TypeAlias, cast

from firmground.language_model import Tokens

LONGEST_EVENT = 4_000_000
"""Bytes. No honest event is longer, and one without end must not fill the memory."""
_FIELD = re.compile(rb"(data|event|id|retry)(?:: ?|$)")
_HIGH, _LOW = ("\ud800", "\udbff"), ("\udc00", "\udfff")

Finish: TypeAlias = Literal["stop", "length", "refused"]
_FINISHES: dict[str, Finish] = {"length": "length", "content_filter": "refused"}


class Nonsense(Exception):
    """What arrived is not the protocol."""


class ServerSays(Exception):
    """An error that the server reports in the middle of its stream."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class Saying:
    """One answer of a chat completion as it arrives: as server-sent events, or in one piece (`whole`) from a server that does not stream.

    `ended`: the server said that it is over. Reasoning is counted (`unsaid`, in characters) and never text.
    """

    def __init__(self, *, whole: bool = False) -> None:
        self._whole = whole
        self._rest = b""
        self._data: list[bytes] = []
        self._half = ""
        self.ended = False
        self.finish: Finish | None = None
        self.input: int | None = None
        self.output: int | None = None
        self.unsaid = 0

    def feed(self, received: bytes) -> Iterator[str]:
        """The text in it. Raises Nonsense or ServerSays."""
        self._rest += received
        if len(self._rest) + sum(map(len, self._data)) > LONGEST_EVENT:
            raise Nonsense("an event without end")
        if self._whole:
            return
        *lines, self._rest = re.split(rb"\r\n|\n|\r(?!$)", self._rest)
        for line in lines:
            yield from self._line(line)

    def close(self) -> Iterator[str]:
        """The connection ended in good order: what is left of it, a last event without its blank line for instance."""
        rest, self._rest = self._rest, b""
        if self._whole:
            yield from self._event(rest)
            self.ended = True
            return
        if rest:
            yield from self._line(rest.rstrip(b"\r"))
        yield from self._line(b"")

    def tokens(self, estimated_input: int, estimated_output: int) -> Tokens:
        """As the server counted them, estimated where it did not."""
        known = self.input is not None and self.output is not None
        return Tokens(
            input=estimated_input if self.input is None else self.input,
            output=estimated_output if self.output is None else self.output,
            estimated=not known,
        )

    def _line(self, line: bytes) -> Iterator[str]:
        if not line:
            data, self._data = b"\n".join(self._data), []
            if data:
                yield from self._event(data)
        elif not line.startswith(b":"):
            field = _FIELD.match(line)
            if field is None:
                raise Nonsense(f"{line[:40]!r} is no server-sent event")
            if field[1] == b"data":
                self._data.append(line[field.end() :])

    def _event(self, data: bytes) -> Iterator[str]:
        if self.ended:
            return
        if data.strip() == b"[DONE]":
            self.ended = True
            return
        try:
            event = json.loads(data.decode("utf-8", "replace"))
        except (ValueError, RecursionError):
            raise Nonsense(f"{data[:40]!r} is not JSON") from None
        if not isinstance(event, dict):
            raise Nonsense(f"{data[:40]!r} is no completion")
        yield from self._completion(cast("dict[str, Any]", event))

    def _completion(self, event: dict[str, Any]) -> Iterator[str]:
        if event.get("error"):
            raise _reported(event["error"])
        self._count(event.get("usage"))
        choices = event.get("choices")
        if not isinstance(choices, list):
            raise Nonsense("an event without choices")
        for choice in cast("list[Any]", choices):
            if not isinstance(choice, dict):
                raise Nonsense("a choice that is none")
            chosen = cast("dict[str, Any]", choice)
            if chosen.get("index"):
                continue
            message = cast("object", chosen.get("message" if self._whole else "delta") or {})
            if not isinstance(message, dict):
                raise Nonsense("a message that is none")
            yield from self._message(cast("dict[str, Any]", message))
            reason = chosen.get("finish_reason")
            if isinstance(reason, str) and self.finish != "refused":
                self.finish = _FINISHES.get(reason, "stop")

    def _message(self, message: dict[str, Any]) -> Iterator[str]:
        for key in ("reasoning_content", "reasoning"):
            if isinstance(message.get(key), str):
                self.unsaid += len(message[key])
        if message.get("refusal"):
            self.finish = "refused"
        content = message.get("content")
        if isinstance(content, list):
            parts = [cast("dict[str, Any]", part) for part in cast("list[Any]", content) if isinstance(part, dict)]
            content = "".join(str(part.get("text", "")) for part in parts if part.get("type") == "text")
        if content is not None and not isinstance(content, str):
            raise Nonsense("content that is no text")
        if content and (text := self._storable(content)):
            yield text

    def _storable(self, text: str) -> str:
        """Pairs of surrogates that were sent in two events are joined; what no text may hold is replaced."""
        text, self._half = self._half + text, ""
        if _HIGH[0] <= text[-1] <= _HIGH[1]:
            text, self._half = text[:-1], text[-1]
        if any(_HIGH[0] <= character <= _LOW[1] for character in text):
            text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
        return text.replace("\x00", "")

    def _count(self, usage: object) -> None:
        if not isinstance(usage, dict):
            return
        counted = cast("dict[str, Any]", usage)
        read, written = counted.get("prompt_tokens"), counted.get("completion_tokens")
        if type(read) is int and read > 0:
            self.input = read
        if type(written) is int and written > 0:
            self.output = written


def _reported(error: object) -> ServerSays:
    if not isinstance(error, dict):
        return ServerSays(500, str(error))
    said = cast("dict[str, Any]", error)
    code = next((each for each in (said.get("code"), said.get("status")) if type(each) is int), 500)
    return ServerSays(code, str(said.get("message") or said.get("type") or "an error"))
