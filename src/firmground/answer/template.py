"""Prompts are templates that can do little: say values, choose by them, and go through a list once. All of it is known before use."""

import difflib
import traceback
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from firmground.errors import InvalidSettings

if TYPE_CHECKING:
    from jinja2 import Environment, Template, nodes

RECORDS: dict[str, tuple[str, ...]] = {
    "passages": ("n", "title", "uri", "heading", "page", "date", "quoted", "text"),
    "history": ("role", "text"),
    "sentences": ("n", "text", "citations", "problems"),
}
"""Variables that are lists, and what each item of theirs has."""
TEXTS = ("question", "language", "refusal", "form", "fence", "fault")
FLAGS = ("structured",)
VARIABLES = (*TEXTS, *FLAGS, *RECORDS)
_LOOP = ("index", "index0", "first", "last", "length", "revindex", "revindex0", "previtem", "nextitem")
_FILTERS = (
    "capitalize", "count", "d", "default", "first", "int", "last", "length", "lower", "string", "title", "trim", "truncate", "upper",
    "wordcount",
)  # fmt: skip
_MAY = frozenset(
    {
        "Template", "Output", "TemplateData", "Name", "Const", "Getattr", "Getitem", "Slice", "If", "For", "Compare", "Operand", "And",
        "Or", "Not", "List", "Tuple", "Filter", "Test", "CondExpr", "Concat", "Keyword",
    }
)  # fmt: skip
"""What a prompt may be made of: nothing that calls, repeats without bound, remembers, or reads another file."""


@lru_cache(maxsize=64)
def compiled(name: str, text: str, allowed: tuple[str, ...]) -> "Template":
    """The template; `allowed` are its variables. InvalidSettings names the file, the line and what comes nearest."""
    from jinja2 import TemplateError, TemplateSyntaxError

    try:
        tree = _environment().parse(text)
        _check(name, tree, allowed)
        return _environment().from_string(text)
    except TemplateSyntaxError as error:
        raise _wrong(name, error.lineno or 1, *_explained(error.message or "")) from None
    except (TemplateError, RecursionError, ValueError) as error:
        raise _wrong(name, 1, f"it is no template ({error})", "mend it") from None


def filled(name: str, template: "Template", values: Mapping[str, Any]) -> str:
    """What the template says with these values. InvalidSettings where it cannot be said, with the line."""
    try:
        return template.render(values).strip()
    except Exception as error:  # noqa: BLE001 - whatever an expression of a prompt can raise is that prompt's fault
        lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename.startswith("<")]
        raise _wrong(name, lines[-1] if lines else 1, f"it cannot be filled in ({error})", "mend that expression") from None


def used(text: str) -> frozenset[str]:
    """The variables that a template says."""
    from jinja2 import nodes

    return frozenset(each.name for each in _environment().parse(text).find_all(nodes.Name) if each.ctx == "load")


@lru_cache(maxsize=1)
def _environment() -> "Environment":
    from jinja2 import StrictUndefined
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    environment = ImmutableSandboxedEnvironment(
        autoescape=False, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, cache_size=0
    )
    environment.globals.clear()
    for unwanted in environment.filters.keys() - set(_FILTERS):
        del environment.filters[unwanted]
    return environment


def _check(name: str, tree: "nodes.Template", allowed: Sequence[str]) -> None:
    def visit(node: "nodes.Node", scope: Mapping[str, str], looping: bool) -> None:
        kind = type(node).__name__
        if kind not in _MAY:
            raise _wrong(name, node.lineno, f"a prompt cannot use {_named(kind)}", "write it with values, `if` and `for` alone")
        if kind == "Name":
            _check_name(name, node, allowed, scope)
        elif kind in {"Getattr", "Getitem"}:
            _check_part(name, node, scope)
        if kind == "For":
            scope, looping = _entered(name, node, scope, looping)
        for child in node.iter_child_nodes():
            visit(child, scope, looping)

    visit(tree, {}, False)


def _check_name(name: str, node: Any, allowed: Sequence[str], scope: Mapping[str, str]) -> None:
    if node.ctx == "load" and node.name not in scope and node.name not in allowed:
        raise _wrong(name, node.lineno, f"there is no variable {node.name!r}", _nearest(node.name, [*allowed, *scope]))


def _entered(name: str, node: Any, scope: Mapping[str, str], looping: bool) -> tuple[dict[str, str], bool]:
    """The scope inside a loop: which list its variable is an item of."""
    source = _list(node.iter)
    if type(node.target).__name__ != "Name" or node.recursive or not source:
        raise _wrong(
            name, node.lineno, f"a loop goes through one of {', '.join(RECORDS)}", "write `{% for passage in passages %}`"
        )
    if looping:
        raise _wrong(name, node.lineno, "a loop stands inside another", "put it after the other")
    return {**scope, node.target.name: source, "loop": "loop"}, True


def _check_part(name: str, node: Any, scope: Mapping[str, str]) -> None:
    """`passage.title`, `passage["title"]`, `passages[0]`, `question[:80]`: everything else would be a Python attribute."""
    part = node.attr if hasattr(node, "attr") else getattr(node.arg, "value", None)
    if not isinstance(part, str):
        return
    known = _parts(node.node, scope)
    if part not in known:
        of = getattr(node.node, "name", "that")
        raise _wrong(name, node.lineno, f"{of} has no {part!r}", _nearest(part, known) if known else "say it without `.`")


def _parts(node: Any, scope: Mapping[str, str]) -> tuple[str, ...]:
    kind = type(node).__name__
    if kind == "Name":
        record = scope.get(node.name, "")
        return _LOOP if record == "loop" else RECORDS.get(record, ())
    if kind == "Getattr" and node.attr in {"previtem", "nextitem"}:
        return tuple(part for record in set(scope.values()) & RECORDS.keys() for part in RECORDS[record])
    picks = (kind == "Filter" and node.name in {"first", "last"}) or (kind == "Getitem" and type(node.arg).__name__ == "Const")
    return RECORDS.get(_list(node.node), ()) if picks else ()


def _list(node: Any) -> str:
    """Which list this is, whole or a slice of it; empty for anything else."""
    while type(node).__name__ == "Getitem" and type(node.arg).__name__ == "Slice":
        node = node.node
    return node.name if type(node).__name__ == "Name" and node.name in RECORDS else ""


_STATEMENTS = {
    "CallBlock": "call",
    "FilterBlock": "filter",
    "FromImport": "import",
    "Assign": "set",
    "AssignBlock": "set",
    "Call": "()",
}


def _named(kind: str) -> str:
    operators = {
        "Mul": "*",
        "Pow": "**",
        "Add": "+",
        "Sub": "-",
        "Div": "/",
        "FloorDiv": "//",
        "Mod": "%",
        "Neg": "-",
        "Pos": "+",
    }
    return f"`{operators.get(kind) or _STATEMENTS.get(kind) or kind.lower()}`"


def _explained(message: str) -> tuple[str, str]:
    """Problem and remedy of what the template language says."""
    if message.startswith("No filter named "):
        asked = message.split("'")[1]
        return f"there is no filter {asked!r}", _nearest(asked, _FILTERS)
    return f"it is no template ({message.rstrip('.')})", "mend that line"


def _nearest(word: str, known: Sequence[str]) -> str:
    close = difflib.get_close_matches(word, known, 1, 0.6)
    return f"did you mean {close[0]!r}" if close else f"known are {', '.join(sorted(known))}"


def _wrong(name: str, line: int | None, problem: str, remedy: str) -> InvalidSettings:
    return InvalidSettings(f"{name}, line {line or 1}: {problem}", remedy)
