"""A webhook is signed with its moment, goes nowhere but where it should, and waits for nobody for long."""

import hmac
import http.server
import ssl
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from servers import certificate, site, status

from firmground.errors import InvalidInput, NotTaken
from firmground.sending.webhook import Webhooks, signature

AT = datetime(2026, 11, 23, 10, tzinfo=UTC)


def send(url: str, hooks: Webhooks | None = None, key: str = "") -> None:
    (hooks or Webhooks()).send(url, b'{"a": 1}', id="one", at=AT, key=key)


def at(*addresses: str) -> Webhooks:
    return Webhooks(resolve=lambda host, port: list(addresses))


def test_a_receiver_can_tell_who_sent_it_when_and_whether_it_came_before():
    with site(status(204)) as (port, got):
        send(f"http://127.0.0.1:{port}/hook?token=x", key="s3cret")
        send(f"http://127.0.0.1:{port}")
    (path, headers, body), (root, unsigned, _) = got
    assert (path, root, body) == ("/hook?token=x", "/", b'{"a": 1}')
    stamp = headers["x-firmground-timestamp"]
    assert int(stamp) == AT.timestamp()
    expected = hmac.new(b"s3cret", stamp.encode() + b"." + body, "sha256").hexdigest()
    assert headers["x-firmground-signature"] == f"sha256={expected}" == signature("s3cret", body, stamp)
    assert headers["x-firmground-id"] == "one"
    assert headers["content-type"] == "application/json"
    assert "x-firmground-signature" not in unsigned


@pytest.mark.parametrize(
    ("code", "whole"), [(302, True), (400, False), (401, True), (404, True), (410, True), (413, False), (422, False), (500, True)]
)
def test_what_is_not_taken_is_told_and_no_redirect_followed(code: int, whole: bool):
    with site(status(code, b"no\x00_text <b>\n", Location="/elsewhere")) as (port, got):
        with pytest.raises(NotTaken, match=f"answered {code} .no _text <b>") as refused:
            send(f"http://127.0.0.1:{port}/hook")
        assert (refused.value.whole, refused.value.final, len(got)) == (whole, False, 1)


def test_a_server_that_asks_for_time_is_given_it_within_reason():
    for said, wait in (("120", 120), ("999999999", 6 * 3600), ("Wed, 21 Oct 2026 07:28:00 GMT", 0), ("-5", 0)):
        with site(status(503, Retry_After=said)) as (port, _), pytest.raises(NotTaken) as refused:
            send(f"http://127.0.0.1:{port}")
        assert refused.value.after == wait


def test_whoever_answers_in_drops_is_left_in_time():
    def drops(handler: http.server.BaseHTTPRequestHandler) -> None:
        try:
            for _ in range(100):
                handler.wfile.write(b"H")
                time.sleep(0.05)
        except OSError:
            return

    with site(drops) as (port, _), pytest.raises(NotTaken, match=r"longer than 0\.3 seconds"):
        send(f"http://127.0.0.1:{port}", Webhooks(seconds=0.3))


def test_of_a_long_answer_little_is_read():
    with site(status(500, b"x" * 1_000_000)) as (port, _), pytest.raises(NotTaken) as refused:
        send(f"http://127.0.0.1:{port}")
    assert len(str(refused.value)) < 300


@pytest.mark.parametrize(
    "address",
    [
        "169.254.169.254",
        "169.254.1.1",
        "fe80::1",
        "::ffff:169.254.169.254",
        "fd00:ec2::254",
        "100.100.100.200",
        "0.0.0.0",
        "224.0.0.1",
    ],
)
def test_nothing_is_sent_where_machines_are_told_secrets(address: str):
    with pytest.raises(InvalidInput, match="no message may be sent"):
        send("https://hooks.example.org/x", at(address))


def test_nothing_leaves_this_machine_without_encryption():
    for address in ("192.0.2.1", "10.0.0.1", "::ffff:10.0.0.1"):
        with pytest.raises(InvalidInput, match="without encryption"):
            send("http://hooks.example.org/x", at(address))


def test_a_name_that_leads_elsewhere_does_not_lead_there():
    with site(status(204)) as (port, got):
        with pytest.raises(InvalidInput):
            send(f"https://hooks.example.org:{port}/", at("169.254.169.254", "127.0.0.1"))
        send(f"http://hooks.example.org:{port}/", at("127.0.0.1"))
    assert [headers["host"] for _, headers, _ in got] == [f"hooks.example.org:{port}"]


def test_only_whom_a_certificate_names_gets_it(tmp_path: Path):
    path = certificate(tmp_path)
    secure = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    secure.load_cert_chain(path)
    trust = ssl.create_default_context(cafile=str(path))
    with site(status(204), secure) as (port, got):
        send(f"https://localhost:{port}/", Webhooks(resolve=lambda host, port: ["127.0.0.1"], trust=trust))
        assert len(got) == 1
    for host, known in (("other.example.org", trust), ("localhost", None)):
        with site(status(204), secure) as (port, got), pytest.raises(NotTaken, match="cannot be reached"):
            send(f"https://{host}:{port}/", Webhooks(resolve=lambda host, port: ["127.0.0.1"], trust=known))


@pytest.mark.parametrize(
    "url", ["", "ftp://x", "https://", "https://a b", "https://exämple.org", "https://a\n.org", "file:///etc", "x"]
)
def test_what_is_no_address_is_refused_without_saying_it(url: str):
    with pytest.raises(InvalidInput, match="no address of a web server"):
        send(url)


def test_what_a_server_says_of_the_address_is_not_repeated():
    for words, told in (
        (b"Cannot POST /services/T0-secret-1", ""),
        (b"key T0-secret-1 is old", ""),
        (b"no such hook", " (no such hook)"),
    ):
        with site(status(404, words)) as (port, _), pytest.raises(NotTaken) as refused:
            send(f"http://127.0.0.1:{port}/hook/T0-secret-1?a=b")
        assert str(refused.value).startswith(f"127.0.0.1:{port} answered 404{told}: ")


def test_a_server_that_is_not_there_is_named_without_the_rest_of_its_address():
    with pytest.raises(NotTaken) as refused:
        send("http://127.0.0.1:9/services/secret-token")
    assert "127.0.0.1:9 cannot be reached" in str(refused.value)
    assert "secret-token" not in str(refused.value)
