"""What people agree to before their first question: a text of the team's, known by its digest, so that a changed one asks anew.

Asked are people who come in by the web, with a browser or a key of theirs. Who works on the command line is not, nor is a job, nor who
only looks at a page with a widget: nobody knows who that is. Without accounts there is nobody to remember it of. What somebody agreed to,
and when, is kept with them and goes with them; it is no decision of the workspace, so the ledger does not name them for it.
"""

from hashlib import sha256
from typing import NamedTuple

from firmground.app.app import App
from firmground.app.asking.sharing import signed_in
from firmground.app.regular import read_regular
from firmground.errors import InvalidSettings, Refused
from firmground.personal import Consent
from firmground.ports import Transaction
from firmground.types import Actor

_LARGEST = 200_000


class ConsentNeeded(Refused):
    """This person has not agreed yet to what is asked of everybody here."""

    code = "consent-needed"


class ConsentText(NamedTuple):
    """Markdown, and the digest of it."""

    version: str
    text: str


def text(app: App) -> ConsentText | None:
    """What is to be agreed to, as the file says at this moment; None where nothing is. InvalidSettings where it cannot be read: nobody
    asks then, rather than everybody without having agreed."""
    name = app.workspace.settings.consent.text_file
    if not name:
        return None
    try:
        content = read_regular(app.workspace.root / name, _LARGEST + 1)
        if len(content) > _LARGEST:
            raise ValueError("it is too long")
        written = content.decode("utf-8-sig").replace("\r\n", "\n").strip()
        if not written:
            raise ValueError("it is empty")
    except (OSError, ValueError) as error:  # a NUL in the name is no OSError
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8" if isinstance(error, UnicodeError) else error
        raise InvalidSettings(
            f"the text that people agree to cannot be read: {name!r} ({why})", "mend text_file under [consent], or the file"
        ) from None
    return ConsentText(sha256(written.encode()).hexdigest()[:16], written)


def needed(app: App, actor: Actor) -> ConsentText | None:
    """What this person has to agree to before they ask; None where there is nothing, or nothing any more."""
    wanted = _wanted_of(app, actor)
    if wanted is None:
        return None
    with app.database.reading() as tx:
        return None if not tx.has_owner() or _given(tx, actor.person, wanted.version) else wanted


def check(app: App, actor: Actor) -> None:
    """ConsentNeeded where there is something to agree to."""
    if needed(app, actor) is not None:
        where = "/me/consent, or GET /api/v1/me/consent"
        raise ConsentNeeded("you have not agreed yet to how your questions are used here", f"read and accept it at {where}")


def give(app: App, actor: Actor, version: str) -> Consent:
    """Agree to the text of that version. Twice changes nothing. Refused where it is another by now, or where nothing is asked of this
    person."""
    wanted = _wanted_of(app, actor)
    if wanted is None:
        raise Refused("there is nothing to agree to", "ask")
    if version != wanted.version:
        raise Refused("the text has changed since you read it", "read it again")
    with app.database.transaction() as tx:
        if (given := _given(tx, actor.person, version)) is not None:
            return given
        tx.actor(actor.person)
        given = Consent(person=actor.person, version=version, at=app.clock())
        tx.save_consent(given)
        return given


def withdraw(app: App, actor: Actor) -> bool:
    """Take back what they agreed to; they are asked again before their next question. Whether there was anything. What was asked until
    then stays until they delete it."""
    with app.database.transaction() as tx:
        open_ = [each for each in tx.consents(actor.person) if each.withdrawn_at is None]
        for each in open_:
            tx.save_consent(each.model_copy(update={"withdrawn_at": app.clock()}))
        return bool(open_)


def given_by(app: App, actor: Actor) -> list[Consent]:
    """What this person agreed to, oldest first."""
    with app.database.reading() as tx:
        return tx.consents(actor.person)


def _wanted_of(app: App, actor: Actor) -> ConsentText | None:
    return text(app) if actor.via == "http" and signed_in(actor) else None


def _given(tx: Transaction, person: str, version: str) -> Consent | None:
    return next((each for each in tx.consents(person) if each.version == version and each.withdrawn_at is None), None)
