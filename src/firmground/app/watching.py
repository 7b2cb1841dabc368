"""Notice that files changed."""

import threading
from collections.abc import Iterator, Sequence

from firmground.app.app import App


def changes(app: App, sources: Sequence[str]) -> Iterator[None]:
    """One item whenever something changed in the named sources (default: all) that can be watched. Ends never."""
    noticed = threading.Event()
    stop = threading.Event()

    def notice(name: str) -> None:
        for _ in app.sources[name].watch(stop):
            noticed.set()

    for name in sources or app.sources:
        threading.Thread(target=notice, args=(name,), daemon=True, name=f"watching {name}").start()
    try:
        while True:
            noticed.wait()
            noticed.clear()
            yield None
    finally:
        stop.set()
