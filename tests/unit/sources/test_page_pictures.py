"""Pages of real files are drawn with their quote marked, and hostile files are refused with a code."""

import io
from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from PIL import Image
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from firmground.errors import NotFound, ParseFailed
from firmground.sources.draw import places
from firmground.sources.pictures import SandboxedRenderer

LINES = ("Leave", "Every employee may carry over five vaca-", "tion days into the next year.", "Ask before you book a trip.")
A4 = (595.0, 842.0)


def a_pdf(*, size: tuple[float, float] = A4, rotation: int = 0, encrypt: str | None = None, pages: int = 1) -> bytes:
    made = io.BytesIO()
    canvas = Canvas(made, pagesize=size, encrypt=StandardEncryption(encrypt) if encrypt else None)
    for _ in range(pages):
        canvas.setPageRotation(rotation)
        for at, line in enumerate(LINES):
            canvas.drawString(72, 500 - 20 * at, line)
        canvas.showPage()
    canvas.save()
    return made.getvalue()


def a_scan() -> bytes:
    made = io.BytesIO()
    canvas = Canvas(made)
    canvas.drawImage(ImageReader(Image.new("RGB", (300, 300), "gray")), 72, 300)
    canvas.showPage()
    canvas.save()
    return made.getvalue()


def an_image(kind: str, size: tuple[int, int] = (400, 200)) -> bytes:
    made = io.BytesIO()
    Image.new("RGB", size, "gray").save(made, kind)
    return made.getvalue()


def colours(png: bytes, box: tuple[int, int, int, int]) -> set[object]:
    with Image.open(io.BytesIO(png)) as picture:
        within = picture.crop(box)
        return {within.getpixel((x, y)) for x in range(within.width) for y in range(within.height)}


def outcome(renderer: SandboxedRenderer, content: bytes) -> str:
    try:
        return "drawn" if renderer.render(content, 1, width=100).png else "empty"
    except ParseFailed as failed:
        return failed.code


@pytest.fixture(scope="module")
def renderer() -> Iterator[SandboxedRenderer]:
    renderer = SandboxedRenderer(workers=2)
    yield renderer
    renderer.close()


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_a_quote_is_marked_over_line_breaks_and_hyphens_however_the_page_is_turned(renderer: SandboxedRenderer, rotation: int):
    picture = renderer.render(a_pdf(rotation=rotation), 1, quote="carry over **five vacation** days\ninto", width=800)
    assert (picture.highlight, len(picture.boxes)) == ("exact", 2)
    assert picture.width in {800, 801}
    for box in picture.boxes:
        seen = colours(picture.png, box)
        assert (255, 225, 90) in seen
        assert min(sum(each) for each in seen if isinstance(each, tuple)) < 60, "the letters stay black"


def test_where_the_quote_is_not_found_nothing_is_marked(renderer: SandboxedRenderer):
    plain = renderer.render(a_pdf(), 1, width=400)
    missed = renderer.render(a_pdf(), 1, quote="Trains are refunded without asking.", width=400)
    assert (missed.highlight, missed.boxes, missed.png) == ("none", (), plain.png)


def test_of_a_quote_that_stands_there_in_parts_the_parts_are_marked(renderer: SandboxedRenderer):
    picture = renderer.render(a_pdf(), 1, quote="| Ask before you book a trip. | Trains are never refunded. |", width=400)
    assert (picture.highlight, len(picture.boxes)) == ("partial", 1)


@pytest.mark.parametrize(
    ("text", "quote", "found"),
    [
        ("The \ufb01rst o\ufb03ce", "first office", ("exact", [(4, 13)])),
        ("See the rules here", "see the [rules](https://example.org/a) here", ("exact", [(0, 18)])),
        ("vaca\u0002\ntion", "vacation", ("exact", [(0, 10)])),
        ("anything", "***", ("none", [])),
        ("", "words", ("none", [])),
    ],
)
def test_only_letters_and_digits_count(text: str, quote: str, found: tuple[str, list[tuple[int, int]]]):
    assert places(text, quote) == found


@pytest.mark.parametrize("size", [(14400.0, 14400.0), (10.0, 14400.0), (14400.0, 10.0), (1.0, 1.0)])
def test_pixels_are_bounded_however_large_or_thin_the_page_says_it_is(renderer: SandboxedRenderer, size: tuple[float, float]):
    picture = renderer.render(a_pdf(size=size), 1, quote="Leave", width=1600)
    assert picture.width * picture.height <= 4_000_000


def test_a_scan_has_a_picture_and_no_mark(renderer: SandboxedRenderer):
    picture = renderer.render(a_scan(), 1, quote="Leave", width=400)
    assert picture.highlight == "none"
    assert picture.width in {400, 401}


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_of_an_image_page_one_is_the_image(renderer: SandboxedRenderer, kind: str):
    content = an_image(kind)
    assert renderer.render(content, 1, width=100).width == 100
    assert renderer.render(content, 1, width=1600).width == 400, "never larger than it is"
    with pytest.raises(NotFound):
        renderer.render(content, 2, width=100)


@pytest.mark.parametrize("page", [0, 2, 10_000_000, -1])
def test_a_page_that_is_not_there_is_not_found(renderer: SandboxedRenderer, page: int):
    with pytest.raises(NotFound):
        renderer.render(a_pdf(), page, width=100)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (a_pdf(encrypt="secret"), "encrypted"),
        (b"%PDF-1.4\nnothing", "corrupt"),
        (b"", "unsupported"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "unsupported"),
        (an_image("PNG")[:60], "corrupt"),
        (an_image("GIF"), "unsupported"),
    ],
)
def test_what_cannot_be_drawn_has_a_code(renderer: SandboxedRenderer, content: bytes, code: str):
    with pytest.raises(ParseFailed) as failed:
        renderer.render(content, 1, width=100)
    assert failed.value.code == code
    assert renderer.render(a_pdf(), 1, width=100).png, "the next one is drawn"


def test_a_truncated_pdf_is_drawn_or_refused_with_a_code(renderer: SandboxedRenderer):
    content = a_pdf(pages=3)
    for kept in (0.2, 0.5, 0.9):
        assert outcome(renderer, content[: int(len(content) * kept)]) in {"drawn", "corrupt"}


def test_an_image_that_would_fill_the_memory_is_refused_before_it_is_read(renderer: SandboxedRenderer):
    made = io.BytesIO()
    Image.new("1", (11_000, 10_000)).save(made, "PNG")
    with pytest.raises(ParseFailed) as failed:
        renderer.render(made.getvalue(), 1, width=100)
    assert failed.value.code == "limit_exceeded"


def test_what_is_larger_than_the_limit_is_not_sent_to_a_child():
    with pytest.raises(ParseFailed) as failed:
        SandboxedRenderer(max_bytes=10).render(a_pdf(), 1, width=100)
    assert failed.value.code == "limit_exceeded"


@pytest.fixture
def slow() -> Generator[SandboxedRenderer]:
    renderer = SandboxedRenderer(workers=1, seconds=0.0)
    yield renderer
    renderer.close()


def test_a_page_that_takes_too_long_is_given_up(slow: SandboxedRenderer):
    with pytest.raises(ParseFailed) as failed:
        slow.render(a_pdf(), 1, width=1600)
    assert failed.value.code == "timeout"


def test_several_threads_may_draw_at_once(renderer: SandboxedRenderer):
    content = a_pdf(pages=6)
    with ThreadPoolExecutor(6) as pool:
        drawn = list(pool.map(lambda page: renderer.render(content, page, width=200), range(1, 7)))
    assert len({picture.png for picture in drawn}) == 1
