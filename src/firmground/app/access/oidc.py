"""Signing in with an OpenID Connect provider: the way there and back.

What begins in one browser ends in the same one, once, and soon: whoever comes back brings a state that only the provider was told, and the
cookie that only the browser has.
"""

import hmac
import logging
import re
import secrets
from collections.abc import Mapping
from datetime import timedelta
from typing import NamedTuple

from firmground.accounts import Identity
from firmground.app.access import identities
from firmground.app.access.accounts import end_the_one_before
from firmground.app.access.attempts import TooManyAttempts, network
from firmground.app.access.seals import digest_of
from firmground.app.access.sessions import begin_session, present
from firmground.app.app import App
from firmground.app.notifying import contacts
from firmground.errors import FirmgroundError, InvalidInput, NotAllowed, OutsideFailed
from firmground.identities import SignIn
from firmground.types import Actor, Json

BACK = "/login/provider/callback"
"""Where the provider sends people, at the address that they know this server by."""
MINUTES = 10
"""After which somebody who is not back begins anew."""
_MOST_OF_ONE = 50
_MOST = 10_000
_LONGEST = 4_096
_CODE = re.compile(r"[a-z_]{1,40}")
_RETRY_SECONDS = 60
_START_AGAIN = "start it again, in one window"
_log = logging.getLogger(__name__)


class Begun(NamedTuple):
    """Where to send the browser, and what it must keep until it is back."""

    address: str
    browser: str


class Back(NamedTuple):
    """Where somebody who came back wants to go. `secret`: of their new session; empty where they are signed in already."""

    there: str
    secret: str


def begin(app: App, *, there: str, address: str, person: str = "") -> Begun:
    """Send somebody to the provider. `address`: whom it is counted to. `person`: who, being signed in, wants to be connected.
    TooManyAttempts where too many from there are under way, OutsideFailed where the provider cannot be asked."""
    identities.settings(app)
    state, nonce, verifier, browser = (secrets.token_urlsafe(32) for _ in range(4))
    try:
        way = app.provider.address(state=state, nonce=nonce, verifier=verifier, back=_back(app))
    except OutsideFailed as error:
        _log.warning("nobody can sign in by %s: %s", app.provider.issuer, error)
        raise
    now = app.clock()
    with app.database.transaction() as tx:
        tx.drop_sign_ins(expired_at=now)
        place = network(address)
        if tx.sign_ins_under_way(place) >= _MOST_OF_ONE or tx.sign_ins_under_way() >= _MOST:
            raise TooManyAttempts(_RETRY_SECONDS)
        sign_in = SignIn(
            browser=digest_of(browser),
            nonce=nonce,
            verifier=verifier,
            there=there,
            person=person,
            address=place,
            expires_at=(now + timedelta(minutes=MINUTES)).replace(microsecond=0),  # stamps are compared as texts
        )
        tx.begin_sign_in(digest_of(state), sign_in)
    return Begun(way, browser)


def finish(app: App, answer: Mapping[str, str], *, kept: str, before: str = "", address: str = "", browser: str = "") -> Back:
    """Let somebody in who came back with the provider's `answer`. `kept`: by their browser; `before`: the secret of the session that it is
    in; `address`, `browser`: for the list of sessions. NotAllowed, with the reason, for whoever the provider does not vouch for or who may
    not come in; OutsideFailed where it cannot be asked."""
    try:
        sign_in = _taken(app, answer.get("state", ""), kept)
        code = _code(app, answer)
        claims = app.provider.vouched(code, nonce=sign_in.nonce, verifier=sign_in.verifier, back=_back(app))
        if not identities.admitted(app, claims):
            raise _turned_away(app, claims)
        if sign_in.person:
            _connected(app, sign_in.person, claims, before)
            return Back(sign_in.there, "")
        return Back(sign_in.there, _let_in(app, claims, before=before, address=address, browser=browser))
    except FirmgroundError as error:
        _log.warning("a sign-in by %s from %s was refused: %s", app.provider.issuer, address or "nowhere", error)
        raise


def _let_in(app: App, claims: Mapping[str, Json], *, before: str, address: str, browser: str) -> str:
    with app.database.transaction() as tx:
        if not tx.has_owner():
            raise NotAllowed("there is no owner yet", "become the owner first, with the link that the server printed")
        person = identities.person_of(app, tx, claims)
        identities.follow_provider(app, tx, person, claims)
        contacts.told_by_provider(tx, person, app.provider.issuer, claims)
        end_the_one_before(tx, before)
        return begin_session(app, tx, person, issuer=app.provider.issuer, address=network(address), browser=browser)


def _connected(app: App, person: str, claims: Mapping[str, Json], session: str) -> None:
    """By whoever began it, and is still signed in."""
    here = present(app, digest_of(session)) if session else None
    if here is None or here.actor.person != person:
        raise NotAllowed("whoever wanted to be connected is not signed in any more", "sign in, and connect again")
    identity = Identity(issuer=app.provider.issuer, subject=str(claims["sub"]), person=person, seen_at=app.clock())
    with app.database.transaction() as tx:
        identities.link(app, tx, Actor(person=person, via="http"), person, identity)
        identities.follow_provider(app, tx, person, claims)
        contacts.told_by_provider(tx, person, identity.issuer, claims)


def _turned_away(app: App, claims: Mapping[str, Json]) -> NotAllowed:
    """Whoever was known by the provider's word is so no more."""
    issuer = app.provider.issuer
    with app.database.transaction() as tx:
        if (known := tx.identity(issuer, str(claims["sub"]))) is not None:
            identities.let_go(app, tx, Actor(person=known.person, via="http"), known.person, issuer)
    return NotAllowed("the provider has you in no group that may come in here", "ask an administrator")


def _taken(app: App, state: str, kept: str) -> SignIn:
    """The sign-in that this state is of, which is good no more. Looked for first, so that what is made up costs no writing."""
    refused = NotAllowed("this sign-in began in another browser, was used already, or took too long", _START_AGAIN)
    if not state or len(state) > _LONGEST:
        raise refused
    digest = digest_of(state)
    with app.database.reading() as tx:
        known = tx.sign_in_under_way(digest)
    if known is None or not hmac.compare_digest(known.browser, digest_of(kept)):
        raise refused
    with app.database.transaction() as tx:
        taken = tx.take_sign_in(digest)
    left = taken.expires_at - app.clock() if taken is not None else timedelta(0)
    if taken is None or not timedelta(0) < left <= timedelta(minutes=MINUTES + 1):
        raise refused
    return taken


def _code(app: App, answer: Mapping[str, str]) -> str:
    """What the provider answered, which must be the one that was asked."""
    issuer = answer.get("iss")
    if issuer != app.provider.issuer and (issuer is not None or app.provider.names_itself()):
        raise NotAllowed("the answer comes from another provider", _START_AGAIN)
    if (error := answer.get("error")) is not None:
        if error == "access_denied":
            raise NotAllowed("the provider did not let you in, or you cancelled", "start again when you are ready")
        told = error if _CODE.fullmatch(error) else "for no reason that is known here"
        raise NotAllowed(f"the provider refused to sign you in ({told})", "start again, or ask an administrator")
    code = answer.get("code", "")
    if not code or len(code) > _LONGEST or not code.isprintable():
        raise InvalidInput("the provider's answer holds no code", _START_AGAIN)
    return code


def _back(app: App) -> str:
    return app.workspace.settings.serve.url + BACK
