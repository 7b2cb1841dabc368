"""What whoever manages people sees of them: lists that are read page by page, and one person or group with all of theirs."""

from collections.abc import Sequence
from typing import NamedTuple

from firmground.accounts import Account, Identity, Link
from firmground.app.access.memberships import join
from firmground.app.access.names import plain
from firmground.app.access.rights import need
from firmground.app.app import App
from firmground.errors import NotFound
from firmground.groups import EVERYONE, PUBLIC
from firmground.ports import Transaction
from firmground.rights import Role
from firmground.types import Actor

IMPLIED = frozenset({EVERYONE, PUBLIC})


class Listed(NamedTuple):
    """A person in a list. `groups`: how many they were put in; `provided`: a provider vouches for them; `invited`: a link waits."""

    name: str
    role: Role
    groups: int
    account: Account | None
    provided: bool
    invited: bool


class Person(NamedTuple):
    """All that was decided about a person. `groups`: by name, with the provider that put them in (empty: by hand)."""

    name: str
    role: Role
    groups: dict[str, str]
    account: Account | None
    identities: list[Identity]
    links: list[Link]


class Group(NamedTuple):
    """A group with some of its members, and the provider that put each of them in. `documents`: how many it may see by itself."""

    name: str
    people: int
    documents: int
    members: list[tuple[str, str]]


def people_page(
    app: App, actor: Actor, *, search: str = "", role: Role | None = None, after: str = "", limit: int = 50
) -> list[Listed]:
    """People by name, those after the name `after`; with `search` those whose name holds it. For whoever audits, too."""
    need(actor, "audit", "see who there is")
    with app.database.reading() as tx:
        wanted = None if role else limit
        found = tx.people_page(search=search.strip(), after=after, limit=wanted)
        these = [row for row in found if role is None or row[1] == role][:limit]
        return [_listed(app, tx, *row) for row in these]


def person(app: App, actor: Actor, name: str) -> Person:
    """One of them; for who only audits without how they sign in. NotFound names the nearest."""
    need(actor, "audit", "see who there is")
    with app.database.reading() as tx:
        known = tx.actor(name)
        groups = tx.groups_of(name)
        if not actor.may("people"):
            return Person(name, known.role, groups, None, [], [])
        return Person(name, known.role, groups, tx.account(name), tx.identities(name), _waiting(app, tx, name))


def put_into(app: App, actor: Actor, name: str, groups: Sequence[str]) -> list[str]:
    """Put a person who is known into groups, each made if need be; those that they were not in before. NotFound for an unknown person:
    then nothing has changed."""
    need(actor, "people", "manage people")
    with app.database.transaction() as tx:
        return join(app, tx, actor, plain(name), groups)


def groups_page(app: App, actor: Actor, *, search: str = "", after: str = "", limit: int = 50) -> list[tuple[str, int]]:
    """Groups by name, with how many people are in each, those after the name `after`; with `search` those whose name holds it."""
    need(actor, "people", "manage people")
    with app.database.reading() as tx:
        return tx.groups_page(search=search.strip(), after=after, limit=limit)


def group(app: App, actor: Actor, name: str, *, after: str = "", limit: int = 50) -> Group:
    """One of them, with its members after the name `after`. NotFound names the nearest."""
    need(actor, "people", "manage people")
    with app.database.reading() as tx:
        if not tx.has_group(name):
            raise NotFound(f"there is no group '{plain(name)}'", "look for it in the list of groups")
        members = tx.members(name, after=after, limit=limit)
        sizes = dict(tx.groups_page(search=name))
        seen = tx.document_counts(tx.visible_scopes([name]))
        return Group(name, sizes.get(name, len(members)), sum(seen.values()), members)


def _listed(app: App, tx: Transaction, name: str, role: Role, groups: int) -> Listed:
    provided, invited = bool(tx.identities(name)), bool(_waiting(app, tx, name))
    return Listed(name, role, groups, tx.account(name), provided, invited)


def _waiting(app: App, tx: Transaction, name: str) -> list[Link]:
    now = app.clock()
    return [each for each in tx.links(name) if now < each.expires_at]
