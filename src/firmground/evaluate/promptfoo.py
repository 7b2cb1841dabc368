"""Golden cases as a promptfoo configuration, and back.

promptfoo asks the OpenAI-compatible endpoint, so it sees the text of an answer and not its state: `abstain` and `refuse` become "says one
of the fixed texts", sources and groups are only told as metadata. A case that was written here carries itself in its metadata and
comes back whole; a test that was written for promptfoo comes back as far as its assertions have a word here.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

from firmground.errors import InvalidInput
from firmground.evaluate.cases import Case, pattern_of

_PROVIDER = {
    "id": "openai:chat:firmground",
    "config": {"apiBaseUrl": "http://127.0.0.1:8080/v1", "apiKeyEnvar": "FIRMGROUND_API_KEY"},
}
_ONE = frozenset({"contains", "icontains", "equals"})
_ANY = frozenset({"contains-any", "icontains-any"})
_ALL = frozenset({"contains-all", "icontains-all"})


def as_promptfoo(cases: Sequence[Case], refusals: Sequence[str]) -> str:
    """A whole configuration of the active cases. `refusals`: the fixed texts by which an answer says that it is none."""
    import yaml

    tests = [_test(case, refusals) for case in cases if case.status == "active"]
    whole = {"description": "Golden cases of Firmground", "prompts": ["{{question}}"], "providers": [_PROVIDER], "tests": tests}
    return yaml.safe_dump(whole, allow_unicode=True, sort_keys=False, width=120)


def from_promptfoo(root: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Its tests as cases. InvalidInput names the first that cannot be one."""
    tests = root.get("tests")
    if not isinstance(tests, list):
        raise InvalidInput(
            "it is a promptfoo configuration whose tests stand in another file", "take in that file's tests: a list"
        )
    for number, test in enumerate(cast("list[Any]", tests), 1):
        if not isinstance(test, dict):
            raise InvalidInput(f"test {number} is no test", "write each with vars and assert")
        yield _case(number, cast("dict[str, Any]", test))


def _test(case: Case, refusals: Sequence[str]) -> dict[str, Any]:
    silent = case.expect.behaviour in {"abstain", "refuse"}
    asserted = [{"type": "icontains-any", "value": [*refusals]}] if silent and refusals else []
    asserted += [_said(alternatives) for alternatives in case.expect.contains if case.expect.behaviour == "answer"]
    asserted += [_never(term) for term in case.unacceptable]
    metadata = {"id": case.id, "kind": case.kind, "firmground": case.model_dump_json()}
    return {"description": case.id, "vars": {"question": case.question}, "assert": asserted, "metadata": metadata}


def _said(alternatives: Sequence[str]) -> dict[str, Any]:
    if any(map(pattern_of, alternatives)):
        return {"type": "javascript", "value": " || ".join(f"{_expression(each)}.test(output)" for each in alternatives)}
    if len(alternatives) == 1:
        return {"type": "icontains", "value": alternatives[0]}
    return {"type": "icontains-any", "value": [*alternatives]}


def _never(term: str) -> dict[str, Any]:
    if pattern_of(term):
        return {"type": "javascript", "value": f"!{_expression(term)}.test(output)"}
    return {"type": "not-icontains", "value": term}


def _expression(term: str) -> str:
    """As JavaScript: a string, so that nothing of the pattern can end the expression."""
    source = term[1:-1] if pattern_of(term) else re.sub(r"([.*+?^${}()|\[\]\\])", r"\\\1", term)
    return f'new RegExp({json.dumps(source)}, "i")'


def _case(number: int, test: Mapping[str, Any]) -> dict[str, Any]:
    metadata = cast("dict[str, Any]", test.get("metadata") or {})
    own = metadata.get("firmground")
    if isinstance(own, str):
        try:
            return cast("dict[str, Any]", json.loads(own))
        except ValueError:
            raise InvalidInput(f"the metadata of test {number} cannot be read", "export the cases again") from None
    given = cast("dict[str, Any]", test.get("vars") or {})
    question = given.get("question", next((each for each in given.values() if isinstance(each, str)), None))
    if not isinstance(question, str):
        raise InvalidInput(f"test {number} asks no question", "give it vars with a question")
    contains: list[Any] = []
    unacceptable: list[Any] = []
    left: list[str] = []
    for each in cast("list[dict[str, Any]]", test.get("assert") or []):
        _sort(str(each.get("type")), each.get("value"), contains, unacceptable, left)
    description = str(test.get("description") or "")
    notes = f"promptfoo also asserts: {', '.join(left)}" if left else ""
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", description).strip("-.")[:90] or "test"
    case = {"id": f"{name}-{number}", "question": question, "expect": {"contains": contains}, "unacceptable": unacceptable}
    return {**case, "notes": notes, "status": "draft"}


def _sort(kind: str, value: Any, contains: list[Any], unacceptable: list[Any], left: list[str]) -> None:
    """Where an assertion belongs; what has no word here is told in the notes, and not lost silently."""
    plain = kind.removeprefix("not-")
    values = cast("list[Any]", value) if isinstance(value, list) else [value]
    terms = [str(each) for each in values]
    if plain == "regex":
        terms = [f"/{each}/" for each in terms]
    if kind.startswith("not-") and plain in _ONE | _ANY | {"regex"}:
        unacceptable += terms
    elif kind in _ONE | _ALL | {"regex"}:
        contains += terms
    elif kind in _ANY:
        contains.append(terms)
    else:
        left.append(kind)
