"""A web site keeps the contract of sources: each uri is the path of a page."""

from collections.abc import Iterator
from pathlib import Path
from threading import Event
from urllib.parse import quote, unquote

import pytest

from firmground.sources.web.source import Manners, WebSource
from firmground.testing.source import SourceContract
from firmground.testing.web_site import Reply, WebSite
from firmground.types import SourceFile


class _SitePlace:
    """A site with a sitemap of all its pages. Documents of the contract have bare paths, so the host is taken off here."""

    def __init__(self, site: WebSite, folder: Path) -> None:
        self._site = site
        self._folder = folder
        manners = Manners(delay_seconds=0, page_seconds=3)
        self._source = WebSource("site", [f"{site.url}/sitemap.xml"], folder, allow_private=["127.0.0.0/8"], manners=manners)
        self.source = self
        self.name = self._source.name
        self._tell()

    def put(self, uri: str, content: bytes) -> None:
        self._site.pages["/" + quote(uri)] = Reply(content, headers={"Content-Type": "text/plain"})
        self._tell()

    def remove(self, uri: str) -> None:
        del self._site.pages["/" + quote(uri)]
        for held in self._folder.glob("held-*"):  # what was fetched is read as it was: what comes after that is the question here
            held.unlink()
        self._tell()

    def lose(self) -> None:
        self._site.pages.clear()

    def _tell(self) -> None:
        self._site.pages.pop("/sitemap.xml", None)
        named = "".join(f"<url><loc>{self._site.url}{path}</loc></url>" for path in self._site.pages)
        self._site.pages["/sitemap.xml"] = Reply(f"<urlset>{named}</urlset>".encode(), headers={"Content-Type": "text/xml"})

    def files(self) -> Iterator[SourceFile]:
        for file in self._source.files():
            yield file.model_copy(update={"uri": unquote(file.uri.partition("/")[2])})

    def read(self, file: SourceFile) -> bytes:
        return self._source.read(file.model_copy(update={"uri": self._uri(file.uri)}))

    def said(self, uri: str) -> list[tuple[str, tuple[str, ...]]]:
        return self._source.said(self._uri(uri))

    def problems(self) -> tuple[tuple[str, str, str], ...]:
        return self._source.problems()

    def watch(self, stop: Event) -> Iterator[frozenset[str]]:
        return self._source.watch(stop)

    def _uri(self, uri: str) -> str:
        return f"{self._site.host}/{quote(uri)}"


class TestWebSource(SourceContract):
    @pytest.fixture
    def place(self, tmp_path: Path) -> Iterator[_SitePlace]:
        with WebSite() as site:
            yield _SitePlace(site, tmp_path / "web")
