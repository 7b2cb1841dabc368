"""Who may sign in, and who is signed in. Until there is an owner nobody can, and nobody need."""

import hashlib
import hmac
import secrets
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address
from pathlib import Path
from typing import NamedTuple

from firmground.app.app import App
from firmground.app.names import folded, new_person, plain
from firmground.app.passwords import Allowance, Attempts, Passwords
from firmground.app.rights import administrators_only, is_owner, owners_only
from firmground.errors import InvalidInput, NotAllowed, NotFound, Refused
from firmground.ports import Transaction
from firmground.types import Account, Actor, Session

FIRST_OWNER = "firmground person add NAME --owner"
_SEEN_EVERY = timedelta(minutes=1)
_FREE_BY_NAME_AND_ADDRESS = 5
_FREE_BY_ADDRESS = 20
_FREE_BY_NAME = 100
_FREE_BY_BROWSER = 5
_NETWORK_BITS = 64
"""Of an IPv6 address, which its owner has all addresses of."""
_BROWSERS = "browsers"
"""Namespace of the secret that browsers are known by."""


class SignInFailed(Refused):
    """Name or password is wrong; which of them is not told."""

    code = "sign-in-failed"


class Present(NamedTuple):
    """Somebody whose session is good. `due`: it is time to note that they were seen."""

    actor: Actor
    due: bool


def digest_of(secret: str) -> str:
    """What is stored of a secret of 256 random bits, which needs neither salt nor work."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def has_owner(app: App) -> bool:
    """Whether people sign in here. Quick: every request asks."""
    with app.database.reading() as tx:
        return tx.has_owner()


# ---------------------------------------------------------------- accounts


def create_owner(app: App, name: str, password: str) -> Account:
    """The first owner, whoever asks: the door makes sure that they may. Refused where there is an owner."""
    hashed = _passwords(app).hashed(password)
    with app.database.transaction() as tx:
        if tx.has_owner():
            raise Refused("there is an owner already", "sign in, or ask the owner for an account")
        return _new(app, tx, name, hashed, owner=True, groups=())


def owner_from_file(app: App, path: Path) -> None:
    """The first owner, from a file with one line `name:password`; nothing where there is an owner."""
    if has_owner(app):
        return
    try:
        line = path.read_text(encoding="utf-8").removesuffix("\n").removesuffix("\r")
    except OSError as error:
        raise InvalidInput(f"cannot read the owner's file {path} ({error.strerror})", "check its path and permissions") from None
    except UnicodeDecodeError:
        raise InvalidInput(f"the owner's file {path} is not UTF-8", "save it as UTF-8") from None
    name, colon, password = line.partition(":")
    if not colon or not name.strip() or "\n" in line:
        raise InvalidInput(f"the owner's file {path} is not one line name:password", "write it so")
    create_owner(app, name, password)


def add_account(
    app: App, actor: Actor, name: str, password: str, *, owner: bool = False, admin: bool = False, groups: Sequence[str] = ()
) -> Account:
    """Let a person sign in, who is made known if need be. Refused to others than administrators, and for an owner to others than owners;
    Refused where there is no owner and this is not to be one; InvalidInput where they have an account, or where the name could be taken
    for another's."""
    administrators_only(actor, "manage people")
    hashed = _passwords(app).hashed(password)
    with app.database.transaction() as tx:
        if not tx.has_owner() and not (owner and actor.via == "cli"):
            raise Refused("there is no owner yet", f"make one first, with `{FIRST_OWNER}` or the link that the server printed")
        if owner:
            owners_only(tx, actor, "make owners")
        return _new(app, tx, name, hashed, owner=owner, admin=admin, groups=groups)


def set_password(app: App, actor: Actor, name: str, password: str) -> None:
    """Give somebody else a new password, and end all their sessions. For administrators; an owner's is for owners."""
    administrators_only(actor, "set passwords of others")
    hashed = _passwords(app).hashed(password)
    with app.database.transaction() as tx:
        account = _account(tx, name)
        if account is None:
            raise NotFound(f"{name!r} has no account", "`firmground person list` shows who has one")
        if account.owner:
            owners_only(tx, actor, "set the password of an owner")
        if account.person == actor.person and actor.via == "http":
            raise NotAllowed("nobody sets their own password without the old one", "change it instead, or use the command line")
        tx.save_account(account, hashed)
        tx.drop_sessions(person=account.person)


def accounts(app: App, actor: Actor) -> list[Account]:
    """Everybody who may sign in."""
    administrators_only(actor, "manage people")
    with app.database.reading() as tx:
        return tx.accounts()


def may_remove(tx: Transaction, actor: Actor, name: str) -> None:
    """Refused for an owner to others than owners, and for the last owner to everybody."""
    if not is_owner(tx, name):
        return
    owners_only(tx, actor, "remove an owner")
    if sum(account.owner for account in tx.accounts()) == 1:
        raise Refused(f"{name} is the last owner", "make another owner first")


def _new(
    app: App, tx: Transaction, name: str, hashed: str, *, owner: bool, admin: bool = False, groups: Sequence[str]
) -> Account:
    known = tx.people()
    name = plain(name) if plain(name) in known else new_person(name, known)
    if tx.account(name) is not None:
        raise InvalidInput(f"{name} has an account already", f"to set the password, `firmground person password {name}`")
    already = name in known and tx.actor(name).admin
    tx.add_person(name, admin=owner or admin or already, groups=[plain(group) for group in groups])
    account = Account(person=name, owner=owner, created_at=app.clock())
    tx.save_account(account, hashed)
    return account


def _account(tx: Transaction, name: str) -> Account | None:
    """The account of this name, however it is written; no two are alike."""
    if not name.isprintable():
        return None
    return tx.account(name) or next((each for each in tx.accounts() if folded(each.person) == folded(name)), None)


# ---------------------------------------------------------------- signing in and out


def sign_in(app: App, name: str, password: str, *, address: str = "", before: str = "", browser: str = "") -> str:
    """The secret of a new session, always another one; that of the secret `before` ends. SignInFailed, after the same work for every
    name; TooManyAttempts after some failures under the name from the address, from the address, or very many under the name. Whoever has
    a `browser` mark for the name waits for their own failures alone."""
    with app.database.reading() as tx:
        account = _account(tx, name)
        known = _is_marked(tx, name, browser)
    with _attempt(app, [Allowance(f"browser {browser}", _FREE_BY_BROWSER)] if known else _allowances(name, address)):
        hashed = _checked(app, account, password)
    assert account is not None  # noqa: S101 - nobody's password fits
    passwords = _passwords(app)
    better = passwords.hashed(password) if passwords.outdated(hashed) else hashed
    with app.database.transaction() as tx:
        if tx.password(account.person) != hashed:
            raise _failed()
        if better != hashed:
            tx.save_account(account, better)
        if before:
            tx.drop_session(digest_of(before))
        tx.drop_sessions(expired_at=app.clock())
        return _begun(app, tx, account.person)


def browser_mark(app: App, name: str) -> str:
    """What a browser keeps that has signed in under this name, so that nobody who fails elsewhere keeps it out. It opens nothing."""
    with app.database.transaction() as tx:
        if tx.fact(_BROWSERS, "secret") is None:
            tx.put_fact(_BROWSERS, "secret", secrets.token_hex(32))
        nonce = secrets.token_hex(16)
        return f"{nonce}.{_sign(tx, name, nonce)}"


def change_password(app: App, person: str, old: str, new: str) -> str:
    """A password of one's own, by whoever knows the old one. All sessions of the person end; the secret of a new one is returned."""
    with app.database.reading() as tx:
        account = tx.account(person)
    with _attempt(app, [Allowance(f"change {folded(person)}", _FREE_BY_NAME_AND_ADDRESS)]):
        before = _checked(app, account, old)
    hashed = _passwords(app).hashed(new)
    with app.database.transaction() as tx:
        if account is None or tx.password(person) != before:
            raise _failed()
        tx.save_account(account, hashed)
        tx.drop_sessions(person=person)
        return _begun(app, tx, person)


def sign_out(app: App, session: str) -> None:
    """End one session, named by its digest."""
    with app.database.transaction() as tx:
        tx.drop_session(session)


def sign_out_everywhere(app: App, actor: Actor) -> int:
    """End all sessions of one's own; how many there were."""
    with app.database.transaction() as tx:
        return tx.drop_sessions(person=actor.person)


def present(app: App, session: str) -> Present | None:
    """Whose session this digest is of, with the groups they are in at this moment; None where it has ended, or never was."""
    now = app.clock()
    with app.database.reading() as tx:
        known = tx.session(session)
        if known is None or now >= min(known.expires_at, known.seen_at + _idle(app)):
            return None
        return Present(tx.actor(known.person, via="http"), due=now - known.seen_at >= _SEEN_EVERY)


def seen(app: App, session: str) -> None:
    """Note that a session was used. It may be gone by now."""
    with app.database.transaction() as tx:
        if (known := tx.session(session)) is not None:
            tx.save_session(session, known.model_copy(update={"seen_at": app.clock()}))


def _begun(app: App, tx: Transaction, person: str) -> str:
    secret = secrets.token_urlsafe(32)
    now = app.clock()
    ends = now + timedelta(days=app.workspace.settings.serve.session_days)
    tx.save_session(digest_of(secret), Session(person=person, created_at=now, seen_at=now, expires_at=_whole(ends)))
    return secret


def _idle(app: App) -> timedelta:
    return timedelta(hours=app.workspace.settings.serve.session_idle_hours)


def _whole(at: datetime) -> datetime:
    """To the second, since stamps are compared as texts."""
    return at.replace(microsecond=0)


# ---------------------------------------------------------------- checking passwords


@contextmanager
def _attempt(app: App, allowances: Sequence[Allowance]) -> Generator[None]:
    """Counts as a failure unless it ends well."""
    attempts = app.once("attempts", lambda: Attempts(app.clock))
    attempts.begin(allowances)
    yield
    attempts.succeeded(allowances)


def _allowances(name: str, address: str) -> list[Allowance]:
    """By the name alone only a number that no single address reaches, or anybody could keep anybody out."""
    named, place = folded(name)[:200], _network(address)
    both = Allowance(f"name {named} from {place}", _FREE_BY_NAME_AND_ADDRESS)
    by_address = [Allowance(f"address {place}", _FREE_BY_ADDRESS)] if place else []
    return [both, *by_address, Allowance(f"name {named}", _FREE_BY_NAME, steady=True)]


def _network(address: str) -> str:
    """The address, or of IPv6 the network that is one customer's."""
    try:
        known = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if not isinstance(known, IPv6Address):
        return address
    return str(known.ipv4_mapped or int(known) >> (128 - _NETWORK_BITS))


def _is_marked(tx: Transaction, name: str, mark: str) -> bool:
    nonce, dot, signature = mark.partition(".")
    if not dot or not nonce.isalnum() or tx.fact(_BROWSERS, "secret") is None:
        return False
    return hmac.compare_digest(signature.encode(), _sign(tx, name, nonce).encode())


def _sign(tx: Transaction, name: str, nonce: str) -> str:
    secret = str(tx.fact(_BROWSERS, "secret")).encode()
    return hmac.new(secret, f"{nonce} {folded(name)}".encode("utf-8", "surrogatepass"), "sha256").hexdigest()


def _checked(app: App, account: Account | None, password: str) -> str:
    """The hash of the password, which fits."""
    with app.database.reading() as tx:
        stored = None if account is None else tx.password(account.person)
    if not _passwords(app).fits(password, stored) or stored is None:
        raise _failed()
    return stored


def _failed() -> SignInFailed:
    return SignInFailed("name or password is wrong", "try again, or ask an administrator for a new password")


def _passwords(app: App) -> Passwords:
    return app.once("passwords", Passwords)
