"""Connections: how many there may be, how long one waits for its client, and what becomes of those that speak no HTTP."""

import asyncio
import logging
import resource
import socket
import sys
import time
from contextlib import suppress
from functools import partial
from typing import Any, cast

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle

from firmground.web.bodies import UPLOADS
from firmground.web.limits import Limits

_TELL_AGAIN_SECONDS = 60.0
_FILES = 400
"""That the process may need besides its connections; half of what it may open, where that is less."""
_AHEAD = 65_536
"""Bytes of requests that wait for the answer to an earlier one."""
_NO_HTTP = "this is no HTTP request: look at the client, or at the proxy before this server"
_FULL = (
    b"HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/plain; charset=utf-8\r\nRetry-After: 2\r\nConnection: close\r\n\r\n"
    b"this server has as many connections as it can hold: try again in a moment"
)
_log = logging.getLogger(__name__)


def protocol(limits: Limits) -> Any:
    """What makes a connection, for a server that keeps to these limits."""
    return partial(Connection, Crowd(limits))


class Seldom:
    """Tells the same thing once a minute at most, however often it happens."""

    def __init__(self) -> None:
        self._told = -_TELL_AGAIN_SECONDS

    def warn(self, text: str, *values: object) -> None:
        if (now := time.monotonic()) - self._told >= _TELL_AGAIN_SECONDS:
            self._told = now
            _log.warning(text, *values)


class Crowd:
    """The connections of one server, those that have waited longest for their client first."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._most = _connections(limits.connections)
        self._present: dict[Connection, None] = {}
        self._seldom = Seldom()

    def enter(self, connection: "Connection") -> bool:
        """Whether there is room for it. Where there is none, the one that has waited longest for its client makes room."""
        self._present[connection] = None
        if len(self._present) <= self._most:
            return True
        self._seldom.warn("there are more than %d connections: those that ask for nothing are closed", self._most)
        idle = next((each for each in self._present if each.idle()), connection)
        if idle is not connection:
            idle.transport.abort()
            self.leave(idle)
        return idle is not connection

    def wait(self, connection: "Connection") -> None:
        """From now on it waits for its client again."""
        if connection in self._present:
            del self._present[connection]
            self._present[connection] = None

    def leave(self, connection: "Connection") -> None:
        self._present.pop(connection, None)


class Connection(H11Protocol):
    """One client, who neither sends a request nor takes its answer as slowly as they like, and whose request has one meaning."""

    def __init__(self, crowd: Crowd, **given: Any) -> None:
        super().__init__(**given)
        self._crowd = crowd
        self._limits = crowd.limits
        self._waiting: asyncio.TimerHandle | None = None
        self._stalled: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        _limit_silence(transport, self._limits.stalled)
        if self._crowd.enter(self):
            self._await_request()
        else:
            transport.write(_FULL)
            transport.close()

    def idle(self) -> bool:
        """Whether the server waits for the client, not the client for the server. Uploads may take their time."""
        cycle = self._asked()
        return cycle is None or (cycle.more_body and cycle.scope["path"] not in UPLOADS)

    def handle_events(self) -> None:
        super().handle_events()
        # Who asks again before the answer is there shall still be seen to leave.
        if self.conn.their_state is h11.DONE and self._asked() is not None and len(self.conn.trailing_data[0]) < _AHEAD:
            self.flow.resume_reading()

    def send_400_response(self, msg: str) -> None:
        """For what is no HTTP. Whatever was made of it so far is over."""
        del msg
        if (cycle := self._asked()) is not None:
            cycle.disconnected = True
            cycle.message_event.set()
        if self.conn.our_state in {h11.IDLE, h11.SEND_RESPONSE}:
            super().send_400_response(_NO_HTTP)
        else:
            self.transport.close()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._crowd.wait(self)
        self._await_request()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._stalled = self.loop.call_later(self._limits.stalled, self.transport.abort)

    def resume_writing(self) -> None:
        super().resume_writing()
        if self._stalled is not None:
            self._stalled.cancel()

    def connection_lost(self, exc: Exception | None) -> None:
        self._crowd.leave(self)
        super().connection_lost(exc)
        for timer in (self._waiting, self._stalled):
            if timer is not None:
                timer.cancel()

    def _asked(self) -> RequestResponseCycle | None:
        """The request that is under way."""
        cycle = cast("RequestResponseCycle | None", self.cycle)
        return None if cycle is None or cycle.response_complete else cycle

    def _await_request(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
        self._waiting = self.loop.call_later(self._limits.request, self._close_unless_asked)

    def _close_unless_asked(self) -> None:
        if self._asked() is None:
            self.transport.close()


def _limit_silence(transport: asyncio.Transport, seconds: float) -> None:
    """Have the system end a connection whose other side takes nothing any more, also of the little that it holds for us."""
    made = cast("socket.socket | None", transport.get_extra_info("socket"))
    if made is not None and sys.platform == "linux":
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(1000 * seconds))


def _connections(most: int) -> int:
    """As many as the system lets this process hold, with room for files."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, most + _FILES)), hard))
        soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return min(most, max(soft // 2, soft - _FILES))
