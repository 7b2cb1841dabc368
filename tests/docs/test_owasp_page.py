"""The page on the OWASP lists names what there is: items, settings, files, tests, figures."""

import sys
from copy import deepcopy
from typing import Any

import pytest
from documentation import ROOT

sys.path.insert(0, str(ROOT / "tools"))

import build_owasp


def test_the_page_is_up_to_date():
    assert build_owasp.PAGE.read_text(encoding="utf-8") == build_owasp.whole()


def test_each_item_of_both_lists_is_on_the_page_under_its_published_title():
    text = build_owasp.PAGE.read_text(encoding="utf-8")
    assert len(build_owasp.titles()) == 20
    assert [item for item, title in build_owasp.titles().items() if f"{item} {title}" not in text] == []


def changed(change: str) -> list[dict[str, Any]]:
    rows = deepcopy(build_owasp.risks())
    match change:
        case "item gone":
            rows[0]["items"].pop()
        case "item twice":
            rows[0]["items"].append(rows[1]["items"][0])
        case "item invented":
            rows[0]["items"].append("LLM11:2026")
        case "setting gone":
            rows[0]["controls"][0]["where"] = ["guard.nothing_of_the_kind"]
        case "file gone":
            rows[0]["controls"][0]["where"] = ["src/firmground/nothing.py"]
        case "test file gone":
            rows[0]["tests"] = ["tests/unit/test_nothing.py"]
        case "test gone":
            rows[0]["tests"] = ["tests/docs/test_owasp_page.py::test_of_nothing"]
        case "no test":
            rows[0]["tests"] = []
        case "figures gone":
            rows[0]["figures"] = [{"says": "{x}", "file": "benchmarks/results/nothing.json", "values": {"x": "x"}}]
        case "figure gone":
            rows[0]["figures"] = [{"says": "{x}", "file": "benchmarks/results/orders.json", "values": {"x": "figures/nothing"}}]
        case _:
            rows[0]["residual"] = ""
    return rows


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ("item gone", "LLM01:2025 is in 0 rows"),
        ("item twice", "is in 2 rows"),
        ("item invented", "LLM11:2026 is in no list"),
        ("setting gone", "guard.nothing_of_the_kind is no file and no setting"),
        ("file gone", "nothing.py is no file and no setting"),
        ("test file gone", "test_nothing.py is no test"),
        ("test gone", "test_of_nothing is no test"),
        ("no test", "no tests"),
        ("figures gone", "a figure cannot be read (FileNotFoundError"),
        ("figure gone", "a figure cannot be read (KeyError"),
        ("nothing left", "no residual"),
    ],
)
def test_what_is_gone_is_named(change, says):
    assert build_owasp.missing(build_owasp.risks()) == []
    found = build_owasp.missing(changed(change))
    assert len(found) >= 1
    assert says in found[0]
