"""Document → chunks: the spans that are embedded, retrieved and cited."""

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise, takewhile
from typing import Literal, NamedTuple, TypeAlias

from firmground.index.structure import Block, blocks
from firmground.language.placeholders import Aliases, kinds
from firmground.language.sentences import sentences
from firmground.language.terms import terms
from firmground.types import Chunk, Json, Page, Value, digest

ChunkKind: TypeAlias = Literal["text", "list", "table", "code"]

_TOKEN = re.compile(r"[A-Za-z]{1,7}(?![A-Za-z])|[A-Za-z]{1,4}|[0-9]{1,3}|[^\sA-Za-z0-9]")
_KINDS: dict[str, ChunkKind] = {"list": "list", "table": "table", "code": "code"}
_OPENING = 600
_ROW_END = re.compile(r"\n")
_ITEM_START = re.compile(r"\n(?=[ \t]*(?:[-*+\u2022\u25e6\u2023]|\d{1,9}[.)])[ \t]+\S)")


def estimated_tokens(text: str) -> int:
    """About how many WordPiece tokens `text` is: words of up to seven letters are one, longer ones pieces of four, numbers pieces of
    three, every other sign alone. Within 20 % of an English vocabulary on English prose; other languages take up to half more."""
    return len(_TOKEN.findall(text))


class _Piece(NamedTuple):
    """What is not divided further."""

    start: int
    end: int
    tokens: int
    kind: ChunkKind
    header: str = ""
    """The header row of the table this piece is a row of."""


class _Section(NamedTuple):
    headings: tuple[str, ...]
    level: int
    start: int
    """Where its heading, and headings without text before it, begin."""
    blocks: list[Block]


class Chunker(Value):
    """Cuts documents where their structure allows it.

    A heading starts a chunk; lists, tables and code stay whole when they fit; long paragraphs are split at sentences. Every
    character that is not white space lies in at least one chunk. Sizes are estimated tokens of the embedding model.
    """

    chunk_tokens: int = 192
    """Of what is embedded: title, headings and table header included."""
    overlap_tokens: int = 0
    """Sentences up to this size are repeated at the start of the next chunk of the same section."""
    least_tokens: int = 32
    """A section smaller than this is joined with the next one when that lies at the same level or below."""

    def chunk(self, number: int, text: str, title: str = "", pages: Sequence[Page] = ()) -> list[Chunk]:
        """The chunks of document `number` in order; equal input gives equal ids. None for a text without characters. Where they are cut,
        and how their ids sort, tells nothing of the key that its placeholders are made with."""
        aliases = Aliases((title, text))
        return list(self._chunks(number, aliases.put(text), aliases.put(title), pages, aliases.lifted))

    def _chunks(self, number: int, text: str, title: str, pages: Sequence[Page], lifted: Callable[[str], str]) -> Iterator[Chunk]:
        ordinal = 0
        for section in self._joined(text, _sections(text)):
            context = estimated_tokens(" ".join((title, *section.headings)))
            room = max(self.chunk_tokens - context, self.chunk_tokens // 2)
            for pieces in self._packed(self._pieces(text, section, room), room):
                start, end, header = pieces[0].start, pieces[-1].end, pieces[0].header
                written = text[start:end], title, section.headings, header
                yield Chunk(
                    id=_id((number, start, end), written, lifted),
                    document=number,
                    ordinal=ordinal,
                    start=start,
                    end=end,
                    kind=_kind(pieces),
                    headings=tuple(map(lifted, section.headings)),
                    table_header=lifted(header),
                    page=_page(pages, start),
                )
                ordinal += 1

    def _joined(self, text: str, sections: list[_Section]) -> Iterator[_Section]:
        """Sections, the tiny ones joined with what follows them."""
        held: _Section | None = None
        for section in sections:
            if held is None:
                held = section
                continue
            size = estimated_tokens(text[held.start : held.blocks[-1].end])
            both = size + estimated_tokens(text[section.start : section.blocks[-1].end])
            if size < self.least_tokens and section.level >= held.level and both <= self.chunk_tokens // 2:
                held = held._replace(blocks=held.blocks + section.blocks)
            else:
                yield held
                held = section
        if held is not None:
            yield held

    def _pieces(self, text: str, section: _Section, room: int) -> list[_Piece]:
        pieces: list[_Piece] = []
        for block in section.blocks:
            pieces += _divided(text, block, room)
        if pieces and section.start < pieces[0].start:
            first = pieces[0]
            size = estimated_tokens(text[section.start : first.end])
            opening = _trim(text, section.start, first.start)
            if size <= self.chunk_tokens + room or opening is None:
                pieces[0] = first._replace(start=section.start, tokens=size)
            else:  # more headings in a row than go with what follows them
                pieces[:0] = _fitting(text, *opening, room, "text")
        return pieces

    def _packed(self, pieces: list[_Piece], room: int) -> Iterator[list[_Piece]]:
        """Consecutive pieces that fit together, in chunks of about equal size."""
        total = sum(piece.tokens for piece in pieces)
        target = total / max(1, -(-total // room))
        held: list[_Piece] = []
        size = fresh = 0
        for piece in pieces:
            cost = piece.tokens + (estimated_tokens(piece.header) if not held else 0)
            full = size + cost > room or (size >= target and size + cost > target * 1.1)
            if fresh and full:
                yield held
                held = self._repeated(held)
                size = sum(each.tokens for each in held)
                fresh = 0
            held.append(piece)
            size += cost
            fresh += 1
        if fresh:
            yield held

    def _repeated(self, pieces: list[_Piece]) -> list[_Piece]:
        kept: list[_Piece] = []
        size = 0
        for piece in reversed(pieces[1:]):
            size += piece.tokens
            if size > self.overlap_tokens or piece.kind != "text":
                break
            kept.insert(0, piece)
        return kept


def embedded_text(title: str, chunk: Chunk, text: str) -> str:
    """What the embedder sees of a chunk: title and heading path, the header of a divided table, then the document's own words, and of
    placeholders their kind."""
    body = text[chunk.start : chunk.end]
    path = " > ".join(_path(title, chunk, body))
    return kinds("\n".join(part for part in (path, chunk.table_header, body) if part))


def index_terms(title: str, chunk: Chunk, text: str, language: str) -> str:
    """What BM25 sees of a chunk: the terms of the title twice, of headings and table header once, and of the text."""
    body = text[chunk.start : chunk.end]
    above = [heading for heading in _path("", chunk, body) if heading != title]
    parts = (title, title, *above, chunk.table_header, body)
    return " ".join(terms("\n".join(part for part in parts if part), language))


def _id(place: tuple[int, int, int], written: tuple[str, str, Sequence[str], str], lifted: Callable[[str], str]) -> str:
    """Names a chunk by all that it holds. The first half is made of the text with aliases: ties are broken by ids."""

    def identity(told: Callable[[str], str]) -> Json:
        body, title, headings, header = written
        return [*place, told(body), told(title), [told(heading) for heading in headings], told(header)]

    return digest(identity(str))[:16] + digest(identity(lifted))[16:32]


def _path(title: str, chunk: Chunk, body: str) -> list[str]:
    """Title and headings without repetition, and without those the chunk itself begins with."""
    opening = {block.title for block in takewhile(lambda block: block.kind == "heading", blocks(body[:_OPENING]))}
    return list(dict.fromkeys(part for part in (title, *chunk.headings) if part and (part == title or part not in opening)))


def _kind(pieces: Sequence[_Piece]) -> ChunkKind:
    first = pieces[0].kind
    return first if all(piece.kind == first for piece in pieces) else "text"


def _page(pages: Sequence[Page], at: int) -> int | None:
    for page in pages:
        if page.start <= at < page.end:
            return page.number
    return None


def _sections(text: str) -> list[_Section]:
    """Heading and what follows it. Headings with nothing below them open the next section, or close the last one."""
    found: list[_Section] = []
    path: dict[int, str] = {}
    pending: int | None = None
    fresh = True
    last: Block | None = None
    for block in blocks(text):
        last = block
        if block.kind == "heading":
            path = {level: title for level, title in path.items() if level < block.level}
            path[block.level] = block.title
            pending = block.start if pending is None else pending
            fresh = True
        elif fresh:
            start = block.start if pending is None else pending
            found.append(_Section(tuple(title for title in path.values() if title), max(path, default=0), start, [block]))
            pending, fresh = None, False
        else:
            found[-1].blocks.append(block)
    if pending is not None and last is not None:
        rest = Block("text", pending, last.end)
        if found:
            found[-1].blocks.append(rest)
        else:
            found.append(_Section((), 0, pending, [rest]))
    return found


def _divided(text: str, block: Block, room: int) -> list[_Piece]:
    kind = _KINDS.get(block.kind, "text")
    size = estimated_tokens(text[block.start : block.end])
    if size <= room:
        return [_Piece(block.start, block.end, size, kind)]
    if kind == "table":
        return list(_rows(text, block, room))
    if kind == "code":
        spans = _cut(text, block.start, block.end, _ROW_END)
    elif kind == "list":
        spans = _cut(text, block.start, block.end, _ITEM_START)
    else:
        spans = [(block.start, block.end)]
    return [piece for start, end in spans for piece in _fitting(text, start, end, room, kind)]


def _rows(text: str, block: Block, room: int) -> Iterator[_Piece]:
    header = text[block.start : block.header].split("\n", maxsplit=1)[0].strip()
    if estimated_tokens(header) > room // 3:
        header = ""
    below = room - estimated_tokens(header)
    for start, end in _cut(text, block.start, block.end, _ROW_END):
        inside = start >= block.header > block.start
        for piece in _fitting(text, start, end, below if inside else room, "table"):
            yield piece._replace(header=header) if inside else piece


def _cut(text: str, start: int, end: int, at: re.Pattern[str]) -> list[tuple[int, int]]:
    """Spans between the matches, trimmed, the empty ones left out."""
    edges = [start, *(match.start() for match in at.finditer(text, start, end)), end]
    return [span for a, b in pairwise(edges) if (span := _trim(text, a, b))]


def _trim(text: str, start: int, end: int) -> tuple[int, int] | None:
    body = text[start:end]
    bare = body.strip()
    if not bare:
        return None
    begin = start + len(body) - len(body.lstrip())
    return begin, begin + len(bare)


def _fitting(text: str, start: int, end: int, room: int, kind: ChunkKind) -> Iterator[_Piece]:
    """The stretch whole if it fits, else its sentences, else pieces cut at white space or, without any, anywhere."""
    size = estimated_tokens(text[start:end])
    if size <= room:
        yield _Piece(start, end, size, kind)
        return
    for a, b in sentences(text[start:end]) if kind in {"text", "list"} else [(0, end - start)]:
        size = estimated_tokens(text[start + a : start + b])
        if size <= room:
            yield _Piece(start + a, start + b, size, kind)
        else:
            yield from _hard(text, start + a, start + b, room, kind)


def _hard(text: str, start: int, end: int, room: int, kind: ChunkKind) -> Iterator[_Piece]:
    while start < end:
        cut = _reach(text, start, end, room)
        space = max(text.rfind(" ", start, cut), text.rfind("\n", start, cut), text.rfind("|", start, cut))
        if cut < end and space > start + (cut - start) // 2:
            cut = space
        span = _trim(text, start, cut)
        if span:
            yield _Piece(*span, estimated_tokens(text[span[0] : span[1]]), kind)
        start = cut


def _reach(text: str, start: int, end: int, room: int) -> int:
    """How far `room` tokens go from `start`; at least one character."""
    cut = start + 1
    for count, token in enumerate(_TOKEN.finditer(text, start, end)):
        if count >= room:
            return max(cut, token.start())
        cut = token.end()
    return end
