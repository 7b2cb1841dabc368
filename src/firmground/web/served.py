"""One workspace being served: who asks, the threads that answer, and whether it is ready."""

import asyncio
import getpass
import logging
import os
import secrets
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Annotated, ParamSpec, TypeVar, cast

from fastapi import Depends, Request

from firmground.app.answers import ask, new_id
from firmground.app.app import App
from firmground.app.repeats import Repeat, remember
from firmground.app.search import warm_up
from firmground.errors import FirmgroundError
from firmground.ports import Filters
from firmground.serve.conversation import Turn
from firmground.types import Actor, Answer, Event
from firmground.web.problems import NotReady, Overloaded
from firmground.web.streams import Key, Stream, Streams

P = ParamSpec("P")
T = TypeVar("T")

_LOOK_AGAIN_SECONDS = 0.05
_DRAIN_SECONDS = 20.0
_log = logging.getLogger(__name__)


class Served:
    """What the routes share. `threads` requests are worked on at once and `waiting` more may queue; the next is refused at once.

    Until accounts exist, whoever reaches the server acts as administrator: it listens on this machine only.
    """

    def __init__(
        self, app: App, *, threads: int = 16, waiting: int = 128, patience: float = 60.0, streams: Streams | None = None
    ) -> None:
        self.app = app
        self.actor = Actor(person=_system_user(), groups=frozenset({"public", "everyone"}), admin=True, via="http")
        self.form_token = secrets.token_urlsafe(32)
        self.stopping = threading.Event()
        limits = app.workspace.settings.serve
        self.streams = streams or Streams(self.stopping, most=limits.answers_under_way, threads=limits.answers_at_once)
        self._patience = patience
        self.trouble: FirmgroundError | None = None
        """What keeps model and index from opening, as of the last attempt."""
        self._open = threading.Event()
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="request")
        self._places = threading.Semaphore(threads + waiting)

    async def run(self, use: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Call a use case in a thread. Overloaded when too many wait."""
        if not self._places.acquire(blocking=False):
            raise Overloaded("more requests wait than can be answered soon", "try again in a moment")
        future = self._threads.submit(use, *args, **kwargs)
        future.add_done_callback(lambda _: self._places.release())
        return await asyncio.wrap_future(future)

    async def ask(
        self,
        question: str,
        *,
        filters: Filters | None = None,
        conversation: str = "",
        history: Sequence[Turn] = (),
        request_id: str = "",
        key: Key | None = None,
    ) -> Stream:
        """Start to answer a question, as `firmground.app.answers.ask` does. With `key`, the answer is found by it for a day."""
        await self.opened()
        # Not among other requests: many who ask at the same moment would be refused there, although their answers have room.
        id = await asyncio.to_thread(new_id, self.app, self.actor)
        once = partial(ask, self.app, self.actor, question, filters=filters, conversation=conversation, history=history, id=id)

        def make(*, listen: Callable[[Event], None], cancelled: Callable[[], bool]) -> Answer:
            answer = once(listen=listen, cancelled=cancelled)
            if key is not None:
                remember(self.app, self.actor, key.name, Repeat(key.body, answer.id))
            return answer

        return self.streams.begin(id, self.actor, make, request_id=request_id, key=key)

    async def opened(self, *, anyway: bool = False) -> None:
        """Wait until model and index are open, holding no thread. What keeps them closed is raised, unless `anyway`."""
        left = self._patience
        while not self._open.is_set() and self.trouble is None:
            if left <= 0:
                raise NotReady("the model and the index are still being opened", "try again in a moment")
            await asyncio.sleep(_LOOK_AGAIN_SECONDS)
            left -= _LOOK_AGAIN_SECONDS
        if self.trouble is not None and not anyway:
            raise self.trouble

    def open_parts(self) -> bool:
        """Open what questions need, and ask one, so that the first real one is quick. False where that failed: try again later."""
        if self._open.is_set():
            return True
        try:
            warm_up(self.app, self.actor)
        except FirmgroundError as error:
            self.trouble = error
            return False
        except Exception:  # noqa: BLE001 - whoever asks meanwhile must hear of it
            _log.exception("opening model and index failed")
            self.trouble = FirmgroundError("the model and the index cannot be opened", "look into the server's log")
            return False
        self.trouble = None
        self._open.set()
        return True

    def reasons(self) -> list[str]:
        """Why it is not ready; empty when it is."""
        if self.stopping.is_set():
            return ["the server is stopping"]
        if self.trouble is not None:
            return [str(self.trouble)]
        return [] if self._open.is_set() else ["the model and the index are being opened"]

    def stop(self) -> None:
        """Take on nothing new; what is under way gets a while to end."""
        self.streams.stop(_DRAIN_SECONDS)

    def close(self) -> None:
        self.streams.close()
        self._threads.shutdown(cancel_futures=True)


async def unless_gone(request: Request, stream: Stream) -> Answer:
    """The answer. Who leaves before it is there does not hold it up any more."""
    outcome = asyncio.ensure_future(stream.outcome())
    gone = asyncio.ensure_future(_disconnected(request))
    try:
        await asyncio.wait({outcome, gone}, return_when=asyncio.FIRST_COMPLETED)
        if outcome.done():
            return outcome.result()
        raise NotReady("nobody waits for this answer any more", "ask again")
    finally:
        for task in (outcome, gone):
            task.cancel()
        await asyncio.wait({outcome, gone})


async def _disconnected(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


async def _served(request: Request) -> Served:
    return cast("Served", request.app.state.served)


TheServed = Annotated[Served, Depends(_served)]


def _system_user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid-{os.getuid()}"
