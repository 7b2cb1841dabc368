"""Who loses a right while something is under way: an answer that streams, one that is written, a job that waits."""

from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import pytest
from inside import bearer, with_account, with_owner
from serving import serving
from starlette.testclient import TestClient

from firmground.app import jobs
from firmground.app.access import people
from firmground.app.access.rights import lost_nothing
from firmground.app.corpus.sync import request
from firmground.app.work import handlers
from firmground.language_model import Delta, ModelCall
from firmground.testing.app import ADMINISTRATOR
from firmground.testing.model import ScriptedModel
from firmground.types import Actor
from firmground.web import edge
from firmground.web.served import Served

LEAVE = (
    "---\ngroups: [hr]\n---\n# Leave\n\nEvery employee may carry over five vacation days into the next year.\n\n"
    "Ask your manager before you book a trip.\n"
)
SAID = "Every employee may carry over five vacation days into the next year. [1] Ask your manager before you book a trip. [1]"
QUESTION = "How many vacation days may be carried over into the next year?"


class Interrupted(ScriptedModel):
    """Something happens once the first sentence is there."""

    meanwhile: Callable[[], object] | None = None

    def stream(self, call: ModelCall, *, cancelled: Callable[[], bool] = lambda: False) -> Generator[Delta]:
        for delta in super().stream(call, cancelled=cancelled):
            yield delta
            if (happens := self.meanwhile) and "year" in delta.text:
                self.meanwhile = None
                happens()


@pytest.fixture
def house(tmp_path: Path) -> Generator[tuple[TestClient, Served, Interrupted]]:
    model = Interrupted([SAID] * 3, structured=False)
    with serving(tmp_path, {"leave.md": LEAVE}, model=model) as (client, served):
        with_owner(served)
        with_account(served, "bob", groups=("hr",))
        with_account(served, "eve", role="admin")
        yield client, served, model


LOSSES = {
    "bob": lambda served: people.remove_members(served.app, ADMINISTRATOR, "hr", ["bob"]),
    "eve": lambda served: people.set_role(served.app, ADMINISTRATOR, "eve", "user"),
}


@pytest.mark.parametrize("who", LOSSES)
@pytest.mark.parametrize("stream", [True, False])
def test_an_answer_ends_as_its_asker_may_see_it_then(
    house: tuple[TestClient, Served, Interrupted], who: str, stream: bool, monkeypatch: pytest.MonkeyPatch
):
    client, served, model = house
    key = bearer(served, who, scopes=["ask", "see_all"] if who == "eve" else None)
    asked: dict[str, Any] = {"question": QUESTION, "stream": stream}
    monkeypatch.setattr(edge, "LOOK_AGAIN_SECONDS", 0.0)
    assert "manager" in client.post("/api/v1/answers", headers=key, json=asked).text
    model.meanwhile = lambda: LOSSES[who](served)
    told = client.post("/api/v1/answers", headers=key, json={**asked, "question": f"{QUESTION} Please."})
    assert model.meanwhile is None
    assert "manager" not in told.text
    assert stream or "five" not in told.text


def test_no_less_is_the_same_groups_and_rights_and_more():
    before = Actor(person="ada", groups=frozenset({"everyone", "hr"}), role="reviewer", via="http")
    assert lost_nothing(before, before.model_copy(update={"groups": before.groups | {"it"}, "role": "owner"}))
    for less in ({"groups": frozenset({"everyone"})}, {"role": "user"}, {"role": "auditor"}, {"scopes": frozenset({"ask"})}):
        assert not lost_nothing(before, before.model_copy(update=less))


def test_a_job_that_waits_is_not_done_for_somebody_who_may_not_ask_for_it_any_more(
    house: tuple[TestClient, Served, Interrupted],
):
    _, served, _ = house
    app = served.app

    def done(role: str, via: str) -> Any:
        people.set_role(app, ADMINISTRATOR, "eve", "admin")
        asker = Actor(person="eve", groups=frozenset({"everyone"}), role="admin", via=via)
        job = request(app, asker)
        people.set_role(app, ADMINISTRATOR, "eve", role)
        app.jobs.work(handlers(app), until=lambda: not app.jobs.unfinished("sync"))
        return jobs.job(app, ADMINISTRATOR, job.id)

    assert done("admin", "http").state == "done"
    assert done("user", "cli").state == "done", "whoever is on the machine may"
    refused = done("user", "http")
    assert refused.state == "failed"
    assert "eve may not have the job 'sync' done" in str(refused.error)
    people.set_role(app, ADMINISTRATOR, "eve", "admin")
    assert request(app, ADMINISTRATOR).id != refused.id, "others ask anew"
