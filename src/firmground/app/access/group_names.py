"""Another name for a group, and the end of one."""

from collections.abc import Iterator
from itertools import chain

from firmground.app.access.names import new_group, plain
from firmground.app.access.rights import need
from firmground.app.app import App
from firmground.app.corpus.saving import FACTS
from firmground.app.recording.ledger import record
from firmground.errors import Refused
from firmground.ports import Transaction
from firmground.types import Actor


def rename_group(app: App, actor: Actor, group: str, name: str) -> None:
    """Call a group otherwise: its members, documents, keys and limits stay. Refused while a place names it still, since the next sync or
    sign-in would make it again; the place is told. NotFound for an unknown group; InvalidInput for a name that is taken, or looks like one
    that is."""
    need(actor, "people", "manage people")
    group = plain(group)
    with app.database.transaction() as tx:
        name = new_group(name, (known for known, _ in tx.groups_page() if known != group))
        tx.rename_group(group, name)
        if place := next(chain(_in_settings(app, group), _in_documents(app, tx, name, group), _by_provider(app, tx, name)), None):
            raise Refused(f"{place} still names the group '{group}'", f"write '{name}' there, then rename it")
        record(app, tx, actor, "group.renamed", name, before=group)


def remove_group(app: App, actor: Actor, group: str) -> None:
    """Forget a group that nobody is in and no document was ever for. Refused for others, and while firmground.toml names it."""
    need(actor, "people", "manage people")
    group = plain(group)
    with app.database.transaction() as tx:
        tx.drop_group(group)
        for place in _in_settings(app, group):
            raise Refused(f"{place} still names the group '{group}'", "take it out there, then remove it")
        for key in tx.api_keys():
            if group in (key.groups or ()):
                raise Refused(f"the key '{key.name}' is for the group '{group}'", "remove the key first")
        record(app, tx, actor, "group.removed", group)


def _in_settings(app: App, group: str) -> Iterator[str]:
    settings = app.workspace.settings
    for source in settings.sources:
        if group in source.groups or group in source.personal_data_for:
            yield f"firmground.toml (the source {source.name})"
        for rule in source.rules:
            if group in (rule.groups or ()):
                yield f"firmground.toml (the rule {rule.match} of the source {source.name})"
    if group in settings.uploads.personal_data_for:
        yield "firmground.toml (personal_data_for under [uploads])"
    if group in settings.oidc.groups.values():
        yield "firmground.toml (groups under [oidc])"


def _in_documents(app: App, tx: Transaction, name: str, group: str) -> Iterator[str]:
    """What lies beside or in the documents that are for it, as it stands now."""
    for document in tx.documents(scopes=tx.visible_scopes([name])):
        source = app.sources.get(document.source)
        said = [] if source is None else source.said(document.uri)
        facts = tx.fact(FACTS, document.id)
        own = facts.get("groups") if isinstance(facts, dict) else None
        if isinstance(own, list) and group in own:
            said.append((f"the front matter of {document.source}/{document.uri}", (group,)))
        for place, groups in said:
            if group in groups:
                yield place if document.source in place else f"{document.source}: {place}"


def _by_provider(app: App, tx: Transaction, name: str) -> Iterator[str]:
    if name in app.workspace.settings.oidc.groups.values():
        return
    if any(origin for _, origin in tx.members(name)):
        yield "the provider that people sign in with"
