"""Links that are good once: by them people choose their password, so that nobody else ever knows it."""

import secrets
from datetime import timedelta
from typing import Literal

from firmground.accounts import Link
from firmground.app.access.accounts import end_the_one_before, may_let_in, save_password
from firmground.app.access.attempts import attempt, by_link, network
from firmground.app.access.names import plain
from firmground.app.access.passwords import Passwords
from firmground.app.access.rights import need
from firmground.app.access.seals import digest_of
from firmground.app.access.sessions import begin_session
from firmground.app.app import App
from firmground.app.recording.ledger import record
from firmground.errors import NotFound
from firmground.ports import Transaction
from firmground.types import Actor

LASTS = {"invite": timedelta(days=7), "reset": timedelta(hours=24)}
_CLOCKS_DIFFER = timedelta(minutes=1)


class LinkIsOver(NotFound):
    """This link is good no more, or never was; which of them is not told."""

    code = "link-is-over"


def make(app: App, actor: Actor, name: str, kind: Literal["invite", "reset"] | None = None) -> tuple[Link, str]:
    """A link by which somebody else chooses their password, and its secret, which is nowhere else; the one that they had until now is good
    no more. `kind`: an invitation for who has no password yet, unless it is said. For administrators; that of an owner is for owners.
    NotFound where they have no account."""
    need(actor, "people", "make links for others")
    now = app.clock()
    secret = secrets.token_urlsafe(32)
    with app.database.transaction() as tx:
        account = tx.account(plain(name))
        if account is None:
            raise NotFound(
                f"{name!r} has no account", "`firmground person list` shows who has one; `person add --invite` makes one"
            )
        may_let_in(tx, actor, account.person, "make a link for")
        kind = kind or ("reset" if account.password else "invite")
        link = Link(person=account.person, kind=kind, by=actor.person, created_at=now, expires_at=now + LASTS[kind])
        tx.drop_links(person=account.person)
        tx.drop_links(expired_at=now)
        tx.save_link(digest_of(secret), link)
        record(app, tx, actor, "link.made", account.person, link=kind)
        return link, secret


def look(app: App, secret: str, *, address: str = "") -> Link:
    """Whose link this is, which stays good. LinkIsOver, also for what never was one; TooManyAttempts after some of those."""
    with attempt(app, by_link(address)), app.database.reading() as tx:
        return _good(app, tx, secret)


def use(app: App, secret: str, password: str, *, address: str = "", before: str = "", browser: str = "") -> str:
    """Choose a password by a link, which is good no more then, and sign in: the secret of a new session. All other sessions and links of
    the person end. LinkIsOver likewise; a password that cannot be one leaves the link as it is."""
    look(app, secret, address=address)
    hashed = app.once("passwords", Passwords).hashed(password)
    with app.database.transaction() as tx:
        link = _good(app, tx, secret)
        account = tx.account(link.person)
        if tx.take_link(digest_of(secret)) is None or account is None:
            raise _over()
        save_password(tx, account, hashed)
        record(app, tx, Actor(person=link.person, via="http"), "account.password_set", link.person, link=link.kind)
        end_the_one_before(tx, before)
        return begin_session(app, tx, link.person, address=network(address), browser=browser)


def url(app: App, secret: str) -> str:
    """Where its person opens it."""
    return f"{server(app)}/link?token={secret}"


def server(app: App) -> str:
    """The address of the settings: what a request says of it is not believed."""
    serve = app.workspace.settings.serve
    host = f"[{serve.host}]" if ":" in serve.host else serve.host
    return serve.url.rstrip("/") or f"http://{host}:{serve.port}"


def _good(app: App, tx: Transaction, secret: str) -> Link:
    now = app.clock()
    link = tx.link(digest_of(secret))
    if link is None or now >= link.expires_at or now < link.created_at - _CLOCKS_DIFFER:
        raise _over()
    return link


def _over() -> LinkIsOver:
    return LinkIsOver("this link is good no more, or never was", "ask an administrator for another one")
