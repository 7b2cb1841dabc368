"""One table says which right every door needs; what is missing there is shut, and nothing stands there that is no door."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
from serving import serving
from starlette.routing import Route

from firmground import doors, mcp
from firmground.cli.commands import commands as command_line
from firmground.doors import COMMANDS, ROUTES, TOOLS
from firmground.rights import GRANTS, RIGHTS, ROLES
from firmground.web import credentials, exercises
from firmground.web.application import application

FRAMEWORKS = {"GET /openapi.json"}
"""Of the framework: it describes the server, and wants credentials as all that is not open does."""


def routed(router: Any, prefix: str = "") -> Iterator[str]:
    for route in router.routes:
        inner = getattr(route, "original_router", None)
        if inner is not None:
            yield from routed(inner, prefix + route.include_context.prefix)
        elif methods := getattr(route, "methods", None):
            yield from (f"{method} {prefix}{route.path}" for method in methods - {"HEAD"})


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Any:
    with serving(tmp_path_factory.mktemp("doors")) as (_, served):
        yield application(served)


def framework(built: Any) -> Any:
    """What the layers around it hold."""
    while not hasattr(built, "router"):
        built = getattr(built, "_inside", None) or built.app
    return built


def commands(group: Any, before: str = "") -> Iterator[str]:
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, f"{before}{name} ")
        else:
            yield f"{before}{name}"


def test_every_route_and_page_stands_in_the_table_and_nothing_else_does(built: Any):
    found = set(routed(framework(built))) - FRAMEWORKS
    assert len(found) > 100
    assert sorted(found - ROUTES.keys()) == []
    assert sorted(ROUTES.keys() - found) == []


def test_every_command_stands_in_the_table_and_nothing_else_does():
    found = set(commands(command_line))
    assert len(found) > 50
    assert sorted(found ^ COMMANDS.keys()) == []


def test_every_tool_stands_in_the_table_and_nothing_else_does():
    assert sorted(mcp._TOOLS.keys() ^ TOOLS.keys()) == []


def test_no_door_stands_in_the_table_twice():
    for table in (doors._ROUTES, doors._COMMANDS, doors._TOOLS):
        named = [door for those in table.values() for door in those]
        assert len(named) == len(set(named))


def test_a_route_that_the_table_forgot_is_shut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    with serving(tmp_path) as (client, _):
        assert client.get("/documents").status_code == 200
        monkeypatch.delitem(ROUTES, "GET /documents")
        refused = client.get("/documents")
        assert (refused.status_code, "nobody may open this" in refused.text) == (403, True)


def test_what_an_audit_takes_for_open_is_what_the_table_opens():
    """Two lists on purpose: what is opened in one alone is found."""
    opened = {door.partition(" ")[2] for door, need in ROUTES.items() if need == "open"}
    assert exercises._OPEN == opened == credentials.OPEN


def test_every_right_is_somebodys_and_owners_have_all_of_them():
    assert set(GRANTS) == set(RIGHTS)
    assert all("owner" in roles and roles <= set(ROLES) for roles in GRANTS.values())
    assert set(doors._ROUTES) | set(doors._COMMANDS) <= {"open", *get_args(doors.Right)}


def test_what_changes_things_is_for_no_auditor():
    changing = {need for door, need in ROUTES.items() if not door.startswith("GET") and need not in {"open", "ask", "self"}}
    assert changing
    assert not any("auditor" in GRANTS[need] for need in changing)


def test_the_routes_of_the_framework_hold_nothing_of_ours(built: Any):
    own = {f"GET {route.path}" for route in framework(built).router.routes if type(route) is Route and route.path != "/mcp"}
    assert own == FRAMEWORKS
