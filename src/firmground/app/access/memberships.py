"""Who comes into which group and who leaves it, and what the record says of that."""

from collections.abc import Iterable

from firmground.app.access.names import new_group, plain
from firmground.app.app import App
from firmground.app.recording.ledger import record
from firmground.groups import EVERYONE, PUBLIC
from firmground.ports import Transaction
from firmground.types import Actor


def make_group(app: App, tx: Transaction, actor: Actor, name: str) -> str:
    """Its name as it is kept. One that is new is made and recorded; InvalidInput where that could be taken for another."""
    name = plain(name)
    if not tx.has_group(name):
        name = new_group(name, (known for known, _ in tx.groups_page()))
        tx.add_group(name)
        record(app, tx, actor, "group.added", name)
    return name


def join(app: App, tx: Transaction, actor: Actor, person: str, groups: Iterable[str], *, origin: str = "") -> list[str]:
    """Put a person into groups, each made if need be; those that they were not in before. `origin`: the provider that says so."""
    were_in = tx.groups_of(person)
    joined: list[str] = []
    for name in dict.fromkeys(groups):
        group = make_group(app, tx, actor, name)
        if group in {EVERYONE, PUBLIC}:
            continue
        tx.add_member(group, person, origin=origin)
        if group not in were_in and group not in joined:
            record(app, tx, actor, "group.joined", group, person=person)
            joined.append(group)
    return sorted(joined)


def told_by_provider(app: App, tx: Transaction, actor: Actor, person: str, groups: Iterable[str], *, origin: str) -> bool:
    """Make a provider's word the truth about the groups it put this person in: they join what it names and leave what it names no more.
    What they were put in by hand, or by another provider, stays. Whether anything changed."""
    were_in = tx.groups_of(person)
    named = {plain(group) for group in groups}
    gone = sorted(group for group, whose in were_in.items() if whose == origin and group not in named)
    for group in gone:
        tx.remove_member(group, person)
        record(app, tx, actor, "group.left", group, person=person)
    return bool(join(app, tx, actor, person, sorted(named - were_in.keys()), origin=origin) or gone)
