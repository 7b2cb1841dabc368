"""What the pages show, worked out before a template sees it."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from firmground.app import documents
from firmground.app.app import App
from firmground.errors import NotFound
from firmground.types import Actor, Answer, AnswerStatus, Citation, Finding, Locator, Passage

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


@dataclass(frozen=True)
class Marked:
    """A text with one stretch of it marked; `mark` may be empty."""

    before: str
    mark: str
    after: str
    cut_before: bool = False
    cut_after: bool = False


@dataclass(frozen=True)
class Source:
    """A citation in its surroundings."""

    citation: Citation
    place: str
    address: str
    passage: Marked


@dataclass(frozen=True)
class Close:
    """A passage that was near, though not an answer."""

    passage: Passage
    place: str
    address: str


@dataclass(frozen=True)
class Piece:
    """A stretch of an answer's text, or a reference to its source number `source`."""

    text: str
    source: int = 0


def pieces(answer: Answer) -> list[Piece]:
    """The text with its citation marks told apart from what only looks like one: documents may hold `[1]` too."""
    found: list[Piece] = []
    rest = answer.text
    for sentence in answer.sentences:
        before, known, after = rest.partition(sentence.text)
        if not known:
            continue
        found.append(Piece(before + known))
        rest = after
        for n in sentence.citations:
            if mark := re.match(rf"(\s*)\[{n}\]", rest):
                found.append(Piece(mark[1], source=n))
                rest = rest[mark.end() :]
    return [*found, Piece(rest)] if rest else found


def sources(app: App, actor: Actor, answer: Answer) -> list[Source]:
    """Every citation with the passage around its quote, as the document stands now."""
    shown: dict[str, dict[str, Any]] = {}
    for citation in answer.citations:
        if citation.document not in shown:
            try:
                shown[citation.document] = documents.show(app, actor, citation.document)
            except NotFound:  # removed since
                shown[citation.document] = {"text": "", "chunks": []}
    return [
        Source(each, place(each.locator, each.title), address(each.document, each.locator), _passage(each, shown[each.document]))
        for each in answer.citations
    ]


def close(passages: Sequence[Passage]) -> list[Close]:
    return [Close(each, place(each.locator, each.title), address(each.document, each.locator)) for each in passages]


def place(locator: Locator, title: str) -> str:
    """`page 3 · Carrying over`."""
    parts = [f"page {locator.page}"] if locator.page is not None else []
    return " · ".join([*parts, locator.heading] if locator.heading and locator.heading != title else parts)


def address(document: str, locator: Locator) -> str:
    return f"/documents/{document}?start={locator.start}&end={locator.end}#quote"


def marked(text: str, start: int, end: int, first: int = 0, last: int | None = None) -> Marked:
    """`text[first:last]` with `text[start:end]` marked; what lies outside is cut off."""
    last = len(text) if last is None else min(last, len(text))
    start, end = (min(max(each, first), last) for each in (start, max(start, end)))
    return Marked(text[first:start], text[start:end], text[end:last], cut_before=first > 0, cut_after=last < len(text))


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


def _passage(citation: Citation, document: dict[str, Any]) -> Marked:
    text: str = document["text"]
    start, end = citation.locator.start, citation.locator.end
    if text[start:end] != citation.snippet:
        return Marked("", citation.snippet, "")
    chunk = next((each for each in document["chunks"] if each["start"] <= start < each["end"]), {"start": start, "end": end})
    first, last = max(chunk["start"], start - _AROUND), min(max(chunk["end"], end), end + _AROUND)
    return marked(text, start, end, first, last)
