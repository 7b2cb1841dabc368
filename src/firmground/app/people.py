"""Persons and groups, before accounts exist."""

from collections.abc import Sequence

from firmground.app.app import App
from firmground.app.rights import administrators_only
from firmground.errors import InvalidInput
from firmground.types import Actor


def add_person(app: App, actor: Actor, name: str, *, admin: bool = False, groups: Sequence[str] = ()) -> None:
    """Make a person known. Refused to others than administrators."""
    administrators_only(actor, "manage people")
    with app.database.transaction() as tx:
        tx.add_person(_plain(name), admin=admin, groups=[_plain(group) for group in groups])


def add_group(app: App, actor: Actor, name: str, *, members: Sequence[str] = ()) -> None:
    """Make a group known, and put people in it. NotFound for an unknown person: then nothing has changed."""
    administrators_only(actor, "manage people")
    with app.database.transaction() as tx:
        name = _plain(name)
        tx.add_group(name)
        for member in members:
            tx.add_member(name, _plain(member))


def people(app: App, actor: Actor) -> dict[str, list[str]]:
    """Everybody, with the groups they were put in."""
    administrators_only(actor, "manage people")
    with app.database.reading() as tx:
        return {name: sorted(groups) for name, groups in tx.people().items()}


def _plain(name: str) -> str:
    name = name.strip()
    if not name or len(name) > 200 or not name.isprintable():
        raise InvalidInput(f"{name!r} cannot be a name", "use up to 200 printable characters")
    return name
