"""Markdown text as blocks that a page can show, with stretches of it marked. Nothing in it becomes HTML here."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, pairwise
from typing import Literal, NamedTuple, TypeAlias

from firmground.app.redaction.masked import Hides
from firmground.guard.redaction import PLACEHOLDER, placeholders
from firmground.settings_guard import KINDS

Kind: TypeAlias = Literal["text", "heading", "table", "code"]

_HEADING = re.compile(r"#{1,6}[ \t]+")
_RULE = frozenset("|:- \t")
_BAR = re.compile(r"(?<!\\)\|")
_FENCE = ("```", "~~~")
_NUMBERED = re.compile(r"(?<=\d)\\(?=[.)])")


class Mark(NamedTuple):
    """`text[start:end]` is marked with `n`."""

    n: int
    start: int
    end: int


@dataclass(frozen=True)
class Run:
    """A stretch of text, marked or not (`n` 0). `first` and `last` say where its mark begins and ends."""

    text: str
    n: int = 0
    first: bool = False
    last: bool = False
    hides: str = ""
    """The kind of personal data that this stands for, or is where this reader may read it (`read`)."""
    read: bool = False


Runs: TypeAlias = tuple[Run, ...]


@dataclass(frozen=True)
class Block:
    """A paragraph, a heading, a stretch of code: its runs. A table: rows of cells of runs; `head` tells whether the first one names
    the columns."""

    kind: Kind
    runs: Runs = ()
    rows: tuple[tuple[Runs, ...], ...] = ()
    head: bool = False


class _Line(NamedTuple):
    start: int
    end: int
    kind: Kind | Literal["blank"]


def blocks(text: str, first: int, last: int, marks: Sequence[Mark] = ()) -> list[Block]:
    """`text[first:last]`, paragraph by paragraph. Marks are in order; where two overlap, the first has the stretch."""
    marks = _apart(marks)
    found: list[Block] = []
    for kind, group in groupby(_lines(text, first, last), key=lambda line: line.kind):
        lines = list(group)
        if kind == "table":
            found.append(_table(text, lines, marks))
        elif kind == "heading":
            found += [Block("heading", _runs(text, _after_sign(text, line), line.end, marks)) for line in lines]
        elif kind == "text" or kind == "code":  # noqa: PLR1714 - the type checker follows this
            found.append(Block(kind, _runs(text, lines[0].start, lines[-1].end, marks)))
    return found


def unmasked(blocks: Sequence[Block], hides: Mapping[str, Hides]) -> list[Block]:
    """The same blocks, each placeholder a run of its own that says what it hides, or what stands in its place."""
    if not hides:
        return list(blocks)
    return [
        replace(
            block,
            runs=_unmasked(block.runs, hides),
            rows=tuple(tuple(_unmasked(cell, hides) for cell in row) for row in block.rows),
        )
        for block in blocks
    ]


def words(text: str, hides: Mapping[str, Hides]) -> Runs:
    """A line of text that is no Markdown, in the same way."""
    return _unmasked((Run(text),), hides)


def by_form(text: str) -> Runs:
    """The same where nobody can say what placeholders stand for: what looks like one of a kind that we know is taken for one."""
    kinds = {word: word.rpartition("_")[0].lower() for word in placeholders(text)}
    return words(text, {word: Hides(kind) for word, kind in kinds.items() if kind in KINDS})


def _unmasked(runs: Runs, hides: Mapping[str, Hides]) -> Runs:
    return tuple(part for run in runs for part in _parts(run, hides))


def _parts(run: Run, hides: Mapping[str, Hides]) -> Iterator[Run]:
    """A mark begins with its first part and ends with its last."""
    found = [match for match in PLACEHOLDER.finditer(run.text) if match[0] in hides]
    if not found:
        yield run
        return
    parts: list[Run] = []
    at = 0
    for match in found:
        if at < match.start():
            parts.append(Run(run.text[at : match.start()], run.n))
        kind, value = hides[match[0]]
        parts.append(Run(match[0] if value is None else value, run.n, hides=kind, read=value is not None))
        at = match.end()
    if at < len(run.text):
        parts.append(Run(run.text[at:], run.n))
    parts[0] = replace(parts[0], first=run.first)
    parts[-1] = replace(parts[-1], last=run.last)
    yield from parts


def shown(text: str) -> str:
    """`2\\. Orders` → `2. Orders`: parsers write so what must not become a list, and nobody else does."""
    return _NUMBERED.sub("", text)


def _lines(text: str, first: int, last: int) -> Iterator[_Line]:
    fence = ""
    at = first
    while at < last:
        end = text.find("\n", at, last)
        end = last if end < 0 else end
        line = text[at:end].strip()
        if fence or line.startswith(_FENCE):
            yield _Line(at, end, "code")
            if fence and line.startswith(fence):
                fence = ""
            elif not fence:
                fence = line[:3]
        else:
            yield _Line(at, end, _kind(line))
        at = end + 1


def _kind(line: str) -> Kind | Literal["blank"]:
    if not line:
        return "blank"
    if line.startswith("|") and line.count("|") > 1:
        return "table"
    return "heading" if _HEADING.match(line) else "text"


def _after_sign(text: str, line: _Line) -> int:
    sign = _HEADING.search(text, line.start, line.end)
    return sign.end() if sign else line.start


def _table(text: str, lines: Sequence[_Line], marks: Sequence[Mark]) -> Block:
    rules = [_RULE.issuperset(text[line.start : line.end]) and "-" in text[line.start : line.end] for line in lines]
    rows = [_cells(text, line, marks) for line, rule in zip(lines, rules, strict=True) if not rule]
    return Block("table", rows=tuple(rows), head=len(rules) > 1 and rules[1])


def _cells(text: str, line: _Line, marks: Sequence[Mark]) -> tuple[Runs, ...]:
    bars = [bar.start() for bar in _BAR.finditer(text, line.start, line.end)]
    edges = bars if bars and not text[bars[-1] + 1 : line.end].strip() else [*bars, line.end]
    cells: list[Runs] = []
    for left, right in pairwise(edges):
        inside = text[left + 1 : right]
        start = left + 1 + len(inside) - len(inside.lstrip())
        cells.append(_runs(text, start, max(start, right - (len(inside) - len(inside.rstrip()))), marks))
    return tuple(cells)


def _runs(text: str, start: int, end: int, marks: Sequence[Mark]) -> Runs:
    found: list[Run] = []
    at = start
    for mark in marks:
        left, right = max(mark.start, start), min(mark.end, end)
        if left >= right:
            continue
        if at < left:
            found.append(Run(shown(text[at:left])))
        # A mark begins and ends at its first and last visible sign: what is around may not be shown.
        begins, ends = not text[mark.start : left].strip("# |\n"), not text[right : mark.end].strip("# |\n")
        found.append(Run(shown(text[left:right]), mark.n, first=begins, last=ends))
        at = right
    if at < end:
        found.append(Run(shown(text[at:end])))
    return tuple(found)


def _apart(marks: Sequence[Mark]) -> list[Mark]:
    found: list[Mark] = []
    for mark in sorted(marks, key=lambda each: (each.start, each.n)):
        start = max(mark.start, found[-1].end) if found else mark.start
        if start < mark.end:
            found.append(Mark(mark.n, start, mark.end))
    return found
