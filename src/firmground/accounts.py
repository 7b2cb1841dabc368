"""Who may sign in, and with what: the values, and what a database keeps of them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal, NamedTuple, Protocol

from firmground.rights import Right
from firmground.types import Value


class Account(Value):
    """A person who may sign in: with a password, unless `password` is False, or by an identity that a provider vouches for."""

    person: str
    password: bool = True
    created_at: datetime


class Identity(Value):
    """Somebody as an OpenID provider knows them. `subject` never changes there and is never given twice; all else may."""

    issuer: str
    subject: str
    person: str
    seen_at: datetime


class Session(Value):
    """A browser that somebody signed in with. Its secret is known to the browser only; stored is the secret's digest.

    The secret changes while the session lasts. `id` does not: it names the session to its person, and opens nothing.
    """

    id: str
    person: str
    created_at: datetime
    seen_at: datetime
    expires_at: datetime
    changed_at: datetime
    """When its secret was last changed, or a new one was given out."""
    address: str = ""
    browser: str = ""
    """Of who signed in, for them to know it again."""
    issuer: str = ""
    """Of the provider that vouched for the person; empty for a password."""


class Secrets(NamedTuple):
    """Digests of the secrets of one session, and what its forms send."""

    now: str
    before: str = ""
    """Of the one that it had until it changed."""
    next: str = ""
    """Of the one that its browser was given, and has not come with yet."""
    form: str = ""
    """Itself, not its digest: it opens nothing without one of the others."""


class Link(Value):
    """A link that is good once: to choose a password (`reset`), or to choose the first one (`invite`). Stored is its secret's digest."""

    person: str
    kind: Literal["invite", "reset"]
    by: str
    created_at: datetime
    expires_at: datetime


class Failures(NamedTuple):
    """Attempts to sign in that failed, of one kind: how many, each worth less the longer ago it was, and when the last one was."""

    number: float
    last: datetime


class ApiKey(Value):
    """What a program signs in with. Shown once; stored is its digest.

    Either it acts for `person`, with the groups that person is in at the moment; or, for a page of another site, with the fixed `groups`,
    for whoever looks at that page, and from `origins` only.
    """

    name: str
    person: str | None = None
    groups: tuple[str, ...] | None = None
    scopes: tuple[Right, ...] | None = None
    """What it may do of what its person may; None for all but what a key gets by name alone."""
    origins: tuple[str, ...] = ()
    """`https://intranet.example.org`: scheme, host, and the port where it is not the usual one."""
    created_at: datetime
    expires_at: datetime | None = None
    used_at: datetime | None = None


class Credentials(Protocol):
    """The chapter of a transaction on who may come in. Secrets are known to it by their digests alone."""

    def save_account(self, account: Account, password: str = "") -> None:
        """Insert, or replace the one of this person. `password`: its hash (argon2id, encoded), empty for an account without one. The person
        must be known."""
        ...

    def account(self, person: str) -> Account | None: ...
    def password(self, person: str) -> str | None:
        """The hash of it."""
        ...

    def accounts(self) -> list[Account]:
        """By name."""
        ...

    def account_names(self) -> list[str]: ...
    def has_owner(self) -> bool:
        """Whether an owner may sign in."""
        ...

    def save_session(self, session: Session, secrets: Secrets) -> None:
        """Insert, or replace the one of this id."""
        ...

    def session(self, digest: str) -> tuple[Session, Secrets] | None:
        """By any of its secrets."""
        ...

    def session_called(self, id: str) -> Session | None: ...
    def sessions(self, person: str) -> list[Session]:
        """Newest first."""
        ...

    def drop_session(self, id: str) -> None: ...
    def renew_sessions(self, person: str) -> None:
        """Make it time for all sessions of a person to change their secrets."""
        ...

    def drop_sessions(self, *, person: str | None = None, expired_at: datetime | None = None) -> int:
        """Those of a person, or those that are over at a moment, but of people under a hold; how many there were."""
        ...

    def save_key(self, digest: str, key: ApiKey) -> None:
        """InvalidInput where there is one of that name."""
        ...

    def key(self, digest: str) -> ApiKey | None: ...
    def api_keys(self, person: str | None = None) -> list[ApiKey]:
        """By name; all, or those that act for a person."""
        ...

    def save_identity(self, identity: Identity) -> None:
        """Insert, or replace the one of this issuer and subject."""
        ...

    def identity(self, issuer: str, subject: str) -> Identity | None: ...
    def identities(self, person: str) -> list[Identity]: ...
    def drop_identities(self, person: str) -> None: ...

    def save_link(self, digest: str, link: Link) -> None: ...
    def take_link(self, digest: str) -> Link | None:
        """The link, which is good no more."""
        ...

    def link(self, digest: str) -> Link | None: ...
    def links(self, person: str | None = None) -> list[Link]: ...
    def drop_links(self, *, person: str | None = None, by: str | None = None, expired_at: datetime | None = None) -> None:
        """Those to a person, those that somebody made, or those that are over at a moment, but to people under a hold."""
        ...

    def save_failures(self, place: str, failures: Failures) -> None: ...
    def failures(self, places: Sequence[str]) -> dict[str, Failures]:
        """Of those places that there are any of."""
        ...

    def drop_failures(self, *, place: str | None = None, until: datetime | None = None) -> None:
        """Those of a place, or all of which the last was no later than a moment."""
        ...

    def key_used(self, name: str, at: datetime) -> None: ...
    def drop_key(self, name: str) -> None:
        """NotFound names the nearest."""
        ...
