"""Documents on web sites."""

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from firmground.errors import InvalidSettings, OutsideFailed, ParseFailed
from firmground.language.globs import compile_globs
from firmground.sources.labels import Rule, Rules
from firmground.sources.web.addresses import Addresses, is_private
from firmground.sources.web.remembered import Page, Remembered
from firmground.sources.web.urls import BadAddress, Site
from firmground.types import SourceFile, digest

if TYPE_CHECKING:
    import ssl

    from firmground.sources.web.crawl import Bounds
    from firmground.sources.web.fetching import Fetcher, Resolve
    from firmground.sources.web.looking import Looker

_UNDERSTOOD = 1
"""Grows when pages must be asked for in full again because they are understood otherwise."""
ADDRESS = "url"
"""Metadata of its documents: where the page is."""


@dataclass(frozen=True)
class Manners:
    """How it behaves towards a site, and how much it takes."""

    depth: int = 10
    max_pages: int = 2_000
    max_bytes: int = 500_000_000
    max_seconds: float = 1_800.0
    delay_seconds: float = 0.1
    page_seconds: float = 60.0
    connections: int = 4
    agent: str = "Firmground"
    sitemaps: bool = True
    queries: bool = False
    poll_seconds: float | None = None


@dataclass
class WebSource:
    """Pages of the sites that `urls` begin at, as far as `include`, `exclude` and `manners` let it.

    A document's uri is its address without the scheme (`docs.example.org/guide/`), in the plain form of `firmground.sources.web.urls`;
    patterns and rules hold over that. Metadata `url` is the address itself. The stamp is the digest of the content.

    Only hosts of `hosts` (those of `urls` when empty) are asked, at addresses of the public internet or of networks in `allow_private`.
    What is remembered between syncs lies in `folder`, and may be deleted. Nothing is fetched but while files are listed, or read as they
    were listed.
    """

    name: str
    urls: Sequence[str]
    folder: Path
    hosts: Sequence[str] = ()
    include: Sequence[str] = ("**/*",)
    exclude: Sequence[str] = ()
    groups: Sequence[str] = ("everyone",)
    rules: Sequence[Rule] = ()
    allow_private: Sequence[str] = ()
    manners: Manners = field(default_factory=Manners)
    max_bytes: int = 100 << 20
    resolve: "Resolve | None" = None
    security: "ssl.SSLContext | None" = None

    def __post_init__(self) -> None:
        self.site = self._site()
        self._include, self._exclude = compile_globs(self.include), compile_globs(self.exclude)
        self._rules = Rules(self.groups, self.rules)
        self._problems: list[tuple[str, str, str]] = []
        ways = digest([_UNDERSTOOD, [*sorted(self.site.hosts)], [*map(str, self.site.begin)], self.manners.queries])
        self._remembered = Remembered(self.folder, ways)
        self._addresses = self._open()
        self._reading: Looker | None = None
        self._lock = threading.Lock()

    def _site(self) -> Site:
        try:
            return Site(self.urls, self.hosts, queries=self.manners.queries)
        except BadAddress as wrong:
            raise InvalidSettings(f"urls or hosts of source {self.name} cannot be used ({wrong})", "correct them") from wrong

    def _open(self) -> Addresses:
        for network in self.allow_private:
            try:
                fitting = is_private(network)
            except ValueError as wrong:
                raise InvalidSettings(
                    f"allow_private of source {self.name} cannot be used ({wrong})", "write networks, e.g. 10.20.0.0/16"
                ) from wrong
            if not fitting:
                raise InvalidSettings(
                    f"allow_private of source {self.name} names {network}, which is not private",
                    "name only the networks it needs",
                )
        return Addresses(self.allow_private)

    def problems(self) -> tuple[tuple[str, str, str], ...]:
        return tuple(dict.fromkeys(self._problems))

    # ------------------------------------------------------------ listing

    def files(self) -> Iterator[SourceFile]:
        from firmground.sources.web.crawl import Crawl

        self._problems, self._reading = [], None
        self._rules.start()
        stopped = threading.Event()
        fetcher, looker = self._looker(stopped)
        crawl = Crawl(
            looker,
            self._remembered,
            stopped,
            covers=lambda uri: self._include.fullmatch(uri) is not None,
            closed=lambda uri: self._exclude.fullmatch(uri) is not None,
            alike=self._said,
            bounds=self._bounds(),
            with_sitemaps=self.manners.sitemaps,
        )
        found = 0
        try:
            for page in crawl.run():
                found += 1
                yield self._file(page)
        finally:
            stopped.set()
            fetcher.close()
            self._problems += crawl.problems
        self._unused(found)

    def reach(self) -> None:
        """Ask for where it begins, and for nothing else. OutsideFailed where that does not answer."""
        from firmground.sources.web.fetching import Unreached

        stopped = threading.Event()
        fetcher, looker = self._looker(stopped)
        try:
            for url in self.site.begin:
                try:
                    looker.file(url)
                except Unreached as wrong:
                    raise OutsideFailed(f"{url} cannot be read ({wrong})", "bring it back, or correct `urls`") from wrong
        finally:
            fetcher.close()

    def let_go(self) -> None:
        """What was fetched and is of no use, as of a page that was erased here, is deleted."""
        self._remembered.drop_held()

    def _bounds(self) -> "Bounds":
        from firmground.sources.web.crawl import Bounds

        mine = self.manners
        return Bounds(mine.depth, mine.max_pages, mine.max_bytes, mine.max_seconds, mine.connections)

    def _looker(self, stopped: threading.Event, *, keep: bool = True) -> "tuple[Fetcher, Looker]":
        from firmground.sources.web import fetching
        from firmground.sources.web.looking import Looker
        from firmground.sources.web.robots import Pace

        fetcher = fetching.Fetcher(
            self._addresses,
            agent=self.manners.agent,
            most=self.max_bytes,
            seconds=self.manners.page_seconds,
            connections=self.manners.connections,
            keep=keep,
            resolve=self.resolve or fetching.resolve,
            security=self.security,
        )
        pace = Pace(stopped, self.manners.delay_seconds, self.manners.max_seconds if keep else None)
        return fetcher, Looker(self.site, fetcher, pace)

    def _file(self, page: Page) -> SourceFile:
        labels = self._rules.labels(page.uri)
        return SourceFile(
            uri=page.uri,
            stamp=page.digest,
            size=page.size,
            modified_ns=page.changed_ns,
            groups=labels.groups or (),
            metadata={**labels.metadata, ADDRESS: page.url},
        )

    def _said(self, uri: str) -> str:
        """What settings say of a page. Asking must not count as use of a rule."""
        unused = set(self._rules.unused)
        labels = self._rules.labels(uri)
        self._rules.unused = unused
        return digest([list(labels.groups or ()), repr(sorted(labels.metadata.items(), key=lambda each: each[0]))])

    def _unused(self, found: int) -> None:
        if not found or any(code in {"unreadable", "limit_exceeded"} for _, code, _ in self._problems):
            return
        for pattern in sorted(self._rules.unused):
            detail = f"the rule with match = {pattern!r} covers no page: correct it (it begins with the host), or remove it"
            self._problems.append((pattern, "rule_matches_nothing", detail))

    def said(self, uri: str) -> list[tuple[str, tuple[str, ...]]]:
        wanted = self._include.fullmatch(uri) and not self._exclude.fullmatch(uri)
        return [self._rules.said(uri)] if wanted and self._remembered.knows(uri) else []

    # ------------------------------------------------------------ reading

    def read(self, file: SourceFile) -> bytes:
        held = self._remembered.take(file.stamp) if len(file.stamp) == 64 else None
        if held is not None:
            return held
        url = self.site.url(str(file.metadata.get(ADDRESS, "")))
        if url is None or url.uri != file.uri:
            raise ParseFailed("unreadable", "it is a page of the web, and is only fetched by a sync: open it at its address")
        looked = self._reader().look(url)
        if looked.page is None or looked.page.uri != file.uri:
            raise ParseFailed("unreadable", looked.absent or "it is no longer there: sync again")
        if sha256(looked.content).hexdigest() != file.stamp:
            raise ParseFailed("changed_while_reading", "it changed since it was listed: sync again")
        return looked.content

    def _reader(self) -> "Looker":
        with self._lock:
            if self._reading is None:
                _, self._reading = self._looker(threading.Event(), keep=False)
            return self._reading

    # ------------------------------------------------------------ watching

    def watch(self, stop: threading.Event) -> Iterator[frozenset[str]]:
        """A site does not tell that it changed: everything may have, each time `poll_seconds` are over. Without them it ends at once."""
        every = self.manners.poll_seconds
        return iter(()) if every is None else _ticks(stop, every)


def _ticks(stop: threading.Event, seconds: float) -> Iterator[frozenset[str]]:
    while not stop.wait(seconds):
        yield frozenset()
