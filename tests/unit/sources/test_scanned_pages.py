"""PDFs in which some pages are pictures and others are typed, through the real parser and real recognition."""

import io
from collections.abc import Callable, Iterator

import pytest
from PIL import Image, ImageDraw, ImageFont
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from firmground.errors import ParseFailed
from firmground.sources.parse import SandboxedParser
from firmground.types import Parsed

TYPED = "Item l1I0O costs 1,O0 EUR, rn is not m."
SHORT = 32
"""Letters and digits below which a text over a picture of the whole page is only a stamp."""

Drawing = Callable[[Canvas], None]


def a_scan(words: str, width: int = 1240, height: int = 1754) -> ImageReader:
    picture = Image.new("L", (width, height), "white")
    ImageDraw.Draw(picture).text((100, 200), words, fill="black", font=ImageFont.load_default(56))
    return ImageReader(picture)


def typed(words: str = TYPED) -> Drawing:
    return lambda canvas: canvas.drawString(72, 750, words)


def scanned(words: str, stamp: str = "") -> Drawing:
    """A picture of a whole page, and perhaps a word that a program has written below it."""

    def draw(canvas: Canvas) -> None:
        canvas.drawImage(a_scan(words), 0, 0, width=595, height=842)
        canvas.drawString(280, 20, stamp)

    return draw


def illustrated(words: str, within: str) -> Drawing:
    """A typed page with a picture in which words stand."""

    def draw(canvas: Canvas) -> None:
        canvas.drawString(72, 750, words)
        canvas.drawImage(a_scan(within, 900, 400), 72, 300, width=400, height=178)

    return draw


def blank(_: Canvas) -> None:
    """Nothing at all is drawn on it."""


def a_pdf(*pages: Drawing, encrypt: StandardEncryption | None = None) -> bytes:
    made = io.BytesIO()
    canvas = Canvas(made, pagesize=(595, 842), encrypt=encrypt)
    for draw in pages:
        draw(canvas)
        canvas.showPage()
    canvas.save()
    return made.getvalue()


def page_texts(parsed: Parsed) -> list[str]:
    assert [page.number for page in parsed.pages] == list(range(1, len(parsed.pages) + 1))
    return [parsed.text[page.start : page.end] for page in parsed.pages]


@pytest.fixture(scope="module")
def reading() -> Iterator[SandboxedParser]:
    parser = SandboxedParser(workers=1, ocr=True, ocr_languages=("en",))
    yield parser
    parser.close()


@pytest.fixture(scope="module")
def unable() -> Iterator[SandboxedParser]:
    """Wants to recognise and cannot, so it says of every file whether it was asked to."""
    parser = SandboxedParser(workers=1, ocr=True, ocr_languages=("tlh",))
    yield parser
    parser.close()


def test_typed_pages_keep_their_text_to_the_letter_beside_a_scanned_one(parser: SandboxedParser, reading: SandboxedParser):
    content = a_pdf(typed(), scanned("Invoice number 48213"), typed("The last page."))
    first, nothing, last = page_texts(parser.parse("a.pdf", content))
    assert (first, nothing, last) == (TYPED, "", "The last page.")
    parsed = reading.parse("a.pdf", content)
    assert page_texts(parsed) == [first, "Invoice number 48213", last]
    assert (parsed.ocr, parsed.warnings) == (True, ())


def test_pictures_on_typed_pages_are_not_read_because_another_page_is_scanned(reading: SandboxedParser):
    long = [f"Paragraph {number} of a page that is typed." for number in range(2)]
    content = a_pdf(illustrated(long[0], "Printed on a mug"), scanned("Invoice number 48213"), illustrated(long[1], "Also a mug"))
    assert page_texts(reading.parse("a.pdf", content)) == [long[0], "Invoice number 48213", long[1]]


def test_a_page_that_is_blank_on_purpose_is_no_reason_to_recognise_anything(parser: SandboxedParser, unable: SandboxedParser):
    content = a_pdf(typed(), blank, typed())
    assert unable.parse("a.pdf", content) == parser.parse("a.pdf", content)
    assert parser.parse("a.pdf", content).warnings == ()
    assert page_texts(parser.parse("a.pdf", content)) == [TYPED, "", TYPED]


def test_a_blank_page_stays_in_its_place_among_scanned_ones(parser: SandboxedParser, reading: SandboxedParser):
    content = a_pdf(blank, typed(), blank, scanned("Invoice number 48213"), blank)
    assert parser.parse("a.pdf", content).warnings == ("pages_without_text: 1",)
    parsed = reading.parse("a.pdf", content)
    assert page_texts(parsed) == ["", TYPED, "", "Invoice number 48213", ""]
    assert parsed.warnings == ()


def test_a_scanned_page_with_nothing_on_it_is_counted_and_harms_no_other(reading: SandboxedParser):
    parsed = reading.parse("a.pdf", a_pdf(typed(), scanned("")))
    assert page_texts(parsed) == [TYPED, ""]
    assert (parsed.ocr, parsed.warnings) == (False, ("pages_without_text: 1",))


def test_words_drawn_as_shapes_are_recognised(unable: SandboxedParser):
    def strokes(canvas: Canvas) -> None:
        canvas.line(100, 500, 100, 580)

    parsed = unable.parse("a.pdf", a_pdf(typed(), strokes))
    assert parsed.warnings == ("pages_without_text: 1", "pages_not_recognised: ocr_language_missing")


def test_a_scanned_page_that_bears_only_a_stamp_is_recognised(parser: SandboxedParser, reading: SandboxedParser):
    content = a_pdf(scanned("Invoice number 48213", "Page 1 of 2"), scanned("Payable within a week", "Page 2 of 2"))
    assert page_texts(parser.parse("a.pdf", content)) == ["Page 1 of 2", "Page 2 of 2"]
    first, second = page_texts(reading.parse("a.pdf", content))
    assert "Invoice number 48213" in first
    assert "Payable within a week" in second


def test_the_stamp_of_a_scanned_page_is_kept_where_recognition_reads_less(reading: SandboxedParser):
    tiny = a_pdf(typed(), scanned("", "Exhibit B"))
    assert page_texts(reading.parse("a.pdf", tiny))[1] == "Exhibit B"


def test_a_scan_that_was_recognised_before_keeps_the_text_it_came_with(unable: SandboxedParser):
    layer = "This text was laid over the scan by the program of the scanner."
    assert sum(map(str.isalnum, layer)) > SHORT
    parsed = unable.parse("a.pdf", a_pdf(scanned("This text", layer)))
    assert (page_texts(parsed), parsed.warnings) == ([layer], ())


def test_scanned_pages_that_cannot_be_recognised_leave_the_typed_ones(parser: SandboxedParser, unable: SandboxedParser):
    content = a_pdf(typed(), scanned("Invoice number 48213"))
    parsed = unable.parse("a.pdf", content)
    assert parsed.text == parser.parse("a.pdf", content).text
    assert parsed.warnings == ("pages_without_text: 1", "pages_not_recognised: ocr_language_missing")


def test_damaged_and_encrypted_files_end_as_they_do_without_recognition(parser: SandboxedParser, reading: SandboxedParser):
    whole = a_pdf(typed(), blank, typed())
    locked = a_pdf(typed(), scanned("Invoice number 48213"), encrypt=StandardEncryption("secret"))
    for content in (whole[: len(whole) // 3], whole[: len(whole) * 9 // 10], locked):
        assert outcome(reading, content) == outcome(parser, content)
    assert outcome(reading, locked) == "encrypted"


def outcome(parser: SandboxedParser, content: bytes) -> str:
    try:
        return parser.parse("a.pdf", content).text
    except ParseFailed as failed:
        return failed.code
