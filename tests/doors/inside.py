"""People and programs that are let in, on the bench."""

from collections.abc import Iterator, Sequence
from typing import Any

from starlette.testclient import TestClient

from firmground.app.access import accounts, keys, sessions
from firmground.app.access.passwords import Passwords
from firmground.app.access.seals import digest_of
from firmground.rights import Role
from firmground.testing.app import ADMINISTRATOR, make_live
from firmground.web.credentials import cookie_name
from firmground.web.served import Served

PASSWORD = "correct horse battery"


def with_owner(served: Served, name: str = "ada") -> None:
    """From now on everybody signs in, and is answered by a release; passwords are quick to check."""
    served.app.once("passwords", lambda: Passwords(time_cost=1, memory_kib=8, lanes=1))
    accounts.create_owner(served.app, name, PASSWORD)
    make_live(served.app)


def with_account(served: Served, name: str, *, role: Role = "user", groups: tuple[str, ...] = ()) -> None:
    accounts.add_account(served.app, ADMINISTRATOR, name, PASSWORD, role=role, groups=groups)


def sign_in(client: TestClient, served: Served, name: str = "ada", *, to: str = "", password: str = PASSWORD) -> Any:
    """As a browser does it; the client has the cookie afterwards."""
    fields = {"token": served.local_form_token, "name": name, "password": password, "next": to}
    return client.post("/login", data=fields)


def token_of(client: TestClient, served: Served) -> str:
    """What the pages of this session send with their forms."""
    found = sessions.present(served.app, digest_of(client.cookies[cookie_name(served)]))
    assert found is not None
    return found.form_token


def bearer(served: Served, person: str, name: str = "key", scopes: Sequence[str] | None = None) -> dict[str, str]:
    """The header by which a new key asks for somebody."""
    _, secret = keys.add_key(served.app, ADMINISTRATOR, name, person=person, scopes=scopes)
    return {"Authorization": f"Bearer {secret}"}


def routes(router: Any, prefix: str = "") -> Iterator[tuple[str, str]]:
    """Method and path of everything that is routed, with `x` for what varies."""
    for route in router.routes:
        inner = getattr(route, "original_router", None)
        if inner is not None:
            yield from routes(inner, prefix + route.include_context.prefix)
        elif hasattr(route, "methods"):
            path = "/".join("x" if part.startswith("{") else part for part in (prefix + route.path).split("/"))
            yield from ((method, path) for method in sorted(route.methods - {"HEAD"}))
