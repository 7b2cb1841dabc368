"""Persons and groups."""

from collections.abc import Sequence
from typing import NamedTuple

from firmground.app.accounts import may_remove
from firmground.app.app import App
from firmground.app.names import new_person, plain
from firmground.app.rights import administrators_only
from firmground.groups import EVERYONE, PUBLIC
from firmground.types import Account, Actor

_ALL = frozenset({EVERYONE, PUBLIC})


class Known(NamedTuple):
    """A person, the groups they were put in, and their account where they may sign in."""

    name: str
    groups: tuple[str, ...]
    admin: bool
    account: Account | None


def add_person(app: App, actor: Actor, name: str, *, admin: bool = False, groups: Sequence[str] = ()) -> tuple[bool, list[str]]:
    """Make a person known, or put one who is into more groups: whether they are new, and the groups they were put in. Refused to others
    than administrators. InvalidInput where a person who is known would become an administrator, or could be taken for another."""
    administrators_only(actor, "manage people")
    with app.database.transaction() as tx:
        known = tx.people()
        name = plain(name) if plain(name) in known else new_person(name, known)
        before = known.get(name)
        keeps = before is not None and tx.actor(name).admin  # nobody loses rights by being put into a group
        tx.add_person(name, admin=admin or keeps, groups=[plain(group) for group in groups])
        return before is None, sorted(tx.people()[name] - (before or frozenset()) - _ALL)


def add_group(app: App, actor: Actor, name: str, *, members: Sequence[str] = ()) -> tuple[bool, list[str]]:
    """Make a group known, and put people in it: whether it is new, and who came into it. NotFound for an unknown person: then nothing has
    changed."""
    administrators_only(actor, "manage people")
    name = plain(name)
    with app.database.transaction() as tx:
        before = tx.groups().get(name)
        tx.add_group(name)
        for member in members:
            tx.add_member(name, plain(member))
        return before is None, sorted(tx.groups()[name] - (before or frozenset()))


def remove_person(app: App, actor: Actor, name: str) -> None:
    """Forget a person, their groups, their account and their keys; their sessions end at once. NotFound for an unknown one; Refused for the
    last owner."""
    administrators_only(actor, "manage people")
    with app.database.transaction() as tx:
        may_remove(tx, actor, plain(name))
        tx.remove_person(plain(name))


def remove_members(app: App, actor: Actor, group: str, members: Sequence[str]) -> None:
    """Take people out of a group, all of them or, where one is not in it (NotFound), none."""
    administrators_only(actor, "manage people")
    with app.database.transaction() as tx:
        for member in members:
            tx.remove_member(plain(group), plain(member))


def people(app: App, actor: Actor) -> dict[str, list[str]]:
    """Everybody, with the groups they were put in."""
    administrators_only(actor, "manage people")
    with app.database.reading() as tx:
        return {name: sorted(groups) for name, groups in tx.people().items()}


def groups(app: App, actor: Actor) -> dict[str, list[str]]:
    """Every group that people or documents were given, with who is in it."""
    administrators_only(actor, "manage people")
    with app.database.reading() as tx:
        return {name: sorted(members) for name, members in tx.groups().items()}


def directory(app: App, actor: Actor) -> list[Known]:
    """Everybody, by name, with what they may do."""
    administrators_only(actor, "manage people")
    with app.database.reading() as tx:
        may_sign_in = {account.person: account for account in tx.accounts()}
        return [
            Known(name, tuple(sorted(groups - _ALL)), tx.actor(name).admin, may_sign_in.get(name))
            for name, groups in sorted(tx.people().items())
        ]
