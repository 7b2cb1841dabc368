"""Take in documents that people give to the workspace itself."""

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager

from firmground.app.access.rights import need
from firmground.app.app import App
from firmground.app.corpus import sync
from firmground.app.corpus.uploaded import Counted
from firmground.app.recording.intents import UPLOAD, fulfilled, intended
from firmground.app.recording.ledger import record
from firmground.errors import InvalidInput, Refused
from firmground.groups import EVERYONE, PUBLIC
from firmground.ports import Arriving
from firmground.types import Actor, Job, Json, Value, digest


class Upload(Value):
    """A document that was received. Nothing is answered from it before it is synced."""

    source: str
    uri: str
    groups: tuple[str, ...]
    """Who may see it; nobody but administrators where there is none."""
    replaced: bool


def check(app: App, actor: Actor, name: str, groups: Sequence[str] | None = None, *, replace: bool = True) -> None:
    """What can be refused before anything is sent: a person who may not upload, a name that no document can have or that is taken, a
    group that does not exist. For administrators."""
    need(actor, "documents", "upload documents")
    uri = app.uploads.named(name)
    if not replace and app.uploads.holds(uri):
        raise Refused(f"there is an upload named {name!r} already", "replace it, or give this one another name")
    known = {PUBLIC, EVERYONE}
    if groups and not known.issuperset(groups):
        with app.database.reading() as tx:
            known |= {name for name, _ in tx.groups_page()}
    if unknown := sorted(set(groups or ()) - known):
        raise InvalidInput(f"there is no group {unknown[0]!r}", f"known groups: {', '.join(sorted(known))}")


def receive(app: App, actor: Actor) -> AbstractContextManager[Arriving]:
    """Begin to take one in: write its parts, then `keep` it. LimitReached where that is more than somebody may upload today."""
    need(actor, "documents", "upload documents")
    return Counted(app, actor, app.uploads.receive())


def keep(
    app: App, actor: Actor, arriving: Arriving, name: str, groups: Sequence[str] | None = None, *, replace: bool = True
) -> Upload:
    """It is complete. `groups` may see it; with None those who saw the one that it replaces, administrators only where it replaces
    none. Refused where one of that name exists and shall not be replaced."""
    check(app, actor, name, groups)
    uri = app.uploads.named(name)
    with intended(app, actor, "source.uploaded", named(uri), UPLOAD + uri) as note:
        replaced = arriving.keep(name, groups, replace=replace)
        [file] = [file for file in app.uploads.files() if file.uri == uri] or [None]
        made = Upload(source=app.uploads.name, uri=uri, groups=file.groups if file else (), replaced=replaced)
        with app.database.transaction() as tx:
            if fulfilled(tx, note):
                shown: list[Json] = [*made.groups]
                record(app, tx, actor, "source.uploaded", named(uri), groups=shown, replaced=replaced)
    return made


def named(uri: str) -> str:
    """What the record calls an upload: its name is a document's words, which must be gone once it is erased."""
    return digest(["upload", uri])[:24]


def names(app: App, actor: Actor) -> dict[str, str]:
    """The uris of the uploads that are there, by what the record calls them. For administrators."""
    need(actor, "documents", "see all uploads")
    return {named(file.uri): file.uri for file in app.uploads.files()} if app.uploads.exists() else {}


def upload(
    app: App, actor: Actor, name: str, parts: Iterable[bytes], groups: Sequence[str] | None = None, *, replace: bool = True
) -> Upload:
    """Take in one document as a whole."""
    check(app, actor, name, groups, replace=replace)
    with receive(app, actor) as arriving:
        for part in parts:
            arriving.write(part)
        return keep(app, actor, arriving, name, groups, replace=replace)


def take_in(app: App, actor: Actor) -> Job:
    """Ask for a sync of what was uploaded."""
    return sync.request(app, actor, [app.uploads.name])
