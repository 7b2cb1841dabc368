"""What a page says to somebody who crawls: its links, its own name, whether it wants to be listed. Its text is the parser's affair.

Pages are hostile: this looks at bounded pieces only, and takes time in proportion to their length.
"""

import re
from contextlib import suppress
from html import unescape
from typing import NamedTuple

_NEXT = re.compile(r"<!--|<(/?)(a|area|link|meta|base|main|title|script|style|template|svg)(?=[\s/>])", re.IGNORECASE)
_ATTRIBUTE = re.compile(
    r"""[\s/]{0,200}([^\s=>"'/]{1,100})(?:\s{0,20}=\s{0,20}(?:"([^"]{0,3000})"|'([^']{0,3000})'|([^\s"'>]{1,3000})))?"""
)
_CHARSET = re.compile(rb"""<meta[^>]{0,200}?charset\s{0,9}=\s{0,9}["']?\s{0,9}([\w.:-]{1,40})""", re.IGNORECASE)
_TAGS = 50_000
_ATTRIBUTES = 40
_LINKS = 5_000
_UNREAD = {name: re.compile(f"</{name}", re.IGNORECASE) for name in ("script", "style", "template", "svg")}
"""What holds no links of the page, and how it ends."""
_CHARSETS = re.compile(
    r"utf-?8|utf-?16(?:-?[lb]e)?|us-ascii|ascii|latin-?1|iso-?8859-\d{1,2}|iso-2022-(?:jp|kr)|(?:windows-|cp)(?:874|125\d)|koi8-[ru]"
    r"|gb2312|gbk|gb18030|big5(?:-hkscs)?|shift[_-]jis|euc-(?:jp|kr)|macintosh|tis-620"
)
"""Those of the web; what else Python can decode is no text."""


class Said(NamedTuple):
    links: tuple[str, ...] = ()
    """As they stand there; `base` is what they are seen from, where the page says so."""
    base: str = ""
    canonical: str = ""
    robots: str = ""
    main: tuple[int, int] = (0, 0)
    """Where the one part lies that the page calls its main one."""
    title: str = ""


def text_of(content: bytes, charset: str = "") -> str:
    """The page as text: by the charset of its headers, else the one it names itself, else UTF-8."""
    named = _CHARSET.search(content[:4096])
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        charset = "utf-16"
    for name in (charset, named.group(1).decode("ascii", "ignore") if named else "", "utf-8"):
        if _CHARSETS.fullmatch(name.strip().lower()):
            with suppress(LookupError, UnicodeError):
                return content.decode(name.strip()).removeprefix("\ufeff")
    return content.decode("utf-8", "replace")


def read(page: str, agent: str) -> Said:
    """What it says to the crawler of this name."""
    links: dict[str, None] = {}
    said: dict[str, str] = {}
    mains: list[int] = []
    ends: list[int] = []
    at, robots = 0, list[str]()
    for _ in range(_TAGS):
        tag = _NEXT.search(page, at)
        if tag is None:
            break
        name, at = (tag.group(2) or "").lower(), tag.end()
        if not name:
            at = _after(page, "-->", at)
        elif tag.group(1):
            ends += [at] if name == "main" else []
        elif name in _UNREAD:
            end = _UNREAD[name].search(page, at)
            at = end.end() if end else len(page)
        elif name == "title":
            end = page.find("<", at)
            said.setdefault("title", page[page.find(">", at, at + 500) + 1 : end][:500] if end > 0 else "")
        elif name == "main":
            mains.append(tag.start())
        else:
            attributes, at = _attributes(page, at)
            _take(name, attributes, links, said)
            if name == "meta" and attributes.get("name", "").lower() in {"robots", agent.lower()}:
                robots.append(attributes.get("content", "")[:500])
    main = (mains[0], _after(page, ">", ends[0])) if len(mains) == len(ends) == 1 and mains[0] < ends[0] else (0, 0)
    return Said(
        tuple(links), said.get("base", ""), said.get("canonical", ""), ",".join(robots), main, unescape(said.get("title", ""))
    )


def _take(name: str, attributes: dict[str, str], links: dict[str, None], said: dict[str, str]) -> None:
    to, kinds = attributes.get("href", ""), attributes.get("rel", "").lower().split()
    if name in {"a", "area"} and to and "nofollow" not in kinds and len(links) < _LINKS:
        links[to] = None
    elif name == "base" and to:
        said.setdefault("base", to)
    elif name == "link" and to and "canonical" in kinds:
        said.setdefault("canonical", to)


def _attributes(page: str, at: int) -> tuple[dict[str, str], int]:
    found: dict[str, str] = {}
    for _ in range(_ATTRIBUTES):
        one = _ATTRIBUTE.match(page, at)
        if one is None:
            break
        value = next((each for each in one.groups()[1:] if each is not None), "")
        found.setdefault(one.group(1).lower(), unescape(value))
        at = one.end()
    return found, at


def _after(page: str, mark: str, at: int) -> int:
    """Where what follows the next `mark` begins; the end of the page where there is none."""
    end = page.find(mark, at)
    return len(page) if end < 0 else end + len(mark)


def rules(told: str, agent: str) -> tuple[bool, bool]:
    """Of `robots` words in a page or its headers: whether it may be listed, and whether its links may be followed. A header's words for
    another crawler are none for this one."""
    index = follow = True
    for part in told.lower().split(","):
        who, colon, word = part.rpartition(":")
        if colon and who.strip() not in {agent.lower(), "*"}:
            continue
        index = index and word.strip() not in {"noindex", "none"}
        follow = follow and word.strip() not in {"nofollow", "none"}
    return index, follow


def document(page: str, said: Said) -> bytes:
    """The page as it is handed to the parser: UTF-8, and where it marks one part as its main one, that part under its title alone.
    What surrounds it on every page of a site (menus, footers) is no part of any document."""
    start, end = said.main
    body = page
    if end > start:
        title = said.title.replace("&", "&amp;").replace("<", "&lt;")
        body = f"<html><head><title>{title}</title></head><body>{page[start:end]}</body></html>"
    return b'<!doctype html><meta charset="utf-8">' + body.encode("utf-8", "replace")
