"""Files of every kind, made here, through the real parser."""

import datetime
import io
import json
import re
from email.message import EmailMessage
from pathlib import Path

import docx
import openpyxl
import pptx
import pytest
from PIL import Image, ImageDraw, ImageFont
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.pdfgen.canvas import Canvas

from firmground.errors import ParseFailed
from firmground.sources import kinds
from firmground.sources.parse import SandboxedParser, tessdata
from firmground.types import Parsed


def a_pdf(*pages: str, title: str = "", encrypt: str | None = None) -> bytes:
    made = io.BytesIO()
    canvas = Canvas(made, encrypt=StandardEncryption(encrypt) if encrypt else None)
    canvas.setTitle(title)
    for text in pages:
        canvas.drawString(72, 750, text)
        canvas.showPage()
    canvas.save()
    return made.getvalue()


def a_docx() -> bytes:
    document = docx.Document()
    document.core_properties.title, document.core_properties.author = "Leave policy", "Ann"
    document.add_heading("Annual leave", 1)
    document.add_paragraph("Carry over 5 days; *stars* stay.")
    document.add_paragraph("An item", style="List Bullet")
    table = document.add_table(2, 2)
    for at, value in enumerate(["Country", "Days", "DE|AT", "30"]):
        table.cell(at // 2, at % 2).text = value
    return _saved(document)


def an_xlsx() -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Rates"
    for row in (["Country", "Rate", "From"], ["DE", 12.5, datetime.date(2026, 1, 2)], ["A|B", 3, None]):
        sheet.append(row)
    book.create_sheet("Empty")
    book.create_sheet("Costs").append(["Travel", 7])
    return _saved(book)


def a_pptx() -> bytes:
    show = pptx.Presentation()
    for number in (1, 2):
        slide = show.slides.add_slide(show.slide_layouts[1])
        slide.shapes.title.text = f"Slide {number}"
        slide.placeholders[1].text = f"Point {number}"
    slide.notes_slide.notes_text_frame.text = "Say it slowly"
    return _saved(show)


def a_picture(text: str, kind: str = "PNG") -> bytes:
    picture = Image.new("RGB", (1200, 220), "white")
    ImageDraw.Draw(picture).text((30, 70), text, fill="black", font=ImageFont.load_default(56))
    made = io.BytesIO()
    picture.save(made, kind)
    return made.getvalue()


def _saved(document: object) -> bytes:
    made = io.BytesIO()
    document.save(made)
    return made.getvalue()


def page_texts(parsed: Parsed) -> list[str]:
    return [parsed.text[page.start : page.end] for page in parsed.pages]


def code_of(parser: SandboxedParser, uri: str, content: bytes) -> str:
    with pytest.raises(ParseFailed) as failed:
        parser.parse(uri, content)
    assert failed.value.detail
    return failed.value.code


def outcome(parser: SandboxedParser, uri: str, content: bytes) -> str:
    try:
        return "text" if parser.parse(uri, content).text.strip() else "silent"
    except ParseFailed as failed:
        return failed.code


def test_pdf_pages_have_exact_offsets(parser: SandboxedParser):
    parsed = parser.parse("a.pdf", a_pdf("First page.", "", "Third page, café.", title="Handbook"))
    assert page_texts(parsed) == ["First page.", "", "Third page, café."]
    assert [page.number for page in parsed.pages] == [1, 2, 3]
    assert (parsed.title, parsed.media_type, parsed.metadata["pages"]) == ("Handbook", "application/pdf", 3)


@pytest.mark.parametrize("pages", [("", "Text"), ("Text", ""), ("", "", "Text", "", ""), ("Text",)])
def test_empty_pages_keep_their_numbers_wherever_they_are(parser: SandboxedParser, pages: tuple[str, ...]):
    assert page_texts(parser.parse("a.pdf", a_pdf(*pages))) == list(pages)


def test_a_docx_keeps_headings_lists_and_tables_and_has_no_pages(parser: SandboxedParser):
    parsed = parser.parse("a.docx", a_docx())
    assert "# Annual leave\n\nCarry over 5 days; *stars* stay.\n\n- An item\n" in parsed.text
    assert "| Country | Days |\n| --- | --- |\n| DE\\|AT | 30 |" in parsed.text
    assert (parsed.title, parsed.metadata["author"], parsed.pages) == ("Leave policy", "Ann", ())


def test_each_sheet_is_a_page_with_a_heading_and_a_table(parser: SandboxedParser):
    parsed = parser.parse("a.xlsx", an_xlsx())
    rates, empty, costs = page_texts(parsed)
    assert rates == "## Rates\n\n| Country | Rate | From |\n| --- | --- | --- |\n| DE | 12.5 | 2026-01-02 |\n| A\\|B | 3 |  |"
    assert empty == ""
    assert costs.startswith("## Costs\n\n| Travel | 7 |")


def test_slides_are_pages_and_speaker_notes_are_kept(parser: SandboxedParser):
    first, second = page_texts(parser.parse("a.pptx", a_pptx()))
    assert first == "## Slide 1\n\nPoint 1"
    assert second == "## Slide 2\n\nPoint 2\n\nNotes: Say it slowly"


def test_html_loses_navigation_and_scripts_and_keeps_structure(parser: SandboxedParser):
    page = (
        "<!doctype html><html><head><title>Leave &amp; pay</title><style>p{}</style></head><body><nav><a href=/>Home</a></nav>"
        "<script>alert(1)</script><h1>Leave</h1><p>Größe</p><ul><li>one</ul><table><tr><th>a<th>b<tr><td>1<td>2</table></body></html>"
    )
    for content in (page.encode(), page.replace("<title>", "<meta charset=iso-8859-1><title>").encode("latin-1")):
        parsed = parser.parse("a.html", content)
        assert parsed.text == "# Leave\n\nGröße\n\n- one\n\n| a | b |\n| --- | --- |\n| 1 | 2 |\n"
        assert parsed.title == "Leave & pay"


def test_a_mail_has_its_subject_as_title_and_its_date(parser: SandboxedParser):
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"], mail["Date"] = (
        "a@x.org",
        "b@x.org",
        "Größere Frage",
        "Fri, 20 Nov 2026 10:00:00 +0000",
    )
    mail.set_content("The body.")
    parsed = parser.parse("a.eml", bytes(mail))
    assert parsed.title == "Größere Frage"
    assert parsed.metadata["created"] == "2026-11-20"
    assert "The body." in parsed.text


def test_rich_text_and_notebooks_are_read(parser: SandboxedParser):
    assert "Hello **bold**" in parser.parse("a.rtf", rb"{\rtf1\ansi Hello \b bold\b0  text.\par}").text
    cell = {"cell_type": "markdown", "metadata": {}, "source": ["# Notes\n", "Read me"]}
    notebook = {"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    assert "Read me" in parser.parse("a.ipynb", json.dumps(notebook).encode()).text


def test_csv_is_a_table_and_plain_text_stays_as_it_is(parser: SandboxedParser):
    assert parser.parse("a.csv", b"a,b\n1,2\n").text == "| a | b |\n| --- | --- |\n| 1 | 2 |\n"
    assert parser.parse("a.log", b"12:00 *started* _ok_\n").text == "12:00 *started* _ok_\n"
    assert parser.parse("README", b"No ending\n").media_type == "text/plain"


@pytest.mark.parametrize(
    ("name", "content", "media_type"),
    [("a.txt", a_pdf("Text"), kinds.PDF), ("a.pdf", a_docx(), kinds.DOCX), ("a.docx", b"Just words.\n", kinds.PLAIN)],
)
def test_content_decides_and_a_wrong_extension_is_a_warning(parser: SandboxedParser, name: str, content: bytes, media_type: str):
    parsed = parser.parse(name, content)
    assert parsed.media_type == media_type
    assert parsed.warnings[0].startswith("extension_mismatch")


def test_a_file_without_extension_is_told_by_its_content(parser: SandboxedParser):
    parsed = parser.parse("scan0001", a_pdf("Text"))
    assert (parsed.media_type, parsed.warnings) == (kinds.PDF, ())


def test_an_encrypted_pdf_says_so(parser: SandboxedParser):
    assert code_of(parser, "a.pdf", a_pdf("Hidden", encrypt="secret")) == "encrypted"


def test_a_spreadsheet_that_lacks_a_part_in_the_middle_is_corrupt_and_no_fault_of_the_parser(parser: SandboxedParser):
    whole = an_xlsx()
    assert code_of(parser, "a.xlsx", whole[:2_000] + whole[4_500:]) == "corrupt"


@pytest.mark.parametrize("name", ["a.pdf", "a.docx", "a.xlsx", "a.pptx"])
def test_truncated_files_are_corrupt_or_empty_never_silent(parser: SandboxedParser, name: str):
    whole = {"a.pdf": a_pdf("Text"), "a.docx": a_docx(), "a.xlsx": an_xlsx(), "a.pptx": a_pptx()}[name]
    outcomes = [outcome(parser, name, whole[: int(len(whole) * part)]) for part in (0.1, 0.5, 0.9)]
    assert set(outcomes) <= {"corrupt", "no_text", "text"}


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.exe", b"MZ\x90\0" + bytes(200)),
        ("a.mp4", b"\0\0\0\x18ftypmp42" + bytes(50)),
        ("a.md", b"\x7fELF" + bytes(100)),
        ("a.zip", b"PK\x05\x06" + bytes(18)),
        ("a.bin", bytes(range(256)) * 20),
        ("a.gz", b"\x1f\x8b\x08" + bytes(30)),
    ],
)
def test_what_is_no_document_is_unsupported(parser: SandboxedParser, name: str, content: bytes):
    assert code_of(parser, name, content) == "unsupported"


def test_words_that_look_like_a_signature_are_text(parser: SandboxedParser):
    for content in (b"MZ is the mark of programs.\n", b"BM25 ranks words.\n", b"ID3 tags are for music.\n", b"RIFF and WAVE\n"):
        assert parser.parse("a.txt", content).text == content.decode()


# ---------------------------------------------------------------- text recognition


@pytest.fixture(scope="module")
def reading():
    parser = SandboxedParser(workers=1, ocr=True, ocr_languages=("en",))
    yield parser
    parser.close()


def test_recognition_data_is_installed():
    data = tessdata()
    assert data is not None, "install the Debian package tesseract-ocr-eng"
    assert (Path(data) / "eng.traineddata").is_file(), "install the Debian package tesseract-ocr-eng"


def test_a_picture_or_scan_is_read_when_recognition_is_on(parser: SandboxedParser, reading: SandboxedParser):
    for name, content in (("a.png", a_picture("Invoice number 48213")), ("a.pdf", a_picture("Invoice number 48213", "PDF"))):
        assert code_of(parser, name, content) == "no_text"
        parsed = reading.parse(name, content)
        assert "Invoice number 48213" in parsed.text
        assert parsed.ocr
    assert page_texts(parsed) == [parsed.text.strip()]


def test_one_missing_language_is_a_warning_and_the_others_are_read():
    parser = SandboxedParser(workers=1, ocr=True, ocr_languages=("en", "tlh"))
    parsed = parser.parse("a.png", a_picture("Invoice number 48213"))
    parser.close()
    assert "Invoice number 48213" in parsed.text
    assert "ocr_language_missing: tlh" in parsed.warnings
    assert parser.id == SandboxedParser(ocr=True, ocr_languages=("en",)).id, "once it is installed, files are read again"


def test_where_no_text_is_the_remedy_fits_the_kind_of_file(parser: SandboxedParser, reading: SandboxedParser):
    for name, content in (("a.md", b""), ("a.txt", b" \n"), ("a.md", b"---\ntitle: Rules\n---\n"), ("a.csv", b",,\n,,\n")):
        for each in (parser, reading):
            assert re.search("write some.*, or exclude it", detail_of(each, name, content))
    blank = a_picture("")
    assert "switch on ocr" in detail_of(parser, "a.png", blank)
    assert detail_of(reading, "a.png", blank).startswith("text recognition found nothing in it: ")


def detail_of(parser: SandboxedParser, name: str, content: bytes) -> str:
    with pytest.raises(ParseFailed) as failed:
        parser.parse(name, content)
    assert failed.value.code == "no_text"
    return failed.value.detail


def test_a_missing_language_is_named():
    parser = SandboxedParser(workers=1, ocr=True, ocr_languages=("tlh",))
    with pytest.raises(ParseFailed) as failed:
        parser.parse("a.png", a_picture("Words"))
    parser.close()
    assert failed.value.code == "ocr_language_missing"
    assert "tesseract-ocr-tlh" in failed.value.detail


def test_the_id_follows_what_changes_text():
    plain, reading = SandboxedParser(), SandboxedParser(ocr=True)
    assert plain.id == SandboxedParser(workers=7, seconds=1).id
    assert len({plain.id, reading.id, SandboxedParser(ocr=True, ocr_languages=("deu",)).id}) == 3
