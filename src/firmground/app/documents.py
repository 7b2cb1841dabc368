"""Look at documents, and decide about those that wait."""

from contextlib import suppress
from typing import Any, get_args

from firmground.app import traces
from firmground.app.app import App
from firmground.app.indexing import bring_up_to_date
from firmground.app.quality import by_harm, take_out
from firmground.app.rights import administrators_only
from firmground.app.saving import forget_facts, let_in, mark_erased, purge_erased
from firmground.errors import InvalidInput, NotFound, Refused
from firmground.ports import Transaction
from firmground.types import Actor, Document, DocumentState, Finding


def listed(app: App, actor: Actor, *, source: str | None = None, state: DocumentState | None = None) -> list[Document]:
    """The documents this person may see, by source and uri: administrators all, others those that can be asked."""
    if source is not None and source not in app.sources:
        known = f"known sources: {', '.join(app.sources)}" if actor.admin else "leave it out to see all"
        raise NotFound(f"there is no source {source!r}", known)
    with app.database.reading() as tx:
        if actor.admin:
            return tx.documents(source=source, state=state)
        scopes = tx.visible_scopes(actor.groups)
        found = tx.documents(source=source, state="indexed") if state in {None, "indexed"} else []
    return [_told(document, actor) for document in found if document.scope in scopes]


def show(app: App, actor: Actor, reference: str) -> dict[str, Any]:
    """One document with its text, its chunks and what was found in it."""
    with app.database.reading() as tx:
        document = _visible(tx, actor, reference)
        return {
            **document.model_dump(mode="json"),
            "text": tx.text(document.number),
            "chunks": [chunk.model_dump(mode="json") for chunk in tx.document_chunks(app.candidate.build, document.number)],
            "spans": [span.model_dump(mode="json") for span in tx.spans(document.number)],
        }


def release(app: App, actor: Actor, reference: str) -> Document:
    """Let a quarantined document in, on the word of the administrator who looked at it; it holds until its content changes."""
    administrators_only(actor, "release documents")
    with app.database.transaction() as tx:
        document = _visible(tx, actor, reference)
        if document.state != "quarantined":
            raise Refused(
                f"{document.source}/{document.uri} is {document.state}, not quarantined", "only what waits can be released"
            )
        released = let_in(tx, document, app.clock())
        take_out(tx, app.sources, f"{document.source}/{document.uri}")
    bring_up_to_date(app)
    return released


def find(app: App, actor: Actor, reference: str) -> Document:
    """What is known of one document, without its text."""
    with app.database.reading() as tx:
        return _visible(tx, actor, reference)


def purge(app: App, actor: Actor, reference: str) -> Document:
    """Erase a document from database and index, and leave an exclusion, so that the next sync does not bring it back while its file
    exists. One that is excluded stays as it is. For administrators."""
    administrators_only(actor, "purge documents")
    with app.database.transaction() as tx:
        document = _visible(tx, actor, reference)
        if document.state != "excluded":
            document = _excluded(app, tx, document, actor)
    bring_up_to_date(app)
    purge_erased(app)
    return document


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
    if actor.admin:
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
    administrators_only(actor, "read the quality report")
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
