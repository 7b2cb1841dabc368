"""What one click makes of an answer that people looked at, by pages, programs and the command line."""

from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest
from inside import sign_in, token_of, with_account, with_owner
from reviewed import QUESTION, wanted
from serving import serving
from starlette.testclient import TestClient

from firmground.app.app import App
from firmground.app.asking.answers import ask
from firmground.app.personal import erasing
from firmground.app.reviewing import acting
from firmground.app.teaching import pins
from firmground.errors import NotAllowed
from firmground.evaluate.files import load
from firmground.reviews import ReviewItem
from firmground.testing.app import ADMINISTRATOR, COLLEAGUE
from firmground.types import Actor
from firmground.web.language import speak
from firmground.web.said import said

API = "/api/v1"


class Desk:
    """A reviewer before a browser."""

    def __init__(self, client: TestClient, app: App, token: str) -> None:
        self.client, self.app, self.token = client, app, token

    def click(self, act: str, item: ReviewItem, **fields: str) -> Any:
        told = {"token": self.token, "act": act, "answer": item.answer, "item": item.id, **fields}
        return self.client.post("/pins", data=told)


@pytest.fixture
def desk(tmp_path: Path) -> Generator[Desk]:
    with serving(tmp_path) as (client, served):
        with_owner(served, "root")
        for name, role in (("rita", "reviewer"), ("bob", "user")):
            with_account(served, name, role=role)
        sign_in(client, served, "rita")
        yield Desk(client, served.app, token_of(client, served))


def approved(app: App) -> ReviewItem:
    item = wanted(app)
    return acting.approve(app, ADMINISTRATOR, item.id, revision=item.revision)


def test_an_answer_is_pinned_and_retired_with_a_click(desk: Desk):
    item = approved(desk.app)
    assert 'value="pin"' in desk.client.get(f"/reviews/{item.id}").text
    page = desk.click("pin", item)
    assert (page.status_code, "Pinned, version 1" in page.text, f"/reviews/{item.id}" in page.text) == (200, True, True)
    assert ask(desk.app, COLLEAGUE, QUESTION).model == "pinned"
    [pin] = desk.client.get(f"{API}/pins").json()["pins"]
    assert 'href="/pins"' in desk.client.get("/reviews").text
    assert QUESTION in desk.client.get("/pins").text
    id = desk.client.post(f"{API}/answers", json={"question": QUESTION}, headers={"X-Firmground-Token": desk.token}).json()["id"]
    asked = desk.client.get(f"/answers/{id}")
    assert ("stands behind this answer" in asked.text, "The documents say this." in asked.text) == (True, False)
    assert "Retired" in desk.click("retire", item, pin=pin["id"]).text
    assert ask(desk.app, COLLEAGUE, QUESTION).model != "pinned"
    assert desk.client.get(f"{API}/pins", params={"state": "retired"}).json()["pins"][0]["id"] == pin["id"]


def test_a_case_and_pairs_are_made_with_a_click_and_what_is_refused_is_said_in_a_line(desk: Desk):
    item = approved(desk.app)
    assert "Added as a draft: asked-" in desk.click("case", item).text
    again = desk.click("case", item)
    assert (again.status_code, "there is a case of this answer already" in again.text) == (409, True)
    assert [placed.case.status for placed in load(desk.app.workspace.root).cases] == ["draft"]
    assert "To train on: 1 good pair, 0 bad pairs." in desk.click("pairs", item).text
    assert desk.click("nothing", item).status_code == 404


def test_programs_do_the_same(desk: Desk):
    item, token = approved(desk.app), {"X-Firmground-Token": desk.token}

    def post(path: str, **body: Any) -> Any:
        return desk.client.post(f"{API}{path}", json=body, headers=token)

    pin = post("/pins", answer=item.answer).json()
    assert (pin["version"], pin["state"], pin["by"]) == (1, "active", "rita")
    assert post(f"/answers/{item.answer}/pairs", bad=[1]).json() == {"good": 0, "bad": 1}
    assert post(f"/answers/{item.answer}/case").json()["expect"]["sources"]
    assert post("/pins", answer="nothing").status_code == 404
    assert desk.client.delete(f"{API}/pins/{pin['id']}", headers=token).json()["state"] == "retired"


def test_pages_that_erase_people_say_how_many_of_their_questions_stay_as_pinned_answers(tmp_path: Path):
    with serving(tmp_path) as (client, served):
        with_owner(served, "root")
        with_account(served, "eve")
        item = wanted(served.app, asker=Actor(person="eve", groups=frozenset({"public", "everyone"}), via="http"))
        acting.approve(served.app, ADMINISTRATOR, item.id, revision=item.revision)
        pins.add(served.app, ADMINISTRATOR, item.answer)
        sign_in(client, served, "root")
        sent = {"token": token_of(client, served), "name": "eve", "reason": "They left."}
        assert "1 question of theirs stays as a pinned answer" in client.post("/people/erase", data=sent).text
        assert "stays as a pinned answer" not in client.get("/me/delete").text
        sign_in(client, served, "eve")
        for page in ("/me/delete", f"/me/delete?answer={item.answer}"):
            assert "1 question of yours stays as a pinned answer" in client.get(page).text
        with pytest.raises(NotAllowed):
            erasing.pinned(served.app, COLLEAGUE, "eve")


def test_who_does_not_review_finds_nothing_of_it(tmp_path: Path):
    with serving(tmp_path) as (client, served):
        with_owner(served, "root")
        with_account(served, "bob", role="user")
        sign_in(client, served, "bob")
        assert {client.get(path).status_code for path in ("/pins", f"{API}/pins")} == {403}


def test_who_stands_behind_an_answer_is_said_in_the_language_of_the_page(desk: Desk):
    desk.click("pin", approved(desk.app))
    [notice] = [each for each in ask(desk.app, COLLEAGUE, QUESTION).notices if each.code == "pinned"]
    speak("de")
    try:
        assert said(notice.text).startswith("Jemand mit der Rolle Prüfer steht seit")
    finally:
        speak("en")
