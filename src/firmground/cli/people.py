"""`person` and `group`: who there is, who may sign in, and who is in which group."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from firmground.cli.options import AsJson, Debug, Directory, actor, opened
from firmground.cli.terminal import password, print_json, say, table

if TYPE_CHECKING:
    from firmground.app.people import Known

persons = typer.Typer(help="People who ask.", no_args_is_help=True, rich_markup_mode=None)
groups = typer.Typer(help="Groups, which documents are shown to.", no_args_is_help=True, rich_markup_mode=None)

PasswordFile = Annotated[
    Path | None,
    typer.Option(
        "--password-file", metavar="FILE", help="Its first line is the password; asked for at the terminal when absent."
    ),
]
Groups = Annotated[list[str] | None, typer.Option("--group", "-g", help="A group this person is in. Repeatable.")]


@persons.command("add")
def add_person(
    name: Annotated[str, typer.Argument(help="How this person is called with --as.")],
    group: Groups = None,
    admin: Annotated[bool, typer.Option("--admin", help="Sees every document, and may do everything but make owners.")] = False,
    owner: Annotated[bool, typer.Option("--owner", help="May sign in, and do everything.")] = False,
    account: Annotated[bool, typer.Option("--account", help="May sign in.")] = False,
    password_file: PasswordFile = None,
    directory: Directory = None,
    debug: Debug = False,
) -> None:
    """Add a person, with their groups; with --account or --owner they may sign in. The first account is an owner's: from then on every
    door asks who is there."""
    from firmground.app import accounts
    from firmground.app import people as use

    del debug
    with opened(directory) as app:
        if owner or account:
            given = password(password_file, f"Password for {name}")
            made = accounts.add_account(app, actor(app, None), name, given, owner=owner, admin=admin, groups=group or ())
            say(f"{made.person} may sign in now" + (", as an owner" if owner else ""))
            return
        new, joined = use.add_person(app, actor(app, None), name, admin=admin, groups=group or ())
    if new:
        say(f"{name} is known now")
    else:
        say(f"{name} was known already" + (f", and is in {', '.join(joined)} now" if joined else "; nothing has changed"))


@persons.command("password")
def set_password(
    name: Annotated[str, typer.Argument(help="Whose password it is.")],
    password_file: PasswordFile = None,
    directory: Directory = None,
    debug: Debug = False,
) -> None:
    """Give somebody a new password. All their sessions end."""
    from firmground.app import accounts

    del debug
    with opened(directory) as app:
        accounts.set_password(app, actor(app, None), name, password(password_file, f"New password for {name}"))
    say(f"{name} has a new password and is signed out everywhere")


@persons.command("remove")
def remove_person(
    name: Annotated[str, typer.Argument(help="Who is to be forgotten, with their groups.")],
    directory: Directory = None,
    debug: Debug = False,
) -> None:
    """Forget a person. Their sessions and keys end at once; documents and groups stay."""
    from firmground.app import people as use

    del debug
    with opened(directory) as app:
        use.remove_person(app, actor(app, None), name)
    say(f"{name} is unknown now")


@persons.command("list")
def list_people(as_json: AsJson = False, directory: Directory = None, debug: Debug = False) -> None:
    """Everybody, with their groups and what they may do."""
    from firmground.app import people as use

    del debug
    with opened(directory) as app:
        if as_json:
            print_json(use.people(app, actor(app, None)))
            return
        found = use.directory(app, actor(app, None))
    rows = [(each.name, ", ".join(sorted({*each.groups, "everyone", "public"})), _may(each)) for each in found]
    table(("person", "groups", "may"), rows)


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


def _may(known: "Known") -> str:
    if known.account is not None and known.account.owner:
        return "everything, as an owner"
    return ("everything" if known.admin else "ask") + ("" if known.account is not None else ", without an account")
