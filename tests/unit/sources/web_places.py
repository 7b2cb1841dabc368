"""Sources on sites of this machine."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from firmground.sources.web.source import Manners, WebSource
from firmground.testing.web_site import WebSite

QUICK: dict[str, Any] = {"delay_seconds": 0.0, "page_seconds": 3.0}


def source_at(site: WebSite, folder: Path, *paths: str, manners: dict[str, Any] | None = None, **more: Any) -> WebSource:
    urls = [site.url + path for path in paths or ("/",)]
    more.setdefault("allow_private", ["127.0.0.0/8"])
    return WebSource("site", urls, folder / "web", manners=Manners(**{**QUICK, **(manners or {})}), **more)


def listed(source: WebSource) -> list[str]:
    """Paths of its documents, in order."""
    return [file.uri.partition("/")[2] for file in source.files()]


def codes(source: WebSource) -> dict[str, str]:
    """Problems by path."""
    return {uri.partition("/")[2]: code for uri, code, _ in source.problems()}


def details(source: WebSource) -> str:
    return "\n".join(detail for _, _, detail in source.problems())


def without(targets: Iterable[str]) -> list[str]:
    """What was asked for besides what every crawl asks for."""
    return [target for target in targets if target not in {"/robots.txt", "/sitemap.xml"}]
