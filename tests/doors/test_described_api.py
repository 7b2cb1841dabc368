"""What `/openapi.json` says holds for whatever programs send, whoever asks: no crash, and only answers that it describes."""

from collections.abc import Callable, Generator, MutableMapping
from typing import Any

import pytest
from described import CHECKS, FOR_ADMINISTRATORS, RIGHT, SETTINGS, USED_UP, Stocked, known, stocked
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import negative_data_rejection

LONG = not settings().derandomize
EXAMPLES = max(2, settings().max_examples // 10) if LONG else 2
"""Of each operation, for everybody who asks, right and wrong."""
ENOUGH = 30


@pytest.fixture(scope="module", params=[who for who in SETTINGS if LONG or who != "session"])
def house(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Generator[Stocked]:
    with stocked(tmp_path_factory.mktemp("house"), request.param) as found:
        yield found


@pytest.fixture(scope="module")
def there(house: Stocked) -> dict[str, list[Any]]:
    return known(house)


@pytest.mark.parametrize("name", RIGHT)
def test_what_is_right_is_answered_as_described(house: Stocked, there: dict[str, list[Any]], name: str) -> None:
    succeeded = sum(status < 400 for status in sent(house, there, name, GenerationMode.POSITIVE))
    if house.who == "plain" and name in FOR_ADMINISTRATORS:
        assert not succeeded
    # A few may all be of what is not there.
    assert succeeded or house.who not in {"session", "key"} or EXAMPLES < ENOUGH


@pytest.mark.parametrize("name", RIGHT)
def test_what_is_wrong_is_refused_as_described(house: Stocked, there: dict[str, list[Any]], name: str) -> None:
    operation = house.operations[name]
    # Where any text may stand in the path, no path is wrong.
    if operation.body or operation.query:
        assert sent(house, there, name, GenerationMode.NEGATIVE)


def sent(house: Stocked, there: dict[str, list[Any]], name: str, mode: GenerationMode) -> list[int]:
    """What it answered to requests of this kind; the first answer that is not described fails."""
    operation, right = house.operations[name], mode is GenerationMode.POSITIVE
    statuses: list[int] = []

    @settings(max_examples=EXAMPLES, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(case=operation.as_strategy(generation_mode=mode), data=st.data())
    def send(case: Any, data: st.DataObject) -> None:
        fill(house, there, case, data.draw, right=right)
        checks = CHECKS if right else [*CHECKS, wrong_is_refused]
        statuses.append(case.call_and_validate(checks=checks, headers=house.headers, timeout=30).status_code)

    send()
    return statuses


def wrong_is_refused(context: Any, response: Any, case: Any) -> bool | None:
    """What is too long for a field may be too long for an address, too."""
    return None if response.status_code == 413 else negative_data_rejection(context, response, case)


def fill(house: Stocked, there: dict[str, list[Any]], case: Any, draw: Callable[..., Any], *, right: bool) -> None:
    """Name what there is: always in the path, and in the rest of a request that is right often."""
    name = case.operation.definition.raw["operationId"]
    used_up = USED_UP.get(name, {})
    subject = f"/{case.operation.path.removeprefix('/api/v1').split('/')[1]}/"
    for field in case.path_parameters or {}:
        new = [used_up[field]] * 3 if field in used_up else []
        chosen = draw(st.sampled_from([*new, *there.get(subject if field == "id" else field, []), None]))
        if chosen is not None:
            case.path_parameters[field] = chosen(house) if callable(chosen) else chosen
    if not right:
        return
    if name == "delete_sessions" and house.who == "session":
        case.query = {"person": "bob"}  # or nobody would be signed in for the requests that follow
        return
    for part in (case.query, case.headers, case.body):
        for field in [field for field in part if field in there] if isinstance(part, MutableMapping) else []:
            if (chosen := draw(st.sampled_from([*there[field], None]))) is not None:
                part[field] = chosen(house) if callable(chosen) else chosen
