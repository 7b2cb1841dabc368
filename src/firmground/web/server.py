"""`firmground serve`: one process that answers, shows pages, and works on jobs."""

import asyncio
import errno
import logging
import signal
import socket
import threading
import time
from collections.abc import Callable
from types import FrameType
from typing import Any
from urllib.parse import urlsplit

import uvicorn
from starlette.types import ASGIApp

from firmground.app.access.accounts import has_owner
from firmground.app.app import App
from firmground.app.notifying.delivering import deliver
from firmground.app.personal import retention
from firmground.app.reviewing.sweep import keep_up
from firmground.app.work import handlers
from firmground.errors import Busy, OutsideFailed
from firmground.web.application import application
from firmground.web.connections import Seldom, protocol
from firmground.web.exercises import EXERCISES
from firmground.web.limits import Limits
from firmground.web.origins import address, is_loopback, loopback
from firmground.web.served import Served

_DRAIN_SECONDS = 30
_RETRY_SECONDS = 1.0
_LOOK_SECONDS = 600.0
_ACCEPTED_AT_ONCE = 16
"""Few, since each is a file until it is looked at."""
_QUEUE = 1024
_LONGEST_HEADERS = 32_768
_log = logging.getLogger(__name__)


def run(app: App, *, host: str, port: int, ready: Callable[[str], None], limits: Limits | None = None) -> None:
    """Serve until SIGTERM or SIGINT, then finish what was begun. `ready` is told the address; port 0 takes a free one.

    Refused where `host` is not this machine and there is no owner; OutsideFailed where the port is taken. A running job stops at its
    next check and goes on with the next worker.
    """
    owned = has_owner(app)
    listening = listen(address(host) if owned else loopback(host), port)
    try:
        # Opened here, before there are threads to open them twice.
        _ = app.database, app.jobs, app.sources
        served = Served(app, limits=limits)
        served.owned = owned
        server = Server(application(served), served, ready)
        behind = threading.Thread(target=_open_and_work, args=(served,), daemon=True, name="worker")
        behind.start()
        threading.Thread(target=_daily, args=(served,), daemon=True, name="daily").start()
        telling = threading.Thread(target=deliver, args=(served.app, served.stopping), daemon=True, name="telling")
        telling.start()
        threading.Thread(target=keep_up, args=(served.app, served.stopping), daemon=True, name="reviewing").start()
        try:
            asyncio.run(server.serve(sockets=[listening]))
        finally:
            served.stopping.set()
            served.close()
            behind.join(_DRAIN_SECONDS)
            telling.join(_DRAIN_SECONDS)
    finally:
        listening.close()


def _open_and_work(served: Served) -> None:
    """Open model and index, and work on jobs whenever no other process does. Ends when the server stops."""
    stopping = served.stopping
    while not stopping.is_set():
        until = stopping.is_set if served.open_parts() else _for_a_while(served)
        try:
            served.app.jobs.work(handlers(served.app, EXERCISES), until=until)
        except Busy:
            stopping.wait(_RETRY_SECONDS)
        except Exception:  # noqa: BLE001 - what broke once must not keep every later job from running
            _log.exception("the worker failed and starts again")
            stopping.wait(_RETRY_SECONDS)


def _daily(served: Served) -> None:
    """See to it that what is too old goes, once a day. Ends when the server stops."""
    while not served.stopping.wait(_LOOK_SECONDS):
        try:
            retention.request_if_due(served.app)
        except Exception:  # noqa: BLE001 - it is tried again soon
            _log.exception("what is too old could not be looked for")


def _for_a_while(served: Served) -> Callable[[], bool]:
    """Until it is time to try again to open what did not open; a job, which may be what mends it, is not cut off for that."""
    end = time.monotonic() + _RETRY_SECONDS
    return lambda: served.stopping.is_set() or (time.monotonic() > end and not served.app.jobs.unfinished())


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens. OutsideFailed where it cannot: who holds the port may soon let go of it."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Only where the protocol is named does asyncio send small pieces at once.
    made = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind((host, port))
        # Two servers may bind one address before either listens; only one may listen.
        made.listen(_QUEUE)
    except OSError as error:
        made.close()
        if isinstance(error, PermissionError):
            raise OutsideFailed(f"port {port} is not for this user", "choose one above 1023 with --port") from None
        raise OutsideFailed(
            f"{host} port {port} cannot be used ({error.strerror})", "stop what listens there, or choose another with --port"
        ) from None
    return made


class Server(uvicorn.Server):
    """Tells its address once it answers, and ends quietly on a signal, so that the workspace is closed behind it."""

    def __init__(self, inside: ASGIApp, served: Served, ready: Callable[[str], None]) -> None:
        super().__init__(
            uvicorn.Config(
                inside,
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,
                timeout_graceful_shutdown=_DRAIN_SECONDS,
                http=protocol(served.limits),
                ws="none",
                h11_max_incomplete_event_size=_LONGEST_HEADERS,
                backlog=_ACCEPTED_AT_ONCE,
                # What strangers send shall not fill a log.
                log_level="error",
            )
        )
        self._served = served
        self._ready = ready
        self._seldom = Seldom()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        asyncio.get_running_loop().set_exception_handler(self._surprised)
        await super().startup(sockets)
        for each in sockets or ():
            each.listen(_QUEUE)
            host, port = each.getsockname()[:2]
            self._tell(f"http://{f'[{host}]' if ':' in host else host}:{port}/")

    def _surprised(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """What nobody could handle. Where only files are lacking, the next connections are taken on as soon as there are some."""
        error = context.get("exception")
        if isinstance(error, OSError) and error.errno in {errno.EMFILE, errno.ENFILE}:
            self._seldom.warn("there are no open files left for connections: allow this process more (ulimit -n)")
        else:
            loop.default_exception_handler(context)

    def _tell(self, place: str) -> None:
        workspace = self._served.app.workspace
        if self._served.owned:
            public = workspace.settings.serve.url
            self._ready(f"serving {workspace.name} at {place}{f' for {public}' if public else ''}; stop with Ctrl-C")
            if not public.startswith("https://") and not is_loopback(urlsplit(place).hostname or ""):
                self._ready("without https others on the way can read passwords: put a proxy before it and set [serve] url")
            return
        self._ready(f"serving {workspace.name} at {place} for this machine only; stop with Ctrl-C")
        self._ready(f"there are no accounts yet: become the owner at {place}setup?token={self._served.setup_token}")

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Unlike its parent it does not raise the signal again when the server has ended."""
        del frame
        self._served.stop()
        self.force_exit = self.should_exit and sig == signal.SIGINT
        self.should_exit = True
