"""Says which locked package has a licence that tools/licences.toml does not let in, or none that can be read. Asks no network."""

import sys
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path
from typing import Any, NamedTuple

from license_expression import ExpressionError, get_spdx_licensing
from locked import BASE, DEV, Pin, pins

SPDX = get_spdx_licensing()
TABLE = Path(__file__).with_name("licences.toml")
_PREFIX = "License :: "
_NO_LICENCE = {"", "UNKNOWN", "OSI Approved", "DFSG approved"}


class Rules(NamedTuple):
    allowed: frozenset[str]
    allowed_in_tests: frozenset[str]
    written: Mapping[str, str]
    stated: Mapping[str, Mapping[str, str]]
    excepted: Mapping[str, Mapping[str, str]]


@cache
def rules() -> Rules:
    table: dict[str, Any] = tomllib.loads(TABLE.read_text(encoding="utf-8"))
    allowed = frozenset(table["allowed"])
    return Rules(allowed, allowed | frozenset(table["allowed_in_tests"]), table["written"], table["stated"], table["excepted"])


def written(name: str) -> str | None:
    """What the installed package says of its licence: the expression, else one line of text, else its classifiers. None: not here."""
    try:
        about = metadata(name)
    except PackageNotFoundError:
        return None
    if expression := about.get("License-Expression"):
        return expression
    line = about.get("License", "").strip()
    if line not in _NO_LICENCE and "\n" not in line and len(line) < 60:
        return line
    named = [each.rpartition(" :: ")[2] for each in about.get_all("Classifier", []) if each.startswith(_PREFIX)]
    return ", ".join(each for each in named if each not in _NO_LICENCE)


def licence(name: str, says: str | None, known: Rules) -> str:
    """The SPDX expression of a package that says `says` of itself. ValueError where that cannot be told."""
    if name in known.stated:
        stated = known.stated[name]
        if says not in {None, stated["writes"]}:
            raise ValueError(f"{name} now writes {says!r} about its licence: read it and change [stated] in tools/licences.toml")
        return stated["licence"]
    expression = known.written.get(says or "", says or "")
    try:
        if not expression:
            raise ExpressionError
        return str(SPDX.parse(expression, validate=True, strict=True))
    except ExpressionError:
        what = "is not installed here" if says is None else f"writes {says!r}, which is no SPDX licence"
        raise ValueError(f"{name} {what}: read its licence and state it in tools/licences.toml") from None


def lets_in(expression: str, allowed: frozenset[str]) -> bool:
    """Of `A OR B` one is enough, of `A AND B` both are needed."""
    tree = SPDX.parse(expression).simplify()

    def holds(node: Any) -> bool:
        if not node.args:
            return str(node) in allowed
        return (any if type(node).__name__ == "OR" else all)(holds(each) for each in node.args)

    return holds(tree)


def wrong(name: str, says: str | None, allowed: frozenset[str], known: Rules) -> str:
    """What keeps a package out; empty when nothing does."""
    try:
        found = licence(name, says, known)
    except ValueError as error:
        return str(error)
    exception = known.excepted.get(name)
    if lets_in(found, allowed) or (exception and exception["licence"] == found and exception["reason"]):
        return ""
    return f"{name} is {found}: use another package, or add it with a reason under [excepted] in tools/licences.toml"


def problems(base: list[Pin], tests: list[Pin], known: Rules) -> list[str]:
    ours = {pin.name for pin in base}
    found = [wrong(name, written(name), known.allowed, known) for name in sorted(ours)]
    others = sorted({pin.name for pin in tests} - ours)
    found += [wrong(name, written(name), known.allowed_in_tests, known) for name in others]
    left = sorted((set(known.stated) | set(known.excepted)) - ours - set(others))
    found += [f"{name} is locked no more: take it out of tools/licences.toml" for name in left]
    return [each for each in found if each]


def main() -> None:
    base, tests = pins(BASE), pins(DEV)
    found = problems(base, tests, rules())
    if found:
        sys.exit("\n".join(found))
    count, ours = len({pin.name for pin in base + tests}), len({pin.name for pin in base})
    print(f"licences: {ours} packages of the base install and {count - ours} of the tests are let in")


if __name__ == "__main__":
    main()
