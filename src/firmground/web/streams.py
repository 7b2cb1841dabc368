"""Answers in the making: each is made in a thread that writes what happens to a log, and whoever asked reads the log from where they are.

So a client that is slow or gone holds no thread, one that comes back reads on, and two that asked the same thing share one answer.
"""

import asyncio
import json
import logging
import threading
from collections.abc import AsyncGenerator, Callable, Generator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import aclosing, contextmanager, suppress
from time import monotonic
from typing import NamedTuple, Protocol

from starlette.responses import StreamingResponse
from starlette.types import Send

from firmground.errors import FirmgroundError, NotFound
from firmground.types import Actor, Answer, Event, Json
from firmground.web.problems import KeyReused, NotReady, Overloaded, document, unexpected
from firmground.web.turns import Whose

_LARGEST_LOG = 4_000_000
"""Characters. A hundred times what a long answer takes."""
_AT_ONCE = 100
_LINE_ENDS = {0x85: "\\u0085", 0x2028: "\\u2028", 0x2029: "\\u2029"}
_NOBODY = Whose("person", "")
_log = logging.getLogger(__name__)


class Told(NamedTuple):
    """One event: `data` is JSON."""

    n: int
    kind: str
    data: str


class Key(NamedTuple):
    """By which a repeated request is known: what the asker named it, and what it asks."""

    name: str
    body: str


class Make(Protocol):
    """Makes an answer."""

    def __call__(self, *, listen: Callable[[Event], None], cancelled: Callable[[], bool]) -> Answer: ...


class Stream:
    """The log of one answer, for any number of readers. Thread-safe. Over once it has its `answer` or its `error`."""

    def __init__(
        self, id: str, actor: Actor, *, question: str = "", request_id: str, key: Key | None, grace: float, whose: str = ""
    ) -> None:
        self.id = id
        self.actor = actor
        self.question = question
        self.request_id = request_id
        self.key = key
        self.whose = whose
        self.answer: Answer | None = None
        self.error: FirmgroundError | None = None
        self.over_since: float | None = None
        self.work: Future[None] | None = None
        self.readers = 0
        self._grace = grace
        self._left = monotonic()
        self._unwanted = False
        self._lock = threading.Lock()
        self._told: list[Told] = []
        self._size = 0
        self._wakes: set[Callable[[], None]] = set()
        self.write("status", {"status": "waiting", "id": id})

    @property
    def over(self) -> bool:
        return self.over_since is not None

    @property
    def last(self) -> int:
        """Number of the latest event."""
        return len(self._told)

    def given_up(self) -> bool:
        """Whether nobody reads it, and nobody came back in time; or nobody wants it; or it tells more than any answer should."""
        return self._unwanted or (not self.readers and monotonic() - self._left > self._grace) or self._size > _LARGEST_LOG

    def give_up(self) -> None:
        """Whoever asked does not want it any more: it ends as soon as it can, with an error."""
        self._unwanted = True

    def write(self, kind: str, data: Json) -> None:
        self._write(kind, json.dumps(data, ensure_ascii=False, separators=(",", ":")))

    def end(self, outcome: Answer | FirmgroundError) -> None:
        """The last event: `done` with the answer, or `error` with a problem document."""
        if isinstance(outcome, Answer):
            self.answer = outcome
            self._write("done", outcome.model_dump_json(), over=True)
        else:
            self.error = outcome
            self._write("error", json.dumps(document(outcome, self.request_id)), over=True)

    async def read(self, after: int = 0, *, beat: float = 60.0) -> AsyncGenerator[Told | None]:
        """The events behind number `after` as they come, until it is over; None whenever there was nothing for `beat` seconds. Close it
        (`aclosing`), so that it is known that nobody reads here any more."""
        changed = asyncio.Event()
        with self._reading(asyncio.get_running_loop(), changed):
            while True:
                changed.clear()
                over = self.over
                new = self._told[after : after + _AT_ONCE]
                for told in new:
                    yield told
                after += len(new)
                if new:
                    continue
                if over:
                    return
                try:
                    async with asyncio.timeout(beat):
                        await changed.wait()
                except TimeoutError:
                    yield None

    async def outcome(self) -> Answer:
        """The answer, once it is there. The error where there is none."""
        async with aclosing(self.read(self.last)) as events:
            async for _ in events:
                pass
        if self.error is not None:
            raise self.error
        assert self.answer is not None  # noqa: S101 - it is over
        return self.answer

    async def settled(self, seconds: float) -> None:
        """Wait until it is more than accepted, but no longer than that. Raises its error where it failed before it told anything."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds), aclosing(self.read(1)) as events:
                await anext(events, None)
        if self.error is not None and self.last <= 2:
            raise self.error

    def _write(self, kind: str, data: str, *, over: bool = False) -> None:
        with self._lock:
            self._told.append(Told(len(self._told) + 1, kind, data))
            self._size += len(data)
            if over:
                self.over_since = monotonic()
            wakes = list(self._wakes)
        for wake in wakes:
            wake()

    @contextmanager
    def _reading(self, loop: asyncio.AbstractEventLoop, changed: asyncio.Event) -> Generator[None]:
        def wake() -> None:
            with suppress(RuntimeError):  # the loop has ended, and its readers with it
                loop.call_soon_threadsafe(changed.set)

        with self._lock:
            self.readers += 1
            self._wakes.add(wake)
        try:
            yield
        finally:
            with self._lock:
                self.readers -= 1
                self._wakes.discard(wake)
                self._left = monotonic()


class Streams:
    """The answers that are being made in this process, and those just made.

    At most `most` are under way, `threads` of them at once: `most_of_one` for one person, and `most_of_a_page` for all readers of one page
    elsewhere; the next is refused. One that nobody reads for `grace` seconds is stopped.
    A log stays for `kept_seconds` after its end, and only the latest `kept` of them.
    """

    def __init__(
        self,
        stopping: threading.Event,
        *,
        most: int = 512,
        threads: int = 64,
        most_of_one: int = 16,
        most_of_a_page: int = 16,
        grace: float = 5.0,
        kept_seconds: float = 300.0,
        kept: int = 256,
    ) -> None:
        self._stopping = stopping
        self._most = most
        self._most_of_one = most_of_one
        self._most_of_a_page = most_of_a_page
        self._grace = grace
        self._kept_seconds = kept_seconds
        self._kept = kept
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="answer")
        self._lock = threading.Lock()
        self._streams: dict[str, Stream] = {}
        self._stop_at: float | None = None

    def begin(
        self,
        id: str,
        actor: Actor,
        make: Make,
        *,
        question: str = "",
        request_id: str = "",
        key: Key | None = None,
        whose: Whose = _NOBODY,
    ) -> Stream:
        """Start to make an answer, or join the one that this person already asked for under `key` with the rights they have now. NotReady
        when the server stops, Overloaded when too many are under way, in all or of theirs; KeyReused where the key was for something
        else."""
        with self._lock:
            self._tidy()
            if key is not None and (same := self._keyed(actor, key)) is not None:
                return same
            if self._stopping.is_set():
                raise NotReady("the server is stopping", "ask again in a moment")
            self._check_room(whose)
            stream = Stream(id, actor, question=question, request_id=request_id, key=key, grace=self._grace, whose=whose.name)
            self._streams[id] = stream
            stream.work = self._threads.submit(self._work, stream, make)
            return stream

    def check_room(self, whose: Whose) -> None:
        """Overloaded where the next answer would be refused."""
        with self._lock:
            self._tidy()
            self._check_room(whose)

    def find(self, id: str, actor: Actor) -> Stream:
        """One that this person asked for. NotFound also where it is somebody else's, or they have other rights by now."""
        with self._lock:
            self._tidy()
            stream = self._streams.get(id)
        if stream is None or _asker(stream.actor) != _asker(actor):
            raise NotFound(f"there is no answer {id!r} of yours under way", "ask again")
        return stream

    def forget(self, stream: Stream) -> None:
        """Drop a log."""
        with self._lock:
            self._streams.pop(stream.id, None)

    def end_of(self, person: str) -> None:
        """End and drop every log of this person's, whose answers are not theirs any more."""
        with self._lock:
            for stream in [each for each in self._streams.values() if each.actor.person == person]:
                stream.give_up()
                del self._streams[stream.id]

    def stop(self, seconds: float) -> None:
        """What is under way may go on for so long; then it ends with an error."""
        self._stop_at = monotonic() + seconds
        self._stopping.set()

    def close(self) -> None:
        if self._stop_at is None:
            self.stop(0)
        self._threads.shutdown()

    def _check_room(self, whose: Whose) -> None:
        under_way = [stream.whose for stream in self._streams.values() if not stream.over]
        own = self._most_of_a_page if whose.kind == "page" else self._most_of_one
        if whose.name and under_way.count(whose.name) >= own:
            raise Overloaded(f"{own} answers are under way for you", "wait for one of them, and ask then")
        if len(under_way) >= self._most:
            raise Overloaded("more answers are under way than this server can hold", "try again in a moment")

    def _stopped(self) -> bool:
        return self._stop_at is not None and monotonic() > self._stop_at

    def _work(self, stream: Stream, make: Make) -> None:
        def cancelled() -> bool:
            return self._stopped() or stream.given_up()

        if cancelled():
            stream.end(self._left_off())
            return
        try:
            stream.end(make(listen=lambda event: stream.write(event.kind, event.data), cancelled=cancelled))
        except FirmgroundError as error:
            stream.end(self._left_off() if cancelled() else error)
        except Exception:  # noqa: BLE001 - whoever waits must hear of it
            _log.exception("request %s: an answer failed", stream.request_id)
            stream.end(unexpected(stream.request_id))

    def _left_off(self) -> FirmgroundError:
        if self._stopped():
            return NotReady("the server is stopping", "ask again in a moment")
        return NotReady("nobody waited for this answer any more", "ask again")

    def _keyed(self, actor: Actor, key: Key) -> Stream | None:
        for stream in self._streams.values():
            if stream.key is not None and stream.key.name == key.name and stream.actor.person == actor.person:
                if stream.key.body != key.body:
                    raise KeyReused("this Idempotency-Key was used for another question", "give each question a key of its own")
                if stream.error is None and not stream.given_up() and _asker(stream.actor) == _asker(actor):
                    return stream
        return None

    def _tidy(self) -> None:
        """Drop logs that are too old or too many, and what still waits although nobody wants it."""
        now = monotonic()
        for stream in self._streams.values():
            if not stream.over and stream.given_up() and stream.work is not None and stream.work.cancel():
                stream.end(self._left_off())
        over = [stream for stream in self._streams.values() if stream.over_since is not None]
        for place, stream in enumerate(reversed(over)):
            if place >= self._kept or now - (stream.over_since or now) > self._kept_seconds:
                del self._streams[stream.id]


def _asker(actor: Actor) -> Actor:
    """Whoever asks by a key may look by another one, or in a browser."""
    return actor.model_copy(update={"key": ""})


class EventStream(StreamingResponse):
    """Server-sent events."""

    def __init__(self, frames: AsyncGenerator[str], headers: dict[str, str] | None = None) -> None:
        self._frames = frames
        super().__init__(frames, headers={"X-Accel-Buffering": "no", **(headers or {})}, media_type="text/event-stream")

    async def stream_response(self, send: Send) -> None:
        """As its parent does, but the log is left at once when the client is gone, not when memory is tidied."""
        async with aclosing(self._frames):
            await super().stream_response(send)


async def frames(stream: Stream, after: int = 0, *, beat: float = 5.0) -> AsyncGenerator[str]:
    """The log as server-sent events, with a comment whenever nothing happened for `beat` seconds."""
    async with aclosing(stream.read(after, beat=beat)) as events:
        async for told in events:
            yield frame(told) if told is not None else ": still here\n\n"


def frame(told: Told) -> str:
    """One event as it is sent."""
    return f"id: {told.n}\nevent: {told.kind}\ndata: {one_line(told.data)}\n\n"


def one_line(text: str) -> str:
    """JSON without the signs that many clients take for the end of a line, though the protocol does not. They only stand in its strings."""
    return text.translate(_LINE_ENDS)
