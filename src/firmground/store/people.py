"""Persons, groups, and the interned sets of groups that documents are visible to."""

import json
from collections.abc import Callable, Collection, Hashable, Sequence
from functools import lru_cache
from secrets import token_hex
from typing import Any, TypeVar, cast

from sqlalchemy import Connection, Select, bindparam, func, select

from firmground.errors import InvalidInput, NotFound, Refused
from firmground.rights import Role
from firmground.store.tables import facts, keys, memberships, persons, scope_groups, scopes
from firmground.store.tables import groups as group_table
from firmground.store.unit import Unit, in_lots, made, name_checked, not_found, packed
from firmground.types import Actor, digest

IMPLIED = frozenset({"everyone", "public"})
"""Every person is in these, without a row that says so."""

_STATE = ("people", "state")
"""The fact that has another value after every change of who is in which group and of what groups see: what a process remembers under it
is true as long as it stands, whoever changes it. At random, so that no two histories of a workspace that was restored share one."""
_REMEMBERED = 1_000
NEAR = 500
"""Names before and after one that is unknown, among which the nearest is looked for."""

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


_SEEN = select(facts.c.value).where(facts.c.namespace == _STATE[0], facts.c.key == _STATE[1])
_ROLE = select(persons.c.role).where(persons.c.name == bindparam("person"))

T = TypeVar("T")
_known: dict[tuple[str, Hashable], Any] = {}
"""By state, what was asked. Threads share it; whoever finds it full empties it."""


class People(Unit):
    """The chapter of a transaction on persons, groups and scopes."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self._scopes: dict[tuple[str, ...], int] = {}
        self._state: str | None = None
        self._people_changed = False

    def finish(self) -> None:
        if self._people_changed:
            at = (facts.c.namespace == _STATE[0]) & (facts.c.key == _STATE[1])
            row = {"namespace": _STATE[0], "key": _STATE[1], "value": packed(token_hex(16))}
            self._put(facts.update().where(at).values(row), facts.insert().values(row))
        super().finish()

    def actor(self, person: str, *, via: str = "cli") -> Actor:
        role, groups = self._remembered(person, lambda: self._standing(person))
        told = {"person": person, "groups": groups, "role": role, "via": via}
        return made(Actor, {**told, "scopes": None, "key": "", "user": "", "local": False, "unnoted": False})

    def _standing(self, person: str) -> tuple[Role, frozenset[str]]:
        role = self._role(person)
        return role, IMPLIED | {name for (name,) in self._rows(_GROUPS_OF, {"person": person})}

    def _remembered(self, about: Hashable, look: Callable[[], T]) -> T:
        """What `look` gives, looked up once for as long as nobody changes anything about people; not after a change of one's own, which
        nobody else sees yet."""
        if self._people_changed:
            return look()
        if self._state is None:
            self._state = str(self._value(_SEEN) or "")
        key = (self._state, about)
        found = _known.get(key)
        if found is None:
            found = look()
            if len(_known) >= _REMEMBERED:
                _known.clear()
            if self._state:
                _known[key] = found
        return found

    def add_person(self, name: str, *, role: Role = "user", groups: Sequence[str] = ()) -> None:
        """Twice changes nothing, except that groups are added. Unknown groups are created."""
        known = self._value(select(persons.c.role).where(persons.c.name == name_checked("person", name)))
        self._people_changed = True
        if known is None:
            self._insert(persons, [{"name": name, "role": role}])
        elif known != role:
            raise InvalidInput(
                f"there is a person '{name}' already, with the role {known}",
                f"to change it, `firmground person role {name} {role}`",
            )
        for group in groups:
            self.add_member(group, name)

    def add_group(self, name: str) -> None:
        self._groups([name])

    def set_role(self, person: str, role: Role) -> None:
        self._role(person)
        self._people_changed = True
        self._connection.execute(persons.update().where(persons.c.name == person).values(role=role))

    def owners(self) -> list[str]:
        return [name for (name,) in self._rows(select(persons.c.name).where(persons.c.role == "owner").order_by(persons.c.name))]

    def add_member(self, group: str, person: str, *, origin: str = "") -> None:
        """Twice changes nothing. An unknown group is created."""
        self._role(person)
        if group in IMPLIED:
            return
        self._people_changed = True
        row = {"person": person, "group": self._groups([group])[group]}
        at = (memberships.c.person == person) & (memberships.c.group == row["group"])
        if not self._rows(select(memberships.c.person).where(at)):
            self._insert(memberships, [{**row, "origin": origin}])
        elif not origin:
            self._connection.execute(memberships.update().where(at).values(origin=""))

    def drop_members(self, person: str, *, origin: str) -> None:
        self._people_changed = True
        at = (memberships.c.person == person) & (memberships.c.origin == origin)
        self._connection.execute(memberships.delete().where(at))

    def remove_person(self, name: str) -> None:
        self._role(name)
        self._people_changed = True
        self._connection.execute(memberships.delete().where(memberships.c.person == name))
        self._connection.execute(persons.delete().where(persons.c.name == name))

    def remove_member(self, group: str, person: str) -> None:
        if group in IMPLIED:
            raise InvalidInput(f"nobody leaves the group '{group}'", f"to forget them, `firmground person remove {person}`")
        self._people_changed = True
        at = (memberships.c.person == person) & (memberships.c.group == self._group(group))
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

    def roles(self) -> dict[str, Role]:
        return dict(cast("Any", self._rows(select(persons.c.name, persons.c.role).order_by(persons.c.name))))

    def has_person(self, name: str) -> bool:
        return self._value(select(persons.c.name).where(persons.c.name == name)) is not None

    def has_group(self, name: str) -> bool:
        return name in IMPLIED or self._value(select(group_table.c.id).where(group_table.c.name == name)) is not None

    def groups_of(self, person: str) -> dict[str, str]:
        self._role(person)
        wanted = _GROUPS_OF.add_columns(memberships.c.origin).order_by(group_table.c.name)
        return dict(cast("Any", self._rows(wanted, {"person": person})))

    def members(self, group: str, *, after: str = "", limit: int | None = None) -> list[tuple[str, str]]:
        at = self._group(group)
        if group in IMPLIED:
            wanted = select(persons.c.name).where(persons.c.name > after).order_by(persons.c.name)
            return [(name, "") for (name,) in self._rows(wanted.limit(limit))]
        wanted = select(memberships.c.person, memberships.c.origin).where(memberships.c.group == at, memberships.c.person > after)
        return [(name, origin) for name, origin in self._rows(wanted.order_by(memberships.c.person).limit(limit))]

    def people_page(self, *, search: str = "", after: str = "", limit: int | None = None) -> list[tuple[str, Role, int]]:
        counted = select(memberships.c.person, func.count().label("groups")).group_by(memberships.c.person)
        found: list[tuple[str, Role, int]] = []
        for lot in in_lots(self._page(persons.c.name, search, after, limit)):
            of = counted.where(memberships.c.person.in_(lot)).subquery()
            wanted = select(persons.c.name, persons.c.role, func.coalesce(of.c.groups, 0)).outerjoin(
                of, of.c.person == persons.c.name
            )
            found += cast("Any", self._rows(wanted.where(persons.c.name.in_(lot)).order_by(persons.c.name)))
        return [(name, role, groups) for name, role, groups in found]

    def groups_page(self, *, search: str = "", after: str = "", limit: int | None = None) -> list[tuple[str, int]]:
        counted = select(memberships.c.group, func.count().label("people")).group_by(memberships.c.group)
        found: list[tuple[str, int]] = []
        for lot in in_lots(self._page(group_table.c.name, search, after, limit)):
            of = counted.where(memberships.c.group.in_(select(group_table.c.id).where(group_table.c.name.in_(lot)))).subquery()
            wanted = select(group_table.c.name, func.coalesce(of.c.people, 0)).outerjoin(of, of.c.group == group_table.c.id)
            found += cast("Any", self._rows(wanted.where(group_table.c.name.in_(lot)).order_by(group_table.c.name)))
        return [(name, self._everybody() if name in IMPLIED else people) for name, people in found]

    def rename_group(self, group: str, name: str) -> None:
        known = self._alterable(group)
        if name in IMPLIED or self.has_group(name_checked("group", name)):
            raise InvalidInput(f"there is a group '{name}' already", "take another name")
        self._connection.execute(group_table.update().where(group_table.c.id == known).values(name=name))
        seen = select(scopes.c.id, scopes.c.groups).join(scope_groups, scope_groups.c.scope == scopes.c.id)
        for scope, packed_names in self._rows(seen.where(scope_groups.c.group == known)):
            names = sorted(name if each == group else each for each in group_names(packed_names))
            row = {"digest": digest(cast("Any", names)), "groups": packed(names)}
            self._connection.execute(scopes.update().where(scopes.c.id == scope).values(row))
        for key, packed_names in self._rows(select(keys.c.name, keys.c.groups).where(keys.c.groups.is_not(None))):
            if group in group_names(packed_names):
                names = sorted(name if each == group else each for each in group_names(packed_names))
                self._connection.execute(keys.update().where(keys.c.name == key).values(groups=packed(names)))
        self._scopes.clear()

    def drop_group(self, group: str) -> None:
        known = self._alterable(group)
        if self._value(select(memberships.c.person).where(memberships.c.group == known).limit(1)) is not None:
            raise Refused(f"there are people in the group '{group}'", "take them out first")
        # A scope is never thrown away: the index might still hold its number when another document gets it.
        if self._value(select(scope_groups.c.scope).where(scope_groups.c.group == known).limit(1)) is not None:
            raise Refused(f"documents are or were for the group '{group}'", "leave it without people, or rename it")
        self._connection.execute(group_table.delete().where(group_table.c.id == known))

    def _alterable(self, group: str) -> int:
        if group in IMPLIED:
            raise InvalidInput(f"the group '{group}' is always there", "name another one")
        self._people_changed = True
        return self._group(group)

    def _page(self, name: Any, search: str, after: str, limit: int | None) -> list[str]:
        """Names are compared here, since databases differ in which letters are the same."""
        wanted: Select[Any] = select(name).where(name > after).order_by(name)
        if not search:
            return [each for (each,) in self._rows(wanted.limit(limit))]
        sought = search.casefold()
        return [each for (each,) in self._rows(wanted) if sought in each.casefold()][:limit]

    def _everybody(self) -> int:
        return self._value(select(func.count()).select_from(persons))

    def scope(self, groups: Collection[str]) -> int:
        names = tuple(sorted(set(groups)))
        if names not in self._scopes:
            key = digest(cast("Any", names))
            known = self._value(_SCOPE, {"digest": key})
            self._scopes[names] = self._new_scope(key, names) if known is None else known
        return self._scopes[names]

    def visible_scopes(self, groups: Collection[str]) -> frozenset[int]:
        named = frozenset(groups)
        return self._remembered(named, lambda: self._visible(named))

    def _visible(self, groups: frozenset[str]) -> frozenset[int]:
        return frozenset(scope for lot in in_lots(groups) for (scope,) in self._rows(_VISIBLE, {"names": lot}))

    def _new_scope(self, key: str, names: Sequence[str]) -> int:
        self._people_changed = True
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

    def _role(self, person: str) -> Role:
        role = self._value(_ROLE, {"person": person})
        if role is None:
            raise not_found("person", person, self._near(persons.c.name, person), "`firmground person list` shows all")
        return role

    def _group(self, name: str) -> int:
        known = self._value(select(group_table.c.id).where(group_table.c.name == name))
        if known is None and name not in IMPLIED:
            raise not_found("group", name, self._near(group_table.c.name, name), "`firmground group list` shows all")
        return known or 0

    def _near(self, name: Any, wanted: str) -> list[str]:
        """Comparing with 10,000 would take a second."""
        after = self._rows(select(name).where(name >= wanted).order_by(name).limit(NEAR))
        before = self._rows(select(name).where(name < wanted).order_by(name.desc()).limit(NEAR))
        return [each for (each,) in (*after, *before)]

    def _names(self) -> list[str]:
        return [name for (name,) in self._rows(select(persons.c.name).order_by(persons.c.name))]
