"""`notifications`: what people and programs elsewhere are told, and whether it arrives."""

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from firmground.cli.options import AsJson, AsPerson, Debug, Directory, actor, opened
from firmground.cli.terminal import print_json, remark, say, table

if TYPE_CHECKING:
    from firmground.app.notifying.routes import Standing

group = typer.Typer(help="What is told to whom, and whether it arrives.", no_args_is_help=True, rich_markup_mode=None)


_told = {"waiting": "waiting", "sent": "sent", "dead": "dead", "held": "held after restore"}


class State(StrEnum):
    waiting = "waiting"
    sent = "sent"
    dead = "dead"
    held = "held"


@group.command("list")
def list_messages(
    person: Annotated[str | None, typer.Option("--person", help="Only what is for this person.")] = None,
    state: Annotated[
        State | None, typer.Option("--state", help="Only those that wait, were sent, were given up, or are held after a restore.")
    ] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=200, help="Messages at most.")] = 50,
    as_person: AsPerson = None,
    as_json: AsJson = False,
    directory: Directory = None,
    debug: Debug = False,
) -> None:
    """Messages, newest first: what happened, to whom it is told, and what became of it."""
    from firmground.app.notifying import messages as use
    from firmground.app.notifying import texts

    del debug
    with opened(directory) as app:
        found = use.listed(app, actor(app, as_person), person=person, state=state.value if state else None, limit=limit)
    if as_json:
        print_json([each.model_dump(mode="json") for each in found])
        return
    rows = [
        (
            f"{each.created_at:%Y-%m-%d %H:%M}",
            each.event,
            each.channel if not each.route else f"{each.channel} {each.route}",
            each.person or each.address,
            _told[each.state] + (f" ({texts.plain(each.why)})" if each.why else ""),
        )
        for each in found
    ]
    table(("at", "event", "way", "to", "state"), rows)


@group.command("routes")
def list_routes(as_person: AsPerson = None, as_json: AsJson = False, directory: Directory = None, debug: Debug = False) -> None:
    """The routes of the settings: who answers for each, and how it stands."""
    from firmground.app.notifying import routes as use

    del debug
    with opened(directory) as app:
        found = use.routes(app, actor(app, as_person))
    if as_json:
        print_json([each.model_dump(mode="json") for each in found])
        return
    rows = [(each.name, each.channel, each.owner or "-", each.waiting, each.dead, _state(each)) for each in found]
    table(("route", "channel", "owner", "waiting", "given up", "state"), rows)
    for each in found:
        if each.owner and not each.owner_known:
            remark(f"{each.owner}, who answers for {each.name}, is not known: name somebody whom `firmground person list` shows")


@group.command("test")
def send_test(
    route: Annotated[str, typer.Argument(help="Name of a route of the settings.")],
    as_person: AsPerson = None,
    directory: Directory = None,
    debug: Debug = False,
) -> None:
    """Send a message by a route at once, and say what became of it."""
    from firmground.app.notifying import routes as use

    del debug
    with opened(directory) as app:
        went = use.test(app, actor(app, as_person), route)
    say(f"{route} works: a message went to {went}")


@group.command("retry")
def retry(
    route: Annotated[str, typer.Argument(help="Only of this route.")] = "",
    as_person: AsPerson = None,
    directory: Directory = None,
    debug: Debug = False,
) -> None:
    """Send again what was given up, and what waits for another try. A server that runs does it at once; without one, this does."""
    from firmground.app.notifying import routes as use
    from firmground.app.notifying.delivering import deliver_now

    del debug
    with opened(directory) as app:
        who = actor(app, as_person)
        count = use.retry(app, who, route)
        deliver_now(app)
        failing = [each for each in use.routes(app, who) if each.failed_at is not None and route in {"", each.name}]
    say(f"{count} messages that were given up were tried again")
    for each in failing:
        remark(f"{each.name} takes nothing: {each.why}")


@group.command("send-held")
def send_held(
    route: Annotated[str, typer.Argument(help="Only of this route.")] = "",
    as_person: AsPerson = None,
    directory: Directory = None,
    debug: Debug = False,
) -> None:
    """Send what waited in a backup that was restored, and may have been sent before. Whoever got it then gets it twice."""
    from firmground.app.notifying import routes as use
    from firmground.app.notifying.delivering import deliver_now

    del debug
    with opened(directory) as app:
        count = use.send_held(app, actor(app, as_person), route)
        deliver_now(app)
    say(f"{count} messages that were held are sent now")


@group.command("drop-held")
def drop_held(
    route: Annotated[str, typer.Argument(help="Only of this route.")] = "",
    as_person: AsPerson = None,
    directory: Directory = None,
    debug: Debug = False,
) -> None:
    """Drop what waited in a backup that was restored: it is told to nobody any more."""
    from firmground.app.notifying import routes as use

    del debug
    with opened(directory) as app:
        count = use.drop_held(app, actor(app, as_person), route)
    say(f"{count} messages that were held were dropped")


def _state(route: "Standing") -> str:
    if route.missing:
        return f"{' and '.join(route.missing)} not set"
    if route.failed_at is not None:
        return f"fails since {route.failed_at:%Y-%m-%d %H:%M} UTC: {route.why}"
    if route.channel == "page":
        return "works"
    return f"took something at {route.sent_at:%Y-%m-%d %H:%M} UTC" if route.sent_at else "has taken nothing yet"
