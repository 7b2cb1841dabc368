"""Passwords: what may be one, and how they are kept."""

import secrets
import unicodedata
from collections.abc import Generator
from contextlib import contextmanager
from threading import BoundedSemaphore

from firmground.errors import Busy, InvalidInput

SHORTEST = 12
LONGEST_BYTES = 1024


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
        """What is stored of it. InvalidInput for one that is too short or too long; nothing else makes a password bad. Busy where too many
        ask at once."""
        if len(password) > LONGEST_BYTES or len(_coded(password)) > LONGEST_BYTES:
            raise InvalidInput(f"the password has more than {LONGEST_BYTES} bytes", "take a shorter one")
        if len(_plain(password)) < SHORTEST:
            raise InvalidInput(f"the password has fewer than {SHORTEST} characters", "take a longer one; a few words will do")
        with self._place():
            return self._hasher.hash(_coded(password))

    def fits(self, password: str, stored: str | None) -> bool:
        """Whether it is the one stored. As much work where nothing is stored, so that nobody learns which names exist. Busy where too
        many ask at once."""
        from argon2.exceptions import InvalidHashError, VerificationError

        if len(password) > LONGEST_BYTES:  # before it is normalised, which takes longer for longer ones
            password = ""
        with self._place():
            try:
                return self._hasher.verify(stored or self._nobodys, _coded(password)) and stored is not None
            except (VerificationError, InvalidHashError):
                return False

    def outdated(self, stored: str) -> bool:
        """Whether it was hashed with less work than is asked for now."""
        return self._hasher.check_needs_rehash(stored)

    @contextmanager
    def _place(self) -> Generator[None]:
        if not self._places.acquire(timeout=self._patience):
            raise Busy("too many people sign in at this moment", "try again in a moment")
        try:
            yield
        finally:
            self._places.release()


def _plain(password: str) -> str:
    """As every keyboard writes it (NIST SP 800-63B, section 5.1.1.2)."""
    return unicodedata.normalize("NFKC", password)


def _coded(password: str) -> bytes:
    return _plain(password).encode("utf-8", "surrogatepass")
