"""The doors of how answers are used, and of what people said of them."""

import json
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest
from inside import bearer, sign_in, token_of, with_account, with_owner
from serving import HERE, serving
from starlette.testclient import TestClient

from firmground.web.application import application
from firmground.web.served import Served

QUESTION = "How many vacation days may be carried over?"


@pytest.fixture
def house(tmp_path: Path) -> Generator[Served]:
    with serving(tmp_path) as (_, served):
        with_owner(served, "olga")
        with_account(served, "ada")
        yield served


def browser(served: Served, name: str) -> Any:
    """Of somebody who is signed in: sends JSON with the token of its pages."""
    client = TestClient(application(served), base_url=HERE, raise_server_exceptions=False, follow_redirects=False)
    sign_in(client, served, name)
    client.headers.update({"X-Firmground-Token": token_of(client, served)})
    return client


def ask(client: Any) -> str:
    return client.post("/api/v1/answers", json={"question": QUESTION}).json()["id"]


def test_a_sign_is_noted_after_they_agreed_and_not_of_a_browser_that_says_no(house: Served):
    ada = browser(house, "ada")
    id = ask(ada)
    signal = f"/api/v1/answers/{id}/signals"
    assert ada.post(signal, json={"kind": "copied"}).json() == {"noted": False}
    assert ada.put("/api/v1/me/signals", json={"wanted": True}).json() == {"noted": True}
    assert ada.post(signal, json={"kind": "copied"}, headers={"Sec-GPC": "1"}).json() == {"noted": False}
    assert ada.post(signal, json={"kind": "copied"}).json() == {"noted": True}
    assert ada.put("/api/v1/me/signals", json={"wanted": False}).json() == {"noted": False}


def test_nothing_is_noted_by_any_door_with_global_privacy_control(house: Served):
    ada = browser(house, "ada")
    ada.put("/api/v1/me/signals", json={"wanted": True})
    ada.headers["Sec-GPC"] = "1"
    first = ask(ada)
    second = ask(ada)
    assert ada.post(f"/api/v1/answers/{second}/review", json={}).status_code == 201
    with house.app.database.reading() as tx:
        assert [*tx.signals_of("ada")] == []
    del ada.headers["Sec-GPC"]
    third = ask(ada)
    with house.app.database.reading() as tx:
        assert [(each.answer, each.kind) for each in tx.signals_of("ada")] == [(second, "rephrased")]
    assert len({first, second, third}) == 3


def test_the_page_lets_people_choose_and_tells_what_holds(house: Served):
    ada = browser(house, "ada")
    assert "It is not noted." in ada.get("/me").text
    chosen = ada.post("/me/signals", data={"token": token_of(ada, house), "wanted": "yes"}, headers={"Accept": "text/html"})
    assert chosen.headers["location"] == "/me?done=signals#signals"
    page = ada.get("/me").text
    assert "It is noted." in page
    assert "signals" not in page[page.index('id="agreed"') : page.index('aria-labelledby="signals"')]
    assert "data-signals" in ada.get(f"/answers/{ask(ada)}").text


def test_a_key_cannot_choose_on_the_page_for_its_person(house: Served):
    ada = browser(house, "ada")
    refused = ada.post("/me/signals", data={"token": "wrong", "wanted": "yes"})
    assert refused.status_code in {400, 403}
    assert ada.get("/api/v1/me/signals").json() == {"noted": False}


def test_owners_take_feedback_out_in_person_and_others_do_not(house: Served):
    ada, olga = browser(house, "ada"), browser(house, "olga")
    id = ask(ada)
    ada.post(f"/api/v1/answers/{id}/feedback", json={"verdict": "down", "reason": "wrong"})
    taken = olga.get("/api/v1/exports/feedback")
    assert taken.headers["content-disposition"] == 'attachment; filename="feedback.jsonl"'
    [row] = map(json.loads, taken.text.splitlines())
    assert (row["answer"], row["thumbs"][0]["reason"]) == (id, "wrong")
    assert olga.get("/api/v1/exports/feedback", params={"format": "label-studio"}).json()[0]["data"]["answer_id"] == id
    assert ada.get("/api/v1/exports/feedback").status_code == 403
    assert olga.get("/api/v1/exports/thumbs").status_code == 400
    by_key = browser(house, "ada")
    by_key.cookies.clear()
    assert by_key.get("/api/v1/exports/feedback", headers=bearer(house, "ada")).status_code == 403
