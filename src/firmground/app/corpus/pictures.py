"""Pages of originals as they look, with a quote marked."""

from collections import OrderedDict
from threading import Lock
from typing import TypeAlias

from firmground.app.app import App
from firmground.app.corpus import documents
from firmground.errors import NotFound, ParseFailed
from firmground.types import Actor, Document, Picture

WIDEST = 1600
_BYTES = 32 << 20
_QUOTE = 5000

_Key: TypeAlias = tuple[str, int, str, int]


class _Drawn:
    """The pictures that were drawn last, as many as fit into `limit` bytes. Thread-safe."""

    def __init__(self, limit: int = _BYTES) -> None:
        self._limit, self._held = limit, 0
        self._pictures: OrderedDict[_Key, Picture] = OrderedDict()
        self._lock = Lock()

    def get(self, key: _Key) -> Picture | None:
        with self._lock:
            if key in self._pictures:
                self._pictures.move_to_end(key)
            return self._pictures.get(key)

    def keep(self, key: _Key, picture: Picture) -> None:
        with self._lock:
            if key in self._pictures or len(picture.png) > self._limit:
                return
            self._pictures[key] = picture
            self._held += len(picture.png)
            while self._held > self._limit:
                self._held -= len(self._pictures.popitem(last=False)[1].png)


def page_picture(app: App, actor: Actor, reference: str, page: int, *, start: int = 0, end: int = 0, width: int = 800) -> Picture:
    """Page `page` of a document's original, with the characters from `start` to `end` of its text marked where the page says them.

    NotFound for whoever may not see the document, for a page that does not exist, and where the original is gone, has changed since it
    was taken in, or cannot be drawn.
    """
    document, content = documents.original(app, actor, reference)
    quote = _quote(app, document, page, start, end)
    key = (document.content_hash, page, quote, min(width, WIDEST))
    drawn = app.once("drawn pages", _Drawn)
    if (known := drawn.get(key)) is not None:
        return known
    try:
        picture = app.renderer.render(content, page, quote=quote, width=key[3])
    except ParseFailed as failed:
        raise NotFound(
            f"page {page} of {document.source}/{document.uri} cannot be drawn ({failed.code}: {failed.detail})", "read its text"
        ) from None
    drawn.keep(key, picture)
    return picture


def _quote(app: App, document: Document, page: int, start: int, end: int) -> str:
    """What of the quote stands on this page."""
    on = next((each for each in document.pages if each.number == page), None)
    first, last = (max(start, on.start), min(end, on.end)) if on else (start, end)
    last = min(last, first + _QUOTE, document.characters)
    if first >= last:
        return ""
    with app.database.reading() as tx:
        [text] = tx.slices([(document.number, first, last)])
    return text
