"""The key of a workspace for personal data that is kept apart: where it comes from, and what is sealed with it.

It is 32 random bytes, of which one key is made for placeholders and another for encrypting. Without it, what was hidden stays hidden.
"""

import base64
import binascii
import os
import secrets
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from firmground.errors import Damaged, InvalidSettings, OutsideFailed, StorageFull
from firmground.ports import Transaction
from firmground.redaction import HiddenValue
from firmground.settings import Workspace, secret

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

VARIABLE = "FIRMGROUND_PERSONAL_KEY"
FILE = "personal.key"
_BYTES = 32
_NONCE = 12
_FORM = "firmground hidden value 1"
_PLACE = ("personal_key", "id")
"""Namespace and key of the fact that names the key which values were sealed with last."""
_WRITE_ONE = "a new one is 32 random bytes in base64 (`openssl rand -base64 32`)"


class PersonalKey:
    """What placeholders are made with, and values are encrypted with. Thread-safe."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    @cached_property
    def id(self) -> str:
        """Names the key, and tells nothing of it."""
        return self._derived("id").hex()[:12]

    @cached_property
    def hashing(self) -> bytes:
        """For `guard.redaction.redacted`."""
        return self._derived("placeholders")

    def seal(self, placeholder: str, kind: str, value: str) -> HiddenValue:
        """The value, encrypted: it opens only as what this placeholder of this kind stands for."""
        nonce = secrets.token_bytes(_NONCE)
        sealed = self._cipher.encrypt(nonce, value.encode("utf-8", "surrogatepass"), _bound(placeholder, kind))
        return HiddenValue(placeholder=placeholder, kind=kind, sealed=base64.b64encode(nonce + sealed).decode())

    def open(self, hidden: HiddenValue) -> str:
        """Damaged where it was sealed with another key, or is not as it was."""
        from cryptography.exceptions import InvalidTag

        try:
            sealed = base64.b64decode(hidden.sealed, validate=True)
            value = self._cipher.decrypt(sealed[:_NONCE], sealed[_NONCE:], _bound(hidden.placeholder, hidden.kind))
            return value.decode("utf-8", "surrogatepass")
        except (InvalidTag, ValueError):
            raise Damaged(
                f"what {hidden.placeholder} stands for does not open with the key of this workspace",
                f"put the key back that it was hidden with ({VARIABLE} or {FILE} in the data directory)",
            ) from None

    @cached_property
    def _cipher(self) -> "AESGCM":
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        return AESGCM(self._derived("values"))

    def _derived(self, purpose: str) -> bytes:
        """HKDF: a key of its own for each purpose."""
        from cryptography.hazmat.primitives.hashes import SHA256
        from cryptography.hazmat.primitives.kdf.hkdf import HKDF

        return HKDF(SHA256(), _BYTES, salt=None, info=f"firmground personal data: {purpose}".encode()).derive(self._secret)


def key_of(workspace: Workspace, *, known: str = "", environment: Mapping[str, str] = os.environ) -> PersonalKey:
    """The key that the environment holds or names, else that of the data directory, which is made there if need be. `known` is the id of
    the key that values were sealed with: then none is made, as it would open none of them. InvalidSettings for one that cannot be a key;
    OutsideFailed where its file cannot be read or written; Damaged where it is gone."""
    if given := secret(VARIABLE, environment):
        return PersonalKey(_decoded(given, VARIABLE))
    path = workspace.data / FILE
    if (found := _read(path)) is None and known:
        raise Damaged(
            f"the key of hidden personal data is gone (neither {VARIABLE} nor {path} holds it)",
            f"put it back; if it is lost, put a new one there and sync: documents are read anew ({_WRITE_ONE})",
        )
    return PersonalKey(_decoded(found or _made(path), str(path)))


def kept_key(workspace: Workspace, environment: Mapping[str, str] = os.environ) -> bytes | None:
    """What the file of the data directory holds, where that is the key: one in the environment is kept by whoever put it there."""
    if secret(VARIABLE, environment):
        return None
    found = _read(workspace.data / FILE)
    return None if found is None else f"{found}\n".encode()


def known_key(tx: Transaction) -> str:
    """The id of the key that values were sealed with last; empty where nothing ever was."""
    return str(tx.fact(*_PLACE) or "")


def sealed(key: PersonalKey, tx: Transaction, values: Mapping[str, tuple[str, str]]) -> list[HiddenValue]:
    """What placeholders stand for (kind and value, as in `Redacted.values`), encrypted, to be kept in this transaction, which also keeps
    which key that was."""
    if values and known_key(tx) != key.id:
        tx.put_fact(*_PLACE, key.id)
    return [key.seal(placeholder, kind, value) for placeholder, (kind, value) in values.items()]


def _bound(placeholder: str, kind: str) -> bytes:
    return f"{_FORM}\0{kind}\0{placeholder}".encode()


def _decoded(text: str, place: str) -> bytes:
    with suppress(binascii.Error, ValueError):
        content = base64.b64decode(text.strip(), validate=True)
        if len(content) == _BYTES:
            return content
    raise InvalidSettings(f"{place} is no key for personal data", f"put the right one there; {_WRITE_ONE}")


def _read(path: Path) -> str | None:
    try:
        return path.read_bytes().decode("ascii", "replace").strip()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise OutsideFailed(
            f"cannot read {path}, the key of hidden personal data ({error.strerror})", "check its permissions"
        ) from None


def _made(path: Path) -> str:
    """A new key takes its place whole and once: of two processes that make one, both use that which came first."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f"{FILE}.", dir=path.parent)
        try:
            with os.fdopen(handle, "w", encoding="ascii") as file:
                file.write(base64.b64encode(secrets.token_bytes(_BYTES)).decode() + "\n")
                file.flush()
                os.fsync(file.fileno())
            with suppress(FileExistsError):
                os.link(name, path)
        finally:
            Path(name).unlink()
        _settle(path.parent)
    except OSError as error:
        kind = StorageFull if error.errno in {28, 122} else OutsideFailed
        raise kind(f"cannot write {path}, the key of hidden personal data ({error.strerror})", "check that folder") from None
    return _read(path) or ""


def _settle(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
