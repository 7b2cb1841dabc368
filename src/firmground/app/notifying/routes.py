"""The routes of the settings: how each stands, whether it works, and another try for what could not be sent."""

from collections.abc import Sequence
from datetime import datetime

from pydantic import Field

from firmground.app.access.rights import need
from firmground.app.app import App
from firmground.app.notifying import delivering, texts
from firmground.app.notifying.events import To, What, written
from firmground.app.recording.ledger import record
from firmground.errors import InvalidInput, NotAllowed, NotFound
from firmground.language.catalogue import translated
from firmground.outbox import Channel, Notification, NotificationState, Waiting
from firmground.settings import secret
from firmground.settings_notifications import RouteSection
from firmground.types import Actor, Check, Json, Value

_LOT = 1000
_DEAD = 50


class Standing(Value):
    """One route, and what became of what it was to carry. Mail that people get since something concerns them has the name `*`."""

    name: str
    channel: Channel
    events: tuple[str, ...] = ()
    owner: str = ""
    owner_known: bool = Field(True, description="Whether there is such a person.")
    missing: tuple[str, ...] = Field((), description="Environment variables that it needs and that are not set.")
    sent_at: datetime | None = Field(None, description="When it took something last.")
    failed_at: datetime | None = Field(None, description="Since when it takes nothing; null where it works.")
    why: str = Field("", description="What the last attempt failed with.")
    waiting: int = 0
    oldest: datetime | None = Field(None, description="Since when the oldest of those waits.")
    dead: int = Field(0, description="Messages that were given up.")
    held: int = Field(0, description="Messages that waited in a backup that was restored.")


def routes(app: App, actor: Actor) -> list[Standing]:
    """As the settings name them, for whoever looks after the workspace; for others those that they answer for."""
    with app.database.reading() as tx:
        counts = tx.waiting_notifications()
        noted = tx.facts(delivering.STANDING)
        known = {route.owner: tx.has_person(route.owner) for route in app.workspace.settings.notifications}
        owned = tx.has_owner()
    found = [
        Standing.model_validate(
            {
                "name": route.name,
                "channel": route.channel,
                "events": route.events,
                "owner": route.owner,
                "owner_known": known[route.owner] or not owned,
                "missing": _missing(route),
            }
            | _noted(noted.get(route.name))
            | _counted(counts, route.name)
        )
        for route in app.workspace.settings.notifications
    ]
    if not actor.may("workspace"):
        return [each for each in found if each.owner == actor.person]
    people = delivering.MAIL_OF_PEOPLE
    if app.workspace.settings.mail.host or people in noted or any(not each.route for each in counts):
        found.append(
            Standing.model_validate({"name": people, "channel": "mail"} | _noted(noted.get(people)) | _counted(counts, ""))
        )
    gone = sorted({each.route for each in counts if each.route} - {each.name for each in found})
    for name in gone:
        channel = next(each.channel for each in counts if each.route == name)
        found.append(
            Standing.model_validate(
                {"name": name, "channel": channel, "owner_known": False} | _noted(noted.get(name)) | _counted(counts, name)
            )
        )
    return found


def dead(app: App, actor: Actor, name: str) -> list[Notification]:
    """The latest messages of a route that were given up."""
    _theirs(app, actor, name, "see what a route carries")
    with app.database.reading() as tx:
        return tx.notifications(route=_key(name), state="dead", limit=_DEAD)


def test(app: App, actor: Actor, name: str) -> str:
    """Send a message by this route at once, and wait for what becomes of it; where it went. How the route stands is told by what it was to
    carry, and not by this. Mail goes to the addresses of the route, else
    to its owner. NotTaken, InvalidSettings: why it does not work."""
    route = _theirs(app, actor, name, "test routes")
    if route is None:
        raise InvalidInput(f"{name!r} is no route of the settings", "name one of [[notifications]]")
    now = app.clock()
    what = What("route.tested", name, {"by": "a person", "at": now.isoformat()})
    with app.database.reading() as tx:
        contact = tx.contact(route.owner)
        message = written(app, tx, To(route.channel, name, person=route.owner if route.channel == "page" else ""), what, now)
    if route.channel == "page":
        return _on_page(app, route, message)
    if route.channel == "webhook":
        delivering.post(app, route, [message])
        return "its address"
    return _mailed(app, route, message, contact.address)


def retry(app: App, actor: Actor, name: str = "") -> int:
    """What was given up on this route, or on all of theirs, waits again, and what waits may be tried at once. How many were given up."""
    if name:
        _theirs(app, actor, name, "have messages sent again")
    theirs = [each for each in routes(app, actor) if name in {"", each.name}]
    return sum(_again(app, each.channel, _key(each.name), "dead") for each in theirs)


def send_held(app: App, actor: Actor, name: str = "") -> int:
    """What waited in a backup that was restored, on this route or on all of theirs, waits again to be sent. How many."""
    if name:
        _theirs(app, actor, name, "have messages sent again")
    return sum(_again(app, each.channel, _key(each.name), "held") for each in routes(app, actor) if name in {"", each.name})


def drop_held(app: App, actor: Actor, name: str = "") -> int:
    """It is told to nobody any more, since it was told before. How many."""
    if name:
        _theirs(app, actor, name, "drop messages")
    theirs = [each for each in routes(app, actor) if name in {"", each.name} and each.held]
    with app.database.transaction() as tx:
        dropped = sum(tx.drop_held(_key(each.name)) for each in theirs)
        if dropped:
            record(app, tx, actor, "notifications.dropped", name or "*", number=dropped)
    return dropped


def checks(app: App) -> list[Check]:
    """For `firmground doctor`: routes of which somebody should know something."""
    administrator = Actor(person="", role="owner")
    found = [check for each in routes(app, administrator) for check in _problems(each)]
    if not found and (count := len(app.workspace.settings.notifications)):
        found.append(Check(name="notifications", state="ok", detail=f"{count} route{'s' * (count > 1)}"))
    return found


def _problems(route: Standing) -> list[Check]:
    said: list[tuple[str, str]] = []
    if not route.owner_known and route.owner:
        said.append(
            (f"the owner of {route.name}, {route.owner}, is not known", "name somebody whom `firmground person list` shows")
        )
    said += [(f"{route.name} names {each}, which is not set", f"set {each}") for each in route.missing]
    if route.failed_at is not None:
        said.append((f"{route.name} takes nothing since {route.failed_at:%Y-%m-%d %H:%M} UTC ({route.why})", "mend it"))
    if route.dead:
        said.append(
            (f"{route.dead} of {route.name} were given up", f"mend it, then `firmground notifications retry {route.name}`")
        )
    if route.held:
        said.append(
            (
                f"{route.held} of {route.name} waited in a backup that was restored, and are held",
                "send them with `firmground notifications send-held`, or drop them with `drop-held`",
            )
        )
    return [Check(name="notifications", state="warning", detail=detail, remedy=remedy) for detail, remedy in said]


def _theirs(app: App, actor: Actor, name: str, what: str) -> RouteSection | None:
    """The route of this name, None for mail of people and for one that is not in the settings any more. NotFound; NotAllowed."""
    route = next((each for each in app.workspace.settings.notifications if each.name == name), None)
    if route is not None and route.owner == actor.person:
        need(actor, "self", what)
        return route
    need(actor, "workspace", what)
    if route is None and name not in {each.name for each in routes(app, actor)}:
        raise NotFound(f"there is no route {name[:100]!r}", "`firmground notifications routes` shows all")
    return route


def _again(app: App, channel: Channel, route: str, state: NotificationState) -> int:
    now, count = app.clock(), 0
    while True:
        with app.database.transaction() as tx:
            found = tx.notifications(route=route, state=state, limit=_LOT)
            for each in found:
                update = {"state": "waiting", "attempts": 0, "first_at": now, "next_at": now, "why": ""}
                tx.save_notification(each.model_copy(update=update))
            if not found:
                tx.hasten(route, now, but=now + delivering.LEASE)
                delivering.resume(tx, channel, route)
                return count
        count += len(found)


def _on_page(app: App, route: RouteSection, message: Notification) -> str:
    with app.database.transaction() as tx:
        if not tx.has_person(route.owner):
            raise NotAllowed(f"{route.owner} is not known here", "name another owner")
        tx.add_notification(message)
    return f"the page of {route.owner}"


def _mailed(app: App, route: RouteSection, message: Notification, own: str) -> str:
    addresses: Sequence[str] = route.to or ([own] if own else [])
    if not addresses:
        raise InvalidInput(
            f"{route.owner} has no mail address, and the route {route.name} names none",
            f"write one with `firmground person mail {route.owner} ADDRESS`, or name some in to",
        )
    language = app.workspace.settings.workspace.language
    for address in addresses:
        delivering.mail(app, [message], address, translated(texts.A_TEST, language, route=route.name), language)
    return ", ".join(addresses)


def _missing(route: RouteSection) -> list[str]:
    return [each for each in (route.url_env, route.secret_env) if each and not secret(each)]


def _key(name: str) -> str:
    return "" if name == delivering.MAIL_OF_PEOPLE else name


def _noted(told: Json) -> dict[str, Json]:
    return {key: value for key, value in told.items() if key in {"sent_at", "failed_at", "why"}} if isinstance(told, dict) else {}


def _counted(counts: Sequence[Waiting], route: str) -> dict[str, object]:
    def of(state: NotificationState) -> Waiting | None:
        return next((each for each in counts if (each.route, each.state) == (route, state)), None)

    waits, given_up, held = of("waiting"), of("dead"), of("held")
    return {
        "waiting": waits.number if waits else 0,
        "oldest": waits and waits.oldest,
        "dead": given_up.number if given_up else 0,
        "held": held.number if held else 0,
    }
