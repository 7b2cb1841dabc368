"""From the files a source lists to what the database should hold of them: hash, rename, parse, inspect. Writes nothing."""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Literal, NamedTuple, TypeAlias, cast

from firmground.app.corpus.seen import as_seen
from firmground.app.redaction.intake import Intake, Place
from firmground.errors import ParseFailed
from firmground.guard.instructions import instructions, suspected
from firmground.index.quality import Inspector
from firmground.language.identify import identify
from firmground.ports import Parser, Source
from firmground.types import Document, Finding, Json, Parsed, SourceFile, Span, digest

Action: TypeAlias = Literal["added", "changed", "renamed", "same", "failed"]


@dataclass(frozen=True)
class Reading:
    """One file, read. `before` is the document it is, or was before it was renamed."""

    file: SourceFile
    """As it may be stored."""
    stamp: str
    """`reading_stamp` of the file as its source tells of it."""
    named: str
    """The title that its name makes."""
    action: Action
    before: Document | None
    content_hash: str = ""
    parsed: Parsed | None = None
    language: str = ""
    spans: tuple[Span, ...] = ()
    values: Mapping[str, tuple[str, str]] = field(default_factory=dict[str, tuple[str, str]])
    """What placeholders in it stand for: kind and value."""
    kinds: Mapping[str, int] = field(default_factory=dict[str, int])
    """How often each kind of personal data was found in it, title and metadata included."""
    suspicion: str = ""
    """Why it should wait for a person; empty when nothing is suspected."""
    findings: tuple[Finding, ...] = ()
    failure: tuple[str, str] | None = None
    """Code and detail."""


class Pending(NamedTuple):
    """A reading before its file is parsed, if that is needed."""

    reading: Reading
    place: Place


@dataclass
class Reader:
    """Reads batches of one source. `known` maps uri → document; `missing` maps content hash → documents whose uri is gone."""

    source: Source
    parser: Parser
    intake: Intake
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
            yield self._classified(file, self._content(file))[0].reading

    def _content(self, file: SourceFile) -> tuple[bytes, str] | ParseFailed:
        try:
            content = self.source.read(file)
        except ParseFailed as failure:
            return failure
        return content, hashlib.sha256(content).hexdigest()

    def _classified(self, file: SourceFile, content: tuple[bytes, str] | ParseFailed) -> tuple[Pending, bytes]:
        before = self.known.get(file.uri)
        if isinstance(content, ParseFailed):
            return self._failed(self._seen(file, "failed", before, ""), content), b""
        data, content_hash = content
        if before is not None:
            same = before.content_hash == content_hash and self._read_alike(before) and self._said_alike(before, file)
            return self._seen(file, "same" if same else "changed", before, content_hash), data
        moved = next((old for old in self.missing.get(content_hash, ()) if old.id not in self._claimed), None)
        if moved is not None and self._read_alike(moved):
            self._claimed.add(moved.id)
            return self._seen(file, "renamed", moved, content_hash), data
        return self._seen(file, "added", None, content_hash), data

    def _seen(self, file: SourceFile, action: Action, before: Document | None, content_hash: str) -> Pending:
        place = self.intake.place(file)
        return Pending(
            Reading(place.file, reading_stamp(file, self.reading_id), place.named, action, before, content_hash), place
        )

    def _read_alike(self, document: Document) -> bool:
        return document.state == "excluded" or (document.state != "failed" and _reading_of(document.stamp) == self.reading_id)

    def _said_alike(self, before: Document, file: SourceFile) -> bool:
        """What its place says of a file may be personal data too, and is then looked at with the rest of it."""
        said = reading_stamp(file, self.reading_id).rpartition("@")[2]
        return not self.intake.id or before.state == "excluded" or before.stamp.rpartition("@")[2] == said

    def _failed(self, pending: Pending, failure: ParseFailed) -> Pending:
        failed = replace(pending.reading, action="failed", failure=(failure.code, self.intake.plain(failure.detail)))
        return pending._replace(reading=failed)

    def _parsed(self, classified: tuple[Pending, bytes]) -> Reading:
        pending, data = classified
        reading = pending.reading
        moved = reading.action == "renamed" and bool(self.intake.id) and not _is_out(reading.before)
        if reading.action not in {"added", "changed"} and not moved:
            return reading
        uri = reading.file.uri
        try:
            seen = as_seen(uri, self.parser.parse(uri, data))
            parsed, spans, values, kinds = self.intake.taken(seen.parsed, pending.place)
        except ParseFailed as failure:
            return self._failed(pending, failure).reading
        language = identify(parsed.text)
        orders = instructions(parsed.text)
        findings = self.inspector.inspect(uri, parsed.text, parsed, language, self.today)
        return replace(
            reading,
            parsed=parsed,
            language=language,
            spans=(*spans, *orders),
            values=values,
            kinds=kinds,
            suspicion=_suspicion(parsed.text, orders) if suspected(orders) else seen.suspicion,
            findings=(*findings, *seen.findings, *self.intake.in_name(uri)),
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


def _is_out(document: Document | None) -> bool:
    return document is not None and document.state == "excluded"


def _suspicion(text: str, orders: Sequence[Span]) -> str:
    worst = max(orders, key=lambda span: span.score)
    quote = " ".join(text[worst.start : worst.end].split())
    return f"seems to give orders to a model: “{quote[:120]}”"
