"""A workspace whose documents are pages of a site on this machine."""

from pathlib import Path
from typing import Any, cast

from firmground.settings import Settings
from firmground.sources.web.source import Manners, WebSource
from firmground.testing.app import Bench
from firmground.testing.source import MemorySource
from firmground.testing.web_site import WebSite


def bench_on(site: WebSite, place: Path, **more: Any) -> Bench:
    settings = Settings.model_validate({"sources": [{"name": "site", "kind": "web", "urls": [site.url + "/"]}]})
    folder = place / ".firmground" / "web" / "site"
    manners = Manners(delay_seconds=0, page_seconds=3)
    source = WebSource("site", [site.url + "/"], folder, allow_private=["127.0.0.0/8"], manners=manners, **more)
    return Bench(place, settings=settings, source=cast("MemorySource", source))
