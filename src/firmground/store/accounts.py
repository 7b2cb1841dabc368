"""Who may sign in, and with what. Secrets are here as digests only."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import bindparam, delete, select, update

from firmground.accounts import Account, ApiKey, Failures, Identity, Link, Secrets, Session
from firmground.errors import InvalidInput
from firmground.store.tables import accounts, holds, identities, keys, links, persons, sessions
from firmground.store.tables import failures as _failed
from firmground.store.unit import Unit, loaded_list, name_checked, not_found, packed

_a = accounts.c
_s = sessions.c
_k = keys.c
_i = identities.c
_l = links.c
_f = _failed.c
_HELD = select(holds.c.person)
_ACCOUNT = (_a.person, _a.password != "", _a.created_at)
_SESSION = tuple(_s[name] for name in Session.model_fields)
_SECRETS = (_s.digest, _s.before, _s.next, _s.form)
# Asked with every request, so they are put together once.
_BY_SECRET = [select(*_SECRETS, *_SESSION).where(secret == bindparam("secret")) for secret in (_s.digest, _s.next, _s.before)]
_BY_ID = select(*_SESSION).where(_s.id == bindparam("session"))
_LONG_AGO = "1970-01-01T00:00:00Z"
_KEY = (_k.name, _k.person, _k.groups, _k.scopes, _k.origins, _k.created_at, _k.expires_at, _k.used_at)
_BY_KEY = select(*_KEY).where(_k.digest == bindparam("secret"))
_IDENTITY = tuple(_i[name] for name in Identity.model_fields)
_LINK = tuple(_l[name] for name in Link.model_fields)


class Accounts(Unit):
    """The chapter of a transaction on accounts, sessions, keys, identities and links."""

    def save_account(self, account: Account, password: str = "") -> None:
        row = {"person": account.person, "password": password, "created_at": account.model_dump(mode="json")["created_at"]}
        self._put(update(accounts).where(_a.person == account.person).values(row), accounts.insert().values(row))

    def account(self, person: str) -> Account | None:
        return next(iter(self._accounts(select(*_ACCOUNT).where(_a.person == person))), None)

    def password(self, person: str) -> str | None:
        return self._value(select(_a.password).where(_a.person == person)) or None

    def accounts(self) -> list[Account]:
        return self._accounts(select(*_ACCOUNT).order_by(_a.person))

    def account_names(self) -> list[str]:
        return [person for (person,) in self._rows(select(_a.person).order_by(_a.person))]

    def has_owner(self) -> bool:
        owned = select(_a.person).join(persons, persons.c.name == _a.person).where(persons.c.role == "owner")
        return self._value(owned.limit(1)) is not None

    # ---------------------------------------------------------------- sessions

    def save_session(self, session: Session, secrets: Secrets) -> None:
        now, before, following, form = secrets
        row = {**session.model_dump(mode="json"), "digest": now, "before": before, "next": following, "form": form}
        self._put(update(sessions).where(_s.id == session.id).values(row), sessions.insert().values(row))

    def session(self, digest: str) -> tuple[Session, Secrets] | None:
        for statement in _BY_SECRET if digest else ():
            if found := self._rows(statement, {"secret": digest}):
                return _session(found[0][len(_SECRETS) :]), Secrets(*found[0][: len(_SECRETS)])
        return None

    def session_called(self, id: str) -> Session | None:
        return next((_session(row) for row in self._rows(_BY_ID, {"session": id})), None)

    def sessions(self, person: str) -> list[Session]:
        return self._sessions(select(*_SESSION).where(_s.person == person).order_by(_s.created_at.desc(), _s.id))

    def drop_session(self, id: str) -> None:
        self._connection.execute(delete(sessions).where(_s.id == id))

    def renew_sessions(self, person: str) -> None:
        due = {"changed_at": _LONG_AGO, "before": "", "next": ""}
        self._connection.execute(update(sessions).where(_s.person == person).values(due))

    def drop_sessions(self, *, person: str | None = None, expired_at: datetime | None = None) -> int:
        which = delete(sessions)
        if person is not None:
            which = which.where(_s.person == person)
        if expired_at is not None:
            which = which.where(_s.expires_at <= _stamp(expired_at), _s.person.not_in(_HELD))
        return self._connection.execute(which).rowcount

    # ---------------------------------------------------------------- keys

    def save_key(self, digest: str, key: ApiKey) -> None:
        name_checked("key", key.name)
        if self._value(select(_k.name).where(_k.name == key.name)) is not None:
            raise InvalidInput(f"there is a key '{key.name}' already", "choose another name, or remove that one first")
        row = key.model_dump(mode="json")
        lists = {
            "groups": None if key.groups is None else packed(key.groups),
            "scopes": None if key.scopes is None else packed(key.scopes),
            "origins": packed(key.origins),
        }
        self._insert(keys, [{**row, **lists, "digest": digest}])

    def key(self, digest: str) -> ApiKey | None:
        return next((_key(row) for row in self._rows(_BY_KEY, {"secret": digest})), None)

    def api_keys(self, person: str | None = None) -> list[ApiKey]:
        wanted = select(*_KEY).order_by(_k.name)
        return [_key(row) for row in self._rows(wanted if person is None else wanted.where(_k.person == person))]

    def key_used(self, name: str, at: datetime) -> None:
        self._connection.execute(update(keys).where(_k.name == name).values(used_at=_stamp(at)))

    def drop_key(self, name: str) -> None:
        if not self._connection.execute(delete(keys).where(_k.name == name)).rowcount:
            known = [key for (key,) in self._rows(select(_k.name))]
            raise not_found("key", name, known, "`firmground key list` shows all")

    # ---------------------------------------------------------------- identities and links

    def save_identity(self, identity: Identity) -> None:
        row = identity.model_dump(mode="json")
        at = (_i.issuer == identity.issuer) & (_i.subject == identity.subject)
        self._put(update(identities).where(at).values(row), identities.insert().values(row))

    def identity(self, issuer: str, subject: str) -> Identity | None:
        return next(iter(self._identities(select(*_IDENTITY).where(_i.issuer == issuer, _i.subject == subject))), None)

    def identities(self, person: str) -> list[Identity]:
        return self._identities(select(*_IDENTITY).where(_i.person == person).order_by(_i.issuer, _i.subject))

    def drop_identities(self, person: str) -> None:
        self._connection.execute(delete(identities).where(_i.person == person))

    def save_link(self, digest: str, link: Link) -> None:
        self._insert(links, [{**link.model_dump(mode="json"), "digest": digest}])

    def link(self, digest: str) -> Link | None:
        return next(iter(self._links(select(*_LINK).where(_l.digest == digest))), None)

    def take_link(self, digest: str) -> Link | None:
        found = self.link(digest)
        taken = self._connection.execute(delete(links).where(_l.digest == digest)).rowcount
        return found if taken else None

    def links(self, person: str | None = None) -> list[Link]:
        wanted = select(*_LINK).order_by(_l.created_at.desc())
        return self._links(wanted if person is None else wanted.where(_l.person == person))

    def drop_links(self, *, person: str | None = None, by: str | None = None, expired_at: datetime | None = None) -> None:
        which = delete(links)
        if person is not None:
            which = which.where(_l.person == person)
        if by is not None:
            which = which.where(_l.by == by)
        if expired_at is not None:
            which = which.where(_l.expires_at <= _stamp(expired_at), _l.person.not_in(_HELD))
        self._connection.execute(which)

    # ---------------------------------------------------------------- attempts

    def save_failures(self, place: str, failures: Failures) -> None:
        row = {"place": place, "count": failures.number, "last": _exactly(failures.last)}
        self._put(update(_failed).where(_f.place == place).values(row), _failed.insert().values(row))

    def failures(self, places: Sequence[str]) -> dict[str, Failures]:
        rows = self._rows(select(_f.place, _f.count, _f.last).where(_f.place.in_(places)))
        return {place: Failures(count, datetime.fromisoformat(last)) for place, count, last in rows}

    def drop_failures(self, *, place: str | None = None, until: datetime | None = None) -> None:
        which = delete(_failed)
        if place is not None:
            which = which.where(_f.place == place)
        if until is not None:
            which = which.where(_f.last <= _exactly(until))
        self._connection.execute(which)

    # ---------------------------------------------------------------- rows

    def _accounts(self, wanted: Any) -> list[Account]:
        return [Account(person=person, password=bool(has), created_at=made) for person, has, made in self._rows(wanted)]

    def _sessions(self, wanted: Any) -> list[Session]:
        return [_session(row) for row in self._rows(wanted)]

    def _identities(self, wanted: Any) -> list[Identity]:
        return [Identity.model_validate(dict(zip(Identity.model_fields, row, strict=True))) for row in self._rows(wanted)]

    def _links(self, wanted: Any) -> list[Link]:
        return [Link.model_validate(dict(zip(Link.model_fields, row, strict=True))) for row in self._rows(wanted)]


def _session(row: Sequence[Any]) -> Session:
    return Session.model_validate(dict(zip(Session.model_fields, row, strict=True)))


def _stamp(at: datetime) -> str:
    """As values write it, so that stamps compare as texts: to the second where they have no fraction."""
    return Account(person="", created_at=at).model_dump(mode="json")["created_at"]


def _exactly(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def _key(row: tuple[Any, ...]) -> ApiKey:
    name, person, groups, scopes, origins, made, expires, used = row
    return ApiKey(
        name=name,
        person=person,
        groups=None if groups is None else tuple(loaded_list(groups)),
        scopes=None if scopes is None else tuple(loaded_list(scopes)),
        origins=tuple(loaded_list(origins)),
        created_at=made,
        expires_at=expires,
        used_at=used,
    )
