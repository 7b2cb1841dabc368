"""What is in a message is words and nothing else, wherever it is read; and when it is sent."""

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from firmground.app.notifying import payloads, texts, times
from firmground.outbox import EVENTS, Notification, NotificationEvent
from firmground.sending.webhook import signature

AT = datetime(2026, 11, 23, 10, tzinfo=UTC)
SERVER = "https://ask.example.org"
EVIL = (
    '<!channel> <@U1> <https://evil.example|here> *bold* [x](https://evil.example) <at>all</at> "\\ \n\r\u2028\u202e @here &lt;'
)
PAGE = Path(__file__).parents[3] / "docs" / "how-to" / "notifications.md"


def a_message(number: int = 0, **fields: Any) -> Notification:
    made: dict[str, Any] = {"id": f"m{number}", "event": "review.opened", "about": "item", "channel": "webhook"}
    made |= {"first_at": AT, "next_at": AT, "created_at": AT}
    return Notification.model_validate(made | fields)


def body(form: str, *messages: Notification, workspace: str = "handbook") -> dict[str, Any]:
    return json.loads(payloads.posted(messages, form, workspace=workspace, server=SERVER, at=AT))


def everything(value: Any) -> list[dict[str, Any]]:
    """Every object within, at any depth."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return ([value] if isinstance(value, dict) else []) + [each for one in inner for each in everything(one)]


def test_slack_reads_words_as_words_and_links_of_ours_alone():
    made = body("slack", a_message(body={"who": EVIL}), workspace=EVIL)
    marked = [each["text"] for each in everything(made) if each.get("type") == "mrkdwn"]
    assert marked == [f"<{SERVER}/reviews/item|Open>"]
    assert all(each["emoji"] is False for each in everything(made) if each.get("type") == "plain_text")
    assert not re.search(r"[<>]", made["text"])
    assert "&lt;!channel&gt;" in made["text"]
    assert made["mrkdwn"] is made["link_names"] is False


def test_teams_reads_words_as_words_and_mentions_nobody():
    made = body("teams", a_message(body={"who": EVIL}), workspace=EVIL)
    card = made["attachments"][0]["content"]
    assert {each["type"] for each in everything(card) if "type" in each} == {
        "AdaptiveCard",
        "RichTextBlock",
        "TextRun",
        "ActionSet",
        "Action.OpenUrl",
    }
    assert [each["url"] for each in everything(card) if "url" in each] == [f"{SERVER}/reviews/item"]
    assert "entities" not in json.dumps(made)


@pytest.mark.parametrize("form", ["slack", "teams", "json"])
def test_of_many_some_are_shown_and_all_are_counted(form: str):
    made = body(form, *(a_message(number) for number in range(500)))
    if form == "json":
        assert len(made["messages"]) == 500
    else:
        assert "500 messages" in json.dumps(made)
        assert len(json.dumps(made)) < 28_000
    if form == "slack":
        assert len(made["blocks"]) <= 50


def test_a_program_reads_all_that_is_known_and_an_id_that_stays():
    one, two = a_message(1, body={"due_at": "2026-11-23T16:00:00+00:00"}), a_message(2)
    made = body("json", one)
    assert made["id"] == made["messages"][0]["id"] == "m1"
    assert made["messages"][0]["facts"] == {"due_at": "2026-11-23T16:00:00+00:00"}
    assert made["messages"][0]["url"] == f"{SERVER}/reviews/item"
    assert payloads.id_of([one, two]) == payloads.id_of([one, two]) != payloads.id_of([two])


def test_a_mail_tells_one_thing_in_its_subject_and_many_by_their_number():
    given = {"workspace": EVIL, "server": SERVER, "why": "You asked for it.", "at": AT}
    one = payloads.mailed([a_message(body={"who": EVIL})], "ada@example.org", **given)
    assert "\n" not in one.subject
    assert "\u202e" not in one.text + one.subject
    assert f"{SERVER}/reviews/item\n" in one.text
    many = payloads.mailed([a_message(n) for n in range(30)], "ada@example.org", **given)
    assert many.subject.endswith("30 messages")
    assert "… and 10 more." in many.text


@pytest.mark.parametrize("event", EVENTS)
def test_every_event_has_words_and_a_page_that_no_id_can_lead_away_from(event: Any):
    for about in ("abc", "//evil.example", "a/../b", 'x"><script>', "\n", "https://evil.example"):
        link = texts.link(a_message(event=event, about=about, body={"answer": about}))
        assert re.fullmatch(r"/(reviews|answers|releases)/[A-Za-z0-9%._~-]+|/notifications|/budgets", link)


def test_what_failed_is_tried_ever_more_seldom_for_three_days():
    waits = [times.again_after(n, 0.5) for n in range(1, 20)]
    assert waits[0] == timedelta(seconds=30)
    assert waits == sorted(waits)
    assert waits[-1] == timedelta(hours=6)
    assert times.again_after(1, 0.0) < waits[0] < times.again_after(1, 1.0)
    assert times.again_after(1, 0.5, 3600) == timedelta(hours=1), "the other side asked for that"
    assert times.again_after(10**9, 1.0) < timedelta(hours=8)


@pytest.mark.parametrize(
    ("now", "quiet", "ends"),
    [
        ("2026-11-23 17:59", "18:00-08:00", None),
        ("2026-11-23 18:00", "18:00-08:00", "2026-11-24 08:00"),
        ("2026-11-24 03:00", "18:00-08:00", "2026-11-24 08:00"),
        ("2026-11-24 08:00", "18:00-08:00", None),
        ("2026-11-24 12:30", "12:00-13:00", "2026-11-24 13:00"),
        ("2026-03-28 23:00", "22:00-02:30", "2026-03-29 03:30"),  # clocks are turned from two to three
        ("2026-10-25 01:00", "22:00-02:30", "2026-10-25 02:30"),  # and back from three to two
    ],
)
def test_quiet_hours_are_those_of_the_place(now: str, quiet: str, ends: str | None):
    berlin = ZoneInfo("Europe/Berlin")
    end = times.quiet_until(datetime.fromisoformat(now).replace(tzinfo=berlin), quiet, berlin)
    assert (end and f"{end.astimezone(berlin):%Y-%m-%d %H:%M}") == ends


def test_what_is_gathered_comes_later_and_never_earlier():
    for name in ("Europe/Berlin", "Asia/Kathmandu", "UTC", "no such zone"):
        where = times.zone(name)
        for minutes in range(0, 60 * 24 * 2, 37):
            now = AT + timedelta(minutes=minutes)
            for digest, most in (("at_once", 0), ("hourly", 60), ("daily", 25 * 60)):
                found = times.send_at(now, digest, "", where, urgent=False)
                assert timedelta() <= found - now <= timedelta(minutes=most)
                assert times.send_at(now, digest, "00:00-23:59", where, urgent=True) == now


def test_a_receiver_that_does_what_the_page_says_takes_what_is_ours_once():
    [code] = re.findall(r"```python receiver\.py\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    there: dict[str, Any] = {"__name__": "receiver"}
    exec(code, there)
    signed = signature("s3cret", b"{}", "1000")

    def verified(body: bytes = b"{}", stamp: str = "1000", id: str = "one", now: float = 1000.0, key: str = "s3cret") -> bool:
        return there["verified"](key, stamp, signed, id, body, now)

    assert not verified(body=b"{ }")
    assert not verified(stamp="1001")
    assert not verified(key="other")
    assert not verified(now=1301)
    assert verified()
    assert not verified(), "it came before"
    assert verified(id="two", now=1299)


def test_a_route_is_not_told_that_an_answer_is_its_own_and_leads_to_the_review():
    decided = {"event": "review.decided", "about": "item", "body": {"answer": "a1", "outcome": "edited"}}
    assert texts.line(a_message(**decided)) == "A person looked at an answer of yours (outcome: edited)"
    assert texts.link(a_message(**decided)) == "/answers/a1"
    told = a_message(**decided, route="chat")
    assert texts.line(told) == "A person looked at an answer (outcome: edited)"
    assert texts.link(told) == "/reviews/item"
    assert (
        payloads.mailed([told], "x@example.org", workspace="w", server="", why="", at=AT).subject
        == "[w] A person looked at an answer"
    )


def test_times_are_told_as_people_write_them():
    due = a_message(body={"due_at": "2026-11-23T16:00:00+01:00"})
    assert texts.line(due) == "An answer waits for a reviewer (due: 2026-11-23 15:00 UTC)"
    assert "due: 2026-11-23 15:00 UTC" in payloads.mailed([due], "x@example.org", workspace="w", server="", why="", at=AT).text


def test_mails_speak_the_language_of_who_gets_them():
    due = a_message(body={"due_at": "2026-11-23T15:00:00+00:00", "priority": "high"})
    given = {"workspace": "w", "server": "", "why": "", "at": AT, "language": "de"}
    one = payloads.mailed([due], "x@example.org", **given)
    assert one.subject == "[w] Eine Antwort wartet auf jemanden, der sie prüft"
    assert "fällig: 2026-11-23 15:00 UTC" in one.text
    assert "Dringlichkeit: hoch" in one.text
    many = payloads.mailed([a_message(n) for n in range(30)], "x@example.org", **given)
    assert many.subject == "[w] 30 Nachrichten"
    assert "… und 10 weitere." in many.text


@pytest.mark.parametrize("event", EVENTS)
def test_every_event_is_told_in_german_as_well(event: NotificationEvent):
    for route in ("", "chat"):
        message = a_message(event=event, route=route)
        assert texts.said(message, "de") != texts.said(message)
