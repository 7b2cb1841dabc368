"""What the pages show of documents, worked out before a template sees it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from firmground.app.corpus.quotes import Quote
from firmground.app.redaction.masked import Hides
from firmground.types import Citation, Finding, Locator, Passage
from firmground.web import prose
from firmground.web.language import _
from firmground.web.prose import Block, Mark, Runs

PART = 40_000
"""Characters of a document on one page."""
_NOTHING_HIDDEN: Mapping[str, Hides] = {}
_NOTHING: Mapping[str, Mapping[str, Hides]] = {}
_AROUND = 500
"""Characters, more than which a quote is not cut by the edge of a part."""


@dataclass(frozen=True)
class Reference:
    """One citation, and where in its document it stands."""

    n: int
    address: str
    start: int
    end: int


@dataclass(frozen=True)
class Picture:
    """A page of the original, as it looks."""

    page: int
    address: str


@dataclass(frozen=True)
class Source:
    """A passage, with the quotes in it that the answer rests on; none where it is only close to the question."""

    title: Runs
    uri: str
    place: Runs
    address: str
    blocks: Sequence[Block]
    references: Sequence[Reference] = ()
    cut_before: bool = False
    cut_after: bool = False
    unchanged: bool = True
    """Whether the document still says what is quoted."""
    pictures: Sequence[Picture] = ()


def sources(found: Sequence[Quote], hides: Mapping[str, Hides] = _NOTHING_HIDDEN) -> list[Source]:
    """Every citation with what stands around it; those that stand near each other together. `hides` tells what placeholders are in what
    the documents are called."""
    near: list[list[Quote]] = []
    for each in sorted(found, key=lambda quote: (quote.citation.document, quote.start, quote.citation.locator.start)):
        if near and _touch(near[-1], each):
            near[-1].append(each)
        else:
            near.append([each])
    return sorted((_source(each, hides) for each in near), key=lambda source: source.references[0].n)


def close(passages: Sequence[Passage], longest: int, hides: Mapping[str, Mapping[str, Hides]] = _NOTHING) -> list[Source]:
    """Passages that are near, though not an answer, cut at about `longest` characters. `hides` tells of each document, by its id, what
    placeholders in it are."""
    return [
        Source(
            title=prose.words(each.title or each.uri, hides.get(each.document, {})),
            uri=each.uri,
            place=prose.words(place(each.locator, each.title), hides.get(each.document, {})),
            address=address(each.document, each.locator),
            blocks=prose.unmasked(prose.blocks(each.text, 0, _cut(each.text, longest)), hides.get(each.document, {})),
            cut_after=_cut(each.text, longest) < len(each.text),
        )
        for each in passages
    ]


def place(locator: Locator, title: str) -> str:
    """`page 3 · Carrying over`."""
    parts = [_("page %(n)s", n=locator.page)] if locator.page is not None else []
    heading = prose.shown(locator.heading.removeprefix(f"{title} > ").replace(" > ", " › "))
    return " · ".join([*parts, heading] if heading and heading != title else parts)


def address(document: str, locator: Locator) -> str:
    return f"/documents/{document}?start={locator.start}&end={locator.end}#quote"


def part(text: str, start: int, wanted: int | None) -> tuple[int, int]:
    """Which part of a long document to show: the one asked for, else the one that holds `start`."""
    first = wanted if wanted is not None else (start // PART) * PART
    first = min(max(first, 0), max(len(text) - 1, 0))
    # A quote that goes over the edge is worth some more text.
    return first, min(first + PART + 4 * _AROUND, len(text))


def grouped(findings: Sequence[Finding]) -> list[tuple[str, list[Finding]]]:
    """Findings by code, the most frequent last: what is rare is seldom noise."""
    counts = Counter(finding.code for finding in findings)
    return [(code, [each for each in findings if each.code == code]) for code, _ in reversed(counts.most_common())]


def _touch(near: Sequence[Quote], quote: Quote) -> bool:
    last = near[-1]
    same = last.unchanged and quote.unchanged and last.citation.document == quote.citation.document
    return same and quote.citation.locator.start < last.start + len(last.text) and quote.start <= last.start + len(last.text)


def _source(near: Sequence[Quote], hides: Mapping[str, Hides]) -> Source:
    first, last = near[0], near[-1]
    text, start = _joined(near)
    header = f"{first.table_header}\n|---|\n" if first.table_header else ""
    marks = [
        Mark(each.n, len(header) + each.locator.start - start, len(header) + each.locator.start - start + length)
        for each, length in ((quote.citation, _length(quote)) for quote in near)
    ]
    citations = sorted((quote.citation for quote in near), key=lambda each: each.n)
    best = citations[0]
    hides = {**hides, **{word: each for quote in near for word, each in quote.hides.items()}}
    return Source(
        title=prose.words(best.title or best.uri, hides),
        uri=best.uri,
        place=prose.words(place(best.locator, best.title), hides),
        address=address(best.document, best.locator),
        blocks=prose.unmasked(prose.blocks(header + text, 0, len(header) + len(text), marks), hides),
        references=[_reference(each) for each in citations],
        cut_before=first.cut_before,
        cut_after=last.cut_after,
        unchanged=first.unchanged,
        pictures=_pictures(citations) if first.paged else (),
    )


def _length(quote: Quote) -> int:
    """What of its text is quoted: as it is kept, where the document still says it."""
    locator = quote.citation.locator
    return locator.end - locator.start if quote.unchanged else len(quote.citation.snippet)


def _joined(near: Sequence[Quote]) -> tuple[str, int]:
    """One stretch of a document, of stretches that touch."""
    text, start = near[0].text, near[0].start
    for each in near[1:]:
        text += each.text[max(0, start + len(text) - each.start) :]
    return text, start


def _reference(citation: Citation) -> Reference:
    where = citation.locator
    return Reference(citation.n, address(citation.document, where), where.start, where.end)


def _pictures(citations: Sequence[Citation]) -> list[Picture]:
    """The pages that the quotes stand on, each with its first quote marked."""
    pages = {each.locator.page: each for each in reversed(citations) if each.locator.page is not None}
    return [
        Picture(page, f"/documents/{each.document}/pages/{page}.png?start={each.locator.start}&end={each.locator.end}")
        for page, each in sorted(pages.items())
    ]


def _cut(text: str, longest: int) -> int:
    """Where to end: at a line or a word, where one ends near."""
    if len(text) <= longest:
        return len(text)
    return max(text.rfind("\n", longest // 2, longest), text.rfind(" ", longest - 40, longest), longest // 2)
