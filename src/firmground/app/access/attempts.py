"""How often somebody may guess: after a few failures each attempt must wait for the next, whichever process it comes to."""

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from ipaddress import IPv6Address, IPv6Network, ip_address
from typing import NamedTuple

from firmground.accounts import Failures
from firmground.app.access.names import folded
from firmground.app.access.seals import digest_of
from firmground.app.app import App
from firmground.errors import Refused

_FORGOTTEN = timedelta(minutes=15)
_LONGEST_WAIT = 60
_CLOCKS_DIFFER = timedelta(minutes=1)
_NETWORK_BITS = 64
"""Of an IPv6 address, which its owner has all addresses of."""
_FREE_BY_NAME_AND_ADDRESS = 5
_FREE_BY_ADDRESS = 20
_FREE_BY_NAME = 100


class TooManyAttempts(Refused):
    """Too many failed attempts to sign in; `seconds` until the next one is looked at."""

    code = "too-many-attempts"

    def __init__(self, seconds: int) -> None:
        self.seconds = seconds
        super().__init__("too many attempts to sign in failed", f"try again in {seconds} seconds")


class Allowance(NamedTuple):
    """`free` attempts under a key need not wait. Each further one waits longer than the one before; where it is `steady`, only until the
    free ones, spread over a quarter of an hour, leave room for one more."""

    key: str
    free: int
    steady: bool = False


@contextmanager
def attempt(app: App, allowances: Sequence[Allowance]) -> Generator[None]:
    """An attempt under all of these, which counts as a failure unless it ends well. TooManyAttempts where it comes too early for one of
    them. Counted before the password is looked at, so that many at once gain nothing, and alike for names that do not exist."""
    _begin(app, allowances)
    yield
    _succeeded(app, allowances)


def by_name(name: str, address: str) -> list[Allowance]:
    """By the name alone only a number that no single address reaches, or anybody could keep anybody out."""
    named, place = folded(name)[:200], network(address)
    both = Allowance(f"name {named} from {place}", _FREE_BY_NAME_AND_ADDRESS)
    by_address = [Allowance(f"address {place}", _FREE_BY_ADDRESS)] if place else []
    return [both, *by_address, Allowance(f"name {named}", _FREE_BY_NAME, steady=True)]


def by_link(address: str) -> list[Allowance]:
    """Apart from names, so that a link that is good gives nobody more guesses at a password."""
    return [Allowance(f"link from {network(address)}", _FREE_BY_ADDRESS)]


def by_person(person: str) -> list[Allowance]:
    """Of who is in already, and says so once more."""
    return [Allowance(f"change {folded(person)}", _FREE_BY_NAME_AND_ADDRESS)]


def network(address: str) -> str:
    """The address, or of IPv6 the network that is one customer's."""
    try:
        known = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if not isinstance(known, IPv6Address):
        return address
    return str(known.ipv4_mapped or IPv6Network((known, _NETWORK_BITS), strict=False))


def _begin(app: App, allowances: Sequence[Allowance]) -> None:
    now = app.clock()
    with app.database.reading() as tx:  # whoever must wait writes nothing
        _check(allowances, tx.failures([_place(each) for each in allowances]), now)
    with app.database.transaction() as tx:
        known = tx.failures([_place(each) for each in allowances])
        _check(allowances, known, now)
        tx.drop_failures(until=now - _FORGOTTEN)
        for each in allowances:
            tx.save_failures(_place(each), Failures(_count(each, known, now) + 1, now))


def _succeeded(app: App, allowances: Sequence[Allowance]) -> None:
    """The attempt was none: the first begins anew, while the others keep what failed before."""
    with app.database.transaction() as tx:
        known = tx.failures([_place(each) for each in allowances[1:]])
        tx.drop_failures(place=_place(allowances[0]))
        for place, failed in known.items():
            tx.save_failures(place, failed._replace(number=failed.number - 1))


def _check(allowances: Sequence[Allowance], known: dict[str, Failures], now: datetime) -> None:
    waits = [_wait(each, known, now) for each in allowances]
    if (longest := max(waits, default=0.0)) > 0:
        raise TooManyAttempts(int(longest) + 1)


def _count(of: Allowance, known: dict[str, Failures], now: datetime) -> float:
    failed = known.get(_place(of))
    # What a clock says that went wrong keeps nobody out for long.
    if failed is None or now - failed.last >= _FORGOTTEN or now < failed.last - _CLOCKS_DIFFER:
        return 0
    return max(0.0, failed.number - of.free * ((now - failed.last) / _FORGOTTEN)) if of.steady else failed.number


def _wait(of: Allowance, known: dict[str, Failures], now: datetime) -> float:
    count = _count(of, known, now)
    if of.steady:
        return (count + 1 - of.free) / of.free * _FORGOTTEN.total_seconds()
    if count < of.free:
        return 0.0
    delay = min(2 ** min(count - of.free + 1, 10), _LONGEST_WAIT)
    return delay - (now - known[_place(of)].last).total_seconds()


def _place(of: Allowance) -> str:
    """Whoever reads the database later does not see at once who tried what from where."""
    return digest_of(of.key)
