"""Patterns over uris, as in `.gitignore` files.

- `*` and `?` stay within one name, `[…]` is one character of a set, `**` spans any number of folders.
- A pattern without `/` (or with one only at its end) holds at any depth: `*.md`, `drafts/`. Any other is anchored at the root.
- A pattern that matches a folder matches everything below it: `hr` and `hr/**` both cover `hr/pay/2026.md`.
- Case counts.
"""

import re
from collections.abc import Iterable

from firmground.errors import InvalidSettings


def compile_globs(patterns: Iterable[str]) -> re.Pattern[str]:
    """One expression whose `fullmatch` on a uri tells whether any pattern covers it. InvalidSettings for an empty pattern."""
    return re.compile("|".join(f"(?:{_expression(pattern)})" for pattern in patterns) or r"(?!)", re.DOTALL)


def _expression(pattern: str) -> str:
    parts = [part for part in pattern.strip().split("/") if part not in {"", "."}]
    if not parts or ".." in parts:
        raise InvalidSettings(f"the pattern {pattern!r} matches nothing", "write a pattern like **/*.md, relative to the source")
    anchored = "/" in pattern.strip().rstrip("/")
    written = "" if anchored else "(?:.*/)?"
    for part in parts[:-1]:
        written += "(?:.*/)?" if part == "**" else _name(part) + "/"
    return written + (".+" if parts[-1] == "**" else _name(parts[-1]) + "(?:/.*)?")


def _name(part: str) -> str:
    written, at = "", 0
    while at < len(part):
        mark, at = part[at], at + 1
        end = part.find("]", at + 1) if mark == "[" else -1
        if mark == "*":
            written += "[^/]*"
        elif mark == "?":
            written += "[^/]"
        elif end > 0:
            inside, at = part[at:end], end + 1
            inside = inside.replace("\\", r"\\").replace("[", r"\[")
            written += "(?!/)[" + ("^" + inside[1:] if inside[0] in "!^" else inside) + "]"
        else:
            written += re.escape(mark)
    return written
