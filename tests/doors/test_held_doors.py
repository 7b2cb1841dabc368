"""What is held shows whoever asked that a person looks, and nothing of what was found, at whichever door they come in."""

import json
from collections.abc import Generator
from io import BytesIO
from zipfile import ZipFile

import pytest
from inside import bearer, sign_in, with_account, with_owner
from serving import HERE, JSON, LEAVE
from starlette.testclient import TestClient

from firmground.app.asking import opinions
from firmground.app.asking.kept import explanation, show
from firmground.app.corpus.sync import sync
from firmground.app.reviewing import acting, queue
from firmground.settings import Settings
from firmground.testing.app import ADMINISTRATOR, Bench
from firmground.types import Actor
from firmground.web.application import application
from firmground.web.served import Served

QUESTION = "how many vacation days may I carry over?"
OF_EVIDENCE = ("five vacation days", "leave.md", "best sentence", "best passage")


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Generator[Served]:
    rule = {"name": "pay", "then": "hold", "topics": ["vacation"]}
    settings = Settings.model_validate({"answer": {"threshold": 0.001}, "review": {"rules": [rule]}})
    bench = Bench(tmp_path_factory.mktemp("held"), settings=settings)
    bench.source.contents["leave.md"] = LEAVE.encode()
    with bench.app() as app:
        sync(app, ADMINISTRATOR)
        made = Served(app, patience=0.2)
        assert made.open_parts()
        with_owner(made, "olga")
        for name in ("ada", "bea"):
            with_account(made, name)
        with_account(made, "rita", role="reviewer")
        yield made
        made.close()


def browser(served: Served) -> TestClient:
    return TestClient(application(served), base_url=HERE, raise_server_exceptions=False, follow_redirects=False)


def actor_of(served: Served, name: str) -> Actor:
    with served.app.database.reading() as tx:
        return tx.actor(name, via="http")


def silent(said: str) -> bool:
    return not [each for each in OF_EVIDENCE if each in said]


def test_programs_hear_nothing_of_what_was_found(served: Served):
    client, key = browser(served), bearer(served, "ada", name="programs")
    whole = client.post("/api/v1/answers", json={"question": QUESTION}, headers={**JSON, **key})
    assert (whole.status_code, whole.json()["status"], whole.json()["closest"]) == (200, "draft", [])
    streamed = client.post("/api/v1/answers", json={"question": QUESTION, "stream": True}, headers={**JSON, **key})
    assert streamed.headers["content-type"].startswith("text/event-stream")
    id = whole.json()["id"]
    later = [client.get(path, headers=key) for path in (f"/api/v1/answers/{id}", "/api/v1/answers")]
    completed = client.post(
        "/v1/chat/completions",
        json={"model": "firmground", "messages": [{"role": "user", "content": QUESTION}]},
        headers={**JSON, **key},
    )
    for response in (whole, streamed, *later, completed):
        assert response.status_code == 200
        assert silent(response.text), response.url


def test_pages_show_nothing_of_what_was_found(served: Served):
    client = browser(served)
    sign_in(client, served, "ada")
    token = client.get("/").text.partition('name="token" value="')[2].partition('"')[0]
    asked = client.post("/", data={"token": token, "question": QUESTION})
    page = client.get(asked.headers["location"]) if asked.status_code == 303 else asked
    assert page.status_code == 200
    assert "A person looks at it before you read it." in page.text
    assert silent(page.text)
    with ZipFile(BytesIO(client.get("/me/data.zip").content)) as exported:
        said = [exported.read(name).decode() for name in exported.namelist()]
    assert QUESTION in "".join(said)
    assert all(map(silent, said))


def test_who_sees_it_shared_and_who_wants_to_know_why_learn_no_more(served: Served):
    ada, bea = actor_of(served, "ada"), actor_of(served, "bea")
    client = browser(served)
    id = client.post(
        "/api/v1/answers", json={"question": QUESTION}, headers={**JSON, **bearer(served, "ada", name="why")}
    ).json()["id"]
    opinions.share(served.app, ada, id)
    for said in (explanation(served.app, ada, id), *(show(served.app, each, id).model_dump(mode="json") for each in (ada, bea))):
        assert silent(json.dumps(said))
    assert "rule “pay”: the topic of the question" in explanation(served.app, ada, id)["reasons"]
    assert not silent(show(served.app, ADMINISTRATOR, id).model_dump_json())
    item = queue.listed(served.app, actor_of(served, "rita")).items[0].item
    assert not silent(queue.shown(served.app, actor_of(served, "rita"), item.id).trace.model_dump_json())


@pytest.mark.parametrize("outcome", ["approve", "reject", "withdraw"])
def test_what_was_found_is_shown_once_a_person_says_yes_and_never_otherwise(served: Served, outcome: str):
    ada, rita = actor_of(served, "ada"), actor_of(served, "rita")
    key = bearer(served, "ada", name=outcome)
    id = browser(served).post("/api/v1/answers", json={"question": QUESTION}, headers={**JSON, **key}).json()["id"]
    with served.app.database.reading() as tx:
        (item,) = tx.items_of([id])
    if outcome == "approve":
        acting.approve(served.app, rita, item.id, revision=item.revision)
    elif outcome == "reject":
        acting.reject(served.app, rita, item.id, revision=item.revision, reason="wrong")
    else:
        opinions.withdraw_request(served.app, ada, id)
    trace = show(served.app, ada, id)
    assert bool(trace.evidence) is (outcome == "approve")
    assert silent(trace.model_dump_json()) is (outcome != "approve")
