"""Whether an id_token says what it says: signed by the provider, for us, now, and for this sign-in (OpenID Connect Core 3.1.3.7).

Loads the libraries for signatures: import it where it is needed.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple, cast

from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import ClaimError, ExpiredTokenError, JoseError
from joserfc.jwk import JWKRegistry, Key
from joserfc.jws import JWSRegistry, extract_compact

from firmground.errors import NotAllowed
from firmground.types import Json

LEEWAY = 120
"""Seconds by which the clocks of two machines may differ."""
_SIGNATURES = {"RS256": "RSA", "PS256": "RSA", "ES256": "EC", "EdDSA": "OKP", "Ed25519": "OKP"}
"""Good ways to sign, and the kind of key each needs: never none, and nothing that whoever knows a public key could make."""
_SHORTEST_MODULUS = 342
"""Characters of 2048 bits."""
_LONGEST_NAME = 255
_AGAIN = "start the sign-in again, and if that does not help ask an administrator"
_CLOCKS = "compare the clocks of this server and of the provider, then start again"


class UnknownKey(Exception):
    """It names a key that is not among these: others may be published by now."""


class Expected(NamedTuple):
    """What a token must say."""

    issuer: str
    client_id: str
    nonce: str
    access_token: str
    now: datetime


class _Signatures(JWSRegistry):
    def get_alg(self, name: str) -> Any:
        # The older name of the same, under which the library only warns.
        return super().get_alg("Ed25519" if name == "EdDSA" else name)


def claims_of(token: str, keys: Sequence[Mapping[str, Json]], expected: Expected) -> dict[str, Json]:
    """The claims of a token that passes every check. NotAllowed where one fails; UnknownKey where `keys` does not hold the one it names."""
    try:
        header = extract_compact(token.encode("ascii", "replace")).headers()
        signature = header.get("alg")
        if signature not in _SIGNATURES:
            raise _refused("is not signed in a way that is good here", "set the provider to RS256, PS256, ES256 or EdDSA")
        key = _key(keys, header.get("kid"), str(signature))
        registry = _Signatures(algorithms=list(_SIGNATURES), strict_check_header=False)
        decoded = jwt.decode(token, key, registry=registry)
        hashed = {"alg": "EdDSA" if signature == "Ed25519" else signature}  # by which at_hash is made
        found = cast("Any", CodeIDToken)(decoded.claims, hashed, _options(expected), _parameters(expected))
        found.validate(now=int(expected.now.timestamp()), leeway=LEEWAY)
    except ExpiredTokenError:
        raise _refused("is over already", _CLOCKS) from None
    except ClaimError as error:
        raise _wrong(error.claim) from None
    except (JoseError, ValueError, TypeError, KeyError, RecursionError) as error:
        raise _refused("is not one that it signed", _AGAIN) from error
    return _checked(dict(decoded.claims))


def _key(keys: Sequence[Mapping[str, Json]], name: object, signature: str) -> Key:
    """The key that the token names, or the only one of its kind where it names none."""
    kind = _SIGNATURES[signature]
    fit = [
        each
        for each in keys
        if each.get("kty") == kind
        and each.get("use", "sig") == "sig"
        and each.get("alg", signature) == signature
        and (kind != "RSA" or len(str(each.get("n", ""))) >= _SHORTEST_MODULUS)
        and (name is None or each.get("kid") == name)
    ]
    if not fit:
        raise UnknownKey
    if len(fit) > 1:
        raise _refused("does not name one key that it is signed with", _AGAIN)
    return JWKRegistry.import_key(cast("Any", fit[0]))


def _options(expected: Expected) -> dict[str, Any]:
    return {"iss": {"essential": True, "value": expected.issuer}, "aud": {"essential": True, "value": expected.client_id}}


def _parameters(expected: Expected) -> dict[str, Any]:
    return {"nonce": expected.nonce, "client_id": expected.client_id, "access_token": expected.access_token}


def _wrong(claim: str) -> NotAllowed:
    if claim in {"iat", "nbf"}:
        return _refused("is of a time to come", _CLOCKS)
    return _refused(_WRONG.get(claim, "does not say all that it must"), _AGAIN)


_WRONG = {
    "aud": "is meant for somebody else than this server",
    "azp": "is meant for somebody else than this server",
    "iss": "is from another provider",
    "nonce": "is of another sign-in",
    "at_hash": "does not belong to what came with it",
}
"""By the claim."""


def _checked(claims: dict[str, Json]) -> dict[str, Json]:
    """They become rows of the database."""
    subject = claims.get("sub")
    if not isinstance(subject, str) or not 0 < len(subject) <= _LONGEST_NAME or not subject.isprintable():
        raise _refused("names nobody", _AGAIN)
    return claims


def _refused(why: str, remedy: str) -> NotAllowed:
    return NotAllowed(f"the sign-in provider's word does not count: it {why}", remedy)
