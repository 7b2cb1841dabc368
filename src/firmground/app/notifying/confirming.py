"""An address that its person wrote counts once they have confirmed it: a mail goes there with a link that is good once and for a day, and
whoever opens it signs in as that person. So nobody has what concerns them sent to strangers, or strangers written to more than that.

The mail is sent at once and not by the outbox, which would keep the secret.
"""

import secrets
from datetime import datetime, timedelta
from hmac import compare_digest

from firmground.app.access.links import LinkIsOver, server
from firmground.app.access.rights import need
from firmground.app.access.seals import digest_of
from firmground.app.app import App
from firmground.app.notifying import texts
from firmground.app.recording.ledger import record
from firmground.errors import NotFound, Refused
from firmground.outbox import Contact, Mail
from firmground.ports import Transaction
from firmground.types import Actor

LASTS = timedelta(hours=24)
MOST = 5
"""Mails in a day that one person may have sent to addresses of their choice."""


def ask_again(app: App, actor: Actor) -> Contact:
    """Send the mail once more; the link of the one before is good no more. NotFound where no address waits, Refused after too many,
    InvalidSettings where this server sends no mail, NotTaken."""
    need(actor, "self", "confirm an address")
    app.mail.check()
    with app.database.transaction() as tx:
        contact = tx.contact(actor.person)
        if not contact.waiting:
            raise NotFound("no address of yours waits to be confirmed", "write one first")
        contact, secret = asked(contact, app.clock())
        tx.save_contact(contact)
    send(app, contact, secret)
    return contact


def asked(contact: Contact, now: datetime) -> tuple[Contact, str]:
    """With the digest of a new secret, and the secret. Refused after too many in a day."""
    lately = tuple(each for each in contact.asked if now - LASTS < each <= now)
    if len(lately) >= MOST:
        raise Refused(f"{MOST} mails were sent to confirm an address of yours within a day", "try again tomorrow")
    secret = secrets.token_urlsafe(32)
    return contact.model_copy(update={"proof": digest_of(secret), "asked": (*lately, now)}), secret


def send(app: App, contact: Contact, secret: str) -> None:
    """The one mail that an address gets before it is confirmed. NotTaken."""
    name, person = texts.plain(app.workspace.name), texts.plain(contact.person)
    where = f"{server(app)}/notifications/confirm?token={secret}"
    language = contact.language or app.workspace.settings.workspace.language
    subject, text = texts.confirmation(name, person, where, language)
    app.mail.send(Mail(id=contact.proof[:32], to=contact.waiting, subject=subject, text=text, at=app.clock()))


def look(app: App, actor: Actor, secret: str) -> str:
    """The address that this link confirms, which stays good. LinkIsOver, also for a link of somebody else."""
    need(actor, "self", "confirm an address")
    with app.database.reading() as tx:
        return _good(app, tx, actor, secret).waiting


def confirm(app: App, actor: Actor, secret: str) -> Contact:
    """From now on they have mail there, and the link is good no more. LinkIsOver."""
    need(actor, "self", "confirm an address")
    with app.database.transaction() as tx:
        contact = _good(app, tx, actor, secret)
        update = {"address": contact.waiting, "issuer": "", "waiting": "", "proof": ""}
        contact = contact.model_copy(update=update)
        tx.save_contact(contact)
        record(app, tx, actor, "contact.changed", actor.person, mail=contact.mail, address=True, confirmed_by="a link")
    return contact


def _good(app: App, tx: Transaction, actor: Actor, secret: str) -> Contact:
    contact, now = tx.contact(actor.person), app.clock()
    known = bool(contact.proof) and compare_digest(contact.proof, digest_of(secret))
    if not known or not contact.waiting or not contact.asked or not contact.asked[-1] <= now < contact.asked[-1] + LASTS:
        raise LinkIsOver("this link is good no more, or is not yours", "sign in as who wrote the address, or have another sent")
    return contact
