"""The launch board, the decision, what is live by override, and the policy, as pages."""

import json
from datetime import datetime
from pathlib import Path

import pytest
from inside import PASSWORD, bearer, sign_in, token_of, with_account, with_owner
from launching import STRICT, audited, form, kept, launching, read, second
from serving import HERE, Elements, serving

from firmground.app.access import accounts
from firmground.app.access.passwords import Passwords
from firmground.app.launching import live, pointer, policies
from firmground.gate.audit import Evidence, Ruling
from firmground.release.record import Override
from firmground.testing.app import Ticking
from firmground.web.served import Served

WHY = "The board asked for it.\r\nTwice."


def test_before_an_audit_the_board_says_that_there_is_none_and_nothing_can_be_decided(tmp_path: Path) -> None:
    with launching(tmp_path) as (client, served):
        told = read(client.get("/audits").text)
        assert "Release 1 was not audited yet" in told
        assert "Not now: 1 thing stands against it." in told
        assert "Make it live by override" not in told
        refused = form(client, "/releases/1/promote")
        assert refused.status_code == 409
        assert "there is no audit of it" in read(refused.text)
        with served.app.database.reading() as tx:
            assert pointer.pointed_at(tx) is None


def test_the_board_groups_what_was_found_and_says_what_to_do(tmp_path: Path) -> None:
    with launching(tmp_path, STRICT) as (client, served):
        audited(served)
        page = client.get("/audits?release=1").text
        told = read(page)
        assert "May not go live: 2 of 3 not met" in told
        assert told.index("Not measured") < told.index("Passed")
        assert "write brief.toml" in told
        assert page.count('class="ruling') == 3
        # What passed is folded, what did not is open.
        assert page.count('" open>') == 2


def test_what_passed_goes_live_by_a_button_with_who_and_why(tmp_path: Path) -> None:
    with launching(tmp_path) as (client, served):
        audited(served)
        assert "May go live: 1 of 1 met" in read(client.get("/audits").text)
        done = form(client, "/releases/1/promote", reason=WHY)
        assert (done.status_code, done.headers["location"]) == (303, "/releases#live")
        told = read(client.get("/releases").text)
        assert f"● live Release 1 since 20 November 2026, 09:00 UTC, by {served.local_actor.person}" in told
        assert "The board asked for it. Twice." in told
        assert "the audit it passed" in told
        assert "allowed it until" not in told
        assert "entry" in told


def test_a_refusal_lists_its_findings_and_keeps_the_reason(tmp_path: Path) -> None:
    with launching(tmp_path, STRICT) as (client, served):
        audited(served)
        refused = form(client, "/releases/1/promote", reason="<b>now</b>", override="yes", token="x")
        assert refused.status_code == 403
        refused = form(client, "/releases/1/promote", reason="", override="yes")
        assert refused.status_code == 400
        assert "an override needs a reason" in read(refused.text)
        refused = form(client, "/releases/1/promote", reason="<b>now</b>")
        assert refused.status_code == 409
        assert "<b>now" not in refused.text
        with served.app.database.reading() as tx:
            assert pointer.pointed_at(tx) is None


def test_an_exception_stands_on_every_page_and_ends(tmp_path: Path) -> None:
    with launching(tmp_path, STRICT) as (client, served):
        with_owner(served)
        with_account(served, "bob")
        sign_in(client, served)
        audited(served)
        assert form(client, "/releases/1/promote", reason=WHY, override="yes").status_code == 303
        for path in ("/", "/releases", "/audits", "/documents", "/nothing-here"):
            told = read(client.get(path).text)
            assert "ada allowed it until 23 November 2026" in told, path
            assert "See why" in told
        assert "What stood against it: 2 findings" in read(client.get("/releases").text)
        client.cookies.clear()
        assert "allowed it" not in client.get("/login").text
        sign_in(client, served, "bob", password=PASSWORD)
        told = read(client.get("/").text)
        assert "ada allowed it until 23 November 2026" in told
        assert "See why" not in told
        assert "not measured" not in told
        clock = served.app.clock
        assert isinstance(clock, Ticking)
        clock.now = live_until(served)
        assert "allowed it" not in client.get("/").text


def live_until(served: Served) -> datetime:
    with served.app.database.reading() as tx:
        found = pointer.pointed_at(tx)
    assert found
    assert found.override
    return found.override.expires_at


def test_a_demonstration_is_called_one(tmp_path: Path) -> None:
    with launching(tmp_path, STRICT) as (client, served):
        audited(served)
        live.promote(served.app, served.local_actor, "1", reason="To show it.", override=True, demonstration=True)
        assert "Demonstration: What answers here did not pass" in read(client.get("/").text)
        assert "◐ demonstration" in read(client.get("/releases").text)


def test_an_answer_says_once_that_what_is_live_is_so_by_override(tmp_path: Path) -> None:
    with launching(tmp_path, STRICT) as (client, served):
        audited(served)
        live.promote(served.app, served.local_actor, "1", reason="To show it.", override=True, demonstration=True)
        asked = client.post("/", data={"question": "How many days of leave?", "token": served.local_form_token})
        told = read(client.get(asked.headers["location"]).text)
        assert "Live by override" not in told
        assert told.count("did not pass") + told.count("has not passed the gate") == 1


def test_going_back_takes_a_second_look(tmp_path: Path) -> None:
    with launching(tmp_path) as (client, served):
        second(served)
        for number in ("1", "2"):
            audited(served, number)
            assert form(client, f"/releases/{number}/promote").status_code == 303
        told = client.get("/releases").text
        assert 'href="/releases/1/rollback"' in told
        assert "Roll back to release 1" in read(told)
        asked = client.get("/releases/1/rollback")
        assert "Live now: release 2" in read(asked.text)
        assert pointed(served) == 2
        done = form(client, "/releases/1/rollback", reason="It was better.")
        assert done.headers["location"] == "/releases#live"
        assert pointed(served) == 1
        told = read(client.get("/releases").text)
        assert "↺ rolled back to Release 1 It was better." in told
        refused = form(client, "/releases/1/rollback")
        assert refused.status_code == 409
        assert "live already" in read(refused.text)


def pointed(served: Served) -> int:
    with served.app.database.reading() as tx:
        found = pointer.pointed_at(tx)
    return found.number if found else 0


def test_one_that_never_was_live_is_nothing_to_go_back_to(tmp_path: Path) -> None:
    with launching(tmp_path) as (client, served):
        second(served)
        audited(served)
        form(client, "/releases/1/promote")
        assert "It never was live" in read(client.get("/releases/2/rollback").text)
        refused = form(client, "/releases/2/rollback")
        assert refused.status_code == 409
        assert pointed(served) == 1
        assert client.get("/releases/9/rollback").status_code == 404


def test_two_must_agree_where_the_policy_says_so(tmp_path: Path) -> None:
    with launching(tmp_path, approvals=2) as (client, served):
        with_owner(served)
        with_account(served, "eva", role="admin")
        sign_in(client, served)
        second(served)
        audited(served, "2")
        told = read(client.get("/audits?release=2").text)
        assert "The policy wants 2 people to approve it" in told
        assert "1 more person must approve it first." in told
        refused = form(client, "/releases/2/promote")
        assert refused.status_code == 409
        client.cookies.clear()
        sign_in(client, served, "eva")
        assert form(client, "/releases/2/approve", reason="I read it.").status_code == 303
        told = read(client.get("/audits?release=2").text)
        assert "eva 20 November 2026" in told
        assert "I read it." in told
        client.cookies.clear()
        sign_in(client, served)
        told = read(client.get("/audits?release=2").text)
        assert "must approve it first" not in told
        assert form(client, "/releases/2/promote").status_code == 303


def test_cases_edited_after_the_audit_make_it_count_no_more(tmp_path: Path) -> None:
    with launching(tmp_path) as (client, served):
        made = audited(served)
        cases = tmp_path / "golden" / "all.yaml"
        cases.write_text(cases.read_text().replace("five", "'5'"))
        for path in ("/audits", f"/audits/{made.id}"):
            told = read(client.get(path).text)
            assert "May not go live: this audit does not count any more" in told
            assert "the golden cases changed since its audit" in told
        assert form(client, "/releases/1/promote").status_code == 409
        newer = audited(served)
        assert "May go live" in read(client.get("/audits").text)
        assert "there is a newer audit" in read(client.get(f"/audits/{made.id}").text)
        assert newer.id != made.id
        assert read(client.get("/audits").text).count("● 1 of 1 met") == 2  # the older one is told, and permits nothing


def test_what_an_audit_says_is_shown_as_text_and_leads_nowhere_else(tmp_path: Path) -> None:
    found = [
        Evidence(label="<i>", value="<script>1</script>", href="javascript:alert(1)", command='a" b'),
        Evidence(label="x", value="y", href="//elsewhere.example"),
        Evidence(label="x", value="z", href="/cases"),
    ]
    bad = Ruling(requirement="odd<b>", asks="<b>?", verdict="fail", said="<img src=x>", remedy="run `<u>`", evidence=tuple(found))
    with launching(tmp_path) as (client, served):
        made = kept(served.app, bad, loosened=("<b>cases</b>",))
        page = client.get(f"/audits/{made.id}").text
        assert Elements(page).named("b", "u", "i") == []
        assert "<img src=x" not in page
        assert "<script>1" not in page
        links = {each.get("href") for each in Elements(page).named("a")}
        assert "/cases" in links
        assert not any(str(each).startswith(("javascript:", "//")) for each in links)
        assert {"data-copies": 'a" b'}.items() <= {
            k: v for each in Elements(page).named("button") for k, v in each.items()
        }.items()


@pytest.mark.parametrize(
    ("file", "kind"), [("report.html", "text/html"), ("report.md", "text/markdown"), ("report.json", "application/json")]
)
def test_an_audit_is_saved_as_a_file(tmp_path: Path, file: str, kind: str) -> None:
    with launching(tmp_path, STRICT) as (client, served):
        made = audited(served)
        saved = client.get(f"/audits/{made.id}/{file}")
        assert saved.headers["content-type"].startswith(kind)
        assert "attachment" in saved.headers["content-disposition"]
        assert "May not go live: 2 of 3 not met" in saved.text
        if file.endswith("json"):
            assert json.loads(saved.text)["id"] == made.id
        assert client.get(f"/audits/{made.id}/report.exe").status_code == 404
        assert client.get(f"/audits/nothing/{file}").status_code == 404


def test_an_audit_is_asked_for_and_followed(tmp_path: Path) -> None:
    with launching(tmp_path) as (client, served):
        started = form(client, "/audits", release="1")
        assert started.status_code == 303
        assert [job.kind for job in served.app.jobs.unfinished()] == ["audit"]
        page = client.get(started.headers["location"]).text
        assert "Audit: queued" in read(page)
        job = served.app.jobs.unfinished()[0].id
        assert form(client, f"/audits/jobs/{job}/cancel").status_code == 303
        assert "Audit: cancelled" in read(client.get(f"/audits?job={job}").text)
        assert form(client, "/audits", release="77").status_code == 404


def test_an_audit_of_what_is_no_candidate_any_more_can_still_be_read(tmp_path: Path) -> None:
    with launching(tmp_path) as (client, served):
        made = kept(served.app, Ruling(requirement="brief", asks="?", verdict="pass", said="yes"), release="ab" * 32, number=0)
        assert "Release 1 was not audited yet" in read(client.get("/audits").text)
        told = read(client.get(f"/audits/{made.id}").text)
        assert "May not go live: this audit does not count any more" in told
        assert "what it was of is neither the candidate nor a release any more" in told
        assert client.get("/audits?release=77").status_code == 404


def test_looking_at_the_board_puts_no_policy_in_force(tmp_path: Path) -> None:
    with launching(tmp_path) as (client, served):
        audited(served)
        (tmp_path / "policy.toml").write_text(STRICT.format(approvals=1))
        before = policies.look(served.app, served.local_actor).adopted
        assert "the policy changed since its audit" in read(client.get("/audits").text)
        assert "asks no less" in read(client.get("/audits/policy").text)
        assert policies.look(served.app, served.local_actor).adopted == before


def test_without_a_policy_nothing_is_decided_and_the_board_says_why(tmp_path: Path) -> None:
    with launching(tmp_path) as (client, served):
        audited(served)
        (tmp_path / "policy.toml").unlink()
        told = read(client.get("/audits").text)
        assert "there is no policy.toml" in told
        assert form(client, "/releases/1/promote").status_code == 409
        assert form(client, "/audits", release="1").status_code == 409
        assert "there is no policy.toml" in read(client.get("/audits/policy").text)
        (tmp_path / "policy.toml").write_text("[requirements.nonsense]\n")
        assert "nonsense" in read(client.get("/audits/policy").text)


def test_a_looser_policy_waits_for_somebody_who_answers_for_it(tmp_path: Path) -> None:
    with launching(tmp_path, STRICT) as (client, served):
        audited(served)
        file = tmp_path / "policy.toml"
        file.write_text(file.read_text().replace("[requirements.brief]\n", ""))
        page = client.get("/audits/policy").text
        told = read(page)
        assert "brief is no longer asked" in told
        assert "before: − [requirements.brief]" in told
        assert "nobody answers for that yet" in told
        assert form(client, "/releases/1/promote").status_code == 409
        refused = form(client, "/audits/policy", reason=" ")
        assert refused.status_code == 400
        assert "needs a reason" in read(refused.text)
        assert form(client, "/audits/policy", reason="We have none.").status_code == 303
        told = read(client.get("/audits/policy").text)
        assert f"{served.local_actor.person} answers for it" in told
        assert "We have none." in told
        audited(served)
        assert "The policy is looser than it was" in read(client.get("/audits").text)


def test_a_key_decides_nothing_on_a_page(tmp_path: Path) -> None:
    with launching(tmp_path) as (client, served):
        audited(served)
        with_owner(served)
        key = bearer(served, "ada")
        before = pointed(served)
        for path in ("/releases/1/promote", "/releases/1/approve", "/releases/1/rollback", "/audits/policy"):
            assert client.post(path, data={"token": "", "reason": "x"}, headers=key).status_code == 403
        assert pointed(served) == before


def test_no_other_site_decides_anything(tmp_path: Path) -> None:
    with launching(tmp_path) as (client, served):
        audited(served)
        token = served.local_form_token
        for headers in ({"Origin": "http://evil.example"}, {"Origin": "null"}):
            refused = client.post("/releases/1/promote", data={"token": token}, headers=headers)
            assert refused.status_code == 403
        assert client.post("/releases/1/promote", data={"reason": "x"}, headers={"Origin": HERE}).status_code == 403
        assert pointed(served) == 0


def test_nobody_but_administrators_sees_or_decides(tmp_path: Path) -> None:
    with launching(tmp_path, STRICT) as (client, served):
        made = audited(served)
        with_owner(served)
        with_account(served, "bob")
        sign_in(client, served, "bob")
        token = token_of(client, served)
        for path in ("/audits", f"/audits/{made.id}", f"/audits/{made.id}/report.md", "/audits/policy", "/releases/1/rollback"):
            refused = client.get(path)
            assert refused.status_code == 403
            assert "brief" not in read(refused.text)
        posted = ("/audits", "/audits/policy", "/releases/1/promote", "/releases/1/approve", "/releases/1/rollback")
        for path in posted:
            refused = client.post(path, data={"token": token, "reason": "x", "override": "yes"})
            assert refused.status_code == 403
            assert "not measured" not in refused.text
        assert not any(f'href="{path}' in client.get("/").text for path in ("/audits", "/releases"))


def test_an_exception_says_when_it_ends_in_the_language_of_the_page(tmp_path: Path) -> None:
    with launching(tmp_path, STRICT) as (client, served):
        audited(served)
        form(client, "/releases/1/promote", reason=WHY, override="yes")
        assert Override.model_validate({"expires_at": live_until(served), "findings": ["x"]})
        assert "23. November 2026" in read(client.get("/?lang=de").text)


def test_what_several_requirements_found_alike_is_told_once_and_what_nobody_measured_shows_what_to_do(tmp_path: Path) -> None:
    same = {"asks": "A good deal.", "verdict": "not_measured", "said": "there is no evaluation", "remedy": "evaluate it"}
    rulings = [Ruling.model_validate({"requirement": name, **same}) for name in ("cost", "latency")]
    other = Ruling(requirement="brief", asks="All.", verdict="not_measured", said="there is none", remedy="write it")
    with launching(tmp_path) as (client, served):
        made = kept(
            served.app, *rulings, other, loosened=("sla is no longer asked (Ada: x)", "access is no longer asked (Ada: x)")
        )
        page = client.get(f"/audits/{made.id}").text
    told = read(page)
    assert "Not measured 3" in told
    assert (told.count("there is no evaluation"), told.count("evaluate it"), told.count("A good deal.")) == (1, 1, 2)
    assert (page.count('class="ruling'), page.count('class="grounds"')) == (2, 2)
    assert 'id="latency"' in page
    assert "2 requirements are no longer asked: sla, access (Ada: x)" in told


def test_who_is_no_administrator_is_told_why_nothing_can_be_asked_yet_in_their_language(tmp_path: Path) -> None:
    with serving(tmp_path) as (client, served):
        served.app.once("passwords", lambda: Passwords(time_cost=1, memory_kib=8, lanes=1))
        accounts.create_owner(served.app, "ada", PASSWORD)
        with_account(served, "bob")
        sign_in(client, served, "bob")
        page = client.get("/").text
        assert "Nothing is live yet, so no question is answered" in read(page)
        assert "<textarea" not in page
        assert "There is nothing to ask yet" not in page
        german = read(client.get("/?lang=de").text)
        assert "Noch ist nichts live, deshalb wird keine Frage beantwortet" in german
        refused = client.get("/audits")
        assert refused.status_code == 403
        assert "Das ist für andere" in read(refused.text)
        sign_in(client, served, "ada")
        assert "<textarea" in client.get("/").text
