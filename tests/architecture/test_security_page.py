"""The threat model names what there is."""

import re

from repository import ROOT

TEXT = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
DIAGRAM = TEXT.partition("```text\n")[2].partition("```")[0]


def test_each_boundary_of_the_diagram_has_its_threats():
    drawn = re.findall(r"\bB\d(?=: )", DIAGRAM)
    assert len(drawn) >= 6
    assert sorted(drawn) == re.findall(r"^### (B\d): ", TEXT, re.MULTILINE)


def test_each_threat_names_what_stands_against_it_and_tests_that_there_are():
    threats = TEXT.partition("### B1")[2].partition("## What is not defended")[0]
    rows = [line.strip("|").split(" | ") for line in threats.splitlines() if line.startswith("| ") and "threat |" not in line]
    assert len(rows) > 20
    for threat, control, shown in rows:
        tests = re.findall(r"`(tests/[\w/.]+)`", shown)
        assert control.strip(), threat
        assert tests, threat
        assert [test for test in tests if not (ROOT / test).is_file()] == [], threat


def test_what_is_not_defended_and_what_is_assumed_is_said():
    left = TEXT.partition("## What is not defended")[2].partition("## What we assume")
    assert len(re.findall(r"^- ", left[0], re.MULTILINE)) >= 8
    assert len(re.findall(r"^\d\. ", left[2], re.MULTILINE)) >= 4
