"""A test that asserts nothing, or that is skipped, is worse than none: it is counted."""

import ast
from pathlib import Path

from repository import PACKAGE, ROOT, name, python_files

_CHECKS = ("assert_", "check_", "to_be_", "to_contain_", "to_have_", "not_to_")
"""How calls begin that check something, those of what a browser shows included."""
TEST_FILES = [*python_files(ROOT / "tests"), *python_files(PACKAGE / "testing")]


def checks(function: ast.AST, helpers: dict[str, ast.FunctionDef], seen: frozenset[str] = frozenset()) -> bool:
    """Whether it asserts something, itself or through a function of its file."""
    for node in ast.walk(function):
        if isinstance(node, ast.Assert) and not isinstance(node.test, ast.Constant):
            return True
        if isinstance(node, ast.Call):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if called in {"raises", "warns", "fail"} or called.startswith(_CHECKS):
                return True
            if called in helpers and called not in seen and checks(helpers[called], helpers, seen | {called}):
                return True
    return False


def test_every_test_asserts_something():
    silent: list[str] = []
    for path in TEST_FILES:
        functions = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.FunctionDef)]
        helpers = {function.name: function for function in functions}
        tests = [function for function in functions if function.name.startswith("test_")]
        silent += [f"{name(path)}:{test.name}" for test in tests if not checks(test, helpers)]
    assert silent == []


def test_no_test_asserts_a_constant():
    constant = [
        f"{name(path)}:{node.lineno}"
        for path in TEST_FILES
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Assert) and isinstance(node.test, ast.Constant)
    ]
    assert constant == []


def test_no_test_is_skipped():
    """What a test needs, `make test` installs."""
    forbidden = {"skip", "skipif", "importorskip", "xfail"}
    skipped = [f"{name(path)}:{node.lineno}" for path in TEST_FILES for node in attributes(path) if node.attr in forbidden]
    assert skipped == []


def test_no_test_reads_the_clock_to_judge():
    """A busy machine is not a bug. Benchmarks measure; tests decide."""
    timed = [
        f"{name(path)}:{node.lineno}"
        for path in TEST_FILES
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Assert) and any(word in ast.unparse(node.test) for word in ("monotonic()", "perf_counter()"))
    ]
    assert timed == []


def test_names_of_tests_are_sentences():
    short = [
        f"{name(path)}:{node.name}"
        for path in TEST_FILES
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_") and len(node.name.split("_")) < 4
    ]
    assert short == []


def attributes(path: Path) -> list[ast.Attribute]:
    return [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Attribute)]
