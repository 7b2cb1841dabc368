"""Requests that are sent again, because their answer did not arrive: within a day the same key means the same answer."""

from datetime import datetime, timedelta
from typing import NamedTuple, cast

from firmground.app.app import App
from firmground.types import Actor, Json, digest

_HOURS = 24
_SLOTS = 3
"""Today's, yesterday's, and one that is emptied for tomorrow: so that nothing is looked for in order to be dropped."""


class Repeat(NamedTuple):
    """What was asked (a digest), and the id of the answer to it."""

    body: str
    answer: str


def remember(app: App, actor: Actor, key: str, repeat: Repeat) -> None:
    """The answer to a request of this person's, by the key that they gave it."""
    now = app.clock()
    with app.database.transaction() as tx:
        tx.drop_facts(_slot(now, 1))
        value: Json = {"body": repeat.body, "answer": repeat.answer, "at": now.isoformat()}
        tx.put_fact(_slot(now), _name(actor, key), value)


def recall(app: App, actor: Actor, key: str) -> Repeat | None:
    """What this person asked with that key in the last 24 hours and got an answer to."""
    now = app.clock()
    with app.database.reading() as tx:
        for days in (0, -1):
            known = cast("dict[str, str] | None", tx.fact(_slot(now, days), _name(actor, key)))
            if known and now - datetime.fromisoformat(known["at"]) < timedelta(hours=_HOURS):
                return Repeat(known["body"], known["answer"])
    return None


def _slot(now: datetime, days: int = 0) -> str:
    return f"repeats {(now.toordinal() + days) % _SLOTS}"


def _name(actor: Actor, key: str) -> str:
    return digest([actor.person, key])
