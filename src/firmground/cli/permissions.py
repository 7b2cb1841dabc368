"""`can`: whether somebody may see a document, and why or why not."""

from typing import Annotated

import typer

from firmground.cli.documents import Reference
from firmground.cli.options import AsJson, AsPerson, Debug, Directory, actor, opened
from firmground.cli.terminal import print_json, say

_NOT_ALLOWED = 4


def can(
    person: Annotated[str, typer.Argument(help="A person, `public`, or the name of a key for a page elsewhere.")],
    document: Reference,
    asker: AsPerson = None,
    as_json: AsJson = False,
    directory: Directory = None,
    debug: Debug = False,
) -> None:
    """Whether somebody may see a document, why or why not, and what would change it. Ends with 0 if they may, with 4 if not."""
    from firmground.app.access import permissions as use

    del debug
    with opened(directory) as app:
        found = use.can(app, actor(app, asker), person, document)
    if as_json:
        print_json(found.model_dump(mode="json"))
    else:
        say(f"{found.person} {'may see' if found.allowed else 'may not see'} {found.document}")
        for line in found.why:
            say(f"  {line}")
        if found.change:
            say("to change that:")
        for line in found.change:
            say(f"  {line}")
    if not found.allowed:
        raise typer.Exit(_NOT_ALLOWED)
