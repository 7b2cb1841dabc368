"""Notice that files changed."""

import threading
from collections.abc import Iterator, Sequence

from firmground.app.app import App


def changes(app: App, sources: Sequence[str]) -> Iterator[None]:
    """One item whenever something changed, since this returned, in the named sources (default: all) that can be watched. Ends never."""
    noticed = threading.Event()
    stop = threading.Event()

    def notice(changed: Iterator[frozenset[str]]) -> None:
        for _ in changed:
            noticed.set()

    for name in sources or app.sources:
        changed = app.sources[name].watch(stop)
        threading.Thread(target=notice, args=(changed,), daemon=True, name=f"watching {name}").start()
    return _until(noticed, stop)


def _until(noticed: threading.Event, stop: threading.Event) -> Iterator[None]:
    try:
        while True:
            noticed.wait()
            noticed.clear()
            yield None
    finally:
        stop.set()
