"""Persons and groups, before accounts exist."""

from collections.abc import Sequence

from firmground.app.app import App
from firmground.app.rights import administrators_only
from firmground.errors import InvalidInput
from firmground.types import Actor


def add_person(app: App, actor: Actor, name: str, *, admin: bool = False, groups: Sequence[str] = ()) -> tuple[bool, list[str]]:
    """Make a person known, or put one who is into more groups: whether they are new, and the groups they were put in. Refused to others
    than administrators. InvalidInput where a person who is known would become an administrator."""
    administrators_only(actor, "manage people")
    name = _plain(name)
    with app.database.transaction() as tx:
        before = tx.people().get(name)
        keeps = before is not None and tx.actor(name).admin  # nobody loses rights by being put into a group
        tx.add_person(name, admin=admin or keeps, groups=[_plain(group) for group in groups])
        return before is None, sorted(tx.people()[name] - (before or frozenset()) - {"everyone", "public"})


def add_group(app: App, actor: Actor, name: str, *, members: Sequence[str] = ()) -> tuple[bool, list[str]]:
    """Make a group known, and put people in it: whether it is new, and who came into it. NotFound for an unknown person: then nothing has
    changed."""
    administrators_only(actor, "manage people")
    name = _plain(name)
    with app.database.transaction() as tx:
        before = tx.groups().get(name)
        tx.add_group(name)
        for member in members:
            tx.add_member(name, _plain(member))
        return before is None, sorted(tx.groups()[name] - (before or frozenset()))


def remove_person(app: App, actor: Actor, name: str) -> None:
    """Forget a person and their groups. NotFound for an unknown one."""
    administrators_only(actor, "manage people")
    with app.database.transaction() as tx:
        tx.remove_person(_plain(name))


def remove_members(app: App, actor: Actor, group: str, members: Sequence[str]) -> None:
    """Take people out of a group, all of them or, where one is not in it (NotFound), none."""
    administrators_only(actor, "manage people")
    with app.database.transaction() as tx:
        for member in members:
            tx.remove_member(_plain(group), _plain(member))


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


def _plain(name: str) -> str:
    name = name.strip()
    if not name or len(name) > 200 or not name.isprintable():
        raise InvalidInput(f"{name!r} cannot be a name", "use up to 200 printable characters")
    return name
