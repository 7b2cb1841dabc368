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
        new, joined = use.add_person(app, actor(app, None), name, admin=admin, groups=group or ())
    if new:
        say(f"{name} is known now")
    else:
        say(f"{name} was known already" + (f", and is in {', '.join(joined)} now" if joined else "; nothing has changed"))


@persons.command("remove")
def remove_person(
    name: Annotated[str, typer.Argument(help="Who is to be forgotten, with their groups.")],
    directory: Directory = None,
    debug: Debug = False,
) -> None:
    """Forget a person. Documents and groups stay."""
    from firmground.app import people as use

    del debug
    with opened(directory) as app:
        use.remove_person(app, actor(app, None), name)
    say(f"{name} is unknown now")


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
        new, joined = use.add_group(app, actor(app, None), name, members=person or ())
    if new:
        say(f"group {name} is known now" + (f", with {', '.join(joined)} in it" if joined else ""))
    else:
        say(f"now in group {name}: {', '.join(joined)}" if joined else f"group {name} was known already; nothing has changed")


@groups.command("remove")
def remove_members(
    name: Annotated[str, typer.Argument(help="The group's name.")],
    person: Annotated[list[str], typer.Option("--person", "-p", help="Who leaves it. Repeatable.")],
    directory: Directory = None,
    debug: Debug = False,
) -> None:
    """Take people out of a group."""
    from firmground.app import people as use

    del debug
    with opened(directory) as app:
        use.remove_members(app, actor(app, None), name, person)
    say(f"no longer in group {name}: {', '.join(person)}")


@groups.command("list")
def list_groups(as_json: AsJson = False, directory: Directory = None, debug: Debug = False) -> None:
    """Every group that people or documents were given, with who is in it."""
    from firmground.app import people as use

    del debug
    with opened(directory) as app:
        found = use.groups(app, actor(app, None))
    if as_json:
        print_json(found)
    else:
        table(("group", "people"), [(name, ", ".join(members)) for name, members in found.items()])
