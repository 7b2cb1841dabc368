"""What browsers and programs show at the door: secrets that change, links that are good once, and whatever else is sent."""

import json
import threading
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from inside import PASSWORD, bearer, sign_in, token_of, with_account, with_owner
from serving import HERE, serving
from starlette.testclient import TestClient

from firmground.app.access import accounts, links, people, sessions
from firmground.app.access.seals import digest_of
from firmground.app.recording import ledger
from firmground.testing.app import ADMINISTRATOR
from firmground.web.browsers import family
from firmground.web.credentials import cookie_name
from firmground.web.served import Served

CHOSEN = "chosen by nobody else"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"

House = tuple[TestClient, Served]


@pytest.fixture
def house(tmp_path: Path) -> Generator[House]:
    with serving(tmp_path) as (client, served):
        with_owner(served)
        with_account(served, "bob")
        yield client, served


@pytest.fixture(scope="module")
def quiet_house(tmp_path_factory: pytest.TempPathFactory) -> Generator[House]:
    """For tests that change nothing."""
    with serving(tmp_path_factory.mktemp("house")) as (client, served):
        with_owner(served)
        with_account(served, "bob")
        yield client, served


def another(client: TestClient, **more: Any) -> TestClient:
    """Another browser."""
    return TestClient(client.app, base_url=HERE, raise_server_exceptions=False, follow_redirects=False, **more)


def later(served: Served, **more: float) -> None:
    served.app.clock.now += timedelta(**more)


def noted(served: Served) -> None:
    """What is noted beside the requests is noted."""
    served._notes.submit(lambda: None).result()


# ---------------------------------------------------------------- secrets that change


def test_a_browser_gets_another_secret_with_any_response_of_the_next_hour_and_stays_signed_in(house: House):
    client, served = house
    sign_in(client, served, "bob")
    first, token = client.cookies[cookie_name(served)], token_of(client, served)
    assert "set-cookie" not in client.get("/api/v1/sessions").headers
    later(served, hours=1)
    given = client.get("/api/v1/sessions").headers["set-cookie"]
    assert given.startswith(f"{cookie_name(served)}=")
    assert {"HttpOnly", "SameSite=lax", "Path=/"} <= set(given.split("; "))
    assert client.cookies[cookie_name(served)] != first
    assert "set-cookie" not in client.get("/api/v1/sessions").headers
    noted(served)
    assert client.post("/api/v1/search", json={"query": "x"}, headers={"X-Firmground-Token": token}).status_code == 200
    assert client.post("/logout", data={"token": token}).headers["location"] == "/login"
    assert client.get("/api/v1/sessions").status_code == 401


def test_what_may_be_kept_on_the_way_brings_no_secret(house: House):
    client, served = house
    sign_in(client, served)
    later(served, hours=1)
    kept = client.get("/static/style.css")
    assert "set-cookie" not in kept.headers
    assert "set-cookie" not in client.get("/healthz").headers


def test_a_secret_of_long_ago_ends_the_session_and_is_told_in_the_record(house: House):
    client, served = house
    sign_in(client, served, "bob")
    stolen = dict(client.cookies)
    later(served, hours=1)
    for _ in range(2):
        assert client.get("/api/v1/sessions").status_code == 200
    noted(served)
    assert another(client, cookies=stolen).get("/api/v1/sessions").status_code == 200, "it was under way"
    later(served, seconds=61)
    assert another(client, cookies=stolen).get("/api/v1/sessions").status_code == 401
    assert client.get("/api/v1/sessions").status_code == 401
    assert [each.subject for each in ledger.entries(served.app, ADMINISTRATOR) if each.kind == "session.replayed"] == ["bob"]


def test_tabs_that_load_together_are_not_signed_out(house: House):
    client, served = house
    sign_in(client, served, "bob")
    for _ in range(3):
        later(served, hours=1)
        browsers = [another(client, cookies=dict(client.cookies)) for _ in range(6)]
        with ThreadPoolExecutor(len(browsers)) as threads:
            got = list(threads.map(lambda browser: browser.get("/api/v1/sessions"), browsers))
        assert [response.status_code for response in got] == [200] * len(browsers)
        given = [response.cookies.get(cookie_name(served)) for response in got]
        assert sum(each is not None for each in given) == 1
        client.cookies.set(cookie_name(served), next(each for each in given if each), domain="127.0.0.1", path="/")
        assert client.get("/api/v1/sessions").status_code == 200
        noted(served)


def test_a_stream_goes_on_while_the_secret_of_its_session_changes(house: House):
    client, served = house
    sign_in(client, served, "bob")
    found = sessions.present(served.app, digest_of(client.cookies[cookie_name(served)]))
    later(served, hours=1)
    for _ in range(2):
        client.get("/api/v1/sessions")
    later(served, minutes=10)
    assert sessions.still(served.app, found.session.id), "it is held to the session, not to a secret of it"
    people.remove_person(served.app, ADMINISTRATOR, "bob")
    assert not sessions.still(served.app, found.session.id)


# ---------------------------------------------------------------- seeing and ending sessions


def test_people_see_their_sessions_and_end_them(house: House):
    client, served = house
    elsewhere = another(client, headers={"User-Agent": FIREFOX})
    sign_in(elsewhere, served, "bob")
    sign_in(client, served, "bob")
    token = {"X-Firmground-Token": token_of(client, served)}
    here, there = client.get("/api/v1/sessions").json()["sessions"]
    assert (here["this"], there["this"], there["browser"]) == (True, False, "Firefox on Linux")
    assert "145" not in json.dumps(there)
    assert client.delete(f"/api/v1/sessions/{there['id']}").status_code == 403, "without the token of its pages"
    assert client.delete(f"/api/v1/sessions/{there['id']}", headers=token).status_code == 204
    assert elsewhere.get("/api/v1/sessions").status_code == 401
    assert client.delete("/api/v1/sessions", headers=token).json() == {"ended": 1}
    assert client.get("/api/v1/sessions").status_code == 401


def test_others_sessions_are_for_administrators_and_those_of_owners_for_owners(house: House):
    client, served = house
    with_account(served, "root", role="admin")
    browsers = {name: another(client) for name in ("ada", "root", "bob")}
    for name, browser in browsers.items():
        sign_in(browser, served, name)
    tokens = {name: {"X-Firmground-Token": token_of(browser, served)} for name, browser in browsers.items()}

    def ends(by: str, whom: str) -> int:
        return browsers[by].delete(f"/api/v1/sessions?person={whom}", headers=tokens[by]).status_code

    assert [ends("bob", "root"), ends("bob", "ada"), ends("root", "ada"), ends("root", "nobody")] == [403, 403, 403, 404]
    assert [ends("root", "bob"), ends("ada", "root")] == [200, 200]
    assert [browser.get("/api/v1/keys").status_code for browser in browsers.values()] == [200, 401, 401]
    assert client.get("/api/v1/sessions?person=bob", headers=bearer(served, "ada")).status_code == 403, "a key not for that"


@pytest.mark.parametrize(
    ("header", "known"),
    [
        (FIREFOX, "Firefox on Linux"),
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/142.0 Safari/537.36 Edg/142.0", "Edge on Windows"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Mobile/15E148 Safari/604.1", "Safari on iPhone"),
        ("Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 Chrome/142.0 Mobile Safari/537.36", "Chrome on Android"),
        ("<script>alert(1)</script>", ""),
        ("x" * 100_000 + "Firefox/1", ""),
        ("", ""),
    ],
)
def test_of_a_browser_its_kind_is_kept_and_no_more(header: str, known: str):
    assert family(header) == known


# ---------------------------------------------------------------- links


def link_for(served: Served, name: str) -> str:
    """What comes after `token=` in its address."""
    return links.make(served.app, ADMINISTRATOR, name)[1]


def test_by_a_link_somebody_chooses_a_password_and_is_in(house: House):
    client, served = house
    sign_in(client, served)
    token = {"X-Firmground-Token": token_of(client, served)}
    made = client.post("/api/v1/people", json={"name": "eve", "invite": True}, headers=token).json()
    assert made["url"].startswith(f"http://127.0.0.1:{served.app.workspace.settings.serve.port}/link?token=")
    again = client.post("/api/v1/people/eve/link", json={}, headers=token)
    assert (again.status_code, again.json()["kind"]) == (201, "invite")
    eve = another(client)
    assert eve.get(made["url"]).status_code == 404, "a newer one was made"
    page = eve.get(again.json()["url"])
    assert page.status_code == 200
    assert "eve" in page.text
    assert page.headers["referrer-policy"] == "strict-origin"
    secret = again.json()["url"].partition("token=")[2]
    fields = {"token": served.local_form_token, "link": secret, "password": CHOSEN}
    short = eve.post("/link", data={**fields, "password": "short"})
    assert short.status_code == 400
    assert "fewer than 12 characters" in short.text
    assert eve.post("/link", data={**fields, "token": "wrong"}).status_code == 403
    done = eve.post("/link", data=fields)
    assert (done.status_code, done.headers["location"]) == (303, "/")
    assert eve.get("/api/v1/sessions").status_code == 200
    assert another(client).post("/link", data=fields).status_code == 404
    assert sign_in(another(client), served, "eve", password=CHOSEN).headers["location"] == "/"


def test_wrong_used_and_late_links_are_told_alike_and_make_nobody_known(house: House):
    client, served = house
    used, late = link_for(served, "bob"), link_for(served, "ada")
    links.use(served.app, used, CHOSEN)
    later(served, hours=25)
    told: set[str] = set()
    for secret in (used, late, "never was one", "", "é" * 40, "x" * 3000):
        page = client.get("/link", params={"token": secret})
        assert page.status_code == 404
        sent = client.post("/link", data={"token": served.local_form_token, "link": secret, "password": CHOSEN})
        assert sent.status_code == 404
        told |= {page.text.partition("<main")[2].partition("</main")[0], sent.text.partition("<main")[2].partition("</main")[0]}
        assert "set-cookie" not in sent.headers
    assert len(told) == 1
    assert not {"bob", "ada"} & set(told.pop().split())


def test_a_link_is_in_no_redirect_and_in_no_log(house: House, caplog: pytest.LogCaptureFixture):
    client, served = house
    secret = link_for(served, "bob")
    caplog.set_level("DEBUG")
    answers = [
        client.get("/link", params={"token": secret}),
        client.post("/link", data={"token": served.local_form_token, "link": secret, "password": CHOSEN}),
        client.get("/link", params={"token": secret}),
    ]
    assert [response.status_code for response in answers] == [200, 303, 404]
    assert all(secret not in str(response.headers) for response in answers)
    ours = [record.getMessage() for record in caplog.records if not record.name.startswith(("httpx", "httpcore"))]
    assert all(secret not in message for message in ours)


def test_a_link_used_by_two_browsers_at_once_lets_one_in(house: House):
    client, served = house
    secret = link_for(served, "bob")
    barrier = threading.Barrier(2)

    def use(n: int) -> int:
        browser = another(client)
        fields = {"token": served.local_form_token, "link": secret, "password": f"{CHOSEN} {n}"}
        barrier.wait()
        return browser.post("/link", data=fields).status_code

    with ThreadPoolExecutor(2) as threads:
        assert sorted(threads.map(use, range(2))) == [303, 404]


def test_whoever_was_signed_in_as_somebody_else_is_not_any_more(house: House):
    client, served = house
    sign_in(client, served)
    before = client.cookies[cookie_name(served)]
    client.post("/link", data={"token": served.local_form_token, "link": link_for(served, "bob"), "password": CHOSEN})
    assert client.cookies[cookie_name(served)] != before
    assert sessions.present(served.app, digest_of(before)) is None
    found = sessions.present(served.app, digest_of(client.cookies[cookie_name(served)]))
    assert found.actor.person == "bob"


def test_before_there_is_an_owner_no_link_is_good(tmp_path: Path):
    with serving(tmp_path) as (client, _):
        assert client.get("/link", params={"token": "x"}).status_code == 404


def test_a_password_or_an_invitation_not_both(house: House):
    client, served = house
    key = bearer(served, "ada", scopes=["people"])
    refused = client.post("/api/v1/people", json={"name": "eve", "invite": True, "password": PASSWORD}, headers=key)
    assert refused.status_code == 400
    assert client.post("/api/v1/people", json={"name": "eve", "invite": True}, headers=key).json()["url"]
    assert not any(each.password for each in accounts.accounts(served.app, ADMINISTRATOR) if each.person == "eve")


# ---------------------------------------------------------------- keys for some rights


def test_a_key_for_asking_asks_and_is_refused_everything_else(house: House):
    client, served = house
    key = bearer(served, "ada", scopes=["ask"])
    assert client.post("/api/v1/search", json={"query": "vacation"}, headers=key).status_code == 200
    assert client.get("/v1/models", headers=key).status_code == 200
    for method, path in (
        ("GET", "/api/v1/status"),
        ("GET", "/api/v1/people"),
        ("GET", "/api/v1/keys"),
        ("GET", "/api/v1/sessions"),
        ("DELETE", "/api/v1/sessions"),
        ("GET", "/api/v1/releases"),
        ("DELETE", "/api/v1/people/bob"),
    ):
        assert client.request(method, path, headers=key).status_code == 403, path
    for path, body in (("/api/v1/keys", {"name": "k"}), ("/api/v1/people/bob/link", {}), ("/api/v1/sync", {})):
        assert client.post(path, json=body, headers=key).status_code == 403, path


def test_the_scopes_of_a_key_are_those_that_there_are_and_its_maker_has(house: House):
    client, served = house
    sign_in(client, served, "bob")
    token = {"X-Firmground-Token": token_of(client, served)}
    for scopes, status in ((["ask", "self"], 201), (["people"], 400), (["own"], 400), ([], 400), (["everything"], 422)):
        body = {"name": f"k{len(str(scopes))}", "scopes": scopes}
        assert client.post("/api/v1/keys", json=body, headers=token).status_code == status, scopes
    assert [key["scopes"] for key in client.get("/api/v1/keys").json()["keys"]] == [["ask", "self"]]


# ---------------------------------------------------------------- whatever else is sent

ODD = [
    b"",
    b"x",
    b"\xff\xfe\xfd",
    b"\xed\xa0\x80",
    b"0" * 64,
    b"x" * 6000,
    b"' or '1'='1",
    b"../../etc/passwd",
    b"%00",
    b"null",
    b"{}",
    b'"quoted"',
    b"fg_",
    b"a=b=c",
]


@pytest.mark.parametrize("path", ["/people", "/api/v1/keys", "/v1/models", "/openapi.json"])
def test_whatever_is_shown_as_credentials_is_refused_and_never_too_much(quiet_house: House, path: str):
    client, served = quiet_house
    name = cookie_name(served).encode()
    shown: list[dict[bytes, bytes]] = []
    for odd in ODD:
        shown += [{b"Cookie": name + b"=" + odd}, {b"Authorization": b"Bearer " + odd}, {b"Authorization": odd}]
        shown += [{b"Cookie": name + b"=x; " + name + b"=" + odd}, {b"X-Firmground-Token": odd, b"Cookie": name + b"=" + odd}]
    for headers in shown:
        client.cookies.clear()
        response = client.get(path, headers=headers)
        assert response.status_code in {303, 401}, headers


def test_what_is_nearly_a_good_secret_is_none(quiet_house: House):
    client, served = quiet_house
    sign_in(client, served)
    secret = client.cookies[cookie_name(served)]
    found = sessions.present(served.app, digest_of(secret))
    for forged in (secret[:-1], secret + "x", secret.swapcase(), digest_of(secret), found.session.id, found.form_token, " "):
        assert another(client, cookies={cookie_name(served): forged}).get("/api/v1/keys").status_code == 401
    assert client.get("/api/v1/keys").status_code == 200


def test_a_form_token_of_somebody_else_is_worth_nothing(quiet_house: House):
    client, served = quiet_house
    sign_in(client, served)
    other = another(client)
    sign_in(other, served, "bob")
    for token in (token_of(other, served), "", served.local_form_token, "é"):
        assert client.post("/logout", data={"token": token}).status_code == 403
    assert client.get("/api/v1/keys").status_code == 200
