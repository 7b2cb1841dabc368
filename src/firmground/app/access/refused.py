"""Whom a provider's word alone does not let in any more: identities of people who were removed here. What is kept of them names nobody."""

from firmground.app.personal.pseudonyms import pseudonym
from firmground.errors import NotAllowed
from firmground.ports import Transaction

REFUSED = "refused identities"
"""Namespace: digest of an identity to that of its person, both made with the workspace's secret."""


def refuse(tx: Transaction, person: str) -> None:
    """The identities of somebody who is about to go: nobody is made known by them, until an administrator connects them to somebody or
    makes a person of that name known."""
    for each in tx.identities(person):
        tx.put_fact(REFUSED, _digest(tx, each.issuer, each.subject), pseudonym(tx, person))


def allow(tx: Transaction, issuer: str, subject: str) -> None:
    """It is somebody's again."""
    if tx.facts(REFUSED):
        tx.drop_facts(REFUSED, [_digest(tx, issuer, subject)])


def check_not_refused(tx: Transaction, issuer: str, subject: str) -> None:
    """NotAllowed for the identity of somebody who was removed and not added again."""
    whose = tx.fact(REFUSED, _digest(tx, issuer, subject)) if tx.facts(REFUSED) else None
    if whose is None or whose in {pseudonym(tx, name) for name in tx.roles()}:
        return
    raise NotAllowed(
        "whoever had this identity here was removed",
        f"ask an administrator to add you again and connect {subject!r} to you, with `firmground person link-identity`",
    )


def _digest(tx: Transaction, issuer: str, subject: str) -> str:
    return pseudonym(tx, f"identity\0{issuer}\0{subject}")
