"""Every door, tried by every role: who has not got the right is told so before anything else, and who has it is let in."""

import re
from collections.abc import Generator
from typing import Any, get_args

import pytest
from inside import PASSWORD, sign_in, token_of, with_account, with_owner
from serving import HERE, serving
from starlette.testclient import TestClient

from firmground.app.access import keys
from firmground.doors import ROUTES
from firmground.rights import GRANTS, Right, Role, rights_of
from firmground.testing.app import ADMINISTRATOR
from firmground.web.application import application
from firmground.web.bodies import taken
from firmground.web.problems import is_page
from firmground.web.served import Served

REFUSED = ("ask an administrator", "ask an owner", "use one with the scope")
"""What somebody without the right is told."""
LEAVES = {"POST /logout", "DELETE /api/v1/sessions", "DELETE /api/v1/me"}
"""Afterwards the session is gone, or whose it was."""
DOORS = [(door, need) for door, need in sorted(ROUTES.items()) if need != "open" and door not in LEAVES and door != "POST /mcp"]


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Generator[Served]:
    with serving(tmp_path_factory.mktemp("house")) as (_, served):
        with_owner(served, "owner")
        for role in ("admin", "reviewer", "auditor", "user"):
            with_account(served, role, role=role)
        yield served


def browser(served: Served, role: str) -> TestClient:
    client = TestClient(application(served), base_url=HERE, raise_server_exceptions=False, follow_redirects=False)
    assert sign_in(client, served, role, password=PASSWORD).status_code == 303
    return client


def tried(client: TestClient, door: str, **headers: str) -> Any:
    """With an address that nothing is at, and nothing in it: who is let in gets no further than that."""
    method, _, template = door.partition(" ")
    path = re.sub(r"\{[^}]+\}", "x", template.replace("{kind}", "csv").replace("{file}", "report.json"))
    if method in {"GET", "DELETE"}:
        return client.request(method, path, headers=headers)
    kind, body = taken(path, 1).kinds[0], b"" if is_page(path) else b'{"x": 1}'
    if kind == "multipart/form-data":
        kind, body = f"{kind}; boundary=x", b"--x--\r\n"
    return client.request(method, path, headers={"Content-Type": kind, **headers}, content=body)


def is_refusal(response: Any) -> bool:
    return response.status_code == 403 and any(words in response.text.casefold() for words in REFUSED)


@pytest.mark.parametrize("role", get_args(Role))
def test_a_role_is_let_in_where_it_has_the_right_and_nowhere_else(house: Served, role: Role):
    client = browser(house, role)
    token = {"X-Firmground-Token": token_of(client, house)}
    wrong = [
        (door, response.status_code)
        for door, need in DOORS
        for response in [tried(client, door, **token)]
        if is_refusal(response) != (role not in GRANTS[need]) or response.status_code >= 500
    ]
    assert wrong == []


@pytest.mark.parametrize("scope", ["ask", "audit", "people"])
def test_a_key_opens_what_its_scope_is_for_whatever_its_person_may(house: Served, scope: Right):
    _, secret = keys.add_key(house.app, ADMINISTRATOR, f"for {scope}", person="admin", scopes=(scope,))
    client = TestClient(application(house), base_url=HERE, raise_server_exceptions=False, follow_redirects=False)
    opened = {
        need
        for door, need in DOORS
        if not is_refusal(response := tried(client, door, Authorization=f"Bearer {secret}")) and response.status_code != 401
    }
    assert opened == {scope}


def test_a_role_that_changes_counts_from_the_next_request_on(house: Served):
    with_account(house, "newcomer", role="auditor")
    client = browser(house, "newcomer")
    assert client.get("/ledger").status_code == 200
    with house.app.database.transaction() as tx:
        tx.set_role("newcomer", "user")
    assert is_refusal(client.get("/ledger"))


def test_users_have_the_fewest_rights_and_each_other_role_has_all_of_theirs():
    assert rights_of("user") == {"ask", "self"}
    assert all(rights_of(role) > rights_of("user") for role in get_args(Role) if role != "user")
    assert rights_of("owner") > rights_of("admin") > rights_of("reviewer") | rights_of("auditor")
