"""What the pages show, worked out before a template sees it."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from firmground.app import documents
from firmground.app.app import App
from firmground.errors import NotFound
from firmground.types import Actor, Answer, AnswerStatus, Citation, Finding, Locator, Passage
from firmground.web import prose
from firmground.web.prose import Block, Mark

PART = 40_000
"""Characters of a document on one page."""
_AROUND = 500
"""Characters shown before and after a quote, where its chunk is longer."""


@dataclass(frozen=True)
class State:
    """How an answer stands, in words, by a sign, and by a class of the style sheet."""

    words: str
    meaning: str
    sign: str
    style: str


STATES: dict[AnswerStatus, State] = {
    "answered": State("Answered", "The documents say this.", "●", "good"),
    "weak": State(
        "Weakly supported", "Something in the documents points this way. Read the sources before you rely on it.", "◐", "fair"
    ),
    "draft": State("Draft", "A person looks at it before it counts.", "◌", "fair"),
    "clarify": State("Which one?", "The question can mean several things.", "?", "fair"),
    "abstained": State("No answer", "The documents do not seem to answer this.", "○", "none"),
    "out_of_scope": State("Out of scope", "This is not what these documents are for.", "○", "none"),
    "blocked": State("Refused", "A rule forbids this.", "✕", "stop"),
}


_ONE_WORD_MORE = State("Which one?", "The question leaves open what it is about. Go on below with what is missing.", "?", "fair")


def state(answer: Answer) -> State:
    """How this answer stands; one that asks back without choices cannot say what they are."""
    return _ONE_WORD_MORE if answer.status == "clarify" and not answer.choices else STATES[answer.status]


@dataclass(frozen=True)
class Reference:
    """One citation, and where in its document it stands."""

    n: int
    address: str
    start: int
    end: int


@dataclass(frozen=True)
class Source:
    """A passage, with the quotes in it that the answer rests on; none where it is only close to the question."""

    title: str
    uri: str
    place: str
    address: str
    blocks: Sequence[Block]
    references: Sequence[Reference] = ()
    cut_before: bool = False
    cut_after: bool = False


@dataclass(frozen=True)
class Piece:
    """A stretch of an answer's text, a table in it, or a reference to its source number `source`."""

    text: str = ""
    source: int = 0
    table: Block | None = None


def pieces(answer: Answer) -> list[Piece]:
    """The text with its citation marks told apart from what only looks like one: documents may hold `[1]` too."""
    found: list[Piece] = []
    rest = answer.text
    for sentence in answer.sentences:
        before, known, after = rest.partition(sentence.text)
        if not known:
            continue
        rest = after
        found += [Piece(before), *_said(known)]
        for n in sentence.citations:
            if mark := re.match(rf"(\s*)\[{n}\]", rest):
                found.append(Piece(source=n))
                rest = rest[mark.end() :]
    return _tidied([*found, Piece(rest)])


def _said(sentence: str) -> list[Piece]:
    parts = prose.blocks(sentence, 0, len(sentence))
    if not any(block.kind == "table" for block in parts):
        return [Piece(sentence)]
    return [Piece(table=block) if block.kind == "table" else Piece("".join(run.text for run in block.runs)) for block in parts]


def _tidied(found: list[Piece]) -> list[Piece]:
    """Without the empty lines around tables, which have a margin of their own."""
    tables = {at for at, piece in enumerate(found) if piece.table}
    texts = [piece.text.rstrip() if at + 1 in tables else piece.text for at, piece in enumerate(found)]
    texts = [text.lstrip() if at - 1 in tables else text for at, text in enumerate(texts)]
    return [replace(piece, text=text) for piece, text in zip(found, texts, strict=True)]


def sources(app: App, actor: Actor, answer: Answer) -> list[Source]:
    """Every citation in its passage, as the document stands now; citations of one passage together."""
    shown = {each.document: _shown(app, actor, each.document) for each in answer.citations}
    passages: dict[tuple[str, int, int], list[Citation]] = {}
    for citation in answer.citations:
        passages.setdefault((citation.document, *_chunk(citation, shown[citation.document])), []).append(citation)
    return [
        _source(citations, shown[document]["text"] if end else "", start, end)
        for (document, start, end), citations in passages.items()
    ]


def close(passages: Sequence[Passage], longest: int) -> list[Source]:
    """Passages that are near, though not an answer, cut at about `longest` characters."""
    return [
        Source(
            title=each.title or each.uri,
            uri=each.uri,
            place=place(each.locator, each.title),
            address=address(each.document, each.locator),
            blocks=prose.blocks(each.text, 0, _cut(each.text, longest)),
            cut_after=_cut(each.text, longest) < len(each.text),
        )
        for each in passages
    ]


def place(locator: Locator, title: str) -> str:
    """`page 3 · Carrying over`."""
    parts = [f"page {locator.page}"] if locator.page is not None else []
    heading = locator.heading.removeprefix(f"{title} > ").replace(" > ", " › ")
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


def _shown(app: App, actor: Actor, document: str) -> dict[str, Any]:
    try:
        return documents.show(app, actor, document)
    except NotFound:  # removed since
        return {"text": "", "chunks": []}


def _chunk(citation: Citation, document: dict[str, Any]) -> tuple[int, int]:
    """The span of the chunk that a quote begins in; nothing where the document has changed since."""
    start, end = citation.locator.start, citation.locator.end
    if document["text"][start:end] != citation.snippet:
        return citation.n, 0
    return next(
        ((each["start"], each["end"]) for each in document["chunks"] if each["start"] <= start < each["end"]), (start, end)
    )


def _source(citations: Sequence[Citation], text: str, start: int, end: int) -> Source:
    best = citations[0]
    quotes = [Mark(each.n, each.locator.start, each.locator.end) for each in citations]
    if not text:
        text, quotes = best.snippet, [Mark(best.n, 0, len(best.snippet))]
        start, end = 0, len(text)
    first = max(start, min(each.start for each in quotes) - _AROUND)
    last = min(max(end, *(each.end for each in quotes)), max(each.end for each in quotes) + _AROUND)
    return Source(
        title=best.title or best.uri,
        uri=best.uri,
        place=place(best.locator, best.title),
        address=address(best.document, best.locator),
        blocks=prose.blocks(text, first, last, quotes),
        references=[
            Reference(each.n, address(each.document, each.locator), each.locator.start, each.locator.end) for each in citations
        ],
        cut_before=first > start,
        cut_after=last < end,
    )


def _cut(text: str, longest: int) -> int:
    """Where to end: at a line or a word, where one ends near."""
    if len(text) <= longest:
        return len(text)
    return max(text.rfind("\n", longest // 2, longest), text.rfind(" ", longest - 40, longest), longest // 2)
