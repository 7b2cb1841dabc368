"""A workspace whose people sign in with a provider on this machine."""

import ssl
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx2
from inside import PASSWORD
from serving import HERE
from starlette.testclient import TestClient
from starlette.types import ASGIApp

from firmground.app.access import accounts
from firmground.app.access.passwords import Passwords
from firmground.settings import Settings
from firmground.testing.app import Bench
from firmground.testing.provider import LocalProvider, Signature
from firmground.web.application import application
from firmground.web.credentials import cookie_name
from firmground.web.served import Served

BACK = "/login/provider/callback"
_NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""Reading the certificates would take longer than all else."""


@dataclass
class House:
    """`client`: one browser."""

    bench: Bench
    provider: LocalProvider
    served: Served
    door: ASGIApp
    client: TestClient

    def another(self) -> TestClient:
        return TestClient(self.door, base_url=HERE, raise_server_exceptions=False, follow_redirects=False)

    def sent(self, client: TestClient | None = None, wanted: str = "") -> str:
        """The address at the provider that a browser is sent to."""
        response = (client or self.client).get("/login/provider", params={"next": wanted} if wanted else {})
        assert response.status_code == 303, response.text
        return response.headers["location"]

    def come_back(self, there: str) -> str:
        """The address that the provider sends a browser to, without our origin."""
        response = httpx2.get(there, trust_env=False, verify=_NO_TLS)
        assert response.status_code == 302, response.text
        back = urlsplit(response.headers["location"])
        assert f"{back.scheme}://{back.netloc}{back.path}" == HERE + BACK
        return f"{back.path}?{back.query}"

    def sign_in(self, client: TestClient | None = None, wanted: str = "") -> Any:
        """All the way there and back."""
        client = client or self.client
        return client.get(self.come_back(self.sent(client, wanted)))

    def who(self, client: TestClient | None = None) -> str:
        """As whom the browser is signed in; empty for nobody."""
        kept = (client or self.client).cookies.get(cookie_name(self.served))
        if not kept:
            return ""
        response = (client or self.client).get("/account")
        return "" if response.status_code != 200 else response.text.split("Signed in as </span><bdi>")[1].split("</bdi>")[0]


@contextmanager
def house(
    place: Path, *, secret: str = "", signature: Signature = "RS256", owned: bool = True, url: str = HERE, **oidc: object
) -> Generator[House]:
    """ada owns it; the provider and the workspace go by the same clock."""
    bench = Bench(place)
    with LocalProvider(secret=secret, signature=signature, clock=lambda: bench.clock.now) as provider:
        given = {"issuer": provider.issuer, "client_id": provider.client_id, **oidc}
        bench.settings = Settings.model_validate({"serve": {"url": url}, "oidc": given})
        with bench.app() as app:
            served = Served(app, patience=0.2)
            if owned:
                app.once("passwords", lambda: Passwords(time_cost=1, memory_kib=8, lanes=1))
                accounts.create_owner(app, "ada", PASSWORD)
            door = application(served)
            client = TestClient(door, base_url=url, raise_server_exceptions=False, follow_redirects=False)
            yield House(bench, provider, served, door, client)
            served.close()
