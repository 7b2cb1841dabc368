"""What lets people in, in data that was restored: never more than what the present database has. What was made before the backup and
still is stays; what ended or got less since ends or gets less again; what was added since is not in the backup. Passwords, limits and where
people have mail are those of now, with what was confirmed or withdrawn since."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from firmground.accounts import Account, ApiKey, Identity
from firmground.app.access.refused import REFUSED
from firmground.app.app import App
from firmground.app.recording.ledger import record
from firmground.errors import InvalidInput, NotFound, Refused
from firmground.ledger import LedgerEntry
from firmground.outbox import Contact
from firmground.ports import Transaction
from firmground.rights import Role
from firmground.types import Actor, Json
from firmground.usage import Limits, Pool

KINDS = ("person.removed", "group.renamed", "group.removed")
_ALL = 1_000_000
"""As good as no bound."""


@dataclass(frozen=True)
class AccessNow:
    """What the present database says of it."""

    roles: Mapping[str, Role] = field(default_factory=dict[str, Role])
    groups: Mapping[str, Mapping[str, str]] = field(default_factory=dict[str, Mapping[str, str]])
    """Of people, with the provider that says so."""
    accounts: Mapping[str, tuple[Account, str]] = field(default_factory=dict[str, tuple[Account, str]])
    """With their passwords' hashes."""
    identities: frozenset[tuple[str, str, str]] = frozenset()
    contacts: Mapping[str, Contact] = field(default_factory=dict[str, Contact])
    keys: frozenset[tuple[object, ...]] = frozenset()
    shares: frozenset[str] = frozenset()
    limits: Mapping[Pool, Limits] = field(default_factory=dict[Pool, Limits])
    refused: Mapping[str, Json] = field(default_factory=dict[str, Json])


def access_now(tx: Transaction) -> AccessNow:
    accounts = {account.person: (account, tx.password(account.person) or "") for account in tx.accounts()}
    return AccessNow(
        roles=tx.roles(),
        groups={name: tx.groups_of(name) for name in tx.roles()},
        accounts=accounts,
        identities=frozenset(_same_identity(each) for name in accounts for each in tx.identities(name)),
        contacts={name: tx.contact(name) for name in tx.roles()},
        keys=frozenset(map(_same_key, tx.api_keys())),
        shares=frozenset(tx.all_shared()),
        limits=tx.all_limits(limit=_ALL),
        refused=tx.facts(REFUSED),
    )


def bound_again(there: App, tx: Transaction, actor: Actor, entries: Sequence[LedgerEntry], now: AccessNow) -> None:
    """In restored data. Groups take the names that they have now first, so that memberships can be compared by them."""
    for entry in entries:
        _group_again(there, tx, actor, entry)
    for key, whose in now.refused.items():
        tx.put_fact(REFUSED, key, whose)
    gone = {entry.subject for entry in entries if entry.kind == "person.removed"}
    for name in list(tx.roles()):
        if name not in now.roles or name in gone or (tx.account(name) is not None and name not in now.accounts):
            _removed(there, tx, actor, name, now)
        _account_again(there, tx, actor, name, now)
        _contact_again(there, tx, actor, name, now)
        _memberships_again(there, tx, actor, name, now)
        _identities_again(there, tx, actor, name, now)
    for key in tx.api_keys():
        if _same_key(key) not in now.keys:
            tx.drop_key(key.name)
            record(there, tx, actor, "key.removed", key.name, restored=True)
    for answer in tx.all_shared() - now.shares:
        tx.unshare(answer)
    _limits_again(there, tx, actor, now)


def _group_again(there: App, tx: Transaction, actor: Actor, entry: LedgerEntry) -> None:
    """In their order, since names are given anew."""
    name, before = entry.subject, str(entry.detail.get("before", ""))
    with suppress(NotFound, InvalidInput, Refused):
        if entry.kind == "group.renamed":
            tx.rename_group(before, name)
            record(there, tx, actor, "group.renamed", name, before=before, restored=True)
        elif entry.kind == "group.removed":
            for person, _ in tx.members(name):
                tx.remove_member(name, person)
                record(there, tx, actor, "group.left", name, person=person, restored=True)
            tx.drop_group(name)
            record(there, tx, actor, "group.removed", name, restored=True)


def _removed(there: App, tx: Transaction, actor: Actor, name: str, now: AccessNow) -> None:
    """Whoever has that name now is somebody else."""
    tx.remove_person(name)
    record(there, tx, actor, "person.removed", name, restored=True)
    if name in now.roles:
        tx.add_person(name, role=now.roles[name])
        record(there, tx, actor, "person.added", name, role=now.roles[name], restored=True)
        if name in now.accounts:
            tx.save_account(*now.accounts[name])
            record(there, tx, actor, "account.added", name, restored=True)


def _account_again(there: App, tx: Transaction, actor: Actor, name: str, now: AccessNow) -> None:
    if tx.has_person(name) and tx.account(name) is not None and (tx.password(name) or "") != now.accounts[name][1]:
        tx.save_account(*now.accounts[name])
        record(there, tx, actor, "account.password_set", name, restored=True)


def _contact_again(there: App, tx: Transaction, actor: Actor, name: str, now: AccessNow) -> None:
    """Links that were sent to confirm an address end all the same."""
    if not tx.has_person(name):
        return
    then, wanted = tx.contact(name), now.contacts[name].model_copy(update={"proof": ""})
    if then != wanted:
        tx.save_contact(wanted)
    if then.address != wanted.address:
        record(there, tx, actor, "contact.changed", name, mail=wanted.mail, address=bool(wanted.address), restored=True)


def _memberships_again(there: App, tx: Transaction, actor: Actor, name: str, now: AccessNow) -> None:
    for group, origin in tx.groups_of(name).items() if tx.has_person(name) else ():
        wanted = now.groups[name].get(group)
        if wanted == origin:
            continue
        tx.remove_member(group, name)
        if wanted is None:
            record(there, tx, actor, "group.left", group, person=name, restored=True)
        else:
            tx.add_member(group, name, origin=wanted)


def _identities_again(there: App, tx: Transaction, actor: Actor, name: str, now: AccessNow) -> None:
    known = tx.identities(name)
    kept = [each for each in known if _same_identity(each) in now.identities]
    if len(kept) == len(known):
        return
    tx.drop_identities(name)
    for each in kept:
        tx.save_identity(each)
    for issuer in sorted({each.issuer for each in known} - {each.issuer for each in kept}):
        record(there, tx, actor, "account.unlinked", name, issuer=issuer, restored=True)


def _limits_again(there: App, tx: Transaction, actor: Actor, now: AccessNow) -> None:
    """Those of now, of everybody who is there."""
    then = tx.all_limits(limit=_ALL)
    for pool in sorted({*then, *now.limits}):
        limits = now.limits.get(pool, Limits())
        if then.get(pool, Limits()) == limits:
            continue
        with suppress(NotFound):
            tx.save_limits(pool, limits)
            told: dict[str, Json] = limits.model_dump(mode="json", exclude_none=True)
            record(there, tx, actor, "budget.changed", pool.name, of=pool.kind, limits=told, restored=True)


def _same_identity(each: Identity) -> tuple[str, str, str]:
    return each.issuer, each.subject, each.person


def _same_key(key: ApiKey) -> tuple[object, ...]:
    """What no other key has, and what does not change while it is used or a group gets another name."""
    return key.name, key.person, key.created_at, key.expires_at
