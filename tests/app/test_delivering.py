"""What waits is sent once, tried again where it could not be, given up after three days, and never lost."""

import json
import threading
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from notified import a_bench, a_route, later, tell, told

from firmground.app.app import App
from firmground.app.notifying import delivering, routes
from firmground.app.notifying.delivering import deliver_now
from firmground.errors import InvalidInput, NotTaken
from firmground.outbox import Contact
from firmground.testing.app import ADMINISTRATOR, Bench, Ticking

DOWN = NotTaken("chat.example.org cannot be reached (Connection refused)", "check it")
CHAT, LOG = "https://chat.example.org/hook", "https://log.example.org/hook"


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("CHAT_URL", CHAT), ("CHAT_SECRET", "s3cret"), ("LOG_URL", LOG), ("LOG_SECRET", "other")):
        monkeypatch.setenv(name, value)


def a_log(**fields: Any) -> Any:
    return a_route("log", url_env="LOG_URL", secret_env="LOG_SECRET", **fields)


def mails(**fields: Any) -> Any:
    return a_route("mails", **{"channel": "mail", "roles": ["reviewer"]} | fields)


def through(bench: Bench, app: App, days: float, step: timedelta = timedelta(minutes=10)) -> None:
    """Deliver again and again for as long as it takes."""
    end = bench.clock.now + timedelta(days=days)
    step = max(step, timedelta(days=days / 60))
    while bench.clock.now < end:
        bench.clock.now += step
        deliver_now(app)


class Still(Ticking):
    """It is always the same moment."""

    def __call__(self) -> datetime:
        return self.now


def test_a_webhook_gets_each_message_once_signed_with_the_secret_of_its_route(tmp_path: Path):
    bench = a_bench(tmp_path, a_route())
    with bench.app() as app:
        tell(app, about="1", facts={"priority": "high"})
        tell(app, about="2")
        for _ in range(3):
            deliver_now(app)
        assert [(each.url, each.key) for each in bench.webhooks_.posted] == [(CHAT, "s3cret")] * 2
        first = json.loads(bench.webhooks_.posted[0].body)
        [message] = first["messages"]
        assert (message["event"], message["about"], message["facts"]) == ("review.opened", "1", {"priority": "high"})
        assert first["id"] == message["id"] == bench.webhooks_.posted[0].id
        assert {(each.state, each.attempts) for each in told(app)} == {("sent", 1)}


def test_a_mail_goes_to_where_its_person_has_mail_when_it_is_sent(tmp_path: Path):
    bench = a_bench(tmp_path, mails(to=["team@example.org"]))
    with bench.app() as app:
        tell(app)
        with app.database.transaction() as tx:
            tx.save_contact(Contact(person="rob", address="new@example.org"))
            tx.save_contact(Contact(person="rea"))
        deliver_now(app)
        assert sorted(each.to for each in bench.mail_.sent) == ["new@example.org", "team@example.org"]
        [unwanted] = told(app, state="dead")
        assert (unwanted.person, unwanted.why) == ("rea", "whoever it was for wants no mail any more")
        assert told(app, channel="page") == [], "nobody is to blame"


def test_whoever_is_no_reviewer_any_more_gets_no_mail_of_reviewers(tmp_path: Path):
    bench = a_bench(tmp_path, mails())
    with bench.app() as app:
        tell(app)
        with app.database.transaction() as tx:
            tx.set_role("rob", "user")
            tx.remove_person("rea")
        deliver_now(app)
        assert bench.mail_.sent == []
        assert {each.state for each in told(app)} == {"dead"}


def test_a_target_that_is_down_for_a_day_loses_nothing_and_blocks_nobody(tmp_path: Path):
    bench = a_bench(tmp_path, a_route(), a_log())
    with bench.app() as app:
        bench.webhooks_.refuses[CHAT] = DOWN
        for n in range(30):
            tell(app, about=str(n))
            deliver_now(app)
        assert len([each for each in bench.webhooks_.posted if each.url == LOG]) == 30
        through(bench, app, 1)
        tries = bench.webhooks_.tried.count(CHAT)
        assert 9 <= tries <= 25, "it is asked ever more seldom, once for all that waits"
        assert {each.state for each in told(app, route="chat")} == {"waiting"}
        del bench.webhooks_.refuses[CHAT]
        through(bench, app, 0.5)
        got = [json.loads(each.body)["messages"][0]["about"] for each in bench.webhooks_.posted if each.url == CHAT]
        assert got == [str(n) for n in range(30)]
        assert {each.state for each in told(app, channel="webhook")} == {"sent"}


def test_its_owner_is_told_that_a_route_fails_and_once_a_day(tmp_path: Path):
    bench = a_bench(tmp_path, a_route(owner="ann"), a_log(owner="nobody"))
    with bench.app() as app:
        bench.webhooks_.refuses |= {CHAT: DOWN, LOG: DOWN}
        tell(app)
        through(bench, app, 0.05)
        assert {(each.person, each.about) for each in told(app, channel="page")} == {("ann", "chat"), ("olga", "log")}
        assert {each.event for each in told(app, channel="page")} == {"route.failed"}
        through(bench, app, 0.3)
        assert len(told(app, channel="page")) == 2


def test_after_three_days_a_message_is_given_up_and_can_be_sent_again(tmp_path: Path):
    bench = a_bench(tmp_path, a_route())
    with bench.app() as app:
        bench.webhooks_.refuses[CHAT] = DOWN
        for n in range(3):
            tell(app, about=str(n))
        through(bench, app, 2.9)
        assert {each.state for each in told(app, route="chat")} == {"waiting"}
        through(bench, app, 0.5)
        dead = told(app, route="chat", state="dead")
        assert [each.why for each in dead] == [str(DOWN)] * 3
        assert any(each.event == "route.failed" for each in told(app, person="olga"))
        assert [each.about for each in routes.dead(app, ADMINISTRATOR, "chat")] == ["2", "1", "0"]
        del bench.webhooks_.refuses[CHAT]
        assert routes.retry(app, ADMINISTRATOR, "chat") == 3
        deliver_now(app)
        assert len(bench.webhooks_.posted) == 3
        standing = routes.routes(app, ADMINISTRATOR)[0]
        assert (standing.sent_at is None, standing.failed_at, standing.dead) == (False, None, 0)


def test_a_mail_that_is_refused_for_good_is_given_up_alone(tmp_path: Path):
    bench = a_bench(tmp_path, mails())
    with bench.app() as app:
        bench.mail_.refuses["rob@example.org"] = NotTaken("refused (550 no such user)", whole=False, final=True)
        bench.mail_.refuses["rea@example.org"] = NotTaken("refused (451 later)", whole=False)
        tell(app)
        deliver_now(app)
        assert {each.person: each.state for each in told(app, route="mails")} == {"rob": "dead", "rea": "waiting"}
        bench.mail_.refuses.clear()
        through(bench, app, 0.02)
        assert [each.to for each in bench.mail_.sent if each.to != "olga@example.org"] == ["rea@example.org"]
        assert [each.person for each in told(app, channel="page")] == ["olga"]


def test_a_mail_server_that_is_down_is_asked_once_for_all_mail(tmp_path: Path):
    bench = a_bench(tmp_path, mails(), mails().model_copy(update={"name": "more", "roles": ("user",)}))
    with bench.app() as app:
        bench.mail_.refuses[""] = DOWN
        tell(app)
        deliver_now(app)
        assert bench.mail_.tried == 1
        assert {each.state for each in told(app)} == {"waiting"}
        bench.mail_.refuses.clear()
        later(bench, minutes=1)
        deliver_now(app)
        assert len(bench.mail_.sent) == 3


def test_a_secret_that_is_not_set_is_told_and_nothing_is_lost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    bench = a_bench(tmp_path, a_route())
    with bench.app() as app:
        monkeypatch.delenv("CHAT_SECRET")
        tell(app)
        deliver_now(app)
        assert bench.webhooks_.tried == []
        [standing, _] = routes.routes(app, ADMINISTRATOR)
        assert standing.missing == ("CHAT_SECRET",)
        assert standing.why == "the route chat names CHAT_SECRET, which is not set: set CHAT_SECRET"
        assert "chat names CHAT_SECRET, which is not set" in [check.detail for check in routes.checks(app)]
        monkeypatch.setenv("CHAT_SECRET", "s3cret")
        later(bench, hours=1)
        deliver_now(app)
        assert len(bench.webhooks_.posted) == 1


@pytest.mark.parametrize("error", [InvalidInput("it is at 169.254.169.254, where no message may be sent"), ValueError("a bug")])
def test_whatever_goes_wrong_counts_as_an_attempt(tmp_path: Path, error: Exception):
    bench = a_bench(tmp_path, a_route())
    with bench.app() as app:
        bench.webhooks_.refuses[CHAT] = error
        tell(app)
        deliver_now(app)
        [message] = told(app)
        assert (message.state, message.attempts, bool(message.why)) == ("waiting", 1, True)


def test_what_is_gathered_comes_in_one_and_what_is_urgent_at_once(tmp_path: Path):
    bench = a_bench(tmp_path, a_route(digest="hourly"), mails(digest="hourly"))
    with bench.app() as app:
        for n in range(3):
            tell(app, about=str(n))
        tell(app, "review.overdue", about="late", urgent=True)
        deliver_now(app)
        assert [[each["about"] for each in json.loads(post.body)["messages"]] for post in bench.webhooks_.posted] == [["late"]]
        later(bench, hours=1)
        deliver_now(app)
        assert [each["about"] for each in json.loads(bench.webhooks_.posted[1].body)["messages"]] == ["0", "1", "2"]
        assert [each.subject for each in bench.mail_.sent if each.to == "rob@example.org"][1:] == [
            f"[{tmp_path.name}] 3 messages"
        ]
        assert {each.state for each in told(app)} == {"sent"}


def test_what_waits_when_quiet_hours_begin_waits_until_they_end(tmp_path: Path):
    bench = a_bench(tmp_path, a_route(quiet="11:30-13:00"))
    with bench.app() as app:
        tell(app)
        tell(app, about="urgent", urgent=True)
        later(bench, hours=1)
        deliver_now(app)
        assert [json.loads(each.body)["messages"][0]["about"] for each in bench.webhooks_.posted] == ["urgent"]
        later(bench, hours=1.1)
        deliver_now(app)
        assert len(bench.webhooks_.posted) == 2


def test_whoever_is_killed_before_it_marks_what_it_sent_sends_it_again_under_the_same_id(tmp_path: Path):
    bench = a_bench(tmp_path, a_route())

    class Killed(BaseException):
        """Nothing after it is done."""

    class Killing:
        def send(self, url: str, body: bytes, *, id: str, at: Any, key: str = "") -> None:
            bench.webhooks_.send(url, body, id=id, at=at, key=key)
            raise Killed

    with bench.app() as app:
        tell(app)
        app.once("webhooks", Killing)
        with pytest.raises(Killed):
            deliver_now(app)
    with bench.app() as app:
        deliver_now(app)
        assert len(bench.webhooks_.posted) == 1, "whoever took it may still be at it"
        bench.clock.now += delivering.LEASE
        deliver_now(app)
        deliver_now(app)
        first, second = bench.webhooks_.posted
        assert first.id == second.id
        assert [each.state for each in told(app)] == ["sent"]


def test_several_processes_send_nothing_twice(tmp_path: Path):
    bench = a_bench(tmp_path, a_route(), mails())
    bench.clock = Still(bench.clock.now)
    with bench.app() as app:
        for n in range(40):
            tell(app, about=str(n))
    apps = [bench.app() for _ in range(3)]
    failed: list[BaseException] = []

    def work(app: App) -> None:
        try:
            with app:
                for _ in range(5):
                    deliver_now(app)
        except BaseException as error:  # noqa: BLE001 - shown below
            failed.append(error)

    threads = [threading.Thread(target=work, args=(app,)) for app in apps]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert len(bench.webhooks_.posted) == len({each.id for each in bench.webhooks_.posted}) == 40
    assert len(bench.mail_.sent) == len({(each.id, each.to) for each in bench.mail_.sent}) == 80


def test_a_route_that_left_the_settings_keeps_what_it_could_not_send(tmp_path: Path):
    bench = a_bench(tmp_path, a_route(), a_log())
    with bench.app() as app:
        tell(app)
    bench.settings = bench.settings.model_copy(update={"notifications": bench.settings.notifications[1:]})
    with bench.app() as app:
        deliver_now(app)
        [dead] = told(app, state="dead")
        assert dead.why == "there is no route chat in the settings any more"
        assert [(each.name, each.dead) for each in routes.routes(app, ADMINISTRATOR)] == [("log", 0), ("*", 0), ("chat", 1)]


def test_a_server_delivers_until_it_stops(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(delivering, "_LOOK_SECONDS", 0.01)
    bench = a_bench(tmp_path, a_route(), a_log())
    with bench.app() as app:
        bench.webhooks_.refuses[LOG] = DOWN
        stopping = threading.Event()
        server = threading.Thread(target=delivering.deliver, args=(app, stopping))
        server.start()
        tell(app)
        while not (bench.webhooks_.posted and bench.webhooks_.tried.count(LOG)):
            stopping.wait(0.01)
        stopping.set()
        server.join()
        assert [each.url for each in bench.webhooks_.posted] == [CHAT]
        assert {each.route: each.state for each in told(app)} == {"chat": "sent", "log": "waiting"}
