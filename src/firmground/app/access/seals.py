"""Secrets of browsers and programs, as the database knows them: by what cannot be turned back."""

import hashlib
import hmac
import secrets

from firmground.ports import Transaction

_PLACE = ("browsers", "secret")
"""Namespace and key of the fact that seals are made with."""


def digest_of(secret: str) -> str:
    """What is stored of a secret of 256 random bits, which needs neither salt nor work."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def make_ready(tx: Transaction) -> None:
    """See to it that this workspace can seal."""
    if tx.fact(*_PLACE) is None:
        tx.put_fact(*_PLACE, secrets.token_hex(32))


def sealed(tx: Transaction, purpose: str, text: str) -> str:
    """What only this workspace makes of a text, and for each purpose another; empty where it has never been made ready."""
    if (secret := tx.fact(*_PLACE)) is None:
        return ""
    said = f"{purpose}\0{text}".encode("utf-8", "surrogatepass")
    return hmac.new(str(secret).encode(), said, "sha256").hexdigest()


def is_sealed(tx: Transaction, purpose: str, text: str, seal: str) -> bool:
    """Whether this is the seal of the text."""
    return bool(seal) and hmac.compare_digest(seal.encode("utf-8", "surrogatepass"), sealed(tx, purpose, text).encode())
