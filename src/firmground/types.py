"""The nouns. Frozen values that pass between the stages; none of them does anything.

Offsets are always Python string indices (code points) into a document's text.
"""

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from functools import cached_property
from typing import Literal, Self, TypeAlias

from pydantic import BaseModel, ConfigDict, JsonValue

from firmground.rights import GRANTS, Right, Role

Json: TypeAlias = JsonValue
Scalar: TypeAlias = str | int | float | bool
Metadata: TypeAlias = Mapping[str, Scalar | tuple[Scalar, ...]]
"""What a document says of itself: dates are ISO 8601 strings (`2026-11-20`)."""


def digest(value: Json) -> str:
    """SHA-256 (hex) of the canonical JSON of `value`: equal values, equal digests."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


class Value(BaseModel):
    """An immutable value; unknown fields are an error; equal content has an equal digest."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @cached_property
    def digest(self) -> str:
        return digest(self.model_dump(mode="json"))

    def __copy__(self) -> Self:
        """Without the digest, since `model_copy` copies in order to change."""
        copied = super().__copy__()
        vars(copied).pop("digest", None)
        return copied


# ---------------------------------------------------------------- people


class Actor(Value):
    """On whose behalf something happens, and what they may do (`firmground.rights`)."""

    person: str
    groups: frozenset[str] = frozenset({"public"})
    role: Role = "user"
    scopes: frozenset[Right] | None = None
    """Of the key that a program came with: what it may do of what its person may; None for all of it."""
    via: Literal["cli", "http", "job"] = "cli"
    key: str = ""
    """Name of the API key that a program came with: what it does, no person does at that moment."""
    user: str = ""
    """The system user who asked for what another process does."""
    local: bool = False
    """Whether they came by their access to the files of the workspace, which holds everything, and not as somebody who is known there."""
    unnoted: bool = False
    """Whether it must not be noted how they use answers: their browser sends Global Privacy Control."""

    def may(self, right: Right) -> bool:
        """Whether this person's role has the right, and the key they came with, if any, is for it."""
        return self.role in GRANTS[right] and (self.scopes is None or right in self.scopes)


# ---------------------------------------------------------------- sources

ParseCode: TypeAlias = Literal[
    "unsupported",  # no parser for this kind of file
    "encrypted",  # needs a password
    "corrupt",  # damaged or truncated, or not what its name says
    "limit_exceeded",  # too large, too many cells, too deeply nested
    "timeout",  # took longer than the limit
    "out_of_memory",  # needed more memory than the limit
    "parser_crashed",  # the child process died
    "no_text",  # parsed, but holds no text (a scan without OCR, an empty file)
    "ocr_language_missing",  # the recognition data for this language is not installed
    "unreadable",  # the file could not be read from its source
    "changed_while_reading",  # it changed under our hands twice
]


class SourceFile(Value):
    """One file as its source lists it, before it is read.

    `uri` is the path relative to the source, with `/`; it is valid Unicode without control characters (other bytes are
    percent-encoded). `stamp` changes whenever the content may have changed (size, modification time, inode);
    an equal stamp means that the content need not be read again.
    """

    uri: str
    stamp: str
    size: int
    modified_ns: int
    groups: tuple[str, ...] = ()
    """Sorted names of the groups that may see it, rules and sidecar files applied; front matter may narrow or replace them later."""
    metadata: dict[str, Scalar | tuple[Scalar, ...]] = {}
    """From sidecar files and per-folder rules."""


class Page(Value):
    """A page, slide or sheet of the original: `number` counts from 1; offsets into the document's text."""

    number: int
    start: int
    end: int


class Picture(Value):
    """A page of an original as it looks, as PNG, with the quote that was asked for marked in it.

    `boxes` are left, top, right and bottom of each marked line, in pixels. `highlight` says whether all of the quote is marked, parts of
    it, or nothing, because it was not found on the page.
    """

    png: bytes
    width: int
    height: int
    highlight: Literal["none", "exact", "partial"] = "none"
    boxes: tuple[tuple[int, int, int, int], ...] = ()


class Parsed(Value):
    """What a parser made of one file.

    `text` is Markdown: headings (`#`), lists, pipe tables with a header row, fenced code; plain text stays as it is.
    It is NFC-normalised, has `\\n` line ends, no NUL, and no lone surrogates. `title` is what the file says of itself, or None.
    """

    text: str
    media_type: str
    title: str | None = None
    pages: tuple[Page, ...] = ()
    metadata: dict[str, Scalar | tuple[Scalar, ...]] = {}
    groups: tuple[str, ...] | None = None
    """Groups from front matter, or None where it names none."""
    encoding: str | None = None
    ocr: bool = False
    warnings: tuple[str, ...] = ()
    """Codes with a short detail, e.g. `encoding_guessed: windows-1252`, `replacement_characters: 12`."""


# ---------------------------------------------------------------- documents

DocumentState: TypeAlias = Literal["indexed", "quarantined", "failed", "excluded", "removed"]


class Document(Value):
    """One document as the database knows it (without its text)."""

    id: str
    number: int
    """Small integer, unique in the workspace: the index refers to documents by it."""
    source: str
    uri: str
    state: DocumentState
    code: str | None = None
    """Why it is quarantined or failed: a ParseCode or a quality code (`suspected_instructions`, …)."""
    detail: str = ""
    title: str = ""
    media_type: str = ""
    language: str = ""
    """ISO 639-1, empty when unknown."""
    content_hash: str = ""
    stamp: str = ""
    size: int = 0
    modified_ns: int = 0
    scope: int = 0
    """Interned set of groups that may see it."""
    groups: tuple[str, ...] = ()
    metadata: dict[str, Scalar | tuple[Scalar, ...]] = {}
    pages: tuple[Page, ...] = ()
    characters: int = 0
    revision: int = 0
    """Grows whenever anything the index depends on changes (text, title, scope, state)."""
    released: bool = False
    """A person looked at it in quarantine and let it in; holds for this content only."""
    added_at: datetime
    updated_at: datetime


class Chunk(Value):
    """A span of one document: the unit that is embedded, retrieved and cited.

    `text == document.text[start:end]`. What both retrievers see besides it (title, headings, a table's header row) is context,
    never part of the span. Offsets are code points.
    """

    id: str
    document: int
    ordinal: int
    start: int
    end: int
    kind: Literal["text", "list", "table", "code"] = "text"
    headings: tuple[str, ...] = ()
    table_header: str = ""
    page: int | None = None


class Span(Value):
    """A stretch of a document that is personal data or gives orders to a model: found at sync, stored, masked as a view."""

    kind: str
    """`email`, `phone`, `iban`, `card`, `ip`, `instruction`, …"""
    start: int
    end: int
    score: float = 1.0


class IndexRow(Value):
    """One chunk as the search index holds it: numbers and derived terms, no metadata. Its vector travels beside it."""

    id: str
    document: int
    scope: int
    content: str
    """Digest of exactly the text that was embedded: equal content has an equal vector, so it is never embedded twice."""
    terms: str
    """Analysed words, separated by single spaces, for BM25."""


# ---------------------------------------------------------------- retrieval


class Locator(Value):
    """Where in a document: page and heading where there are any, and the exact span."""

    page: int | None = None
    heading: str = ""
    start: int
    end: int


class Within(Value):
    """The part of the corpus a search may see; it is part of the index query, never a filter after it. None means no limit."""

    scopes: frozenset[int] | None = None
    documents: frozenset[int] | None = None
    excluded: frozenset[int] = frozenset()
    """Documents left out: the complement, where that is the shorter list."""


class Scores(Value):
    """The raw score of each retriever (BM25; cosine); None where it gave none."""

    lexical: float | None = None
    dense: float | None = None


class Hit(Value):
    """One chunk that the index proposes. Both raw scores wherever the index can give them, so that fusion compares like with like."""

    id: str
    document: int
    scores: Scores


class Passage(Value):
    """A stretch of one document that speaks to the question: one chunk, or neighbours merged so that it reads well.

    `text == document.text[locator.start:locator.end]`.
    """

    passage: str
    """Id of its best chunk."""
    document: str
    title: str
    uri: str
    """`<source>/<path>`."""
    language: str = ""
    locator: Locator
    text: str
    table_header: str = ""
    metadata: dict[str, Scalar | tuple[Scalar, ...]] = {}
    modified_ns: int = 0
    score: float
    scores: Scores
    also: tuple[str, ...] = ()
    """Uris of other documents that hold exactly the text of its best chunk and were left out for it."""


# ---------------------------------------------------------------- answers

AnswerStatus: TypeAlias = Literal["answered", "weak", "draft", "clarify", "abstained", "out_of_scope", "blocked"]


class Sentence(Value):
    text: str
    citations: tuple[int, ...]
    check: Literal["no_mismatch_found", "not_checked"] = "not_checked"


class Citation(Value):
    n: int
    passage: str
    document: str
    title: str
    uri: str
    locator: Locator
    snippet: str
    lineage: dict[str, Json] = {}


class Notice(Value):
    """Something the reader should know about this answer: `code` is stable, `text` is for people."""

    code: str
    text: str
    about: tuple[str, ...] = ()
    """Addresses (`source/path`) of the documents that it names."""


class Usage(Value):
    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float | None = 0.0
    """None, never 0, where a price is unknown."""


class Answer(Value):
    """What the asker gets; the shape is public (`ask --json`, POST /answers)."""

    id: str
    question: str
    conversation: str
    created_at: datetime
    release: str
    corpus: str
    model: str
    status: AnswerStatus
    text: str
    sentences: tuple[Sentence, ...] = ()
    citations: tuple[Citation, ...] = ()
    closest: tuple[Passage, ...] = ()
    choices: tuple[dict[str, str], ...] = ()
    notices: tuple[Notice, ...] = ()
    confidence: float
    reasons: tuple[str, ...] = ()
    usage: Usage = Usage()
    timings_ms: dict[str, float] = {}
    review: dict[str, str] | None = None


class Draft(Value):
    """An answer that a person looks at before its asker sees it: what it would say."""

    status: AnswerStatus
    """That it would have."""
    text: str
    sentences: tuple[Sentence, ...] = ()
    """Those that no passage bears out cite nothing."""
    citations: tuple[Citation, ...] = ()
    choices: tuple[dict[str, str], ...] = ()
    notices: tuple[Notice, ...] = ()
    """What its reader should know of it."""


RuleOutcome: TypeAlias = Literal["send", "warn", "hold", "hold_for_two", "block", "escalate"]


class Cause(Value):
    """Why people look at an answer."""

    kind: Literal["rule", "mismatch", "sample", "request", "challenge", "source_changed", "blind"]
    name: str = ""
    """Of the rule."""
    text: str = ""
    """One line, without words of documents, questions or answers."""


class Routed(Value):
    """What the rules of a release made of an answer."""

    outcome: RuleOutcome
    """The strictest of all that fired."""
    causes: tuple[Cause, ...] = ()
    """The rules that fired, in their order."""
    role: Role | None = None
    """Of `escalate`: who is asked; otherwise who reviews."""
    warning: str = ""
    """Shown with the answer, of `warn`."""
    sampled: bool = False
    """Whether it was chosen by chance, to be looked at although it was sent: such answers tell how often answers are right."""


# ---------------------------------------------------------------- traces


class Tombstone(Value):
    """What is left of a passage whose document was erased: `text_digest` is the SHA-256 (hex) of its text."""

    document: str
    passage: str
    text_digest: str
    start: int
    end: int


class Step(Value):
    """One thing that was done for an answer, and how it went. `detail` holds no text of documents."""

    name: str
    """`guard`, `context`, `retrieve`, `extract`, `decide`, `route`, `model`, `check`, `verify`, `repair`, `cache`, …"""
    outcome: str = "done"
    detail: dict[str, Json] = {}
    took_ms: float = 0.0


class Trace(Value):
    """An answer as it is kept: complete enough to replay it, and to tell who was told what, from which evidence."""

    answer: Answer
    person: str
    via: str = "cli"
    groups: tuple[str, ...] = ()
    """Of the asker, at that moment; sorted."""
    admin: bool = False
    filters: dict[str, Json] = {}
    asked: str
    """The question as it was searched: with what earlier questions of the conversation add to it."""
    context: tuple[str, ...] = ()
    """Ids of the earlier answers it was understood by."""
    language: str = ""
    """ISO 639-1 of the question as it was searched; empty when unsure."""
    covered: bool = True
    """Whether the embedder was trained for that language; else only words were compared."""
    evidence: tuple[Passage | Tombstone, ...] = ()
    """What the answer may rest on, best first."""
    added: tuple[Passage | Tombstone, ...] = ()
    """What people who corrected it cite besides."""
    prompt: str = ""
    """Digest of the prompt's text, which the recipe holds; empty without a model."""
    packed: tuple[int, ...] = ()
    """Which of the evidence was in the prompt, in its order: positions in `evidence`."""
    outputs: tuple[str, ...] = ()
    """What the model said, unchecked, call by call; empty once any of the evidence is erased."""
    draft: Draft | None = None
    """What waits for a person; None where the reader got all there is."""
    routed: Routed | None = None
    """What the release's rules made of it; None where it has none."""
    signs: dict[str, float] = {}
    steps: tuple[Step, ...] = ()
    masked: tuple[Span, ...] = ()
    cached_from: str = ""
    """Id of the answer this one repeats."""
    erased: bool = False
    """Whether something of it became a tombstone: a replay says "source erased"."""


class Event(Value):
    """What an answer tells while it is being made. `status` {"status"}: what is being done; `citation`: a `Citation`; `sentence`: a
    checked `Sentence`, and `shown`: how it continues the text, marks included; `withdrawn` {"why"}: nothing said so far counts any
    more. The doors add `done` and `error`."""

    kind: Literal["status", "citation", "sentence", "withdrawn"]
    data: dict[str, Json]


# ---------------------------------------------------------------- what people say of answers

FeedbackReason: TypeAlias = Literal["wrong", "incomplete", "not_what_i_asked", "wrong_source", "outdated", "other"]


class Feedback(Value):
    """A thumb on an answer: one for each person, the latest counts."""

    answer: str
    person: str
    verdict: Literal["up", "down"]
    reason: FeedbackReason | None = None
    comment: str = ""
    at: datetime


class ReviewRequest(Value):
    """Somebody wants a person to look at an answer."""

    id: str
    answer: str
    person: str
    note: str = ""
    state: Literal["open", "withdrawn", "done"] = "open"
    created_at: datetime


# ---------------------------------------------------------------- quality, jobs


class Finding(Value):
    """One row of the quality report: what is odd, where, and what a person can do about it."""

    code: str
    """`exact_duplicate`, `near_duplicate`, `contradiction`, `empty`, `garbled`, `wrong_encoding`, `stale`, `suspected_instructions`, …"""
    uri: str
    detail: str
    remedy: str
    start: int | None = None
    end: int | None = None
    related: tuple[str, ...] = ()
    """Uris of the other documents concerned."""


class IndexStats(Value):
    rows: int
    unindexed: int
    """Rows that the text or vector index does not cover yet: searched one by one, hence slowly."""
    bytes: int
    version: str


class Problem(Value):
    """One file that did not go in smoothly."""

    uri: str
    kind: Literal["quarantined", "failed", "warning"]
    code: str
    detail: str


JobState: TypeAlias = Literal["queued", "running", "done", "failed", "cancelled"]


class Progress(Value):
    """How far a job is. `total` may grow while work is being found."""

    done: int = 0
    total: int = 0
    unit: str = ""


class Job(Value):
    """Long work. `result` is what it returned; `error` is one line."""

    id: str
    kind: str
    state: JobState
    progress: Progress = Progress()
    error: str | None = None
    exit_code: int | None = None
    """Of the error that failed it: what a command that followed it ends with."""
    result: Json = None
    created_at: datetime


class Check(Value):
    """One thing `firmground doctor` looked at; `remedy` says how to mend what is wrong."""

    name: str
    state: Literal["ok", "warning", "error"]
    detail: str
    remedy: str = ""
