"""`person` and `group`: who there is before accounts exist."""

from typing import Annotated

import typer

from firmground.cli.options import AsJson, Debug, Directory, actor, opened
from firmground.cli.terminal import print_json, say, table

persons = typer.Typer(help="People who ask.", no_args_is_help=True, rich_markup_mode=None)
groups = typer.Typer(help="Groups, which documents are shown to.", no_args_is_help=True, rich_markup_mode=None)

Groups = Annotated[list[str] | None, typer.Option("--group", "-g", help="A group this person is in. Repeatable.")]


@persons.command("add")
def add_person(
    name: Annotated[str, typer.Argument(help="How this person is called with --as.")],
    group: Groups = None,
    admin: Annotated[bool, typer.Option("--admin", help="Sees every document.")] = False,
    directory: Directory = None,
    debug: Debug = False,
) -> None:
    """Add a person, with their groups."""
    from firmground.app import people as use

    del debug
    with opened(directory) as app:
        use.add_person(app, actor(app, None), name, admin=admin, groups=group or ())
    say(f"{name} is known now")


@persons.command("list")
def list_people(as_json: AsJson = False, directory: Directory = None, debug: Debug = False) -> None:
    """Everybody, with their groups."""
    from firmground.app import people as use

    del debug
    with opened(directory) as app:
        found = use.people(app, actor(app, None))
    if as_json:
        print_json(found)
    else:
        table(("person", "groups"), [(name, ", ".join(member)) for name, member in found.items()])


@groups.command("add")
def add_group(
    name: Annotated[str, typer.Argument(help="The group's name, as in groups = [...].")],
    person: Annotated[list[str] | None, typer.Option("--person", "-p", help="A member. Repeatable.")] = None,
    directory: Directory = None,
    debug: Debug = False,
) -> None:
    """Add a group, or members to it."""
    from firmground.app import people as use

    del debug
    with opened(directory) as app:
        use.add_group(app, actor(app, None), name, members=person or ())
    say(f"group {name} is known now")
