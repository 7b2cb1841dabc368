"""By which names the server is addressed, from which sites, and by whom through proxies."""

from pathlib import Path
from typing import Any

import pytest
from starlette.datastructures import Headers

from firmground.errors import InvalidSettings, Refused
from firmground.settings import ServeSection, load_workspace
from firmground.types import Actor
from firmground.web.origins import check_host, check_origin, loopback, sender
from firmground.web.problems import Forbidden
from firmground.web.visit import Visit


def a_visit(*origins: str) -> Visit:
    served: Any = None
    return Visit(served, Actor(person="ada"), by="widget" if origins else "session", origins=origins)


@pytest.mark.parametrize(
    ("client", "forwarded", "comes_from"),
    [
        ("203.0.113.9", "", "203.0.113.9"),
        ("203.0.113.9", "10.0.0.1", "203.0.113.9"),  # not our proxy, so it may say what it likes
        ("10.0.0.2", "203.0.113.9", "203.0.113.9"),
        ("10.0.0.2", "198.51.100.1, 203.0.113.9", "203.0.113.9"),  # what came before was not said by ours
        ("10.0.0.2", "203.0.113.9, 10.0.0.3", "203.0.113.9"),
        ("10.0.0.2", " , ", "10.0.0.2"),
        ("10.0.0.2", "x" * 500, "x" * 100),
    ],
)
def test_proxies_are_believed_as_far_as_they_are_ours(client: str, forwarded: str, comes_from: str):
    settings = ServeSection(proxies=("10.0.0.2", "10.0.0.3"))
    assert sender({"client": (client, 1)}, Headers({"x-forwarded-for": forwarded}), settings) == comes_from
    assert sender({}, Headers({}), settings) == ""


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST", "127.0.0.1", "127.1.2.3", "::1"])
def test_this_machine_is_listened_on_by_any_of_its_names(host: str):
    assert loopback(host) == ("127.0.0.1" if host.lower() == "localhost" else host)


@pytest.mark.parametrize("host", ["", "0.0.0.0", "::", "192.168.1.7", "example.org", "127.0.0.1.example.org"])
def test_other_addresses_want_an_owner(host: str):
    with pytest.raises(Refused, match="there is no owner yet"):
        loopback(host)


@pytest.mark.parametrize(
    ("host", "url", "hosts", "owned", "good"),
    [
        ("127.0.0.1:8420", "", (), False, True),
        ("ask.example.org", "", (), False, False),
        ("ask.example.org", "", (), True, True),
        ("ask.example.org", "https://ask.example.org", (), True, True),
        ("ASK.example.org:443", "https://ask.example.org", (), True, True),
        ("evil.example", "https://ask.example.org", (), True, False),
        ("evil.example", "", ("ask.example.org",), True, False),
        ("ask.example.org", "https://www.example.org", ("ask.example.org",), True, True),
        ("[::1]:9", "https://ask.example.org", (), True, True),
        ("", "", (), True, False),
        ("[", "", (), True, False),
        ("ask.example.org@evil.example", "https://ask.example.org", (), True, False),
    ],
)
def test_names_are_good_that_the_settings_allow(host: str, url: str, hosts: tuple[str, ...], owned: bool, good: bool):
    settings = ServeSection(url=url, hosts=hosts)
    if good:
        check_host(Headers({"host": host}), settings, owned=owned)
    else:
        with pytest.raises(Forbidden):
            check_host(Headers({"host": host}), settings, owned=owned)


@pytest.mark.parametrize(
    ("origin", "host", "url", "good"),
    [
        ("http://10.0.0.5:8420", "10.0.0.5:8420", "", True),
        ("https://10.0.0.5:8420", "10.0.0.5:8420", "", True),
        ("http://10.0.0.5:8421", "10.0.0.5:8420", "", False),
        ("null", "10.0.0.5:8420", "", False),
        ("https://ask.example.org", "inside:8420", "https://ask.example.org", True),
        ("http://ask.example.org", "ask.example.org", "https://ask.example.org", False),
        ("http://127.0.0.1:8420", "127.0.0.1:8420", "https://ask.example.org", True),
        ("", "10.0.0.5:8420", "", False),
    ],
)
def test_only_our_own_pages_speak_through_a_browser(origin: str, host: str, url: str, good: bool):
    headers, settings = Headers({"host": host, "origin": origin}), ServeSection(url=url)
    for method in ("GET", "POST"):
        if good:
            check_origin({"method": method}, headers, a_visit(), settings)
        else:
            with pytest.raises(Forbidden, match="from another site"):
                check_origin({"method": method}, headers, a_visit(), settings)


def test_a_page_that_a_key_names_speaks_for_itself():
    visit = a_visit("https://x.example")
    headers = {"host": "ask.example.org", "sec-fetch-site": "cross-site"}
    check_origin({"method": "POST"}, Headers({**headers, "origin": "https://x.example"}), visit, ServeSection())
    with pytest.raises(Forbidden):
        check_origin({"method": "POST"}, Headers({**headers, "origin": "https://y.example"}), visit, ServeSection())


@pytest.mark.parametrize(
    "url", ["ask.example.org", "https://", "https://x/y", "https://u@x", "ftp://x", "https://x?y", "https://x y"]
)
def test_an_address_that_is_more_or_less_than_scheme_and_host_is_refused(tmp_path: Path, url: str):
    (tmp_path / "firmground.toml").write_text(f'[serve]\nurl = "{url}"\n')
    with pytest.raises(InvalidSettings, match=r"serve\.url .*: write scheme and host"):
        load_workspace(tmp_path, {})


def test_how_people_reach_it_is_written_in_one_way(tmp_path: Path):
    (tmp_path / "firmground.toml").write_text('[serve]\nurl = "HTTPS://Ask.Example.org:8443/"\n')
    assert load_workspace(tmp_path, {}).settings.serve.url == "https://ask.example.org:8443"
