"""Documents with their texts, spans and metadata."""

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple, cast

from sqlalchemy import Connection, and_, bindparam, delete, exists, func, literal, select, tuple_, update

from firmground.errors import InvalidInput, NotFound
from firmground.ports import Filters
from firmground.store import matching
from firmground.store.people import People, group_names
from firmground.store.tables import (
    PART,
    PARTS,
    build_documents,
    builds,
    chunks,
    document_metadata,
    document_values,
    documents,
    findings,
    scopes,
    texts,
)
from firmground.store.tables import spans as span_table
from firmground.store.unit import in_lots, loaded_list, made, not_found, packed
from firmground.types import Document, DocumentState, Page, Span, Within

_d = documents.c
_COLUMNS = [name for name in Document.model_fields if name != "groups"]
SELECT_DOCUMENT = select(*(_d[name] for name in _COLUMNS), scopes.c.groups).join(scopes, scopes.c.id == _d.scope)
_BY_ID = SELECT_DOCUMENT.where(_d.id == bindparam("id"))
_NAMED = SELECT_DOCUMENT.where(_d.id.in_(bindparam("ids", expanding=True)))
_NUMBERED = SELECT_DOCUMENT.where(_d.number.in_(bindparam("numbers", expanding=True)))
_AT = SELECT_DOCUMENT.where(
    _d.source == bindparam("source"), _d.uri.in_(bindparam("uris", expanding=True)), _d.state != "removed"
)
_PARTS = select(texts.c.place, texts.c.text).where(texts.c.place.in_(bindparam("places", expanding=True)))
_TEXT = select(texts.c.text).where(texts.c.document == bindparam("number")).order_by(texts.c.place)
_TWICE = (
    select(_d.source, _d.uri)
    .where(tuple_(_d.source, _d.uri).in_(bindparam("places", expanding=True)), _d.state != "removed")
    .group_by(_d.source, _d.uri)
    .having(func.count() > 1)
)
_NOTHING: dict[str, Any] = {
    "state": "removed",
    "code": None,
    "detail": "",
    "title": "",
    "language": "",
    "content_hash": "",
    "stamp": "",
    "metadata": "{}",
    "pages": "[]",
    "characters": 0,
    "released": False,
    "revision": _d.revision + 1,
    "text_revision": _d.revision + 1,
}
_SHOWN = ("source", "uri", "metadata", "language", "media_type", "modified_ns", "pages")
"""Besides what the revision follows: what an answer, its filters or its citations show of a document."""
_URI_BYTES = 2000
"""Longer ones do not fit into an index of PostgreSQL."""
_SUGGESTIONS = 2000
_FIELDS = [*_COLUMNS, "groups"]


class Documents(People):
    """The chapter of a transaction on documents."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self._placed: set[tuple[str, str]] = set()

    def finish(self) -> None:
        """Two documents may trade places within a transaction, but not be in one place after it."""
        super().finish()
        for lot in in_lots(self._placed):
            twice = self._rows(_TWICE, {"places": lot})
            if twice:
                raise InvalidInput(f"two documents would be at {'/'.join(twice[0])}", "remove or rename one of them first")

    def document(self, id: str) -> Document | None:
        rows = self._rows(_BY_ID, {"id": id})
        return document_of(rows[0]) if rows else None

    def find_document(self, reference: str) -> Document:
        source, _, uri = reference.partition("/")
        ways = [_d.id == reference, and_(_d.source == source, _d.uri == uri), _d.uri == reference]
        if reference:
            ways.append(and_(_d.id >= reference, _d.id < reference + "\U0010ffff"))
        for way in ways:
            rows = self._rows(SELECT_DOCUMENT.where(way, _d.state != "removed").order_by(_d.source, _d.uri).limit(4))
            if len(rows) == 1:
                return document_of(rows[0])
            if rows:
                found = ", ".join(f"{document.source}/{document.uri}" for document in map(document_of, rows[:3]))
                raise InvalidInput(f"'{reference}' may mean {found}{', …' if len(rows) > 3 else ''}", "name one of them in full")
        some = self._rows(select(_d.source, _d.uri).where(_d.state != "removed").limit(_SUGGESTIONS))
        known = [f"{source}/{uri}" for source, uri in some] + [uri for _, uri in some]
        raise not_found("document", reference, known, "`firmground documents list` shows all")

    def documents_named(self, ids: Collection[str]) -> dict[str, Document]:
        rows = (row for lot in in_lots(ids) for row in self._rows(_NAMED, {"ids": lot}))
        return {document.id: document for document in map(document_of, rows)}

    def documents_numbered(self, numbers: Collection[int]) -> dict[int, Document]:
        rows = (row for lot in in_lots(numbers) for row in self._rows(_NUMBERED, {"numbers": lot}))
        return {document.number: document for document in map(document_of, rows)}

    def documents_at(self, source: str, uris: Collection[str]) -> list[Document]:
        rows = (row for lot in in_lots(uris) for row in self._rows(_AT, {"source": source, "uris": lot}))
        return [*map(document_of, rows)]

    def documents(
        self,
        *,
        source: str | None = None,
        state: DocumentState | None = None,
        language: str | None = None,
        scopes: Collection[int] | None = None,
        after: str = "",
        limit: int | None = None,
    ) -> list[Document]:
        statement = SELECT_DOCUMENT.where(_d.state != "removed" if state is None else _d.state == state)
        if source is not None:
            statement = statement.where(_d.source == source)
        if language is not None:
            statement = statement.where(_d.language == language)
        if scopes is not None:
            statement = statement.where(_d.scope.in_(scopes))
        if after:
            place, _, uri = after.partition("/")
            statement = statement.where(tuple_(_d.source, _d.uri) > (place, uri))
        return [document_of(row) for row in self._rows(statement.order_by(_d.source, _d.uri).limit(limit))]

    def document_counts(self, scopes: Collection[int] | None = None) -> dict[tuple[str, DocumentState, str], int]:
        grouped = select(_d.source, _d.state, _d.language, func.count()).where(_d.state != "removed")
        if scopes is not None:
            grouped = grouped.where(_d.scope.in_(scopes))
        rows = self._rows(grouped.group_by(_d.source, _d.state, _d.language))
        return {(source, state, language): count for source, state, language, count in rows}

    def save_document(self, document: Document, text: str | None = None, spans: Sequence[Span] | None = None) -> Document:
        _check(document, text)
        before = self.document(document.id)
        if before is None and document.number:
            raise NotFound(f"document {document.source}/{document.uri} was removed meanwhile", "sync again")
        groups = tuple(sorted(set(document.groups)))
        saved = document.model_copy(
            update={
                "number": before.number if before else 0,
                "groups": groups,
                "scope": before.scope if before and before.groups == groups else self.scope(groups),
                "characters": len(text) if text is not None else before.characters if before else 0,
            }
        )
        change = self._change(before, saved, text)
        saved = saved.model_copy(update={"revision": (before.revision if before else 0) + change.revision})
        row = _row(saved)
        if change.text:
            row["text_revision"] = saved.revision
        if before is None:
            number = self._inserted(documents.insert(), {"text_revision": saved.revision, **row})
            saved = saved.model_copy(update={"number": number})
        else:
            self._connection.execute(update(documents).where(_d.number == saved.number).values(row))
        if before is not None and text is not None:
            self._connection.execute(delete(document_values).where(document_values.c.document == saved.number))
        self._save_content(before, saved, text if change.text else None, spans if text is None else spans or ())
        if change.revision:
            self._mark_stale(before, saved)
        self._corpus_changed |= change.answers
        self._check_place(before, saved)
        return saved

    def remove_documents(self, ids: Collection[str]) -> None:
        for lot in in_lots(ids):
            rows = self._rows(select(_d.number, _d.source, _d.uri, _d.state).where(_d.id.in_(lot), _d.state != "removed"))
            numbers = [number for number, *_ in rows]
            self._corpus_changed |= any(state == "indexed" for *_, state in rows)
            self._erase(numbers)
            uris = [f"{source}/{uri}" for _, source, uri, _ in rows]
            self._connection.execute(delete(findings).where(findings.c.uri.in_(uris)))
            self._connection.execute(update(build_documents).where(build_documents.c.document.in_(numbers)).values(stale=True))
            self._let_go(numbers)

    def text(self, number: int) -> str:
        return "".join(part for (part,) in self._rows(_TEXT, {"number": number}))

    def slices(self, spans: Sequence[tuple[int, int, int]]) -> list[str]:
        wanted = {place for number, start, end in spans for place in _places(number, start, end)}
        found: dict[int, str] = {}
        for lot in in_lots(wanted):
            found.update(cast("Any", self._rows(_PARTS, {"places": lot})))
        return [_slice(found, number, start, end) for number, start, end in spans]

    def spans(self, number: int) -> list[Span]:
        rows = self._rows(
            select(span_table.c.kind, span_table.c.start, span_table.c.end, span_table.c.score)
            .where(span_table.c.document == number)
            .order_by(span_table.c.ordinal)
        )
        return [made(Span, {"kind": kind, "start": start, "end": end, "score": score}) for kind, start, end, score in rows]

    def documents_matching(self, filters: Filters) -> Within:
        if not filters:
            return Within()
        indexed = _d.state == "indexed"
        wanted = and_(indexed, *matching.conditions(filters))
        total = self._value(select(func.count()).where(indexed))
        count = self._value(select(func.count()).select_from(documents).where(wanted))
        if count * 2 <= total:
            return Within(documents=frozenset(number for (number,) in self._rows(select(_d.number).where(wanted))))
        inside = select(_d.number).where(wanted)
        outside = select(_d.number).where(indexed, _d.number.not_in(inside)) if count < total else None
        return Within(excluded=frozenset(number for (number,) in self._rows(outside)) if outside is not None else frozenset())

    def metadata_keys(self, scopes: Collection[int] | None = None, *, among: Collection[str] | None = None) -> frozenset[str]:
        held = _d.state == "indexed" if scopes is None else and_(_d.state == "indexed", _d.scope.in_(scopes))
        key, document = document_metadata.c.key, document_metadata.c.document
        inside = select(key).join(documents, _d.number == document).where(held)
        if among is None:
            return frozenset(each for (each,) in self._rows(inside.distinct()))
        return frozenset(each for each in among if self._rows(inside.where(key == matching.short(each)).limit(1)))

    def _change(self, before: Document | None, saved: Document, text: str | None) -> "_Change":
        if before is None:
            return _Change(text=bool(text), revision=True, answers=saved.state == "indexed")
        new_text = text is not None and (len(text) != before.characters or text != self.text(before.number))

        def differs(names: Sequence[str]) -> bool:
            return any(_shown(before, name) != _shown(saved, name) for name in names)

        revision = new_text or differs(("title", "scope", "state"))
        seen = "indexed" in {before.state, saved.state}
        return _Change(new_text, revision, seen and (revision or differs(_SHOWN)))

    def _save_content(self, before: Document | None, saved: Document, text: str | None, found: Sequence[Span] | None) -> None:
        number = saved.number
        if text is not None:
            if before is not None:
                self._connection.execute(delete(texts).where(texts.c.document == number))
            parts = [text[start : start + PART] for start in range(0, len(text), PART)]
            self._insert(texts, [{"place": PARTS * number + n, "document": number, "text": part} for n, part in enumerate(parts)])
        if found is not None and (before is None or list(found) != self.spans(number)):
            self._corpus_changed |= saved.state == "indexed"
            if before is not None:
                self._connection.execute(delete(span_table).where(span_table.c.document == number))
            self._insert(span_table, [{"document": number, "ordinal": n, **span.model_dump()} for n, span in enumerate(found)])
        if before is None or _shown(before, "metadata") != _shown(saved, "metadata"):
            if before is not None:
                self._connection.execute(delete(document_metadata).where(document_metadata.c.document == number))
            rows = matching.metadata_rows(saved.metadata)
            self._insert(document_metadata, [{"document": number, "ordinal": n, **row} for n, row in enumerate(rows)])

    def _mark_stale(self, before: Document | None, saved: Document) -> None:
        taken = build_documents.c
        if before is not None:
            self._connection.execute(update(build_documents).where(taken.document == saved.number).values(stale=True))
        if saved.state == "indexed":
            unseen = select(builds.c.id, literal(saved.number), literal(0), literal(True)).where(
                ~exists().where(taken.build == builds.c.id, taken.document == saved.number)
            )
            self._connection.execute(build_documents.insert().from_select(["build", "document", "revision", "stale"], unseen))

    def _check_place(self, before: Document | None, saved: Document) -> None:
        if before is None or before.state == "removed" or (before.source, before.uri) != (saved.source, saved.uri):
            self._placed.add((saved.source, saved.uri))

    def _erase(self, numbers: Sequence[int]) -> None:
        """Headings and table headers are words of the document as well."""
        held = select(build_documents.c.build, build_documents.c.document).where(build_documents.c.document.in_(numbers))
        for table, column in (
            (texts, texts.c.document),
            (span_table, span_table.c.document),
            (document_metadata, document_metadata.c.document),
            (document_values, document_values.c.document),
        ):
            self._connection.execute(delete(table).where(column.in_(numbers)))
        self._connection.execute(
            update(chunks).where(tuple_(chunks.c.build, chunks.c.document).in_(held)).values(headings="[]", table_header="")
        )
        self._connection.execute(update(documents).where(_d.number.in_(numbers)).values(_NOTHING))

    def _let_go(self, numbers: Sequence[int]) -> None:
        """The rows of removed documents that no build holds any more vanish."""
        held = exists().where(build_documents.c.document == _d.number)
        self._connection.execute(delete(documents).where(_d.number.in_(numbers), _d.state == "removed", ~held))


class _Change(NamedTuple):
    """What a save changes: the text, what the index depends on, what an answer may show."""

    text: bool
    revision: bool
    answers: bool


def _check(document: Document, text: str | None) -> None:
    place = f"{document.source}/{document.uri}"
    if document.state == "removed":
        raise InvalidInput(f"{place} cannot be saved as removed", "remove it")
    if len(document.uri.encode()) > _URI_BYTES:
        raise InvalidInput(f"the path {document.uri[:80]}… is longer than {_URI_BYTES} bytes", "shorten it")
    if "\0" in document.title or (text is not None and "\0" in text):
        raise InvalidInput(f"{place} holds a NUL character", "take it out before saving")


def _shown(document: Document, name: str) -> Any:
    """1, 1.0 and true are equal to Python, but not in a filter."""
    value = getattr(document, name)
    return packed(value) if name == "metadata" else value


def _row(document: Document) -> dict[str, Any]:
    row: dict[str, Any] = {name: getattr(document, name) for name in _COLUMNS if name != "number"}
    row["metadata"] = packed(document.metadata)
    row["pages"] = packed([[page.number, page.start, page.end] for page in document.pages])
    row["added_at"] = document.added_at.astimezone(UTC).isoformat()
    row["updated_at"] = document.updated_at.astimezone(UTC).isoformat()
    return row


def document_of(row: Sequence[Any]) -> Document:
    fields: dict[str, Any] = dict(zip(_FIELDS, row, strict=True))
    fields["groups"] = group_names(fields["groups"])
    fields["metadata"] = _metadata(fields["metadata"])
    fields["pages"] = tuple(
        made(Page, {"number": number, "start": start, "end": end}) for number, start, end in loaded_list(fields["pages"])
    )
    fields["added_at"] = datetime.fromisoformat(fields["added_at"])
    fields["updated_at"] = datetime.fromisoformat(fields["updated_at"])
    return made(Document, fields)


def _metadata(text: str) -> dict[str, Any]:
    if text == "{}":
        return {}
    value = cast("Mapping[str, Any]", json.loads(text))
    return {key: tuple(cast("list[Any]", each)) if isinstance(each, list) else each for key, each in value.items()}


def _places(number: int, start: int, end: int) -> range:
    first = PARTS * number
    return range(first + start // PART, first + (end - 1) // PART + 1) if end > start else range(0)


def _slice(found: Mapping[int, str], number: int, start: int, end: int) -> str:
    offset = start // PART * PART
    return "".join(found.get(place, "") for place in _places(number, start, end))[start - offset : end - offset]
