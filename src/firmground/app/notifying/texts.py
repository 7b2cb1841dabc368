"""What a message says, in English and without mark-up: what happened, in figures, and where to look."""

from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import quote

from firmground.outbox import Notification, NotificationEvent
from firmground.types import Json

SAID: Mapping[NotificationEvent, str] = {
    "review.opened": "An answer waits for a reviewer",
    "review.due_soon": "An answer that waits for a reviewer is due soon",
    "review.overdue": "An answer that waits for a reviewer is overdue",
    "review.escalated": "An answer was passed on to you for review",
    "review.decided": "A person looked at an answer of yours",
    "answer.challenged": "Somebody says that an answer is not right",
    "answer.corrected": "An answer that you got was corrected",
    "pin.stale": "What an approved answer rests on has changed",
    "route.failed": "Messages could not be delivered",
    "route.tested": "This is a test: messages of this route arrive",
    "budget.alert": "A budget is used up, or nearly so",
    "release.promoted": "Another release is live",
    "release.rolled_back": "A release was rolled back",
}
BY_A_ROUTE: Mapping[NotificationEvent, str] = {
    "review.escalated": "An answer was passed on for review",
    "review.decided": "A person looked at an answer",
    "answer.corrected": "An answer was corrected after it was given",
}
"""Where it is told to others than those whom it concerns."""
_UNTOLD = frozenset({"answer", "item", "revision", "entry"})
"""Ids, of which a link is made."""
_LONGEST = 200


def said(message: Notification) -> str:
    """What happened, to whom it is told."""
    return (message.route and BY_A_ROUTE.get(message.event)) or SAID[message.event]


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


def for_reading(message: Notification) -> list[tuple[str, str]]:
    """The same figures as people write them: times to the minute."""
    return [(key.removesuffix(" at"), _moment(value)) if key.endswith(" at") else (key, value) for key, value in figures(message)]


def line(message: Notification) -> str:
    """All of it in one line."""
    more = "; ".join(f"{key}: {value}" for key, value in for_reading(message))
    return said(message) + (f" ({more})" if more else "")


def plain(text: str) -> str:
    """On one line, without signs that are not seen or that turn the direction of what follows."""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())[:_LONGEST]


def confirmation(workspace: str, person: str, where: str, language: str) -> tuple[str, str]:
    """Subject and text of the mail that asks whether an address is somebody's."""
    del language
    lines = (
        f"{person} wants to have mail of {workspace} at this address.",
        f"Is that you? Open this within a day, signed in as {person}:\n{where}",
        "If not, do nothing: no more mail comes from there.",
    )
    return f"[{workspace}] Confirm your address", "\n\n".join(lines) + "\n"


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
