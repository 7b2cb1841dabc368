"""What a sync promises of a web site, from the first page to the answer."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from web_sites import bench_on

from firmground.app.app import App
from firmground.app.asking.search import search
from firmground.app.corpus import documents
from firmground.app.corpus.elsewhere import address
from firmground.app.corpus.sync import dry_run, sync
from firmground.app.doctor import doctor
from firmground.app.following import JobFailed
from firmground.errors import NotFound, OutsideFailed
from firmground.testing.app import ADMINISTRATOR
from firmground.testing.web_site import Reply, WebSite, html, links

LEAVE = "<h1>Leave</h1><p>Every employee may carry over five vacation days into the next year.</p>"
TRAVEL = "<h1>Travel</h1><p>Train tickets in second class are refunded without asking anybody before.</p>"


@pytest.fixture
def site() -> Iterator[WebSite]:
    with WebSite({"/": html(links("/leave", "/travel") + "Welcome"), "/leave": html(LEAVE), "/travel": html(TRAVEL)}) as site:
        yield site


def counts(report: dict[str, Any]) -> dict[str, int]:
    return {kind: count for kind, count in report["totals"]["documents"].items() if count}


def found(app: App, question: str) -> list[str]:
    return [passage.uri for passage in search(app, ADMINISTRATOR, question).passages]


def test_pages_are_taken_in_found_changed_and_removed(site: WebSite, tmp_path: Path):
    bench = bench_on(site, tmp_path)
    with bench.app() as app:
        assert counts(dry_run(app, ADMINISTRATOR)) == {"added": 3}
        assert counts(sync(app, ADMINISTRATOR)) == {"added": 3}
        assert found(app, "carry over vacation days")[0] == f"site/{site.host}/leave"
        assert counts(sync(app, ADMINISTRATOR)) == {"unchanged": 3}
        site.pages["/leave"] = html(LEAVE.replace("five", "seven"))
        del site.pages["/travel"]
        assert counts(sync(app, ADMINISTRATOR)) == {"changed": 1, "removed": 1, "unchanged": 1}
        assert f"site/{site.host}/travel" not in found(app, "train tickets second class")


def test_a_page_that_moved_is_the_same_document(site: WebSite, tmp_path: Path):
    with bench_on(site, tmp_path).app() as app:
        sync(app, ADMINISTRATOR)
        site.pages["/time-off"] = site.pages["/leave"]
        site.pages["/leave"] = Reply(status=301, headers={"Location": "/time-off"})
        assert counts(sync(app, ADMINISTRATOR)) == {"renamed": 1, "unchanged": 2}
        assert found(app, "carry over vacation days")[0] == f"site/{site.host}/time-off"


def test_a_page_and_a_site_that_cannot_be_had_lose_nothing(site: WebSite, tmp_path: Path):
    with bench_on(site, tmp_path).app() as app:
        sync(app, ADMINISTRATOR)
        site.pages["/leave"] = Reply(status=503)
        report = sync(app, ADMINISTRATOR)
        assert counts(report) == {"unchanged": 2}
        (problem,) = report["sources"][0]["problems"]
        assert (problem["uri"], problem["code"]) == (f"site/{site.host}/leave", "unreadable")
        assert found(app, "carry over vacation days")[0] == f"site/{site.host}/leave"
        site.pages = {"/robots.txt": Reply(status=500)}
        with pytest.raises((OutsideFailed, JobFailed), match="nothing was removed") as failed:
            sync(app, ADMINISTRATOR)
        assert failed.value.exit_code == 5
        assert found(app, "carry over vacation days")[0] == f"site/{site.host}/leave"


def test_a_sync_that_was_cut_off_after_it_had_looked_goes_on(site: WebSite, tmp_path: Path):
    bench = bench_on(site, tmp_path)
    with bench.app() as app:
        parse, bench.parser_.parse = bench.parser_.parse, _killed
        with pytest.raises(KeyboardInterrupt):
            sync(app, ADMINISTRATOR)
        bench.parser_.parse = parse
    with bench.app() as app:
        assert counts(sync(app, ADMINISTRATOR)) == {"added": 3}
        assert found(app, "carry over vacation days")[0] == f"site/{site.host}/leave"


def _killed(uri: str, content: bytes) -> Any:
    raise KeyboardInterrupt


def test_a_document_knows_its_address_and_nobody_makes_the_server_fetch_it(site: WebSite, tmp_path: Path):
    with bench_on(site, tmp_path).app() as app:
        sync(app, ADMINISTRATOR)
        document = documents.find(app, ADMINISTRATOR, f"site/{site.host}/leave")
        assert document.metadata["url"] == f"{site.url}/leave"
        assert address(app, document) == f"{site.url}/leave"
        asked = len(site.asked)
        with pytest.raises(NotFound, match="open it at its address"):
            documents.original(app, ADMINISTRATOR, document.id)
        assert len(site.asked) == asked


def test_what_was_erased_here_does_not_come_back_to_the_disk(site: WebSite, tmp_path: Path):
    with bench_on(site, tmp_path).app() as app:
        sync(app, ADMINISTRATOR)
        documents.purge(app, ADMINISTRATOR, f"site/{site.host}/leave")
        site.pages["/leave"] = html(LEAVE.replace("five", "seventeen"))
        sync(app, ADMINISTRATOR)
        site.pages["/leave"] = html(LEAVE.replace("five", "eighteen"))
        dry_run(app, ADMINISTRATOR)
        assert f"site/{site.host}/leave" not in found(app, "carry over vacation days")
        kept = [path.read_bytes() for path in (tmp_path / ".firmground").rglob("*") if path.is_file()]
        assert not any(b"seventeen" in content or b"eighteen" in content for content in kept)


def test_an_address_that_is_none_of_the_web_is_never_shown_as_a_link(site: WebSite, tmp_path: Path):
    with bench_on(site, tmp_path).app() as app:
        sync(app, ADMINISTRATOR)
        document = documents.find(app, ADMINISTRATOR, f"site/{site.host}/leave")
        for url in (
            "javascript:alert(1)",
            "data:text/html,x",
            "//a.example/",
            "https://me@a.example/",
            "https://a b/",
            'https://a/"',
            3,
            "",
        ):
            assert address(app, document.model_copy(update={"metadata": {"url": url}})) == ""
        assert address(app, document.model_copy(update={"source": "other"})) == ""


def test_the_doctor_only_asks_whether_the_site_answers(site: WebSite, tmp_path: Path):
    with bench_on(site, tmp_path).app() as app:
        (check,) = [check for check in doctor(app, ADMINISTRATOR, []) if check.name == "source site"]
        assert (check.state, check.detail) == ("ok", "it answers")
        assert site.targets() == ["/robots.txt", "/"]
        site.pages = {"/": Reply(status=500)}
        (check,) = [check for check in doctor(app, ADMINISTRATOR, []) if check.name == "source site"]
        assert check.state == "error"
        assert "cannot be read" in check.detail
