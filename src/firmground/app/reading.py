"""From the files a source lists to what the database should hold of them: hash, rename, parse, inspect. Writes nothing."""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Literal, TypeAlias, cast

from firmground.errors import ParseFailed
from firmground.guard.instructions import instructions, suspected
from firmground.guard.personal import personal_data
from firmground.index.quality import Inspector
from firmground.language.identify import identify
from firmground.ports import Parser, Source
from firmground.types import Document, Finding, Json, Parsed, SourceFile, Span, digest

Action: TypeAlias = Literal["added", "changed", "renamed", "same", "failed"]


@dataclass(frozen=True)
class Reading:
    """One file, read. `before` is the document it is, or was before it was renamed."""

    file: SourceFile
    reading_id: str
    """How it was read: parser and inspection."""
    action: Action
    before: Document | None
    content_hash: str = ""
    parsed: Parsed | None = None
    language: str = ""
    spans: tuple[Span, ...] = ()
    suspicion: str = ""
    """Why it should wait for a person; empty when nothing is suspected."""
    findings: tuple[Finding, ...] = ()
    failure: tuple[str, str] | None = None
    """Code and detail."""


@dataclass
class Reader:
    """Reads batches of one source. `known` maps uri → document; `missing` maps content hash → documents whose uri is gone."""

    source: Source
    parser: Parser
    inspector: Inspector
    reading_id: str
    workers: int
    today: date
    known: Mapping[str, Document]
    missing: Mapping[str, Sequence[Document]]
    seen: Callable[[], None] = lambda: None
    """Told after each file that was read; in the thread that calls `read`."""
    _claimed: set[str] = field(default_factory=set[str])

    def read(self, files: Sequence[SourceFile]) -> list[Reading]:
        """In the order given. Renames are claimed in that order too, so that a run and its repetition agree."""
        with ThreadPoolExecutor(self.workers, thread_name_prefix="reading") as threads:
            contents = threads.map(self._content, files)
            pending = [self._classified(file, content) for file, content in zip(files, contents, strict=True)]
            readings: list[Reading] = []
            for reading in threads.map(self._parsed, pending):
                readings.append(reading)
                self.seen()
            return readings

    def outlook(self, files: Sequence[SourceFile]) -> Iterator[Reading]:
        """What each file would be, without parsing."""
        for file in files:
            yield self._classified(file, self._content(file))[0]

    def _content(self, file: SourceFile) -> tuple[bytes, str] | ParseFailed:
        try:
            content = self.source.read(file)
        except ParseFailed as failure:
            return failure
        return content, hashlib.sha256(content).hexdigest()

    def _classified(self, file: SourceFile, content: tuple[bytes, str] | ParseFailed) -> tuple[Reading, bytes]:
        before = self.known.get(file.uri)
        if isinstance(content, ParseFailed):
            return self._failed(file, before, "", content), b""
        data, content_hash = content
        if before is not None:
            same = before.content_hash == content_hash and self._read_alike(before)
            return Reading(file, self.reading_id, "same" if same else "changed", before, content_hash), data
        moved = next((old for old in self.missing.get(content_hash, ()) if old.id not in self._claimed), None)
        if moved is not None and self._read_alike(moved):
            self._claimed.add(moved.id)
            return Reading(file, self.reading_id, "renamed", moved, content_hash), data
        return Reading(file, self.reading_id, "added", None, content_hash), data

    def _read_alike(self, document: Document) -> bool:
        return document.state == "excluded" or (document.state != "failed" and _reading_of(document.stamp) == self.reading_id)

    def _failed(self, file: SourceFile, before: Document | None, content_hash: str, failure: ParseFailed) -> Reading:
        return Reading(file, self.reading_id, "failed", before, content_hash, failure=(failure.code, failure.detail))

    def _parsed(self, pending: tuple[Reading, bytes]) -> Reading:
        reading, data = pending
        if reading.action not in {"added", "changed"}:
            return reading
        file = reading.file
        try:
            parsed = self.parser.parse(file.uri, data)
        except ParseFailed as failure:
            return self._failed(file, reading.before, reading.content_hash, failure)
        language = identify(parsed.text)
        orders = instructions(parsed.text)
        return replace(
            reading,
            parsed=parsed,
            language=language,
            spans=(*personal_data(parsed.text), *orders),
            suspicion=_suspicion(parsed.text, orders) if suspected(orders) else "",
            findings=tuple(self.inspector.inspect(file.uri, parsed.text, parsed, language, self.today)),
        )


def reading_stamp(file: SourceFile, reading_id: str) -> str:
    """What is stored of a file to see next time, without reading it, that nothing about it changed: the file's own stamp, how it was
    read (parser and inspection), and what its place says of it (groups, metadata)."""
    said = digest([list(file.groups), cast("Json", file.metadata)])
    return f"{file.stamp}@{reading_id}@{said[:12]}"


def _reading_of(stored: str) -> str:
    """How a document was read, from its stored stamp."""
    parts = stored.rsplit("@", 2)
    return parts[1] if len(parts) == 3 else ""


def _suspicion(text: str, orders: Sequence[Span]) -> str:
    worst = max(orders, key=lambda span: span.score)
    quote = " ".join(text[worst.start : worst.end].split())
    return f"seems to give orders to a model: “{quote[:120]}”"
