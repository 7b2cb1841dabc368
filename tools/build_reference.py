"""Writes docs/reference/settings.md and docs/reference/commands.md from the code. `--check` only says whether they are up to date."""

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from firmground.settings import keys

REFERENCE = Path(__file__).parents[1] / "docs" / "reference"


def settings_page() -> str:
    """Every key of firmground.toml."""
    lines = [
        "# Settings",
        "",
        "Every key of `firmground.toml`. A *setting* says where things are and how much they may use: it applies at restart and may be",
        "overridden by the environment as `FIRMGROUND_<SECTION>__<KEY>`. A *recipe* key can change an answer: it is part of the recipe",
        "digest that every answer carries, and no environment variable touches it. An unknown key is an error that names the nearest",
        "known one.",
        "",
        "Besides: `FIRMGROUND_WORKSPACE` names the workspace, `FIRMGROUND_DATA` its data directory (`.firmground` inside it otherwise),",
        "`FIRMGROUND_MODEL_DIR` where models are kept.",
        "",
        "| key | kind | default | what it is |",
        "|---|---|---|---|",
    ]
    for name, kind, field in keys():
        default = "required" if field.is_required() else _shown(field.default)
        lines.append(f"| `{name}` | {kind} | {default} | {field.description} |")
    return "\n".join(lines) + "\n"


def commands_page() -> str:
    """Every command with its options."""
    from firmground.cli.commands import commands

    lines = [
        "# Commands",
        "",
        "Exit codes: 0 done, 1 unexpected, 2 wrong input, 3 not found, 4 refused by a rule, 5 something outside failed, 6 stored data",
        "damaged. An error is one line on stderr, `firmground: what went wrong: what to do`; `--debug` adds a traceback.",
        "",
    ]
    for path, command in _leaves(commands, "firmground"):
        arguments = [param for param in command.params if param.param_type_name == "argument"]
        options = [param for param in command.params if param.param_type_name == "option" and param.name != "help"]
        usage = " ".join([path, *map(_named, arguments)])
        lines += [f"## `{usage}`", "", str(command.help or "").strip(), "", "| | |", "|---|---|"]
        for param in arguments:
            lines.append(f"| `{_named(param)}` | {param.help or ''} |")
        for param in options:
            lines.append(f"| `{', '.join([*param.opts, *param.secondary_opts])}` | {param.help or ''} |")
        lines.append("")
    return "\n".join(lines)


def _leaves(command: Any, path: str) -> Iterator[tuple[str, Any]]:
    children = getattr(command, "commands", None)
    if children is None:
        yield path, command
        return
    for name, child in children.items():
        yield from _leaves(child, f"{path} {name}")


def _named(param: Any) -> str:
    return str(param.metavar or param.name.upper())


def _shown(value: Any) -> str:
    return "" if value in (None, "", (), {}) else f"`{json.dumps(value)}`"


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--check", action="store_true")
    check = arguments.parse_args().check
    for name, page in (("settings.md", settings_page()), ("commands.md", commands_page())):
        path = REFERENCE / name
        if check and (not path.exists() or path.read_text(encoding="utf-8") != page):
            sys.exit(f"{path} is not up to date: run `make docs`")
        if not check:
            path.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
