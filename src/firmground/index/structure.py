"""Markdown or plain text → its blocks, with exact offsets."""

import re
from collections.abc import Callable
from typing import Literal, NamedTuple, TypeAlias

from firmground.language.markdown import FENCE, HEADING, ITEM, is_delimiter, is_row, plain, title

BlockKind: TypeAlias = Literal["heading", "text", "list", "table", "code", "quote"]


class Block(NamedTuple):
    """A stretch of lines that belong together. White space around it belongs to none.

    `level` and `title` are those of a heading (1 to 6, without markup). `header` is the end of a table's header row and its
    delimiter row, equal to `start` where there is none.
    """

    kind: BlockKind
    start: int
    end: int
    level: int = 0
    title: str = ""
    header: int = 0


class _Line(NamedTuple):
    start: int
    end: int
    text: str


_SETEXT = re.compile(r" {0,3}(=+|-{2,})[ \t]*$")
_QUOTE = re.compile(r" {0,3}>")
_INDENTED = re.compile(r"(?: {2,}|\t)\S")


def blocks(text: str) -> list[Block]:
    """The blocks of `text` in order, without gaps but for white space: every other character lies in exactly one."""
    lines = _lines(text)
    found: list[Block] = []
    at = 0
    while at < len(lines):
        if not lines[at].text.strip():
            at += 1
            continue
        for read in _READERS:
            made = read(lines, at)
            if made is not None:
                block, at = made
                found.append(_trimmed(text, block))
                break
    return found


def _lines(text: str) -> list[_Line]:
    lines: list[_Line] = []
    at = 0
    for line in text.split("\n"):
        lines.append(_Line(at, at + len(line), line))
        at += len(line) + 1
    return lines


def _trimmed(text: str, block: Block) -> Block:
    start, end = block.start, block.end
    while text[start].isspace():
        start += 1
    while text[end - 1].isspace():
        end -= 1
    return block._replace(start=start, end=end, header=max(start, min(block.header, end)))


_Made: TypeAlias = tuple[Block, int] | None


def _code(lines: list[_Line], at: int) -> _Made:
    opened = FENCE.match(lines[at].text)
    if opened is None:
        return None
    close = re.compile(rf" {{0,3}}{re.escape(opened[1][0])}{{{len(opened[1])},}}[ \t]*$")
    last = at + 1
    while last < len(lines) and not close.match(lines[last].text):
        last += 1
    last = min(last, len(lines) - 1)
    return Block("code", lines[at].start, lines[last].end), last + 1


def _heading(lines: list[_Line], at: int) -> _Made:
    line = lines[at]
    found = HEADING.match(line.text)
    if found is not None:
        return Block("heading", line.start, line.end, len(found[1]), title(line.text) or ""), at + 1
    under = _SETEXT.match(lines[at + 1].text) if at + 1 < len(lines) else None
    if under is None or "|" in line.text or _starts_block(lines, at):
        return None
    return Block("heading", line.start, lines[at + 1].end, 1 if under[1][0] == "=" else 2, plain(line.text)), at + 2


def _table(lines: list[_Line], at: int) -> _Made:
    if not _starts_table(lines, at):
        return None
    belongs = is_row if is_row(lines[at].text) else _has_cells
    last = at
    while last + 1 < len(lines) and belongs(lines[last + 1].text):
        last += 1
    header = lines[at + 1].end if last > at and is_delimiter(lines[at + 1].text) else lines[at].start
    return Block("table", lines[at].start, lines[last].end, header=header), last + 1


def _starts_table(lines: list[_Line], at: int) -> bool:
    line = lines[at].text
    if not _has_cells(line):
        return False
    return is_row(line) or (at + 1 < len(lines) and is_delimiter(lines[at + 1].text))


def _has_cells(line: str) -> bool:
    return "|" in line


def _list(lines: list[_Line], at: int) -> _Made:
    if not ITEM.match(lines[at].text):
        return None
    last = ahead = at
    while ahead + 1 < len(lines):
        ahead += 1
        line = lines[ahead].text
        if not line.strip():
            continue
        after_gap = ahead - last > 1
        if ITEM.match(line) or _INDENTED.match(line) or (not after_gap and not _starts_block(lines, ahead)):
            last = ahead
        else:
            break
    return Block("list", lines[at].start, lines[last].end), last + 1


def _quote(lines: list[_Line], at: int) -> _Made:
    if not _QUOTE.match(lines[at].text):
        return None
    last = at
    while last + 1 < len(lines) and _QUOTE.match(lines[last + 1].text):
        last += 1
    return Block("quote", lines[at].start, lines[last].end), last + 1


def _text(lines: list[_Line], at: int) -> _Made:
    last = at
    while last + 1 < len(lines) and lines[last + 1].text.strip() and not _starts_block(lines, last + 1):
        under = lines[last + 2].text if last + 2 < len(lines) else ""
        if under.lstrip().startswith("=") and _SETEXT.match(under):
            break
        last += 1
    return Block("text", lines[at].start, lines[last].end), last + 1


def _starts_block(lines: list[_Line], at: int) -> bool:
    line = lines[at].text
    starts = HEADING.match(line) or FENCE.match(line) or ITEM.match(line) or _QUOTE.match(line)
    return bool(starts) or _starts_table(lines, at)


_READERS: tuple[Callable[[list[_Line], int], _Made], ...] = (_code, _heading, _table, _list, _quote, _text)
