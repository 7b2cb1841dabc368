"""One answer of the scripted model server on its way to one client, with all that can go wrong on it."""

import json
import select
import socket
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from threading import Event
from typing import Any, cast

from firmground.testing.model_script import Place, Reply, pieces, prompt_of, spoken, tokens_of

_LOOKS = 0.01
"""Seconds between two looks whether the client is still there."""


@dataclass
class Asked:
    """One request, and what became of it. Complete once `over`."""

    number: int
    """From 1."""
    body: dict[str, Any]
    """Empty where it was none."""
    key: str
    """What it gave as its API key."""
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    """All of them, their names in small letters."""
    status: int = 0
    sent: int = 0
    """Bytes of the body."""
    pieces: int = 0
    """Of text that were sent."""
    left: bool = False
    """The client closed the connection before the end."""
    pieces_after_leaving: int = 0
    """That were still made for it: what a server that does not notice would have cost."""
    over: bool = False

    @property
    def prompt(self) -> str:
        return prompt_of(self.body)


class Gone(Exception):
    """The client left, the server stops, or the script cuts the connection."""


class Answer:
    """One reply on its way to one client."""

    def __init__(self, handler: BaseHTTPRequestHandler, stopping: Event, asked: Asked, reply: Reply) -> None:
        self._handler = handler
        self._stopping = stopping
        self._asked = asked
        self._reply = reply
        self._chunked = False

    def give(self) -> None:
        body, reply = self._asked.body, self._reply
        self._stop_at("before_headers")
        refused = next((name for name in reply.refuses if name in body), None)
        if refused:
            said = f"Unsupported parameter: '{refused}' is not supported with this model."
            return self._send(400, "application/json", [_bytes(error_body(said, "unsupported_parameter", refused))])
        if reply.body is not None:
            return self._send(reply.status, reply.content_type or "text/event-stream", [reply.body.encode("utf-8", "replace")])
        if reply.status != 200:
            said = reply.message or "the script says so"
            return self._send(reply.status, "application/json", [_bytes(error_body(said, "scripted"))])
        if not body.get("stream"):
            text = "".join(self._pieces(spoken(reply, body)))
            return self._send(200, "application/json", [_bytes(self._completion(text))])
        return self._send(200, reply.content_type or "text/event-stream", self._events(spoken(reply, body)))

    def _events(self, text: str) -> Iterator[bytes]:
        reply = self._reply
        yield self._event({"role": "assistant", "content": ""})
        if reply.reasoning:
            yield self._event({"reasoning_content": reply.reasoning})
        if reply.refusal:
            yield self._event({"refusal": reply.refusal})
        else:
            for number, piece in enumerate(self._pieces(text)):
                event = self._event({"content": piece})
                yield event[: len(event) // 2] + b"\n\n" if reply.invalid_json and number == 1 else event
                if reply.error_event is not None:
                    yield (
                        b"data: "
                        + _bytes({"error": {"message": reply.message or "it broke", "code": reply.error_event}})
                        + b"\n\n"
                    )
        yield self._event({}, self._reply.finish)
        if reply.usage and cast("dict[str, Any]", self._asked.body.get("stream_options") or {}).get("include_usage"):
            yield (
                b"data: " + _bytes({**self._frame("chat.completion.chunk"), "choices": [], "usage": self._usage(text)}) + b"\n\n"
            )
        if reply.done:
            yield b"data: [DONE]\n\n"

    def _pieces(self, text: str) -> Iterator[str]:
        """Piece by piece, at the script's pace; no more than the request allows, except where the reply is endless."""
        most = self._asked.body.get("max_tokens") or self._asked.body.get("max_completion_tokens")
        for number, piece in enumerate(pieces(text, self._reply)):
            if isinstance(most, int) and number >= most and not self._reply.endless:
                self._reply = self._reply.model_copy(update={"finish": "length"})
                return
            self._wait(self._reply.delay if number else self._reply.first_delay)
            yield piece
            self._asked.pieces += 1
            self._asked.pieces_after_leaving += self._asked.left

    def _send(self, status: int, content_type: str, parts: Sequence[bytes] | Iterator[bytes]) -> None:
        handler, reply = self._handler, self._reply
        self._asked.status = status
        handler.send_response(status)
        handler.send_header("content-type", content_type)
        if reply.retry_after:
            handler.send_header("retry-after", reply.retry_after)
        self._chunked = not isinstance(parts, Sequence)
        if isinstance(parts, Sequence):
            handler.send_header("content-length", str(sum(map(len, parts))))
        else:
            handler.send_header("transfer-encoding", "chunked")
        handler.end_headers()
        self._stop_at("after_headers")
        for part in parts:
            self._write(part)
        self._write(b"")

    def _write(self, part: bytes) -> None:
        """Up to the place where the script ends it, in the middle of a chunk as well."""
        stops = [place for place in (self._reply.hang, self._reply.cut) if isinstance(place, int)]
        sent = self._asked.sent
        frame, end = (b"%x\r\n" % len(part), b"\r\n") if self._chunked else (b"", b"")
        if stops and sent <= min(stops) < sent + len(part):
            part = part[: min(stops) - sent]
            self._out(frame + part)
            self._asked.sent += len(part)
            self._stop_at(min(stops))
        if part or self._chunked:
            self._out(frame + part + end)
        self._asked.sent += len(part)

    def _out(self, content: bytes) -> None:
        if self._asked.left and self._reply.keep_speaking:
            return
        self._present()
        try:
            self._handler.wfile.write(content)
        except OSError:
            self._gone()

    def _stop_at(self, place: Place) -> None:
        if self._reply.cut == place:
            raise Gone
        if self._reply.hang == place:
            while True:
                self._present(_LOOKS)

    def _wait(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            if self._asked.left:
                time.sleep(left)
            else:
                self._present(min(left, _LOOKS))

    def _present(self, seconds: float = 0.0) -> None:
        """Look for the client for so long; nobody sends anything while it waits for an answer, so what can be read is its leaving."""
        connection = self._handler.connection
        if self._stopping.is_set():
            raise Gone
        if select.select([connection], [], [], seconds)[0]:
            try:
                here = bool(connection.recv(1, socket.MSG_PEEK))
            except OSError:
                here = False
            if not here:
                self._gone()
            elif seconds:
                time.sleep(seconds)

    def _gone(self) -> None:
        self._asked.left = True
        if not self._reply.keep_speaking:
            raise Gone

    def _event(self, delta: dict[str, Any], finish: str | None = None) -> bytes:
        choice = {"index": 0, "delta": delta, "finish_reason": finish}
        return b"data: " + _bytes({**self._frame("chat.completion.chunk"), "choices": [choice]}) + b"\n\n"

    def _completion(self, text: str) -> dict[str, Any]:
        reply = self._reply
        message = {"role": "assistant", "content": None if reply.refusal else text, "refusal": reply.refusal or None}
        whole = {
            **self._frame("chat.completion"),
            "choices": [{"index": 0, "message": message, "finish_reason": self._reply.finish}],
        }
        return {**whole, "usage": self._usage(text)} if reply.usage else whole

    def _frame(self, kind: str) -> dict[str, Any]:
        return {"id": f"chatcmpl-{self._asked.number}", "object": kind, "created": 0, "model": self._asked.body["model"]}

    def _usage(self, text: str) -> dict[str, int]:
        read, written = tokens_of(self._asked.prompt), min(tokens_of(text), self._asked.pieces or 1)
        return {"prompt_tokens": read, "completion_tokens": written, "total_tokens": read + written}


def _bytes(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode("utf-8", "replace")


def error_body(message: str, code: str, parameter: str | None = None) -> dict[str, Any]:
    return {"error": {"message": message, "type": "invalid_request_error", "code": code, "param": parameter}}
