"""What a document says of itself in YAML or JSON: front matter and sidecar files.

Runs in the parsing child as well, so it imports nothing heavy at the top.
"""

import math
import re
from collections.abc import Hashable, Mapping
from datetime import date
from typing import TYPE_CHECKING, Any, TypeAlias, cast

if TYPE_CHECKING:
    from yaml import Node, SafeLoader

Plain: TypeAlias = str | int | float | bool
PlainMetadata: TypeAlias = dict[str, Plain | tuple[Plain, ...]]

LIMIT = 65_536
"""Characters of YAML or JSON that are read; more is refused."""
_KEYS = 100
_VALUE = 2_000
_GROUP_CHARACTERS = 200
_KEY_LINE = re.compile(r"^[^\S\n]*+[\"']?[\w.-][\w .-]*+[\"']?[^\S\n]*+:", re.MULTILINE)
_GROUPS_LINE = re.compile(r"^[^\S\n]*+[\"']?groups[\"']?[^\S\n]*+:", re.MULTILINE | re.IGNORECASE)


class BadMatter(ValueError):
    """It cannot be read with certainty; the message is one line."""


def load_mapping(text: str) -> dict[str, object]:
    """The mapping written in `text` (YAML; JSON is a part of it). Plain values only: no tags, no anchors, no repeated keys.

    BadMatter where it is anything else, too long or too deep. An empty text is an empty mapping.
    """
    import yaml

    if len(text) > LIMIT:
        raise BadMatter(f"longer than {LIMIT} characters")
    try:
        loaded: object = yaml.load(text, Loader=_strict_loader())  # noqa: S506 - a SafeLoader that allows still less
    except (yaml.YAMLError, RecursionError, ValueError) as wrong:
        raise BadMatter(f"not valid YAML ({' '.join(str(wrong).split())[:160]})") from wrong
    if loaded is None:
        return {}
    if not isinstance(loaded, dict):
        raise BadMatter("not a list of keys and values")
    return {str(key): value for key, value in cast(dict[object, object], loaded).items()}


def _strict_loader() -> type["SafeLoader"]:
    import yaml

    class Strict(yaml.SafeLoader):
        """Aliases can grow without bound, and of two equal keys one would be lost silently."""

        def compose_node(self, parent: "Node | None", index: int) -> "Node | None":
            if self.check_event(yaml.AliasEvent):  # pyright: ignore[reportUnknownMemberType]
                raise yaml.YAMLError("anchors and aliases are not allowed")
            return super().compose_node(parent, index)

        def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
            mapping = super().construct_mapping(node, deep)  # pyright: ignore[reportUnknownMemberType]
            if len(mapping) != len(node.value):
                raise yaml.YAMLError("a key is given twice")
            return mapping

    return Strict


def read_groups(value: object) -> tuple[str, ...]:
    """Sorted names from a name or a list of names. BadMatter for anything else, and for what no group can be called."""
    names: list[object] = cast(list[object], value) if isinstance(value, list) else [value]
    for name in names:
        if not isinstance(name, str) or not 0 < len(name.strip()) <= _GROUP_CHARACTERS or not name.strip().isprintable():
            raise BadMatter(f"groups must be names of up to {_GROUP_CHARACTERS} printable characters")
    return tuple(sorted({str(name).strip() for name in names}))


def read_metadata(mapping: Mapping[str, object]) -> tuple[PlainMetadata, list[str]]:
    """Values and lists of values under their keys, dates as ISO 8601; and the keys left out because they hold something else."""
    kept: PlainMetadata = {}
    left_out: list[str] = []
    for key, value in mapping.items():
        if value is None:
            continue
        items: list[object] = cast(list[object], value) if isinstance(value, list) else [value]
        plain = [_plain(item) for item in items]
        if len(kept) >= _KEYS or len(plain) > _KEYS or any(item is None for item in plain):
            left_out.append(key)
        elif isinstance(value, list):
            kept[key] = tuple(item for item in plain if item is not None)
        else:
            kept[key] = cast(Plain, plain[0])
    return kept, left_out


def _plain(value: object) -> Plain | None:
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bool):
        return value
    if isinstance(value, int):
        return value if abs(value) < 2**63 else str(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, str):
        return value[:_VALUE].encode("utf-8", "replace").decode().replace("\0", "")
    return None


class Matter:
    """Front matter of one text, taken off it. `groups` is None where none are named, and empty (nobody) where it cannot be told.

    Keys that hold neither a value nor a list of values (layout settings of site generators) are left out."""

    def __init__(self, text: str) -> None:
        self.body = text
        self.title: str | None = None
        self.groups: tuple[str, ...] | None = None
        self.metadata: PlainMetadata = {}
        self.warnings: list[str] = []
        if not text.startswith("---\n"):
            return
        head, closed, rest = text[4:].partition("\n---") if not text.startswith("---\n---") else ("", "x", text[7:])
        ends_line = not rest or rest[0] == "\n"
        try:
            self._read(head, rest, closed=bool(closed) and ends_line)
        except BadMatter as wrong:
            self.body, self.title, self.metadata, self.groups = text, None, {}, ()
            self.warnings.append(f"front_matter_invalid: {wrong}; shown to no group until it is mended")

    def _read(self, head: str, rest: str, *, closed: bool) -> None:
        if not closed or (head.strip() and not _KEY_LINE.search(head[:LIMIT])):
            # A rule across the page, not front matter, unless somebody meant to say who may read it.
            if _GROUPS_LINE.search(head[:LIMIT]):
                raise BadMatter("it names groups but does not end with a line of three dashes")
            return
        loaded = load_mapping(head)
        by_name = {key.strip().lower(): key for key in loaded}
        if len(by_name) != len(loaded):
            raise BadMatter("a key is given twice")
        if "groups" in by_name:
            named = loaded.pop(by_name["groups"])
            self.groups = read_groups(named if named is not None else [])
        if "title" in by_name:
            title = loaded.pop(by_name["title"])
            self.title = str(_plain(title)).strip() or None if isinstance(title, str | int | float | date) else None
        self.metadata, _ = read_metadata(loaded)
        self.body = rest.lstrip("\n")
