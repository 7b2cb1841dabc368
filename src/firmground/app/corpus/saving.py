"""What was read of a file becomes a document in the database, inside the caller's transaction."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, cast

from firmground.app.app import App
from firmground.app.asking import traces
from firmground.app.corpus.reading import Reading
from firmground.app.redaction.intake import PERSONAL, counted, mode_of
from firmground.app.redaction.keys import sealed
from firmground.groups import narrowed
from firmground.index.compare import profile
from firmground.ports import Transaction
from firmground.types import Document, Json, Scalar, digest

FACTS = "document"
"""Namespace of what is remembered of each document besides its row, by id: `title`, `groups` and `metadata` it states itself, `findings`,
`profile` (for comparing documents), `personal` (how many of each kind), `held` (what a person would let in), `hidden` (how personal data
was found that is masked)."""
ORDERS = "suspected_instructions"
"""Code of a document that waits because it seems to give orders to a model."""
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
    if reading.parsed is None:
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
    title = file.metadata.get("title") or said.get("title") or reading.named
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
    title = str(file.metadata.get("title") or parsed.title or reading.named)
    compared = profile(file.uri, title, parsed.text, _metadata(parsed.metadata, reading), reading.language)
    own = {**parsed.metadata, **({DATED: compared.stated} if compared.stated else {})}
    base = reading.before or _new(tx, source, reading, app)
    if reading.before is not None:
        mark_erased(tx)
    unreadable_groups = parsed.groups is not None and not narrowed(file.groups, parsed.groups)
    said = cast("dict[str, Any]", tx.fact(FACTS, base.id) or {})
    reasons = _reasons(source, reading, app)
    released = _still_released(reading, said, reasons)
    held = bool(reasons) and not released
    before = tx.hidden_in_documents([base.number]).get(base.number, ()) if reading.before else ()
    document = tx.save_document(
        base.model_copy(
            update={
                "uri": file.uri,
                "state": "quarantined" if held else "indexed",
                "code": next(iter(reasons.values()))[0] if held else None,
                "detail": _why(reasons) if held else "no group may see it: only administrators" if unreadable_groups else "",
                "title": title,
                "media_type": parsed.media_type,
                "language": reading.language,
                "content_hash": reading.content_hash,
                "groups": narrowed(file.groups, parsed.groups),
                "metadata": _metadata(own, reading),
                "pages": parsed.pages,
                "characters": len(parsed.text),
                "released": released,
                **_state_of_file(reading, app),
            }
        ),
        text=parsed.text,
        spans=reading.spans,
    )
    hidden = _hide(tx, app, document, reading) if mode_of(app, source) == "mask" else ""
    if (
        hidden
        and reading.before is not None
        and _gave_away(reading.values.keys() - {each.placeholder for each in before}, said, hidden)
    ):
        traces.erase(tx, [document.id])
    facts: dict[str, Any] = {
        "title": parsed.title,
        "groups": None if parsed.groups is None else list(parsed.groups),
        "metadata": dict(own),
        "findings": [finding.model_dump(mode="json") for finding in reading.findings],
        "profile": compared.model_dump(mode="json"),
        "personal": dict(reading.kinds),
        "held": [*reasons],
        **({"hidden": hidden} if hidden else {}),
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
        said = cast("dict[str, Any]", tx.fact(FACTS, before.id) or {})
        if mode_of(app, source) == "mask" and _gave_away((), said, "masked"):
            traces.erase(tx, [before.id])
    base = before or _new(tx, source, reading, app)
    tx.save_document(
        base.model_copy(
            update={
                "uri": reading.file.uri,
                "state": "failed",
                "code": code,
                "detail": detail,
                "title": reading.named,
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
        "stamp": reading.stamp,
        "size": file.size,
        "modified_ns": file.modified_ns,
        "updated_at": app.clock(),
    }


def _reasons(source: str, reading: Reading, app: App) -> dict[str, tuple[str, str]]:
    """Why a document should wait for a person: code and detail by what exactly a person lets in."""
    found: dict[str, tuple[str, str]] = {}
    if reading.suspicion and app.workspace.settings.guard.quarantine_instructions:
        found[ORDERS] = (ORDERS, reading.suspicion)
    if reading.kinds and mode_of(app, source) == "quarantine":
        said = f"holds personal data: {counted(reading.kinds)}"
        found |= {f"{PERSONAL}: {kind}": (PERSONAL, said) for kind in sorted(reading.kinds)}
    return found


def _why(reasons: Mapping[str, tuple[str, str]]) -> str:
    return "; ".join(dict.fromkeys(detail for _, detail in reasons.values()))


def _still_released(reading: Reading, said: Mapping[str, Any], reasons: Collection[str]) -> bool:
    """What a person let in is let in for the same content, and for what was known of it then."""
    before = reading.before
    if before is None or not before.released or before.content_hash != reading.content_hash:
        return False
    return set(reasons) <= set(said.get("held", (ORDERS,)))


def _hide(tx: Transaction, app: App, document: Document, reading: Reading) -> str:
    """Keep what placeholders stand for beside the text; how that was found."""
    tx.hide_in_document(document.number, sealed(app.personal_key, tx, reading.values))
    return f"{app.finder.id} {app.personal_key.id}"


def _gave_away(newly: Collection[str], said: Mapping[str, Any], hidden: str) -> bool:
    """Whether answers may quote what was not masked when they were given. `newly` was hidden never before."""
    return said.get("hidden") != hidden and bool(newly or ("hidden" not in said and said.get("personal")))


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
