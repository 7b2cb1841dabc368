"""Each way in which the API refuses is in its description, and the other way round."""

import re
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import pytest
from described import CHECKS, FOR_ADMINISTRATORS, IN_PERSON, RIGHT, SITE, Stocked, bearer_of, refusable, right, stocked
from inside import PASSWORD
from listening import QUESTION

from firmground.app import jobs
from firmground.app.launching import policies, releases
from firmground.app.launching.releases import RECIPES
from firmground.app.teaching import pins
from firmground.errors import Busy, Damaged, FirmgroundError, OutsideFailed, StorageFull
from firmground.testing.app import ADMINISTRATOR
from firmground.web.problems import Overloaded

BOTH = {"name": "x.md", "group": ["hr"], "administrators_only": True}
ELSEWHERE = {
    ("post_search", 404),
    ("post_search", 409),
    ("post_sync", 400),
    ("get_brief", 400),
    ("put_brief", 400),
    ("post_policy_adopt", 404),
}
"""Of a workspace without an index, with one of another embedder, without sources, without accounts, or with a file that cannot be read."""
OF_THEIR_OWN = {
    *(("delete_answer", status) for status in (403, 409)),
    *(("delete_me", status) for status in (400, 403, 404, 409)),
    ("delete_consent", 403),
    *(("post_consent", status) for status in (403, 404, 409)),
    *(("get_permission", status) for status in (400, 403, 404)),
    *(("put_contact", status) for status in (400, 403, 404, 409)),
    *(("post_test", status) for status in (400, 403)),
    ("get_contact", 404),
    *((name, 403) for name in ("post_retry", "post_send_held", "post_drop_held")),
    ("get_budgets", 400),
    ("put_budget", 400),
    ("put_budget", 404),
    *(("put_signals", status) for status in (403, 409)),
    *((name, 429) for name in ("post_answer", "post_search", "post_document")),
}
"""Tried in `test_me`, `test_permissions_doors`, `test_notifications_doors` and `test_limits_at_doors`."""
BYTES = "application/octet-stream"
EVIL = {"Origin": "https://evil.example"}
ABOUT_ONE = [
    "get_answer",
    "delete_answer",
    "get_events",
    "post_feedback",
    "get_feedback",
    "post_review",
    "delete_review",
    "get_review",
    "post_act",
    "post_share",
    "delete_share",
    "get_document",
    "put_document",
    "delete_document",
    "get_document_answers",
    "get_job",
    "delete_job",
    "get_evaluation",
    "get_audit",
    "get_release",
    "get_difference",
    "post_promotion",
    "post_approval",
    "post_rollback",
    "delete_key",
    "post_read",
    "post_signal",
    "delete_pin",
    "post_case",
    "post_pairs",
    "post_test",
    "post_retry",
    "post_send_held",
    "post_drop_held",
    "delete_session",
    "post_link",
    "delete_person",
    "delete_member",
]
"""What has something in its address that may not be there."""


@pytest.fixture(scope="module")
def owner(tmp_path_factory: pytest.TempPathFactory) -> Generator[Stocked]:
    with stocked(tmp_path_factory.mktemp("described"), "key") as found:
        yield found


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Generator[Stocked]:
    """Of an owner, for what no key may do."""
    with stocked(tmp_path_factory.mktemp("in-person"), "session") as found:
        yield found


@pytest.fixture(scope="module")
def bob(owner: Stocked) -> dict[str, str]:
    """The key of somebody who is no administrator."""
    return bearer_of(owner, "bob")


@pytest.mark.parametrize("name", RIGHT)
def test_what_any_request_may_be_refused_for_is_described_where_it_happens(owner: Stocked, name: str) -> None:
    operation = owner.operations[name]
    described = operation.definition.raw["responses"]

    def status(*, of: Any = None, **more: Any) -> int:
        case = of or refusable(owner, name)
        headers = owner.headers | more.pop("headers", {})
        return case.call_and_validate(checks=CHECKS, headers=headers, timeout=30, **more).status_code

    assert status(headers=EVIL) == 403
    assert status(params={"long": "x" * 9_000}) == 413
    assert status(headers={"Authorization": "Bearer nothing"}) == 401 or not operation.definition.raw["security"]
    if operation.method == "get":
        assert status(data=b"{}", headers={"Content-Type": "application/json"}) == 400
    assert ("415" in described) == bool(operation.body)
    if operation.body:
        assert status(headers={"Content-Type": "text/plain"}) == 415
    wrong = refusable(owner, name)
    if operation.body and wrong.media_type == "application/json":
        wrong.body = ["no", "object"]
        assert status(of=wrong) == 422
    elif limited := [each for each in operation.query if {"minimum", "maxLength"} & each.definition["schema"].keys()]:
        wrong.query = {**(wrong.query or {}), limited[0].name: "x" * 6_000}
        assert status(of=wrong) == 422
    else:
        assert ("422" in described) == bool(operation.query)


@pytest.mark.parametrize("name", ABOUT_ONE)
def test_what_is_not_there_is_told_where_that_is_described(owner: Stocked, browser: Stocked, name: str) -> None:
    owner = browser if name in IN_PERSON else owner
    case = refusable(owner, name)
    assert "404" in case.operation.definition.raw["responses"]
    for parameter in case.path_parameters:
        unknown = refusable(owner, name)
        unknown.path_parameters[parameter] = "no-such-thing"
        assert unknown.call_and_validate(checks=CHECKS, headers=owner.headers, timeout=30).status_code == 404


def test_all_of_them_are_tried(owner: Stocked) -> None:
    assert sorted([*ABOUT_ONE, "put_budget", "get_export"]) == sorted(
        name for name, each in owner.operations.items() if each.path_parameters
    )


def _answering(stocked: Stocked) -> str:
    """The digest of a recipe that gave answers and was never released."""
    with stocked.site.app.database.transaction() as tx:
        tx.put_fact(RECIPES, "ab" * 32, {})
        tx.put_fact(RECIPES, "ab" * 3 + "cd" * 29, {})
    return "ab" * 32


def _not_audited(stocked: Stocked) -> str:
    """The number of a release that nobody audited."""
    first = releases.show(stocked.site.app, ADMINISTRATOR, stocked.release())
    answering = first.spec.answering.model_copy(update={"refusal": "Never."})
    other = first.model_copy(update={"number": 98, "spec": first.spec.model_copy(update={"answering": answering})})
    with stocked.site.app.database.transaction() as tx:
        tx.put_fact("release", "98", other.model_dump(mode="json"))
    return "98"


def _audit(stocked: Stocked, release: str) -> dict[str, str]:
    """With a policy that asks enough."""
    stocked.release()
    return {"release": release}


def _in_force(stocked: Stocked) -> str:
    """A reason to adopt what is in force already."""
    stocked.release()
    policies.in_force(stocked.site.app, stocked.site.served.local_actor)
    return "Once more."


def _asked_once(stocked: Stocked) -> dict[str, str]:
    stocked.site.ask("another question entirely?", headers={**stocked.headers, "Idempotency-Key": "once"})
    return {"Idempotency-Key": "once"}


def _erased(stocked: Stocked) -> str:
    """An answer of which something was erased."""
    name = stocked.document(f"The {stocked.new('stork')} nests on the chimney of the bakery.")
    answer = stocked.site.ask("where does the stork nest?", headers=stocked.headers).json()
    assert name in {each["document"] for each in answer["citations"]}
    stocked.site.client.delete(f"/api/v1/documents/{name}", headers=stocked.headers).raise_for_status()
    return answer["id"]


def _uploaded(stocked: Stocked) -> str:
    case = right(stocked, "post_document")
    assert case.call(headers=stocked.headers).status_code == 202
    return case.query["name"]


def _of_bob(stocked: Stocked) -> str:
    return stocked.of_somebody_else(shared=True)


def _shared(stocked: Stocked) -> str:
    id = stocked.answer()
    stocked.site.client.post(f"/api/v1/answers/{id}/share", headers=stocked.headers, json={}).raise_for_status()
    return id


def _by_bob(stocked: Stocked) -> dict[str, Any]:
    return {"headers": bearer_of(stocked, "bob")}


def _act(stocked: Stocked, *, act: str, revision: int = 0) -> dict[str, Any]:
    return {"path_parameters": {"id": stocked.item(), "act": act}, "body": {"revision": revision}}


def _several(made: Callable[[], str]) -> str:
    """The beginning of the ids of two, which were made within a day."""
    made()
    return made()[:6]


def _two_pins(stocked: Stocked) -> str:
    """The beginning of the ids of two."""
    with stocked.site.app.database.transaction() as tx:
        pin = tx.pins()[0] if tx.pins() else None
    found = pin or pins.add(stocked.site.app, ADMINISTRATOR, stocked.approved())
    with stocked.site.app.database.transaction() as tx:
        for id in ("twin one", "twin two"):
            tx.save_pin(found.model_copy(update={"id": id, "key": id}))
    return "twin"


def _case_of(stocked: Stocked) -> str:
    """An answer of which there is a golden case."""
    id = stocked.approved()
    stocked.site.client.post(f"/api/v1/answers/{id}/case", headers=stocked.headers, json={}).raise_for_status()
    return id


_OF_ADA = {"query": {"person": "ada"}}
REFUSED: list[tuple[str, int, Callable[[Stocked], dict[str, Any]]]] = [
    ("post_answer", 400, lambda _: {"body": {"question": " "}}),
    ("post_answer", 400, lambda _: {"body": {"question": QUESTION, "filters": {"no such key": 1}}}),
    ("post_answer", 404, lambda _: {"body": {"question": QUESTION, "release": "77"}}),
    ("post_answer", 404, lambda _: {"body": {"question": QUESTION, "conversation": "nobody's"}}),
    ("post_answer", 409, lambda stocked: {"body": {"question": QUESTION, "release": _answering(stocked)}}),
    ("post_answer", 422, lambda stocked: {"body": {"question": QUESTION}, "headers": _asked_once(stocked)}),
    (
        "post_feedback",
        400,
        lambda stocked: {"path_parameters": {"id": stocked.answer()}, "body": {"verdict": "up", "comment": "\x1b"}},
    ),
    (
        "post_feedback",
        409,
        lambda stocked: {"path_parameters": {"id": _erased(stocked)}, "body": {"verdict": "up", "comment": "good"}},
    ),
    ("post_review", 400, lambda stocked: {"path_parameters": {"id": stocked.answer()}, "body": {"note": "\x1b"}}),
    ("post_review", 409, lambda stocked: {"path_parameters": {"id": _erased(stocked)}, "body": {"note": "why?"}}),
    ("post_review", 403, lambda stocked: {"path_parameters": {"id": _of_bob(stocked)}, "body": {"challenge": "wrong"}}),
    ("post_share", 403, lambda stocked: {"path_parameters": {"id": _of_bob(stocked)}, "body": {}}),
    ("post_share", 409, lambda stocked: {"path_parameters": {"id": _erased(stocked)}, "body": {}}),
    ("post_search", 400, lambda _: {"body": {"query": " "}}),
    ("get_documents", 400, lambda _: {"query": {"state": "odd"}}),
    ("get_documents", 404, lambda _: {"query": {"source": "nowhere"}}),
    ("post_document", 400, lambda _: {"query": {"name": "../x"}, "body": b"x", "media_type": BYTES}),
    (
        "post_document",
        409,
        lambda stocked: {"query": {"name": _uploaded(stocked), "replace": False}, "body": b"x", "media_type": BYTES},
    ),
    ("put_document", 409, lambda stocked: {"path_parameters": {"id": stocked.leave()}, "body": {"state": "indexed"}}),
    ("post_sync", 404, lambda _: {"body": {"sources": ["nowhere"]}}),
    ("get_cases", 400, lambda _: {"query": {"kind": "odd"}}),
    ("get_standards", 404, lambda _: {"query": {"edition": "nowhere"}}),
    ("post_evaluation", 404, lambda _: {"body": {"release": "77"}}),
    ("post_evaluation", 409, lambda stocked: {"body": {"release": _answering(stocked)}}),
    ("post_release", 400, lambda _: {"body": {"note": "\x1b"}}),
    ("post_evaluation", 400, lambda stocked: {"body": {"release": _answering(stocked)[:6]}}),
    ("get_release", 400, lambda stocked: {"path_parameters": {"ref": _answering(stocked)[:6]}}),
    ("get_difference", 400, lambda stocked: {"path_parameters": {"ref": _answering(stocked)[:6]}}),
    ("get_release", 409, lambda stocked: {"path_parameters": {"ref": _answering(stocked)}}),
    ("get_difference", 409, lambda stocked: {"path_parameters": {"ref": _answering(stocked)}}),
    ("post_promotion", 400, lambda stocked: {"path_parameters": {"ref": stocked.release()}, "body": {"override": True}}),
    ("post_promotion", 409, lambda stocked: {"path_parameters": {"ref": stocked.release()}, "body": {}}),
    ("post_approval", 400, lambda stocked: {"path_parameters": {"ref": stocked.release()}, "body": {"reason": "\x1b"}}),
    ("post_approval", 409, lambda stocked: {"path_parameters": {"ref": _not_audited(stocked)}, "body": {}}),
    ("post_rollback", 400, lambda stocked: {"path_parameters": {"ref": stocked.once_live()}, "body": {"reason": "\x1b"}}),
    ("post_rollback", 409, lambda stocked: {"path_parameters": {"ref": stocked.release()}, "body": {}}),
    ("post_audit", 400, lambda stocked: {"body": _audit(stocked, _answering(stocked)[:6])}),
    ("post_audit", 404, lambda stocked: {"body": _audit(stocked, "77")}),
    ("post_audit", 409, lambda stocked: {"body": _audit(stocked, _answering(stocked))}),
    ("post_policy_adopt", 400, lambda stocked: {"body": {**stocked.looser(), "reason": "\x1b"}}),
    ("post_policy_adopt", 409, lambda stocked: {"body": {"reason": _in_force(stocked)}}),
    ("put_brief", 412, lambda _: {"body": {}, "headers": {"If-Match": f'"{"0" * 32}"'}}),
    ("post_key", 400, lambda _: {"body": {"name": "k", "origins": ["not a site"]}}),
    ("post_key", 404, lambda _: {"body": {"name": "k", "origins": [SITE], "groups": ["nobody's"]}}),
    ("delete_share", 403, lambda stocked: _by_bob(stocked) | {"path_parameters": {"id": _shared(stocked)}}),
    ("post_key", 403, lambda stocked: _by_bob(stocked) | {"body": {"name": "k", "person": "ada"}}),
    ("post_key", 400, lambda _: {"body": {"name": "k", "person": "bob", "scopes": ["people"]}}),
    *((name, 403, lambda stocked: _by_bob(stocked) | _OF_ADA) for name in ("get_sessions", "delete_sessions")),
    ("delete_session", 403, lambda stocked: _by_bob(stocked) | _OF_ADA | {"path_parameters": {"id": "x"}}),
    *((name, 404, lambda _: {"query": {"person": "nobody"}}) for name in ("get_sessions", "delete_sessions")),
    ("post_person", 400, lambda _: {"body": {"name": "eve", "password": "short"}}),
    ("delete_person", 409, lambda _: {"path_parameters": {"name": "ada"}}),
    ("post_group", 400, lambda _: {"body": {"name": "\x1b"}}),
    ("get_export", 400, lambda _: {"path_parameters": {"dataset": "thumbs"}}),
    ("get_review_preview", 404, lambda _: {"query": {"against": "77"}}),
    ("get_reviews", 404, lambda _: {"query": {"after": "no-such-item"}}),
    ("post_act", 400, lambda stocked: _act(stocked, act="reject")),
    ("post_act", 409, lambda stocked: _act(stocked, act="approve", revision=99)),
    ("post_acts", 400, lambda stocked: {"body": {"act": "reject", "items": [{"id": stocked.item(), "revision": 1}]}}),
    ("delete_pin", 400, lambda stocked: {"path_parameters": {"id": _two_pins(stocked)}}),
    ("post_pin", 400, lambda stocked: {"body": {"answer": _several(stocked.answer)}}),
    ("post_pin", 404, lambda _: {"body": {"answer": "no-such-answer"}}),
    ("post_pin", 409, lambda stocked: {"body": {"answer": stocked.answer()}}),
    ("post_case", 400, lambda stocked: {"path_parameters": {"id": _several(stocked.answer)}, "body": {}}),
    ("post_case", 409, lambda stocked: {"path_parameters": {"id": _case_of(stocked)}, "body": {}}),
    ("post_pairs", 400, lambda stocked: {"path_parameters": {"id": stocked.approved()}, "body": {"bad": [99]}}),
    ("post_pairs", 409, lambda stocked: {"path_parameters": {"id": stocked.answer()}, "body": {}}),
    ("post_group", 404, lambda _: {"body": {"name": "team", "members": ["nobody"]}}),
]


@pytest.mark.parametrize(("name", "status", "wrong"), REFUSED, ids=[f"{name}-{status}" for name, status, _ in REFUSED])
def test_what_one_operation_is_refused_for_is_described_in_words(
    owner: Stocked, browser: Stocked, name: str, status: int, wrong: Callable[[Stocked], dict[str, Any]]
) -> None:
    owner = browser if name in IN_PERSON else owner
    given = wrong(owner)
    headers = owner.headers | given.pop("headers", {})
    if "body" in given:
        given.setdefault("media_type", "application/json")
    case = owner.operations[name].Case(**given)
    response = case.call_and_validate(checks=CHECKS, headers=headers, timeout=30)
    assert response.status_code == status, response.text
    assert f"- {status}: " in case.operation.definition.raw["description"]


@pytest.mark.parametrize("name", sorted(FOR_ADMINISTRATORS))
def test_what_is_for_administrators_is_refused_to_others(owner: Stocked, bob: dict[str, str], name: str) -> None:
    case = refusable(owner, name)
    response = case.call_and_validate(checks=CHECKS, headers=bob, timeout=30)
    assert response.status_code == 403, response.text
    said = case.operation.definition.raw["description"]
    assert re.search(
        "^- 403: You (are no administrator|are neither an administrator|may not look after people|may not review|neither review nor audit)",
        said,
        re.MULTILINE,
    )


def test_each_of_these_words_is_tried(owner: Stocked) -> None:
    said = {
        (name, int(line[2:5]))
        for name, operation in owner.operations.items()
        for line in operation.definition.raw["description"].splitlines()
        if line.startswith("- ")
    }
    tried = {(name, status) for name, status, _ in REFUSED} | {(name, 404) for name in ABOUT_ONE}
    tried |= {(name, 403) for name in FOR_ADMINISTRATORS} | {(name, 409) for name in ("post_key", "post_person")}
    assert said - tried == ELSEWHERE | OF_THEIR_OWN


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("post_answer", {"question": QUESTION, "stream": "yes"}),
        ("post_search", {"query": QUESTION, "limit": "3"}),
        ("post_evaluation", {"repeats": "2"}),
        ("post_key", {"name": "strict", "expires_days": "3"}),
        ("post_person", {"name": "strict", "admin": 1}),
    ],
)
def test_a_text_is_no_number_and_a_number_no_boolean(owner: Stocked, name: str, body: dict[str, Any]) -> None:
    case = owner.operations[name].Case(body=body, media_type="application/json")
    assert case.call_and_validate(checks=CHECKS, headers=owner.headers, timeout=30).status_code == 422


def test_without_an_owner_nobody_gets_a_key_or_signs_in(tmp_path: Path) -> None:
    with stocked(tmp_path, "local") as local:
        for name, body in (("post_key", {"name": "k"}), ("post_person", {"name": "eve", "password": PASSWORD})):
            case = local.operations[name].Case(body=body, media_type="application/json")
            assert case.call_and_validate(checks=CHECKS, timeout=30).status_code == 409


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (Busy("held"), 409),
        (FirmgroundError("odd"), 500),
        (Damaged("torn"), 500),
        (ZeroDivisionError(), 500),
        (OutsideFailed("away"), 502),
        (Overloaded("full"), 503),
        (StorageFull("full"), 507),
    ],
)
def test_what_goes_wrong_inside_is_told_as_described(
    owner: Stocked, monkeypatch: pytest.MonkeyPatch, error: Exception, status: int
) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(jobs, "cancel", fail)
    case = refusable(owner, "delete_job")
    response = case.call_and_validate(checks=CHECKS[1:], headers=owner.headers, timeout=30)
    assert response.status_code == status
