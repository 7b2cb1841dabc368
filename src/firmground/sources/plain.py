"""Formats that the standard library reads: text, tables with separators, JSON. Runs in the parsing child."""

import csv
import io
import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from firmground.errors import ParseFailed
from firmground.sources import kinds

_REPLACED: dict[int, str | None] = {
    **dict.fromkeys([*range(9), *range(14, 32), *range(127, 160)]),
    **dict.fromkeys([0x0B, 0x0C, 0x85], "\n"),
    **dict.fromkeys(range(0xD800, 0xE000), "\ufffd"),
}
_MARKS = (
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe\0\0", "utf-32"),
    (b"\0\0\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
_TOKENS = re.compile(r'("(?:[^"\\]|\\.)*+"?)|([\[{,])')


class Decoded(NamedTuple):
    text: str
    encoding: str
    warnings: tuple[str, ...] = ()


def tidy(text: str) -> str:
    """NFC, `\\n` line ends, no control characters but tab and `\\n`, no lone surrogates. Zero-width and tag characters stay."""
    return unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n").translate(_REPLACED))


def decode(content: bytes, declared: str | None = None) -> Decoded:
    """Byte order mark, UTF-8, what the file declares, then a guess, which is a warning."""
    for mark, name in _MARKS:
        if content.startswith(mark):
            return _decoded(content, name)
    if b"\0" in content[:4096] and content[:4096].count(0) > len(content[:4096]) // 4:
        return _decoded(content, "utf-16-le" if content[1:4096:2].count(0) > content[:4096:2].count(0) else "utf-16-be")
    try:
        return Decoded(content.decode("utf-8"), "utf-8")
    except UnicodeDecodeError:
        pass
    if declared:
        try:
            return Decoded(content.decode(declared), declared.lower())
        except (LookupError, UnicodeDecodeError):
            pass
    return _guess(content)


def _decoded(content: bytes, encoding: str) -> Decoded:
    text = content.decode(encoding, "replace")
    broken = text.count("\ufffd")
    return Decoded(text, encoding.removesuffix("-sig"), (f"replacement_characters: {broken}",) if broken else ())


def _guess(content: bytes) -> Decoded:
    damaged = content.decode("utf-8", "replace")
    broken, beyond = damaged.count("\ufffd"), sum(byte >= 0x80 for byte in content[:1_000_000])
    if broken * 20 < beyond:
        return _decoded(content, "utf-8")
    letters = sum(chr(byte).isalpha() for byte in content[:1_000_000] if byte < 0x80) or 1
    encoding = "cp1252" if beyond < 0.15 * letters else _statistical(content) or "cp1252"
    decoded = _decoded(content, encoding)
    name = "windows-1252" if encoding == "cp1252" else encoding
    return Decoded(decoded.text, name, (f"encoding_guessed: {name}", *decoded.warnings))


def _statistical(content: bytes) -> str | None:
    from charset_normalizer import from_bytes

    best = from_bytes(content[:65_536]).best()
    return best.encoding if best else None


def table(rows: Sequence[Sequence[str]]) -> str:
    """A pipe table whose header is the first row; shorter rows are filled up. Values stay as they are but for `|` and line ends."""
    width = max(map(len, rows), default=0)

    def line(cells: Sequence[str]) -> str:
        filled = [*cells, *[""] * (width - len(cells))]
        return "| " + " | ".join(" ".join(cell.replace("|", "\\|").splitlines()).strip() for cell in filled) + " |"

    return "\n".join([line(rows[0]), "|" + " --- |" * width, *map(line, rows[1:])]) + "\n" if rows else ""


def separated(text: str, media_type: str, cells: int) -> str:
    """CSV or TSV as a pipe table. `limit_exceeded` beyond `cells` cells."""
    csv.field_size_limit(10_000_000)
    delimiter = "\t" if media_type == kinds.TSV else _delimiter(text)
    rows: list[list[str]] = []
    count = 0
    try:
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter):
            if any(cell.strip() for cell in row):
                rows.append(row)
                count += len(row)
            if count > cells:
                raise ParseFailed("limit_exceeded", f"more than {cells} cells: split the table, or read it as a database")
    except csv.Error as wrong:
        raise ParseFailed("corrupt", f"not a table with separators ({wrong}): save it again as CSV") from wrong
    if max(map(len, rows), default=0) * len(rows) > 4 * cells:
        raise ParseFailed("limit_exceeded", "rows of very different lengths: mend the table")
    return table(rows)


def _delimiter(text: str) -> str:
    """The separator that gives the most regular table of more than one column."""
    lines = text[:100_000].splitlines(keepends=True)[:50]
    best, best_score = ",", 0.0
    for delimiter in ",;\t|":
        try:
            widths = Counter(len(row) for row in csv.reader(lines, delimiter=delimiter) if row)
        except csv.Error:
            continue
        width, often = max(widths.items(), key=lambda item: (item[0] > 1, item[1]), default=(0, 0))
        score = often / max(1, widths.total()) if width > 1 else 0.0
        if score > best_score:
            best, best_score = delimiter, score
    return best


def fenced_json(text: str) -> str:
    """JSON in a fence, values verbatim; what stands on one long line is broken into lines, so that it can be cut and read."""
    body = text.strip()
    if "\n" not in body and len(body) > 200:
        body = _TOKENS.sub(lambda found: found.group(1) or found.group(2) + "\n", body)
    fence = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", body)), default=0))
    return f"{fence}json\n{body}\n{fence}\n" if body else ""
