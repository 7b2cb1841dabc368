"""One page of a site: asked for within the rules of its host, and understood as far as a crawl needs it."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from hashlib import sha256
from typing import NamedTuple
from urllib.parse import unquote

from firmground.sources import kinds
from firmground.sources.web import pages
from firmground.sources.web.fetching import Answer, Fetcher, Unreached, Unwanted
from firmground.sources.web.remembered import Page
from firmground.sources.web.robots import LARGEST, Pace, Robots
from firmground.sources.web.urls import BadAddress, Site, Url, parsed

_HTML = frozenset({kinds.HTML, "application/xhtml+xml"})
_UNNAMED = frozenset({"", "application/octet-stream", "binary/octet-stream"})
_READ = frozenset(
    {kinds.PDF, kinds.RTF, kinds.EPUB, kinds.CSV, kinds.TSV, kinds.MARKDOWN, kinds.PLAIN, "text/x-markdown"}
    | {kinds.DOC, kinds.XLS, kinds.PPT, kinds.DOCX, kinds.XLSX, kinds.PPTX, kinds.ODT, kinds.ODS, kinds.ODP}
)
_NAMES = frozenset(
    name for names in ("pdf rtf epub csv tsv md markdown txt", "doc docx xls xlsx ppt pptx odt ods odp") for name in names.split()
)
_NO_PAGES = frozenset(
    name
    for names in (
        "css js mjs map json xml rss atom",
        "ico png jpg jpeg gif svg webp avif bmp tif tiff",
        "mp3 mp4 m4a m4v webm ogg wav mov avi",
        "zip gz tgz bz2 xz 7z rar tar iso dmg exe msi deb rpm apk jar bin",
        "woff woff2 ttf otf eot",
    )
    for name in names.split()
)
_SITEMAPS = frozenset({*_UNNAMED, "application/gzip", "application/x-gzip", "application/xml", "text/xml"})
_LONGEST_HEADER = 500


class Looked(NamedTuple):
    """What became of asking for one address."""

    url: Url
    page: Page | None = None
    """Where the site answered with one; it may be another address than the one asked for, after a redirect."""
    fresh: bool = False
    """Whether it came in full, or only as the word that it is as it was."""
    content: bytes = b""
    bytes: int = 0
    gone: bool = False
    """The site says that there is none."""
    absent: str = ""
    """Why nobody knows what it holds now."""
    down: bool = False
    """Whether that is as if the whole host were out of order."""
    problem: tuple[str, str] | None = None
    """Code and detail, where it is no document though it is there."""


def may_be_page(url: Url) -> bool:
    """Whether its name leaves that open: pictures, programs and the like are not asked for."""
    return kinds.suffix_of(url.path) not in _NO_PAGES


class Looker:
    """Looks at pages of `site`. `known` are those remembered, by uri. Thread-safe."""

    def __init__(self, site: Site, fetcher: Fetcher, pace: Pace, now: Callable[[], datetime] | None = None) -> None:
        self.site = site
        self.known: Mapping[str, Page] = {}
        self._agent = re.split("[/ ]", fetcher.agent, maxsplit=1)[0]
        self.robots = Robots(self._robots_file, self._agent)
        self._fetcher = fetcher
        self._pace = pace
        self._now = now or (lambda: datetime.now(UTC))

    def look(self, url: Url) -> Looked:
        """Ask for a page, or whether it is as it is known."""
        try:
            answer = self._get(url, asked=self._conditions)
        except Unreached as wrong:
            return Looked(url, absent=str(wrong), down=True)
        except Unwanted as wrong:
            return Looked(url, problem=(wrong.code, str(wrong)))
        known = self.known.get(answer.url.uri)
        if answer.status == 304 and known is not None:
            return Looked(url, known)
        if answer.status != 200:
            return _none(url, answer.status)
        if not _is_document(answer):
            media = answer.media_type[:100] or "something without a name"
            return Looked(url, problem=("unsupported", f"it holds {media}, not a document: exclude it"))
        page, content = self._understood(answer)
        return Looked(url, page, fresh=True, content=content, bytes=len(answer.content))

    def file(self, url: Url) -> bytes:
        """A sitemap, or anything else that is no page. Unreached; Unwanted where there is none."""
        answer = self._get(url)
        if answer.status in {404, 410}:
            raise Unwanted("gone", "there is none")
        if answer.status != 200:
            raise Unreached(_said(answer.status))
        return answer.content

    def _robots_file(self, url: Url) -> Answer:
        return self._fetcher.get(url, hop=self._hop, most=LARGEST)

    def _get(self, url: Url, asked: Callable[[Url], Mapping[str, str]] = lambda _: {}) -> Answer:
        def hop(at: Url, to: str) -> Url:
            following = self._hop(at, to)
            self._allowed(following)
            return following

        self._allowed(url)
        return self._fetcher.get(url, hop=hop, asked=asked, wanted=_is_wanted)

    def _allowed(self, url: Url) -> None:
        if why := self.robots.refuses(url):
            if self.robots.absent(url):
                raise Unreached(why)
            raise Unwanted("disallowed", why)
        self._pace.wait(url.authority, self.robots.delay(url))

    def _hop(self, at: Url, to: str) -> Url:
        url = self.site.url(to, at)
        if url is None:
            try:
                elsewhere = f"{parsed(to, at).authority}, which is none of its hosts: name it under hosts if it belongs to them"
            except BadAddress as wrong:
                elsewhere = f"an address that is never asked ({wrong})"
            raise Unwanted("redirect_outside", f"it redirects to {elsewhere}")
        if url == at:
            how = " but for what follows a ?: set keep_queries if that counts" if "?" in to else ""
            raise Unwanted("redirect_loop", f"it redirects to itself{how}")
        return url

    def _conditions(self, url: Url) -> dict[str, str]:
        known = self.known.get(url.uri)
        if known is None:
            return {}
        asked = {"If-None-Match": known.tag, "If-Modified-Since": known.modified}
        return {name: value for name, value in asked.items() if value}

    def _understood(self, answer: Answer) -> tuple[Page, bytes]:
        index, follow = pages.rules(answer.headers.get("x-robots-tag", "")[:2000], self._agent)
        content, said, base = answer.content, pages.Said(), answer.url
        if _is_html(answer):
            text = pages.text_of(content, answer.charset)
            said = pages.read(text, self._agent)
            content = pages.document(text, said)
            wished = pages.rules(said.robots, self._agent)
            index, follow = index and wished[0], follow and wished[1]
            base = _base(said.base, answer.url)
        links = [found for link in said.links if (found := self.site.url(link, base))] if follow else []
        canonical = self.site.url(said.canonical, base) if said.canonical else None
        digest = sha256(content).hexdigest()
        page = Page(
            uri=answer.url.uri,
            url=str(answer.url),
            tag=_header(answer, "etag"),
            modified=_header(answer, "last-modified"),
            digest=digest,
            size=len(content),
            changed_ns=self._changed(answer, digest),
            links=tuple(dict.fromkeys(str(link) for link in links if may_be_page(link))),
            canonical=canonical.uri if canonical and canonical.uri != answer.url.uri else "",
            listed=index,
        )
        return page, content

    def _changed(self, answer: Answer, digest: str) -> int:
        """When the site says that it changed; else when that was first seen."""
        now = self._now()
        try:
            said = parsedate_to_datetime(answer.headers.get("last-modified", ""))
            said = said if said.tzinfo else said.replace(tzinfo=UTC)
            if datetime(1990, 1, 1, tzinfo=UTC) < said < now + timedelta(days=1):
                return int(said.timestamp()) * 1_000_000_000
        except (ValueError, TypeError, OverflowError):
            pass
        known = self.known.get(answer.url.uri)
        return known.changed_ns if known and known.digest == digest else int(now.timestamp()) * 1_000_000_000


def _base(said: str, url: Url) -> Url:
    """What the links of a page are seen from; that may be another host, and then none of them is of the source."""
    try:
        return parsed(said, url) if said else url
    except BadAddress:
        return url


def _header(answer: Answer, name: str) -> str:
    value = answer.headers.get(name, "")
    return value if len(value) <= _LONGEST_HEADER and value.isprintable() and value.isascii() else ""


def _none(url: Url, status: int) -> Looked:
    if status in {404, 410}:
        return Looked(url, gone=True)
    return Looked(url, absent=_said(status), down=status == 429 or status >= 500)


def _said(status: int) -> str:
    if status in {401, 403}:
        return f"it may not be read without signing in (status {status})"
    return f"its host answers with status {status}"


def _is_html(answer: Answer) -> bool:
    if answer.media_type in _HTML:
        return True
    return answer.media_type == "" and answer.content[:200].lstrip().lower().startswith((b"<!doctype html", b"<html"))


def _is_document(answer: Answer) -> bool:
    if answer.media_type in _HTML | _READ or _is_html(answer):
        return True
    named = kinds.suffix_of(unquote(answer.url.path))
    return named in _NAMES and (answer.media_type in _UNNAMED or answer.media_type.startswith("text/"))


def _is_wanted(answer: Answer) -> bool:
    """Whether to read on, by its headers: sitemaps besides documents."""
    return _is_document(answer) or answer.media_type in _SITEMAPS
