"""Notice that files changed."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import suppress

from firmground.app.app import App
from firmground.errors import OutsideFailed
from firmground.ports import Source

_LOOK_AGAIN_SECONDS = 5.0


def changes(app: App, sources: Sequence[str]) -> Iterator[None]:
    """One item whenever something changed, since this returned, in the named sources (default: all) that can be watched, or one of them
    that could not be reached is back. Ends never."""
    noticed = threading.Event()
    stop = threading.Event()

    def notice(changed: Iterator[frozenset[str]]) -> None:
        for _ in changed:
            noticed.set()

    for name in sources or app.sources:
        changed = _watched(app.sources[name], stop)
        threading.Thread(target=notice, args=(changed,), daemon=True, name=f"watching {name}").start()
    return _until(noticed, stop)


def _watched(source: Source, stop: threading.Event) -> Iterator[frozenset[str]]:
    try:
        return source.watch(stop)
    except OutsideFailed:
        return _once_back(source, stop)


def _once_back(source: Source, stop: threading.Event) -> Iterator[frozenset[str]]:
    while not stop.wait(_LOOK_AGAIN_SECONDS):
        with suppress(OutsideFailed):
            changes = source.watch(stop)
            yield frozenset()
            yield from changes
            return


def _until(noticed: threading.Event, stop: threading.Event) -> Iterator[None]:
    try:
        while True:
            noticed.wait()
            noticed.clear()
            yield None
    finally:
        stop.set()
