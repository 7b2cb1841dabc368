"""What pages of other sites may do: ask with a key for their site, and nothing else."""

import gzip
import json
from collections.abc import Generator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from listening import listening, until
from serving import HERE, serving
from starlette.testclient import TestClient

from firmground.app.access.accounts import create_owner
from firmground.app.access.keys import add_key, add_widget_key, remove_key
from firmground.testing.app import ADMINISTRATOR, Ticking, make_live
from firmground.testing.model_server import Reply
from firmground.web.served import Served

SITE = "https://intranet.example.org"
SLOW = Reply(delay=0.01, pieces="token")
QUESTION = {"question": "how many vacation days may I carry over?"}
ME = {"X-Firmground-Visitor": "0123456789abcdef" * 2}
ASKS = {
    "Access-Control-Request-Method": "POST",
    "Access-Control-Request-Headers": "authorization,content-type,x-firmground-visitor",
}


class Page:
    """A page of another site, with a key in it."""

    def __init__(self, client: TestClient, served: Served, secret: str, origin: str = SITE) -> None:
        self.client, self.served, self.secret, self.origin = client, served, secret, origin

    def send(self, method: str, path: str, body: object = None, *, visitor: str = ME["X-Firmground-Visitor"], **headers: str):
        sent = {"Authorization": f"Bearer {self.secret}", "X-Firmground-Visitor": visitor, "Sec-Fetch-Site": "cross-site"}
        sent |= {"Origin": self.origin} if self.origin else {}
        return self.client.request(method, path, json=body, headers={**sent, **headers})

    def ask(self, **more: str):
        return self.send("POST", "/api/v1/answers", QUESTION, **more)


@contextmanager
def elsewhere(place: Path, groups: tuple[str, ...] = ("everyone",)) -> Generator[Page]:
    with serving(place) as (client, served):
        create_owner(served.app, "olga", "correct horse battery staple")
        make_live(served.app)
        _, secret = add_widget_key(served.app, ADMINISTRATOR, "intranet", origins=[SITE], groups=groups)
        yield Page(client, served, secret)


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Generator[Page]:
    """For tests that change nothing."""
    with elsewhere(tmp_path_factory.mktemp("elsewhere")) as page:
        yield page


def test_a_page_of_a_site_that_a_key_names_asks_and_reads_the_answer(page: Page):
    response = page.ask()
    assert "five vacation days" in response.json()["text"]
    assert response.headers["access-control-allow-origin"] == SITE
    assert "Origin" in response.headers["vary"]
    assert "access-control-allow-credentials" not in response.headers
    events = page.send("GET", f"/api/v1/answers/{response.json()['id']}/events")
    assert "event: done" in events.text
    assert events.headers["access-control-allow-origin"] == SITE


def test_such_a_page_is_told_the_known_limitations_and_not_who_works_here(page: Page):
    file = page.served.app.workspace.root / "brief.toml"
    file.write_text(
        "known_limitations = ['It knows no mail.']\nblocked_actions = ['x']\nworkflow_owner = 'Ada'\nalert_owner = 'Bo'"
    )
    response = page.send("GET", "/api/v1/brief")
    file.unlink()
    told = response.json()
    assert {name for name, value in told["for_askers"].items() if value} == {"known_limitations"}
    assert (told["brief"], told["problems"]) == (None, [])
    assert response.headers["access-control-allow-origin"] == SITE
    assert page.send("PUT", "/api/v1/brief", {}, **{"If-Match": response.headers["etag"]}).status_code == 403


def test_a_browser_that_asks_first_is_told_what_a_widget_needs_and_no_more(page: Page):
    response = page.client.options("/api/v1/answers", headers={"Origin": SITE, **ASKS})
    assert response.status_code == 204
    told = {name: value for name, value in response.headers.items() if name.startswith("access-control")}
    assert told == {
        "access-control-allow-origin": SITE,
        "access-control-allow-methods": "POST",
        "access-control-allow-headers": "Authorization, Content-Type, Idempotency-Key, Last-Event-ID, X-Firmground-Visitor",
        "access-control-max-age": "600",
    }
    assert "Origin" in response.headers["vary"]


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/api/v1/answers", {"Origin": "https://evil.example.org"}),
        ("/api/v1/answers", {"Origin": "null"}),
        ("/api/v1/answers", {"Origin": SITE + "."}),
        ("/api/v1/answers", {"Origin": "http://intranet.example.org"}),
        ("/api/v1/answers", {"Access-Control-Request-Method": "GET"}),
        ("/api/v1/answers", {"Access-Control-Request-Method": "DELETE"}),
        ("/api/v1/answers", {"Access-Control-Request-Headers": "authorization,x-firmground-token"}),
        ("/api/v1/answers/x/events", {}),
        ("/api/v1/answers/x", {"Access-Control-Request-Method": "GET"}),
        ("/api/v1/answers/x/review", {}),
        ("/api/v1/brief", {"Access-Control-Request-Method": "PUT"}),
        ("/api/v1/search", {}),
        ("/api/v1/documents", {"Access-Control-Request-Method": "GET"}),
        ("/v1/chat/completions", {}),
        ("/mcp", {}),
        ("/login", {}),
        ("/", {}),
    ],
)
def test_for_anything_else_there_is_no_consent(page: Page, path: str, headers: dict[str, str]):
    response = page.client.options(path, headers={"Origin": SITE, **ASKS, **headers})
    assert response.status_code == 403
    if "access-control-allow-origin" in response.headers:  # the site is known, but wants too much
        assert response.headers["access-control-allow-origin"] == SITE
    assert "access-control-allow-headers" not in response.headers


@pytest.mark.parametrize("origin", ["https://evil.example.org", "null", "", HERE, "http://intranet.example.org"])
def test_the_key_is_refused_from_any_other_site_and_from_none(page: Page, origin: str):
    response = Page(page.client, page.served, page.secret, origin).ask()
    assert response.status_code == 403
    assert "access-control-allow-origin" not in response.headers


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/v1/answers"),
        ("GET", "/api/v1/answers/x"),
        ("POST", "/api/v1/answers/x/review"),
        ("POST", "/api/v1/search"),
        ("GET", "/api/v1/documents"),
        ("POST", "/api/v1/sync"),
        ("GET", "/api/v1/status"),
        ("GET", "/api/v1/me"),
        ("GET", "/v1/models"),
        ("POST", "/v1/chat/completions"),
        ("POST", "/mcp"),
        ("GET", "/openapi.json"),
        ("GET", "/"),
        ("GET", "/documents"),
    ],
)
def test_the_key_is_for_asking_only(page: Page, method: str, path: str):
    response = page.send(method, path, {} if method == "POST" else None)
    assert response.status_code == 403
    assert "access-control-allow-origin" not in response.headers


def test_a_site_that_is_consented_to_gets_nowhere_with_another_key_or_a_session(tmp_path: Path):
    with elsewhere(tmp_path) as page:
        app = page.served.app
        _, page.secret = add_key(app, ADMINISTRATOR.model_copy(update={"person": "olga", "via": "cli"}), "hers", person="olga")
        assert page.ask().status_code == 403
        page.secret = "fg_unknown"
        unknown = page.ask()
        assert (unknown.status_code, unknown.headers["access-control-allow-origin"]) == (401, SITE)
        signed_in = page.client.post("/api/v1/answers", json=QUESTION, headers={"Origin": SITE, **ME})
        assert signed_in.status_code == 401


def test_once_a_key_is_removed_or_over_its_site_is_a_stranger(tmp_path: Path):
    with elsewhere(tmp_path) as page:
        app = page.served.app
        assert page.ask().status_code == 200
        remove_key(app, ADMINISTRATOR, "intranet")
        assert page.ask().status_code == 401
        assert page.client.options("/api/v1/answers", headers={"Origin": SITE, **ASKS}).status_code == 403
        _, page.secret = add_widget_key(app, ADMINISTRATOR, "intranet", origins=["https://other.example.org"], groups=[])
        assert page.ask().status_code == 403
        _, page.secret = add_widget_key(app, ADMINISTRATOR, "short", origins=[SITE], groups=["everyone"], days=1)
        assert page.ask().status_code == 200
        clock = app.clock
        assert isinstance(clock, Ticking)
        clock.now += timedelta(days=2)
        assert page.ask().status_code == 401
        assert page.client.options("/api/v1/answers", headers={"Origin": SITE, **ASKS}).status_code == 403


def test_visitors_do_not_see_each_others_answers_nor_go_on_with_them(page: Page):
    mine = page.ask().json()
    other = "f" * 32
    assert page.send("GET", f"/api/v1/answers/{mine['id']}/events", visitor=other).status_code == 404
    follow = {"question": "and trains?", "conversation": mine["conversation"]}
    assert page.send("POST", "/api/v1/answers", follow, visitor=other).status_code == 404
    assert page.send("POST", f"/api/v1/answers/{mine['id']}/feedback", {"verdict": "up"}, visitor=other).status_code == 404
    assert page.send("POST", "/api/v1/answers", follow).status_code == 200
    assert page.send("POST", f"/api/v1/answers/{mine['id']}/feedback", {"verdict": "up"}).status_code == 200


@pytest.mark.parametrize("visitor", ["", "me", "0123456789abcdef", "F" * 32, "g" * 32, "a" * 31, "a" * 65])
def test_a_visitor_needs_an_id_that_nobody_guesses(page: Page, visitor: str):
    response = page.ask(visitor=visitor)
    assert (response.status_code, response.json()["type"]) == (400, "urn:firmground:problem:malformed-request")


def test_the_key_sees_what_its_groups_may_see(tmp_path: Path):
    with elsewhere(tmp_path, groups=()) as page:
        assert page.ask().json()["status"] == "abstained"


def test_one_key_cannot_take_all_the_room(tmp_path: Path):
    with listening(tmp_path, default=SLOW, streams={"most_of_a_page": 1}) as on:
        create_owner(on.app, "olga", "correct horse battery staple")
        make_live(on.app)
        asking: dict[str, dict[str, str]] = {}
        for name in ("one", "two"):
            _, secret = add_widget_key(on.app, ADMINISTRATOR, name, origins=[SITE], groups=["everyone"])
            asking[name] = {"Authorization": f"Bearer {secret}", "Origin": SITE, **ME}
        with on.stream(headers=asking["one"]) as (_, stream):
            next(stream)
            refused = on.ask(headers={**asking["one"], "X-Firmground-Visitor": "f" * 32})
            assert (refused.status_code, refused.headers["access-control-allow-origin"]) == (503, SITE)
            assert on.ask(headers=asking["two"]).status_code == 200
            assert list(stream)[-1][1] == "done"
        until(lambda: on.ask(headers=asking["one"]).status_code == 200)


def test_before_there_is_an_owner_no_other_site_is_let_in(tmp_path: Path):
    with serving(tmp_path) as (client, _):
        headers = {"Origin": SITE, "Authorization": "Bearer fg_x", **ME}
        assert client.post("/api/v1/answers", json=QUESTION, headers=headers).status_code == 403
        assert client.options("/api/v1/answers", headers={"Origin": SITE, **ASKS}).status_code == 403


def test_the_script_is_for_every_site_and_kept_by_browsers(page: Page):
    response = page.client.get("/widget.js", headers={"Sec-Fetch-Site": "cross-site", "Accept-Encoding": "identity"})
    assert response.headers["content-type"].startswith("text/javascript")
    assert response.headers["cross-origin-resource-policy"] == "cross-origin"
    assert "max-age=3600" in response.headers["cache-control"]
    assert "set-cookie" not in response.headers
    again = page.client.get("/widget.js", headers={"If-None-Match": response.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    packed = page.client.get("/widget.js", headers={"Accept-Encoding": "gzip"})
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.content == response.content
    assert len(gzip.compress(response.content)) < 10_000
    assert page.client.get("/static/style.css").headers["cross-origin-resource-policy"] == "same-origin"


def test_the_script_has_its_texts_in_every_language(page: Page):
    script = page.client.get("/widget.js").text
    texts = json.loads(script.partition("const TEXTS = ")[2].partition(";\n")[0])
    assert texts["en"]["ask"] == "Ask"
    assert set(texts) == {"en", "de"}
    assert texts["de"].keys() == texts["en"].keys()
    assert texts["de"]["stop"] == "Anhalten"
