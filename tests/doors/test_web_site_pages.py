"""What the pages show of documents that are pages of a web site."""

from pathlib import Path
from typing import cast

from serving import HERE, Elements
from starlette.testclient import TestClient

from firmground.app.corpus import documents
from firmground.app.corpus.sync import sync
from firmground.settings import Settings
from firmground.sources.web.source import Manners, WebSource
from firmground.testing.app import ADMINISTRATOR, Bench
from firmground.testing.source import MemorySource
from firmground.testing.web_site import WebSite, html
from firmground.web.application import application
from firmground.web.served import Served


def test_a_document_links_to_its_page_and_offers_no_file_to_save(tmp_path: Path):
    with WebSite({"/leave&more": html("<h1>Leave</h1><p>Five days.</p>")}) as site:
        url = f"{site.url}/leave&more"
        settings = Settings.model_validate({"sources": [{"name": "site", "kind": "web", "urls": [url]}]})
        source = WebSource("site", [url], tmp_path / "web", allow_private=["127.0.0.0/8"], manners=Manners(delay_seconds=0))
        with Bench(tmp_path, settings=settings, source=cast("MemorySource", source)).app() as app:
            sync(app, ADMINISTRATOR)
            document = documents.find(app, ADMINISTRATOR, f"site/{site.host}/leave&more")
            served = Served(app, patience=0.2)
            assert served.open_parts()
            client = TestClient(application(served), base_url=HERE)
            asked = len(site.asked)
            shown = client.get(f"/documents/{document.id}")
            (link,) = [each for each in Elements(shown.text).named("a") if each.get("href") == url]
            assert link["rel"] == "noopener noreferrer"
            assert "/original" not in shown.text
            assert client.get(f"/documents/{document.id}/original").status_code == 404
            assert client.get(f"/documents/{document.id}/pages/1.png").status_code == 404
            assert f"{site.host}/leave&amp;more" in client.get("/documents").text
            assert len(site.asked) == asked
            served.close()
