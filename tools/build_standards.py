"""Writes the tables of docs/explanation/standards.md: which controls and measurements answer each item. `--check` only looks."""

import argparse
import sys
from pathlib import Path

from firmground.gate.standards import EDITIONS, Item, standard

PAGE = Path(__file__).parents[1] / "docs" / "explanation" / "standards.md"
BEGIN = "<!-- The rest is written by tools/build_standards.py. -->\n"


def tables() -> str:
    lines: list[str] = []
    for edition in EDITIONS:
        listed = standard(edition)
        number = f"{listed.publication}, " if listed.publication else ""
        lines += [f"## {listed.name}, {listed.version}", ""]
        lines += [
            f"{listed.publisher}, {number}{listed.published}: <{listed.url}>. `--edition {edition}`. {listed.note}".strip(),
            "",
        ]
        lines += ["| item | controls | built in | measured by | missing |", "|---|---|---|---|---|"]
        lines += [_row(item) for item in listed.items]
        lines.append("")
    return "\n".join(lines)


def _row(item: Item) -> str:
    named = (", ".join(f"`{each}`" for each in names) or "none" for names in (item.controls, item.built_in, item.measures))
    return f"| {' | '.join([f'{item.id} {item.title}'.strip(), *named, item.missing])} |"


def whole() -> str:
    before = PAGE.read_text(encoding="utf-8").partition(BEGIN)[0]
    return f"{before}{BEGIN}\n{tables()}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    written = whole()
    if parser.parse_args().check:
        same = PAGE.read_text(encoding="utf-8") == written
        sys.exit(None if same else f"{PAGE.name} is not up to date: run tools/build_standards.py")
    PAGE.write_text(written, encoding="utf-8")


if __name__ == "__main__":
    main()
