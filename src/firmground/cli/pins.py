"""`pin`: answers that people stand behind, given to their question."""

from typing import TYPE_CHECKING, Annotated

import typer

from firmground.cli.options import AsJson, AsPerson, Debug, Directory, actor, opened
from firmground.cli.terminal import one_line, print_json, say, table

if TYPE_CHECKING:
    from firmground.lessons import Pin

group = typer.Typer(
    help="Answers that people stand behind, given to their question until a document changes.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@group.command("list")
def list_(
    state: Annotated[str, typer.Option("--state", metavar="STATE", help="active, waiting or retired; all when absent.")] = "",
    person: AsPerson = None,
    as_json: AsJson = False,
    directory: Directory = None,
    debug: Debug = False,
) -> None:
    """What is pinned to which question, newest first."""
    from firmground.app.teaching import pins as use

    del debug
    with opened(directory) as app:
        found = use.listed(app, actor(app, person), state=use.state_of(state))
    if as_json:
        print_json({"pins": [pin.model_dump(mode="json") for pin in found]})
        return
    rows = [(pin.id, str(pin.version), pin.state, pin.by, f"{pin.at:%Y-%m-%d}", one_line(pin.question)) for pin in found]
    table(("pin", "version", "state", "by", "since", "question"), rows)


@group.command()
def add(
    answer: Annotated[str, typer.Argument(metavar="ANSWER", help="An answer that was approved: its id, or the beginning of it.")],
    person: AsPerson = None,
    as_json: AsJson = False,
    directory: Directory = None,
    debug: Debug = False,
) -> None:
    """Give an approved answer to its question from now on."""
    from firmground.app.teaching import pins as use

    del debug
    with opened(directory) as app:
        _tell(use.add(app, actor(app, person), answer), as_json=as_json)


@group.command()
def retire(
    pin: Annotated[str, typer.Argument(metavar="PIN", help="Its id, or the beginning of it.")],
    person: AsPerson = None,
    as_json: AsJson = False,
    directory: Directory = None,
    debug: Debug = False,
) -> None:
    """Give it to nobody any more: the question is answered as any other."""
    from firmground.app.teaching import pins as use

    del debug
    with opened(directory) as app:
        _tell(use.retire(app, actor(app, person), pin), as_json=as_json)


def _tell(pin: "Pin", *, as_json: bool) -> None:
    if as_json:
        print_json(pin.model_dump(mode="json"))
        return
    say(f"pin {pin.id}, version {pin.version}, is {pin.state}")
