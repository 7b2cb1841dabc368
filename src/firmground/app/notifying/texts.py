"""What a message says, without mark-up: what happened, in figures, and where to look. Mails speak the language of who gets them; webhooks
and the API English."""

from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import quote

from firmground.language.catalogue import marked, translated
from firmground.outbox import Notification, NotificationEvent
from firmground.types import Json

SAID: Mapping[NotificationEvent, str] = {
    "review.opened": marked("An answer waits for a reviewer"),
    "review.due_soon": marked("An answer that waits for a reviewer is due soon"),
    "review.overdue": marked("An answer that waits for a reviewer is overdue"),
    "review.escalated": marked("An answer was passed on to you for review"),
    "review.decided": marked("A person looked at an answer of yours"),
    "answer.challenged": marked("Somebody says that an answer is not right"),
    "answer.corrected": marked("An answer that you got was corrected"),
    "pin.stale": marked("What an approved answer rests on has changed"),
    "route.failed": marked("Messages could not be delivered"),
    "route.tested": marked("This is a test: messages of this route arrive"),
    "budget.alert": marked("A budget is used up, or nearly so"),
    "release.promoted": marked("Another release is live"),
    "release.rolled_back": marked("A release was rolled back"),
}
BY_A_ROUTE: Mapping[NotificationEvent, str] = {
    "review.escalated": marked("An answer was passed on for review"),
    "review.decided": marked("A person looked at an answer"),
    "answer.corrected": marked("An answer was corrected after it was given"),
}
"""Where it is told to others than those whom it concerns."""
FIGURES: Mapping[str, str] = {
    "due at": marked("due"),
    "priority": marked("priority"),
    "outcome": marked("outcome"),
    "percent": marked("percent used"),
    "route": marked("route"),
    "until": marked("until"),
}
"""What figures are called that people read."""
VALUES: Mapping[str, str] = {
    "urgent": marked("urgent"),
    "high": marked("high"),
    "normal": marked("normal"),
    "low": marked("low"),
    "approved": marked("approved"),
    "edited": marked("edited"),
    "rejected": marked("rejected"),
    "withdrawn": marked("withdrawn"),
}
BY_ROUTE = marked("You get this by the route %(route)s, which %(owner)s answers for.")
CONCERNS_YOU = marked("You get this as it concerns you.")
HOW_OFTEN = marked("Say on the page of your messages how often you want mail.")
HOW_OFTEN_AT = marked("Say at %(where)s how often you want mail.")
A_TEST = marked("You get this as a test of the route %(route)s.")
_UNTOLD = frozenset({"answer", "item", "revision", "entry"})
"""Ids, of which a link is made."""
_LONGEST = 200


def said(message: Notification, language: str = "en") -> str:
    """What happened, to whom it is told."""
    return translated((message.route and BY_A_ROUTE.get(message.event)) or SAID[message.event], language)


def link(message: Notification) -> str:
    """The page that is about it, from the root of the server."""
    event, facts = message.event, message.body
    for_asker = event == "answer.corrected" or (event == "review.decided" and not message.route)
    about = str(facts.get("answer") or message.about) if for_asker else message.about
    place = {
        "review.decided": "/reviews/" if message.route else "/answers/",
        "answer.corrected": "/answers/",
        "pin.stale": "/reviews/" if facts.get("item") else "",
        "answer.challenged": "/reviews/",
        "release.promoted": "/releases/",
        "release.rolled_back": "/releases/",
    }.get(event, "/reviews/" if event.startswith("review.") else "")
    if event == "budget.alert":
        return "/budgets"
    return (
        place + quote(str(facts.get("item") or about) if place == "/reviews/" else about, safe="") if place else "/notifications"
    )


def figures(message: Notification) -> list[tuple[str, str]]:
    """What more is known of it: names and values, each on one line."""
    told = ((key, value) for key, value in sorted(message.body.items()) if key not in _UNTOLD)
    return [(key.replace("_", " "), plain(_written(value))) for key, value in told if value not in (None, "", [])]


def for_reading(message: Notification, language: str = "en") -> list[tuple[str, str]]:
    """The same figures as people write them: times to the minute."""
    return [
        (translated(FIGURES.get(key, key.removesuffix(" at")), language), _as_written(key, value, language))
        for key, value in figures(message)
    ]


def counted(number: int, language: str) -> str:
    """Of messages that come in one mail."""
    return translated("%(num)s messages", language, num=number)


def more(number: int, language: str) -> str:
    """Of those that are not shown."""
    return translated("… and %(num)s more.", language, num=number)


def line(message: Notification) -> str:
    """All of it in one line."""
    more = "; ".join(f"{key}: {value}" for key, value in for_reading(message))
    return said(message) + (f" ({more})" if more else "")


def plain(text: str) -> str:
    """On one line, without signs that are not seen or that turn the direction of what follows."""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())[:_LONGEST]


def confirmation(workspace: str, person: str, where: str, language: str) -> tuple[str, str]:
    """Subject and text of the mail that asks whether an address is somebody's."""
    lines = (
        translated(
            "%(person)s wants to have mail of %(workspace)s at this address.", language, person=person, workspace=workspace
        ),
        translated("Is that you? Open this within a day, signed in as %(person)s:", language, person=person) + f"\n{where}",
        translated("If not, do nothing: no more mail comes from there.", language),
    )
    return f"[{workspace}] " + translated("Confirm your address", language), "\n\n".join(lines) + "\n"


def _as_written(key: str, value: str, language: str) -> str:
    return _moment(value) if key.endswith(" at") else translated(VALUES.get(value, value), language)


def _moment(value: str) -> str:
    try:
        return f"{datetime.fromisoformat(value).astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    except ValueError:
        return value


def _written(value: Json) -> str:
    if isinstance(value, list):
        return ", ".join(_written(each) for each in value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)
