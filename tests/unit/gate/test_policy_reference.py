"""The page about policy.toml says what the code says, and its example works."""

import importlib
import re
from pathlib import Path

import pytest

from firmground.gate.direction import direction_of
from firmground.gate.policy import Gate
from firmground.gate.requirements import SHIPPED
from firmground.testing.gate import RequirementSuite
from firmground.types import Value

PAGE = (Path(__file__).parents[3] / "docs" / "reference" / "policy.md").read_text(encoding="utf-8")
SECTIONS = {part.partition("`")[0]: part for part in PAGE.split("\n## `")[1:]}
TABLES: dict[str, type[Value]] = {"[gate]": Gate, **{f"[requirements.{name}]": each for name, each in SHIPPED.items()}}


def test_every_table_has_its_section_and_no_other_in_the_order_of_the_launch_board():
    assert list(SECTIONS) == list(TABLES)


@pytest.mark.parametrize("table", TABLES)
def test_every_key_has_its_row_with_default_direction_and_meaning(table: str):
    rows = re.findall(r"^\| `(\w+)` \| `(.+?)` \| (.+?) \| (.+) \|$", SECTIONS[table].partition("\n## ")[0], re.MULTILINE)
    fields = TABLES[table].model_fields
    assert rows == [
        (name, _told(each.default), _stricter(TABLES[table], name), each.description) for name, each in fields.items()
    ]


@pytest.mark.parametrize("name", SHIPPED)
def test_every_requirement_is_described_with_what_it_asks(name: str):
    section = SECTIONS[f"[requirements.{name}]"]
    assert " ".join((SHIPPED[name].__doc__ or "").split()) in section
    assert f"It asks: {SHIPPED[name]().asks}" in section


def test_the_example_of_a_requirement_works_and_holds_what_all_must(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    for file, text in re.findall(r"^```python (\S+)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL):
        (tmp_path / file).write_text(text)
    monkeypatch.syspath_prepend(str(tmp_path))
    suite = importlib.import_module("test_our_gate").TestSignedOff()
    assert isinstance(suite, RequirementSuite)
    promises = [each for each in dir(suite) if each.startswith("test_")]
    assert len(promises) >= 4
    for each in promises:
        getattr(suite, each)()


def _told(default: object) -> str:
    if default == ():
        return "[]"
    return str(default).lower() if isinstance(default, bool) else f"{default:g}"


def _stricter(model: type[Value], field: str) -> str:
    direction = direction_of(model, field)
    return "no order" if direction == "neither" else str(direction)
