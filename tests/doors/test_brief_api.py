"""The brief over HTTP: all of it for administrators, the limits for whoever may ask, and no change to what is not there any more."""

from collections.abc import Generator
from typing import Any

import pytest
from inside import bearer, with_account, with_owner
from serving import JSON, serving
from starlette.testclient import TestClient

from firmground.app.launching.briefs import brief_now
from firmground.web.served import Served

BRIEF = """\
# Ours.
workflow_owner = "Ada"
fallback_path = "the hidden handbook"
known_limitations = ["It knows no mail."]
sample = true
"""
AT = "/api/v1/brief"


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> Generator[tuple[TestClient, Served]]:
    with serving(tmp_path_factory.mktemp("local")) as both:
        yield both


@pytest.fixture
def site(local: tuple[TestClient, Served]) -> tuple[TestClient, Served]:
    """As whoever reaches it, before there are accounts."""
    (local[1].app.workspace.root / "brief.toml").write_text(BRIEF)
    return local


@pytest.fixture(scope="module")
def owned(tmp_path_factory: pytest.TempPathFactory) -> Generator[tuple[TestClient, Served]]:
    """With an owner, and Bob, who is no administrator."""
    place = tmp_path_factory.mktemp("owned")
    (place / "brief.toml").write_text(BRIEF)
    with serving(place) as (client, served):
        with_owner(served)
        with_account(served, "bob")
        yield client, served


def put(client: TestClient, tag: str, brief: Any, **headers: str) -> Any:
    return client.put(AT, json=brief, headers={"If-Match": tag, **JSON, **headers})


def test_administrators_read_all_of_it_with_what_is_missing(site: tuple[TestClient, Served]):
    client, _ = site
    told = client.get(AT).json()
    assert told["brief"]["fallback_path"] == "the hidden handbook"
    assert (told["answered"], told["questions"]) == (3, 19)
    assert {"field": "decision_owner", "what": "Who decides that it goes live, and that it stops."} in told["problems"]
    assert told["problems"][-1]["field"] == "sample"


def test_it_is_sent_once_as_long_as_it_is_the_same(site: tuple[TestClient, Served]):
    client, served = site
    tag = client.get(AT).headers["etag"]
    assert client.get(AT, headers={"If-None-Match": tag}).status_code == 304
    (served.app.workspace.root / "brief.toml").write_text("output = 'x'")
    assert client.get(AT, headers={"If-None-Match": tag}).status_code == 200


def test_what_was_read_is_changed_and_put_back(site: tuple[TestClient, Served]):
    client, served = site
    read = client.get(AT)
    brief = read.json()["brief"] | {"output": "a\nb", "sample": False, "first_review": "2027-01-15", "sla": {"p95_ms": 400}}
    answer = put(client, read.headers["etag"], brief)
    assert answer.status_code == 200
    assert answer.json() == {"brief": client.get(AT).json()["brief"], "patch": ""}
    now = brief_now(served.app)
    assert (now.output, now.sample, now.sla.p95_ms, now.workflow_owner) == ("a\nb", False, 400, "Ada")
    assert (served.app.workspace.root / "brief.toml").read_text().startswith("# Ours.\n")


def test_what_is_left_out_becomes_empty(site: tuple[TestClient, Served]):
    client, served = site
    assert put(client, client.get(AT).headers["etag"], {"output": "x"}).status_code == 200
    assert brief_now(served.app).model_dump(exclude_defaults=True) == {"output": "x"}


def test_what_was_changed_meanwhile_is_not_written_over(site: tuple[TestClient, Served]):
    client, served = site
    tag = client.get(AT).headers["etag"]
    (served.app.workspace.root / "brief.toml").write_text("output = 'by hand'")
    answer = put(client, tag, {"output": "x"})
    assert (answer.status_code, answer.json()["type"]) == (412, "urn:firmground:problem:changed-meanwhile")
    assert brief_now(served.app).output == "by hand"
    assert put(client, client.get(AT).headers["etag"], {"output": "x"}).status_code == 200
    assert put(client, tag, {"output": "y"}).status_code == 412


@pytest.mark.parametrize(
    ("headers", "body", "field"),
    [
        ({}, {"output": "x"}, "header.If-Match"),
        ({"If-Match": "*"}, {"output": "x"}, "header.If-Match"),
        ({"If-Match": f'"{"0" * 32}"'}, {"ouput": "x"}, "body.ouput"),
        ({"If-Match": f'"{"0" * 32}"'}, {"sla": {"p95": 5}}, "body.sla.p95"),
        ({"If-Match": f'"{"0" * 32}"'}, {"output": "x" * 4001}, "body.output"),
        ({"If-Match": f'"{"0" * 32}"'}, {"output": "\0"}, "body.output"),
        ({"If-Match": f'"{"0" * 32}"'}, {"first_review": 0}, "body.first_review"),
        ({"If-Match": f'"{"0" * 32}"'}, {"sla": {"p95_ms": "5"}}, "body.sla.p95_ms"),
        ({"If-Match": f'"{"0" * 32}"'}, {"blocked_actions": "x"}, "body.blocked_actions"),
        ({"If-Match": f'"{"0" * 32}"'}, {"sample": 1}, "body.sample"),
    ],
)
def test_what_is_no_brief_is_refused_by_its_field(
    site: tuple[TestClient, Served], headers: dict[str, str], body: Any, field: str
):
    client, served = site
    answer = client.put(AT, json=body, headers={**JSON, **headers})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"].lower() == field.lower()
    assert (served.app.workspace.root / "brief.toml").read_text() == BRIEF


def test_others_read_the_limits_and_change_nothing(owned: tuple[TestClient, Served]):
    client, served = owned
    key = bearer(served, "bob")
    answer = client.get(AT, headers=key)
    told = answer.json()
    assert told["for_askers"] == {
        "known_limitations": ["It knows no mail."],
        "allowed_actions": [],
        "blocked_actions": [],
        "owner": "Ada",
        "alert_owner": "",
    }
    assert (told["brief"], told["problems"], told["answered"]) == (None, [], None)
    assert "hidden" not in answer.text
    assert put(client, answer.headers["etag"], {"output": "x"}, **key).status_code == 403
    assert client.get(AT).status_code == 401
    assert (served.app.workspace.root / "brief.toml").read_text() == BRIEF


def test_a_file_that_cannot_be_read_is_the_administrators_to_mend(owned: tuple[TestClient, Served]):
    client, served = owned
    ada = bearer(served, "ada", "second")
    (served.app.workspace.root / "brief.toml").write_text("output = ")
    assert client.get(AT, headers=ada).status_code == 400
    assert put(client, f'"{"0" * 32}"', {"output": "x"}, **ada).status_code == 400
    assert client.get(AT, headers=bearer(served, "bob", "third")).json()["for_askers"]["known_limitations"] == []
