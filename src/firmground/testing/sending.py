"""Ways out that keep what they are given, and refuse when a test wants it."""

from datetime import datetime
from threading import Lock
from typing import NamedTuple

from firmground.errors import NotTaken
from firmground.outbox import Mail


class Posted(NamedTuple):
    """What a web server was sent."""

    url: str
    body: bytes
    id: str
    at: datetime
    key: str


class KeptMail:
    """A `MailSender`. `refuses`: what becomes of mail to an address, or of all mail under the empty one."""

    def __init__(self) -> None:
        self.sent: list[Mail] = []
        self.tried = 0
        self.refuses: dict[str, NotTaken] = {}
        self._lock = Lock()

    def check(self, address: str = "") -> None:
        """Every address will do."""

    def send(self, mail: Mail) -> None:
        with self._lock:
            self.tried += 1
            for refused in (self.refuses.get(""), self.refuses.get(mail.to)):
                if refused is not None:
                    raise refused
            self.sent.append(mail)


class KeptWebhooks:
    """A `WebhookSender`. `refuses`: what becomes of posts to an address."""

    def __init__(self) -> None:
        self.posted: list[Posted] = []
        self.tried: list[str] = []
        self.refuses: dict[str, NotTaken] = {}
        self._lock = Lock()

    def send(self, url: str, body: bytes, *, id: str, at: datetime, key: str = "") -> None:
        with self._lock:
            self.tried.append(url)
            if url in self.refuses:
                raise self.refuses[url]
            self.posted.append(Posted(url, body, id, at, key))
