"""Who people are elsewhere: what an OpenID provider says of somebody, and what a database keeps while they are on their way there."""

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from firmground.types import Json, Value


class SignIn(Value):
    """Somebody who went to the provider and is not back yet. Good once, in the browser that it began in."""

    browser: str
    """Digest of what that browser keeps."""
    nonce: str
    verifier: str
    """Secret by which only who began it may exchange the code that comes back (PKCE)."""
    there: str
    """Where they want to go afterwards."""
    person: str
    """Who, being signed in, wants this identity connected to themselves; empty where somebody signs in."""
    address: str
    """Whom it is counted to."""
    expires_at: datetime


class SignIns(Protocol):
    """The chapter of a transaction on people who are on their way. A state is known to it by its digest alone."""

    def begin_sign_in(self, state: str, sign_in: SignIn) -> None: ...
    def sign_in_under_way(self, state: str) -> SignIn | None: ...
    def take_sign_in(self, state: str) -> SignIn | None:
        """The one of this state, which is good no more."""
        ...

    def sign_ins_under_way(self, address: str | None = None) -> int:
        """How many there are, of one address or in all."""
        ...

    def drop_sign_ins(self, *, expired_at: datetime) -> None: ...


class Provider(Protocol):
    """An OpenID provider. Its word counts only where every check of it was passed; what it knows of the provider it asks for when needed.

    OutsideFailed where the provider does not answer, or answers nonsense; NotAllowed where it does not vouch for anybody.
    """

    @property
    def issuer(self) -> str: ...

    def address(self, *, state: str, nonce: str, verifier: str, back: str) -> str:
        """Where to send the browser of somebody who signs in. `back`: where the provider sends it afterwards."""
        ...

    def names_itself(self) -> bool:
        """Whether it says who it is when it sends somebody back (RFC 9207)."""
        ...

    def vouched(self, code: str, *, nonce: str, verifier: str, back: str) -> Mapping[str, Json]:
        """What it says of who came back with this code: claims, of which `sub` is text that may be kept."""
        ...
