"""Giving a person another role, and what owners alone may do to owners."""

from firmground.app.access.rights import by_hand, need
from firmground.app.app import App
from firmground.app.launching import approvals
from firmground.app.recording.ledger import record
from firmground.errors import Refused
from firmground.ports import Transaction
from firmground.rights import GRANTS, Role
from firmground.types import Actor


def may_make(actor: Actor, role: Role) -> None:
    """Refused for an owner to others than owners, and to a key for whoever could let others in: they would stay longer than the key."""
    if role == "owner":
        need(actor, "own", "make owners")
    if role in GRANTS["people"]:
        by_hand(actor, "make administrators")


def may_admit(actor: Actor, role: Role, what: str) -> None:
    """The same for a way in that a person of this role gets; `what` ends before whom."""
    if role == "owner":
        need(actor, "own", f"{what} an owner")
    if role in GRANTS["people"]:
        by_hand(actor, f"{what} an administrator")


def may_remove(tx: Transaction, actor: Actor, name: str) -> None:
    """Refused for an owner to others than owners, and for the last owner to everybody."""
    owners = tx.owners()
    if name not in owners:
        return
    need(actor, "own", "remove an owner")
    if not any(tx.account(other) for other in owners if other != name):
        raise Refused(f"{name} is the last owner", "make another owner first")


def give_role(app: App, tx: Transaction, actor: Actor, name: str, role: Role) -> None:
    """Give a person another role, with all that follows from it. Whoever calls it has made sure that it may be."""
    before = tx.actor(name).role
    tx.set_role(name, role)
    tx.renew_sessions(name)
    tx.drop_links(person=name)  # made for who they were
    tx.drop_links(by=name)
    if role not in GRANTS["releases"]:
        approvals.forget(tx, name)
    forgotten = role == "owner" and _chosen_by_no_owner(tx, name)
    if forgotten:
        _forget_password(tx, name)
    record(app, tx, actor, "person.changed", name, role=role, before=before, **({"password": "forgotten"} if forgotten else {}))


def _chosen_by_no_owner(tx: Transaction, name: str) -> bool:
    """Whether somebody else chose the password that they sign in with, who is no owner: then it would make an owner of them too."""
    account, owners = tx.account(name), tx.owners()
    if account is None or not account.password:
        return False
    told = tx.entries(kinds={"account.added", "account.password_set"}, newest_first=True)
    last = next((entry for entry in told if entry.subject == name), None)
    return last is not None and last.via != "cli" and last.by not in {name, *owners}


def _forget_password(tx: Transaction, name: str) -> None:
    """They choose another by a link. Sessions that a password began end with it."""
    if account := tx.account(name):
        tx.save_account(account.model_copy(update={"password": False}), "")
        tx.drop_sessions(person=name)
