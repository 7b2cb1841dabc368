"""Sitemaps: lists of addresses that a site gives out (sitemaps.org)."""

import zlib
from typing import NamedTuple

from defusedxml.common import DefusedXmlException

LARGEST = 50 << 20
"""Bytes of a sitemap, unpacked; what the protocol allows."""
MOST = 50_000


class BadSitemap(ValueError):
    """Not one that can be read; the message says why."""


class Sitemap(NamedTuple):
    pages: tuple[str, ...] = ()
    sitemaps: tuple[str, ...] = ()


def read(content: bytes) -> Sitemap:
    """BadSitemap for anything that is none, or that is larger than the protocol allows."""
    from xml.etree.ElementTree import ParseError

    from defusedxml.ElementTree import fromstring

    if content.startswith(b"\x1f\x8b"):
        content = inflated(content, LARGEST)
    try:
        root = fromstring(content, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError) as wrong:
        raise BadSitemap("it is no XML that can be read") from wrong
    kind = _name(root.tag)
    if kind not in {"urlset", "sitemapindex"}:
        raise BadSitemap("it is no sitemap")
    found: list[str] = []
    for entry in root:
        at = next((part.text for part in entry if _name(part.tag) == "loc"), None)
        if at and len(found) < MOST:
            found.append(at.strip())
    return Sitemap(pages=tuple(found)) if kind == "urlset" else Sitemap(sitemaps=tuple(found))


def _name(tag: object) -> str:
    return str(tag).rpartition("}")[2].lower()


def inflated(content: bytes, limit: int) -> bytes:
    """Unpacks gzip. BadSitemap once it is more than `limit` bytes."""
    unpacking = zlib.decompressobj(31)
    try:
        unpacked = unpacking.decompress(content, limit + 1)
    except zlib.error as wrong:
        raise BadSitemap("it is damaged") from wrong
    if len(unpacked) > limit:
        raise BadSitemap(f"it unpacks to more than {limit} bytes")
    if not unpacking.eof:
        raise BadSitemap("its end is missing")
    return unpacked
