"""What the pages show of an answer, worked out before a template sees it."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Literal, TypeAlias

from firmground.app.app import App
from firmground.app.redaction.masked import Hides, kinds_in
from firmground.app.reviewing.outcome import NOTE
from firmground.types import Answer, AnswerStatus, Trace
from firmground.web import prose
from firmground.web.checking import as_read
from firmground.web.prose import Block
from firmground.web.view import address, place

_SAID_ANYWAY = frozenset({"not_released", "not_calibrated", "warning"})
_SAID_OF_PEOPLE = frozenset({"reviewed", "corrected", NOTE})
_SHORT = 240
_NOTHING_HIDDEN: Mapping[str, Hides] = {}
_ITEM = re.compile(r"^\s*[-*•]\s+(?=\S)")

Sure: TypeAlias = Literal["high", "medium", "low"]
_STYLES: dict[AnswerStatus, str] = {
    "answered": "good",
    "weak": "fair",
    "draft": "fair",
    "clarify": "fair",
    "abstained": "none",
    "out_of_scope": "none",
    "blocked": "stop",
}


@dataclass(frozen=True)
class Piece:
    """A stretch of an answer's text, a table in it, or a reference to its source number `source`."""

    text: str = ""
    source: int = 0
    table: Block | None = None


@dataclass(frozen=True)
class Part:
    """A paragraph, or a list with one line for each item; else a table."""

    kind: Literal["text", "list", "table"]
    lines: tuple[tuple[Piece, ...], ...] = ()
    table: Block | None = None


@dataclass(frozen=True)
class Turn:
    """One question of a conversation and what became of it, in short."""

    id: str
    question: str
    status: AnswerStatus
    style: str
    text: str
    at: str
    people: str = ""
    """How far people are with it, where some were asked."""


def style(status: AnswerStatus) -> str:
    """The class that the style sheet knows a state by; the words for it are the template's."""
    return _STYLES[status]


def turn(trace: Trace) -> Turn:
    answer = as_read(trace.answer)
    text = " ".join("".join(map(_words, pieces(answer))).split())
    short = text if len(text) <= _SHORT else text[: max(text.rfind(" ", 0, _SHORT), _SHORT // 2)] + " …"
    people = (answer.review or {}).get("state", "")
    return Turn(answer.id, answer.question, answer.status, style(answer.status), short, answer.created_at.isoformat(), people)


def _words(piece: Piece) -> str:
    rows = piece.table.rows if piece.table else ()
    return piece.text + " ".join(" · ".join("".join(run.text for run in cell) for cell in row) for row in rows)


def sure(answer: Answer) -> Sure:
    """How confident, in a word that does not contradict what became of it: what is enough for an answer differs from workspace to
    workspace. The number is for those who compare."""
    if answer.status not in {"answered", "weak"}:
        return "low"
    return "high" if answer.confidence >= 0.8 and answer.status == "answered" else "medium" if answer.confidence >= 0.5 else "low"


def notices(answer: Answer, *, overridden: bool = False) -> list[str]:
    """Those about this answer; what holds for every answer is said at its confidence, and warnings of the team's own in its words.
    `overridden`: whether every page says that what is live is so by override."""
    said = _SAID_ANYWAY | _SAID_OF_PEOPLE if answer.review else _SAID_ANYWAY
    said = {*said, "override"} if overridden else said
    return [each.text for each in answer.notices if each.code not in said]


def texts(trace: Trace) -> list[str]:
    """All words of an answer that a page shows."""
    answer = trace.answer
    named = [*answer.citations, *answer.closest]
    return [
        answer.question,
        answer.text,
        *(each.text for each in answer.closest),
        *(text for each in answer.choices for text in each.values()),
        *(text for each in named for text in (each.title, each.locator.heading)),
    ]


def hidden(app: App, traces: Collection[Trace]) -> dict[str, Hides]:
    """What placeholders in the words of these answers are, that their reader is not shown the values of."""
    said = [text for trace in traces for text in texts(trace)]
    named = {each.document for trace in traces for each in (*trace.answer.citations, *trace.answer.closest)}
    return kinds_in(app, said, documents=named, answers=[trace.answer.id for trace in traces])


def parts(answer: Answer, hides: Mapping[str, Hides] = _NOTHING_HIDDEN) -> list[Part]:
    """The text as it is laid out, `hides` telling what placeholders in its tables are."""
    found: list[Part] = []
    lines: list[list[Piece]] = [[]]
    for piece in pieces(answer):
        if piece.table:
            found += [*_laid_out(lines), *(Part("table", table=each) for each in prose.unmasked([piece.table], hides))]
            lines = [[]]
        elif piece.source:
            lines[-1].append(piece)
        else:
            first, *more = (Piece(text) for text in piece.text.split("\n"))
            lines[-1].append(first)
            lines += [[each] for each in more]
    return [*found, *_laid_out(lines)]


def _laid_out(lines: Sequence[Sequence[Piece]]) -> list[Part]:
    found: list[Part] = []
    for kind, group in groupby(lines, key=_kind):
        if kind == "list":
            found.append(Part(kind, tuple((replace(first, text=_ITEM.sub("", first.text)), *rest) for first, *rest in group)))
        elif kind == "text":
            found.append(Part(kind, tuple(map(tuple, group))))
    return found


def _kind(line: Sequence[Piece]) -> Literal["text", "list", "blank"]:
    if not any(piece.source or piece.text.strip() for piece in line):
        return "blank"
    return "list" if _ITEM.match(line[0].text) else "text"


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


def as_text(answer: Answer, site: str, *, markdown: bool = False) -> str:
    """The answer with its sources, for a mail or a ticket; `site` is where this server is reached."""
    lines = [f"**{_escaped(answer.question)}**" if markdown else answer.question, "", answer.text.strip()]
    if answer.citations:
        lines.append("")
    for each in answer.citations:
        title, where = each.title or each.uri, place(each.locator, each.title)
        link = site + address(each.document, each.locator)
        if markdown:
            lines.append(f"{each.n}. [{_escaped(title)}](<{link}>){', ' if where else ''}{_escaped(where)}")
        else:
            lines.append(f"[{each.n}] {title}{', ' if where else ''}{where}: {link}")
    return "\n".join(lines)


def _escaped(text: str) -> str:
    """Words that Markdown takes for nothing else."""
    return re.sub(r"([\\`*_\[\]<>#|])", r"\\\1", " ".join(text.split()))
