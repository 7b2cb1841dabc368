"""What was read of a file becomes a document in the database, inside the caller's transaction."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, cast

from firmground.app import traces
from firmground.app.app import App
from firmground.app.reading import Reading, reading_stamp
from firmground.app.titles import title_from_name
from firmground.groups import narrowed
from firmground.index.compare import profile
from firmground.ports import Transaction
from firmground.types import Document, Json, Scalar, Span, digest

FACTS = "document"
"""Namespace of what is remembered of each document besides its row, by id: `title`, `groups` and `metadata` it states itself, `findings`,
`profile` (for comparing documents), `personal` (how many of each kind)."""
DATED = "dated"
"""Metadata key of the date a document states for itself, wherever it states it: what documents are filtered and compared by."""
WARNINGS = "warnings"
"""Namespace of the parser's warnings, by document id; only documents that have some."""

ERASED = "erased"
"""Namespace of the note that something was erased which files may still hold."""


def save(tx: Transaction, source: str, reading: Reading, app: App) -> str:
    """Save one reading; returns the kind it counts as in the report. A person's decision made since it was read stands."""
    now = tx.document(reading.before.id) if reading.before is not None else None
    if now is not None and now.state == "excluded":
        return _save_excluded(tx, reading, now, app)
    reading = replace(reading, before=now or reading.before)
    if reading.failure is not None:
        return _save_failure(tx, source, reading, app)
    if reading.action in {"same", "renamed"}:
        return _save_known(tx, reading, app)
    return _save_content(tx, source, reading, app)


def forget(tx: Transaction, ids: Sequence[str]) -> None:
    """Remove documents and everything remembered of them, also what answers quoted."""
    traces.erase(tx, ids)
    tx.remove_documents(ids)
    forget_facts(tx, ids)
    if ids:
        mark_erased(tx)


def forget_facts(tx: Transaction, ids: Sequence[str]) -> None:
    """Drop what is remembered of documents besides their rows."""
    tx.drop_facts(FACTS, list(ids))
    tx.drop_facts(WARNINGS, list(ids))


def mark_erased(tx: Transaction) -> None:
    """Note, in the transaction that erases, that a purge is due: whatever happens in between, the next one catches up."""
    tx.put_fact(ERASED, "due", True)


def let_in(tx: Transaction, document: Document, now: datetime) -> Document:
    """Release a quarantined document; it holds until its content changes."""
    change = {"state": "indexed", "code": None, "detail": "", "released": True, "updated_at": now}
    return tx.save_document(document.model_copy(update=change))


def _save_excluded(tx: Transaction, reading: Reading, document: Document, app: App) -> str:
    """It stays out, wherever its file goes."""
    if reading.action == "renamed":
        tx.save_document(document.model_copy(update={"uri": reading.file.uri, **_state_of_file(reading, app)}))
    return "unchanged"


def _save_known(tx: Transaction, reading: Reading, app: App) -> str:
    """Content known already: only its place, name or what its place says of it may differ."""
    before, file = reading.before, reading.file
    if before is None:
        raise ValueError("a known reading has a document")
    said = cast("dict[str, Any]", tx.fact(FACTS, before.id) or {})
    title = file.metadata.get("title") or said.get("title") or title_from_name(file.uri)
    saved = tx.save_document(
        before.model_copy(
            update={
                "uri": file.uri,
                "title": str(title),
                "groups": narrowed(file.groups, said.get("groups")),
                "metadata": _metadata(said.get("metadata", {}), reading),
                **_state_of_file(reading, app),
            }
        )
    )
    if saved.state == "quarantined":
        return "quarantined"
    return "renamed" if reading.action == "renamed" else "changed" if saved.revision != before.revision else "unchanged"


def _save_content(tx: Transaction, source: str, reading: Reading, app: App) -> str:
    parsed, file = reading.parsed, reading.file
    if parsed is None:
        raise ValueError("a reading of new content has a text")
    title = str(file.metadata.get("title") or parsed.title or title_from_name(file.uri))
    compared = profile(file.uri, title, parsed.text, _metadata(parsed.metadata, reading), reading.language)
    own = {**parsed.metadata, **({DATED: compared.stated} if compared.stated else {})}
    base = reading.before or _new(tx, source, reading, app)
    if reading.before is not None:
        mark_erased(tx)
    unreadable_groups = parsed.groups is not None and not narrowed(file.groups, parsed.groups)
    held = bool(reading.suspicion) and app.workspace.settings.guard.quarantine_instructions and not _still_released(reading)
    document = tx.save_document(
        base.model_copy(
            update={
                "state": "quarantined" if held else "indexed",
                "code": "suspected_instructions" if held else None,
                "detail": reading.suspicion if held else "no group may see it: only administrators" if unreadable_groups else "",
                "title": title,
                "media_type": parsed.media_type,
                "language": reading.language,
                "content_hash": reading.content_hash,
                "groups": narrowed(file.groups, parsed.groups),
                "metadata": _metadata(own, reading),
                "pages": parsed.pages,
                "characters": len(parsed.text),
                "released": _still_released(reading),
                **_state_of_file(reading, app),
            }
        ),
        text=parsed.text,
        spans=reading.spans,
    )
    facts: dict[str, Any] = {
        "title": parsed.title,
        "groups": None if parsed.groups is None else list(parsed.groups),
        "metadata": dict(own),
        "findings": [finding.model_dump(mode="json") for finding in reading.findings],
        "profile": compared.model_dump(mode="json"),
        "personal": _counts(reading.spans),
    }
    tx.put_fact(FACTS, document.id, cast("Json", facts))
    if parsed.warnings:
        tx.put_fact(WARNINGS, document.id, list(parsed.warnings))
    else:
        tx.drop_facts(WARNINGS, [document.id])
    return "quarantined" if held else reading.action


def _save_failure(tx: Transaction, source: str, reading: Reading, app: App) -> str:
    """An answer must not rest on a file that cannot be read now, so its text and title go even if older ones were known. Who might see
    it stays: nobody knows whether it still asks for fewer."""
    code, detail = reading.failure or ("", "")
    before = reading.before
    if before is not None:
        mark_erased(tx)
    base = before or _new(tx, source, reading, app)
    tx.save_document(
        base.model_copy(
            update={
                "state": "failed",
                "code": code,
                "detail": detail,
                "title": title_from_name(reading.file.uri),
                "content_hash": reading.content_hash,
                "groups": narrowed(reading.file.groups, before.groups if before is not None else None),
                "metadata": _metadata({}, reading),
                "pages": (),
                "characters": 0,
                "released": False,
                **_state_of_file(reading, app),
            }
        ),
        text="",
        spans=(),
    )
    forget_facts(tx, [base.id])
    return "failed"


def _state_of_file(reading: Reading, app: App) -> dict[str, Any]:
    file = reading.file
    return {
        "stamp": reading_stamp(file, reading.reading_id),
        "size": file.size,
        "modified_ns": file.modified_ns,
        "updated_at": app.clock(),
    }


def _still_released(reading: Reading) -> bool:
    before = reading.before
    return before is not None and before.released and before.content_hash == reading.content_hash


def _metadata(own: dict[str, Scalar | tuple[Scalar, ...]], reading: Reading) -> dict[str, Scalar | tuple[Scalar, ...]]:
    """What its place says of a document overrules what it says itself."""
    return {**own, **{key: value for key, value in reading.file.metadata.items() if key != "title"}}


def _new(tx: Transaction, source: str, reading: Reading, app: App) -> Document:
    """A document with a fresh id: from its first content and place, with a counter where a renamed one has it already."""
    attempt = 0
    while True:
        id = digest([source, reading.file.uri, reading.content_hash, attempt])[:24]
        if tx.document(id) is None:
            break
        attempt += 1
    now = app.clock()
    return Document(id=id, number=0, source=source, uri=reading.file.uri, state="indexed", added_at=now, updated_at=now)


def _counts(spans: Sequence[Span]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for span in spans:
        counts[span.kind] = counts.get(span.kind, 0) + 1
    return counts
