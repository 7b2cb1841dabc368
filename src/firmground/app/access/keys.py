"""What programs sign in with: keys that act for a person, and keys for pages elsewhere."""

import re
import secrets
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from ipaddress import ip_address
from typing import NamedTuple
from urllib.parse import urlsplit

from firmground.accounts import ApiKey
from firmground.app.access.accounts import FIRST_OWNER
from firmground.app.access.names import WIDGET, plain
from firmground.app.access.rights import need
from firmground.app.access.seals import digest_of
from firmground.app.app import App
from firmground.app.recording.ledger import record
from firmground.errors import InvalidInput, NotAllowed, NotFound, Refused
from firmground.groups import PUBLIC
from firmground.ports import Transaction
from firmground.rights import RIGHTS, Right
from firmground.types import Actor

PREFIX = "fg_"
NAMED: frozenset[Right] = frozenset({"self", "people", "own"})
"""What a key gets by name alone: by it whoever finds the key could stay longer than the key does, or let others in."""
USUAL: frozenset[Right] = frozenset(RIGHTS) - NAMED
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


def add_key(
    app: App, actor: Actor, name: str, *, person: str, days: int | None = None, scopes: Collection[str] | None = None
) -> tuple[ApiKey, str]:
    """A key that acts for a person, with the groups they are in at each moment, and its secret, which is nowhere else. `scopes`: what
    it may do of what they may do at each moment; when absent all but what a key gets by name alone (`NAMED`). For oneself; administrators
    make them for others, and owners for owners. InvalidInput for a scope that its person has not got, NotAllowed for one that its maker
    has not."""
    with app.database.transaction() as tx:
        _check_accounts(tx)
        whose = tx.actor(person) if actor.may("people") or person == actor.person else _not_yours(actor)
        if whose.person != actor.person or actor.via == "cli":
            need(actor, "people", "make keys for others")
            if whose.role == "owner":
                need(actor, "own", "make a key for an owner")
        else:
            need(actor, "self", "make keys")
        key = ApiKey(
            name=plain(name),
            person=whose.person,
            scopes=_scopes(actor, whose, scopes),
            created_at=app.clock(),
            expires_at=_end(app, days),
        )
        return _saved(app, tx, actor, key)


def add_widget_key(
    app: App, actor: Actor, name: str, *, origins: Sequence[str], groups: Sequence[str], days: int | None = None
) -> tuple[ApiKey, str]:
    """A key for a page elsewhere, for whoever looks at that page there: it sees what `groups` and the public may see, never more, and is
    good from `origins` only. For administrators. NotFound for a group that does not exist."""
    need(actor, "people", "make keys for pages elsewhere")
    if not origins:
        raise InvalidInput(
            "a key for a page elsewhere needs the site it is on", "name it with --origin https://intranet.example.org"
        )
    with app.database.transaction() as tx:
        _check_accounts(tx)
        if unknown := [group for group in groups if not tx.has_group(group)]:
            raise NotFound(f"there is no group '{unknown[0]}'", "`firmground group list` shows all")
        fixed = tuple(sorted({*groups, PUBLIC}))
        sites = tuple(dict.fromkeys(map(origin_of, origins)))
        key = ApiKey(name=plain(name), groups=fixed, origins=sites, created_at=app.clock(), expires_at=_end(app, days))
        return _saved(app, tx, actor, key)


def keys(app: App, actor: Actor, *, own: bool = False) -> list[ApiKey]:
    """By name, without their secrets: one's own; administrators see all, unless they want their `own` alone."""
    with app.database.reading() as tx:
        known = tx.api_keys()
    return [key for key in known if key.person == actor.person or (actor.may("people") and not own)]


def remove_key(app: App, actor: Actor, name: str) -> None:
    """It is refused from this moment on. One's own, or by an administrator any but an owner's. NotFound, also for somebody else's."""
    with app.database.transaction() as tx:
        known = tx.api_keys()
        whose = next((key.person for key in known if key.name == name), None)
        if not actor.may("people") and whose != actor.person:
            raise NotFound(f"you have no key '{name}'", "look at the list of your keys")
        if whose is not None and whose != actor.person and tx.actor(whose).role == "owner":
            need(actor, "own", "remove a key of an owner")
        tx.drop_key(name)
        record(app, tx, actor, "key.removed", name, person=whose)


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
        known = tx.api_keys()
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
        scopes = USUAL if key.scopes is None else frozenset(key.scopes)
        return tx.actor(key.person, via="http").model_copy(update={"scopes": scopes, "key": key.name})
    groups = frozenset(key.groups or ()) | {PUBLIC}
    return Actor(person=f"{WIDGET}{key.name}", groups=groups, scopes=frozenset({"ask"}), via="http", key=key.name)


def _saved(app: App, tx: Transaction, actor: Actor, key: ApiKey) -> tuple[ApiKey, str]:
    secret = PREFIX + secrets.token_urlsafe(32)
    tx.save_key(digest_of(secret), key)
    told = key.model_dump(mode="json", include={"person", "groups", "scopes", "origins", "expires_at"}, exclude_none=True)
    record(app, tx, actor, "key.added", key.name, **told)
    return key, secret


def _end(app: App, days: int | None) -> datetime | None:
    if days is None:
        return None
    if not 1 <= days <= _LONGEST_DAYS:
        raise InvalidInput(f"a key cannot expire after {days} days", f"use 1 to {_LONGEST_DAYS}, or leave it out")
    return app.clock() + timedelta(days=days)


def _scopes(actor: Actor, whose: Actor, wanted: Collection[str] | None) -> tuple[Right, ...] | None:
    if wanted is None:
        usual = USUAL if actor.scopes is None else USUAL & actor.scopes
        return None if usual == USUAL else _in_order(usual)
    if unknown := sorted(set(wanted) - set(RIGHTS)):
        raise InvalidInput(f"there is no scope {unknown[0]!r}", f"choose among {', '.join(RIGHTS)}")
    if not wanted:
        raise InvalidInput("a key without a scope is for nothing", f"choose among {', '.join(RIGHTS)}")
    for right in _in_order(wanted):
        if not whose.may(right):
            raise InvalidInput(f"{whose.person} has not got the right {right} that the key is to have", "leave that scope out")
        need(actor, right, f"make a key with the scope {right}")
    return _in_order(wanted)


def _in_order(rights: Collection[str]) -> tuple[Right, ...]:
    return tuple(right for right in RIGHTS if right in rights)


def _check_accounts(tx: Transaction) -> None:
    """What was made while whoever reaches the server is its owner must not outlive that."""
    if not tx.has_owner():
        raise Refused("there is no owner yet, so keys are for nothing", f"make one first, with `{FIRST_OWNER}`")


def _not_yours(actor: Actor) -> Actor:
    raise NotAllowed(f"{actor.person} may not make keys for others", "ask an administrator")
