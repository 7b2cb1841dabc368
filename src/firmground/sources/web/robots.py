"""What the hosts of a source ask of crawlers (robots.txt, RFC 9309)."""

import threading
from collections.abc import Callable
from math import inf
from time import monotonic
from typing import NamedTuple

from protego import Protego

from firmground.sources.web.fetching import Answer, Unreached, Unwanted
from firmground.sources.web.urls import Url

LARGEST = 500 << 10
_LONGEST_DELAY = 60.0


class _Asked(NamedTuple):
    rules: Protego | None
    """None: nothing may be asked of this host now."""
    why: str = ""


class Robots:
    """Loads the rules of a host when it is first asked for, once. `agent` is the name they know this crawler by. Thread-safe."""

    def __init__(self, get: Callable[[Url], Answer], agent: str) -> None:
        self._get = get
        self._agent = agent
        self._known: dict[str, _Asked] = {}
        self._lock = threading.Lock()

    def refuses(self, url: Url) -> str:
        """Why this address must not be asked; empty where it may."""
        asked = self._of(url)
        if asked.rules is None:
            return asked.why
        return "" if asked.rules.can_fetch(str(url), self._agent) else "robots.txt of the host forbids it"

    def absent(self, url: Url) -> bool:
        """Whether its host does not say what may be asked, as one that is out of order."""
        return self._of(url).rules is None

    def delay(self, url: Url) -> float:
        rules = self._of(url).rules
        return float((rules and rules.crawl_delay(self._agent)) or 0.0)

    def sitemaps(self, url: Url) -> list[str]:
        rules = self._of(url).rules
        return list(rules.sitemaps)[:100] if rules else []

    def _of(self, url: Url) -> _Asked:
        key = url.authority
        with self._lock:  # one after the other: a host that is slow to say what it wants is not asked for more meanwhile
            if key not in self._known:
                self._known[key] = self._load(url._replace(path="/robots.txt", query=""))
            return self._known[key]

    def _load(self, url: Url) -> _Asked:
        try:
            answer = self._get(url)
        except Unreached as wrong:
            return _Asked(None, f"its robots.txt cannot be had: {wrong}")
        except Unwanted as wrong:
            return _Asked(None, f"its robots.txt cannot be read: {wrong}")
        if answer.status == 429 or answer.status >= 500:
            return _Asked(None, f"its robots.txt cannot be had (status {answer.status})")
        if answer.status != 200:
            return _Asked(Protego.parse(""))
        return _Asked(Protego.parse(answer.content.decode("utf-8", "replace")))


class Pace:
    """Keeps requests to one host `least` seconds apart, for `seconds` in all (None: as long as it takes). Thread-safe."""

    def __init__(self, stopped: threading.Event, least: float, seconds: float | None) -> None:
        self._stopped = stopped
        self._least = least
        self._until = inf if seconds is None else monotonic() + seconds
        self._next: dict[str, float] = {}
        self._lock = threading.Lock()

    def wait(self, authority: str, asked_for: float) -> None:
        """Until it is this request's turn, or everything stops. A host may ask for more time between two, but not for days."""
        apart = max(self._least, min(asked_for, _LONGEST_DELAY))
        if apart <= 0:
            return
        with self._lock:
            turn = max(monotonic(), self._next.get(authority, 0.0))
            self._next[authority] = turn + apart
        self._stopped.wait(max(0.0, min(turn, self._until) - monotonic()))
