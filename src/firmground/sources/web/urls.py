"""Addresses on the web in one plain form (RFC 3986), and whether they belong to a source.

The plain form is ASCII: scheme and host in small letters, names of other scripts as punycode, no default port, no dot segments, percent
signs only where they are needed, no fragment, no user and password. The uri of a document is that form without its scheme.
"""

import re
from collections.abc import Iterable
from contextlib import suppress
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address
from typing import NamedTuple
from urllib.parse import urljoin, urlsplit

LONGEST = 2000
"""Characters of an address; longer ones fit into no index of a database, and no honest site needs them."""
_SCHEMES = {"http": 80, "https": 443}
_BLANKS = "".join(map(chr, range(33)))
_UNSEEN = str.maketrans("", "", "\t\r\n")
_PERCENT = re.compile(r"%[0-9A-Fa-f]{2}|%|[^!$&'()*+,\-./0-9:;=@A-Z_a-z~]")
_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")
_UNRESERVED = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~")


class BadAddress(ValueError):
    """Not an address that is ever asked; the message says why."""


class Url(NamedTuple):
    """An address in its plain form."""

    scheme: str
    authority: str
    """Host, and port where it is not the default."""
    path: str
    query: str = ""

    @property
    def uri(self) -> str:
        return self.authority + self.target

    @property
    def target(self) -> str:
        return self.path + ("?" + self.query if self.query else "")

    @property
    def host(self) -> str:
        return urlsplit("//" + self.authority).hostname or ""

    @property
    def port(self) -> int:
        return urlsplit("//" + self.authority).port or _SCHEMES[self.scheme]

    def __str__(self) -> str:
        return f"{self.scheme}://{self.uri}"


def parsed(written: str, base: Url | None = None, *, queries: bool = True) -> Url:
    """The plain form of what somebody wrote, seen from `base`. BadAddress."""
    written = written.strip(_BLANKS).translate(_UNSEEN)
    if len(written) > LONGEST:
        raise BadAddress("it is too long")
    try:
        whole = urlsplit(urljoin(str(base), written) if base else written)
        port = whole.port
    except ValueError as wrong:
        raise BadAddress("it is no address") from wrong
    if whole.scheme not in _SCHEMES:
        raise BadAddress("it is neither http nor https")
    if "@" in whole.netloc:
        raise BadAddress("it holds a user or password")
    authority = _host(whole.hostname or "")
    if port is not None and port != _SCHEMES[whole.scheme]:
        authority += f":{port}"
    url = Url(whole.scheme, authority, _path(whole.path), _encoded(whole.query, "/?[]") if queries else "")
    if len(url.uri) > LONGEST:
        raise BadAddress("it is too long")
    return url


@lru_cache(maxsize=1_000)
def _host(host: str) -> str:
    if ":" in host:
        with suppress(ValueError):
            address = IPv6Address(host)
            if address.scope_id is None:
                return f"[{address}]"
        raise BadAddress("its host is no address of a machine")
    if not host.isascii():
        from idna import IDNAError, encode

        try:
            host = encode(host, uts46=True).decode("ascii")
        except (IDNAError, UnicodeError) as wrong:
            raise BadAddress("its host is no name") from wrong
    host = host.lower().removesuffix(".")
    labels = host.split(".")
    if len(host) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        raise BadAddress("its host is no name")
    if labels[-1].isdigit() or re.fullmatch(r"0x[0-9a-f]{0,61}", labels[-1]):  # else 0x7f.1 would be the name of 127.0.0.1
        try:
            return str(IPv4Address(host))
        except ValueError as wrong:
            raise BadAddress("its host is a number that is no plain address") from wrong
    return host


def _path(path: str) -> str:
    kept: list[str] = []
    *names, last = _encoded(path or "/", "/").split("/")[1:] or [""]
    for name in names:
        if name == "..":
            kept = kept[:-1]
        elif name != ".":
            kept.append(name)
    if last == "..":
        kept = kept[:-1]
    return "/" + "".join(name + "/" for name in kept) + ("" if last in {".", ".."} else last)


def _encoded(text: str, also: str) -> str:
    def spelt(found: re.Match[str]) -> str:
        sign = found.group()
        if len(sign) == 3 and sign[0] == "%":
            meant = chr(int(sign[1:], 16))
            return meant if meant in _UNRESERVED else sign.upper()
        return sign if sign in also else "".join(f"%{byte:02X}" for byte in sign.encode("utf-8", "replace"))

    return _PERCENT.sub(spelt, text)


class Site:
    """The hosts of a source. `begin` are addresses it begins at; `hosts` more of them, as `host` or `host:port`.

    A host that no beginning names by http is asked by https alone, whatever links say.
    """

    def __init__(self, begin: Iterable[str], hosts: Iterable[str] = (), *, queries: bool = False) -> None:
        self._queries = queries
        self.begin = tuple(parsed(each, queries=queries) for each in begin)
        named = tuple(parsed(f"https://{each}/").authority for each in hosts)
        self.hosts = frozenset(named or (url.authority for url in self.begin)) | {url.authority for url in self.begin}
        secure = {url.authority for url in self.begin if url.scheme == "https"}
        self._open = {url.authority for url in self.begin if url.scheme == "http"} - secure
        self._known = lru_cache(maxsize=20_000)(self._url)  # menus lead from each page to the same ones

    def url(self, written: str, base: Url | None = None) -> Url | None:
        """The address in its plain form where it belongs to the source, None elsewhere."""
        if base is not None and written.startswith("/"):
            base = base._replace(path="/", query="")
        return self._known(written, base)

    def _url(self, written: str, base: Url | None) -> Url | None:
        try:
            url = parsed(written, base, queries=self._queries)
        except BadAddress:
            return None
        if url.authority not in self.hosts:
            return None
        return url._replace(scheme="http" if url.authority in self._open else "https")
