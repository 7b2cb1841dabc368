"""Every door through which an answer leaves: each reader is told what they may read, and nothing more."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from inside import bearer, with_owner
from starlette.testclient import TestClient

from firmground import mcp as door
from firmground.app.access import people
from firmground.app.asking import opinions
from firmground.app.asking.answers import ask
from firmground.app.corpus.sync import sync
from firmground.settings import Settings
from firmground.testing.app import ADMINISTRATOR, Bench
from firmground.types import Actor
from firmground.web.application import application
from firmground.web.served import Served
from firmground.web.visit import Visit

ADDRESS = "greta.holm@lighthouse.test"
NUMBER = "+44 20 7946 0123"
TOWER = f"# Tower\n\nThe keeper of the northern tower is reached at {ADDRESS} by day.\n\nThe southern tower is locked at dusk.\n"
QUESTION = "Where is the keeper of the northern tower reached?"


class House:
    """A workspace whose one source is masked: keepers read what it hides, others do not."""

    def __init__(self, served: Served) -> None:
        self.served, self.app = served, served.app
        self.client = TestClient(application(served), base_url="https://ask.example", raise_server_exceptions=False)
        people.add_person(self.app, ADMINISTRATOR, "keeper", groups=["keepers"])
        people.add_person(self.app, ADMINISTRATOR, "guest")
        people.add_person(self.app, ADMINISTRATOR, "chief", role="admin")
        self.keys = {who: bearer(served, who, name=who) for who in ("keeper", "guest", "chief")}

    def post(self, who: str, path: str, body: dict[str, Any]) -> str:
        response = self.client.post(path, json=body, headers=self.keys[who])
        assert response.status_code == 200, response.text
        return response.text

    def get(self, who: str, path: str) -> str:
        response = self.client.get(path, headers=self.keys[who])
        assert response.status_code == 200, response.text
        return response.text

    def ask(self, who: str, question: str = QUESTION) -> dict[str, Any]:
        return json.loads(self.post(who, "/api/v1/answers", {"question": question}))

    def word(self) -> str:
        with self.app.database.reading() as tx:
            [document] = tx.documents(state="indexed")
            [hidden] = tx.hidden_in_documents([document.number])[document.number]
        return hidden.placeholder


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    place = tmp_path_factory.mktemp("house")
    source = {"name": "docs", "path": ".", "personal_data": "mask", "personal_data_for": ["keepers"]}
    given = {"answer": {"threshold": 0.001}, "sources": [source], "serve": {"url": "https://ask.example"}}
    bench = Bench(place, settings=Settings.model_validate(given))
    bench.source.contents["tower.md"] = TOWER.encode()
    with bench.app() as app:
        sync(app, ADMINISTRATOR)
        served = Served(app, patience=0.2)
        with_owner(served)
        assert served.open_parts()
        yield House(served)
        served.close()


def events(text: str) -> list[tuple[str, str]]:
    return re.findall(r"^event: (\w+)\ndata: (.*)$", text, re.MULTILINE)


@pytest.mark.parametrize(("who", "reads"), [("keeper", True), ("guest", False), ("chief", False)])
def test_an_answer_tells_what_its_document_hides_to_who_may_read_it(house: House, who: str, reads: bool):
    given = house.ask(who)
    assert (ADDRESS in given["text"], house.word() in given["text"]) == (reads, not reads)
    assert (ADDRESS in given["citations"][0]["snippet"]) == reads
    for path in (f"/api/v1/answers/{given['id']}", "/api/v1/answers", f"/answers/{given['id']}"):
        assert (ADDRESS in house.get(who, path)) == reads, path


@pytest.mark.parametrize(("who", "reads"), [("keeper", True), ("guest", False)])
def test_events_hold_whole_values_and_are_read_again_in_the_same_way(house: House, who: str, reads: bool):
    told = house.post(who, "/api/v1/answers", {"question": QUESTION, "stream": True})
    kinds = [kind for kind, data in events(told) if (ADDRESS if reads else house.word()) in data]
    assert {"sentence", "citation", "done"} <= set(kinds)
    assert (ADDRESS in told, house.word() in told) == (reads, not reads)
    id = json.loads(events(told)[-1][1])["id"]
    assert events(house.get(who, f"/api/v1/answers/{id}/events")) == events(told)
    other_key = bearer(house.served, who, name=f"another of {who}")
    again = house.client.get(f"/api/v1/answers/{id}/events", headers=other_key)
    assert events(again.text) == events(told)


def test_nobody_else_reads_the_events(house: House):
    told = house.post("keeper", "/api/v1/answers", {"question": f"{QUESTION} I am {NUMBER}.", "stream": True})
    assert NUMBER in told
    id = json.loads(events(told)[-1][1])["id"]
    assert house.client.get(f"/api/v1/answers/{id}/events", headers=house.keys["chief"]).status_code == 404


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(("who", "reads"), [("keeper", True), ("guest", False)])
def test_a_completion_tells_the_same(house: House, who: str, reads: bool, stream: bool):
    asked = [{"role": "user", "content": f"My number is {NUMBER}. {QUESTION}"}]
    told = house.post(who, "/v1/chat/completions", {"model": "firmground", "messages": asked, "stream": stream})
    assert (ADDRESS in told, house.word() in told) == (reads, not reads)
    assert NUMBER in told, "the asker reads what they wrote"
    assert "Withdrawn" not in told


@pytest.mark.parametrize(("who", "reads"), [("keeper", True), ("guest", False)])
def test_a_tool_of_an_agent_tells_the_same(house: House, who: str, reads: bool):
    import asyncio

    with house.app.database.reading() as tx:
        actor = tx.actor(who, via="http")
    visit = Visit(house.served, actor, by="local")
    said = asyncio.run(door._ask(visit, door.Ask(question=QUESTION, conversation="")))
    assert (ADDRESS in json.dumps(said)) == reads


def test_what_was_asked_is_told_to_nobody_else(house: House):
    given = house.ask("guest", f"{QUESTION} My number is {NUMBER}.")
    assert NUMBER in given["question"]
    assert NUMBER in house.get("guest", f"/answers/{given['id']}")
    for path in (f"/api/v1/answers/{given['id']}", f"/answers/{given['id']}"):
        assert NUMBER not in house.get("chief", path)


def test_a_shared_answer_is_read_by_each_as_their_own_rights_are(house: House):
    given = house.ask("keeper", f"{QUESTION} My number is {NUMBER}.")
    with house.app.database.reading() as tx:
        keeper = tx.actor("keeper", via="http")
    opinions.share(house.app, keeper, given["id"])
    seen = house.get("guest", f"/api/v1/answers/{given['id']}")
    assert house.word() in seen
    assert ADDRESS not in seen
    assert NUMBER not in seen
    assert ADDRESS in house.get("keeper", f"/api/v1/answers/{given['id']}")


def test_a_search_finds_by_an_address_whoever_may_read_it(house: House):
    for who in ("keeper", "guest"):
        told = house.post(who, "/api/v1/search", {"query": f"who is {ADDRESS}"})
        assert "tower.md" in told


def test_what_is_refused_names_kinds_alone(house: House, monkeypatch: pytest.MonkeyPatch):
    settings = house.app.workspace.settings
    refusing = settings.model_copy(update={"guard": settings.guard.model_copy(update={"questions": "refuse"})})
    monkeypatch.setattr(house.app, "workspace", house.app.workspace.model_copy(update={"settings": refusing}))
    for path, body in (
        ("/api/v1/answers", {"question": f"Is {NUMBER} yours?"}),
        ("/api/v1/answers", {"question": f"Is {NUMBER} yours?", "stream": True}),
        ("/api/v1/search", {"query": f"Is {NUMBER} yours?"}),
        ("/v1/embeddings", {"model": "firmground", "input": f"Is {NUMBER} yours?"}),
    ):
        response = house.client.post(path, json=body, headers=house.keys["chief"])
        assert response.status_code == 409, (path, response.text)
        assert "personal data (phone)" in response.text
        assert "7946" not in response.text


def test_on_the_command_line_somebody_else_is_told_what_that_person_may_read(house: House):
    said: dict[str, str] = {}
    for who in ("keeper", "guest"):
        with house.app.database.reading() as tx:
            actor = tx.actor(who, via="cli")
        said[who] = ask(house.app, actor, QUESTION).text
    assert (ADDRESS in said["keeper"], ADDRESS in said["guest"]) == (True, False)
    assert ADDRESS in ask(house.app, ADMINISTRATOR, QUESTION).text, "who has the files has the key as well"


def test_readers_of_a_page_elsewhere_are_told_what_their_groups_may_read(house: House):
    for groups, reads in (({"public", "everyone"}, False), ({"public", "everyone", "keepers"}, True)):
        visitor = Actor(person="widget:site", groups=frozenset(groups), via="http")
        assert (ADDRESS in ask(house.app, visitor, QUESTION).text) == reads


def chips(page: str, words: str) -> list[str]:
    """The placeholders that a page shows as chips in these words, in order."""
    return re.findall(rf'<span class="masked" title="(\w+)">{words} <small>\w{{4}}</small></span>', page)


def in_words(page: str) -> str:
    """What somebody sees and hears of a page: no attributes but labels, and nothing that is there to be copied."""
    return re.sub(
        r"<template.*?</template>|<textarea.*?</textarea>|<button[^>]*>|<input[^>]*>|title=\"[^\"]*\"", "", page, flags=re.DOTALL
    )


def test_pages_tell_in_words_what_somebody_may_not_read(house: House):
    word, id = house.word(), house.ask("guest")["id"]
    for path in (f"/answers/{id}", f"/answers/{id}?part=answer"):
        page = house.get("guest", path)
        assert word in chips(page, "e-mail address, hidden"), path
        assert word not in in_words(page), path
        german = house.client.get(path, headers={**house.keys["guest"], "Accept-Language": "de"}).text
        assert word in chips(german, "E-Mail-Adresse, verborgen"), path
    page = house.get("keeper", f"/answers/{house.ask('keeper')['id']}")
    assert (ADDRESS in page, chips(page, ".*")) == (True, [])


def test_an_administrator_is_told_the_kind_of_what_was_asked(house: House):
    id = house.ask("keeper", f"{QUESTION} My number is {NUMBER}.")["id"]
    page = house.get("chief", f"/answers/{id}")
    assert [each.partition("_")[0] for each in chips(page[page.index("<h1") :], "phone number, hidden")][:1] == ["PHONE"]
    assert "My number is phone number, hidden." in re.findall(r"<title>(.*?)</title>", page, re.DOTALL)[0]
    assert "PHONE_" not in in_words(page)


def test_a_word_that_only_looks_like_a_placeholder_stays(house: House):
    for asked in ("EMAIL_CONNECTION", "MAX_CONNECTION"):
        id = house.ask("guest", f"{QUESTION} ({asked})")["id"]
        assert f"({asked})" in re.sub(r"<[^>]*>", "", house.get("guest", f"/answers/{id}"))
