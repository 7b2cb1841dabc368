"""Who somebody is here whom a provider vouches for, and what follows from what it says of them.

A person is known by issuer and subject, never by a name or an address: those can be given to somebody else over there.
"""

import logging
from collections.abc import Mapping

from firmground.accounts import Account, Identity
from firmground.app.access.memberships import told_by_provider
from firmground.app.access.names import new_group, new_person, plain
from firmground.app.access.refused import allow, check_not_refused
from firmground.app.access.rights import need
from firmground.app.access.roles import give_role, may_admit
from firmground.app.app import App
from firmground.app.recording.ledger import record
from firmground.errors import InvalidInput, InvalidSettings, NotAllowed, NotFound, Refused
from firmground.groups import EVERYONE, PUBLIC
from firmground.ports import Transaction
from firmground.rights import ROLES, Role
from firmground.settings_oidc import OidcSection
from firmground.types import Actor, Json

_LEAST: Role = "user"
_MOST_GROUPS = 1000
_LONGEST_SUBJECT = 255
_log = logging.getLogger(__name__)


def identities(app: App, actor: Actor, person: str = "") -> list[Identity]:
    """What a person is known by elsewhere: one's own, or for administrators those of somebody else."""
    if person not in {"", actor.person}:
        need(actor, "people", "see identities of others")
    with app.database.reading() as tx:
        return tx.identities(person or actor.person)


def connect(app: App, actor: Actor, name: str, subject: str) -> None:
    """Let a person sign in as the provider's `subject`, with an account if they have none. For administrators; an owner's is for owners.
    NotFound for an unknown person; Refused where either is connected already."""
    need(actor, "people", "connect identities")
    issuer = settings(app).issuer
    if not 0 < len(subject) <= _LONGEST_SUBJECT or not subject.isprintable():
        raise InvalidInput("this cannot be a subject", "copy it from the provider, where it may be called object id or `sub`")
    with app.database.transaction() as tx:
        if not tx.has_owner():
            raise Refused("there is no owner yet", "make one first, with `firmground person add NAME --owner`")
        name = plain(name)
        may_admit(actor, tx.actor(name).role, "connect the identity of")
        link(app, tx, actor, name, Identity(issuer=issuer, subject=subject, person=name, seen_at=app.clock()))


def disconnect(app: App, actor: Actor, name: str) -> None:
    """A person is known by no identity any more: sessions that began by it end, and the groups that came by it go. NotFound for one who is
    not connected. Under a legal hold too, and then the record keeps which they were."""
    need(actor, "people", "disconnect identities")
    with app.database.transaction() as tx:
        name = plain(name)
        if tx.actor(name).role == "owner":
            need(actor, "own", "disconnect the identity of an owner")
        known = tx.identities(name)
        if not known:
            raise NotFound(f"{name} is connected to no identity", "`firmground person list` shows who there is")
        tx.drop_identities(name)
        for issuer in sorted({each.issuer for each in known}):
            told: dict[str, Json] = {"issuer": issuer}
            if tx.hold(name) is not None:
                told["held"] = [each.subject for each in known if each.issuer == issuer]
            record(app, tx, actor, "account.unlinked", name, by="", **told)
            let_go(app, tx, actor, name, issuer)


def link(app: App, tx: Transaction, actor: Actor, person: str, identity: Identity) -> None:
    """Connect an identity that is nobody's to a person who has none of that provider. Refused else."""
    whose = tx.identity(identity.issuer, identity.subject)
    if whose is not None and whose.person == person:
        return
    if whose is not None:
        raise Refused("this identity is connected to somebody else here", "an administrator can disconnect it there")
    if any(each.issuer == identity.issuer for each in tx.identities(person)):
        raise Refused(f"{person} is connected to another identity already", "an administrator can disconnect that one")
    if tx.account(person) is None:
        tx.save_account(Account(person=person, password=False, created_at=app.clock()))
        record(app, tx, actor, "account.added", person)
    tx.save_identity(identity)
    allow(tx, identity.issuer, identity.subject)
    record(app, tx, actor, "account.linked", person, issuer=identity.issuer)


def person_of(app: App, tx: Transaction, claims: Mapping[str, Json]) -> str:
    """Whom the provider vouches for, who is made known if need be. NotAllowed for somebody new where that may not be, for somebody who was
    removed, or under a name that could be taken for somebody else's."""
    issuer, subject = settings(app).issuer, str(claims["sub"])
    if (known := tx.identity(issuer, subject)) is not None:
        tx.save_identity(known.model_copy(update={"seen_at": app.clock()}))
        return known.person
    if not settings(app).provision:
        raise NotAllowed("nobody here is connected to this identity", f"ask an administrator to connect {subject!r} to you")
    check_not_refused(tx, issuer, subject)
    name = _new_name(app, tx, claims)
    actor = Actor(person=name, via="http")
    tx.add_person(name)
    record(app, tx, actor, "person.added", name, role="user")
    link(app, tx, actor, name, Identity(issuer=issuer, subject=subject, person=name, seen_at=app.clock()))
    return name


def follow_provider(app: App, tx: Transaction, person: str, claims: Mapping[str, Json]) -> None:
    """Give a person the groups that the provider says they are in, in place of those it said before, and the role that follows from them
    where the settings say so."""
    actor, asked, theirs = Actor(person=person, via="http"), settings(app), groups_in(app, claims)
    told_by_provider(app, tx, actor, person, _ours(app, tx, theirs), origin=asked.issuer)
    _role_follows(app, tx, actor, person, theirs)


def let_go(app: App, tx: Transaction, actor: Actor, person: str, issuer: str) -> None:
    """End what somebody has by a provider's word alone: sessions, groups, and the role where that follows it."""
    told_by_provider(app, tx, actor, person, (), origin=issuer)
    _role_follows(app, tx, actor, person, frozenset())
    begun = [each.id for each in tx.sessions(person) if each.issuer == issuer]
    for id in begun:
        tx.drop_session(id)
    if begun:
        record(app, tx, actor, "session.ended", person, sessions=len(begun), issuer=issuer)


def admitted(app: App, claims: Mapping[str, Json]) -> bool:
    """Whether the provider says that they are in a group that may sign in here."""
    allowed = settings(app).allowed_groups
    return not allowed or not groups_in(app, claims).isdisjoint(allowed)


def groups_in(app: App, claims: Mapping[str, Json]) -> frozenset[str]:
    """The provider's groups. NotAllowed for more than anybody is in, of which some would be left out."""
    said = claims.get(settings(app).groups_claim)
    said = [said] if isinstance(said, str) else said if isinstance(said, list) else []
    if len(said) > _MOST_GROUPS:
        raise NotAllowed(f"the provider names more than {_MOST_GROUPS} groups", "ask an administrator to let it name fewer")
    return frozenset(each for each in said if isinstance(each, str))


def settings(app: App) -> OidcSection:
    """InvalidSettings where there is no provider."""
    found = app.workspace.settings.oidc
    if not found.issuer:
        raise InvalidSettings("there is no provider to sign in with", "set issuer and client_id under [oidc]")
    return found


def _role_follows(app: App, tx: Transaction, actor: Actor, person: str, theirs: frozenset[str]) -> None:
    """Of several roles, the first of `ROLES`; owners are made and unmade by hand."""
    mapped = settings(app).roles
    before = tx.actor(person).role
    given: set[Role] = {mapped[group] for group in theirs & mapped.keys()}
    fit: list[Role] = [each for each in ROLES if each in given]
    role = fit[0] if fit else _LEAST
    if mapped and before not in {"owner", role}:
        give_role(app, tx, actor, person, role)


def _ours(app: App, tx: Transaction, theirs: frozenset[str]) -> list[str]:
    """Our names of these groups. One that cannot be a name, or could be taken for another group, counts for nothing."""
    asked = settings(app)
    if asked.groups:
        return sorted({asked.groups[each] for each in theirs & asked.groups.keys()})
    found: list[str] = []
    known: list[str] | None = None
    for each in sorted(theirs):
        try:
            name = plain(asked.groups_prefix + each)
            if not tx.has_group(name):
                known = [group for group, _ in tx.groups_page()] if known is None else known
                name = new_group(name, [*known, *found])
            found.append(name)
        except InvalidInput as error:
            _log.warning("a group of the sign-in provider is left out: %s", error)
    return [name for name in found if name not in {EVERYONE, PUBLIC}]


def _new_name(app: App, tx: Transaction, claims: Mapping[str, Json]) -> str:
    """Nobody becomes somebody who is here, or who was: what those asked is kept under their name."""
    try:
        name = new_person(_called(settings(app), claims), tx.roles())
    except InvalidInput:
        name = ""
    if not name or tx.has_person(name) or tx.latest_trace(name):
        raise NotAllowed(
            "your name at the provider cannot be taken here, or is too much like that of somebody who is or was here",
            f"if that is you, sign in with your password and connect the two; else ask an administrator to connect"
            f" {claims['sub']!r} to you",
        )
    return name


def _called(asked: OidcSection, claims: Mapping[str, Json]) -> str:
    for claim in (asked.person_claim, "email", "sub"):
        value = claims.get(claim)
        if isinstance(value, str) and value.strip() and (claim != "email" or claims.get("email_verified") is True):
            return value
    return ""
