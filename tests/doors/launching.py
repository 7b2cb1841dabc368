"""Releases that can go live, and audits of them, for the pages and addresses that decide on it."""

import re
from collections.abc import Generator
from contextlib import contextmanager
from datetime import timedelta
from html import unescape
from pathlib import Path
from typing import Any

from serving import serving
from starlette.testclient import TestClient

from firmground.app.app import App
from firmground.app.launching import audits, policies, releases
from firmground.gate.audit import Audit, Ruling
from firmground.testing.app import ADMINISTRATOR
from firmground.types import Actor
from firmground.web.served import Served

CASES = "- id: leave\n  question: how many vacation days may I carry over?\n  expect: {contains: [five]}\n  unacceptable: [ten]\n"
LENIENT = "[gate]\napprovals = {approvals}\n[requirements.unreadable_cases]\n"
STRICT = "[gate]\napprovals = {approvals}\n[requirements.unreadable_cases]\n[requirements.brief]\n[requirements.evaluation]\n"
HERE = Actor(person="root", role="owner", via="http")


@contextmanager
def launching(place: Path, policy: str = LENIENT, *, approvals: int = 1) -> Generator[tuple[TestClient, Served]]:
    """There is a release 1, which passes by the lenient policy and not by the strict one."""
    (place / "golden").mkdir()
    (place / "golden" / "all.yaml").write_text(CASES)
    (place / "policy.toml").write_text(policy.format(approvals=approvals))
    with serving(place) as (client, served):
        policies.adopt(served.app, HERE, reason="a test of something else")
        releases.create(served.app, ADMINISTRATOR, note="The first.")
        yield client, served


def audited(served: Served, release: str = "1") -> Audit:
    return audits.run(served.app, ADMINISTRATOR, release=release, exercising={})


def kept(app: App, *rulings: Ruling, **changed: Any) -> Audit:
    """An audit of the candidate as it might have been made, kept as it is."""
    release = releases.show(app, ADMINISTRATOR, "candidate")
    known = {"id": "made", "release": release.spec.digest, "number": release.number, "corpus": "1", "dataset": "d", "policy": "p"}
    more = {"brief": "", "created_at": app.clock() + timedelta(minutes=1), "by": "ada", "rulings": rulings}
    made = Audit.model_validate({**known, **more, **changed})
    with app.database.transaction() as tx:
        tx.put_fact(audits.AUDITS, made.id, made.model_dump(mode="json"))
        tx.put_fact("audit-latest", made.release, made.id)
    return made


def second(served: Served) -> None:
    """A release 2 that differs by what it says when it has no answer."""
    first = releases.show(served.app, ADMINISTRATOR, "1")
    answering = first.spec.answering.model_copy(update={"refusal": "No."})
    made = first.model_copy(update={"number": 2, "spec": first.spec.model_copy(update={"answering": answering}), "note": ""})
    with served.app.database.transaction() as tx:
        tx.put_fact("release", "2", made.model_dump(mode="json"))
        tx.put_fact(releases.RECIPES, made.spec.digest, made.spec.model_dump(mode="json"))


def form(client: TestClient, path: str, **fields: str) -> Any:
    """Send a form as our pages do."""
    token = re.findall(r'name="form-token" content="([^"]+)"', client.get("/").text)[0]
    return client.post(path, data={"token": token, **fields})


def read(page: str) -> str:
    """What stands in the main part, as text."""
    main = page.partition("<main")[2].partition("</main>")[0]
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", main)).split())
