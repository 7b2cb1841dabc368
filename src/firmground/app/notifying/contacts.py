"""Where people have mail, and how often they want it."""

from collections.abc import Mapping
from typing import get_args

from firmground.app.access.rights import need
from firmground.app.app import App
from firmground.app.notifying import confirming
from firmground.app.recording.ledger import record
from firmground.errors import InvalidInput, NotFound
from firmground.outbox import Contact, MailChoice, is_address
from firmground.ports import Transaction
from firmground.types import Actor, Json

CHOICES: tuple[MailChoice, ...] = get_args(MailChoice)


def of(app: App, actor: Actor, person: str = "") -> Contact:
    """Where they have mail: one's own; for whoever looks after people anybody's. NotFound."""
    person = person or actor.person
    if person != actor.person:
        need(actor, "people", "see where others have mail")
    with app.database.reading() as tx:
        _check_known(tx, actor, person)
        return tx.contact(person)


def choose(
    app: App, actor: Actor, person: str = "", *, address: str | None = None, mail: str | None = None, language: str = ""
) -> Contact:
    """Where this person has mail (empty: nowhere), and how often they want it; what is not given stays. One's own, or for whoever looks
    after people anybody's. What they wrote themselves, no provider changes; it counts only once they have confirmed it, and is asked for
    by a mail, if this server sends any: NotTaken where that could not be sent. Whoever writes it for others answers for it."""
    person = person or actor.person
    own = person == actor.person and not actor.local
    need(actor, "self" if person == actor.person else "people", "say where others have mail")
    if mail is not None and mail not in CHOICES:
        raise InvalidInput(f"there is no choice {mail[:100]!r}", f"use one of {', '.join(CHOICES)}")
    address = None if address is None else address.strip()
    if address and not is_address(address):
        raise InvalidInput(f"{address[:100]!r} is no mail address", "write one, e.g. ada@example.org")
    secret = ""
    with app.database.transaction() as tx:
        _check_known(tx, actor, person)
        before = tx.contact(person)
        made = before.model_copy(update={"mail": mail or before.mail, "language": language or before.language})
        if own and address and address not in {before.address, before.waiting}:
            made = made.model_copy(update={"waiting": address, "proof": ""})
            if app.workspace.settings.mail.host:
                made, secret = confirming.asked(made, app.clock())
        elif address is not None and not (own and address and address == before.waiting):
            issuer = before.issuer if address == before.address else ""
            made = made.model_copy(update={"address": address, "issuer": issuer, "waiting": "", "proof": ""})
        if made != before:
            tx.save_contact(made)
            told: dict[str, Json] = {"address": bool(made.address)}
            if made.waiting:
                told["waiting"] = True
            if made.address not in {"", before.address}:
                told["confirmed_by"] = "an administrator"
            record(app, tx, actor, "contact.changed", person, by="", mail=made.mail, **told)
    if secret:
        confirming.send(app, made, secret)
    return made


def speaks(app: App, actor: Actor, language: str) -> None:
    """The language that they chose on the pages is the one they read mail in."""
    with app.database.transaction() as tx:
        contact = tx.contact(actor.person)
        if tx.has_person(actor.person) and contact.language != language:
            tx.save_contact(contact.model_copy(update={"language": language}))


def told_by_provider(tx: Transaction, person: str, issuer: str, claims: Mapping[str, Json]) -> None:
    """Where a provider says that they have mail, if it has looked; unless somebody wrote down another address."""
    before, said = tx.contact(person), claims.get("email")
    if claims.get("email_verified") is not True or not isinstance(said, str) or not is_address(said):
        return
    if said != before.address and (before.issuer or not before.address):
        tx.save_contact(before.model_copy(update={"address": said, "issuer": issuer}))


def _check_known(tx: Transaction, actor: Actor, person: str) -> None:
    if not tx.has_person(person):
        if person == actor.person:
            raise NotFound("there are no accounts yet, so nobody has mail", "become the owner first")
        tx.actor(person)  # names the nearest
