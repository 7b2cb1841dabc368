"""What of a web site becomes a document."""

import gzip
from collections.abc import Iterator
from pathlib import Path

import pytest
from web_places import codes, details, listed, source_at, without

from firmground.errors import OutsideFailed, ParseFailed
from firmground.sources.labels import Rule
from firmground.testing.web_site import Reply, WebSite, html, links


@pytest.fixture
def site() -> Iterator[WebSite]:
    with WebSite() as site:
        yield site


def robots(text: str, status: int = 200) -> Reply:
    return Reply(text.encode(), status, {"Content-Type": "text/plain"})


def sitemap(*urls: str, kind: str = "urlset") -> Reply:
    part = "url" if kind == "urlset" else "sitemap"
    listed = "".join(f"<{part}><loc>{url}</loc></{part}>" for url in urls)
    text = f'<?xml version="1.0"?><{kind} xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{listed}</{kind}>'
    return Reply(text.encode(), headers={"Content-Type": "application/xml"})


# ---------------------------------------------------------------- links


def test_pages_are_found_by_links_the_nearest_first(site: WebSite, tmp_path: Path):
    site.pages = {
        "/": html(links("/b/", "a.html#part", "https://elsewhere.example/x", "mailto:a@b.c", "javascript:1", "/logo.png")),
        "/b/": html(links("c", "/", "../a.html") + "b"),
        "/b/c": html("c"),
        "/a.html": html("a"),
    }
    source = source_at(site, tmp_path)
    assert listed(source) == ["", "b/", "a.html", "b/c"]
    assert source.problems() == ()
    assert sorted(without(site.targets())) == sorted(["/", "/b/", "/a.html", "/b/c"])
    assert {file.metadata["url"] for file in source.files()} == {site.url + path for path in ("/", "/b/", "/a.html", "/b/c")}


def test_depth_and_number_of_pages_are_bounded_and_the_second_is_told(site: WebSite, tmp_path: Path):
    site.pages = {f"/{n}": html(links(f"/{n + 1}") + str(n)) for n in range(20)}
    assert listed(source_at(site, tmp_path / "a", "/0", manners={"depth": 3})) == ["0", "1", "2", "3"]
    source = source_at(site, tmp_path / "b", "/0", manners={"max_pages": 5})
    assert listed(source) == ["0", "1", "2", "3", "4"]
    assert codes(source) == {"": "limit_exceeded"}


def test_patterns_hold_over_host_and_path(site: WebSite, tmp_path: Path):
    site.pages = {
        "/": html(links("/guide/a", "/guide/draft/b", "/blog/c")),
        "/guide/a": html("a"),
        "/guide/draft/b": html("b"),
        "/blog/c": html("c" + links("/guide/d")),
        "/guide/d": html("d"),
    }
    source = source_at(site, tmp_path, include=[f"{site.host}/guide/**"], exclude=["draft/"])
    assert listed(source) == ["guide/a", "guide/d"]
    assert "/guide/draft/b" not in site.targets()


def test_rules_give_pages_their_groups_and_one_that_covers_nothing_is_told(site: WebSite, tmp_path: Path):
    site.pages = {"/": html(links("/hr/pay")), "/hr/pay": html("pay")}
    rules = [Rule(match=f"{site.host}/hr/**", groups=("hr",), metadata={"of": "hr"}), Rule(match="hr/**", groups=("nobody",))]
    source = source_at(site, tmp_path, rules=rules)
    files = {file.uri: file for file in source.files()}
    assert files[f"{site.host}/hr/pay"].groups == ("hr",)
    assert files[f"{site.host}/hr/pay"].metadata == {"of": "hr", "url": f"{site.url}/hr/pay"}
    assert files[f"{site.host}/"].groups == ("everyone",)
    assert [(uri, code) for uri, code, _ in source.problems()] == [("hr/**", "rule_matches_nothing")]
    assert source.said(f"{site.host}/hr/pay")[0][1] == ("hr",)
    assert source.said(f"{site.host}/hr/nothing") == []


def test_a_base_of_the_page_and_a_base_elsewhere_count(site: WebSite, tmp_path: Path):
    site.pages = {
        "/": html(links("x"), head='<base href="/deep/">'),
        "/deep/x": html(links("y"), head='<base href="https://elsewhere.example/">'),
    }
    assert listed(source_at(site, tmp_path)) == ["", "deep/x"]


def test_queries_are_dropped_unless_they_are_kept(site: WebSite, tmp_path: Path):
    site.pages = {"/": html(links("/a?x=1", "/a?x=2")), "/a": html("a"), "/a?x=1": html("one"), "/a?x=2": html("two")}
    assert listed(source_at(site, tmp_path / "1")) == ["", "a"]
    assert listed(source_at(site, tmp_path / "2", manners={"queries": True})) == ["", "a?x=1", "a?x=2"]


# ---------------------------------------------------------------- what the site asks for


def test_robots_are_obeyed_by_the_name_of_the_crawler(site: WebSite, tmp_path: Path):
    site.pages = {
        "/robots.txt": robots("User-agent: *\nDisallow: /\n\nUser-agent: firmground\nDisallow: /private\n"),
        "/": html(links("/private/a", "/b")),
        "/private/a": html("a"),
        "/b": html("b"),
    }
    assert listed(source_at(site, tmp_path / "1")) == ["", "b"]
    assert "/private/a" not in site.targets()
    with pytest.raises(OutsideFailed, match=r"robots.txt of the host forbids it"):
        listed(source_at(site, tmp_path / "2", manners={"agent": "Acme/1.0 (docs)"}))


@pytest.mark.parametrize("status", [500, 503, 429])
def test_robots_that_cannot_be_had_forbid_everything_and_nothing_is_lost(site: WebSite, tmp_path: Path, status: int):
    site.pages = {"/": html(links("/a")), "/a": html("a")}
    source = source_at(site, tmp_path)
    assert listed(source) == ["", "a"]
    site.pages["/robots.txt"] = robots("", status)
    with pytest.raises(OutsideFailed, match="nothing was removed"):
        listed(source)


def test_a_host_that_asks_for_days_between_two_requests_ends_the_crawl_and_not_the_sync(site: WebSite, tmp_path: Path):
    site.pages = {"/robots.txt": robots("User-agent: *\nCrawl-delay: 99999\n"), "/": html(links("/a")), "/a": html("a")}
    source = source_at(site, tmp_path, manners={"max_seconds": 0.5, "sitemaps": False})
    assert listed(source)[0] == ""


@pytest.mark.parametrize("status", [404, 403, 410])
def test_robots_that_are_not_there_forbid_nothing(site: WebSite, tmp_path: Path, status: int):
    site.pages = {"/robots.txt": robots("", status), "/": html("a")}
    assert listed(source_at(site, tmp_path)) == [""]


def test_pages_that_do_not_want_to_be_listed_or_followed_are_not(site: WebSite, tmp_path: Path):
    site.pages = {
        "/": html(links("/a", "/b", "/c", "/d") + '<a rel="nofollow" href="/n">n</a>'),
        "/a": html(links("/a2"), head='<meta name="robots" content="noindex">'),
        "/a2": html("a2"),
        "/b": html(links("/b2"), head='<META NAME="Firmground" CONTENT="nofollow">'),
        "/b2": html("b2"),
        "/c": html("c", headers={"X-Robots-Tag": "firmground: none"}),
        "/d": html("d", headers={"X-Robots-Tag": "otherbot: noindex"}),
        "/n": html("n"),
    }
    assert listed(source_at(site, tmp_path)) == ["", "b", "d", "a2"]


# ---------------------------------------------------------------- sitemaps


def test_a_sitemap_takes_the_place_of_links(site: WebSite, tmp_path: Path):
    site.pages = {
        "/robots.txt": robots(f"Sitemap: {site.url}/maps/index.xml\n"),
        "/maps/index.xml": sitemap(f"{site.url}/maps/1.xml.gz", "https://elsewhere.example/2.xml", kind="sitemapindex"),
        "/maps/1.xml.gz": Reply(
            gzip.compress(sitemap(f"{site.url}/a", f"{site.url}/gone", "https://elsewhere.example/x").body),
            headers={"Content-Type": "application/gzip"},
        ),
        "/": html(links("/linked")),
        "/a": html("a" + links("/linked")),
        "/linked": html("linked"),
    }
    source = source_at(site, tmp_path / "1")
    assert listed(source) == ["", "a"]
    assert codes(source) == {"gone": "gone"}
    assert listed(source_at(site, tmp_path / "2", manners={"sitemaps": False})) == ["", "linked"]
    assert listed(source_at(site, tmp_path / "3", "/maps/index.xml")) == ["a"]


@pytest.mark.parametrize(
    "body",
    [
        b"<not a sitemap",
        b"<html></html>",
        b'<!DOCTYPE a [<!ENTITY b "c">]><urlset><url><loc>&b;</loc></url></urlset>',
        b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><urlset><url><loc>&b;</loc></url></urlset>',
        gzip.compress(b" " * 60_000_000, mtime=0),
        gzip.compress(b"<urlset></urlset>", mtime=0)[:-9],
    ],
)
def test_a_sitemap_that_cannot_be_read_is_told_and_nothing_is_removed(site: WebSite, tmp_path: Path, body: bytes):
    site.pages = {
        "/robots.txt": robots(f"Sitemap: {site.url}/map.xml\n"),
        "/map.xml": Reply(body, headers={"Content-Type": "application/xml"}),
        "/": html("start"),
    }
    source = source_at(site, tmp_path)
    assert listed(source) == [""]
    assert (f"{site.host}/map.xml", "sitemap_unreadable") in {(uri, code) for uri, code, _ in source.problems()}
    assert (f"{site.host}/", "unreadable") in {(uri, code) for uri, code, _ in source.problems()}


# ---------------------------------------------------------------- one document for one page


def test_pages_that_are_better_known_by_another_address_are_that_document(site: WebSite, tmp_path: Path):
    def known_as(path: str) -> str:
        return f'<link rel="canonical" href="{path}">'

    site.pages = {
        "/": html(links("/a1", "/a2", "/loop1", "/loop2", "/lost", "/abroad")),
        "/a1": html("a1", head=known_as("/a")),
        "/a2": html("a2", head=known_as("/a#x")),
        "/a": html("a", head=known_as("/a")),
        "/loop1": html("l1", head=known_as("/loop2")),
        "/loop2": html("l2", head=known_as("/loop1")),
        "/lost": html("lost", head=known_as("/nowhere")),
        "/abroad": html("abroad", head=known_as("https://elsewhere.example/")),
    }
    assert listed(source_at(site, tmp_path)) == ["", "abroad", "a", "loop1", "lost"]


def test_redirects_lead_to_one_document_and_only_within_the_site(site: WebSite, tmp_path: Path):
    def to(place: str, status: int = 302) -> Reply:
        return Reply(status=status, headers={"Location": place})

    site.pages = {
        "/": html(links("/old", "/older", "/new", "/round1", "/self", "/out", "/file", "/long0")),
        "/old": to("/new", 301),
        "/older": to("old"),
        "/new": html("new"),
        "/round1": to("/round2"),
        "/round2": to("/round1"),
        "/self": to("/self"),
        "/out": to("http://169.254.169.254/latest/meta-data/"),
        "/file": to("file:///etc/passwd"),
        **{f"/long{n}": to(f"/long{n + 1}") for n in range(9)},
    }
    source = source_at(site, tmp_path)
    assert listed(source) == ["", "new"]
    assert codes(source) == {"round1": "redirect_loop", "self": "redirect_loop", "long0": "redirect_loop"}
    source = source_at(site, tmp_path, "/out", "/file", "/new")
    assert listed(source) == ["new"]
    assert codes(source) == {"out": "redirect_outside", "file": "redirect_outside"}
    assert "169.254.169.254, which is none of its hosts" in details(source)


def test_the_same_words_at_two_addresses_are_one_document_unless_rules_tell_them_apart(site: WebSite, tmp_path: Path):
    site.pages = {"/": html(links("/a", "/a/", "/hr/a")), "/a": html("same"), "/a/": html("same"), "/hr/a": html("same")}
    assert listed(source_at(site, tmp_path / "1")) == ["", "a"]
    rules = [Rule(match=f"{site.host}/hr/**", groups=("hr",))]
    assert listed(source_at(site, tmp_path / "2", rules=rules)) == ["", "a", "hr/a"]


def test_what_is_no_document_is_left_out_and_told_where_somebody_named_it(site: WebSite, tmp_path: Path):
    site.pages = {
        "/": html(links("/data", "/tool", "/paper", "/notes.md", "/video")),
        "/data": Reply(b"{}", headers={"Content-Type": "application/json"}),
        "/tool": Reply(b"MZ", headers={"Content-Type": "application/octet-stream"}),
        "/paper": Reply(b"%PDF-1.4", headers={"Content-Type": "application/pdf"}),
        "/notes.md": Reply(b"# Notes", headers={"Content-Type": "text/plain"}),
        "/video": Reply(b"x" * 10, headers={"Content-Type": "video/mp4"}),
    }
    assert listed(source_at(site, tmp_path / "1")) == ["", "paper", "notes.md"]
    source = source_at(site, tmp_path / "2", "/", "/data")
    assert listed(source) == ["", "paper", "notes.md"]
    assert codes(source) == {"data": "unsupported"}


# ---------------------------------------------------------------- what reaches the parser


def test_a_page_is_read_as_it_was_listed_and_only_its_main_part(site: WebSite, tmp_path: Path):
    site.pages = {
        "/": html(
            "<nav>Menu</nav><main class='x'><h1>Leave</h1>30 days <a href='/a'>more</a></main><footer>Imprint</footer>",
            head="<title>Leave &amp; rest</title>",
        ),
        "/a": Reply("<p>größer</p>".encode("latin-1"), headers={"Content-Type": "text/html; charset=iso-8859-1"}),
    }
    source = source_at(site, tmp_path)
    start, other = list(source.files())
    asked = len(site.asked)
    content = source.read(start).decode()
    assert "<title>Leave &amp; rest</title>" in content
    assert "30 days" in content
    assert "Menu" not in content
    assert "Imprint" not in content
    assert "größer" in source.read(other).decode()
    assert len(site.asked) == asked  # held since it was listed
    assert source.read(start).decode() == content  # asked for once more
    assert len(site.asked) > asked
    assert not list((tmp_path / "web").glob("held-*"))


def test_nothing_is_fetched_for_somebody_who_only_looks_at_a_document(site: WebSite, tmp_path: Path):
    site.pages = {"/": html("a")}
    source = source_at(site, tmp_path)
    (file,) = source.files()
    source.read(file)
    asked = len(site.asked)
    with pytest.raises(ParseFailed, match="open it at its address"):
        source.read(file.model_copy(update={"metadata": {}}))
    with pytest.raises(ParseFailed, match="open it at its address"):
        source.read(file.model_copy(update={"metadata": {"url": "http://127.0.0.1:1/other"}}))
    assert len(site.asked) == asked


def test_a_page_that_changed_or_went_since_it_was_listed_is_tried_again_later(site: WebSite, tmp_path: Path):
    site.pages = {"/": html("a")}
    source = source_at(site, tmp_path)
    (file,) = source.files()
    source.read(file)
    site.pages = {"/": html("b")}
    with pytest.raises(ParseFailed) as wrong:
        source.read(file)
    assert wrong.value.code == "changed_while_reading"
    site.pages = {}
    with pytest.raises(ParseFailed) as wrong:
        source.read(file)
    assert wrong.value.code == "unreadable"
