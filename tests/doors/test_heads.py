"""Whether something is there can be asked without having it sent: monitors, link checkers and mail programs do."""

from collections.abc import Generator

import pytest
from listening import Listening, listening


@pytest.fixture(scope="module")
def quotes(tmp_path_factory: pytest.TempPathFactory) -> Generator[Listening]:
    with listening(tmp_path_factory.mktemp("quotes"), said=False) as site:
        yield site


@pytest.mark.parametrize("path", ["/", "/documents", "/me", "/jobs", "/healthz", "/readyz", "/static/ask.js", "/answers/none"])
def test_a_head_is_that_of_the_page_without_its_body(quotes: Listening, path: str):
    whole, head = quotes.client.get(path), quotes.client.head(path)
    assert head.content == b""
    assert head.status_code == whole.status_code
    for name in ("content-type", "content-security-policy", "x-frame-options"):
        assert head.headers.get(name) == whole.headers.get(name)


def test_a_head_of_what_only_takes_orders_is_refused_with_what_it_takes(quotes: Listening):
    refused = quotes.client.head("/logout")
    assert (refused.status_code, refused.headers["allow"]) == (405, "POST")


def test_a_head_starts_no_stream_of_the_api(quotes: Listening):
    refused = quotes.client.head("/api/v1/answers")
    assert refused.status_code == 405
    assert "GET" in refused.headers["allow"]


def test_the_connection_goes_on_after_a_head(quotes: Listening):
    for _ in range(3):
        assert quotes.client.head("/").status_code == 200
        assert "<h1" in quotes.client.get("/").text
