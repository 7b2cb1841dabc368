"""An OpenID provider, as its discovery document tells of it (OpenID Connect Core and Discovery 1.0, authorization code flow with PKCE)."""

import base64
import hashlib
import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from threading import Lock
from typing import TypeVar, cast
from urllib.parse import parse_qsl, quote_plus, urlencode, urlsplit, urlunsplit

from firmground.errors import InvalidSettings, NotAllowed, OutsideFailed
from firmground.settings import secret
from firmground.settings_oidc import OidcSection, is_safe
from firmground.types import Json

PATIENCE = 5.0
"""Seconds for one answer of the provider."""
_KEPT = timedelta(hours=1)
_KEYS_ASKED_EVERY = timedelta(minutes=1)
_LEFT_ALONE = timedelta(seconds=10)
"""After it did not answer, so that not everybody who comes waits for it."""
_CODE = re.compile(r"[a-z_]{1,40}")
T = TypeVar("T")


class Asked:
    """What a provider publishes: asked for when it is needed and kept for a while. Thread-safe; whoever comes meanwhile waits."""

    def __init__(self, ask: Callable[[], dict[str, Json]], clock: Callable[[], datetime]) -> None:
        self._ask = ask
        self._clock = clock
        self._lock = Lock()
        self._kept: dict[str, Json] | None = None
        self._at: datetime | None = None
        self._failure: OutsideFailed | None = None

    def get(self, *, older_than: timedelta = _KEPT) -> dict[str, Json]:
        """What it is, asked for again where it was last asked for longer ago than this. What kept it from answering is raised again for a
        while, without asking."""
        with self._lock:
            now = self._clock()
            if self._failure is not None and self._since(now) < _LEFT_ALONE:
                raise self._failure
            if self._kept is None or self._failure is not None or self._since(now) >= older_than:
                self._kept = self._asked(now)
            return self._kept

    def _asked(self, now: datetime) -> dict[str, Json]:
        self._at, self._failure = now, None
        try:
            return self._ask()
        except OutsideFailed as error:
            self._failure = error
            raise

    def _since(self, now: datetime) -> timedelta:
        """Long ago, where the clock was put back."""
        ago = now - self._at if self._at is not None else timedelta.max
        return ago if ago >= timedelta(0) else timedelta.max


class OpenIDProvider:
    """The `Provider` port. Only the issuer is asked, and what its discovery document names; never by plain http on the way elsewhere."""

    def __init__(self, settings: OidcSection, clock: Callable[[], datetime], *, patience: float = PATIENCE) -> None:
        self._settings = settings
        self._clock = clock
        self._patience = patience
        self._document = Asked(self._discovered, clock)
        self._keys = Asked(lambda: self._get(self._endpoint("jwks_uri")), clock)

    @property
    def issuer(self) -> str:
        return self._settings.issuer

    def address(self, *, state: str, nonce: str, verifier: str, back: str) -> str:
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        asked = {
            "response_type": "code",
            "client_id": self._settings.client_id,
            "redirect_uri": back,
            "scope": " ".join(dict.fromkeys(("openid", *self._settings.scopes))),
            "state": state,
            "nonce": nonce,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        parts = urlsplit(self._endpoint("authorization_endpoint"))
        own = [(name, value) for name, value in parse_qsl(parts.query, keep_blank_values=True) if name not in asked]
        return urlunsplit(parts._replace(query=urlencode([*own, *asked.items()])))

    def names_itself(self) -> bool:
        return self._document.get().get("authorization_response_iss_parameter_supported") is True

    def vouched(self, code: str, *, nonce: str, verifier: str, back: str) -> Mapping[str, Json]:
        given = self._exchanged(code, verifier, back)
        token, access = given.get("id_token"), given.get("access_token")
        if not isinstance(token, str):
            raise _nonsense("it gives no id_token")
        access = access if isinstance(access, str) else ""
        claims = self._checked(token, nonce, access)
        return {**self._more(claims, access), **claims}

    # ---------------------------------------------------------------- what it publishes

    def _discovered(self) -> dict[str, Json]:
        found = self._get(self.issuer.rstrip("/") + "/.well-known/openid-configuration")
        if found.get("issuer") != self.issuer:
            raise _nonsense("it does not name itself as `issuer` under [oidc] does")
        return found

    def _endpoint(self, name: str) -> str:
        url = self._document.get().get(name)
        here = urlsplit(self.issuer).scheme == "http"
        plain, _, _ = url.partition("?") if isinstance(url, str) else ("", "", "")
        if not isinstance(url, str) or "#" in url or not is_safe(plain) or not (here or url.startswith("https:")):
            raise _nonsense(f"its {name} is no address that is safe to use")
        if not url.isascii() or not url.isprintable() or " " in url:
            raise _nonsense(f"its {name} is no address that is safe to use")
        return url

    def _get(self, url: str, headers: Mapping[str, str] | None = None) -> dict[str, Json]:
        from firmground.identity.fetching import told

        answer = told(url, seconds=self._patience, headers=headers)
        if answer.status != 200:
            raise _nonsense(f"it answers with status {answer.status}")
        return answer.content

    # ---------------------------------------------------------------- what it says of somebody

    def _exchanged(self, code: str, verifier: str, back: str) -> dict[str, Json]:
        from firmground.identity.fetching import told

        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": back, "code_verifier": verifier}
        fields, headers = self._client()
        answer = told(self._endpoint("token_endpoint"), seconds=self._patience, form={**form, **fields}, headers=headers)
        if answer.status == 200:
            return answer.content
        error = answer.content.get("error")
        if error == "invalid_grant":
            raise NotAllowed("the sign-in provider does not accept this sign-in, or not any more", "start the sign-in again")
        raise _nonsense(f"it answers with status {answer.status}" + (f", {error}" if _is_code(error) else ""))

    def _client(self) -> tuple[dict[str, str], dict[str, str]]:
        """Fields and headers by which the provider knows us, in the way that it takes."""
        id, known = self._settings.client_id, secret(self._settings.client_secret_env)
        if not self._settings.client_secret_env:
            return {"client_id": id}, {}
        if not known:
            raise InvalidSettings(
                f"client_secret_env under [oidc] names {self._settings.client_secret_env}, which is not set", "set it"
            )
        taken = self._document.get().get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
        taken = taken if isinstance(taken, list) else []
        if "client_secret_basic" in taken:
            pair = f"{quote_plus(id)}:{quote_plus(known)}".encode()
            return {}, {"Authorization": f"Basic {base64.b64encode(pair).decode()}"}
        if "client_secret_post" in taken:
            return {"client_id": id, "client_secret": known}, {}
        raise _nonsense("it takes a client's secret in no way that is known here")

    def _checked(self, token: str, nonce: str, access: str) -> dict[str, Json]:
        """Keys change: one that is not known yet is looked for once more, but not by everybody who names one."""
        from firmground.identity.tokens import Expected, UnknownKey, claims_of

        expected = Expected(self.issuer, self._settings.client_id, nonce, access, self._clock())
        try:
            return claims_of(token, _listed(self._keys.get()), expected)
        except UnknownKey:
            pass
        try:
            return claims_of(token, _listed(self._keys.get(older_than=_KEYS_ASKED_EVERY)), expected)
        except UnknownKey:
            raise NotAllowed(
                "the sign-in provider's word does not count: it is signed with a key that the provider does not publish",
                "try again in a minute",
            ) from None

    def _more(self, claims: Mapping[str, Json], access: str) -> dict[str, Json]:
        """What it tells only when it is asked: some providers keep groups out of the token."""
        wanted = {self._settings.person_claim, self._settings.groups_claim}
        if not access or wanted <= claims.keys() or not self._document.get().get("userinfo_endpoint"):
            return {}
        told = self._get(self._endpoint("userinfo_endpoint"), {"Authorization": f"Bearer {access}"})
        if told.get("sub") != claims["sub"]:
            raise NotAllowed("the sign-in provider's word does not count: it tells of somebody else", "start the sign-in again")
        return told


def _listed(keys: Mapping[str, Json]) -> list[Mapping[str, Json]]:
    found = keys.get("keys")
    if not isinstance(found, list):
        raise _nonsense("it publishes no keys")
    return [cast("Mapping[str, Json]", each) for each in found if isinstance(each, dict)]


def _is_code(error: object) -> bool:
    return isinstance(error, str) and _CODE.fullmatch(error) is not None


def _nonsense(why: str) -> OutsideFailed:
    return OutsideFailed(f"the sign-in provider cannot be used now ({why})", "try again in a moment, or ask an administrator")
