"""`key`: what programs sign in with."""

from typing import Annotated

import typer

from firmground.cli.options import AsJson, Debug, Directory, actor, opened
from firmground.cli.terminal import print_json, remark, say, table

group = typer.Typer(help="Keys, which programs sign in with.", no_args_is_help=True, rich_markup_mode=None)


@group.command("add")
def add_key(
    name: Annotated[str, typer.Argument(help="What it is for; how it is called here.")],
    person: Annotated[
        str | None, typer.Option("--as", metavar="PERSON", help="For whom it acts, with their groups at each moment.")
    ] = None,
    scope: Annotated[
        list[str] | None,
        typer.Option("--scope", help="A right that it has, such as ask. Repeatable; all but self, people and own when absent."),
    ] = None,
    widget: Annotated[bool, typer.Option("--widget", help="For a page of another site, with fixed groups.")] = False,
    origin: Annotated[
        list[str] | None, typer.Option("--origin", metavar="URL", help="A site that the page is on. Repeatable.")
    ] = None,
    group: Annotated[
        list[str] | None, typer.Option("--group", "-g", help="A group whose documents the page's visitors may see. Repeatable.")
    ] = None,
    expires: Annotated[
        int | None, typer.Option("--expires", metavar="DAYS", help="Days until it ends; never when absent.")
    ] = None,
    as_json: AsJson = False,
    directory: Directory = None,
    debug: Debug = False,
) -> None:
    """Make a key and show its secret, this once."""
    from firmground.app.access import keys as use
    from firmground.errors import InvalidInput

    del debug
    if widget is (person is not None):
        raise InvalidInput("a key is either for a person or for a page elsewhere", "use --as PERSON, or --widget with --origin")
    if widget and scope:
        raise InvalidInput("a key for a page elsewhere may ask and nothing else", "leave --scope out")
    if commas := next((each for each in scope or () if "," in each), None):
        raise InvalidInput(f"there is no scope '{commas}'", f"repeat --scope: {_repeated(commas)}")
    if not widget and (origin or group):
        raise InvalidInput("--origin and --group are for pages elsewhere", "leave them out, or use --widget instead of --as")
    with opened(directory) as app:
        if person is not None:
            key, secret = use.add_key(app, actor(app, None), name, person=person, days=expires, scopes=scope)
        else:
            key, secret = use.add_widget_key(app, actor(app, None), name, origins=origin or (), groups=group or (), days=expires)
    if as_json:
        print_json({"key": key.model_dump(mode="json"), "secret": secret})
    else:
        say(secret)
        remark("this is shown once: put it where only your program reads it")


def _repeated(scopes: str) -> str:
    return " ".join(f"--scope {each.strip()}" for each in scopes.split(",") if each.strip())


@group.command("list")
def list_keys(as_json: AsJson = False, directory: Directory = None, debug: Debug = False) -> None:
    """Every key, with for whom it acts and when it was used last. Secrets are kept nowhere."""
    from firmground.app.access import keys as use

    del debug
    with opened(directory) as app:
        found = use.keys(app, actor(app, None))
    if as_json:
        print_json([key.model_dump(mode="json") for key in found])
        return
    rows = [
        (
            key.name,
            key.person or f"pages of {', '.join(key.origins)}, as {', '.join(key.groups or ())}",
            ", ".join(key.scopes or ()) or ("what they may" if key.person else "ask"),
            f"{key.used_at:%Y-%m-%d %H:%M}" if key.used_at else "never",
            f"{key.expires_at:%Y-%m-%d %H:%M}" if key.expires_at else "never",
        )
        for key in found
    ]
    table(("key", "acts for", "scopes", "last used", "ends"), rows)


@group.command("remove")
def remove_key(
    name: Annotated[str, typer.Argument(help="Which key is refused from now on.")],
    directory: Directory = None,
    debug: Debug = False,
) -> None:
    """End a key at once."""
    from firmground.app.access import keys as use

    del debug
    with opened(directory) as app:
        use.remove_key(app, actor(app, None), name)
    say(f"the key {name} is refused from now on")
