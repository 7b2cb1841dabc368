"""A workspace with people and routes, for tests of what they are told."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from firmground.app.app import App
from firmground.app.notifying.events import announce
from firmground.outbox import Contact, Notification, NotificationEvent
from firmground.settings import MailSection, Settings
from firmground.settings_notifications import RouteSection
from firmground.settings_review import CalendarSection, ReviewSection
from firmground.testing.app import Bench, Ticking

MONDAY = datetime(2026, 11, 23, 10, tzinfo=UTC)
"""Eleven in Berlin."""
MAIL = MailSection(host="mail.example.org", sender="fg@example.org")
PEOPLE = {"olga": "owner", "ann": "admin", "rob": "reviewer", "rea": "reviewer", "una": "user"}


def a_route(name: str = "chat", **fields: Any) -> RouteSection:
    made: dict[str, Any] = {
        "owner": "olga",
        "events": ["*"],
        "channel": "webhook",
        "url_env": "CHAT_URL",
        "secret_env": "CHAT_SECRET",
    }
    if fields.get("channel", "webhook") != "webhook":
        made |= {"url_env": "", "secret_env": ""}
    return RouteSection.model_validate({"name": name, **made, **fields})


def a_bench(root: Path, *routes: RouteSection, zone: str = "Europe/Berlin") -> Bench:
    calendar = CalendarSection(timezone=zone)
    settings = Settings(notifications=routes, mail=MAIL, review=ReviewSection(calendar=calendar))
    bench = Bench(root, settings=settings, clock=Ticking(MONDAY))
    with bench.app() as app, app.database.transaction() as tx:
        for name, role in PEOPLE.items():
            tx.add_person(name, role=role)
            tx.save_contact(Contact(person=name, address=f"{name}@example.org"))
    return bench


def tell(app: App, event: NotificationEvent = "review.opened", about: str = "item", **fields: Any) -> None:
    with app.database.transaction() as tx:
        announce(app, tx, event, about=about, **fields)


def told(app: App, **which: Any) -> list[Notification]:
    """Oldest first."""
    with app.database.reading() as tx:
        return tx.notifications(limit=1000, **which)[::-1]


def later(bench: Bench, **time: float) -> None:
    bench.clock.now += timedelta(**time)
