from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as some
from test_cases import CASES

from firmground.evaluate.cases import Case, read_case
from firmground.evaluate.files import Placed, Unreadable, read_file, written

REFUSALS = ("I don't know.", "That is not for me.")


def read(folder: Path, text: str) -> list[Placed | Unreadable]:
    path = folder / "promptfooconfig.yaml"
    path.write_text(text)
    return list(read_file(path))


@given(cases=some.lists(CASES, max_size=4))
def test_active_cases_come_back_as_they_were(tmp_path_factory: pytest.TempPathFactory, cases: list[Case]):
    found = read(tmp_path_factory.mktemp("x"), written(cases, "promptfoo", REFUSALS))
    assert [each.case for each in found if isinstance(each, Placed)] == [case for case in cases if case.status == "active"]


def test_what_must_and_must_not_be_said_becomes_assertions():
    case = read_case(
        {
            "id": "leave",
            "question": "How many days?",
            "expect": {"contains": ["5 days", ["may", "can"], "/five|5/"], "sources": ["leave.md"]},
            "unacceptable": ["10 days", '/te"n$/'],
        }
    )
    refused = read_case({"id": "moon", "question": "Whose moon?", "kind": "out_of_scope", "expect": {"behaviour": "abstain"}})
    told = yaml.safe_load(written([case, refused], "promptfoo", REFUSALS))
    assert told["prompts"] == ["{{question}}"]
    assert told["providers"][0]["config"]["apiBaseUrl"].endswith("/v1")
    first, second = told["tests"]
    assert first["vars"] == {"question": "How many days?"}
    assert first["assert"] == [
        {"type": "icontains", "value": "5 days"},
        {"type": "icontains-any", "value": ["may", "can"]},
        {"type": "javascript", "value": 'new RegExp("five|5", "i").test(output)'},
        {"type": "not-icontains", "value": "10 days"},
        {"type": "javascript", "value": '!new RegExp("te\\"n$", "i").test(output)'},
    ]
    assert second["assert"] == [{"type": "icontains-any", "value": [*REFUSALS]}]


def test_tests_of_promptfoo_become_drafts_and_what_has_no_word_here_is_told(tmp_path: Path):
    text = """
description: ours
prompts: ["{{q}}"]
tests:
  - description: Leave / carry over
    vars: {q: How many days may I carry over?}
    assert:
      - {type: icontains, value: five}
      - {type: contains-any, value: [may, can]}
      - {type: contains-all, value: [a, b]}
      - {type: regex, value: "[0-9]+"}
      - {type: not-contains, value: ten}
      - {type: llm-rubric, value: is polite}
  - vars: {}
"""
    (whole,) = read(tmp_path, text)
    assert isinstance(whole, Unreadable)
    assert "test 2 asks no question" in whole.problem
    (good,) = read(tmp_path, text.replace("  - vars: {}\n", ""))
    assert isinstance(good, Placed)
    assert good.case.id == "Leave-carry-over-1"
    assert good.case.status == "draft"
    assert good.case.expect.contains == (("five",), ("may", "can"), ("a",), ("b",), ("/[0-9]+/",))
    assert good.case.unacceptable == ("ten",)
    assert good.case.notes == "promptfoo also asserts: llm-rubric"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("tests: file://others.yaml", "stand in another file"),
        ("tests: [word]", "test 1 is no test"),
        ("tests: [{metadata: {firmground: 'no json'}}]", "metadata of test 1 cannot be read"),
        ("description: nothing", "it holds no list of cases"),
        ("tests: [{vars: {question: a}, vars: {question: b}}]", "stands twice"),
    ],
)
def test_what_cannot_be_read_is_told_in_a_line(tmp_path: Path, text: str, said: str):
    (one,) = read(tmp_path, text)
    assert isinstance(one, Unreadable)
    assert said in one.problem
