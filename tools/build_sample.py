"""Builds the binary files of the sample workspace from the texts in `tools/sample_sources/`.

    python tools/build_sample.py [--into DIR]

The same sources and the same versions of the libraries give the same bytes: dates, ids and noise are fixed. The digests of what
was built, and of what it was built from, are kept in `tools/sample_digests.json`, so that a test can tell whether it is current.
"""

import argparse
import hashlib
import io
import json
import os
import random
import re
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from xml.sax.saxutils import escape

HERE = Path(__file__).resolve().parent
SOURCES = HERE / "sample_sources"
DIGESTS = HERE / "sample_digests.json"
DOCUMENTS = HERE.parent / "src" / "firmground" / "sample" / "documents"
PASSWORD = "storm-of-1987"  # noqa: S105 - a fictional board's; documented in the sample's README


@dataclass
class Block:
    """A piece of a source text. `kind`: title, heading, paragraph, list, steps, table or page."""

    kind: str
    text: str = ""
    rows: list[list[str]] = field(default_factory=list[list[str]])


def blocks(text: str) -> Iterator[Block]:
    """The blocks of a text in the small part of Markdown that the sources use; a line `---` starts a new page."""
    for part in re.split(r"\n\s*\n", text.strip()):
        lines = [line.strip() for line in part.splitlines()]
        first = lines[0]
        if first == "---":
            yield Block("page")
        elif first.startswith("#"):
            kind = "title" if first.startswith("# ") else "heading"
            yield Block(kind, first.lstrip("# "))
        elif first.startswith("|"):
            cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
            yield Block("table", rows=[cells[0], *cells[2:]])
        elif first.startswith("- "):
            yield Block("list", rows=[[line[2:]] for line in lines])
        elif re.match(r"\d+\. ", first):
            yield Block("steps", rows=[[line.split(" ", 1)[1]] for line in lines])
        else:
            yield Block("paragraph", " ".join(lines))


def pdf(text: str, modified: datetime, *, password: str | None = None) -> bytes:
    """A PDF of A4 pages with headings, tables and page numbers; its creation date is always the library's fixed one."""
    from reportlab.lib import colors
    from reportlab.lib.pdfencrypt import StandardEncryption
    from reportlab.lib.styles import getSampleStyleSheet
    from reportlab.platypus import ListFlowable, PageBreak, Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

    styles = getSampleStyleSheet()
    grid = TableStyle([("GRID", (0, 0), (-1, -1), 0.4, colors.grey), ("BACKGROUND", (0, 0), (-1, 0), colors.whitesmoke)])

    def flowable(block: Block) -> object:
        if block.kind == "page":
            return PageBreak()
        if block.kind == "table":
            cells = [[Paragraph(escape(cell), styles["BodyText"]) for cell in row] for row in block.rows]
            return Table(
                cells, colWidths=[451 / len(cells[0])] * len(cells[0]), style=grid, repeatRows=1, spaceBefore=6, spaceAfter=8
            )
        if block.kind in ("list", "steps"):
            items = [Paragraph(escape(row[0]), styles["BodyText"]) for row in block.rows]
            return ListFlowable(items, bulletType="bullet" if block.kind == "list" else "1")
        style = {"title": "Title", "heading": "Heading2"}.get(block.kind, "BodyText")
        return Paragraph(escape(block.text), styles[style])

    def number(canvas, page) -> None:
        canvas.setFont("Helvetica", 8)
        canvas.drawCentredString(297, 30, f"Tarnhaven Instruments · page {page.page}")

    content = list(blocks(text))
    lock = StandardEncryption(password, ownerPassword=password[::-1], strength=128) if password else None
    out = io.BytesIO()
    paper = SimpleDocTemplate(
        out, pagesize=(595, 842), title=content[0].text, author="Tarnhaven Instruments", invariant=1, encrypt=lock
    )
    story = [part for block in content for part in (flowable(block), Spacer(0, 4))]
    with _stamped(modified):
        paper.build(story, onFirstPage=number, onLaterPages=number)
    return out.getvalue()


@contextmanager
def _stamped(modified: datetime) -> Iterator[None]:
    """PDFs made meanwhile say they were made at that time."""
    before = os.environ.get("SOURCE_DATE_EPOCH")
    os.environ["SOURCE_DATE_EPOCH"] = str(int(modified.replace(tzinfo=UTC).timestamp()))
    try:
        yield
    finally:
        os.environ.pop("SOURCE_DATE_EPOCH")
        if before is not None:
            os.environ["SOURCE_DATE_EPOCH"] = before


def truncated_pdf(text: str, modified: datetime) -> bytes:
    """The first 600 bytes of a PDF, as if a download had stopped."""
    return pdf(text, modified)[:600]


def locked_pdf(text: str, modified: datetime) -> bytes:
    """A PDF that asks for a password."""
    return pdf(text, modified, password=PASSWORD)


def docx(text: str, modified: datetime) -> bytes:
    """A Word document."""
    from docx import Document

    document = Document()
    for block in blocks(text):
        if block.kind in ("title", "heading"):
            document.add_heading(block.text, 1 if block.kind == "title" else 2)
        elif block.kind == "table":
            table = document.add_table(rows=0, cols=len(block.rows[0]), style="Table Grid")
            for row in block.rows:
                for cell, value in zip(table.add_row().cells, row, strict=True):
                    cell.text = value
        elif block.kind in ("list", "steps"):
            for (item,) in block.rows:
                document.add_paragraph(item, style="List Bullet" if block.kind == "list" else "List Number")
        else:
            document.add_paragraph(block.text)
    describe(document.core_properties, next(blocks(text)).text, modified)
    out = io.BytesIO()
    document.save(out)
    return same_every_time(out.getvalue(), modified)


def pptx(text: str, modified: datetime) -> bytes:
    """A presentation: every heading starts a slide."""
    from pptx import Presentation
    from pptx.util import Inches

    deck = Presentation()
    content = list(blocks(text))
    cover = deck.slides.add_slide(deck.slide_layouts[0])
    cover.shapes.title.text = content[0].text
    cover.placeholders[1].text = content[1].text
    heading = ""
    for block in content[2:]:
        if block.kind == "heading":
            heading = block.text
        elif block.kind == "table":
            slide = deck.slides.add_slide(deck.slide_layouts[5])
            slide.shapes.title.text = heading
            rows, columns = len(block.rows), len(block.rows[0])
            table = slide.shapes.add_table(rows, columns, Inches(0.5), Inches(1.6), Inches(9), Inches(0.4 * rows)).table
            for i, row in enumerate(block.rows):
                for j, value in enumerate(row):
                    table.cell(i, j).text = value
        else:
            slide = deck.slides.add_slide(deck.slide_layouts[1])
            slide.shapes.title.text = heading
            slide.placeholders[1].text = "\n".join(row[0] for row in block.rows) or block.text
    describe(deck.core_properties, content[0].text, modified)
    out = io.BytesIO()
    deck.save(out)
    return same_every_time(out.getvalue(), modified)


def xlsx(text: str, modified: datetime) -> bytes:
    """A workbook: every heading starts a sheet; whole numbers are numbers."""
    from openpyxl import Workbook
    from openpyxl.styles import Font

    book = Workbook()
    book.remove(book.worksheets[0])
    content = list(blocks(text))
    sheet = None
    for block in content[1:]:
        if block.kind == "heading":
            sheet = book.create_sheet(block.text)
        elif sheet is not None:
            for row in block.rows:
                sheet.append([int(cell) if cell.isdigit() else cell for cell in row])
            for cell in sheet[1]:
                cell.font = Font(bold=True)
            for column in sheet.columns:
                sheet.column_dimensions[column[0].column_letter].width = max(len(str(cell.value)) for cell in column) + 2
    describe(book.properties, content[0].text, modified)
    out = io.BytesIO()
    book.save(out)
    return same_every_time(out.getvalue(), modified)


def describe(properties: object, title: str, modified: datetime) -> None:
    """Title, author and fixed dates."""
    for name, value in {"title": title, "author": "Tarnhaven Instruments", "creator": "Tarnhaven Instruments"}.items():
        if hasattr(properties, name):
            setattr(properties, name, value)
    for name in ("created", "modified"):
        setattr(properties, name, modified)


def same_every_time(content: bytes, modified: datetime) -> bytes:
    """The same Office file with fixed times in its archive and in its properties."""
    out = io.BytesIO()
    stamp = f"{modified:%Y-%m-%dT%H:%M:%SZ}".encode()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            part = old.read(name)
            if name == "docProps/core.xml":
                part = re.sub(rb"(<dcterms:(?:modified|created)[^>]*>)[^<]*", rb"\g<1>" + stamp, part)
            entry = zipfile.ZipInfo(name, modified.timetuple()[:6])
            entry.compress_type = zipfile.ZIP_DEFLATED
            new.writestr(entry, part)
    return out.getvalue()


def typed_page(text: str, *, seed: int, degrees: float):
    """A picture of a typed page, a little skewed and noisy, as an old scanner gives it."""
    import reportlab
    from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageFont

    font = ImageFont.truetype(str(Path(reportlab.__file__).parent / "fonts" / "Vera.ttf"), 34)
    page = Image.new("L", (1240, 1754), 250)
    ImageDraw.Draw(page).multiline_text((150, 160), text, fill=25, font=font, spacing=16)
    page = page.rotate(degrees, resample=Image.Resampling.BICUBIC, fillcolor=250).filter(ImageFilter.GaussianBlur(0.8))
    noise = Image.frombytes("L", (620, 877), random.Random(seed).randbytes(620 * 877))  # noqa: S311 - noise, not a secret
    return ImageChops.subtract(page, noise.resize(page.size).point(lambda value: value // 9))


def scanned_pdf(text: str, modified: datetime) -> bytes:
    """A PDF that holds a picture of a page and no text."""
    from reportlab.lib.utils import ImageReader
    from reportlab.pdfgen.canvas import Canvas

    picture, out = io.BytesIO(), io.BytesIO()
    typed_page(text, seed=1987, degrees=-1.1).save(picture, "JPEG", quality=45)
    with _stamped(modified):
        canvas = Canvas(out, pagesize=(595, 842), invariant=1, pageCompression=0)
        canvas.drawImage(ImageReader(picture), 0, 0, 595, 842)
        canvas.save()
    return out.getvalue()


def scanned_png(text: str, _modified: datetime) -> bytes:
    """A picture of a page in eight shades of grey."""
    out = io.BytesIO()
    typed_page(text, seed=17, degrees=0.8).point(lambda value: value // 32 * 36).save(out, "PNG", optimize=True)
    return out.getvalue()


Maker = Callable[[str, datetime], bytes]
BUILT: dict[str, tuple[str, Maker, str]] = {
    "policies/code-of-conduct.pdf": ("code-of-conduct.md", pdf, "2025-09-24"),
    "policies/archive/travel-2022.pdf": ("travel-2022.md", pdf, "2022-03-01"),
    "security/incident-response.pdf": ("incident-response.md", pdf, "2026-03-02"),
    "products/fulmar-u2-manual.pdf": ("fulmar-u2-manual.md", pdf, "2026-03-16"),
    "products/petrel-5-datasheet.pdf": ("petrel-5-datasheet.md", pdf, "2025-11-17"),
    "legal/terms-of-sale.pdf": ("terms-of-sale.md", pdf, "2025-07-01"),
    "legal/board-minutes-2025-09.pdf": ("board-minutes.md", locked_pdf, "2025-09-24"),
    "support/calibration-report-2026.pdf": ("calibration-report.md", truncated_pdf, "2026-04-17"),
    "facilities/water-valve-scan.pdf": ("scan-water-valve.txt", scanned_pdf, "2024-01-08"),
    "news/founding-letter.png": ("scan-founding-letter.txt", scanned_png, "1987-11-02"),
    "people/parental-leave.docx": ("parental-leave.md", docx, "2025-09-08"),
    "facilities/lab-safety.docx": ("lab-safety.md", docx, "2026-01-14"),
    "support/calibration-service.docx": ("calibration-service.md", docx, "2026-07-06"),
    "products/product-overview-2026.pptx": ("product-overview.md", pptx, "2026-02-10"),
    "support/induction.pptx": ("support-induction.md", pptx, "2026-04-21"),
    "finance/price-list-2026.xlsx": ("price-list.md", xlsx, "2026-01-01"),
    "facilities/office-contacts.xlsx": ("office-contacts.md", xlsx, "2026-10-01"),
    "people/salary-bands.xlsx": ("salary-bands.md", xlsx, "2026-01-30"),
}
"""Path in the sample's documents: source text, maker, date."""


def build(into: Path) -> None:
    """Write every built file below `into`."""
    for name, (source, make, day) in BUILT.items():
        target = into / name
        target.parent.mkdir(parents=True, exist_ok=True)
        text = (SOURCES / source).read_text(encoding="utf-8")
        target.write_bytes(make(text, datetime.fromisoformat(day).replace(hour=9)))  # noqa: DTZ007, RUF100 - files hold local time


def digests(of: Path) -> dict[str, str]:
    """SHA-256 (hex) of each built file below `of`, and under `sources` that of this script and all source texts."""
    found = {name: hashlib.sha256((of / name).read_bytes()).hexdigest() for name in sorted(BUILT)}
    inputs = hashlib.sha256()
    for path in [Path(__file__), *sorted(SOURCES.iterdir())]:
        inputs.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return {"sources": inputs.hexdigest(), **found}


def main() -> None:
    arguments = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    arguments.add_argument("--into", type=Path, default=DOCUMENTS, help="folder to write to (default: the sample workspace)")
    into: Path = arguments.parse_args().into
    build(into)
    if into == DOCUMENTS:
        DIGESTS.write_text(json.dumps(digests(into), indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
