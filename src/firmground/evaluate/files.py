"""Golden cases in files: YAML, CSV and JSON lines are read; what cannot be is told with file and line, and the rest goes on."""

import csv
import io
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple, cast

from firmground.errors import FirmgroundError, InvalidInput
from firmground.evaluate.cases import Case, read_case
from firmground.evaluate.promptfoo import as_promptfoo, from_promptfoo
from firmground.types import Json, digest

FOLDER = "golden"
LARGEST = 100_000_000
"""Bytes of one file."""
_DEEPEST = 20
_MOST_REPEATED = 1_000_000
"""Values of one YAML file beyond one for each of its characters, by references: a few lines could else stand for billions."""
_SEPARATOR = "|"
_FORMULA = re.compile(r"'*+[=+\-@\t\r\uff1d\uff0b\uff0d\uff20]")
"""How a cell begins that a spreadsheet would calculate, or that begins so but for its apostrophes."""
_EXPECTED = ("behaviour", "contains", "sources", "answer")
_LISTS = frozenset({"as", "unacceptable", "contains", "sources"})


class Place(NamedTuple):
    """Where in the dataset something stands."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}" if self.line else self.file


class Placed(NamedTuple):
    case: Case
    place: Place


class Unreadable(NamedTuple):
    """What stands in a file and is no case: `problem`, and what to do."""

    place: Place
    problem: str
    remedy: str


class Dataset(NamedTuple):
    cases: tuple[Placed, ...]
    unreadable: tuple[Unreadable, ...]

    @property
    def digest(self) -> str:
        """Of the active cases, in whatever files and order they stand."""
        active = (placed.case for placed in self.cases if placed.case.status == "active")
        return digest(list[Json](sorted(case.digest for case in active)))


def load(root: Path) -> Dataset:
    """All cases under `golden/` of a workspace, by file name and line. Of two cases with one id the first counts."""
    cases: list[Placed] = []
    unreadable: list[Unreadable] = []
    ids: dict[str, Place] = {}
    for path in _files(root / FOLDER):
        for read in _kept(path, path.relative_to(root).as_posix(), _stamp(path)):
            if isinstance(read, Unreadable):
                unreadable.append(read)
            elif (first := ids.setdefault(read.case.id, read.place)) != read.place:
                problem = f"there is a case {read.case.id!r} already, at {first}"
                unreadable.append(Unreadable(read.place, problem, "give each case an id of its own"))
            else:
                cases.append(read)
    return Dataset(tuple(cases), tuple(unreadable))


@lru_cache(maxsize=200)
def _kept(path: Path, name: str, stamp: tuple[int, ...]) -> tuple[Placed | Unreadable, ...]:
    """What stands in a file: read again only when its stamp is another."""
    del stamp
    return tuple(read_file(path, name=name))


def _stamp(path: Path) -> tuple[int, ...]:
    """Of a file that cannot be looked at there is none, and reading it tells why."""
    try:
        found = path.stat()
    except OSError:
        return ()
    return (found.st_ino, found.st_mtime_ns, found.st_ctime_ns, found.st_size)


def read_file(path: Path, *, name: str = "") -> Iterator[Placed | Unreadable]:
    """The cases of one file, by the end of its name: .yaml, .yml, .csv, .jsonl."""
    name = name or path.name
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        yield Unreadable(Place(name, 0), f"{path.suffix or 'no ending'} is no kind of cases", f"use {', '.join(_READERS)}")
        return
    try:
        if path.stat().st_size > LARGEST:
            raise InvalidInput("the file is larger than 100 MB", "split it into several")
        entries = reader(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        yield Unreadable(Place(name, 0), f"it cannot be read ({error.strerror})", "check that it exists and its permissions")
        return
    except UnicodeDecodeError as error:
        yield Unreadable(Place(name, 0), f"it is not UTF-8 (byte {error.start})", "save it as UTF-8")
        return
    except _Wrong as error:
        yield Unreadable(Place(name, error.line), error.problem, error.remedy)
        return
    except FirmgroundError as error:
        yield Unreadable(Place(name, 0), error.problem, error.remedy)
        return
    for line, entry in entries:
        yield _placed(Place(name, line), entry)


def _placed(place: Place, entry: Any) -> Placed | Unreadable:
    if isinstance(entry, _Wrong):
        return Unreadable(place, entry.problem, entry.remedy)
    if not isinstance(entry, dict):
        return Unreadable(place, "this is no case", "write a list of cases, each with id, question and expect")
    try:
        return Placed(read_case(cast("dict[str, Any]", entry)), place)
    except InvalidInput as error:
        return Unreadable(place, error.problem, error.remedy)


def written(cases: Sequence[Case], kind: str, refusals: Sequence[str] = ()) -> str:
    """The cases as a file of that kind (`yaml`, `csv`, `jsonl`): reading it gives the same cases. `promptfoo`: the active ones, for a
    workspace that says it does not know by these `refusals`."""
    if kind == "promptfoo":
        return as_promptfoo(cases, refusals)
    plain = [case.model_dump(mode="json") for case in cases]
    for case in plain:
        case["expect"] = {key: _shortened(value) for key, value in case["expect"].items() if value}
    if kind == "jsonl":
        return "".join(json.dumps(case, ensure_ascii=False) + "\n" for case in plain)
    if kind == "csv":
        return _csv_of(plain)
    import yaml

    return yaml.safe_dump(plain, allow_unicode=True, sort_keys=False, width=120)


def _shortened(value: Any) -> Any:
    """An entry without alternatives stands alone."""
    if not isinstance(value, list):
        return value
    entries = cast("list[list[str]]", value)
    return [each[0] if len(each) == 1 else each for each in entries]


def _files(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.rglob("*") if path.suffix.lower() in _READERS and path.is_file())


class _Wrong(Exception):
    """One entry, or the whole file, that cannot be read."""

    def __init__(self, line: int, problem: str, remedy: str) -> None:
        super().__init__(problem)
        self.line = line
        self.problem = problem
        self.remedy = remedy


Entries = Sequence[tuple[int, Any]]
"""Each with its line; an entry that cannot be read is its `_Wrong`."""


def _yaml(text: str) -> Entries:
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        root = cast("Any", yaml.compose(text, Loader=loader))  # pyright: ignore[reportUnknownMemberType]
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 0
        raise _Wrong(line, f"it is not valid YAML ({error.problem})", "mend that line") from None
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise _Wrong(0, f"it is not valid YAML ({str(error).splitlines()[0]})", "mend it") from None
    if root is None:
        return []
    build = _Built(yaml.SafeLoader(""), len(text) + _MOST_REPEATED)
    if isinstance(root, yaml.MappingNode):
        return _promptfoo(build(root))
    if not isinstance(root, yaml.SequenceNode):
        raise _Wrong(1, "it holds no list of cases", "begin each case with `- id:`")
    return [(node.start_mark.line + 1, build(node)) for node in cast("list[Any]", root.value)]


def _promptfoo(root: Any) -> Entries:
    """A configuration of promptfoo, whose tests are cases; their lines are not told."""
    if isinstance(root, _Wrong):
        raise root
    if "tests" not in root:
        raise _Wrong(1, "it holds no list of cases", "begin each case with `- id:`")
    return [(0, case) for case in from_promptfoo(cast("dict[str, Any]", root))]


class _Built:
    """Plain values from YAML nodes: bounded, and a key that stands twice is told."""

    def __init__(self, loader: Any, most: int) -> None:
        self._loader = loader
        self._left = most

    def __call__(self, node: Any) -> Any:
        try:
            return self._value(node, 0)
        except _Wrong as error:
            return error

    def _value(self, node: Any, depth: int) -> Any:
        self._left -= 1
        if self._left < 0 or depth > _DEEPEST:
            raise _Wrong(node.start_mark.line + 1, "it holds too much, or too deeply", "write the case out in plain lists")
        if node.id == "sequence":
            return [self._value(each, depth + 1) for each in node.value]
        if node.id == "mapping":
            return self._mapping(node, depth)
        try:
            value = self._loader.construct_object(node)
        except Exception as error:  # noqa: BLE001 - whatever a scalar makes a constructor do, this entry is told and the others go on
            raise _Wrong(
                node.start_mark.line + 1, f"a value cannot be read ({str(error).splitlines()[0]})", "put it in quotes"
            ) from None
        return value if isinstance(value, str | int | float | bool | None) else node.value

    def _mapping(self, node: Any, depth: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key, value in node.value:
            name = str(key.value) if key.id == "scalar" else ""
            if not name or name in found:
                problem = f"the key {name!r} stands twice" if name else "a key is no word"
                raise _Wrong(key.start_mark.line + 1, problem, "write each key once")
            found[name] = self._value(value, depth + 1)
        return found


def _csv(text: str) -> Entries:
    """One case a row. Lists are JSON, or separated by `|`; what belongs under `expect` may be named `expect.contains` and so on."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    entries: list[tuple[int, Any]] = []
    try:
        names = [name.strip().removeprefix("expect.") for name in next(reader, list[str]())]
        line = reader.line_num + 1
        for row in reader:
            if any(cell.strip() for cell in row):
                entries.append((line, _row(names, row)))
            line = reader.line_num + 1
    except csv.Error as error:
        raise _Wrong(reader.line_num, f"it is not valid CSV ({error})", "mend that line") from None
    return entries


def _row(names: Sequence[str], row: Sequence[str]) -> Any:
    if len(row) > len(names):
        return _Wrong(0, f"the row has {len(row)} cells and the header {len(names)}", "put cells with commas in quotes")
    cells = {name: _unquoted(cell.strip()) for name, cell in zip(names, row, strict=False) if cell.strip()}
    values: dict[str, Any] = {name: _listed(cell) if name in _LISTS else cell for name, cell in cells.items()}
    expect = {name: values.pop(name) for name in _EXPECTED if name in values}
    return {**values, "expect": expect}


def _quoted(cell: str) -> str:
    """As a spreadsheet shows it: what would be a formula there begins with an apostrophe, which `_unquoted` takes off again."""
    return f"'{cell}" if _FORMULA.match(cell) else cell


def _unquoted(cell: str) -> str:
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell


def _listed(cell: str) -> list[Any]:
    """A JSON list, which may hold lists of alternatives, or plain words."""
    if cell.startswith("[") and cell.endswith("]"):
        try:
            return cast("list[Any]", json.loads(cell))
        except ValueError:
            pass
    return [part.strip() for part in cell.split(_SEPARATOR) if part.strip()]


def _jsonl(text: str) -> Entries:
    entries: list[tuple[int, Any]] = []
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            entries.append((number, json.loads(line)))
        except (ValueError, RecursionError) as error:
            entries.append((number, _Wrong(number, f"the line is not valid JSON ({error})", "write one case a line")))
    return entries


def _csv_of(cases: Sequence[Mapping[str, Any]]) -> str:
    columns = (
        "id",
        "kind",
        "question",
        "as",
        "behaviour",
        "contains",
        "sources",
        "answer",
        "unacceptable",
        "status",
        "owner",
        "notes",
    )
    told = io.StringIO(newline="")
    writer = csv.writer(told, lineterminator="\n")
    writer.writerow(columns)
    for case in cases:
        values = {**case, **case["expect"]}
        given = (values.get(name, "") for name in columns)
        writer.writerow(
            [json.dumps(each, ensure_ascii=False) if isinstance(each, list) else _quoted(str(each)) for each in given]
        )
    return told.getvalue()


_READERS = {".yaml": _yaml, ".yml": _yaml, ".csv": _csv, ".jsonl": _jsonl}
