"""Passwords: what may be one, how they are kept, and how often somebody may guess."""

import secrets
import unicodedata
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import BoundedSemaphore, Lock
from typing import NamedTuple

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


class Allowance(NamedTuple):
    """`free` attempts under a key need not wait. Each further one waits longer than the one before; where it is `steady`, only until the
    free ones, spread over a quarter of an hour, leave room for one more."""

    key: str
    free: int
    steady: bool = False


@dataclass
class _Failures:
    count: float
    last: datetime


class Attempts:
    """Failed attempts, as this process remembers them: after a few, each must wait for the next.

    Counted before the password is looked at, so that many at once gain nothing, and alike for names that do not exist.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = Lock()
        self._failures: OrderedDict[str, _Failures] = OrderedDict()

    def begin(self, allowances: Sequence[Allowance]) -> None:
        """An attempt under all of these. TooManyAttempts where it comes too early for one of them."""
        now = self._clock()
        with self._lock:
            waits = [self._wait(each, now) for each in allowances]
            if (longest := max(waits, default=0.0)) > 0:
                raise TooManyAttempts(int(longest) + 1)
            for each in allowances:
                count = self._count(each, now)
                self._failures.pop(each.key, None)
                self._failures[each.key] = _Failures(count + 1, now)
            while len(self._failures) > _MOST_REMEMBERED:
                self._failures.popitem(last=False)

    def succeeded(self, allowances: Sequence[Allowance]) -> None:
        """The attempt was none: the first begins anew, while the others keep what failed before."""
        with self._lock:
            for place, each in enumerate(allowances):
                if not place:
                    self._failures.pop(each.key, None)
                elif (known := self._failures.get(each.key)) is not None:
                    known.count -= 1

    def _count(self, of: Allowance, now: datetime) -> float:
        known = self._failures.get(of.key)
        if known is None or now - known.last >= _FORGOTTEN:
            return 0
        return max(0.0, known.count - of.free * ((now - known.last) / _FORGOTTEN)) if of.steady else known.count

    def _wait(self, of: Allowance, now: datetime) -> float:
        count = self._count(of, now)
        if of.steady:
            return (count + 1 - of.free) / of.free * _FORGOTTEN.total_seconds()
        if count < of.free:
            return 0.0
        delay = min(2 ** min(count - of.free + 1, 10), _LONGEST_WAIT)
        return delay - (now - self._failures[of.key].last).total_seconds()


def _plain(password: str) -> str:
    """As every keyboard writes it (NIST SP 800-63B, section 5.1.1.2)."""
    return unicodedata.normalize("NFKC", password)


def _coded(password: str) -> bytes:
    return _plain(password).encode("utf-8", "surrogatepass")
