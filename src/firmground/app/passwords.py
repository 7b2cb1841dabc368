"""Passwords: what may be one, how they are kept, and how often somebody may guess."""

import secrets
import unicodedata
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import BoundedSemaphore, Lock

from firmground.errors import Busy, InvalidInput, Refused
from firmground.ports import Clock

SHORTEST = 12
LONGEST_BYTES = 1024
_FORGOTTEN = timedelta(minutes=15)
_LONGEST_WAIT = 60
_MOST_REMEMBERED = 100_000


class TooManyAttempts(Refused):
    """Too many failed attempts to sign in; `seconds` until the next one is looked at."""

    code = "too-many-attempts"

    def __init__(self, seconds: int) -> None:
        self.seconds = seconds
        super().__init__("too many attempts to sign in failed", f"try again in {seconds} seconds")


class Passwords:
    """Keeps passwords as argon2id hashes. At most `at_once` are worked on at a time, since each takes `memory_kib`
    (RFC 9106, section 4)."""

    def __init__(
        self, *, time_cost: int = 3, memory_kib: int = 65536, lanes: int = 4, at_once: int = 4, patience: float = 2.0
    ) -> None:
        from argon2 import PasswordHasher

        self._hasher = PasswordHasher(time_cost=time_cost, memory_cost=memory_kib, parallelism=lanes)
        self._nobodys = self._hasher.hash(secrets.token_hex())
        self._places = BoundedSemaphore(at_once)
        self._patience = patience

    def hashed(self, password: str) -> str:
        """What is stored of it. InvalidInput for one that is too short or too long; nothing else makes a password bad."""
        if len(password) > LONGEST_BYTES or len(_coded(password)) > LONGEST_BYTES:
            raise InvalidInput(f"the password has more than {LONGEST_BYTES} bytes", "take a shorter one")
        if len(_plain(password)) < SHORTEST:
            raise InvalidInput(f"the password has fewer than {SHORTEST} characters", "take a longer one; a few words will do")
        return self._hasher.hash(_coded(password))

    def fits(self, password: str, stored: str | None) -> bool:
        """Whether it is the one stored. As much work where nothing is stored, so that nobody learns which names exist. Busy where too
        many ask at once."""
        from argon2.exceptions import InvalidHashError, VerificationError

        if len(password) > LONGEST_BYTES:  # before it is normalised, which takes longer for longer ones
            password = ""
        if not self._places.acquire(timeout=self._patience):
            raise Busy("too many people sign in at this moment", "try again in a moment")
        try:
            return self._hasher.verify(stored or self._nobodys, _coded(password)) and stored is not None
        except (VerificationError, InvalidHashError):
            return False
        finally:
            self._places.release()

    def outdated(self, stored: str) -> bool:
        """Whether it was hashed with less work than is asked for now."""
        return self._hasher.check_needs_rehash(stored)


@dataclass
class _Failures:
    count: int
    last: datetime


class Attempts:
    """Failed attempts, by name and by address, as this process remembers them: after a few, each must wait longer for the next.

    Counted before the password is looked at, so that many at once gain nothing, and alike for names that do not exist.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = Lock()
        self._failures: OrderedDict[str, _Failures] = OrderedDict()

    def begin(self, free: dict[str, int]) -> None:
        """An attempt under these keys, each with the attempts that need not wait. TooManyAttempts where it comes too early."""
        now = self._clock()
        with self._lock:
            waits = [self._wait(self._failures.get(key), most, now) for key, most in free.items()]
            if (longest := max(waits, default=0.0)) > 0:
                raise TooManyAttempts(int(longest) + 1)
            for key in free:
                known = self._failures.pop(key, None)
                count = known.count if known is not None and now - known.last < _FORGOTTEN else 0
                self._failures[key] = _Failures(count + 1, now)
            while len(self._failures) > _MOST_REMEMBERED:
                self._failures.popitem(last=False)

    def succeeded(self, name: str, address: str) -> None:
        """The attempt was none: the name begins anew, while the address keeps what it failed at with other names."""
        with self._lock:
            self._failures.pop(name, None)
            if (known := self._failures.get(address)) is not None:
                known.count -= 1

    def _wait(self, known: _Failures | None, free: int, now: datetime) -> float:
        if known is None or known.count < free or now - known.last >= _FORGOTTEN:
            return 0.0
        delay = min(2 ** min(known.count - free + 1, 10), _LONGEST_WAIT)
        return delay - (now - known.last).total_seconds()


def _plain(password: str) -> str:
    """As every keyboard writes it (NIST SP 800-63B, section 5.1.1.2)."""
    return unicodedata.normalize("NFKC", password)


def _coded(password: str) -> bytes:
    return _plain(password).encode("utf-8", "surrogatepass")
