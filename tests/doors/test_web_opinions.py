"""What people think of answers, over HTTP: thumbs, a person to look at it, others to see it, and which release is asked."""

from collections.abc import Callable, Generator
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from inside import bearer, with_account, with_owner
from serving import serving
from starlette.testclient import TestClient

from firmground.app.launching.releases import RECIPES
from firmground.types import Answer
from firmground.web.served import Served

QUESTION = {"question": "how many vacation days may I carry over?"}
Asks = Callable[..., Any]


class Office(NamedTuple):
    """A server with an owner (root), two people of hr (ada, bob) and one who is not (eve). leave.md is for hr."""

    client: TestClient
    served: Served
    root: Asks
    ada: Asks
    bob: Asks
    eve: Asks

    def answer(self) -> str:
        """The path of one of ada's, that rests on leave.md alone."""
        answer = self.ada("POST", "", json=QUESTION).json()
        assert [citation["uri"] for citation in answer["citations"]] == ["docs/leave.md"]
        return f"/{answer['id']}"


@pytest.fixture
def office(tmp_path: Path) -> Generator[Office]:
    with serving(tmp_path) as (client, served):
        with_owner(served, "root")
        for name, groups in (("ada", ("hr",)), ("bob", ("hr",)), ("eve", ())):
            with_account(served, name, groups=groups)
        with served.app.database.transaction() as tx:
            tx.save_document(tx.find_document("leave.md").model_copy(update={"groups": ("hr",)}))
        people = {name: bearer(served, name, name) for name in ("root", "ada", "bob", "eve")}
        yield Office(client, served, **{name: partial(_ask, client, key) for name, key in people.items()})


def _ask(client: TestClient, key: dict[str, str], method: str, path: str, **more: Any) -> Any:
    if method == "POST":
        more.setdefault("json", {})
    headers = {**key, **more.pop("headers", {})}
    return client.request(method, f"/api/v1/answers{path}", headers=headers, **more)


def is_unknown(response: Any, path: str) -> bool:
    told = response.json()["detail"]
    return response.status_code == 404 and told == (
        f"there is no answer '{path[1:]}': give the id that the answer came with, or its beginning"
    )


def test_a_thumb_is_given_changed_and_taken_back(office: Office):
    path = office.answer()
    first = office.ada("POST", f"{path}/feedback", json={"verdict": "down", "reason": "outdated", "comment": "It is six."})
    assert first.status_code == 200
    told = first.json()
    assert (told["answer"], told["shared"], told["review"], told["everybody"]) == (path[1:], False, None, None)
    assert {name: told["feedback"][name] for name in ("person", "verdict", "reason", "comment")} == {
        "person": "ada",
        "verdict": "down",
        "reason": "outdated",
        "comment": "It is six.",
    }
    got = office.ada("GET", f"{path}/feedback")
    assert got.json() == told
    assert office.ada("GET", f"{path}/feedback", headers={"If-None-Match": got.headers["ETag"]}).status_code == 304
    assert office.ada("POST", f"{path}/feedback", json={"verdict": "up"}).json()["feedback"]["comment"] == ""
    assert [each["person"] for each in office.root("GET", f"{path}/feedback").json()["everybody"]] == ["ada"]
    for _ in range(2):
        assert office.ada("POST", f"{path}/feedback", json={"verdict": None}).json()["feedback"] is None


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 422),
        ({"verdict": "sideways"}, 422),
        ({"verdict": "up", "reason": "bored"}, 422),
        ({"verdict": "up", "comment": "a" * 4001}, 422),
        ({"verdict": "up", "comment": "\x1b[2J"}, 400),
        ({"verdict": "up", "extra": 1}, 422),
        ([], 422),
    ],
)
def test_a_thumb_that_makes_no_sense_is_a_problem(office: Office, body: Any, status: int):
    path = office.answer()
    response = office.ada("POST", f"{path}/feedback", json=body)
    assert (response.status_code, response.headers["content-type"]) == (status, "application/problem+json")
    assert office.ada("GET", f"{path}/feedback").json()["feedback"] is None


def test_a_person_is_asked_for_once_and_the_answer_says_so(office: Office):
    path = office.answer()
    before = office.ada("GET", path)
    first = office.ada("POST", f"{path}/review", json={"note": "Is it still so?"})
    assert first.status_code == 201
    again = office.ada("POST", f"{path}/review")
    assert (again.status_code, again.json()) == (200, first.json())
    assert (first.json()["note"], first.json()["state"]) == ("Is it still so?", "open")
    after = office.ada("GET", path, headers={"If-None-Match": before.headers["ETag"]})
    assert (after.status_code, after.json()["review"]["state"]) == (200, "waiting")
    [listed] = office.ada("GET", "").json()["answers"]
    assert listed["review"] == after.json()["review"]
    for _ in range(2):
        assert office.ada("DELETE", f"{path}/review").status_code == 204
    assert office.ada("GET", path).json()["review"] is None
    key = bearer(office.served, "ada", "another")
    bare = office.client.post(f"/api/v1/answers{path}/review", headers={**key, "Content-Type": "application/json"})
    assert bare.status_code == 201, "a note is not needed, nor a body"


def test_a_shared_answer_is_seen_by_who_may_see_its_documents_and_by_nobody_else(office: Office):
    path = office.answer()
    assert is_unknown(office.bob("GET", path), path)
    shared = office.ada("POST", f"{path}/share")
    assert (shared.status_code, shared.json()) == (200, {"shared": True, "path": f"/answers{path}"})
    assert office.ada("POST", f"{path}/share").json() == shared.json()
    seen = Answer.model_validate_json(office.bob("GET", path).content)
    assert "five vacation days" in seen.text
    assert office.bob("GET", "").json()["answers"] == []
    assert office.bob("POST", f"{path}/feedback", json={"verdict": "up"}).json()["shared"]
    assert office.bob("GET", f"{path}/events").status_code == 404, "how it came about is for whoever asked"
    for method, rest in (("GET", ""), ("GET", "/feedback"), ("GET", "/events"), ("POST", "/review"), ("DELETE", "/review")):
        unknown = office.eve(method, f"/unknown{rest}").json()["detail"]
        response = office.eve(method, path + rest)
        assert response.status_code == 404
        assert response.json()["detail"] == unknown.replace("unknown", path[1:])
    assert office.bob("POST", f"{path}/share").status_code == 403
    assert office.bob("DELETE", f"{path}/share").status_code == 403
    for _ in range(2):
        assert office.ada("DELETE", f"{path}/share").status_code == 204
    assert is_unknown(office.bob("GET", path), path)
    assert office.client.get(f"/api/v1/answers{path}").status_code == 401


def test_the_page_of_a_shared_answer_is_for_the_same_people(office: Office):
    path = office.answer()
    office.ada("POST", f"{path}/share")
    keys = {name: bearer(office.served, name, f"{name} 2") for name in ("bob", "eve")}
    page, none = (office.client.get(f"/answers{path}", headers=keys[name]) for name in ("bob", "eve"))
    assert page.status_code == 200
    assert "five vacation days" in page.text
    assert none.status_code == 404
    assert "vacation" not in none.text


def test_a_release_is_named_where_a_question_is_asked(office: Office):
    digest = office.root("POST", "", json=QUESTION).json()["release"]
    for reference in ("live", "candidate", digest, digest[:6]):
        answer = office.root("POST", "", json={**QUESTION, "release": reference}).json()
        assert answer["release"] == digest
        assert "not_released" not in [notice["code"] for notice in answer["notices"]]
        assert office.ada("POST", "", json={**QUESTION, "release": reference}).json()["release"] == digest
    with office.served.app.database.transaction() as tx:
        tx.put_fact(RECIPES, "0" * 63 + "1", {})
        tx.put_fact(RECIPES, digest[:20] + "0" * 44, {})
    for reference, status, message in (
        ("7", 404, "there is no release '7'"),
        ("Live", 404, "there is no release 'Live'"),
        (digest[:5], 404, "there is no release"),
        ("f" * 64, 404, "there is no release"),
        (digest.upper(), 404, "there is no release"),
        ("0" * 63 + "1", 409, "the recipe 000000000000 gave answers earlier and was not released"),
        ("000000", 409, "the recipe 000000000000 gave answers earlier"),
        (digest[:6], 400, f"several recipes begin with {digest[:6]}: give more of one"),
        ("", 422, "body.release"),
    ):
        response = office.root("POST", "", json={**QUESTION, "release": reference})
        assert (response.status_code, response.json()["detail"][: len(message)]) == (status, message)
    assert office.root("POST", "", json={**QUESTION, "release": digest[:21]}).json()["release"] == digest
    assert office.root("POST", "", json={**QUESTION, "release": "7", "stream": True}).status_code == 404
    for reference in ("7", "f" * 64, "0" * 63 + "1", "000000"):
        refused = office.ada("POST", "", json={**QUESTION, "release": reference})
        assert (refused.status_code, "7" in refused.json()["detail"]) == (403, False), "nobody else learns what there is"


def test_an_idempotency_key_stands_for_one_release_too(office: Office):
    key = {"Idempotency-Key": "once"}
    first = office.ada("POST", "", json=QUESTION, headers=key).json()
    assert office.ada("POST", "", json={**QUESTION, "release": "live"}, headers=key).json()["id"] == first["id"]
    assert office.ada("POST", "", json={**QUESTION, "release": "candidate"}, headers=key).status_code == 422


def test_each_field_of_what_is_sent_and_told_is_described(office: Office):
    key = bearer(office.served, "ada", "reader")
    schemas = office.client.get("/openapi.json", headers=key).json()["components"]["schemas"]
    for name in ("Thumb", "Wish", "Shared", "Opinion", "Question"):
        undescribed = [field for field, schema in schemas[name]["properties"].items() if "description" not in schema]
        assert undescribed == [], name
