"""Pictures of pages: hostile files in, PNG out, by way of the confined child processes that parse."""

from dataclasses import dataclass, field
from typing import cast, get_args

from pydantic import ValidationError

from firmground.errors import NotFound, ParseFailed
from firmground.sources.parse import Pool
from firmground.sources.sandbox import Bounds
from firmground.types import ParseCode, Picture

_CODES = frozenset(get_args(ParseCode))
_PNG = b"\x89PNG\r\n\x1a\n"


@dataclass(frozen=True)
class SandboxedRenderer:
    """Draws in at most `workers` confined child processes, `seconds` a page; `max_bytes` bounds what is sent to a child at all."""

    workers: int = 2
    seconds: float = 10.0
    pages_per_child: int = 200
    max_bytes: int = 100 << 20
    bounds: Bounds = field(default_factory=Bounds)
    _pool: Pool = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_pool", Pool(self.workers, self.pages_per_child, self.bounds))

    def render(self, content: bytes, page: int, *, quote: str = "", width: int) -> Picture:
        if len(content) > self.max_bytes:
            raise ParseFailed("limit_exceeded", f"{len(content)} bytes are more than the limit of {self.max_bytes}: split it")
        request: dict[str, object] = {"draw": page, "quote": quote, "width": width, "seconds": self.seconds}
        child = self._pool.take()
        try:
            header, png = child.ask(request, content, self.seconds)
        finally:
            self._pool.give_back(child)
        if header.get("missing"):
            raise NotFound(f"there is no page {page}", "pages count from 1")
        if "code" in header:
            code = str(header["code"])
            raise ParseFailed(code if code in _CODES else "parser_crashed", str(header.get("detail", "")))
        return _picture(header, png)

    def close(self) -> None:
        """End the children. It may be used again: it starts new ones."""
        self._pool.close()


def _picture(header: dict[str, object], png: bytes) -> Picture:
    """The answer of a child, which a hostile file may have taken over: checked like any input."""
    try:
        given = {key: header[key] for key in ("width", "height", "highlight")}
        boxes = tuple(tuple(each) for each in cast(list[list[int]], header["boxes"]))
        picture = Picture.model_validate({**given, "boxes": boxes, "png": png})
    except (ValidationError, KeyError, TypeError) as wrong:
        raise ParseFailed("parser_crashed", "the drawing process gave an answer that makes no sense") from wrong
    if not png.startswith(_PNG):
        raise ParseFailed("parser_crashed", "the drawing process gave no picture")
    return picture
