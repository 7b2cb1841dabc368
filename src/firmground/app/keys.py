"""What programs sign in with: keys that act for a person, and keys for pages elsewhere."""

import re
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from ipaddress import ip_address
from typing import NamedTuple
from urllib.parse import urlsplit

from firmground.app.accounts import FIRST_OWNER, digest_of
from firmground.app.app import App
from firmground.app.names import WIDGET, plain
from firmground.app.rights import administrators_only, is_owner, owners_only
from firmground.errors import InvalidInput, NotAllowed, NotFound, Refused
from firmground.groups import EVERYONE, PUBLIC
from firmground.ports import Transaction
from firmground.types import Actor, ApiKey

PREFIX = "fg_"
_USED_EVERY = timedelta(minutes=1)
_LONGEST_DAYS = 3650
_LONGEST_HOST = 253
_NAME = re.compile(r"(?=.*[a-z])[a-z0-9]([a-z0-9_-]|\.(?!\.))*(?<![.-])")
_USUAL_PORTS = {"http": 80, "https": 443}


class Bearer(NamedTuple):
    """Whoever came with a good key. `due`: it is time to note that it was used."""

    actor: Actor
    key: ApiKey
    due: bool


def add_key(app: App, actor: Actor, name: str, *, person: str, days: int | None = None) -> tuple[ApiKey, str]:
    """A key that acts for a person, with the groups they are in at each moment, and its secret, which is nowhere else. For oneself;
    administrators make them for others, and owners for owners."""
    with app.database.transaction() as tx:
        _check_accounts(tx)
        person = tx.actor(person).person if actor.admin or person == actor.person else _not_yours(actor)
        if person != actor.person or actor.via == "cli":
            administrators_only(actor, "make keys for others")
            if is_owner(tx, person):
                owners_only(tx, actor, "make a key for an owner")
        return _saved(tx, ApiKey(name=plain(name), person=person, created_at=app.clock(), expires_at=_end(app, days)))


def add_widget_key(
    app: App, actor: Actor, name: str, *, origins: Sequence[str], groups: Sequence[str], days: int | None = None
) -> tuple[ApiKey, str]:
    """A key for a page elsewhere, for whoever looks at that page there: it sees what `groups` and the public may see, never more, and is
    good from `origins` only. For administrators. NotFound for a group that does not exist."""
    administrators_only(actor, "make keys for pages elsewhere")
    if not origins:
        raise InvalidInput(
            "a key for a page elsewhere needs the site it is on", "name it with --origin https://intranet.example.org"
        )
    with app.database.transaction() as tx:
        _check_accounts(tx)
        known = {*tx.groups(), PUBLIC, EVERYONE}
        if unknown := [group for group in groups if group not in known]:
            raise NotFound(f"there is no group '{unknown[0]}'", "`firmground group list` shows all")
        fixed = tuple(sorted({*groups, PUBLIC}))
        sites = tuple(dict.fromkeys(map(origin_of, origins)))
        return _saved(
            tx, ApiKey(name=plain(name), groups=fixed, origins=sites, created_at=app.clock(), expires_at=_end(app, days))
        )


def keys(app: App, actor: Actor, *, own: bool = False) -> list[ApiKey]:
    """By name, without their secrets: one's own; administrators see all, unless they want their `own` alone."""
    with app.database.reading() as tx:
        known = tx.keys()
    return [key for key in known if key.person == actor.person or (actor.admin and not own)]


def remove_key(app: App, actor: Actor, name: str) -> None:
    """It is refused from this moment on. One's own, or by an administrator any but an owner's. NotFound, also for somebody else's."""
    with app.database.transaction() as tx:
        known = tx.keys()
        whose = next((key.person for key in known if key.name == name), None)
        if not actor.admin and whose != actor.person:
            raise NotFound(f"you have no key '{name}'", "look at the list of your keys")
        if whose is not None and whose != actor.person and is_owner(tx, whose):
            owners_only(tx, actor, "remove a key of an owner")
        tx.drop_key(name)


def bearer(app: App, digest: str) -> Bearer | None:
    """Whose key has a secret of this digest; None where it is over, was removed, or never was."""
    now = app.clock()
    with app.database.reading() as tx:
        key = tx.key(digest)
        if key is None or (key.expires_at is not None and now >= key.expires_at):
            return None
        due = key.used_at is None or now - key.used_at >= _USED_EVERY
        return Bearer(_actor(tx, key), key, due)


def used(app: App, key: ApiKey) -> None:
    """Note that a key was used."""
    with app.database.transaction() as tx:
        tx.key_used(key.name, app.clock())


def sites(app: App) -> frozenset[str]:
    """The sites that good keys for pages elsewhere name."""
    now = app.clock()
    with app.database.reading() as tx:
        known = tx.keys()
    good = [key for key in known if key.person is None and (key.expires_at is None or now < key.expires_at)]
    return frozenset(site for key in good for site in key.origins)


def origin_of(site: str) -> str:
    """`https://Intranet.example.org:443/` → `https://intranet.example.org`. InvalidInput where it is more or less than a site."""
    try:
        parts = urlsplit(site.strip())
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    host = parts.hostname or ""
    beside = parts.path.strip("/") or parts.query or parts.fragment or parts.username is not None
    if parts.scheme not in _USUAL_PORTS or not _is_host(host) or beside:
        raise InvalidInput(f"{site!r} is not the address of a site", "write scheme and host, e.g. https://intranet.example.org")
    shown = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{shown}" + (f":{port}" if port not in {None, _USUAL_PORTS[parts.scheme]} else "")


def _is_host(text: str) -> bool:
    """A name, or an address as browsers write it in `Origin`."""
    try:
        return str(ip_address(text)) == text and "%" not in text
    except ValueError:
        return len(text) <= _LONGEST_HOST and _NAME.fullmatch(text) is not None


def _actor(tx: Transaction, key: ApiKey) -> Actor:
    if key.person is not None:
        return tx.actor(key.person, via="http")
    return Actor(person=f"{WIDGET}{key.name}", groups=frozenset(key.groups or ()) | {PUBLIC}, via="http")


def _saved(tx: Transaction, key: ApiKey) -> tuple[ApiKey, str]:
    secret = PREFIX + secrets.token_urlsafe(32)
    tx.save_key(digest_of(secret), key)
    return key, secret


def _end(app: App, days: int | None) -> datetime | None:
    if days is None:
        return None
    if not 1 <= days <= _LONGEST_DAYS:
        raise InvalidInput(f"a key cannot expire after {days} days", f"use 1 to {_LONGEST_DAYS}, or leave it out")
    return app.clock() + timedelta(days=days)


def _check_accounts(tx: Transaction) -> None:
    """What was made while whoever reaches the server is its owner must not outlive that."""
    if not tx.has_owner():
        raise Refused("there is no owner yet, so keys are for nothing", f"make one first, with `{FIRST_OWNER}`")


def _not_yours(actor: Actor) -> str:
    raise NotAllowed(f"{actor.person} may not make keys for others", "ask an administrator")
