"""Persons and groups."""

from collections.abc import Sequence
from typing import NamedTuple

from firmground.accounts import Account
from firmground.app.access.memberships import join, make_group
from firmground.app.access.names import newcomer, plain
from firmground.app.access.refused import refuse
from firmground.app.access.rights import need
from firmground.app.access.roles import give_role, may_make, may_remove
from firmground.app.app import App
from firmground.app.launching import approvals
from firmground.app.personal.holds import check_not_held
from firmground.app.recording.ledger import record
from firmground.groups import EVERYONE, PUBLIC
from firmground.rights import Role
from firmground.types import Actor

_ALL = frozenset({EVERYONE, PUBLIC})


class Known(NamedTuple):
    """A person, the groups they were put in, and their account where they may sign in."""

    name: str
    groups: tuple[str, ...]
    role: Role
    account: Account | None


def add_person(app: App, actor: Actor, name: str, *, role: Role = "user", groups: Sequence[str] = ()) -> tuple[bool, list[str]]:
    """Make a person known, or put one who is into more groups: whether they are new, and the groups they were put in. Refused to others
    than administrators. InvalidInput where a person who is known would get another role, or could be taken for another."""
    need(actor, "people", "manage people")
    may_make(actor, role)
    with app.database.transaction() as tx:
        new = not tx.has_person(plain(name))
        name = newcomer(tx, name) if new else plain(name)
        keeps = not new and role == "user"  # nobody loses rights by being put into a group
        tx.add_person(name, role=tx.actor(name).role if keeps else role)
        if new:
            record(app, tx, actor, "person.added", name, role=role)
        return new, join(app, tx, actor, name, groups)


def add_group(app: App, actor: Actor, name: str, *, members: Sequence[str] = ()) -> tuple[bool, list[str]]:
    """Make a group known, and put people in it: whether it is new, and who came into it. NotFound for an unknown person: then nothing has
    changed."""
    need(actor, "people", "manage people")
    with app.database.transaction() as tx:
        new = not tx.has_group(plain(name))
        name = make_group(app, tx, actor, name)
        return new, sorted({plain(member) for member in members if join(app, tx, actor, plain(member), [name])})


def set_role(app: App, actor: Actor, name: str, role: Role) -> None:
    """Give a person another role, which counts from their next request on. For administrators, but owners are made and unmade by owners;
    Refused for the last owner who may sign in. NotFound for an unknown person."""
    need(actor, "people", "manage people")
    with app.database.transaction() as tx:
        name = plain(name)
        before = tx.actor(name).role
        if role == before:
            return
        may_make(actor, role)
        may_remove(tx, actor, name)
        give_role(app, tx, actor, name, role)


def remove_person(app: App, actor: Actor, name: str) -> None:
    """Forget a person, their groups, their account and their keys; their sessions end at once. NotFound for an unknown one; Refused for the
    last owner, and under a legal hold. The provider's word alone does not bring them back."""
    need(actor, "people", "manage people")
    with app.database.transaction() as tx:
        name = plain(name)
        may_remove(tx, actor, name)
        check_not_held(tx, name, own=False)
        were_in = sorted(tx.groups_of(name))
        account = tx.account(name) is not None
        keys = [key.name for key in tx.api_keys(name)]
        refuse(tx, name)
        tx.remove_person(name)
        tx.drop_links(by=name)
        approvals.forget(tx, name)
        record(app, tx, actor, "person.removed", name, groups=[*were_in], keys=[*keys], account=account)


def remove_members(app: App, actor: Actor, group: str, members: Sequence[str]) -> None:
    """Take people out of a group, all of them or, where one is not in it (NotFound), none."""
    need(actor, "people", "manage people")
    with app.database.transaction() as tx:
        for member in members:
            tx.remove_member(plain(group), plain(member))
            record(app, tx, actor, "group.left", plain(group), person=plain(member))


def people(app: App, actor: Actor) -> dict[str, list[str]]:
    """Everybody, with the groups they were put in."""
    need(actor, "people", "manage people")
    with app.database.reading() as tx:
        return {name: sorted(groups) for name, groups in tx.people().items()}


def groups(app: App, actor: Actor) -> dict[str, list[str]]:
    """Every group that people or documents were given, with who is in it."""
    need(actor, "people", "manage people")
    with app.database.reading() as tx:
        return {name: sorted(members) for name, members in tx.groups().items()}


def directory(app: App, actor: Actor) -> list[Known]:
    """Everybody, by name, with what they may do."""
    need(actor, "people", "manage people")
    with app.database.reading() as tx:
        may_sign_in = {account.person: account for account in tx.accounts()}
        groups = tx.people()
        return [Known(name, tuple(sorted(groups[name] - _ALL)), role, may_sign_in.get(name)) for name, role in tx.roles().items()]
