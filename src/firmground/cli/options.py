"""Options that several commands share."""

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

if TYPE_CHECKING:
    from firmground.app.app import App
    from firmground.types import Actor

AsJson: TypeAlias = Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout and nothing else.")]
Directory: TypeAlias = Annotated[
    Path | None, typer.Option("--workspace", "-w", help="The workspace; the current directory or one above it when absent.")
]
Debug: TypeAlias = Annotated[bool, typer.Option("--debug", help="Show a traceback when something fails.")]
AsPerson: TypeAlias = Annotated[str | None, typer.Option("--as", metavar="PERSON", help="With the permissions of this person.")]
Filter: TypeAlias = Annotated[
    list[str] | None,
    typer.Option("--filter", metavar="KEY=VALUE", help="Only documents that match: K=V, K=A,B or K=FROM..TO. Repeatable."),
]


@contextmanager
def opened(directory: Path | None) -> "Generator[App, None, None]":
    """The workspace, closed again at the end."""
    from firmground.wire import open_workspace

    with open_workspace(directory) as app:
        yield app


def actor(app: "App", person: str | None) -> "Actor":
    """The person named, or whoever has access to the files: an administrator."""
    if person is None:
        return system()
    with app.database.reading() as tx:
        return tx.actor(person, via="cli")


def system() -> "Actor":
    """Whoever has access to the files: an administrator."""
    from firmground.app.access.system_user import system_user
    from firmground.types import Actor

    return Actor(person=system_user(), groups=frozenset({"public", "everyone"}), role="owner", via="cli", local=True)
