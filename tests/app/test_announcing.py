"""What happened is written down for whom it concerns, once, in the transaction that it happened in."""

from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from notified import MONDAY, a_bench, a_route, tell, told

from firmground.app.notifying.events import announce
from firmground.outbox import EVENTS, Contact, Notification
from firmground.settings_notifications import RouteSection


def whom(messages: list[Notification]) -> set[tuple[str, str, str]]:
    return {(each.channel, each.route, each.person or each.address) for each in messages}


def mails(**fields: Any) -> RouteSection:
    return a_route("mails", **{"channel": "mail", "roles": ["reviewer"]} | fields)


def test_whoever_it_concerns_reads_it_on_their_pages_and_by_mail(tmp_path: Path):
    with a_bench(tmp_path).app() as app:
        tell(app, "review.decided", "item-1", person="una", facts={"answer": "a-1", "outcome": "approved"})
        page, mail = sorted(told(app), key=lambda each: each.channel, reverse=True)
        assert (page.channel, page.person, page.state, page.read_at) == ("page", "una", "sent", None)
        assert (mail.channel, mail.person, mail.state, mail.address) == ("mail", "una", "waiting", "")
        assert page.body == mail.body == {"answer": "a-1", "outcome": "approved"}


def test_who_has_no_mail_or_wants_none_reads_it_on_their_pages_alone(tmp_path: Path):
    bench = a_bench(tmp_path, mails())
    with bench.app() as app:
        with app.database.transaction() as tx:
            tx.save_contact(Contact(person="una", address="una@example.org", mail="none"))
            tx.save_contact(Contact(person="rob"))
        tell(app, "review.decided", person="una")
        tell(app, roles=["reviewer"])
        assert whom(told(app)) == {("page", "", "una"), ("mail", "mails", "rea")}


def test_nobody_is_written_to_who_is_not_known(tmp_path: Path):
    with a_bench(tmp_path).app() as app:
        tell(app, "review.decided", person="gone")
        tell(app, "review.decided")
        assert told(app) == []


def test_routes_tell_whom_they_name_of_those_it_is_for(tmp_path: Path):
    routes = [
        a_route("chat", events=["review.*"]),
        mails(roles=["reviewer", "admin"], to=["team@example.org"]),
        a_route("pages", channel="page", roles=["reviewer"]),
        a_route("others", events=["budget.alert", "release.*"]),
    ]
    with a_bench(tmp_path, *routes).app() as app:
        tell(app, about="1", roles=["reviewer"])
        always = {("webhook", "chat", ""), ("mail", "mails", "team@example.org"), ("mail", "mails", "ann")}
        all_ = always | {("mail", "mails", "rob"), ("mail", "mails", "rea"), ("page", "pages", "rob"), ("page", "pages", "rea")}
        assert whom(told(app)) == all_
        tell(app, about="2", roles=["admin"])
        assert whom([each for each in told(app) if each.about == "2"]) == always, "reviewers may not take it"
        tell(app, about="3")
        assert whom([each for each in told(app) if each.about == "3"]) == all_


def test_the_same_is_told_once_and_what_differs_is_told_again(tmp_path: Path):
    with a_bench(tmp_path, a_route()).app() as app:
        for revision in (1, 1, 2):
            tell(app, facts={"revision": revision})
        tell(app, about="other", facts={"revision": 1})
        tell(app, "review.overdue", facts={"revision": 1})
        assert [each.body["revision"] for each in told(app)] == [1, 2, 1, 1]


def test_nobody_gets_the_same_by_two_ways_that_end_in_one_place(tmp_path: Path):
    routes = [mails(roles=["reviewer", "user"]), mails(roles=["reviewer"]).model_copy(update={"name": "more"})]
    with a_bench(tmp_path, *routes, a_route("pages", channel="page", roles=["user"])).app() as app:
        tell(app, "answer.corrected", person="una")
        assert whom(told(app, person="una")) == {("page", "", "una"), ("mail", "", "una")}
        assert len(told(app, person="una")) == 2
        assert len(told(app, person="rob")) == 1


def test_what_is_undone_is_not_told(tmp_path: Path):
    with a_bench(tmp_path, a_route()).app() as app:

        def fail() -> None:
            with app.database.transaction() as tx:
                announce(app, tx, "review.opened", about="item")
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            fail()
        assert told(app) == []


def test_a_route_does_not_tell_that_it_fails_itself(tmp_path: Path):
    with a_bench(tmp_path, a_route("chat"), a_route("other")).app() as app:
        tell(app, "route.failed", "chat", person="olga")
        assert whom(told(app, channel="webhook")) == {("webhook", "other", "")}


@pytest.mark.parametrize(
    ("route", "urgent", "waits"),
    [
        ({}, False, "11:00"),
        ({"digest": "hourly"}, False, "12:00"),
        ({"digest": "hourly"}, True, "11:00"),
        ({"digest": "daily"}, False, "08:00"),
        ({"quiet": "18:00-08:00"}, False, "11:00"),
        ({"quiet": "10:30-13:30"}, False, "13:30"),
        ({"quiet": "10:30-13:30"}, True, "11:00"),
        ({"quiet": "10:30-13:30", "digest": "hourly"}, False, "13:30"),
        ({"quiet": "22:00-11:30"}, False, "11:30"),
    ],
)
def test_messages_wait_until_they_are_gathered_and_for_quiet_hours_to_end(
    tmp_path: Path, route: dict[str, Any], urgent: bool, waits: str
):
    bench = a_bench(tmp_path, a_route(**route))
    with bench.app() as app:
        tell(app, urgent=urgent)
        [message] = told(app)
        local = message.next_at.astimezone(ZoneInfo("Europe/Berlin"))
        assert f"{local:%H:%M}" == waits
        assert message.next_at == message.first_at >= MONDAY


def test_a_person_may_want_it_calmer_than_the_route_and_never_wilder(tmp_path: Path):
    daily = a_route("daily", channel="mail", roles=["reviewer"], events=["pin.stale"], digest="daily")
    with a_bench(tmp_path, mails(events=["review.*"]), daily).app() as app:
        with app.database.transaction() as tx:
            tx.save_contact(Contact(person="rob", address="rob@example.org", mail="hourly"))
        tell(app)
        tell(app, "pin.stale")
        when = {(each.event, each.person): f"{each.next_at:%d %H:%M}" for each in told(app)}
        assert when == {
            ("review.opened", "rob"): "23 11:00",
            ("review.opened", "rea"): "23 10:00",
            ("pin.stale", "rob"): "24 07:00",
            ("pin.stale", "rea"): "24 07:00",
        }


def test_every_event_is_known_to_settings():
    assert a_route(events=list(EVENTS)).events == EVENTS
    assert {each.partition(".")[0] for each in EVENTS} == {"review", "answer", "pin", "route", "budget", "release"}
