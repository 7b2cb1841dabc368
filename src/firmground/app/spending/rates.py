"""How many requests somebody may send in one minute of the clock, whichever process they come to.

The database is the truth, and lends each process a part of what is left at a time, so that few requests wait for it. What a process does
not use of its part nobody else can use in that minute; so with several processes somebody may be refused a little early, never late.
"""

from collections.abc import Sequence
from datetime import datetime
from threading import Lock
from typing import NamedTuple

from firmground.app.access.attempts import network
from firmground.app.app import App
from firmground.app.spending.limits import LimitReached, person_of, rules_of
from firmground.types import Actor
from firmground.usage import Pool

_LOTS = 10
"""Of a minute's requests: what a process borrows at a time is one of so many."""


class _Asker(NamedTuple):
    """`subject`: by which they are counted; `most`: in a minute; `who`: as the refusal names them."""

    subject: str
    most: int
    who: str


class _Lent:
    """What this process may still let in of this minute, by asker."""

    def __init__(self) -> None:
        self.minute = ""
        self.askers: dict[tuple[str, str, str], list[_Asker]] = {}
        self.left: dict[str, int] = {}
        self.lock = Lock()

    def begin(self, minute: str) -> None:
        """What is lent for one minute is of no use in another."""
        if self.minute != minute:
            self.minute, self.askers, self.left = minute, {}, {}


def admit(app: App, actor: Actor, address: str = "") -> None:
    """One more question, search or upload of this person, by this key, from this address. LimitReached until the next minute where there
    were too many. Limits that changed count from the next minute on."""
    now = app.clock()
    minute = f"{now:%Y-%m-%dT%H:%M}"
    lent = app.once("requests lent", _Lent)
    who = (person_of(actor), actor.key, address)
    with lent.lock:
        lent.begin(minute)
        askers = lent.askers.get(who)
        if askers is not None and _take(lent, askers):
            return
    if askers is None:
        askers = _askers(app, actor, address)
    given = _borrowed(app, askers, minute, lent)
    with lent.lock:
        lent.begin(minute)
        lent.askers[who] = askers
        for subject, more in given.items():
            lent.left[subject] = lent.left.get(subject, 0) + more
        if _take(lent, askers):
            return
        full = next(each for each in askers if lent.left.get(each.subject, 0) < 1)
    raise _refused(full, now)


def _take(lent: _Lent, askers: Sequence[_Asker]) -> bool:
    """One for each, if there is one for each."""
    if any(lent.left.get(each.subject, 0) < 1 for each in askers):
        return False
    for each in askers:
        lent.left[each.subject] -= 1
    return True


def _borrowed(app: App, askers: Sequence[_Asker], minute: str, lent: _Lent) -> dict[str, int]:
    """A lot for each who has none left."""
    needy = [each for each in askers if lent.left.get(each.subject, 0) < 1]
    if not needy:
        return {}
    with app.database.transaction(lasting=False) as tx:
        return {each.subject: tx.request(each.subject, minute, max(1, each.most // _LOTS), each.most) for each in needy}


def _askers(app: App, actor: Actor, address: str) -> list[_Asker]:
    """Those that have a limit."""
    person, key = person_of(actor), actor.key
    with app.database.reading() as tx:
        rules = rules_of(app, tx, actor)
    of_person = rules[Pool("person", person)].requests_a_minute or 0 if person else 0
    of_key = rules[Pool("key", key)].requests_a_minute or 0 if key else 0
    of_address = app.workspace.settings.limits.address.requests_a_minute if address else 0
    known = (
        _Asker(f"person {person}", of_person, "of yours"),
        _Asker(f"key {key}", of_key, f"by the key {key}"),
        _Asker(f"address {network(address)}", of_address, "from your address"),
    )
    return [each for each in known if each.most]


def _refused(full: _Asker, now: datetime) -> LimitReached:
    left = 60 - now.second
    return LimitReached(
        f"more than {full.most} requests {full.who} came in this minute", f"try again in {left} seconds", seconds=left
    )
