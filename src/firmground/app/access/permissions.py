"""Whether somebody may see a document, and why or why not, in words."""

from collections.abc import Sequence
from contextlib import suppress
from typing import Any, cast

from pydantic import Field

from firmground.app.access.names import WIDGET, plain
from firmground.app.access.rights import need
from firmground.app.app import App
from firmground.app.corpus.documents import find
from firmground.app.corpus.saving import FACTS
from firmground.app.launching.releases import LIVE, named
from firmground.app.redaction.masked import reads_masked
from firmground.app.redaction.revealing import readers
from firmground.errors import FirmgroundError
from firmground.groups import EVERYONE, PUBLIC, agreed
from firmground.ports import Transaction
from firmground.rights import Role
from firmground.types import Actor, Document, Value

_WAITING = 10_000
"""Documents that wait for the index, among which one is looked for."""


class Said(Value):
    """What one place says of who may see a document."""

    place: str
    groups: tuple[str, ...]


class Permission(Value):
    """Whether somebody may see a document."""

    person: str
    """A person, `public` for whoever is not signed in, or `widget:NAME` for visitors of the page elsewhere that a key is for."""
    role: Role
    document: str
    """Its address, source/path."""
    allowed: bool
    why: tuple[str, ...]
    change: tuple[str, ...] = ()
    """What would make it otherwise; empty where nobody but the person asked about it."""
    groups: tuple[str, ...]
    """Those of the document; of others only what concerns the person, where they ask about themselves."""
    said: tuple[Said, ...] = ()
    """Where these come from: the first allows, the others narrow."""
    reads_masked: bool | None = None
    """Whether they read personal data that is masked in it; None where none is, or they may not see it."""
    person_groups: dict[str, str] = Field(default={})
    """Those of the person, with the provider that put them in (empty: by hand)."""


def can(app: App, actor: Actor, person: str, document: str) -> Permission:
    """Whether this person may see this document, as the next request would find it. About oneself anybody may ask, about others who audits
    or manages people. NotFound for a document that the asker may not see, as anywhere, and for an unknown person."""
    about_oneself = person == actor.person
    if not about_oneself and not actor.may("audit"):
        need(actor, "people", "ask what others may see")
    found = find(app, actor, document)
    with app.database.reading() as tx:
        whose, origins = (actor, {}) if about_oneself and not tx.has_person(person) else _whose(tx, person)
        groups = tx.groups_of(person) if tx.has_person(person) else origins
        if not actor.may("see_all"):  # who may look this up may know of it what they know anyway
            told = _plainly(tx, whose, found, groups if about_oneself else {})
            return told.model_copy(update=_masked(app, tx, whose, found, told))
        indexed = _in_index(app, tx, found)
        said = _said(app, tx, found)
        masked = reads_masked(app, tx, whose, found)
    visible = set(whose.groups) & set(found.groups)
    allowed = whose.may("see_all") or (found.state == "indexed" and bool(visible))
    why = [*_of_person(whose, found, groups), *_of_document(found, indexed), *_of_place(found, said)]
    if allowed and masked is not None:
        why.append(_of_masked(app, whose, found, reads=masked))
    return Permission(
        person=whose.person,
        role=whose.role,
        document=f"{found.source}/{found.uri}",
        allowed=allowed,
        why=tuple(why),
        change=tuple(_changes(whose, found, allowed=allowed)),
        groups=found.groups,
        said=said,
        reads_masked=masked if allowed else None,
        person_groups=groups,
    )


def _masked(app: App, tx: Transaction, whose: Actor, document: Document, told: Permission) -> dict[str, Any]:
    """The same of masked personal data, for who does not see everything: no group is named."""
    reads = reads_masked(app, tx, whose, document) if told.allowed else None
    if reads is None:
        return {}
    said = "read as what it is" if reads else "shown as its kind only"
    return {"reads_masked": reads, "why": (*told.why, f"personal data in it is masked, and {said}")}


def _of_masked(app: App, whose: Actor, document: Document, *, reads: bool) -> str:
    for_whom = ", ".join(readers(app, document.source) or ()) or "everybody in a group that may see it"
    verb = "reads it" if reads else "does not: they see what kind it is"
    return f"personal data in it is masked for all but {for_whom}; {whose.person} {verb}"


def _whose(tx: Transaction, person: str) -> tuple[Actor, dict[str, str]]:
    """On whose behalf a request would come."""
    if person == PUBLIC:
        return Actor(person=PUBLIC, via="http"), {}
    if tx.has_person(person):
        return tx.actor(person, via="http"), {}
    name = person.removeprefix(WIDGET)
    known = tx.api_keys()
    key = next((each for each in known if each.name == name and each.groups is not None), None)
    if key is None:
        return tx.actor(plain(person), via="http"), {}
    groups = dict.fromkeys(key.groups or (), "")
    return Actor(person=f"{WIDGET}{name}", groups=frozenset({*groups, PUBLIC}), via="http"), groups


def _plainly(tx: Transaction, whose: Actor, document: Document, groups: dict[str, str]) -> Permission:
    """For who does not see everything: of the document they see what anybody does who may see it."""
    by = sorted(set(whose.groups) & set(document.groups))
    allowed = whose.may("see_all") or document.scope in tx.visible_scopes(whose.groups)
    through = f"{_is_in(by[0])}, which may see it" if by else "is in no group that may see it"
    why = (
        f"{whose.person} has the role {whose.role}, which sees every document"
        if whose.may("see_all")
        else f"{whose.person} {through}"
    )
    return Permission(
        person=whose.person,
        role=whose.role,
        document=f"{document.source}/{document.uri}",
        allowed=allowed,
        why=(why,),
        groups=tuple(group for group in document.groups if group in by),
        person_groups={group: origin for group, origin in groups.items() if group in by},
    )


def _is_in(group: str, origin: str = "") -> str:
    if group == PUBLIC:
        return "is, as everybody, in the group public"
    if group == EVERYONE:
        return "is, as every person who is known, in the group everyone"
    return f"is in the group {group}" + (f" (by {origin})" if origin else "")


def _of_person(whose: Actor, document: Document, groups: dict[str, str]) -> list[str]:
    if whose.may("see_all"):
        return [f"{whose.person} has the role {whose.role}, which sees every document"]
    by = sorted(set(whose.groups) & set(document.groups))
    if by:
        return [f"{whose.person} {_is_in(group, groups.get(group, ''))}, which may see it" for group in by]
    if not document.groups:
        return ["no group may see it: only administrators do"]
    own = sorted(set(whose.groups) - {EVERYONE, PUBLIC})
    theirs = f"only in {', '.join(own)}" if own else "in no group" if EVERYONE in whose.groups else "not signed in"
    return [f"it is for {', '.join(document.groups)}; {whose.person} is {theirs}"]


def _of_document(document: Document, indexed: bool) -> list[str]:
    if document.state == "quarantined":
        return ["it waits in quarantine until somebody lets it in: until then it answers no question"]
    if document.state == "excluded":
        return ["it was erased by a person: only that it existed is known"]
    if document.state != "indexed":
        return [f"it is {document.state} and answers no question ({document.detail or document.code or 'no details'})"]
    return (
        [] if indexed else ["the index does not hold it as it is now: questions may not find it before the next sync has ended"]
    )


def _of_place(document: Document, said: Sequence[Said]) -> list[str]:
    lines = [f"{each.place} says: {', '.join(each.groups) or 'nobody'}" for each in said]
    if said and agreed([(each.place, each.groups) for each in said]) != document.groups and document.state == "indexed":
        lines.append(f"when it was last synced that came to: {', '.join(document.groups) or 'nobody'}")
    return lines


def _changes(whose: Actor, document: Document, *, allowed: bool) -> list[str]:
    address = f"{document.source}/{document.uri}"
    by = sorted(set(whose.groups) & set(document.groups))
    if whose.may("see_all"):
        return [f"`firmground person role {whose.person} user` would leave them what their groups may see"]
    if allowed:
        own = [group for group in by if group not in {EVERYONE, PUBLIC}]
        if own == by and not whose.person.startswith(WIDGET):
            return [f"`firmground group remove {group} --person {whose.person}` would take it away" for group in own]
        return ["other groups in firmground.toml, or in a file beside it, and a sync would take it away"]
    ways: list[str] = []
    if document.state == "quarantined":
        ways.append(f"`firmground documents release {address}` lets it in, once somebody has read it")
    elif document.state != "indexed":
        ways.append("`firmground sync` takes it in again, once what is wrong with it is mended")
    if not by and document.groups and not (whose.person == PUBLIC or whose.person.startswith(WIDGET)):
        ways += [f"`firmground group add {group} --person {whose.person}` would allow it" for group in document.groups[:3]]
    if not by:
        ways.append("other groups in firmground.toml, or in a file beside it, and a sync would allow it")
    return ways


def _said(app: App, tx: Transaction, document: Document) -> tuple[Said, ...]:
    source = app.sources.get(document.source)
    told = [] if source is None or document.state == "excluded" else source.said(document.uri)
    facts = cast("dict[str, Any]", tx.fact(FACTS, document.id) or {})
    if told and facts.get("groups") is not None:
        told.append(("the document itself (its front matter)", tuple(sorted(facts["groups"]))))
    return tuple(Said(place=place, groups=groups) for place, groups in told)


def _in_index(app: App, tx: Transaction, document: Document) -> bool:
    recipe = app.candidate
    with suppress(FirmgroundError):
        recipe = named(app, tx, LIVE)
    return all(each.id != document.id for each in tx.stale_documents(recipe.build, limit=_WAITING))
