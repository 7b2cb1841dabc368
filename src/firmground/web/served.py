"""One workspace being served: who asks, the threads that answer, and whether it is ready."""

import asyncio
import logging
import secrets
import threading
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import copy_context
from functools import partial
from typing import Annotated, ParamSpec, TypeVar, cast

from fastapi import Depends, Request

from firmground.app.access.system_user import system_user
from firmground.app.app import App
from firmground.app.asking.search import warm_up
from firmground.errors import FirmgroundError
from firmground.types import Actor
from firmground.web.limits import Limits
from firmground.web.problems import NotReady, Overloaded
from firmground.web.streams import Streams
from firmground.web.turns import Kind, Turns, Whose

P = ParamSpec("P")
T = TypeVar("T")

_LOOK_AGAIN_SECONDS = 0.05
_DRAIN_SECONDS = 20.0
_DOORKEEPERS = 4
_AT_THE_DOOR = 4000
_AT_THE_DOOR_OF_ONE = 128
_PROGRAMS = 12
_STRANGERS = 4
_PARTS = 2
_log = logging.getLogger(__name__)


class Served:
    """What all requests share. `threads` of those of people are worked on at once and `waiting` more may queue, as many by one person as
    `limits` says; the next is refused at once. Programs have threads of their own, and so has who is not known yet: however much programs
    ask for, people get in and go on."""

    def __init__(
        self,
        app: App,
        *,
        threads: int = 16,
        waiting: int = 128,
        patience: float = 60.0,
        streams: Streams | None = None,
        limits: Limits | None = None,
    ) -> None:
        self.app = app
        self.limits = limits or Limits()
        self.local_actor = _whoever_reaches_it()
        self.local_form_token = secrets.token_urlsafe(32)
        self.owned = False
        """Whether there is an owner, as far as is known here; there is for good once there is one."""
        self.setup_token = secrets.token_urlsafe(32)
        """Whoever has it may become the first owner."""
        self.stopping = threading.Event()
        settings = app.workspace.settings.serve
        self.streams = streams or Streams(
            self.stopping,
            most=settings.answers_under_way,
            threads=settings.answers_at_once,
            most_of_one=settings.person_answers_under_way,
            most_of_a_page=settings.widget_answers_under_way,
        )
        self._patience = patience
        self.trouble: FirmgroundError | None = None
        """What keeps model and index from opening, as of the last attempt."""
        self._uploading = 0
        self._open = threading.Event()
        own = {"of_one": self.limits.calls_of_one, "waiting_of_one": self.limits.waiting_of_one}
        programs = Turns("program", threads=_PROGRAMS, waiting=waiting, **own)
        self._turns: dict[Kind, Turns] = {
            "person": Turns("person", threads=threads, waiting=waiting, **own),
            "program": programs,
            "page": programs,
            "stranger": Turns("stranger", threads=_STRANGERS, waiting=waiting),
        }
        self._parts = Turns("part", threads=_PARTS, waiting=waiting, of_one=1, waiting_of_one=self.limits.waiting_of_one)
        self._doorkeepers = Turns(
            "door", threads=_DOORKEEPERS, waiting=_AT_THE_DOOR, of_one=2, waiting_of_one=_AT_THE_DOOR_OF_ONE
        )
        self._notes = ThreadPoolExecutor(1, thread_name_prefix="notes")
        self._noting: set[str] = set()

    async def run(self, whose: Whose, use: Callable[[], T]) -> T:
        """Call a use case in a thread when it is this asker's turn. Overloaded when too many wait."""
        turns = self._turns[whose.kind]
        return await asyncio.wrap_future(turns.take(whose.name, partial(copy_context().run, use)))

    async def part(self, whose: Whose, use: Callable[[], T]) -> T:
        """Call one part of long work, when it is its turn among the parts of everybody's: such work never fills the other threads."""
        return await asyncio.wrap_future(self._parts.take(whose.name, use))

    @contextmanager
    def uploading(self) -> Generator[None]:
        """While an upload arrives. Overloaded when too many do."""
        if self._uploading >= self.limits.uploads:
            raise Overloaded("others are uploading", "try again in a moment")
        self._uploading += 1
        try:
            yield
        finally:
            self._uploading -= 1

    async def look(self, use: Callable[[], T], *, shown: str = "") -> T:
        """Call what is quick and must not wait behind requests: who asks. `shown`: the credentials, so that whoever comes with the same
        ones again and again waits behind the others."""
        return await asyncio.wrap_future(self._doorkeepers.take(shown, use))

    def later(self, name: str, use: Callable[[], object]) -> None:
        """Call what nobody waits for, and what may fail: then it is left out. Once, however often it is asked for meanwhile."""
        if name not in self._noting:
            self._noting.add(name)
            self._notes.submit(self._note, name, use)

    def _note(self, name: str, use: Callable[[], object]) -> None:
        try:
            use()
        except FirmgroundError as error:
            _log.info("left out: %s", error)
        finally:
            self._noting.discard(name)

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
            warm_up(self.app)
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
        """Why it is not ready; empty when it is. Whoever watches over it needs no credentials, so once others reach it they are told
        no more than that."""
        if self.stopping.is_set():
            return ["the server is stopping"]
        if self.trouble is not None:
            return ["the model or the index cannot be opened" if self.owned else str(self.trouble)]
        return [] if self._open.is_set() else ["the model and the index are being opened"]

    def stop(self) -> None:
        """Take on nothing new; what is under way gets a while to end."""
        self.streams.stop(_DRAIN_SECONDS)

    def close(self) -> None:
        self.streams.close()
        for turns in {*self._turns.values(), self._parts, self._doorkeepers}:
            turns.close()
        self._notes.shutdown(cancel_futures=True)


async def _served(request: Request) -> Served:
    return cast("Served", request.app.state.served)


TheServed = Annotated[Served, Depends(_served)]


def _whoever_reaches_it() -> Actor:
    """Until accounts exist, whoever reaches the server is its owner: it listens on this machine only."""
    return Actor(person=system_user(), groups=frozenset({"public", "everyone"}), role="owner", via="http", local=True)
