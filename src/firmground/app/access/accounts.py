"""Who may sign in, and with which password. Until there is an owner nobody can, and nobody need."""

import secrets
from collections.abc import Sequence
from pathlib import Path

from firmground.accounts import Account
from firmground.app.access.attempts import Allowance, attempt, by_name, by_person, network
from firmground.app.access.memberships import join
from firmground.app.access.names import folded, new_person, newcomer, plain
from firmground.app.access.passwords import Passwords
from firmground.app.access.rights import need
from firmground.app.access.roles import give_role, may_admit, may_make, may_remove
from firmground.app.access.seals import digest_of, is_sealed, make_ready, sealed
from firmground.app.access.sessions import begin_session
from firmground.app.access.system_user import system_user
from firmground.app.app import App
from firmground.app.recording.ledger import record
from firmground.errors import InvalidInput, NotAllowed, NotFound, Refused
from firmground.ports import Transaction
from firmground.rights import Role
from firmground.types import Actor

FIRST_OWNER = "firmground person add NAME --owner"
_FREE_BY_BROWSER = 5
_BROWSER = "browser"
"""Purpose of the seals that browsers are known by."""


class SignInFailed(Refused):
    """Name or password is wrong; which of them is not told."""

    code = "sign-in-failed"


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
        return _new(app, tx, Actor(person=plain(name), via="http"), name, hashed, role="owner")


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
    app: App, actor: Actor, name: str, password: str | None, *, role: Role | None = None, groups: Sequence[str] = ()
) -> Account:
    """Let a person sign in, who is made known if need be: a user, unless `role` or what they are already says more. Without a password they
    choose it by a link (`links`), or come by a provider. Refused to others than administrators, and for an owner to others than owners;
    Refused where there is no owner and this is not to be one; InvalidInput where they have an account, or where the name could
    be taken for another's."""
    need(actor, "people", "manage people")
    hashed = "" if password is None else _passwords(app).hashed(password)
    with app.database.transaction() as tx:
        if not tx.has_owner() and not (role == "owner" and actor.via == "cli"):
            raise Refused("there is no owner yet", f"make one first, with `{FIRST_OWNER}` or the link that the server printed")
        if role is not None:
            may_make(actor, role)
        return _new(app, tx, actor, name, hashed, role=role, groups=groups)


def set_password(app: App, actor: Actor, name: str, password: str) -> None:
    """Give somebody else a new password, and end all their sessions. For administrators; an owner's is for owners."""
    need(actor, "people", "set passwords of others")
    hashed = _passwords(app).hashed(password)
    with app.database.transaction() as tx:
        account = _account(tx, name)
        if account is None:
            raise NotFound(f"{name!r} has no account", "`firmground person list` shows who has one")
        may_let_in(tx, actor, account.person, "set the password of")
        save_password(tx, account, hashed)
        record(app, tx, actor, "account.password_set", account.person)


def may_let_in(tx: Transaction, actor: Actor, person: str, what: str) -> None:
    """Refused to who manages nobody; for an owner to others than owners; for administrators to keys; and for oneself, or whoever finds a
    session open could keep it."""
    need(actor, "people", f"{what} others")
    may_admit(actor, tx.actor(person).role, what)
    if person == actor.person and actor.via == "http":
        raise NotAllowed("nobody sets their own password without the old one", "change it instead, or use the command line")


def save_password(tx: Transaction, account: Account, hashed: str) -> None:
    """The password of an account from now on. All that they came in with before is over."""
    tx.save_account(account, hashed)
    tx.drop_sessions(person=account.person)
    tx.drop_links(person=account.person)


def accounts(app: App, actor: Actor) -> list[Account]:
    """Everybody who may sign in."""
    need(actor, "people", "manage people")
    with app.database.reading() as tx:
        return tx.accounts()


def _new(
    app: App,
    tx: Transaction,
    actor: Actor,
    name: str,
    hashed: str,
    *,
    role: Role | None,
    groups: Sequence[str] = (),
) -> Account:
    known = tx.roles()
    if plain(name) in known:
        name = plain(name)
    elif role == "owner" and plain(name) == system_user() and not tx.has_owner():
        name = new_person(name, known)  # what was asked here until now, they asked
    else:
        name = newcomer(tx, name)
    if tx.account(name) is not None:
        raise InvalidInput(f"{name} has an account already", f"to set the password, `firmground person password {name}`")
    if name not in known:
        tx.add_person(name, role=role or "user")
        record(app, tx, actor, "person.added", name, role=role or "user")
    else:
        before = known[name]
        may_admit(actor, before, "make an account for")
        if role is not None and role != before:
            may_remove(tx, actor, name)
            give_role(app, tx, actor, name, role)
    account = Account(person=name, password=bool(hashed), created_at=app.clock())
    tx.save_account(account, hashed)
    join(app, tx, actor, name, groups)
    record(app, tx, actor, "account.added", name)
    return account


def _account(tx: Transaction, name: str) -> Account | None:
    """The account of this name, however it is written; no two are alike. As much work where there is none."""
    known = {folded(each): each for each in tx.account_names()}
    person = known.get(folded(name)) if name.isprintable() else None
    return None if person is None else tx.account(person)


# ---------------------------------------------------------------- signing in


def sign_in(app: App, name: str, password: str, *, address: str = "", before: str = "", browser: str = "", mark: str = "") -> str:
    """The secret of a new session, always another one; that of the secret `before` ends. SignInFailed, after the same work for every
    name; TooManyAttempts after some failures under the name from the address, from the address, or very many under the name. Whoever has
    a `mark` of a browser for the name waits for their own failures alone. `browser`: its kind, for the list of sessions."""
    with app.database.reading() as tx:
        known = _is_marked(tx, name, mark)
    with attempt(app, [Allowance(f"browser {mark}", _FREE_BY_BROWSER)] if known else by_name(name, address)):
        with app.database.reading() as tx:
            account = _account(tx, name)
        hashed = _checked(app, account, password)
    assert account is not None  # noqa: S101 - nobody's password fits
    passwords = _passwords(app)
    better = passwords.hashed(password) if passwords.outdated(hashed) else hashed
    with app.database.transaction() as tx:
        if tx.password(account.person) != hashed:
            raise _failed()
        if better != hashed:
            tx.save_account(account, better)
        end_the_one_before(tx, before)
        return begin_session(app, tx, account.person, address=network(address), browser=browser)


def browser_mark(app: App, name: str) -> str:
    """What a browser keeps that has signed in under this name, so that nobody who fails elsewhere keeps it out. It opens nothing."""
    with app.database.transaction() as tx:
        make_ready(tx)
        nonce = secrets.token_hex(16)
        return f"{nonce}.{sealed(tx, _BROWSER, f'{nonce} {folded(name)}')}"


def change_password(app: App, person: str, old: str, new: str, *, address: str = "", browser: str = "") -> str:
    """A password of one's own, by whoever knows the old one. All sessions of the person end; the secret of a new one is returned."""
    with app.database.reading() as tx:
        account = tx.account(person)
    with attempt(app, by_person(person)):
        before = _checked(app, account, old)
    hashed = _passwords(app).hashed(new)
    with app.database.transaction() as tx:
        if account is None or tx.password(person) != before:
            raise _failed()
        save_password(tx, account, hashed)
        record(app, tx, Actor(person=person, via="http"), "account.password_set", person)
        return begin_session(app, tx, person, address=network(address), browser=browser)


def end_the_one_before(tx: Transaction, secret: str) -> None:
    """End the session that a browser was in until it signed in anew."""
    if found := tx.session(digest_of(secret)):
        tx.drop_session(found[0].id)


def _is_marked(tx: Transaction, name: str, mark: str) -> bool:
    nonce, dot, seal = mark.partition(".")
    return bool(dot) and nonce.isalnum() and is_sealed(tx, _BROWSER, f"{nonce} {folded(name)}", seal)


def _checked(app: App, account: Account | None, password: str) -> str:
    """The hash of the password, which fits."""
    with app.database.reading() as tx:
        stored = None if account is None else tx.password(account.person)
    if not _passwords(app).fits(password, stored) or stored is None:
        raise _failed()
    return stored


def _failed() -> SignInFailed:
    return SignInFailed("name or password is wrong", "try again, or ask an administrator for a link to choose a new password")


def _passwords(app: App) -> Passwords:
    return app.once("passwords", Passwords)
