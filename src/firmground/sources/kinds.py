"""What kind of file this is: by its content first, by its name where the content could be several."""

import io
import re
import zipfile
import zlib
from typing import NamedTuple

from firmground.errors import ParseFailed

_OFFICE = "application/vnd.openxmlformats-officedocument."
DOCX, XLSX, PPTX = _OFFICE + "wordprocessingml.document", _OFFICE + "spreadsheetml.sheet", _OFFICE + "presentationml.presentation"
DOC, XLS, PPT, MSG = (
    "application/msword",
    "application/vnd.ms-excel",
    "application/vnd.ms-powerpoint",
    "application/vnd.ms-outlook",
)
ODT, ODS, ODP = (f"application/vnd.oasis.opendocument.{kind}" for kind in ("text", "spreadsheet", "presentation"))
PDF, RTF, EPUB, HTML, EML, XML = (
    "application/pdf",
    "application/rtf",
    "application/epub+zip",
    "text/html",
    "message/rfc822",
    "application/xml",
)
NOTEBOOK, CSV, TSV = "application/x-ipynb+json", "text/csv", "text/tab-separated-values"
JSON, MARKDOWN, PLAIN = "application/json", "text/markdown", "text/plain"

SHEETS = frozenset({XLSX, XLS, ODS})
WITH_PAGES = frozenset({PDF, PPTX, *SHEETS})

_NAMED = {
    PDF: "pdf",
    DOCX: "docx docm dotx",
    XLSX: "xlsx xlsm xltx",
    PPTX: "pptx pptm ppsx",
    DOC: "doc dot",
    XLS: "xls xlt",
    PPT: "ppt pps",
    MSG: "msg",
    ODT: "odt ott",
    ODS: "ods",
    ODP: "odp",
    RTF: "rtf",
    EPUB: "epub",
    HTML: "html htm xhtml",
    EML: "eml",
    XML: "xml",
    NOTEBOOK: "ipynb",
    CSV: "csv",
    TSV: "tsv tab",
    JSON: "json",
    MARKDOWN: "md markdown mdx",
    PLAIN: "txt text log",
    "image/png": "png",
    "image/jpeg": "jpg jpeg",
    "image/tiff": "tif tiff",
    "image/gif": "gif",
    "image/bmp": "bmp",
    "image/webp": "webp",
}
_SUFFIXES = {suffix: media_type for media_type, suffixes in _NAMED.items() for suffix in suffixes.split()}
_TEXTUAL = frozenset({HTML, EML, XML, NOTEBOOK, CSV, TSV, JSON, MARKDOWN, PLAIN})

_SIGNATURES = (
    (b"{\\rtf", RTF),
    (b"\x89PNG\r\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"II*\0", "image/tiff"),
    (b"MM\0*", "image/tiff"),
    (b"GIF8", "image/gif"),
    (b"BM", "image/bmp"),
)
_NOT_DOCUMENTS = {
    "a program": (b"MZ", b"\x7fELF", b"\xca\xfe\xba\xbe", b"\xcf\xfa\xed\xfe", b"\0asm"),
    "an archive": (b"\x1f\x8b", b"7z\xbc\xaf\x27\x1c", b"Rar!", b"BZh", b"\xfd7zXZ", b"\x28\xb5\x2f\xfd"),
    "a database": (b"SQLite format 3\0", b"PAR1"),
    "a sound or film": (b"ID3", b"OggS", b"fLaC", b"\x1aE\xdf\xa3", b"RIFF"),
    "a font": (b"\0\1\0\0\0", b"wOFF", b"wOF2"),
    "a picture without text": (b"8BPS", b"\0\0\1\0"),
}
_ALSO_WORDS = {b"MZ", b"ID3", b"BZh", b"Rar!", b"RIFF", b"PAR1", b"8BPS", b"BM"}
"""Signatures that a text could begin with."""
_NO_DOCUMENT_NAMES = frozenset(
    suffix
    for suffixes in (
        "exe dll so bin pyc class jar wasm",
        "zip gz tar 7z rar bz2 xz zst iso",
        "mp3 mp4 wav mov avi mkv ogg flac",
        "woff woff2 ttf otf ico db sqlite parquet",
    )
    for suffix in suffixes.split()
)
_OLE_STREAMS = (
    ("__substg1.0_", MSG),
    ("__properties_version1.0", MSG),
    ("WordDocument", DOC),
    ("PowerPoint Document", PPT),
    ("Workbook", XLS),
    ("Book", XLS),
)
_HTML_START = re.compile(rb"\s*+(?:<!--(?>.*?-->)\s*+)*+<(?:!doctype\s++html|html[\s>])", re.IGNORECASE | re.DOTALL)
_CONTROLS = bytes(set(range(32)) - {7, 8, 9, 10, 12, 13, 27})


class Kind(NamedTuple):
    media_type: str
    warning: str | None = None


def suffix_of(uri: str) -> str:
    name = uri.rpartition("/")[2]
    return name.rpartition(".")[2].lower() if "." in name else ""


def kind_of(uri: str, content: bytes) -> Kind:
    """The media type. ParseFailed `unsupported`, `encrypted` or `corrupt` where there is no text to be had."""
    suffix = suffix_of(uri)
    named = _SUFFIXES.get(suffix)
    found = _by_signature(content, named)
    if found is None:
        found = _by_text(named, suffix, content)
    if named in {None, found} or (found in _TEXTUAL and named in _TEXTUAL and found != HTML):
        return Kind(found)
    return Kind(found, f"extension_mismatch: named .{suffix}, holds {found}")


def _by_signature(content: bytes, named: str | None) -> str | None:
    if b"%PDF-" in content[:1024]:
        return PDF
    if content.startswith(b"PK"):
        return _in_zip(content)
    if content.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        return _in_ole(content, named)
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "image/webp"
    if content[4:8] == b"ftyp":
        raise ParseFailed("unsupported", "a film or sound, not a document: exclude it")
    wordlike = looks_like_text(content[:512])
    for start, media_type in _SIGNATURES:
        if content.startswith(start) and not (start in _ALSO_WORDS and wordlike):
            return media_type
    for what, starts in _NOT_DOCUMENTS.items():
        if any(content.startswith(start) and not (start in _ALSO_WORDS and wordlike) for start in starts):
            raise ParseFailed("unsupported", f"{what}, not a document: exclude it")
    return None


def _in_zip(content: bytes) -> str:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = set(archive.namelist())
            if any(entry.flag_bits & 1 for entry in archive.infolist()):
                raise ParseFailed("encrypted", "it needs a password: save it without one")
            mimetype = archive.open("mimetype").read(100).decode("ascii", "replace").strip() if "mimetype" in names else ""
            manifest = archive.open("META-INF/manifest.xml").read(1 << 20) if "META-INF/manifest.xml" in names else b""
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, EOFError, KeyError, zlib.error) as wrong:
        raise ParseFailed("corrupt", "a damaged or truncated office document or archive: restore it from a copy") from wrong
    if b"encryption-data" in manifest:
        raise ParseFailed("encrypted", "it needs a password: save it without one")
    if mimetype.startswith(ODT[:-4]) or mimetype == EPUB:
        return mimetype.removesuffix("-template")
    for folder, media_type in (("word/", DOCX), ("xl/", XLSX), ("ppt/", PPTX)):
        if "[Content_Types].xml" in names and any(name.startswith(folder) for name in names):
            return media_type
    raise ParseFailed("unsupported", "an archive, not a document: unpack it, or exclude it")


def _in_ole(content: bytes, named: str | None) -> str:
    def holds(stream: str) -> bool:
        return stream.encode("utf-16-le") in content

    if holds("EncryptedPackage") or holds("EncryptionInfo"):
        raise ParseFailed("encrypted", "it needs a password: save it without one")
    present = [media_type for stream, media_type in _OLE_STREAMS if holds(stream)]
    if present:  # a document of one kind may hold objects of others, so its name decides between them
        return named if named in present else present[0]
    raise ParseFailed("corrupt", "a damaged office document, or one of an unknown kind: save it again as PDF or DOCX")


def _by_text(named: str | None, suffix: str, content: bytes) -> str:
    sample = content[:65_536]
    if sample and not looks_like_text(sample):
        if named and named not in _TEXTUAL:
            raise ParseFailed("corrupt", f"named .{suffix}, but damaged or something else: restore it from a copy")
        raise ParseFailed("unsupported", "binary data, not a document: exclude it")
    if suffix in _NO_DOCUMENT_NAMES:
        raise ParseFailed("unsupported", f"named .{suffix}, not a document: exclude it")
    if named != MARKDOWN and (_HTML_START.match(sample) or (named == HTML)):
        return HTML
    return named if named in _TEXTUAL else PLAIN


def looks_like_text(sample: bytes) -> bool:
    """Few control characters, or every second byte zero as in UTF-16 and UTF-32."""
    if sample.startswith((b"\xff\xfe", b"\xfe\xff")):
        return True
    controls = len(sample) - len(sample.translate(None, _CONTROLS))
    zeros = max(sample[::2].count(0), sample[1::2].count(0))
    return controls <= max(3, len(sample) // 50) or (zeros > 0.35 * len(sample) and controls - zeros < len(sample) // 3)
