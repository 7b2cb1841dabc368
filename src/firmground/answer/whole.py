"""What is understood by itself: table rows that answer alike below their header, a list below its lead-in."""

import re
from collections.abc import Sequence
from dataclasses import replace

from firmground.answer.units import Quote, Unit
from firmground.language.markdown import HEADING, ITEM, cells
from firmground.language.sentences import sentences
from firmground.language.terms import terms
from firmground.types import Passage

_COMPLETE = re.compile(r"[.!?\u2026\u3002][\"'\u201d\u2019)\]*_`]*$")


def whole(quote: Quote, quotes: Sequence[Quote], passage: Passage, *, row_margin: float, rows: int, longest: int) -> Quote:
    """The quote, widened: a row by at most `rows` of its table that score within `row_margin`, a lead-in or a fragment of a list by
    the rest of it up to `longest` characters. `quotes` are all that were scored, best first."""
    if not quote.unit.header:
        return _with_list(quote, passage, longest)
    alike = [other.unit for other in quotes if other.score >= quote.score - row_margin and _alike(other, quote, passage)]
    return _widened(quote, passage, *_stretch(quote.unit, alike, passage, rows))


def _alike(row: Quote, best: Quote, passage: Passage) -> bool:
    """Whether the question speaks of this row as much as of the best one: no word and no cell of it names the best one alone."""
    return (
        row.words.keys() >= best.words.keys()
        and _named(row, passage) >= _named(best, passage)
        and _same_table(row.unit, best.unit, passage)
    )


def _same_table(one: Unit, other: Unit, passage: Passage) -> bool:
    """Whether only rows lie between them."""
    between = passage.text[min(one.start, other.start) : max(one.end, other.end)]
    return (
        one.passage == other.passage and one.header == other.header and all(line.startswith("|") for line in between.split("\n"))
    )


def _named(row: Quote, passage: Passage) -> set[str]:
    """The cells of a row that the question says in full."""
    found = {cell.casefold() for cell in cells(row.unit.text)}
    words = {cell: frozenset(terms(cell, passage.language)) for cell in found}
    return {cell for cell in found if words[cell] and row.words.keys() >= words[cell]}


def _stretch(row: Unit, alike: Sequence[Unit], passage: Passage, most: int) -> tuple[int, int]:
    """From the first to the last of the rows `alike`, the best (the first) of them first, as long as there are at most `most`."""
    start, end = row.start, row.end
    for other in alike:
        wider = min(start, other.start), max(end, other.end)
        if passage.text.count("\n", *wider) < most:
            start, end = wider
    return start, end


def _with_list(quote: Quote, passage: Passage, longest: int) -> Quote:
    """A sentence that ends in a colon is nothing without the list below it, and a fragment of a list nothing without its lead-in."""
    unit = quote.unit
    spans = sentences(passage.text)
    start = _lead_in(unit, passage.text, spans) if unit.item and _fragment(unit.text) else unit.start
    if start == unit.start and not _announces(unit.text):
        return quote
    end, listed = unit.end, False
    for at, stop in spans:
        if at < start or (stop <= end and not ITEM.match(passage.text[at:stop])):
            continue
        item = bool(ITEM.match(passage.text[at:stop]))
        if stop - start > longest or HEADING.match(passage.text[at:stop]) or (listed and not item):
            break
        if item:
            end, listed = max(end, stop), True
    return quote if end - start > longest else _widened(quote, passage, start, end)


def _lead_in(item: Unit, text: str, spans: Sequence[tuple[int, int]]) -> int:
    """Where the sentence begins that announces the list of this item, under the same heading; without one, where the item does."""
    listed = True
    for start, end in reversed([span for span in spans if span[1] <= item.start]):
        before, is_item = text[start:end], bool(ITEM.match(text[start:end]))
        if _announces(before) and not is_item:
            return start
        if HEADING.match(before) or (is_item and not listed):
            break
        listed = is_item
    return item.start


def _fragment(item: str) -> bool:
    """Whether an item of a list is half a sentence, or one step of several."""
    return item[:1].isdigit() or not _COMPLETE.search(item)


def _announces(text: str) -> bool:
    return text.rstrip("*_ ").endswith(":")


def _widened(quote: Quote, passage: Passage, start: int, end: int) -> Quote:
    unit = quote.unit
    if (start, end) == (unit.start, unit.end):
        return quote
    return replace(quote, unit=replace(unit, start=start, end=end, text=passage.text[start:end], item=True))
