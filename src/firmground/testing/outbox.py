"""The contract of `Database` on what is told, and on where people have mail."""
# ruff: noqa: S101 - a contract suite asserts

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from firmground.errors import FirmgroundError
from firmground.outbox import Contact, Notification, Waiting
from firmground.personal import Hold
from firmground.ports import Database

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def a_message(id: str = "1", **fields: Any) -> Notification:
    made: dict[str, Any] = {"event": "review.opened", "about": "item", "channel": "webhook", "route": "chat"}
    made |= {"first_at": NOON, "next_at": NOON, "created_at": NOON}
    return Notification.model_validate({"id": id, **made, **fields})


def on_a_page(id: str, person: str = "ada", **fields: Any) -> Notification:
    return a_message(id, channel="page", route="", person=person, state="sent", sent_at=NOON, **fields)


def after(**time: float) -> datetime:
    return NOON + timedelta(**time)


class OutboxContract:
    """Needs the fixture `database`."""

    def test_a_message_is_written_once_and_found_as_it_was(self, database: Database):
        facts = {"due_at": "2026-11-20T16:00:00+00:00", "n": 3, "who": "ÿ\n'\u2028", "list": [1, None, True]}
        one = a_message(body=facts, urgent=True, why="x", attempts=2, address="a@example.org", next_at=after(microseconds=1))
        with database.transaction() as tx:
            assert tx.add_notification(one)
            assert not tx.add_notification(one.model_copy(update={"about": "other"}))
        with database.reading() as tx:
            assert tx.notification("1") == one
            assert tx.notification("2") is None
        with database.transaction() as tx:
            tx.save_notification(one.model_copy(update={"state": "sent", "sent_at": after(hours=1)}))
            assert tx.notification("1") == one.model_copy(update={"state": "sent", "sent_at": after(hours=1)})

    def test_what_is_due_is_taken_oldest_first_and_by_nobody_else_for_a_while(self, database: Database):
        with database.transaction() as tx:
            for n in (3, 1, 2):
                tx.add_notification(a_message(str(n), created_at=after(seconds=n)))
            tx.add_notification(a_message("later", next_at=after(hours=1)))
            tx.add_notification(a_message("other", route="mails", channel="mail"))
            tx.add_notification(a_message("sent", state="sent"))
            tx.add_notification(on_a_page("page"))
            assert tx.due_lanes(NOON) == [("mail", "mails"), ("webhook", "chat")]
            assert tx.due_lanes(NOON - timedelta(microseconds=1)) == []
            taken = tx.take_notifications("webhook", "chat", now=NOON, until=after(minutes=5), limit=2)
            assert [each.id for each in taken] == ["1", "2"]
        with database.transaction() as tx:
            assert [each.id for each in tx.take_notifications("webhook", "chat", now=NOON, until=after(minutes=5), limit=9)] == [
                "3"
            ]
            assert tx.take_notifications("webhook", "chat", now=after(minutes=4), until=after(minutes=5), limit=9) == []
            again = tx.take_notifications("webhook", "chat", now=after(minutes=5), until=after(minutes=9), limit=9)
            assert [each.id for each in again] == ["1", "2", "3"], "whoever took them has died"

    def test_what_waits_on_a_route_is_hastened_but_for_what_somebody_may_have_taken(self, database: Database):
        with database.transaction() as tx:
            tx.add_notification(a_message("a", next_at=after(hours=9)))
            tx.hasten("chat", NOON, but=after(hours=9))
            tx.hasten("other", NOON, but=NOON)
            assert tx.due_lanes(NOON) == []
            tx.hasten("chat", NOON, but=after(minutes=5))
            assert tx.due_lanes(NOON) == [("webhook", "chat")]

    def test_what_waits_can_be_held_and_is_taken_by_nobody_then(self, database: Database):
        with database.transaction() as tx:
            tx.add_notification(a_message("waits"))
            tx.add_notification(a_message("sent", state="sent"))
            tx.add_notification(on_a_page("page"))
            assert (tx.hold_waiting(), tx.hold_waiting()) == (1, 0)
            assert tx.due_lanes(after(days=9)) == []
            assert [each.id for each in tx.notifications(state="held", limit=9)] == ["waits"]
            assert not tx.add_notification(a_message("waits")), "announced again, it is the same"
            assert (tx.drop_held("other"), tx.drop_held("chat"), tx.notification("waits")) == (0, 1, None)

    def test_what_waits_for_long_is_found_oldest_first(self, database: Database):
        with database.transaction() as tx:
            for n in (2, 0, 1, 3):
                tx.add_notification(a_message(str(n), route=f"r{n % 2}", created_at=after(hours=n), next_at=after(days=9)))
            tx.add_notification(a_message("dead", route="r0", state="dead"))

            def ids(*routes: str, hours: int, limit: int = 9) -> list[str]:
                return [each.id for each in tx.waiting_since("webhook", routes, after(hours=hours), limit=limit)]

            assert ids("r0", "r1", hours=3) == ["0", "1", "2"]
            assert (ids("r0", hours=3), ids("r0", "r1", hours=9, limit=1), ids("r0", hours=0)) == (["0", "2"], ["0"], [])

    def test_messages_are_listed_newest_first_page_by_page(self, database: Database):
        with database.transaction() as tx:
            for n in range(5):
                tx.add_notification(on_a_page(str(n), created_at=after(seconds=n // 2), read_at=NOON if n == 4 else None))
            tx.add_notification(on_a_page("bobs", "bob"))
            tx.add_notification(a_message("dead", state="dead", created_at=after(days=1)))
        with database.reading() as tx:

            def ids(**which: Any) -> list[str]:
                return [each.id for each in tx.notifications(**which)]

            assert ids(person="ada", limit=2) == ["4", "3"]
            assert ids(person="ada", before="3", limit=2) == ["2", "1"]
            assert ids(person="ada", before="0", limit=2) == []
            assert ids(person="ada", unread=True, limit=9) == ["3", "2", "1", "0"]
            assert ids(state="dead", limit=9) == ids(route="chat", limit=9) == ids(channel="webhook", limit=9) == ["dead"]
            assert ids(limit=1) == ["dead"]

    def test_unread_messages_are_counted_and_read_at_once(self, database: Database):
        with database.transaction() as tx:
            for n in range(3):
                tx.add_notification(on_a_page(str(n)))
            tx.add_notification(a_message("mail", channel="mail", route="", person="ada"))
            assert (tx.count_unread("ada"), tx.count_unread("bob")) == (3, 0)
            assert tx.read_notifications("ada", after(hours=1)) == 3
            assert (tx.count_unread("ada"), tx.read_notifications("ada", after(hours=2))) == (0, 0)
            assert {each.read_at for each in tx.notifications(person="ada", channel="page", limit=9)} == {after(hours=1)}

    def test_what_waits_is_counted_by_route_and_state(self, database: Database):
        with database.transaction() as tx:
            tx.add_notification(a_message("1", created_at=after(hours=1)))
            tx.add_notification(a_message("2"))
            tx.add_notification(a_message("3", state="dead"))
            tx.add_notification(on_a_page("4"))
            tx.add_notification(a_message("5", channel="mail", route="", person="ada"))
            assert tx.waiting_notifications() == [
                Waiting("mail", "", "waiting", 1, NOON),
                Waiting("webhook", "chat", "dead", 1, NOON),
                Waiting("webhook", "chat", "waiting", 2, NOON),
            ]

    def test_messages_go_by_what_they_are_about_by_whom_they_are_for_and_by_age(self, database: Database):
        with database.transaction() as tx:
            tx.add_notification(a_message("1", about="a"))
            tx.add_notification(on_a_page("2", about="b"))
            tx.add_notification(on_a_page("3", "bob", about="b"))
            assert tx.drop_notifications(about=[]) == 0
            assert tx.drop_notifications(about=["a", "x"]) == 1
            assert tx.drop_notifications(person="ada") == 1
            tx.add_notification(a_message("4", about="b"))
            tx.add_notification(a_message("5", state="dead"))
            tx.add_notification(on_a_page("6", "held"))
            tx.save_hold(Hold(person="held", by="olga", reason="x", at=NOON))
            assert (tx.count_old(NOON), tx.drop_notifications(before=NOON)) == (0, 0)
            assert (tx.count_old(after(seconds=1)), tx.drop_notifications(before=after(seconds=1))) == (2, 2)
            assert {each.id for each in tx.notifications(limit=9)} == {"4", "6"}, "what waits is told, and what is held stays"

    def test_messages_go_with_all_that_is_kept_of_a_person(self, database: Database):
        with database.transaction() as tx:
            tx.add_notification(on_a_page("1"))
            tx.add_notification(on_a_page("2", "bob"))
            tx.drop_person_data("ada")
            assert [each.id for each in tx.notifications(limit=9)] == ["2"]

    def test_where_people_have_mail_is_kept_until_they_are_removed(self, database: Database):
        with database.transaction() as tx:
            tx.add_person("ada", role="reviewer")
            tx.add_person("bob")
            assert tx.contact("ada") == Contact(person="ada")
            tx.save_contact(Contact(person="ada", address="ada@example.org", mail="daily", issuer="https://login"))
            tx.save_contact(Contact(person="ada", address="ada@example.net"))
            assert tx.contact("ada") == Contact(person="ada", address="ada@example.net")
            asked = Contact(person="ada", language="de", waiting="ada@example.org", proof="abc", asked=(NOON, after(hours=1)))
            tx.save_contact(asked)
            assert tx.contact("ada") == asked
            tx.drop_proofs()
            assert tx.contact("ada") == asked.model_copy(update={"proof": ""})
        with database.transaction() as tx:
            tx.remove_person("ada")
            tx.add_person("ada")
            assert tx.contact("ada") == Contact(person="ada")
        with pytest.raises(FirmgroundError), database.transaction() as tx:
            tx.save_contact(Contact(person="nobody", address="a@example.org"))

    def test_addressees_are_found_by_role_and_by_whether_they_have_mail(self, database: Database):
        with database.transaction() as tx:
            tx.add_person("rob", role="reviewer")
            tx.add_person("rea", role="reviewer")
            tx.add_person("ann", role="admin")
            tx.add_person("una")
            tx.save_contact(Contact(person="rob", address="rob@example.org"))
            tx.save_contact(Contact(person="rea", address="rea@example.org", mail="none"))
            tx.save_contact(Contact(person="ann", mail="daily"))
            assert tx.addressees(["reviewer", "admin"]) == ["ann", "rea", "rob"]
            assert tx.addressees(["reviewer", "admin"], mailed=True) == ["rob"]
            assert tx.addressees([]) == []
