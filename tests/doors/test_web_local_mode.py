"""Until accounts exist the server is for this machine, and for nobody who speaks through it."""

import http.cookies
import socket
import threading
from collections.abc import Generator
from pathlib import Path

import pytest
from serving import HERE, JSON, serving
from starlette.testclient import TestClient

from firmground.errors import OutsideFailed, Refused
from firmground.testing.app import Bench
from firmground.web import bodies
from firmground.web.served import Served
from firmground.web.server import run

FORBIDDEN = "urn:firmground:problem:forbidden"


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Generator[TestClient]:
    with serving(tmp_path_factory.mktemp("served")) as (client, _):
        yield client


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.7", "example.com", ""])
def test_an_address_that_others_reach_is_refused(host: str, tmp_path: Path):
    with (
        Bench(tmp_path).app() as app,
        pytest.raises(Refused, match=r"there is no owner yet: make one with .*, or listen on 127\.0\.0\.1"),
    ):
        run(app, host=host, port=0, ready=print)


def test_a_taken_port_is_one_line_that_says_what_to_do(tmp_path: Path):
    with socket.create_server(("127.0.0.1", 0)) as taken, Bench(tmp_path).app() as app:
        port = taken.getsockname()[1]
        with pytest.raises(
            OutsideFailed, match=rf"port {port} cannot be used .*: stop what listens there, or choose another with --port"
        ):
            run(app, host="localhost", port=port, ready=print)


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8420", "127.0.0.1.evil.example", "192.168.1.7:8420", "", "[", "a b"]
)
@pytest.mark.parametrize("path", ["/", "/healthz", "/api/v1/status", "/static/style.css"])
def test_a_foreign_host_is_refused_everywhere(client: TestClient, host: str, path: str):
    assert client.get(path, headers={"Host": host}).status_code == 403


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost:9000", "[::1]:8420", "LOCALHOST"])
def test_every_name_of_this_machine_is_let_in(client: TestClient, host: str):
    assert client.get("/healthz", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:9999", "http://localhost:8420"])
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_a_foreign_origin_is_refused(client: TestClient, origin: str, method: str):
    response = client.request(method, "/api/v1/status", headers={**JSON, "Origin": origin})
    assert (response.status_code, response.json()["type"]) == (403, FORBIDDEN)


def test_our_own_origin_is_let_in(client: TestClient):
    response = client.post("/api/v1/search", json={"query": "vacation"}, headers={"Origin": HERE})
    assert response.status_code == 200


def test_a_request_that_the_browser_calls_foreign_is_refused(client: TestClient):
    for site in ("cross-site", "same-site"):
        response = client.post("/api/v1/search", json={"query": "x"}, headers={"Sec-Fetch-Site": site})
        assert response.status_code == 403


@pytest.mark.parametrize("kind", ["", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"])
@pytest.mark.parametrize("path", ["answers", "search", "sync"])
def test_what_a_form_of_another_site_could_send_is_no_json(client: TestClient, kind: str, path: str):
    response = client.post(f"/api/v1/{path}", content=b'{"question": "x"}', headers={"Content-Type": kind})
    assert (response.status_code, response.json()["type"]) == (415, "urn:firmground:problem:wrong-media-type")


@pytest.mark.parametrize("path", ["/", "/documents/sync"])
@pytest.mark.parametrize("token", ["", "wrong", "ä"])
def test_a_form_without_our_token_does_nothing(client: TestClient, path: str, token: str):
    response = client.post(path, data={"question": "how many vacation days", "token": token})
    assert response.status_code == 403
    assert "load the page again" in response.text
    assert client.get("/api/v1/status").json()["jobs"] == []


def test_every_page_says_that_it_is_in_local_mode(client: TestClient):
    for path in ("/", "/documents", "/nowhere"):
        assert "Local mode." in client.get(path).text


def test_no_response_leaves_without_its_headers(client: TestClient):
    responses = [
        client.get("/"),
        client.get("/static/style.css"),
        client.get("/api/v1/nowhere"),
        client.get("/", headers={"Host": "evil.example"}),
        client.post("/api/v1/search", json={"query": ""}),
    ]
    for response in responses:
        policy = response.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "script-src 'self';" in policy
        assert "unsafe" not in policy
        assert "unsafe" not in policy
        assert response.headers["x-content-type-options"] == "nosniff"
        assert response.headers["x-request-id"]


def test_a_request_keeps_the_id_it_came_with_unless_it_is_strange(client: TestClient):
    assert client.get("/healthz", headers={"X-Request-ID": "abc-1"}).headers["x-request-id"] == "abc-1"
    assert client.get("/healthz", headers={"X-Request-ID": "a<b>"}).headers["x-request-id"] != "a<b>"


def test_a_body_that_is_too_large_is_refused_announced_or_not(client: TestClient):
    large = b'{"query": "' + b"x" * bodies.LARGEST + b'"}'
    announced = client.post("/api/v1/search", content=large, headers=JSON)
    streamed = client.post("/api/v1/search", content=iter([large[:500_000], large[500_000:]]), headers=JSON)
    for response in (announced, streamed):
        assert (response.status_code, response.json()["type"]) == (413, "urn:firmground:problem:too-large")


@pytest.mark.parametrize("target", ["/%ff", "/api/v1/documents/%00", "/documents?query=%fe", "/documents?query=%1b[2J"])
def test_an_address_that_is_no_text_is_malformed(client: TestClient, target: str):
    assert client.get(target).status_code == 400


def test_an_endless_address_is_refused(client: TestClient):
    assert client.get("/documents?query=" + "x" * 9000).status_code == 413


def test_more_requests_than_the_server_can_hold_are_refused_at_once(tmp_path: Path):
    with Bench(tmp_path).app() as app:
        served = Served(app, threads=1, waiting=0)
        assert served.open_parts()
        client = TestClient(edge_of(served), base_url=HERE, raise_server_exceptions=False)
        assert client.get("/api/v1/status").status_code == 200
        end = threading.Event()
        served._turns["person"].take("", end.wait)
        response = client.get("/api/v1/status")
        assert (response.status_code, response.json()["type"]) == (503, "urn:firmground:problem:overloaded")
        assert response.headers["retry-after"]
        assert client.get("/healthz").status_code == 200
        end.set()
        served.close()


def edge_of(served: Served):
    from firmground.web.application import application

    return application(served)


def test_nobody_undoes_the_quotes_of_a_cookie(client: TestClient, monkeypatch: pytest.MonkeyPatch):
    undone: list[str] = []
    monkeypatch.setattr(http.cookies, "_unquote", lambda value: undone.append(value) or value)
    assert client.get("/", headers={"Cookie": 'a="\\\\\\"; b=c'}).status_code == 200
    assert not [value for value in undone if '"' in value]
