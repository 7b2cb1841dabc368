"""Pictures of pages over HTTP: only for those who may see the document, and only of what was taken in."""

import io
from collections.abc import Generator
from pathlib import Path

import pytest
from PIL import Image
from serving import HERE
from starlette.testclient import TestClient

from firmground.app.corpus.pictures import page_picture
from firmground.app.corpus.sync import sync
from firmground.errors import NotFound
from firmground.testing.app import ADMINISTRATOR, COLLEAGUE, Bench
from firmground.types import Parsed
from firmground.web.application import application
from firmground.web.served import Served


class Recognising:
    """A parser that reads a scan, as one with text recognition does."""

    id = "recognising"

    def parse(self, uri: str, content: bytes) -> Parsed:
        del uri, content
        return Parsed(text="Every employee may carry over five vacation days into the next year.\n", media_type="image/png")

    def close(self) -> None:
        """Nothing to close."""


def a_scan(colour: str = "gray") -> bytes:
    made = io.BytesIO()
    Image.new("RGB", (300, 200), colour).save(made, "PNG")
    return made.getvalue()


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    bench = Bench(tmp_path)
    bench.parser_ = Recognising()
    bench.source.contents["scan.png"] = a_scan()
    return bench


@pytest.fixture
def site(bench: Bench) -> Generator[tuple[TestClient, str]]:
    with bench.app() as app:
        sync(app, ADMINISTRATOR)
        with app.database.reading() as tx:
            [document] = tx.documents()
        served = Served(app, patience=0.2)
        assert served.open_parts()
        yield (
            TestClient(application(served), base_url=HERE, raise_server_exceptions=False),
            f"/documents/{document.id}/pages/{{}}.png",
        )
        served.close()


def test_a_page_is_a_png_that_the_browser_asks_about_each_time(site: tuple[TestClient, str]):
    client, address = site
    page = client.get(address.format(1), params={"width": 150, "start": 0, "end": 14})
    assert (page.status_code, page.headers["content-type"]) == (200, "image/png")
    assert page.headers["cache-control"] == "private, no-cache"
    assert page.headers["x-highlight"] == "none"
    assert page.headers["x-content-type-options"] == "nosniff"
    with Image.open(io.BytesIO(page.content)) as picture:
        assert picture.size == (150, 100)
    again = client.get(address.format(1), params={"width": 150}, headers={"If-None-Match": page.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_pages_and_documents_that_are_not_there_are_not_found(site: tuple[TestClient, str]):
    client, address = site
    assert client.get(address.format(2)).status_code == 404
    assert client.get("/documents/nothing/pages/1.png").status_code == 404


@pytest.mark.parametrize("path", ["0", "-1", "x", "99999999999"])
def test_what_is_no_number_of_a_page_is_refused(site: tuple[TestClient, str], path: str):
    assert site[0].get(site[1].format(path)).status_code in {400, 404, 422}


@pytest.mark.parametrize("query", [{"width": "1"}, {"width": "100000"}, {"start": "-1"}, {"end": "9" * 40}])
def test_widths_and_offsets_are_bounded(site: tuple[TestClient, str], query: dict[str, str]):
    assert site[0].get(site[1].format(1), params=query).status_code in {400, 422}


def test_a_file_that_changed_since_it_was_taken_in_is_not_shown(site: tuple[TestClient, str], bench: Bench):
    client, address = site
    assert client.get(address.format(1)).status_code == 200
    bench.source.contents["scan.png"] = a_scan("red")
    assert client.get(address.format(1)).status_code == 404


def test_who_may_not_see_a_document_gets_no_picture_that_another_has_seen(bench: Bench):
    bench.source.file_groups["scan.png"] = ("board",)
    with bench.app() as app:
        sync(app, ADMINISTRATOR)
        with app.database.reading() as tx:
            [document] = tx.documents()
        assert page_picture(app, ADMINISTRATOR, document.id, 1).png
        with pytest.raises(NotFound) as hidden:
            page_picture(app, COLLEAGUE, document.id, 1)
        with pytest.raises(NotFound) as absent:
            page_picture(app, COLLEAGUE, "0" * len(document.id), 1)
    assert str(hidden.value).replace(document.id, "") == str(absent.value).replace("0" * len(document.id), "")
