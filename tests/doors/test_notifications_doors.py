"""Messages and routes by every door: who sees what, and what forms, programs and commands do with it."""

from collections.abc import Generator
from pathlib import Path
from secrets import token_hex
from typing import Any

import pytest
from inside import bearer, sign_in, token_of, with_account, with_owner
from serving import HERE, serving
from starlette.testclient import TestClient
from test_cli import Place

from firmground.app.notifying import contacts, delivering
from firmground.app.notifying.events import announce
from firmground.errors import NotTaken
from firmground.outbox import NotificationEvent
from firmground.rights import rights_of
from firmground.settings import MailSection, Settings
from firmground.settings_notifications import RouteSection
from firmground.testing.app import ADMINISTRATOR, Bench
from firmground.web.application import application
from firmground.web.served import Served

API = "/api/v1/notifications"
ODD = '<b onclick="x">Eve & "co"</b>'
MAIL = MailSection(host="mail.example.org", sender="fg@example.org")
CHAT = RouteSection(name="chat", owner="rob", events=("*",), channel="webhook", url_env="CHAT_URL", secret_env="CHAT_SECRET")
TEAM = RouteSection(name="team", owner="gone", events=("route.failed",), channel="mail", roles=("reviewer",))
CONFIGURED = """
[[notifications]]
name = "chat"
owner = "rob"
events = ["review.*"]
channel = "webhook"
url_env = "CHAT_URL"
secret_env = "CHAT_SECRET"
"""


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Generator[Served]:
    """Ada owns it, Rob reviews and answers for the route of the chat, Una asks; so does whoever else a test is about."""
    place = tmp_path_factory.mktemp("house")
    with (
        pytest.MonkeyPatch.context() as patched,
        Bench(place, settings=Settings(mail=MAIL, notifications=(CHAT, TEAM))).app() as app,
    ):
        patched.setenv("CHAT_URL", "https://chat.example.org/hook")
        patched.setenv("CHAT_SECRET", "s3cret")
        served = Served(app, patience=0.2)
        with_owner(served)
        with_account(served, "rob", role="reviewer")
        for name in ("una", "bea", "nia", "pia"):
            with_account(served, name)
        yield served
        served.close()


def browser(served: Served, name: str) -> TestClient:
    client = TestClient(application(served), base_url=HERE, raise_server_exceptions=False, follow_redirects=False)
    assert sign_in(client, served, name).status_code == 303
    return client


def send(client: TestClient, served: Served, path: str, **fields: str) -> Any:
    return client.post(path, data={"token": token_of(client, served), **fields})


def bench(served: Served) -> Bench:
    return served.app._opening


def key_of(served: Served, person: str) -> dict[str, str]:
    """Of a new program that may do all that its person may."""
    with served.app.database.reading() as tx:
        scopes = rights_of(tx.actor(person).role)
    return bearer(served, person, f"of {person} {token_hex(4)}", scopes=sorted(scopes))


def tell(served: Served, event: NotificationEvent = "review.decided", about: str = "item", **fields: Any) -> None:
    with served.app.database.transaction() as tx:
        announce(served.app, tx, event, about=about, **fields)


def test_the_bell_counts_what_is_unread_until_it_is_read(house: Served):
    una = browser(house, "bea")
    assert 'class="bell"' in una.get("/me").text
    assert "unread" not in una.get("/me").text
    tell(house, about="one", person="bea", facts={"answer": "a-1", "outcome": "edited"})
    tell(house, "answer.corrected", about="a-2", person="bea")
    page = una.get("/notifications").text
    assert "2 are unread." in page
    assert 'href="/answers/a-1"' in page
    assert 'href="/answers/a-2"' in page
    assert "outcome: <bdi>edited</bdi>" in page
    assert '<span class="count">2' in una.get("/me").text
    assert send(una, house, "/notifications/read").headers["location"] == "/notifications?done=read"
    assert "unread" not in una.get("/notifications?done=read").text
    assert "Eine Antwort" in una.get("/notifications?lang=de").text


def test_nobody_sees_what_others_were_told(house: Served):
    tell(house, about="secret-item", person="nia")
    for name in ("ada", "rob"):
        key = key_of(house, name)
        client = browser(house, name)
        assert "secret-item" not in client.get("/notifications").text
        found = client.get(API, headers=key).json()["messages"]
        assert [each for each in found if each["about"] == "secret-item"] == []
    with house.app.database.reading() as tx:
        [message] = tx.notifications(person="nia", channel="page", limit=9)
    rob, una = key_of(house, "rob"), key_of(house, "nia")
    outside = TestClient(application(house), base_url=HERE)
    assert outside.post(f"{API}/{message.id}/read", headers=rob, json={}).status_code == 404
    for _ in range(2):
        assert outside.post(f"{API}/{message.id}/read", headers=una, json={}).json()["read_at"] is not None
    assert outside.get(API, headers=una, params={"unread": True}).json() == {"messages": [], "unread": 0}
    assert outside.get(API).status_code == 401


def test_everybody_says_where_they_have_mail_and_what_is_odd_stays_text(house: Served):
    una = browser(house, "una")
    done = send(una, house, "/notifications/choose", address="una@example.org", mail="daily")
    assert done.headers["location"] == "/notifications?done=choose"
    page = una.get("/notifications").text
    assert 'value="una@example.org"' in page
    assert 'value="daily" checked' in page
    assert "<bdi>una@example.org</bdi> is waiting to be confirmed" in page
    wrong = send(una, house, "/notifications/choose", address=ODD, mail="daily")
    assert wrong.status_code == 400
    assert "is no mail address" in wrong.text
    assert "<b onclick" not in wrong.text
    assert send(una, house, "/notifications/choose", address="x@y.z", mail="often").status_code == 400
    assert send(una, house, "/notifications/nonsense").status_code == 404
    assert una.post("/notifications/choose", data={"token": "wrong"}).status_code == 403
    with house.app.database.reading() as tx:
        kept = tx.contact("una")
    assert (kept.address, kept.waiting, kept.mail) == ("", "una@example.org", "daily")


def link_in(served: Served, address: str) -> str:
    """The path of the link in the last mail that went there."""
    text = next(each.text for each in reversed(bench(served).mail_.sent) if each.to == address)
    return text[text.index("/notifications/confirm?token=") :].split()[0]


def test_an_address_counts_once_its_person_pressed_the_button_behind_the_link(house: Served):
    bea, nia = browser(house, "bea"), browser(house, "nia")
    send(bea, house, "/notifications/choose", address="bea@example.org", mail="at_once")
    link = link_in(house, "bea@example.org")
    secret = link.partition("=")[2]
    stranger = TestClient(application(house), base_url=HERE, follow_redirects=False)
    came = stranger.get(link, headers={"Accept": "text/html"})
    assert (came.status_code, came.headers["location"].startswith("/login?next=%2Fnotifications%2Fconfirm")) == (303, True)
    assert nia.get(link).status_code == 404
    assert send(nia, house, "/notifications/confirm", link=secret).status_code == 404
    for _ in range(2):  # a program that looks at mail
        opened = bea.get(link)
        assert (opened.status_code, opened.headers["referrer-policy"]) == (200, "strict-origin")
        assert "bea@example.org" in opened.text
    with house.app.database.reading() as tx:
        assert tx.contact("bea").address == ""
    assert bea.post("/notifications/confirm", data={"token": "wrong", "link": secret}).status_code == 403
    assert send(bea, house, "/notifications/confirm", link=secret).headers["location"] == "/notifications?done=confirm"
    with house.app.database.reading() as tx:
        assert (tx.contact("bea").address, tx.contact("bea").waiting) == ("bea@example.org", "")
        assert secret not in tx.contact("bea").proof
    assert bea.get(link).status_code == 404
    assert "is waiting" not in bea.get("/notifications").text


def test_the_language_that_somebody_chooses_on_a_page_is_that_of_their_mail(house: Served):
    nia = browser(house, "nia")
    for chosen, kept in (("de", "de"), ("xx", "de"), ("en", "en")):
        nia.get(f"/me?lang={chosen}")
        with house.app.database.reading() as tx:
            assert tx.contact("nia").language == kept


def test_the_link_can_be_sent_again(house: Served):
    pia = browser(house, "pia")
    assert send(pia, house, "/notifications/again").status_code == 404
    send(pia, house, "/notifications/choose", address="pia@example.com", mail="at_once")
    first = link_in(house, "pia@example.com")
    assert send(pia, house, "/notifications/again").headers["location"] == "/notifications?done=again"
    assert (pia.get(first).status_code, pia.get(link_in(house, "pia@example.com")).status_code) == (404, 200)
    send(pia, house, "/notifications/choose", address="", mail="at_once")
    assert pia.get(link_in(house, "pia@example.com")).status_code == 404


def test_programs_of_administrators_may_say_where_mail_goes_and_others_may_not(house: Served):
    outside = TestClient(application(house), base_url=HERE)
    ada, una = key_of(house, "ada"), key_of(house, "una")
    assert outside.put(f"{API}/contact", headers=una, json={"address": "eve@example.org"}).status_code == 403
    assert outside.put(f"{API}/contact", headers=ada, json={"address": "no"}).status_code == 400
    made = outside.put(f"{API}/contact", headers=ada, json={"address": "ada@example.org", "mail": "hourly"})
    assert made.json() == outside.get(f"{API}/contact", headers=ada).json()
    assert made.json() == {"address": "", "mail": "hourly", "waiting": "ada@example.org"}
    for n in range(2, 6):
        assert outside.put(f"{API}/contact", headers=ada, json={"address": f"ada{n}@example.org"}).status_code == 200
    assert outside.put(f"{API}/contact", headers=ada, json={"address": "ada6@example.org"}).status_code == 409


def test_before_there_are_accounts_nobody_has_mail(tmp_path: Path):
    with serving(tmp_path) as (client, _):
        assert client.get(f"{API}/contact").status_code == 404
        assert client.put(f"{API}/contact", json={"mail": "none"}).status_code in {403, 404}
        assert client.get("/notifications").status_code == 200


def test_whoever_answers_for_a_route_sees_it_and_tries_it_and_others_do_not(house: Served):
    una, rob, ada = (browser(house, name) for name in ("una", "rob", "ada"))
    assert "Answers for it" not in una.get("/notifications").text
    assert "team" not in rob.get("/notifications").text
    assert "not known here" in ada.get("/notifications").text
    before = len(bench(house).webhooks_.posted)
    tried = send(rob, house, "/notifications/routes/chat/test")
    assert tried.headers["location"] == "/notifications?done=test"
    assert len(bench(house).webhooks_.posted) == before + 1
    for name in ("chat", "team"):
        assert send(una, house, f"/notifications/routes/{name}/test").status_code == 403
    assert send(rob, house, "/notifications/routes/team/retry").status_code == 403
    assert send(ada, house, "/notifications/routes/none/test").status_code == 404
    key = key_of(house, "una")
    outside = TestClient(application(house), base_url=HERE)
    for act in ("test", "retry", "send-held", "drop-held"):
        assert outside.post(f"{API}/routes/chat/{act}", headers=key, json={}).status_code == 403
    assert outside.get(f"{API}/routes", headers=key).json() == {"routes": []}


def test_a_route_that_does_not_work_says_why_and_can_be_tried_again(house: Served):
    bench(house).webhooks_.refuses["https://chat.example.org/hook"] = NotTaken(
        f"chat answered 500 ({ODD})", "check it", final=True
    )
    rob = browser(house, "rob")
    failed = send(rob, house, "/notifications/routes/chat/test")
    assert failed.status_code == 502
    assert "chat answered 500" in failed.text
    assert "<b onclick" not in failed.text
    tell(house)
    delivering.deliver_now(house.app)
    page = rob.get("/notifications").text
    assert "Messages could not be delivered" in page
    assert "Try again" in page
    bench(house).webhooks_.refuses.clear()
    assert send(rob, house, "/notifications/routes/chat/retry").headers["location"] == "/notifications?done=retry"
    before = len(bench(house).webhooks_.posted)
    delivering.deliver_now(house.app)
    assert len(bench(house).webhooks_.posted) > before
    assert "Try again" not in rob.get("/notifications").text


def held(served: Served, *about: str) -> None:
    """As after a restore of a backup in which these waited on the route of the chat."""
    for each in about:
        tell(served, about=each)
    with served.app.database.transaction() as tx:
        assert tx.hold_waiting() >= len(about)


def held_on(served: Served, route: str) -> int:
    with served.app.database.reading() as tx:
        return len(tx.notifications(route=route, state="held", limit=100))


def test_whoever_answers_for_a_route_sees_what_is_held_on_it_and_why_and_sends_it_or_drops_it(house: Served):
    held(house, "held-1", "held-2")
    una, rob, ada = (browser(house, name) for name in ("una", "rob", "ada"))
    assert "held" not in una.get("/notifications").text
    assert send(una, house, "/notifications/send-held").headers["location"] == "/notifications?done=send-held"
    assert held_on(house, "chat") == 2, "what they do not answer for stays"
    for shown in (rob, ada):
        page = shown.get("/notifications").text
        assert "2 messages are held." in page
        assert "They waited in a backup that was restored, and may have been sent since" in page
    assert send(rob, house, "/notifications/send-held").headers["location"] == "/notifications?done=send-held"
    assert "What was held is sent now." in rob.get("/notifications?done=send-held").text
    assert held_on(house, "chat") == 0
    assert "messages are held" not in rob.get("/notifications").text
    before = len(bench(house).webhooks_.posted)
    delivering.deliver_now(house.app)
    assert len(bench(house).webhooks_.posted) > before


def test_what_is_held_is_dropped_by_a_form_after_a_second_thought_and_recorded(house: Served):
    held(house, "held-3")
    rob = browser(house, "rob")
    asked = send(rob, house, "/notifications/drop-held")
    assert (asked.status_code, held_on(house, "chat")) == (200, 1)
    assert "1 message that is held is told to nobody then." in asked.text
    assert send(rob, house, "/notifications/drop-held", sure="yes").headers["location"] == "/notifications?done=drop-held"
    assert held_on(house, "chat") == 0
    with house.app.database.reading() as tx:
        entry = tx.entries(kinds=["notifications.dropped"])[-1]
    assert (entry.by, entry.subject, entry.detail["number"]) == ("rob", "*", 1)


def test_programs_send_and_drop_what_is_held_on_one_route(house: Served):
    outside, key = TestClient(application(house), base_url=HERE), key_of(house, "rob")
    held(house, "held-4")
    assert outside.post(f"{API}/routes/chat/send-held", headers=key, json={}).json() == {"messages": 1}
    held(house, "held-5")
    assert outside.post(f"{API}/routes/chat/drop-held", headers=key, json={}).json()["messages"] >= 1
    assert held_on(house, "chat") == 0


def test_a_test_of_mail_needs_an_address(house: Served):
    outside = TestClient(application(house), base_url=HERE)
    ada = key_of(house, "ada")
    refused = outside.post(f"{API}/routes/team/test", headers=ada, json={})
    assert (refused.status_code, "gone has no mail address" in refused.json()["detail"]) == (400, True)


def test_a_provider_is_believed_where_it_looked_and_never_over_what_was_written(house: Served):
    claims = {"sub": "1", "email": "pia@login.example.org", "email_verified": True}
    with house.app.database.transaction() as tx:
        contacts.told_by_provider(tx, "pia", "https://login", {**claims, "email_verified": "true"})
        contacts.told_by_provider(tx, "pia", "https://login", {**claims, "email": "pia@x\nBcc: eve@example.org"})
        assert tx.contact("pia").address == ""
        contacts.told_by_provider(tx, "pia", "https://login", claims)
        assert (tx.contact("pia").address, tx.contact("pia").issuer) == ("pia@login.example.org", "https://login")
        contacts.told_by_provider(tx, "pia", "https://login", {**claims, "email": "new@login.example.org"})
        assert tx.contact("pia").address == "new@login.example.org"
    contacts.choose(house.app, ADMINISTRATOR, "pia", address="pia@home.example.org")
    with house.app.database.transaction() as tx:
        contacts.told_by_provider(tx, "pia", "https://login", claims)
        assert (tx.contact("pia").address, tx.contact("pia").issuer) == ("pia@home.example.org", "")


def test_commands_show_try_and_repeat(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    for name in ("CHAT_URL", "CHAT_SECRET"):
        monkeypatch.delenv(name, raising=False)
    place = Place(tmp_path)
    (tmp_path / "firmground.toml").write_text(CONFIGURED)
    assert place("person", "add", "rob").code == 0
    assert place("person", "mail", "rob", "rob@example.org", "--often", "hourly").out == "rob: rob@example.org, hourly\n"
    assert place("person", "mail", "rob").out == "rob: rob@example.org, hourly\n"
    assert place("person", "mail", "rob", "nonsense").code == 2
    assert place("person", "mail", "ron", "x@example.org").code == 3
    [entry] = [each for each in place.data("ledger", "show") if each["kind"] == "contact.changed"]
    assert (entry["subject"], entry["detail"]) == ("rob", {"mail": "hourly", "address": True, "confirmed_by": "an administrator"})
    assert "CHAT_URL and CHAT_SECRET not set" in place("notifications", "routes").out
    unset = place("notifications", "test", "chat")
    assert (unset.code, "the route chat names CHAT_URL, which is not set: set CHAT_URL" in unset.err) == (2, True)
    assert place("notifications", "test", "cha").code == 3
    monkeypatch.setenv("CHAT_URL", "http://127.0.0.1:9/hook")
    monkeypatch.setenv("CHAT_SECRET", "s3cret")
    down = place("notifications", "test", "chat")
    assert (down.code, "127.0.0.1:9 cannot be reached" in down.err, "Traceback" in down.err) == (5, True, False)
    assert "has taken nothing yet" in place("notifications", "routes").out
    assert "takes nothing" not in place("doctor").out
    assert "0 messages that were given up were tried again" in place("notifications", "retry", "chat").out
    assert place.data("notifications", "list") == []
    assert place("notifications", "list", "--state", "dead").code == 0
    assert place("person", "add", "una").code == 0
    for command in (("list",), ("routes",), ("test", "chat"), ("retry", "chat")):
        assert place("notifications", *command, "--as", "nobody").code == 3
    for command in (("list",), ("test", "chat"), ("retry", "chat")):
        assert place("notifications", *command, "--as", "una").code == 4
    assert place.data("notifications", "routes", "--as", "una") == []
    assert [each["name"] for each in place.data("notifications", "routes", "--as", "rob")] == ["chat"]
