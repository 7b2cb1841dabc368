"""A web source asks nobody but its site: no network behind it, no file, no bomb, no answer without end."""

import gzip
import socket
import ssl
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from hypothesis import example, given
from hypothesis import strategies as st
from web_places import codes, details, listed, source_at

from firmground.errors import InvalidSettings, OutsideFailed
from firmground.sources.web import pages
from firmground.sources.web.addresses import Addresses
from firmground.sources.web.fetching import Fetcher, Unreached, resolve
from firmground.sources.web.source import Manners, WebSource
from firmground.sources.web.urls import BadAddress, Site, Url, parsed
from firmground.testing.web_site import Reply, WebSite, html, links


@pytest.fixture
def site() -> Iterator[WebSite]:
    with WebSite() as site:
        yield site


# ---------------------------------------------------------------- addresses

CLOSED = (
    "127.0.0.1 127.8.9.1 0.0.0.0 0.1.2.3 10.0.0.1 172.16.0.1 172.31.255.255 192.168.1.1 169.254.169.254 169.254.1.1 100.64.0.1"
    " 100.100.100.200 168.63.129.16 192.0.0.192 192.0.2.1 192.88.99.1 198.18.0.1 198.51.100.1 203.0.113.1 224.0.0.1 239.1.1.1 240.0.0.1"
    " 255.255.255.255 ::1 :: fe80::1 fe80::1%eth0 fc00::1 fd00:ec2::254 fec0::1 ff02::1 ::ffff:127.0.0.1 ::ffff:10.0.0.1 ::ffff:a9fe:a9fe"
    " ::127.0.0.1 ::10.0.0.1 64:ff9b::7f00:1 64:ff9b::169.254.169.254 64:ff9b:1::1 2002:7f00:1:: 2002:a00:1::1 2001:0:1::1 2001:db8::1"
    " 100::1 3fff::1 5f00::1 4000::1"
)
OPEN = "1.1.1.1 8.8.8.8 93.184.216.34 172.32.0.1 100.128.0.1 2606:4700::1111 2a00:1450::1 ::ffff:8.8.8.8 64:ff9b::808:808"


@pytest.mark.parametrize("address", CLOSED.split())
def test_private_and_special_addresses_are_closed_in_every_form(address: str):
    assert not Addresses().permit(address)


@pytest.mark.parametrize("address", OPEN.split())
def test_public_addresses_are_open(address: str):
    assert Addresses().permit(address)


@pytest.mark.parametrize(
    "written", ["", "x", "127.1", "0x7f000001", "2130706433", "0177.0.0.1", "1.1.1.1 ", "1.1.1.1/32", "[::1]"]
)
def test_what_is_no_address_in_its_plain_form_is_closed(written: str):
    assert not Addresses(["127.0.0.0/8"]).permit(written)


def test_a_network_that_is_named_is_open_and_nothing_beside_it():
    addresses = Addresses(["10.20.0.0/16", "fd00::/8"])
    assert [
        addresses.permit(each) for each in ("10.20.1.1", "::ffff:10.20.1.1", "fd12::1", "10.21.0.1", "127.0.0.1", "fe80::1")
    ] == [
        True,
        True,
        True,
        False,
        False,
        False,
    ]


@pytest.mark.parametrize(
    ("network", "wrong"),
    [
        ("0.0.0.0/0", "which is not private"),
        ("::/0", "which is not private"),
        ("8.8.8.0/24", "which is not private"),
        ("10.0.0.0/7", "which is not private|has host bits set"),
        ("10.0.0.1/8", "has host bits set"),
        ("intranet", "write networks"),
    ],
)
def test_only_private_networks_can_be_opened(tmp_path: Path, network: str, wrong: str):
    with pytest.raises(InvalidSettings, match=wrong):
        WebSource("s", ["https://a.example/"], tmp_path, allow_private=[network])


# ---------------------------------------------------------------- names


def asked_of(port: int, answers: Sequence[Sequence[str]], allow: Sequence[str] = ()) -> list[tuple[str, int]]:
    """Which addresses were connected to when a name leads to each of these in turn."""
    connected: list[tuple[str, int]] = []
    given = iter(answers)

    class Watched(Addresses):
        def permit(self, written: str) -> bool:
            permitted = super().permit(written)
            if permitted:
                connected.append((written, port))
            return permitted

    fetcher = Fetcher(Watched(allow), agent="Test", most=1000, seconds=2, resolve=lambda host, port: next(given))
    with pytest.raises(Unreached):
        fetcher.get(parsed(f"http://site.example:{port}/"), hop=lambda at, to: at)
    fetcher.close()
    return connected


def test_a_name_that_leads_inside_is_not_connected_to(site: WebSite):
    assert asked_of(site.port, [["127.0.0.1"]]) == []
    assert asked_of(site.port, [["::1", "10.0.0.1", "fe80::1%lo", "169.254.169.254"]]) == []
    assert site.asked == []


def test_a_name_is_looked_up_once_for_a_connection_so_that_changing_it_changes_nothing(site: WebSite, tmp_path: Path):
    site.pages = {"/": html(links("/a")), "/a": html("a")}
    looked: list[str] = []

    def rebinding(host: str, port: int) -> list[str]:
        looked.append(host)
        return ["127.0.0.1"] if len(looked) == 1 else ["10.255.255.1"]

    url = f"http://site.example:{site.port}/"
    source = WebSource(
        "s", [url], tmp_path, allow_private=["127.0.0.0/8"], resolve=rebinding, manners=Manners(delay_seconds=0, connections=1)
    )
    assert [file.uri for file in source.files()] == [f"site.example:{site.port}/", f"site.example:{site.port}/a"]
    assert looked == ["site.example"]
    assert {headers["host"] for _, headers in site.asked} == {f"site.example:{site.port}"}


def test_a_name_that_leads_inside_later_is_refused_then(site: WebSite, tmp_path: Path):
    site.pages = {"/": Reply(b"a", headers={"Content-Type": "text/plain", "Connection": "close"})}
    answers = iter([["127.0.0.1"], ["127.0.0.1"], ["192.168.0.1"]])
    url = f"http://site.example:{site.port}/"
    source = WebSource(
        "s", [url], tmp_path, allow_private=["127.0.0.0/8"], resolve=lambda host, port: next(answers, ["192.168.0.1"])
    )
    for file in source.files():
        assert file.uri.endswith("/")
    with pytest.raises(OutsideFailed, match=r"leads to 192\.168\.0\.1, where only private networks are"):
        list(source.files())


def test_without_leave_a_site_on_this_machine_is_not_asked(site: WebSite, tmp_path: Path):
    site.pages = {"/": html("a")}
    with pytest.raises(OutsideFailed, match="name that network in allow_private if it is meant"):
        listed(source_at(site, tmp_path, allow_private=()))
    assert site.asked == []


def test_certificates_are_checked_against_the_name(site: WebSite, tmp_path: Path):
    source = WebSource(
        "s",
        [f"https://site.example:{site.port}/"],
        tmp_path,
        allow_private=["127.0.0.0/8"],
        resolve=lambda host, port: ["127.0.0.1"],
    )
    with pytest.raises(OutsideFailed, match="cannot be read"):
        list(source.files())
    assert site.asked == []


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of site.example, signed by itself, with its key."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "site.example")])
    made = (
        x509.CertificateBuilder(issuer_name=name, subject_name=name, public_key=key.public_key(), serial_number=1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("site.example")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    plain = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path = tmp_path_factory.mktemp("tls") / "site.pem"
    path.write_bytes(plain + made.public_bytes(Encoding.PEM))
    return path


@pytest.mark.parametrize(("name", "fits"), [("site.example", True), ("other.example", False)])
def test_tls_proves_the_name_though_the_connection_goes_to_an_address(certificate: Path, tmp_path: Path, name: str, fits: bool):
    trusting = ssl.create_default_context(cafile=str(certificate))
    with WebSite({"/": html("a")}, certificate=certificate) as site:
        source = WebSource(
            "s",
            [f"https://{name}:{site.port}/"],
            tmp_path,
            allow_private=["127.0.0.0/8"],
            resolve=lambda host, port: ["127.0.0.1"],
            security=trusting,
            manners=Manners(delay_seconds=0, page_seconds=3),
        )
        if fits:
            assert [file.uri for file in source.files()] == [f"{name}:{site.port}/"]
        else:
            with pytest.raises(OutsideFailed, match="certificate verify failed"):
                list(source.files())
            assert site.asked == []


def test_proxies_of_the_environment_and_cookies_are_not_used(site: WebSite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    site.pages = {"/": html(links("/a"), headers={"Set-Cookie": "session=1"}), "/a": html("a")}
    assert listed(source_at(site, tmp_path)) == ["", "a"]
    assert all(
        "cookie" not in headers and "referer" not in headers and "authorization" not in headers for _, headers in site.asked
    )


def test_the_systems_own_look_up_knows_this_machine():
    assert resolve("127.0.0.1", 80) == ["127.0.0.1"]


# ---------------------------------------------------------------- what is written


@pytest.mark.parametrize(
    "written",
    [
        "file:///etc/passwd",
        "gopher://a.example/",
        "ftp://a.example/",
        "javascript:alert(1)",
        "data:text/html,x",
        "http://",
        "http:///x",
        "http://user@a.example/",
        "http://user:word@a.example/",
        "http://a.example@evil.example/",
        "http://2130706433/",
        "http://0x7f000001/",
        "http://0x7f.1/",
        "http://0177.0.0.1/",
        "http://127.1/",
        "http://1.2.3.256/",
        "http://a.example:99999/",
        "http://a.example:x/",
        "http://[::1",
        "http://[fe80::1%25eth0]/",
        "http://a..example/",
        "http://a b.example/",
        "http://a.example\\@evil.example/",
        "http://%61.example/",
        "http://" + "a" * 64 + ".example/",
        "http://a.example/" + "x" * 2000,
    ],
)
def test_addresses_that_are_never_asked(written: str):
    with pytest.raises(BadAddress):
        parsed(written, Url("https", "a.example", "/"))


@pytest.mark.parametrize(
    ("written", "plain"),
    [
        ("HTTP://A.Example:80", "http://a.example/"),
        ("https://a.example:443/%7euser/%c3%bc/../ü?b=c d#e", "https://a.example/~user/%C3%BC?b=c%20d"),
        ("https://a.example:8443/a/./b/../../c/", "https://a.example:8443/c/"),
        ("../../../x", "https://docs.example/x"),
        (" \t/a\n/b ", "https://docs.example/a/b"),
        ("//other.example/", "https://other.example/"),
        ("?x=%2f&y=[1]", "https://docs.example/guide/start?x=%2F&y=[1]"),
        ("https://bücher.example/", "https://xn--bcher-kva.example/"),
        ("https://аpple.example/", "https://xn--pple-43d.example/"),
        ("https://ａ.example./x%", "https://a.example/x%25"),
        ("http://[2001:DB8::0:1]:80/", "http://[2001:db8::1]/"),
        ("/a%2Fb%2e%2e/", "https://docs.example/a%2Fb../"),
        ("/a//b", "https://docs.example/a//b"),
    ],
)
def test_addresses_have_one_plain_form(written: str, plain: str):
    assert str(parsed(written, Url("https", "docs.example", "/guide/start"))) == plain


BASES = [Url("https", "docs.example", "/a/b"), Url("http", "docs.example:8080", "/")]
SITE = Site(["https://docs.example/", "http://docs.example:8080/x"], ["more.example"], queries=True)
PIECES = st.sampled_from(
    [
        *(
            "http",
            "https",
            ":",
            "//",
            "/",
            "\\",
            "@",
            "#",
            "?",
            "..",
            ".",
            "%",
            "%2e",
            "%2F",
            "docs.example",
            "evil.example",
            "ü",
        ),
        *(
            "\u200b",
            "[::1]",
            "127.0.0.1",
            "0x7f.1",
            "\t",
            " ",
            ":8080",
            ":80",
            "user",
            "xn--",
            "аpple",
            "javascript:",
            "ﬀ",
            "\ud800",
        ),
        *("%ff", "%zz", "a" * 30),
    ]
)


@given(st.one_of(st.text(max_size=200), st.lists(PIECES, max_size=12).map("".join)), st.sampled_from(BASES))
@example("//evil.example\\@docs.example/", BASES[0])
@example("http:docs.example", BASES[0])
def test_the_plain_form_is_final_and_never_leaves_the_hosts_of_a_site(written: str, base: Url):
    url = SITE.url(written, base)
    if url is None:
        return
    assert url.authority in {"docs.example", "docs.example:8080", "more.example"}
    assert str(url).isascii()
    assert str(url).isprintable()
    assert " " not in str(url)
    assert parsed(str(url)) == url
    assert SITE.url(str(url)) == url
    assert SITE.url("//" + url.uri, base) == url
    assert url.scheme == ("http" if url.authority == "docs.example:8080" else "https")
    assert "/../" not in url.path + "/"


def test_a_host_that_began_by_https_is_asked_by_https_alone():
    assert str(SITE.url("http://docs.example/x")) == "https://docs.example/x"
    assert str(SITE.url("http://more.example/x")) == "https://more.example/x"
    assert str(SITE.url("https://docs.example:8080/x")) == "http://docs.example:8080/x"


# ---------------------------------------------------------------- answers


def slowly(*parts: bytes, pause: float) -> Iterator[bytes]:
    for part in parts:
        yield part
        time.sleep(pause)


@pytest.mark.parametrize(
    "parts",
    [
        (b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n", *[b"x"] * 100),
        (b"HTTP/1.1 200 OK\r\n", *[b"a: b\r\n"] * 100),
        (*[b"H"] * 100,),
    ],
)
def test_an_answer_that_comes_drop_by_drop_ends_in_time(site: WebSite, tmp_path: Path, parts: tuple[bytes, ...]):
    site.pages = {"/": html("a"), "/slow": Reply(drip=lambda: slowly(*parts, pause=0.05))}
    source = source_at(site, tmp_path, "/", "/slow", manners={"page_seconds": 0.6})
    assert listed(source) == [""]
    assert "too long" in details(source) or "no HTTP" in details(source)


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"not http at all\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\nContent-Type: text/plain\r\n\r\nshort",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\nContent-Type: text/plain\r\n\r\nshort!",
        b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\nx: " + b"y" * 300_000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"x: y\r\n" * 100_000 + b"\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Type: text/plain\r\n\r\nno gzip",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Type: text/plain\r\n\r\n"
        + gzip.compress(b"x" * 9000, mtime=0)[:-12],
    ],
)
def test_an_answer_that_is_no_whole_one_is_no_page(site: WebSite, tmp_path: Path, answer: bytes):
    site.pages = {"/": html("a"), "/bad": Reply(drip=lambda: iter([answer]))}
    source = source_at(site, tmp_path, "/", "/bad")
    assert listed(source) == [""]
    assert codes(source) == {"bad": "unreadable", "": "unreadable"}


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (gzip.compress(b"x" * 50_000_000, mtime=0), {"Content-Encoding": "gzip"}),
        (b"x" * 3_000_000, {}),
        (b"x", {"Content-Length": "99999999999999999999"}),
        (b"x", {"Content-Encoding": "br"}),
    ],
    ids=["a bomb", "a giant", "a length without an end", "an encoding nobody asked for"],
)
def test_bombs_and_giants_are_left_where_they_are(site: WebSite, tmp_path: Path, body: bytes, headers: dict[str, str]):
    site.pages = {"/": html("a"), "/big": Reply(body, headers={"Content-Type": "text/plain", **headers})}
    source = source_at(site, tmp_path, "/", "/big", max_bytes=2_000_000)
    assert listed(source) == [""]
    assert codes(source)["big"] in {"limit_exceeded", "unsupported"}


def test_a_bomb_below_the_limit_is_known_by_its_ratio(site: WebSite, tmp_path: Path):
    site.pages = {
        "/": html("a"),
        "/bomb": Reply(gzip.compress(b"x" * 30_000_000), headers={"Content-Type": "text/plain", "Content-Encoding": "gzip"}),
        "/honest": Reply(gzip.compress(b"some words " * 100), headers={"Content-Type": "text/plain", "Content-Encoding": "gzip"}),
    }
    source = source_at(site, tmp_path, "/", "/bomb", "/honest")
    assert listed(source) == ["", "honest"]
    assert "as bombs do" in details(source)


def test_a_listener_that_never_answers_is_given_up(tmp_path: Path):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        source = WebSource("s", [url], tmp_path, allow_private=["127.0.0.0/8"], manners=Manners(page_seconds=0.4))
        with pytest.raises(OutsideFailed, match="too long to answer"):
            list(source.files())


# ---------------------------------------------------------------- pages

TAGS = st.sampled_from(
    [
        *(
            "<a href='/x'>",
            '<a href="',
            "<a",
            ">",
            "<!--",
            "-->",
            "<script>",
            "</SCRIPT>",
            "<main>",
            "</main>",
            "<title>",
            "</title>",
        ),
        *(
            "<base href=/b/>",
            "<meta name=robots content=noindex>",
            "<link rel=canonical href=/c>",
            "=",
            "'",
            '"',
            "/",
            " ",
            "x",
            "\0",
        ),
        *("&amp;", "<style", "<svg>", "ß", "\ud800"),
    ]
)


@given(st.lists(TAGS, max_size=60).map("".join))
def test_any_page_can_be_read(page: str):
    said = pages.read(page, "Firmground")
    assert 0 <= said.main[0] <= said.main[1] <= len(page)
    assert pages.document(page, said).startswith(b"<!doctype html>")
    assert pages.text_of(page.encode("utf-8", "replace"), "zip") == page.encode("utf-8", "replace").decode()


@pytest.mark.parametrize(
    "page",
    [
        *(
            "<a " * 400_000,
            '<a href="' * 200_000,
            "<script></SCRIPT>" * 100_000,
            "<!--" * 400_000,
            "<main>" * 300_000,
            "<" * 2_000_000,
        ),
        *("<title" * 200_000, "<a " + " " * 2_000_000, "<a b=" * 300_000, "<meta charset" * 100_000, "<a href=x>" * 300_000),
    ],
)
def test_a_page_of_nothing_but_beginnings_comes_to_an_end(page: str):
    said = pages.read(pages.text_of(page.encode()), "Firmground")
    assert said.main == (0, 0)
    assert len(said.links) <= 1


def test_links_in_comments_scripts_and_templates_are_none():
    page = (
        "<!-- <a href=/1> --><script>'<a href=/2>'</script><template><a href=/3></template><style><a href=/4></style><a href=/5>"
    )
    assert pages.read(page, "Firmground").links == ("/5",)


@pytest.mark.parametrize(
    ("content", "charset", "text"),
    [
        ("größe".encode("latin-1"), "iso-8859-1", "größe"),
        ('<meta charset="windows-1251">привет'.encode("cp1251"), "", "привет"),
        ("größe".encode("utf-16"), "", "größe"),
        (b"\xef\xbb\xbfa", "", "a"),
        (b"a\xff", "utf-8", "a\ufffd"),
        (b"a", "unicode_escape", "a"),
        (b"x" * 10, "punycode", "x" * 10),
    ],
)
def test_pages_are_read_in_the_charset_they_name(content: bytes, charset: str, text: str):
    assert pages.text_of(content, charset).endswith(text)
