"""What a door says to whoever asked too much, and to whom limits are shown and by whom they are set."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from inside import with_account, with_owner
from serving import JSON, serving
from starlette.testclient import TestClient

from firmground.app.access import keys
from firmground.app.asking.answers import ask
from firmground.app.spending import budgets
from firmground.cli import main
from firmground.testing.app import ADMINISTRATOR
from firmground.types import Actor
from firmground.usage import Limits
from firmground.web.served import Served

QUESTION = "How many vacation days may I carry over?"
SITE = "https://intranet.example.org"


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[TestClient, Served]]:
    with serving(tmp_path) as (client, served):
        with_owner(served)
        with_account(served, "bob")
        yield client, served


def bearer(served: Served, person: str, **scopes: Any) -> dict[str, str]:
    _, secret = keys.add_key(served.app, ADMINISTRATOR, f"of {person}", person=person, **scopes)
    return {**JSON, "Authorization": f"Bearer {secret}"}


def limited(served: Served, kind: str = "person", name: str = "bob", **limits: int) -> None:
    budgets.set_limits(served.app, ADMINISTRATOR, kind, name, Limits.model_validate(limits))


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/api/v1/answers", {"question": QUESTION}),
        ("/api/v1/answers", {"question": QUESTION, "stream": True}),
        ("/api/v1/search", {"query": "vacation"}),
        ("/v1/embeddings", {"model": "firmground", "input": "a"}),
        ("/v1/chat/completions", {"model": "firmground", "messages": [{"role": "user", "content": QUESTION}]}),
    ],
)
def test_too_many_requests_in_a_minute_are_refused_and_told_when_to_come_again(
    served: tuple[TestClient, Served], path: str, body: dict[str, Any]
):
    client, there = served
    limited(there, requests_a_minute=1)
    headers = bearer(there, "bob")
    now = there.app.clock()
    there.app.clock = lambda: now
    came = [client.post(path, headers=headers, content=json.dumps(body)) for _ in range(2)]
    assert [each.status_code for each in came] == [200, 429]
    assert 0 < int(came[1].headers["Retry-After"]) <= 60
    told = came[1].json()
    if path.startswith("/v1/"):
        assert (told["error"]["code"], told["error"]["type"]) == ("limit-reached", "rate_limit_error")
        assert came[1].headers["X-Should-Retry"] == "true"
    else:
        assert (told["type"], "try again in" in told["detail"]) == ("urn:firmground:problem:limit-reached", True)


def test_answers_of_a_day_that_are_used_up_are_refused_until_the_next_at_every_door(served: tuple[TestClient, Served]):
    client, there = served
    limited(there, answers_a_day=1)
    headers = bearer(there, "bob")
    asked = json.dumps({"question": QUESTION})
    assert client.post("/api/v1/answers", headers=headers, content=asked).status_code == 200
    came = client.post("/api/v1/answers", headers=headers, content=asked)
    assert (came.status_code, int(came.headers["Retry-After"]) > 60) == (429, True)
    assert "your answers of today are used up: there is more at 2026-11-21 00:00 UTC" in came.json()["detail"]
    chat = json.dumps({"model": "firmground", "messages": [{"role": "user", "content": QUESTION}]})
    came = client.post("/v1/chat/completions", headers=headers, content=chat)
    assert (came.status_code, came.headers["X-Should-Retry"]) == (429, "false")


def test_readers_of_a_page_elsewhere_share_the_limit_of_its_key(served: tuple[TestClient, Served]):
    client, there = served
    _, secret = keys.add_widget_key(there.app, ADMINISTRATOR, "site", origins=[SITE], groups=["everyone"])
    limited(there, "key", "site", requests_a_minute=2)
    now = there.app.clock()
    there.app.clock = lambda: now
    came: list[int] = []
    for visitor in range(3):
        headers = {**JSON, "Authorization": f"Bearer {secret}", "Origin": SITE, "X-Firmground-Visitor": f"{visitor:032x}"}
        came.append(client.post("/api/v1/answers", headers=headers, content=json.dumps({"question": QUESTION})).status_code)
    assert came == [200, 200, 429]


def test_whoever_looks_after_people_sees_and_sets_limits_and_others_their_own(served: tuple[TestClient, Served]):
    client, there = served
    bob = bearer(there, "bob")
    ada = bearer(there, "ada", scopes=["ask", "people", "self"])
    ask(there.app, Actor(person="bob", groups=frozenset({"public", "everyone"}), via="http"), QUESTION)
    put = client.put("/api/v1/budgets/person/bob", headers=ada, content=json.dumps({"answers_a_day": 4}))
    assert (put.status_code, put.json()["limits"]["answers_a_day"]) == (200, 4)
    told = client.get("/api/v1/budgets", headers=ada).json()
    assert [(row["name"], row["taken"]["answers"]) for row in told["rows"]] == [("bob", 1)]
    assert [(each["kind"], each["name"]) for each in told["limits"]] == [("person", "bob")]
    assert client.get("/api/v1/budgets", headers=bob).status_code == 403
    assert client.put("/api/v1/budgets/person/bob", headers=bob, content=json.dumps({"answers_a_day": 9})).status_code == 403
    own = client.get("/api/v1/me/usage", headers=ada).json()
    assert (own["allowed"]["limits"]["requests_a_minute"], own["spending"]["day"]["answers"]) == (120, 0)


@pytest.mark.parametrize(
    ("where", "body", "status"),
    [
        ("person/nobody", {"answers_a_day": 1}, 404),
        ("group/nobody", {}, 404),
        ("team/x", {}, 422),
        ("person/bob", {"answers_a_day": -1}, 422),
        ("person/bob", {"answers_a_day": "1"}, 422),
        ("person/bob", {"usd_a_day": 1e300}, 422),
        ("person/bob", {"usd": 1}, 422),
        ("workspace/-", {"requests_a_minute": 1}, 400),
        ("workspace/x", {}, 400),
        ("workspace/-", {"usd_a_day": 2.5}, 200),
    ],
)
def test_limits_that_cannot_be_are_refused_in_one_line(
    served: tuple[TestClient, Served], where: str, body: dict[str, Any], status: int
):
    client, there = served
    ada = bearer(there, "ada", scopes=["people"])
    came = client.put(f"/api/v1/budgets/{where}", headers=ada, content=json.dumps(body))
    assert (came.status_code, came.text.count("\n")) == (status, 0)


def test_the_command_line_sets_shows_and_is_refused_with_4(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / "firmground.toml").write_text("[limits.person]\nanswers_a_day = 7\n")

    def run(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["firmground", *arguments, "--workspace", str(tmp_path)])
        code = 0
        try:
            main()
        except SystemExit as end:
            code = int(end.code or 0)
        return code, *capsys.readouterr()

    assert run("person", "add", "ada")[0] == 0
    assert run("budget", "set", "--person", "ada", "--usd-a-month", "20")[1] == "person ada: 20 usd a month\n"
    assert run("budget", "set", "--person", "ada", "--answers-a-day", "3")[1] == "person ada: 3 answers a day, 20 usd a month\n"
    assert json.loads(run("budget", "show", "ada", "--json")[1])["allowed"]["limits"]["answers_a_day"] == 3
    assert run("budget", "set", "--person", "ada", "--clear")[1] == "person ada: as much as they like\n"
    assert "7 answers a day" in run("budget", "show", "ada")[1]
    assert json.loads(run("budget", "list", "--json")[1])["limits"] == []
    for wrong, code in (
        (("set", "--person", "eve", "--answers-a-day", "3"), 3),
        (("set", "--answers-a-day", "3"), 2),
        (("set", "--person", "ada"), 2),
        (("set", "--person", "ada", "--group", "hr", "--answers-a-day", "3"), 2),
        (("set", "--workspace-total", "--requests-a-minute", "3"), 2),
        (("list", "--period", "soon"), 2),
        (("list", "--by", "colour"), 2),
    ):
        assert run("budget", *wrong)[0] == code
