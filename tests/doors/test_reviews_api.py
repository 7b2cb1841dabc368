"""What waits for people, over HTTP."""

from collections.abc import Generator
from typing import Any

import pytest
from inside import bearer, with_account, with_owner
from reviewed import QUESTION, held, wanted
from serving import JSON, serving
from starlette.testclient import TestClient

from firmground.app.app import App

AT = "/api/v1/reviews"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Generator[tuple[TestClient, App]]:
    with serving(tmp_path_factory.mktemp("reviews")) as (client, served):
        yield client, served.app


def act(client: TestClient, id: str, name: str, revision: int, **more: Any) -> Any:
    return client.post(f"{AT}/{id}/{name}", json={"revision": revision, **more}, headers=JSON)


def test_an_item_is_listed_taken_looked_at_and_decided_once(site: tuple[TestClient, App]):
    client, app = site
    item = held(app)
    listed = client.get(AT).json()
    assert {(line["item"]["id"], line["question"]) for line in listed["items"]} >= {(item.id, QUESTION)}
    assert listed["waiting"] >= 1
    taken = client.post(f"{AT}/claim", json={}, headers=JSON).json()["item"]
    assert taken["id"] == item.id
    shown = client.get(f"{AT}/{item.id}").json()
    assert (shown["mine"], shown["may_decide"], shown["question"]) == (True, True, QUESTION)
    assert "five vacation days" in shown["draft"]["text"]
    assert shown["evidence"][0]["uri"] == "docs/leave.md"
    edit = {"text": "Five. [1]", "reason": "wording", "note": '<b>a</b> < 5 & "b"', "marks": {"0": "right"}}
    done = act(client, item.id, "edit", taken["revision"], **edit)
    assert (done.status_code, done.json()["outcome"]) == (200, "edited")
    assert act(client, item.id, "edit", taken["revision"], **edit).json() == done.json(), "sent twice"
    late = act(client, item.id, "approve", taken["revision"])
    assert late.status_code == 409
    assert late.json()["detail"].startswith("it is done already: it was edited")
    assert client.get(f"{AT}/{item.id}").json()["acts"][-1]["note"] == edit["note"], "kept as it was written; pages escape it"
    assert [line["item"]["id"] for line in client.get(f"{AT}?view=done").json()["items"]] == [item.id]


@pytest.mark.parametrize(
    ("name", "more", "status"),
    [
        ("edit", {"text": "x" * 1_000_000}, 413),
        ("edit", {"text": "x" * 20_001}, 400),
        ("edit", {"text": "Six. [9]"}, 400),
        ("edit", {"text": "nul \0"}, 422),
        ("reject", {}, 400),
        ("reject", {"reason": "ugly"}, 422),
        ("approve", {"marks": {"99": "right"}}, 400),
        ("approve", {"marks": {"x": "right"}}, 422),
        ("escalate", {"to": "auditor"}, 409),
        ("sing", {}, 404),
    ],
)
def test_what_cannot_be_done_is_told_in_one_line_and_changes_nothing(
    site: tuple[TestClient, App], name: str, more: dict[str, Any], status: int
):
    client, app = site
    item = wanted(app)
    answer = act(client, item.id, name, 1, **more)
    assert (answer.status_code, "\n" in answer.json()["detail"]) == (status, False)
    with app.database.reading() as tx:
        assert tx.item(item.id) == item


def test_a_correction_cites_a_passage_that_was_found(site: tuple[TestClient, App]):
    client, app = site
    item = wanted(app)
    seen = client.get(f"/api/v1/reviews/{item.id}", params={"find": "green badge"}).json()
    n = 1 + max([each["n"] for each in (*seen["draft"]["citations"], *seen["others"])])
    edit = {"revision": item.revision, "text": f"A badge. [{n}]", "cites": {str(n): "unknown"}}
    assert client.post(f"/api/v1/reviews/{item.id}/edit", json=edit).status_code == 400
    edit["cites"] = {str(n): seen["found"][0]["passage"]}
    assert client.post(f"/api/v1/reviews/{item.id}/edit", json=edit).json()["outcome"] == "edited"


def test_many_are_decided_at_once_and_what_is_refused_is_named(site: tuple[TestClient, App]):
    client, app = site
    first, second = wanted(app), wanted(app)
    items = [{"id": first.id, "revision": 1}, {"id": second.id, "revision": 9}, {"id": "gone", "revision": 1}]
    made = client.post(f"{AT}/acts", json={"act": "reject", "items": items, "reason": "outdated"}, headers=JSON).json()
    assert [each["id"] for each in made["done"]] == [first.id]
    assert [each["id"] for each in made["refused"]] == [second.id, "gone"]
    assert all(each["why"] for each in made["refused"])


def test_who_takes_a_blind_item_does_not_learn_who_decided(site: tuple[TestClient, App]):
    client, app = site
    item = wanted(app)
    with app.database.transaction() as tx:
        tx.save_item(item.model_copy(update={"blind": True, "needed": 2, "decided_by": ("ron",)}))
    for name in ("claim", "flag", "give-back"):
        made = act(client, item.id, name, 1, **({"reason": "unsure"} if name == "flag" else {})).json()
        assert (made["id"], made["decided_by"]) == (item.id, [])


def test_pages_follow_each_other_and_one_that_is_gone_is_told(site: tuple[TestClient, App]):
    client, app = site
    for _ in range(3):
        wanted(app)
    first = client.get(f"{AT}?limit=2").json()
    second = client.get(f"{AT}?limit=2&after={first['after']}").json()
    ids = [line["item"]["id"] for line in (*first["items"], *second["items"])]
    assert len(ids) == len({*ids}) >= 3
    assert client.get(f"{AT}?after=gone").status_code == 404
    assert client.get(f"{AT}?limit=0").status_code == 422
    assert client.get(f"{AT}?view=all").status_code == 422


def test_who_may_not_review_gets_nothing_and_learns_of_nothing(tmp_path_factory: pytest.TempPathFactory):
    with serving(tmp_path_factory.mktemp("owned")) as (client, served):
        item = wanted(served.app)
        with_owner(served)
        with_account(served, "bob")
        own = {**JSON, **bearer(served, "bob")}
        for answer in (
            client.get(AT, headers=own),
            client.get(f"{AT}/{item.id}", headers=own),
            client.post(f"{AT}/claim", json={}, headers=own),
            client.post(f"{AT}/{item.id}/approve", json={"revision": 1}, headers=own),
        ):
            assert answer.status_code == 403
        assert client.get(AT).status_code == 401
