"""What people are called in the record once what was kept of them is erased.

The secret that pseudonyms are made with stays with the workspace: a backup from before an erasing holds the name, and restoring it must
find out that it was erased. Who has the record alone cannot tell from a pseudonym whose it is.
"""

import hmac
import secrets

from firmground.ports import Transaction

_SPACE = "pseudonyms"
_SECRET = "secret"  # noqa: S105 - a key, not what it names
_COUNT = "count"
ERASED = "erased people"
"""Namespace of when somebody was erased last, or their questions were, by pseudonym."""
BEGIN = "erased-"
"""Begins every pseudonym; no name does."""


def pseudonym(tx: Transaction, name: str) -> str:
    """Always the same for a name, in this workspace."""
    if tx.fact(_SPACE, _SECRET) is None:
        tx.put_fact(_SPACE, _SECRET, secrets.token_hex(32))
    return _of(str(tx.fact(_SPACE, _SECRET)), name)


def known_as(tx: Transaction, name: str) -> str:
    """The name, or the pseudonym of somebody who was erased and is not known again."""
    return pseudonym(tx, name) if erased_at(tx, name) and not tx.has_person(name) else name


def note_erased(tx: Transaction, name: str, at: str) -> str:
    """Their pseudonym."""
    alias = pseudonym(tx, name)
    tx.put_fact(ERASED, alias, at)
    tx.put_fact(_SPACE, _COUNT, erasures(tx) + 1)
    return alias


def erasures(tx: Transaction) -> int:
    """How often something was noted: it grows, so that what was remembered before is known to be old."""
    count = tx.fact(_SPACE, _COUNT)
    return count if isinstance(count, int) else 0


def erased_at(tx: Transaction, name: str) -> str:
    """The last moment at which all that was kept of them, or all they had asked, was erased; empty where it never was. Quick: every
    answer asks."""
    secret = tx.fact(_SPACE, _SECRET)
    return "" if secret is None else str(tx.fact(ERASED, _of(str(secret), name)) or "")


def secret_of(tx: Transaction) -> str:
    """What pseudonyms are made with; empty where there are none."""
    return str(tx.fact(_SPACE, _SECRET) or "")


def keep_secret(tx: Transaction, secret: str) -> None:
    """Go on with the pseudonyms of the data that this one replaces."""
    if secret:
        tx.put_fact(_SPACE, _SECRET, secret)


def _of(secret: str, name: str) -> str:
    return BEGIN + hmac.new(secret.encode(), name.encode("utf-8", "surrogatepass"), "sha256").hexdigest()[:16]
