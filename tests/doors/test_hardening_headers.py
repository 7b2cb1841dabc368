"""Every response leaves with its headers, whatever it is: pages, errors, redirects, files, streams, what nobody asked for."""

import gzip
import hashlib
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest
from inside import bearer, sign_in, with_owner
from planted import planted
from serving import JSON, serving
from starlette.testclient import TestClient

from firmground.web.application import application
from firmground.web.served import Served

Site = tuple[TestClient, Served, dict[str, str]]
REQUESTS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "a page": ("GET", "/", {}),
    "a page with data": ("GET", "/documents/{id}", {}),
    "a file of a document": ("GET", "/documents/{id}/original", {}),
    "a report": ("GET", "/audits/{id}/{file}", {}),
    "cases": ("GET", "/cases.csv", {}),
    "my data": ("GET", "/me/data.zip", {}),
    "our script": ("GET", "/static/page.js", {}),
    "no file": ("GET", "/static/nothing.js", {}),
    "a file outside": ("GET", "/static/..%2f..%2fpyproject.toml", {}),
    "the widget": ("GET", "/widget.js", {}),
    "the description": ("GET", "/openapi.json", {}),
    "health": ("GET", "/healthz", {}),
    "a redirect": ("GET", "/login", {}),
    "no page": ("GET", "/nowhere", {}),
    "no such thing": ("GET", "/api/v1/answers/none", {}),
    "another method": ("DELETE", "/", {}),
    "another method of the API": ("PUT", "/api/v1/search", {"json": {}}),
    "no method": ("BREW", "/", {}),
    "a trace": ("TRACE", "/", {}),
    "options": ("OPTIONS", "/api/v1/answers", {}),
    "a preflight of a stranger": (
        "OPTIONS", "/api/v1/answers", {"headers": {"Origin": "https://a.example", "Access-Control-Request-Method": "POST"}},
    ),
    "a head": ("HEAD", "/", {}),
    "a wrong body": ("POST", "/api/v1/answers", {"content": b"{", "headers": JSON}),
    "a wrong kind": ("POST", "/api/v1/answers", {"content": b"a=1", "headers": {"Content-Type": "text/plain"}}),
    "too much": ("POST", "/api/v1/answers", {"content": b"{}" + b" " * 1_100_000, "headers": JSON}),
    "another host": ("GET", "/", {"headers": {"Host": "evil.example"}}),
    "another origin": ("POST", "/api/v1/answers", {"json": {"question": "a?"}, "headers": {"Origin": "https://evil.example"}}),
    "a form without token": ("POST", "/logout", {"data": {}}),
    "a stream": ("POST", "/api/v1/answers", {"json": {"question": "how many vacation days?", "stream": True}}),
    "a compressed body": ("POST", "/api/v1/answers", {"content": b"\x1f\x8b", "headers": {**JSON, "Content-Encoding": "gzip"}}),
}  # fmt: skip


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Generator[Site]:
    with planted(tmp_path_factory.mktemp("headers") / "place") as made:
        yield made


@pytest.fixture(scope="module")
def owned(tmp_path_factory: pytest.TempPathFactory) -> Generator[tuple[TestClient, Served]]:
    with serving(tmp_path_factory.mktemp("owned")) as (client, served):
        with_owner(served)
        yield client, served


def answered(site: Site, name: str) -> Any:
    client, _, places = site
    method, path, more = REQUESTS[name]
    return client.request(method, places.get(path, path), **more)


@pytest.mark.parametrize("name", REQUESTS)
def test_no_response_is_without_its_headers(site: Site, name: str):
    answer = answered(site, name)
    check(answer)
    assert answer.status_code < 500


def check(answer: Any) -> None:
    headers = answer.headers
    policy = headers["content-security-policy"]
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy
    assert "*" not in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] in {"same-origin", "strict-origin"}
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert "camera=()" in headers["permissions-policy"]
    assert headers["cache-control"]
    assert "server" not in headers
    assert "x-powered-by" not in headers


@pytest.mark.parametrize("name", ["a file of a document", "a report", "cases", "my data"])
def test_what_is_to_be_saved_runs_nowhere(site: Site, name: str):
    answer = answered(site, name)
    assert answer.status_code == 200
    assert answer.headers["content-disposition"].startswith("attachment; filename")
    assert "sandbox" in answer.headers["content-security-policy"]
    assert "script-src" not in answer.headers["content-security-policy"]
    assert not set(answer.headers["content-disposition"]) & set("<>\r\n")
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("name", ["a page", "a page with data", "no such thing", "a redirect", "the description"])
def test_what_is_somebodys_is_kept_by_nobody(site: Site, name: str):
    assert answered(site, name).headers["cache-control"] == "no-store"


def test_an_error_that_nobody_thought_of_leaves_with_its_headers_and_says_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("secret detail")

    with serving(tmp_path) as (client, _):
        monkeypatch.setattr("firmground.web.pages.documents._documents", broken)
        answer = client.get("/documents")
    assert answer.status_code == 500
    assert "secret detail" not in answer.text
    check(answer)


# ---------------------------------------------------------------- cookies, redirects, methods


@pytest.mark.parametrize("url", ["", "https://docs.example.org"])
def test_cookies_are_for_our_pages_alone(tmp_path: Path, url: str):
    with serving(tmp_path) as (local, served):
        client = local
        with_owner(served)
        if url:
            section = served.app.workspace.settings.serve.model_copy(update={"url": url, "hosts": ("127.0.0.1",)})
            settings = served.app.workspace.settings.model_copy(update={"serve": section})
            object.__setattr__(served.app.workspace, "settings", settings)
            client = TestClient(application(served), base_url="https://docs.example.org", follow_redirects=False)
        answer = sign_in(client, served)
        given = [*answer.headers.get_list("set-cookie"), *client.get("/login?lang=de").headers.get_list("set-cookie")]
    assert len(given) >= 2
    for each in given:
        assert "HttpOnly" in each
        assert "samesite=lax" in each.lower()
        assert ("Secure" in each) == bool(url)
        assert "domain=" not in each.lower()
    assert ("strict-transport-security" in answer.headers) == bool(url)


@pytest.mark.parametrize(
    "there",
    ["//evil.example", "/\\evil.example", "https://evil.example", "/%09/evil.example", "\t//evil.example",
     "javascript:alert(1)", "/\t/evil.example",
     "///evil.example", "http:evil.example", "evil.example", "/login?next=//evil.example", "",
     "/\r\nSet-Cookie: a=b", "/@evil.example/../..//x"],
)  # fmt: skip
def test_nobody_is_led_elsewhere_after_signing_in(owned: tuple[TestClient, Served], there: str):
    client, served = owned
    location = sign_in(client, served, to=there).headers["location"]
    page = client.get("/login", params={"next": there})
    assert location.startswith("/")
    assert not location.startswith(("//", "/\\"))
    assert "\t" not in location
    assert page.headers.get("set-cookie", "").count("a=b") == 0


@pytest.mark.parametrize(
    "more",
    [
        {"headers": {"X-HTTP-Method-Override": "DELETE"}},
        {"headers": {"X-Method-Override": "DELETE"}},
        {"params": {"_method": "DELETE"}},
    ],
)
def test_a_method_is_what_it_says(owned: tuple[TestClient, Served], more: dict[str, Any]):
    client, served = owned
    key = bearer(served, "ada", hashlib.sha256(str(more).encode()).hexdigest()[:8] + "a")
    (first, *_) = client.get("/api/v1/documents", headers=key).json()["documents"]
    answer = client.get(f"/api/v1/documents/{first['id']}", **{**more, "headers": {**key, **more.get("headers", {})}})
    assert answer.status_code in {200, 422}
    assert client.get(f"/api/v1/documents/{first['id']}", headers=key).status_code == 200


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "zstd", "gzip, gzip", "identity"])
def test_a_body_that_would_have_to_be_unpacked_is_not(site: Site, encoding: str):
    body = gzip.compress(b'{"question": "' + b"a" * 900_000 + b'"}')
    answer = site[0].post("/api/v1/answers", content=body, headers={**JSON, "Content-Encoding": encoding})
    assert answer.status_code in {400, 415, 422}
