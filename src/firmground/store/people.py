"""Persons, groups, and the interned sets of groups that documents are visible to."""

import json
from collections.abc import Collection, Sequence
from functools import lru_cache
from typing import Any, cast

from sqlalchemy import Connection, bindparam, select

from firmground.errors import InvalidInput, NotFound
from firmground.store.tables import groups as group_table
from firmground.store.tables import memberships, persons, scope_groups, scopes
from firmground.store.unit import Unit, in_lots, name_checked, not_found, packed
from firmground.types import Actor, digest

IMPLIED = frozenset({"everyone", "public"})
"""Every person is in these, without a row that says so."""

_MEMBERS = select(group_table.c.name).join(memberships, memberships.c.group == group_table.c.id)
_GROUPS_OF = _MEMBERS.where(memberships.c.person == bindparam("person"))
_VISIBLE = (
    select(scope_groups.c.scope)
    .join(group_table, group_table.c.id == scope_groups.c.group)
    .where(group_table.c.name.in_(bindparam("names", expanding=True)))
    .distinct()
)
_SCOPE = select(scopes.c.id).where(scopes.c.digest == bindparam("digest"))


@lru_cache(maxsize=4096)
def group_names(packed_names: str) -> tuple[str, ...]:
    return tuple(cast("list[str]", json.loads(packed_names)))


class People(Unit):
    """The chapter of a transaction on persons, groups and scopes."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self._scopes: dict[tuple[str, ...], int] = {}

    def actor(self, person: str, *, via: str = "cli") -> Actor:
        admin = self._value(select(persons.c.admin).where(persons.c.name == person))
        if admin is None:
            raise not_found("person", person, self._names(), "`firmground person list` shows all")
        names = {name for (name,) in self._rows(_GROUPS_OF, {"person": person})}
        return Actor(person=person, groups=IMPLIED | names, admin=admin, via=cast("Any", via))

    def add_person(self, name: str, *, admin: bool = False, groups: Sequence[str] = ()) -> None:
        """Twice changes nothing, except that groups are added. Unknown groups are created."""
        known = self._value(select(persons.c.admin).where(persons.c.name == name_checked("person", name)))
        if known is None:
            self._insert(persons, [{"name": name, "admin": admin}])
        elif known != admin:
            raise InvalidInput(
                f"there is a person '{name}' already, with other rights",
                f"to change them, `firmground person remove {name}` and add them again",
            )
        for group in groups:
            self.add_member(group, name)

    def add_group(self, name: str) -> None:
        self._groups([name])

    def add_member(self, group: str, person: str) -> None:
        """Twice changes nothing. An unknown group is created."""
        if self._value(select(persons.c.admin).where(persons.c.name == person)) is None:
            raise not_found("person", person, self._names(), "`firmground person list` shows all")
        if group in IMPLIED:
            return
        row = {"person": person, "group": self._groups([group])[group]}
        at = (memberships.c.person == person) & (memberships.c.group == row["group"])
        if not self._rows(select(memberships.c.person).where(at)):
            self._insert(memberships, [row])

    def remove_person(self, name: str) -> None:
        if self._value(select(persons.c.admin).where(persons.c.name == name)) is None:
            raise not_found("person", name, self._names(), "`firmground person list` shows all")
        self._connection.execute(memberships.delete().where(memberships.c.person == name))
        self._connection.execute(persons.delete().where(persons.c.name == name))

    def remove_member(self, group: str, person: str) -> None:
        if group in IMPLIED:
            raise InvalidInput(f"nobody leaves the group '{group}'", f"to forget them, `firmground person remove {person}`")
        known = dict(self._rows(select(group_table.c.name, group_table.c.id)))
        if group not in known:
            raise not_found("group", group, known, "`firmground group list` shows all")
        at = (memberships.c.person == person) & (memberships.c.group == known[group])
        if not self._connection.execute(memberships.delete().where(at)).rowcount:
            raise NotFound(f"there is no person '{person}' in the group '{group}'", "`firmground group list` shows who is")

    def groups(self) -> dict[str, frozenset[str]]:
        everybody = frozenset(self._names())
        known = self._rows(select(group_table.c.name).order_by(group_table.c.name))
        members: dict[str, set[str]] = {name: set() for (name,) in known}
        for group, person in self._rows(_MEMBERS.add_columns(memberships.c.person)):
            members[group].add(person)
        return {name: everybody if name in IMPLIED else frozenset(names) for name, names in members.items()}

    def people(self) -> dict[str, frozenset[str]]:
        members: dict[str, set[str]] = {name: set(IMPLIED) for name in self._names()}
        for group, person in self._rows(_MEMBERS.add_columns(memberships.c.person)):
            members[person].add(group)
        return {name: frozenset(names) for name, names in members.items()}

    def scope(self, groups: Collection[str]) -> int:
        names = tuple(sorted(set(groups)))
        if names not in self._scopes:
            key = digest(cast("Any", names))
            known = self._value(_SCOPE, {"digest": key})
            self._scopes[names] = self._new_scope(key, names) if known is None else known
        return self._scopes[names]

    def visible_scopes(self, groups: Collection[str]) -> frozenset[int]:
        return frozenset(scope for lot in in_lots(groups) for (scope,) in self._rows(_VISIBLE, {"names": lot}))

    def _new_scope(self, key: str, names: Sequence[str]) -> int:
        members = self._groups(names)
        scope = self._inserted(scopes.insert(), {"digest": key, "groups": packed(names)})
        self._insert(scope_groups, [{"group": members[name], "scope": scope} for name in names])
        return scope

    def _groups(self, names: Collection[str]) -> dict[str, int]:
        """The number of each; those that are new are created."""
        known: dict[str, int] = {}
        for lot in in_lots(names):
            known.update(cast("Any", self._rows(select(group_table.c.name, group_table.c.id).where(group_table.c.name.in_(lot)))))
        for name in names:
            if name not in known:
                known[name] = self._inserted(group_table.insert(), {"name": name_checked("group", name)})
        return known

    def _names(self) -> list[str]:
        return [name for (name,) in self._rows(select(persons.c.name).order_by(persons.c.name))]
