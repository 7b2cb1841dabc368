"""The description of the API against the server: each operation works as it says, and is refused as it says."""

from collections.abc import Generator
from typing import Any

import pytest
from described import CHECKS, IN_PERSON, RIGHT, SITE, VISITOR, Stocked, refusable, right, stocked

from firmground.app.access import keys
from firmground.testing.app import ADMINISTRATOR

ORDER = ["get", "post", "put", "delete"]


@pytest.fixture(scope="module")
def owner(tmp_path_factory: pytest.TempPathFactory) -> Generator[Stocked]:
    with stocked(tmp_path_factory.mktemp("described"), "key") as found:
        yield found


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Generator[Stocked]:
    with stocked(tmp_path_factory.mktemp("described"), "session") as found:
        yield found


@pytest.fixture(scope="module")
def document(owner: Stocked) -> dict[str, Any]:
    return owner.site.client.get("/openapi.json", headers=owner.headers).json()


def each(document: dict[str, Any]) -> list[dict[str, Any]]:
    return [operation for methods in document["paths"].values() for operation in methods.values()]


def test_each_operation_has_a_right_request_to_try_it_with(document: dict[str, Any]) -> None:
    assert sorted(operation["operationId"] for operation in each(document)) == sorted(RIGHT)


@pytest.mark.parametrize("name", [name for name in RIGHT if name not in IN_PERSON])
def test_the_key_of_an_owner_can_do_all_of_it(owner: Stocked, name: str) -> None:
    response = right(owner, name).call_and_validate(checks=CHECKS, headers=owner.headers, timeout=30)
    assert 200 <= response.status_code < 300, response.text


@pytest.mark.parametrize("name", sorted(IN_PERSON))
def test_but_what_people_do_in_person(owner: Stocked, name: str) -> None:
    response = right(owner, name).call_and_validate(checks=CHECKS, headers=owner.headers, timeout=30)
    assert response.status_code == 403, response.text


@pytest.mark.parametrize("name", [name for name in RIGHT if name != "post_consent"])  # there is no text to agree to here
def test_so_can_the_browser_of_an_owner(browser: Stocked, name: str) -> None:
    response = right(browser, name).call_and_validate(checks=CHECKS, headers=browser.headers, timeout=30)
    assert 200 <= response.status_code < 300, response.text


def test_each_operation_says_what_it_does_and_how_it_is_refused(document: dict[str, Any]) -> None:
    known = {tag["name"] for tag in document["tags"]}
    summaries = [operation["summary"] for operation in each(document)]
    assert len(set(summaries)) == len(summaries)
    for operation in each(document):
        assert operation["summary"] == operation["summary"].strip(" ."), operation["operationId"]
        assert set(operation["tags"]) <= known
        assert len(operation["tags"]) == 1
        refused = [status for status, response in operation["responses"].items() if status >= "4"]
        assert [status for status in refused if status not in operation["description"]] == []
        for status in refused:
            response = operation["responses"][status]
            if "$ref" in response:
                response = document["components"]["responses"][response["$ref"].rpartition("/")[2]]
            if operation["operationId"] != "get_readiness" or status != "503":
                assert list(response["content"]) == ["application/problem+json"]
            assert "X-Request-ID" in response["headers"]


def test_everything_described_is_said_in_words_of_ours(document: dict[str, Any]) -> None:
    told = str(document)
    for words in ("Successful Response", "Validation Error", "HTTPValidationError"):
        assert words not in told
    names = {
        parameter["name"]
        for operation in each(document)
        for parameter in operation.get("parameters", [])
        if parameter["in"] == "header"
    }
    assert names == {"Idempotency-Key", "If-Match", "If-None-Match", "Last-Event-ID", "Sec-GPC"}


def test_no_shape_is_described_that_nothing_has(document: dict[str, Any]) -> None:
    told = str(document)
    for kind, parts in document["components"].items():
        if kind != "securitySchemes":
            assert [name for name in parts if f"'#/components/{kind}/{name}'" not in told] == []
    named = {scheme for operation in each(document) for way in operation["security"] for scheme in way}
    assert named == set(document["components"]["securitySchemes"])


@pytest.mark.parametrize("name", RIGHT)
def test_who_shows_no_credentials_is_refused_where_some_are_described(owner: Stocked, name: str) -> None:
    case = refusable(owner, name)
    response = case.call_and_validate(checks=CHECKS, timeout=30)
    assert (response.status_code == 401) == bool(case.operation.definition.raw["security"])


@pytest.mark.parametrize("name", RIGHT)
def test_a_session_needs_the_token_of_its_pages_where_that_is_described(browser: Stocked, name: str) -> None:
    case = refusable(browser, name)
    described = any("formToken" in way for way in case.operation.definition.raw["security"])
    session = {"Cookie": browser.headers["Cookie"]}
    response = case.call_and_validate(checks=CHECKS, headers=session, timeout=30)
    assert (response.status_code == 403) == described, response.text
    wrong = case.call_and_validate(checks=CHECKS, headers={**session, "X-Firmground-Token": "wrong"}, timeout=30)
    assert (wrong.status_code == 403) == described


@pytest.mark.parametrize("name", RIGHT)
def test_a_page_of_another_site_can_do_what_is_described_for_it_and_no_more(owner: Stocked, name: str) -> None:
    _, secret = keys.add_widget_key(owner.site.app, ADMINISTRATOR, owner.new("widget"), origins=[SITE], groups=["everyone"])
    case = refusable(owner, name)
    ways = case.operation.definition.raw["security"]
    headers = {"Authorization": f"Bearer {secret}", **VISITOR}
    if "id" in case.path_parameters:  # what the visitor asked
        case.path_parameters["id"] = owner.site.ask(headers=headers).json()["id"]
    response = case.call_and_validate(checks=CHECKS, headers=headers, timeout=30)
    allowed = any("widgetKey" in way for way in ways)
    if ways:
        assert response.status_code in ({200} if allowed else {403}), response.text
    if allowed:
        unnamed = case.call_and_validate(checks=CHECKS, headers={**headers, "X-Firmground-Visitor": "me"}, timeout=30)
        assert unnamed.status_code == 400


def test_other_methods_are_refused_with_those_that_are_described(owner: Stocked, document: dict[str, Any]) -> None:
    for path, methods in document["paths"].items():
        address = path.replace("{", "").replace("}", "")
        # A person may be called `eve/link`, so what is there may be removed; what is looked at has an id, and `claim` may be one.
        more = {"/api/v1/people/{name}/link": "delete", "/api/v1/reviews/claim": "get", "/api/v1/reviews/acts": "get"}
        there = {*methods, more[path]} if path in more else methods
        for method in {"GET", "POST", "PUT", "PATCH", "DELETE"} - {each.upper() for each in there}:
            kind = {"Content-Type": "application/octet-stream" if path == "/api/v1/documents" else "application/json"}
            answer = owner.site.client.request(method, address, headers=owner.headers | (kind if method[0] == "P" else {}))
            assert answer.status_code == 405, f"{method} {path}"
            assert answer.headers["allow"].lower().split(", ") == [each for each in ORDER if each in there]
