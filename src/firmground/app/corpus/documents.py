"""Look at documents, and decide about those that wait."""

from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from hashlib import sha256
from typing import Any, NamedTuple, get_args

from firmground.app.access.rights import need
from firmground.app.app import App
from firmground.app.asking import traces
from firmground.app.asking.unscored import unscored
from firmground.app.corpus import sync
from firmground.app.corpus.indexing import bring_up_to_date, purge_erased
from firmground.app.corpus.quality import by_harm, take_out
from firmground.app.corpus.saving import forget, forget_facts, let_in, mark_erased
from firmground.app.corpus.uploads import named
from firmground.app.recording.intents import UPLOAD, fulfilled, intended
from firmground.app.recording.ledger import record
from firmground.app.redaction.masked import Hiding, hiding, may_have_file
from firmground.app.redaction.revealing import restored_value, values_of
from firmground.app.reviewing.outcome import as_reviewed
from firmground.errors import InvalidInput, NotAllowed, NotFound, ParseFailed, Refused
from firmground.guard.redaction import placeholders, reopened, restored
from firmground.ports import Transaction
from firmground.rights import ADDRESSEE
from firmground.types import Actor, Answer, Chunk, Document, DocumentState, Finding, SourceFile, Span

_LOOKS = 20
"""Into the answers that were found by a document, for those that quote it."""


def listed(
    app: App,
    actor: Actor,
    *,
    source: str | None = None,
    state: DocumentState | None = None,
    language: str | None = None,
    after: str = "",
    limit: int | None = None,
) -> list[Document]:
    """The documents this person may see, by source and uri, those after the address `after`: administrators all, others those that can
    be asked."""
    if source is not None and source not in _sources(app, actor):
        known = f"known sources: {', '.join(app.sources)}" if actor.may("see_all") else "leave it out to see all"
        raise NotFound(f"there is no source {source!r}", known)
    if not actor.may("see_all") and state not in {None, "indexed"}:
        return []
    with app.database.reading() as tx:
        found = tx.documents(
            source=source,
            state=state if actor.may("see_all") else "indexed",
            language=language,
            scopes=None if actor.may("see_all") else tx.visible_scopes(actor.groups),
            after=after,
            limit=limit,
        )
        found = _as_read(app, tx, actor, found)
    return found if actor.may("see_all") else [_told(document, actor) for document in found]


def _as_read(app: App, tx: Transaction, actor: Actor, found: list[Document]) -> list[Document]:
    """With what titles and metadata hide in its place, where this person may read that."""
    words = placeholders("\n".join(f"{each.title} {[*each.metadata.values()]}" for each in found))
    values = values_of(app, tx, actor, found, among=words) if words else {}
    return [_restored(each, values.get(each.number, {})) for each in found] if values else found


def _sources(app: App, actor: Actor) -> Collection[str]:
    """Those that this person may know of: one that shows them nothing does not exist for them."""
    return app.sources if actor.may("see_all") else {source for source, _, _ in counted(app, actor)}


def counted(app: App, actor: Actor) -> dict[tuple[str, DocumentState, str], int]:
    """How many documents of each source, state and language this person may see."""
    with app.database.reading() as tx:
        if actor.may("see_all"):
            return tx.document_counts()
        counts = tx.document_counts(tx.visible_scopes(actor.groups))
    return {key: count for key, count in counts.items() if key[1] == "indexed"}


def answers_of(app: App, actor: Actor, reference: str, *, limit: int = 20) -> list[Answer]:
    """The latest answers that quote this document, newest first: everybody's for administrators, their own for others."""
    with app.database.reading() as tx:
        document = _visible(tx, actor, reference)
        person, before, found = None if actor.may("see_all") else actor.person, "", list[Answer]()
        for _ in range(_LOOKS):
            kept = tx.traces_of([document.id], person=person, before=before, limit=limit)
            seen = traces.all_as_seen(tx, as_reviewed(tx, actor, kept), actor)
            found += [
                unscored(each.answer, actor)
                for each in seen
                if any(cited.document == document.id for cited in each.answer.citations)
            ]
            if len(kept) < limit or len(found) >= limit:
                break
            before = kept[-1].answer.id
    return found[:limit]


def original(app: App, actor: Actor, reference: str) -> tuple[Document, bytes]:
    """The file as its source holds it. NotFound where it is gone, or is not what was taken in: then who may see it is not known.
    NotAllowed where personal data in it is masked for this person."""
    with app.database.reading() as tx:
        document = _visible(tx, actor, reference)
        if not may_have_file(app, tx, actor, document):
            who = "ask somebody who may read it" if actor.may("see_all") else ADDRESSEE["see_all"]
            raise NotAllowed("the file holds personal data that is masked for you, so you may read its text only", who)
    address = f"{document.source}/{document.uri}"
    source = app.sources.get(document.source)
    if source is None or document.state in {"excluded", "removed"}:
        raise NotFound(f"there is no file of {address}", "sync, to see what the sources hold")
    file = SourceFile(uri=document.uri, stamp=document.stamp, size=document.size, modified_ns=document.modified_ns)
    try:
        content = source.read(file)
    except ParseFailed as wrong:
        raise NotFound(
            f"the file of {address} cannot be read now ({wrong.detail})", "sync, to see what the sources hold"
        ) from None
    if sha256(content).hexdigest() != document.content_hash:
        raise NotFound(f"the file of {address} has changed since it was taken in", "sync, then try again")
    return document, content


class Looked(NamedTuple):
    """One document as it is kept: the places of passages and citations are in this text."""

    document: Document
    text: str
    chunks: Sequence[Chunk]
    spans: Sequence[Span]
    hiding: Hiding
    """What of it this person does not read, and what they read in its place."""
    file: bool
    """Whether they may have its file, and see its pages as they look."""


def look(app: App, actor: Actor, reference: str) -> Looked:
    """One document with its text, its chunks and what was found in it."""
    with app.database.reading() as tx:
        document = _visible(tx, actor, reference)
        text, spans = tx.text(document.number), tx.spans(document.number)
        chunks = tx.document_chunks(app.candidate.build, document.number)
        found = (text[span.start : span.end] for span in spans)
        hides, file = hiding(app, tx, actor, document, found), may_have_file(app, tx, actor, document)
        return Looked(document, text, chunks, spans, hides, file)


def show(app: App, actor: Actor, reference: str) -> dict[str, Any]:
    """The same as this person reads it: with what is hidden in its place, where they may read that. Offsets are into this text."""
    document, text, chunks, spans, hides, _ = look(app, actor, reference)
    made = reopened(text, hides.values)

    def moved(each: Chunk | Span) -> dict[str, Any]:
        return {**each.model_dump(mode="json"), "start": made.place(each.start), "end": made.place(each.end)}

    headed = [each.model_copy(update=_headed(each, hides.values)) for each in chunks]
    return {
        **_restored(document, hides.values).model_dump(mode="json"),
        "pages": [page.model_dump(mode="json") for page in made.pages(document.pages)],
        "characters": len(made.text),
        "text": made.text,
        "chunks": [moved(each) for each in headed],
        "spans": [moved(each) for each in spans],
        "masked": [each.model_dump(mode="json") for each in hides.masked],
        "masked_readable": hides.readable,
    }


def _restored(document: Document, values: Mapping[str, str]) -> Document:
    metadata = {key: restored_value(value, values) for key, value in document.metadata.items()}
    return document.model_copy(update={"title": restored(document.title, values), "metadata": metadata})


def _headed(chunk: Chunk, values: Mapping[str, str]) -> dict[str, Any]:
    headings = tuple(restored(each, values) for each in chunk.headings)
    return {"headings": headings, "table_header": restored(chunk.table_header, values)}


def release(app: App, actor: Actor, reference: str) -> Document:
    """Let a quarantined document in, on the word of the administrator who looked at it; it holds until its content changes."""
    need(actor, "documents", "release documents")
    with app.database.transaction() as tx:
        document = _visible(tx, actor, reference)
        if document.state != "quarantined":
            raise Refused(
                f"{document.source}/{document.uri} is {document.state}, not quarantined", "only what waits can be released"
            )
        released = let_in(tx, document, app.clock())
        take_out(tx, app.sources, f"{document.source}/{document.uri}")
        record(app, tx, actor, "document.released", document.id, source=document.source)
    bring_up_to_date(app)
    return released


def find(app: App, actor: Actor, reference: str) -> Document:
    """What is known of one document, without its text."""
    with app.database.reading() as tx:
        return _visible(tx, actor, reference)


def purge(app: App, actor: Actor, reference: str) -> Document:
    """Erase a document from database and index, and leave an exclusion, so that the next sync does not bring it back while its file
    exists. One that is excluded stays as it is. Of an upload the file is deleted too, and nothing is left. For administrators."""
    need(actor, "documents", "purge documents")
    with app.database.reading() as tx:
        document = _visible(tx, actor, reference)
    if document.source == app.uploads.name:
        return _purge_upload(app, actor, document)
    with app.database.transaction() as tx:
        document = _visible(tx, actor, document.id)
        if document.state != "excluded":
            document = _excluded(app, tx, document, actor)
            record(app, tx, actor, "document.purged", document.id, source=document.source)
    bring_up_to_date(app)
    purge_erased(app)
    return document


def _purge_upload(app: App, actor: Actor, document: Document) -> Document:
    """The file goes first: were it left behind, the next sync would bring the document back."""
    file = named(document.uri)
    with intended(app, actor, "document.purged", document.id, UPLOAD + document.uri, file=file) as note:
        app.uploads.remove(document.uri)
        with app.database.transaction() as tx:
            forget(tx, [document.id])
            take_out(tx, app.sources, f"{document.source}/{document.uri}")
            if fulfilled(tx, note):
                record(app, tx, actor, "document.purged", document.id, file=file)
    bring_up_to_date(app)
    purge_erased(app)
    if app.uploads.exists() and app.jobs.unfinished("sync"):
        sync.request(app, actor, [app.uploads.name])  # one under way may have read the file before
    return document.model_copy(update={"state": "removed"})


def _excluded(app: App, tx: Transaction, document: Document, actor: Actor) -> Document:
    nothing: dict[str, Any] = {"code": None, "title": "", "metadata": {}, "pages": (), "characters": 0}
    said = {"state": "excluded", "detail": f"purged by {actor.person}", "updated_at": app.clock()}
    traces.erase(tx, [document.id])
    excluded = tx.save_document(document.model_copy(update={**nothing, **said}), text="", spans=())
    forget_facts(tx, [document.id])
    take_out(tx, app.sources, f"{document.source}/{document.uri}")
    mark_erased(tx)
    return excluded


def _visible(tx: Transaction, actor: Actor, reference: str) -> Document:
    """The document, if this person may see it. Others get the same words whether it is hidden, ambiguous or does not exist: hints would
    tell what there is."""
    if actor.may("see_all"):
        return tx.find_document(reference)
    with suppress(NotFound, InvalidInput):
        document = tx.find_document(reference)
        if document.state == "indexed" and document.scope in tx.visible_scopes(actor.groups):
            return _told(document, actor)
    raise NotFound(
        f"there is no document {reference!r}", "list them with `firmground documents list` and name one as source/path"
    )


def _told(document: Document, actor: Actor) -> Document:
    """Who else may see it is not everybody's business."""
    return document.model_copy(update={"groups": tuple(group for group in document.groups if group in actor.groups)})


def quality(app: App, actor: Actor, *, source: str | None = None) -> list[Finding]:
    """The quality findings of the last sync, those first that do most harm. For administrators: a finding about one document
    may name others."""
    need(actor, "documents", "read the quality report")
    need(actor, "see_all", "read the quality report")
    names = [source] if source is not None else list(app.sources)
    found: list[Finding] = []
    with app.database.reading() as tx:
        for name in names:
            if name not in app.sources:
                raise NotFound(f"there is no source {name!r}", f"known sources: {', '.join(app.sources)}")
            report = tx.report(name)
            found += report[1] if report else []
    return by_harm(found)


def parse_state(state: str | None) -> DocumentState | None:
    """InvalidInput for a state that does not exist."""
    known: tuple[DocumentState, ...] = get_args(DocumentState)
    if state is not None and state not in known:
        raise InvalidInput(f"there is no state {state!r}", f"use one of {', '.join(known)}")
    return next((each for each in known if each == state), None)
