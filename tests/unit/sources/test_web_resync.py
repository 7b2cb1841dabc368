"""What a second look at a web site costs, and what is lost when it cannot be reached: nothing."""

import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from web_places import codes, details, listed, source_at, without

from firmground.errors import OutsideFailed
from firmground.sources.web.source import WebSource
from firmground.testing.web_site import Reply, WebSite, html, links


@pytest.fixture
def site() -> Iterator[WebSite]:
    with WebSite() as site:
        yield site


def many(count: int) -> dict[str, Reply]:
    return {"/": html(links(*(f"/{n}" for n in range(count)))), **{f"/{n}": html(f"page {n}") for n in range(count)}}


def removed(source: WebSource, before: set[str], now: list[str]) -> set[str]:
    """What a sync would remove: what is no longer listed, but for places that could not be looked at."""
    hidden = [uri for uri, code in codes(source).items() if code == "unreadable"]
    return {
        uri
        for uri in before - set(now)
        if not any(uri == each or (each.endswith("/") and uri.startswith(each)) for each in hidden)
    } - (before if "" in hidden else set())


def test_pages_that_did_not_change_cost_one_short_answer_and_keep_their_stamp(site: WebSite, tmp_path: Path):
    said = {"Content-Type": "text/plain", "Last-Modified": "Mon, 02 Mar 2026 10:00:00 GMT"}
    site.pages = {**many(5), "/dated": Reply(b"x", headers=said, tagged=False)}
    site.pages["/"] = html(links(*(f"/{n}" for n in range(5)), "/dated"))
    before = list(source_at(site, tmp_path).files())
    assert {file.modified_ns for file in before if file.uri.endswith("/dated")} == {1_772_445_600_000_000_000}
    site.asked.clear()
    assert list(source_at(site, tmp_path).files()) == before
    asked = [(target, headers) for target, headers in site.asked if target not in {"/robots.txt", "/sitemap.xml"}]
    assert len(asked) == 7
    assert all("if-none-match" in headers for target, headers in asked if target != "/dated")
    assert [headers["if-modified-since"] for target, headers in asked if target == "/dated"] == ["Mon, 02 Mar 2026 10:00:00 GMT"]


def test_a_page_that_changed_has_another_stamp_and_one_that_is_new_is_found(site: WebSite, tmp_path: Path):
    site.pages = many(3)
    source = source_at(site, tmp_path)
    before = {file.uri: file.stamp for file in source.files()}
    site.pages["/1"] = html("other words" + links("/new"))
    site.pages["/new"] = html("new")
    after = {file.uri: file.stamp for file in source.files()}
    assert {uri.partition("/")[2] for uri in after if before.get(uri) != after[uri]} == {"1", "new"}


@pytest.mark.parametrize("status", [404, 410])
def test_a_page_that_is_gone_is_no_longer_listed(site: WebSite, tmp_path: Path, status: int):
    site.pages = many(3)
    source = source_at(site, tmp_path)
    before = set(listed(source))
    site.pages["/1"] = Reply(status=status)
    now = listed(source)
    assert removed(source, before, now) == {"1"}
    assert source.problems() == ()


@pytest.mark.parametrize("status", [500, 503, 403, 429])
def test_a_page_that_cannot_be_had_now_is_kept_with_all_it_leads_to(site: WebSite, tmp_path: Path, status: int):
    site.pages = {"/": html(links("/a", "/b")), "/a": html(links("/a/deep") + "a"), "/a/deep": html("deep"), "/b": html("b")}
    source = source_at(site, tmp_path)
    before = set(listed(source))
    site.pages["/a"] = Reply(status=status)
    now = listed(source)
    assert now == ["", "b", "a/deep"]
    assert codes(source) == {"a": "unreadable"}
    assert removed(source, before, now) == set()


def test_where_what_a_page_leads_to_is_not_known_nothing_is_removed(site: WebSite, tmp_path: Path):
    site.pages = {"/": html(links("/a", "/b")), "/a": html(links("/a/deep") + "a"), "/a/deep": html("deep"), "/b": html("b")}
    before = set(listed(source_at(site, tmp_path)))
    (tmp_path / "web" / "pages.sqlite").unlink()
    site.pages["/a"] = Reply(status=500)
    source = source_at(site, tmp_path)
    assert removed(source, before, listed(source)) == set()
    assert "not all of it was seen, so nothing is removed" in details(source)


def test_a_site_that_is_down_is_one_error_and_nothing_is_forgotten(tmp_path: Path):
    with WebSite(many(3)) as site:
        source = source_at(site, tmp_path)
        before = list(source.files())
        pages = site.pages
        site.pages = {"/robots.txt": Reply(status=404), "/": Reply(status=502)}
        with pytest.raises(OutsideFailed, match=r"cannot be read \(its host answers with status 502\): bring it back"):
            list(source.files())
        site.pages = pages
        assert list(source.files()) == before
    with pytest.raises(OutsideFailed, match=r"cannot be had: it cannot be reached .*nothing was removed"):
        list(source.files())


def test_a_host_that_stops_answering_is_left_alone(site: WebSite, tmp_path: Path):
    site.pages = many(60)
    source = source_at(site, tmp_path)
    before = set(listed(source))
    site.pages.update({f"/{n}": Reply(status=503) for n in range(60)})
    site.asked.clear()
    now = listed(source)
    assert len(without(site.targets())) < 30
    assert removed(source, before, now) == set()
    assert "its host does not answer any more" in details(source)


def test_a_page_that_only_says_that_the_site_is_closed_removes_nothing(site: WebSite, tmp_path: Path):
    site.pages = many(30)
    source = source_at(site, tmp_path)
    before = set(listed(source))
    site.pages["/"] = html("We are back soon.")
    site.pages["/3"] = Reply(status=404)
    now = listed(source)
    assert removed(source, before, now) == {"3"}
    assert codes(source) == {"": "not_linked"}


def test_limits_of_time_and_bytes_keep_what_was_not_seen(site: WebSite, tmp_path: Path):
    site.pages = {"/": html(links(*(f"/{n}" for n in range(30)))), **{f"/{n}": html(f"{n}" + "x" * 50_000) for n in range(30)}}
    before = set(listed(source_at(site, tmp_path)))
    for manners in ({"max_seconds": 0.0}, {"max_bytes": 300_000}):
        folder = tmp_path / str(*manners)
        source = source_at(site, folder, manners=manners)
        now = listed(source)
        assert len(now) < 30
        assert removed(source, before, now) == set()
        assert next(iter(manners)).replace("max_bytes", "max_megabytes") in details(source)


def test_what_is_remembered_under_other_settings_is_asked_for_anew(site: WebSite, tmp_path: Path):
    site.pages = {"/": html(links("/a?b=1")), "/a": html("a"), "/a?b=1": html("b")}
    assert listed(source_at(site, tmp_path)) == ["", "a"]
    assert listed(source_at(site, tmp_path, manners={"queries": True})) == ["", "a?b=1"]


def test_two_at_once_and_one_that_was_stopped_in_the_middle_do_no_harm(site: WebSite, tmp_path: Path):
    site.pages = many(60)
    for _ in source_at(site, tmp_path).files():
        break
    found: list[list[str]] = []
    threads = [threading.Thread(target=lambda: found.append(listed(source_at(site, tmp_path)))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found[0] == found[1] == listed(source_at(site, tmp_path))
    assert len(found[0]) == 61


def test_what_is_remembered_is_for_the_owner_alone_and_holds_no_words(site: WebSite, tmp_path: Path):
    site.pages = {"/": html("a secret sentence")}
    source = source_at(site, tmp_path)
    for file in source.files():
        source.read(file)
    (kept,) = [path for path in (tmp_path / "web").iterdir() if path.suffix == ".sqlite"]
    assert kept.stat().st_mode & 0o077 == 0
    assert b"secret sentence" not in kept.read_bytes()
    with sqlite3.connect(kept) as database:
        assert database.execute("select count(*) from pages").fetchone() == (1,)
    database.close()


def test_it_looks_again_as_often_as_it_is_told_to(site: WebSite, tmp_path: Path):
    stop = threading.Event()
    assert list(source_at(site, tmp_path).watch(stop)) == []
    told = source_at(site, tmp_path, manners={"poll_seconds": 0.01}).watch(stop)
    assert next(told) == next(told) == frozenset()
    stop.set()
    assert list(told) == []
