"""Once there is an owner, every door asks who is there."""

from collections.abc import Generator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from inside import PASSWORD, bearer, routes, sign_in, token_of, with_account, with_owner
from serving import HERE, serving
from starlette.testclient import TestClient

from firmground.app.access import accounts, keys, people, sessions
from firmground.app.access.seals import digest_of
from firmground.errors import StorageFull
from firmground.testing.app import ADMINISTRATOR
from firmground.web import api, openai, pages
from firmground.web.application import application
from firmground.web.bodies import taken
from firmground.web.credentials import cookie_name, is_open
from firmground.web.problems import is_page
from firmground.web.served import Served

ROUTES = [
    *(route for router in (api.router, api.health_router, openai.router, pages.router) for route in routes(router)),
    *(
        ("GET", path)
        for path in ("/openapi.json", "/nowhere", "/documents/", "//login", "/login/", "/static", "/Login", "/login/../people")
    ),
    ("POST", "/mcp"),
]
CHANGES = [(method, path) for method, path in ROUTES if method != "GET"]


def request(client: TestClient, method: str, path: str, fields: dict[str, str] | None = None, **more: Any) -> Any:
    """In the form that this address takes, with the fields where it is one of ours."""
    headers = more.pop("headers", {})
    if method in {"POST", "PUT", "PATCH"}:
        kind, body = taken(path, 1).kinds[0], b"{}"
        if kind == "multipart/form-data":
            parts = [
                f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
                for name, value in (fields or {}).items()
            ]
            kind, body = f"{kind}; boundary=x", ("".join(parts) + "--x--\r\n").encode()
        elif is_page(path):
            body = urlencode(fields or {}).encode()
        headers = {"Content-Type": kind, **headers}
        more["content"] = body
    return client.request(method, path, headers=headers, **more)


@pytest.fixture
def house(tmp_path: Path) -> Generator[tuple[TestClient, Served]]:
    with serving(tmp_path) as (client, served):
        with_owner(served)
        yield client, served


@pytest.fixture(scope="module")
def quiet_house(tmp_path_factory: pytest.TempPathFactory) -> Generator[tuple[TestClient, Served]]:
    """For tests that change nothing."""
    with serving(tmp_path_factory.mktemp("house")) as (client, served):
        with_owner(served)
        with_account(served, "bob")
        yield client, served


def another(served: Served, **more: Any) -> TestClient:
    """Another browser."""
    return TestClient(application(served), base_url=HERE, raise_server_exceptions=False, follow_redirects=False, **more)


# ---------------------------------------------------------------- strangers


@pytest.mark.parametrize("shown", [{}, {"Cookie": "x=y"}, {"Authorization": "Bearer fg_wrong"}])
def test_a_stranger_gets_nowhere(quiet_house: tuple[TestClient, Served], shown: dict[str, str]):
    client, _ = quiet_house
    for method, path in sorted({route for route in ROUTES if not is_open(route[1])}):
        response = request(client, method, path, headers=shown)
        if is_page(path) and "Authorization" not in shown:
            assert response.status_code == 303, path
            assert response.headers["location"].startswith("/login"), path
            assert response.content == b""
        else:
            assert (response.status_code, response.headers["www-authenticate"]) == (401, "Bearer"), path
            assert "set-cookie" not in response.headers


def test_what_is_open_is_no_more_than_it_must_be(quiet_house: tuple[TestClient, Served]):
    client, _ = quiet_house
    opened = {path for _, path in ROUTES if is_open(path)}
    provider = {"/login/provider", "/login/provider/callback"}
    assert opened <= {"/healthz", "/readyz", "/login", *provider, "/setup", "/link", "/widget.js"}
    assert [client.get(path).status_code for path in ("/healthz", "/readyz", "/login", "/static/style.css")] == [200] * 4
    assert client.get("/setup").headers["location"] == "/login"
    page = client.get("/login").text
    for known in ("ada", "bob", "leave.md", "Local mode"):
        assert known not in page


@pytest.mark.parametrize(
    "header",
    ["Basic YWRhOmNvcnJlY3Q=", "Bearer", "Bearer  ", "fg_x", "Bearer a b", "bearer \xe9", "Bearer " + "x" * 5000],
)
def test_what_is_no_key_is_refused_also_beside_a_good_session(house: tuple[TestClient, Served], header: str):
    client, served = house
    sign_in(client, served)
    assert client.get("/api/v1/keys").status_code == 200
    for path in ("/api/v1/keys", "/people", "/v1/models"):
        assert client.get(path, headers={"Authorization": header.encode("latin-1")}).status_code == 401


def test_programs_are_told_what_is_wrong_each_in_their_words(quiet_house: tuple[TestClient, Served]):
    client, _ = quiet_house
    problem = client.get("/api/v1/keys").json()
    assert (problem["type"], problem["status"]) == ("urn:firmground:problem:unauthenticated", 401)
    assert client.get("/v1/models").json()["error"]["code"] == "unauthenticated"


# ---------------------------------------------------------------- the owner made while the server runs


def test_an_owner_made_elsewhere_locks_a_running_server_at_once(tmp_path: Path):
    with serving(tmp_path) as (client, served):
        assert client.get("/api/v1/status").status_code == 200
        assert client.get("/login").headers["location"] == "/"
        ignored = {"Authorization": "Bearer whatever clients send"}
        assert client.get("/api/v1/status", headers=ignored).status_code == 200
        with_owner(served)
        assert client.get("/api/v1/status").status_code == 401
        assert client.get("/documents").headers["location"] == "/login?next=%2Fdocuments"
        with served.app.database.transaction() as tx:  # whatever happens to the owner, it stays locked
            tx.remove_person("ada")
        assert client.get("/api/v1/status").status_code == 401


def test_the_link_of_the_server_makes_one_owner_and_is_void_then(tmp_path: Path):
    with serving(tmp_path) as (client, served):
        with_owner(served)
        with served.app.database.transaction() as tx:
            tx.remove_person("ada")
        link = f"/setup?token={served.setup_token}"
        page = client.get(link)
        assert page.status_code == 200
        assert "Local mode" not in page.text
        fields = {"token": served.local_form_token, "setup": served.setup_token, "name": "grace", "password": "short"}
        assert client.post("/setup", data={**fields, "setup": "wrong"}).status_code == 403
        assert client.post("/setup", data={**fields, "token": "wrong"}).status_code == 403
        assert client.post("/setup", data=fields).status_code == 400
        assert client.get("/api/v1/status").status_code == 200, "nothing has happened yet"
        done = client.post("/setup", data={**fields, "password": PASSWORD})
        assert (done.status_code, done.headers["location"]) == (303, "/")
        assert client.get("/").status_code == 200
        for used in (another(served).get(link), another(served).post("/setup", data={**fields, "password": PASSWORD})):
            assert used.headers["location"] == "/login"
        assert [each.person for each in accounts.accounts(served.app, ADMINISTRATOR)] == ["grace"]


@pytest.mark.parametrize("token", ["", "wrong", "\xe9"])
def test_without_the_link_nobody_becomes_the_owner(tmp_path: Path, token: str):
    with serving(tmp_path) as (client, served):
        assert client.get("/setup", params={"token": token}).status_code == 403
        fields = {"token": served.local_form_token, "setup": token, "name": "eve", "password": PASSWORD}
        assert client.post("/setup", data=fields).status_code == 403
        for body in ({"name": "eve", "role": "owner", "password": PASSWORD}, {"name": "eve", "password": PASSWORD}):
            assert client.post("/api/v1/people", json=body).status_code == 409
        assert client.post("/api/v1/keys", json={"name": "k"}).status_code in {404, 409}
        assert not accounts.has_owner(served.app)


# ---------------------------------------------------------------- sessions


def test_signing_in_leads_where_one_was_going_and_out_ends_the_session(house: tuple[TestClient, Served]):
    client, served = house
    there = client.get("/documents?query=two%20words").headers["location"]
    assert there == "/login?next=%2Fdocuments%3Fquery%3Dtwo%2520words"
    assert 'value="/documents?query=two%20words"' in client.get(there).text
    done = sign_in(client, served, to="/documents?query=two%20words")
    assert (done.status_code, done.headers["location"]) == (303, "/documents?query=two%20words")
    assert client.get("/documents").status_code == 200
    stolen = dict(client.cookies)
    out = client.post("/logout", data={"token": token_of(client, served)})
    assert out.headers["location"] == "/login"
    assert client.get("/api/v1/keys").status_code == 401
    assert another(served, cookies=stolen).get("/api/v1/keys").status_code == 401, "the cookie is worth nothing any more"


ELSEWHERE = [
    *(
        "//evil.example",
        "/\\evil.example",
        "https://evil.example",
        "/\t/evil.example",
        "javascript:alert(1)",
        "evil",
        "\\/evil.example",
    ),
    *(" //evil.example", "/%0d%0aSet-Cookie:x=y\r\nx", "/\n/evil.example", "/x" * 1500, "/login?next=/", "/logout", ""),
]


def test_nobody_is_led_to_another_site(house: tuple[TestClient, Served]):
    client, served = house
    for wanted in ELSEWHERE:
        assert 'name="next" value="/"' in client.get("/login", params={"next": wanted}).text, wanted
        done = sign_in(client, served, to=wanted)
        assert (done.status_code, done.headers["location"]) == (303, "/"), wanted


def test_a_cookie_that_was_there_before_is_not_the_one_after(house: tuple[TestClient, Served]):
    client, served = house
    fields = {"token": served.local_form_token, "name": "ada", "password": PASSWORD}
    client.post("/login", data=fields, headers={"Cookie": f"{cookie_name(served)}=chosen by somebody else"})
    first = client.cookies[cookie_name(served)]
    assert first != "chosen by somebody else"
    sign_in(client, served)
    assert client.cookies[cookie_name(served)] != first
    assert sessions.present(served.app, digest_of(first)) is None
    assert sessions.present(served.app, digest_of("chosen by somebody else")) is None


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(house: tuple[TestClient, Served]):
    given = sign_in(*house).headers["set-cookie"]
    assert {"HttpOnly", "SameSite=lax", "Path=/"} <= set(given.split("; "))
    assert "Domain" not in given


def test_behind_https_the_cookie_is_for_https_and_this_host_alone(tmp_path: Path):
    with serving(tmp_path) as (_, served):
        with_owner(served)
        settings = served.app.workspace.settings
        public = settings.serve.model_copy(update={"url": "https://ask.example.org"})
        object.__setattr__(settings, "serve", public)
        browser = TestClient(application(served), base_url="https://ask.example.org", follow_redirects=False)
        fields = {"token": served.local_form_token, "name": "ada", "password": PASSWORD}
        done = browser.post("/login", data=fields, headers={"Origin": "https://ask.example.org"})
        assert done.status_code == 303, done.text
        given = done.headers["set-cookie"]
        assert given.startswith("__Host-")
        assert {"HttpOnly", "Secure", "Path=/"} <= set(given.split("; "))
        assert browser.get("/people").status_code == 200
        assert browser.get("/people", headers={"Host": "evil.example"}).status_code == 403
        assert browser.get("/people", headers={"Origin": "http://ask.example.org"}).status_code == 403


def test_a_wrong_password_is_told_on_the_page_and_too_many_have_to_wait(house: tuple[TestClient, Served]):
    client, served = house
    for name in ("ada", "<b>nobody</b>"):
        wrong = sign_in(client, served, name, password="not the password")
        assert wrong.status_code == 401
        assert "name or password is wrong" in wrong.text
        assert "<b>" not in wrong.text
        assert "not the password" not in wrong.text
    assert sign_in(client, served, "ada\0").status_code == 400
    assert sign_in(client, served, "x" * 5_000, password="\ufdfa" * 1_000).status_code == 401
    assert sign_in(client, served, "x" * 20_000).status_code == 413
    refused = [sign_in(client, served, "ada", password="not the password") for _ in range(8)]
    waiting = [response for response in refused if response.status_code == 429]
    assert waiting
    assert all("try again in" in response.text and int(response.headers["retry-after"]) for response in waiting)
    assert client.get("/api/v1/keys").status_code == 401


def test_a_session_that_is_over_is_refused(house: tuple[TestClient, Served]):
    client, served = house
    sign_in(client, served)
    assert client.get("/people").status_code == 200
    served.app.clock.now += timedelta(hours=73)
    assert client.get("/people").headers["location"].startswith("/login")
    assert client.get("/api/v1/keys").status_code == 401


def test_when_somebody_was_seen_is_noted_but_not_each_time(house: tuple[TestClient, Served]):
    client, served = house
    key = bearer(served, "ada", scopes=["ask", "self"])
    sign_in(client, served)

    def noted() -> tuple[Any, Any]:
        served._notes.submit(lambda: None).result()  # what is noted beside the requests is noted
        with served.app.database.reading() as tx:
            return tx.session(digest_of(client.cookies[cookie_name(served)]))[0].seen_at, tx.api_keys()[0].used_at

    def use() -> tuple[Any, Any]:
        assert client.get("/api/v1/keys").status_code == client.get("/api/v1/keys", headers=key).status_code == 200
        return noted()

    first = use()
    assert first[1] is not None
    assert use() == first, "within a minute"
    served.app.clock.now += timedelta(minutes=2)
    seen, used = use()
    assert seen > first[0]
    assert used > first[1]


def test_a_full_disk_keeps_nobody_out(house: tuple[TestClient, Served], monkeypatch: pytest.MonkeyPatch):
    client, served = house
    key = bearer(served, "ada", scopes=["ask", "self"])

    def full(*_: object) -> None:
        raise StorageFull("the disk is full", "free some space")

    monkeypatch.setattr("firmground.app.access.keys.used", full)
    for _ in range(2):
        assert client.get("/api/v1/keys", headers=key).status_code == 200
        served._notes.submit(lambda: None).result()
    assert served._noting == set()


# ---------------------------------------------------------------- what other sites could do


def test_a_session_changes_nothing_without_the_token_of_its_pages(house: tuple[TestClient, Served]):
    client, served = house
    sign_in(client, served)
    for method, path in sorted(set(CHANGES)):
        for token in ("", "wrong", "x" if is_open(path) else served.local_form_token):
            shown = {"X-Firmground-Token": token} if token and not is_page(path) else {}
            response = request(client, method, path, {"token": token, "name": "x", "question": "x"}, headers=shown)
            assert response.status_code == 403, (method, path, response.text)
    with served.app.database.reading() as tx:
        assert (tx.people().keys(), tx.api_keys(), tx.traces()) == ({"ada"}, [], [])


def test_with_the_token_a_session_may_use_the_interface_for_programs(house: tuple[TestClient, Served]):
    client, served = house
    sign_in(client, served)
    token = {"X-Firmground-Token": token_of(client, served)}
    assert f'content="{token["X-Firmground-Token"]}"' in client.get("/people").text
    assert client.post("/api/v1/search", json={"query": "vacation"}, headers=token).status_code == 200
    forged = [{"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}]
    for more in forged:
        assert client.post("/api/v1/search", json={"query": "vacation"}, headers=token | more).status_code == 403
        assert another(served).post("/login", data={}, headers=more).status_code == 403
    other = another(served)
    sign_in(other, served)
    assert other.post("/api/v1/search", json={"query": "x"}, headers=token).status_code == 403, "the token of another session"


# ---------------------------------------------------------------- keys


def test_a_key_acts_with_the_rights_its_person_has_now(house: tuple[TestClient, Served]):
    client, served = house
    with_account(served, "bob", groups=("hr",))
    key = bearer(served, "bob")
    assert client.get("/api/v1/documents", headers=key).status_code == 200
    assert client.post("/api/v1/search", json={"query": "vacation"}, headers=key).status_code == 200
    assert client.get("/documents", headers=key).status_code == 200
    assert client.get("/api/v1/status", headers=key).status_code == 403
    people.remove_person(served.app, ADMINISTRATOR, "bob")
    for path in ("/api/v1/documents", "/people", "/v1/models"):
        assert client.get(path, headers=key).status_code == 401


def test_who_finds_a_key_gets_no_more_from_it_than_it_lasts(house: tuple[TestClient, Served]):
    client, served = house
    with_account(served, "bob")
    key = bearer(served, "bob")
    assert client.post("/api/v1/keys", json={"name": "more"}, headers=key).status_code == 403
    forms = {"/keys/add": {"name": "more"}, "/account/password": {"old": PASSWORD, "password": "eve's own password"}}
    for act, fields in forms.items():
        assert client.post(act, data=fields, headers=key).status_code == 403
    assert [each.name for each in keys.keys(served.app, ADMINISTRATOR)] == ["key"]
    assert sign_in(client, served, "bob").status_code == 303


@pytest.mark.parametrize("host", ["192.168.1.7:8420", "ask.example.org"])
def test_with_accounts_any_name_is_good_unless_some_are_named(house: tuple[TestClient, Served], host: str):
    client, served = house
    key = bearer(served, "ada", scopes=["ask", "self"])
    assert client.get("/api/v1/keys", headers=key | {"Host": host}).status_code == 200
    assert client.get("/api/v1/keys", headers=key | {"Host": ""}).status_code == 403
    settings = served.app.workspace.settings
    object.__setattr__(settings, "serve", settings.serve.model_copy(update={"hosts": ("Other.example",)}))
    client = another(served)
    assert client.get("/api/v1/keys", headers=key | {"Host": host}).status_code == 403
    assert client.get("/healthz", headers={"Host": host}).status_code == 200, "watched over by any name"
    for good in ("other.example:99", "127.0.0.1:8420"):
        assert client.get("/api/v1/keys", headers=key | {"Host": good}).status_code == 200


def test_who_fails_behind_the_same_address_keeps_no_browser_out_that_signed_in_before(tmp_path: Path):
    with serving(tmp_path) as (client, served):
        with_owner(served)
        marked = sign_in(client, served).headers.get_list("set-cookie")[1]
        assert marked.startswith(cookie_name(served).replace("session", "browser") + "=")
        assert {"HttpOnly", "Path=/login", "SameSite=lax"} <= {part.strip() for part in marked.split(";")}
        stranger = TestClient(client.app, base_url=HERE, follow_redirects=False)
        refused = [sign_in(stranger, served, password="wrong and wrong").status_code for _ in range(25)]
        assert refused[-1] == 429
        assert sign_in(stranger, served).status_code == 429
        del client.cookies[cookie_name(served)]
        assert sign_in(client, served).status_code == 303
