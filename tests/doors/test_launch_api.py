"""Going live and back over HTTP: what is decided, by whom, and how a refusal is told."""

from pathlib import Path
from typing import Any

from inside import bearer, sign_in, token_of, with_account, with_owner
from launching import LENIENT, STRICT, audited, launching, second
from serving import JSON
from starlette.testclient import TestClient

RELEASES = "/api/v1/releases"


def post(client: TestClient, path: str, headers: dict[str, str] | None = None, **body: Any) -> Any:
    return client.post(f"{RELEASES}/{path}", json=body, headers=JSON | (headers or {}))


def test_a_release_goes_live_and_back_and_the_history_tells_who_and_why(tmp_path: Path) -> None:
    with launching(tmp_path) as (client, served):
        second(served)
        assert client.get(f"{RELEASES}/history").json() == {"live": None, "history": []}
        for number in ("1", "2"):
            made = audited(served, number)
            done = post(client, f"{number}/promote", reason=f"as of audit {number}")
            assert (done.status_code, done.json()["number"], done.json()["audit"]) == (200, int(number), made.id)
        back = post(client, "live/rollback", reason="it was slower")
        assert (back.status_code, back.json()["number"], back.json()["override"]) == (200, 1, None)
        told = client.get(f"{RELEASES}/history").json()
        assert told["live"] == back.json()
        assert [(each["kind"], each["release"], each["detail"]["reason"]) for each in told["history"]] == [
            ("release.rolled_back", "1", "it was slower"),
            ("release.promoted", "2", "as of audit 2"),
            ("release.promoted", "1", "as of audit 1"),
        ]
        assert {each["by"] for each in told["history"]} == {served.local_actor.person}
        again = post(client, "2/rollback")
        assert (again.status_code, again.json()["number"]) == (200, 2)


def test_a_refusal_of_the_gate_is_a_conflict_with_its_findings(tmp_path: Path) -> None:
    with launching(tmp_path, STRICT) as (client, served):
        audited(served)
        refused = post(client, "1/promote")
        problem = refused.json()
        assert (refused.status_code, problem["type"]) == (409, "urn:firmground:problem:not-proven")
        assert refused.headers["content-type"] == "application/problem+json"
        assert [each.partition(" ")[0] for each in problem["findings"]] == ["evaluation", "brief"]
        assert "\n" not in "".join(problem["findings"])
        assert client.get(f"{RELEASES}/history").json()["live"] is None


def test_an_override_needs_a_reason_and_says_when_it_ends(tmp_path: Path) -> None:
    with launching(tmp_path, STRICT) as (client, served):
        audited(served)
        assert post(client, "1/promote", override=True).status_code == 400
        done = post(client, "1/promote", override=True, reason="to show it")
        assert done.status_code == 200
        override = done.json()["override"]
        assert override["expires_at"].startswith("2026-11-23")
        assert len(override["findings"]) == 2
        assert done.json()["audit"]


def test_a_looser_policy_is_refused_with_the_ways_in_which_it_is(tmp_path: Path) -> None:
    with launching(tmp_path, STRICT) as (client, served):
        audited(served)
        (tmp_path / "policy.toml").write_text(LENIENT.format(approvals=1))
        refused = post(client, "1/promote")
        assert (refused.status_code, refused.json()["type"]) == (409, "urn:firmground:problem:policy-looser")
        assert len(refused.json()["findings"]) == 2


def test_programs_of_administrators_decide_and_those_of_others_do_not(tmp_path: Path) -> None:
    with launching(tmp_path) as (client, served):
        second(served)
        audited(served, "2")
        with_owner(served)
        with_account(served, "eva", role="admin")
        with_account(served, "bob")
        admin, plain = bearer(served, "eva"), bearer(served, "bob", "other")
        for path in ("2/promote", "2/approve", "1/rollback", "live/rollback"):
            refused = post(client, path, plain, reason="x")
            assert refused.status_code == 403
            assert "findings" not in refused.json()
        assert client.get(f"{RELEASES}/history", headers=plain).status_code == 403
        assert post(client, "2/promote", admin, by="ada").status_code == 403
        done = post(client, "2/promote", admin)
        assert (done.status_code, done.json()["by"]) == (200, "eva")


def test_a_session_needs_the_token_of_its_pages(tmp_path: Path) -> None:
    with launching(tmp_path) as (client, served):
        second(served)
        audited(served, "2")
        with_owner(served)
        sign_in(client, served)
        assert post(client, "2/promote").status_code == 403
        assert post(client, "2/promote", {"X-Firmground-Token": token_of(client, served)}).status_code == 200


def test_somebody_else_agrees_first_where_the_policy_says_so(tmp_path: Path) -> None:
    with launching(tmp_path, approvals=2) as (client, served):
        second(served)
        with_owner(served)
        with_account(served, "eva", role="admin")
        program = bearer(served, "eva")
        assert post(client, "2/approve", program).status_code == 403, "programs do not agree for people"
        made = audited(served, "2")
        assert post(client, "2/promote", program).json()["findings"] == ["0 of 2 people agree: nobody who is known"]
        client.cookies.clear()
        sign_in(client, served, "eva")
        agreed = post(client, "2/approve", {"X-Firmground-Token": token_of(client, served)}, reason="I read it.").json()
        assert (agreed["person"], agreed["audit"], agreed["reason"]) == ("eva", made.id, "I read it.")
        client.cookies.clear()
        sign_in(client, served, "ada")
        assert post(client, "2/promote", {"X-Firmground-Token": token_of(client, served)}).status_code == 200


def test_what_is_not_there_or_never_was_live_is_told(tmp_path: Path) -> None:
    with launching(tmp_path) as (client, served):
        assert post(client, "live/rollback").status_code == 404
        assert post(client, "9/promote").status_code == 404
        assert post(client, "9/rollback").status_code == 404
        assert post(client, "9/approve").status_code == 404
        assert post(client, "1/rollback").status_code == 409
        assert post(client, "1/promote", odd=1).status_code == 422
        assert post(client, "1/promote", override="yes").status_code == 422
        assert post(client, "1/promote", reason="x" * 2001).status_code == 400
        with served.app.database.reading() as tx:
            assert tx.facts("live") == {}
