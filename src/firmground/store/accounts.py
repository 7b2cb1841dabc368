"""Who may sign in, and with what. Secrets are here as digests only."""

from datetime import datetime
from typing import Any

from sqlalchemy import delete, select, update

from firmground.errors import InvalidInput
from firmground.store.tables import accounts, keys, sessions
from firmground.store.unit import Unit, loaded_list, name_checked, not_found, packed
from firmground.types import Account, ApiKey, Session

_a = accounts.c
_s = sessions.c
_k = keys.c
_SESSION = (_s.person, _s.created_at, _s.seen_at, _s.expires_at)
_KEY = (_k.name, _k.person, _k.groups, _k.origins, _k.created_at, _k.expires_at, _k.used_at)


class Accounts(Unit):
    """The chapter of a transaction on accounts, sessions and keys."""

    def save_account(self, account: Account, password: str) -> None:
        row = {**account.model_dump(mode="json"), "password": password}
        self._put(update(accounts).where(_a.person == account.person).values(row), accounts.insert().values(row))

    def account(self, person: str) -> Account | None:
        return next(iter(self._accounts(select(_a.person, _a.owner, _a.created_at).where(_a.person == person))), None)

    def password(self, person: str) -> str | None:
        return self._value(select(_a.password).where(_a.person == person))

    def accounts(self) -> list[Account]:
        return self._accounts(select(_a.person, _a.owner, _a.created_at).order_by(_a.person))

    def has_owner(self) -> bool:
        return self._value(select(_a.person).where(_a.owner).limit(1)) is not None

    def save_session(self, digest: str, session: Session) -> None:
        row = {**session.model_dump(mode="json"), "digest": digest}
        self._put(update(sessions).where(_s.digest == digest).values(row), sessions.insert().values(row))

    def session(self, digest: str) -> Session | None:
        found = self._rows(select(*_SESSION).where(_s.digest == digest))
        return next(
            (Session(person=who, created_at=made, seen_at=seen, expires_at=ends) for who, made, seen, ends in found), None
        )

    def drop_session(self, digest: str) -> None:
        self._connection.execute(delete(sessions).where(_s.digest == digest))

    def drop_sessions(self, *, person: str | None = None, expired_at: datetime | None = None) -> int:
        which = delete(sessions)
        if person is not None:
            which = which.where(_s.person == person)
        if expired_at is not None:
            which = which.where(_s.expires_at <= _stamp(expired_at))
        return self._connection.execute(which).rowcount

    def save_key(self, digest: str, key: ApiKey) -> None:
        name_checked("key", key.name)
        if self._value(select(_k.name).where(_k.name == key.name)) is not None:
            raise InvalidInput(f"there is a key '{key.name}' already", "choose another name, or remove that one first")
        row = key.model_dump(mode="json")
        lists = {"groups": None if key.groups is None else packed(key.groups), "origins": packed(key.origins)}
        self._insert(keys, [{**row, **lists, "digest": digest}])

    def key(self, digest: str) -> ApiKey | None:
        return next((_key(row) for row in self._rows(select(*_KEY).where(_k.digest == digest))), None)

    def keys(self) -> list[ApiKey]:
        return [_key(row) for row in self._rows(select(*_KEY).order_by(_k.name))]

    def key_used(self, name: str, at: datetime) -> None:
        self._connection.execute(update(keys).where(_k.name == name).values(used_at=_stamp(at)))

    def drop_key(self, name: str) -> None:
        if not self._connection.execute(delete(keys).where(_k.name == name)).rowcount:
            known = [key for (key,) in self._rows(select(_k.name))]
            raise not_found("key", name, known, "`firmground key list` shows all")

    def _accounts(self, wanted: Any) -> list[Account]:
        return [Account(person=person, owner=owner, created_at=made) for person, owner, made in self._rows(wanted)]


def _stamp(at: datetime) -> str:
    """As values write it, so that stamps compare as texts: to the second where they have no fraction."""
    return Session(person="", created_at=at, seen_at=at, expires_at=at).model_dump(mode="json")["expires_at"]


def _key(row: tuple[Any, ...]) -> ApiKey:
    name, person, groups, origins, made, expires, used = row
    return ApiKey(
        name=name,
        person=person,
        groups=None if groups is None else tuple(loaded_list(groups)),
        origins=tuple(loaded_list(origins)),
        created_at=made,
        expires_at=expires,
        used_at=used,
    )
