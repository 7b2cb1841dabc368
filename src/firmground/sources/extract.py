"""From the bytes of one file to Markdown. Runs in the parsing child; the only module that knows xberg."""

import asyncio
import html
import io
import re
import zipfile
import zlib
from collections.abc import Sequence
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from firmground.errors import ParseFailed
from firmground.sources import kinds, plain
from firmground.sources.matter import Matter, PlainMetadata
from firmground.sources.notes import speaker_notes

if TYPE_CHECKING:
    from xberg import ExtractedDocument, ExtractionConfig

_TABULAR = frozenset({kinds.CSV, kinds.TSV})
_WITH_MATTER = frozenset({kinds.MARKDOWN, kinds.PLAIN})
_HEADING = re.compile(r"#{1,6} ++(.+)")
_HTML_TITLE = re.compile(r"<title[^<>]*+>", re.IGNORECASE)
_HTML_TITLE_END = re.compile("</title", re.IGNORECASE)
_HTML_CHARSET = re.compile(rb"<(?:meta|\?xml)[^<>]*?(?:charset|encoding)\s{0,9}=\s{0,9}[\"']?\s{0,9}([\w.:-]+)", re.IGNORECASE)
_MEANINGLESS = re.compile(
    r"untitled.*|microsoft (word|powerpoint|excel) - .*|powerpoint presentation|slide 1|document\d*|.*\.(docx?|pdf|pptx?|xlsx?|indd)",
    re.IGNORECASE,
)
_CELL = re.compile(rb"<(?:\w+:)?c[ >]")
_MEGABYTE = 1 << 20
_STAMP = 32
"""Letters and digits below which the text on the picture of a whole page is a page number or a stamp, not the page's text."""


class Limits(NamedTuple):
    """Bounds that give a clear code instead of a killed child."""

    characters: int = 20_000_000
    cells: int = 500_000
    pages: int = 5_000
    unpacked_bytes: int = 500 * _MEGABYTE
    ratio: int = 150


class Extracted(NamedTuple):
    text: str
    media_type: str
    title: str | None
    pages: tuple[tuple[int, int, int], ...] = ()
    metadata: PlainMetadata | None = None
    groups: tuple[str, ...] | None = None
    encoding: str | None = None
    ocr: bool = False
    warnings: tuple[str, ...] = ()
    scanned: tuple[int, ...] = ()
    """Numbers of the pages that only recognition can read: something is drawn on them, but no text or only a stamp is written."""


class Recognition(NamedTuple):
    """Text recognition: Tesseract languages, the folder with their data, and which pages to read: all of a scan, where none is named."""

    languages: tuple[str, ...]
    data: str
    pages: tuple[int, ...] = ()


def extract(uri: str, content: bytes, limits: Limits, recognition: Recognition | None) -> Extracted:
    """ParseFailed where no text can be had; `no_text` where there simply is none."""
    if not content.strip():
        raise ParseFailed("no_text", "the file is empty: write something into it, or exclude it")
    media_type, warning = kinds.kind_of(uri, content)
    textual = media_type in _WITH_MATTER | _TABULAR | {kinds.JSON}
    extracted = _textual(media_type, content, limits) if textual else _with_xberg(media_type, content, limits, recognition)
    if len(extracted.text) > limits.characters:
        raise ParseFailed("limit_exceeded", f"more than {limits.characters} characters of text: split it")
    if not any(mark.isalnum() for mark in _MARKS.sub("", extracted.text)):
        if media_type == kinds.PDF and b"%%EOF" not in content[-2048:]:
            raise ParseFailed("corrupt", "its end is missing and no text can be had from the rest: restore it from a copy")
        raise _without_text(media_type, recognition)
    return extracted._replace(warnings=((warning,) if warning else ()) + extracted.warnings)


def _without_text(media_type: str, recognition: Recognition | None) -> ParseFailed:
    if not (media_type.startswith("image/") or media_type == kinds.PDF):
        return ParseFailed("no_text", "it holds no text: write some, or exclude it")
    if recognition is not None:
        return ParseFailed("no_text", "text recognition found nothing in it: give a sharper scan, or exclude it")
    return ParseFailed(
        "no_text",
        "a scan or picture without text: switch on ocr under [parsing], so that text recognition reads it, or exclude it",
    )


_MARKS = re.compile(r"^```\w*$", re.MULTILINE)


# ---------------------------------------------------------------- text, tables, JSON


def _textual(media_type: str, content: bytes, limits: Limits) -> Extracted:
    if len(content) > 4 * limits.characters:
        raise ParseFailed(
            "limit_exceeded", f"{len(content)} bytes are more text than the limit of {4 * limits.characters}: split it"
        )
    decoded = plain.decode(content)
    text = plain.tidy(decoded.text)
    made = Extracted(text, media_type, None, encoding=decoded.encoding, warnings=decoded.warnings)
    if media_type in _TABULAR:
        return made._replace(text=plain.separated(text, media_type, limits.cells))
    if media_type == kinds.JSON:
        return made._replace(text=plain.fenced_json(text))
    matter = Matter(text)
    title = matter.title or (first_heading(matter.body) if media_type == kinds.MARKDOWN else None)
    return made._replace(
        text=matter.body,
        title=title,
        metadata=matter.metadata,
        groups=matter.groups,
        warnings=(*decoded.warnings, *matter.warnings),
    )


def first_heading(text: str) -> str | None:
    """The first Markdown heading outside fenced code."""
    fenced = False
    for line in text.splitlines():
        if line.startswith(("```", "~~~")):
            fenced = not fenced
        elif not fenced and (found := _HEADING.fullmatch(line)):
            said = found[1].rstrip()
            closed = said.rstrip("#")  # `# Title ##`, but not `# About C#`
            return (closed if closed.endswith(" ") or not closed else said).strip("*_ ") or None
    return None


# ---------------------------------------------------------------- everything else


def _with_xberg(media_type: str, content: bytes, limits: Limits, recognition: Recognition | None) -> Extracted:
    title, encoding, warnings = None, None, ()
    if content.startswith(b"PK"):
        _check_archive(media_type, content, limits)
    if media_type == kinds.HTML:
        declared = _HTML_CHARSET.search(content[:4096])
        decoded = plain.decode(content, declared.group(1).decode("ascii") if declared else None)
        title = _html_title(decoded.text[:200_000])
        content, encoding, warnings = decoded.text.encode("utf-8", "replace"), decoded.encoding, decoded.warnings
    document = _run(media_type, content, limits, recognition)
    notes = speaker_notes(content) if media_type == kinds.PPTX else []
    text, pages = _text_and_pages(media_type, document, notes)
    silent, stamped = _scanned(content, document, text, pages) if media_type == kinds.PDF else ([], [])
    return Extracted(
        text,
        media_type,
        plain.tidy(title or _document_title(media_type, document, text) or first_heading(text) or "") or None,
        pages,
        _metadata(document, pages),
        encoding=encoding,
        ocr=document.metadata.ocr_used or (media_type.startswith("image/") and recognition is not None),
        warnings=(*warnings, *_warnings(document, len(silent))),
        scanned=tuple(sorted([*silent, *stamped])),
    )


def _html_title(text: str) -> str | None:
    opened = _HTML_TITLE.search(text)
    closed = _HTML_TITLE_END.search(text, opened.end()) if opened else None
    if not opened or not closed:
        return None
    return html.unescape(" ".join(text[opened.end() : closed.start()].split())).strip() or None


def _run(media_type: str, content: bytes, limits: Limits, recognition: Recognition | None) -> "ExtractedDocument":
    import xberg

    given = xberg.ExtractInput(kind="bytes", bytes=content, mime_type=media_type)
    try:
        result = asyncio.run(xberg.extract(given, _config(limits, recognition)))
    except MemoryError:
        raise
    except Exception as wrong:  # the binding raises bare RuntimeErrors
        raise _failure(str(wrong)) from wrong
    if result.errors:
        raise _failure(f"{result.errors[0].error_type}: {result.errors[0].message}")
    if not result.results:
        raise _without_text(media_type, recognition)
    return result.results[0]


@lru_cache(maxsize=4)
def _config(limits: Limits, recognition: Recognition | None) -> "ExtractionConfig":
    import xberg

    security = xberg.SecurityLimits(
        max_table_cells=limits.cells,
        max_archive_size=limits.unpacked_bytes,
        max_pages=limits.pages,
        max_compression_ratio=limits.ratio * 4,
    )
    ocr = recognition and xberg.OcrConfig(
        language=list(recognition.languages),
        tessdata_path=recognition.data,
        security_limits=security,
        tesseract_config=xberg.TesseractConfig(
            language=list(recognition.languages), psm=3, enable_table_detection=False, use_cache=False
        ),
        # Alone: by default a poor page goes to another engine as well, which would fetch its model from the network.
        pipeline=xberg.OcrPipelineConfig([xberg.OcrPipelineStage("tesseract")], xberg.OcrQualityThresholds()),
    )
    only = list(recognition.pages) if recognition else []
    return xberg.ExtractionConfig(
        use_cache=False,
        escape_markdown=False,
        enable_quality_processing=False,
        output_format="markdown",
        disable_ocr=ocr is None,
        ocr=ocr,
        force_ocr_pages=only or None,
        ocr_embedded_images=False if only else None,  # or it reads what stands in the pictures of the other pages
        pages=xberg.PageConfig(extract_pages=True, keep_native_content=True),
        content_filter=xberg.ContentFilterConfig(include_footnotes=True),
        html_options=xberg.ConversionOptions(
            extract_metadata=False,
            skip_images=True,
            exclude_selectors=["nav", "script", "style", "noscript", "template", "iframe"],
        ),
        max_archive_depth=0,
        security_limits=security,
        concurrency=xberg.ConcurrencyConfig(max_threads=1),
    )


def _failure(message: str) -> ParseFailed:
    said = message.lower()
    for code, words, remedy in (
        ("encrypted", ("encrypt", "password"), "it needs a password: save it without one"),
        ("ocr_language_missing", ("traineddata", "tessdata"), "the recognition data of a language is missing: install it"),
        ("limit_exceeded", ("limit exceeded", "security violation", "too large", "too many", "exceeds", "max_"), ""),
        ("timeout", ("timed out", "timeout"), ""),
        ("out_of_memory", ("out of memory", "allocation"), ""),
        ("unsupported", ("unsupported", "no extractor"), ""),
    ):
        if any(word in said for word in words):
            return ParseFailed(code, remedy or message[:300])
    return ParseFailed("corrupt", f"damaged or truncated ({message[:200]}): restore it from a copy")


def _text_and_pages(
    media_type: str, document: "ExtractedDocument", notes: Sequence[str]
) -> tuple[str, tuple[tuple[int, int, int], ...]]:
    """Pages are joined here, one empty line between them, because only then are their offsets exact."""
    if media_type not in kinds.WITH_PAGES or not document.pages:
        return plain.tidy(document.content), ()
    text, pages = "", list[tuple[int, int, int]]()
    for at, page in enumerate(document.pages):
        content = plain.tidy(_fuller(page.content, page.native_content or "")).strip("\n")
        if media_type in kinds.SHEETS:
            name = plain.tidy(page.sheet_name or f"Sheet {page.page_number}").strip()
            content = content.removeprefix(f"## {name}").strip("\n")
            content = f"## {name}\n\n{content}" if content else ""
        if at < len(notes) and notes[at]:
            content += "\n\nNotes: " + plain.tidy(notes[at])
        start = len(text)
        text += content + "\n\n" if content else ""
        pages.append((page.page_number, start, start + len(content)))
    text = text.removesuffix("\n")
    within = tuple((number, min(start, len(text)), min(end, len(text))) for number, start, end in pages)
    return (text, within) if text.strip() else (plain.tidy(document.content), ())


def _fuller(read: str, written: str) -> str:
    """What recognition read on a page, or what was written on it before where that is no less."""
    return written if _letters(written) >= _letters(read) else read


def _letters(text: str) -> int:
    return sum(map(str.isalnum, text))


def _scanned(
    content: bytes, document: "ExtractedDocument", text: str, pages: Sequence[tuple[int, int, int]]
) -> tuple[list[int], list[int]]:
    """Numbers of the pages on which something is drawn but no text is written, and of pictures of whole pages with only a stamp."""
    letters = {number: _letters(text[start:end]) for number, start, end in pages}
    silent = [number for number, count in letters.items() if not count]
    if silent and len(silent) < len(letters):
        from firmground.sources.draw import blank_pages

        blank = blank_pages(content, silent)
        silent = [number for number in silent if number not in blank]
    told = document.metadata.format.pdf if document.metadata.format else None
    pictures = told.scanned_pages if told else None
    return silent, [number for number in pictures or () if 0 < letters.get(number, 0) < _STAMP]


def _document_title(media_type: str, document: "ExtractedDocument", text: str) -> str | None:
    if media_type in {kinds.EML, kinds.MSG}:
        subject = re.search(r"^\*\*Subject\*\*: (.+)$", text[:5000], re.MULTILINE)
        return subject.group(1).strip() if subject else None
    title = " ".join((document.metadata.title or "").split())
    return None if not title or _MEANINGLESS.fullmatch(title) else title[:500]


def _metadata(document: "ExtractedDocument", pages: Sequence[object]) -> PlainMetadata:
    said = document.metadata
    found: PlainMetadata = {}
    author = ", ".join(said.authors or []) or said.created_by
    for key, value in (("author", author), ("subject", said.subject), ("language", said.language)):
        if value and value.strip() and value not in {"openpyxl", "python-docx", "anonymous", "unspecified"}:
            found[key] = plain.tidy(value).strip()[:500]
    for key, value in (("created", said.created_at), ("modified", said.modified_at)):
        if value and (day := _iso_date(value)):
            found[key] = day
    if said.keywords:
        found["keywords"] = tuple(plain.tidy(word)[:100] for word in said.keywords[:50])
    if pages:
        found["pages"] = len(pages)
    return found


def _iso_date(value: str) -> str | None:
    if iso := re.match(r"(?:D:)?(\d{4})-?(\d\d)-?(\d\d)", value):
        return "-".join(iso.groups())
    try:
        return parsedate_to_datetime(value).date().isoformat()
    except (ValueError, TypeError):
        return None


def _warnings(document: "ExtractedDocument", silent: int) -> list[str]:
    found: list[str] = []
    if silent:
        found.append(f"pages_without_text: {silent}")
    if document.ocr_page_failures:
        found.append(f"pages_not_recognised: {len(document.ocr_page_failures)}")
    if broken := document.content.count("\ufffd"):
        found.append(f"replacement_characters: {broken}")
    if document.children:
        found.append(f"attachments_not_read: {len(document.children)}")
    return found


def _check_archive(media_type: str, content: bytes, limits: Limits) -> None:
    """Bombs and giant sheets are told apart before anything is unpacked in memory."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        entries = archive.infolist()
        unpacked = sum(entry.file_size for entry in entries)
        if len(entries) > 10_000 or unpacked > limits.unpacked_bytes:
            raise ParseFailed(
                "limit_exceeded", f"it unpacks to {len(entries)} files and {unpacked} bytes: too much for one document"
            )
        if unpacked > 20 * _MEGABYTE and unpacked > limits.ratio * len(content):
            raise ParseFailed("limit_exceeded", f"it unpacks to {unpacked // len(content)} times its size, as zip bombs do")
        if media_type != kinds.XLSX:
            return
        cells = 0
        for entry in entries:
            if entry.filename.startswith("xl/worksheets/") and entry.filename.endswith(".xml"):
                cells += _count_cells(archive, entry, limits.cells - cells)


def _count_cells(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, left: int) -> int:
    cells, tail = 0, b""
    try:
        with archive.open(entry) as sheet:
            while part := sheet.read(_MEGABYTE):
                cells += len(_CELL.findall(tail + part))
                tail = part[-2:] if not _CELL.search(part[-3:]) else b""
                if cells > left:
                    raise ParseFailed("limit_exceeded", "a spreadsheet with too many cells: split it, or read it as a database")
    except (zipfile.BadZipFile, EOFError, NotImplementedError, OSError, ValueError, zlib.error) as wrong:
        raise ParseFailed("corrupt", "a damaged spreadsheet: restore it from a copy") from wrong
    return cells
