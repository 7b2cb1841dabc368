"""What became of people since a backup was made, done again in what was restored from it: who was erased stays erased, what was deleted
stays deleted, who lost rights does not get them back, what was taken back is not agreed to, and what must be kept is held."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from firmground.app.app import App
from firmground.app.launching import approvals
from firmground.app.personal import erasing
from firmground.app.personal.pseudonyms import ERASED, keep_secret, pseudonym, secret_of
from firmground.app.recording.ledger import record
from firmground.ledger import LedgerEntry
from firmground.personal import Consent, Hold
from firmground.ports import Transaction
from firmground.rights import GRANTS, Role, rights_of
from firmground.types import Actor, Json

KINDS = ("person.erased", "answers.deleted", "person.changed", "person.unheld")


@dataclass(frozen=True)
class PeopleNow:
    """What the present database says of them."""

    secret: str = ""
    """That pseudonyms are made with."""
    erased: Mapping[str, Json] = field(default_factory=dict[str, Json])
    roles: Mapping[str, Role] = field(default_factory=dict[str, Role])
    withdrawn: Sequence[Consent] = ()
    holds: Sequence[Hold] = ()


def people_now(tx: Transaction) -> PeopleNow:
    return PeopleNow(
        secret=secret_of(tx),
        erased=tx.facts(ERASED),
        roles=tx.roles(),
        withdrawn=[each for each in tx.consents() if each.withdrawn_at is not None],
        holds=tx.holds(),
    )


def done_again(there: App, tx: Transaction, actor: Actor, entries: Sequence[LedgerEntry], now: PeopleNow) -> None:
    """In restored data, by the entries since the backup. `erasing.finish` is due afterwards."""
    keep_secret(tx, now.secret)
    erased = {entry.subject for entry in entries if entry.kind == "person.erased"}
    for name in sorted(tx.names_kept()) if erased else ():
        if (alias := pseudonym(tx, name)) in erased:
            told: dict[str, Json] = {**erasing.erase_now(there, tx, name).counts}
            record(there, tx, actor, "person.erased", alias, removed=told, restored=True)
    for alias, at in now.erased.items():
        tx.put_fact(ERASED, alias, at)
    for entry in entries:
        if entry.kind == "answers.deleted":
            _deleted(there, tx, actor, entry)
        elif entry.kind == "person.changed":
            _demoted(there, tx, actor, entry.subject, now)
        elif entry.kind == "person.unheld" and entry.subject not in {hold.person for hold in now.holds}:
            tx.drop_hold(entry.subject)
    for consent in now.withdrawn:
        if any(each.version == consent.version and each.at == consent.at for each in tx.consents(consent.person)):
            tx.save_consent(consent)
    for hold in now.holds:
        tx.save_hold(hold)


def _deleted(there: App, tx: Transaction, actor: Actor, entry: LedgerEntry) -> None:
    """All that the backup holds is older than the entry."""
    if entry.subject == "all":
        if counts := {kind: count for kind, count in tx.drop_person_data(entry.by).items() if count}:
            told: dict[str, Json] = {**counts}
            erasing.log_is_due(tx)
            record(there, tx, actor, "answers.deleted", "all", by=entry.by, removed=told, restored=True)
    elif tx.asker(entry.subject) == entry.by:
        erasing.drop(tx, [entry.subject])
        erasing.log_is_due(tx)
        record(there, tx, actor, "answers.deleted", entry.subject, by=entry.by, restored=True)


def _demoted(there: App, tx: Transaction, actor: Actor, name: str, now: PeopleNow) -> None:
    """Who may do less now than the backup says; somebody who may do more is made so again by whoever wants that."""
    if name not in now.roles or not tx.has_person(name):
        return
    before, role = tx.actor(name).role, now.roles[name]
    if rights_of(before) - rights_of(role):
        tx.set_role(name, role)
        if role not in GRANTS["releases"]:
            approvals.forget(tx, name)
        record(there, tx, actor, "person.changed", name, role=role, before=before, restored=True)
