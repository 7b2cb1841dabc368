"""`person` and `group`: who there is, who may sign in, and who is in which group."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from firmground.cli.options import AsJson, Debug, Directory, actor, opened
from firmground.cli.terminal import password, print_json, remark, say, table

if TYPE_CHECKING:
    from firmground.app.access.people import Known
    from firmground.app.app import App
    from firmground.rights import Role

persons = typer.Typer(help="People who ask.", no_args_is_help=True, rich_markup_mode=None)
groups = typer.Typer(help="Groups, which documents are shown to.", no_args_is_help=True, rich_markup_mode=None)


class RoleName(StrEnum):
    owner = "owner"
    admin = "admin"
    reviewer = "reviewer"
    auditor = "auditor"
    user = "user"


class MailOften(StrEnum):
    at_once = "at_once"
    hourly = "hourly"
    daily = "daily"
    none = "none"


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
    role: Annotated[RoleName, typer.Option(help="What they may do; the page on roles says what each means.")] = RoleName.user,
    admin: Annotated[bool, typer.Option("--admin", help="The same as --role admin.")] = False,
    owner: Annotated[bool, typer.Option("--owner", help="The same as --role owner, with an account.")] = False,
    account: Annotated[bool, typer.Option("--account", help="May sign in.")] = False,
    invite: Annotated[bool, typer.Option("--invite", help="They choose their password by a link, which this prints.")] = False,
    password_file: PasswordFile = None,
    directory: Directory = None,
    debug: Debug = False,
) -> None:
    """Add a person, with their groups; with --account or --owner they may sign in. The first account is an owner's: from then on every
    door asks who is there."""
    from firmground.app.access import accounts
    from firmground.app.access import people as use
    from firmground.errors import InvalidInput

    del debug
    if invite and password_file:
        raise InvalidInput("either a password or an invitation", "leave --password-file or --invite out")
    with opened(directory) as app:
        wanted: Role = "owner" if owner else "admin" if admin else role.value
        if owner or account or invite:
            given = None if invite else password(password_file, f"Password for {name}")
            asked = None if wanted == "user" else wanted
            made = accounts.add_account(app, actor(app, None), name, given, role=asked, groups=group or ())
            if invite:
                _say_link(app, made.person)
            else:
                say(f"{made.person} may sign in now" + (", as an owner" if owner else ""))
            return
        new, joined = use.add_person(app, actor(app, None), name, role=wanted, groups=group or ())
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
    from firmground.app.access import accounts

    del debug
    with opened(directory) as app:
        accounts.set_password(app, actor(app, None), name, password(password_file, f"New password for {name}"))
    say(f"{name} has a new password and is signed out everywhere")


@persons.command("link")
def make_link(
    name: Annotated[str, typer.Argument(help="Who chooses a password by it.")],
    directory: Directory = None,
    debug: Debug = False,
) -> None:
    """Print a link by which somebody chooses their password themselves: good once, the first within a week, a new one within a day. The
    one that they had until now is good no more."""
    del debug
    with opened(directory) as app:
        _say_link(app, name)


@persons.command("mail")
def set_mail(
    name: Annotated[str, typer.Argument(help="Who has mail there.")],
    address: Annotated[str | None, typer.Argument(help='Their address; "" takes it away.')] = None,
    often: Annotated[MailOften | None, typer.Option("--often", help="How often they want mail.")] = None,
    directory: Directory = None,
    debug: Debug = False,
) -> None:
    """Say where somebody has mail, and how often they want any; without either, show it."""
    from firmground.app.notifying import contacts

    del debug
    with opened(directory) as app:
        who = actor(app, None)
        if address is None and often is None:
            made = contacts.of(app, who, name)
        else:
            made = contacts.choose(app, who, name, address=address, mail=often.value if often else None)
    say(f"{made.person}: {made.address or 'no address'}, {made.mail.replace('_', ' ')}")


@persons.command("sign-out")
def sign_out(
    name: Annotated[str, typer.Argument(help="Who is signed out, wherever they are signed in.")],
    directory: Directory = None,
    debug: Debug = False,
) -> None:
    """End all sessions of somebody at once. Their keys stay."""
    from firmground.app.access import sessions

    del debug
    with opened(directory) as app:
        ended = sessions.sign_out_everywhere(app, actor(app, None), name)
    say(f"{name} was signed in {ended} times, and is not any more" if ended else f"{name} was not signed in")


@persons.command("link-identity")
def link_identity(
    name: Annotated[str, typer.Argument(help="Who may sign in with the provider from now on.")],
    subject: Annotated[str, typer.Argument(help="What the provider knows them by: `sub`, also called object id.")],
    directory: Directory = None,
    debug: Debug = False,
) -> None:
    """Connect a person with what the provider under [oidc] knows them by; a name or an address is nothing to go by."""
    from firmground.app.access import identities

    del debug
    with opened(directory) as app:
        identities.connect(app, actor(app, None), name, subject)
    say(f"{name} may sign in with the provider now")


@persons.command("unlink-identity")
def unlink_identity(
    name: Annotated[str, typer.Argument(help="Who may not sign in with a provider any more.")],
    directory: Directory = None,
    debug: Debug = False,
) -> None:
    """Disconnect a person from what a provider knows them by. Sessions that began there end, groups that came from there go."""
    from firmground.app.access import identities

    del debug
    with opened(directory) as app:
        identities.disconnect(app, actor(app, None), name)
    say(f"{name} is connected with no provider any more")


@persons.command("role")
def set_role(
    name: Annotated[str, typer.Argument(help="Whose role it is.")],
    role: Annotated[RoleName, typer.Argument(help="What they may do from now on.")],
    directory: Directory = None,
    debug: Debug = False,
) -> None:
    """Give a person another role. It counts from their next request on. A link to choose a password that is open ends with it."""
    from firmground.app.access import directory as known_people
    from firmground.app.access import people as use

    del debug
    with opened(directory) as app:
        who = actor(app, None)
        known = known_people.person(app, who, name)
        use.set_role(app, who, name, role.value)
    say(f"{name} has the role {role.value} now")
    if known.links and known.role != role.value:
        remark("the link by which they could choose a password is good no more: `firmground person link` makes another one")


@persons.command("remove")
def remove_person(
    name: Annotated[str, typer.Argument(help="Who is to be forgotten, with their groups.")],
    directory: Directory = None,
    debug: Debug = False,
) -> None:
    """Forget a person. Their sessions and keys end at once; documents and groups stay."""
    from firmground.app.access import people as use

    del debug
    with opened(directory) as app:
        use.remove_person(app, actor(app, None), name)
    say(f"{name} is unknown now")


@persons.command("list")
def list_people(as_json: AsJson = False, directory: Directory = None, debug: Debug = False) -> None:
    """Everybody, with their groups and what they may do."""
    from firmground.app.access import people as use

    del debug
    with opened(directory) as app:
        if as_json:
            print_json(use.people(app, actor(app, None)))
            return
        found = use.directory(app, actor(app, None))
    rows = [(each.name, ", ".join(sorted({*each.groups, "everyone", "public"})), _may(each)) for each in found]
    table(("person", "groups", "role"), rows)


@groups.command("add")
def add_group(
    name: Annotated[str, typer.Argument(help="The group's name, as in groups = [...].")],
    person: Annotated[list[str] | None, typer.Option("--person", "-p", help="A member. Repeatable.")] = None,
    directory: Directory = None,
    debug: Debug = False,
) -> None:
    """Add a group, or members to it."""
    from firmground.app.access import people as use

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
    person: Annotated[list[str] | None, typer.Option("--person", "-p", help="Who leaves it. Repeatable.")] = None,
    directory: Directory = None,
    debug: Debug = False,
) -> None:
    """Take people out of a group; without --person, forget a group that nobody is in and no document was for."""
    from firmground.app.access import group_names
    from firmground.app.access import people as use

    del debug
    if not person:
        with opened(directory) as app:
            group_names.remove_group(app, actor(app, None), name)
        say(f"group {name} is unknown now")
        return
    with opened(directory) as app:
        use.remove_members(app, actor(app, None), name, person)
    say(f"no longer in group {name}: {', '.join(person)}")


@groups.command("rename")
def rename_group(
    name: Annotated[str, typer.Argument(help="The group's name.")],
    new: Annotated[str, typer.Argument(help="How it is called from now on.")],
    directory: Directory = None,
    debug: Debug = False,
) -> None:
    """Call a group otherwise. Its members, documents, keys and limits stay; firmground.toml and files that name it are changed before."""
    from firmground.app.access import group_names

    del debug
    with opened(directory) as app:
        group_names.rename_group(app, actor(app, None), name, new)
    say(f"group {name} is called {new} now")


@groups.command("list")
def list_groups(as_json: AsJson = False, directory: Directory = None, debug: Debug = False) -> None:
    """Every group that people or documents were given, with who is in it."""
    from firmground.app.access import people as use

    del debug
    with opened(directory) as app:
        found = use.groups(app, actor(app, None))
    if as_json:
        print_json(found)
    else:
        table(("group", "people"), [(name, ", ".join(members)) for name, members in found.items()])


def _say_link(app: "App", name: str) -> None:
    from firmground.app.access import links

    link, secret = links.make(app, actor(app, None), name)
    say(links.url(app, secret))
    remark(f"{link.person} chooses a password there, once, until {link.expires_at:%Y-%m-%d %H:%M} UTC; this is shown once")


def _may(known: "Known") -> str:
    return known.role + ("" if known.account is not None else ", without an account")
