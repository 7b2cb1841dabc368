"""What a source remembers of pages between syncs: how to ask whether they changed, and where they lead. Never their text.

A small database of its own beside the others. It may be deleted at any time: then every page is asked for in full once more.
"""

import json
import os
import sqlite3
from collections.abc import Generator, Iterable
from contextlib import closing, contextmanager, suppress
from hashlib import sha256
from pathlib import Path
from secrets import token_hex
from typing import NamedTuple

from firmground.errors import OutsideFailed

_LAYOUT = "1"
_MADE = """
create table if not exists about (key text primary key, value text not null);
create table if not exists pages (
    uri text primary key, url text not null, tag text not null, modified text not null, digest text not null, size integer not null,
    changed_ns integer not null, said text not null, listed integer not null
)
"""
_ALL = "select uri, url, tag, modified, digest, size, changed_ns, said from pages"
_KEEP = """
insert into pages values (?, ?, ?, ?, ?, ?, ?, ?, 0) on conflict (uri) do update set
    url = excluded.url, tag = excluded.tag, modified = excluded.modified, digest = excluded.digest, size = excluded.size,
    changed_ns = excluded.changed_ns, said = excluded.said
"""


class Page(NamedTuple):
    """One answer of the site. `digest` is of the content as the parser gets it; empty where it is no kind of document."""

    uri: str
    url: str
    tag: str = ""
    """What it calls this version (ETag), as it wrote it."""
    modified: str = ""
    """When it says it changed (Last-Modified), as it wrote it."""
    digest: str = ""
    size: int = 0
    changed_ns: int = 0
    links: tuple[str, ...] = ()
    """Addresses of the source that it leads to, in their plain form."""
    canonical: str = ""
    """The uri it says it is better known by, where that is another one of the source."""
    listed: bool = True
    """Whether it wants to be found."""


class Remembered:
    """Pages of one source, in `folder`. `ways` is how they were looked at: what was seen in other ways is forgotten.

    Several processes may use it at once; each page is written for itself, so that one that is killed has lost nothing.
    """

    def __init__(self, folder: Path, ways: str) -> None:
        self._folder = folder
        self._ways = f"{_LAYOUT} {ways}"

    def pages(self) -> dict[str, Page]:
        with self._open() as database:
            return {row[0]: _page(row) for row in database.execute(_ALL)}

    def listed(self) -> set[str]:
        """Uris of what the last whole crawl listed."""
        with self._open() as database:
            return {uri for (uri,) in database.execute("select uri from pages where listed")}

    def knows(self, uri: str) -> bool:
        with self._open() as database:
            return database.execute("select 1 from pages where uri = ?", (uri,)).fetchone() is not None

    def keep(self, pages: Iterable[Page]) -> None:
        with self._open() as database, database:
            for page in pages:
                said = json.dumps([page.links, page.canonical, page.listed])
                row = (page.uri, page.url, page.tag, page.modified, page.digest, page.size, page.changed_ns, said)
                database.execute(_KEEP, row)

    def forget(self, uris: Iterable[str]) -> None:
        with self._open() as database, database:
            database.executemany("delete from pages where uri = ?", [(uri,) for uri in uris])

    def mark(self, listed: Iterable[str]) -> None:
        """These, and no others, were listed."""
        with self._open() as database, database:
            database.execute("update pages set listed = 0")
            database.executemany("update pages set listed = 1 where uri = ?", [(uri,) for uri in listed])

    # ------------------------------------------------------------ content on its way to the parser

    def hold(self, digest: str, content: bytes) -> None:
        """Until it is taken: what was fetched to see whether it changed need not be fetched again to be read."""
        self._made()
        path = self._content(digest)
        part = path.with_name(f"{path.name}.{token_hex(8)}.part")
        with self._told(), os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as held:
            held.write(content)
        with suppress(FileNotFoundError):  # another crawl of the same source has ended meanwhile: it is fetched again
            part.replace(path)

    def take(self, digest: str) -> bytes | None:
        """What is held under this digest, which is then no longer held."""
        path = self._content(digest)
        with suppress(OSError):
            content = path.read_bytes()
            path.unlink(missing_ok=True)
            return content if sha256(content).hexdigest() == digest else None
        return None

    def drop_held(self) -> None:
        """Nothing is left of what nobody took."""
        for path in self._folder.glob("held-*"):
            path.unlink(missing_ok=True)

    def _content(self, digest: str) -> Path:
        return self._folder / f"held-{digest}"

    # ------------------------------------------------------------

    def _made(self) -> None:
        with self._told():
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    @contextmanager
    def _told(self) -> Generator[None]:
        try:
            yield
        except (OSError, sqlite3.Error) as wrong:
            raise OutsideFailed(
                f"what is remembered of web pages cannot be kept in {self._folder} ({wrong})",
                "make room there, or grant access; the folder may also be deleted",
            ) from wrong

    @contextmanager
    def _open(self) -> Generator[sqlite3.Connection]:
        self._made()
        with self._told():
            path = self._folder / "pages.sqlite"
            path.touch(mode=0o600)
            with closing(sqlite3.connect(path, timeout=30)) as database:
                database.executescript(_MADE)
                seen = database.execute("select value from about where key = 'ways'").fetchone()
                if seen != (self._ways,):
                    with database:
                        database.execute("delete from pages")
                        database.execute("insert or replace into about values ('ways', ?)", (self._ways,))
                yield database


def _page(row: tuple[str, str, str, str, str, int, int, str]) -> Page:
    links, canonical, listed = json.loads(row[7])
    return Page(*row[:7], links=tuple(links), canonical=canonical, listed=listed)
