"""The page on standards says what the program maps."""

import subprocess
import sys

from documentation import DOCS, ROOT

from firmground.gate.advice import pattern, prototype, tool
from firmground.gate.diagnosis import RULES
from firmground.gate.standards import EDITIONS, standard


def test_the_tables_are_up_to_date():
    command = [sys.executable, str(ROOT / "tools" / "build_standards.py"), "--check"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_every_item_is_on_the_page():
    text = (DOCS / "explanation" / "standards.md").read_text(encoding="utf-8")
    items = [f"| {f'{item.id} {item.title}'.strip()} |" for edition in EDITIONS for item in standard(edition).items]
    assert [each for each in items if each not in text] == []


def test_every_rule_of_a_diagnosis_is_explained():
    text = (DOCS / "how-to" / "diagnose.md").read_text(encoding="utf-8")
    assert [rule.name for rule in RULES if f"`{rule.name}`" not in text] == []
    made = {each.name for module in (pattern, prototype, tool) for each in vars(module).values() if hasattr(each, "look")}
    assert made == {rule.name for rule in RULES}, "a rule that is never asked"
