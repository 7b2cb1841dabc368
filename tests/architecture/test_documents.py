"""The documents keep up with the code."""

import ast
import re
from collections import Counter
from pathlib import Path

import pytest
from repository import PACKAGE, ROOT, functions, name, tracked

DECISIONS = sorted((ROOT / "docs" / "decisions").glob("[0-9]*.md"))


def public_types() -> list[str]:
    """Classes and aliases of the files of nouns, and ports."""
    found: list[str] = []
    for file in (
        "rights.py",
        "types.py",
        "accounts.py",
        "ledger.py",
        "ports.py",
        "redaction.py",
        "language_model.py",
        "reviews.py",
        "lessons.py",
        "outbox.py",
    ):
        for node in ast.parse((PACKAGE / file).read_text()).body:
            if isinstance(node, ast.ClassDef):
                found.append(node.name)
            elif (
                isinstance(node, ast.AnnAssign)
                and isinstance(node.target, ast.Name)
                and ast.unparse(node.annotation) == "TypeAlias"
            ):
                found.append(node.target.id)
    return [term for term in found if not term.startswith("_")]


def glossary() -> list[str]:
    text = (ROOT / "ARCHITECTURE.md").read_text().partition("## Glossary")[2]
    return re.findall(r"^\| `(\w+)` \| .{15,}", text, re.MULTILINE)


def test_every_public_type_and_port_has_its_entry_in_the_glossary():
    assert sorted(set(public_types()) - set(glossary())) == []


def test_no_two_public_types_share_a_name():
    assert sorted(term for term, count in Counter(public_types()).items() if count > 1) == []


def test_the_glossary_is_sorted_and_names_nothing_that_is_gone():
    entries = glossary()
    assert entries == sorted(set(entries), key=str.lower)
    assert sorted(set(entries) - set(public_types())) == []


def test_decisions_are_numbered_without_gaps():
    assert [int(path.name[:4]) for path in DECISIONS] == list(range(1, len(DECISIONS) + 1))


@pytest.mark.parametrize("path", DECISIONS, ids=lambda path: path.stem)
def test_every_decision_names_the_check_that_enforces_it(path: Path):
    text = path.read_text()
    for heading in ("# ", "## Why", "## What it costs", "## Enforced by"):
        assert heading in text
    checks = re.findall(r"`(tests/[\w/.]+|pyproject\.toml)(?:::(\w+))?`", text.partition("## Enforced by")[2])
    assert checks, "no check is named"
    for file, test in checks:
        assert (ROOT / file).exists(), file
        if test:
            assert test in {function.name for function in functions(ROOT / file)}, test


def test_links_between_documents_lead_somewhere():
    broken = [
        f"{name(path)}: {target}"
        for path in tracked()
        if path.suffix == ".md" and "sample" not in path.parts and "tests" not in path.parts
        for target in re.findall(r"\]\((?!\w+:|#)([^)#\s]+)", path.read_text())
        if not (path.parent / target).exists()
    ]
    assert broken == []
