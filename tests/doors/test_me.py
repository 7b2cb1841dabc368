"""People see what is kept of them, take it with them, and are rid of it; and they agree before they ask."""

import io
import json
import zipfile
from collections.abc import Generator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from inside import bearer, sign_in, token_of, with_account, with_owner
from serving import HERE, JSON, Elements, serving
from starlette.testclient import TestClient

from firmground.app.personal import consent, holds
from firmground.settings import Settings
from firmground.testing.app import ADMINISTRATOR
from firmground.types import Actor
from firmground.web.application import application
from firmground.web.served import Served

QUESTION = "How many vacation days may be carried over?"
TEXT = "# Before you ask\n\nYour questions are kept <b>90</b> days.\n"


@pytest.fixture
def house(tmp_path: Path) -> Generator[Served]:
    with serving(tmp_path) as (_, served):
        with_owner(served, "olga")
        for name in ("ada", "bob"):
            with_account(served, name)
        yield served


class Browser:
    """One that somebody is signed in with."""

    def __init__(self, served: Served, name: str) -> None:
        self.client = TestClient(application(served), base_url=HERE, raise_server_exceptions=False, follow_redirects=False)
        assert sign_in(self.client, served, name).status_code == 303
        self.served = served

    @property
    def token(self) -> str:
        return token_of(self.client, self.served)

    def get(self, path: str) -> Any:
        return self.client.get(path)

    def post(self, path: str, **fields: str) -> Any:
        return self.client.post(path, data={"token": self.token, **fields})

    def api(self, method: str, path: str, **more: Any) -> Any:
        return self.client.request(method, f"/api/v1{path}", headers={"X-Firmground-Token": self.token, **JSON}, **more)

    def ask(self, question: str = QUESTION) -> Any:
        return self.api("POST", "/answers", json={"question": question})


def asks_for_consent(served: Served, text: str = TEXT) -> None:
    workspace = served.app.workspace
    (workspace.root / "consent.md").write_text(text)
    settings = workspace.settings.model_copy(
        update={"consent": Settings.model_validate({"consent": {"text_file": "consent.md"}}).consent}
    )
    served.app.workspace = workspace.model_copy(update={"settings": settings})


# ---------------------------------------------------------------- what is kept


def test_everything_that_is_kept_of_me_is_one_json_document_and_one_file(house: Served):
    ada = Browser(house, "ada")
    id = ada.ask().json()["id"]
    told = ada.get("/api/v1/me")
    assert told.headers["content-type"] == "application/json"
    assert [each["answer"]["id"] for each in told.json()["answers"]] == [id]
    assert len(told.json()["sessions"]) == 1
    file = ada.get("/me/data.zip")
    assert file.headers["content-disposition"].startswith('attachment; filename="my-data-')
    with zipfile.ZipFile(io.BytesIO(file.content)) as archive:
        assert archive.testzip() is None
        assert json.loads(archive.read("answers.json"))[0]["answer"]["id"] == id
    assert Browser(house, "bob").get("/api/v1/me").json()["answers"] == []


def test_a_key_reads_what_is_kept_of_its_person_and_deletes_nothing(house: Served):
    client = TestClient(application(house), base_url=HERE, raise_server_exceptions=False, follow_redirects=False)
    for person in ("ada", "olga"):
        shown = bearer(house, person, f"of {person}", ("ask", "self"))
        id = client.post("/api/v1/answers", json={"question": QUESTION}, headers=shown).json()["id"]
        assert [each["answer"]["id"] for each in client.get("/api/v1/me", headers=shown).json()["answers"]] == [id]
        for method, path in (
            ("DELETE", f"/api/v1/me?what=questions&name={person}"),
            ("DELETE", f"/api/v1/me?what=account&name={person}"),
            ("DELETE", f"/api/v1/answers/{id}"),
            ("DELETE", "/api/v1/me/consent"),
        ):
            refused = client.request(method, path, headers=shown)
            assert (refused.status_code, "a key may not" in refused.text) == (403, True), path
        assert len(client.get("/api/v1/me", headers=shown).json()["answers"]) == 1


def test_my_page_tells_what_is_kept_for_how_long(house: Served):
    page = Browser(house, "ada").get("/me").text
    assert "What is kept, and for how long" in page
    assert "until somebody deletes it" in page
    assert "30 days" in page
    assert Browser(house, "ada").get("/me?lang=de").headers["content-language"] == "de"


# ---------------------------------------------------------------- deleting


def test_a_question_is_deleted_from_my_page_after_one_look(house: Served):
    ada = Browser(house, "ada")
    first, second = ada.ask().json()["id"], ada.ask("Are train tickets refunded?").json()["id"]
    page = ada.get(f"/me/delete?answer={first}")
    assert (page.status_code, QUESTION in page.text) == (200, True)
    gone = ada.post("/me/delete", what="answer", answer=first)
    assert (gone.status_code, gone.headers["location"]) == (303, "/me?done=answer")
    assert ada.get(f"/answers/{first}").status_code == 404
    assert ada.get(f"/answers/{second}").status_code == 200
    assert "are deleted" in ada.get("/me?done=answer").text
    assert ada.post("/me/delete", what="answer", answer=first).status_code == 404


def test_nobody_deletes_or_looks_at_a_question_of_somebody_else(house: Served):
    id = Browser(house, "ada").ask().json()["id"]
    bob = Browser(house, "bob")
    assert bob.get(f"/me/delete?answer={id}").status_code == 404
    assert bob.post("/me/delete", what="answer", answer=id).status_code == 404
    assert bob.api("DELETE", f"/answers/{id}").status_code == 404
    assert Browser(house, "olga").api("DELETE", f"/answers/{id}").status_code == 404
    assert Browser(house, "ada").api("DELETE", f"/answers/{id}").status_code == 204


def test_all_questions_go_when_the_name_is_given(house: Served):
    ada = Browser(house, "ada")
    ada.ask()
    for fields in ({"what": "questions"}, {"what": "questions", "name": "bob"}, {"what": "everything", "name": "ada"}, {}):
        assert ada.post("/me/delete", **fields).status_code == 400
    assert ada.api("DELETE", "/me?what=questions&name=bob").status_code == 400
    assert ada.api("DELETE", "/me?what=questions").status_code == 422
    done = ada.post("/me/delete", what="questions", name=" ada ")
    assert done.headers["location"] == "/me?done=questions"
    assert ada.get("/api/v1/me").json()["answers"] == []
    ada.ask()
    assert ada.api("DELETE", "/me?what=questions&name=ada").json() == {"removed": {"answers": 1}}


def test_an_account_goes_with_everything_and_its_sessions_and_keys_end(house: Served):
    ada, other = Browser(house, "ada"), Browser(house, "ada")
    ada.ask()
    shown = bearer(house, "ada")
    done = ada.post("/me/delete", what="account", name="ada")
    assert (done.status_code, done.headers["location"]) == (303, "/login")
    for each in (ada, other):
        assert each.get("/api/v1/me").status_code == 401
    assert ada.client.get("/api/v1/me", headers=shown).status_code == 401
    assert sign_in(ada.client, house, "ada").status_code == 401
    with house.app.database.reading() as tx:
        assert "ada" not in tx.names_kept()


def test_the_last_owner_keeps_their_account(house: Served):
    olga = Browser(house, "olga")
    refused = olga.post("/me/delete", what="account", name="olga")
    assert (refused.status_code, "last owner" in refused.text) == (409, True)
    assert olga.get("/me").status_code == 200


def test_who_is_under_a_hold_is_told_that_and_not_why(house: Served):
    ada = Browser(house, "ada")
    id = ada.ask().json()["id"]
    holds.hold(house.app, ADMINISTRATOR, "ada", reason="Claim 7")
    for refused in (
        ada.post("/me/delete", what="questions", name="ada"),
        ada.post("/me/delete", what="answer", answer=id),
        ada.api("DELETE", "/me?what=account&name=ada"),
        ada.api("DELETE", f"/answers/{id}"),
    ):
        assert (refused.status_code, "must be kept" in refused.text, "Claim 7" in refused.text) == (409, True, False)
    for path in ("/me", "/me/delete", "/api/v1/me", f"/me/delete?answer={id}"):
        page = ada.get(path)
        assert (page.status_code, "Claim 7" in page.text) == (200, False)
    assert "/me/delete" not in ada.get("/me").text


def test_without_accounts_questions_can_be_deleted_and_no_account(tmp_path: Path):
    with serving(tmp_path) as (client, served):
        client.post("/", data={"token": served.local_form_token, "question": QUESTION})
        person = served.local_actor.person
        assert "what-account" not in client.get("/me/delete").text
        done = client.post("/me/delete", data={"token": served.local_form_token, "what": "questions", "name": person})
        assert done.status_code == 303
        assert client.get("/api/v1/me").json()["answers"] == []


@pytest.mark.parametrize("path", ["/me/delete", "/me/consent"])
def test_a_form_without_its_token_does_nothing(house: Served, path: str):
    ada = Browser(house, "ada")
    ada.ask()
    assert ada.client.post(path, data={"what": "questions", "name": "ada"}).status_code == 403
    assert len(ada.get("/api/v1/me").json()["answers"]) == 1


# ---------------------------------------------------------------- agreeing


def test_every_door_asks_for_consent_before_the_first_question(house: Served):
    shown = bearer(house, "ada", scopes=("ask", "self"))
    asks_for_consent(house)
    ada = Browser(house, "ada")
    api = ada.ask()
    assert (api.status_code, api.json()["type"]) == (403, "urn:firmground:problem:consent-needed")
    assert "/me/consent" in api.json()["remedy"]
    streamed = ada.api("POST", "/answers", json={"question": QUESTION, "stream": True})
    assert streamed.status_code == 403
    openai = ada.client.post(
        "/v1/chat/completions", json={"model": "firmground", "messages": [{"role": "user", "content": QUESTION}]}, headers=shown
    )
    assert (openai.status_code, openai.json()["error"]["code"]) == (403, "consent-needed")
    by_key = ada.client.post("/api/v1/answers", json={"question": QUESTION}, headers=shown)
    assert by_key.json()["type"].endswith("consent-needed")
    agreed = ada.client.post("/api/v1/me/consent", json={"version": "x"}, headers=shown)
    assert (agreed.status_code, "a key may not agree" in agreed.text) == (403, True)
    with house.app.database.reading() as tx:
        assert tx.trace_ids(limit=1) == []

    state = ada.api("GET", "/me/consent").json()
    assert (state["needed"], state["text"], state["given"]) == (True, TEXT.strip(), [])
    assert ada.api("POST", "/me/consent", json={"version": "other"}).status_code == 409
    assert ada.api("POST", "/me/consent", json={"version": state["version"]}).json()["needed"] is False
    assert ada.ask().status_code == 200
    assert ada.client.post("/api/v1/answers", json={"question": QUESTION}, headers=shown).status_code == 200


def test_pages_show_the_text_first_and_lead_back_to_the_question(house: Served):
    asks_for_consent(house)
    ada = Browser(house, "ada")
    for sent in (ada.get("/"), ada.post("/", question=f"{QUESTION} & more?")):
        assert sent.status_code == 303
        assert sent.headers["location"].startswith("/me/consent?next=")
    page = ada.get(sent.headers["location"])
    assert "&lt;b&gt;90&lt;/b&gt;" in page.text, "a text is no HTML"
    fields = {each["name"]: each["value"] or "" for each in Elements(page.text).named("input") if each.get("name")}
    assert parse_qs(urlsplit(fields["next"]).query) == {"question": [f"{QUESTION} & more?"]}
    on = ada.client.post("/me/consent", data=fields)
    assert (on.status_code, on.headers["location"]) == (303, fields["next"])
    assert ada.get(on.headers["location"]).status_code == 200
    assert ada.get("/me").status_code == 200


def test_nobody_is_led_to_another_site_from_there(house: Served):
    asks_for_consent(house)
    ada = Browser(house, "ada")
    page = ada.get("/me/consent?next=https://evil.example/")
    fields = {each["name"]: each["value"] for each in Elements(page.text).named("input") if each.get("name")}
    assert fields["next"] == "/"
    version = ada.api("GET", "/me/consent").json()["version"]
    assert ada.post("/me/consent", version=version, next="//evil.example").headers["location"] == "/"


def test_what_was_agreed_to_is_shown_and_can_be_taken_back(house: Served):
    asks_for_consent(house)
    ada = Browser(house, "ada")
    version = ada.api("GET", "/me/consent").json()["version"]
    stale = ada.post("/me/consent", version="stale")
    assert (stale.status_code, "changed since you read it" in stale.text) == (409, True)
    ada.post("/me/consent", version=version)
    assert version in ada.get("/me").text
    ada.post("/me/consent", act="withdraw")
    assert "taken back on" in ada.get("/me").text
    assert ada.ask().status_code == 403
    ada.post("/me/consent", version=version)
    assert ada.api("DELETE", "/me/consent").status_code == 204
    assert len(ada.api("GET", "/me/consent").json()["given"]) == 2


def test_an_agent_is_asked_too(house: Served):
    asks_for_consent(house)
    actor = Actor(person="ada", groups=frozenset({"public", "everyone"}), via="http", key="agent")
    assert consent.needed(house.app, actor) is not None
    client = TestClient(application(house), base_url=HERE, raise_server_exceptions=False, follow_redirects=False)
    call = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "ask", "arguments": {"question": QUESTION}}}
    accept = {"Accept": "application/json, text/event-stream", **JSON}
    said = client.post("/mcp", json=call, headers={**bearer(house, "ada"), **accept})
    assert "you have not agreed yet" in said.text


def test_with_a_text_that_cannot_be_read_nobody_asks_and_nothing_breaks(house: Served):
    asks_for_consent(house)
    (house.app.workspace.root / "consent.md").unlink()
    ada = Browser(house, "ada")
    for response in (ada.ask(), ada.get("/"), ada.get("/me/consent"), ada.api("GET", "/me/consent")):
        assert (response.status_code, "cannot be read" in response.text) == (400, True)
    assert ada.get("/me").status_code == 200
