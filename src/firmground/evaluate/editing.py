"""One case of a file written anew, and everything else left as people wrote it: comments, order, spaces, quotes."""

import json
import re
from typing import Any, cast

from firmground.errors import Refused
from firmground.evaluate.cases import Case
from firmground.evaluate.files import written

_BY_HAND = "edit the file itself"
_DASH = re.compile(r"(\s*)-\s+")


def replaced(text: str, kind: str, line: int, case: Case) -> str:
    """The text of a file (`.yaml`, `.yml`, `.jsonl`) with another case in the place of the one that begins at `line`. Refused where the
    case does not stand alone on its lines."""
    lines = text.split("\n")
    if kind == ".jsonl":
        lines[line - 1] = written([case], "jsonl").rstrip("\n")
        return "\n".join(lines)
    if kind not in {".yaml", ".yml"}:
        raise Refused(f"cases in {kind} files are not edited here", _BY_HAND)
    node = _node(text, line)
    start, column = int(node.start_mark.line), int(node.start_mark.column)
    dash = _DASH.fullmatch(lines[start][:column])
    if dash is None:
        raise Refused("the case does not begin on a line of its own", _BY_HAND)
    end = _last_line(node, lines)
    lines[start : end + 1] = _block(case, dash[1])
    return "\n".join(lines)


def appended(text: str, kind: str, case: Case) -> str:
    """The text with one more case at its end; an empty text becomes a file of one."""
    before = text.rstrip("\n") + "\n" if text.strip() else text
    if kind == ".jsonl":
        return before + written([case], "jsonl")
    indent = re.search(r"^( *)- ", text, re.MULTILINE)
    return before + ("\n" if before else "") + "\n".join(_block(case, indent[1] if indent else "")) + "\n"


def _block(case: Case, indent: str) -> list[str]:
    """A case as people write it: what is not said has its default anyway."""
    import yaml

    (plain,) = json.loads(f"[{written([case], 'jsonl')}]")
    always = {"id", "kind", "question", "expect"}
    usual = Case(id="x", question="x").model_dump(mode="json")
    told = {name: value for name, value in plain.items() if name in always or value != usual[name]}
    text = yaml.safe_dump([told], allow_unicode=True, sort_keys=False, width=120)
    return [indent + line if line else line for line in text.rstrip("\n").split("\n")]


def _node(text: str, line: int) -> Any:
    import yaml

    # The one that reads the files: they do not agree on everything.
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    root = cast("Any", yaml.compose(text, Loader=loader))  # pyright: ignore[reportUnknownMemberType]
    return next(each for each in root.value if each.start_mark.line + 1 == line)


def _last_line(node: Any, lines: list[str]) -> int:
    """Of what the case says: the mark at the end of a block lies after the comments that follow it."""
    if node.id != "scalar" and not node.flow_style and node.value:
        last = node.value[-1]
        return _last_line(last[1] if node.id == "mapping" else last, lines)
    start, end = int(node.start_mark.line), int(node.end_mark.line)
    end -= node.end_mark.column == 0 and end > start
    while end > start and not lines[end].strip():
        end -= 1
    return end
