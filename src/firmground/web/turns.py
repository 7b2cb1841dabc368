"""Threads that many share, so that nobody takes them all."""

from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Lock
from typing import Any, Literal, NamedTuple, TypeAlias, TypeVar

from firmground.web.problems import Overloaded

T = TypeVar("T")

Kind: TypeAlias = Literal["person", "program", "page", "stranger"]


class Whose(NamedTuple):
    """Whose share of the server something takes: by their browser or a program of theirs, for the readers of a page elsewhere, or somebody
    not known yet. `name`: empty where there is no telling one from another."""

    kind: Kind
    name: str


class _Call(NamedTuple):
    future: Future[Any]
    work: Callable[[], object]


class _Line:
    """The calls of one asker."""

    def __init__(self) -> None:
        self.waiting: deque[_Call] = deque()
        self.threads = 0
        self.held = 0


class Turns:
    """`threads` calls are worked on at once and `waiting` more may queue: of one asker `of_one` at once, and `waiting_of_one` more.

    Askers take turns: whoever has many calls waiting is behind everybody else after each of them. A call that is cancelled while it waits
    is left out.
    """

    def __init__(
        self, name: str, *, threads: int, waiting: int, of_one: int | None = None, waiting_of_one: int | None = None
    ) -> None:
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix=name)
        self._most = threads + waiting
        self._of_one = threads if of_one is None else of_one
        self._most_of_one = self._most if waiting_of_one is None else self._of_one + waiting_of_one
        self._held = 0
        self._lines: dict[str, _Line] = {}
        self._lock = Lock()

    def take(self, whose: str, work: Callable[[], T]) -> Future[T]:
        """Call it in a thread when it is its turn; what is nobody's (empty) counts for all together only. Overloaded when too many
        wait."""
        future: Future[T] = Future()
        with self._lock:
            line = self._lines.get(whose) or _Line()
            if whose and line.held >= self._most_of_one:
                raise Overloaded("more of your requests wait than one person may have waiting", "send fewer at once")
            if self._held >= self._most:
                raise Overloaded("more requests wait than can be answered soon", "try again in a moment")
            self._lines[whose] = line
            self._held += 1
            line.held += 1
            line.waiting.append(_Call(future, work))
            if not whose or line.threads < self._of_one:
                line.threads += 1
                self._threads.submit(self._next, whose, line)
        return future

    def close(self) -> None:
        """What waits is left out; what is worked on ends."""
        with self._lock:
            left = [call for line in self._lines.values() for call in line.waiting]
            for line in self._lines.values():
                line.waiting.clear()
        for call in left:
            call.future.cancel()
        self._threads.shutdown()

    def _next(self, whose: str, line: _Line) -> None:
        with self._lock:
            call = line.waiting.popleft() if line.waiting else None
        if call is not None:
            self._call(call, line)
        with self._lock:
            # Not on in this thread, but behind what others wait for.
            if whose and line.waiting:
                self._threads.submit(self._next, whose, line)
                return
            line.threads -= 1
            if not line.threads:
                self._lines.pop(whose, None)

    def _call(self, call: _Call, line: _Line) -> None:
        if not call.future.set_running_or_notify_cancel():
            return self._made_room(line)
        try:
            result = call.work()
        except BaseException as error:  # noqa: BLE001 - whoever waits for it must hear of it
            self._made_room(line)
            call.future.set_exception(error)
        else:
            # Before it is told, since whoever hears it may come again at once.
            self._made_room(line)
            call.future.set_result(result)

    def _made_room(self, line: _Line) -> None:
        with self._lock:
            self._held -= 1
            line.held -= 1
