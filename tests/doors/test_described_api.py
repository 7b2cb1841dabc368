"""What `/openapi.json` says holds for whatever programs send: no crash, and only answers that it describes."""

from collections.abc import Generator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from listening import Listening, listening
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
SUBJECTS = {
    "answers",
    "cases",
    "documents",
    "evaluations",
    "groups",
    "healthz",
    "jobs",
    "keys",
    "people",
    "readyz",
    "releases",
    "search",
    "status",
    "sync",
}
"""The first word of every address, below `/api/v1` or not."""
EXAMPLES = 8 if settings().derandomize else settings().max_examples // 10


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Generator[Listening]:
    with listening(tmp_path_factory.mktemp("described"), said=False) as served:
        yield served


@pytest.fixture(scope="module")
def operations(site: Listening) -> list[Any]:
    described = schemathesis.openapi.from_url(f"{site.address}/openapi.json")
    return [found.ok() for found in described.get_all_operations()]


def subject(path: str) -> str:
    return path.removeprefix("/api/v1").split("/")[1]


def test_every_subject_is_tried(operations: list[Any]) -> None:
    assert {subject(each.path) for each in operations} == SUBJECTS


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=["right", "wrong"])
@pytest.mark.parametrize("about", sorted(SUBJECTS))
def test_every_route_answers_whatever_it_is_sent_as_described(operations: list[Any], about: str, mode: GenerationMode) -> None:
    tried = 0
    for operation in operations:
        # Where any text may stand in the path, no path is wrong.
        can_be_wrong = bool(operation.body or operation.query)
        if subject(operation.path) == about and (can_be_wrong or mode is GenerationMode.POSITIVE):
            tried += sent(operation, mode)
    assert tried or mode is GenerationMode.NEGATIVE


def sent(operation: Any, mode: GenerationMode) -> int:
    """How many requests of this kind it was sent; the first answer that is not described fails."""
    count = 0

    @settings(max_examples=EXAMPLES, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(case=operation.as_strategy(generation_mode=mode))
    def send(case: Any) -> None:
        nonlocal count
        count += 1
        case.call_and_validate(checks=CHECKS, timeout=30)

    send()
    return count
