"""Writes docs/reference/owasp.md: what stands against each item of both OWASP lists, which tests show it, what was measured, what is left.

Rows come from tools/owasp.toml, titles from the published lists in the program, figures from the files of the benchmarks. A setting, file,
test or figure that is not there is an error. `--check` only looks.
"""

import argparse
import ast
import json
import sys
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

from locked import ROOT

from firmground.gate.standards import standard
from firmground.settings import keys

PAGE = ROOT / "docs" / "reference" / "owasp.md"
ROWS = Path(__file__).with_name("owasp.toml")
EDITIONS = ("owasp-llm-2026", "owasp-llm-2025")
BEGIN = "<!-- The rest is written by tools/build_owasp.py from tools/owasp.toml. -->\n"


def risks() -> list[dict[str, Any]]:
    return tomllib.loads(ROWS.read_text(encoding="utf-8"))["risks"]


def titles() -> dict[str, str]:
    """Of each item of both lists, as published."""
    return {item.id: item.title for edition in EDITIONS for item in standard(edition).items}


@cache
def settings() -> frozenset[str]:
    return frozenset(name for name, _, _ in keys())


def missing(found: list[dict[str, Any]]) -> list[str]:
    """What the rows name and is not there, or should name and do not."""
    wrong: list[str] = []
    named = [item for risk in found for item in risk["items"]]
    wrong += [f"{item} is in {named.count(item)} rows" for item in titles() if named.count(item) != 1]
    wrong += [f"{item} is in no list" for item in named if item not in titles()]
    for risk in found:
        name = risk["items"][0]
        wrong += [f"{name}: no {part}" for part in ("controls", "tests", "residual") if not risk[part]]
        places = [place for control in risk["controls"] for place in control["where"]]
        wrong += [f"{name}: {place} is no file and no setting" for place in places if not _is_there(place)]
        wrong += [f"{name}: {test} is no test" for test in risk["tests"] if not _is_test(test)]
        for figure in risk["figures"]:
            try:
                _figure(figure)
            except (OSError, KeyError, ValueError) as error:
                wrong.append(f"{name}: a figure cannot be read ({type(error).__name__}: {error})")
    return wrong


def _is_there(place: str) -> bool:
    return place in settings() or (ROOT / place).exists()


@cache
def _is_test(test: str) -> bool:
    file, _, name = test.partition("::")
    path = ROOT / file
    if not path.is_file() or not path.name.startswith("test_"):
        return False
    nodes = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    return not name or any(isinstance(node, ast.FunctionDef) and node.name == name for node in nodes)


def _figure(figure: dict[str, Any]) -> str:
    found = json.loads((ROOT / figure["file"]).read_text(encoding="utf-8"))
    values: dict[str, Any] = {}
    for name, place in figure["values"].items():
        value = found
        for part in place.split("/"):
            value = value[part]
        values[name] = f"{value:,}" if isinstance(value, int) else value
    return figure["says"].format(**values)


def _linked(place: str) -> str:
    return f"`{place}`" if place in settings() else f"[`{place}`](../../{place})"


def _row(risk: dict[str, Any]) -> list[str]:
    ours = titles()
    lines = [f"## {' · '.join(f'{item} {ours[item]}' for item in risk['items'])}", ""]
    lines += ["| stands against it | where |", "|---|---|"]
    lines += [f"| {control['what']} | {', '.join(_linked(each) for each in control['where'])} |" for control in risk["controls"]]
    lines += ["", "Tests:", ""]
    lines += [f"- [`{test}`](../../{test.partition('::')[0]})" for test in risk["tests"]]
    said = [f"{_figure(each)} ([`{Path(each['file']).name}`](../../{each['file']}))" for each in risk["figures"]]
    lines += ["", f"Measured: {'; '.join(said) or 'none'}.", "", f"What is left: {risk['residual']}", ""]
    return lines


def whole() -> str:
    """The page as it should be. ValueError tells all that is missing."""
    found = risks()
    if wrong := missing(found):
        raise ValueError("\n".join(wrong))
    lines = [line for risk in found for line in _row(risk)]
    before = PAGE.read_text(encoding="utf-8").partition(BEGIN)[0]
    return f"{before}{BEGIN}\n" + "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    try:
        written = whole()
    except ValueError as error:
        sys.exit(str(error))
    if parser.parse_args().check:
        same = PAGE.read_text(encoding="utf-8") == written
        sys.exit(None if same else f"{PAGE.name} is not up to date: run tools/build_owasp.py")
    PAGE.write_text(written, encoding="utf-8")


if __name__ == "__main__":
    main()
