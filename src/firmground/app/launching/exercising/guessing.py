"""Passwords that everybody tries first, tried on the accounts that may do most."""

from collections.abc import Iterator

from firmground.app.access.passwords import SHORTEST, Passwords
from firmground.app.app import App

_MOST = 5
"""Accounts, owners first: each guess takes a while."""
_FIRST = (
    "123456789012",
    "administrator",
    "changemechangeme",
    "firmground123",
    "firmgroundfirmground",
    "password1234",
    "passwordpassword",
)


def guessed(app: App) -> int:
    """How many owners have a password by which everybody could use their account. Never who: what an audit finds is read by many."""
    passwords = app.once("passwords", Passwords)
    with app.database.reading() as tx:
        kept = [(owner, stored) for owner in tx.owners() if (stored := tx.password(owner))][:_MOST]
    return sum(any(passwords.fits(guess, stored) for guess in _guesses(person)) for person, stored in kept)


def _guesses(person: str) -> Iterator[str]:
    """None that is too short to be a password here."""
    own = person.casefold()
    yield from (each for each in (*_FIRST, own, own * 2, f"{own}123", f"{own}password") if len(each) >= SHORTEST)
