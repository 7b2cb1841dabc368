"""Whether an audit counts now, and who agrees."""

from datetime import UTC, datetime, timedelta

import pytest

from firmground.gate.audit import Audit, Ruling
from firmground.gate.decision import Approval, Standing, agreed, obstacles, outdated

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
STANDING = Standing(
    now=NOW, latest=NOW, places="", corpus="7", dataset="cases", policy="policy", brief="brief", valid=timedelta(hours=24)
)
PASSED = Ruling(requirement="cost", asks="cost per query < $0.10", verdict="pass", said="$0")


def said(audit: Audit | None, standing: Standing = STANDING) -> list[str]:
    return [each.said for each in obstacles(audit, standing)]


def an_audit(*rulings: Ruling, age: timedelta = timedelta(hours=1), **changed: str) -> Audit:
    of = {"corpus": "7", "dataset": "cases", "policy": "policy", "brief": "brief", **changed}
    return Audit(id="a", release="r", number=1, created_at=NOW - age, by="ada", rulings=rulings or (PASSED,), **of)


def an_approval(person: str, audit: str = "a", user: str = "", against: tuple[str, ...] = ()) -> Approval:
    return Approval(person=person, audit=audit, user=user, against=against, at=NOW)


def test_an_audit_that_passed_and_is_of_what_there_is_now_stands_against_nothing():
    assert said(an_audit()) == []


def test_a_release_without_an_audit_may_not_go_live():
    assert said(None) == ["there is no audit of it: run `firmground audit` on it"]


@pytest.mark.parametrize(
    ("what", "changed"),
    [
        ("documents", "corpus"),
        ("golden cases", "dataset"),
        ("policy", "policy"),
        ("brief", "brief"),
    ],
)
def test_an_audit_of_something_else_does_not_count(what: str, changed: str):
    assert said(an_audit(**{changed: "before"})) == [f"the {what} changed since its audit: audit it again"]


def test_an_audit_with_other_model_servers_does_not_count_and_a_server_that_runs_is_thought_of():
    (line,) = said(an_audit(places="before"))
    assert line.startswith("the model servers or guards changed since its audit: audit it again, after a restart of the server")


def test_an_audit_counts_for_as_long_as_the_policy_says():
    assert outdated(an_audit(age=timedelta(hours=24)), STANDING) == ()
    assert said(an_audit(age=timedelta(hours=25))) == ["its audit is 25 hours old, and may be 24 hours"]


def test_an_audit_of_a_time_that_is_yet_to_come_tells_of_a_clock_that_was_set_back():
    assert outdated(an_audit(age=timedelta(minutes=-4)), STANDING) == (), "clocks of two machines differ a little"
    [told] = said(an_audit(age=timedelta(hours=-2)))
    assert "the clock was set back" in told
    later = STANDING._replace(latest=NOW + timedelta(hours=25))
    assert [each.short for each in obstacles(an_audit(), later)] == ["the clock was set back", "its audit is too old"]


@pytest.mark.parametrize(
    ("verdict", "words"), [("fail", "failed"), ("not_proven", "not proven"), ("not_measured", "not measured")]
)
def test_whatever_did_not_pass_stands_against_it(verdict: str, words: str):
    open_ = Ruling.model_validate({"requirement": "latency", "asks": "p95", "verdict": verdict, "said": "800 ms"})
    [found] = obstacles(an_audit(PASSED, open_), STANDING)
    assert found == (f"latency {words}", f"latency {words}: 800 ms", True), "what is kept for good quotes nothing"


def test_what_an_audit_found_that_does_not_count_any_more_is_not_told():
    open_ = Ruling(requirement="brief", asks="filled", verdict="fail", said="missing")
    [found] = obstacles(an_audit(open_, brief="before"), STANDING)
    assert not found.of_the_audit, "it may be mended by now"


def test_a_policy_that_asks_for_nothing_lets_nothing_through():
    nothing = an_audit().model_copy(update={"rulings": ()})
    assert not nothing.passed
    assert said(nothing) == ["the policy asks for nothing, which proves nothing"]


def test_different_people_agree_who_saw_the_same_audit_and_may_still_decide():
    given = [an_approval("bob"), an_approval("eve", audit="another"), an_approval("gone"), an_approval("ada"), an_approval("bob")]
    assert agreed(given, an_approval("ada"), {"ada", "bob", "eve"}) == {"ada", "bob"}


def test_one_system_user_is_one_person_whatever_names_are_given():
    given = [an_approval("bob", user="root"), an_approval("eve", user="carl"), an_approval("fred", user="carl")]
    assert agreed(given, an_approval("ada", user="root"), {"ada", "bob", "eve", "fred"}) == {"ada", "eve"}


def test_whoever_may_not_decide_does_not_count_though_they_promote():
    assert agreed([an_approval("bob")], an_approval("stranger"), {"ada", "bob"}) == {"bob"}


def test_an_approval_holds_for_what_stood_against_it_and_for_less():
    now = an_approval("ada", against=("brief failed", "sla failed"))
    everybody = {"ada", "bob", "eve"}
    assert agreed([an_approval("bob")], now, everybody) == {"ada"}, "bob agreed with what had passed"
    assert agreed([an_approval("bob", against=("brief failed",))], now, everybody) == {"ada"}
    assert agreed([an_approval("bob", against=("brief failed", "sla failed", "cost failed"))], now, everybody) == {"ada", "bob"}
