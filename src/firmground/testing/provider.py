"""An OpenID provider on this machine, which signs in whoever comes and misbehaves where it is told to.

    with LocalProvider() as provider:
        provider.claims["groups"] = ["staff"]
        ...  # issuer = provider.issuer

`document` and `token` change what it publishes and what it vouches for: a value of None takes a part away. `replies` are what it answers at
a path in place of what is right. It asks nobody for a password: never let others reach it.
"""

import base64
import hashlib
import json
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any, Literal, TypeAlias
from urllib.parse import parse_qs, unquote_plus, urlencode, urlsplit

from joserfc.jwk import ECKey, Key, OctKey, OKPKey, RSAKey
from joserfc.jws import JWSRegistry, serialize_compact

Signature: TypeAlias = Literal["RS256", "PS256", "ES256", "Ed25519", "HS256", "none"]
_SECONDS = 300


@dataclass
class Reply:
    """What it answers in place of what is right. `drip`: seconds between two bytes, which never end."""

    content: bytes = b"{}"
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    drip: float = 0.0


@dataclass
class _Given:
    """What a code stands for."""

    nonce: str
    challenge: str
    back: str


class LocalProvider:
    """Listens once it is entered; afterwards no thread or port of it is left. `requests`: method and path of each, in their order."""

    def __init__(
        self,
        *,
        client_id: str = "firmground",
        secret: str = "",
        signature: Signature = "RS256",
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.client_id = client_id
        self.secret = secret
        self.signature: Signature = signature
        self.clock = clock
        self.claims: dict[str, Any] = {"sub": "subject-1", "preferred_username": "ben"}
        self.userinfo: dict[str, Any] | None = None
        self.document: dict[str, Any] = {}
        self.token: dict[str, Any] = {}
        self.granted: dict[str, Any] = {}
        """Changes to what comes in exchange for a code."""
        self.back: dict[str, str] = {}
        """More of what it sends somebody back with, or in place of that."""
        self.replies: dict[str, Reply] = {}
        self.skew = 0
        """Seconds that its clock is ahead."""
        self.named = True
        """Whether tokens name the key that they are signed with."""
        self.requests: list[tuple[str, str]] = []
        self.codes: dict[str, _Given] = {}
        self.stopping = Event()
        self._http = _Listener(self)
        self._thread = Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.02}, name="provider")
        self.key = _first_key(signature)
        self.published = [self._public()]

    @property
    def issuer(self) -> str:
        return f"http://127.0.0.1:{self._http.server_port}"

    def __enter__(self) -> "LocalProvider":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stopping.set()
        self._http.shutdown()
        self._thread.join()
        self.close()

    def close(self) -> None:
        """Give back the port, where nobody listens."""
        self._http.server_close()

    def rotate(self) -> None:
        """Sign with another key from now on, which `publish` tells of."""
        self.key = _new_key(self.signature)

    def publish(self) -> None:
        self.published.append(self._public())

    def asked(self, path: str) -> int:
        """How often."""
        return [each for _, each in self.requests].count(path)

    # ---------------------------------------------------------------- what it answers

    def discovery(self) -> dict[str, Any]:
        right = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "none"],
            **({"userinfo_endpoint": f"{self.issuer}/userinfo"} if self.userinfo is not None else {}),
        }
        return _changed(right, self.document)

    def signed_in(self, asked: Mapping[str, str]) -> str | None:
        """Where the browser goes on; None where the request is not right."""
        method = asked.get("code_challenge_method")
        if (asked.get("client_id"), asked.get("response_type"), method) != (self.client_id, "code", "S256"):
            return None
        code = secrets.token_hex(16)
        back = asked["redirect_uri"]
        self.codes[code] = _Given(asked["nonce"], asked["code_challenge"], back)
        answer = _changed({"code": code, "state": asked["state"]}, self.back)
        return f"{back}?{urlencode(answer)}"

    def exchanged(self, form: Mapping[str, str], authorization: str) -> tuple[int, dict[str, Any]]:
        """Status and answer to a code, which is good once."""
        if not self._knows(form, authorization):
            return 401, {"error": "invalid_client"}
        given = self.codes.pop(form.get("code", ""), None)
        hashed = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(hashed).rstrip(b"=").decode()
        if given is None or given.challenge != challenge or given.back != form.get("redirect_uri"):
            return 400, {"error": "invalid_grant"}
        access = secrets.token_urlsafe(16)
        right = {"access_token": access, "token_type": "Bearer", "id_token": self.vouched(given.nonce, access)}
        return 200, _changed(right, self.granted)

    def vouched(self, nonce: str, access: str = "") -> str:
        """An id_token."""
        now = int(self.clock().timestamp()) + self.skew
        right = {"iss": self.issuer, "aud": self.client_id, "iat": now, "exp": now + _SECONDS, "nonce": nonce, **self.claims}
        if access and self.signature != "Ed25519":
            half = hashlib.sha256(access.encode()).digest()[:16]
            right["at_hash"] = base64.urlsafe_b64encode(half).rstrip(b"=").decode()
        return self._signed(_changed(right, self.token))

    def _signed(self, claims: dict[str, Any]) -> str:
        header = {"alg": self.signature, **({"kid": self.key.kid} if self.named else {})}
        if self.signature == "none":
            parts = (json.dumps(each).encode() for each in (header, claims))
            return ".".join([*(base64.urlsafe_b64encode(each).rstrip(b"=").decode() for each in parts), ""])
        # As somebody would who knows only what is published.
        key = self.key if self.signature != "HS256" else OctKey.import_key({"kty": "oct", "k": str(self.published[0].get("n"))})
        content = json.dumps(claims).encode()
        return serialize_compact(header, content, key, registry=JWSRegistry(algorithms=[self.signature]))

    def _knows(self, form: Mapping[str, str], authorization: str) -> bool:
        if authorization.startswith("Basic "):
            pair = base64.b64decode(authorization.removeprefix("Basic ")).decode().split(":")
            return [unquote_plus(each) for each in pair] == [self.client_id, self.secret]
        return (form.get("client_id"), form.get("client_secret", "")) == (self.client_id, self.secret)

    def _public(self) -> dict[str, Any]:
        return {**self.key.as_dict(private=False), "use": "sig"}


def _new_key(signature: Signature) -> Key:
    named: Any = {"kid": secrets.token_hex(4)}
    if signature == "ES256":
        return ECKey.generate_key("P-256", named)
    return OKPKey.generate_key("Ed25519", named) if signature == "Ed25519" else RSAKey.generate_key(2048, named)


@cache
def _first_key(signature: Signature) -> Key:
    """Made once, since that takes a while."""
    return _new_key(signature)


class _Listener(ThreadingHTTPServer):
    daemon_threads = False
    block_on_close = True

    def __init__(self, provider: LocalProvider) -> None:
        self.provider = provider
        super().__init__(("127.0.0.1", 0), _Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is no error here."""


class _Handler(BaseHTTPRequestHandler):
    server: _Listener  # pyright: ignore[reportIncompatibleVariableOverride]

    def do_GET(self) -> None:
        provider, path = self.server.provider, urlsplit(self.path).path
        provider.requests.append(("GET", path))
        if path in provider.replies:
            self._reply(provider.replies[path])
        elif path == "/.well-known/openid-configuration":
            self._json(200, provider.discovery())
        elif path == "/keys":
            self._json(200, {"keys": provider.published})
        elif path == "/userinfo" and provider.userinfo is not None:
            self._json(200, provider.userinfo)
        elif path == "/authorize" and (there := provider.signed_in(_fields(urlsplit(self.path).query))):
            self._reply(Reply(b"", 302, {"Location": there}))
        else:
            self._json(404, {"error": "not_found"})

    def do_POST(self) -> None:
        provider, path = self.server.provider, urlsplit(self.path).path
        provider.requests.append(("POST", path))
        form = _fields(self.rfile.read(int(self.headers.get("Content-Length", "0"))).decode())
        if path in provider.replies:
            self._reply(provider.replies[path])
        elif path == "/token":
            self._json(*provider.exchanged(form, self.headers.get("Authorization", "")))
        else:
            self._json(404, {"error": "not_found"})

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - as it is called
        """Nobody reads it."""

    def _json(self, status: int, content: dict[str, Any]) -> None:
        self._reply(Reply(json.dumps(content).encode(), status, {"Content-Type": "application/json"}))

    def _reply(self, reply: Reply) -> None:
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        if not reply.drip:
            self.send_header("Content-Length", str(len(reply.content)))
        self.end_headers()
        self.wfile.write(reply.content)
        while reply.drip and not self.server.provider.stopping.is_set():
            time.sleep(reply.drip)
            self.wfile.write(b" ")


def _fields(query: str) -> dict[str, str]:
    return {name: given[-1] for name, given in parse_qs(query, keep_blank_values=True).items()}


def _changed(right: dict[str, Any], change: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in {**right, **change}.items() if value is not None}
