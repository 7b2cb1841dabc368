"""The golden cases of a workspace, as far as calibration needs them: questions whose source is known."""

import csv
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple, cast

FOLDER = "golden"


class Known(NamedTuple):
    """A question that must be answered, and from which documents: each entry stands for alternatives."""

    question: str
    sources: tuple[tuple[str, ...], ...]
    contains: tuple[tuple[str, ...], ...] = ()
    """What the answer must say, each entry with its alternatives; patterns are left out."""


def known_questions(root: Path) -> list[Known]:
    """Active cases of `golden/*.yaml`, `*.yml`, `*.csv` and `*.jsonl` that expect an answer from named sources. What cannot be read, or
    lacks either, is passed over: checking cases is another command's work."""
    found: dict[str, Known] = {}
    folder = root / FOLDER
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        for case in _cases(path):
            known = _known(case)
            if known is not None:
                found.setdefault(known.question.casefold(), known)
    return list(found.values())


def _cases(path: Path) -> Iterator[Mapping[str, Any]]:
    readers = {".yaml": _yaml, ".yml": _yaml, ".csv": _csv, ".jsonl": _jsonl}
    reader = readers.get(path.suffix.lower())
    if reader is None or not path.is_file():
        return
    try:
        loaded = reader(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError):
        return
    for each in cast("list[Any]", loaded) if isinstance(loaded, list) else ():
        if isinstance(each, dict):
            yield cast("dict[str, Any]", each)


def _yaml(text: str) -> Any:
    import yaml

    try:
        return yaml.safe_load(text)
    except yaml.YAMLError:
        return None


def _csv(text: str) -> Any:
    """One case a row; keys of `expect` are columns `expect.sources` or `sources`, several values separated by `|`."""
    rows: list[dict[str, Any]] = []
    for row in csv.DictReader(text.splitlines()):
        values = {str(key or "").removeprefix("expect."): str(value or "") for key, value in row.items()}
        expect = {"behaviour": values.get("behaviour") or "answer"}
        lists = {
            key: [part.strip() for part in values.get(key, "").split("|") if part.strip()] for key in ("sources", "contains")
        }
        rows.append({**values, "expect": {**expect, **lists}})
    return rows


def _jsonl(text: str) -> Any:
    return [json.loads(line) for line in text.splitlines() if line.strip()]


def _known(case: Mapping[str, Any]) -> Known | None:
    question, expect = case.get("question"), case.get("expect")
    if not isinstance(question, str) or not question.strip() or not isinstance(expect, dict):
        return None
    wanted = cast("dict[str, Any]", expect)
    sources = _alternatives(wanted.get("sources"))
    if not sources or wanted.get("behaviour", "answer") != "answer" or (case.get("status") or "active") != "active":
        return None
    return Known(question.strip(), sources, _alternatives(wanted.get("contains"), patterns=False))


def _alternatives(value: Any, *, patterns: bool = True) -> tuple[tuple[str, ...], ...]:
    if not isinstance(value, list):
        return ()
    found: list[tuple[str, ...]] = []
    for each in cast("list[Any]", value):
        entries = cast("list[Any]", each) if isinstance(each, list) else [each]
        texts = tuple(entry for entry in entries if isinstance(entry, str) and entry)
        if texts and (patterns or not any(text.startswith("/") and text.endswith("/") for text in texts)):
            found.append(texts)
    return tuple(found)
