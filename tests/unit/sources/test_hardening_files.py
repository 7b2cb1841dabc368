"""Files that mean harm in the ways that are known: each is text, or ends in a clear code, and reaches nothing outside of its process."""

import base64
import gzip
import io
import socket
import struct
import zipfile
import zlib
from collections.abc import Callable, Generator
from pathlib import Path
from threading import Thread

import pytest

from firmground.errors import NotFound, ParseFailed
from firmground.sources import kinds
from firmground.sources.parse import SandboxedParser
from firmground.sources.pictures import SandboxedRenderer

WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
SECRET = "topsecretcontent"
Entries = dict[str, str | bytes]
TYPES: Entries = {"[Content_Types].xml": "<Types/>"}


def archive(entries: Entries, *, first: str = "", method: int = zipfile.ZIP_DEFLATED) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", method) as opened:
        if first:
            opened.writestr(zipfile.ZipInfo("mimetype"), first)
        for name, content in entries.items():
            opened.writestr(name, content)
    return made.getvalue()


def outcome(parser: SandboxedParser, uri: str, content: bytes) -> str:
    """The text, or the code and what is said of it."""
    try:
        return parser.parse(uri, content).text
    except ParseFailed as failed:
        assert failed.code != "parser_crashed", failed.detail  # noqa: PT017 - every code but this
        return f"{failed.code}: {failed.detail}"


# ---------------------------------------------------------------- archives


def lying(content: bytes, name: bytes, said: int) -> bytes:
    """The archive, with another unpacked size of one entry in its directory and before the entry."""
    made = bytearray(content)
    for signature, at_size, at_name in ((b"PK\x01\x02", 24, 46), (b"PK\x03\x04", 22, 30)):
        at = -1
        while (at := made.find(signature, at + 1)) >= 0:
            if made[at + at_name : at + at_name + len(name)] == name:
                made[at + at_size : at + at_size + 4] = struct.pack("<I", said)
    return bytes(made)


def overlapping(times: int) -> bytes:
    """An archive whose directory names the same large entry many times."""
    whole = archive({"word/a.xml": bytes(1 << 20)})
    start, end = whole.index(b"PK\x01\x02"), whole.index(b"PK\x05\x06")
    entry = whole[start:end]
    last = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, times, times, len(entry) * times, start, 0)
    return whole[:start] + entry * times + last


@pytest.mark.parametrize("name", ["a.docx", "a.xlsx", "a.pptx", "a.epub"])
def test_an_archive_that_lies_about_its_size_is_no_way_round_the_limit(parser: SandboxedParser, name: str):
    part = {
        "a.docx": "word/document.xml",
        "a.xlsx": "xl/worksheets/sheet1.xml",
        "a.pptx": "ppt/presentation.xml",
        "a.epub": "OEBPS/a.xhtml",
    }[name]
    bomb = archive({"[Content_Types].xml": "<Types/>", part: bytes(80 << 20)}, first=kinds.EPUB if name == "a.epub" else "")
    said = outcome(parser, name, lying(bomb, part.encode(), 1000))
    assert said.split(":")[0] in {"corrupt", "limit_exceeded", "no_text", "out_of_memory", "timeout"}
    assert parser.parse("b.md", b"still here").text == "still here"


@pytest.mark.parametrize(
    "bomb",
    [
        pytest.param(lambda: overlapping(2000), id="entries on top of each other"),
        pytest.param(lambda: archive({f"word/{n}.xml": "a" for n in range(10_001)} | TYPES), id="ten thousand entries"),
        pytest.param(lambda: lying(archive({"[Content_Types].xml": "<Types/>", "word/a.bin": "a"}), b"word/a.bin", 600 << 20), id="a size"),
    ],
)  # fmt: skip
def test_a_bomb_is_a_limit(parser: SandboxedParser, bomb: Callable[[], bytes]):
    assert outcome(parser, "a.docx", bomb()).split(":")[0] in {"limit_exceeded", "corrupt", "unsupported"}


def test_archives_within_archives_are_not_unpacked(parser: SandboxedParser):
    inside = archive({"[Content_Types].xml": "<Types/>", "word/document.xml": bytes(10 << 20)})
    for _ in range(8):
        inside = archive({"[Content_Types].xml": "<Types/>", "word/document.xml": "<a/>", "word/embeddings/a.docx": inside})
    assert outcome(parser, "a.docx", inside).split(":")[0] in {"no_text", "corrupt"}
    assert outcome(parser, "a.zip", archive({"a.zip": inside})).startswith("unsupported")


@pytest.mark.parametrize(
    "content", [gzip.compress(bytes(50 << 20)), zlib.compress(bytes(1 << 20)), b"\x28\xb5\x2f\xfd" + bytes(99)]
)
def test_what_is_only_packed_is_no_document(parser: SandboxedParser, content: bytes):
    assert outcome(parser, "a.gz", content).startswith("unsupported")


@pytest.mark.parametrize(
    "name", ["../../../../../../tmp/firmground-planted", "/tmp/firmground-planted", "..\\..\\firmground-planted", "a\x00b"]
)
def test_names_within_an_archive_are_places_of_nothing(parser: SandboxedParser, name: str):
    body = f'<w:document xmlns:w="{WORD}"><w:body><w:p><w:r><w:t>Hello there</w:t></w:r></w:p></w:body></w:document>'
    said = outcome(parser, "a.docx", archive({"[Content_Types].xml": "<Types/>", "word/document.xml": body, name: "planted"}))
    assert "planted" not in said
    assert not Path("/tmp/firmground-planted").exists()


def test_a_link_within_an_archive_leads_nowhere(parser: SandboxedParser, tmp_path: Path):
    (tmp_path / "secret").write_text(SECRET)
    link = zipfile.ZipInfo("word/document.xml")
    link.external_attr = 0o120777 << 16
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as opened:
        opened.writestr("[Content_Types].xml", "<Types/>")
        opened.writestr(link, str(tmp_path / "secret"))
    assert SECRET not in outcome(parser, "a.docx", made.getvalue())


# ---------------------------------------------------------------- XML


def everywhere(xml: str) -> dict[str, bytes]:
    """Documents of each kind that hold it."""
    types = {"[Content_Types].xml": "<Types/>"}
    container = '<container><rootfiles><rootfile full-path="a.opf"/></rootfiles></container>'
    odt = {"content.xml": xml, "META-INF/manifest.xml": "<manifest/>"}
    return {
        "a.xml": xml.encode(),
        "a.svg": xml.encode(),
        "a.html": xml.encode(),
        "a.docx": archive({**types, "word/document.xml": xml}),
        "a.xlsx": archive({**types, "xl/workbook.xml": xml, "xl/sharedStrings.xml": xml, "xl/worksheets/sheet1.xml": xml}),
        "a.pptx": archive({**types, "ppt/presentation.xml": xml, "ppt/slides/slide1.xml": xml}),
        "a.odt": archive({**odt}, first=kinds.ODT),
        "a.epub": archive({"META-INF/container.xml": container, "a.opf": xml, "a.xhtml": xml}, first=kinds.EPUB),
    }


KINDS = sorted(everywhere(""))


@pytest.fixture
def listener() -> Generator[tuple[int, list[bytes]]]:
    """A port, and what came to it."""
    came: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.1)
        ended = False

        def listen() -> None:
            while not ended:
                try:
                    made, _ = server.accept()
                except TimeoutError:
                    continue
                came.append(made.recv(1000))
                made.close()

        thread = Thread(target=listen)
        thread.start()
        yield server.getsockname()[1], came
        ended = True
        thread.join()


@pytest.mark.parametrize("kind", KINDS)
def test_no_entity_reads_a_file_or_asks_a_server(
    parser: SandboxedParser, tmp_path: Path, listener: tuple[int, list[bytes]], kind: str
):
    (tmp_path / "secret").write_text(SECRET)
    port, came = listener
    for where in (f"file://{tmp_path}/secret", f"http://127.0.0.1:{port}/a", f"ftp://127.0.0.1:{port}/a"):
        for head in (
            f'<!DOCTYPE r [<!ENTITY x SYSTEM "{where}">]>',
            f'<!DOCTYPE r SYSTEM "{where}" [<!ENTITY % p SYSTEM "{where}"> %p; <!ENTITY x "">]>',
        ):
            links = f'<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="{where}" parse="text"/>'
            links += f'<image href="{where}"/><img src="{where}"/>'
            style = f'<?xml-stylesheet href="{where}"?>'
            said = outcome(
                parser,
                kind,
                everywhere(f'<?xml version="1.0"?>{style}{head}<r xmlns:w="{WORD}">hello &x; {links}<w:t>&x;</w:t></r>')[kind],
            )
            assert SECRET not in said
    assert came == []


@pytest.mark.parametrize("kind", KINDS)
def test_entities_that_multiply_stay_small(parser: SandboxedParser, kind: str):
    grown = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 12))
    large = f'<!ENTITY big "{"a" * 100_000}">'
    for head, use in (
        (f'<!ENTITY e0 "lol">{grown}', "&e11;"),
        (large, "&big;" * 2_000),
        ('<!ENTITY a "&b;"><!ENTITY b "&a;">', "&a;"),
    ):
        said = outcome(parser, kind, everywhere(f'<?xml version="1.0"?><!DOCTYPE r [{head}]><r>hello {use}</r>')[kind])
        assert len(said) < 1_000_000
    assert parser.parse("b.md", b"still here").text == "still here"


# ---------------------------------------------------------------- pictures, PDF, mails


def png(across: int, down: int) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", across, down, 8, 6, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(bytes(20 << 20))) + chunk(b"IEND", b"")


HUGE = {
    "a.png": png(60_000, 60_000),
    "a.gif": b"GIF89a\xff\xff\xff\xff\xf7\x00\x00" + bytes(768) + b",\0\0\0\0\xff\xff\xff\xff\0\x08\xff" + bytes(255) + b"\0;",
    "a.bmp": b"BM" + struct.pack("<IHHIIiiHHIIiiII", 100, 0, 0, 54, 40, 60_000, 60_000, 1, 24, 0, 0, 0, 0, 0, 0) + bytes(64),
    "a.tiff": b"II*\0\x08\0\0\0\x03\0" + b"".join(struct.pack("<HHII", tag, 4, 1, 100_000) for tag in (256, 257, 278)) + bytes(4),
    "a.webp": b"RIFF\x1a\0\0\0WEBPVP8L\x0d\0\0\0\x2f\xff\xff\xff\x0f" + bytes(10),
}


@pytest.mark.parametrize("name", sorted(HUGE))
def test_a_picture_that_unpacks_to_gigabytes_ends_in_a_code(parser: SandboxedParser, name: str):
    said = outcome(parser, name, HUGE[name])
    assert said.split(":")[0] in {"no_text", "corrupt", "limit_exceeded", "unsupported", "out_of_memory"}


@pytest.mark.parametrize("name", ["a.gif", "a.png", "a.html", "a.pdf", "a.js"])
def test_what_is_two_things_at_once_is_taken_for_one_of_them_and_told(parser: SandboxedParser, name: str):
    script = b"GIF89a=1;/*" + bytes(30) + b"*/alert(1)//"
    page = b"<html><script>alert(1)</script><p>Hello there</p>\n" + a_pdf("/Type /Catalog /Pages 2 0 R") + b"</html>"
    for content in (script, page):
        try:
            parsed = parser.parse(name, content)
        except ParseFailed as failed:
            assert failed.code in {"no_text", "corrupt", "unsupported", "limit_exceeded"}  # noqa: PT017 - or else the text, without the script
        else:
            assert "alert" not in parsed.text


def a_pdf(catalog: str, *more: str, page: str = "") -> bytes:
    """Whatever is in it, its one page says `Hello there`."""
    objects = [
        f"<< {catalog} >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 300 300] /Contents 4 0 R /Resources << /Font << /F 5 0 R >> >> {page} >>",
        "<< /Length 44 >>\nstream\nBT /F 24 Tf 20 200 Td (Hello there) Tj ET    \nendstream",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        *more,
    ]
    made, places = b"%PDF-1.7\n", list[int]()
    for number, each in enumerate(objects, start=1):
        places.append(len(made))
        made += f"{number} 0 obj\n{each}\nendobj\n".encode("latin-1")
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    start, count = len(made), len(objects) + 1
    return (
        made
        + f"xref\n0 {count}\n0000000000 65535 f \n{table}trailer\n<< /Size {count} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF".encode()
    )


BASE = "/Type /Catalog /Pages 2 0 R"
PDFS = {
    "a script": a_pdf(f"{BASE} /OpenAction << /S /JavaScript /JS (app.launchURL\\('http://127.0.0.1:{{port}}/'\\); HIDDEN) >>"),
    "a program": a_pdf(f"{BASE} /OpenAction << /S /Launch /F (/bin/sh) /Win << /F (HIDDEN) >> >>"),
    "a form to send": a_pdf(f"{BASE} /OpenAction << /S /SubmitForm /F (http://127.0.0.1:{{port}}/) >>"),
    "a file within": a_pdf(
        f"{BASE} /Names << /EmbeddedFiles << /Names [(HIDDEN) 6 0 R] >> >>",
        "<< /Type /Filespec /F (HIDDEN) /EF << /F 7 0 R >> >>",
        "<< /Type /EmbeddedFile /Length 6 >>\nstream\nHIDDEN\nendstream",
    ),
    "a file elsewhere": a_pdf(
        BASE, page="/Annots [<< /Type /Annot /Subtype /Link /Rect [0 0 9 9] /A << /S /URI /URI (file:///etc/HIDDEN) >> >>]"
    ),
    "a page that holds itself": a_pdf(BASE).replace(b"/Kids [3 0 R]", b"/Kids [2 0 R]"),
    "a table that leads back": a_pdf(BASE).replace(b"/Root 1 0 R >>", b"/Root 1 0 R /Prev 9 >>"),
    "a table that leads to itself": a_pdf(BASE).replace(b"/Root 1 0 R >>", b"/Root 1 0 R /Prev 500 >>"),
    "deep nesting": a_pdf(BASE, "[" * 50_000),
    "a stream that unpacks to a gigabyte": a_pdf(
        BASE.replace("2 0 R", "2 0 R /Metadata 6 0 R"),
        "<< /Filter [/FlateDecode /FlateDecode] /Length {} >>\nstream\n{}\nendstream".format(
            len(twice := zlib.compress(zlib.compress(bytes(40 << 20), 9), 9)), twice.decode("latin-1")
        ),
    ),
    "a page without end": a_pdf(BASE, page="/UserUnit 75000 /Rotate 90").replace(b"[0 0 300 300]", b"[0 0 1e9 1e9]"),
}  # fmt: skip


@pytest.fixture(scope="module")
def renderer() -> Generator[SandboxedRenderer]:
    renderer = SandboxedRenderer(workers=1)
    yield renderer
    renderer.close()


@pytest.mark.parametrize("name", sorted(PDFS))
def test_a_pdf_that_means_harm_is_read_as_paper(
    parser: SandboxedParser, renderer: SandboxedRenderer, listener: tuple[int, list[bytes]], name: str
):
    port, came = listener
    content = PDFS[name].replace(b"{port}", str(port).encode())
    said = outcome(parser, "a.pdf", content)
    assert "Hello there" in said or said.split(":")[0] in {"corrupt", "limit_exceeded", "no_text", "timeout"}
    assert "HIDDEN" not in said
    try:
        assert renderer.render(content, 1, quote="Hello there", width=200).png.startswith(b"\x89PNG")
    except ParseFailed as failed:
        assert failed.code in {"corrupt", "limit_exceeded", "timeout"}  # noqa: PT017 - either outcome is right
    except NotFound as missing:
        assert "no page 1" in missing.problem  # noqa: PT017 - so it may be
    assert came == []


def test_mails_within_mails_and_what_they_carry_end(parser: SandboxedParser):
    bomb = archive({"[Content_Types].xml": "<Types/>", "word/document.xml": bytes(60 << 20)})
    carried = base64.encodebytes(bomb).decode()
    mail = "Subject: within\r\n\r\nHello there\r\n"
    for depth in range(200):
        parts = f"--b{depth}\r\nContent-Type: message/rfc822\r\n\r\n{mail}\r\n--b{depth}--\r\n"
        mail = f'Subject: {depth}\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="b{depth}"\r\n\r\n{parts}'
    attached = (
        'Subject: bomb\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="b"\r\n\r\n--b\r\n\r\nHello there\r\n--b\r\n'
        "Content-Type: application/vnd.openxmlformats-officedocument.wordprocessingml.document; name=../../a.docx\r\n"
        f"Content-Transfer-Encoding: base64\r\nContent-Disposition: attachment; filename=../../a.docx\r\n\r\n{carried}\r\n--b--\r\n"
    )
    assert outcome(parser, "a.eml", mail.encode())
    assert "Hello there" in outcome(parser, "a.eml", attached.encode())
    assert parser.parse("b.md", b"still here").text == "still here"


# ---------------------------------------------------------------- what grew faster than the file


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.md", b"<!---->" * 9_000 + b"x"),
        ("a.md", b"---\na" + b"\n\n" * 30_000 + b"\n---\n"),
        ("a.json", b'"\\' * 2_000_000),
        ("a.html", b"<title>" * 300_000),
        ("a.html", b"<meta" * 800),
        ("a.md", b"# a" + b" " * 3_000_000 + b"\x01"),
    ],
    ids=["comments", "front matter", "strings", "titles", "encodings", "headings"],
)
def test_what_once_took_time_without_end_is_read_or_refused_at_once(name: str, content: bytes):
    """The processor time is the child's limit, which ends what goes beyond it: no clock of ours decides."""
    parser = SandboxedParser(workers=1, seconds=20)
    try:
        assert not outcome(parser, name, content).startswith("timeout")
    finally:
        parser.close()


def test_ten_megabytes_on_one_line_are_read(parser: SandboxedParser):
    line = b"Every employee may carry over five vacation days. " * 200_000
    assert len(parser.parse("a.txt", line).text) == len(line)
    assert len(parser.parse("a.md", line).text) >= len(line) - 1
    assert len(parser.parse("a.json", b'{"a": "' + line[:5_000_000] + b'"}').text) > 5_000_000
