"""Whether somebody goes where an attacker sends them: an address of this machine that counts who comes, and a name that nobody has."""

import socket
import sys
import threading
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

_HERE = "127.0.0.1"
_watched: dict[str, list[str]] = {}
"""Names that are looked out for, and what was looked up of each."""
_hooked = threading.Event()


class Lure:
    """Addresses that nothing here has a reason to go to. `site` is looked up nowhere; at `here` somebody listens."""

    def __init__(self, name: str, port: int) -> None:
        self.site = f"http://{name}"
        self.here = f"http://{_HERE}:{port}"
        self._name = name
        self.visitors = 0

    @property
    def taken(self) -> int:
        """How often somebody went there, or asked where it is."""
        return self.visitors + len(_watched.get(self._name, ()))


@contextmanager
def lure(name: str) -> Generator[Lure]:
    """What this process looks up is seen by its interpreter; what its children do, by who comes."""
    if not _hooked.is_set():
        _hooked.set()
        sys.addaudithook(_heard)
    with socket.socket() as listening:
        listening.bind((_HERE, 0))
        listening.listen(64)
        made = Lure(name, int(listening.getsockname()[1]))
        _watched[name] = []
        over = threading.Event()
        thread = threading.Thread(target=_count, args=(listening, made, over), daemon=True, name="lure")
        thread.start()
        try:
            yield made
        finally:
            over.set()
            del _watched[name]
            thread.join(5)


def _count(listening: socket.socket, made: Lure, over: threading.Event) -> None:
    listening.settimeout(0.05)
    while not over.is_set():
        try:
            come, _ = listening.accept()
        except TimeoutError:
            continue
        except OSError:
            return
        made.visitors += 1
        come.close()


def _heard(event: str, given: tuple[Any, ...]) -> None:
    """Called for all that the interpreter does that is worth a look: it must be quick."""
    if _watched and event in {"socket.getaddrinfo", "socket.gethostbyname"} and given:
        host = given[0].decode("ascii", "replace") if isinstance(given[0], bytes) else str(given[0])
        if (seen := _watched.get(host)) is not None:
            seen.append(event)
