"""Who is signed in, where, and for how long.

A browser holds a secret, which changes while the session lasts, so that one which leaks is soon worth nothing. A new one is given out with
a response; the one until now stays good until the browser comes with the new one, and a little longer for what was under way. Whoever
comes with it after that has it from somewhere else: then the session ends.
"""

import secrets
from datetime import datetime, timedelta
from typing import NamedTuple

from firmground.accounts import Secrets, Session
from firmground.app.access.rights import need
from firmground.app.access.seals import digest_of
from firmground.app.app import App
from firmground.app.recording.ledger import record
from firmground.errors import NotFound
from firmground.ports import Transaction
from firmground.types import Actor

CHANGED_EVERY = timedelta(hours=1)
"""As long as a secret that leaked is of use while its owner works on; shorter would cost a write and gain little."""
UNDER_WAY = timedelta(seconds=60)
"""For requests that a browser sent before it heard of its new secret; and until another one is given out, if that one got lost."""
_SEEN_EVERY = timedelta(minutes=1)
_CLOCKS_DIFFER = timedelta(minutes=1)
"""Clocks are put right by less. One that went back further would make sessions last longer."""


class Present(NamedTuple):
    """Somebody whose session is good. `form_token`: what forms and scripts of our own pages send in this session, which stays the same as
    long as it lasts. `due`: it is time to note that they were seen. `stale`: it is time to give their browser a new secret."""

    actor: Actor
    session: Session
    form_token: str
    due: bool
    stale: bool


def begin_session(app: App, tx: Transaction, person: str, *, issuer: str = "", address: str = "", browser: str = "") -> str:
    """The secret of a new session of somebody who is who they say: by their password, or as `issuer` vouches for them. `address` and
    `browser` are for them to know it again."""
    secret = secrets.token_urlsafe(32)
    now = app.clock()
    settings = app.workspace.settings
    days = settings.oidc.session_hours / 24 if issuer else settings.serve.session_days
    tx.drop_sessions(expired_at=now)
    begun = Session(
        id=secrets.token_hex(8),
        person=person,
        created_at=now,
        seen_at=now,
        expires_at=(now + timedelta(days=days)).replace(microsecond=0),  # stamps are compared as texts
        changed_at=now,
        address=address,
        browser=browser,
        issuer=issuer,
    )
    tx.save_session(begun, Secrets(digest_of(secret), form=secrets.token_urlsafe(32)))
    return secret


def present(app: App, digest: str) -> Present | None:
    """Whose session this is the digest of a secret of, as they are at this moment; None where it has ended, or never was. A secret that was
    changed long ago ends it."""
    with app.database.reading() as tx:
        if (found := tx.session(digest)) is None:
            return None
        session, kept = found
        now = app.clock()
        replayed = digest == kept.before and (bool(kept.next) or now - session.changed_at >= UNDER_WAY)
        if not replayed and not _is_over(app, session, now):
            wait = UNDER_WAY if kept.next else CHANGED_EVERY
            return Present(
                tx.actor(session.person, via="http"),
                session,
                kept.form,
                due=digest == kept.next or now - session.seen_at >= _SEEN_EVERY,
                stale=digest == kept.now and now - session.changed_at >= wait,
            )
    _end(app, session, replayed=replayed)
    return None


def still(app: App, id: str) -> Actor | None:
    """Whose session has this id, as they are at this moment; None where it is over."""
    with app.database.reading() as tx:
        session = tx.session_called(id)
        good = session is not None and not _is_over(app, session, app.clock())
        return tx.actor(session.person, via="http") if session is not None and good else None


def seen(app: App, digest: str) -> None:
    """Note that a session was used, which may be gone by now. The first use of a new secret is the end of the one before it."""
    with app.database.transaction() as tx:
        if (found := tx.session(digest)) is None:
            return
        session, kept = found
        now = app.clock()
        session = session.model_copy(update={"seen_at": max(session.seen_at, now)})
        if digest == kept.next:
            session, kept = session.model_copy(update={"changed_at": now}), Secrets(digest, kept.now, form=kept.form)
        tx.save_session(session, kept)


def renewed(app: App, digest: str) -> str | None:
    """A new secret for the browser that came with the one of this digest; None where it is not time, or another request was given one."""
    secret = secrets.token_urlsafe(32)
    with app.database.transaction() as tx:
        found = tx.session(digest)
        if found is None or found[1].now != digest:
            return None
        session, kept = found
        now = app.clock()
        if now - session.changed_at < (UNDER_WAY if kept.next else CHANGED_EVERY):
            return None
        session = session.model_copy(update={"changed_at": now})
        tx.save_session(session, kept._replace(next=digest_of(secret)))
        return secret


# ---------------------------------------------------------------- seeing and ending them


def sessions(app: App, actor: Actor, person: str = "") -> list[Session]:
    """The sessions that are good, newest first: one's own, or for administrators those of somebody else. Those of an owner are for
    owners."""
    with app.database.reading() as tx:
        whose = _whose(tx, actor, person, "see")
        return [each for each in tx.sessions(whose) if not _is_over(app, each, app.clock())]


def end_session(app: App, actor: Actor, id: str, person: str = "") -> None:
    """End one of them at once. NotFound where there is none of this id among them."""
    with app.database.transaction() as tx:
        whose = _whose(tx, actor, person, "end")
        known = tx.session_called(id)
        if known is None or known.person != whose:
            raise NotFound("there is no such session, or not any more", "look at the list of sessions again")
        tx.drop_session(id)
        if whose != actor.person or actor.via == "cli":
            record(app, tx, actor, "session.ended", whose, sessions=1)


def sign_out_everywhere(app: App, actor: Actor, person: str = "") -> int:
    """End all of them at once; how many there were."""
    with app.database.transaction() as tx:
        whose = _whose(tx, actor, person, "end")
        ended = tx.drop_sessions(person=whose)
        if ended and (whose != actor.person or actor.via == "cli"):
            record(app, tx, actor, "session.ended", whose, sessions=ended)
        return ended


def sign_out(app: App, id: str) -> None:
    """End the session that somebody is in."""
    with app.database.transaction() as tx:
        tx.drop_session(id)


def _whose(tx: Transaction, actor: Actor, person: str, what: str) -> str:
    if person in {"", actor.person} and actor.via != "cli":
        need(actor, "self", f"{what} sessions")
        return actor.person
    need(actor, "people", f"{what} sessions of others")
    known = tx.actor(person or actor.person)
    if known.role == "owner":
        need(actor, "own", f"{what} sessions of an owner")
    return known.person


def _is_over(app: App, session: Session, now: datetime) -> bool:
    idle = timedelta(hours=app.workspace.settings.serve.session_idle_hours)
    return now >= min(session.expires_at, session.seen_at + idle) or now < session.seen_at - _CLOCKS_DIFFER


def _end(app: App, session: Session, *, replayed: bool) -> None:
    with app.database.transaction() as tx:
        if tx.session_called(session.id) is None:
            return
        tx.drop_session(session.id)
        if replayed:
            record(app, tx, Actor(person=session.person, via="http"), "session.replayed", session.person)
