"""No regular expression of ours takes more than its share of time: steps grow in proportion to the text, whatever stands in it."""

import ast
import importlib
import re
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import pytest
from growth import Walker
from repository import PACKAGE, name, python_files

_FUNCTIONS = frozenset({"match", "fullmatch", "search", "sub", "subn", "findall", "finditer", "split"})
_ANCHORED = frozenset({"match", "fullmatch"})
_FILES = [path for path in python_files(PACKAGE) if path.name != "__main__.py" and "migrations" not in path.parts]
SHORT = {
    "language/sentences.py:_LAST_WORD": "looks at no more than 40 signs",
    "testing/model_script.py:_PASSAGE": "reads the prompts of tests",
    "testing/model_script.py:_SENTENCE": "reads the prompts of tests",
    "testing/model_script.py:_QUESTION": "reads the prompts of tests",
}
"""Expressions that grow faster, and why that does no harm."""


def test_steps_grow_in_proportion_to_the_text():
    found: dict[str, str] = {}
    for key, (pattern, flags, anchored) in ours().items():
        if key not in SHORT and (worst := Walker(pattern, flags, anchored=anchored).worst()):
            found[key] = f"{worst.before!r} {worst.repeated!r}… {worst.after!r}: times {worst.ratio:.1f} when twice as long"
    assert found == {}, "bound what repeats, or let it not repeat what follows it"


def test_what_is_let_through_is_still_there():
    assert set(SHORT) <= set(ours())


@pytest.mark.parametrize(
    ("pattern", "anchored"),
    [
        (r"(a+)+b", True),
        (r"(?:a|a)*b", True),
        (r"\s+$", False),
        (r"\w+x", False),
        (r"<t>(.*?)</t>", False),
        (r"(?:ab)*+c", False),
        (r"^\s*\s*x", True),
    ],
)
def test_the_check_finds_what_grows_faster(pattern: str, anchored: bool):
    assert Walker(pattern, 0, anchored=anchored).worst() is not None


@pytest.mark.parametrize(
    "pattern",
    [r"\w+", r"(?<!\s)\s++$", r"[a-z]{1,9}b", r"\b\w+\b", r"^a+b", r"\b(?:ab)*+c", r'"(?:[^"\\]|\\.)*+"?', r"(a)\1{0,3}(?=b)"],
)
def test_and_lets_be_what_does_not(pattern: str):
    assert Walker(pattern, 0, anchored=False).worst() is None


# ---------------------------------------------------------------- which there are


def ours() -> dict[str, tuple[str | bytes, int, bool]]:
    """By file and name: each expression that a module holds, or writes where it uses it; whether it is tried at one place alone."""
    trees = {path: ast.parse(path.read_text()) for path in _FILES}
    used = methods(trees)
    found: dict[str, tuple[str | bytes, int, bool]] = {}
    for path, tree in trees.items():
        module = loaded(path)
        inside = name(path).removeprefix("src/firmground/")
        for key in assigned(tree):
            value = vars(module).get(key)
            calls = used.get((module.__name__, key), set())
            for at, each in enumerate(compiled(value, set())):
                found.setdefault(
                    f"{inside}:{key}" + (f" {at + 1}" if at else ""),
                    (each.pattern, each.flags, bool(calls) and calls <= _ANCHORED),
                )
        for node in ast.walk(tree):
            if written := inline(node):
                found[f"{inside}:{written[0]!r}"] = written
    known: set[tuple[str | bytes, int, bool]] = set()
    return {key: each for key, each in found.items() if each not in known and not known.add(each)}


def assigned(tree: ast.Module) -> Iterator[str]:
    """What a module makes itself; what it imports is looked at where it is made."""
    for node in tree.body:
        targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
        for target in targets:
            yield from (each.id for each in ast.walk(target) if isinstance(each, ast.Name))


def loaded(path: Path) -> Any:
    return importlib.import_module(".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__"))


def methods(trees: dict[Path, ast.Module]) -> dict[tuple[str, str], set[str]]:
    """By module and name: what is called on it, there and where it is imported."""
    found: dict[tuple[str, str], set[str]] = {}
    for path, tree in trees.items():
        home = loaded(path).__name__
        imported = {
            each.asname or each.name: (node.module or "", each.name)
            for node in ast.walk(tree)
            if isinstance(node, ast.ImportFrom)
            for each in node.names
        }
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.attr in _FUNCTIONS:
                found.setdefault(imported.get(node.value.id, (home, node.value.id)), set()).add(node.attr)
    return found


def compiled(value: object, seen: set[int], depth: int = 4) -> Iterator[re.Pattern[Any]]:
    """The expressions in a value, also in what it holds."""
    if id(value) in seen or depth < 0:
        return
    seen.add(id(value))
    if isinstance(value, re.Pattern):
        yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from compiled(each, seen, depth - 1)
    elif isinstance(value, list | tuple | set | frozenset):
        for each in value:
            yield from compiled(each, seen, depth - 1)
    elif is_dataclass(value) and not isinstance(value, type):
        for each in fields(value):
            yield from compiled(getattr(value, each.name), seen, depth - 1)


def inline(node: ast.AST) -> tuple[str | bytes, int, bool] | None:
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and isinstance(node.func.value, ast.Name)):
        return None
    given = node.args[0] if node.args else None
    if node.func.value.id != "re" or node.func.attr not in _FUNCTIONS or not isinstance(given, ast.Constant):
        return None
    flags = sum(flag for flag in (re.IGNORECASE, re.MULTILINE, re.DOTALL) if flag.name and f"re.{flag.name}" in ast.unparse(node))
    assert isinstance(given.value, str | bytes)
    return given.value, flags, node.func.attr in _ANCHORED
