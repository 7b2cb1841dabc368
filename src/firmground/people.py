"""Who there is, and in which groups: what a database keeps of it."""

from collections.abc import Sequence
from typing import Protocol

from firmground.rights import Role
from firmground.types import Actor


class People(Protocol):
    """The chapter of a transaction on people and groups."""

    def actor(self, person: str, *, via: str = "cli") -> Actor:
        """The person with the groups they are in (`everyone` and `public` included). NotFound names the nearest."""
        ...

    def add_person(self, name: str, *, role: Role = "user", groups: Sequence[str] = ()) -> None:
        """InvalidInput for one who is known with another role."""
        ...

    def set_role(self, person: str, role: Role) -> None:
        """NotFound names the nearest."""
        ...

    def owners(self) -> list[str]:
        """Whoever has that role, by name, whether they may sign in or not."""
        ...

    def add_group(self, name: str) -> None: ...
    def add_member(self, group: str, person: str, *, origin: str = "") -> None:
        """`origin`: the provider that says so, for `drop_members`; somebody who is in it by hand stays in it by hand."""
        ...

    def drop_members(self, person: str, *, origin: str) -> None:
        """Take a person out of the groups that a provider put them in."""
        ...

    def remove_person(self, name: str) -> None:
        """Forget a person and what groups they were in. NotFound names the nearest."""
        ...

    def remove_member(self, group: str, person: str) -> None:
        """Take a person out of a group. NotFound where there is no such group or they are not in it; InvalidInput for `everyone` and
        `public`, which nobody leaves."""
        ...

    def people(self) -> dict[str, frozenset[str]]:
        """Every person and their groups."""
        ...

    def groups(self) -> dict[str, frozenset[str]]:
        """Every group that was named so far, for people or for documents, and who is in it."""
        ...

    def roles(self) -> dict[str, Role]:
        """Every person, by name, and their role."""
        ...

    def has_person(self, name: str) -> bool: ...
    def has_group(self, name: str) -> bool: ...
    def groups_of(self, person: str) -> dict[str, str]:
        """The groups a person was put in, by name, with the provider that did it (empty: by hand). NotFound names the nearest."""
        ...

    def members(self, group: str, *, after: str = "", limit: int | None = None) -> list[tuple[str, str]]:
        """Who is in a group, by name, those after the name `after`, with the provider that put them there. NotFound names the nearest."""
        ...

    def people_page(self, *, search: str = "", after: str = "", limit: int | None = None) -> list[tuple[str, Role, int]]:
        """People by name, those after the name `after`, with their role and the number of groups they were put in; with `search` those
        whose name holds it, in any case."""
        ...

    def groups_page(self, *, search: str = "", after: str = "", limit: int | None = None) -> list[tuple[str, int]]:
        """Groups likewise, with how many people are in each."""
        ...

    def rename_group(self, group: str, name: str) -> None:
        """Who is in it stays in it, and what it sees it goes on to see. NotFound names the nearest; InvalidInput where there is one of that
        name."""
        ...

    def drop_group(self, group: str) -> None:
        """NotFound names the nearest; Refused where somebody is in it, or documents were ever given to it."""
        ...
