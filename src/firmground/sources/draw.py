"""Drawing one page of a hostile file, within a confined process: pixels, and where a quote stands on it."""

import contextlib
import io
import math
import re
import unicodedata
from collections.abc import Iterator, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple

from firmground.errors import ParseFailed

if TYPE_CHECKING:
    from PIL.Image import Image

_PIXELS = 3_900_000
_SIDE = 8000
_IMAGE_PIXELS = 100_000_000
_CHARACTERS = 200_000
_ENCRYPTED = 4
_MARKER = (255, 225, 90)
_PIECE = 12
"""Letters that a part of a quote must have to be marked alone: shorter ones stand anywhere."""

_TARGET = re.compile(r"\]\([^()\n]*+\)")

Box = tuple[int, int, int, int]


class Drawn(NamedTuple):
    """A page as PNG; `highlight` is `exact`, `partial` or `none`; `boxes` are left, top, right, bottom in pixels."""

    png: bytes
    width: int
    height: int
    highlight: str
    boxes: list[Box]


def draw(content: bytes, page: int, quote: str, width: int) -> Drawn | None:
    """None where there is no such page; ParseFailed where the file cannot be drawn."""
    if b"%PDF-" in content[:1024]:
        return _draw_pdf(content, page, quote, width)
    return _finished(_scan(content, width), "none", []) if page == 1 else None


def blank_pages(content: bytes, numbers: Sequence[int]) -> set[int]:
    """Those of the pages of a PDF that are empty: not a letter, line or picture is on them. One that cannot be opened is not."""
    pdfium: Any = import_module("pypdfium2")
    raw: Any = import_module("pypdfium2.raw")
    found: set[int] = set()
    with contextlib.suppress(pdfium.PdfiumError), contextlib.closing(pdfium.PdfDocument(content)) as document:
        for number in numbers:
            with contextlib.suppress(pdfium.PdfiumError, IndexError), contextlib.closing(document[number - 1]) as page:
                if raw.FPDFPage_CountObjects(page) == raw.FPDFPage_GetAnnotCount(page) == 0:
                    found.add(number)
    return found


def places(text: str, quote: str) -> tuple[str, list[tuple[int, int]]]:
    """Where a quote stands in the text of a page, as offsets from and to, and whether all of it does. Only letters and digits count,
    since our text went through another parser: line breaks, hyphens, ligatures and Markdown do not."""
    letters, offsets = _letters(text)
    wanted, _ = _letters(_TARGET.sub("]", quote))
    if not wanted:
        return "none", []
    found: list[tuple[int, int]] = []
    missed = at = 0
    while at < len(wanted):
        length = _common(letters, wanted[at:])
        if length < min(_PIECE, len(wanted)):
            missed, at = missed + 1, at + 1
            continue
        here = letters.find(wanted[at : at + length])
        found.append((offsets[here], offsets[here + length - 1] + 1))
        at += length
    return ("none" if not found else "partial" if missed else "exact"), found


def _common(letters: str, wanted: str) -> int:
    """How much of the beginning of `wanted` stands somewhere in `letters`: a parser may have put columns or lines in another order."""
    if wanted[:_PIECE] not in letters:
        return 0
    low, high = min(_PIECE, len(wanted)), len(wanted)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if wanted[:middle] in letters else (low, middle - 1)
    return low


def _letters(text: str) -> tuple[str, list[int]]:
    """Letters and digits alone, each with the offset it comes from."""
    letters: list[str] = []
    offsets: list[int] = []
    for at, sign in enumerate(text):
        for letter in unicodedata.normalize("NFKD", sign).casefold():
            if letter.isalnum():
                letters.append(letter)
                offsets.append(at)
    return "".join(letters), offsets


def _draw_pdf(content: bytes, number: int, quote: str, width: int) -> Drawn | None:
    pdfium: Any = import_module("pypdfium2")  # it has no types
    try:
        document = pdfium.PdfDocument(content)
    except pdfium.PdfiumError as wrong:
        if wrong.err_code == _ENCRYPTED:
            raise ParseFailed("encrypted", "it needs a password: save it without one") from None
        raise ParseFailed("corrupt", "it is damaged or truncated: save it again") from None
    try:
        return _draw_page(document, number, quote, width) if 1 <= number <= len(document) else None
    except pdfium.PdfiumError as wrong:
        raise ParseFailed("corrupt", f"page {number} cannot be drawn ({wrong}): save it again") from None
    finally:
        document.close()


def _draw_page(document: Any, number: int, quote: str, width: int) -> Drawn:
    page = document[number - 1]
    across, down = page.get_size()
    if not (0 < across < math.inf and 0 < down < math.inf):
        raise ParseFailed("corrupt", f"page {number} has no size: save it again")
    scale = min(width / across, math.sqrt(_PIXELS / across / down), _SIDE / max(across, down))
    bitmap = page.render(scale=scale)
    image = bitmap.to_pil().convert("RGB")
    how, boxes = _boxes(page, bitmap, quote) if quote else ("none", [])
    return _finished(image, how if boxes else "none", boxes)


def _boxes(page: Any, bitmap: Any, quote: str) -> tuple[str, list[Box]]:
    raw: Any = import_module("pypdfium2.raw")
    written = page.get_textpage()
    count = written.count_chars()
    if not 0 < count <= _CHARACTERS:
        return "none", []
    codes = (raw.FPDFText_GetUnicode(written, at) for at in range(count))
    how, found = places("".join(chr(code) if 0 < code < 0x110000 else " " for code in codes), quote)
    place = bitmap.get_posconv(page)

    def box(at: int) -> Box:
        left, bottom, right, top = written.get_charbox(at, loose=True)
        (x, y), (u, v) = place.to_bitmap(left, bottom), place.to_bitmap(right, top)
        return min(x, u), min(y, v), max(x, u), max(y, v)

    return how, [each for first, last in found for each in _lines(box(at) for at in range(first, last))]


def _lines(boxes: Iterator[Box]) -> Iterator[Box]:
    """Boxes that follow each other along a line become one, whichever way the page is turned."""
    whole: Box | None = None
    for each in boxes:
        if each[0] == each[2] or each[1] == each[3]:
            continue
        if whole is not None and (_beside(whole[1], whole[3], each[1], each[3]) or _beside(whole[0], whole[2], each[0], each[2])):
            whole = min(whole[0], each[0]), min(whole[1], each[1]), max(whole[2], each[2]), max(whole[3], each[3])
        else:
            if whole is not None:
                yield whole
            whole = each
    if whole is not None:
        yield whole


def _beside(low: int, high: int, other_low: int, other_high: int) -> bool:
    """Whether two are about as thick and at the same height, as the letters of one line are."""
    shared = min(high, other_high) - max(low, other_low)
    return 2 * shared > max(high - low, other_high - other_low)


def _scan(content: bytes, width: int) -> "Image":
    from PIL import Image, ImageOps, UnidentifiedImageError

    try:
        with Image.open(io.BytesIO(content), formats=("PNG", "JPEG")) as opened:
            across, down = opened.size
            if across * down > _IMAGE_PIXELS:
                raise ParseFailed("limit_exceeded", f"{across} × {down} pixels are too many: save it smaller")
            image = ImageOps.exif_transpose(opened).convert("RGB")
    except UnidentifiedImageError:
        raise ParseFailed("unsupported", "neither a PDF nor a PNG or JPEG picture") from None
    except (OSError, SyntaxError, ValueError) as wrong:
        raise ParseFailed("corrupt", f"it is damaged ({wrong}): save it again") from None
    across, down = image.size
    scale = min(1, width / across, math.sqrt(_PIXELS / across / down), _SIDE / max(across, down))
    return image.resize((max(1, int(across * scale)), max(1, int(down * scale))))


def _finished(image: "Image", how: str, boxes: list[Box]) -> Drawn:
    """Marked as with a pen: what is written stays readable below."""
    from PIL import Image, ImageChops, ImageDraw

    if boxes:
        ink = Image.new("RGB", image.size, (255, 255, 255))
        pen = ImageDraw.Draw(ink)
        for each in boxes:
            pen.rectangle(each, fill=_MARKER)
        image = ImageChops.multiply(image, ink)
    written = io.BytesIO()
    image.save(written, "PNG", compress_level=4)
    return Drawn(written.getvalue(), *image.size, how, boxes)
