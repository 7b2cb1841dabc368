"""From where a site begins to the pages that are documents: sitemaps where a host has some, else links, nearest pages first.

What a site no longer shows is no longer listed. But a page that cannot be had now is not gone, and neither is what only it leads to: where
a crawl could not see everything, that is a problem of the folder it did not see, and nothing in it is removed.
"""

import threading
from collections.abc import Callable, Generator, Hashable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from time import monotonic
from typing import NamedTuple

from firmground.errors import OutsideFailed
from firmground.sources.web import sitemaps
from firmground.sources.web.fetching import Unreached, Unwanted
from firmground.sources.web.looking import Looked, Looker
from firmground.sources.web.remembered import Page, Remembered
from firmground.sources.web.urls import Url

_SITEMAPS = 500
_NESTED = 3
_FAILURES = 10
"""In a row, until a host is left alone."""
_KEPT_AT_ONCE = 50
_FEW = 10
_UNASKED = "unasked"
_TOLD_ALWAYS = frozenset({"limit_exceeded", "redirect_loop"})


class Bounds(NamedTuple):
    depth: int = 10
    pages: int = 2_000
    bytes: int = 500_000_000
    seconds: float = 1_800.0
    connections: int = 4


class Crawl:
    """One look at everything. `covers` says whether a uri may be a document, `closed` whether it must not even be looked at; two pages with
    the same words are one document where `alike` says the same of them."""

    def __init__(
        self,
        looker: Looker,
        remembered: Remembered,
        stopped: threading.Event,
        *,
        covers: Callable[[str], bool],
        closed: Callable[[str], bool],
        alike: Callable[[str], Hashable],
        bounds: Bounds,
        with_sitemaps: bool,
    ) -> None:
        self.problems: list[tuple[str, str, str]] = []
        self._looker, self._remembered, self._stopped = looker, remembered, stopped
        self._covers, self._closed, self._alike = covers, closed, alike
        self._bounds, self._with_sitemaps = bounds, with_sitemaps
        self._until = monotonic() + bounds.seconds
        self._came = 0
        self._asked: set[str] = set()
        self._named: set[str] = set()
        """What settings or sitemaps name: whoever named it wants to know what is wrong with it."""
        self._mapped: set[str] = set()
        """Hosts with a sitemap: what leads to their pages is known, so their links are not followed."""
        self._first: dict[str, Looked] = {}
        self._seen: set[str] = set()
        self._absent: set[str] = set()
        self._failures: dict[str, int] = {}
        self._listed: dict[str, Page] = {}
        self._words: dict[Hashable, str] = {}
        self._aliases: dict[str, Page] = {}
        self._unsaved: list[Page] = []
        self._missing = ""
        """Why not everything was seen; empty where it was."""

    def run(self) -> Iterator[Page]:
        """Each document once. OutsideFailed where the site as a whole cannot be reached."""
        self._remembered.drop_held()
        self._looker.known = self._remembered.pages()
        before = self._remembered.listed()
        with self._threads() as threads:
            level = self._begin(threads)
            for depth in range(self._bounds.depth + 2):  # the last for what pages of the one before are better known by
                following: dict[str, Url] = {}
                for looked in self._all(threads, level):
                    yield from self._take(looked, following if depth < self._bounds.depth else {}, following)
                level = list(following.values())
            yield from self._settled()
            yield from self._again(threads, before - self._listed.keys() - self._asked)
        self._save()
        self._told()
        if not self._missing:
            self._remembered.mark(self._listed)
            self._remembered.forget(self._looker.known.keys() - self._seen - self._absent)

    @contextmanager
    def _threads(self) -> Generator[ThreadPoolExecutor]:
        threads = ThreadPoolExecutor(self._bounds.connections, thread_name_prefix="crawling")
        try:
            yield threads
        finally:
            self._save()
            threads.shutdown(wait=False, cancel_futures=True)

    # ------------------------------------------------------------ where it begins

    def _begin(self, threads: ThreadPoolExecutor) -> list[Url]:
        """What the first level is made of: beginnings that are pages, and what sitemaps name. OutsideFailed where no beginning answers."""
        begin = self._looker.site.begin
        maps, starts = [url for url in begin if _is_sitemap(url)], [url for url in begin if not _is_sitemap(url)]
        self._named.update(url.uri for url in starts)
        tried = list(threads.map(self._look_at_beginning, starts))
        why = [looked.absent or (looked.problem or ("", "there is no such page"))[1] for looked in tried if looked.page is None]
        found: dict[str, Url] = {url.uri: url for url in starts}
        why += [wrong for url in maps if (wrong := self._sitemap(url, found, 0))]
        if len(why) == len(begin):
            raise OutsideFailed(
                f"the web site {begin[0]} cannot be read ({why[0]})",
                "bring it back, or correct `urls`; nothing was removed",
            )
        if self._with_sitemaps:
            for url in {each.authority: each for each in starts}.values():
                self._maps_of(url, found)
        self._named.update(found)
        return list(found.values())

    def _look_at_beginning(self, url: Url) -> Looked:
        """Ahead of all others, since nothing is listed of a site that does not answer. It is taken with the first level."""
        looked = self._looker.look(url)
        if looked.page is not None:
            self._first[url.uri] = looked
        return looked

    def _maps_of(self, url: Url, found: dict[str, Url]) -> None:
        named = self._looker.robots.sitemaps(url)
        for each in named:
            at = self._looker.site.url(each, url)
            if at is None:
                self._problem(
                    url.authority + "/", "sitemap_outside", "robots.txt names a sitemap at another host: name it under hosts"
                )
            else:
                self._sitemap(at, found, 0)
        if not named:
            self._sitemap(url._replace(path="/sitemap.xml", query=""), found, 0, asked_for=False)

    def _sitemap(self, url: Url, found: dict[str, Url], depth: int, *, asked_for: bool = True) -> str:
        """Adds what a sitemap names; why it could not be read, where it could not."""
        if url.uri in self._seen or len(self._seen) >= _SITEMAPS:
            return ""
        self._seen.add(url.uri)
        try:
            listed = sitemaps.read(self._looker.file(url))
        except (Unwanted, sitemaps.BadSitemap) as wrong:
            if asked_for:
                self._problem(url.uri, "sitemap_unreadable", f"{wrong}: mend it, or begin at pages")
                self._missing = f"the sitemap {url} cannot be read"
            return str(wrong)
        except Unreached as wrong:
            if asked_for or "status 40" not in str(wrong):  # some hosts refuse what they do not have
                self._problem(url.uri, "unreadable", f"{wrong}: kept as it was")
                self._missing = f"the sitemap {url} cannot be had"
            return str(wrong)
        self._mapped.add(url.authority)
        for each in listed.pages:
            page = self._looker.site.url(each, url)
            if page is not None and not self._closed(page.uri):
                self._mapped.add(page.authority)
                found.setdefault(page.uri, page)
        for each in listed.sitemaps if depth < _NESTED else ():
            nested = self._looker.site.url(each, url)
            if nested is not None:
                self._sitemap(nested, found, depth + 1)
        return ""

    # ------------------------------------------------------------ looking

    def _all(self, threads: ThreadPoolExecutor, level: Sequence[Url]) -> Iterator[Looked]:
        """In the order given, whatever answers first."""
        room = max(0, self._bounds.pages - len(self._asked))
        if len(level) > room:
            self._problem(
                level[room].authority + "/",
                "limit_exceeded",
                f"more than {self._bounds.pages} pages: the others are left out; raise max_pages, or exclude some",
            )
        wanted = [url for url in level[:room] if url.uri not in self._asked]
        self._asked.update(url.uri for url in wanted)
        yield from threads.map(self._look, wanted)

    def _look(self, url: Url) -> Looked:
        if self._stopped.is_set() or monotonic() > self._until:
            return _unasked(url, f"it took longer than {self._bounds.seconds:.0f} seconds in all: raise max_seconds")
        if self._came > self._bounds.bytes:
            return _unasked(url, f"it was more than {self._bounds.bytes // 1_000_000} megabytes in all: raise max_megabytes")
        if self._failures.get(url.authority, 0) >= _FAILURES:
            return _unasked(url, "its host does not answer any more")
        looked = self._first.pop(url.uri, None) or self._looker.look(url)
        self._failures[url.authority] = self._failures.get(url.authority, 0) + 1 if looked.down else 0
        self._came += looked.bytes
        page = looked.page
        if page is not None and looked.fresh:
            if page.listed and self._covers(page.uri):
                self._remembered.hold(page.digest, looked.content)
            looked = looked._replace(content=b"")
        return looked

    # ------------------------------------------------------------ taking

    def _take(self, looked: Looked, following: dict[str, Url], anyway: dict[str, Url]) -> Iterator[Page]:
        """Lists the page where it is a document. `following` takes in what it leads to, `anyway` what it is better known by."""
        page = looked.page
        if looked.absent:
            page = self._had_none(looked)
            if page is not None:
                self._follow(page, following)
            return
        if page is None:
            self._not_one(looked)
            return
        if page.uri in self._seen:
            return
        self._seen.add(page.uri)
        self._asked.add(page.uri)
        if looked.fresh:
            self._unsaved.append(page)
            if len(self._unsaved) >= _KEPT_AT_ONCE:
                self._save()
        self._follow(page, following)
        if not page.listed or self._closed(page.uri) or not self._covers(page.uri):
            return
        if page.canonical and not self._closed(page.canonical):
            self._aliases[page.uri] = page
            better = self._looker.site.url("//" + page.canonical, looked.url)
            if better is not None and better.uri not in self._asked:
                anyway.setdefault(better.uri, better)
            return
        yield from self._list(page)

    def _follow(self, page: Page, following: dict[str, Url]) -> None:
        for link in page.links:
            url = self._looker.site.url(link)
            if url is None or url.authority in self._mapped or url.uri in self._asked or self._closed(url.uri):
                continue
            following.setdefault(url.uri, url)

    def _had_none(self, looked: Looked) -> Page | None:
        """The page as it is remembered, where that is known: what it leads to is then looked at all the same."""
        uri, known = looked.url.uri, self._looker.known.get(looked.url.uri)
        self._absent.add(uri)
        unasked = looked.problem is not None
        if not unasked:
            self._problem(uri, "unreadable", f"{looked.absent}; kept as it was")
        if unasked or (known is None and looked.url.authority not in self._mapped):
            self._missing = self._missing or f"{looked.url} cannot be had now ({looked.absent})"
        return known

    def _not_one(self, looked: Looked) -> None:
        uri, (code, why) = looked.url.uri, looked.problem or ("gone", "there is no such page: correct urls, or the sitemap")
        told = code in _TOLD_ALWAYS or uri in self._named or uri in self._looker.known
        if code == "disallowed" and uri in self._looker.known:
            self._absent.add(uri)
            self._problem(uri, "unreadable", f"{why}; kept as it was: remove it with exclude")
        elif told and not (code == "gone" and uri not in self._named):
            self._problem(uri, code, why)

    def _list(self, page: Page) -> Iterator[Page]:
        first = self._words.setdefault((page.digest, self._alike(page.uri)), page.uri)
        if first == page.uri and page.uri not in self._listed:
            self._listed[page.uri] = page
            yield page

    # ------------------------------------------------------------ afterwards

    def _settled(self) -> Iterator[Page]:
        """Pages that say they are better known by another address are documents of their own only where there is none there; where they
        name each other, the first of them is."""
        for uri, page in self._aliases.items():
            passed, better = {uri}, page.canonical
            while better in self._aliases and better not in passed:
                passed.add(better)
                better = self._aliases[better].canonical
            if better not in self._listed and better not in self._absent and not passed & self._listed.keys():
                yield from self._list(page)

    def _again(self, threads: ThreadPoolExecutor, unseen: Iterable[str]) -> Iterator[Page]:
        """A site that seems to have lost most of its pages at once may only show a page that says so: then each is asked for itself."""
        unseen = sorted(uri for uri in unseen if self._covers(uri) and not self._closed(uri))
        if self._missing or len(unseen) < max(_FEW, len(self._listed)):
            return
        urls = [url for uri in unseen if (url := self._looker.site.url("//" + uri, self._looker.site.begin[0]))]
        still = 0
        for looked in self._all(threads, urls):
            for page in self._take(looked, {}, {}):
                still += 1
                yield page
        if still:
            self._problem(
                urls[0].authority + "/",
                "not_linked",
                f"nothing leads to {still} pages any more, but they are there: kept as they were",
            )

    def _told(self) -> None:
        if self._missing:
            for host in sorted(self._looker.site.hosts):
                self._problem(host + "/", "unreadable", f"not all of it was seen, so nothing is removed: {self._missing}")

    def _save(self) -> None:
        unsaved, self._unsaved = self._unsaved, []
        if unsaved:
            self._remembered.keep(unsaved)

    def _problem(self, uri: str, code: str, detail: str) -> None:
        self.problems.append((uri, code, detail))


def _unasked(url: Url, why: str) -> Looked:
    return Looked(url, absent=why, problem=(_UNASKED, why))


def _is_sitemap(url: Url) -> bool:
    return url.path.lower().endswith((".xml", ".xml.gz"))
